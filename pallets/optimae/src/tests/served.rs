//! Rounds of domains without weight whose evaluators come and go: no seat causes a recomputation that it has not paid for.

use crate::{mock::*, test_utils::*, types::Sale, Contenders, Error, Event, HoldReason, Models, Pending, Rounds};
use doin_primitives::{
	quorum::MIN_QUORUM,
	round::{Phase, MAX_SEATS},
	settlement::{credit, Helpers},
	Balance, RoundId, RoundParams, SizeClass, UnpaidReason,
};
use doin_traits::{BaseFee, Recompute, VoidReason};
use frame_support::{assert_noop, assert_ok};

/// Runs a test in which [`DOMAIN`] has no weight.
fn unweighted(run: impl FnOnce()) {
	test(|| {
		WeightNow::set(0);
		run();
	});
}

/// Returns the cost of having the runtime recompute `models` models of a small domain, in plancks.
fn recomputation(models: u64) -> Balance {
	let weight = <World as Recompute<AccountId>>::recompute_weight(DOMAIN, SizeClass::Small);
	<World as BaseFee>::fee(weight.saturating_mul(models), 0)
}

/// Returns the fee of the next seat.
fn next_fee() -> Balance {
	Optimae::next_seat_fee(DOMAIN).unwrap()
}

/// Runs a round with one candidate of ALICE, which takes its seat while `sold` evaluators serve the domain. Calls `then` before
/// the round is evaluated.
fn round_of(sold: u32, then: impl FnOnce()) -> RoundId {
	Available::set(sold);
	run_to_phase(DOMAIN, Phase::Commit);
	let round = current(DOMAIN);
	assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
	run_to_phase(DOMAIN, Phase::Reveal);
	assert_ok!(reveal(ALICE, round, &steady(900), SALT));
	then();
	run_to(RoundParams::DEV.reveal_window(round).1);
	round
}

/// Asserts that `round` ended for lack of a quorum, with nothing left on hold, and that ALICE lost the fee of a seat.
fn assert_lapsed(round: RoundId) {
	assert_eq!(unpaid(round), Some(UnpaidReason::NoQuorum));
	assert!(Requests::get(round).is_none(), "no task was requested");
	assert_eq!((Rounds::<Test>::count(), Models::<Test>::iter().count()), (0, 0));
	assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE);
}

/// Three bonded accounts serve the domain, take a seat at the price of a served domain, and leave.
#[test]
fn n5_a_round_that_is_sold_as_served_is_void_when_its_evaluators_leave() {
	unweighted(|| assert_lapsed(round_of(MIN_QUORUM, || Available::set(MIN_QUORUM - 1))));
	// The evaluators leave in the block of the commit.
	unweighted(|| {
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
		Available::set(0);
		let round = current(DOMAIN);
		run_to_phase(DOMAIN, Phase::Reveal);
		assert_ok!(reveal(ALICE, round, &steady(900), SALT));
		run_to(RoundParams::DEV.reveal_window(round).1);
		assert_lapsed(round);
	});
}

/// Returns helpers that paid for all chunks of two models.
fn two_helpers() -> Helpers<AccountId> {
	let mut helpers = Helpers::new();
	credit(&mut helpers, &SETTLER, CHUNKS as u32);
	credit(&mut helpers, &WATCHER, CHUNKS as u32);
	helpers
}

/// The validators take the weight of a domain away while its rounds are undecided, and nobody serves it.
#[test]
fn n5_a_round_that_is_sold_with_weight_can_be_recomputed_after_the_weight_is_gone() {
	test(|| {
		let round = round_of(MIN_QUORUM, || {
			WeightNow::set(0);
			Available::set(0);
		});
		assert_eq!(Rounds::<Test>::get(round).unwrap().sale, Sale::Weighted);
		let request = Requests::get(round).unwrap();
		assert!(!request.weighted && !request.needs_quorum);
		decide_recomputed(round, |_| vec![INITIAL; CHUNKS], &two_helpers(), &[], 0);
		assert_eq!(unpaid(round), Some(UnpaidReason::NoImprovement));
		assert!(free(WATCHER) > ENDOWMENT);
	});
	// A seat that is sold when the weight and the evaluators are gone pays for recomputing its model.
	test(|| {
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
		WeightNow::set(0);
		assert_eq!(next_fee(), SEAT_FEE);
		Available::set(0);
		assert_eq!(next_fee(), SEAT_FEE + recomputation(1));
		assert_ok!(commit(BOB, DOMAIN, &steady(800), SALT));
		assert_eq!((held(HoldReason::SeatFee, ALICE), held(HoldReason::SeatFee, BOB)), (SEAT_FEE, SEAT_FEE + recomputation(1)));
	});
}

