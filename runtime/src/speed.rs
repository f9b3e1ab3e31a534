//! Fixed work that a node times, to compare its machine with the reference machine.

use crate::demo;
use alloc::vec::Vec;
use doin_primitives::Evidence;
use doin_scoring::{philox::Stream, sample, score, Encoder, Layer, Model, Net, Program};
use doin_training::{loss::absolute, DenseNet, Shape, StepSize, MAX_BATCH};

/// Time of one counted multiply-accumulate of a dense net on the reference machine, in picoseconds: one core of an AMD EPYC of the 7003
/// series (Zen 3), which has no AVX-512 (`docs/adr/0030`).
pub const REFERENCE_PS_PER_MAC: u64 = 950;
/// Time that the weight of scoring a chunk charges at least for one counted multiply-accumulate, in picoseconds. Small gated cells need
/// almost as much on the reference machine.
pub const CHARGED_PS_PER_MAC: u64 = 1_890;
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

/// Most steps that one call of [`training_macs`] makes.
pub const MAX_STEPS: u32 = 64;

/// Makes `steps` steps of training, at most [`MAX_STEPS`], of a net of 96 inputs, two hidden layers of 64 units and 24 outputs, on
/// batches of 256 samples. Returns the number of products, 7 471 104 a step. Reads no storage.
pub fn training_macs(steps: u32) -> u64 {
	let shape = Shape { inputs: 96, hidden: alloc::vec![64, 64], outputs: 24 };
	let stream = &mut Stream::new(&SEED, WEIGHTS, 1);
	let Ok(mut net) = DenseNet::drawn(&shape, 9, stream) else { return 0 };
	let samples = usize::from(shape.inputs).saturating_mul(MAX_BATCH);
	let x: Vec<i16> = (0..samples).map(|_| (stream.below(1_025) as i16).saturating_sub(512)).collect();
	let steps = steps.min(MAX_STEPS);
	let mut moved = 0u64;
	for _ in 0..steps {
		net.step(
			&x,
			|outputs, gradient| {
				for (gradient, sum) in gradient.iter_mut().zip(outputs.sums) {
					*gradient = absolute(*sum, 0, outputs.shift);
				}
			},
			StepSize { rate: 512, decay: 3 },
		);
		let momenta = net.layers().first().map_or(&[][..], |layer| layer.weights().momenta.as_slice());
		moved =
			moved.saturating_add(momenta.iter().map(|momentum| u64::from(momentum.unsigned_abs())).fold(0, u64::saturating_add));
	}
	// Momenta that all stay 0 are impossible; the condition keeps the compiler from leaving the work out.
	let products = shape.products(MAX_BATCH as u64).saturating_mul(steps.into());
	if moved > 0 {
		products
	} else {
		0
	}
}
