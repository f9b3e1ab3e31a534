//! Windows of sealed segments and live bars against an independent definition.

mod common;

use common::{forecast, net};
use doin_scoring::{
	philox::Stream,
	predicted_values,
	sample::{segment_span, strided, strided_live},
	score, Forecast, Model, ProgramError, Target, Windows,
};
use proptest::prelude::*;

/// A program that need not span a horizon per chunk.
fn any_program(stream: &mut Stream) -> Forecast {
	let horizon = 1 + stream.below(40) as u16;
	let season = 1 + stream.below(60) as u16;
	let target = match stream.below(3) {
		0 => Target::Values,
		1 => Target::Classes(vec![0].try_into().unwrap()),
		_ => Target::Steps(vec![1 + stream.below(horizon.into()) as u16].try_into().unwrap()),
	};
	let program = Forecast {
		horizon,
		season,
		history: season + stream.below(30) as u16,
		chunks: 32 + stream.below(9) as u16,
		windows: 1 + stream.below(8) as u16,
		channels: 1 + stream.below(3) as u8,
		target,
		..forecast()
	};
	assert_eq!(program.check(), Ok(()));
	program
}

/// The largest number up to the horizon that shares no factor with the season.
fn stride_by_definition(program: &Forecast) -> u64 {
	let shares = |stride: u16| (2..=stride).any(|factor| stride.is_multiple_of(factor) && program.season.is_multiple_of(factor));
	(1..=program.horizon).filter(|stride| !shares(*stride)).max().unwrap().into()
}

/// First forecast step of window `window` of a chunk, counted from the first step of the segment.
fn target_by_definition(program: &Forecast, seed: &[u8; 32], chunk: u64, window: u64) -> u64 {
	let stride = stride_by_definition(program);
	let number = seed[..8].iter().rev().fold(0u128, |number, byte| number * 256 + u128::from(*byte));
	let shift = number % u128::from((stride * u64::from(program.windows)).max(64));
	shift as u64 + (chunk * u64::from(program.windows) + window) * stride
}

