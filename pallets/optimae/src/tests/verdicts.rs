//! Verdicts: who wins, and what everybody is paid.

use crate::{mock::*, types::*, *};
use doin_primitives::{round::MAX_SEATS, Evidence, RoundParams, Status, ONE_Q32};
use doin_primitives_frame::{Eff, OnRecomputed};
use doin_scoring::verdict::paired;
use frame_support::assert_ok;

/// What the mock's call that settles costs.
const SETTLE: Balance = 20_200 * 1_000;

/// Increment from a steady `from` to a steady `to`.
fn increment(from: u32, to: u32) -> Q32 {
	paired(&[INITIAL; CHUNKS], &[from; CHUNKS], &[to; CHUNKS], 2_000, 0).unwrap().increment
}

#[test]
fn a_better_candidate_becomes_champion() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(500))]);
		assert_eq!(Requests::get(round).unwrap().exclude.to_vec(), [ALICE]);
		let truth = truth_by(round, |model| coordinates(model).unwrap());
		assert_eq!(Optimae::leader(round, &truth), Some(1));
		decide(round);

		let champion = state(DOMAIN).champion;
		assert_eq!(champion.model, ModelRef::Stored(0));
		assert_eq!((champion.author, champion.round, champion.block), (Some(ALICE), Some(round), block()));
		assert_eq!((champion.error, champion.initial_error, champion.validation_error), (16_000, 32_000, 16_000));
		assert_eq!(state(DOMAIN).high_water, ONE_Q32, "half the error is one bit");
		let crowned = Event::Crowned {
			round,
			model: 0,
			who: ALICE,
			error: 16_000,
			champion_error: 32_000,
			initial_error: 32_000,
			upper: 16_000,
			increment: ONE_Q32,
			eff: ONE_Q32,
		};
		assert!(events().contains(&crowned));
		assert_eq!(
			Queue::get(),
			[Eff { round, eff: ONE_Q32, optimizer: ALICE, evaluators: EVALUATORS.to_vec().try_into().unwrap() }]
		);
		assert_eq!(events().last(), Some(&Event::RoundDecided { round, winner: Some(0) }));

		assert_eq!(held(HoldReason::Seat, ALICE), 0);
		assert_eq!(held(HoldReason::Model, ALICE), Models::<Test>::get(0).unwrap().hold, "a champion's bytes stay paid for");
		assert_eq!(Optimae::record(&ALICE), Record { accepted: 1, ..Default::default() });
		assert_eq!(Rounds::<Test>::count(), 0);
		let view = Optimae::champion_view(DOMAIN).unwrap();
		assert_eq!((view.loss, view.genes, view.bytes), (1 << 19, vec![10], Models::<Test>::get(0).unwrap().bytes.len() as u32));
	});
}

#[test]
fn fees_reimburse_the_settler_and_are_shared_by_truthful_evaluators() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(900)), (BOB, steady(950))]);
		decide(round);
		let each = (2 * SEAT_FEE - SETTLE) / 3;
		let burned = 2 * SEAT_FEE - SETTLE - 3 * each;
		assert!(events().contains(&Event::FeesPaid { round, evaluators: 3, each, settler: SETTLE, burned }));
		for who in EVALUATORS {
			assert_eq!(free(who), ENDOWMENT + each);
		}
		assert_eq!(free(SETTLER), ENDOWMENT + SETTLE);
		assert_eq!(free(BOB), ENDOWMENT - SEAT_FEE);
		assert_eq!(Optimae::record(&BOB), Record { rejected: 1, ..Default::default() });
		assert!(events().contains(&Event::Rejected { round, seat: 1, who: BOB, model: Some(1), reason: Reason::Lost }));
	});
}

#[test]
fn the_settler_receives_half_of_the_fees_at_most() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(900))]);
		BaseFeeNow::set(1_000_000_000);
		decide(round);
		assert_eq!(free(SETTLER), ENDOWMENT + SEAT_FEE / 2);
	});
}

