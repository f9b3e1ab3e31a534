//! Error sums and outputs of a model on a back-end: those of [`doin_scoring::score()`] and [`doin_scoring::answer()`], for a batch of
//! 256 windows at a time.

use crate::train::{class_targets::ClassTargets, dataset::NARROW};
use doin_kernels::{
	layout::{
		batch_rows, ActivationPanels, BatchTiles, Block, CellKind, CellShape, ConvGeometry, LayerSums, PackedWeights, RnnTape,
		StepMajorShape, WindowGather, BATCH, BATCH_BLOCKS, LANES, TILE,
	},
	ops::{
		conv1d::{ConvRelu, Im2col},
		gather::{clamp_targets, GatherWindows},
		gemm::{DenseRelu, DenseSums},
		loss::{L1Error, SubtractSkip},
		rnn::CellForward,
	},
	Backend,
};
use doin_scoring::{model::OUT_FRAC, score, window_features, Encoder, Forecast, Model, Net, Program, Target, Windows};

/// A model prepared for a back-end.
pub struct Scorer<'a> {
	model: &'a Model,
	program: &'a Forecast,
	/// `None` for baselines, and for models that no domain of the program admits; these are scored one window at a time.
	net: Option<Prepared<'a>>,
}

/// A net prepared for a back-end.
struct Prepared<'a> {
	backend: Backend,
	net: &'a Net,
	/// Shape of the window.
	shape: StepMajorShape,
	/// `true` if features are stored step by step, as convolutions of several channels read them.
	by_steps: bool,
	/// The linear skip.
	skip: Option<PackedWeights>,
	/// Patches that the first convolution of one channel reads.
	patches: Option<ConvGeometry>,
	/// Convolutions, which have a geometry, and the hidden layers behind them.
	hidden: Vec<(Option<ConvGeometry>, PackedWeights)>,
	/// The cell that reads the window.
	cell: Option<(CellShape, PackedWeights)>,
	/// The last layer.
	last: Option<PackedWeights>,
}

/// Form in which the windows of a batch are loaded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loaded {
	/// By the back-end: the windows have one channel, whose values differ by less than [`NARROW`].
	ByBackend,
	/// One value at a time, in 64 bits.
	OneByOne,
}

/// Buffers of one batch.
struct Buffers {
	values: Vec<i32>,
	features: Vec<i16>,
	window: BatchTiles,
	/// Inputs of each layer: hidden ones in order, then the last one.
	inputs: Vec<BatchTiles>,
	panels: ActivationPanels,
	tape: Option<RnnTape>,
	/// Changes of all steps of the horizon, as a back-end loads them.
	future: Vec<Block>,
	/// Targets before rounding, where values are loaded one by one.
	exact: Vec<i64>,
	targets: Vec<Block>,
	classes: Option<ClassTargets>,
	sums: Vec<Block>,
}

impl<'a> Scorer<'a> {
	/// Returns a scorer of `model` on windows of `program`.
	pub fn new(backend: Backend, model: &'a Model, program: &'a Forecast) -> Self {
		let admitted = || model.admit(&Program::Forecast(program.clone()), u32::MAX, u32::MAX, 0).is_ok();
		let net = match model {
			Model::Net(net) if admitted() => Some(Prepared::new(backend, net)),
			_ => None,
		};
		Self { model, program, net }
	}

	/// Returns the error sum on each of `chunks`.
	pub fn scores(&self, chunks: &[Windows]) -> Vec<u32> {
		let Some(net) = &self.net else {
			return chunks.iter().map(|windows| score(self.model, self.program, windows)).collect();
		};
		let mut buffers = net.buffers(self.program);
		chunks.iter().map(|windows| net.score(self.program, windows, &mut buffers)).collect()
	}

	/// Returns the outputs for each of `histories`, which have the length of the program; `None` for what is scored one window at a
	/// time.
	pub fn outputs(&self, histories: &[Vec<i32>]) -> Option<Vec<Vec<i32>>> {
		let net = self.net.as_ref()?;
		let mut buffers = net.buffers(self.program);
		Some(histories.chunks(BATCH).flat_map(|histories| net.outputs(self.program, histories, &mut buffers)).collect())
	}
}

