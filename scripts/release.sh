#!/usr/bin/env bash
# Builds what a release has: the node, the worker, the runtime, and a checksum of each. Profile `production`: an hour or more on two cores.
#
# Usage: scripts/release.sh DIR           writes to DIR: doin-node, doin-worker, doin-runtime.wasm, BUILD, SHA256SUMS, and an archive of
#                                         them with the licences, the units, the alerts and the configurations
#        scripts/release.sh --check DIR   builds the same commit again, from nothing, and compares its files with SHA256SUMS of DIR
#
# So that two builds can be compared, a clone of the commit is built in /var/tmp/doin-release on every machine, paths of the
# dependencies are replaced in the compiled programs, and the time of the commit takes the place of the present one. What remains is
# named in BUILD: the commit, the compilers, the linker and the system libraries. `--check` shows whether two builds are equal; the
# runtime depends on least, so compare it first.
. "$(dirname "$0")/lib.sh"
# The folder is relative to that of the caller.
if [ "${1:-}" = --check ]; then DIR=${2:-}; else DIR=${1:-}; fi
[ -z "$DIR" ] || DIR=$(realpath -m -- "$DIR")
cd "$ROOT"

FILES=(doin-node doin-worker doin-runtime.wasm)
# Cargo hashes the paths of the runtime's packages into their symbols, since they are outside the workspace that the wasm builder
# generates for the runtime, and no replacement of paths changes that hash. So the place is a fixed one.
PLACE=/var/tmp/doin-release

usage() { sed -n '2,/^\. /{/^\. /d;s/^# \{0,1\}//;p}' "$0"; }

# Prints the version of a program, or that it is missing.
version() {
	local all
	all=$("$@" 2>/dev/null) || all=missing
	printf '%s\n' "${all%%$'\n'*}"
}

# Prints the target that the programs are built for.
host() { rustc -vV | sed -n 's/^host: //p'; }

# Compiles a clone of this commit in $PLACE/doin into the target folder $PLACE/target. Removes what an earlier build left in both.
compile() {
	local source=$PLACE/doin target=$PLACE/target cargo_home=${CARGO_HOME:-$HOME/.cargo} remap
	mkdir -m 700 "$PLACE" 2>/dev/null || { [ -d "$PLACE" ] && [ ! -L "$PLACE" ] && [ -O "$PLACE" ]; } ||
		die "$PLACE cannot be made, or belongs to another user: remove it"
	exec 9>"$PLACE/lock"
	flock --nonblock 9 || die "another build uses $PLACE: wait for its end"
	rm -rf "$source" "$target"
	git clone --quiet "$ROOT" "$source"
	git -C "$source" checkout --quiet --detach "$(git rev-parse HEAD)"
	remap="--remap-path-prefix=$source=/doin --remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$target=/target"
	remap+=" --remap-path-prefix=$(rustc --print sysroot)=/rust"
	(
		cd "$source"
		unset SKIP_WASM_BUILD
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

# Copies what `compile` has made to the folder $1, and writes the checksums.
collect() {
	local made=$PLACE/target/production out=$1
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
		host      $(host)
		rustc     $(version rustc --version)
		wasm      $(if [ -n "${WASM_BUILD_TOOLCHAIN:-}" ]; then version rustup run "$WASM_BUILD_TOOLCHAIN" rustc --version; else version rustc --version; fi)
		clang     $(version clang --version)
		mold      $(version mold --version)
		protoc    $(version protoc --version)
		openssl   $(version pkg-config --modversion openssl)
		glibc     $(version ldd --version)
	END
}

# Packs the folder $1, with what docs/operations.md installs beside the programs. Equal files give equal archives.
archive() {
	local name epoch arch
	arch=$(host)
	name=doin-$(git rev-parse --short=12 HEAD)-${arch%%-*}
	epoch=$(git log -1 --format=%ct)
	tar --create --directory "$1" --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --transform "s,^,$name/," \
		--mode=u=rwX,go=rX "${FILES[@]}" BUILD SHA256SUMS \
		--directory "$ROOT" LICENSE node/LICENSE docs/operations.md docs/grafana scripts/systemd worker/configs |
		gzip --no-name --best >"$1/$name.tar.gz"
	say "release: $1/$name.tar.gz"
}

require_clean() {
	[ -z "$(git status --porcelain)" ] || die "the checkout has changes that are not committed: a release is built from a commit; commit or stash them"
}

case ${1:-} in
	"" | -h | --help) usage; [ -n "${1:-}" ] || exit 1 ;;
	--check)
		[ -n "$DIR" ] || die "--check needs the folder of a release: scripts/release.sh --check DIR"
		[ -f "$DIR/SHA256SUMS" ] || die "$DIR has no SHA256SUMS: build it with scripts/release.sh $DIR first"
		# Another commit would differ after an hour of building.
		commit=$(sed -n 's/^commit *//p' "$DIR/BUILD" 2>/dev/null) || die "$DIR has no BUILD, which names its commit"
		[ "$commit" = "$(git rev-parse HEAD)" ] || die "$DIR was built from $commit, and the checkout is at $(git rev-parse HEAD): check that commit out"
		require_clean
		setup
		work=$(mktemp -d)
		trap 'rm -rf "$work"' EXIT
		compile
		collect "$work"
		diff "$DIR/SHA256SUMS" "$work/SHA256SUMS" >&2 || die "the second build differs (< first, > second): compare the BUILD files of both machines"
		say "release: a second build has the same files"
		;;
	-*) usage >&2; die "unknown option $1" ;;
	*)
		if [[ $DIR/ == "$ROOT"/* ]] && ! git check-ignore --quiet "$DIR"; then
			die "$DIR is in the checkout, so the next build would find changes: choose a folder outside"
		fi
		require_clean
		setup
		compile
		collect "$DIR"
		describe "$DIR"
		archive "$DIR"
		;;
esac
