#!/usr/bin/env bash
# Compiles doin-kernels and doin-compute for 64-bit ARM and runs the tests of the back-ends there, NEON with and without dot products, in
# an emulator (qemu): they check bits, not speed. Installs a cross linker and the emulator on Debian; without an emulator it only
# compiles. On an ARM machine the ordinary tests cover NEON.
# Usage: scripts/neon.sh [arguments of the tests]
#        scripts/neon.sh                                                    the small sets
#        scripts/neon.sh --include-ignored --skip the_large_set_of_cells    the large sets as well, as scripts/test.sh --full does
# The emulator takes about ten times as long as a processor. The large set of cells takes minutes without it, and would take most of an
# hour.
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

TARGET=aarch64-unknown-linux-gnu
PACKAGES=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)

case $(uname -m) in
	aarch64 | arm64) say "neon: this machine has it, so the ordinary tests are its tests"; exit 0 ;;
esac
if command -v apt-get >/dev/null; then install "${PACKAGES[@]}"; fi

# Another compiler and another target: nothing here should make the workspace's own artefacts stale.
export CARGO_TARGET_DIR=$CARGO_TARGET_DIR-arm
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -cpu max -L /usr/aarch64-linux-gnu"

CARGO=(cargo)
STD=()
if ! [ -d "$(rustc --print target-libdir --target $TARGET 2>/dev/null)" ]; then
	if [ "${RUSTUP_AUTO_INSTALL:-1}" != 0 ]; then
		rustup target add $TARGET
	else
		# Debian's compiler has the source of a standard library, but none that is compiled for this target.
		install rustc-web cargo-web rust-web-src
		export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
		CARGO=(/usr/bin/cargo)
		STD=(-Zbuild-std=std,panic_unwind)
	fi
fi

# Dependencies are compiled without optimization, which halves the time; tests spend theirs in our code.
SELECTION=(--quiet --config 'profile.release.package."*".opt-level=0' --release "${STD[@]}" --target $TARGET --lib)
if command -v aarch64-linux-gnu-gcc >/dev/null && command -v qemu-aarch64 >/dev/null; then
	"${CARGO[@]}" test "${SELECTION[@]}" -p doin-kernels -- "$@"
	# The tests run the back-ends that the emulator has. These fail if one is missing.
	for backend in neon neon-dot neon-i8mm; do
		DOIN_BACKEND=$backend "${CARGO[@]}" test "${SELECTION[@]}" -p doin-kernels back_ends_are_known_by_name -- "$@"
	done
	# Whole training runs on every back-end.
	"${CARGO[@]}" test "${SELECTION[@]}" -p doin-compute training_gives_equal_bits_on_every_back_end -- "$@"
	say "neon: compiled and tested"
else
	"${CARGO[@]}" check "${SELECTION[@]}" --tests -p doin-kernels -p doin-compute
	say "neon: compiled, not tested; that needs aarch64-linux-gnu-gcc and qemu-aarch64"
fi
