#!/usr/bin/env bash
# Installs packages and the target that building and testing DOIN needs on Debian 12. Changes nothing that already works.
# Usage: scripts/setup.sh        (as root, or with sudo)
. "$(dirname "$0")/lib.sh"

# mesa-vulkan-drivers is a software Vulkan device, for tests of compute shaders on machines without a GPU. chromium and nodejs are for
# tests of the dashboard, postgresql for those of the export.
PACKAGES=(clang libclang-dev libssl-dev mold pkg-config protobuf-compiler jq curl libvulkan1 mesa-vulkan-drivers chromium nodejs postgresql)
TARGET=wasm32v1-none

has_target() { [ -d "$("$@" --print target-libdir --target $TARGET 2>/dev/null)" ]; }

# Compiles core, alloc and compiler_builtins for the runtime's target with Debian's compiler, which ships their source.
debian_sysroot() {
	install rustc-web cargo-web rust-web-src lld
	local host lib=/usr/lib/rustlib/$TARGET/lib work
	host=$(/usr/bin/rustc -vV | sed -n 's/^host: //p')
	if ! [ -d $lib ]; then
		say "building core and alloc for $TARGET with $(/usr/bin/rustc --version)"
		work=$(mktemp -d)
		mkdir -p "$work/src"
		printf '[package]\nname = "sysroot"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n[profile.release]\npanic = "abort"\n' >"$work/Cargo.toml"
		printf '#![no_std]\n#[panic_handler]\nfn panic(_: &core::panic::PanicInfo) -> ! { loop {} }\n' >"$work/src/lib.rs"
		# Bitcode is what the runtime's link-time optimization reads; without it the link fails at ".llvmbc".
		(cd "$work" && env -u CARGO_TARGET_DIR RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes \
			CARGO_TARGET_WASM32V1_NONE_LINKER=wasm-ld /usr/bin/cargo build -q --release -Zbuild-std=core,alloc --target $TARGET)
		as_root mkdir -p $lib
		as_root cp "$work/target/$TARGET/release/deps/"lib{core,alloc,compiler_builtins}-*.rlib $lib/
		rm -rf "$work"
	fi
	if ! [ -e "/usr/lib/rustlib/$host/bin/rust-lld" ]; then
		as_root mkdir -p "/usr/lib/rustlib/$host/bin"
		as_root ln -s "$(command -v lld)" "/usr/lib/rustlib/$host/bin/rust-lld"
	fi
	rustup toolchain list | grep -q '^system' || rustup toolchain link system /usr
}

command -v rustup >/dev/null || die "Rust is missing: install rustup from https://rustup.rs, then run this again"
install "${PACKAGES[@]}"
# The nodejs of other sources brings npm along, and conflicts with Debian's.
command -v npm >/dev/null || install npm
# For the example in Python, whose packages the tests install. Other Pythons than Debian's have the modules.
python3 -c 'import venv, ensurepip' 2>/dev/null || install python3 python3-venv
if ! has_target rustc; then
	if [ "${RUSTUP_AUTO_INSTALL:-1}" != 0 ]; then
		rustup target add $TARGET
	else
		debian_sysroot
	fi
fi
say "setup: all there"
