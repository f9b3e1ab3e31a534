//! Benchmarks of DOIN's pallets, and the domains, models and validators that they run on.
//!
//! `scripts/bench.sh weights` runs them through the `Benchmark` API on the `development` chain. Pallets of the SDK are not
//! included: they come with measured weights.

use crate::{
	configs::doin::{domains::MinBounty, gauge::ActiveStake},
	*,
};
use alloc::{string::String, vec};
use codec::Encode;
use doin_primitives::{
	blake2_256,
	bounded_collections::{BoundedVec, ConstU32},
	domain::{
		Champion, DomainState, ModelBytes, Page, INITIAL_LOSS, MAX_GENES, MAX_MODEL_BYTES, MAX_WINDOW_MACS,
		MIN_IMPROVEMENT_FLOOR, PAGE_BYTES, PAGE_VALUES,
	},
	evidence::MAX_SEGMENT_BYTES,
	inference::MAX_ENDPOINT,
	oracle::{Fields, StreamId, StreamSpec, Values, FIRST_STREAM},
	payload::{Metrics, Reveal},
	DomainId, DomainSpec, Evidence, EvidenceRef, Gene, Growth, Limits, ModelRef, RoundId, SizeClass, Split, Status, DOIN,
	MILLION, Q32,
};
use doin_scoring::{
	encoder::MAX_CONVS,
	program::{MAX_AR, MAX_DIMENSIONS, MAX_HISTORY, MAX_SEASON, MAX_WINDOWS},
	rows::{RowTarget, Rows, MAX_ROWS, ROW_CHUNKS},
	Conv, Encoder, Forecast, Generator, Layer, Loss, Model, Net, Program, Quadratic, Target, WindowPhase,
};
use doin_traits::{Electorate, Timing as _, Work as _};
use frame_benchmarking::{account, BenchmarkBatch, BenchmarkConfig, BenchmarkList};
use frame_support::traits::{
	fungible::{Mutate, MutateHold},
	StorageInfo, StorageInfoTrait, TrackedStorageKey, WhitelistedStorageKeys,
};
use pallet_doin_oracle::types::{Page as BarPage, StreamState};
use pallet_doin_recomputation::types::MACS_PER_UNIT;

frame_benchmarking::define_benchmarks!(
	[pallet_doin_budget, Budget]
	[pallet_doin_channels, Channels]
	[pallet_doin_domains, Domains]
	[pallet_doin_evaluators, Evaluators]
	[pallet_doin_evidence, crate::Evidence]
	[pallet_doin_fee_market, FeeMarket]
	[pallet_doin_forecasts, Forecasts]
	[pallet_doin_gauge, Gauge]
	[pallet_doin_inference, Inference]
	[pallet_doin_optimae, Optimae]
	[pallet_doin_oracle, Oracle]
	[pallet_doin_recomputation, Recomputation]
	[pallet_doin_reputation, Reputation]
	[pallet_doin_work, Work]
	[governance, Governance]
	[places, Places]
);

/// Returns the benchmarks, and the storage items that they count.
pub fn list(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
	let mut list = Vec::new();
	list_benchmarks!(list, extra);
	(list, AllPalletsWithSystem::storage_info())
}

/// Runs the benchmarks that `config` selects.
///
/// # Errors
///
/// Fails if a benchmark fails or is unknown.
pub fn dispatch(config: BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, String> {
	let whitelist: Vec<TrackedStorageKey> = AllPalletsWithSystem::whitelisted_storage_keys();
	let mut batches = Vec::new();
	let params = (&config, &whitelist);
	add_benchmarks!(params, batches);
	Ok(batches)
}

/// Horizon of the domain of [`forecast`], in steps, with which a net of one layer fills the largest model.
const HORIZON: u16 = 32;
/// Chunks of a recomputation: the most that a program can have.
const CHUNKS: u16 = 256;
/// Values of the series: one window of the validation split per chunk, so that scoring a claim takes a negligible part of a
/// benchmark.
const VALUES: u32 = MAX_HISTORY as u32 + CHUNKS as u32 + HORIZON as u32 - 1;
/// Windows per chunk with which a segment is longest: 127 596 of 131 072 bytes.
const SEALED_WINDOWS: u16 = 4;
/// Largest overhead of an encoded net of one layer beside its weights and biases, in bytes.
const NET_OVERHEAD: u32 = 32;

/// Returns a text of `len` bytes that starts with `first`.
fn text<const N: u32>(len: u32, first: u8) -> BoundedVec<u8, ConstU32<N>> {
	let rest = (1..len).map(|_| b'x');
	BoundedVec::truncate_from(core::iter::once(first).chain(rest).collect())
}

/// Returns the values of the series.
fn values() -> Vec<i32> {
	(0..VALUES).map(|t| (t.wrapping_mul(2_654_435_761) >> 20) as i32).collect()
}

/// Returns the record of a domain that can be voted for, with every list at its largest length.
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
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		}),
		genes: BoundedVec::truncate_from(genes.collect()),
		limits: Limits { model_bytes: MAX_MODEL_BYTES, window_macs: MAX_WINDOW_MACS },
		data_root: blake2_256(&values().encode()),
		values: VALUES,
		growth: Growth::Fixed,
		split: Split { train_end: MAX_HISTORY.into(), validation_end: VALUES },
		licence: text(32, b'x'),
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

