//! Gated cells on devices against those of the processor.

use super::{
	device::SIZE,
	tests::{adapter, assert_equal, on_device, random, shared, small_waves, RUN},
	*,
};
use crate::{
	fixtures::{seasonal, tent},
	population::unwatched,
	Candidate, Family, TrainingSet,
};
use doin_scoring::{philox::Stream, sample, score, Cell, Encoder, Layer, Model, Net, Windows};
use std::ops::ControlFlow;

/// Some cell.
fn cell(data: &TrainingSet, stream: &mut Stream, epochs: u32) -> Candidate {
	let family = [Family::Lstm, Family::Gru][stream.below(2) as usize];
	Candidate { family, ..random(&data.task, stream, epochs) }
}

/// A task whose series and synthetic windows are few, as cells are slow in software.
fn small() -> crate::Task {
	let mut task = seasonal();
	task.split.train_end = 900;
	task.split.validation_end = 1_100;
	task
}

#[test]
fn a_device_trains_the_cells_of_the_processor() {
	let data = TrainingSet::new(small(), 300, 1).unwrap();
	let mut stream = Stream::new(&[6; 32], 99, 0);
	let base = Candidate { family: Family::Lstm, window: 24, width: 9, epochs: 2, rate: 12, ..Candidate::default() };
	let mut candidates = vec![
		base,
		Candidate { family: Family::Gru, skip: false, ..base },
		Candidate { window: 1, width: 1, depth: 0, decay: 8, mix: 256, ..base },
		Candidate { family: Family::Gru, window: 2, width: 33, rate: 14, decay: 0, mix: 0, seed: u64::MAX, epochs: 1, ..base },
	];
	candidates.extend((0..4).map(|_| cell(&data, &mut stream, 2)));
	assert_equal(shared(), &data, &candidates);
	// One output, and no synthetic windows.
	let data = TrainingSet::new(tent(), 0, 0).unwrap();
	let base = Candidate { window: 6, width: 12, epochs: 3, ..base };
	assert_equal(shared(), &data, &[base, Candidate { family: Family::Gru, skip: false, window: 5, width: 7, ..base }]);
}
