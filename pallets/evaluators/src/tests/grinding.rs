//! Changes of a roster by an account that knows the seed of a draw.

use super::*;
use doin_primitives::{
	quorum,
	SizeClass::{Large, Small},
};
use frame_support::{
	pallet_prelude::DispatchResult,
	storage::{with_transaction, TransactionOutcome},
};
use proptest::prelude::*;
use sp_runtime::DispatchError;

/// Block in which the draws are scheduled.
const FIXED: BlockNumber = 10;
/// Number of seeds that each change is tried with.
const SEEDS: u32 = 6;
/// Number of seats. A roster of one seat less would draw a smaller quorum.
const EVALUATORS: u32 = 16;

/// Runs `change`, returns what `after` returns, and undoes the change.
fn undone<R>(change: impl FnOnce(), after: impl FnOnce() -> R) -> R {
	let run = || {
		change();
		TransactionOutcome::Rollback(Ok::<_, DispatchError>(after()))
	};
	with_transaction(run).unwrap()
}

/// Returns the quorums of all seeds, without the seats of `gone`.
fn quorums(domain: DomainId, seats: u32, gone: &[u64]) -> Vec<Vec<u64>> {
	(0..SEEDS).map(|number| draw(number, domain, FIXED, seats, gone)).collect()
}

/// Tries changes of the roster of `domain` in the block of the schedule and in later ones, as an account would that can compute
/// the seed in advance. Accounts 1 to 16 have seats.
fn assert_changes_move_nobody(domain: DomainId) {
	let ok = |result: DispatchResult| assert_eq!(result, Ok(()));
	type Change<'a> = (&'a str, &'a dyn Fn(Balance), &'a [u64]);
	let changes: [Change; 6] = [
		("a raise", &|x| ok(Evaluators::bond_extra(signed(7), x)), &[7]),
		("three raises", &|x| (7..10).for_each(|who| ok(Evaluators::bond_extra(signed(who), x * u128::from(who)))), &[7, 8, 9]),
		("a bond", &|x| ok(Evaluators::bond(signed(OTHER), MIN_BOND + x, Large)), &[]),
		(
			"a bond that serves",
			&|x| {
				ok(Evaluators::bond(signed(OTHER), MIN_BOND + x, Small));
				ok(Evaluators::serve(signed(OTHER), UNWEIGHTED));
			},
			&[],
		),
		("an unbond", &|_| ok(Evaluators::unbond(signed(3))), &[3]),
		(
			"two unbonds, a raise and a bond",
			&|x| {
				ok(Evaluators::unbond(signed(16)));
				ok(Evaluators::bond_extra(signed(7), x));
				ok(Evaluators::bond(signed(OTHER), MIN_BOND + x, Small));
				ok(Evaluators::unbond(signed(1)));
			},
			&[1, 7, 16],
		),
	];
	to(FIXED);
	let seats = available(domain, Small);
	assert_eq!(seats, EVALUATORS);
	assert!(quorum::size(EVALUATORS - 1) < quorum::size(EVALUATORS));
	let before = quorums(domain, seats, &[]);
	for block in [FIXED, FIXED + 1, FIXED + 5] {
		to(block);
		assert_eq!(quorums(domain, seats, &[]), before, "time alone changes nothing");
		for (name, change, gone) in changes {
			for step in 0..40u128 {
				let x = 1 + step * 1_234_567_890_123;
				let after = undone(|| change(x), || quorums(domain, seats, &[]));
				assert_eq!(after, quorums(domain, seats, gone), "{name}, {x} plancks, block {block}");
				for (before, after) in before.iter().zip(&after) {
					assert_eq!(before.len(), after.len(), "{name}: the size of a quorum is fixed too");
					let stays = before.iter().filter(|who| !gone.contains(who));
					assert!(stays.into_iter().all(|who| after.contains(who)), "{name}: {before:?} became {after:?}");
				}
			}
		}
	}
}

#[test]
fn n1_changes_of_a_class_roster_after_the_schedule_move_nobody_else() {
	with(EVALUATORS.into(), || assert_changes_move_nobody(WEIGHTED));
}

#[test]
fn n1_changes_of_a_domain_roster_after_the_schedule_move_nobody_else() {
	with(EVALUATORS.into(), || {
		for who in 1..=u64::from(EVALUATORS) {
			assert_ok!(Evaluators::serve(signed(who), UNWEIGHTED));
		}
		assert_changes_move_nobody(UNWEIGHTED);
		let seats = available(UNWEIGHTED, Small);
		let leave = || assert_eq!(Evaluators::unserve(signed(3), UNWEIGHTED), Ok(()));
		let left = undone(leave, || quorums(UNWEIGHTED, seats, &[]));
		assert_eq!(left, quorums(UNWEIGHTED, seats, &[3]));
		let again = || {
			assert_ok!(Evaluators::unserve(signed(3), UNWEIGHTED));
			assert_ok!(Evaluators::serve(signed(3), UNWEIGHTED));
		};
		assert_eq!(
			undone(again, || quorums(UNWEIGHTED, seats, &[])),
			quorums(UNWEIGHTED, seats, &[3]),
			"a seat is not refreshed"
		);
	});
}

