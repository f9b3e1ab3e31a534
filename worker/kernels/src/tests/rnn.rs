//! Recurrent cells: every back-end against the references, and the references against the chain.

use super::Random;
use crate::{
	layout::*,
	ops::{
		lion::{StepSize, MAX_DECAY, MAX_RATE_SHIFT, MAX_WEIGHT},
		loss::UNIT_GRADIENT,
		rnn::{CellBackward, CellForward, CellUpdate},
	},
	Backend,
};
use doin_scoring::{model::MAX_ACT, Cell, Layer, Net, Scratch};
use rayon::prelude::*;

fn kind(random: &mut Random) -> CellKind {
	[CellKind::Lstm, CellKind::Gru][random.within(0, 1) as usize]
}

/// Returns the outputs of a cell as the chain computes them.
fn outputs_of(kind: CellKind, cell: &Cell, channels: usize, x: &[i16]) -> Vec<i32> {
	let units = cell.units();
	let weights = (0..units).flat_map(|row| (0..units).map(move |column| if row == column { 2 } else { 0 })).collect();
	let identity = Layer { inputs: units, outputs: units, shift: 1, weights, bias: vec![0; units.into()] };
	let encoder = kind.encoder(cell.clone());
	let window = (x.len() / channels) as u16;
	let net = Net { window, in_shifts: vec![0; channels], skip: None, encoder, layers: vec![identity] };
	let mut out = vec![0; units.into()];
	net.forward(x, &mut out, &mut Scratch::default());
	out
}

/// Any cell forward, as a scorer runs it.
fn forward_case(case: u64) {
	let random = &mut Random::new(5, case);
	let kind = kind(random);
	let (units, channels, steps) = (random.within(1, 40) as usize, random.within(1, 4) as usize, random.within(1, 9) as usize);
	let rows = kind.gates()[0].len() * units;
	// Most cells have weights and biases that do not saturate every gate.
	let mut layer = |inputs: usize| {
		let mut layer = random.layer(inputs, rows);
		if !case.is_multiple_of(4) {
			layer.shift = 9;
			layer.bias.iter_mut().for_each(|bias| *bias >>= 8);
			layer.weights.iter_mut().for_each(|weight| *weight >>= 2);
		}
		layer
	};
	let cell = Cell { input: layer(channels), hidden: layer(units) };
	let (shape, packed) = CellShape::from_cell(kind, &cell, steps);
	assert_eq!(shape.cell(&packed), cell);
	let x = random.tiles(channels * steps, -MAX_ACT, BATCH);
	let tile = random.within(0, TILES as i64 - 1) as usize;
	let run = |backend: Backend| {
		let (mut h, mut tape) = (BatchTiles::new(units), RnnTape::inference(&shape));
		// The content that one tile leaves on the tape does not change the next tile.
		for tile in [(tile + 1) % TILES, tile] {
			backend.run(CellForward { shape: &shape, gates: &packed, x: &x, tile, tape: &mut tape, h: &mut h });
		}
		h
	};
	let expected = run(Backend::SCALAR);
	for backend in Backend::available() {
		assert!(run(backend) == expected, "{backend:?}, case {case}, {kind:?} of {units} units, {channels} x {steps}");
	}
	let sample = tile * TILE * LANES + random.within(0, 63) as usize;
	let features: Vec<i16> = (0..channels * steps).map(|feature| x.get(feature, sample)).collect();
	for (unit, out) in outputs_of(kind, &cell, channels, &features).into_iter().enumerate() {
		assert_eq!(i32::from(expected.get(unit, sample)), out, "case {case}");
	}
}

/// Returns `true` if a cell of `units` units has a weight of `input` in `row`.
fn exists(shape: &CellShape, units: usize, row: usize, input: usize) -> bool {
	let (gate, unit) = (row / (shape.unit_groups() * ROWS), row % (shape.unit_groups() * ROWS));
	unit < units && (input < units || input >= shape.hidden()) && shape.reads(gate, input)
}

