//! Upper bounds on the loop iterations of one invocation. Mesa's llvmpipe ends all loops of an invocation after 65 535
//! iterations, so dispatches are cut below that number, and nets whose single step exceeds it are not trained there.

use super::{cells, NetPlan};
use crate::gpu::layout::{COLUMNS, GROUP};
use doin_scoring::program::MAX_BOUNDS;

/// Iterations of drawing and loading windows, of classes, and of loops that run once per dispatch.
const OVERHEAD: usize = 4_096;

/// Returns the iterations of a loop of `count` iterations, each of which runs `inner` iterations of nested loops.
pub fn loop_iterations(count: usize, inner: usize) -> usize {
	1 + count * (1 + inner)
}

/// Returns the largest number of tiles of the last layer, of `outputs` outputs, that one of `size` threads computes for a batch.
pub fn last_layer_tiles(outputs: usize, size: usize) -> usize {
	// The scores of a window are compared by one thread, which computes all of them.
	const MAX_CLASSES: usize = MAX_BOUNDS as usize + 1;
	let groups = outputs.div_ceil(GROUP);
	let shared = (groups * COLUMNS).div_ceil(size);
	if outputs > MAX_CLASSES {
		shared
	} else {
		groups * COLUMNS.div_ceil(size)
	}
}

impl NetPlan {
	/// Returns an upper bound on the iterations of one thread of `size` for the forward pass of one batch.
	pub fn forward_iterations(&self, size: usize) -> usize {
		let share = |items: usize| items.div_ceil(size);
		let gather = loop_iterations(self.channels, loop_iterations((self.window * COLUMNS).div_ceil(size), 0));
		let skip_tiles = share(self.outputs.div_ceil(GROUP) * COLUMNS);
		let skip = loop_iterations(skip_tiles, loop_iterations(self.linear_skip().count(), 0));
		let layers = self.layers.iter().enumerate().map(|(at, layer)| {
			if let Some(shape) = self.cell.as_ref().filter(|_| at == 0) {
				return cells::forward_iterations(shape, COLUMNS, size) + share(layer.partial_sum());
			}
			let patch = match layer.conv {
				Some(conv) => loop_iterations(conv.pieces as usize, loop_iterations(conv.piece_size as usize, 0)),
				None => loop_iterations(layer.rows.count(), 0),
			};
			let best = share(layer.partial_sum());
			let last = at + 1 == self.layers.len();
			let tiles = if last { last_layer_tiles(self.outputs, size) } else { share(layer.output_neurons() / GROUP * COLUMNS) };
			loop_iterations(tiles, patch) + best
		});
		OVERHEAD + gather + skip + layers.sum::<usize>()
	}

	/// Returns an upper bound on the iterations of one thread of `size` for one training step.
	pub fn step_iterations(&self, size: usize) -> usize {
		let share = |items: usize| items.div_ceil(size);
		let columns = loop_iterations(COLUMNS, 0);
		let layers = self.layers.iter().enumerate().map(|(at, layer)| {
			if let Some(shape) = &self.cell {
				// Both halves of a batch; each computes the last layer.
				return if at == 0 { 2 * cells::half_iterations(shape, self.outputs, size) } else { 0 };
			}
			let (ins, outs) = (layer.rows.count().div_ceil(GROUP), layer.outputs.div_ceil(GROUP));
			let pieces = layer.conv.map_or(1, |conv| conv.pieces as usize);
			let tiles = share(layer.neurons.div_ceil(GROUP) * COLUMNS);
			let input_gradient = if at > 0 {
				loop_iterations(tiles, loop_iterations(pieces, loop_iterations(layer.outputs, 0)))
					+ loop_iterations(tiles, GROUP + 1)
			} else {
				0
			};
			let update = match layer.conv {
				None => loop_iterations(share(ins * outs), columns) + loop_iterations(share(2 * outs), 4 * columns),
				Some(conv) => {
					let parts = conv.parts as usize;
					let steps = (conv.steps as usize).div_ceil(parts);
					loop_iterations(share(ins * outs * parts), loop_iterations(steps, columns))
						+ loop_iterations(share(2 * outs * parts), loop_iterations(steps, 4 * columns))
						+ loop_iterations(share(layer.partial_sum()), loop_iterations(parts, 0))
						+ loop_iterations(share(ins * outs), 0)
						+ loop_iterations(share(2 * outs), 0)
				}
			};
			input_gradient + update
		});
		self.forward_iterations(size) + layers.sum::<usize>()
	}
}
