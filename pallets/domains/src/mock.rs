//! Mock runtime of System, Balances and this pallet. Tests set the weights and the undecided rounds of domains.

use crate::{self as pallet_doin_domains, Config, Event, GenesisConfig, GenesisDomain, NextDomainId};
use codec::Encode;
use doin_primitives::{
	blake2_256,
	bounded_collections::BoundedVec,
	domain::{Gene, Limits, PAGE_BYTES, PAGE_VALUES},
	evidence::LIVE_CHUNKS,
	Balance, BlockNumber, DomainId, DomainSpec, Evidence, EvidenceKind, EvidenceRef, Growth, ModelRef, Page, RoundId, Split,
	DOIN,
};
use doin_scoring::{
	rows::{RowTarget, Rows},
	Forecast, Generator, Loss, Program, Quadratic, Target, Tolerance, WindowPhase,
};
use doin_testing::{at_block_one, checked, endowed, mock_runtime};
use doin_traits::{DomainWeights, EvidenceSource, OnCrowned, UndecidedRounds, Votes};
use frame_support::{
	assert_ok,
	dispatch::DispatchResult,
	ensure, parameter_types,
	traits::ConstU128,
	weights::{constants::ParityDbWeight, Weight},
};
use sp_runtime::BuildStorage;

/// Account identifier.
pub type AccountId = u64;

/// Balance of every account at genesis.
pub const ENDOWMENT: Balance = 10_000_000;
/// Fee of a registration.
pub const FEE: Balance = 500;
/// Deposit per domain.
pub const BASE: Balance = 1_000;
/// Deposit per byte.
pub const PER_BYTE: Balance = 2;
/// Smallest donation, and existential deposit.
pub const MIN_BOUNTY: Balance = 100;
/// Length of the test series: two full pages and a part.
pub const VALUES: u32 = 2_500;
/// Weight of the removal of evidence.
pub const RETIRED_WEIGHT: Weight = Weight::from_parts(7, 3);
/// Weight of reading a stream.
pub const STREAM_WEIGHT: Weight = Weight::from_parts(11, 2);
/// Weight of a report of a champion.
pub const CROWNED_WEIGHT: Weight = Weight::from_parts(13, 5);
/// Account that registers domains.
pub const OWNER: AccountId = 1;
/// Account that owns no domain.
pub const OTHER: AccountId = 2;

mock_runtime! {
	existential_deposit: MIN_BOUNTY,
	system: { type DbWeight = ParityDbWeight; },
	2: Registry = pallet_doin_domains,
}

parameter_types! {
	/// Weight of every domain.
	pub static VotedWeight: u32 = 0;
	/// Earliest undecided round of every domain.
	pub static EarliestRound: Option<u32> = None;
	/// Amount in the purse of every domain with a sealed segment; `None` without one. A live domain has a paid stream if the
	/// amount is enough.
	pub static ReadyPurse: Option<Balance> = None;
	/// `true` if no stream of a record exists.
	pub static NoStream: bool = false;
	/// Domains whose evidence was removed, in order.
	pub static RetiredEvidence: Vec<DomainId> = Vec::new();
	/// Accounts whose votes have ended, in order.
	pub static EndedVotes: Vec<AccountId> = Vec::new();
	/// Champions that were reported, in order.
	pub static Reported: Vec<(DomainId, ModelRef)> = Vec::new();
}

/// Evidence that tests set. The pallet asks it for nothing but what a registration, a vote and a removal need.
pub struct MockEvidence;
impl EvidenceSource for MockEvidence {
	fn ensure_provided(spec: &DomainSpec) -> DispatchResult {
		assert!(spec.evidence.kind().is_awaited() && spec.check().is_ok(), "it is asked about checked records it can provide");
		ensure!(!NoStream::get() || spec.evidence.kind() != EvidenceKind::Live, "the stream is unknown");
		Ok(())
	}
	fn ensure_open(_: DomainId) -> DispatchResult {
		unreachable!("the pallet opens no rounds")
	}
	fn request(_: RoundId) -> DispatchResult {
		unreachable!("the pallet asks for no evidence")
	}
	fn awaited_until(_: RoundId) -> Option<BlockNumber> {
		unreachable!("the pallet asks for no evidence")
	}
	fn is_ready(_: DomainId, least: Balance) -> bool {
		ReadyPurse::get().is_some_and(|purse| purse >= least)
	}
	fn purse(_: DomainId) -> Balance {
		unreachable!("the pallet spends nothing")
	}
	fn spend(_: RoundId, _: Balance) -> Balance {
		unreachable!("the pallet spends nothing")
	}
	fn retired(domain: DomainId) {
		let stored = crate::Specs::<Test>::contains_key(domain) && crate::States::<Test>::contains_key(domain);
		assert!(stored, "record and state are still there");
		RetiredEvidence::mutate(|retired| retired.push(domain));
	}
	fn retired_weight() -> Weight {
		RETIRED_WEIGHT
	}
	fn is_kept(_: DomainId, _: EvidenceRef) -> bool {
		unreachable!("the pallet evaluates nothing")
	}
	fn stream_weight() -> Weight {
		STREAM_WEIGHT
	}
}

