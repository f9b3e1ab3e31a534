# Paths and cargo selections that all scripts share. Sourced, never run.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Compiled dependencies live outside the checkout, so that a fresh clone on the same machine reuses them.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/doin/target}
# Lets the wasm builder find this workspace's Cargo.lock from a target folder that is not inside it.
export WASM_BUILD_WORKSPACE_HINT=$ROOT
# The SDK asks for a vendored OpenSSL; the system's saves three minutes of C.
export OPENSSL_NO_VENDOR=1

BIN=$CARGO_TARGET_DIR/release

# The selections (CONTRIBUTING.md, "Building"): everything but benchmarks, which `--full` compiles and lints too, and of it the tests. Any
# other selection of packages changes feature unification and recompiles the SDK. The two programs are selected within the whole workspace,
# so each crate that scripts/run.sh compiles is one that scripts/test.sh needs with the same features.
ALL=(--release --workspace --lib --bins --tests --examples)
PROGRAMS=(--release --workspace --bin doin-node --bin doin-worker)
TESTS=(--release --workspace --tests --examples)
PALLETS=(--release -p doin-scoring -p doin-training -p doin-primitives -p doin-market -p doin-traits
	-p pallet-doin-timing -p pallet-doin-domains -p pallet-doin-gauge -p pallet-doin-optimae
	-p pallet-doin-evaluators -p pallet-doin-recomputation -p pallet-doin-reputation -p pallet-doin-work -p pallet-doin-fee-market
	-p pallet-doin-budget -p pallet-doin-evidence -p pallet-doin-oracle -p pallet-doin-forecasts
	-p pallet-doin-channels -p pallet-doin-inference)

# Builds this workspace, or that of the manifest $MANIFEST, with cargo and shows how far it is: cargo's own progress bar in a terminal,
# otherwise one line per minute.
build() {
	local manifest=${MANIFEST:-$ROOT/Cargo.toml}
	if [ -t 2 ]; then
		cargo build --manifest-path "$manifest" "$@"
		return
	fi
	# The bar ends with a carriage return and nothing else does.
	CARGO_TERM_PROGRESS_WHEN=always CARGO_TERM_PROGRESS_WIDTH=120 CARGO_TERM_COLOR=never cargo build --manifest-path "$manifest" "$@" 2>&1 |
		{
			local chunk line next=$SECONDS
			while IFS= read -r -d $'\r' chunk || [ -n "$chunk" ]; do
				while IFS= read -r line; do
					line=${line#$'\e[K'}
					if [[ $line =~ Building.*[^0-9]([0-9]+)/([0-9]+) ]]; then
						[ "$SECONDS" -ge "$next" ] || continue
						say "compiled ${BASH_REMATCH[1]} of ${BASH_REMATCH[2]} crates ($((100 * BASH_REMATCH[1] / BASH_REMATCH[2])) %)"
						next=$((SECONDS + 60))
					elif [[ ! $line =~ ^\ *(Compiling|Fresh|Finished|Download|Updating|Blocking|$) ]]; then
						say "$line"
					fi
				done <<<"$chunk"
			done
		}
}

# Builds the benchmark "$1" as `build` does, and runs it with the arguments behind it.
benchmark() {
	local name=$1
	shift
	build --release --workspace --bench "$name"
	cargo bench --quiet --manifest-path "$ROOT/Cargo.toml" --workspace --bench "$name" -- "$@"
}

say() { printf '%s\n' "$*" >&2; }

# Prints what belongs beside measured figures, as JSON: processor, cores, date and commit.
machine() {
	jq -nc --arg processor "$(sed -n '/^model name/{s/[^:]*: //p;q}' /proc/cpuinfo)" --argjson cores "$(nproc)" \
		--arg date "$(date +%F)" --arg commit "$(git -C "$ROOT" describe --always --dirty)" '$ARGS.named'
}
die() { say "error: $*"; exit 1; }

# Runs a command as root.
as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"
	elif command -v sudo >/dev/null; then sudo "$@"
	else die "installing packages needs root: run this as root, or install sudo first"
	fi
}

# Installs those of these Debian packages that are missing.
install() {
	local missing=()
	for package in "$@"; do
		dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
	done
	[ ${#missing[@]} -eq 0 ] && return
	say "installing ${missing[*]}"
	as_root apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Installs what is missing. Where rustup has no wasm32v1-none even then, Debian's compiler builds the runtime (scripts/setup.sh links it).
setup() {
	"$ROOT/scripts/setup.sh"
	if ! [ -d "$(rustc --print target-libdir --target wasm32v1-none 2>/dev/null)" ]; then
		export WASM_BUILD_TOOLCHAIN=system
	fi
}
