//! Error sums of a model on a back-end: what `doin_scoring::score` gives, many windows at a time.

use crate::{
	backend::{
		gates::{Kind, Shape, Trace},
		layout::{rows_of, Block, Packed, Panels, Places, Tiles, BATCH, COLUMNS, LANES, TILE},
		scalar::narrow,
		steps::{Grid, Taps},
		Backend,
	},
	classes::Classes,
	data::NARROW,
};
use doin_scoring::{features, model::OUT_FRAC, score, Encoder, Forecast, Model, Net, Program, Target, Windows};

/// A model in the form that back-ends take.
pub struct Scorer<'a> {
	model: &'a Model,
	program: &'a Forecast,
	/// `None` for baselines, and for what no domain of the program would admit.
	net: Option<Prepared<'a>>,
}

/// A net for a back-end.
struct Prepared<'a> {
	backend: &'static dyn Backend,
	net: &'a Net,
	/// Channels and steps of the window.
	grid: Grid,
	/// Whether features lie step by step, as convolutions of several channels read them.
	by_steps: bool,
	path: Option<Packed>,
	/// What the first convolution of one channel reads of the window.
	patches: Option<Taps>,
	/// Convolutions, which have taps, and hidden layers behind them.
	hidden: Vec<(Option<Taps>, Packed)>,
	/// A cell that reads the window.
	cell: Option<(Shape, Packed)>,
	last: Option<Packed>,
}

/// Buffers of one batch.
struct Buffers {
	values: Vec<i32>,
	features: Vec<i16>,
	window: Tiles,
	/// What each layer reads: hidden ones in order, then the last one.
	inputs: Vec<Tiles>,
	panels: Panels,
	trace: Option<Trace>,
	/// What a back-end loads of the steps ahead.
	future: Vec<Block>,
	/// What should be said, before any rounding, where values are loaded one by one.
	exact: Vec<i64>,
	targets: Vec<Block>,
	classes: Option<Classes>,
	sums: Vec<Block>,
}

impl<'a> Scorer<'a> {
	/// A scorer of `model` for windows of `program`.
	pub fn new(backend: &'static dyn Backend, model: &'a Model, program: &'a Forecast) -> Self {
		let admitted = || model.admit(&Program::Forecast(program.clone()), u32::MAX, u32::MAX, 0).is_ok();
		let net = match model {
			Model::Net(net) if admitted() => Some(Prepared::new(backend, net)),
			_ => None,
		};
		Self { model, program, net }
	}

	/// The error sum on each of `chunks`.
	pub fn scores(&self, chunks: &[Windows]) -> Vec<u32> {
		let Some(net) = &self.net else {
			return chunks.iter().map(|windows| score(self.model, self.program, windows)).collect();
		};
		let mut buffers = net.buffers(self.program);
		chunks.iter().map(|windows| net.score(self.program, windows, &mut buffers)).collect()
	}
}

impl<'a> Prepared<'a> {
	/// An admitted net.
	fn new(backend: &'static dyn Backend, net: &'a Net) -> Self {
		let mut grid = Grid { steps: net.window(), channels: net.in_shifts.len() };
		let window = grid;
		let by_steps = matches!(net.encoder, Encoder::Conv(_)) && grid.channels > 1;
		let path = net.skip.as_ref().map(|layer| if by_steps { grid.pack(layer) } else { Packed::from_layer(layer) });
		let (mut patches, mut hidden) = (None, Vec::new());
		if let Encoder::Conv(convs) = &net.encoder {
			for conv in convs {
				// Admission has found that it fits.
				let Some(mut taps) = Taps::new(grid, conv.kernel, conv.dilation, conv.stride) else { continue };
				if hidden.is_empty() && !by_steps {
					patches = Some(taps);
					taps = taps.of_patches();
				}
				hidden.push((Some(taps), taps.patch().pack(&conv.layer)));
				grid = Grid { steps: taps.outputs, channels: conv.layer.outputs.into() };
			}
		}
		let behind_convs = !hidden.is_empty();
		let dense = net.layers.iter().enumerate();
		let mut dense =
			dense.map(|(at, layer)| if at == 0 && behind_convs { grid.pack(layer) } else { Packed::from_layer(layer) });
		let last = dense.next_back();
		hidden.extend(dense.map(|layer| (None, layer)));
		let cell = match &net.encoder {
			Encoder::None | Encoder::Conv(_) => None,
			Encoder::Lstm(cell) => Some(Shape::from_cell(Kind::Lstm, cell, net.window())),
			Encoder::Gru(cell) => Some(Shape::from_cell(Kind::Gru, cell, net.window())),
		};
		Self { backend, net, grid: window, by_steps, path, patches, hidden, cell, last }
	}

