//! Rounds whose evidence comes after their commits: their order, evidence that does not come, and the window for reveals.

use crate::{
	mock::*, test_utils::*, types::Stage, Due, Error, Event, HoldReason, Models, NextModelId, Pallet, Pending, Rounds, WeightInfo,
};
use doin_primitives::{
	quorum::MIN_QUORUM, round::Phase, Balance, Evidence, EvidenceRef, RoundId, RoundParams, SeatStatus, UnpaidReason,
};
use doin_traits::{OnEvidence, VoidReason};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

const REVEAL: u32 = RoundParams::DEV.reveal;

/// Returns the stage of an undecided round.
pub(super) fn stage(round: RoundId) -> Stage {
	Rounds::<Test>::get(round).expect("undecided").stage
}

/// Asserts that `who` holds nothing for rounds and has what it had at genesis.
pub(super) fn assert_untouched(who: AccountId) {
	let reasons = [HoldReason::SeatFee, HoldReason::Seat, HoldReason::Model, HoldReason::Stake];
	assert_eq!((reasons.map(|reason| held(reason, who)), free(who)), ([0; 4], ENDOWMENT));
}

#[docify::export]
#[test]
fn nobody_reveals_before_the_evidence() {
	sealed_test(|| {
		let (ours, theirs) = (steady(500), steady(900));
		run_to_phase(DOMAIN, Phase::Commit);
		assert_ok!(commit(ALICE, DOMAIN, &ours, SALT));
		assert_ok!(commit(BOB, DOMAIN, &theirs, SALT));
		let round = current(DOMAIN);
		assert_noop!(reveal(ALICE, round, &ours, SALT), Error::<Test>::NotInRevealPhase);

		// The commits end, and the round asks for its evidence.
		run_to(RoundParams::DEV.reveal_window(round).0);
		assert_eq!(stage(round), Stage::Awaiting);
		assert_eq!((events().last(), Awaited::get(round)), (Some(&Event::EvidenceAwaited { round }), Some(block() + EVIDENCE)));
		// The reveal phase of the grid passes, and no reveal is taken.
		for _ in 0..REVEAL + 2 {
			assert_noop!(reveal(ALICE, round, &ours, SALT), Error::<Test>::NotInRevealPhase);
			run_to(block() + 1);
		}

		arrive(round);
		let (evidence, until) = (EvidenceRef::Segment(0), block() + REVEAL);
		assert_eq!(events().last(), Some(&Event::RevealsOpened { round, evidence, until }));
		assert_ok!(reveal(ALICE, round, &ours, SALT));
		run_to(until - 1);
		assert_ok!(reveal(BOB, round, &theirs, SALT));
		run_to(until);
		assert_eq!(Requests::get(round).map(|request| request.evidence), Some(evidence), "the models are evaluated on it");
		decide(round);
		assert_eq!((state(DOMAIN).champion.author, unpaid(round)), (Some(ALICE), None));
	});
}

#[test]
fn reveals_end_with_the_window() {
	sealed_test(|| {
		let round = commit_all(DOMAIN, &[(ALICE, steady(500)), (BOB, steady(900))]);
		arrive(round);
		assert_ok!(reveal(ALICE, round, &steady(500), [0; 32]));
		run_to(until(round));
		assert_noop!(reveal(BOB, round, &steady(900), [1; 32]), Error::<Test>::NotInRevealPhase);
		assert_eq!(Requests::get(round).map(|request| request.models.len()), Some(2), "the initial champion and one candidate");
	});
}

#[test]
fn models_are_not_stored_while_evidence_is_awaited() {
	sealed_test(|| {
		let solutions: Vec<_> = (1..=16).map(|who| (who, steady(800 + who as u32))).collect();
		let round = commit_all(DOMAIN, &solutions);
		for _ in 0..EVIDENCE {
			let seats = Rounds::<Test>::get(round).unwrap().seats;
			assert!(seats.iter().all(|seat| seat.status == SeatStatus::Committed && seat.model.is_none()));
			assert_eq!((Models::<Test>::iter().count(), NextModelId::<Test>::get()), (0, 0), "hashes only");
			assert!(Due::<Test>::iter().all(|(_, items)| !items.contains(&round)), "nothing is due while it waits");
			run_to(block() + 1);
		}
		arrive(round);
		assert_ok!(reveal(3, round, &solutions[2].1, [2; 32]));
		assert_eq!(Models::<Test>::iter().count(), 1);
	});
}

