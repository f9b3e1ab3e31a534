//! Verdicts: winners, and the payment of fees.

use crate::{mock::*, test_utils::*, types::Record, Contenders, Due, Event, HoldReason, Models, Rounds, WeightInfo};
use doin_primitives::{
	round::MAX_SEATS, settlement::Backing, Balance, Evidence, ModelRef, RejectionReason, RoundId, RoundParams, Status, Subject,
	ONE_Q32, Q32,
};
use doin_scoring::verdict::{paired, Spread, Terms};
use doin_traits::{OnRecomputed, Outcome, QueuedImprovement, VoidReason};
use frame_support::{assert_ok, traits::Hooks};

/// Fee of the call that settles a task, on the mock runtime.
const SETTLE: Balance = 20_200 * 1_000;

/// Returns the increment from a champion of `from` to a candidate of `to` per chunk.
fn increment(from: u32, to: u32) -> Q32 {
	let spread = Spread::Independent;
	let terms = Terms { min_improvement: 2_000, high_water: 0, chunks: CHUNKS as u16, spread, half_row: false };
	paired(&[INITIAL; CHUNKS], &[from; CHUNKS], &[to; CHUNKS], &terms).unwrap().increment
}

#[docify::export]
#[test]
fn a_better_candidate_becomes_champion() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(500))]);
		assert_eq!(Requests::get(round).unwrap().exclude.to_vec(), [ALICE]);
		let sums = sums_by(round, |model| score_points(model).unwrap());
		assert_eq!(leader(round, &sums), Some(1));
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
			effective: ONE_Q32,
			carry: 0,
		};
		assert!(events().contains(&crowned));
		assert_eq!(
			Queue::get(),
			[QueuedImprovement {
				round,
				effective: ONE_Q32,
				optimizer: ALICE,
				evaluators: shares_of(&EVALUATORS),
				backing: Backing::Quorum,
			}]
		);
		assert_eq!(events().last(), Some(&Event::RoundDecided { round, winner: Some(0) }));

		assert_eq!(held(HoldReason::Seat, ALICE), 0);
		assert_eq!(held(HoldReason::Model, ALICE), Models::<Test>::get(0).unwrap().hold, "a champion keeps its hold");
		assert_eq!(Optimae::record(&ALICE), Record { accepted: 1, ..Default::default() });
		assert_eq!(Rounds::<Test>::count(), 0);
		let view = Optimae::champion_view(DOMAIN).unwrap();
		assert_eq!((view.loss, view.genes, view.bytes), (1 << 19, vec![10], Models::<Test>::get(0).unwrap().bytes.len() as u32));
	});
}

#[test]
fn fees_reimburse_the_settler_and_are_divided_by_the_seats_of_the_quorum() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(900)), (BOB, steady(950))]);
		decide(round);
		let each = (2 * SEAT_FEE - SETTLE) / 3;
		let burned = 2 * SEAT_FEE - SETTLE - 3 * each;
		assert!(events().contains(&Event::FeesPaid { round, payees: 3, paid: 3 * each, settler: SETTLE, burned }));
		for who in EVALUATORS {
			assert_eq!(free(who), ENDOWMENT + each);
		}
		assert_eq!(free(SETTLER), ENDOWMENT + SETTLE);
		assert_eq!(free(BOB), ENDOWMENT - SEAT_FEE);
		assert_eq!(Optimae::record(&BOB), Record { rejected: 1, ..Default::default() });
		assert!(events().contains(&Event::Rejected { round, seat: 1, who: BOB, model: Some(1), reason: RejectionReason::Lost }));
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
fn fees_are_burned_if_no_account_verified_the_round() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(900))]);
		decide_with(round, |model| score_points(model).unwrap(), &[], None);
		assert!(events().contains(&Event::FeesPaid { round, payees: 0, paid: 0, settler: 0, burned: SEAT_FEE }));
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE));
	});
}

#[test]
fn an_evaluator_without_an_account_is_paid_if_it_can_be() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(900))]);
		decide_with(round, |model| score_points(model).unwrap(), &[PAUPER], None);
		assert_eq!(free(PAUPER), SEAT_FEE / 3, "one seat of three");
		let burned = SEAT_FEE - SEAT_FEE / 3;
		assert!(events().contains(&Event::FeesPaid { round, payees: 1, paid: SEAT_FEE / 3, settler: 0, burned }));
	});
}

#[test]
fn the_smallest_error_wins_and_the_earlier_commit_on_a_tie() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(920)), (BOB, steady(900)), (CAROL, steady(900))]);
		decide(round);
		assert_eq!(state(DOMAIN).champion.author, Some(BOB));
		assert_eq!(Models::<Test>::iter_keys().collect::<Vec<_>>(), [1], "the models of the losers are removed");
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
			_ => score_points(model).unwrap(),
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
		assert_eq!(Queue::get().iter().map(|entry| entry.effective).sum::<Q32>(), state(DOMAIN).high_water);
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
		assert_eq!(Queue::get()[0].effective, ONE_Q32 / 4);
		assert_eq!(state(DOMAIN).high_water, ONE_Q32, "the mark does not depend on the weight");
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
		// The lead is within the margin, which public evidence does not have.
		let round = collect(8, &[(ALICE, candidate(shaky(970, 100))), (BOB, candidate(shaky(980, 100)))]);
		decide(round);
		let champion = state(8).champion;
		assert_eq!((champion.author, champion.error), (Some(ALICE), 970 * 32));
		assert_eq!((state(8).high_water, Queue::get().len()), (0, 0));
		assert_eq!(Contenders::<Test>::get(8), None, "a second evaluation would have the same result");
	});
}

