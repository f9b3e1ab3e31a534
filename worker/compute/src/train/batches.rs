//! Batches of windows: inputs, targets, the gradient of the loss, and the error on the early-stopping set.

use super::{
	candidate::{Candidate, Family},
	class_targets::ClassTargets,
	dataset::{Dataset, WindowSource, CLASS_TARGET, FULL_SHARE},
	initial::seed,
	ridge::LinearModel,
};
use doin_kernels::{
	layout::{
		batch_rows, ActivationPanels, ActivationPanelsU8, BatchTiles, BatchTilesU8, Block, GradientGroups, LayerSums,
		PackedWeights, StepMajorShape, WindowGather, BATCH, BATCH_BLOCKS, INPUT_SHIFT, LANES, TILE, TILES,
	},
	ops::{
		gather::{clamp_targets, GatherWindows, GatherWindowsU8},
		gemm::DenseSums,
		gemm_i8::{QuantizeU8, TransposeBatchU8},
		loss::{L1Error, L1Gradient, SubtractSkip},
		philox::PhiloxBatch,
	},
	Backend,
};
use doin_scoring::{
	model::{OUT_FRAC, SHIFTS},
	philox::{purpose, Key},
	Encoder, Layer, Net, Target,
};

// A share is counted in samples of a batch.
const _: () = assert!(FULL_SHARE as usize == BATCH);

/// The batches of one training run, with the buffers of one batch.
pub struct Batches<'a> {
	/// Windows to draw from.
	pub data: &'a Dataset,
	/// Back-end of the run.
	pub backend: Backend,
	/// Inputs of the batch, samples in lanes.
	pub inputs: BatchTiles,
	/// Inputs of the batch, features in lanes.
	pub panels: ActivationPanels,
	/// Targets of the net, in units of 2^−OUT_FRAC.
	pub targets: Vec<Block>,
	/// Outputs of the net.
	pub outputs: usize,
	/// Steps and channels of the window.
	shape: StepMajorShape,
	/// `true` if features are stored step by step, as convolutions of several channels read them; otherwise channel by channel,
	/// as in a net.
	step_major: bool,
	/// Steps of the window.
	window: usize,
	/// Synthetic windows of a batch.
	pub share: u16,
	/// Power of two from raw units to activations, for each channel.
	pub in_shifts: Vec<i8>,
	/// The linear skip.
	pub skip: Option<&'a Layer>,
	/// Weights of the linear skip.
	skip_weights: Option<PackedWeights>,
	/// Philox key of the batches.
	pub key: Key,
	/// Random words of the batch.
	words: Box<[u32; BATCH]>,
	/// First value of each window of the batch.
	starts: Box<[u32; BATCH]>,
	/// Targets before the linear skip and before any rounding; empty if the back-end gathers windows.
	exact: Vec<i64>,
	/// Steps of the horizon that the back-end gathers, if the net forecasts only some of them.
	future: Vec<Block>,
	/// Classes of the batch, if the targets are classes.
	classes: Option<ClassTargets>,
	/// Accumulators of the linear skip, or of a net that is evaluated.
	sums: Vec<Block>,
}

