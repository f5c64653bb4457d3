FROM python:3.12-slim

# A further package index for pip, such as the one with torch's builds for CPUs only.
ARG PIP_EXTRA_INDEX_URL=

WORKDIR /explorer
COPY pyproject.toml README.md LICENSE ./
COPY hvae hvae
COPY precompute precompute
COPY app app
COPY assets assets
RUN pip install --no-cache-dir ".[serve]"

# The user who runs the page owns the folder of new points, and nothing else.
RUN useradd --create-home explorer && mkdir /points /data && chown explorer /points
USER explorer
WORKDIR /home/explorer
ENV HVAE_DATA_DIR=/points HVAE_APP_DATA_DIR=/data PYTHONUNBUFFERED=1

EXPOSE 8050
HEALTHCHECK --start-period=30s --interval=30s --timeout=10s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8050/healthz', timeout=8)"]
CMD ["gunicorn", "app.wsgi:server", "--bind", "0.0.0.0:8050", "--workers", "2", "--threads", "8", \
  "--limit-request-line", "8190"]