/// Three bonded accounts serve a domain, take the first seat of a round as served, and leave in one batch. They do not reveal.
#[test]
fn n5_accounts_that_take_a_served_seat_and_leave_keep_no_other_seat_out() {
	unweighted(|| {
		assert_ok!(commit(CAROL, DOMAIN, &steady(950), SALT));
		Available::set(0);
		let round = current(DOMAIN);
		assert_ok!(commit_for(ALICE, DOMAIN, &steady(900), SALT, SEAT_FEE));
		run_to_phase(DOMAIN, Phase::Reveal);
		assert_ok!(reveal(ALICE, round, &steady(900), SALT));
		run_to(RoundParams::DEV.reveal_window(round).1);
		assert_lapsed(round);
		// The next round is prepaid although they serve again. They do not reveal in it, so that it ends without a candidate.
		Available::set(MIN_QUORUM);
		let is_prepaid = || {
			run_to_phase(DOMAIN, Phase::Commit);
			assert_eq!(state(DOMAIN).unanswered, next_fee() == SEAT_FEE + recomputation(2));
			state(DOMAIN).unanswered
		};
		assert!(is_prepaid());
		let silent = current(DOMAIN);
		assert_ok!(commit(CAROL, DOMAIN, &steady(950), SALT));
		run_to(RoundParams::DEV.reveal_window(silent).1);
		assert_eq!(unpaid(silent), Some(UnpaidReason::NoCandidate));
		assert!(is_prepaid());
		// Neither the runtime nor a time-out after the answers is a quorum that decides.
		decide_recomputed(round_of(MIN_QUORUM, || ()), |_| vec![INITIAL; CHUNKS], &two_helpers(), &[], 0);
		assert!(is_prepaid());
		expire(round_of(MIN_QUORUM, || ()));
		assert!(is_prepaid());
		decide_by(round_of(MIN_QUORUM, || ()), |_| vec![INITIAL; CHUNKS]);
		assert!(!is_prepaid());
		assert_eq!(next_fee(), SEAT_FEE);
	});
	// Sums of a quorum that permit no verdict are answers too.
	unweighted(|| {
		void(round_of(MIN_QUORUM, || ()), VoidReason::NoQuorum);
		let round = round_of(MIN_QUORUM, || ());
		assert!(state(DOMAIN).unanswered);
		decide_by(round, |_| vec![0; CHUNKS]);
		assert_eq!((unpaid(round), state(DOMAIN).unanswered), (Some(UnpaidReason::NothingToImprove), false));
	});
}

/// The first seat pays for models that every list contains, also if it is not revealed.
#[test]
fn n5_a_seat_without_a_reveal_keeps_its_part_for_recomputing_models_until_the_round_ends() {
	let run = |excused: bool, end: &dyn Fn(RoundId), is_returned: bool| {
		unweighted(|| {
			Available::set(0);
			BaseFeeNow::set(1_000_000);
			let (round, part, parts) = (current(DOMAIN), recomputation(2), recomputation(3));
			assert_ok!(commit(BOB, DOMAIN, &steady(950), SALT));
			assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
			run_to_phase(DOMAIN, Phase::Reveal);
			assert_ok!(reveal(ALICE, round, &steady(900), SALT));
			BaseFeeNow::set(if excused { 4_000_001 } else { 4_000_000 });
			run_to(RoundParams::DEV.reveal_window(round).1);
			assert_eq!(events().contains(&Event::SeatExcused { round, seat: 0, who: BOB }), excused);
			let first = Rounds::<Test>::get(round).unwrap().seats[0].clone();
			assert_eq!((first.recomputation, first.fee_held, held(HoldReason::SeatFee, BOB)), (part, part, part));
			let lost = if excused { 0 } else { SEAT_FEE + SEAT_HOLD / 5 };
			assert_eq!(free(BOB), ENDOWMENT - lost - part);
			end(round);
			assert_eq!(free(BOB), ENDOWMENT - lost - if is_returned { 0 } else { part });
			let earned = free(SETTLER) + free(WATCHER) - 2 * ENDOWMENT;
			assert!(is_returned || earned >= parts, "{earned} of {parts}");
		});
	};
	for excused in [false, true] {
		run(excused, &|round| decide_recomputed(round, |_| vec![INITIAL; CHUNKS], &two_helpers(), &[], 0), false);
		run(excused, &|round| decide_by(round, |_| vec![INITIAL; CHUNKS]), true);
		run(excused, &|round| void(round, VoidReason::NoQuorum), true);
	}
}

