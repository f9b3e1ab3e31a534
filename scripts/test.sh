#!/usr/bin/env bash
# Installs missing packages and tools, and runs every check and test: release train, lint, clippy, unit, property, runtime and
# whole-system tests, documentation tests.
# Usage: scripts/test.sh            checks that every change has to pass
#        scripts/test.sh --full     adds the large sets: a million cases per decoder, a hundred thousand forward passes and a thousand
#                                   training runs per back-end, a million operations of the runtime's fuzz, the whole-system tests
#                                   that take minutes, e.g. the upgrade of a running network by a referendum, the NEON back-end in an
#                                   emulator (of cells the small set only), the runtime with the features runtime-benchmarks and
#                                   try-runtime, benchmarks, rustdoc, and the checks of dependencies
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

RUN=()
case ${1:-} in
	'') ;;
	--full) export DOIN_FULL=1; RUN=(-- --include-ignored --skip namespaces:: --skip letters::) ;;
	*) sed -n '2,/^\. /{/^\. /d;s/^# \{0,1\}//;p}' "$0"; exit 1 ;;
esac

step() { say "== $* ($(date +%H:%M:%S))"; }

step setup
setup
step "release train"
"$ROOT/scripts/check-train.sh"
step lint
"$ROOT/scripts/lint.sh" ${RUN[@]:+--dependencies}
step "build and clippy"
# The compiler of the workspace's members is clippy's, which lints and compiles. `cargo clippy` would check every dependency a second
# time, which takes as long as half of the build. These two variables are those that `cargo clippy -- -D warnings` sets.
export RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__
cargo build "${ALL[@]}" --quiet
if [ ${#RUN[@]} -gt 0 ]; then
	cargo build "${ALL[@]}" --benches --quiet
	step "runtime of version 2"
	"$ROOT/scripts/old-runtime.sh"
fi
step tests
# Benchmarks are not run: scripts/bench.sh runs them, and some need data that the repository does not have.
cargo test "${TESTS[@]}" --no-fail-fast "${RUN[@]}"
python3 -m unittest discover --quiet -s benches/peers
if [ ${#RUN[@]} -gt 0 ]; then
	# Its bar is what a search reaches in a quarter of an hour on all cores, so no other test may run beside it.
	step "letters, alone"
	cargo test --release --workspace --test system -- --include-ignored letters::
	step "networks in namespaces"
	"$ROOT/scripts/local-net.sh" test
	step "NEON back-end"
	"$ROOT/scripts/neon.sh" --include-ignored --skip the_large_set_of_cells
	# Other features recompile the SDK, so they have a target folder of their own.
	step "runtime with runtime-benchmarks"
	CARGO_TARGET_DIR=$CARGO_TARGET_DIR-bench SKIP_WASM_BUILD=1 cargo check --release -p doin-runtime --features runtime-benchmarks --quiet
	step "try-runtime"
	"$ROOT/scripts/try-runtime.sh"
fi
step "documentation tests"
cargo test --release --workspace --doc --quiet
if [ ${#RUN[@]} -gt 0 ]; then
	step documentation
	# Without the blob, since rustdoc checks the runtime and does not run it. It checks every dependency a second time.
	SKIP_WASM_BUILD=1 RUSTDOCFLAGS="-D warnings" cargo doc --release --workspace --no-deps --document-private-items --quiet
fi
step "all passed"