#[test]
fn on_public_evidence_the_final_sums_replace_the_claim() {
	test(|| {
		add_domain(8, Evidence::Public);
		let mut false_claim = steady(900);
		false_claim.validation = [0; CHUNKS].to_vec().try_into().unwrap();
		decide(collect(8, &[(ALICE, false_claim)]));
		assert_eq!(state(8).champion.validation_error, 900 * 32, "a false claim cannot lock the domain");
	});
}

#[test]
fn a_round_without_a_winner_keeps_the_champion_and_pays_the_evaluators() {
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
fn a_round_that_is_not_settled_burns_its_fees_and_releases_its_holds() {
	test(|| {
		let round = collect(DOMAIN, &[(ALICE, steady(900)), (BOB, steady(950)), (BOB, steady(1_500))]);
		expire(round);
		assert!(events().contains(&Event::FeesPaid { round, payees: 0, paid: 0, settler: 0, burned: 3 * SEAT_FEE }));
		assert!(events().contains(&Event::RoundVoided { round }));
		assert_eq!((free(ALICE), free(BOB)), (ENDOWMENT - SEAT_FEE, ENDOWMENT - 2 * SEAT_FEE), "the fees are burned");
		assert_eq!((Models::<Test>::iter().count(), Rounds::<Test>::count()), (0, 0));
		Optimae::voided(&Subject::Round(round), VoidReason::Unsettled);
		decide_unrequested(round);
		assert_eq!(events().last(), Some(&Event::RoundVoided { round }), "an ended round ignores later results");
	});
}

#[test]
fn a_round_of_a_removed_domain_releases_everything() {
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

fn decide_unrequested(round: RoundId) {
	let (pay, recomputed, backing) = (Default::default(), Default::default(), Backing::Runtime);
	let outcome = Outcome { seed: [0; 32], sums: Default::default(), pay, recomputed, backing, settler: Some(SETTLER) };
	Optimae::recomputed(&Subject::Round(round), outcome);
	assert_eq!(leader(round, &Default::default()), None);
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
		decide_without_sums(round);
		assert!(events().contains(&Event::RoundVoided { round }));
		assert_eq!(free(ALICE), ENDOWMENT);
	});
}

fn decide_without_sums(round: RoundId) {
	Requests::remove(round);
	decide_unrequested(round);
}

#[test]
fn verdicts_wait_while_the_work_queue_is_full() {
	test(|| {
		let subject = Subject::Round(current(DOMAIN));
		add_domain(DOMAIN + 1, live());
		add_domain(DOMAIN + 2, sealed());
		// A verdict can pay a winner, and carried bits of the former champion.
		for full in [0, 1] {
			FreePlaces::set(full);
			assert!(!Optimae::ready(&subject));
			// A stream of bars is paid by work blocks too, and a purse pays at once.
			assert!(!Optimae::ready(&Subject::Round(current(DOMAIN + 1))));
			assert!(Optimae::ready(&Subject::Round(current(DOMAIN + 2))), "the verdict takes no place");
		}
		FreePlaces::set(2);
		assert!(Optimae::ready(&subject));
		let verdict = <() as WeightInfo>::verdict();
		assert_eq!(<Optimae as OnRecomputed<AccountId>>::weight(), verdict.saturating_add(CROWN_WEIGHT));
	});
}

#[test]
fn a_round_waits_for_the_verdict_before_it_and_is_compared_with_the_new_champion() {
	test(|| {
		let first = collect(DOMAIN, &[(ALICE, steady(900))]);
		let second = collect(DOMAIN, &[(BOB, steady(800)), (CAROL, steady(899))]);
		assert_eq!(events().last(), Some(&Event::RoundQueued { round: second }));
		assert_eq!(Requests::get(second), None);
		run_to(block() + 3);
		decide(first);
		assert_eq!(Requests::get(second), None, "it is evaluated in the next block");
		run_to(block() + 1);
		assert_eq!(
			Requests::get(second).unwrap().models.to_vec(),
			[ModelRef::RepeatLast, ModelRef::Stored(0), ModelRef::Stored(1), ModelRef::Stored(2)]
		);
		decide(second);
		assert_eq!(state(DOMAIN).champion.author, Some(BOB));
		let effective: Vec<_> = Queue::get().iter().map(|entry| entry.effective).collect();
		assert_eq!(effective, [increment(1_000, 900), increment(900, 800)], "no improvement is paid twice");
	});
}

