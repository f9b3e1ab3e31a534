//! The compiled runtime in the node's executor, as validators run it.

use crate::Chain;
use codec::{Decode, Encode};
use doin_primitives::{domain::Limits, DomainId, Hash};
use doin_runtime::{Runtime, WASM_BINARY};
use doin_scoring::{philox::Stream, Cell, Conv, Encoder, Layer, Model, Net};
use sc_executor::WasmExecutor;
use sp_core::traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode};

/// Compiled runtime over the state of a chain.
pub struct Blob {
	chain: Chain,
	executor: WasmExecutor<sp_io::SubstrateHostFunctions>,
	code: WrappedRuntimeCode<'static>,
}

impl Blob {
	/// Returns the compiled runtime over the development genesis, with a demo domain that admits every model.
	pub fn new() -> Self {
		let mut chain = Chain::preset("development");
		chain.state(|| {
			pallet_doin_domains::Specs::<Runtime>::mutate(crate::round::DEMO, |spec| {
				spec.as_mut().expect("the demo domain is there").limits = Limits { model_bytes: u32::MAX, window_macs: u32::MAX };
			});
		});
		let code = WASM_BINARY.expect("the runtime was built without its blob: rebuild it with SKIP_WASM_BUILD unset");
		Self { chain, executor: WasmExecutor::builder().build(), code: WrappedRuntimeCode(code.into()) }
	}

	/// Calls `DoinApi::chunk_sum` on the demo domain.
	pub fn chunk_sum(&mut self, model: &Model, seed: Option<&Hash>, chunk: u16) -> Option<u32> {
		let domain: DomainId = crate::round::DEMO;
		let arguments = (domain, model.to_bytes(), seed, chunk).encode();
		let code = RuntimeCode { code_fetcher: &self.code, heap_pages: None, hash: vec![0] };
		let mut ext = self.chain.ext.ext();
		let (result, _) = self.executor.call(&mut ext, &code, "DoinApi_chunk_sum", &arguments, CallContext::Offchain);
		let result = result.unwrap_or_else(|error| panic!("the runtime answers: {error}"));
		Option::decode(&mut &result[..]).expect("it answers with a sum")
	}
}

impl Default for Blob {
	fn default() -> Self {
		Self::new()
	}
}

/// Returns a number in ±`limit`.
fn number(stream: &mut Stream, limit: u32) -> i32 {
	stream.below(2 * limit + 1) as i32 - limit as i32
}

/// Returns a layer of random weights that preserves the scale of its inputs.
pub fn layer(stream: &mut Stream, inputs: u16, outputs: u16, shift: u8) -> Layer {
	let limit = ((2 << shift) / u32::from(inputs).isqrt()).min(2_047);
	let weights = (0..u32::from(inputs) * u32::from(outputs)).map(|_| number(stream, limit) as i16).collect();
	Layer { inputs, outputs, shift, weights, bias: (0..outputs).map(|_| number(stream, 200 << shift)).collect() }
}

/// Returns a net of random weights for `window` steps of one channel. `family` is 0 for MLP, 1 for convolutions, 2 for LSTM, 3
/// for GRU.
pub fn net(stream: &mut Stream, family: u8, window: u16, width: u16, horizon: u16, skip: bool) -> Net {
	let mut hidden = Vec::new();
	let encoder = match family {
		0 => {
			hidden.push(layer(stream, window, width, 8));
			Encoder::None
		}
		1 => {
			let kernel = 1 + stream.below(u32::from(window.min(6))) as u16;
			let stride = 1 + stream.below(3) as u16;
			Encoder::Conv(vec![Conv { kernel, dilation: 1, stride, layer: layer(stream, kernel, width, 8) }])
		}
		2 => Encoder::Lstm(Cell { input: layer(stream, 1, 4 * width, 5), hidden: layer(stream, width, 4 * width, 8) }),
		_ => Encoder::Gru(Cell { input: layer(stream, 1, 3 * width, 5), hidden: layer(stream, width, 3 * width, 8) }),
	};
	let inputs = hidden.last().map_or_else(|| encoder.outputs(window, 1).expect("it fits"), |layer| layer.outputs);
	hidden.push(layer(stream, inputs, horizon, 7));
	let skip = skip.then(|| layer(stream, window, horizon, 9));
	Net { window, in_shifts: vec![number(stream, 2) as i8], skip, encoder, layers: hidden }
}
