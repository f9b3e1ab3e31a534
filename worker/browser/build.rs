//! Builds the WebAssembly module next to the native library, with the toolchain of the runtime.

fn main() {
	// Clippy's compiler may not be of the version that compiles the module (scripts/test.sh).
	std::env::remove_var("RUSTC_WORKSPACE_WRAPPER");

	// A browser links no runtime: the module has memory of its own, 64 MiB at most, and no version section.
	#[cfg(feature = "std")]
	substrate_wasm_builder::WasmBuilder::new()
		.with_current_project()
		.append_to_rust_flags("-C strip=symbols -C link-arg=--max-memory=67108864")
		.disable_runtime_version_section_check()
		.build();
}