	fn buffers(&self, program: &Forecast) -> Buffers {
		let (features, outputs) = (self.net.features(), usize::from(program.outputs()));
		let neurons = if self.by_steps { self.grid.neurons() } else { features };
		let hidden = self.hidden.iter().map(|(taps, layer)| taps.map_or(layer.inputs, |taps| taps.input.neurons()));
		let scored = program.scored(&vec![0; program.horizon.into()]).count();
		Buffers {
			values: Vec::new(),
			features: vec![0; features],
			window: Tiles::new(neurons),
			inputs: hidden.chain(self.last.iter().map(|layer| layer.inputs)).map(Tiles::new).collect(),
			panels: Panels::new(neurons),
			trace: self.cell.as_ref().map(|(shape, _)| Trace::new(shape, false)),
			future: rows_of(program.horizon.into()),
			exact: vec![0; scored * BATCH],
			targets: rows_of(scored),
			classes: match &program.target {
				Target::Classes(bounds) => Some(Classes::new(bounds, outputs, self.path.is_some() && self.last.is_some())),
				_ => None,
			},
			sums: rows_of(outputs),
		}
	}

	fn score(&self, program: &Forecast, windows: &Windows, buffers: &mut Buffers) -> u32 {
		let span = (windows.history + windows.horizon) * windows.channels.max(1);
		// Both at once, so that compilers vectorise it.
		let (mut least, mut most) = (i32::MAX, i32::MIN);
		for value in &windows.values {
			(least, most) = (least.min(*value), most.max(*value));
		}
		let narrow = windows.channels == 1 && most.abs_diff(least) < NARROW;
		if narrow {
			buffers.values.clear();
			buffers.values.extend_from_slice(&windows.values);
			// Whole vectors are read at the end of a window.
			buffers.values.extend([0; LANES]);
		}
		let count = windows.values.len() / span.max(1);
		let mut sum = 0;
		for first in (0..count).step_by(BATCH) {
			let count = BATCH.min(count - first);
			if narrow {
				self.gather(program, first * span, span, count, buffers);
			} else {
				self.load(program, &windows.values[first * span..], span, windows.channels, count, buffers);
			}
			sum += self.errors(program, narrow, count, buffers);
		}
		sum.min(u32::MAX.into()) as u32
	}

	/// Has the back-end load `count` windows of one channel, `span` values each, from the value at `first`.
	fn gather(&self, program: &Forecast, first: usize, span: usize, count: usize, buffers: &mut Buffers) {
		let mut starts = [first as u32; BATCH];
		starts[..count].iter_mut().enumerate().for_each(|(at, start)| *start = (first + at * span) as u32);
		let places = Places {
			values: &buffers.values,
			starts: &starts,
			history: program.history.into(),
			window: self.net.window(),
			horizon: program.horizon.into(),
			in_shift: self.net.in_shifts[0],
		};
		let Buffers { window, panels, future, targets, .. } = buffers;
		let tiles = count.div_ceil(TILE * LANES);
		self.backend.gather(&places, window, panels, future, tiles);
		let rows = future.as_chunks::<COLUMNS>().0;
		let scored = program.scored(&rows[..program.horizon.into()]);
		targets.as_chunks_mut::<COLUMNS>().0.iter_mut().zip(scored).for_each(|(to, row)| *to = *row);
	}

	/// Loads `count` windows, of `span` values each, value by value.
	fn load(&self, program: &Forecast, values: &[i32], span: usize, channels: usize, count: usize, buffers: &mut Buffers) {
		let Buffers { features: x, window, exact, .. } = buffers;
		let steps = usize::from(program.history) * channels;
		for (sample, values) in values.chunks_exact(span).take(count).enumerate() {
			let (history, future) = values.split_at(steps);
			features(self.net, channels, history, x);
			for (feature, x) in x.iter().enumerate() {
				window.set(if self.by_steps { self.grid.neuron(feature) } else { feature }, sample, *x);
			}
			let last = i64::from(history[steps - channels]);
			// Of the first channel alone.
			let future: Vec<i32> = future.iter().step_by(channels).copied().collect();
			for (targets, value) in exact.chunks_exact_mut(BATCH).zip(program.scored(&future)) {
				targets[sample] = (i64::from(*value) - last) << OUT_FRAC;
			}
		}
	}

	/// The error sum of the windows that are loaded.
	fn errors(&self, program: &Forecast, loaded: bool, count: usize, buffers: &mut Buffers) -> u64 {
		let tiles = count.div_ceil(TILE * LANES);
		let Buffers { window, inputs, trace, exact, targets, classes, sums, .. } = buffers;
		let exact: &[i64] = if loaded { &[] } else { exact };
		if let Some(path) = &self.path {
			self.backend.accumulate(path, window, sums, tiles);
		}
		// Beside a net, what the linear path says is taken from the targets, or kept for the classes.
		let path = self.path.as_ref().filter(|_| self.last.is_some()).map(|path| (&**sums, path.shift));
		match (&mut *classes, path) {
			(Some(classes), path) => classes.tell(targets, exact, path),
			(None, path) if !loaded => narrow(exact, path, targets),
			(None, Some((sums, shift))) => self.backend.deduct(targets, sums, shift),
			(None, None) => {}
		}
		let shift = match (&self.last, &self.path) {
			(Some(last), _) => {
				self.forward(last, window, inputs, trace, sums, tiles);
				last.shift
			}
			(None, path) => path.as_ref().map_or(1, |path| path.shift),
		};
		match classes {
			None => self.backend.errors(shift, sums, targets, program.outputs().into(), count),
			Some(classes) => classes.mistakes(shift, sums, count) << OUT_FRAC,
		}
	}

