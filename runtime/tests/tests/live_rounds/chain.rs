//! Chain of the test runtime: blocks, accounts and the steps of a round. Every block checks all invariants and the total issuance.

use super::runtime::*;
use codec::Encode;
use doin_primitives::{
	blake2_256,
	bounded_collections::BoundedVec,
	commitment::{commitment, payload_hash, Tag},
	domain::PAGE_VALUES,
	payload::{ChunkSums, Metrics, Reveal, Sums},
	round::Phase,
	views::{RecomputationPhase, RecomputationView},
	Balance, BlockNumber, DomainId, DomainSpec, Evidence as EvidenceSpec, Growth, Limits, Page, RoundId, RoundParams,
	RoundResult, SizeClass, Split, DOIN, MILLION, ONE_Q32,
};
use doin_scoring::{sample, score, Encoder, Layer, Model, Net, Program};
use doin_testing::endowed;
use doin_traits::{ChunkDraw, ChunkScorer, Domains as _, Stream};
use frame_support::traits::{
	fungible::{Inspect, InspectHold},
	OnFinalize, OnInitialize,
};
use pallet_doin_domains::Event as DomainsEvent;
use pallet_doin_evidence::Event as EvidenceEvent;
use pallet_doin_optimae::{
	types::{Round, Stage},
	Event as OptimaeEvent,
};
use sp_runtime::{traits::Dispatchable, BuildStorage, DispatchError};

/// Optimizers.
pub const ALICE: AccountId = 1;
pub const BOB: AccountId = 2;
/// Owner of the domain.
pub const OWNER: AccountId = 3;
/// Account that settles.
pub const SETTLER: AccountId = 4;
/// Bonded evaluators.
pub const EVALUATORS: [AccountId; 4] = [11, 12, 13, 14];
/// Balance of every account at genesis.
pub const ENDOWMENT: Balance = 10_000 * DOIN;
/// Values that the domain publishes.
const PUBLISHED: u32 = 900;
/// Salt of every commitment.
const SALT: [u8; 32] = [5; 32];

/// Returns the model that adds `growth` raw units to the last season.
pub fn season_plus(growth: i32) -> Model {
	let (inputs, outputs) = (SEASON as u16, program().horizon);
	// Input i is the value one season before step i of the forecast, as a difference from the last one.
	let weight = |at: usize| if at / usize::from(inputs) == at % usize::from(inputs) { 32 } else { 0 };
	let weights = (0..usize::from(inputs * outputs)).map(weight).collect();
	let skip = Layer { inputs, outputs, shift: 1, weights, bias: vec![growth * 32; usize::from(outputs)] };
	Model::Net(Net { window: inputs, in_shifts: vec![0], skip: Some(skip), encoder: Encoder::None, layers: vec![] })
}

/// Returns the values that the domain publishes.
fn published() -> Vec<i32> {
	values(PUBLISHED.into(), |_| GROWTH)
}

/// Returns the record of the live domain.
pub fn spec() -> DomainSpec {
	DomainSpec {
		name: BoundedVec::truncate_from(b"market".to_vec()),
		unit: BoundedVec::new(),
		program: Program::Forecast(program()),
		genes: BoundedVec::new(),
		limits: Limits { model_bytes: 1_024, window_macs: 1_024 },
		data_root: blake2_256(&published().encode()),
		values: PUBLISHED,
		growth: Growth::Fixed,
		split: Split { train_end: 500, validation_end: PUBLISHED },
		licence: BoundedVec::new(),
		evidence: EvidenceSpec::Live { stream: STREAM, unit: UNIT },
		min_improvement: 2_000,
		target: 0,
	}
}

/// Returns a reveal of `model` with correct validation sums.
pub fn reveal_of(model: &Model) -> Reveal {
	let (program, split, series) = (program(), spec().split, published());
	let sum = |chunk| {
		let span = sample::validation_span(&program, split.train_end, split.validation_end, chunk).expect("a chunk");
		score(model, &program, &sample::validation(&program, &series[span.start as usize..span.end as usize]))
	};
	Reveal {
		genes: BoundedVec::new(),
		model: BoundedVec::truncate_from(model.to_bytes()),
		validation: BoundedVec::truncate_from((0..program.chunks).map(sum).collect()),
		metrics: Metrics::default(),
	}
}

/// Chain under test.
pub struct Chain {
	ext: sp_io::TestExternalities,
	/// Events of all blocks, in order.
	pub events: Vec<RuntimeEvent>,
	/// Total issuance at genesis, in plancks.
	issued: Balance,
}

