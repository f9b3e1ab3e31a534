//! Draws: the size of quorums, exclusions, and the weight of bonds.

use super::*;
use doin_primitives::{blake2_256, quorum, Hash, SizeClass::Small};

fn seed(number: u32) -> Hash {
	blake2_256(&number.to_le_bytes())
}

/// Returns the quorums that `count` seeds draw for a weighted domain.
fn draws(count: u32, exclude: &[u64]) -> Vec<Vec<u64>> {
	(0..count).map(|number| Evaluators::draw(seed(number), WEIGHTED, Small, exclude)).collect()
}

#[test]
fn quorums_have_the_published_size_for_every_number_of_evaluators() {
	for n in 0..=100 {
		with(n, || {
			let quorum = Evaluators::draw(seed(7), WEIGHTED, Small, &[]);
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
		let mut counts = [0u32; 21];
		draws(150, &[]).into_iter().flatten().for_each(|who| counts[who as usize] += 1);
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
		let quorum = Evaluators::draw(seed(1), UNWEIGHTED, Small, &[]);
		assert_eq!(quorum.len() as u32, quorum::size(6));
		assert!(quorum.iter().all(|who| (4..=9).contains(who)), "{quorum:?}");
		assert!(Evaluators::draw(seed(1), UNWEIGHTED, Small, &[4, 5, 6, 7]).is_empty(), "two are too few for a quorum");
	});
}
