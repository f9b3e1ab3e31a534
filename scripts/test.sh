#!/usr/bin/env bash
# Installs what is missing and runs every check and test: train, format, clippy, unit, property, runtime and whole-system tests.
# Usage: scripts/test.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

step() { say "== $* ($(date +%H:%M:%S))"; }

step setup
setup
step "release train"
"$ROOT/scripts/check-train.sh"
step format
cargo fmt --all --check
step clippy
# Without the blob: its compiler would be wrapped by this one's clippy. The setting stays within clippy's own build of the runtime.
SKIP_WASM_BUILD=1 cargo clippy "${ALL[@]}" --quiet -- -D warnings
step build
cargo build "${ALL[@]}" --quiet
step tests
cargo test "${ALL[@]}" --no-fail-fast
step "NEON back-end"
"$ROOT/scripts/neon.sh"
step "documentation tests"
cargo test --release --workspace --doc --quiet