impl<'a> Prepared<'a> {
	/// Prepares an admitted net.
	fn new(backend: Backend, net: &'a Net) -> Self {
		let mut shape = StepMajorShape { steps: net.window(), channels: net.in_shifts.len() };
		let window = shape;
		let by_steps = matches!(net.encoder, Encoder::Conv(_)) && shape.channels > 1;
		let skip = net.skip.as_ref().map(|layer| if by_steps { shape.pack(layer) } else { PackedWeights::from_layer(layer) });
		let (mut patches, mut hidden) = (None, Vec::new());
		if let Encoder::Conv(convs) = &net.encoder {
			for conv in convs {
				// Admitted convolutions fit the window.
				let Some(mut geometry) = ConvGeometry::new(shape, conv.kernel, conv.dilation, conv.stride) else { continue };
				if hidden.is_empty() && !by_steps {
					patches = Some(geometry);
					geometry = geometry.of_patches();
				}
				hidden.push((Some(geometry), geometry.patch().pack(&conv.layer)));
				shape = StepMajorShape { steps: geometry.outputs, channels: conv.layer.outputs.into() };
			}
		}
		let behind_convs = !hidden.is_empty();
		let dense = net.layers.iter().enumerate();
		let mut dense =
			dense.map(|(at, layer)| if at == 0 && behind_convs { shape.pack(layer) } else { PackedWeights::from_layer(layer) });
		let last = dense.next_back();
		hidden.extend(dense.map(|layer| (None, layer)));
		let cell = match &net.encoder {
			Encoder::None | Encoder::Conv(_) | Encoder::Image(_) => None,
			Encoder::Lstm(cell) => Some(CellShape::from_cell(CellKind::Lstm, cell, net.window())),
			Encoder::Gru(cell) => Some(CellShape::from_cell(CellKind::Gru, cell, net.window())),
		};
		Self { backend, net, shape: window, by_steps, skip, patches, hidden, cell, last }
	}

	fn buffers(&self, program: &Forecast) -> Buffers {
		let (features, outputs) = (self.net.features(), usize::from(program.outputs()));
		let neurons = if self.by_steps { self.shape.neurons() } else { features };
		let hidden =
			self.hidden.iter().map(|(geometry, layer)| geometry.map_or(layer.inputs, |geometry| geometry.input.neurons()));
		let scored = program.scored(&vec![0; program.horizon.into()]).count();
		Buffers {
			values: Vec::new(),
			features: vec![0; features],
			window: BatchTiles::new(neurons),
			inputs: hidden.chain(self.last.iter().map(|layer| layer.inputs)).map(BatchTiles::new).collect(),
			panels: ActivationPanels::new(neurons),
			tape: self.cell.as_ref().map(|(shape, _)| RnnTape::inference(shape)),
			future: batch_rows(program.horizon.into()),
			exact: vec![0; scored * BATCH],
			targets: batch_rows(scored),
			classes: match &program.target {
				Target::Classes(bounds) if self.skip.is_some() && self.last.is_some() => {
					Some(ClassTargets::beside_skip(bounds, outputs))
				}
				Target::Classes(bounds) => Some(ClassTargets::new(bounds, outputs)),
				_ => None,
			},
			sums: batch_rows(outputs),
		}
	}

	fn score(&self, program: &Forecast, windows: &Windows, buffers: &mut Buffers) -> u32 {
		let span = (windows.history + windows.horizon) * windows.channels.max(1);
		// One loop for both, which compilers vectorise.
		let (mut least, mut most) = (i32::MAX, i32::MIN);
		for value in &windows.values {
			(least, most) = (least.min(*value), most.max(*value));
		}
		let narrow = windows.channels == 1 && most.abs_diff(least) < NARROW;
		let loaded = if narrow { Loaded::ByBackend } else { Loaded::OneByOne };
		if narrow {
			buffers.values.clear();
			buffers.values.extend_from_slice(&windows.values);
			// Kernels read whole vectors at the end of a window.
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
			sum += self.errors(program, loaded, count, buffers);
		}
		sum.min(u32::MAX.into()) as u32
	}

	/// Loads `count` windows of one channel with the back-end, `span` values each, from the value at `first`.
	fn gather(&self, program: &Forecast, first: usize, span: usize, count: usize, buffers: &mut Buffers) {
		let mut starts = [first as u32; BATCH];
		starts[..count].iter_mut().enumerate().for_each(|(at, start)| *start = (first + at * span) as u32);
		let windows = WindowGather {
			values: &buffers.values,
			starts: &starts,
			history: program.history.into(),
			window: self.net.window(),
			horizon: program.horizon.into(),
			in_shift: self.net.in_shifts[0],
		};
		let Buffers { window, panels, future, targets, .. } = buffers;
		let tiles = count.div_ceil(TILE * LANES);
		self.backend.run(GatherWindows { windows: &windows, tiles: window, panels, targets: future, count: tiles });
		let rows = future.as_chunks::<BATCH_BLOCKS>().0;
		let scored = program.scored(&rows[..program.horizon.into()]);
		targets.as_chunks_mut::<BATCH_BLOCKS>().0.iter_mut().zip(scored).for_each(|(to, row)| *to = *row);
	}

