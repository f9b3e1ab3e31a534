//! A chain of System, Balances and this pallet. Everything else is made up by each test: domains and requests live in storage, so that a
//! failing call leaves no trace of them, prices and sizes are plain variables.

use crate::{self as pallet_doin_optimae, *};
use codec::{Decode, Encode};
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	domain::{Champion, DomainState, Gene, Limits},
	payload::{ChunkSums, Sums},
	round::Phase,
	DomainSpec, Evidence, RoundParams, Split, Status, DOIN,
};
use doin_primitives_frame::{Authors, Eff, Evaluators, Fault, Models as _, OnRecomputed, Outcome};
use doin_scoring::{Generator, Model, Program, Quadratic};
use frame_support::{
	derive_impl, parameter_types,
	traits::{fungible::InspectHold, ConstU128, ConstU32},
	Twox64Concat,
};
use sp_runtime::{traits::Dispatchable, BuildStorage};

/// An account.
pub type AccountId = u64;

/// Optimizers, each with [`ENDOWMENT`].
pub const ALICE: AccountId = 1;
pub const BOB: AccountId = 2;
pub const CAROL: AccountId = 3;
/// Evaluators.
pub const EVALUATORS: [AccountId; 3] = [51, 52, 53];
/// Whoever settles.
pub const SETTLER: AccountId = 60;
/// Whoever disputes.
pub const WATCHER: AccountId = 61;
/// Has nothing.
pub const PAUPER: AccountId = 99;

/// What everybody owns at genesis.
pub const ENDOWMENT: Balance = 10_000 * DOIN;
/// Fee of one of the first four seats: R/1 000.
pub const SEAT_FEE: Balance = DOIN / 20;
/// Hold of a seat.
pub const SEAT_HOLD: Balance = 5 * SEAT_FEE;
/// Hold per byte.
pub const BYTE_HOLD: Balance = 1_000_000;
/// The domain most tests play in.
pub const DOMAIN: DomainId = 7;
/// Chunks of its measurements.
pub const CHUNKS: usize = 32;
/// Error sum of the initial champion, per chunk.
pub const INITIAL: u32 = 1_000;
/// Where tests begin: the first block of a commit phase of [`DOMAIN`].
pub const FIRST: u64 = 4;
/// Hash of block 0.
pub const GENESIS: Hash = [42; 32];

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(2)]
	pub type Optimae = pallet_doin_optimae;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<1_000>;
}

parameter_types! {
	/// Plancks per gas.
	pub static BaseFeeNow: Balance = 1_000;
	/// Evaluators that can be drawn.
	pub static Available: u32 = 3;
	/// Whether the recomputation service takes no more requests.
	pub static ServiceFull: bool = false;
	/// Free places of the work queue.
	pub static Room: u32 = 8;
	/// Weight of every domain.
	pub static WeightNow: u32 = 1_000_000;
	pub const Genesis: Hash = GENESIS;
	pub const AnswerWeight: Weight = Weight::from_parts(1_000_000_000, 0);
	pub const SettleWeight: Weight = Weight::from_parts(20_000_000_000, 0);
}

#[frame_support::storage_alias]
pub type Specs = StorageMap<MockDomains, Twox64Concat, DomainId, DomainSpec>;
#[frame_support::storage_alias]
pub type States = StorageMap<MockDomains, Twox64Concat, DomainId, DomainState<AccountId>>;
#[frame_support::storage_alias]
pub type Requests = StorageMap<MockRecompute, Twox64Concat, RoundId, Request>;
#[frame_support::storage_alias]
pub type Queue = StorageValue<MockWork, Vec<Eff<AccountId>>, ValueQuery>;

/// What the recomputation service was asked.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Request {
	pub class: SizeClass,
	pub models: ModelList,
	pub exclude: Authors<AccountId>,
}

/// Every other pallet.
pub struct World;

impl doin_primitives_frame::Domains<AccountId> for World {
	fn spec(domain: DomainId) -> Option<DomainSpec> {
		Specs::get(domain)
	}
	fn state(domain: DomainId) -> Option<DomainState<AccountId>> {
		States::get(domain)
	}
	fn page(_: DomainId, _: u32) -> Option<doin_primitives::domain::Page> {
		None
	}
	fn enter(domain: DomainId) -> DispatchResult {
		States::mutate(domain, |state| state.as_mut().expect("a round opens in a domain").open_rounds += 1);
		Ok(())
	}
	fn leave(domain: DomainId) {
		States::mutate(domain, |state| {
			if let Some(state) = state {
				state.open_rounds = state.open_rounds.checked_sub(1).expect("no round leaves twice");
			}
		});
	}
	fn crown(domain: DomainId, champion: Champion<AccountId>, high_water: Q32, upper: u64) {
		let target = Specs::get(domain).expect("known").target;
		States::mutate(domain, |state| {
			let state = state.as_mut().expect("known");
			assert!(high_water >= state.high_water, "the high-water mark never falls");
			state.high_water = high_water;
			if doin_scoring::verdict::loss(upper, champion.initial_error) <= u64::from(target) {
				state.status = Status::Converged;
			}
			state.champion = champion;
		});
	}
}

