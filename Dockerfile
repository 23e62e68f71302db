# One image for web, worker, beat and migrate. Nothing is built from source: every pinned package has a wheel.
FROM python:3.12-slim-bookworm AS packages

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
COPY requirements.txt /tmp/requirements.txt
RUN python -m venv /venv && \
    /venv/bin/pip install --require-hashes --only-binary=:all: --requirement /tmp/requirements.txt && \
    /venv/bin/pip uninstall --yes pip

FROM python:3.12-slim-bookworm

ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=voc.settings \
    VOC_VAR_DIR=/var/lib/voc
RUN groupadd --gid 10001 voc && \
    useradd --uid 10001 --gid voc --no-create-home --home-dir /var/lib/voc --shell /usr/sbin/nologin voc && \
    install --directory --owner voc --group voc --mode 0750 /var/lib/voc
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
# Compiled once here, since the running container cannot write to its own code. The system check of the settings runs at start.
RUN python -m compileall -q /app /venv/lib

USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "deploy/healthcheck.py"]
CMD ["gunicorn", "--config", "deploy/gunicorn_conf.py", "voc.wsgi"]
