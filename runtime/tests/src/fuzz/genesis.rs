//! The chain that is fuzzed: the development preset with small domains, so that a recomputation takes microseconds.

use super::ACTORS;
use crate::genomes;
use doin_primitives::{
	blake2_256, bounded_collections::BoundedVec, evidence::LIVE_CHUNKS, DomainSpec, Evidence, Gene, Growth, Limits, RoundParams,
	SizeClass, Split, MILLION,
};
use doin_runtime::{Balance, RuntimeGenesisConfig};
use doin_scoring::{
	genome::TrainingRuns,
	landscape::{Landscape, Shape},
	Forecast, Generator, Loss, Program, Quadratic, Target, Tolerance, WindowPhase,
};
use pallet_doin_domains::GenesisDomain;
use sp_keyring::Sr25519Keyring;

/// Rise of the series of the small domains per step. A model that adds it to the last value beats both baselines.
pub const DRIFT: i32 = 50;
/// Lengths of the phases of rounds whose windows can be doubled. Thirteen full blocks raise the base fee by a factor of 4.6, and
/// twelve, where one is the first of a session, by 4.1. The time for a segment and the window of reveals are as long.
pub const LONG_WINDOWS: RoundParams = RoundParams { evidence: 13, reveal: 13, ..RoundParams::DEV };
/// Pot of the stream, in plancks: the fees of 150 batches, so that it sleeps in a long chain unless an actor sponsors it.
const STREAM_POT: Balance = 150 * doin_primitives::DOIN;
/// Values of the series of a small domain.
const VALUES: usize = 640;
/// Samples of a domain of training runs.
const SAMPLES: usize = 60;

/// Returns the series of a small domain.
pub(super) fn series() -> Vec<i32> {
	(0..VALUES as i32).map(|step| DRIFT * step + (step * 7919) % 5).collect()
}

/// Returns the record of a small forecasting domain.
pub(super) fn forecast(name: &[u8]) -> DomainSpec {
	let values = series();
	DomainSpec {
		name: BoundedVec::truncate_from(name.to_vec()),
		unit: BoundedVec::truncate_from(b"1".to_vec()),
		program: Program::Forecast(Forecast {
			horizon: 2,
			history: 8,
			season: 4,
			chunks: 32,
			windows: 1,
			channels: 1,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		}),
		genes: BoundedVec::truncate_from(vec![Gene {
			name: BoundedVec::truncate_from(b"growth".to_vec()),
			lo: -1_000,
			hi: 1_000,
			log: false,
			frac: 0,
		}]),
		limits: Limits { model_bytes: 1_024, window_macs: 1_024 },
		data_root: blake2_256(&codec::Encode::encode(&values)),
		values: values.len() as u32,
		growth: Growth::Fixed,
		split: Split { train_end: 300, validation_end: 600 },
		licence: BoundedVec::new(),
		evidence: Evidence::Synthetic(Generator {
			template: BoundedVec::truncate_from(vec![DRIFT << 8; 4]),
			ar: BoundedVec::new(),
			noise: 512,
			level: 1_000,
		}),
		min_improvement: 5_000,
		target: 0,
	}
}

/// Returns the record of a domain that is the squared distance to a point. Its evidence is public and its target can be reached.
pub(super) fn quadratic(name: &[u8]) -> DomainSpec {
	DomainSpec {
		program: Program::Quadratic(Quadratic { target: BoundedVec::truncate_from(vec![300; 32]) }),
		data_root: [0; 32],
		values: 0,
		split: Split { train_end: 0, validation_end: 0 },
		evidence: Evidence::Public,
		target: 1_000,
		..forecast(name)
	}
}

/// Returns the record of a landscape, which is registered while the chain runs.
pub(super) fn landscape(name: &[u8]) -> DomainSpec {
	let ackley = Landscape { shape: Shape::Ackley, dimensions: 4, seed: Some(9) };
	DomainSpec { program: Program::Landscape(ackley), ..quadratic(name) }
}

/// Returns the record of a domain whose sums a quorum computes. Its target can be reached. Its genes are those of [`forecast`].
pub(super) fn tolerance(name: &[u8]) -> DomainSpec {
	let program = Tolerance { code: [7; 32], epsilon: 1_000, chunks: 32, initial_error: 32_000_000 };
	DomainSpec { program: Program::Tolerance(program), target: 1 << 19, ..quadratic(name) }
}

/// Returns training runs of microseconds.
fn runs() -> TrainingRuns {
	TrainingRuns {
		features: 4,
		classes: 3,
		hidden: BoundedVec::truncate_from(vec![4]),
		training: 16,
		validation: 16,
		batch: 8,
		steps: 8,
		..genomes::digits()
	}
}

/// Returns the samples of a domain of training runs.
pub(super) fn samples() -> Vec<u8> {
	genomes::samples(&runs(), SAMPLES)
}

/// Returns the record of a domain of training runs, which is registered while the chain runs. Its genes are those of [`forecast`].
pub(super) fn training_runs(name: &[u8]) -> DomainSpec {
	let DomainSpec { name, genes, .. } = forecast(name);
	let (spec, ..) = genomes::domain(&runs(), SAMPLES);
	DomainSpec { name, genes, ..spec }
}

/// Returns the record of a domain with live evidence, whose registration a chain without streams refuses.
pub(super) fn live(name: &[u8]) -> DomainSpec {
	let spec = forecast(name);
	let Program::Forecast(program) = spec.program else { unreachable!("a forecasting domain") };
	DomainSpec {
		program: Program::Forecast(Forecast { chunks: LIVE_CHUNKS, windows: 2, ..program }),
		evidence: Evidence::Live { stream: 0, unit: 1 },
		..spec
	}
}

/// Returns the genesis: a weighted, an unweighted and a quadratic domain, the development accounts, and ten evaluators of the
/// class of the weighted one. Rounds have these lengths. The stream of the development chains is awake.
pub fn genesis(rounds: RoundParams) -> RuntimeGenesisConfig {
	let mut genesis = crate::preset_genesis("local_testnet");
	genesis.timing.rounds = rounds;
	genesis.oracle.streams[0].pot = STREAM_POT;
	let owner = Sr25519Keyring::Alice.to_account_id();
	genesis.domains.domains = vec![
		GenesisDomain::new(owner.clone(), &forecast(b"weighted"), series()),
		GenesisDomain::new(owner.clone(), &forecast(b"unweighted"), series()),
		GenesisDomain::new(owner, &quadratic(b"quadratic"), Vec::new()),
	];
	genesis.gauge.weights = vec![(0, MILLION)];
	let stashes = ACTORS[8..].iter().map(|actor| actor.to_account_id());
	genesis.balances.balances.extend(stashes.clone().map(|stash| (stash, 1_000_000 * doin_primitives::DOIN)));
	genesis.evaluators.evaluators.extend(stashes.map(|stash| (stash, 1_000 * doin_primitives::DOIN, SizeClass::Small)));
	genesis
}

/// Amounts that calls use, from nothing to nearly everything, in plancks.
pub(super) fn amount(n: u32) -> Balance {
	const DOIN: Balance = doin_primitives::DOIN;
	[0, 1, DOIN / 1_000, DOIN, 20 * DOIN, 450 * DOIN, 5_000 * DOIN, 900_000 * DOIN][n as usize % 8]
}
