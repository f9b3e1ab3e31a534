//! The benchmarks of this chain's pallets, and the domains, models and validators they are measured on.
//!
//! `scripts/bench.sh weights` asks for them through the `Benchmark` API. They start from the `development` chain. The pallets of the SDK
//! are not among them: their weights come measured.

use crate::{
	configs::doin::{ActiveStake, MinBounty},
	*,
};
use alloc::{string::String, vec};
use codec::Encode;
use doin_primitives::{
	blake2_256,
	bounded_collections::{BoundedVec, ConstU32},
	domain::{
		Champion, DomainState, Page, INITIAL_LOSS, MAX_GENES, MAX_MODEL_BYTES, MAX_WINDOW_MACS, MIN_IMPROVEMENT_FLOOR,
		PAGE_VALUES,
	},
	payload::{Metrics, Reveal},
	DomainId, DomainSpec, Evidence, Gene, Limits, ModelRef, RoundId, SizeClass, Split, Status, DOIN, MILLION,
};
use doin_primitives_frame::{Electorate, Timing as _};
use doin_scoring::{
	encoder::MAX_CONVS,
	program::{MAX_AR, MAX_DIMENSIONS, MAX_HISTORY, MAX_SEASON, MAX_WINDOWS},
	Conv, Encoder, Forecast, Generator, Layer, Model, Net, Program, Quadratic, Target,
};
use frame_benchmarking::{account, BenchmarkBatch, BenchmarkConfig, BenchmarkList};
use frame_support::traits::{fungible::Mutate, StorageInfo, StorageInfoTrait, TrackedStorageKey, WhitelistedStorageKeys};
use pallet_doin_quorum::types::MACS_PER_UNIT;

frame_benchmarking::define_benchmarks!(
	[pallet_doin_domains, Domains]
	[pallet_doin_fee_market, FeeMarket]
	[pallet_doin_gauge, Gauge]
	[pallet_doin_optimae, Optimae]
	[pallet_doin_quorum, Quorum]
	[pallet_doin_reputation, Reputation]
	[pallet_doin_work, Work]
);

/// What can be measured, and the storage that is measured.
pub fn list(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
	let mut list = Vec::new();
	list_benchmarks!(list, extra);
	(list, AllPalletsWithSystem::storage_info())
}

