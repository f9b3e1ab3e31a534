//! Language of the tests: candidates, rounds and verdicts on the mock runtime.

use crate::{
	mock::{
		AccountId, Available, Awaited, Balances, BarsKept, BaseFeeNow, Exhausted, FreePlaces, Mintable, NothingLeft, Optimae,
		Purse, RampNow, Requests, RuntimeCall, RuntimeOrigin, ServiceFull, Specs, States, System, Test, WeightNow, CHUNKS,
		DOMAIN, ENDOWMENT, EVALUATORS, FIRST, GENESIS, INITIAL, OWNER, PURSE, SETTLER, STAKE, WATCHER,
	},
	types::Stage,
	Call, Event, HoldReason, Pending, Rounds,
};
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	domain::{DomainState, Gene},
	payload::{ChunkSums, Reveal, Sums},
	quorum::MIN_QUORUM,
	round::Phase,
	settlement::{largest, pay_shares, Backing, Helpers, PayShares},
	Balance, BlockNumber, DomainId, DomainSpec, Evidence, EvidenceRef, Hash, ModelRef, RoundId, RoundParams, RoundResult,
	SizeClass, Subject, UnpaidReason, MILLION,
};
use doin_scoring::{Generator, Model};
use doin_testing::{active, quadratic};
use doin_traits::{Models, OnEvidence, OnRecomputed, Outcome, VoidReason};
use frame_support::{
	dispatch::DispatchResult,
	traits::{fungible::InspectHold, Hooks},
};
use sp_runtime::{traits::Dispatchable, BuildStorage};

/// Returns the coordinates of a stored model, which are its error sums; [`INITIAL`] per chunk for a baseline.
pub fn score_points(model: &ModelRef) -> Option<Vec<u32>> {
	let ModelRef::Stored(id) = model else {
		return Some(vec![INITIAL; CHUNKS]);
	};
	match Model::from_bytes(&Optimae::bytes(*id)?) {
		Ok(Model::Point(point)) => Some(point.into_iter().map(|x| x as u32).collect()),
		_ => None,
	}
}

/// Returns synthetic evidence.
pub fn synthetic() -> Evidence {
	Evidence::Synthetic(Generator { template: vec![0].try_into().unwrap(), ar: Default::default(), noise: 1, level: 0 })
}

/// Returns sealed evidence.
pub fn sealed() -> Evidence {
	Evidence::Sealed { units: 512, stake: STAKE }
}

/// Returns live evidence.
pub fn live() -> Evidence {
	Evidence::Live { stream: 1, unit: 1 }
}

/// Registers an active domain whose models are points of [`CHUNKS`] coordinates and whose champion is repeat-last.
pub fn add_domain(domain: DomainId, evidence: Evidence) {
	let gene = Gene { name: b"width".to_vec().try_into().unwrap(), lo: 0, hi: 100, log: false, frac: 0 };
	let spec = DomainSpec { genes: vec![gene].try_into().unwrap(), evidence, ..quadratic(CHUNKS) };
	let state = active(OWNER, ModelRef::RepeatLast, u64::from(INITIAL) * CHUNKS as u64);
	Specs::insert(domain, spec);
	States::insert(domain, state);
}

/// Returns the state of a domain.
pub fn state(domain: DomainId) -> DomainState<AccountId> {
	States::get(domain).expect("registered")
}

/// Returns a candidate whose error sums are `errors`, and which claims them.
pub fn candidate(errors: [u32; CHUNKS]) -> Reveal {
	Reveal {
		genes: vec![10].try_into().unwrap(),
		model: Model::Point(errors.iter().map(|e| *e as i32).collect()).to_bytes().try_into().unwrap(),
		validation: errors.to_vec().try_into().unwrap(),
		metrics: Default::default(),
	}
}

/// Returns a [`candidate`] with the same error sum on every chunk, so that its lead is certain.
pub fn steady(error: u32) -> Reveal {
	candidate([error; CHUNKS])
}

/// Returns error sums that alternate between `error + swing` and `error − swing`, so that a small lead is uncertain.
pub fn shaky(error: u32, swing: u32) -> [u32; CHUNKS] {
	core::array::from_fn(|i| if i % 2 == 0 { error + swing } else { error - swing })
}

