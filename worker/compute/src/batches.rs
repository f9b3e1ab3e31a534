//! What every trainer shares: batches of windows, what a net should say of them, and the epoch that is kept.

use crate::{
	backend::{
		byte_layout::{BytePanels, ByteTiles, INPUT_SHIFT},
		layout::{rows_of, Block, Packed, Panels, Places, Quads, Tiles, BATCH, COLUMNS, LANES, TILE, TILES},
		scalar::narrow,
		steps::Grid,
		Backend,
	},
	classes::Classes,
	data::{TrainingSet, CLASS, WHOLE},
	lion::{Schedule, MAX_WEIGHT},
	population::{Candidate, Family, Watch},
	ridge::Linear,
	Error,
};
use doin_scoring::{
	math::round_shift_i32,
	model::{OUT_FRAC, SHIFTS},
	philox::{purpose, Key, Stream},
	Layer, Net, Target,
};
use std::{
	ops::ControlFlow,
	sync::atomic::{AtomicBool, Ordering},
};

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

/// A net in training that goes on epoch by epoch. Its net is that of the epoch with the least error on the inner validation windows.
pub trait Training: Send {
	/// The error of one that starts by saying nothing beside a linear path, and may end so; none of any other. Asked once, at first.
	fn begin(&mut self) -> Option<u128>;

	/// Whether there is an epoch left.
	fn goes_on(&self) -> bool;

	/// Trains for an epoch; the error after it.
	fn epoch(&mut self, stop: &AtomicBool) -> Result<u128, Error>;

	/// The best net so far.
	fn net(&self) -> Net;

	/// Trains to the end. `watch` is told after every epoch, and may end it early.
	fn finish(&mut self, stop: &AtomicBool, watch: &mut Watch) -> Result<Net, Error> {
		let mut told = self.begin().map_or(ControlFlow::Continue(()), |error| watch(0, error));
		let mut epoch = 0;
		while told.is_continue() && self.goes_on() {
			let error = self.epoch(stop)?;
			epoch += 1;
			told = watch(epoch, error);
		}
		Ok(self.net())
	}
}

/// The training of a [`Learner`].
pub struct Run<L: Learner> {
	learner: L,
	schedule: Schedule,
	/// Steps of an epoch, epochs, and those it has had.
	steps: u32,
	epochs: u32,
	had: u32,
	says_nothing: bool,
	/// The least error so far, and the weights that have it.
	best: (u128, L::Weights),
}

impl<L: Learner> Run<L> {
	/// That of `candidate`, whose net `says_nothing` at first or not.
	pub fn new(learner: L, data: &TrainingSet, candidate: &Candidate, says_nothing: bool) -> Self {
		let (steps, epochs) = (steps(data), u32::from(candidate.epochs));
		let (schedule, best) = (Schedule::new(candidate.rate, steps * epochs), (u128::MAX, learner.weights()));
		Self { learner, schedule, steps, epochs, had: 0, says_nothing, best }
	}
}

impl<L: Learner<Weights: Send> + Send> Training for Run<L> {
	fn begin(&mut self) -> Option<u128> {
		if !self.says_nothing {
			return None;
		}
		self.best.0 = self.learner.error();
		Some(self.best.0)
	}

	fn goes_on(&self) -> bool {
		self.had < self.epochs
	}

	fn epoch(&mut self, stop: &AtomicBool) -> Result<u128, Error> {
		for step in self.had * self.steps..(self.had + 1) * self.steps {
			if stop.load(Ordering::Relaxed) {
				return Err(Error::Stopped);
			}
			self.learner.step(step.into(), self.schedule.advance());
		}
		self.had += 1;
		let error = self.learner.error();
		if error < self.best.0 {
			self.best.0 = error;
			self.learner.keep(&mut self.best.1);
		}
		Ok(error)
	}

	fn net(&self) -> Net {
		self.learner.net(&self.best.1)
	}
}

/// Steps of an epoch.
pub fn steps(data: &TrainingSet) -> u32 {
	(data.len() / BATCH).max(1) as u32
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
	/// What a net gives.
	pub outputs: usize,
	/// Channels and steps of the window.
	grid: Grid,
	/// Whether features lie step by step, as convolutions of several channels read them, and not channel by channel as in a net.
	by_steps: bool,
	window: usize,
	/// Synthetic windows of a batch.
	pub share: u16,
	/// The powers of two from raw units to activations.
	pub in_shifts: Vec<i8>,
	/// The linear path.
	pub skip: Option<&'a Layer>,
	path: Option<Packed>,
	/// Where batches are drawn from.
	pub key: Key,
	/// Random words and windows of the batch.
	words: Box<[u32; BATCH]>,
	starts: Box<[u32; BATCH]>,
	/// Targets before the linear path and any rounding; empty where a back-end loads windows.
	exact: Vec<i64>,
	/// What a back-end loads of the steps ahead, where a net is not asked for all of them.
	future: Vec<Block>,
	/// What windows are told by, if not by values.
	classes: Option<Classes>,
	/// Accumulators of the linear path, or of a net that is measured.
	sums: Vec<Block>,
}