#[test]
fn fees_are_burned_when_the_runtime_had_to_compute_everything() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(900))]);
		decide_with(round, |model| coordinates(model).unwrap(), &[], None);
		assert!(events().contains(&Event::FeesPaid { round, evaluators: 0, each: 0, settler: 0, burned: SEAT_FEE }));
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE));
	});
}

#[test]
fn an_evaluator_without_an_account_is_paid_if_it_can_be() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(900))]);
		decide_with(round, |model| coordinates(model).unwrap(), &[PAUPER], None);
		assert_eq!(free(PAUPER), SEAT_FEE);
	});
}

#[test]
fn the_smallest_error_wins_and_the_earlier_commit_on_a_tie() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(920)), (BOB, steady(900)), (CAROL, steady(900))]);
		decide(round);
		assert_eq!(state(DOMAIN).champion.author, Some(BOB));
		assert_eq!(Models::<Test>::iter_keys().collect::<Vec<_>>(), [1], "the losers' models are gone");
		for who in [ALICE, CAROL] {
			assert_eq!(free(who), ENDOWMENT - SEAT_FEE);
		}
	});
}

#[test]
fn the_draw_decides_and_not_the_claim() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(500)), (BOB, steady(900))]);
		decide_by(round, |model| match model {
			ModelRef::Stored(0) => vec![1_200; CHUNKS],
			_ => coordinates(model).unwrap(),
		});
		assert_eq!(state(DOMAIN).champion.author, Some(BOB));
	});
}

#[test]
fn a_replaced_champion_is_removed_and_its_hold_released() {
	test(|| {
		decide(collect(DOMAIN, &[(ALICE, steady(900))]));
		assert!(held(HoldReason::Model, ALICE) > 0);
		let round = collect(DOMAIN, &[(BOB, steady(800))]);
		assert_eq!(
			Requests::get(round).unwrap().models.to_vec(),
			[ModelRef::RepeatLast, ModelRef::Stored(0), ModelRef::Stored(1)]
		);
		decide(round);
		assert_eq!(held(HoldReason::Model, ALICE), 0);
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE);
		assert_eq!(Models::<Test>::iter_keys().collect::<Vec<_>>(), [1]);
		assert_eq!(state(DOMAIN).high_water, increment(1_000, 900) + increment(900, 800));
		assert_eq!(Queue::get().iter().map(|entry| entry.eff).sum::<Q32>(), state(DOMAIN).high_water);
	});
}

#[test]
fn progress_without_weight_is_crowned_and_never_paid() {
	test(|| {
		WeightNow::set(0);
		decide(collect(DOMAIN, &[(ALICE, steady(900))]));
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE));
		assert_eq!(state(DOMAIN).high_water, increment(1_000, 900));
		assert_eq!(Queue::get(), []);
	});
}

#[test]
fn what_is_paid_is_the_increment_times_the_weight() {
	test(|| {
		WeightNow::set(250_000);
		decide(collect(DOMAIN, &[(ALICE, steady(500))]));
		assert_eq!(Queue::get()[0].eff, ONE_Q32 / 4);
		assert_eq!(state(DOMAIN).high_water, ONE_Q32, "the mark is not weighed");
	});
}

#[test]
fn a_candidate_below_the_high_water_mark_is_crowned_unpaid() {
	test(|| {
		States::mutate(DOMAIN, |state| state.as_mut().unwrap().high_water = ONE_Q32);
		decide(collect(DOMAIN, &[(ALICE, steady(900))]));
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE));
		assert_eq!((state(DOMAIN).high_water, Queue::get().len()), (ONE_Q32, 0));
	});
}