impl doin_primitives_frame::Gauge for World {
	fn weight(_: DomainId) -> u32 {
		WeightNow::get()
	}
}

impl doin_primitives_frame::Recompute<AccountId> for World {
	fn open(round: RoundId, class: SizeClass, models: ModelList, exclude: Authors<AccountId>) -> DispatchResult {
		frame_support::ensure!(!ServiceFull::get(), "the service is full");
		assert!(!Requests::contains_key(round), "a round is measured once");
		Requests::insert(round, Request { class, models, exclude });
		Ok(())
	}
	fn available(_: DomainId, _: SizeClass) -> u32 {
		Available::get()
	}
}

impl doin_primitives_frame::Judge for World {
	fn chunk(_: DomainId, _: &ModelRef, _: &Hash, _: u16) -> Result<u32, Fault> {
		Err(Fault::NoSuchChunk)
	}
	/// The true validation sum of a chunk is the model's coordinate of that number.
	fn claim(_: DomainId, model: &ModelRef, index: u16) -> Result<u32, Fault> {
		coordinates(model).ok_or(Fault::UnknownModel)?.get(usize::from(index)).copied().ok_or(Fault::NoSuchChunk)
	}
	fn chunks(_: DomainId) -> Option<u16> {
		Some(CHUNKS as u16)
	}
	fn weight(class: SizeClass) -> Weight {
		match class {
			SizeClass::Small => Weight::from_parts(1_000_000_000, 0),
			SizeClass::Large => Weight::from_parts(4_000_000_000, 0),
			SizeClass::Huge => Weight::from_parts(16_000_000_000, 0),
		}
	}
}

impl doin_primitives_frame::Work<AccountId> for World {
	fn room() -> u32 {
		Room::get()
	}
	fn enqueue(entry: Eff<AccountId>) {
		assert!(Room::get() > 0 && entry.eff > 0, "only what is worth something and fits is queued");
		Queue::append(entry);
	}
}

impl doin_primitives_frame::BaseFee for World {
	fn fee(weight: Weight, len: u32) -> Balance {
		(Balance::from(weight.ref_time() / 1_000_000) + Balance::from(len)) * BaseFeeNow::get()
	}
	fn base_fee() -> Balance {
		BaseFeeNow::get()
	}
}

impl doin_primitives_frame::Timing for World {
	fn blocks(_: u64) -> BlockNumber {
		1
	}
	fn rounds() -> RoundParams {
		RoundParams::DEV
	}
}

impl Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Domains = World;
	type Gauge = World;
	type Recompute = World;
	type Judge = World;
	type Work = World;
	type BaseFee = World;
	type Timing = World;
	type GenesisHash = Genesis;
	type SeatFee = ConstU128<SEAT_FEE>;
	type HoldFactor = ConstU32<5>;
	type ByteHold = ConstU128<BYTE_HOLD>;
	type AnswerWeight = AnswerWeight;
	type AnswerLen = ConstU32<200>;
	type SettleWeight = SettleWeight;
	type SettleLen = ConstU32<200>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = World;
}

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper<AccountId> for World {
	fn domain() -> DomainId {
		add_domain(DOMAIN, synthetic());
		System::set_block_number(FIRST);
		DOMAIN
	}
	fn reveal(_: DomainId, _: u32) -> Reveal {
		candidate([INITIAL - 100; CHUNKS])
	}
	fn set_block(block: BlockNumber) {
		System::set_block_number(block.into());
	}
}

/// The coordinates of a stored model, which are its true error sums.
pub fn coordinates(model: &ModelRef) -> Option<Vec<u32>> {
	let ModelRef::Stored(id) = model else {
		return Some(vec![INITIAL; CHUNKS]);
	};
	match Model::from_bytes(&Optimae::bytes(*id)?) {
		Ok(Model::Point(point)) => Some(point.into_iter().map(|x| x as u32).collect()),
		_ => None,
	}
}

/// Evidence that is drawn.
pub fn synthetic() -> Evidence {
	Evidence::Synthetic(Generator { template: vec![0].try_into().unwrap(), ar: Default::default(), noise: 1, level: 0 })
}

