#!/usr/bin/env bash
# Types of the chain for @polkadot/api and papi, in runtime/clients. They are generated from a file with the metadata of the runtime.
#
# Usage: scripts/clients.sh generate [WASM]   writes that file from a compiled runtime, by default that of the last build; then the types.
#                                             Needed after every change of the interface of the runtime
#        scripts/clients.sh build             installs the packages and generates the types from the file
#        scripts/clients.sh check             the same, and checks the types of the examples
. "$(dirname "$0")/lib.sh"

CLIENTS=$ROOT/runtime/clients
WASM=$BIN/wbuild/doin-runtime/doin_runtime.compact.compressed.wasm

usage() { sed -n '2,/^\. /{/^\. /d;s/^# \{0,1\}//;p}' "$0"; }

command -v npm >/dev/null || die "npm is missing: run scripts/setup.sh, which installs Node.js and npm"

# Runs npm in the folder of the clients.
packages() { npm --prefix "$CLIENTS" --loglevel=error "$@"; }

# Installs the packages of the lock file, without their scripts.
install_packages() { (cd "$CLIENTS" && packages ci --ignore-scripts --no-audit --no-fund >/dev/null); }

generate() { # compiled runtime
	[ -r "$1" ] || die "cannot read $1: build the runtime with scripts/run.sh or scripts/test.sh, or name another compiled runtime"
	install_packages
	node "$CLIENTS/scripts/metadata.mjs" "$1"
	packages run --silent build >/dev/null
	say "clients: wrote runtime/clients/metadata/doin.scale and the types in runtime/clients/dist"
}

build_types() {
	install_packages
	packages run --silent build >/dev/null
	say "clients: the types are in runtime/clients/dist"
}

case ${1:-} in
	generate) generate "${2:-$WASM}" ;;
	build) build_types ;;
	check) build_types; packages run --silent check; say "clients: the types are right" ;;
	-h | --help) usage ;;
	*) usage >&2; die "unknown argument ${1:-}: expected generate, build or check" ;;
esac
