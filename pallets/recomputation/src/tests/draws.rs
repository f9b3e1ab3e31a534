//! Draws of quorums, with the evaluators of the real pallet.

use super::*;

#[test]
fn quorums_have_the_published_size_for_every_number_of_evaluators() {
	for n in 0..=100 {
		with(n, || {
			open();
			to_the_draw();
			let members = members();
			assert_eq!(members.len() as u32, quorum::size(n as u32), "{n} evaluators");
			if members.is_empty() {
				assert!(matches!(stage(), Stage::Recomputing { .. }));
			}
		});
	}
}

/// Returns the quorums of `count` tasks, drawn before an evaluator can be absent: 60 at most, since a block draws ten or more.
fn draws(count: u32, exclude: &[u64]) -> Vec<Vec<u64>> {
	let ids: Vec<_> = (0..count)
		.map(|number| {
			let subject = Subject::Round(RoundId { domain: WEIGHTED, number });
			let exclude = AuthorList::try_from(exclude.to_vec()).unwrap();
			let (domain, class, weighted, needs_quorum, models) = (WEIGHTED, Small, true, false, models(2));
			let evidence = EvidenceRef::Drawn;
			let request = RecomputationRequest { subject, domain, class, weighted, needs_quorum, models, evidence, exclude };
			Recomputation::request(request).unwrap()
		})
		.collect();
	pass(2 + count.div_ceil(10));
	let drawn = |id| {
		let task = Tasks::<Test>::get(id).unwrap();
		assert!(task.seed.is_some() && matches!(task.stage, Stage::Answering { .. }));
		task.members.iter().map(|member| member.who).collect()
	};
	ids.into_iter().map(drawn).collect()
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
	let mut counts = [0u32; 21];
	for batch in 0..3 {
		let mut drawn = Vec::new();
		with(20, || {
			assert_ok!(Evaluators::bond_extra(signed(20), 400 * DOIN));
			// Other blocks, so other seeds. A seat that was raised in the block of the request is not drawn.
			pass(1 + batch);
			drawn = draws(50, &[]);
		});
		drawn.into_iter().flatten().for_each(|who| counts[who as usize] += 1);
	}
	let others: u32 = counts[1..20].iter().sum::<u32>() / 19;
	assert!(counts[20] * 10 > others * 13, "{counts:?}");
}

#[test]
fn an_evaluator_that_unbonds_during_a_task_still_answers_and_can_still_be_slashed() {
	use pallet_doin_evaluators::{types::Roster, SeatIndex};
	with(10, || {
		open();
		to_the_draw();
		let members = members();
		let (wrong, absent) = (members[0], members[1]);
		assert_ok!(Evaluators::unbond(signed(wrong)));
		assert_ok!(Evaluators::unbond(signed(absent)));
		let (honest, false_sums) = (correct(), wrong_at(1, 1, 1));
		for who in &members {
			if *who != absent {
				assert_ok!(commit(*who, if *who == wrong { &false_sums } else { &honest }));
			}
		}
		to_the_reveals();
		for who in &members {
			if *who != absent {
				assert_ok!(reveal(*who, if *who == wrong { &false_sums } else { &honest }));
			}
		}
		to_the_end_of_the_reveals();
		assert_ok!(settle());
		assert_eq!(bond_of(absent), 500 * DOIN / 1_000 * 999);
		assert_eq!(bond_of(wrong), 450 * DOIN);
		assert!(!SeatIndex::<Test>::contains_key(wrong, Roster::Class(Small)), "a slash gives no seat back");
	});
}
