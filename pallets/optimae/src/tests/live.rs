//! Live evidence: rounds that wait for bars side by side, bars that are missing, and a high-water mark that decays.

use super::evidence::{assert_untouched, at_the_end_of_the_window, stage};
use crate::{
	mock::*,
	test_utils::*,
	types::{Round, Sale, Stage, MAX_PENDING, MAX_ROUNDS, RESERVED_ROUNDS, UNSERVED_ROUNDS},
	Call, Contenders, Due, Error, Event, HoldReason, Models, NextModelId, Pending, Rounds, WeightInfo,
};
use doin_primitives::{
	decay::halved,
	payload::Reveal,
	quorum::MIN_QUORUM,
	round::Phase,
	settlement::{credit, Helpers},
	BlockNumber, DomainId, EvidenceRef, ModelRef, RejectionReason, RoundId, RoundParams, RoundResult, SeatStatus, Status,
	UnpaidReason, MILLION, ONE_Q32, Q32,
};
use doin_scoring::{math::log2_q32, verdict::NO_EVIDENCE};
use doin_traits::Domains;
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo};
use proptest::{collection::vec, prelude::*};
use sp_runtime::DispatchError;

/// Chunks of a live domain. Models of the mock have fewer coordinates, so tests state the sums.
const LIVE: usize = 40;

/// Returns `log2(from / to)` in Q32 bits.
fn bits(from: u64, to: u64) -> Q32 {
	log2_q32(from) - log2_q32(to)
}

/// Returns the high-water mark at this block.
fn mark() -> Q32 {
	<World as Domains<AccountId>>::high_water(DOMAIN)
}

/// Writes a high-water mark in this block.
fn set_mark(high_water: Q32) {
	States::mutate(DOMAIN, |state| {
		let state = state.as_mut().expect("registered");
		(state.high_water, state.high_water_at) = (high_water, block());
	});
}

/// Returns the effective improvements of the queue, in order.
fn queued() -> Vec<Q32> {
	Queue::get().into_iter().map(|entry| entry.effective).collect()
}

/// Runs a round of `who` to its evaluation.
fn evaluated(who: AccountId) -> RoundId {
	collect_awaited(DOMAIN, &[(who, steady(900))])
}

/// Returns the sums of one model on [`LIVE`] chunks: `errors` by chunk, and none on the chunks `empty`.
fn sums(errors: impl Fn(usize) -> u32, empty: &[usize]) -> Vec<u32> {
	(0..LIVE).map(|chunk| if empty.contains(&chunk) { NO_EVIDENCE } else { errors(chunk) }).collect()
}

/// Decides `round` with the same sum on every chunk: `initial` of the initial champion, `champion` of the stored champion, and
/// `candidate` of any other model.
fn decide_as(round: RoundId, initial: u32, champion: u32, candidate: u32) {
	let reigning = state(DOMAIN).champion.model;
	decide_by(round, |model| match model {
		ModelRef::Stored(_) if *model == reigning => vec![champion; CHUNKS],
		ModelRef::Stored(_) => vec![candidate; CHUNKS],
		_ => vec![initial; CHUNKS],
	});
}

#[test]
fn live_evidence_has_no_stake_and_is_paid_in_full_by_work_blocks() {
	live_test(|| {
		WeightNow::set(MILLION / 4);
		let round = commit_all(DOMAIN, &[(ALICE, steady(500))]);
		assert_eq!(held(HoldReason::Stake, ALICE), 0);
		reveal_all(round, &[(ALICE, steady(500))]);
		assert_eq!(Requests::get(round).map(|request| request.evidence), Some(evidence_of(round)));
		decide(round);
		assert_eq!((queued(), Payments::get().len()), (vec![ONE_Q32 / 4], 0), "one bit of a quarter of the weight");
		assert_eq!((mark(), unpaid(round)), (ONE_Q32, None));
		assert_eq!(free(ALICE) + held(HoldReason::Model, ALICE), ENDOWMENT - SEAT_FEE);
	});
}