#[test]
fn other_evidence_is_drawn_and_revealed_on_the_grid() {
	for evidence in [synthetic(), Evidence::Public] {
		test(|| {
			add_domain(DOMAIN, evidence.clone());
			let round = collect(DOMAIN, &[(ALICE, steady(500))]);
			assert_eq!(Requests::get(round).map(|request| request.evidence), Some(EvidenceRef::Drawn));
			assert_eq!(held(HoldReason::Stake, ALICE), 0);
			assert!(!events().iter().any(|event| matches!(event, Event::EvidenceAwaited { .. } | Event::RevealsOpened { .. })));
			decide(round);
		});
	}
}

#[test]
fn a_round_without_evidence_returns_everything() {
	let seats = [(ALICE, steady(500)), (BOB, steady(900)), (CAROL, steady(2_000))];
	for reason in [UnpaidReason::EvidenceMissing, UnpaidReason::TooFewBars] {
		sealed_test(|| {
			let round = commit_all(DOMAIN, &seats);
			assert_eq!(held(HoldReason::Stake, ALICE), STAKE);
			run_to(block() + EVIDENCE);
			fail(round, reason);
			[ALICE, BOB, CAROL].into_iter().for_each(assert_untouched);
			assert_eq!((unpaid(round), Rounds::<Test>::count()), (Some(reason), 0));
			assert_eq!(events().last(), Some(&Event::RoundVoided { round }));
			assert_eq!((burned(), Purse::get()), (0, PURSE));
			// The next round is not affected.
			collect_awaited(DOMAIN, &seats[..2]);
		});
	}
}

#[test]
fn a_round_whose_evidence_cannot_be_requested_returns_everything() {
	sealed_test(|| {
		run_to_phase(DOMAIN, Phase::Commit);
		assert_ok!(commit(ALICE, DOMAIN, &steady(500), SALT));
		let round = current(DOMAIN);
		NothingLeft::set(true);
		run_to(RoundParams::DEV.reveal_window(round).0);
		assert_untouched(ALICE);
		assert_eq!((unpaid(round), Rounds::<Test>::count()), (Some(UnpaidReason::EvidenceMissing), 0));
		assert!(!events().contains(&Event::EvidenceAwaited { round }));
	});
}

#[test]
fn evidence_can_arrive_in_the_block_of_its_request() {
	live_test(|| {
		AtOnce::put(EvidenceRef::Bars { first: 77 });
		let round = commit_all(DOMAIN, &[(ALICE, steady(500))]);
		assert_eq!(until(round), block() + REVEAL);
		assert_ok!(reveal(ALICE, round, &steady(500), [0; 32]));
		run_to(until(round));
		assert_eq!(Requests::get(round).map(|request| request.evidence), Some(EvidenceRef::Bars { first: 77 }));
		decide(round);
	});
}

#[test]
fn a_sealed_domain_has_one_undecided_round() {
	sealed_test(|| {
		let seats = [(ALICE, steady(500))];
		let first = commit_all(DOMAIN, &seats);
		run_to_phase(DOMAIN, Phase::Commit);
		assert_eq!(stage(first), Stage::Awaiting);
		assert_noop!(commit(BOB, DOMAIN, &steady(900), SALT), Error::<Test>::TooManyRounds);
		arrive(first);
		assert_ok!(reveal(ALICE, first, &steady(500), [0; 32]));
		assert_noop!(commit(BOB, DOMAIN, &steady(900), SALT), Error::<Test>::TooManyRounds);
		run_to(until(first));
		run_to_phase(DOMAIN, Phase::Commit);
		assert!(matches!(stage(first), Stage::Evaluating { .. }));
		assert_noop!(commit(BOB, DOMAIN, &steady(900), SALT), Error::<Test>::TooManyRounds);
		decide(first);
		assert_ok!(commit(BOB, DOMAIN, &steady(400), SALT));
		assert_ok!(commit(CAROL, DOMAIN, &steady(400), SALT));
		assert_eq!(Pending::<Test>::get(DOMAIN).to_vec(), [current(DOMAIN).number]);
	});
}