impl Chain {
	/// Returns a chain at block 1 with a fresh stream.
	pub fn new() -> Self {
		Market::change(|market| *market = Market::new());
		let rich = [ALICE, BOB, OWNER, SETTLER, VALIDATOR].into_iter().chain(EVALUATORS);
		let genesis = RuntimeGenesisConfig {
			balances: endowed!(rich, ENDOWMENT),
			timing: pallet_doin_timing::GenesisConfig {
				public: false,
				slot_duration_ms: SLOT_MS,
				rounds: RoundParams::DEV,
				target_spacing_ms: 8 * SLOT_MS,
				..Default::default()
			},
			evaluators: pallet_doin_evaluators::GenesisConfig {
				evaluators: EVALUATORS.map(|who| (who, 500 * DOIN, SizeClass::Small)).to_vec(),
			},
			work: pallet_doin_work::GenesisConfig { threshold: ONE_Q32 / 4, ..Default::default() },
			..Default::default()
		};
		let ext = genesis.build_storage().expect("genesis builds").into();
		let mut chain = Self { ext, events: Vec::new(), issued: 0 };
		chain.issued = chain.state(Balances::total_issuance);
		chain.block();
		chain
	}

	/// Reads or changes the state.
	pub fn state<R>(&mut self, run: impl FnOnce() -> R) -> R {
		self.ext.execute_with(run)
	}

	/// Returns the number of this block.
	pub fn number(&mut self) -> BlockNumber {
		self.state(System::block_number) as BlockNumber
	}

	/// Ends this block, checks it, and begins the next one.
	pub fn block(&mut self) {
		self.state(|| AllPalletsWithSystem::on_finalize(System::block_number()));
		self.check();
		self.state(|| {
			let next = System::block_number() + 1;
			System::initialize(&next, &Default::default(), &Default::default());
			AllPalletsWithSystem::on_initialize(next);
		});
		self.check();
	}

	/// Collects the events of this block, and checks the invariants of all pallets and the total issuance.
	fn check(&mut self) {
		let new = self.state(|| {
			let events: Vec<_> = System::events().into_iter().map(|record| record.event).collect();
			System::reset_events();
			events
		});
		self.events.extend(new);
		let expected = self.issued + self.mined() - self.burned();
		self.state(|| {
			let block = System::block_number();
			for (name, checked) in [
				("timing", Timing::do_try_state()),
				("fee-market", FeeMarket::do_try_state()),
				("gauge", Gauge::do_try_state()),
				("domains", Domains::do_try_state()),
				("reputation", Reputation::do_try_state()),
				("evaluators", Evaluators::do_try_state()),
				("recomputation", Recomputation::do_try_state()),
				("optimae", Optimae::do_try_state()),
				("work", Work::do_try_state()),
				("evidence", Evidence::do_try_state()),
			] {
				assert!(checked.is_ok(), "block {block}, pallet {name}: {checked:?}");
			}
			for (domain, live) in pallet_doin_evidence::Live::<Test>::iter() {
				for waiting in live.waiting {
					let round = RoundId { domain, number: waiting.number };
					assert_eq!(stage(round), Some(Stage::Awaiting), "block {block}: the bars of {round:?} are awaited");
				}
			}
			let accounts = frame_system::Account::<Test>::iter_values();
			let total: Balance = accounts.map(|account| account.data.free + account.data.reserved).sum();
			assert_eq!(Balances::total_issuance(), total, "block {block}: the accounts hold the issuance");
			assert_eq!(total, expected, "block {block}: the issuance changes by what is minted and burned only");
		});
	}

	/// Returns the amount that work blocks have minted, in plancks.
	pub fn mined(&mut self) -> Balance {
		self.state(pallet_doin_work::Mined::<Test>::get)
	}

	/// Returns the amount that events report as burned, in plancks.
	pub fn burned(&self) -> Balance {
		let of = |event: &RuntimeEvent| match event {
			RuntimeEvent::Domains(DomainsEvent::Registered { fee, .. }) => *fee,
			RuntimeEvent::Optimae(
				OptimaeEvent::Committed { burned, .. }
				| OptimaeEvent::SeatForfeited { burned, .. }
				| OptimaeEvent::ClaimDisproved { burned, .. }
				| OptimaeEvent::StakeBurned { burned, .. }
				| OptimaeEvent::FeesPaid { burned, .. },
			) => *burned,
			_ => 0,
		};
		self.events.iter().map(of).sum()
	}