#[test]
fn n1_a_seat_is_drawn_by_draws_that_are_scheduled_after_it_was_taken() {
	with(2, || {
		to(5);
		assert_ok!(Evaluators::bond(signed(OUTSIDER), MIN_BOND, Small));
		assert!(draw(1, WEIGHTED, 5, 3, &[]).is_empty(), "two evaluators were seated before block 5");
		assert_eq!(draw(1, WEIGHTED, 6, 3, &[]).len(), 3);
		to(8);
		assert_ok!(Evaluators::bond_extra(signed(OUTSIDER), 1));
		assert!(draw(1, WEIGHTED, 8, 3, &[]).is_empty());
		assert_eq!(draw(1, WEIGHTED, 9, 3, &[]).len(), 3);
		// A slash is no raise.
		to(20);
		Evaluators::record_absence(&1, Absence::Counted);
		assert_eq!(draw(1, WEIGHTED, 9, 3, &[]).len(), 3);
	});
}

/// The displaced evaluator is drawn, and the newcomer is not, for every draw that was scheduled before.
#[test]
fn n1_outbidding_a_drawn_evaluator_does_not_remove_it_from_the_draw() {
	with(1_024, || {
		// An absence makes the bond of an evaluator that will be drawn the smallest.
		let drawn = quorums(WEIGHTED, 1_024, &[])[0][0];
		Evaluators::record_absence(&drawn, Absence::Excused);
		to(FIXED);
		let before = quorums(WEIGHTED, 1_024, &[]);
		assert!(before[0].contains(&drawn));
		to(FIXED + 3);
		assert_ok!(Evaluators::bond(signed(OTHER), 550 * DOIN, Small));
		assert_event(Event::Displaced { who: drawn, roster: Roster::Class(Small) });
		assert_eq!(quorums(WEIGHTED, 1_024, &[]), before);
		// The newcomer leaves at once, and the next one takes a place in the same block.
		assert_ok!(Evaluators::unbond(signed(OTHER)));
		assert_ok!(Evaluators::bond(signed(THIRD), 501 * DOIN, Small));
		assert_eq!(quorums(WEIGHTED, 1_024, &[]), before);
		// A raise does not count twice, and an evaluator that unbonds is not drawn.
		assert_ok!(Evaluators::bond_extra(signed(drawn), 100 * DOIN));
		assert!(SeatIndex::<Test>::contains_key(drawn, Roster::Class(Small)));
		assert_eq!(quorums(WEIGHTED, 1_024, &[]), before);
		let leave = || assert_eq!(Evaluators::unbond(signed(drawn)), Ok(()));
		let left = undone(leave, || quorums(WEIGHTED, 1_024, &[]));
		assert_eq!(left, quorums(WEIGHTED, 1_024, &[drawn]));
		// A draw that is scheduled later picks among the seats of its own block.
		let later: Vec<_> = (0..200).map(|number| draw(number, WEIGHTED, now() + 1, 1_024, &[])).collect();
		assert!(later.iter().all(|quorum| quorum.len() == 13 && !quorum.contains(&OTHER)));
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	/// An account with several seats, which knows the seed, cannot increase the number of its seats in the quorum: it can raise,
	/// leave, and add seats in any combination.
	#[test]
	fn n1_no_combination_of_own_changes_gains_a_place(
		number: u32, own in 1u64..10, changes in prop::collection::vec((0u8..4, 1u64..10, 1u128..100 * DOIN), 1..12),
	) {
		with(EVALUATORS.into(), || {
			to(FIXED);
			let places = |members: &[u64]| members.iter().filter(|who| **who <= own || **who >= OUTSIDER).count();
			let before = draw(number, WEIGHTED, FIXED, EVALUATORS, &[]);
			for (kind, who, x) in changes {
				// Refused changes are part of the search.
				let who = who.min(own);
				let _refused = match kind {
					0 => Evaluators::bond_extra(signed(who), x),
					1 => Evaluators::unbond(signed(who)),
					2 => Evaluators::bond(signed(OUTSIDER + who), MIN_BOND + x, Large),
					_ => Evaluators::unbond(signed(OUTSIDER + who)),
				};
			}
			let after = draw(number, WEIGHTED, FIXED, EVALUATORS, &[]);
			assert!(places(&after) <= places(&before), "{before:?} became {after:?}");
			assert!(before.iter().filter(|who| **who > own).all(|who| after.contains(who)), "{before:?} became {after:?}");
		});
	}
}
