//! Builds the runtime's WASM blob next to its native library.

fn main() {
	// Clippy's compiler may not be of the version that compiles the blob (scripts/test.sh).
	std::env::remove_var("RUSTC_WORKSPACE_WRAPPER");

	#[cfg(all(feature = "std", feature = "metadata-hash"))]
	substrate_wasm_builder::WasmBuilder::init_with_defaults().enable_metadata_hash("DOIN", 12).build();

	#[cfg(all(feature = "std", not(feature = "metadata-hash")))]
	substrate_wasm_builder::WasmBuilder::build_using_defaults();
}