#[test]
fn a_commit_needs_bars_that_are_paid_for_and_no_purse() {
	live_test(|| {
		assert_eq!(Purse::get(), 0);
		Exhausted::set(true);
		assert_noop!(commit(ALICE, DOMAIN, &steady(500), SALT), DispatchError::Other("no evidence is left"));
		Exhausted::set(false);
		assert_ok!(commit(ALICE, DOMAIN, &steady(500), SALT));
	});
	let call = Call::<Test>::commit { round: RoundId { domain: DOMAIN, number: 1 }, hash: [0; 32], max_fee: 0 };
	assert_eq!(call.get_dispatch_info().call_weight, <() as WeightInfo>::commit() + STREAM_WEIGHT, "it reads the stream");
}

/// The round has its span to itself, so others must have time to join.
#[test]
fn a_live_round_is_opened_in_the_first_half_of_its_commits() {
	live_test(|| {
		run_to_phase(DOMAIN, Phase::Commit);
		let start = block();
		run_to(start + RoundParams::DEV.commit / 2 + 1);
		assert_noop!(commit(ALICE, DOMAIN, &steady(500), SALT), Error::<Test>::TooLateToOpen);
		add_domain(DOMAIN + 32, synthetic());
		assert_ok!(commit(ALICE, DOMAIN + 32, &steady(500), SALT));
	});
	live_test(|| {
		run_to_phase(DOMAIN, Phase::Commit);
		run_to(block() + RoundParams::DEV.commit / 2);
		assert_ok!(commit(ALICE, DOMAIN, &steady(500), SALT));
		// A later seat needs neither the time nor bars that are paid for from its block on.
		run_to(block() + RoundParams::DEV.commit / 2 - 1);
		Exhausted::set(true);
		assert_ok!(commit(BOB, DOMAIN, &steady(500), SALT));
		Exhausted::set(false);
	});
}

