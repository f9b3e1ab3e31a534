//! Integer training of multi-layer perceptrons, alone or beside a frozen linear path.
//!
//! No float, division or root in the loop: Q11.20 masters, 12-bit forward weights and activations, gradients of the absolute error by
//! sign, a power-of-two rescale per batch and layer, and [`crate::lion`]. Batches and first weights come from Philox, so a net is a function of
//! (data, genes, seed).

use crate::{
	backend::{
		layout::{rows_of, Block, Dense, Packed, Panels, Places, Quads, Tiles, BATCH, LANES, TILE, TILES},
		scalar::{gather_wide, narrow},
		Backend,
	},
	data::{TrainingSet, WHOLE},
	lion::{Schedule, ACC_FRAC, MASTER_FRAC, MAX_WEIGHT, WEIGHT_FRAC},
	population::{unwatched, Candidate, Watch},
	ridge::Linear,
	Error,
};
use doin_scoring::{
	math::round_shift_i32,
	model::SHIFTS,
	philox::{purpose, Key, Stream},
	Encoder, Layer, Net,
};
use std::sync::atomic::{AtomicBool, Ordering};

// A share is counted in rows of a batch.
const _: () = assert!(WHOLE as usize == BATCH);

/// Trains a net; with a linear path, that path stays as it is and the net learns what it leaves. The net of the epoch with the least
/// error on the inner validation windows is returned; with a linear path, that can be the path alone beside a net that says nothing.
pub fn train(data: &TrainingSet, candidate: &Candidate, skip: Option<&Linear>, stop: &AtomicBool) -> Result<Net, Error> {
	train_watched(data, candidate, skip, stop, &mut unwatched)
}

/// The same, ending early when `watch` says so; see [`Watch`].
pub fn train_watched(
	data: &TrainingSet,
	candidate: &Candidate,
	skip: Option<&Linear>,
	stop: &AtomicBool,
	watch: &mut Watch,
) -> Result<Net, Error> {
	let mut trainer = Trainer::new(data, candidate, skip);
	let steps = steps(data);
	let mut schedule = Schedule::new(candidate.rate, steps * u32::from(candidate.epochs));
	let mut best = (u128::MAX, trainer.forward_layers());
	if skip.is_some() {
		best.0 = trainer.weighted_error(&mut Trainer::forward);
		if watch(0, best.0).is_break() {
			return Ok(trainer.net(&best.1));
		}
	}
	for epoch in 0..u32::from(candidate.epochs) {
		for step in 0..steps {
			if stop.load(Ordering::Relaxed) {
				return Err(Error::Stopped);
			}
			trainer.step(u64::from(epoch * steps + step), schedule.advance());
		}
		let error = trainer.weighted_error(&mut Trainer::forward);
		if error < best.0 {
			best.0 = error;
			best.1.iter_mut().zip(&trainer.layers).for_each(|(best, layer)| best.clone_from(&layer.forward));
		}
		if watch(epoch as u16 + 1, error).is_break() {
			break;
		}
	}
	Ok(trainer.net(&best.1))
}

/// Everything a candidate's training starts from, for a device that then does what [`train`] does.
#[derive(Debug)]
pub(crate) struct Start {
	/// Steps of an epoch.
	pub steps: u32,
	/// Synthetic windows of a batch.
	pub share: u16,
	/// The power of two from raw units to activations.
	pub in_shift: i8,
	/// Words of the key of the batches.
	pub batches: [u32; 3],
	/// The linear path.
	pub skip: Option<Layer>,
	/// The layers before the first step.
	pub layers: Vec<Dense>,
	window: u16,
}

impl Start {
	/// What [`train`] starts from.
	pub fn new(data: &TrainingSet, candidate: &Candidate, skip: Option<&Linear>) -> Self {
		let trainer = Trainer::new(data, candidate, skip);
		Self {
			steps: steps(data),
			share: trainer.share,
			in_shift: trainer.in_shift,
			batches: trainer.batches.words(),
			skip: trainer.skip.cloned(),
			layers: trainer.layers,
			window: candidate.window,
		}
	}

