//! Tests of datasets.

use super::*;
use crate::{
	fixtures::{direction, follower, seasonal, tent},
	Error,
};
use doin_scoring::{sample, score, Model, ProgramError};
use std::ops::Range;

#[test]
fn nothing_after_the_training_part_is_trained_on() {
	let task = seasonal();
	let mut changed = task.clone();
	changed.series[task.split.train_end as usize..].fill(0);
	let (a, b) = (Dataset::new(task, 0, 0).unwrap(), Dataset::new(changed, 0, 0).unwrap());
	assert!(a.training_windows(WindowSource::Published).eq(b.training_windows(WindowSource::Published)));
	assert!(a.early_stopping_windows(WindowSource::Published).eq(b.early_stopping_windows(WindowSource::Published)));
}

#[test]
fn training_targets_end_where_early_stopping_targets_begin() {
	let mut task = seasonal();
	task.series = (0..task.series.len() as i32).collect();
	let set = Dataset::new(task, 0, 0).unwrap();
	let last_trained = set.training_windows(WindowSource::Published).flat_map(|(_, future)| future).max();
	let first_stopping = set.early_stopping_windows(WindowSource::Published).flat_map(|(_, future)| future).min();
	assert_eq!((last_trained, first_stopping), (Some(&1_799), Some(&1_800)));
	assert_eq!(set.early_stopping_windows(WindowSource::Published).flat_map(|(_, future)| future).max(), Some(&2_099));
	assert_eq!((set.training_window_count(), set.early_stopping_windows(WindowSource::Published).len()), (1_771, 295));
	assert_eq!(*set.starts(Part::All, WindowSource::Published), (0..=2_070).collect::<Vec<_>>());
}

#[test]
fn synthetic_windows_are_shared_out_and_depend_on_the_seed() {
	let set = Dataset::new(seasonal(), 700, 1).unwrap();
	assert_eq!(
		(set.training_windows(WindowSource::Synthetic).len(), set.early_stopping_windows(WindowSource::Synthetic).len()),
		(600, 100)
	);
	assert_eq!(set.synthetic_share(64), 64);
	assert!(!set
		.training_windows(WindowSource::Synthetic)
		.eq(Dataset::new(seasonal(), 700, 2).unwrap().training_windows(WindowSource::Synthetic)));
	assert_eq!(set.initial_errors().practice.len(), 32);
}

#[test]
fn without_synthetic_windows_there_is_no_share_of_them() {
	for (task, synthetic) in [(tent(), 700), (seasonal(), 0), (seasonal(), 1)] {
		assert_eq!(Dataset::new(task, synthetic, 0).unwrap().synthetic_share(FULL_SHARE), 0);
	}
}

fn pool(task: &ForecastTask, parts: Vec<SplitSeries>) -> Result<Dataset, Error> {
	Dataset::pooled(task.program.clone(), task.limits.clone(), parts)
}

#[test]
fn pooled_series_are_trained_on_side_by_side() {
	let task = tent();
	let part = SplitSeries { series: task.series.clone(), split: task.split };
	let mirrored = SplitSeries { series: task.series.iter().map(|value| -value).collect(), ..part.clone() };
	let one = Dataset::new(task.clone(), 0, 0).unwrap();
	let both = pool(&task, vec![part, mirrored.clone()]).unwrap();
	assert_eq!(both.training_window_count(), 2 * one.training_window_count());
	let negated = |(past, future): (&[i32], &[i32])| [past, future].concat().iter().map(|value| -value).collect::<Vec<_>>();
	assert!(both
		.training_windows(WindowSource::Published)
		.skip(one.training_window_count())
		.map(negated)
		.eq(one.training_windows(WindowSource::Published).map(|(past, future)| [past, future].concat())));
	assert_eq!(
		both.early_stopping_windows(WindowSource::Published).len(),
		2 * one.early_stopping_windows(WindowSource::Published).len()
	);
	// A shared linear model learns only what both series have in common: by symmetry, it has no bias.
	let net = &both.linear_model(6, 0).unwrap().net;
	assert!(net.skip.as_ref().unwrap().bias[0].abs() <= 1 << net.skip.as_ref().unwrap().shift);
	assert_eq!(both.validation_window_count(), 2 * 900);
	assert!(pool(&task, vec![SplitSeries { series: mirrored.series[..5_000].to_vec(), ..mirrored }]).is_err());
}

