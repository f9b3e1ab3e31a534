//! Builds the WASM blob of the template's runtime.

fn main() {
	// Clippy's compiler may not be of the version that compiles the blob (scripts/test.sh).
	std::env::remove_var("RUSTC_WORKSPACE_WRAPPER");

	#[cfg(feature = "std")]
	substrate_wasm_builder::WasmBuilder::build_using_defaults();
}