/// Measures one benchmark.
pub fn dispatch(config: BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, String> {
	let whitelist: Vec<TrackedStorageKey> = AllPalletsWithSystem::whitelisted_storage_keys();
	let mut batches = Vec::new();
	let params = (&config, &whitelist);
	add_benchmarks!(params, batches);
	Ok(batches)
}

/// Steps that the domain of [`forecast`] looks ahead: with this many, a net of one layer fills the largest model.
const HORIZON: u16 = 32;
/// Chunks of a measurement: the most there are.
const CHUNKS: u16 = 256;
/// Values of the series: one window of the validation split per chunk, so that measuring a claim is not what a benchmark measures.
const VALUES: u32 = MAX_HISTORY as u32 + CHUNKS as u32 + HORIZON as u32 - 1;
/// Bytes of an encoded net of one layer beside weights and biases, at most.
const NET_OVERHEAD: u32 = 32;

fn text<const N: u32>(len: u32, first: u8) -> BoundedVec<u8, ConstU32<N>> {
	let rest = (1..len).map(|_| b'x');
	BoundedVec::truncate_from(core::iter::once(first).chain(rest).collect())
}

fn values() -> Vec<i32> {
	(0..VALUES).map(|t| (t.wrapping_mul(2_654_435_761) >> 20) as i32).collect()
}

/// A record whose every list is as long as can be, and that may be voted for.
fn forecast() -> DomainSpec {
	let genes = (0..MAX_GENES).map(|n| Gene { name: text(32, b'a' + n as u8), lo: 1, hi: 64, log: true, frac: 0 });
	DomainSpec {
		name: text(64, b'x'),
		unit: text(32, b'x'),
		program: Program::Forecast(Forecast {
			horizon: HORIZON,
			history: MAX_HISTORY,
			season: MAX_SEASON as u16,
			chunks: CHUNKS,
			windows: MAX_WINDOWS,
			channels: 1,
			target: Target::Values,
		}),
		genes: BoundedVec::truncate_from(genes.collect()),
		limits: Limits { model_bytes: MAX_MODEL_BYTES, window_macs: MAX_WINDOW_MACS },
		data_root: blake2_256(&values().encode()),
		values: VALUES,
		split: Split { train_end: MAX_HISTORY.into(), validation_end: VALUES },
		evidence: Evidence::Synthetic(Generator {
			template: BoundedVec::truncate_from(vec![1; MAX_SEASON as usize]),
			ar: BoundedVec::truncate_from(vec![1; MAX_AR as usize]),
			noise: 256,
			level: 0,
		}),
		min_improvement: MIN_IMPROVEMENT_FLOOR,
		target: INITIAL_LOSS - 1,
	}
}

/// A record whose chunks cost next to nothing to compute.
fn quadratic() -> DomainSpec {
	DomainSpec {
		program: Program::Quadratic(Quadratic { target: BoundedVec::truncate_from(vec![256; MAX_DIMENSIONS as usize]) }),
		data_root: Default::default(),
		values: 0,
		split: Split { train_end: 0, validation_end: 0 },
		evidence: Evidence::Public,
		..forecast()
	}
}

/// Owner of every domain made here.
fn owner() -> AccountId {
	account("owner", 0, 0)
}

/// Makes an active domain, whose champion is a baseline that every other model beats.
fn active(spec: DomainSpec, initial: ModelRef) -> DomainId {
	let domain = pallet_doin_domains::NextDomainId::<Runtime>::mutate(|next| core::mem::replace(next, *next + 1));
	let error = u32::MAX.into();
	let champion =
		Champion { model: initial, author: None, round: None, block: 0, error, initial_error: error, validation_error: error };
	let state = DomainState {
		owner: owner(),
		status: Status::Active,
		pages_missing: 0,
		initial,
		initial_validation_error: error,
		champion,
		high_water: 0,
		bounty: 0,
		open_rounds: 0,
	};
	pallet_doin_domains::Specs::<Runtime>::insert(domain, spec);
	pallet_doin_domains::States::<Runtime>::insert(domain, state);
	domain
}

/// Gives `who` something to give.
fn funded(who: AccountId) -> AccountId {
	assert!(Balances::mint_into(&who, 2 * MinBounty::get()).is_ok(), "the account exists");
	who
}

/// A net of one layer from `window` steps of history to the horizon.
fn linear(window: u16, weights: Vec<i16>) -> Net {
	let bias = vec![0; usize::from(HORIZON)];
	let layer = Layer { inputs: window, outputs: HORIZON, shift: 1, weights, bias };
	Net { window, in_shifts: vec![0], skip: None, encoder: Encoder::None, layers: vec![layer] }
}

/// The net of thin convolutions that reads the fewest steps of history and costs at least `macs` a window. Convolutions share their weights
/// among steps, so that the dearest net that a domain may admit fits the bytes of a model, and of all nets thin ones take longest for what
/// is counted. With fewer channels, no window is long enough for the most that may be counted.
fn convolutions(macs: u64) -> Net {
	const CHANNELS: u16 = 3;
	let layer = |inputs: u16, outputs: u16| Layer {
		inputs,
		outputs,
		shift: 8,
		weights: (0..u32::from(inputs) * u32::from(outputs)).map(|n| (n % 255) as i16 - 127).collect(),
		bias: vec![0; outputs.into()],
	};
	let conv = |inputs: u16, outputs: u16| Conv { kernel: 1, dilation: 1, stride: 1, layer: layer(inputs, outputs) };
	let mut convs = vec![conv(CHANNELS, CHANNELS); MAX_CONVS - 2];
	convs.insert(0, conv(1, CHANNELS));
	convs.push(conv(CHANNELS, 1));
	let net = |window: u16| Net {
		window,
		in_shifts: vec![0],
		skip: None,
		encoder: Encoder::Conv(convs.clone()),
		layers: vec![layer(window, HORIZON)],
	};
	let (mut least, mut most) = (1, MAX_HISTORY);
	while least < most {
		let middle = least.midpoint(most);
		if net(middle).macs() < macs {
			least = middle + 1;
		} else {
			most = middle;
		}
	}
	net(least)
}

/// What the pallets' benchmarks ask for.
pub struct World;

impl pallet_doin_gauge::benchmarking::BenchmarkHelper<AccountId> for World {
	fn votable(n: u32) -> Vec<DomainId> {
		(0..n).map(|_| active(forecast(), ModelRef::RepeatLast)).collect()
	}

	fn voters(n: u32) -> Vec<AccountId> {
		let voters: Vec<AccountId> = (0..n).map(|index| account("voter", index, 0)).collect();
		let era = pallet_staking::ActiveEra::<Runtime>::get().map_or(0, |era| era.index);
		let stake = sp_staking::PagedExposureMetadata { total: DOIN, own: DOIN, nominator_count: 0, page_count: 0 };
		for who in &voters {
			pallet_staking::ErasStakersOverview::<Runtime>::insert(era, who, stake);
		}
		pallet_session::Validators::<Runtime>::put(&voters);
		assert!(ActiveStake::stakes().iter().all(|(_, stake)| *stake == DOIN), "every voter has a stake");
		voters
	}
}

impl pallet_doin_quorum::benchmarking::BenchmarkHelper for World {
	fn domain() -> (DomainId, SizeClass, ModelRef) {
		let spec = quadratic();
		let class = spec.class();
		(active(spec, ModelRef::Origin), class, ModelRef::Origin)
	}

	fn entropy() {
		pallet_babe::AuthorVrfRandomness::<Runtime>::put(Some([1; 32]));
	}

	fn judged(units: u32) -> (DomainId, ModelRef) {
		let domain = active(forecast(), ModelRef::RepeatLast);
		let net = convolutions(MACS_PER_UNIT * u64::from(units) / u64::from(MAX_WINDOWS));
		let Reveal { genes, validation, .. } = <Self as pallet_doin_optimae::BenchmarkHelper<AccountId>>::reveal(domain, 0);
		let stored = pallet_doin_optimae::types::StoredModel {
			author: owner(),
			round: RoundId { domain, number: 0 },
			bytes: BoundedVec::truncate_from(Model::Net(net).to_bytes()),
			genes,
			validation,
			hold: 0,
		};
		pallet_doin_optimae::Models::<Runtime>::insert(0, stored);
		(domain, ModelRef::Stored(0))
	}
}

impl pallet_doin_optimae::BenchmarkHelper<AccountId> for World {
	/// It weighs something and has a bounty of as many donors as can be, so a verdict has everything to pay.
	fn domain() -> DomainId {
		let domain = active(forecast(), ModelRef::RepeatLast);
		for (index, page) in (0..).zip(values().chunks(PAGE_VALUES as usize)) {
			pallet_doin_domains::Pages::<Runtime>::insert(domain, index, Page::truncate_from(page.to_vec()));
		}
		pallet_doin_gauge::Weights::<Runtime>::put(pallet_doin_gauge::Values::truncate_from(vec![(domain, MILLION)]));
		// One place on the list of donors is kept for the owner.
		let others = (1..pallet_doin_domains::MAX_DONORS).map(|index| account("donor", index, 0));
		for who in core::iter::once(owner()).chain(others) {
			let given = Domains::add_bounty(RuntimeOrigin::signed(funded(who)), domain, MinBounty::get());
			assert!(given.is_ok(), "the bounty grows: {given:?}");
		}
		let rounds = Timing::rounds();
		let (_, next) = rounds.reveal_window(rounds.place(domain, System::block_number()).round);
		System::set_block_number(next);
		domain
	}

	/// A net of zeros, which says what the first champion says. Its claims are false, and nobody looks before it is disputed.
	fn reveal(_: DomainId, bytes: u32) -> Reveal {
		let horizon = u32::from(HORIZON);
		// Per step of the window a row of two-byte weights, and four bytes of bias per step ahead.
		let rows = bytes.saturating_sub(NET_OVERHEAD + 4 * horizon) / (2 * horizon);
		let window = rows.clamp(1, MAX_HISTORY.into()) as u16;
		let net = linear(window, vec![0; usize::from(window) * usize::from(HORIZON)]);
		Reveal {
			genes: BoundedVec::truncate_from(vec![1; MAX_GENES as usize]),
			model: BoundedVec::truncate_from(Model::Net(net).to_bytes()),
			validation: BoundedVec::truncate_from(vec![1; CHUNKS.into()]),
			metrics: Metrics { optimizer: text(32, b'x'), ..Default::default() },
		}
	}

	fn set_block(block: BlockNumber) {
		System::set_block_number(block);
	}
}