/// The value of every step and channel.
fn value(step: u64, channel: u64) -> i32 {
	(step * 10 + channel) as i32
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(500))]

	#[test]
	fn strided_windows_equal_an_independent_definition(seed: [u8; 32]) {
		let program = any_program(&mut Stream::new(&seed, 0, 0));
		let (history, horizon, channels) = (u64::from(program.history), u64::from(program.horizon), u64::from(program.channels));
		let stride = stride_by_definition(&program);
		prop_assert_eq!(u64::from(program.stride()), stride);
		// The steps before the segment that a window can read, then the least segment.
		let all: Vec<i32> = (0..history + u64::from(program.segment_steps()))
			.flat_map(|step| (0..channels).map(move |channel| value(step, channel)))
			.collect();
		for chunk in [0, 1, program.chunks / 2, program.chunks - 1] {
			let span = segment_span(&program, &seed, chunk);
			let values = span.start as usize * usize::from(program.channels)..span.end as usize * usize::from(program.channels);
			let windows = strided(&program, &all[values.clone()]);
			prop_assert_eq!(windows.len(), usize::from(program.windows));
			for (window, (before, after)) in windows.iter().enumerate() {
				// Step `history` of `all` is the first one of the segment.
				let target = history + target_by_definition(&program, &seed, chunk.into(), window as u64);
				let expected = |steps: std::ops::Range<u64>| -> Vec<i32> {
					steps.flat_map(|step| (0..channels).map(move |channel| value(step, channel))).collect()
				};
				prop_assert_eq!(before, expected(target - history..target));
				prop_assert_eq!(after, expected(target..target + horizon));
			}
			// Nothing else is read.
			prop_assert_eq!(u64::from(span.start), target_by_definition(&program, &seed, chunk.into(), 0));
			let last = target_by_definition(&program, &seed, chunk.into(), u64::from(program.windows) - 1);
			prop_assert_eq!(u64::from(span.end), history + last + horizon);
			// Without gaps, live windows are the same ones.
			let live: Vec<Option<i32>> = all[values].iter().copied().map(Some).collect();
			prop_assert_eq!(strided_live(&program, &live), (windows, true));
		}
		// With the largest shift, `stride` steps are left.
		let steps = u64::from(program.chunks) * u64::from(program.windows);
		let shifts = (stride * u64::from(program.windows)).max(64);
		let least = (steps - 1) * stride + horizon + (shifts - 1);
		prop_assert_eq!(u64::from(program.segment_steps()), least + stride);
	}

	#[test]
	fn live_windows_with_gaps_equal_an_independent_definition(seed: [u8; 32], present in 0u32..=100) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let program = any_program(stream);
		let span = segment_span(&program, &seed, 3);
		let (channels, history) = (usize::from(program.channels), usize::from(program.history));
		let bars: Vec<Vec<Option<i32>>> = (0..span.len() as u64)
			.map(|step| (0..channels as u64).map(|c| (stream.below(100) < present).then(|| value(step, c))).collect())
			.collect();
		let mut expected = Vec::new();
		for window in 0..usize::from(program.windows) {
			let first = window * usize::from(program.stride());
			let target = first + history;
			let scored: Vec<usize> = match &program.target {
				Target::Values => (0..usize::from(program.horizon)).collect(),
				Target::Classes(_) => vec![usize::from(program.horizon) - 1],
				Target::Steps(steps) => steps.iter().map(|step| usize::from(*step) - 1).collect(),
			};
			let known = |channel: usize| (0..target).any(|step| bars[step][channel].is_some());
			if scored.iter().any(|step| bars[target + step][0].is_none()) || !(0..channels).all(known) {
				continue;
			}
			for step in first..target + usize::from(program.horizon) {
				expected.extend((0..channels).map(|channel| {
					let of = |step: usize| bars[step][channel];
					let before = (0..=step).rev().find_map(of);
					before.or_else(|| (first..target).find_map(of)).unwrap()
				}));
			}
		}
		let values: Vec<Option<i32>> = bars.concat();
		let (windows, full) = strided_live(&program, &values);
		prop_assert_eq!(&windows.values, &expected);
		prop_assert_eq!(full, 2 * windows.len() >= usize::from(program.windows));
	}

	/// The error sum of a model is that of the values that it predicts.
	#[test]
	fn scores_are_the_errors_of_predicted_values(seed: [u8; 32], models in 0usize..3) {
		let stream = &mut Stream::new(&seed, 0, 0);
		let program = Forecast { channels: 1, ..any_program(stream) };
		let window = program.history.min(12);
		let model = match models {
			0 => Model::RepeatLast,
			1 => Model::Seasonal,
			_ => Model::Net(net(stream, window, program.outputs(), true, None)),
		};
		let history: Vec<i32> = (0..program.history).map(|_| stream.below(2_000) as i32 - 1_000).collect();
		let future: Vec<i32> = (0..program.horizon).map(|_| stream.below(2_000) as i32 - 1_000).collect();
		let values = [&history[..], &future].concat();
		let windows = Windows { channels: 1, history: history.len(), horizon: future.len(), values };
		let predicted = predicted_values(&model, &program, &history);
		if let Target::Classes(_) = program.target {
			prop_assert_eq!(predicted, None);
		} else {
			let predicted = predicted.expect("a forecast of values");
			prop_assert_eq!(predicted.len(), usize::from(program.outputs()));
			let errors = predicted.iter().zip(program.scored(&future)).map(|(value, actual)| value.abs_diff(i64::from(*actual) * 16));
			let sum: u64 = errors.map(|error| error.min((1 << 20) - 1)).sum();
			prop_assert_eq!(u64::from(score(&model, &program, &windows)), sum);
		}
		prop_assert_eq!(predicted_values(&model, &program, &[]), None);
	}

	#[test]
	fn only_neighbours_share_forecast_steps(seed: [u8; 32]) {
		let program = any_program(&mut Stream::new(&seed, 0, 0));
		let steps = |chunk: u64| {
			let last = target_by_definition(&program, &seed, chunk, u64::from(program.windows) - 1);
			(target_by_definition(&program, &seed, chunk, 0), last + u64::from(program.horizon))
		};
		match program.check_strided() {
			Ok(()) => prop_assert!(steps(5).1 <= steps(7).0),
			Err(error) => {
				prop_assert_eq!(error, ProgramError::Stride);
				prop_assert!(u64::from(program.windows) * stride_by_definition(&program) < u64::from(program.horizon));
			}
		}
	}

	#[test]
	fn unchecked_programs_and_odd_lengths_never_panic(
		numbers: [u16; 5], small: bool, channels: u8, seed: [u8; 32], chunk: u16,
		values in proptest::collection::vec(proptest::option::of(any::<i32>()), 0..300),
	) {
		let [horizon, history, season, chunks, windows] = numbers.map(|number| if small { number % 9 } else { number });
		let channels = if small { channels % 4 } else { channels };
		let program = Forecast { horizon, history, season, chunks, windows, channels, ..forecast() };
		let _ = (program.check_strided(), program.segment_steps(), segment_span(&program, &seed, chunk));
		let (windows, _) = strided_live(&program, &values);
		score(&Model::RepeatLast, &program, &windows);
		let values: Vec<i32> = values.into_iter().map(|value| value.unwrap_or(7)).collect();
		score(&Model::Seasonal, &program, &strided(&program, &values));
	}
}