#[test]
fn a_commit_needs_evidence_and_a_purse_that_covers_a_work_block() {
	sealed_test(|| {
		Exhausted::set(true);
		assert_noop!(commit(ALICE, DOMAIN, &steady(500), SALT), DispatchError::Other("no evidence is left"));
		Exhausted::set(false);
		Purse::put(REWARD - 1);
		assert_noop!(commit(ALICE, DOMAIN, &steady(500), SALT), Error::<Test>::PurseTooSmall);
		Purse::put(REWARD);
		assert_ok!(commit(ALICE, DOMAIN, &steady(500), SALT));
		// Later seats of the round are checked too.
		Purse::put(REWARD - 1);
		assert_noop!(commit(BOB, DOMAIN, &steady(900), SALT), Error::<Test>::PurseTooSmall);
		// Recomputation by the runtime is enough in a domain with weight.
		Purse::put(REWARD);
		Available::set(0);
		assert_ok!(commit(BOB, DOMAIN, &steady(900), SALT));
	});
}

#[test]
fn a_domain_without_weight_needs_a_quorum_and_no_purse() {
	sealed_test(|| {
		WeightNow::set(0);
		Purse::put(0);
		Available::set(MIN_QUORUM - 1);
		assert_noop!(commit(ALICE, DOMAIN, &steady(500), SALT), Error::<Test>::NotServed);
		Available::set(MIN_QUORUM);
		// An optimizer is not drawn, so it is no part of the quorum.
		assert_noop!(commit(EVALUATORS[0], DOMAIN, &steady(500), SALT), Error::<Test>::NotServed);
		assert_ok!(commit(ALICE, DOMAIN, &steady(500), SALT));
	});
	// After a round that no quorum evaluated, further rounds are prepaid.
	sealed_test(|| {
		WeightNow::set(0);
		let round = collect_awaited(DOMAIN, &[(ALICE, steady(500))]);
		void(round, VoidReason::NoQuorum);
		run_to_phase(DOMAIN, Phase::Commit);
		assert_ok!(commit(ALICE, DOMAIN, &steady(500), SALT));
		assert!(Rounds::<Test>::get(current(DOMAIN)).unwrap().seats[0].recomputation > 0);
	});
}

/// Runs a round with one revealed and one missing seat to the end of its reveals, where the base fee has risen from `from` at the
/// start of the window to `to`.
pub(super) fn at_the_end_of_the_window(from: Balance, to: Balance) -> RoundId {
	let round = commit_all(DOMAIN, &[(ALICE, steady(500)), (BOB, steady(900))]);
	BaseFeeNow::set(from);
	arrive(round);
	assert_ok!(reveal(ALICE, round, &steady(500), [0; 32]));
	BaseFeeNow::set(to);
	run_to(until(round));
	round
}

#[test]
fn a_full_block_storm_doubles_the_window_once() {
	sealed_test(|| {
		let round = at_the_end_of_the_window(10_000, 40_001);
		let until_now = block() + REVEAL;
		assert_eq!(events().last(), Some(&Event::WindowExtended { round, until: until_now }));
		assert_eq!(until(round), until_now);
		let view = Optimae::open_round(round).unwrap();
		assert_eq!((view.reveal_from, view.reveal_until), (block() - REVEAL, until_now));
		run_to(until_now - 1);
		assert_ok!(reveal(BOB, round, &steady(900), [1; 32]));
		run_to(until_now);
		assert!(matches!(stage(round), Stage::Evaluating { .. }));
		decide(round);
		assert_eq!(held(HoldReason::Stake, BOB), 0);
	});
	// However high the base fee, the second end is final, and a missing reveal is not excused.
	sealed_test(|| {
		let round = at_the_end_of_the_window(10_000, 40_001);
		BaseFeeNow::set(1_000_000_000);
		run_to(until(round));
		assert!(matches!(stage(round), Stage::Evaluating { .. }));
		assert!(!events().iter().any(|event| matches!(event, Event::SeatExcused { .. })));
		let burned = SEAT_FEE + SEAT_HOLD / 5;
		assert!(events().contains(&Event::SeatForfeited { round, seat: 1, who: BOB, burned }));
		assert!(events().contains(&Event::StakeBurned { round, seat: 1, who: BOB, burned: STAKE }));
		assert_eq!(free(BOB), ENDOWMENT - burned - STAKE);
		assert_eq!(events().iter().filter(|event| matches!(event, Event::WindowExtended { .. })).count(), 1);
	});
}

