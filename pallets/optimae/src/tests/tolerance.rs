//! Rounds of a domain whose sums the runtime cannot compute: a quorum decides them, or nobody.

use crate::{mock::*, test_utils::*, types::Sale, Error, HoldReason, Models, Rounds};
use doin_primitives::{
	payload::Reveal, quorum::MIN_QUORUM, round::Phase, Evidence, ModelRef, RoundId, RoundParams, Subject, UnpaidReason,
};
use doin_scoring::{Model, Program, Tolerance};
use doin_traits::{OnRecomputed, VoidReason};
use frame_support::{assert_noop, assert_ok};

/// Runs a test in which [`DOMAIN`] has a tolerance, no weight, and as many evaluators as a quorum needs.
fn tolerant(run: impl FnOnce()) {
	test(|| {
		WeightNow::set(0);
		Available::set(MIN_QUORUM);
		add_domain(DOMAIN, Evidence::Public);
		Specs::mutate(DOMAIN, |spec| {
			let initial_error = u64::from(INITIAL) * CHUNKS as u64;
			let program = Tolerance { code: [7; 32], epsilon: 500, chunks: CHUNKS as u16, initial_error };
			spec.as_mut().expect("registered").program = Program::Tolerance(program);
		});
		run();
	});
}

/// Returns an opaque candidate that claims `error` for each chunk.
fn opaque(error: u32) -> Reveal {
	let model = Model::Opaque(b"rate = 5".to_vec()).to_bytes().try_into().unwrap();
	Reveal { model, ..steady(error) }
}

/// Runs a round with one candidate of ALICE up to its evaluation.
fn evaluated() -> RoundId {
	run_to_phase(DOMAIN, Phase::Commit);
	let round = current(DOMAIN);
	assert_ok!(commit(ALICE, DOMAIN, &opaque(900), SALT));
	run_to_phase(DOMAIN, Phase::Reveal);
	assert_ok!(reveal(ALICE, round, &opaque(900), SALT));
	run_to(RoundParams::DEV.reveal_window(round).1);
	round
}

#[test]
fn a_seat_is_sold_only_while_a_quorum_serves_the_domain() {
	tolerant(|| {
		Available::set(MIN_QUORUM - 1);
		assert_noop!(commit(ALICE, DOMAIN, &opaque(900), SALT), Error::<Test>::NotServed);
		Available::set(MIN_QUORUM);
		assert_ok!(commit(ALICE, DOMAIN, &opaque(900), SALT));
		assert_eq!(Rounds::<Test>::get(current(DOMAIN)).unwrap().sale, Sale::Served);
	});
}

#[test]
fn a_quorum_decides_and_the_medians_replace_the_claim() {
	tolerant(|| {
		let round = evaluated();
		let request = Requests::get(round).expect("requested");
		assert!(request.needs_quorum);
		decide_by(round, |model| match model {
			ModelRef::Stored(_) => vec![800; CHUNKS],
			_ => vec![INITIAL; CHUNKS],
		});
		let champion = state(DOMAIN).champion;
		assert_eq!((champion.author, champion.error), (Some(ALICE), 800 * CHUNKS as u64));
		assert_eq!(champion.validation_error, 800 * CHUNKS as u64);
		assert!(Queue::get().is_empty(), "nothing is minted");
		assert_eq!(unpaid(round), Some(UnpaidReason::NoWeight));
	});
}

#[test]
fn answers_that_do_not_agree_return_the_holds_and_burn_the_fee() {
	tolerant(|| {
		let round = evaluated();
		<Optimae as OnRecomputed<AccountId>>::voided(&Subject::Round(round), VoidReason::NoAgreement);
		assert_eq!(unpaid(round), Some(UnpaidReason::NoQuorum));
		assert_eq!((Rounds::<Test>::count(), Models::<Test>::iter().count()), (0, 0));
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE);
		assert_eq!((held(HoldReason::Seat, ALICE), held(HoldReason::Model, ALICE)), (0, 0));
		// The next round is sold at the same price, since no seat can pay for what the runtime cannot compute.
		run_to_phase(DOMAIN, Phase::Commit);
		assert!(state(DOMAIN).unanswered);
		assert_eq!(Optimae::next_seat_fee(DOMAIN), Some(SEAT_FEE));
	});
}

#[test]
fn models_of_other_programs_are_not_admitted() {
	tolerant(|| {
		let round = current(DOMAIN);
		let (point, empty) = (steady(900), Reveal { model: Model::Opaque(vec![]).to_bytes().try_into().unwrap(), ..steady(900) });
		assert_ok!(commit(ALICE, DOMAIN, &point, SALT));
		assert_ok!(commit(BOB, DOMAIN, &empty, SALT));
		run_to_phase(DOMAIN, Phase::Reveal);
		assert_noop!(reveal(ALICE, round, &point, SALT), Error::<Test>::from(doin_scoring::ModelError::Family));
		assert_noop!(reveal(BOB, round, &empty, SALT), Error::<Test>::from(doin_scoring::ModelError::Shape));
	});
}