#[test]
fn a_round_whose_bars_expire_before_its_verdict_is_void_and_refunded() {
	live_test(|| {
		let solutions = [(ALICE, steady(500))];
		let round = commit_all(DOMAIN, &solutions);
		BarsKept::set(false);
		reveal_all(round, &solutions);
		assert_eq!((Requests::get(round), unpaid(round)), (None, Some(UnpaidReason::TooFewBars)));
		assert_untouched(ALICE);
		assert_eq!(Models::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_round_whose_bars_are_not_paid_for_when_its_commits_end_has_too_few() {
	live_test(|| {
		run_to_phase(DOMAIN, Phase::Commit);
		let round = current(DOMAIN);
		assert_ok!(commit(ALICE, DOMAIN, &steady(500), SALT));
		NothingLeft::set(true);
		run_to_phase(DOMAIN, Phase::Reveal);
		assert_eq!(unpaid(round), Some(UnpaidReason::TooFewBars));
		assert_untouched(ALICE);
	});
}

#[test]
fn a_round_that_waits_for_bars_stores_hashes_only() {
	live_test(|| {
		let solutions: Vec<(AccountId, Reveal)> = (1..=16).map(|who| (who, steady(800 + who as u32))).collect();
		let round = commit_all(DOMAIN, &solutions);
		for _ in 0..10 * RoundParams::DEV.period() {
			assert_eq!(stage(round), Stage::Awaiting);
			let seats = Rounds::<Test>::get(round).unwrap().seats;
			assert!(seats.iter().all(|seat| seat.status == SeatStatus::Committed && seat.model.is_none()));
			assert_eq!((Models::<Test>::iter().count(), NextModelId::<Test>::get()), (0, 0));
			assert!(Due::<Test>::iter().all(|(_, items)| !items.contains(&round)), "nothing is due while it waits");
			assert_noop!(reveal(3, round, &solutions[2].1, [2; 32]), Error::<Test>::NotInRevealPhase);
			run_to(block() + 1);
		}
		arrive(round);
		assert_ok!(reveal(3, round, &solutions[2].1, [2; 32]));
		assert_eq!(Models::<Test>::iter().count(), 1);
	});
}

#[test]
fn four_rounds_of_a_live_domain_are_undecided_at_once() {
	live_test(|| {
		let solutions = [(ALICE, steady(900))];
		let rounds: Vec<RoundId> = (0..MAX_PENDING).map(|_| commit_all(DOMAIN, &solutions)).collect();
		assert!(rounds.iter().all(|round| stage(*round) == Stage::Awaiting));
		assert_eq!(Pending::<Test>::get(DOMAIN).to_vec(), rounds.iter().map(|round| round.number).collect::<Vec<_>>());
		run_to_phase(DOMAIN, Phase::Commit);
		assert_noop!(commit(BOB, DOMAIN, &steady(900), SALT), Error::<Test>::TooManyRounds);
		fail(rounds[0], UnpaidReason::TooFewBars);
		assert_ok!(commit(BOB, DOMAIN, &steady(900), SALT));
		assert_eq!(state(DOMAIN).open_rounds, MAX_PENDING);
	});
}

#[test]
fn two_waiting_rounds_are_evaluated_in_their_order_each_on_its_own_bars() {
	live_test(|| {
		let seats = [(BOB, steady(800)), (CAROL, steady(899))];
		let first = commit_all(DOMAIN, &[(ALICE, steady(900))]);
		let second = commit_all(DOMAIN, &seats);
		assert_eq!([first, second].map(stage), [Stage::Awaiting, Stage::Awaiting]);
		reveal_all(first, &[(ALICE, steady(900))]);
		reveal_all(second, &seats);
		assert_eq!((stage(second), events().last()), (Stage::Waiting, Some(&Event::RoundQueued { round: second })));
		run_to(block() + 3);
		assert_eq!(Requests::get(second), None);
		decide(first);
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE));
		run_to(block() + 1);
		let request = Requests::get(second).expect("evaluated");
		assert!(request.models.contains(&ModelRef::Stored(0)), "it is compared with the new champion");
		assert_eq!(request.evidence, evidence_of(second));
		assert_ne!(request.evidence, evidence_of(first));
		decide(second);
		assert_eq!(state(DOMAIN).champion.author, Some(BOB));
		let whole = |error: u64| error * CHUNKS as u64;
		let first_paid = bits(whole(1_000), whole(900));
		assert_eq!(queued()[0], first_paid);
		// The mark has decayed between the verdicts, and the lead over the new champion is paid, not more.
		assert_eq!(queued()[1], bits(whole(900), whole(800)));
	});
}

#[test]
fn a_round_whose_bars_come_first_waits_for_an_earlier_one_that_gets_none() {
	live_test(|| {
		let seats = [(BOB, steady(800))];
		let first = commit_all(DOMAIN, &[(ALICE, steady(900))]);
		let second = commit_all(DOMAIN, &seats);
		reveal_all(second, &seats);
		assert_eq!([first, second].map(stage), [Stage::Awaiting, Stage::Waiting]);
		run_to(block() + 5);
		assert_eq!(Requests::get(second), None);
		fail(first, UnpaidReason::TooFewBars);
		assert_untouched(ALICE);
		run_to(block() + 1);
		assert!(matches!(stage(second), Stage::Evaluating { .. }));
		decide(second);
		assert_eq!((state(DOMAIN).champion.author, unpaid(second)), (Some(BOB), None));
	});
}

#[test]
fn a_later_round_without_bars_or_reveals_does_not_disturb_an_earlier_one() {
	live_test(|| {
		let first = commit_all(DOMAIN, &[(ALICE, steady(900))]);
		let second = commit_all(DOMAIN, &[(BOB, steady(800))]);
		let third = commit_all(DOMAIN, &[(CAROL, steady(800))]);
		fail(second, UnpaidReason::EvidenceMissing);
		assert_untouched(BOB);
		arrive(third);
		run_to(until(third));
		assert_eq!(Pending::<Test>::get(DOMAIN).to_vec(), [first.number], "a round without reveals ends before an earlier one");
		reveal_all(first, &[(ALICE, steady(900))]);
		decide(first);
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE));
	});
}

#[test]
fn a_domain_that_closes_while_a_round_waits_runs_it_to_its_verdict() {
	live_test(|| {
		let round = commit_all(DOMAIN, &[(ALICE, steady(500))]);
		States::mutate(DOMAIN, |state| state.as_mut().unwrap().status = Status::Closing);
		WeightNow::set(0);
		run_to_phase(DOMAIN, Phase::Commit);
		assert_noop!(commit(BOB, DOMAIN, &steady(400), SALT), Error::<Test>::NotActive);
		reveal_all(round, &[(ALICE, steady(500))]);
		decide(round);
		assert_eq!((state(DOMAIN).champion.author, state(DOMAIN).open_rounds), (Some(ALICE), 0));
		assert_eq!(unpaid(round), Some(UnpaidReason::NoWeight));
	});
}