/// A few steps of training.
fn learning_case(case: u64) {
	let random = &mut Random::new(6, case);
	let kind = kind(random);
	let (units, channels, steps) = (random.within(1, 40) as usize, random.within(1, 3) as usize, random.within(1, 7) as usize);
	let horizon = random.within(1, 20) as usize;
	let shape = &CellShape::new(kind, units, channels, steps);
	let limit = MAX_WEIGHT >> random.within(0, 6);
	let mut masters = vec![0; shape.outputs() * shape.inputs()];
	for (row, masters) in masters.chunks_exact_mut(shape.inputs()).enumerate() {
		for (input, master) in masters.iter_mut().enumerate() {
			*master = if exists(shape, units, row, input) { random.value(limit) } else { 0 };
		}
	}
	let stored = BackwardWeights::Stored;
	let start = TrainableLayer::new(shape.inputs(), shape.outputs(), CellShape::hidden_shift(), stored, &masters);
	let head_masters: Vec<i32> = (0..units * horizon).map(|_| random.value(limit)).collect();
	let head = &TrainableLayer::new(units, horizon, 9, stored, &head_masters);
	let x = &random.tiles(channels * steps, -MAX_ACT, BATCH);
	let mut gradient = BatchTiles::new(horizon);
	for output in 0..horizon {
		for sample in 0..BATCH {
			gradient.set(output, sample, (random.within(-1, 1) * i64::from(UNIT_GRADIENT)) as i16);
		}
	}
	let gradient = &gradient;
	let (rate, decay) = (1 << random.within(0, MAX_RATE_SHIFT.into()), random.within(0, MAX_DECAY.into()) as u8);
	let run = |backend: Backend| {
		let (mut gates, mut sums, mut tape) = (start.clone(), shape.gradient_sums(), RnnTape::training(shape));
		let (mut h, mut alone) = (BatchTiles::new(units), BatchTiles::new(units));
		for round in 0..2 {
			for tile in 0..1 + round {
				let weights = &gates.forward;
				backend.run(CellForward { shape, gates: weights, x, tile, tape: &mut tape, h: &mut h });
				let mut other = RnnTape::inference(shape);
				backend.run(CellForward { shape, gates: weights, x, tile, tape: &mut other, h: &mut alone });
				let (gates, tape, sums) = (&gates, &mut tape, &mut sums);
				backend.run(CellBackward { shape, gates, head, x, gradient, tile, tape, sums });
			}
			assert!(h == alone, "{}, case {case}", backend.name());
			backend.run(CellUpdate { shape, gates: &mut gates, sums: &mut sums, step: StepSize { rate, decay } });
		}
		(h, gates)
	};
	let expected = run(Backend::SCALAR);
	for backend in Backend::available() {
		assert!(run(backend) == expected, "{backend:?}, case {case}, {kind:?} of {units} units, {channels} x {steps}");
	}
	// Weights that do not exist stay zero.
	let mut again = expected.1.forward.clone();
	for row in 0..shape.outputs() {
		(0..shape.inputs()).filter(|input| exists(shape, units, row, *input)).for_each(|input| again.set(row, input, 0));
	}
	assert!(again.weights.iter().all(|block| *block == Block::ZERO), "case {case}");
}

#[test]
fn cells_give_equal_bits_everywhere_and_on_the_chain() {
	(0..150).into_par_iter().for_each(forward_case);
}

#[test]
fn cells_learn_the_same_everywhere() {
	(0..60).into_par_iter().for_each(learning_case);
}

#[test]
#[ignore = "minutes: 20 000 cells forward and 4 000 learning"]
fn the_large_set_of_cells_gives_equal_bits_everywhere() {
	(0..20_000).into_par_iter().for_each(forward_case);
	(0..4_000).into_par_iter().for_each(learning_case);
}
