//! Windows of a random series, and random words.

use super::{others, Random};
use crate::{
	layout::*,
	ops::{
		gather::{GatherWindows, GatherWindowsU8},
		philox::PhiloxBatch,
	},
	Backend,
};
use doin_scoring::{model::IN_SHIFTS, philox::Key};
use rayon::prelude::*;

fn gather_case(case: u64) {
	let random = &mut Random::new(3, case);
	let (history, horizon) = (random.within(1, 80) as usize, random.within(1, 40) as usize);
	let window = random.within(1, history as i64) as usize;
	let size = 1 << random.within(1, 25);
	let offset = random.within(-(1 << 30), 1 << 30) as i32;
	let values: Vec<i32> = (0..history + horizon + 300 + LANES).map(|_| offset + random.value(size - 1)).collect();
	let mut starts = [0; BATCH];
	starts.iter_mut().for_each(|start| *start = random.within(0, 300) as u32);
	let in_shift = random.within((*IN_SHIFTS.start()).into(), (*IN_SHIFTS.end()).into()) as i8;
	let windows = &WindowGather { values: &values, starts: &starts, history, window, horizon, in_shift };
	let seed = [case as u8; 32];
	let run = |backend: Backend| {
		let (mut tiles, mut panels) = (BatchTiles::new(window), ActivationPanels::new(window));
		let mut targets = batch_rows(horizon);
		let count = 1 + case as usize % TILES;
		backend.run(GatherWindows { windows, tiles: &mut tiles, panels: &mut panels, targets: &mut targets, count });
		let (mut tiles_u8, mut panels_u8) = (BatchTilesU8::new(window), ActivationPanelsU8::new(window));
		let mut again = batch_rows(horizon);
		backend.run(GatherWindowsU8 { windows, tiles: &mut tiles_u8, panels: &mut panels_u8, targets: &mut again });
		let mut words = [0; BATCH];
		backend.run(PhiloxBatch { key: Key::new(&seed, 3).words(), step: case << 31, words: &mut words });
		(tiles, panels, targets, words, tiles_u8, panels_u8, again)
	};
	let expected = run(Backend::SCALAR);
	for backend in others() {
		assert!(run(backend) == expected, "{backend:?}, case {case}, {window} of {history}, {horizon}, {in_shift}");
	}
	let mut stream = Key::new(&seed, 3).stream(case << 31);
	assert!(expected.3.iter().all(|word| *word == stream.next_u32()));
}

#[test]
fn windows_and_random_words_are_the_same_everywhere() {
	(0..60).into_par_iter().for_each(gather_case);
}

#[test]
#[ignore = "a minute: 5 000 batches"]
fn the_large_set_of_windows_is_the_same_everywhere() {
	(0..5_000).into_par_iter().for_each(gather_case);
}