#[test]
fn a_missing_reveal_is_not_excused_and_the_window_is_doubled_once() {
	live_test(|| {
		// The base fee counts from the start of the window, days after the commits.
		let round = at_the_end_of_the_window(10_000, 40_001);
		assert_eq!(until(round), block() + RoundParams::DEV.reveal);
		BaseFeeNow::set(1_000_000_000);
		run_to(until(round));
		assert!(matches!(stage(round), Stage::Evaluating { .. }));
		assert!(events().contains(&Event::SeatForfeited { round, seat: 1, who: BOB, burned: SEAT_FEE + SEAT_HOLD / 5 }));
		assert!(!events().iter().any(|event| matches!(event, Event::SeatExcused { .. } | Event::StakeBurned { .. })));
		decide(round);
	});
	live_test(|| {
		let round = at_the_end_of_the_window(10_000, 40_000);
		assert!(matches!(stage(round), Stage::Evaluating { .. }));
		decide(round);
	});
}

#[test]
fn a_live_domain_without_weight_needs_a_quorum_and_leaves_places_to_short_rounds() {
	live_test(|| {
		WeightNow::set(0);
		Available::set(MIN_QUORUM - 1);
		assert_noop!(commit(ALICE, DOMAIN, &steady(500), SALT), Error::<Test>::NotServed);
		Available::set(MIN_QUORUM);
		let others = |count: u32| (1_000..1_000 + count).map(|domain| RoundId { domain: domain as DomainId, number: 0 });
		let fill = |count| others(count).for_each(|id| Rounds::<Test>::insert(id, Round::new(Sale::Served, None)));
		// Live rounds lie for up to 30 days, so they leave half of the places to domains that no quorum serves.
		fill(UNSERVED_ROUNDS / 2);
		assert_noop!(commit(ALICE, DOMAIN, &steady(500), SALT), Error::<Test>::TooManyRounds);
		add_domain(DOMAIN + 1, synthetic());
		assert_ok!(commit(ALICE, DOMAIN + 1, &steady(500), SALT));
		Rounds::<Test>::remove(others(1).next().expect("one"));
		Rounds::<Test>::remove(others(2).nth(1).expect("two"));
		assert_ok!(commit(ALICE, DOMAIN, &steady(500), SALT));
		// One with weight has a place as long as the chain has one.
		add_domain(DOMAIN + 2, live());
		fill(MAX_ROUNDS - RESERVED_ROUNDS);
		WeightNow::set(1);
		assert_ok!(commit(ALICE, DOMAIN + 2, &steady(500), SALT));
		others(MAX_ROUNDS).for_each(Rounds::<Test>::remove);
	});
	// With a quorum it has as many undecided rounds as one with weight.
	live_test(|| {
		WeightNow::set(0);
		for _ in 0..MAX_PENDING {
			commit_all(DOMAIN, &[(ALICE, steady(900))]);
		}
		assert_eq!(Pending::<Test>::get(DOMAIN).len() as u32, MAX_PENDING);
	});
}