/// Returns the free balance of `who`.
pub fn free(who: AccountId) -> Balance {
	Balances::free_balance(who)
}

/// Returns the amount on hold of `who` for `reason`.
pub fn held(reason: HoldReason, who: AccountId) -> Balance {
	Balances::balance_on_hold(&reason.into(), &who)
}

/// Salt of most commitments.
pub const SALT: [u8; 32] = [3; 32];

/// Returns the commitment of `who` to `reveal` in `round`.
pub fn commitment_of(round: RoundId, who: AccountId, reveal: &Reveal, salt: [u8; 32]) -> Hash {
	commitment(Tag::Optimae, &GENESIS, &round, &who, &payload_hash(reveal), &salt)
}

/// Dispatches a call. A failing call leaves no trace in storage.
pub fn send(who: AccountId, call: Call<Test>) -> DispatchResult {
	RuntimeCall::from(call).dispatch(RuntimeOrigin::signed(who)).map(|_| ()).map_err(|failed| failed.error)
}

/// Commits in the current round of `domain`, for any fee.
pub fn commit(who: AccountId, domain: DomainId, reveal: &Reveal, salt: [u8; 32]) -> DispatchResult {
	commit_for(who, domain, reveal, salt, Balance::MAX)
}

/// Commits in the current round of `domain` for a fee of at most `max_fee`.
pub fn commit_for(who: AccountId, domain: DomainId, reveal: &Reveal, salt: [u8; 32], max_fee: Balance) -> DispatchResult {
	let round = current(domain);
	let hash = commitment_of(round, who, reveal, salt);
	send(who, Call::commit { round, hash, max_fee })
}

/// Reveals in a round.
pub fn reveal(who: AccountId, round: RoundId, reveal: &Reveal, salt: [u8; 32]) -> DispatchResult {
	send(who, Call::reveal { round, reveal: Box::new(reveal.clone()), salt })
}

/// Challenges the claim of a seat about a chunk.
pub fn challenge(who: AccountId, round: RoundId, seat: u8, chunk: u16) -> DispatchResult {
	send(who, Call::challenge_claim { round, seat, chunk, class: SizeClass::Small })
}

/// Returns the round that the grid of `domain` is in.
pub fn current(domain: DomainId) -> RoundId {
	RoundParams::DEV.place(domain, block()).round
}

/// Returns the current block.
pub fn block() -> BlockNumber {
	System::block_number() as BlockNumber
}

/// Runs empty blocks up to block `target`.
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

/// Runs a round from its commits to the end of its reveal window, with one seat per solution.
pub fn collect(domain: DomainId, solutions: &[(AccountId, Reveal)]) -> RoundId {
	run_to_phase(domain, Phase::Commit);
	let round = current(domain);
	for (i, (who, solution)) in solutions.iter().enumerate() {
		commit(*who, domain, solution, [i as u8; 32]).expect("commits are accepted");
	}
	run_to_phase(domain, Phase::Reveal);
	for (i, (who, solution)) in solutions.iter().enumerate() {
		reveal(*who, round, solution, [i as u8; 32]).expect("reveals are accepted");
	}
	run_to(RoundParams::DEV.reveal_window(round).1);
	round
}

/// Commits in a round of `domain`, with one seat per solution, and runs to the end of its commits.
pub fn commit_all(domain: DomainId, solutions: &[(AccountId, Reveal)]) -> RoundId {
	run_to_phase(domain, Phase::Commit);
	let round = current(domain);
	for (i, (who, solution)) in solutions.iter().enumerate() {
		commit(*who, domain, solution, [i as u8; 32]).expect("commits are accepted");
	}
	run_to(RoundParams::DEV.reveal_window(round).0);
	round
}

/// Returns the evidence of `round` if it is awaited: segment 0, or bars that no other round has.
pub fn evidence_of(round: RoundId) -> EvidenceRef {
	match Specs::get(round.domain).expect("registered").evidence {
		Evidence::Live { .. } => EvidenceRef::Bars { first: 1_000 * u64::from(round.number) },
		_ => EvidenceRef::Segment(0),
	}
}