/// Returns the record of [`forecast`] with sealed evidence, and the longest segments of its chunks.
fn sealed_forecast() -> DomainSpec {
	let DomainSpec { program: Program::Forecast(program), .. } = forecast() else { panic!("the domain forecasts") };
	let program = Forecast { windows: SEALED_WINDOWS, ..program };
	let evidence = Evidence::Sealed { units: program.segment_steps(), stake: DOIN };
	DomainSpec { program: Program::Forecast(program), growth: Growth::Appending, evidence, ..forecast() }
}

/// Returns the record of a domain whose chunks have a negligible cost.
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

/// Returns the owner of every domain of these benchmarks.
fn owner() -> AccountId {
	account("owner", 0, 0)
}

/// Inserts an active domain whose champion is a baseline that every other model beats. Returns its identifier.
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
		bar: error,
		champion,
		high_water: 0,
		high_water_at: 0,
		bounty: 0,
		open_rounds: 0,
		last_round: None,
		unanswered: false,
		suspended: None,
		carry: 0,
		weight_since: 0,
		is_alike: true,
	};
	pallet_doin_domains::Specs::<Runtime>::insert(domain, spec);
	pallet_doin_domains::States::<Runtime>::insert(domain, state);
	domain
}

/// Inserts an active domain with sealed evidence, one segment, and `held` plancks in its purse. Both are read to decide whether it
/// can be voted for. Returns its identifier.
fn sealed(held: Balance) -> DomainId {
	let domain = active(sealed_forecast(), ModelRef::RepeatLast);
	let segments = pallet_doin_evidence::types::Segments { sealed: 1, ..Default::default() };
	pallet_doin_evidence::Segments::<Runtime>::insert(domain, segments);
	pallet_doin_evidence::Purses::<Runtime>::insert(domain, pallet_doin_evidence::types::Purse { held, spent: 0 });
	domain
}

/// Funds `who` with enough for two additions to a bounty.
fn funded(who: AccountId) -> AccountId {
	assert!(Balances::mint_into(&who, 2 * MinBounty::get()).is_ok(), "the account exists");
	who
}

/// Returns a net of one layer from `window` steps of history to the horizon.
fn linear(window: u16, weights: Vec<i16>) -> Net {
	let bias = vec![0; usize::from(HORIZON)];
	let layer = Layer { inputs: window, outputs: HORIZON, shift: 1, weights, bias };
	Net { window, in_shifts: vec![0], skip: None, encoder: Encoder::None, layers: vec![layer] }
}

/// Returns the net of thin convolutions with the shortest window and at least `macs` multiply-accumulates per window.
///
/// Convolutions share their weights among steps, so the most expensive net that a domain can admit fits in the bytes of a model,
/// and thin ones take the longest per counted multiply-accumulate. With fewer channels no window is long enough for the largest
/// count.
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

/// Inserts an active domain with its series, a weight and a bounty of as many donors as possible, so that a verdict makes every
/// payment. Moves the chain to the first block of one of its commit phases. Returns its identifier.
fn served(spec: DomainSpec) -> DomainId {
	let domain = active(spec, ModelRef::RepeatLast);
	for (index, page) in (0..).zip(values().chunks(PAGE_VALUES as usize)) {
		let page = Page::Values(BoundedVec::truncate_from(page.to_vec()));
		pallet_doin_domains::Pages::<Runtime>::insert(domain, index, page);
	}
	pallet_doin_gauge::Weights::<Runtime>::put(pallet_doin_gauge::Values::truncate_from(vec![(domain, MILLION)]));
	// One place on the list of donors is reserved for the owner.
	let others = (1..pallet_doin_domains::MAX_DONORS).map(|index| account("donor", index, 0));
	for who in core::iter::once(owner()).chain(others) {
		let added = Domains::add_bounty(RuntimeOrigin::signed(funded(who)), domain, MinBounty::get());
		assert!(added.is_ok(), "the bounty grows: {added:?}");
	}
	let rounds = Timing::rounds();
	let (_, next) = rounds.reveal_window(rounds.place(domain, System::block_number()).round);
	System::set_block_number(next);
	domain
}