/// Registers a domain whose models are points of [`CHUNKS`] coordinates and whose champion is the repeated last value.
pub fn add_domain(domain: DomainId, evidence: Evidence) {
	let gene = Gene { name: b"width".to_vec().try_into().unwrap(), lo: 0, hi: 100, log: false, frac: 0 };
	let spec = DomainSpec {
		name: b"demo".to_vec().try_into().unwrap(),
		unit: Default::default(),
		program: Program::Quadratic(Quadratic { target: vec![0; CHUNKS].try_into().unwrap() }),
		genes: vec![gene].try_into().unwrap(),
		limits: Limits { model_bytes: 1_024, window_macs: 1_000 },
		data_root: Default::default(),
		values: 0,
		split: Split { train_end: 0, validation_end: 0 },
		evidence,
		min_improvement: 2_000,
		target: 0,
	};
	let champion = Champion {
		model: ModelRef::RepeatLast,
		author: None,
		round: None,
		block: 0,
		error: u64::from(INITIAL) * CHUNKS as u64,
		initial_error: u64::from(INITIAL) * CHUNKS as u64,
		validation_error: u64::from(INITIAL) * CHUNKS as u64,
	};
	let state = DomainState {
		owner: 1_000,
		status: Status::Active,
		pages_missing: 0,
		initial: ModelRef::RepeatLast,
		initial_validation_error: champion.validation_error,
		champion,
		high_water: 0,
		bounty: 0,
		open_rounds: 0,
	};
	Specs::insert(domain, spec);
	States::insert(domain, state);
}

/// The state of a domain.
pub fn state(domain: DomainId) -> DomainState<AccountId> {
	States::get(domain).expect("registered")
}

/// A solution whose error sums are `errors`, in truth and by its own claim.
pub fn candidate(errors: [u32; CHUNKS]) -> Reveal {
	Reveal {
		genes: vec![10].try_into().unwrap(),
		model: Model::Point(errors.iter().map(|e| *e as i32).collect()).to_bytes().try_into().unwrap(),
		validation: errors.to_vec().try_into().unwrap(),
		metrics: Default::default(),
	}
}

/// As [`candidate`], with the same error sum on every chunk: nothing about it is uncertain.
pub fn steady(error: u32) -> Reveal {
	candidate([error; CHUNKS])
}

/// Error sums around `error`, `swing` above and below it in turn: better on average, not beyond doubt.
pub fn shaky(error: u32, swing: u32) -> [u32; CHUNKS] {
	core::array::from_fn(|i| if i % 2 == 0 { error + swing } else { error - swing })
}

/// Money that `who` can spend.
pub fn free(who: AccountId) -> Balance {
	Balances::free_balance(who)
}

/// What is held of `who` for one reason.
pub fn held(reason: HoldReason, who: AccountId) -> Balance {
	Balances::balance_on_hold(&reason.into(), &who)
}

/// The salt that tests commit with.
pub const SALT: [u8; 32] = [3; 32];

/// What `who` commits to in `round`.
pub fn promise(round: RoundId, who: AccountId, reveal: &Reveal, salt: [u8; 32]) -> Hash {
	commitment(Tag::Optimae, &GENESIS, round, &who, &payload_hash(reveal), &salt)
}

/// Sends a call as a transaction would: what fails leaves no trace.
pub fn send(who: AccountId, call: Call<Test>) -> DispatchResult {
	RuntimeCall::from(call).dispatch(RuntimeOrigin::signed(who)).map(|_| ()).map_err(|failed| failed.error)
}

/// Commits in the domain's current round.
pub fn commit(who: AccountId, domain: DomainId, reveal: &Reveal, salt: [u8; 32]) -> DispatchResult {
	let round = current(domain);
	let hash = promise(round, who, reveal, salt);
	send(who, Call::commit { round, hash })
}

/// Reveals in a round.
pub fn reveal(who: AccountId, round: RoundId, reveal: &Reveal, salt: [u8; 32]) -> DispatchResult {
	send(who, Call::reveal { round, reveal: Box::new(reveal.clone()), salt })
}

/// Disputes a claim.
pub fn dispute(who: AccountId, round: RoundId, seat: u8, chunk: u16) -> DispatchResult {
	send(who, Call::dispute_claim { round, seat, chunk, class: SizeClass::Small })
}

/// The round that a domain's grid is in.
pub fn current(domain: DomainId) -> RoundId {
	RoundParams::DEV.place(domain, block()).round
}

/// The current block.
pub fn block() -> BlockNumber {
	System::block_number() as BlockNumber
}

