# Images of the node and of the worker, without a shell user and without a compiler.
#
#   docker build --target node   --build-arg COMMIT="$(git rev-parse HEAD)" -t doin-node .
#   docker build --target worker --build-arg COMMIT="$(git rev-parse HEAD)" -t doin-worker .
#
# docs/operations.md, "Containers", has the commands that run them.

FROM docker.io/library/rust:1.95.0-bookworm AS build
# Versions are those of the distribution's release, which changes by security updates only.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends clang libclang-dev libssl-dev mold pkg-config protobuf-compiler \
 && rm -rf /var/lib/apt/lists/* \
 && rustup target add wasm32v1-none
WORKDIR /doin
COPY . .
# The version of the node names the commit; the context has no .git.
ARG COMMIT=unknown
ENV SUBSTRATE_CLI_GIT_COMMIT_HASH=$COMMIT OPENSSL_NO_VENDOR=1 CARGO_TARGET_DIR=/target WASM_BUILD_WORKSPACE_HINT=/doin
RUN cargo build --locked --profile production --workspace --bin doin-node --bin doin-worker

FROM docker.io/library/debian:bookworm-slim AS base
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libgcc-s1 libssl3 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 doin \
 && useradd --uid 10001 --gid 10001 --create-home --home-dir /data --shell /usr/sbin/nologin doin
COPY LICENSE /usr/share/doc/doin/LICENSE
COPY node/LICENSE /usr/share/doc/doin/LICENSE-node
USER 10001:10001
WORKDIR /data
VOLUME /data

FROM base AS node
COPY --from=build /target/production/doin-node /usr/local/bin/doin-node
# Peers; RPC and metrics listen on the loopback interface of the container unless options say otherwise.
EXPOSE 30333
ENTRYPOINT ["/usr/local/bin/doin-node", "--base-path", "/data"]

FROM base AS worker
COPY --from=build /target/production/doin-worker /usr/local/bin/doin-worker
ENTRYPOINT ["/usr/local/bin/doin-worker"]
CMD ["run", "--config", "/data/worker.toml"]