#[test]
fn public_evidence_crowns_by_the_plain_test_and_mints_nothing() {
	test(|| {
		add_domain(8, Evidence::Public);
		// Not beyond doubt, but public evidence knows no doubt.
		let round = collect(8, &[(ALICE, candidate(shaky(970, 100))), (BOB, candidate(shaky(980, 100)))]);
		decide(round);
		let champion = state(8).champion;
		assert_eq!((champion.author, champion.error), (Some(ALICE), 970 * 32));
		assert_eq!((state(8).high_water, Queue::get().len()), (0, 0));
		assert_eq!(Contenders::<Test>::get(8), None, "measuring again would show the same");
	});
}

#[test]
fn on_public_evidence_the_validation_error_is_the_true_one() {
	test(|| {
		add_domain(8, Evidence::Public);
		let mut boast = steady(900);
		boast.validation = [0; CHUNKS].to_vec().try_into().unwrap();
		decide(collect(8, &[(ALICE, boast)]));
		assert_eq!(state(8).champion.validation_error, 900 * 32, "a false claim cannot lock the domain");
	});
}

#[test]
fn a_round_that_nobody_wins_leaves_the_champion_and_pays_the_evaluators() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(900))]);
		decide_by(round, |_| vec![INITIAL; CHUNKS]);
		assert_eq!(state(DOMAIN).champion.model, ModelRef::RepeatLast);
		assert_eq!(events().last(), Some(&Event::RoundDecided { round, winner: None }));
		assert_eq!(free(EVALUATORS[0]), ENDOWMENT + (SEAT_FEE - SETTLE) / 3);
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE);
		assert_eq!(Models::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_round_that_nobody_settles_burns_its_fees_and_returns_its_holds() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(900)), (BOB, steady(950)), (BOB, steady(1_500))]);
		expire(round);
		assert!(events().contains(&Event::FeesPaid { round, evaluators: 0, each: 0, settler: 0, burned: 3 * SEAT_FEE }));
		assert!(events().contains(&Event::RoundVoided { round }));
		assert_eq!((free(ALICE), free(BOB)), (ENDOWMENT - SEAT_FEE, ENDOWMENT - 2 * SEAT_FEE), "letting it lapse is not free");
		assert_eq!((Models::<Test>::iter().count(), Rounds::<Test>::count()), (0, 0));
		Optimae::voided(round);
		decide_unknown(round);
		assert_eq!(events().last(), Some(&Event::RoundVoided { round }), "a round that is over hears nothing");
	});
}

#[test]
fn a_round_whose_domain_is_gone_returns_everything() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(900))]);
		Specs::remove(DOMAIN);
		States::remove(DOMAIN);
		expire(round);
		assert_eq!(events().last(), Some(&Event::RoundVoided { round }));
		assert_eq!(free(ALICE), ENDOWMENT);
		assert_eq!(Models::<Test>::iter().count(), 0);
	});
}

fn decide_unknown(round: RoundId) {
	let outcome = doin_primitives_frame::Outcome {
		seed: [0; 32],
		truth: Default::default(),
		truthful: Default::default(),
		settler: Some(SETTLER),
	};
	Optimae::recomputed(round, outcome);
	assert_eq!(Optimae::leader(round, &Default::default()), None);
}

#[test]
fn a_draw_without_any_error_of_the_initial_champion_is_void() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(900))]);
		decide_by(round, |_| vec![0; CHUNKS]);
		assert!(events().contains(&Event::RoundVoided { round }));
		assert_eq!(free(ALICE), ENDOWMENT);
	});
}

#[test]
fn sums_that_do_not_fit_the_list_void_the_round() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(900))]);
		decide_unknown_measured(round);
		assert!(events().contains(&Event::RoundVoided { round }));
		assert_eq!(free(ALICE), ENDOWMENT);
	});
}

fn decide_unknown_measured(round: RoundId) {
	Requests::remove(round);
	decide_unknown(round);
}

#[test]
fn verdicts_wait_for_a_full_work_queue() {
	test(|| {
		Room::set(0);
		assert!(!Optimae::ready());
		Room::set(1);
		assert!(Optimae::ready());
		assert_eq!(Optimae::weight(), <() as WeightInfo>::verdict());
	});
}

