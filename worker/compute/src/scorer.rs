//! Error sums of a net on a back-end: what `doin_scoring::score` gives, many windows at a time.

use crate::backend::{
	gates::{Kind, Shape, Trace},
	layout::{rows_of, Block, Packed, Panels, Places, Tiles, BATCH, LANES, TILE},
	steps::{Grid, Taps},
	Backend,
};
use doin_scoring::{Encoder, Net, Windows};

/// A net in the form that back-ends take.
pub struct Scorer<'a> {
	backend: &'static dyn Backend,
	net: &'a Net,
	path: Option<Packed>,
	/// What the first convolution reads of the window.
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
	window: Tiles,
	/// What each layer reads: hidden ones in order, then the last one.
	inputs: Vec<Tiles>,
	panels: Panels,
	trace: Option<Trace>,
	targets: Vec<Block>,
	sums: Vec<Block>,
}

impl<'a> Scorer<'a> {
	/// Whether the net is one that back-ends compute.
	pub fn takes(net: &Net) -> bool {
		net.in_shifts.len() == 1
	}

	/// A scorer of a net that a domain admits.
	pub fn new(backend: &'static dyn Backend, net: &'a Net) -> Self {
		let path = net.skip.as_ref().map(Packed::from_layer);
		let (mut patches, mut hidden) = (None, Vec::new());
		let mut grid = Grid { steps: net.window(), channels: 1 };
		if let Encoder::Conv(convs) = &net.encoder {
			for conv in convs {
				// Admission has found that it fits.
				let Some(mut taps) = Taps::new(grid, conv.kernel, conv.dilation, conv.stride) else { continue };
				if hidden.is_empty() {
					patches = Some(taps);
					taps = taps.of_patches();
				}
				hidden.push((Some(taps), taps.patch().pack(&conv.layer)));
				grid = Grid { steps: taps.outputs, channels: conv.layer.outputs.into() };
			}
		}
		let dense = net.layers.iter().enumerate();
		let behind_convs = patches.is_some();
		let mut dense =
			dense.map(|(at, layer)| if at == 0 && behind_convs { grid.pack(layer) } else { Packed::from_layer(layer) });
		let last = dense.next_back();
		hidden.extend(dense.map(|layer| (None, layer)));
		let cell = match &net.encoder {
			Encoder::None | Encoder::Conv(_) => None,
			Encoder::Lstm(cell) => Some(Shape::from_cell(Kind::Lstm, cell, net.window())),
			Encoder::Gru(cell) => Some(Shape::from_cell(Kind::Gru, cell, net.window())),
		};
		Self { backend, net, path, patches, hidden, cell, last }
	}

	/// The error sum on each of `chunks`, whose differences of values stay below 2²⁶.
	pub fn scores(&self, chunks: &[Windows]) -> Vec<u32> {
		let horizon = chunks.first().map_or(1, |windows| windows.horizon);
		let hidden = self.hidden.iter().map(|(taps, layer)| taps.map_or(layer.inputs, |taps| taps.input.neurons()));
		let mut buffers = Buffers {
			values: Vec::new(),
			window: Tiles::new(self.net.window()),
			inputs: hidden.chain(self.last.iter().map(|layer| layer.inputs)).map(Tiles::new).collect(),
			panels: Panels::new(self.net.window()),
			trace: self.cell.as_ref().map(|(shape, _)| Trace::new(shape, false)),
			targets: rows_of(horizon),
			sums: rows_of(horizon),
		};
		chunks.iter().map(|windows| self.score(windows, &mut buffers)).collect()
	}

	fn score(&self, windows: &Windows, buffers: &mut Buffers) -> u32 {
		let Windows { history, horizon, values, .. } = windows;
		let (history, horizon, span) = (*history, *horizon, history + horizon);
		buffers.values.clear();
		buffers.values.extend_from_slice(values);
		// Whole vectors are read at the end of a window.
		buffers.values.extend([0; LANES]);
		let count = values.len() / span;
		let mut sum = 0;
		for first in (0..count).step_by(BATCH) {
			let count = BATCH.min(count - first);
			let mut starts = [(first * span) as u32; BATCH];
			starts[..count].iter_mut().enumerate().for_each(|(at, start)| *start = ((first + at) * span) as u32);
			let places = Places {
				values: &buffers.values,
				starts: &starts,
				history,
				window: self.net.window(),
				horizon,
				in_shift: self.net.in_shifts[0],
			};
			let Buffers { window, inputs, panels, trace, targets, sums, .. } = buffers;
			let tiles = count.div_ceil(TILE * LANES);
			self.backend.gather(&places, window, panels, targets, tiles);
			let Some(last) = &self.last else {
				if let Some(path) = &self.path {
					self.backend.accumulate(path, window, sums, tiles);
					sum += self.backend.errors(path.shift, sums, targets, horizon, count);
				}
				continue;
			};
			if let Some(path) = &self.path {
				self.backend.accumulate(path, window, sums, tiles);
				self.backend.deduct(targets, sums, path.shift);
			}
			match &self.patches {
				Some(taps) => self.backend.patches(taps, window, &mut inputs[0], tiles),
				None => match (&self.cell, trace) {
					(Some((shape, gates)), Some(trace)) => {
						(0..tiles).for_each(|tile| self.backend.cell_forward(shape, gates, window, tile, trace, &mut inputs[0]));
					}
					_ => std::mem::swap(window, &mut inputs[0]),
				},
			}
			for (at, (taps, layer)) in self.hidden.iter().enumerate() {
				let (before, after) = inputs.split_at_mut(at + 1);
				match taps {
					Some(taps) => self.backend.convolve(taps, layer, &before[at], &mut after[0], tiles),
					None => self.backend.activate(layer, &before[at], &mut after[0], tiles),
				}
			}
			self.backend.accumulate(last, &inputs[self.hidden.len()], sums, tiles);
			sum += self.backend.errors(last.shift, sums, targets, horizon, count);
		}
		sum.min(u32::MAX.into()) as u32
	}
}

#[cfg(test)]
mod tests {
	use crate::{backend::available, fixtures::seasonal, Candidate, Family, TrainingSet};
	use doin_scoring::{score, Model};
	use std::sync::atomic::AtomicBool;

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
			let mut data = TrainingSet::new(task.clone(), 300, 1).unwrap();
			for candidate in candidates {
				let model = Model::Net(candidate.train(&data, &AtomicBool::new(false)).unwrap());
				let chunks = crate::data::validation(&task).unwrap();
				let expected: Vec<u32> = chunks.iter().map(|windows| score(&model, &task.program, windows)).collect();
				for backend in available() {
					data = data.on(backend);
					assert_eq!(data.measure(&model).validation, expected, "{backend:?}, {candidate:?}");
				}
			}
		}
	}
}