/// Runs empty blocks up to `target`.
pub fn run_to(target: BlockNumber) {
	while block() < target {
		System::set_block_number(System::block_number() + 1);
		Optimae::on_initialize(System::block_number());
	}
}

/// Runs to the first block of the next phase of this kind.
pub fn run_to_phase(domain: DomainId, phase: Phase) {
	loop {
		let place = RoundParams::DEV.place(domain, block());
		run_to(place.phase_end);
		if RoundParams::DEV.place(domain, block()).phase == phase {
			return;
		}
	}
}

/// A round from its first commit to the close of its reveals, with one seat per solution.
pub fn collect(domain: DomainId, solutions: &[(AccountId, Reveal)]) -> RoundId {
	run_to_phase(domain, Phase::Commit);
	let round = current(domain);
	for (i, (who, solution)) in solutions.iter().enumerate() {
		commit(*who, domain, solution, [i as u8; 32]).expect("commits are taken");
	}
	run_to_phase(domain, Phase::Reveal);
	for (i, (who, solution)) in solutions.iter().enumerate() {
		reveal(*who, round, solution, [i as u8; 32]).expect("reveals are taken");
	}
	run_to(RoundParams::DEV.reveal_window(round).1);
	round
}

/// The sums of every model of a request.
pub fn truth_by(round: RoundId, sums: impl Fn(&ModelRef) -> Vec<u32>) -> Sums {
	let models = Requests::get(round).expect("is being measured").models;
	models.iter().map(|model| ChunkSums::try_from(sums(model)).unwrap()).collect::<Vec<_>>().try_into().unwrap()
}

/// The verdict on `round` when its models' sums on the draw are `sums`.
pub fn decide_by(round: RoundId, sums: impl Fn(&ModelRef) -> Vec<u32>) {
	decide_with(round, sums, &EVALUATORS, Some(SETTLER));
}

/// As [`decide_by`], by these evaluators.
pub fn decide_with(round: RoundId, sums: impl Fn(&ModelRef) -> Vec<u32>, truthful: &[AccountId], settler: Option<AccountId>) {
	let truth = truth_by(round, sums);
	Requests::remove(round);
	let truthful = Evaluators::try_from(truthful.to_vec()).unwrap();
	Optimae::recomputed(round, Outcome { seed: [0; 32], truth, truthful, settler });
}

/// The verdict on `round` when the draw shows what the models' coordinates say.
pub fn decide(round: RoundId) {
	decide_by(round, |model| coordinates(model).expect("stored"));
}

/// Ends `round` as nobody settled it.
pub fn expire(round: RoundId) {
	Requests::remove(round);
	Optimae::voided(round);
}

/// This pallet's events so far.
pub fn events() -> Vec<Event<Test>> {
	let ours = |record: frame_system::EventRecord<RuntimeEvent, _>| match record.event {
		RuntimeEvent::Optimae(event) => Some(event),
		_ => None,
	};
	System::events().into_iter().filter_map(ours).collect()
}

/// What events say was burned.
pub fn burned() -> Balance {
	let of = |event: Event<Test>| match event {
		Event::Committed { burned, .. }
		| Event::Unrevealed { burned, .. }
		| Event::ClaimDisproved { burned, .. }
		| Event::FeesPaid { burned, .. } => burned,
		_ => 0,
	};
	events().into_iter().map(of).sum()
}

/// A fresh chain.
pub fn ext() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let rich = (1..=20).chain(EVALUATORS).chain([SETTLER, WATCHER]);
	pallet_balances::GenesisConfig::<Test> { balances: rich.map(|who| (who, ENDOWMENT)).collect(), ..Default::default() }
		.assimilate_storage(&mut storage)
		.unwrap();
	storage.into()
}

/// Runs a test on a fresh chain at block [`FIRST`] with [`DOMAIN`] registered, then checks the invariants and that every missing unit was
/// reported as burned.
pub fn test(run: impl FnOnce()) {
	ext().execute_with(|| {
		BaseFeeNow::set(1_000);
		Available::set(3);
		ServiceFull::set(false);
		Room::set(8);
		WeightNow::set(1_000_000);
		System::set_block_number(FIRST);
		Optimae::on_initialize(FIRST);
		add_domain(DOMAIN, synthetic());
		let issued = Balances::total_issuance();
		run();
		check(issued);
	});
}

/// The invariants, and the conservation of money since `issued` was all there was.
pub fn check(issued: Balance) {
	Optimae::do_try_state().unwrap();
	assert_eq!(Balances::total_issuance() + burned(), issued, "money is conserved");
	for (domain, state) in States::iter() {
		assert_eq!(state.open_rounds as usize, Pending::<Test>::get(domain).len(), "the domain knows its open rounds");
	}
}
