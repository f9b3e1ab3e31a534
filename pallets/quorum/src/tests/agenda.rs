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
