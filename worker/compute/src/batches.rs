//! What every trainer shares: batches of windows, what a net should say of them, and the epoch that is kept.

use crate::{
	backend::{
		layout::{rows_of, Block, Packed, Panels, Places, Tiles, BATCH, LANES, TILE, TILES},
		scalar::{gather_wide, narrow},
		Backend,
	},
	data::{TrainingSet, WHOLE},
	lion::{Schedule, MAX_WEIGHT},
	population::Candidate,
	ridge::Linear,
	Error,
};
use doin_scoring::{
	math::round_shift_i32,
	model::SHIFTS,
	philox::{purpose, Key, Stream},
	Layer, Net,
};
use std::sync::atomic::{AtomicBool, Ordering};

// A share is counted in rows of a batch.
const _: () = assert!(WHOLE as usize == BATCH);

/// A net in training.
pub trait Learner {
	/// What forward passes use.
	type Weights;

	/// One step on batch `number`.
	fn step(&mut self, number: u64, rate: i32);

	/// Error of the inner validation windows; see [`Batches::weighted_error`].
	fn error(&mut self) -> u128;

	/// The weights as they are.
	fn weights(&self) -> Self::Weights;

	/// Puts the weights as they are in the place of `kept`.
	fn keep(&self, kept: &mut Self::Weights);

	/// The net of these weights.
	fn net(&self, weights: &Self::Weights) -> Net;
}

/// Trains `learner` and returns the net of the epoch with the least error on the inner validation windows. One that starts by `saying
/// nothing` beside a linear path may end so.
pub fn best_epoch<L: Learner>(
	mut learner: L,
	data: &TrainingSet,
	candidate: &Candidate,
	says_nothing: bool,
	stop: &AtomicBool,
) -> Result<Net, Error> {
	let steps = (data.len() / BATCH).max(1) as u32;
	let mut schedule = Schedule::new(candidate.rate, steps * u32::from(candidate.epochs));
	let mut best = (u128::MAX, learner.weights());
	if says_nothing {
		best.0 = learner.error();
	}
	for epoch in 0..u32::from(candidate.epochs) {
		for step in 0..steps {
			if stop.load(Ordering::Relaxed) {
				return Err(Error::Stopped);
			}
			learner.step(u64::from(epoch * steps + step), schedule.advance());
		}
		let error = learner.error();
		if error < best.0 {
			best.0 = error;
			learner.keep(&mut best.1);
		}
	}
	Ok(learner.net(&best.1))
}

/// The bytes of a candidate's seed.
pub fn seed(candidate: &Candidate) -> [u8; 32] {
	let mut seed = [0; 32];
	seed[..8].copy_from_slice(&candidate.seed.to_le_bytes());
	seed
}

/// `count` masters, uniform within the square root of `square`, which is Q40.
pub fn uniform(count: usize, square: u64, random: &mut Stream) -> Vec<i32> {
	let bound = square.isqrt().min(MAX_WEIGHT as u64) as u32;
	(0..count).map(|_| random.below(2 * bound + 1) as i32 - bound as i32).collect()
}

/// The batches of one training run, with the buffers of one.
pub struct Batches<'a> {
	/// Where windows come from.
	pub data: &'a TrainingSet,
	/// What loads them.
	pub backend: &'static dyn Backend,
	/// Features of the windows of the batch.
	pub inputs: Tiles,
	/// The same, features in lanes.
	pub panels: Panels,
	/// What the net should say, in 2^−OUT_FRAC raw units.
	pub targets: Vec<Block>,
	window: usize,
	share: u16,
	in_shift: i8,
	skip: Option<&'a Layer>,
	path: Option<Packed>,
	key: Key,
	/// Random words and windows of the batch.
	words: Box<[u32; BATCH]>,
	starts: Box<[u32; BATCH]>,
	/// Targets before the linear path and any rounding; empty where values are narrow.
	exact: Vec<i64>,
	/// Accumulators of the linear path, or of a net that is measured.
	sums: Vec<Block>,
}