#[test]
fn a_window_is_not_doubled_without_need() {
	// The rise counts from the start of the window, not from the commits.
	sealed_test(|| {
		let round = at_the_end_of_the_window(10_000, 40_000);
		assert!(matches!(stage(round), Stage::Evaluating { .. }));
		assert!(events().contains(&Event::SeatForfeited { round, seat: 1, who: BOB, burned: SEAT_FEE + SEAT_HOLD / 5 }));
	});
	// All seats are revealed.
	sealed_test(|| {
		let round = commit_all(DOMAIN, &[(ALICE, steady(500))]);
		arrive(round);
		assert_ok!(reveal(ALICE, round, &steady(500), [0; 32]));
		BaseFeeNow::set(1_000_000);
		run_to(until(round));
		assert!(matches!(stage(round), Stage::Evaluating { .. }));
	});
}

#[test]
fn a_view_shows_every_stage() {
	sealed_test(|| {
		run_to_phase(DOMAIN, Phase::Commit);
		let round = current(DOMAIN);
		let commits_end = RoundParams::DEV.reveal_window(round).0;
		let latest = commits_end + EVIDENCE;
		let windows = || {
			let view = Optimae::open_round(round).unwrap();
			(view.phase, view.phase_end, view.awaited_until, view.reveal_from, view.reveal_until)
		};
		let empty = Optimae::round_view(DOMAIN).unwrap();
		assert_eq!((empty.phase, empty.phase_end, empty.stake, empty.evidence), (Phase::Commit, commits_end, STAKE, None));
		assert_ok!(commit(ALICE, DOMAIN, &steady(500), SALT));
		assert_eq!(windows(), (Phase::Commit, commits_end, None, latest, latest + REVEAL));

		run_to(commits_end + 3);
		assert_eq!(windows(), (Phase::Evidence, latest, Some(latest), latest, latest + REVEAL));
		let from = block();
		arrive(round);
		assert_eq!(windows(), (Phase::Reveal, from + REVEAL, None, from, from + REVEAL));
		assert_eq!(Optimae::open_round(round).unwrap().evidence, Some(EvidenceRef::Segment(0)));
		assert_ok!(reveal(ALICE, round, &steady(500), SALT));
		run_to(from + REVEAL);
		let closed = Optimae::open_round(round).unwrap();
		assert!(closed.phase != Phase::Reveal && closed.reveal_until <= block(), "no reveal is taken any more");
		decide(round);
		// A round that nobody has opened takes no reveals.
		while Optimae::round_view(DOMAIN).unwrap().phase == Phase::Commit {
			run_to(block() + 1);
		}
		assert_eq!(Optimae::round_view(DOMAIN).unwrap().phase, Phase::Evidence);
	});
	test(|| {
		assert_ok!(commit(ALICE, DOMAIN, &steady(500), SALT));
		let view = Optimae::open_round(current(DOMAIN)).unwrap();
		assert_eq!((view.stake, view.evidence, view.awaited_until), (0, Some(EvidenceRef::Drawn), None));
	});
}

#[test]
fn evidence_weighs_what_it_does() {
	assert_eq!(<Pallet<Test> as OnEvidence>::stands_weight(), <() as WeightInfo>::evidence_stands());
	assert_eq!(<Pallet<Test> as OnEvidence>::failed_weight(), <() as WeightInfo>::close());
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "evidence must be reported once"))]
fn evidence_is_reported_once() {
	sealed_test(|| {
		let round = commit_all(DOMAIN, &[(ALICE, steady(500))]);
		arrive(round);
		let before = Rounds::<Test>::get(round);
		run_to(block() + 1);
		// The failure is logged as an error in release builds.
		let level = log::max_level();
		log::set_max_level(log::LevelFilter::Off);
		Optimae::stands(round, EvidenceRef::Segment(1));
		Optimae::failed(round, UnpaidReason::EvidenceMissing);
		log::set_max_level(level);
		assert_eq!(Rounds::<Test>::get(round), before);
	});
}
