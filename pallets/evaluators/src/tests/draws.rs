//! Draws: the size of quorums, exclusions, and the weight of bonds.

use super::*;
use doin_primitives::{quorum, SizeClass::Small};

/// Returns the quorums that `count` seeds draw for a weighted domain, if the draws are scheduled now.
fn draws(count: u32, exclude: &[u64]) -> Vec<Vec<u64>> {
	let seats = Evaluators::available(WEIGHTED, Small, true, exclude);
	(0..count).map(|number| draw(number, WEIGHTED, now(), seats, exclude)).collect()
}

#[test]
fn quorums_have_the_published_size_for_every_number_of_evaluators() {
	for n in 0..=100 {
		with(n, || {
			let quorum = draw(7, WEIGHTED, now(), n as u32, &[]);
			assert_eq!(quorum.len() as u32, quorum::size(n as u32), "{n} evaluators");
		});
	}
}

#[test]
fn authors_and_evaluators_of_low_reputation_are_never_drawn() {
	with(12, || {
		Scores::mutate(|scores| scores.extend([(1, 1_999_999), (2, 0)]));
		for members in draws(60, &[3, 4, 5, 777]) {
			// Three authors have a seat: nine seats are left, so four are drawn.
			assert_eq!(members.len() as u32, quorum::size(9));
			assert!(members.iter().all(|who| *who > 5), "{members:?}");
		}
	});
}

#[test]
fn a_larger_bond_is_drawn_more_often() {
	with(20, || {
		assert_ok!(Evaluators::bond_extra(signed(20), 400 * DOIN));
		to(2);
		let mut counts = [0u32; 21];
		draws(300, &[]).into_iter().flatten().for_each(|who| counts[who as usize] += 1);
		let others: u32 = counts[1..20].iter().sum::<u32>() / 19;
		assert!(counts[20] * 10 > others * 13, "{counts:?}");
	});
}

#[test]
fn a_domain_without_weight_draws_from_the_evaluators_that_serve_it() {
	with(12, || {
		for who in 4..=9 {
			assert_ok!(Evaluators::serve(signed(who), UNWEIGHTED));
		}
		to(2);
		let quorum = draw(1, UNWEIGHTED, now(), 6, &[]);
		assert_eq!(quorum.len() as u32, quorum::size(6));
		assert!(quorum.iter().all(|who| (4..=9).contains(who)), "{quorum:?}");
		assert!(draw(1, UNWEIGHTED, now(), 2, &[4, 5, 6, 7]).is_empty(), "two are too few for a quorum");
	});
}

/// The chain knows which account was drawn, not which place of a roster: the next evaluator at that place owes no answer and pays
/// for no absence.
#[test]
fn a_seat_is_not_inherited_between_commit_and_reveal() {
	with(12, || {
		let quorum = draw(3, WEIGHTED, now(), 12, &[]);
		let (left, position) = (quorum[0], SeatIndex::<Test>::get(quorum[0], Roster::Class(Small)).unwrap());
		assert_ok!(Evaluators::bond(signed(OUTSIDER), MIN_BOND, Small));
		assert_ok!(Evaluators::unbond(signed(left)));
		assert_eq!(SeatIndex::<Test>::get(OUTSIDER, Roster::Class(Small)), Some(position), "the last seat fills the gap");
		assert!(Evaluators::is_bonded(&left), "the drawn evaluator can still answer");
		assert_noop!(Evaluators::withdraw(signed(left)), Error::<Test>::StillUnbonding);
		Evaluators::record_absence(&left, Absence::Counted);
		assert_eq!((bond_of(left), bond_of(OUTSIDER)), (500 * DOIN / 1_000 * 999, MIN_BOND));
		Evaluators::slash_false_answers(&[FalseAnswer { who: left, sums: [0; 32] }], 12, None);
		assert_eq!(bond_of(OUTSIDER), MIN_BOND);
		assert_eq!(Scores::get().get(&OUTSIDER), None);
		// The account that left gets no seat back by the slash, nor before its cool-down is over.
		assert!(!SeatIndex::<Test>::contains_key(left, Roster::Class(Small)));
		assert_noop!(Evaluators::bond(signed(left), MIN_BOND, Small), Error::<Test>::AlreadyBonded);
	});
}
