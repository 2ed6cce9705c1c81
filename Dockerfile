# The minor version's tag, so that a rebuild brings the security fixes of Python and Debian.
# For a build that can be repeated, give both with their digest: --build-arg PYTHON_IMAGE=python:3.13-slim-trixie@sha256:…
# scripts/publish does, with those of scripts/release-images, and gives the commit (REVISION) and the address of the repository (SOURCE), for amd64 and arm64.
ARG PYTHON_IMAGE=python:3.13-slim-trixie
ARG HELM_IMAGE=alpine/helm:4.3.1

FROM ${HELM_IMAGE} AS helm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements/ requirements/
RUN python -m pip install --require-hashes --requirement requirements/build.txt \
 && python -m venv --without-pip /opt/scenedock \
 && python -m pip --python /opt/scenedock/bin/python install --require-hashes --requirement requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY scripts/published_metadata.py scripts/
COPY service/ service/
COPY cookiecutters/ cookiecutters/
COPY catalog-info/ catalog-info/
COPY examples/ examples/
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && python -m pip --python /opt/scenedock/bin/python install --no-deps dist/*.whl

FROM ${PYTHON_IMAGE}
ARG PYTHON_IMAGE
ARG VERSION=0.2.0
ARG REVISION=
ARG SOURCE=
LABEL org.opencontainers.image.title="scenedock" \
      org.opencontainers.image.description="The Backstage companion for Helm GitOps repositories" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="${PYTHON_IMAGE}"
# A mounted repository belongs to somebody else, and git would refuse to say where it comes from.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git \
 && rm -rf /var/lib/apt/lists/* \
 && git config --system --add safe.directory '*'
COPY --from=build /opt/scenedock /opt/scenedock
COPY --from=helm /usr/bin/helm /usr/local/bin/helm
# Nothing is written but what a command is asked to write, the service's data, and /tmp while a skeleton runs code
# of its own; so the root may be read-only, with volumes for those two.
RUN install --directory --owner=10001 --group=10001 /data
ENV PATH=/opt/scenedock/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 SCENEDOCK_LISTEN=0.0.0.0:8000 SCENEDOCK_DATA=/data
EXPOSE 8000
VOLUME /data
USER 10001:10001
WORKDIR /repository
# For `serve`. Kubernetes asks by itself (deploy/chart).
HEALTHCHECK --start-period=30s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['SCENEDOCK_LISTEN'].rpartition(':')[2] + '/healthz')"]
ENTRYPOINT ["scenedock"]
