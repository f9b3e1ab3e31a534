//! How long the loops of the shaders are.
//!
//! Mesa's Vulkan in software ends every loop of a thread once all of them together have had 65 535 iterations, whatever is left to do. So
//! it is given dispatches that need fewer, and what needs more at once is left to the processor.

use super::{
	cells,
	device::{Gpu, Nets},
	layout::{COLUMNS, GROUP},
};
use crate::{
	backend::{gates::KINDS, layout::BATCH},
	population::Candidate,
};
use doin_scoring::Net;

/// Iterations of all loops of a thread in software, less what is left out here: loops that every kernel has, and random numbers that have
/// to be drawn again.
pub const SOFTWARE: u64 = 65_535 - 4_096;

/// What a loop of `count` iterations takes that has others, which take `inner`, in it.
fn nest(count: usize, inner: u64) -> u64 {
	count as u64 * (inner + 1) + 1
}

/// Iterations of a thread of a workgroup.
struct Thread {
	/// Threads of a workgroup.
	size: usize,
}

impl Thread {
	/// A loop over `items` that the threads share.
	fn shared(&self, items: usize, inner: u64) -> u64 {
		nest(items.div_ceil(self.size), inner)
	}

	/// Making a batch ready.
	fn load(&self, window: usize, horizon: usize, skip: bool) -> u64 {
		let path = if skip { nest(window, 0) } else { 1 };
		let draw = 3 * self.shared(BATCH, 10);
		draw + nest(window.div_ceil(self.size / COLUMNS), 0) + self.shared(groups(horizon) * COLUMNS, path)
	}

	/// Forward through a layer, for `columns` groups of samples.
	fn layer(&self, inputs: usize, outputs: usize, columns: usize) -> u64 {
		self.shared(groups(outputs) * columns, nest(inputs, 0))
	}

	/// One step of the weights of a layer.
	fn update(&self, inputs: usize, outputs: usize, columns: usize) -> u64 {
		self.shared(groups(inputs) * groups(outputs), nest(columns, 0)) + self.shared(2 * groups(outputs), 4 * nest(columns, 0))
	}

	/// All steps of a cell forward, for `columns` groups of samples.
	fn cell(&self, units: usize, steps: usize, columns: usize) -> u64 {
		let unit = nest(2, nest(2, 0));
		nest(steps, self.shared(groups(KINDS * units) * columns, nest(units, 0) + nest(1, 0) + unit))
	}

	/// A half of a batch through a cell and back.
	fn half(&self, units: usize, steps: usize, horizon: usize) -> u64 {
		let columns = COLUMNS / 2;
		let (gates, inputs) = (KINDS * units, units.next_multiple_of(GROUP) + GROUP);
		let tiles = groups(gates) * groups(inputs);
		let parts = cells::parts(tiles, steps);
		let back = self.shared(units * columns, nest(2, 0)) + self.shared(groups(units) * columns, nest(gates.max(horizon), 0));
		let weigh = nest(steps.div_ceil(parts), nest(2, nest(columns / 2, 0)));
		let inputs = nest(steps.div_ceil(parts), nest(2, nest(2, nest(columns / 2, 0))));
		self.cell(units, steps, columns)
			+ self.layer(units, horizon, columns)
			+ nest(steps + 1, back)
			+ self.shared(groups(gates) * groups(units) * parts, weigh)
			+ self.shared(groups(gates) * parts, inputs)
			+ self.shared(tiles, nest(parts, 0) + nest(columns, 0))
			+ self.update(units, horizon, columns)
	}
}

fn groups(neurons: usize) -> usize {
	neurons.div_ceil(GROUP)
}

/// Iterations of a training step of a candidate, or of a batch of its validation, which takes fewer.
fn of_candidate(candidate: &Candidate, horizon: usize, size: usize) -> u64 {
	let (window, width) = (usize::from(candidate.window), usize::from(candidate.width));
	let thread = Thread { size };
	let load = thread.load(window, horizon, candidate.has_path());
	if Nets::of(candidate.family).and_then(Nets::kind).is_some() {
		return load + 2 * thread.half(width, window, horizon);
	}
	let mut sum = load;
	let mut inputs = window;
	for depth in 0..=candidate.depth {
		let outputs = if depth < candidate.depth { width } else { horizon };
		sum += thread.layer(inputs, outputs, COLUMNS) + thread.update(inputs, outputs, COLUMNS);
		if depth > 0 {
			sum += thread.layer(outputs, inputs, COLUMNS) + thread.shared(groups(inputs) * COLUMNS, nest(GROUP, 0));
		}
		inputs = outputs;
	}
	sum
}

/// Iterations of a batch that a net is scored on.
fn of_net(net: &Net, horizon: usize, size: usize) -> u64 {
	let thread = Thread { size };
	let mut sum = thread.load(net.window(), horizon, net.skip.is_some()) + 2 * thread.shared(BATCH, 0);
	if let Some((shape, _)) = cells::gates(net) {
		sum += thread.cell(shape.units, shape.steps, COLUMNS);
	}
	for layer in &net.layers {
		sum += thread.layer(layer.inputs.into(), layer.outputs.into(), COLUMNS);
	}
	sum
}

impl Gpu {
	/// Training steps of `candidate` that a dispatch may take; none if a single one is too long.
	pub(super) fn steps_at_once(&self, candidate: &Candidate, horizon: u16) -> u32 {
		let Some(most) = self.loops else { return u32::MAX };
		let Some(nets) = Nets::of(candidate.family) else { return 0 };
		(most / of_candidate(candidate, horizon.into(), self.size(nets) as usize)) as u32
	}

	/// Batches that a workgroup may score `net` on; none if a single one is too long.
	pub(super) fn batches_at_once(&self, nets: Nets, net: &Net, horizon: usize) -> u32 {
		let Some(most) = self.loops else { return u32::MAX };
		(most / of_net(net, horizon, self.size(nets) as usize)) as u32
	}
}
