//! Gated cells on every back-end against the scalar one, and that one against the chain.

use super::{
	available,
	gates::{sums, Kind, Shape, Trace},
	layout::*,
	scalar::Scalar,
	tests::Random,
	Backend, UNIT,
};
use crate::lion::{MAX_DECAY, MAX_RATE_SHIFT, MAX_WEIGHT};
use doin_scoring::{model::MAX_ACT, Cell, Layer, Net, Scratch};
use rayon::prelude::*;

fn kind(random: &mut Random) -> Kind {
	[Kind::Lstm, Kind::Gru][random.within(0, 1) as usize]
}

/// The outputs of a cell, as the chain computes them.
fn outputs_of(kind: Kind, cell: &Cell, channels: usize, x: &[i16]) -> Vec<i32> {
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
	// Most cells with weights and biases that do not saturate every gate.
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
	let (shape, packed) = Shape::from_cell(kind, &cell, steps);
	assert_eq!(shape.cell(&packed), cell);
	let x = random.tiles(channels * steps, -MAX_ACT, BATCH);
	let tile = random.within(0, TILES as i64 - 1) as usize;
	let run = |backend: &dyn Backend| {
		let (mut h, mut trace) = (Tiles::new(units), Trace::new(&shape, false));
		// A second tile is not disturbed by what the first one left.
		backend.cell_forward(&shape, &packed, &x, (tile + 1) % TILES, &mut trace, &mut h);
		backend.cell_forward(&shape, &packed, &x, tile, &mut trace, &mut h);
		h
	};
	let expected = run(&Scalar);
	for backend in available() {
		assert!(run(backend) == expected, "{backend:?}, case {case}, {kind:?} of {units} units, {channels} x {steps}");
	}
	let sample = tile * TILE * LANES + random.within(0, 63) as usize;
	let features: Vec<i16> = (0..channels * steps).map(|feature| x.get(feature, sample)).collect();
	for (unit, out) in outputs_of(kind, &cell, channels, &features).into_iter().enumerate() {
		assert_eq!(i32::from(expected.get(unit, sample)), out, "case {case}");
	}
}

/// A few steps of training.
fn learning_case(case: u64) {
	let random = &mut Random::new(6, case);
	let kind = kind(random);
	let (units, channels, steps) = (random.within(1, 40) as usize, random.within(1, 3) as usize, random.within(1, 7) as usize);
	let horizon = random.within(1, 20) as usize;
	let shape = Shape::new(kind, units, channels, steps);
	let limit = MAX_WEIGHT >> random.within(0, 6);
	let mut masters = vec![0; shape.outputs() * shape.inputs()];
	for (row, masters) in masters.chunks_exact_mut(shape.inputs()).enumerate() {
		let (kind, unit) = (row / (shape.quads() * ROWS), row % (shape.quads() * ROWS));
		for (input, master) in masters.iter_mut().enumerate() {
			let exists = unit < units && (input < units || input >= shape.hidden());
			*master = if exists && shape.reads(kind, input) { random.value(limit) } else { 0 };
		}
	}
	let start = Dense::new(shape.inputs(), shape.outputs(), Shape::hidden_shift(), false, &masters);
	let head_masters: Vec<i32> = (0..units * horizon).map(|_| random.value(limit)).collect();
	let head = Dense::new(units, horizon, 9, false, &head_masters);
	let x = random.tiles(channels * steps, -MAX_ACT, BATCH);
	let mut gradient = Tiles::new(horizon);
	for output in 0..horizon {
		for sample in 0..BATCH {
			gradient.set(output, sample, (random.within(-1, 1) * i64::from(UNIT)) as i16);
		}
	}
	let (rate, decay) = (1 << random.within(0, MAX_RATE_SHIFT.into()), random.within(0, MAX_DECAY.into()) as u8);
	let run = |backend: &dyn Backend| {
		let (mut gates, mut sums, mut trace) = (start.clone(), sums(&shape), Trace::new(&shape, true));
		let (mut h, mut alone) = (Tiles::new(units), Tiles::new(units));
		for round in 0..2 {
			for tile in 0..1 + round {
				backend.cell_forward(&shape, &gates.forward, &x, tile, &mut trace, &mut h);
				backend.cell_forward(&shape, &gates.forward, &x, tile, &mut Trace::new(&shape, false), &mut alone);
				backend.cell_backward(&shape, &gates, &head, &x, &gradient, tile, &mut trace, &mut sums);
			}
			assert!(h == alone, "{}, case {case}", backend.name());
			backend.cell_update(&shape, &mut gates, &mut sums, rate, decay);
		}
		(h, gates)
	};
	let expected = run(&Scalar);
	for backend in available() {
		assert!(run(backend) == expected, "{backend:?}, case {case}, {kind:?} of {units} units, {channels} x {steps}");
	}
	// What does not exist is never learnt.
	let mut again = expected.1.forward.clone();
	for row in 0..shape.outputs() {
		let (kind, unit) = (row / (shape.quads() * ROWS), row % (shape.quads() * ROWS));
		for input in 0..shape.inputs() {
			if unit < units && (input < units || input >= shape.hidden()) && shape.reads(kind, input) {
				again.set(row, input, 0);
			}
		}
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
