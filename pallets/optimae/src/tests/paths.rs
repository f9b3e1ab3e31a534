//! Random paths: in any order of calls and deadlines, amounts are conserved and no hold is left behind.

use crate::{mock::*, test_utils::*, types::Stage, Call, Contenders, Due, Event, HoldReason, Models, Pending, Rounds};
use doin_primitives::{
	payload::Reveal,
	round::Phase,
	settlement::{credit, pay_shares, Helpers},
	Balance, DomainId, ModelId, ModelRef, RoundId, RoundParams, RoundResult, UnpaidReason, DOIN, MILLION,
};
use doin_traits::VoidReason;
use frame_support::traits::fungible::Inspect;
use proptest::prelude::*;

/// Domains of the test.
const DOMAINS: [DomainId; 3] = [DOMAIN, 20, SEALED];
/// Domain with sealed evidence.
const SEALED: DomainId = 33;
/// Accounts that act.
const PLAYERS: [AccountId; 4] = [1, 2, 3, 4];

/// Seat that a player takes.
#[derive(Clone, Debug)]
struct Taken {
	/// Index of the player.
	who: usize,
	/// Error of the model relative to the validation error of the champion, parts per million.
	ratio: u64,
	/// Distance of the sums from their mean, in per cent.
	swing: u64,
	/// Amount by which the claimed sum of chunk 0 is too small.
	boast: u32,
	/// Highest fee that the commit accepts, in per cent of the fee at the start of the test.
	max_fee: u32,
}

/// Step of a path. A step that is not possible has no effect.
#[derive(Clone, Debug)]
enum Step {
	/// Takes seats in the current commit phase of the domain, or in the next one.
	Commit { domain: usize, seats: Vec<Taken> },
	/// Reveals all seats but every n-th one in the current reveal phase of the domain, or in the next one.
	Reveal { domain: usize, skip: usize },
	/// Runs some blocks.
	Wait(u32),
	/// Challenges the claim of a seat of the earliest undecided round.
	Challenge { domain: usize, seat: u8 },
	/// Decides the evaluated round by a draw that adds `tilt` to the sums of every second model, by the answers of `agreed`
	/// members of a quorum of three, or by the runtime without answers.
	Decide { domain: usize, tilt: u32, agreed: usize },
	/// Brings the evidence that is awaited, or reports that there is none.
	Evidence { arrives: bool },
	/// Makes the domain with sealed evidence have none left, or some.
	Exhaust { exhausted: bool, at_request: bool },
	/// Sets the purse, in DOIN, and the part of a payment that can be minted, in parts per million.
	Purse(u32, u32),
	/// Sets the number of blocks in which pay ramps up.
	Ramp(u32),
	/// Ends the evaluated round by a time-out.
	Void { domain: usize, quorum: bool },
	/// Sets the number of evaluators.
	Available(u32),
	/// Sets the weight of the domains.
	Weight(u32),
	/// Sets the base fee.
	BaseFee(Balance),
	/// Fills or empties the recomputation service.
	Service(bool),
	/// Releases a model.
	Release { who: usize, model: ModelId },
}

fn taken() -> impl Strategy<Value = Taken> {
	let boast = prop_oneof![4 => Just(0u32), 1 => 1u32..50];
	// Some leaps are larger than the bit that one verdict pays.
	let ratio = prop_oneof![6 => 850_000u64..1_005_000, 1 => 100_000u64..850_000];
	(0..PLAYERS.len(), ratio, 0u64..25, boast, 50u32..1_000).prop_map(|(who, ratio, swing, boast, max_fee)| Taken {
		who,
		ratio,
		swing,
		boast,
		max_fee,
	})
}

fn step() -> impl Strategy<Value = Step> {
	let domain = 0..DOMAINS.len();
	prop_oneof![
		8 => (domain.clone(), proptest::collection::vec(taken(), 1..7)).prop_map(|(domain, seats)| Step::Commit { domain, seats }),
		8 => (domain.clone(), 2usize..20).prop_map(|(domain, skip)| Step::Reveal { domain, skip }),
		4 => (1u32..12).prop_map(Step::Wait),
		3 => (domain.clone(), 0u8..6).prop_map(|(domain, seat)| Step::Challenge { domain, seat }),
		7 => (domain.clone(), 0u32..40, 0usize..4).prop_map(|(domain, tilt, agreed)| Step::Decide { domain, tilt, agreed }),
		6 => prop_oneof![6 => Just(true), 1 => Just(false)].prop_map(|arrives| Step::Evidence { arrives }),
		1 => (any::<bool>(), any::<bool>()).prop_map(|(exhausted, at_request)| Step::Exhaust { exhausted, at_request }),
		1 => (0u32..400, prop_oneof![Just(MILLION), 0..=MILLION]).prop_map(|(purse, mintable)| Step::Purse(purse, mintable)),
		1 => prop_oneof![2 => Just(0u32), 1 => 1u32..500].prop_map(Step::Ramp),
		1 => (domain, any::<bool>()).prop_map(|(domain, quorum)| Step::Void { domain, quorum }),
		1 => prop_oneof![1 => 0u32..3, 2 => 3u32..100].prop_map(Step::Available),
		1 => prop_oneof![1 => Just(0u32), 2 => 1u32..1_000_000].prop_map(Step::Weight),
		1 => prop_oneof![4 => Just(1_000u128), 1 => Just(10_000), 1 => Just(1_000_000_000)].prop_map(Step::BaseFee),
		1 => prop_oneof![1 => Just(true), 4 => Just(false)].prop_map(Step::Service),
		1 => (0..PLAYERS.len(), 0u64..12).prop_map(|(who, model)| Step::Release { who, model }),
	]
}