	/// The net with these layers.
	pub fn net(self, layers: Vec<Layer>) -> Net {
		Net { window: self.window, in_shifts: vec![self.in_shift], skip: self.skip, encoder: Encoder::None, layers }
	}
}

/// Steps of an epoch.
fn steps(data: &TrainingSet) -> u32 {
	(data.len() / BATCH).max(1) as u32
}

/// First masters of a layer, one row per output, uniform with the variance 2 / inputs that keeps the scale of activations from layer to
/// layer; zeros without a source of numbers.
pub(crate) fn masters(inputs: usize, outputs: usize, random: Option<&mut Stream>) -> Vec<i32> {
	let mut masters = vec![0; outputs * inputs];
	if let Some(random) = random {
		let bound = ((6u64 << (2 * MASTER_FRAC)) / inputs as u64).isqrt().min(MAX_WEIGHT as u64) as u32;
		masters.iter_mut().for_each(|master| *master = random.below(2 * bound + 1) as i32 - bound as i32);
	}
	masters
}

/// A net in training with the buffers of one batch.
pub(crate) struct Trainer<'a> {
	data: &'a TrainingSet,
	pub(crate) backend: &'static dyn Backend,
	pub(crate) window: usize,
	share: u16,
	pub(crate) decay: u8,
	pub(crate) in_shift: i8,
	pub(crate) skip: Option<&'a Layer>,
	path: Option<Packed>,
	pub(crate) layers: Vec<Dense>,
	batches: Key,
	/// Random words and windows of the batch.
	words: Box<[u32; BATCH]>,
	starts: Box<[u32; BATCH]>,
	/// Inputs of each layer for the batch.
	pub(crate) inputs: Vec<Tiles>,
	/// The same, neurons in lanes.
	panels: Vec<Panels>,
	/// What the net should say, in 2^−OUT_FRAC raw units.
	pub(crate) targets: Vec<Block>,
	/// The same before the linear path and any rounding; empty where values are narrow.
	exact: Vec<i64>,
	/// Accumulators of the last layer, or of the linear path.
	pub(crate) sums: Vec<Block>,
	/// Gradients of the outputs of each layer.
	pub(crate) gradients: Vec<Tiles>,
	/// The same in groups of four.
	pub(crate) quads: Vec<Quads>,
	pub(crate) raw: Vec<[Block; TILE]>,
}

impl<'a> Trainer<'a> {
	pub(crate) fn new(data: &'a TrainingSet, candidate: &Candidate, skip: Option<&'a Linear>) -> Self {
		let share = data.share(candidate.mix);
		let (window, horizon) = (usize::from(candidate.window), usize::from(data.task.program.horizon));
		let mut seed = [0; 32];
		seed[..8].copy_from_slice(&candidate.seed.to_le_bytes());
		let mut random = Stream::new(&seed, purpose::WEIGHTS, 0);
		let layer = skip.and_then(|skip| skip.net.skip.as_ref());
		let mut trainer = Self {
			data,
			backend: data.backend(),
			window,
			share,
			decay: candidate.decay,
			in_shift: skip.map_or_else(|| data.in_shifts(candidate.window, share)[0], |skip| skip.net.in_shifts[0]),
			skip: layer,
			path: layer.map(Packed::from_layer),
			layers: Vec::new(),
			batches: Key::new(&seed, purpose::BATCH),
			words: Box::new([0; BATCH]),
			starts: Box::new([0; BATCH]),
			inputs: vec![Tiles::new(window)],
			panels: vec![Panels::new(window)],
			targets: rows_of(horizon),
			exact: if data.narrow() { Vec::new() } else { vec![0; horizon * BATCH] },
			sums: rows_of(horizon),
			gradients: Vec::new(),
			quads: Vec::new(),
			raw: Vec::new(),
		};
		let mut inputs = window;
		for depth in 0..candidate.depth {
			let width = usize::from(candidate.width);
			trainer.layers.push(Dense::new(inputs, width, WEIGHT_FRAC, depth == 0, &masters(inputs, width, Some(&mut random))));
			trainer.inputs.push(Tiles::new(width));
			trainer.panels.push(Panels::new(width));
			trainer.gradients.push(Tiles::new(width));
			trainer.quads.push(Quads::new(width));
			inputs = width;
		}
		trainer.gradients.push(Tiles::new(horizon));
		trainer.quads.push(Quads::new(horizon));
		let shift = trainer.out_shift();
		// Beside a linear path, a net starts by saying nothing.
		let random = if skip.is_some() { None } else { Some(&mut random) };
		trainer.layers.push(Dense::new(inputs, horizon, shift, candidate.depth == 0, &masters(inputs, horizon, random)));
		trainer
	}