	/// Loads `count` windows of `channels` channels, `span` values each, value by value.
	fn load(&self, program: &Forecast, values: &[i32], span: usize, channels: usize, count: usize, buffers: &mut Buffers) {
		let Buffers { features: x, window, exact, .. } = buffers;
		let steps = usize::from(program.history) * channels;
		for (sample, values) in values.chunks_exact(span).take(count).enumerate() {
			let (history, future) = values.split_at(steps);
			window_features(self.net, channels, history, x);
			self.set_features(x, sample, window);
			let last = i64::from(history[steps - channels]);
			// The first channel is the one that is forecast.
			let future: Vec<i32> = future.iter().step_by(channels).copied().collect();
			for (targets, value) in exact.chunks_exact_mut(BATCH).zip(program.scored(&future)) {
				targets[sample] = (i64::from(*value) - last) << OUT_FRAC;
			}
		}
	}

	/// Loads the features of one window.
	fn set_features(&self, features: &[i16], sample: usize, window: &mut BatchTiles) {
		for (feature, value) in features.iter().enumerate() {
			window.set(if self.by_steps { self.shape.neuron(feature) } else { feature }, sample, *value);
		}
	}

	/// Returns the outputs of one batch: those of the linear skip plus those of the last layer.
	fn outputs(&self, program: &Forecast, histories: &[Vec<i32>], buffers: &mut Buffers) -> Vec<Vec<i32>> {
		let tiles = histories.len().div_ceil(TILE * LANES);
		let Buffers { features, window, inputs, tape, sums, .. } = buffers;
		for (sample, history) in histories.iter().enumerate() {
			window_features(self.net, program.channels.max(1).into(), history, features);
			self.set_features(features, sample, window);
		}
		let mut outputs = vec![vec![0; program.outputs().into()]; histories.len()];
		if let Some(skip) = &self.skip {
			self.backend.run(DenseSums { layer: skip, x: window, sums, tiles });
			add_outputs(LayerSums { sums, shift: skip.shift }, &mut outputs);
		}
		if let Some(last) = &self.last {
			self.forward(last, window, inputs, tape, sums, tiles);
			add_outputs(LayerSums { sums, shift: last.shift }, &mut outputs);
		}
		outputs
	}

	/// Returns the error sum of the windows that are loaded, by the back-end or one by one.
	fn errors(&self, program: &Forecast, loaded: Loaded, count: usize, buffers: &mut Buffers) -> u64 {
		let tiles = count.div_ceil(TILE * LANES);
		let Buffers { window, inputs, tape, exact, targets, classes, sums, .. } = buffers;
		let exact: &[i64] = if loaded == Loaded::ByBackend { &[] } else { exact };
		if let Some(skip) = &self.skip {
			self.backend.run(DenseSums { layer: skip, x: window, sums, tiles });
		}
		// Beside a net, the output of the linear skip is subtracted from the targets, or kept for the classes.
		let beside = self.skip.as_ref().filter(|_| self.last.is_some());
		let skip = beside.map(|skip| LayerSums { sums, shift: skip.shift });
		match (&mut *classes, skip) {
			(Some(classes), skip) => classes.set(self.backend, targets, exact, skip),
			(None, skip) if loaded == Loaded::OneByOne => clamp_targets(exact, skip, targets),
			(None, Some(LayerSums { sums, shift })) => self.backend.run(SubtractSkip { targets, sums, shift }),
			(None, None) => {}
		}
		let shift = match (&self.last, &self.skip) {
			(Some(last), _) => {
				self.forward(last, window, inputs, tape, sums, tiles);
				last.shift
			}
			(None, skip) => skip.as_ref().map_or(1, |skip| skip.shift),
		};
		match classes {
			None => self.backend.run(L1Error { shift, sums, targets, outputs: program.outputs().into(), count }),
			Some(classes) => classes.count_errors(self.backend, LayerSums { sums, shift }, count) << OUT_FRAC,
		}
	}