/// Reports that the evidence of `round` has arrived: [`evidence_of`] it.
pub fn arrive(round: RoundId) {
	Awaited::take(round).expect("the evidence is awaited");
	Optimae::stands(round, evidence_of(round));
}

/// Reports that `round` gets no evidence.
pub fn fail(round: RoundId, reason: UnpaidReason) {
	Awaited::take(round).expect("the evidence is awaited");
	Optimae::failed(round, reason);
}

/// Returns the first block after the reveals of a round that takes them.
pub fn until(round: RoundId) -> BlockNumber {
	match Rounds::<Test>::get(round).expect("undecided").stage {
		Stage::Revealing { until, .. } => until,
		stage => panic!("no reveals are taken: {stage:?}"),
	}
}

/// Lets the evidence of `round` arrive, and runs the round to the end of its reveals, with one seat per solution.
pub fn reveal_all(round: RoundId, solutions: &[(AccountId, Reveal)]) {
	arrive(round);
	for (i, (who, solution)) in solutions.iter().enumerate() {
		reveal(*who, round, solution, [i as u8; 32]).expect("reveals are accepted");
	}
	run_to(until(round));
}

/// Runs a round of a domain whose evidence is awaited to the end of its reveals, with one seat per solution.
pub fn collect_awaited(domain: DomainId, solutions: &[(AccountId, Reveal)]) -> RoundId {
	let round = commit_all(domain, solutions);
	reveal_all(round, solutions);
	round
}

/// Returns the sums of all models of the request of `round`.
pub fn sums_by(round: RoundId, sums: impl Fn(&ModelRef) -> Vec<u32>) -> Sums {
	let models = Requests::get(round).expect("evaluated").models;
	models.iter().map(|model| ChunkSums::try_from(sums(model)).unwrap()).collect::<Vec<_>>().try_into().unwrap()
}

/// Decides `round` with `sums` as the final sums of its models.
pub fn decide_by(round: RoundId, sums: impl Fn(&ModelRef) -> Vec<u32>) {
	decide_with(round, sums, &EVALUATORS, Some(SETTLER));
}

/// Returns the shares of a quorum of at least three seats, of which `agreed` answered and agreed.
pub fn shares_of(agreed: &[AccountId]) -> PayShares<AccountId> {
	let seats = MIN_QUORUM.max(agreed.len() as u32);
	pay_shares(agreed.iter().copied(), seats, &Helpers::new(), CHUNKS as u32)
}

/// Decides `round` like [`decide_by`], by the answers of the members `agreed` of its quorum.
pub fn decide_with(round: RoundId, sums: impl Fn(&ModelRef) -> Vec<u32>, agreed: &[AccountId], settler: Option<AccountId>) {
	decide_for(round, sums, shares_of(agreed), settler);
}

/// Decides `round` like [`decide_by`], with the shares `pay`.
pub fn decide_for(round: RoundId, sums: impl Fn(&ModelRef) -> Vec<u32>, pay: PayShares<AccountId>, settler: Option<AccountId>) {
	let sums = sums_by(round, sums);
	Requests::remove(round);
	let (recomputed, backing) = (PayShares::default(), Backing::Quorum);
	Optimae::recomputed(&Subject::Round(round), Outcome { seed: [0; 32], sums, pay, recomputed, backing, settler });
}

/// Decides `round` by sums that the runtime computed: `helpers` paid for all of its chunks, and `agreed` are the members of a
/// quorum of `seats` seats that answered.
pub fn decide_recomputed(
	round: RoundId,
	sums: impl Fn(&ModelRef) -> Vec<u32>,
	helpers: &Helpers<AccountId>,
	agreed: &[AccountId],
	seats: u32,
) {
	let sums = sums_by(round, sums);
	Requests::remove(round);
	let chunks = helpers.iter().map(|helper| helper.chunks).sum();
	let pay = pay_shares(agreed.iter().copied(), seats, helpers, chunks);
	let recomputed = pay_shares([], 0, helpers, chunks);
	let (backing, settler) = (Backing::Runtime, largest(helpers).copied());
	Optimae::recomputed(&Subject::Round(round), Outcome { seed: [0; 32], sums, pay, recomputed, backing, settler });
}