#[test]
fn a_round_waits_for_its_predecessors_verdict_and_is_measured_against_the_new_champion() {
	test(|| {
		let first = collect(DOMAIN, &[(ALICE, steady(900))]);
		let second = collect(DOMAIN, &[(BOB, steady(800)), (CAROL, steady(899))]);
		assert_eq!(events().last(), Some(&Event::WaitingForVerdict { round: second }));
		assert_eq!(Requests::get(second), None);
		run_to(block() + 3);
		decide(first);
		assert_eq!(Requests::get(second), None, "its turn comes with the next block");
		run_to(block() + 1);
		assert_eq!(
			Requests::get(second).unwrap().models.to_vec(),
			[ModelRef::RepeatLast, ModelRef::Stored(0), ModelRef::Stored(1), ModelRef::Stored(2)]
		);
		decide(second);
		assert_eq!(state(DOMAIN).champion.author, Some(BOB));
		let eff: Vec<_> = Queue::get().iter().map(|entry| entry.eff).collect();
		assert_eq!(eff, [increment(1_000, 900), increment(900, 800)], "no gap is paid twice");
	});
}

#[test]
fn on_public_evidence_a_candidate_that_the_new_champion_beats_is_not_measured() {
	test(|| {
		add_domain(20, doin_primitives::Evidence::Public);
		let first = collect(20, &[(ALICE, steady(900))]);
		let second = collect(20, &[(BOB, steady(800)), (CAROL, steady(899))]);
		decide(first);
		run_to(block() + 1);
		assert_eq!(
			Requests::get(second).unwrap().models.to_vec(),
			[ModelRef::RepeatLast, ModelRef::Stored(0), ModelRef::Stored(1)]
		);
		let reason = Reason::Overtaken;
		assert!(events().contains(&Event::Rejected { round: second, seat: 1, who: CAROL, model: Some(2), reason }));
		decide(second);
		assert_eq!(state(20).champion.author, Some(BOB));
	});
}

#[test]
fn a_copy_of_a_revealed_model_wins_nothing() {
	test(|| {
		// Bob copies in the next round what Alice showed in this one, and would be judged first if rounds did not wait.
		let original = collect(DOMAIN, &[(ALICE, steady(900))]);
		let copy = collect(DOMAIN, &[(BOB, steady(900))]);
		decide(original);
		run_to(block() + 1);
		decide(copy);
		assert!(events().contains(&Event::RoundDecided { round: copy, winner: None }));
		assert_eq!(free(BOB), ENDOWMENT - SEAT_FEE);
		assert_eq!(Optimae::record(&BOB).rejected, 1);
	});
}

#[test]
fn the_next_round_gets_its_turn_when_one_is_void() {
	test(|| {
		let first = collect(DOMAIN, &[(ALICE, steady(900))]);
		let second = collect(DOMAIN, &[(BOB, steady(900))]);
		let third = collect(DOMAIN, &[(CAROL, steady(950))]);
		expire(first);
		run_to(block() + 1);
		assert!(Requests::contains_key(second) && !Requests::contains_key(third));
		expire(second);
		run_to(block() + 1);
		decide(third);
		assert_eq!(state(DOMAIN).champion.author, Some(CAROL));
	});
}

#[test]
fn a_later_round_that_ends_first_does_not_call_the_earlier_one_again() {
	test(|| {
		let first = collect(DOMAIN, &[(ALICE, steady(900))]);
		let second = collect(DOMAIN, &[(BOB, steady(800))]);
		assert_ok!(commit(CAROL, DOMAIN, &steady(700), SALT));
		let closing = RoundParams::DEV.reveal_window(current(DOMAIN)).1;
		run_to(closing - 1);
		// In the next block the second round gets its turn, right after the third one ends unrevealed.
		decide(first);
		run_to(closing);
		assert_eq!(Optimae::record(&CAROL).unrevealed, 1);
		assert!(Requests::contains_key(second));
		assert_eq!(Due::<Test>::iter().count(), 0);
	});
}