#[test]
fn a_chunk_spans_at_least_a_horizon() {
	let with = |horizon, season, windows| Forecast { horizon, season, windows, history: 96, ..forecast() };
	assert_eq!(with(24, 24, 2).check_strided(), Ok(()));
	assert_eq!(with(24, 24, 1).check_strided(), Err(ProgramError::Stride), "23 steps");
	assert_eq!(with(24, 7, 1).check_strided(), Ok(()));
	assert_eq!(with(2, 2, 1).check_strided(), Err(ProgramError::Stride), "one step");
	assert_eq!(with(2, 2, 2).check_strided(), Ok(()));
}

#[test]
fn the_stride_is_coprime_to_the_season() {
	let stride = |horizon, season| Forecast { horizon, season, history: 512, ..forecast() }.stride();
	assert_eq!(stride(24, 24), 23);
	assert_eq!(stride(24, 7), 24);
	assert_eq!(stride(24, 138), 19, "23 and 22 to 20 share a factor with 2 · 3 · 23");
	assert_eq!((stride(1, 1), stride(1, 512), stride(2, 2), stride(512, 1)), (1, 1, 1, 512));
}

#[test]
fn the_seed_shifts_all_windows_alike() {
	let program = Forecast { horizon: 24, season: 24, windows: 2, history: 96, ..forecast() };
	// 2 · 23 steps a chunk are less than 64, so there are 64 shifts.
	let start = |number: u64, rest: u8, chunk| {
		let mut seed = [rest; 32];
		seed[..8].copy_from_slice(&number.to_le_bytes());
		segment_span(&program, &seed, chunk).start
	};
	assert_eq!(program.segment_steps(), 32 * 46 + 24 + 63);
	for number in 0..200 {
		assert_eq!(start(number, 0, 0), (number % 64) as u32);
		assert_eq!(start(number, 9, 7), (number % 64) as u32 + 7 * 46);
	}
	let longer = Forecast { windows: 5, ..program.clone() };
	assert_eq!(longer.segment_steps(), 32 * 115 + 24 + 114);
	let seed = std::array::from_fn(|byte| u8::from(byte == 0) * 116);
	assert_eq!(segment_span(&longer, &seed, 0), 1..1 + 96 + 4 * 23 + 24);
}

#[test]
fn gaps_repeat_the_value_before_and_drop_windows_without_a_target() {
	let program = Forecast { horizon: 2, history: 3, season: 3, windows: 2, ..forecast() };
	assert_eq!(program.stride(), 2);
	let of = |values: [Option<i32>; 7]| {
		let (windows, full) = strided_live(&program, &values);
		(windows.values, full)
	};
	let all = [Some(10), Some(11), Some(12), Some(13), Some(14), Some(15), Some(16)];
	assert_eq!(of(all), (vec![10, 11, 12, 13, 14, 12, 13, 14, 15, 16], true));
	let without = |gaps: &[usize]| of(std::array::from_fn(|at| all[at].filter(|_| !gaps.contains(&at))));
	assert_eq!(without(&[1, 2]), (vec![10, 10, 10, 13, 14, 10, 13, 14, 15, 16], true));
	assert_eq!(without(&[0]), (vec![11, 11, 12, 13, 14, 12, 13, 14, 15, 16], true), "there is no value before");
	assert_eq!(without(&[3]), (vec![12, 12, 14, 15, 16], true), "the first window misses a target; one of two is left");
	assert_eq!(without(&[0, 1, 2]), (vec![13, 13, 14, 15, 16], true), "the first window has no history");
	assert_eq!(without(&[3, 5]), (vec![], false));
	assert_eq!(score(&Model::RepeatLast, &program, &strided_live(&program, &[None; 7]).0), 0);
	// Only step 2 is scored.
	let steps = Forecast { target: Target::Steps(vec![2].try_into().unwrap()), ..program.clone() };
	let values: Vec<Option<i32>> = all.iter().enumerate().map(|(at, value)| value.filter(|_| at != 3)).collect();
	assert_eq!(strided_live(&steps, &values).0.values, [10, 11, 12, 12, 14, 12, 12, 14, 15, 16]);
}
