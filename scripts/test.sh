#!/usr/bin/env bash
# Installs missing packages and tools, and runs every check and test: release train, lint, clippy, unit, property, runtime and
# whole-system tests, documentation.
# Usage: scripts/test.sh            checks that every change has to pass
#        scripts/test.sh --full     adds the large sets: a million cases per decoder, a hundred thousand forward passes and a thousand
#                                   training runs per back-end, a million operations of the runtime's fuzz, the NEON back-end in an
#                                   emulator, the upgrade of a running network by a referendum, and the runtime with the features
#                                   runtime-benchmarks and try-runtime
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
step lint
"$ROOT/scripts/lint.sh"
step clippy
# Without the blob: its compiler would be wrapped by this one's clippy. The setting stays within clippy's own build of the runtime.
SKIP_WASM_BUILD=1 cargo clippy "${ALL[@]}" --quiet -- -D warnings
step build
cargo build "${ALL[@]}" --quiet
step tests
# Benchmarks are built above and not run: scripts/bench.sh runs them, and some need data that the repository does not have.
cargo test "${TESTS[@]}" --no-fail-fast "${RUN[@]}"
if [ ${#RUN[@]} -gt 0 ]; then
	step "NEON back-end"
	"$ROOT/scripts/neon.sh"
	# Other features recompile the SDK, so they have a target folder of their own.
	step "runtime with runtime-benchmarks"
	CARGO_TARGET_DIR=$CARGO_TARGET_DIR-bench SKIP_WASM_BUILD=1 cargo check --release -p doin-runtime --features runtime-benchmarks --quiet
	step "try-runtime"
	"$ROOT/scripts/try-runtime.sh"
fi
step "documentation tests"
cargo test --release --workspace --doc --quiet
step documentation
# Reuses what clippy checked, so without the blob too.
SKIP_WASM_BUILD=1 RUSTDOCFLAGS="-D warnings" cargo doc --release --workspace --no-deps --document-private-items --quiet
step "all passed"
