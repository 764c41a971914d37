# The image: the program, the shared libraries it needs, certificate authorities, a user. No shell, nothing to write to.
#
#   make image                                    with docker, podman or buildah
#   docker build -t weather-cache .               what `gcloud run deploy --source .` does
#   docker build --target test -t weather-cache-test . && docker run --rm weather-cache-test
#
# Builders without BuildKit read this too (Cloud Build, podman, buildah): no RUN --mount, no here-documents.

# Another Debian 13 to build in, where no registry can be reached (scripts/image-test).
ARG DEBIAN=docker.io/library/debian:trixie-slim

FROM ${DEBIAN} AS build
WORKDIR /src
# The packages first: they change seldom, and their layer is kept.
COPY scripts/install-packages scripts/compiler scripts/
RUN scripts/install-packages build
COPY CMakeLists.txt CMakePresets.json LICENSE ./
COPY cmake cmake
COPY scripts scripts
COPY web web
COPY src src
RUN scripts/build program weather-cache && scripts/image-root build/program/weather-cache /image

# A builder without BuildKit makes every stage on its way to the last one, so this one costs nothing until it is run;
# make itself comes only then, and the packages of the tests with it.
FROM build AS test
COPY . .
CMD ["sh", "-c", "scripts/install-packages build test && exec make test"]

FROM scratch
ARG REVISION=
LABEL org.opencontainers.image.title="weather-cache" \
      org.opencontainers.image.description="Weather answers from memory, from Redis, or from Open-Meteo" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /image /
# By number, so that Kubernetes' runAsNonRoot can tell; /etc/passwd gives it a name.
USER 65532:65532
# Cloud Run and others set their own.
ENV PORT=8080
EXPOSE 8080
# The program's own deadline is two seconds.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["/usr/bin/weather-cache", "healthcheck"]
ENTRYPOINT ["/usr/bin/weather-cache"]
