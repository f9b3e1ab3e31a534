#!/usr/bin/env bash
# Builds the runtime with the feature try-runtime, and runs what only that feature can check: the invariants of all pallets, also of the
# SDK's, after every block of the fuzz, and the migrations of a runtime upgrade with their checks. Compiles the SDK with other features,
# in a target folder of its own: a quarter of an hour the first time.
# Usage: scripts/try-runtime.sh [OPERATIONS]    operations of the fuzz, in thousands (default: 20)
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

case ${1:-20} in
	*[!0-9]*) sed -n '2,/^\. /{/^\. /d;s/^# \{0,1\}//;p}' "$0"; exit 1 ;;
esac

setup
export CARGO_TARGET_DIR=$CARGO_TARGET_DIR-bench
# Tests run the native runtime.
export DOIN_FUZZ_CHAINS=${1:-20} SKIP_WASM_BUILD=1
run() { cargo test --release -p doin-runtime-tests --features try-runtime "$@"; }
run --test runtime -- fuzz:: upgrade:: upgrade_from_v1::
# The runtime of version 2 is there after scripts/old-runtime.sh.
if [ -e "$ROOT/runtime/tests/tests/fixtures/doin_runtime_v2.compact.compressed.wasm" ]; then
	run --test runtime upgrade_from_v2:: -- --include-ignored
fi