/// Committed candidate that can be revealed.
struct Commit {
	who: AccountId,
	round: RoundId,
	solution: Reveal,
	salt: [u8; 32],
}

/// Returns the evaluated round of `domain`.
fn evaluated(domain: DomainId) -> Option<RoundId> {
	Requests::iter_keys().find(|round| round.domain == domain)
}

/// Returns the undecided round of the domain with sealed evidence that takes reveals.
fn revealing() -> Option<RoundId> {
	let number = *Pending::<Test>::get(SEALED).first()?;
	let id = RoundId { domain: SEALED, number };
	matches!(Rounds::<Test>::get(id)?.stage, Stage::Revealing { .. }).then_some(id)
}

/// Runs to the next phase of this kind, unless the domain is in one.
fn enter_phase(domain: DomainId, phase: Phase) {
	if RoundParams::DEV.place(domain, block()).phase != phase {
		run_to_phase(domain, phase);
	}
}

/// Takes seats in the round of `domain` that takes commits, and keeps the commits that are accepted.
fn take_seats(domain: DomainId, seats: Vec<Taken>, commits: &mut Vec<Commit>) {
	enter_phase(domain, Phase::Commit);
	let round = current(domain);
	for Taken { who, ratio, swing, boast, max_fee } in seats {
		let mean = state(domain).champion.validation_error * ratio / CHUNKS as u64 / 1_000_000;
		let mut solution = candidate(shaky(mean as u32, (mean * swing / 100) as u32));
		let mut sums = solution.validation.into_inner();
		sums[0] = sums[0].saturating_sub(boast);
		solution.validation = sums.try_into().unwrap();
		let (who, salt) = (PLAYERS[who], [commits.len() as u8; 32]);
		let (before, max_fee) = (free(who), SEAT_FEE * Balance::from(max_fee) / 100);
		let accepted = commit_for(who, domain, &solution, salt, max_fee).is_ok();
		let taken = before - free(who);
		let stake = if domain == SEALED { STAKE } else { 0 };
		assert!(if accepted { taken <= 6 * max_fee + stake } else { taken == 0 }, "{taken} for {max_fee}");
		if accepted {
			commits.push(Commit { who, round, solution, salt });
		}
	}
}

/// Reveals the commits to the round of `domain` that takes reveals, but every `skip`-th one.
fn reveal_some(domain: DomainId, skip: usize, commits: &[Commit]) {
	let round = if domain == SEALED {
		revealing()
	} else {
		enter_phase(domain, Phase::Reveal);
		Some(current(domain))
	};
	let here = commits.iter().enumerate().filter(|(_, commit)| Some(commit.round) == round);
	for (_, commit) in here.filter(|(i, _)| i % skip != 0) {
		let _may_fail = reveal(commit.who, commit.round, &commit.solution, commit.salt);
	}
}

/// Decides `round` by sums to which `tilt` is added for every second model: of the first `agreed` evaluators, or of the runtime.
fn decide_tilted(round: RoundId, tilt: u32, agreed: usize) {
	let tilted = |model: &ModelRef| {
		let add = if matches!(model, ModelRef::Stored(id) if id % 2 == 1) { tilt } else { 0 };
		score_points(model).expect("stored").into_iter().map(|sum| sum + add).collect()
	};
	let leader = leader(round, &sums_by(round, tilted));
	let models = Requests::get(round).unwrap().models;
	if agreed == 0 {
		let mut helpers = Helpers::new();
		credit(&mut helpers, &WATCHER, CHUNKS as u32);
		decide_recomputed(round, tilted, &helpers, &[], 3);
	} else {
		let agreed = EVALUATORS.into_iter().take(agreed);
		decide_for(round, tilted, pay_shares(agreed, 3, &Default::default(), CHUNKS as u32), Some(SETTLER));
	}
	let crowned = leader.map(|index| models[usize::from(index)]);
	assert!(crowned.is_none_or(|model| state(round.domain).champion.model == model), "the leader is crowned");
}