/// Too many bars are missing, which the evaluators have found out. They are paid, and everything else is returned.
#[test]
fn a_verdict_on_too_few_bars_pays_the_evaluators_and_returns_the_rest() {
	let too_few = |model: &ModelRef| {
		let errors = match model {
			ModelRef::Stored(_) => 500,
			_ => INITIAL,
		};
		// 31 of 40 chunks.
		sums(|_| errors, &(0..9).collect::<Vec<_>>())
	};
	live_test(|| {
		let round = collect_awaited(DOMAIN, &[(ALICE, steady(500)), (BOB, steady(900))]);
		let before = [SETTLER, EVALUATORS[0], EVALUATORS[1], EVALUATORS[2]].map(free);
		decide_by(round, too_few);
		assert_eq!((unpaid(round), state(DOMAIN).champion.author), (Some(UnpaidReason::TooFewBars), None));
		assert_eq!([ALICE, BOB].map(free), [ENDOWMENT - SEAT_FEE; 2], "the fees only");
		assert_eq!((Models::<Test>::iter().count(), Contenders::<Test>::get(DOMAIN), queued()), (0, None, vec![]));
		let earned = [SETTLER, EVALUATORS[0], EVALUATORS[1], EVALUATORS[2]].map(free);
		let gain: Vec<_> = earned.into_iter().zip(before).map(|(after, before)| after - before).collect();
		assert!(gain[0] > 0 && gain[1] > 0 && gain[1] == gain[2] && gain[2] == gain[3], "{gain:?}");
		let paid = Event::FeesPaid { round, payees: 3, paid: 3 * gain[1], settler: gain[0], burned: burned() };
		assert!(events().contains(&paid));
		assert_eq!(gain[0] + 3 * gain[1] + burned(), 2 * SEAT_FEE);
		assert_eq!(events().last(), Some(&Event::RoundVoided { round }));
		assert_eq!(Optimae::record(&ALICE).rejected, 0, "it has not lost");
	});
	// The runtime has computed the sums: its payers get the parts for recomputing models.
	live_test(|| {
		Available::set(0);
		let round = collect_awaited(DOMAIN, &[(ALICE, steady(500))]);
		let part = Rounds::<Test>::get(round).unwrap().seats[0].recomputation;
		let mut helpers = Helpers::new();
		credit(&mut helpers, &WATCHER, 80);
		let before = free(WATCHER);
		decide_recomputed(round, too_few, &helpers, &[], 0);
		assert_eq!(unpaid(round), Some(UnpaidReason::TooFewBars));
		assert!(part > 0 && free(WATCHER) - before >= part);
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE - part);
	});
	// One more chunk with evidence permits a verdict.
	live_test(|| {
		let round = evaluated(ALICE);
		decide_by(round, |model| {
			let errors = if matches!(model, ModelRef::Stored(_)) { 500 } else { INITIAL };
			sums(|_| errors, &(0..8).collect::<Vec<_>>())
		});
		assert_eq!((unpaid(round), queued()), (None, vec![ONE_Q32]));
	});
}

#[test]
fn a_verdict_on_too_few_bars_uses_no_carried_bit_up_and_keeps_the_contender() {
	live_test(|| {
		decide_as(evaluated(ALICE), 1_000, 0, 100);
		let near = collect_awaited(DOMAIN, &[(BOB, steady(900))]);
		let champion = state(DOMAIN).champion.model;
		decide_by(near, |model| match model {
			model if *model == champion => vec![1_000; CHUNKS],
			ModelRef::Stored(_) => shaky(970, 100).to_vec(),
			_ => vec![1_000; CHUNKS],
		});
		let contender = Contenders::<Test>::get(DOMAIN).expect("a near miss");
		let carry = state(DOMAIN).carry;
		assert!(carry > 0);
		let round = evaluated(CAROL);
		decide_by(round, |_| sums(|_| 1_000, &(0..9).collect::<Vec<_>>()));
		assert_eq!(unpaid(round), Some(UnpaidReason::TooFewBars));
		assert_eq!((state(DOMAIN).carry, Contenders::<Test>::get(DOMAIN)), (carry, Some(contender)));
	});
}

/// Two draws on which other chunks are empty, and so on. The lead is beyond doubt on 115 chunks with evidence or more.
#[test]
fn a_contender_is_measured_on_the_chunks_with_evidence_of_all_its_draws() {
	live_test(|| {
		let empty: [&[usize]; 4] = [&[3, 4], &[10, 11, 12, 13, 14, 15], &[], &[38, 39]];
		let shaky = |chunk: usize| if chunk.is_multiple_of(2) { 1_070 } else { 870 };
		let decide_draw = |round, empty: &[usize]| {
			decide_by(round, |model| match model {
				ModelRef::Stored(0) => sums(shaky, empty),
				ModelRef::Stored(_) => sums(|_| 1_100, empty),
				_ => sums(|_| 1_000, empty),
			});
		};
		decide_draw(evaluated(ALICE), empty[0]);
		for (draws, empty) in [(2, empty[1]), (3, empty[2])] {
			decide_draw(evaluated(BOB), empty);
			let contender = Contenders::<Test>::get(DOMAIN).expect("38 + 34 + 40 chunks are too few");
			assert_eq!((contender.model, contender.rounds_left), (0, 5 - draws));
			assert_eq!(contender.sums.initial.len(), LIVE * usize::from(draws));
			assert_eq!(contender.sums.initial.iter().filter(|sum| **sum == NO_EVIDENCE).count(), 8);
		}
		let round = evaluated(BOB);
		decide_draw(round, empty[3]);
		let champion = state(DOMAIN).champion;
		assert_eq!((champion.author, champion.round), (Some(ALICE), Some(round)));
		// The mean of four draws: 38 + 34 + 40 + 38 chunks.
		assert_eq!((champion.error, champion.initial_error), (970 * 150 / 4, 1_000 * 150 / 4));
	});
}

