//! Chunks without evidence: a false sum that hides or invents evidence is punished like any other.

use super::*;
use doin_scoring::verdict::NO_EVIDENCE;

/// A chunk of the task.
const CHUNK: u16 = 5;

/// Returns the correct sums, but for chunk [`CHUNK`] of these models, which is said to have no evidence.
fn hidden(models: impl IntoIterator<Item = usize>) -> Sums {
	let mut sums = correct();
	for model in models {
		sums[model][usize::from(CHUNK)] = NO_EVIDENCE;
	}
	sums
}

/// Announces and makes a challenge of chunk [`CHUNK`] of `model`.
fn challenge(model: u8) {
	let payload = payload_hash(&Challenge { model, chunk: CHUNK });
	let hash = commitment(Tag::Challenge, &GENESIS, &TASK, &OTHER, &payload, &[0; 32]);
	assert_ok!(Recomputation::announce_challenge(signed(OTHER), hash));
	pass(1);
	assert_ok!(Recomputation::challenge(signed(OTHER), TASK, model, CHUNK, [0; 32], Small));
}

#[test]
fn a_chunk_without_evidence_is_answered_settled_and_reported_like_any_other() {
	with(10, || {
		EmptyChunk::set(Some(CHUNK));
		let members = answered(|_| Some(correct()));
		assert_ok!(settle());
		to_the_end();
		assert!(outcome().sums.iter().all(|sums| sums[usize::from(CHUNK)] == NO_EVIDENCE));
		assert_eq!(paid(), members);
		assert!(accounts_with(Behaviour::AnsweredFalsely).is_empty());
	});
}

#[test]
fn a_member_that_hides_or_invents_evidence_is_found_by_one_recomputed_chunk() {
	// Of the initial champion, whose sum decides whether a verdict counts the chunk; of another model only; and of all models.
	for models in [0..1, 2..3, 0..4] {
		with(10, || {
			let members = answered(|place| Some(if place == 1 { hidden(models.clone()) } else { correct() }));
			assert_ok!(settle());
			assert_eq!(accounts_with(Behaviour::AnsweredFalsely), [members[1]]);
			assert_slashed(members[1], 50 * DOIN, Offence::FalseAnswer);
		});
	}
	with(10, || {
		let members = answered(|place| {
			EmptyChunk::set((place != 1).then_some(CHUNK));
			Some(correct())
		});
		EmptyChunk::set(Some(CHUNK));
		assert_ok!(settle());
		assert_slashed(members[1], 50 * DOIN, Offence::FalseAnswer);
	});
}

/// The initial champion is the first model of every task, and two of its chunks are always recomputed.
#[test]
fn a_quorum_that_hides_all_evidence_is_found_by_the_spot_checks() {
	with(10, || {
		let members = answered(|_| {
			let mut sums = correct();
			sums.iter_mut().for_each(|model| model.iter_mut().for_each(|sum| *sum = NO_EVIDENCE));
			Some(sums)
		});
		assert_ok!(settle());
		members.iter().for_each(|who| assert_slashed(*who, 500 * DOIN, Offence::Collusion));
		assert!(matches!(stage(), Stage::Recomputing { .. }));
		let honest = correct();
		recompute_everything(THIRD);
		to_the_end();
		assert_eq!(outcome().sums, honest);
	});
}

#[test]
fn settled_sums_that_hide_or_invent_evidence_are_overturned_by_a_challenge() {
	for model in 0..4 {
		with(10, || {
			let members = answered(|_| Some(hidden([usize::from(model)])));
			assert_ok!(settle());
			// The spot checks can have found it.
			if matches!(stage(), Stage::Challenge { .. }) {
				challenge(model);
			}
			members.iter().for_each(|who| assert_slashed(*who, 500 * DOIN, Offence::Collusion));
			assert!(matches!(stage(), Stage::Recomputing { .. }));
		});
	}
	with(10, || {
		let members = answered(|_| Some(correct()));
		EmptyChunk::set(Some(CHUNK));
		assert_ok!(settle());
		if matches!(stage(), Stage::Challenge { .. }) {
			challenge(3);
		}
		members.iter().for_each(|who| assert_slashed(*who, 500 * DOIN, Offence::Collusion));
	});
}