impl<'a> Batches<'a> {
	/// Returns the batches of `candidate` on `data`. A net beside the linear skip of `linear` learns the residuals of that skip.
	pub fn new(data: &'a Dataset, candidate: &Candidate, linear: Option<&'a LinearModel>) -> Self {
		let share = data.synthetic_share(candidate.synthetic_share);
		let program = &data.task.program;
		let (window, outputs) = (usize::from(candidate.window), usize::from(program.outputs()));
		let shape = StepMajorShape { steps: window, channels: data.channels() };
		let step_major = candidate.family == Family::Conv && shape.channels > 1;
		let neurons = if step_major { shape.neurons() } else { window * shape.channels };
		let skip = linear.and_then(|linear| linear.net.skip.as_ref());
		let in_shifts = linear.map_or_else(|| data.in_shifts(candidate.window, share), |linear| linear.net.in_shifts.clone());
		let gathered = data.is_narrow() && shape.channels == 1;
		let classes = match &program.target {
			Target::Classes(bounds) if linear.is_some() => Some(ClassTargets::beside_skip(bounds, outputs)),
			Target::Classes(bounds) => Some(ClassTargets::new(bounds, outputs)),
			_ => None,
		};
		let rows = if classes.is_some() { 1 } else { outputs };
		Self {
			data,
			backend: data.backend(),
			inputs: BatchTiles::new(neurons),
			panels: ActivationPanels::new(neurons),
			targets: batch_rows(rows),
			outputs,
			shape,
			step_major,
			window,
			share,
			in_shifts,
			skip,
			skip_weights: skip.map(|layer| if step_major { shape.pack(layer) } else { PackedWeights::from_layer(layer) }),
			key: Key::new(&seed(candidate), purpose::BATCH),
			words: Box::new([0; BATCH]),
			starts: Box::new([0; BATCH]),
			exact: if gathered { Vec::new() } else { vec![0; rows * BATCH] },
			future: if gathered && program.target != Target::Values { batch_rows(program.horizon.into()) } else { Vec::new() },
			classes,
			sums: batch_rows(outputs),
		}
	}

	/// Returns the shift of a last layer whose accumulators have `fraction` fractional bits: the one under which targets are
	/// between a half and one on average at the scale of accumulators. Looks at the windows of a few batches.
	pub fn out_shift(&mut self, fraction: u32) -> u32 {
		const SAMPLED: u64 = 16;
		if self.classes.is_some() {
			return fraction - (CLASS_TARGET.ilog2() + 1);
		}
		let count = SAMPLED * (self.outputs * BATCH) as u64;
		let mut sum = 0u64;
		for number in 0..SAMPLED {
			self.load_batch(u64::MAX - number);
			if self.exact.is_empty() {
				sum += self.targets.iter().flat_map(|block| &block.0).map(|target| u64::from(target.unsigned_abs())).sum::<u64>();
			} else {
				sum += (0..self.exact.len()).map(|at| self.exact_target(at).unsigned_abs()).sum::<u64>();
			}
		}
		let bits = u64::BITS - (sum / count).leading_zeros();
		fraction.saturating_sub(bits).clamp(u32::from(*SHIFTS.start()), u32::from(*SHIFTS.end()))
	}

	/// Returns target number `at` of a batch whose values are not narrow.
	fn exact_target(&self, at: usize) -> i64 {
		self.exact[at] - i64::from(self.skip_sums().map_or(0, |skip| skip.output(at / BATCH, at % BATCH)))
	}