	/// Leaves the accumulators of the last layer in `sums`.
	fn forward(
		&self,
		last: &Packed,
		window: &mut Tiles,
		inputs: &mut [Tiles],
		trace: &mut Option<Trace>,
		sums: &mut [Block],
		tiles: usize,
	) {
		match (&self.patches, &self.cell, trace) {
			(Some(taps), ..) => self.backend.patches(taps, window, &mut inputs[0], tiles),
			(None, Some((shape, gates)), Some(trace)) => {
				(0..tiles).for_each(|tile| self.backend.cell_forward(shape, gates, window, tile, trace, &mut inputs[0]));
			}
			_ => std::mem::swap(window, &mut inputs[0]),
		}
		for (at, (taps, layer)) in self.hidden.iter().enumerate() {
			let (before, after) = inputs.split_at_mut(at + 1);
			match taps {
				Some(taps) => self.backend.convolve(taps, layer, &before[at], &mut after[0], tiles),
				None => self.backend.activate(layer, &before[at], &mut after[0], tiles),
			}
		}
		self.backend.accumulate(last, &inputs[self.hidden.len()], sums, tiles);
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		backend::available,
		fixtures::{direction, follower, seasonal},
		task::validation,
		Candidate, Family, Task, TrainingSet,
	};
	use std::sync::atomic::AtomicBool;

	/// Holds the scores of trained candidates against the chain's, on every back-end.
	fn check(task: &Task, candidates: &[Candidate]) {
		let data = TrainingSet::new(task.clone(), 300, 1).unwrap();
		let chunks = validation(task).unwrap();
		for candidate in candidates {
			let model = Model::Net(candidate.train(&data, &AtomicBool::new(false)).unwrap());
			let expected: Vec<u32> = chunks.iter().map(|windows| score(&model, &task.program, windows)).collect();
			for backend in available() {
				let scorer = Scorer::new(backend, &model, &task.program);
				assert!(scorer.net.is_some());
				assert_eq!(scorer.scores(&chunks), expected, "{backend:?}, {candidate:?}");
			}
		}
	}

	#[test]
	fn sums_are_those_of_the_chain() {
		let base = Candidate { window: 24, width: 20, epochs: 1, ..Candidate::default() };
		let candidates = [
			base,
			Candidate { depth: 0, window: 5, ..base },
			Candidate { skip: false, depth: 2, ..base },
			Candidate { depth: 3, window: 17, width: 9, ..base },
			Candidate { family: Family::Conv, kernel: 5, stride: 2, depth: 2, ..base },
			Candidate { family: Family::Conv, dilate: true, depth: 3, window: 19, width: 9, skip: false, ..base },
			Candidate { family: Family::Lstm, rate: 12, window: 7, ..base },
			Candidate { family: Family::Gru, rate: 12, window: 8, width: 5, skip: false, ..base },
		];
		let mut task = seasonal();
		// Chunks of more than one tile, and of more than one batch.
		for (horizon, validation_end) in [(6, 2_550), (13, 2_100 + 32 * 290)] {
			task.program.horizon = horizon;
			task.split.validation_end = validation_end;
			while task.series.len() < validation_end as usize {
				task.series.extend_from_within(..1_200);
			}
			check(&task, &candidates);
		}
	}

	#[test]
	fn channels_classes_steps_and_values_far_apart_are_scored_alike() {
		let families = |window: u16, skip: bool| {
			let base = Candidate { window, width: 7, kernel: 2, epochs: 1, skip, ..Candidate::default() };
			let all = Family::ALL.map(|family| Candidate { family, ..base });
			[&all[..], &[Candidate { depth: 0, skip: true, ..base }]].concat()
		};
		let mut some = seasonal();
		some.program.target = Target::Steps(vec![2, 6].try_into().unwrap());
		let mut classes = follower();
		classes.program.target = Target::Classes(vec![-50, 50].try_into().unwrap());
		let mut wide = seasonal();
		wide.generator = None;
		wide.series
			.iter_mut()
			.enumerate()
			.for_each(|(t, value)| *value = value.wrapping_mul(3_000) + (t as i32 % 2) * 1_900_000_000);
		// No ridge reaches that far.
		check(&wide, &families(9, false)[..Family::ALL.len()]);
		for (task, window) in [(follower(), 6), (direction(), 5), (some, 20), (classes, 4)] {
			for skip in [false, true] {
				check(&task, &families(window, skip));
			}
		}
	}

	#[test]
	fn what_no_domain_admits_is_scored_as_the_chain_would() {
		let task = seasonal();
		let chunks = validation(&task).unwrap();
		for model in [Model::RepeatLast, Model::Seasonal, Model::Point(vec![1])] {
			let scorer = Scorer::new(available()[0], &model, &task.program);
			assert!(scorer.net.is_none());
			let expected: Vec<u32> = chunks.iter().map(|windows| score(&model, &task.program, windows)).collect();
			assert_eq!(scorer.scores(&chunks), expected);
		}
	}
}