impl<'a> Batches<'a> {
	/// The batches of `candidate` on `data`. A net beside the linear path `skip` is to learn what that leaves.
	pub fn new(data: &'a TrainingSet, candidate: &Candidate, skip: Option<&'a Linear>) -> Self {
		let share = data.share(candidate.mix);
		let program = &data.task.program;
		let (window, outputs) = (usize::from(candidate.window), usize::from(program.outputs()));
		let grid = Grid { steps: window, channels: data.channels() };
		let by_steps = candidate.family == Family::Conv && grid.channels > 1;
		let neurons = if by_steps { grid.neurons() } else { window * grid.channels };
		let layer = skip.and_then(|skip| skip.net.skip.as_ref());
		let in_shifts = skip.map_or_else(|| data.in_shifts(candidate.window, share), |skip| skip.net.in_shifts.clone());
		let loaded = data.narrow() && grid.channels == 1;
		let classes = match &program.target {
			Target::Classes(bounds) => Some(Classes::new(bounds, outputs, skip.is_some())),
			_ => None,
		};
		let rows = if classes.is_some() { 1 } else { outputs };
		Self {
			data,
			backend: data.backend(),
			inputs: Tiles::new(neurons),
			panels: Panels::new(neurons),
			targets: rows_of(rows),
			outputs,
			grid,
			by_steps,
			window,
			share,
			in_shifts,
			skip: layer,
			path: layer.map(|layer| if by_steps { grid.pack(layer) } else { Packed::from_layer(layer) }),
			key: Key::new(&seed(candidate), purpose::BATCH),
			words: Box::new([0; BATCH]),
			starts: Box::new([0; BATCH]),
			exact: if loaded { Vec::new() } else { vec![0; rows * BATCH] },
			future: if loaded && program.target != Target::Values { rows_of(program.horizon.into()) } else { Vec::new() },
			classes,
			sums: rows_of(outputs),
		}
	}

	/// The shift of a last layer, with `fraction` fractional bits in its accumulators, under which targets are between a half and one on
	/// average, as accumulators see them. It looks at the windows of a few batches.
	pub fn out_shift(&mut self, fraction: u32) -> u32 {
		const LOOKED_AT: u64 = 16;
		if self.classes.is_some() {
			return fraction - (CLASS.ilog2() + 1);
		}
		let count = LOOKED_AT * (self.outputs * BATCH) as u64;
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
		self.choose(number);
		self.load(TILES);
	}

	/// The same with its inputs in bytes: [`Batches::inputs`] and [`Batches::panels`] are left as they happen to be.
	pub fn draw_bytes(&mut self, number: u64, inputs: &mut ByteTiles, panels: &mut BytePanels) {
		self.choose(number);
		if self.exact.is_empty() && self.path.is_none() {
			self.gather(TILES, Some((inputs, panels)));
			self.tell();
		} else {
			self.load(TILES);
			self.backend.to_bytes(INPUT_SHIFT, &self.inputs, inputs);
			self.backend.turn_bytes(inputs, panels);
		}
	}

	/// Draws the windows of batch `number`.
	fn choose(&mut self, number: u64) {
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
	}

	/// Loads the windows at `starts`, as far as they fill `tiles` tiles.
	fn load(&mut self, tiles: usize) {
		if self.exact.is_empty() {
			self.gather(tiles, None);
		} else {
			self.gather_exact(tiles);
		}
		if let Some(path) = &self.path {
			self.backend.accumulate(path, &self.inputs, &mut self.sums, tiles);
		}
		self.tell();
	}

	/// Makes targets of what was loaded and of what the linear path says.
	fn tell(&mut self) {
		let path = self.path.as_ref().map(|path| (&*self.sums, path.shift));
		match (&mut self.classes, path) {
			(Some(classes), path) => classes.tell(&self.targets, &self.exact, path),
			(None, path) if !self.exact.is_empty() => narrow(&self.exact, path, &mut self.targets),
			(None, Some((sums, shift))) => self.backend.deduct(&mut self.targets, sums, shift),
			(None, None) => {}
		}
	}

	/// Has the back-end load windows of one channel; a whole batch if in `bytes`.
	fn gather(&mut self, tiles: usize, bytes: Option<(&mut ByteTiles, &mut BytePanels)>) {
		let program = &self.data.task.program;
		let places = Places {
			values: self.data.values(),
			starts: &self.starts,
			history: program.history.into(),
			window: self.window,
			horizon: program.horizon.into(),
			in_shift: self.in_shifts[0],
		};
		let all = self.future.is_empty();
		let future = if all { &mut self.targets } else { &mut self.future };
		match bytes {
			Some((inputs, panels)) => self.backend.gather_bytes(&places, inputs, panels, future),
			None => self.backend.gather(&places, &mut self.inputs, &mut self.panels, future, tiles),
		}
		if !all {
			let rows = self.future.as_chunks::<COLUMNS>().0;
			let scored = program.scored(&rows[..program.horizon.into()]);
			self.targets.as_chunks_mut::<COLUMNS>().0.iter_mut().zip(scored).for_each(|(to, row)| *to = *row);
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
				let neuron = if self.by_steps { self.grid.neuron(feature) } else { feature };
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

	/// Channels and steps of the window.
	pub fn grid(&self) -> Grid {
		self.grid
	}

	/// Gradients of the outputs, whose accumulators are `sums` of a layer with this shift: [`UNIT`](crate::backend::UNIT) times the sign of
	/// each error, or, of classes, the one for those that are told apart too little.
	pub fn gradient(&self, shift: u32, sums: &[Block], tiles: &mut Tiles, quads: &mut Quads) {
		match &self.classes {
			None => self.backend.signs(shift, sums, &self.targets, tiles, quads),
			Some(classes) => classes.gradient(shift, sums, tiles, quads),
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
			sum += match &self.classes {
				None => self.backend.errors(shift, &self.sums, &self.targets, self.outputs, places.len()),
				Some(classes) => classes.mistakes(shift, &self.sums, places.len()) << OUT_FRAC,
			};
		}
		sum
	}

	/// The net that is `rest`, without its window, inputs and linear path.
	pub fn net(&self, encoder: doin_scoring::Encoder, layers: Vec<Layer>) -> Net {
		Net { window: self.window as u16, in_shifts: self.in_shifts.clone(), skip: self.skip.cloned(), encoder, layers }
	}
}