/// On the draw, the initial champion has no error. Its chunks were computed all the same.
#[test]
fn n5_sums_that_permit_no_verdict_pay_those_who_had_them_recomputed() {
	unweighted(|| {
		BaseFeeNow::set(1_000_000);
		let round = round_of(0, || ());
		decide_recomputed(round, |_| vec![0; CHUNKS], &two_helpers(), &[], 0);
		assert_eq!(unpaid(round), Some(UnpaidReason::NothingToImprove));
		let paid = recomputation(2);
		assert!(events().contains(&Event::FeesPaid { round, payees: 2, paid, settler: 0, burned: 0 }));
		assert_eq!((free(SETTLER), free(WATCHER)), (ENDOWMENT + paid / 2, ENDOWMENT + paid / 2));
		assert_eq!(free(ALICE), ENDOWMENT - paid, "everything else is returned");
	});
	// A quorum has its seats for that.
	unweighted(|| {
		BaseFeeNow::set(1_000_000);
		let round = round_of(0, || ());
		decide_by(round, |_| vec![0; CHUNKS]);
		assert_eq!(free(ALICE), ENDOWMENT);
		assert!(!events().iter().any(|event| matches!(event, Event::FeesPaid { .. })));
	});
}

/// In every state of the domain, also after the first seat.
#[test]
fn n5_the_quoted_fee_is_what_the_next_commit_costs() {
	let exact = |who: AccountId| {
		let quoted = next_fee();
		assert_noop!(commit_for(who, DOMAIN, &steady(900), SALT, quoted - 1), Error::<Test>::SeatTooExpensive);
		assert_ok!(commit_for(who, DOMAIN, &steady(900), SALT, quoted));
	};
	for case in 0..16 {
		let quorum = |bit: u32| if case >> bit & 1 == 1 { MIN_QUORUM } else { 0 };
		test(|| {
			BaseFeeNow::set(1_000_000);
			States::mutate(DOMAIN, |state| state.as_mut().unwrap().unanswered = case & 1 == 1);
			WeightNow::set(case >> 1 & 1);
			Available::set(quorum(2));
			exact(ALICE);
			Available::set(quorum(3));
			exact(BOB);
			WeightNow::set(1 - (case >> 1 & 1));
			exact(CAROL);
		});
	}
}

#[test]
fn n5_a_round_needs_a_quorum_if_it_is_sold_as_served_and_has_no_weight() {
	let needs_quorum = |round: RoundId| Requests::get(round).map(|request| request.needs_quorum);
	unweighted(|| assert_eq!(needs_quorum(round_of(MIN_QUORUM, || ())), Some(true)));
	// Sold as not served, the round can be recomputed, also if evaluators come later.
	unweighted(|| assert_eq!(needs_quorum(round_of(MIN_QUORUM - 1, || ())), Some(false)));
	unweighted(|| assert_eq!(needs_quorum(round_of(0, || Available::set(100))), Some(false)));
	// A weighted domain waits for accounts that recompute it.
	test(|| assert_eq!(needs_quorum(round_of(MIN_QUORUM, || Available::set(0))), Some(false)));
	unweighted(|| assert_eq!(needs_quorum(round_of(MIN_QUORUM, || WeightNow::set(1))), Some(false)));
	test(|| assert_eq!(needs_quorum(round_of(MIN_QUORUM, || WeightNow::set(0))), Some(false)));
}

/// A queued round is evaluated when its turn comes, and its evaluators can have left by then.
#[test]
fn n5_a_queued_round_is_void_when_its_evaluators_have_left() {
	unweighted(|| {
		let first = round_of(MIN_QUORUM, || ());
		let second = collect(DOMAIN, &[(BOB, steady(800))]);
		assert_eq!(Pending::<Test>::get(DOMAIN).to_vec(), [first.number, second.number]);
		Available::set(0);
		decide(first);
		run_to(block() + 1);
		assert_eq!(unpaid(second), Some(UnpaidReason::NoQuorum));
		assert_eq!((free(BOB), Rounds::<Test>::count()), (ENDOWMENT - SEAT_FEE, 0));
	});
}