#[test]
fn on_public_evidence_a_candidate_that_the_new_champion_beats_is_not_evaluated() {
	test(|| {
		add_domain(20, Evidence::Public);
		let first = collect(20, &[(ALICE, steady(900))]);
		let second = collect(20, &[(BOB, steady(800)), (CAROL, steady(899))]);
		decide(first);
		run_to(block() + 1);
		assert_eq!(
			Requests::get(second).unwrap().models.to_vec(),
			[ModelRef::RepeatLast, ModelRef::Stored(0), ModelRef::Stored(1)]
		);
		let reason = RejectionReason::Overtaken;
		assert!(events().contains(&Event::Rejected { round: second, seat: 1, who: CAROL, model: Some(2), reason }));
		decide(second);
		assert_eq!(state(20).champion.author, Some(BOB));
	});
}

#[test]
fn a_copy_of_a_revealed_model_wins_nothing() {
	test(|| {
		// Bob copies the revealed model in the next round. His copy would be evaluated first if rounds did not wait.
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
fn the_next_round_is_evaluated_when_one_is_void() {
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
fn a_later_round_that_ends_first_does_not_schedule_the_earlier_one_again() {
	test(|| {
		let first = collect(DOMAIN, &[(ALICE, steady(900))]);
		let second = collect(DOMAIN, &[(BOB, steady(800))]);
		assert_ok!(commit(CAROL, DOMAIN, &steady(700), SALT));
		let closing = RoundParams::DEV.reveal_window(current(DOMAIN)).1;
		run_to(closing - 1);
		// The next block evaluates the second round, right after the third one ends without reveals.
		decide(first);
		run_to(closing);
		assert_eq!(Optimae::record(&CAROL).forfeited, 1);
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
fn open_rounds_run_to_their_verdicts_when_the_domain_converges() {
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
fn all_models_of_a_full_round_with_contender_and_champion_are_evaluated() {
	test(|| {
		decide(collect(DOMAIN, &[(ALICE, steady(990))]));
		decide(collect(DOMAIN, &[(ALICE, candidate(shaky(950, 200)))]));
		assert!(Contenders::<Test>::contains_key(DOMAIN));
		let seats: Vec<_> = (0..MAX_SEATS).map(|i| (AccountId::from(i) + 2, steady(700 - i))).collect();
		let round = collect(DOMAIN, &seats);
		let request = Requests::get(round).unwrap();
		assert_eq!(request.models.len(), MAX_SEATS as usize + 3);
		let authors: Vec<AccountId> = (2..2 + AccountId::from(MAX_SEATS)).chain([ALICE]).collect();
		assert_eq!(request.exclude.to_vec(), authors, "sixteen authors of candidates, and that of the contender");
		decide(round);
		assert_eq!(state(DOMAIN).champion.author, Some(17));
		assert_eq!(Models::<Test>::iter().count(), 1);
	});
}

/// The authors of candidates and of the contender are not drawn, since they must not evaluate their own work.
#[test]
fn no_author_is_drawn_for_its_own_work() {
	test(|| {
		decide(collect(DOMAIN, &[(ALICE, candidate(shaky(950, 200)))]));
		assert!(Contenders::<Test>::contains_key(DOMAIN));
		let round = collect(DOMAIN, &[(BOB, steady(900)), (CAROL, steady(901)), (BOB, steady(902)), (4, steady(1_500))]);
		let request = Requests::get(round).unwrap();
		assert_eq!(request.exclude.to_vec(), [BOB, CAROL, ALICE], "each once; account 4 has no candidate");
		assert!(request.weighted);
		decide(round);
		let contender = Contenders::<Test>::get(DOMAIN).expect("BOB's first candidate takes the place of ALICE's");
		assert_eq!(Models::<Test>::get(contender.model).map(|stored| stored.author), Some(BOB));
		WeightNow::set(0);
		let round = collect(DOMAIN, &[(CAROL, steady(800))]);
		let request = Requests::get(round).unwrap();
		assert_eq!((request.exclude.to_vec(), request.weighted), (vec![CAROL, BOB], false));
		decide(round);
		// The author of the champion alone is paid already, and may evaluate others.
		assert_eq!(state(DOMAIN).champion.author, Some(CAROL));
		let round = collect(DOMAIN, &[(BOB, steady(700))]);
		assert_eq!(Requests::get(round).unwrap().exclude.to_vec(), [BOB]);
		decide(round);
	});
}

#[test]
fn a_pump_of_noisy_copies_earns_nothing() {
	test(|| {
		// Copies that are better on the published split, where they were selected, and not better on any draw.
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
fn the_hook_serves_overdue_rounds() {
	test(|| {
		assert_ok!(commit(ALICE, DOMAIN, &steady(900), SALT));
		System::set_block_number(500);
		Optimae::on_initialize(500);
		assert_eq!(Rounds::<Test>::count(), 0);
		assert_eq!(Optimae::record(&ALICE).forfeited, 1);
	});
}

#[test]
fn the_configuration_is_sound() {
	test(<Optimae as frame_support::traits::Hooks<u64>>::integrity_test);
}
