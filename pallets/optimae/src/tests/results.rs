//! Results: every round ends with one, an unpaid one names its reason, and late service changes none.

use crate::{mock::*, test_utils::*, Contenders, Due, Event, HoldReason, Models, Pending, Rounds};
use doin_primitives::{
	payload::Reveal, round::Phase, Evidence, LastRound, ModelRef, RoundId, RoundParams, RoundResult, UnpaidReason, ONE_Q32,
};
use doin_traits::VoidReason;
use frame_support::{assert_ok, traits::Hooks};

/// Decides `round` with `error` per chunk for every submitted model.
fn decide_at(round: RoundId, error: u32) {
	decide_by(round, |model| match model {
		ModelRef::Stored(_) => vec![error; CHUNKS],
		_ => vec![INITIAL; CHUNKS],
	});
}

/// Runs one round with one candidate to its evaluation.
fn evaluated(solution: Reveal) -> RoundId {
	collect(DOMAIN, &[(ALICE, solution)])
}

#[test]
fn a_paid_round_has_a_result_and_no_reason() {
	test(|| {
		let round = evaluated(steady(500));
		decide(round);
		let result = RoundResult::Paid { effective: ONE_Q32 };
		assert_eq!(state(DOMAIN).last_round, Some(LastRound { number: round.number, block: block(), result }));
		assert_eq!(unpaid(round), None);
	});
}

#[test]
fn a_round_without_candidates_is_unpaid_and_pays_nobody() {
	// No reveal.
	test(|| {
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
		let round = current(DOMAIN);
		run_to(RoundParams::DEV.reveal_window(round).1);
		assert_eq!(unpaid(round), Some(UnpaidReason::NoCandidate));
		assert!(Requests::get(round).is_none() && Queue::get().is_empty());
		assert_eq!(EVALUATORS.map(free), [ENDOWMENT; 3]);
		assert!(events().iter().all(|event| !matches!(event, Event::FeesPaid { payees: 1.., .. })));
		assert_eq!(events().last(), Some(&Event::RoundDecided { round, winner: None }));
	});
	// Excused seats only: everything is returned.
	test(|| {
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
		let round = current(DOMAIN);
		BaseFeeNow::set(1_000_000);
		run_to(RoundParams::DEV.reveal_window(round).1);
		assert_eq!((unpaid(round), free(ALICE)), (Some(UnpaidReason::NoCandidate), ENDOWMENT));
	});
	// A claim that does not undercut the bar.
	test(|| {
		let round = evaluated(steady(1_500));
		assert_eq!(unpaid(round), Some(UnpaidReason::NoCandidate));
		assert!(Requests::get(round).is_none());
	});
	// A claim that is disproved before the verdict.
	test(|| {
		let round = evaluated(Reveal { validation: vec![1; CHUNKS].try_into().unwrap(), ..steady(900) });
		assert_ok!(challenge(WATCHER, round, 0, 0));
		decide_at(round, 900);
		assert_eq!((unpaid(round), state(DOMAIN).champion.author), (Some(UnpaidReason::NoCandidate), None));
	});
	// On public evidence, candidates that an earlier verdict has overtaken.
	test(|| {
		add_domain(20, Evidence::Public);
		let first = collect(20, &[(ALICE, steady(800))]);
		let second = collect(20, &[(BOB, steady(899))]);
		decide(first);
		run_to(block() + 1);
		assert_eq!(unpaid(second), Some(UnpaidReason::NoCandidate));
		assert!(Requests::get(second).is_none());
	});
}

#[test]
fn a_round_whose_candidates_are_not_better_is_unpaid() {
	test(|| {
		let round = evaluated(steady(900));
		decide_at(round, INITIAL);
		assert_eq!(unpaid(round), Some(UnpaidReason::NoImprovement));
	});
	// An earlier contender that stays is not the candidate of this round.
	test(|| {
		decide(evaluated(candidate(shaky(970, 100))));
		let round = collect(DOMAIN, &[(BOB, steady(995))]);
		decide_by(round, |model| match model {
			ModelRef::Stored(0) => score_points(model).unwrap(),
			ModelRef::Stored(_) => vec![1_100; CHUNKS],
			_ => vec![INITIAL; CHUNKS],
		});
		assert!(Contenders::<Test>::contains_key(DOMAIN));
		assert_eq!(unpaid(round), Some(UnpaidReason::NoImprovement));
	});
}

#[test]
fn a_round_with_a_near_miss_is_unpaid_until_the_contender_passes() {
	test(|| {
		let round = evaluated(candidate(shaky(970, 100)));
		decide(round);
		assert!(Contenders::<Test>::contains_key(DOMAIN));
		assert_eq!(unpaid(round), Some(UnpaidReason::ContenderKept));
	});
}

#[test]
fn a_champion_of_a_domain_without_weight_is_unpaid() {
	test(|| {
		WeightNow::set(0);
		let round = evaluated(steady(900));
		decide(round);
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE));
		assert_eq!(unpaid(round), Some(UnpaidReason::NoWeight));
	});
	// Public evidence has no value, and gains no weight.
	test(|| {
		WeightNow::set(0);
		add_domain(20, Evidence::Public);
		let round = collect(20, &[(ALICE, steady(900))]);
		decide(round);
		assert_eq!(unpaid(round), Some(UnpaidReason::NoWeight));
	});
}

