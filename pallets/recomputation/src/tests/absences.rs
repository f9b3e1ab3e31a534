//! Absences: which of them are excused, and which answers end a series of absences.

use super::*;

/// Lets all but the first `absent` members of a quorum answer, at `base_fee` when the answers are closed. Returns the members.
fn absent(absent: usize, base_fee: Balance) -> Vec<u64> {
	open();
	to_the_draw();
	BaseFeeNow::set(base_fee);
	quorum_answers(|place| (place >= absent).then(correct))
}

/// Gives `who` a series of absences that ended long ago.
fn with_absences(who: u64, absences: u8) {
	Records::<Test>::mutate_extant(who, |record| {
		(record.absences, record.last_absence, record.last_counted) = (absences, Some(0), Some(0));
	});
}

fn absences_of(who: u64) -> u8 {
	Records::<Test>::get(who).unwrap().absences
}

#[test]
fn n2_absences_are_excused_when_the_base_fee_has_risen_beyond_fourfold() {
	for (base_fee, excused) in [(4_000, false), (4_001, true)] {
		with(10, || {
			let members = absent(1, base_fee);
			assert_event(Event::AnswerMissed { task: TASK, who: members[0], excused });
			assert_eq!(accounts_with(Behaviour::Absent).is_empty(), excused);
			assert_slashed(members[0], DOIN / 2, Offence::Absence);
			assert_eq!(absences_of(members[0]), u8::from(!excused), "an excused absence does not double the next one");
		});
	}
}

/// Lets the first member of a quorum of five miss its commitment, and the second one its reveal, at the base fees of the end of
/// the commitments and of the close. Returns whether each of them is excused.
fn excused_at(commits_end: Balance, close: Balance) -> (bool, bool) {
	let mut excused = (false, false);
	with(10, || {
		open();
		to_the_draw();
		let (members, sums) = (members(), correct());
		commit_all(&members[1..], &sums);
		BaseFeeNow::set(commits_end);
		to_the_reveals();
		reveal_all(&members[2..], &sums);
		BaseFeeNow::set(close);
		to_the_end_of_the_reveals();
		let is_excused = |who: u64| {
			let missed = |excused| RuntimeEvent::from(Event::<Test>::AnswerMissed { task: TASK, who, excused });
			let found = [true, false].map(|excused| System::events().iter().any(|record| record.event == missed(excused)));
			assert_ne!(found[0], found[1]);
			found[0]
		};
		excused = (is_excused(members[0]), is_excused(members[1]));
		assert_eq!(accounts_with(Behaviour::Absent).len(), usize::from(!excused.0) + usize::from(!excused.1));
	});
	excused
}

/// The base fee at the draw is 1 000.
#[test]
fn n2_congestion_that_is_over_at_the_close_excuses_those_it_kept_from_committing() {
	assert_eq!(excused_at(4_001, 1_000), (true, false), "the commitments were congested, the reveals were not");
	assert_eq!(excused_at(4_000, 4_000), (false, false));
	assert_eq!(excused_at(1_000, 4_001), (false, true));
	assert_eq!(excused_at(9_000, 9_000), (true, true));
	// A fee that was high at the draw is no bar for the reveals.
	assert_eq!(excused_at(500, 2_001), (false, true));
	assert_eq!(excused_at(500, 2_000), (false, false));
}

/// Full blocks during the reveals keep no commitment out, so they excuse nobody that did not commit.
#[test]
fn n2_congestion_of_the_reveals_does_not_excuse_a_missing_commitment() {
	for close in [4_001, 1_000_000] {
		assert_eq!(excused_at(1_000, close), (false, true));
	}
}

/// A full agenda delays the visit at the end of the commitments until the reveals are over.
#[test]
fn n2_the_close_decides_where_the_sample_at_the_end_of_the_commitments_is_missing() {
	for (close, excused) in [(4_000, false), (4_001, true)] {
		with(10, || {
			open();
			to_the_draw();
			let (members, sums) = (members(), correct());
			commit_all(&members[1..], &sums);
			let Stage::Answering { commits_until, reveals_until } = stage() else { panic!("not answering") };
			// The hooks of these blocks serve nothing.
			System::set_block_number(commits_until.into());
			reveal_all(&members[2..], &sums);
			System::set_block_number(reveals_until.into());
			assert_eq!(task().congested, None);
			BaseFeeNow::set(close);
			pass(1);
			for who in &members[..2] {
				assert_event(Event::AnswerMissed { task: TASK, who: *who, excused });
			}
		});
	}
}

