"""The image of the Dockerfile, built and run: `make test-containers`, as it takes minutes."""
