# The service: the API with the default command, `flask --app app worker` for the worker,
# `flask --app app database migrate` for the tables.

FROM python:3.11.14-slim-trixie AS builder
COPY requirements.txt /
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements.txt

FROM python:3.11.14-slim-trixie AS web
COPY requirements-web.txt /
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements-web.txt
WORKDIR /src
COPY tools/web.py tools/web.py
COPY words words
COPY web web
RUN /venv/bin/python -m tools.web build

FROM python:3.11.14-slim-trixie
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin app
COPY --from=builder /venv /venv
WORKDIR /srv/app
COPY app.py ./
COPY foundation foundation
COPY immigration immigration
COPY notifications notifications
COPY operations operations
COPY migrations migrations
COPY words words
COPY --from=web /src/web/dist web/dist
# Compiled here, because the file system is read-only when it runs.
RUN /venv/bin/python -m compileall -q /srv/app
ENV PATH=/venv/bin:$PATH \
    ENVIRONMENT=production \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TZ=UTC
USER 10001:10001
EXPOSE 8000
# For the API. A worker's is `flask --app app worker --check`; see compose.yaml.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["flask", "--app", "app", "api", "--host", "0.0.0.0"]