	/// Returns the accumulators of the linear skip.
	fn skip_sums(&self) -> Option<LayerSums<'_>> {
		self.skip_weights.as_ref().map(|weights| LayerSums { sums: &self.sums, shift: weights.shift })
	}

	/// Loads batch `number`: windows drawn with replacement, the synthetic ones first.
	pub fn load_batch(&mut self, number: u64) {
		self.draw_windows(number);
		self.load(TILES);
	}

	/// Loads batch `number` with 8-bit inputs. The content of [`Batches::inputs`] and [`Batches::panels`] is
	/// unspecified afterwards.
	pub fn load_batch_u8(&mut self, number: u64, inputs: &mut BatchTilesU8, panels: &mut ActivationPanelsU8) {
		self.draw_windows(number);
		if self.exact.is_empty() && self.skip_weights.is_none() {
			self.gather(Destination::U8 { inputs, panels });
			self.finish_targets();
		} else {
			self.load(TILES);
			self.backend.run(QuantizeU8 { shift: INPUT_SHIFT, x: &self.inputs, y: inputs });
			self.backend.run(TransposeBatchU8 { x: inputs, panels });
		}
	}

	/// Draws the windows of batch `number`.
	fn draw_windows(&mut self, number: u64) {
		let places = [WindowSource::Synthetic, WindowSource::Published].map(|source| self.data.training_starts(source));
		let (synthetic, published) = self.starts.split_at_mut(self.share.into());
		self.backend.run(PhiloxBatch { key: self.key.words(), step: number, words: &mut self.words });
		let (words, more) = self.words.split_at(self.share.into());
		let mut rejected = false;
		for (starts, places, words) in [(&mut *synthetic, places[0], words), (&mut *published, places[1], more)] {
			// As `Stream::below` does, with one word per number.
			let count = places.len() as u32;
			let surplus = count.wrapping_neg().checked_rem(count).unwrap_or(0);
			for (start, word) in starts.iter_mut().zip(words) {
				let product = u64::from(*word) * u64::from(count);
				rejected |= (product as u32) < surplus;
				*start = places[(product >> 32) as usize];
			}
		}
		if rejected {
			// One number in millions is rejected; then numbers are drawn one by one.
			let mut stream = self.key.stream(number);
			for (starts, places) in [(synthetic, places[0]), (published, places[1])] {
				starts.fill_with(|| places[stream.below(places.len() as u32) as usize]);
			}
		}
	}

	/// Loads the windows at `starts` that fill the first `tiles` tiles, and their targets.
	fn load(&mut self, tiles: usize) {
		if self.exact.is_empty() {
			self.gather(Destination::I16 { tiles });
		} else {
			self.gather_exact(tiles);
		}
		if let Some(layer) = &self.skip_weights {
			self.backend.run(DenseSums { layer, x: &self.inputs, sums: &mut self.sums, tiles });
		}
		self.finish_targets();
	}

	/// Computes the targets of the net from the loaded windows and the outputs of the linear skip.
	fn finish_targets(&mut self) {
		let skip = self.skip_weights.as_ref().map(|weights| LayerSums { sums: &self.sums, shift: weights.shift });
		match (&mut self.classes, skip) {
			(Some(classes), skip) => classes.set(self.backend, &self.targets, &self.exact, skip),
			(None, skip) if !self.exact.is_empty() => clamp_targets(&self.exact, skip, &mut self.targets),
			(None, Some(LayerSums { sums, shift })) => {
				self.backend.run(SubtractSkip { targets: &mut self.targets, sums, shift });
			}
			(None, None) => {}
		}
	}

	/// Gathers windows of one channel by the back-end.
	fn gather(&mut self, destination: Destination) {
		let program = &self.data.task.program;
		let windows = &WindowGather {
			values: self.data.values(),
			starts: &self.starts,
			history: program.history.into(),
			window: self.window,
			horizon: program.horizon.into(),
			in_shift: self.in_shifts[0],
		};
		let all = self.future.is_empty();
		let targets = if all { &mut self.targets } else { &mut self.future };
		match destination {
			Destination::U8 { inputs, panels } => {
				self.backend.run(GatherWindowsU8 { windows, tiles: inputs, panels, targets });
			}
			Destination::I16 { tiles: count } => {
				let (tiles, panels) = (&mut self.inputs, &mut self.panels);
				self.backend.run(GatherWindows { windows, tiles, panels, targets, count });
			}
		}
		if !all {
			let rows = self.future.as_chunks::<BATCH_BLOCKS>().0;
			let scored = program.scored(&rows[..program.horizon.into()]);
			self.targets.as_chunks_mut::<BATCH_BLOCKS>().0.iter_mut().zip(scored).for_each(|(to, row)| *to = *row);
		}
	}

	/// Loads any windows, value by value.
	fn gather_exact(&mut self, tiles: usize) {
		let program = &self.data.task.program;
		let mut x = vec![0; self.window * self.in_shifts.len()];
		for sample in 0..tiles * TILE * LANES {
			let start = self.starts[sample];
			self.data.features(start, &self.in_shifts, &mut x);
			for (feature, x) in x.iter().enumerate() {
				let neuron = if self.step_major { self.shape.neuron(feature) } else { feature };
				self.inputs.set(neuron, sample, *x);
				self.panels.set(neuron, sample, *x);
			}
			let (history, future) = self.data.window(start);
			let last = i64::from(history.last().copied().unwrap_or(0));
			for (targets, value) in self.exact.chunks_exact_mut(BATCH).zip(program.scored(future)) {
				targets[sample] = (i64::from(*value) - last) << OUT_FRAC;
			}
		}
	}

	/// Returns the steps and channels of the window.
	pub fn shape(&self) -> StepMajorShape {
		self.shape
	}

	/// Computes the gradient of the loss with respect to the outputs of a net: [`L1Gradient`], or that
	/// of [`ClassTargets::gradient`].
	pub fn loss_gradient(&self, net: LayerSums, tiles: &mut BatchTiles, groups: &mut GradientGroups) {
		let LayerSums { sums, shift } = net;
		match &self.classes {
			None => self.backend.run(L1Gradient { shift, sums, targets: &self.targets, tiles, groups }),
			Some(classes) => classes.gradient(self.backend, net, tiles, groups),
		}
	}

	/// Computes the error on the early-stopping set, both sources of windows by their shares: each mean times [`FULL_SHARE`] and
	/// the number of windows of both sources, which avoids a division.
	///
	/// `forward` runs a net on the first tiles of its inputs, whose number is its second argument, leaves the accumulators of the
	/// last layer in its third argument, and returns the shift of that layer.
	pub fn early_stopping_error(&mut self, mut forward: impl FnMut(&BatchTiles, usize, &mut [Block]) -> u32) -> u128 {
		let [published, synthetic] = WindowSource::ALL.map(|source| self.data.early_stopping_windows(source).len() as u128);
		let parts = [
			(WindowSource::Published, FULL_SHARE - self.share, synthetic.max(1)),
			(WindowSource::Synthetic, self.share, published),
		];
		let mut part = |(source, share, others)| match share {
			0 => 0,
			_ => u128::from(self.source_error(source, &mut forward)) * u128::from(share) * others,
		};
		parts.into_iter().map(&mut part).sum()
	}

	/// Computes the error sum on the early-stopping windows of one source, equal to the sum that the chain computes.
	pub fn source_error(
		&mut self,
		source: WindowSource,
		mut forward: impl FnMut(&BatchTiles, usize, &mut [Block]) -> u32,
	) -> u64 {
		let data = self.data;
		let mut error = 0;
		for places in data.early_stopping_starts(source).chunks(BATCH) {
			// The rest of the last tile repeats a window that is not counted again.
			self.starts.fill(places[0]);
			self.starts[..places.len()].copy_from_slice(places);
			let tiles = places.len().div_ceil(TILE * LANES);
			self.load(tiles);
			let shift = forward(&self.inputs, tiles, &mut self.sums);
			let (sums, outputs, count) = (&self.sums[..], self.outputs, places.len());
			error += match &self.classes {
				None => self.backend.run(L1Error { shift, sums, targets: &self.targets, outputs, count }),
				Some(classes) => classes.count_errors(self.backend, LayerSums { sums, shift }, count) << OUT_FRAC,
			};
		}
		error
	}

	/// Returns the net with this encoder and these layers, and with the window, inputs and linear skip of the batches.
	pub fn net(&self, encoder: Encoder, layers: Vec<Layer>) -> Net {
		Net { window: self.window as u16, in_shifts: self.in_shifts.clone(), skip: self.skip.cloned(), encoder, layers }
	}
}

/// Buffers that gathered inputs are written to.
enum Destination<'a> {
	/// [`Batches::inputs`] and [`Batches::panels`], the first `tiles` tiles.
	I16 {
		/// Tiles to load.
		tiles: usize,
	},
	/// 8-bit buffers, the whole batch.
	U8 {
		/// Samples in lanes.
		inputs: &'a mut BatchTilesU8,
		/// Features in lanes.
		panels: &'a mut ActivationPanelsU8,
	},
}