/// Honest answers mark a chunk for all models or for none. A sum that says otherwise is a false one; until it is found, it counts
/// as an error of 2³² − 1.
#[test]
fn a_false_mark_of_one_model_crowns_nobody() {
	let with_mark = |mut sums: Vec<u32>| {
		sums[5] = NO_EVIDENCE;
		sums
	};
	// Of the candidate, which would win.
	live_test(|| {
		let round = evaluated(ALICE);
		decide_by(round, |model| match model {
			ModelRef::Stored(_) => with_mark(vec![500; LIVE]),
			_ => vec![1_000; LIVE],
		});
		assert_eq!((unpaid(round), state(DOMAIN).champion.author), (Some(UnpaidReason::NoImprovement), None));
		assert!(events().iter().any(|event| matches!(event, Event::Rejected { reason: RejectionReason::Lost, .. })));
	});
	// Of the champion: its error would be enormous, and the spread is too.
	live_test(|| {
		decide_as(evaluated(ALICE), 1_000, 0, 900);
		let round = evaluated(BOB);
		let champion = state(DOMAIN).champion.model;
		decide_by(round, |model| match model {
			model if *model == champion => with_mark(vec![900; LIVE]),
			ModelRef::Stored(_) => vec![899; LIVE],
			_ => vec![1_000; LIVE],
		});
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE));
		assert_eq!(queued().len(), 1, "nothing is paid");
	});
	// Of the initial champion: the chunk is left out for all models.
	live_test(|| {
		let round = evaluated(ALICE);
		decide_by(round, |model| match model {
			ModelRef::Stored(_) => sums(|chunk| if chunk == 5 { 1_000_000 } else { 500 }, &[]),
			_ => with_mark(vec![1_000; LIVE]),
		});
		assert_eq!(state(DOMAIN).champion.error, 500 * (LIVE as u64 - 1));
		assert_eq!(queued(), [ONE_Q32]);
	});
}

#[test]
fn a_model_below_the_mark_is_paid_again_after_90_days() {
	live_test(|| {
		set_mark(2 * ONE_Q32);
		// Half of the error: one bit, below the mark of two.
		let round = evaluated(ALICE);
		decide_as(round, 1_000, 1_000, 500);
		assert_eq!((unpaid(round), queued()), (Some(UnpaidReason::BelowHighWater), vec![]));
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE));
		let crowned = block();

		// The data changes, and the champion is no better than the initial champion. After 90 days the mark is one bit.
		run_to(crowned + HALF_LIFE);
		let round = evaluated(BOB);
		assert!(mark() < ONE_Q32);
		let (before, whole) = (mark(), |error: u64| error * CHUNKS as u64);
		decide_as(round, 1_000, 1_000, 400);
		let due = bits(whole(1_000), whole(400)) - before;
		assert_eq!((queued(), unpaid(round)), (vec![due], None));
		assert_eq!((mark(), state(DOMAIN).high_water_at), (before + due, block()));
	});
}

#[test]
fn a_verdict_that_pays_nothing_does_not_write_the_mark() {
	live_test(|| {
		set_mark(2 * ONE_Q32);
		let written = state(DOMAIN).high_water_at;
		let round = evaluated(ALICE);
		decide_as(round, 1_000, 1_000, 1_000);
		assert_eq!(unpaid(round), Some(UnpaidReason::NoImprovement));
		assert_eq!((state(DOMAIN).high_water, state(DOMAIN).high_water_at), (2 * ONE_Q32, written));
		assert!(mark() < 2 * ONE_Q32);
	});
}