#[test]
fn a_series_of_its_own_may_train_validate_or_test() {
	let task = follower();
	let program = &task.program;
	let part = |steps: Range<usize>, train_end, validation_end| SplitSeries {
		series: task.series[2 * steps.start..2 * steps.end].to_vec(),
		split: Split { train_end, validation_end },
	};
	let parts = vec![part(0..700, 700, 700), part(900..1_000, 0, 100), part(700..900, 200, 200), part(1_000..1_050, 0, 0)];
	let set = pool(&task, parts.clone()).unwrap();
	let span = program.span() as usize;
	assert_eq!(set.validation_window_count(), 100 - span + 1);
	assert_eq!(set.test_chunks().iter().map(Windows::len).sum::<usize>(), 50 - span + 1);
	assert_eq!(set.starts(Part::All, WindowSource::Published).len(), 700 + 200 - 2 * (span - 1), "no window lies in two series");
	let mut x = vec![0; 12];
	for (place, steps) in [(0, 0..700), (700, 700..900)] {
		let history = &task.series[2 * steps.start..][..2 * usize::from(program.history)];
		let mut expected = vec![0; 12];
		let (first, second) = expected.split_at_mut(6);
		doin_scoring::score::channel_differences(0, 0, 2, history, first);
		doin_scoring::score::channel_differences(0, 1, 2, history, second);
		set.features(place, &[0, 0], &mut x);
		assert_eq!(x, expected);
	}
	// Order does not matter to what validates.
	let turned = pool(&task, vec![parts[1].clone(), parts[0].clone()]).unwrap();
	assert_eq!(turned.chunk_errors(&Model::RepeatLast), set.chunk_errors(&Model::RepeatLast));
	assert!(matches!(pool(&task, parts[..1].to_vec()), Err(Error::Short { what: "one window to validate on", .. })));
	assert!(matches!(pool(&task, parts[1..2].to_vec()), Err(Error::Short { have: 0, .. })), "nothing to train on");
	assert!(matches!(pool(&task, vec![part(0..7, 7, 7), parts[1].clone()]), Err(Error::Short { have: 7, need: 8, .. })));
	let mut odd = parts[1].clone();
	odd.series.pop();
	assert_eq!(pool(&task, vec![odd]).unwrap_err(), ProgramError::Channels.into());
}

#[test]
fn classes_are_counted_where_a_net_learns() {
	let set = Dataset::new(direction(), 0, 0).unwrap();
	let counts = set.class_counts();
	assert_eq!((counts.len(), counts.iter().sum::<u64>()), (3, set.starts(Part::All, WindowSource::Published).len() as u64));
	assert!(counts.iter().all(|count| *count > 0));
	assert!(Dataset::new(tent(), 0, 0).unwrap().class_counts().is_empty());
}

#[test]
fn fitness_is_relative_to_the_initial_champion() {
	let set = Dataset::new(seasonal(), 0, 1).unwrap();
	// The season is strong, so the initial champion is seasonal.
	assert_eq!(set.initial_errors(), &set.chunk_errors(&Model::Seasonal));
	assert_eq!(set.fitness(&set.chunk_errors(&Model::Seasonal)), 1 << 20);
	assert!(set.fitness(&set.chunk_errors(&Model::RepeatLast)) > 1 << 20);
}

#[test]
fn any_windows_are_scored_as_the_chain_does() {
	let set = Dataset::new(seasonal(), 0, 1).unwrap();
	let program = &set.task.program;
	let mut chunks = vec![
		sample::tail(program, &set.task.series[..2_640], 2_550),
		Windows { values: Vec::new(), ..set.validation[0].clone() },
	];
	// Differences that no back-end takes.
	chunks.push(Windows { values: (0..60).map(|at| (at % 7 - 3) * (1 << 28)).collect(), ..set.validation[0].clone() });
	for model in [Model::Seasonal, Model::Net(set.linear_model(24, 0).unwrap().net.clone())] {
		for chunks in [&chunks[..2], &chunks[2..], &chunks[..]] {
			let expected: Vec<u32> = chunks.iter().map(|windows| score(&model, program, windows)).collect();
			assert_eq!(set.score(&model, chunks), expected);
		}
	}
}

#[test]
fn inputs_nearly_always_fit_twelve_bits() {
	let set = Dataset::new(seasonal(), 0, 1).unwrap();
	let shift = set.in_shifts(24, 0)[0];
	let clipped = |shift: i8| {
		let (mut x, mut clipped, mut all) = ([0; 24], 0, 0);
		for (history, _) in set.training_windows(WindowSource::Published) {
			doin_scoring::score::channel_differences(shift, 0, 1, history, &mut x);
			clipped += x.iter().filter(|x| x.abs() == 2047).count();
			all += x.len();
		}
		clipped * 1000 / all
	};
	assert_eq!(clipped(shift), 0);
	assert!(clipped(shift + 2) > 0);
}

#[test]
fn a_series_that_is_too_short_is_refused_with_numbers() {
	let mut task = seasonal();
	task.series.truncate(2_000);
	let refused = Dataset::new(task, 0, 0).unwrap_err();
	assert_eq!(refused, Error::Short { have: 2_000, need: 2_550, what: "the end of its validation split" });
	let mut task = seasonal();
	task.split.train_end = 20;
	assert!(matches!(Dataset::new(task, 0, 0), Err(Error::Short { have: 20, need: 36, .. })));
}
