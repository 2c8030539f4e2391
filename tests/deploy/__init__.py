"""The files of `deploy/`, run or checked as their users would run them."""