/// Weights that tests set.
pub struct MockWeights;
impl DomainWeights for MockWeights {
	fn weight(_domain: DomainId) -> u32 {
		VotedWeight::get()
	}
}

/// Votes that are noted when they end.
pub struct MockVotes;
impl Votes<AccountId> for MockVotes {
	fn end(who: &AccountId) {
		EndedVotes::mutate(|ended| ended.push(*who));
	}
	fn end_weight() -> Weight {
		unreachable!("verdicts do not pay for the end of votes")
	}
}

/// Reports of champions that are noted.
pub struct MockServers;
impl OnCrowned for MockServers {
	fn crowned(domain: DomainId, model: &ModelRef) {
		assert_eq!(crate::States::<Test>::get(domain).map(|state| state.champion.model), Some(*model), "the champion is stored");
		Reported::mutate(|reported| reported.push((domain, *model)));
	}
	fn crowned_weight() -> Weight {
		CROWNED_WEIGHT
	}
}

/// Undecided rounds that tests set.
pub struct MockRounds;
impl UndecidedRounds for MockRounds {
	fn earliest(_domain: DomainId) -> Option<u32> {
		EarliestRound::get()
	}
}

/// Rounds of a development chain, and blocks of an hour, so that 180 days are 4 320 blocks, and the half-life of a mark 2 160.
pub type MockTiming = doin_testing::DevTiming<3_600_000>;

impl Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type DomainWeights = MockWeights;
	type Timing = MockTiming;
	type UndecidedRounds = MockRounds;
	type Votes = MockVotes;
	type Evidence = MockEvidence;
	type OnCrowned = MockServers;
	type RegistrationFee = ConstU128<FEE>;
	type BaseDeposit = ConstU128<BASE>;
	type ByteDeposit = ConstU128<PER_BYTE>;
	type MinBounty = ConstU128<MIN_BOUNTY>;
	type WeightInfo = ();
}

/// Returns a chain with accounts 1 to 20 endowed, without domains.
pub fn new_test_ext() -> sp_io::TestExternalities {
	with_genesis(Vec::new())
}

/// Returns such a chain with domains at genesis.
pub fn with_genesis(domains: Vec<GenesisDomain<AccountId>>) -> sp_io::TestExternalities {
	VotedWeight::set(0);
	EarliestRound::set(None);
	ReadyPurse::set(None);
	NoStream::set(false);
	RetiredEvidence::set(Vec::new());
	EndedVotes::set(Vec::new());
	Reported::set(Vec::new());
	let genesis = RuntimeGenesisConfig {
		system: Default::default(),
		balances: endowed!(1..=20, ENDOWMENT),
		registry: GenesisConfig { domains },
	};
	at_block_one::<Test>(genesis.build_storage().expect("the genesis is valid"))
}

/// Runs `test` on a fresh chain and checks the invariants of the pallet afterwards.
pub fn build_and_execute(test: impl FnOnce()) {
	execute(new_test_ext(), test);
}

/// Runs `test` on `ext` and checks the invariants of the pallet afterwards.
pub fn execute(ext: sp_io::TestExternalities, test: impl FnOnce()) {
	checked(ext, Registry::do_try_state, test);
}

/// Returns all events of this pallet.
pub fn events() -> Vec<Event<Test>> {
	doin_testing::events::<Test, _>()
}

/// Returns a series with a trend, a season of 12 steps and a little deterministic noise.
pub fn series() -> Vec<i32> {
	(0..VALUES)
		.map(|t| {
			let season = (t % 12).abs_diff(6) * 100;
			let noise = t.wrapping_mul(2_654_435_761) >> 28;
			(t / 4 + season + noise) as i32
		})
		.collect()
}

/// Returns a gene from `lo` to `hi`.
pub fn gene(name: &str, lo: i64, hi: i64) -> Gene {
	Gene { name: BoundedVec::truncate_from(name.into()), lo, hi, log: false, frac: 0 }
}

/// Returns the record of a votable forecast of [`series`], with a target of half the initial loss. Its generator makes series on
/// which the seasonal baseline errs about as much as on [`series`].
pub fn forecast() -> DomainSpec {
	DomainSpec {
		name: BoundedVec::truncate_from(b"Tides".to_vec()),
		unit: BoundedVec::truncate_from(b"mm".to_vec()),
		program: Program::Forecast(Forecast {
			horizon: 4,
			history: 24,
			season: 12,
			chunks: 32,
			windows: 8,
			channels: 1,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		}),
		genes: BoundedVec::truncate_from(vec![gene("width", 1, 64), gene("depth", 0, 2)]),
		limits: Limits { model_bytes: 4_096, window_macs: 4_096 },
		data_root: blake2_256(&series().encode()),
		values: VALUES,
		growth: Growth::Fixed,
		split: Split { train_end: 1_500, validation_end: 2_000 },
		licence: BoundedVec::new(),
		evidence: Evidence::Synthetic(Generator {
			template: BoundedVec::truncate_from(vec![0; 12]),
			ar: BoundedVec::truncate_from(vec![1_000]),
			noise: 512,
			level: 0,
		}),
		min_improvement: 2_000,
		target: 1 << 19,
	}
}

