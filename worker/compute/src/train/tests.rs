//! Compares complete training runs of every back-end with those of the references.
//!
//! A few random candidates run always. The large set of 1 000 runs by
//! `cargo test --release -p doin-compute back_end -- --ignored`.

use crate::{
	fixtures::{seasonal, tent},
	train::candidate::{BYTE_OPERAND_BITS, OPERAND_BITS},
	Candidate, Dataset, Family,
};
use doin_kernels::{
	ops::lion::{MAX_DECAY, MAX_RATE_SHIFT},
	Backend,
};
use doin_scoring::philox::Stream;
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// Trains a random candidate on every back-end.
fn training_case(case: u64) {
	let mut random = Stream::new(&[3; 32], 1_004, case);
	let mut within = |least: i64, most: i64| least + i64::from(random.below((most - least + 1) as u32));
	let (task, synthetic) = if within(0, 2) == 0 { (tent(), 0) } else { (seasonal(), within(0, 1) as u32 * 400) };
	let candidate = Candidate {
		window: within(1, task.program.history.into()) as u16,
		width: within(1, 40) as u16,
		depth: within(1, 3) as u8,
		rate: within(0, MAX_RATE_SHIFT.into()) as u8,
		epochs: 1,
		decay: within(0, MAX_DECAY.into()) as u8,
		seed: case,
		linear_skip: within(0, 1) == 1,
		synthetic_share: within(0, 256) as u16,
		..Candidate::default()
	};
	let mut data = Dataset::new(task, synthetic, case).unwrap();
	let conv = Candidate {
		family: Family::Conv,
		kernel: within(1, 5) as u8,
		stride: within(1, 3) as u8,
		dilate: within(0, 1) == 1,
		..candidate
	};
	// Every other candidate has convolutions, if they fit.
	let candidate = if case % 2 == 1 && conv.check(&data).is_ok() { conv } else { candidate };
	// Every other dense one is trained in 8 bits.
	let bits = if candidate.family == Family::Mlp && case % 4 < 2 { BYTE_OPERAND_BITS } else { OPERAND_BITS };
	let candidate = Candidate { bits, ..candidate };
	let stop = AtomicBool::new(false);
	data = data.with_backend(Backend::SCALAR);
	let expected = candidate.train(&data, &stop).unwrap();
	for backend in Backend::available().into_iter().filter(|backend| *backend != Backend::SCALAR) {
		data = data.with_backend(backend);
		assert_eq!(candidate.train(&data, &stop).unwrap(), expected, "{backend:?}, {candidate:?}");
	}
}

#[test]
fn training_gives_equal_bits_on_every_back_end() {
	(0..8).into_par_iter().for_each(training_case);
}

#[test]
#[ignore = "minutes: 1 000 training runs"]
fn the_large_set_of_trainings_gives_equal_bits_on_every_back_end() {
	(0..1_000).into_par_iter().for_each(training_case);
}
