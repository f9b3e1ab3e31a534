//! Many rounds at once: the agenda is bounded, and every round ends.

use super::*;
use crate::{WeightInfo, MAX_OPEN};
use frame_support::{traits::Hooks, weights::Weight};

/// A tenth of a block.
fn share() -> Weight {
	<<Test as frame_system::Config>::BlockWeights as frame_support::traits::Get<frame_system::limits::BlockWeights>>::get()
		.max_block
		.saturating_div(10)
}

#[test]
fn a_thousand_rounds_due_at_once_are_served_in_bounded_steps_and_all_end() {
	new_test_ext_with(12).execute_with(|| {
		// Half a hundred steps a block.
		HandlerWeight::set(share() / 50);
		for number in 0..MAX_OPEN {
			let round = RoundId { domain: WEIGHTED, number };
			assert_ok!(Quorum::open(round, Small, models(1), Authors::new()));
		}
		assert_noop!(Quorum::open(ROUND_OF_ANOTHER, Small, models(1), Authors::new()), Error::<Test>::TooBusy);
		Quorum::do_try_state().unwrap();
		for block in 2..600u64 {
			System::set_block_number(block);
			let weight = Quorum::on_initialize(block);
			assert!(weight.all_lte(share().saturating_add(<() as WeightInfo>::on_initialize())), "block {block}: {weight}");
			assert!(crate::Cursor::<Test>::get() <= now() + 1);
			if block % 50 == 0 {
				Quorum::do_try_state().unwrap();
			}
			System::reset_events();
		}
		// Nobody answered, nobody computed.
		let mut voided: Vec<_> = Calls::get();
		assert_eq!(voided.len() as u32, MAX_OPEN);
		voided.dedup();
		assert_eq!(voided.len() as u32, MAX_OPEN);
		assert_clean();
	});
}

const ROUND_OF_ANOTHER: RoundId = RoundId { domain: WEIGHTED + 1, number: 0 };

#[test]
fn a_step_dearer_than_the_share_is_served_alone_and_not_never() {
	with(2, || {
		HandlerWeight::set(share() * 2);
		for number in 0..3 {
			assert_ok!(Quorum::open(RoundId { domain: WEIGHTED, number }, Small, models(1), Authors::new()));
		}
		to(3);
		assert_eq!(drawn(), 1);
		to(4);
		assert_eq!(drawn(), 2);
		to(5);
		assert_eq!(drawn(), 3);
	});
}

/// Rounds whose windows are drawn.
fn drawn() -> usize {
	Requests::<Test>::iter().filter(|(_, request)| request.seed.is_some()).count()
}

#[test]
fn deadlines_count_although_the_agenda_is_late() {
	with(10, || {
		open();
		to_the_draw();
		let who = members()[0];
		let sums = truth();
		assert_ok!(commit(who, &sums));
		let Stage::Answering { reveals_until, .. } = request().stage else { panic!() };
		// Blocks pass in which nothing is served.
		System::set_block_number(u64::from(reveals_until) + 3);
		assert_noop!(reveal(who, &sums), Error::<Test>::WrongPhase);
		assert_noop!(settle().map_err(|error| error.error), Error::<Test>::WrongPhase);
		pass(1);
		assert!(matches!(request().stage, Stage::Replaying { .. }));
	});
}

#[test]
fn rounds_of_a_domain_follow_each_other_while_earlier_ones_are_open() {
	with(10, || {
		for number in 0..6 {
			assert_ok!(Quorum::open(RoundId { domain: WEIGHTED, number }, Small, models(3), Authors::new()));
			pass(11);
		}
		assert_eq!(Requests::<Test>::count(), 6);
		pass(200);
		assert_clean();
		assert_eq!(Calls::get().len(), 6);
	});
}

proptest::proptest! {
	#![proptest_config(proptest::prelude::ProptestConfig { cases: 60, ..Default::default() })]

	/// Whatever the members do, somebody who looks at every chunk brings the truth out, and money is only ever burned by slashes.
	#[test]
	fn whatever_members_do_the_truth_comes_out_and_money_balances(
		deeds in proptest::collection::vec(0u8..7, 15),
		evaluators in 0u64..40,
		leader in proptest::option::of(0u8..4),
	) {
		with(evaluators, || {
			let before = issuance();
			Leader::set(leader);
			open();
			to_the_draw();
			let members = members();
			let true_sums = truth();
			let answer = |place: usize| match deeds[place] {
				0 | 1 => Some(truth()),
				2 => None,
				3 => Some(lie(place % 4, place % 8, 1)),
				4 => Some(lie(2, 3, 9)),
				5 => Some(lie(3, 3, 9)),
				_ => Some(lies(4)),
			};
			let said: Vec<_> = members.iter().enumerate().filter_map(|(place, who)| Some((*who, answer(place)?))).collect();
			for (who, sums) in &said {
				assert_ok!(commit(*who, sums));
			}
			if !members.is_empty() {
				to_the_reveals();
				for (who, sums) in &said {
					assert_ok!(reveal(*who, sums));
				}
				to_the_end_of_the_reveals();
			}
			let mut calls = 0;
			while matches!(request().stage, Stage::Settling { .. }) {
				assert_ok!(settle());
				calls += 1;
			}
			assert!(calls <= members.len());
			if let Some(settled) = Truths::<Test>::get(ROUND).filter(|settled| *settled != true_sums) {
				let places = (0..4usize).flat_map(|model| (0..8usize).map(move |chunk| (model, chunk)));
				let (model, chunk) = places.into_iter().find(|(model, chunk)| settled[*model][*chunk] != true_sums[*model][*chunk]).unwrap();
				let challenge = Challenge { model: model as u8, chunk: chunk as u16 };
				let announced = commitment(Tag::Dispute, &GENESIS, ROUND, &OUTSIDER, &payload_hash(&challenge), &[0; 32]);
				assert_ok!(Quorum::dispute(signed(OUTSIDER), announced));
				pass(1);
				assert_ok!(Quorum::replay(signed(OUTSIDER), ROUND, challenge.model, challenge.chunk, [0; 32], Small));
			}
			if matches!(request().stage, Stage::Replaying { .. }) {
				recompute_everything(OTHER);
			}
			to_the_end();
			assert_eq!(outcome().truth, true_sums);
			for who in outcome().truthful {
				assert!(who == OTHER || said.iter().any(|(member, sums)| *member == who && *sums == outcome().truth));
			}
			let (mut slashed, mut paid) = (0, 0);
			for record in System::events() {
				match record.event {
					RuntimeEvent::Quorum(Event::Slashed { amount, .. }) => slashed += amount,
					RuntimeEvent::Quorum(Event::DisputeUpheld { reward, .. }) => paid += reward,
					_ => {},
				}
			}
			assert_eq!(before - issuance(), slashed - paid);
			assert_clean();
		});
	}
}