/// Returns the record of a live domain, which is trained on [`series`].
pub fn live() -> DomainSpec {
	let mut spec = DomainSpec { evidence: Evidence::Live { stream: 3, unit: 10 }, target: 0, ..forecast() };
	let Program::Forecast(program) = &mut spec.program else { unreachable!("a forecast") };
	program.chunks = LIVE_CHUNKS;
	spec
}

/// Registers, loads and activates a domain of [`live`]. Returns the identifier.
pub fn active_live() -> DomainId {
	let domain = load(live(), &series());
	assert_ok!(Registry::activate(RuntimeOrigin::signed(OWNER), domain, VALUES, 0));
	domain
}

/// Returns the record of a domain without a series.
pub fn quadratic() -> DomainSpec {
	DomainSpec {
		program: Program::Quadratic(Quadratic { target: BoundedVec::truncate_from(vec![256; 32]) }),
		data_root: [0; 32],
		values: 0,
		split: Split { train_end: 0, validation_end: 0 },
		evidence: Evidence::Public,
		..forecast()
	}
}

/// Returns the record of a domain of a program that the chain does not have.
pub fn tolerance() -> DomainSpec {
	let program = Tolerance { code: [7; 32], epsilon: 500, chunks: 32, initial_error: 3_200 };
	DomainSpec { program: Program::Tolerance(program), min_improvement: 2_000, ..quadratic() }
}

/// Number of rows of the test data: more than two full pages.
pub const ROWS: u32 = 3_000;

/// Returns rows of two features and a class: 1 if the first feature is larger, 0 otherwise; every tenth label is wrong.
pub fn rows() -> Vec<u8> {
	(0..ROWS)
		.flat_map(|row| {
			let hash = row.wrapping_mul(2_654_435_761);
			let (first, second) = ((hash >> 24) as u8, (hash >> 16) as u8);
			[first, second, u8::from((first > second) != (row % 10 == 0))]
		})
		.collect()
}

/// Returns the record of a sealed domain of [`rows`].
pub fn sealed() -> DomainSpec {
	DomainSpec {
		program: Program::Rows(Rows { features: 2, image: None, target: RowTarget::Classes(2), rows: 8, chunks: 64 }),
		data_root: blake2_256(&rows().encode()),
		values: 3 * ROWS,
		growth: Growth::Appending,
		split: Split { train_end: 1_500, validation_end: ROWS },
		licence: BoundedVec::truncate_from(b"CC0-1.0".to_vec()),
		evidence: Evidence::Sealed { units: 512, stake: 10 * DOIN },
		target: 0,
		..forecast()
	}
}

/// Returns the pages of rows.
pub fn byte_pages(bytes: &[u8]) -> Vec<Page> {
	bytes.chunks(PAGE_BYTES as usize).map(|page| Page::from_bytes(page.to_vec()).expect("a full page")).collect()
}

/// Registers a domain of rows with this record and uploads `bytes`. Returns the identifier.
pub fn load_rows(spec: DomainSpec, bytes: &[u8]) -> DomainId {
	let domain = NextDomainId::<Test>::get();
	assert_ok!(Registry::register(RuntimeOrigin::signed(OWNER), Box::new(spec), None));
	for (index, page) in (0..).zip(byte_pages(bytes)) {
		assert_ok!(Registry::upload_page(RuntimeOrigin::signed(OWNER), domain, index, page));
	}
	domain
}

/// Registers, loads and activates a domain of [`sealed`]. Returns the identifier.
pub fn active_rows() -> DomainId {
	let domain = load_rows(sealed(), &rows());
	assert_ok!(Registry::activate(RuntimeOrigin::signed(OWNER), domain, 3 * ROWS, 0));
	domain
}

/// Returns the pages of a series.
pub fn pages(values: &[i32]) -> Vec<Page> {
	values.chunks(PAGE_VALUES as usize).map(|page| Page::from_values(page.to_vec()).expect("a full page")).collect()
}

/// Registers `spec` and uploads `values`. Returns the identifier.
pub fn load(spec: DomainSpec, values: &[i32]) -> DomainId {
	let domain = NextDomainId::<Test>::get();
	assert_ok!(Registry::register(RuntimeOrigin::signed(OWNER), Box::new(spec), None));
	for (index, page) in (0..).zip(pages(values)) {
		assert_ok!(Registry::upload_page(RuntimeOrigin::signed(OWNER), domain, index, page));
	}
	domain
}

/// Registers, loads and activates a domain of [`forecast`]. Returns the identifier.
pub fn active() -> DomainId {
	let domain = load(forecast(), &series());
	assert_ok!(Registry::activate(RuntimeOrigin::signed(OWNER), domain, VALUES, 0));
	domain
}