impl<'a> Batches<'a> {
	/// The batches of `candidate` on `data`. A net beside the linear path `skip` is to learn what that leaves.
	pub fn new(data: &'a TrainingSet, candidate: &Candidate, skip: Option<&'a Linear>) -> Self {
		let share = data.share(candidate.mix);
		let (window, horizon) = (usize::from(candidate.window), usize::from(data.task.program.horizon));
		let layer = skip.and_then(|skip| skip.net.skip.as_ref());
		Self {
			data,
			backend: data.backend(),
			inputs: Tiles::new(window),
			panels: Panels::new(window),
			targets: rows_of(horizon),
			window,
			share,
			in_shift: skip.map_or_else(|| data.in_shift(candidate.window, share), |skip| skip.net.in_shifts[0]),
			skip: layer,
			path: layer.map(Packed::from_layer),
			key: Key::new(&seed(candidate), purpose::BATCH),
			words: Box::new([0; BATCH]),
			starts: Box::new([0; BATCH]),
			exact: if data.narrow() { Vec::new() } else { vec![0; horizon * BATCH] },
			sums: rows_of(horizon),
		}
	}

	/// The shift of a last layer, with `fraction` fractional bits in its accumulators, under which targets are between a half and one on
	/// average, as accumulators see them. It looks at the windows of a few batches.
	pub fn out_shift(&mut self, fraction: u32) -> u32 {
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
		fraction.saturating_sub(bits).clamp(u32::from(*SHIFTS.start()), u32::from(*SHIFTS.end()))
	}

	/// Target number `at` of a batch whose values are not narrow.
	fn exact_target(&self, at: usize) -> i64 {
		let path = self.path.as_ref().map_or(0, |path| round_shift_i32(self.sums[at / LANES].0[at % LANES], path.shift));
		self.exact[at] - i64::from(path)
	}

	/// Loads batch `number`: windows drawn with replacement, the synthetic ones first.
	pub fn draw(&mut self, number: u64) {
		let places = [true, false].map(|synthetic| self.data.fit_places(synthetic));
		let (synthetic, published) = self.starts.split_at_mut(self.share.into());
		self.backend.words(self.key.words(), number, &mut self.words);
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
			let mut stream = self.key.stream(number);
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
		let (x, panels) = (&mut self.inputs, &mut self.panels);
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

	/// Error of the inner validation windows, both sources by their shares: each mean times [`WHOLE`] and the number of windows of both,
	/// which spares the division. `forward` leaves the accumulators of a net's last layer for as many tiles of inputs as it is told, and
	/// returns the shift of that layer.
	pub fn weighted_error(&mut self, mut forward: impl FnMut(&Tiles, usize, &mut [Block]) -> u32) -> u128 {
		let [published, synthetic] = [false, true].map(|synthetic| self.data.inner(synthetic).len() as u128);
		let parts = [(false, WHOLE - self.share, synthetic.max(1)), (true, self.share, published)];
		let mut part = |(synthetic, share, others)| match share {
			0 => 0,
			_ => u128::from(self.inner_error(synthetic, &mut forward)) * u128::from(share) * others,
		};
		parts.into_iter().map(&mut part).sum()
	}

	/// Error sum of the inner validation windows of one source, exactly as the chain counts it.
	pub fn inner_error(&mut self, synthetic: bool, mut forward: impl FnMut(&Tiles, usize, &mut [Block]) -> u32) -> u64 {
		let data = self.data;
		let mut sum = 0;
		for places in data.inner_places(synthetic).chunks(BATCH) {
			// The rest of the last tile repeats a window that is not counted again.
			self.starts.fill(places[0]);
			self.starts[..places.len()].copy_from_slice(places);
			let tiles = places.len().div_ceil(TILE * LANES);
			self.load(tiles);
			let shift = forward(&self.inputs, tiles, &mut self.sums);
			let horizon = usize::from(data.task.program.horizon);
			sum += self.backend.errors(shift, &self.sums, &self.targets, horizon, places.len());
		}
		sum
	}

	/// The net that is `rest`, without its window, inputs and linear path.
	pub fn net(&self, encoder: doin_scoring::Encoder, layers: Vec<Layer>) -> Net {
		Net { window: self.window as u16, in_shifts: vec![self.in_shift], skip: self.skip.cloned(), encoder, layers }
	}
}
