# The gateway as an image, port 8080, for any user but root, on a file system that is only read:
#   docker build -t tornado-ollama .
#   docker run -p 127.0.0.1:8080:8080 -v ./config.yaml:/app/config.yaml:ro tornado-ollama
# docs/containers.md says more. Any Debian from 12 on can be the base.
ARG BASE=docker.io/library/debian:trixie-slim

FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3-venv
COPY . /src
WORKDIR /src
# The page's libraries; npm comes from PyPI. Without them there would be no Markdown: fail instead.
RUN python3 -m venv /build \
 && /build/bin/python tools/vendor_page.py \
 && test -e static/vendor/.made
# What `tornado-ollama --version` says besides the version.
ARG COMMIT=
RUN python3 -m venv /app/venv \
 && SOURCE_COMMIT="${COMMIT}" /app/venv/bin/pip install --no-cache-dir '.[fast]' \
 && /app/venv/bin/pip uninstall --yes pip setuptools

FROM ${BASE}
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3 \
 && rm -rf /var/lib/apt/lists/* \
 && install --directory --owner=10001 --group=10001 --mode=0700 /app/state
COPY --from=build /app/venv /app/venv
# Inside a container these are fixed, whatever config.yaml says; which address and port of the host
# lead here is said outside. The database of the gateway goes into the volume.
ENV PATH=/app/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=8080 STATE_DIRECTORY=/app/state
WORKDIR /app
VOLUME /app/state
EXPOSE 8080
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD \
    ["python3", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/live', timeout=4)"]
ENTRYPOINT ["tornado-ollama"]
CMD ["serve"]
