# The image contains the program, its shared libraries, certificate authorities and a user; no shell, no writable path.
#
#   make image                                    with docker, podman or buildah
#   docker build -t weather-cache .               as `gcloud run deploy --source .` does
#   docker build --target test -t weather-cache-test . && docker run --rm weather-cache-test
#
# Builders without BuildKit (Cloud Build, podman, buildah) must be able to read it: no RUN --mount, no here-documents.

# The Debian 13 to build in. A release names it by its digest (CONTRIBUTING.md); scripts/image-test sets another one if no
# registry can be reached.
ARG DEBIAN=docker.io/library/debian:trixie-slim

FROM ${DEBIAN} AS build
WORKDIR /src
# The packages come first, because they change rarely and their layer is cached.
COPY scripts/install-packages scripts/compiler scripts/
RUN scripts/install-packages build
COPY CMakeLists.txt CMakePresets.json LICENSE ./
COPY cmake cmake
COPY scripts scripts
COPY web web
COPY src src
RUN scripts/build program weather-cache && scripts/image-root build/program/weather-cache /image

# A builder without BuildKit builds every stage before the last one. This one therefore installs make and the packages
# of the tests only when it runs.
FROM build AS test
COPY . .
CMD ["sh", "-c", "scripts/install-packages build test && exec make test"]

FROM scratch
ARG REVISION=
LABEL org.opencontainers.image.title="weather-cache" \
      org.opencontainers.image.description="Answers weather queries from memory, from Redis, or from Open-Meteo" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /image /
# A number, which Kubernetes' runAsNonRoot can check; /etc/passwd gives it a name.
USER 65532:65532
# Cloud Run and other platforms set their own port.
ENV PORT=8080
EXPOSE 8080
# healthcheck itself gives up after two seconds.
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["/usr/bin/weather-cache", "healthcheck"]
ENTRYPOINT ["/usr/bin/weather-cache"]
