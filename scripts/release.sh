#!/usr/bin/env bash
# Builds what a release has: the node, the worker, the runtime, and a checksum of each. Profile `production`: an hour or more on two cores.
#
# Usage: scripts/release.sh DIR           writes to DIR: doin-node, doin-worker, doin-runtime.wasm, BUILD, SHA256SUMS, and an archive of
#                                         them
#        scripts/release.sh --check DIR   builds a clone of this commit in another folder, and compares its files with SHA256SUMS of DIR
#
# So that two builds can be compared, paths of the checkout, the dependencies and the target folder are replaced in the compiled
# programs, and the time of the commit takes the place of the present one. What remains is named in BUILD: the commit, the compilers,
# the linker and the system libraries. `--check` shows whether two builds are equal; the runtime depends on least, so compare it first.
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

FILES=(doin-node doin-worker doin-runtime.wasm)
HOST=$(rustc -vV | sed -n 's/^host: //p')

usage() { sed -n '2,/^\. /{/^\. /d;s/^# \{0,1\}//;p}' "$0"; }

# Prints the version of a program, or that it is missing.
version() { "$@" 2>/dev/null | head -n 1 || printf 'missing\n'; }

# Compiles the checkout at $1 into the target folder $2.
compile() {
	local source=$1 target=$2 cargo_home=${CARGO_HOME:-$HOME/.cargo} remap
	remap="--remap-path-prefix=$source=/doin --remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$target=/target"
	remap+=" --remap-path-prefix=$(rustc --print sysroot)=/rust"
	(
		cd "$source"
		SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
		SUBSTRATE_CLI_GIT_COMMIT_HASH=$(git rev-parse HEAD)
		export SOURCE_DATE_EPOCH SUBSTRATE_CLI_GIT_COMMIT_HASH
		export CARGO_TARGET_DIR=$target WASM_BUILD_WORKSPACE_HINT=$source CARGO_INCREMENTAL=0 LC_ALL=C TZ=UTC
		export CFLAGS="-ffile-prefix-map=$cargo_home=/cargo -ffile-prefix-map=$target=/target" CXXFLAGS="-ffile-prefix-map=$cargo_home=/cargo -ffile-prefix-map=$target=/target"
		# The flags of .cargo/config.toml, which RUSTFLAGS replaces. The runtime has flags of its own.
		export RUSTFLAGS="-Clink-arg=-fuse-ld=mold -Clink-arg=-Wl,--build-id=none $remap" WASM_BUILD_RUSTFLAGS=$remap
		cargo build --locked --profile production --workspace --bin doin-node --bin doin-worker
	)
}

# Copies what `compile` has made from the target folder $1 to the folder $2, and writes the checksums.
collect() {
	local made=$1/production out=$2
	mkdir -p "$out"
	cp "$made/doin-node" "$made/doin-worker" "$out/"
	cp "$made/wbuild/doin-runtime/doin_runtime.compact.compressed.wasm" "$out/doin-runtime.wasm"
	strip "$out/doin-node" "$out/doin-worker"
	(cd "$out" && sha256sum "${FILES[@]}" >SHA256SUMS)
}

# Writes what the files depend on.
describe() {
	cat >"$1/BUILD" <<-END
		commit    $(git rev-parse HEAD)
		host      $HOST
		rustc     $(version rustc --version)
		wasm      $(if [ -n "${WASM_BUILD_TOOLCHAIN:-}" ]; then version rustup run "$WASM_BUILD_TOOLCHAIN" rustc --version; else version rustc --version; fi)
		clang     $(version clang --version)
		mold      $(version mold --version)
		protoc    $(version protoc --version)
		openssl   $(version pkg-config --modversion openssl)
		glibc     $(version ldd --version)
	END
}

# Packs the folder $1. Equal files give equal archives.
archive() {
	local name epoch
	name=doin-$(git rev-parse --short=12 HEAD)-${HOST%%-*}
	epoch=$(git log -1 --format=%ct)
	tar --create --directory "$1" --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --transform "s,^,$name/," \
		"${FILES[@]}" BUILD SHA256SUMS | gzip --no-name --best >"$1/$name.tar.gz"
	say "release: $1/$name.tar.gz"
}

require_clean() {
	[ -z "$(git status --porcelain)" ] || die "the checkout has changes that are not committed: a release is built from a commit; commit or stash them"
}

case ${1:-} in
	"" | -h | --help) usage; [ -n "${1:-}" ] || exit 1 ;;
	--check)
		[ -n "${2:-}" ] || die "--check needs the folder of a release: scripts/release.sh --check DIR"
		out=$(realpath "$2")
		[ -f "$out/SHA256SUMS" ] || die "$2 has no SHA256SUMS: build it with scripts/release.sh $2 first"
		require_clean
		setup
		work=$(mktemp -d)
		trap 'rm -rf "$work"' EXIT
		git clone --quiet "$ROOT" "$work/another-checkout"
		compile "$work/another-checkout" "$work/another-target"
		collect "$work/another-target" "$work/out"
		diff "$out/SHA256SUMS" "$work/out/SHA256SUMS" >&2 || die "the second build differs (< first, > second): compare the BUILD files of both machines"
		say "release: a second build in another folder has the same files"
		;;
	-*) usage >&2; die "unknown option $1" ;;
	*)
		require_clean
		setup
		compile "$ROOT" "$CARGO_TARGET_DIR-production"
		collect "$CARGO_TARGET_DIR-production" "$1"
		describe "$1"
		archive "$1"
		;;
esac
