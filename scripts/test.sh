#!/usr/bin/env bash
# Installs what is missing and runs every check and test: train, format, clippy, unit, property, runtime and whole-system tests.
# Usage: scripts/test.sh            what every change has to pass
#        scripts/test.sh --full     the same with the large sets: a million cases for each decoder, a hundred thousand forward passes and a thousand
#                                   training runs on every back-end, NEON in an emulator too
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

RUN=()
case ${1:-} in
	'') ;;
	--full) export DOIN_FULL=1; RUN=(-- --include-ignored) ;;
	*) sed -n '2,/^\. /{/^\. /d;s/^# \{0,1\}//;p}' "$0"; exit 1 ;;
esac

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
cargo test "${ALL[@]}" --no-fail-fast "${RUN[@]}"
if [ ${#RUN[@]} -gt 0 ]; then
	step "NEON back-end"
	"$ROOT/scripts/neon.sh"
fi
step "documentation tests"
cargo test --release --workspace --doc --quiet
