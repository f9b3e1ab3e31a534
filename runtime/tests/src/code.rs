//! Compiled runtime of an earlier version, which executes the blocks of a [`Chain`](crate::Chain) in place of the native runtime.

use crate::merge;
use codec::{Decode, Encode};
use sc_executor::WasmExecutor;
use sp_core::traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode};
use sp_io::TestExternalities;
use std::sync::Arc;

/// Folder of the compiled runtimes of earlier versions.
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");

/// Compiled runtime.
#[derive(Clone)]
pub struct Code {
	executor: WasmExecutor<sp_io::SubstrateHostFunctions>,
	bytes: Arc<WrappedRuntimeCode<'static>>,
	/// `spec_version` and `transaction_version`, which every transaction signs.
	pub versions: (u32, u32),
}

impl Code {
	/// Returns the compiled runtime of an earlier version of this repository.
	///
	/// # Panics
	///
	/// Panics if its file is missing. The repository has that of version 1; `scripts/old-runtime.sh` compiles that of version 2.
	pub fn of_version(version: u32) -> Self {
		let path = format!("{FIXTURES}/doin_runtime_v{version}.compact.compressed.wasm");
		let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}: run scripts/old-runtime.sh"));
		Self::new(bytes, version, version)
	}

	/// Returns the runtime `bytes`, compressed or not, with its `spec_version` and `transaction_version`.
	pub fn new(bytes: Vec<u8>, spec_version: u32, transaction_version: u32) -> Self {
		let bytes = Arc::new(WrappedRuntimeCode(bytes.into()));
		Self { executor: WasmExecutor::builder().build(), bytes, versions: (spec_version, transaction_version) }
	}

	/// Returns the state of a genesis preset of this runtime, as a node builds it.
	pub fn genesis(&self, preset: &str) -> TestExternalities {
		let mut ext = TestExternalities::new_empty();
		let mut json = |name: Option<&str>| -> serde_json::Value {
			let bytes: Option<Vec<u8>> = self.call(&mut ext, "GenesisBuilder_get_preset", &name.encode());
			serde_json::from_slice(&bytes.expect("the runtime has this preset")).expect("presets are JSON")
		};
		let (mut genesis, patch) = (json(None), json(Some(preset)));
		merge(&mut genesis, patch);
		let genesis = serde_json::to_vec(&genesis).expect("JSON serializes");
		let built: Result<(), String> = self.call(&mut ext, "GenesisBuilder_build_state", &genesis.encode());
		built.expect("a preset fits the genesis");
		ext
	}

	/// Calls `method` of a runtime API on a state.
	pub fn call<T: Decode>(&self, ext: &mut TestExternalities, method: &str, arguments: &[u8]) -> T {
		let code = RuntimeCode { code_fetcher: &*self.bytes, heap_pages: None, hash: vec![1] };
		let mut ext = ext.ext();
		let (result, _) = self.executor.call(&mut ext, &code, method, arguments, CallContext::Offchain);
		let result = result.unwrap_or_else(|error| panic!("the runtime answers {method}: {error}"));
		T::decode(&mut &result[..]).expect("the response decodes")
	}
}
