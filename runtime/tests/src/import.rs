//! Import of blocks: the compiled runtime executes them in the node's executor, on the state of their parent.

use crate::Chain;
use codec::Encode;
use doin_runtime::{Block, WASM_BINARY};
use sc_executor::WasmExecutor;
use sp_core::traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode};
use std::time::{Duration, Instant};

/// Compiled runtime that executes blocks as a node does when it imports them.
pub struct Importer {
	executor: WasmExecutor<sp_io::SubstrateHostFunctions>,
	code: WrappedRuntimeCode<'static>,
}

impl Importer {
	/// Returns the compiled runtime.
	pub fn new() -> Self {
		let code = WASM_BINARY.expect("the runtime was built without its blob: rebuild it with SKIP_WASM_BUILD unset");
		Self { executor: WasmExecutor::builder().build(), code: WrappedRuntimeCode(code.into()) }
	}

	/// Executes `block` on a copy of the state of its parent, and returns how long that took: signatures, calls and the root of the
	/// state. Seal and claim of the slot are not checked, and nothing is written to a database. The first call also compiles the
	/// runtime.
	///
	/// # Errors
	/// Errors if the runtime refuses the block.
	pub fn execute(&self, parent: &mut Chain, block: &Block) -> Result<Duration, String> {
		let mut chain = parent.fork();
		let mut ext = chain.ext.ext();
		let code = RuntimeCode { code_fetcher: &self.code, heap_pages: None, hash: vec![0] };
		let (encoded, context) = (block.encode(), CallContext::Onchain { import: true });
		let start = Instant::now();
		let (result, _) = self.executor.call(&mut ext, &code, "Core_execute_block", &encoded, context);
		let took = start.elapsed();
		result.map(|_| took).map_err(|error| error.to_string())
	}
}

impl Default for Importer {
	fn default() -> Self {
		Self::new()
	}
}
