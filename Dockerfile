# syntax=docker/dockerfile:1
FROM rust:1.95.0-slim-bookworm AS chef
RUN cargo install cargo-chef --version 0.1.78 --locked
WORKDIR /build

# What the dependencies are: this layer's result changes only with Cargo.toml and Cargo.lock.
FROM chef AS recipe
COPY . .
RUN cargo chef prepare --recipe-path recipe.json

FROM chef AS build
COPY --from=recipe /build/recipe.json recipe.json
RUN cargo chef cook --release --locked --bin ips-gateway --recipe-path recipe.json
COPY . .
# Shown by the metric ips_gateway_build_info: docker build --build-arg REVISION="$(git rev-parse HEAD)" .
ARG REVISION=unknown
RUN GIT_REVISION="${REVISION}" cargo build --release --locked --bin ips-gateway

# glibc and CA certificates, no shell.
FROM gcr.io/distroless/cc-debian12:nonroot
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ips-gateway" \
      org.opencontainers.image.description="A REST/JSON gateway for the jobs of Adobe's Image Production System" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="gcr.io/distroless/cc-debian12:nonroot"
COPY --from=build /build/target/release/ips-gateway /usr/local/bin/ips-gateway
COPY LICENSE /licenses/LICENSE
ENV IPS_GATEWAY_LISTEN=0.0.0.0:8080
EXPOSE 8080
USER 65532:65532
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["/usr/local/bin/ips-gateway", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/ips-gateway"]
CMD ["serve"]