	/// Makes blocks up to block `number`.
	pub fn run_to(&mut self, number: BlockNumber) {
		while self.number() < number {
			self.block();
		}
	}

	/// Makes blocks until `is_reached`, at most `most`.
	pub fn run_until(&mut self, most: u32, what: &str, is_reached: impl Fn() -> bool) {
		for _ in 0..most {
			if self.state(&is_reached) {
				return;
			}
			self.block();
		}
		panic!("block {}: not reached in {most} blocks: {what}", self.number());
	}

	/// Sends a call, which has to succeed.
	pub fn ok(&mut self, who: AccountId, call: impl Into<RuntimeCall>) {
		let call = call.into();
		let sent = self.state(|| call.clone().dispatch(RuntimeOrigin::signed(who)));
		assert!(sent.is_ok(), "block {}, account {who}: {sent:?} of {call:?}", self.number());
	}

	/// Sends a call, which has to fail. Returns its error.
	pub fn fails(&mut self, who: AccountId, call: impl Into<RuntimeCall>) -> DispatchError {
		self.state(|| call.into().dispatch(RuntimeOrigin::signed(who))).expect_err("the call fails").error
	}

	/// Returns the free balance of `who`, and its total on hold.
	pub fn balance(&mut self, who: AccountId) -> (Balance, Balance) {
		self.state(|| (Balances::free_balance(who), Balances::total_balance_on_hold(&who)))
	}

	/// Returns the sum of all balances of the evaluators and the settler.
	pub fn workers(&mut self) -> Balance {
		self.state(|| EVALUATORS.iter().chain([&SETTLER]).map(<Balances as Inspect<_>>::total_balance).sum())
	}

	/// Returns the state of the stream.
	pub fn stream(&mut self) -> Stream {
		self.state(|| Market::read(Market::now))
	}

	/// Registers, loads and activates the live domain, and lets the validators give all weight to it.
	pub fn live_domain(&mut self) -> DomainId {
		let domain = self.state(pallet_doin_domains::NextDomainId::<Test>::get);
		self.ok(OWNER, pallet_doin_domains::Call::register { spec: Box::new(spec()), baseline: None });
		for (index, page) in (0..).zip(published().chunks(PAGE_VALUES as usize)) {
			let page = Page::from_values(page.to_vec()).expect("a page");
			self.ok(OWNER, pallet_doin_domains::Call::upload_page { domain, index, page });
		}
		self.ok(OWNER, pallet_doin_domains::Call::activate { domain, values: PUBLISHED, units: 0 });
		self.ok(OWNER, pallet_doin_gauge::Call::nominate { domain });
		let votes = BoundedVec::truncate_from(vec![(domain, MILLION)]);
		self.ok(VALIDATOR, pallet_doin_gauge::Call::vote { votes });
		self.run_until(20, "the domain has weight", || <Gauge as doin_traits::DomainWeights>::weight(domain) == MILLION);
		domain
	}

	/// Makes blocks, at least one, until the first block of a round of `domain`. Returns the round.
	pub fn run_to_next_round(&mut self, domain: DomainId) -> RoundId {
		loop {
			self.block();
			let now = self.number();
			let place = RoundParams::DEV.place(domain, now);
			if place.phase == Phase::Commit && place.phase_end - now == RoundParams::DEV.commit {
				return place.round;
			}
		}
	}

	/// Returns the call by which `who` commits to `model` in `round`.
	pub fn commit_call(who: AccountId, round: RoundId, model: &Model) -> RuntimeCall {
		let hash = commitment(Tag::Optimae, &Genesis::get(), &round, &who, &payload_hash(&reveal_of(model)), &SALT);
		pallet_doin_optimae::Call::commit { round, hash, max_fee: Balance::MAX }.into()
	}

	/// Returns the call by which `who` reveals `model` in `round`.
	pub fn reveal_call(round: RoundId, model: &Model) -> RuntimeCall {
		pallet_doin_optimae::Call::reveal { round, reveal: Box::new(reveal_of(model)), salt: SALT }.into()
	}

	/// Opens the next round of `domain` with these seats and runs to the end of its commits. Returns the round.
	pub fn commit_all(&mut self, domain: DomainId, seats: &[(AccountId, Model)]) -> RoundId {
		let round = self.run_to_next_round(domain);
		for (who, model) in seats {
			self.ok(*who, Self::commit_call(*who, round, model));
		}
		self.run_to_commits_end(round);
		round
	}

