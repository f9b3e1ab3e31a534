//! Fixed work that a node times, to compare its machine with the reference machine.

use crate::demo;
use alloc::vec::Vec;
use doin_primitives::Evidence;
use doin_scoring::{philox::Stream, sample, score, Encoder, Layer, Model, Net, Program};

/// Time of one counted multiply-accumulate on the reference machine, in picoseconds: one core of an AMD EPYC of the 7003 series
/// (Zen 3), which has no AVX-512 (`docs/adr/0030`). The weight of scoring a chunk of a dense net charges at least as much.
pub const REFERENCE_PS_PER_MAC: u64 = 1_890;
/// Seed of the windows and of the weights.
const SEED: [u8; 32] = [3; 32];
/// Purpose of the stream that the weights are drawn from; no other stream of the project has this number.
const WEIGHTS: u32 = 90;
/// Steps that the net reads.
pub const WINDOW: u16 = 104;
/// Units of the hidden layer.
pub const HIDDEN: u16 = 512;
/// Steps that the net forecasts: those of the demo domain.
pub const HORIZON: u16 = 13;

/// Returns a dense layer of random weights.
fn layer(stream: &mut Stream, inputs: u16, outputs: u16) -> Layer {
	let mut weight = || (stream.below(101) as i16).saturating_sub(50);
	let weights: Vec<i16> = (0..u32::from(inputs).saturating_mul(outputs.into())).map(|_| weight()).collect();
	Layer { inputs, outputs, shift: 8, weights, bias: alloc::vec![0; outputs.into()] }
}

/// Most chunks that one call scores: any client can call the runtime.
pub const MAX_CHUNKS: u32 = 64;

/// Scores `chunks` chunks, at most 64, of a dense net of one hidden layer on windows of the demo domain. Returns the counted
/// multiply-accumulates. Reads no storage.
pub fn reference_macs(chunks: u32) -> u64 {
	let spec = demo::spec();
	let (Program::Forecast(program), Evidence::Synthetic(generator)) = (&spec.program, &spec.evidence) else { return 0 };
	let stream = &mut Stream::new(&SEED, WEIGHTS, 0);
	let layers = alloc::vec![layer(stream, WINDOW, HIDDEN), layer(stream, HIDDEN, HORIZON)];
	let model = Model::Net(Net { window: WINDOW, in_shifts: alloc::vec![0], skip: None, encoder: Encoder::None, layers });
	let chunks = chunks.min(MAX_CHUNKS);
	let mut sum = 0u64;
	for index in 0..chunks {
		let windows = sample::drawn(program, generator, &SEED, (index % u32::from(program.chunks)) as u16);
		sum = sum.saturating_add(score(&model, program, &windows).into());
	}
	// A sum of 0 is impossible; the condition keeps the compiler from leaving the work out.
	let windows = u64::from(chunks).saturating_mul(program.windows.into());
	if sum > 0 {
		model.macs().saturating_mul(windows)
	} else {
		0
	}
}
