"""The built package, installed as users install it: `make test-installs`, as it downloads."""