#[test]
fn a_champion_below_the_high_water_mark_is_unpaid() {
	test(|| {
		States::mutate(DOMAIN, |state| state.as_mut().unwrap().high_water = ONE_Q32);
		let round = evaluated(steady(900));
		decide(round);
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE));
		assert_eq!(unpaid(round), Some(UnpaidReason::BelowHighWater));
	});
}

#[test]
fn a_round_that_lapses_is_unpaid_for_its_reason_and_costs_its_fee() {
	for (reason, expected) in [(VoidReason::NoQuorum, UnpaidReason::NoQuorum), (VoidReason::Unsettled, UnpaidReason::Unsettled)] {
		test(|| {
			let round = evaluated(steady(900));
			void(round, reason);
			assert_eq!(unpaid(round), Some(expected));
			assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE, "the hold is released");
		});
	}
}

#[test]
fn a_round_with_nothing_to_improve_is_unpaid() {
	test(|| {
		let round = evaluated(steady(900));
		decide_by(round, |_| vec![0; CHUNKS]);
		assert_eq!((unpaid(round), free(ALICE)), (Some(UnpaidReason::NothingToImprove), ENDOWMENT));
	});
}

#[test]
fn a_round_that_the_service_does_not_evaluate_is_unpaid() {
	test(|| {
		ServiceFull::set(true);
		let round = evaluated(steady(900));
		assert_eq!((unpaid(round), free(ALICE)), (Some(UnpaidReason::NoRecomputation), ENDOWMENT));
	});
	// A domain that is removed in between has no state to store the result; the event remains.
	test(|| {
		let round = evaluated(steady(900));
		Specs::remove(DOMAIN);
		States::remove(DOMAIN);
		void(round, VoidReason::Unsettled);
		let reason = UnpaidReason::NoRecomputation;
		assert!(events().contains(&Event::RoundUnpaid { round, reason }));
	});
}

/// Blocks whose hooks serve no agenda, e.g. because they are full, delay every deadline by the same number of blocks. Whatever
/// the delay is, the rounds end with a result, in order, and those after the delay are paid as before.
#[test]
fn a_lag_of_any_length_ends_no_rewards() {
	for lag in 0..=2 * RoundParams::DEV.period() {
		test(|| {
			let mut error = 900;
			let mut ended = Vec::new();
			for late in [0, lag, lag, 0] {
				run_to_phase(DOMAIN, Phase::Commit);
				let round = current(DOMAIN);
				assert_ok!(commit(ALICE, DOMAIN, &steady(error), SALT));
				run_to_phase(DOMAIN, Phase::Reveal);
				assert_ok!(reveal(ALICE, round, &steady(error), SALT));
				// The hook is not called for `late` blocks.
				let closing = RoundParams::DEV.reveal_window(round).1;
				run_to(closing - 1);
				System::set_block_number(u64::from(closing + late));
				Optimae::on_initialize(u64::from(closing + late));
				assert!(Requests::contains_key(round), "round {} is evaluated after a lag of {late}", round.number);
				decide(round);
				assert_eq!(unpaid(round), None, "every round improves the champion");
				ended.push(round.number);
				error -= 50;
			}
			assert!(ended.is_sorted() && ended.len() == 4);
			assert_eq!((Queue::get().len(), Rounds::<Test>::count(), Due::<Test>::iter().count()), (4, 0, 0));
		});
	}
}

/// An account commits and reveals in two rounds, whose bundles wait side by side: neither changes the other.
#[test]
fn a_round_does_not_overwrite_the_bundle_of_the_one_before() {
	test(|| {
		// The same model, salt and account in both rounds.
		let first = collect(DOMAIN, &[(ALICE, steady(900)), (BOB, steady(950))]);
		let bundle =
			(Rounds::<Test>::get(first).unwrap().seats, Models::<Test>::get(0), Models::<Test>::get(1), Requests::get(first));
		let second = collect(DOMAIN, &[(ALICE, steady(900)), (BOB, steady(800))]);
		let after =
			(Rounds::<Test>::get(first).unwrap().seats, Models::<Test>::get(0), Models::<Test>::get(1), Requests::get(first));
		assert_eq!(bundle, after);
		assert_eq!(Pending::<Test>::get(DOMAIN).to_vec(), [first.number, second.number]);
		let fees = held(HoldReason::SeatFee, ALICE);
		assert_eq!(fees, 2 * SEAT_FEE, "both seats are paid for");

		// A claim of one round is not a claim of the other.
		assert_ok!(commit(CAROL, DOMAIN, &steady(700), SALT));
		decide(first);
		assert_eq!(state(DOMAIN).champion.round, Some(first));
		let seats = Rounds::<Test>::get(second).unwrap().seats;
		assert_eq!(seats.iter().map(|seat| seat.model).collect::<Vec<_>>(), [Some(2), Some(3)]);
		assert_eq!(Models::<Test>::get(2).unwrap().round, second);
		run_to(block() + 1);
		decide(second);
		assert_eq!((state(DOMAIN).champion.round, state(DOMAIN).champion.author), (Some(second), Some(BOB)));
		assert_eq!(unpaid(second), None);
	});
}
