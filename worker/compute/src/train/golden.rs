//! Nets of fixed candidates, pinned: every implementation of training must give these bits.

use crate::{
	fixtures::{direction, follower, seasonal, tent},
	train::candidate::BYTE_OPERAND_BITS,
	Candidate, Dataset, Family, ForecastTask,
};
use doin_scoring::{Model, Target};
use std::sync::atomic::AtomicBool;

/// Returns the pinned runs: a task, the number of synthetic windows, and candidates.
fn runs() -> Vec<(ForecastTask, u32, Vec<Candidate>)> {
	let base = Candidate { window: 24, width: 20, epochs: 3, ..Candidate::default() };
	let with_and_without_skip = vec![
		Candidate { seed: 1, ..base },
		Candidate { linear_skip: false, depth: 2, width: 33, ..base },
		Candidate { window: 13, width: 7, depth: 3, synthetic_share: 0, decay: 0, seed: 9, ..base },
		Candidate { window: 1, width: 1, synthetic_share: 256, rate: 14, ..base },
		Candidate { window: 17, width: 64, depth: 2, rate: 12, decay: 8, seed: u64::MAX, ..base },
		Candidate { linear_skip: false, width: 130, depth: 2, synthetic_share: 100, rate: 0, seed: 77, ..base },
	];
	let alone = vec![
		Candidate { linear_skip: false, window: 6, width: 40, depth: 2, decay: 1, seed: 3, ..base },
		Candidate { linear_skip: false, window: 5, width: 16, depth: 8, rate: 9, seed: 4, ..base },
	];
	// Targets and differences beyond 32 bits.
	let mut huge = tent();
	let last = huge.series.len() as i32 - 1;
	huge.series.iter_mut().enumerate().for_each(|(t, value)| {
		*value = value.wrapping_mul(3_000).wrapping_add((t as i32 % 2) * 1_900_000_000).wrapping_sub(last)
	});
	// A horizon longer than a vector, and batches of fewer windows than a tile.
	let mut far = seasonal();
	(far.program.horizon, far.generator, far.split.train_end) = (37, None, 700);
	vec![
		(seasonal(), 700, with_and_without_skip.clone()),
		(tent(), 0, alone.clone()),
		(huge, 0, alone),
		(far, 0, with_and_without_skip),
	]
}

/// First bytes of the digest of each net.
const PINNED: [u32; 16] = [
	3571756735, 414748871, 2090661734, 944980693, 2728665980, 2664695153, 1146412631, 2766669706, 2488791154, 4167044371,
	603282473, 2085973413, 3031915615, 1334969408, 2456648361, 252131634,
];

#[test]
fn pinned_candidates_train_to_pinned_nets() {
	let mut digests = Vec::new();
	for (task, synthetic, candidates) in runs() {
		let data = Dataset::new(task, synthetic, 5).unwrap();
		for candidate in candidates {
			let net = candidate.train(&data, &AtomicBool::new(false)).unwrap();
			let digest = doin_primitives::blake2_256(&Model::Net(net).to_bytes());
			digests.push(u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]));
		}
	}
	assert_eq!(digests, PINNED);
}

/// First bytes of the digest of each net with a cell, and of one net of each family for several channels, for classes and for
/// some steps.
const PINNED_CELLS: [u32; 16] = [
	2433028397, 2742678527, 4261501366, 2184832849, 2345599605, 2611148762, 737118722, 2954616369, 4226415994, 3691005422,
	171841847, 2706947569, 976578396, 1838965491, 3883580964, 1239801671,
];

#[test]
fn cells_channels_and_classes_train_to_pinned_nets() {
	let base = Candidate { family: Family::Lstm, window: 24, width: 9, rate: 12, epochs: 2, ..Candidate::default() };
	let cells = vec![
		base,
		Candidate { linear_skip: false, window: 11, width: 20, synthetic_share: 0, seed: 2, ..base },
		Candidate { family: Family::Gru, ..base },
		Candidate { family: Family::Gru, linear_skip: false, window: 7, width: 3, seed: 5, ..base },
	];
	let families =
		|window: u16| Family::ALL.map(|family| Candidate { family, window, kernel: 2, linear_skip: window > 6, ..base }).to_vec();
	let mut some = seasonal();
	some.program.target = Target::Steps(vec![1, 5].try_into().unwrap());
	let mut digests = Vec::new();
	for (task, synthetic, candidates) in
		[(seasonal(), 500, cells), (follower(), 0, families(6)), (direction(), 0, families(5)), (some, 300, families(20))]
	{
		let data = Dataset::new(task, synthetic, 5).unwrap();
		for candidate in candidates {
			let net = candidate.train(&data, &AtomicBool::new(false)).unwrap();
			assert_eq!(net, candidate.train(&data, &AtomicBool::new(false)).unwrap());
			let digest = doin_primitives::blake2_256(&Model::Net(net).to_bytes());
			digests.push(u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]));
		}
	}
	assert_eq!(digests, PINNED_CELLS);
}

/// First bytes of the digest of each net that is trained in 8 bits.
const PINNED_8_BITS: [u32; 7] = [1316512268, 452496823, 794260573, 739206107, 3311217044, 904516275, 2713435958];

#[test]
fn candidates_in_8_bits_train_to_pinned_nets() {
	let base = Candidate { window: 24, width: 20, epochs: 3, bits: BYTE_OPERAND_BITS, ..Candidate::default() };
	let with_and_without_skip = vec![
		Candidate { seed: 1, ..base },
		Candidate { linear_skip: false, depth: 2, width: 33, ..base },
		Candidate { window: 17, width: 64, depth: 3, rate: 12, decay: 8, synthetic_share: 100, seed: u64::MAX, ..base },
	];
	let short = |skip, depth| vec![Candidate { window: 5, linear_skip: skip, depth, seed: 3, ..base }];
	let mut digests = Vec::new();
	for (task, synthetic, candidates) in [
		(seasonal(), 700, with_and_without_skip),
		(tent(), 0, [short(false, 2), short(true, 8)].concat()),
		(follower(), 0, short(true, 2)),
		(direction(), 0, short(false, 1)),
	] {
		let data = Dataset::new(task, synthetic, 5).unwrap();
		for candidate in candidates {
			let net = candidate.train(&data, &AtomicBool::new(false)).unwrap();
			let digest = doin_primitives::blake2_256(&Model::Net(net).to_bytes());
			digests.push(u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]));
		}
	}
	assert_eq!(digests, PINNED_8_BITS);
}