#[test]
fn rounds_of_other_domains_do_not_wait() {
	test(|| {
		add_domain(18, synthetic());
		let here = collect(DOMAIN, &[(ALICE, steady(900))]);
		let there = collect(18, &[(BOB, steady(900))]);
		assert!(Requests::contains_key(here) && Requests::contains_key(there));
		decide(there);
		decide(here);
	});
}

#[test]
fn what_is_committed_runs_to_its_verdict_when_the_domain_converges_or_closes() {
	test(|| {
		Specs::mutate(DOMAIN, |spec| spec.as_mut().unwrap().target = 1 << 19);
		let first = collect(DOMAIN, &[(ALICE, steady(500))]);
		let second = collect(DOMAIN, &[(BOB, steady(400))]);
		decide(first);
		assert_eq!(state(DOMAIN).status, Status::Converged);
		run_to(block() + 1);
		decide(second);
		assert_eq!(state(DOMAIN).champion.author, Some(BOB));
		assert_eq!(state(DOMAIN).open_rounds, 0);
	});
}

#[test]
fn a_full_round_with_contender_and_champion_is_measured_whole() {
	test(|| {
		decide(collect(DOMAIN, &[(ALICE, steady(990))]));
		decide(collect(DOMAIN, &[(ALICE, candidate(shaky(950, 200)))]));
		assert!(Contenders::<Test>::contains_key(DOMAIN));
		let seats: Vec<_> = (0..MAX_SEATS).map(|i| (AccountId::from(i) + 2, steady(700 - i))).collect();
		let round = collect(DOMAIN, &seats);
		let request = Requests::get(round).unwrap();
		assert_eq!(request.models.len(), MAX_SEATS as usize + 3);
		assert_eq!(request.exclude.len(), MAX_SEATS as usize, "the contender's author finds no room");
		decide(round);
		assert_eq!(state(DOMAIN).champion.author, Some(17));
		assert_eq!(Models::<Test>::iter().count(), 1);
	});
}

#[test]
fn a_pump_of_noisy_copies_earns_nothing() {
	test(|| {
		// A copy that is really better on the published split, for it was chosen there, and no better on any draw.
		let mut seed = 1u64;
		let mut noise = move || {
			seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
			((seed >> 33) % 201) as u32
		};
		decide(collect(DOMAIN, &[(ALICE, steady(900))]));
		let (paid, mark) = (Queue::get().len(), state(DOMAIN).high_water);
		for _ in 0..40 {
			let round = collect(DOMAIN, &[(BOB, steady(890)), (BOB, steady(891)), (BOB, steady(892))]);
			let windows: Vec<u32> = (0..CHUNKS).map(|_| 800 + noise()).collect();
			let sums: Vec<Vec<u32>> =
				(0..6).map(|_| windows.iter().map(|chunk| chunk - chunk / 100 + noise() / 10).collect()).collect();
			let models = Requests::get(round).unwrap().models;
			decide_by(round, |model| {
				let place = models.iter().position(|other| other == model).unwrap();
				sums[place].clone()
			});
		}
		assert_eq!((Queue::get().len(), state(DOMAIN).high_water), (paid, mark));
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE));
		assert_eq!(Optimae::record(&BOB).accepted, 0);
		assert!(free(BOB) < ENDOWMENT - 119 * SEAT_FEE, "luck costs 120 seats");
	});
}

#[test]
fn the_hook_serves_late_what_a_missed_block_left() {
	test(|| {
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
		System::set_block_number(500);
		Optimae::on_initialize(500);
		assert_eq!(Rounds::<Test>::count(), 0);
		assert_eq!(Optimae::record(&ALICE).unrevealed, 1);
	});
}

#[test]
fn the_configuration_is_sound() {
	test(<Optimae as frame_support::traits::Hooks<u64>>::integrity_test);
}