#[test]
fn n5_a_seat_of_a_served_round_costs_the_same_when_its_evaluators_have_left() {
	unweighted(|| {
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
		Available::set(MIN_QUORUM - 1);
		assert_ok!(commit(BOB, DOMAIN, &steady(800), SALT));
		assert_eq!(held(HoldReason::SeatFee, BOB), SEAT_FEE);
		// With weight, the round would wait for accounts that recompute it.
		WeightNow::set(1);
		assert_ok!(commit(CAROL, DOMAIN, &steady(700), SALT));
		assert_eq!(held(HoldReason::SeatFee, CAROL), SEAT_FEE + recomputation(1));
	});
}

#[test]
fn n5_the_first_seat_decides_if_a_round_is_prepaid() {
	unweighted(|| {
		Available::set(MIN_QUORUM - 1);
		assert_eq!(next_fee(), SEAT_FEE + recomputation(2));
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
		// The models of a round are evaluated together, so evaluators that come now make no seat cheaper.
		Available::set(MIN_QUORUM);
		assert_eq!(next_fee(), SEAT_FEE + recomputation(1));
		assert_ok!(commit(BOB, DOMAIN, &steady(800), SALT));
		assert_eq!(held(HoldReason::SeatFee, BOB), SEAT_FEE + recomputation(1));
	});
	unweighted(|| {
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
		assert_eq!((next_fee(), held(HoldReason::SeatFee, ALICE)), (SEAT_FEE, SEAT_FEE));
		assert_ok!(commit(BOB, DOMAIN, &steady(800), SALT));
		assert_eq!(held(HoldReason::SeatFee, BOB), SEAT_FEE);
	});
}

/// An evaluator is not drawn for its own candidate.
#[test]
fn n5_evaluators_that_take_seats_do_not_serve_the_round() {
	unweighted(|| {
		let [one, two, _] = EVALUATORS;
		assert_ok!(commit(one, DOMAIN, &steady(900), SALT));
		assert_eq!(held(HoldReason::SeatFee, one), SEAT_FEE + recomputation(2), "two others are no quorum");
		assert_ok!(commit(two, DOMAIN, &steady(900), SALT));
	});
	unweighted(|| {
		let [one, two, _] = EVALUATORS;
		Available::set(MIN_QUORUM + 1);
		for salt in [1, 2] {
			assert_ok!(commit(one, DOMAIN, &steady(900), [salt; 32]));
			assert_eq!(next_fee(), SEAT_FEE, "three others serve the domain");
		}
		assert_ok!(commit(two, DOMAIN, &steady(900), SALT));
		assert_eq!(held(HoldReason::SeatFee, two), SEAT_FEE, "the first seat has decided the price");
	});
}

/// Makes a near miss of `author` the contender, which a quorum decides, and runs to a commit phase.
fn contender_of(author: AccountId) {
	Available::set(MIN_QUORUM + 1);
	decide(collect(DOMAIN, &[(author, candidate(shaky(970, 100)))]));
	assert!(Contenders::<Test>::contains_key(DOMAIN));
	run_to_phase(DOMAIN, Phase::Commit);
}

/// An evaluator is not drawn for its own contender either.
#[test]
fn n5_the_author_of_the_contender_does_not_serve_a_round() {
	unweighted(|| {
		contender_of(EVALUATORS[0]);
		Available::set(MIN_QUORUM);
		assert_eq!(next_fee(), SEAT_FEE + recomputation(3), "two others are no quorum");
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
		assert_eq!(held(HoldReason::SeatFee, ALICE), SEAT_FEE + recomputation(3));
	});
	unweighted(|| {
		contender_of(EVALUATORS[0]);
		assert_eq!(next_fee(), SEAT_FEE, "three others serve the domain");
		let round = round_of(MIN_QUORUM + 1, || Available::set(MIN_QUORUM));
		assert_eq!((unpaid(round), Requests::get(round)), (Some(UnpaidReason::NoQuorum), None));
	});
}

/// Its sixteen optimizers, the account of the commit, and the author of the contender are eighteen.
#[test]
fn n5_a_commit_to_a_full_round_beside_a_contender_is_refused() {
	unweighted(|| {
		contender_of(20);
		for who in 1..=AccountId::from(MAX_SEATS) {
			assert_ok!(commit(who, DOMAIN, &steady(900), SALT));
		}
		let contender = Contenders::<Test>::get(DOMAIN).map(|contender| contender.model);
		let not_drawn: Vec<AccountId> = (1..=17).chain([20]).collect();
		assert_eq!(Optimae::authors(1..=17, contender).to_vec(), not_drawn);
		assert_noop!(commit(17, DOMAIN, &steady(900), SALT), Error::<Test>::RoundFull);
	});
}

