# A small image for nightly batches: `docker build -t pierwatch .`, then for example
#   docker run --rm -v "$PWD:/data" pierwatch monitor scenes/ --site port.geojson --ledger port.db
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY cv cv
COPY weights weights
COPY datasets/rajin datasets/rajin
RUN pip install --no-cache-dir --prefix=/install ".[gis,postgres]"

FROM python:3.12-slim
# GDAL in rasterio's wheel needs the system's libexpat
RUN apt-get update && apt-get install --yes --no-install-recommends libexpat1 && rm -rf /var/lib/apt/lists/*
COPY --from=build /install /usr/local
RUN useradd --create-home --uid 1000 pierwatch
USER pierwatch
WORKDIR /data
ENTRYPOINT ["pierwatch"]
CMD ["--help"]
