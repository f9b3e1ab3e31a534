//! Many tasks at once: the agenda is bounded, and every task ends.

use super::*;
use crate::{WeightInfo, MAX_TASKS};
use frame_support::{traits::Hooks, weights::Weight};

/// Returns a tenth of the weight of a block.
fn share() -> Weight {
	<<Test as frame_system::Config>::BlockWeights as frame_support::traits::Get<frame_system::limits::BlockWeights>>::get()
		.max_block
		.saturating_div(10)
}

#[test]
fn a_thousand_tasks_due_at_once_are_served_in_bounded_steps_and_all_end() {
	new_test_ext_with(12).execute_with(|| {
		// Fifty steps per block.
		HandlerWeight::set(share() / 50);
		for number in 0..MAX_TASKS {
			assert_ok!(request(WEIGHTED, number, models(1)));
		}
		assert_noop!(request(WEIGHTED + 1, 0, models(1)), Error::<Test>::TooManyTasks);
		try_state();
		for block in 2..600u64 {
			System::set_block_number(block);
			let weight = Recomputation::on_initialize(block);
			assert!(weight.all_lte(share().saturating_add(<() as WeightInfo>::on_initialize())), "block {block}: {weight}");
			assert!(crate::Cursor::<Test>::get() <= now() + 1);
			if block % 50 == 0 {
				try_state();
			}
			System::reset_events();
		}
		// No evaluator answered, and no chunk was recomputed.
		let mut voided: Vec<_> = Calls::get();
		assert_eq!(voided.len() as u32, MAX_TASKS);
		voided.dedup();
		assert_eq!(voided.len() as u32, MAX_TASKS);
		assert_clean();
	});
}

#[test]
fn a_step_above_the_share_of_a_block_is_served_alone() {
	with(2, || {
		HandlerWeight::set(share() * 2);
		for number in 0..3 {
			assert_ok!(request(WEIGHTED, number, models(1)));
		}
		to(3);
		assert_eq!(drawn(), 1);
		to(4);
		assert_eq!(drawn(), 2);
		to(5);
		assert_eq!(drawn(), 3);
	});
}

/// Returns the number of tasks whose windows are drawn.
fn drawn() -> usize {
	Tasks::<Test>::iter().filter(|(_, task)| task.seed.is_some()).count()
}

#[test]
fn deadlines_count_although_the_agenda_is_late() {
	with(10, || {
		open();
		to_the_draw();
		let who = members()[0];
		let sums = correct();
		assert_ok!(commit(who, &sums));
		let Stage::Answering { reveals_until, .. } = stage() else { panic!() };
		// Blocks pass in which nothing is served.
		System::set_block_number(u64::from(reveals_until) + 3);
		assert_noop!(reveal(who, &sums), Error::<Test>::WrongPhase);
		assert_noop!(settle().map_err(|error| error.error), Error::<Test>::WrongPhase);
		pass(1);
		assert!(matches!(stage(), Stage::Recomputing { .. }));
	});
}

#[test]
fn tasks_of_a_domain_follow_each_other_while_earlier_ones_are_open() {
	with(10, || {
		for number in 0..6 {
			assert_ok!(request(WEIGHTED, number, models(3)));
			pass(11);
		}
		assert_eq!(Tasks::<Test>::count(), 6);
		pass(200);
		assert_clean();
		assert_eq!(Calls::get().len(), 6);
	});
}

proptest::proptest! {
	#![proptest_config(proptest::prelude::ProptestConfig { cases: 60, ..Default::default() })]

	/// One account that checks every chunk is enough for a correct result, for any answers. Only slashes burn money.
	#[test]
	fn for_any_answers_the_result_is_correct_and_money_balances(
		choices in proptest::collection::vec(0u8..7, 15),
		evaluators in 0u64..40,
		leader in proptest::option::of(0u8..4),
	) {
		with(evaluators, || {
			let before = issuance();
			Leader::set(leader);
			open();
			to_the_draw();
			let members = members();
			let correct_sums = correct();
			let answer = |place: usize| match choices[place] {
				0 | 1 => Some(correct()),
				2 => None,
				3 => Some(wrong_at(place % 4, place % 8, 1)),
				4 => Some(wrong_at(2, 3, 9)),
				5 => Some(wrong_at(3, 3, 9)),
				_ => Some(wrong_everywhere(4)),
			};
			let answers: Vec<_> = members.iter().enumerate().filter_map(|(place, who)| Some((*who, answer(place)?))).collect();
			for (who, sums) in &answers {
				assert_ok!(commit(*who, sums));
			}
			if !members.is_empty() {
				to_the_reveals();
				for (who, sums) in &answers {
					assert_ok!(reveal(*who, sums));
				}
				to_the_end_of_the_reveals();
			}
			let mut calls = 0;
			while matches!(stage(), Stage::Settling { .. }) {
				assert_ok!(settle());
				calls += 1;
			}
			assert!(calls <= members.len());
			if let Some(settled) = SettledSums::<Test>::get(TASK).filter(|settled| *settled != correct_sums) {
				let places = (0..4usize).flat_map(|model| (0..8usize).map(move |chunk| (model, chunk)));
				let is_wrong = |(model, chunk): &(usize, usize)| settled[*model][*chunk] != correct_sums[*model][*chunk];
				let (model, chunk) = places.into_iter().find(is_wrong).unwrap();
				let challenge = Challenge { model: model as u8, chunk: chunk as u16 };
				let announced = commitment(Tag::Challenge, &GENESIS, &TASK, &OUTSIDER, &payload_hash(&challenge), &[0; 32]);
				assert_ok!(Recomputation::announce_challenge(signed(OUTSIDER), announced));
				pass(1);
				assert_ok!(Recomputation::challenge(signed(OUTSIDER), TASK, challenge.model, challenge.chunk, [0; 32], Small));
			}
			if matches!(stage(), Stage::Recomputing { .. }) {
				recompute_everything(OTHER);
			}
			to_the_end();
			assert_eq!(outcome().sums, correct_sums);
			for who in outcome().paid {
				assert!(who == OTHER || answers.iter().any(|(member, sums)| *member == who && *sums == outcome().sums));
			}
			let (mut slashed, mut paid) = (0, 0);
			for record in System::events() {
				match record.event {
					RuntimeEvent::Evaluators(EvaluatorsEvent::Slashed { amount, .. }) => slashed += amount,
					RuntimeEvent::Recomputation(Event::ChallengeUpheld { reward, .. }) => paid += reward,
					_ => {},
				}
			}
			assert_eq!(before - issuance(), slashed - paid);
			assert_clean();
		});
	}
}
