//! First weights of nets, and the initial state that a device trains from.

use super::{batches::Batches, candidate::Candidate, trainer::steps_per_epoch};
use crate::gpu::read_cell;
use doin_kernels::layout::{CellShape, ConvGeometry, StepMajorShape, TrainableLayer};
use doin_scoring::{encoder::Conv, Encoder, Layer, Net};

/// Returns the seed of the random streams of a candidate.
pub fn seed(candidate: &Candidate) -> [u8; 32] {
	let mut seed = [0; 32];
	seed[..8].copy_from_slice(&candidate.seed.to_le_bytes());
	seed
}

/// A layer before the first step.
#[derive(Debug)]
pub struct InitialLayer {
	/// Order in which the inputs of the net's layer lie.
	pub shape: StepMajorShape,
	/// Masters and weights.
	pub layer: TrainableLayer,
}

impl InitialLayer {
	/// Returns a layer whose inputs have the order of the net.
	pub fn dense(layer: TrainableLayer) -> Self {
		Self { shape: StepMajorShape { steps: 1, channels: layer.forward.inputs }, layer }
	}
}

/// Everything that the training of a candidate starts from, for a device that trains it in place of
/// a [`Trainer`](super::trainer::Trainer).
#[derive(Debug)]
pub struct InitialState {
	/// Steps of an epoch.
	pub steps: u32,
	/// Synthetic windows of a batch.
	pub share: u16,
	/// Power of two from raw units to activations, for each channel.
	pub in_shifts: Vec<i8>,
	/// Words of the Philox key of the batches.
	pub batches: [u32; 3],
	/// The linear skip.
	pub skip: Option<Layer>,
	/// The layers, convolutions first; of a cell, its gates unit by unit and the last layer.
	pub layers: Vec<InitialLayer>,
	/// Strength of the decay.
	pub decay: u8,
	/// Geometry of the convolutions.
	convs: Vec<ConvGeometry>,
	/// Shape of the cell, if the net has one.
	pub cell: Option<CellShape>,
	window: u16,
}

impl InitialState {
	/// Returns the state of a candidate with these batches and layers, the first of which are convolutions of the
	/// geometries `convs`.
	pub fn new(batches: Batches, candidate: &Candidate, convs: Vec<ConvGeometry>, layers: Vec<InitialLayer>) -> Self {
		Self {
			steps: steps_per_epoch(batches.data),
			share: batches.share,
			batches: batches.key.words(),
			skip: batches.skip.cloned(),
			in_shifts: batches.in_shifts,
			layers,
			decay: candidate.decay,
			convs,
			cell: None,
			window: candidate.window,
		}
	}

	/// Returns the net with trained layers.
	pub fn net(self, mut layers: Vec<Layer>) -> Net {
		if let Some(shape) = &self.cell {
			let gates = layers.remove(0);
			let encoder = shape.kind.encoder(read_cell(shape, &gates));
			return Net { window: self.window, in_shifts: self.in_shifts, skip: self.skip, encoder, layers };
		}
		let dense = layers.split_off(self.convs.len());
		let conv = |(geometry, layer): (&ConvGeometry, Layer)| Conv {
			kernel: geometry.kernel as u16,
			dilation: geometry.dilation as u16,
			stride: geometry.stride as u16,
			layer,
		};
		let convs: Vec<Conv> = self.convs.iter().zip(layers).map(conv).collect();
		let encoder = if convs.is_empty() { Encoder::None } else { Encoder::Conv(convs) };
		Net { window: self.window, in_shifts: self.in_shifts, skip: self.skip, encoder, layers: dense }
	}
}