	/// Makes blocks up to the first one after the commits of `round`. Returns the first bar of the round.
	pub fn run_to_commits_end(&mut self, round: RoundId) -> u64 {
		self.run_to(RoundParams::DEV.reveal_window(round).0);
		self.first_bar(round)
	}

	/// Returns the first bar that `round` was given.
	pub fn first_bar(&self, round: RoundId) -> u64 {
		let of = |event: &RuntimeEvent| match event {
			RuntimeEvent::Evidence(EvidenceEvent::BarsAwaited { round: other, first, .. }) if *other == round => Some(*first),
			_ => None,
		};
		self.events.iter().find_map(of).expect("the round was given bars")
	}

	/// Makes blocks until `round` takes reveals.
	pub fn run_to_reveals(&mut self, round: RoundId) {
		self.run_until(1_000, "reveals", || matches!(stage(round), Some(Stage::Revealing { .. })));
	}

	/// Reveals these seats of `round` once it takes reveals, and runs until it is evaluated.
	pub fn reveal_all(&mut self, round: RoundId, seats: &[(AccountId, Model)]) {
		self.run_to_reveals(round);
		for (who, model) in seats {
			self.ok(*who, Self::reveal_call(round, model));
		}
		self.run_until(20, "evaluation", || matches!(stage(round), Some(Stage::Evaluating { .. })));
	}

	/// Returns the recomputation of `round`, which is evaluated.
	pub fn task(&mut self, round: RoundId) -> RecomputationView<AccountId> {
		let task = self.state(|| pallet_doin_optimae::Rounds::<Test>::get(round)).and_then(|round| round.task());
		let task = task.expect("the round is evaluated");
		self.state(|| Recomputation::recomputation(task)).expect("the task is not final")
	}

	/// Makes blocks until the recomputation of `round` is in `phase`.
	fn run_to_phase(&mut self, round: RoundId, phase: RecomputationPhase) -> RecomputationView<AccountId> {
		for _ in 0..100 {
			let view = self.task(round);
			if view.phase == phase {
				return view;
			}
			self.block();
		}
		panic!("block {}: the task of {round:?} is never in {phase:?}", self.number());
	}

	/// Lets the whole quorum of `round` answer correctly, and settles. Returns the drawn task and its sums.
	pub fn answer(&mut self, round: RoundId) -> (RecomputationView<AccountId>, Sums) {
		let view = self.run_to_phase(round, RecomputationPhase::Answering);
		let seed = view.seed.expect("drawn");
		let draw = ChunkDraw { domain: view.domain, evidence: view.evidence, seed: &seed };
		let sum = |model, chunk| StreamScorer::drawn_sum(draw, model, chunk).expect("computable");
		let of = |model| ChunkSums::truncate_from((0..program().chunks).map(|chunk| sum(model, chunk)).collect());
		let sums = self.state(|| Sums::truncate_from(view.models.iter().map(of).collect()));
		let evaluators: Vec<_> = view.seats.iter().map(|seat| seat.who).collect();
		for who in &evaluators {
			let hash = commitment(Tag::Sums, &Genesis::get(), &view.task, who, &payload_hash(&sums), &SALT);
			self.ok(*who, pallet_doin_recomputation::Call::commit_sums { task: view.task, hash });
		}
		self.run_to_phase(round, RecomputationPhase::Revealing);
		for who in &evaluators {
			let sums = sums.clone();
			self.ok(*who, pallet_doin_recomputation::Call::reveal_sums { task: view.task, sums, salt: SALT });
		}
		self.run_to_phase(round, RecomputationPhase::Settling);
		self.block();
		self.ok(SETTLER, pallet_doin_recomputation::Call::settle { task: view.task, class: SizeClass::Small });
		(view, sums)
	}

	/// Makes blocks until `round` is decided or void. Returns its result.
	pub fn run_to_end(&mut self, round: RoundId) -> RoundResult {
		self.run_until(3_000, "the end of the round", || stage(round).is_none());
		let last = self.state(|| Domains::state(round.domain)).and_then(|state| state.last_round).expect("a round has ended");
		assert_eq!(last.number, round.number, "the last round that ended");
		last.result
	}

	/// Reveals, answers and settles `round`. Returns its result.
	pub fn finish(&mut self, round: RoundId, seats: &[(AccountId, Model)]) -> RoundResult {
		self.reveal_all(round, seats);
		self.answer(round);
		self.run_to_end(round)
	}
}

/// Returns the stage of an undecided round.
pub fn stage(round: RoundId) -> Option<Stage> {
	pallet_doin_optimae::Rounds::<Test>::get(round).map(|round: Round<AccountId>| round.stage)
}