/// Fixtures of the pallets' benchmarks on this runtime.
pub struct BenchmarkFixtures;

impl pallet_doin_gauge::benchmarking::BenchmarkHelper<AccountId> for BenchmarkFixtures {
	fn votable(n: u32) -> Vec<DomainId> {
		(0..n).map(|_| sealed(DOIN)).collect()
	}

	fn unvotable() -> DomainId {
		sealed(0)
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

impl pallet_doin_channels::benchmarking::BenchmarkHelper<AccountId> for BenchmarkFixtures {
	fn serve(who: &AccountId) -> DomainId {
		let domain = active(forecast(), ModelRef::RepeatLast);
		let offer = pallet_doin_inference::types::Offer {
			key: [0; 32],
			price: 0,
			endpoint: text(MAX_ENDPOINT, b'x'),
			bond: DOIN,
			since: 0,
			leaves: None,
			is_halved: false,
		};
		pallet_doin_inference::Offers::<Runtime>::insert(domain, who, offer);
		domain
	}
}

impl pallet_doin_inference::benchmarking::BenchmarkHelper for BenchmarkFixtures {
	fn champion() -> (DomainId, ModelRef) {
		let domain = active(forecast(), ModelRef::Stored(0));
		let reveal = <Self as pallet_doin_optimae::BenchmarkHelper<AccountId>>::reveal(domain, MAX_MODEL_BYTES);
		let Reveal { genes, validation, model: bytes, .. } = reveal;
		let round = RoundId { domain, number: 0 };
		let stored = pallet_doin_optimae::types::StoredModel { author: owner(), round, bytes, genes, validation, hold: 0 };
		pallet_doin_optimae::Models::<Runtime>::insert(0, stored);
		(domain, ModelRef::Stored(0))
	}
}

impl pallet_doin_evaluators::benchmarking::BenchmarkHelper for BenchmarkFixtures {
	fn domain() -> DomainId {
		active(quadratic(), ModelRef::Origin)
	}
}

impl pallet_doin_evidence::benchmarking::BenchmarkHelper<AccountId> for BenchmarkFixtures {
	fn sealed_domain(chunks: u16, rows: u16) -> (DomainId, AccountId) {
		let program = Rows { features: 7, image: None, target: RowTarget::Classes(2), rows, chunks };
		let published = u32::from(chunks) + 1;
		let domain = active(
			DomainSpec {
				program: Program::Rows(program),
				values: published * program.row_bytes() as u32,
				growth: Growth::Appending,
				split: Split { train_end: 1, validation_end: published },
				evidence: Evidence::Sealed { units: program.segment_rows(), stake: DOIN },
				..forecast()
			},
			ModelRef::Constant,
		);
		let deposit = 100 * DOIN;
		assert!(Balances::mint_into(&owner(), 2 * deposit).is_ok(), "the owner exists");
		let reason = pallet_doin_domains::HoldReason::Domain.into();
		assert!(Balances::hold(&reason, &owner(), deposit).is_ok(), "the owner can pay");
		pallet_doin_domains::Deposits::<Runtime>::insert(domain, deposit);
		// The deposit pays for the largest model of an owner, whose length is read where the deposit is slashed.
		let model = ModelBytes::truncate_from(vec![0; MAX_MODEL_BYTES as usize]);
		pallet_doin_domains::Baselines::<Runtime>::insert(domain, model);
		(domain, owner())
	}
}

impl pallet_doin_oracle::benchmarking::BenchmarkHelper<AccountId> for BenchmarkFixtures {
	fn reporters(count: u32) -> Vec<AccountId> {
		<Self as pallet_doin_gauge::benchmarking::BenchmarkHelper<AccountId>>::voters(count)
	}

	fn set_time(ms: u64) {
		let slot = ms.checked_div(Timing::slot_duration_ms()).unwrap_or(0);
		pallet_babe::CurrentSlot::<Runtime>::put(sp_consensus_babe::Slot::from(slot));
	}
}

/// Pages of the stream of forecasts that are filled, the last one excluded. Many slices of a record have passed before it.
const FORECAST_PAGES: core::ops::Range<u64> = 905..1_000;

impl pallet_doin_forecasts::benchmarking::BenchmarkHelper for BenchmarkFixtures {
	fn stream() -> (StreamId, u64) {
		let fields = Fields { high: true, low: true, volume: true };
		let spec = StreamSpec { bar_ms: 300_000, batch: 6, fields, season: 288, horizon: 100, ..crate::demo::stream() };
		let (length, bar_ms) = (spec.page_bars(), spec.bar_ms);
		for number in FORECAST_PAGES {
			let close = |bar: u64| Some(Values::truncate_from(vec![(number * length + bar) as i64; 4]));
			let page = BarPage { number, bars: BoundedVec::truncate_from((0..length).map(close).collect()) };
			pallet_doin_oracle::Pages::<Runtime>::insert(FIRST_STREAM, spec.place(number * length).slot, page);
		}
		let (start, next) = (FORECAST_PAGES.start * length, FORECAST_PAGES.end * length);
		let pot = 1_000 * DOIN;
		let state = StreamState { spec, owner: owner(), deposit: 0, pot, start, next, misses: 0, awake: true };
		pallet_doin_oracle::Streams::<Runtime>::insert(FIRST_STREAM, state);
		<Self as pallet_doin_oracle::benchmarking::BenchmarkHelper<AccountId>>::set_time(next * bar_ms);
		(FIRST_STREAM, next)
	}

	fn weigh(stream: StreamId) {
		pallet_doin_gauge::Weights::<Runtime>::put(pallet_doin_gauge::Values::truncate_from(vec![(stream, MILLION)]));
	}
}

impl pallet_doin_recomputation::benchmarking::BenchmarkHelper<AccountId> for BenchmarkFixtures {
	fn domain() -> (DomainId, SizeClass, ModelRef) {
		let spec = quadratic();
		let class = spec.class();
		(active(spec, ModelRef::Origin), class, ModelRef::Origin)
	}

	fn entropy() {
		pallet_babe::AuthorVrfRandomness::<Runtime>::put(Some([1; 32]));
	}

	fn scored(units: u32) -> (DomainId, ModelRef) {
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

	fn dealt() -> (DomainId, EvidenceRef, ModelRef) {
		let target = RowTarget::Classes(2);
		let program = Rows { features: 7, image: None, target, rows: MAX_ROWS, chunks: *ROW_CHUNKS.end() };
		let evidence = Evidence::Sealed { units: program.segment_rows(), stake: DOIN };
		let spec =
			DomainSpec { program: Program::Rows(program), values: 0, growth: Growth::Appending, evidence, ..sealed_forecast() };
		let domain = active(spec, ModelRef::Constant);
		// Eight bytes a row; the last one is the class.
		let byte = |byte: u32| if byte % 8 == 7 { 0 } else { (byte * 31 % 251) as u8 };
		for index in 0..MAX_SEGMENT_BYTES / PAGE_BYTES {
			let bytes = (index * PAGE_BYTES..(index + 1) * PAGE_BYTES).map(byte).collect();
			let page = Page::Bytes(BoundedVec::truncate_from(bytes));
			pallet_doin_domains::Pages::<Runtime>::insert(domain, index, page);
		}
		let bytes = Model::Constant(vec![0; 2]).to_bytes();
		pallet_doin_domains::Baselines::<Runtime>::insert(domain, ModelBytes::truncate_from(bytes));
		(domain, EvidenceRef::Segment(0), ModelRef::Constant)
	}

	fn evaluators(count: u32, class: SizeClass) -> Vec<AccountId> {
		pallet_doin_evaluators::benchmarking::evaluators::<Runtime>(count, class)
	}
}

impl pallet_doin_optimae::BenchmarkHelper<AccountId> for BenchmarkFixtures {
	fn domain() -> DomainId {
		served(forecast())
	}

	fn sealed_domain() -> DomainId {
		let domain = served(sealed_forecast());
		let purse = Work::price(2 * doin_primitives::ONE_Q32);
		let origin = RuntimeOrigin::signed(owner());
		assert!(Balances::mint_into(&owner(), purse + 100 * DOIN).is_ok(), "the owner exists");
		let sealed = crate::Evidence::seal(origin.clone(), domain, 0, BoundedVec::truncate_from(vec![[1; 32]]));
		assert!(sealed.is_ok(), "the segment is sealed: {sealed:?}");
		let funded = crate::Evidence::fund(origin, domain, purse);
		assert!(funded.is_ok(), "the purse is funded: {funded:?}");
		domain
	}

	fn carrying(domain: DomainId, carry: Q32) {
		pallet_doin_domains::States::<Runtime>::mutate_extant(domain, |state| state.carry = carry);
		pallet_doin_gauge::Weights::<Runtime>::put(pallet_doin_gauge::Values::truncate_from(vec![(domain, MILLION)]));
	}

	/// The model is a net of zeros, which forecasts as the initial champion does. Its claimed sums are false, which a claim
	/// challenge proves.
	fn reveal(_: DomainId, bytes: u32) -> Reveal {
		let horizon = u32::from(HORIZON);
		// Two bytes per weight and four bytes per bias: one row of weights per step of the window, one bias per step of the
		// horizon.
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