fn play(step: Step, commits: &mut Vec<Commit>) {
	match step {
		Step::Commit { domain, seats } => take_seats(DOMAINS[domain], seats, commits),
		Step::Reveal { domain, skip } => reveal_some(DOMAINS[domain], skip, commits),
		Step::Wait(blocks) => run_to(block() + blocks),
		Step::Challenge { domain, seat } => {
			let domain = DOMAINS[domain];
			if let Some(number) = Pending::<Test>::get(domain).first() {
				let _may_fail = challenge(WATCHER, RoundId { domain, number: *number }, seat, 0);
			}
		}
		Step::Decide { domain, tilt, agreed } => {
			if let Some(round) = evaluated(DOMAINS[domain]) {
				decide_tilted(round, tilt, agreed);
			}
		}
		Step::Evidence { arrives } => {
			if let Some(round) = Awaited::iter_keys().next() {
				if arrives {
					arrive(round);
				} else {
					fail(round, UnpaidReason::EvidenceMissing);
				}
			}
		}
		Step::Exhaust { exhausted, at_request } => {
			if at_request {
				NothingLeft::set(exhausted);
			} else {
				Exhausted::set(exhausted);
			}
		}
		Step::Purse(purse, mintable) => {
			// The owner has what its purse contains.
			Purse::put((Balance::from(purse) * DOIN).min(free(OWNER) - DOIN));
			Mintable::set(mintable);
		}
		Step::Ramp(blocks) => RampNow::set(blocks),
		Step::Void { domain, quorum } => {
			if let Some(round) = evaluated(DOMAINS[domain]) {
				void(round, if quorum { VoidReason::Unsettled } else { VoidReason::NoQuorum });
			}
		}
		Step::Available(evaluators) => Available::set(evaluators),
		Step::Weight(weight) => WeightNow::set(weight),
		Step::BaseFee(fee) => BaseFeeNow::set(fee),
		Step::Service(full) => ServiceFull::set(full),
		Step::Release { who, model } => {
			let _may_fail = send(PLAYERS[who], Call::release_model { model });
		}
	}
}

/// Checks that every round that ended has exactly one result: it is paid, or it reports a reason.
fn check_results() {
	let (mut ended, mut unpaid, mut paid) = (Vec::new(), Vec::new(), Vec::new());
	for event in events() {
		match event {
			Event::RoundDecided { round, .. } | Event::RoundVoided { round } => ended.push(round),
			Event::RoundUnpaid { round, .. } => unpaid.push(round),
			Event::Crowned { round, effective: 1.., .. } | Event::CarryPaid { round, effective: 1.., .. } => paid.push(round),
			_ => {}
		}
	}
	let (from_purse, queued): (Vec<_>, Vec<_>) = paid.iter().copied().partition(|round| round.domain == SEALED);
	assert_eq!(Queue::get().iter().map(|entry| entry.round).collect::<Vec<_>>(), queued);
	assert_eq!(Payments::get().iter().map(|(improvement, _)| improvement.round).collect::<Vec<_>>(), from_purse);
	// One verdict pays a champion and its successor one after the other.
	paid.dedup();
	for domain in DOMAINS {
		let last = ended.iter().rev().find(|round| round.domain == domain);
		let result = state(domain).last_round;
		assert_eq!(result.map(|last| last.number), last.map(|round| round.number));
		if let (Some(round), Some(last)) = (last, result) {
			assert_eq!(matches!(last.result, RoundResult::Paid { .. }), paid.contains(round));
		}
	}
	ended.sort();
	let mut results = [paid, unpaid].concat();
	results.sort();
	assert_eq!(ended, results);
}

/// Checks that exactly what was minted outside the queue was burned from the purse, which the owner pays for.
fn check_purse() {
	let minted: Balance = Payments::get().iter().map(|(_, minted)| minted).sum();
	assert_eq!(ENDOWMENT - free(OWNER), minted);
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

	#[test]
	fn no_path_leaves_a_hold_behind_or_loses_a_planck(steps in proptest::collection::vec(step(), 1..100)) {
		test(|| {
			add_domain(DOMAINS[1], synthetic());
			add_domain(SEALED, sealed());
			Purse::put(PURSE);
			FreePlaces::set(1_000);
			let issued = <Balances as Inspect<AccountId>>::total_issuance();
			let mut commits = Vec::new();
			for step in steps {
				play(step, &mut commits);
				check(issued);
			}
			check_results();
			check_purse();
			// All rounds end, and all holds are released.
			while Rounds::<Test>::count() > 0 {
				run_to(block() + RoundParams::DEV.period());
				DOMAINS.into_iter().filter_map(evaluated).for_each(expire);
				Awaited::iter_keys().collect::<Vec<_>>().into_iter().for_each(arrive);
			}
			check(issued);
			for domain in DOMAINS {
				States::remove(domain);
				Specs::remove(domain);
			}
			for model in Models::<Test>::iter_keys().collect::<Vec<_>>() {
				send(WATCHER, Call::release_model { model }).expect("the domain is gone");
			}
			for who in PLAYERS {
				for reason in [HoldReason::SeatFee, HoldReason::Seat, HoldReason::Model, HoldReason::Stake] {
					assert_eq!(held(reason, who), 0, "{reason:?} of {who}");
				}
			}
			assert_eq!(Contenders::<Test>::iter().count(), 0);
			assert_eq!(Due::<Test>::iter().count(), 0);
		});
	}
}