/// Evaluators that are never drawn, do not answer, or leave before each evaluation cannot stop a domain.
#[test]
fn n5_the_round_after_one_without_a_quorum_is_prepaid() {
	unweighted(|| {
		void(round_of(MIN_QUORUM, || ()), VoidReason::NoQuorum);
		run_to_phase(DOMAIN, Phase::Reveal);
		run_to_phase(DOMAIN, Phase::Commit);
		assert_eq!(next_fee(), SEAT_FEE + recomputation(2));
		let round = round_of(MIN_QUORUM, || ());
		assert_eq!(Rounds::<Test>::get(round).unwrap().sale, Sale::Prepaid);
		assert!(!Requests::get(round).unwrap().needs_quorum);
		run_to_phase(DOMAIN, Phase::Commit);
		assert_noop!(commit(BOB, DOMAIN, &steady(800), SALT), Error::<Test>::TooManyRounds);
		// A quorum decides it, so the next one is sold as served.
		decide_by(round, |_| vec![INITIAL; CHUNKS]);
		assert_eq!(next_fee(), SEAT_FEE);
	});
	// A weighted domain has no such rule.
	test(|| {
		void(round_of(MIN_QUORUM, || ()), VoidReason::NoQuorum);
		run_to_phase(DOMAIN, Phase::Reveal);
		run_to_phase(DOMAIN, Phase::Commit);
		assert_eq!(next_fee(), SEAT_FEE);
	});
}

/// Evaluators would otherwise earn most where they fail every other round.
#[test]
fn n5_the_part_for_recomputing_models_pays_no_quorum() {
	unweighted(|| {
		BaseFeeNow::set(1_000_000);
		let round = round_of(0, || Available::set(MIN_QUORUM));
		assert_eq!(held(HoldReason::SeatFee, ALICE), SEAT_FEE + recomputation(2));
		decide_by(round, |_| vec![INITIAL; CHUNKS]);
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE);
		let earned: Balance = EVALUATORS.iter().chain([&SETTLER]).map(|who| free(*who) - ENDOWMENT).sum();
		assert!(earned <= SEAT_FEE);
	});
	// One member of three answers, and another account has the chunks recomputed.
	unweighted(|| {
		BaseFeeNow::set(1_000_000);
		let round = round_of(0, || Available::set(MIN_QUORUM));
		let mut helpers = Helpers::new();
		credit(&mut helpers, &WATCHER, 2 * CHUNKS as u32);
		decide_recomputed(round, |_| vec![INITIAL; CHUNKS], &helpers, &EVALUATORS[..1], 3);
		assert!(free(EVALUATORS[0]) - ENDOWMENT <= SEAT_FEE / 3);
		assert!(free(WATCHER) - ENDOWMENT >= recomputation(2));
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE - recomputation(2));
	});
	// Without a candidate there is nothing to recompute.
	unweighted(|| {
		Available::set(0);
		collect(DOMAIN, &[(ALICE, steady(1_500))]);
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE);
	});
}

/// An account that recomputes its round only after a welcome draw pays for each other one.
#[test]
fn n5_an_unwelcome_draw_is_not_free_to_ignore() {
	unweighted(|| {
		for ignored in 1..=3 {
			void(round_of(0, || ()), VoidReason::NoQuorum);
			assert_eq!(free(ALICE), ENDOWMENT - ignored * SEAT_FEE);
		}
	});
}

#[test]
fn n13_the_tasks_of_a_domain_are_those_of_its_undecided_rounds() {
	test(|| {
		add_domain(20, synthetic());
		assert!(Optimae::tasks(DOMAIN).is_empty());
		let first = round_of(MIN_QUORUM, || ());
		let second = collect(DOMAIN, &[(BOB, steady(800))]);
		let other = collect(20, &[(CAROL, steady(800))]);
		let task = |round: RoundId| Requests::get(round).map(|request| request.task);
		assert_eq!((Optimae::tasks(DOMAIN), task(second)), (vec![task(first).unwrap()], None), "the second round is queued");
		assert_eq!(Optimae::tasks(20), [task(other).unwrap()]);
		decide(first);
		assert!(Optimae::tasks(DOMAIN).is_empty());
		run_to(block() + 1);
		assert_eq!(Optimae::tasks(DOMAIN), [task(second).unwrap()]);
		assert!(Optimae::tasks(1_000).is_empty());
	});
}