#[test]
fn n2_the_sample_of_a_first_quorum_does_not_excuse_the_second_one() {
	with(10, || {
		open();
		to_the_draw();
		BaseFeeNow::set(5_000);
		let first = quorum_answers(|_| None);
		assert_event(Event::AnswerMissed { task: TASK, who: first[0], excused: true });
		assert_eq!(task().congested, Some(true));
		to_the_draw();
		assert_eq!((task().congested, task().base_fee), (None, 5_000));
		let second = quorum_answers(|place| (place > 0).then(correct));
		assert_event(Event::AnswerMissed { task: TASK, who: second[0], excused: false });
	});
}

#[test]
fn n2_absences_are_excused_when_fewer_than_half_of_the_quorum_answered() {
	for (missing, excused) in [(2, false), (3, true)] {
		with(10, || {
			let members = absent(missing, 1_000);
			for who in &members[..missing] {
				assert_event(Event::AnswerMissed { task: TASK, who: *who, excused });
				assert_slashed(*who, DOIN / 2, Offence::Absence);
			}
			assert_eq!(accounts_with(Behaviour::Absent).is_empty(), excused);
		});
	}
}

/// An evaluator that is offline for a while is drawn for several tasks, whose deadlines lie close to each other.
#[test]
fn n2_eleven_absences_of_one_outage_cost_one_slash_and_one_point() {
	with(3, || {
		let tasks: Vec<_> = (0..11).map(|number| request(WEIGHTED, number, models(1)).unwrap()).collect();
		pass(2);
		let each = |tasks: &[TaskId], call: fn(u64, &Sums) -> DispatchResult| {
			for task in tasks {
				Current::set(*task);
				let sums = correct();
				assert_ok!(call(2, &sums));
				assert_ok!(call(3, &sums));
			}
		};
		each(&tasks, commit);
		to_the_reveals();
		each(&tasks, reveal);
		let start = now();
		pass(20);
		for task in tasks {
			Current::set(task);
			assert!(matches!(stage(), Stage::Settling { .. }));
			assert_event(Event::AnswerMissed { task, who: 1, excused: false });
		}
		assert!(now() - start < 60);
		assert_eq!(accounts_with(Behaviour::Absent), [1]);
		assert!(500 * DOIN - bond_of(1) <= DOIN, "a fifth of a percent at most");
	});
}

#[test]
fn n10_a_hundred_rounds_in_an_unweighted_domain_leave_reputation_and_absences_as_they_were() {
	with(3, || {
		serve_unweighted(3);
		pass(1);
		(1..=3).for_each(|who| with_absences(who, 3));
		for number in 0..100 {
			open_another(UNWEIGHTED, number);
			to_the_draw();
			let members = quorum_answers(|place| (place > 0).then(correct));
			assert_event(Event::AnswerMissed { task: Current::get(), who: members[0], excused: true });
			assert_ok!(settle());
			to_the_end();
			System::reset_events();
		}
		assert_eq!(Calls::get().len(), 100);
		assert_eq!(Behaviours::get(), []);
		assert!((1..=3).all(|who| absences_of(who) == 3));
	});
}

#[test]
fn n10_a_false_answer_counts_in_an_unweighted_domain_too() {
	with(3, || {
		serve_unweighted(3);
		pass(1);
		open_another(UNWEIGHTED, 0);
		to_the_draw();
		let members = quorum_answers(|place| {
			let mut sums = correct();
			sums[0][0] ^= u32::from(place == 0);
			Some(sums)
		});
		assert_ok!(settle());
		assert_slashed(members[0], 50 * DOIN, Offence::FalseAnswer);
		assert_eq!(Behaviours::get(), [(members[0], Behaviour::AnsweredFalsely)]);
	});
}

#[test]
fn n10_only_an_answer_that_agrees_with_the_final_sums_of_a_weighted_domain_ends_a_series_of_absences() {
	with(10, || {
		(1..=10).for_each(|who| with_absences(who, 3));
		let members = answered(|place| Some(if place == 0 { wrong_at(0, 0, 1) } else { correct() }));
		assert!(members.iter().all(|who| absences_of(*who) == 3), "nothing is proved when the reveals end");
		assert_ok!(settle());
		to_the_end();
		assert_eq!(absences_of(members[0]), 3, "a false answer ends nothing");
		assert!(members[1..].iter().all(|who| absences_of(*who) == 0));
	});
}

#[test]
fn n10_an_answer_that_nobody_compared_ends_no_series_of_absences() {
	with(10, || {
		(1..=10).for_each(|who| with_absences(who, 3));
		// Three of five stay away, so the other two can reveal anything.
		let first = answered(|place| (place < 2).then(|| wrong_everywhere(1)));
		to_the_draw();
		quorum_answers(|_| Some(correct()));
		assert_ok!(settle());
		to_the_end();
		assert!(first.iter().all(|who| absences_of(*who) == 3));
		assert!(first.iter().all(|who| !paid().contains(who)));
	});
}
