//! The compiled runtime in the node's executor, as validators run it.

use crate::Chain;
use codec::{Decode, Encode};
use doin_primitives::{domain::Limits, DomainId, DomainSpec, EvidenceRef, Hash, Page};
use doin_runtime::{Runtime, WASM_BINARY};
use doin_scoring::{
	philox::Stream,
	rows::{Image, Rows},
	Cell, Conv, Conv2, Encoder, Layer, Model, Net,
};
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

	/// Inserts a domain with this record, the pages of its data, and the number of opened segments among them. Returns its
	/// identifier.
	pub fn insert(&mut self, spec: DomainSpec, pages: impl IntoIterator<Item = Page>, opened: u16) -> DomainId {
		self.chain.state(|| {
			let id = pallet_doin_domains::NextDomainId::<Runtime>::mutate(|next| core::mem::replace(next, *next + 1));
			pallet_doin_domains::Specs::<Runtime>::insert(id, spec);
			for (index, page) in (0..).zip(pages) {
				pallet_doin_domains::Pages::<Runtime>::insert(id, index, page);
			}
			pallet_doin_evidence::Segments::<Runtime>::mutate(id, |segments| {
				(segments.sealed, segments.opened) = (opened, opened);
			});
			id
		})
	}

	/// Calls `DoinApi::chunk_sum`.
	pub fn chunk_sum(&mut self, domain: DomainId, model: &Model, draw: Option<(EvidenceRef, Hash)>, chunk: u16) -> Option<u32> {
		self.call("DoinApi_chunk_sum", &(domain, model.to_bytes(), draw, chunk).encode())
	}

	/// Calls `DoinApi::segment`.
	pub fn segment(&mut self, domain: DomainId, index: u16) -> Option<Vec<u8>> {
		self.call("DoinApi_segment", &(domain, index).encode())
	}

	/// Calls `DoinApi::rows`.
	pub fn rows(&mut self, domain: DomainId) -> Option<Vec<u8>> {
		self.call("DoinApi_rows", &domain.encode())
	}

	/// Calls `DoinApi::training_macs`.
	pub fn training_macs(&mut self, steps: u32) -> u64 {
		self.call("DoinApi_training_macs", &steps.encode())
	}

	/// Calls a method of a runtime API.
	fn call<T: Decode>(&mut self, method: &str, arguments: &[u8]) -> T {
		let code = RuntimeCode { code_fetcher: &self.code, heap_pages: None, hash: vec![0] };
		let mut ext = self.chain.ext.ext();
		let (result, _) = self.executor.call(&mut ext, &code, method, arguments, CallContext::Offchain);
		let result = result.unwrap_or_else(|error| panic!("the runtime answers {method}: {error}"));
		T::decode(&mut &result[..]).expect("the response decodes")
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

/// Returns a net of random weights for rows: an MLP, or a convolution over the image and a dense layer.
pub fn row_net(stream: &mut Stream, program: &Rows, width: u16, skip: bool) -> Net {
	let (features, outputs) = (program.features, program.outputs());
	let (encoder, hidden) = match program.image {
		Some(Image { height, width: columns }) => {
			let side = |stream: &mut Stream, pixels: u8| 1 + stream.below(pixels.into()) as u8;
			let kernel = [side(stream, height), side(stream, columns)];
			let stride = [side(stream, 3), side(stream, 3)];
			let inputs = u16::from(kernel[0]) * u16::from(kernel[1]) * (features / (u16::from(height) * u16::from(columns)));
			let layer = layer(stream, inputs, width, 8);
			(Encoder::Image(Conv2 { height, width: columns, kernel, stride, layer }), Vec::new())
		}
		None => (Encoder::None, vec![layer(stream, features, width, 8)]),
	};
	let inputs = hidden.last().map_or_else(|| encoder.outputs(features, 1).expect("it fits"), |layer: &Layer| layer.outputs);
	let layers = hidden.into_iter().chain([layer(stream, inputs, outputs, 7)]).collect();
	let skip = skip.then(|| layer(stream, features, outputs, 9));
	Net { window: features, in_shifts: vec![stream.below(5) as i8], skip, encoder, layers }
}