	/// The shift of the last layer under which targets are between a half and one on average, as accumulators see them. It looks at the
	/// windows of a few batches.
	fn out_shift(&mut self) -> u32 {
		const LOOKED_AT: u64 = 16;
		let count = LOOKED_AT * (usize::from(self.data.task.program.horizon) * BATCH) as u64;
		let mut sum = 0u64;
		for number in 0..LOOKED_AT {
			self.draw(u64::MAX - number);
			if self.exact.is_empty() {
				sum += self.targets.iter().flat_map(|block| &block.0).map(|target| u64::from(target.unsigned_abs())).sum::<u64>();
			} else {
				sum += (0..self.exact.len()).map(|at| self.exact_target(at).unsigned_abs()).sum::<u64>();
			}
		}
		let bits = u64::BITS - (sum / count).leading_zeros();
		ACC_FRAC.saturating_sub(bits).clamp(u32::from(*SHIFTS.start()), u32::from(*SHIFTS.end()))
	}

	/// Target number `at` of a batch whose values are not narrow.
	fn exact_target(&self, at: usize) -> i64 {
		let path = self.path.as_ref().map_or(0, |path| round_shift_i32(self.sums[at / LANES].0[at % LANES], path.shift));
		self.exact[at] - i64::from(path)
	}

	/// Loads batch `number`: windows drawn with replacement, the synthetic ones first.
	pub(crate) fn draw(&mut self, number: u64) {
		let places = [true, false].map(|synthetic| self.data.fit_places(synthetic));
		let (synthetic, published) = self.starts.split_at_mut(self.share.into());
		self.backend.words(self.batches.words(), number, &mut self.words);
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
			// One number in millions: some need further words.
			let mut stream = self.batches.stream(number);
			for (starts, places) in [(synthetic, places[0]), (published, places[1])] {
				starts.fill_with(|| places[stream.below(places.len() as u32) as usize]);
			}
		}
		self.load(TILES);
	}

	/// Loads the windows at `starts`, as far as they fill `tiles` tiles.
	fn load(&mut self, tiles: usize) {
		let program = &self.data.task.program;
		let places = Places {
			values: self.data.values(),
			starts: &self.starts,
			history: program.history.into(),
			window: self.window,
			horizon: program.horizon.into(),
			in_shift: self.in_shift,
		};
		let (x, panels) = (&mut self.inputs[0], &mut self.panels[0]);
		if self.exact.is_empty() {
			self.backend.gather(&places, x, panels, &mut self.targets, tiles);
		} else {
			gather_wide(&places, x, panels, &mut self.exact, tiles);
		}
		if let Some(path) = &self.path {
			self.backend.accumulate(path, x, &mut self.sums, tiles);
		}
		match &self.path {
			path if !self.exact.is_empty() => {
				let path = path.as_ref().map(|path| (&*self.sums, path.shift));
				narrow(&self.exact, path, &mut self.targets);
			}
			Some(path) => self.backend.deduct(&mut self.targets, &self.sums, path.shift),
			None => {}
		}
	}

	/// Runs `tiles` tiles of the batch through all layers; `sums` then holds the accumulators of the last one.
	fn forward(&mut self, tiles: usize) {
		let last = self.layers.len() - 1;
		for (at, layer) in self.layers[..last].iter().enumerate() {
			let (before, after) = self.inputs.split_at_mut(at + 1);
			self.backend.activate(&layer.forward, &before[at], &mut after[0], tiles);
		}
		self.backend.accumulate(&self.layers[last].forward, &self.inputs[last], &mut self.sums, tiles);
	}

	/// One batch of windows drawn with replacement.
	fn step(&mut self, number: u64, rate: i32) {
		let last = self.layers.len() - 1;
		self.draw(number);
		self.forward(TILES);
		let shift = self.layers[last].forward.shift;
		self.backend.signs(shift, &self.sums, &self.targets, &mut self.gradients[last], &mut self.quads[last]);
		for at in (0..=last).rev() {
			if at > 0 {
				self.backend.turn(&self.inputs[at], &mut self.panels[at]);
				let (before, gradient) = self.gradients.split_at_mut(at);
				// Nothing is propagated from the first layer to its inputs.
				let tiles = if at > 1 { Some(&mut before[at - 1]) } else { None };
				let quads = &mut self.quads[at - 1];
				self.backend.propagate(&self.layers[at], &gradient[0], &self.inputs[at], &mut self.raw, tiles, quads);
			}
			self.backend.update(&mut self.layers[at], &self.quads[at], &self.panels[at], rate, self.decay);
		}
	}

	/// Error of the inner validation windows, both sources by their shares: each mean times [`WHOLE`] and the number of windows of both,
	/// which spares the division. `forward` runs tiles of the batch through the net.
	pub(crate) fn weighted_error(&mut self, forward: &mut impl FnMut(&mut Self, usize)) -> u128 {
		let [published, synthetic] = [false, true].map(|synthetic| self.data.inner(synthetic).len() as u128);
		let parts = [(false, WHOLE - self.share, synthetic.max(1)), (true, self.share, published)];
		let part = |(synthetic, share, others)| match share {
			0 => 0,
			_ => u128::from(self.inner_error(synthetic, forward)) * u128::from(share) * others,
		};
		parts.map(part).into_iter().sum()
	}

	/// Error sum of the inner validation windows of one source, exactly as the chain counts it.
	pub(crate) fn inner_error(&mut self, synthetic: bool, forward: &mut impl FnMut(&mut Self, usize)) -> u64 {
		let data = self.data;
		let mut sum = 0;
		for places in data.inner_places(synthetic).chunks(BATCH) {
			// The rest of the last tile repeats a window that is not counted again.
			self.starts.fill(places[0]);
			self.starts[..places.len()].copy_from_slice(places);
			let tiles = places.len().div_ceil(TILE * LANES);
			self.load(tiles);
			forward(self, tiles);
			let Packed { shift, outputs, .. } = self.layers[self.layers.len() - 1].forward;
			sum += self.backend.errors(shift, &self.sums, &self.targets, outputs, places.len());
		}
		sum
	}

	/// The layers as forward passes use them.
	fn forward_layers(&self) -> Vec<Packed> {
		self.layers.iter().map(|layer| layer.forward.clone()).collect()
	}

	/// The net of these layers.
	fn net(&self, layers: &[Packed]) -> Net {
		Net {
			window: self.window as u16,
			in_shifts: vec![self.in_shift],
			skip: self.skip.cloned(),
			encoder: Encoder::None,
			layers: layers.iter().map(Packed::layer).collect(),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{seasonal, tent};
	use doin_scoring::{score::score, Model, Windows};
	use std::ops::ControlFlow;

	static RUN: AtomicBool = AtomicBool::new(false);

	fn candidate() -> Candidate {
		Candidate { window: 6, width: 20, depth: 1, rate: 10, epochs: 80, decay: 0, seed: 4, ..Candidate::default() }
	}

	#[test]
	fn beside_the_ridge_it_learns_what_no_linear_model_can() {
		let data = TrainingSet::new(tent(), 0, 0).unwrap();
		let linear = data.linear(6, 0).unwrap();
		let error = |net: Net| data.fitness(&data.measure(&Model::Net(net)));
		let (ridge, net) = (error(linear.net.clone()), error(train(&data, &candidate(), Some(&linear), &RUN).unwrap()));
		assert!(net * 2 < ridge, "net {net}, ridge {ridge}");
		let alone = error(train(&data, &candidate(), None, &RUN).unwrap());
		assert!(alone * 2 < ridge, "alone {alone}, ridge {ridge}");
	}

	#[test]
	fn training_counts_errors_as_the_chain_does() {
		let data = TrainingSet::new(seasonal(), 500, 1).unwrap();
		let linear = data.linear(20, 64).unwrap();
		let candidate = Candidate { window: 20, width: 9, ..candidate() };
		for skip in [None, Some(&*linear)] {
			let mut trainer = Trainer::new(&data, &candidate, skip);
			for step in 0..50 {
				trainer.step(step, 512);
			}
			let model = Model::Net(trainer.net(&trainer.forward_layers()));
			data.task.admit(&model).unwrap();
			for synthetic in [false, true] {
				let expected: u64 = data
					.inner(synthetic)
					.map(|(history, future)| {
						let values = [history, future].concat();
						u64::from(score(&model, &data.task.program, &Windows { channels: 1, history: 24, horizon: 6, values }))
					})
					.sum();
				assert_eq!(trainer.inner_error(synthetic, &mut Trainer::forward), expected);
			}
		}
	}

	#[test]
	fn a_net_is_a_function_of_data_genes_and_seed() {
		let data = TrainingSet::new(tent(), 0, 0).unwrap();
		let short = Candidate { epochs: 1, ..candidate() };
		let net = train(&data, &short, None, &RUN).unwrap();
		assert_eq!(net, train(&data, &short, None, &RUN).unwrap());
		assert_ne!(net, train(&data, &Candidate { seed: 5, ..short }, None, &RUN).unwrap());
		// Pinned: another number here means that old training runs can no longer be repeated.
		let digest = doin_primitives::blake2_256(&Model::Net(net).to_bytes());
		assert_eq!(digest[..8], [157, 133, 76, 213, 71, 243, 64, 133]);
	}

	#[test]
	fn beside_a_linear_path_it_starts_by_saying_nothing() {
		let data = TrainingSet::new(seasonal(), 0, 0).unwrap();
		let linear = data.linear(24, 0).unwrap();
		let candidate = Candidate { window: 24, ..candidate() };
		let trainer = Trainer::new(&data, &candidate, Some(&linear));
		let start = trainer.net(&trainer.forward_layers());
		assert_eq!(data.measure(&Model::Net(start)), data.measure(&Model::Net(linear.net.clone())));
	}

	#[test]
	fn a_watch_sees_every_epoch_and_ends_it_without_changing_it() {
		let data = TrainingSet::new(seasonal(), 0, 0).unwrap();
		let linear = data.linear(24, 0).unwrap();
		let five = Candidate { window: 24, epochs: 5, ..candidate() };
		let mut seen = Vec::new();
		let whole = train_watched(&data, &five, Some(&linear), &RUN, &mut |epoch, error| {
			seen.push((epoch, error));
			ControlFlow::Continue(())
		});
		assert_eq!(whole, train(&data, &five, Some(&linear), &RUN));
		assert_eq!(seen.iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
		let mut begun = Vec::new();
		let cut = train_watched(&data, &five, Some(&linear), &RUN, &mut |epoch, error| {
			begun.push((epoch, error));
			if epoch == 2 {
				ControlFlow::Break(())
			} else {
				ControlFlow::Continue(())
			}
		});
		assert_eq!(begun, seen[..3]);
		// What comes back is the best of what was seen, and its error is the mean that people are shown.
		let model = Model::Net(cut.unwrap());
		let windows: Vec<i32> = data.inner(false).flat_map(|(history, future)| [history, future].concat()).collect();
		let windows = Windows { channels: 1, history: 24, horizon: 6, values: windows };
		let count = windows.len() as f64 * 6.0;
		let mean = f64::from(score(&model, &data.task.program, &windows)) / 16.0 / count;
		let least = begun.iter().map(|(_, error)| *error).min().unwrap();
		assert!((data.mean_error(least) - mean).abs() < 1e-9);
	}

	#[test]
	fn it_stops_when_asked() {
		let data = TrainingSet::new(tent(), 0, 0).unwrap();
		assert_eq!(train(&data, &candidate(), None, &AtomicBool::new(true)), Err(Error::Stopped));
	}
}