/// Two models win in turn, each on data on which the other one is no better than the initial champion. Each verdict certifies two
/// bits; what it pays is what the mark has lost since the last one.
#[test]
fn two_models_that_take_turns_gain_what_the_mark_loses() {
	live_test(|| {
		let best = bits(1_000 * CHUNKS as u64, 250 * CHUNKS as u64);
		assert_eq!(best, 2 * ONE_Q32);
		let mut turn = 0;
		let mut take_turn = || {
			turn += 1;
			decide_as(evaluated([ALICE, BOB][turn % 2]), 1_000, 1_000, 250);
			assert_eq!(state(DOMAIN).champion.author, Some([ALICE, BOB][turn % 2]));
			(queued().last().copied().unwrap_or(0), block())
		};
		// Two bits are certain, and one verdict pays one of them. A draw on which the champion fails uses up what it carries.
		take_turn();
		take_turn();
		let (_, mut last) = take_turn();
		assert_eq!((mark(), state(DOMAIN).carry), (best, 0));
		let (start, mut gained, mut rounds) = (last, 0, 0);
		while last < start + HALF_LIFE {
			let (paid, now) = take_turn();
			assert_eq!(paid, best - halved(best, now - last, HALF_LIFE));
			assert_eq!(mark(), best);
			(gained, last, rounds) = (gained + paid, now, rounds + 1);
		}
		assert_eq!(queued().len(), 3 + rounds);
		// 0.0077 of the mark a day, i.e. in 24 blocks.
		let days = f64::from(last - start) / 24.0;
		let part_per_day = gained as f64 / best as f64 / days;
		assert!((0.007_6..0.007_7).contains(&part_per_day), "{part_per_day} a day in {rounds} rounds");
	});
}

/// The bits that a champion carries are paid once, however far the mark falls before a verdict.
#[test]
fn carried_bits_are_paid_once_although_the_mark_decays() {
	live_test(|| {
		let round = evaluated(ALICE);
		decide_as(round, 1_000, 1_000, 125);
		assert_eq!((queued(), state(DOMAIN).carry), (vec![ONE_Q32], 2 * ONE_Q32));
		for (paid, rise) in [(2, ONE_Q32), (3, ONE_Q32), (3, 0), (3, 0)] {
			run_to(block() + HALF_LIFE);
			let round = evaluated(BOB);
			let before = mark();
			decide_as(round, 1_000, 125, 1_000);
			assert_eq!((queued(), mark()), (vec![ONE_Q32; paid], before + rise));
		}
		assert_eq!(state(DOMAIN).carry, 0);
		assert_eq!(state(DOMAIN).last_round.map(|last| last.result), Some(RoundResult::Unpaid(UnpaidReason::NoImprovement)));
	});
}

#[test]
fn a_view_shows_a_round_that_waits_beside_one_that_takes_commits() {
	live_test(|| {
		let waiting = commit_all(DOMAIN, &[(ALICE, steady(900))]);
		run_to_phase(DOMAIN, Phase::Commit);
		let open = current(DOMAIN);
		assert_ok!(commit(BOB, DOMAIN, &steady(800), SALT));
		let view = |round| Optimae::open_round(round).expect("undecided");
		let latest: BlockNumber = Awaited::get(waiting).expect("awaited");
		assert_eq!((view(waiting).phase, view(waiting).awaited_until), (Phase::Evidence, Some(latest)));
		assert_eq!((view(open).phase, view(open).awaited_until, view(open).stake), (Phase::Commit, None, 0));
		arrive(waiting);
		assert_eq!(view(waiting).evidence, Some(EvidenceRef::Bars { first: 1_000 * u64::from(waiting.number) }));
		assert_eq!((view(waiting).phase, view(waiting).reveal_until), (Phase::Reveal, block() + RoundParams::DEV.reveal));
	});
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

	/// All pay is what the mark has gained, and the mark gains no more than the best progress so far and what it has lost by
	/// decay.
	#[test]
	fn all_pay_is_progress_or_decay(verdicts in vec((0u32..500, 60u32..1_500, 60u32..1_500), 1..12)) {
		live_test(|| {
			let (mut decayed, mut best) = (0, 0);
			for (wait, champion, candidate) in verdicts {
				let written = mark();
				run_to(block() + wait);
				let round = evaluated(ALICE);
				let (before, paid) = (mark(), queued().iter().sum::<Q32>());
				decayed += written - before;
				decide_as(round, INITIAL, champion, candidate);
				let of = |error: u32| log2_q32(u64::from(INITIAL) * 32).saturating_sub(log2_q32(u64::from(error) * 32));
				best = best.max(of(champion)).max(of(candidate));
				let gained = queued().iter().sum::<Q32>() - paid;
				assert_eq!(gained, mark() - before);
				assert!(gained <= ONE_Q32 && mark() <= best.max(before));
			}
			let paid: Q32 = queued().iter().sum();
			assert_eq!(paid, mark() + decayed);
			assert!(paid <= best + decayed);
		});
	}
}
