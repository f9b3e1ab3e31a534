#!/usr/bin/env bash
# Compiles the runtime of version 2 from its commit, for the tests that upgrade a chain which runs it (tests/tests/referendum.rs and
# runtime/tests/tests/upgrade_from_v2.rs).
# Compiles nothing if the runtime is there already. Takes 20 minutes, in a target folder of its own.
# Usage: scripts/old-runtime.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

COMMIT=77a9980
FIXTURE=$ROOT/runtime/tests/tests/fixtures/doin_runtime_v2.compact.compressed.wasm
TREE=${XDG_CACHE_HOME:-$HOME/.cache}/doin/version-2

if [ -e "$FIXTURE" ]; then exit 0; fi
git rev-parse --quiet --verify "$COMMIT^{commit}" >/dev/null || die "the commit $COMMIT is missing: fetch the history with git fetch --unshallow"
setup
say "compiling the runtime of version 2 (commit $COMMIT) in $CARGO_TARGET_DIR-version-2: 20 minutes"
rm -rf "$TREE"
git clone --quiet --no-checkout "$ROOT" "$TREE"
git -C "$TREE" checkout --quiet "$COMMIT"
# The build script of the runtime compiles the blob; the native runtime is only checked.
(
	export CARGO_TARGET_DIR=$CARGO_TARGET_DIR-version-2 WASM_BUILD_WORKSPACE_HINT=$TREE
	# That of scripts/test.sh would compile the blob, too.
	unset RUSTC_WORKSPACE_WRAPPER SKIP_WASM_BUILD
	cargo check --release --manifest-path "$TREE/Cargo.toml" -p doin-runtime
	# Renamed when it is complete, since a file that is there is not compiled again.
	cp "$CARGO_TARGET_DIR/release/wbuild/doin-runtime/doin_runtime.compact.compressed.wasm" "$FIXTURE.new"
	mv "$FIXTURE.new" "$FIXTURE"
)
say "wrote $FIXTURE"