/// Decides `round` with the coordinates of its models as their final sums.
pub fn decide(round: RoundId) {
	decide_by(round, |model| score_points(model).expect("stored"));
}

/// Ends `round` by the time-out of a task whose answers nobody settled.
pub fn expire(round: RoundId) {
	void(round, VoidReason::Unsettled);
}

/// Ends `round` by a time-out of its task.
pub fn void(round: RoundId, reason: VoidReason) {
	Requests::remove(round);
	Optimae::voided(&Subject::Round(round), reason);
}

/// Returns the reason for which `round` is not paid, if it was the last one of its domain to end. Asserts that the event agrees
/// with the state of the domain.
pub fn unpaid(round: RoundId) -> Option<UnpaidReason> {
	let last = state(round.domain).last_round.filter(|last| last.number == round.number)?;
	let of_round = |event| match event {
		Event::<Test>::RoundUnpaid { round: other, reason } if other == round => Some(reason),
		_ => None,
	};
	let reported: Vec<UnpaidReason> = events().into_iter().filter_map(of_round).collect();
	match last.result {
		RoundResult::Unpaid(reason) => {
			assert_eq!(reported, [reason], "reported once");
			Some(reason)
		}
		RoundResult::Paid { effective } => {
			assert_eq!(reported, []);
			assert!(effective > 0);
			None
		}
	}
}

/// Returns the events of this pallet so far.
pub fn events() -> Vec<Event<Test>> {
	doin_testing::events::<Test, _>()
}

/// Returns the sum of all burned amounts in the events.
pub fn burned() -> Balance {
	let of = |event: Event<Test>| match event {
		Event::Committed { burned, .. }
		| Event::SeatForfeited { burned, .. }
		| Event::ClaimDisproved { burned, .. }
		| Event::StakeBurned { burned, .. }
		| Event::FeesPaid { burned, .. } => burned,
		_ => 0,
	};
	events().into_iter().map(of).sum()
}

/// Returns the storage of a fresh chain.
pub fn ext() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let rich = (1..=20).chain(EVALUATORS).chain([SETTLER, WATCHER, OWNER]);
	pallet_balances::GenesisConfig::<Test> { balances: rich.map(|who| (who, ENDOWMENT)).collect(), ..Default::default() }
		.assimilate_storage(&mut storage)
		.unwrap();
	storage.into()
}

/// Runs a test on a fresh chain at block [`FIRST`] with [`DOMAIN`] registered, then checks the invariants and the total issuance.
pub fn test(run: impl FnOnce()) {
	ext().execute_with(|| {
		BaseFeeNow::set(1_000);
		Available::set(3);
		ServiceFull::set(false);
		FreePlaces::set(8);
		WeightNow::set(1_000_000);
		RampNow::set(0);
		Exhausted::set(false);
		BarsKept::set(true);
		NothingLeft::set(false);
		Mintable::set(MILLION);
		System::set_block_number(FIRST);
		Optimae::on_initialize(FIRST);
		add_domain(DOMAIN, synthetic());
		let issued = Balances::total_issuance();
		run();
		check(issued);
	});
}

/// Runs a test as [`test`] does, with sealed evidence for [`DOMAIN`], and [`PURSE`] in its purse.
pub fn sealed_test(run: impl FnOnce()) {
	test(|| {
		add_domain(DOMAIN, sealed());
		Purse::put(PURSE);
		run();
	});
}

/// Runs a test as [`test`] does, with live evidence for [`DOMAIN`].
pub fn live_test(run: impl FnOnce()) {
	test(|| {
		add_domain(DOMAIN, live());
		run();
	});
}

/// Checks the invariants, and that the total issuance fell from `issued` by exactly the burned amounts.
pub fn check(issued: Balance) {
	Optimae::do_try_state().unwrap();
	assert_eq!(Balances::total_issuance() + burned(), issued, "amounts are conserved");
	for (domain, state) in States::iter() {
		assert_eq!(state.open_rounds as usize, Pending::<Test>::get(domain).len(), "the domain counts its undecided rounds");
	}
}

/// Returns the index of the model that `sums` would crown in `round`.
pub fn leader(round: RoundId, sums: &Sums) -> Option<u8> {
	Optimae::leader(&Subject::Round(round), sums)
}