	/// Computes the accumulators of the last layer into `sums`.
	fn forward(
		&self,
		last: &PackedWeights,
		window: &mut BatchTiles,
		inputs: &mut [BatchTiles],
		tape: &mut Option<RnnTape>,
		sums: &mut [Block],
		tiles: usize,
	) {
		match (&self.patches, &self.cell, tape) {
			(Some(geometry), ..) => self.backend.run(Im2col { geometry, x: window, y: &mut inputs[0], tiles }),
			(None, Some((shape, gates)), Some(tape)) => {
				for tile in 0..tiles {
					self.backend.run(CellForward { shape, gates, x: window, tile, tape, h: &mut inputs[0] });
				}
			}
			_ => std::mem::swap(window, &mut inputs[0]),
		}
		for (at, (geometry, layer)) in self.hidden.iter().enumerate() {
			let (before, after) = inputs.split_at_mut(at + 1);
			match geometry {
				Some(geometry) => self.backend.run(ConvRelu { geometry, layer, x: &before[at], y: &mut after[0], tiles }),
				None => self.backend.run(DenseRelu { layer, x: &before[at], y: &mut after[0], tiles }),
			}
		}
		self.backend.run(DenseSums { layer: last, x: &inputs[self.hidden.len()], sums, tiles });
	}
}

/// Adds the outputs of a layer to those of each sample.
fn add_outputs(layer: LayerSums, outputs: &mut [Vec<i32>]) {
	for (sample, outputs) in outputs.iter_mut().enumerate() {
		outputs.iter_mut().enumerate().for_each(|(row, output)| *output = output.wrapping_add(layer.output(row, sample)));
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		fixtures::{direction, follower, seasonal},
		train::task::validation_chunks,
		Candidate, Dataset, Family, ForecastTask,
	};
	use doin_scoring::answer;
	use std::sync::atomic::AtomicBool;

	/// Compares the scores and the outputs of trained candidates with those of the chain, on every back-end.
	fn check(task: &ForecastTask, candidates: &[Candidate]) {
		let data = Dataset::new(task.clone(), 300, 1).unwrap();
		let chunks = validation_chunks(task).unwrap();
		let histories: Vec<Vec<i32>> = chunks.iter().flat_map(Windows::iter).map(|(history, _)| history.to_vec()).collect();
		let program = Program::Forecast(task.program.clone());
		for candidate in candidates {
			let model = Model::Net(candidate.train(&data, &AtomicBool::new(false)).unwrap());
			let bytes = |history: &Vec<i32>| history.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
			let outputs: Vec<Vec<i32>> =
				histories.iter().map(|history| answer(&model, &program, &bytes(history)).unwrap()).collect();
			let expected: Vec<u32> = chunks.iter().map(|windows| score(&model, &task.program, windows)).collect();
			for backend in Backend::available() {
				let scorer = Scorer::new(backend, &model, &task.program);
				assert!(scorer.net.is_some());
				assert_eq!(scorer.scores(&chunks), expected, "{backend:?}, {candidate:?}");
				assert_eq!(scorer.outputs(&histories).as_ref(), Some(&outputs), "{backend:?}, {candidate:?}");
			}
		}
	}

	#[test]
	fn sums_are_those_of_the_chain() {
		let base = Candidate { window: 24, width: 20, epochs: 1, ..Candidate::default() };
		let candidates = [
			base,
			Candidate { depth: 0, window: 5, ..base },
			Candidate { linear_skip: false, depth: 2, ..base },
			Candidate { depth: 3, window: 17, width: 9, ..base },
			Candidate { family: Family::Conv, kernel: 5, stride: 2, depth: 2, ..base },
			Candidate { family: Family::Conv, dilate: true, depth: 3, window: 19, width: 9, linear_skip: false, ..base },
			Candidate { family: Family::Lstm, rate: 12, window: 7, ..base },
			Candidate { family: Family::Gru, rate: 12, window: 8, width: 5, linear_skip: false, ..base },
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
			let base = Candidate { window, width: 7, kernel: 2, epochs: 1, linear_skip: skip, ..Candidate::default() };
			let all = Family::ALL.map(|family| Candidate { family, ..base });
			[&all[..], &[Candidate { depth: 0, linear_skip: true, ..base }]].concat()
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
		let chunks = validation_chunks(&task).unwrap();
		for model in [Model::RepeatLast, Model::Seasonal, Model::Point(vec![1])] {
			let scorer = Scorer::new(Backend::available()[0], &model, &task.program);
			assert!(scorer.net.is_none());
			let expected: Vec<u32> = chunks.iter().map(|windows| score(&model, &task.program, windows)).collect();
			assert_eq!(scorer.scores(&chunks), expected);
			assert_eq!(scorer.outputs(&[vec![0; 24]]), None);
		}
	}
}
