//! Contenders: near misses that are evaluated again.

use crate::{
	mock::*,
	test_utils::*,
	types::{Record, CONTENDER_ROUNDS},
	Call, Contenders, Error, Event, HoldReason, Models,
};
use doin_primitives::{ModelRef, RejectionReason, RoundId, Status, UnpaidReason};
use frame_support::{assert_noop, assert_ok};

/// 3 % better on average; with this swing, beyond doubt after four draws.
const NEAR: [u32; 2] = [970, 100];

/// Makes model 0 of ALICE the contender.
fn with_contender() {
	let [mean, swing] = NEAR;
	decide(collect(DOMAIN, &[(ALICE, candidate(shaky(mean, swing)))]));
	assert_eq!(Contenders::<Test>::get(DOMAIN).map(|c| (c.model, c.rounds_left)), Some((0, CONTENDER_ROUNDS)));
}

/// Runs a round with a losing candidate, which evaluates the contender again.
fn another_round() -> RoundId {
	let round = collect(DOMAIN, &[(BOB, steady(990))]);
	decide_by(round, |model| match model {
		ModelRef::Stored(id) if *id > 0 => vec![1_100; CHUNKS],
		_ => score_points(model).unwrap(),
	});
	round
}

#[test]
fn a_near_miss_stays_contender_and_wins_when_its_sums_suffice() {
	test(|| {
		with_contender();
		assert!(events().contains(&Event::ContenderKept { domain: DOMAIN, model: 0, rounds_left: 4 }));
		assert!(held(HoldReason::Model, ALICE) > 0 && held(HoldReason::Seat, ALICE) == 0);
		assert_eq!(Optimae::record(&ALICE), Record::default(), "it is undecided");
		for rounds_left in [3, 2] {
			another_round();
			let contender = Contenders::<Test>::get(DOMAIN).unwrap();
			assert_eq!(contender.rounds_left, rounds_left);
			assert_eq!(contender.sums.contender.len(), CHUNKS * (5 - usize::from(rounds_left)));
		}
		let round = another_round();
		let champion = state(DOMAIN).champion;
		assert_eq!((champion.author, champion.round, champion.model), (Some(ALICE), Some(round), ModelRef::Stored(0)));
		assert_eq!((champion.error, champion.initial_error), (970 * 32, 32_000), "its statistics are the mean of all four draws");
		assert_eq!(champion.validation_error, 970 * 32);
		assert_eq!(Contenders::<Test>::get(DOMAIN), None);
		assert_eq!(Optimae::record(&ALICE), Record { accepted: 1, ..Default::default() });
		assert_eq!(Queue::get().len(), 1);
		assert_eq!(Queue::get()[0].optimizer, ALICE);
	});
}

#[test]
fn a_contender_is_dropped_after_its_last_round() {
	test(|| {
		decide(collect(DOMAIN, &[(ALICE, candidate(shaky(980, 100)))]));
		for _ in 0..4 {
			assert!(Contenders::<Test>::contains_key(DOMAIN));
			another_round();
		}
		assert!(events().contains(&Event::ContenderDropped { domain: DOMAIN, model: 0, reason: RejectionReason::Expired }));
		assert_eq!(Optimae::record(&ALICE), Record { rejected: 1, ..Default::default() });
		assert_eq!(held(HoldReason::Model, ALICE), 0);
		assert_eq!(state(DOMAIN).champion.author, None);
	});
}

#[test]
fn a_contender_that_falls_behind_is_dropped_at_once() {
	test(|| {
		with_contender();
		let round = collect(DOMAIN, &[(BOB, steady(990))]);
		decide_by(round, |model| match model {
			ModelRef::Stored(_) => vec![1_100; CHUNKS],
			_ => score_points(model).unwrap(),
		});
		assert_eq!(Contenders::<Test>::get(DOMAIN), None);
		assert_eq!(Models::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_lucky_copy_cannot_take_a_contenders_place() {
	test(|| {
		with_contender();
		// On a favourable draw both are far better than the champion, but the copy is hardly better than the original.
		let round = collect(DOMAIN, &[(BOB, steady(969))]);
		let favourable = |model: &ModelRef| match model {
			ModelRef::Stored(0) => vec![801; CHUNKS],
			ModelRef::Stored(_) => vec![800; CHUNKS],
			_ => vec![INITIAL; CHUNKS],
		};
		assert_eq!(leader(round, &sums_by(round, favourable)), Some(1));
		decide_by(round, favourable);
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE), "the original wins with all its sums");
		assert_eq!(Optimae::record(&BOB), Record { rejected: 1, ..Default::default() });
	});
}

#[test]
fn a_copy_that_passes_alone_still_loses_while_the_contender_is_undecided() {
	test(|| {
		with_contender();
		let round = collect(DOMAIN, &[(BOB, steady(960))]);
		// The copy passes against the champion, but not against the contender, which does not pass either.
		decide_by(round, |model| match model {
			ModelRef::Stored(0) => shaky(985, 100).to_vec(),
			ModelRef::Stored(_) => vec![985; CHUNKS],
			_ => vec![INITIAL; CHUNKS],
		});
		assert_eq!(state(DOMAIN).champion.author, None);
		assert_eq!(Contenders::<Test>::get(DOMAIN).unwrap().model, 0, "a near-miss does not displace an earlier one");
	});
}

/// ALICE's contender is 3 % better than the champion, without certainty. BOB's candidate is 5 % better, with certainty, and leads
/// the contender by 2 %, without certainty.
#[test]
fn n12_a_better_candidate_that_the_contender_kept_out_becomes_contender_and_champion() {
	test(|| {
		with_contender();
		let round = collect(DOMAIN, &[(BOB, steady(950))]);
		decide(round);
		assert_eq!(state(DOMAIN).champion.author, None, "refused because of the contender");
		let contender = Contenders::<Test>::get(DOMAIN).unwrap();
		assert_eq!(
			(contender.model, contender.rounds_left, contender.sums.contender.to_vec()),
			(1, CONTENDER_ROUNDS, vec![950; 32])
		);
		assert!(events().contains(&Event::ContenderDropped { domain: DOMAIN, model: 0, reason: RejectionReason::Lost }));
		assert_eq!((held(HoldReason::Model, ALICE), Optimae::record(&ALICE).rejected), (0, 1));
		assert_eq!((Optimae::record(&BOB), held(HoldReason::Seat, BOB)), (Record::default(), 0));
		assert_eq!(unpaid(round), Some(UnpaidReason::ContenderKept));

		let round = collect(DOMAIN, &[(CAROL, steady(990))]);
		decide(round);
		assert_eq!(state(DOMAIN).champion.author, Some(BOB));
		assert_eq!(Queue::get().len(), 1);
		assert_eq!(unpaid(round), None);
	});
}

/// On a favourable draw, copies of the contender pass against the champion. The original stays contender, and no copy gains from
/// the order of the seats or from a changed bit.
#[test]
fn n12_copies_of_the_contender_do_not_take_its_place() {
	test(|| {
		decide(collect(DOMAIN, &[(ALICE, candidate(shaky(980, 100)))]));
		let round = collect(DOMAIN, &[(BOB, steady(980)), (CAROL, steady(979)), (BOB, steady(978))]);
		decide_by(round, |model| match model {
			ModelRef::Stored(id @ 0..=3) => vec![981 - *id as u32 / 2; CHUNKS],
			_ => vec![INITIAL; CHUNKS],
		});
		assert_eq!(state(DOMAIN).champion.author, None);
		assert_eq!(Contenders::<Test>::get(DOMAIN).map(|contender| (contender.model, contender.rounds_left)), Some((0, 3)));
		assert_eq!(unpaid(round), Some(UnpaidReason::NoImprovement), "no candidate of this round is kept");
	});
}

#[test]
fn a_candidate_that_beats_champion_and_contender_wins_and_the_contender_goes() {
	test(|| {
		with_contender();
		decide(collect(DOMAIN, &[(BOB, steady(900))]));
		assert_eq!(state(DOMAIN).champion.author, Some(BOB));
		assert_eq!(Contenders::<Test>::get(DOMAIN), None);
		assert_eq!(held(HoldReason::Model, ALICE), 0);
		assert_eq!(Optimae::record(&ALICE).rejected, 1);
	});
}

#[test]
fn a_contender_better_than_the_new_champion_starts_anew_against_it() {
	test(|| {
		// Alice's model has the smaller mean with an uncertain lead; Bob's lead is certain.
		decide(collect(DOMAIN, &[(ALICE, candidate(shaky(900, 400)))]));
		let round = collect(DOMAIN, &[(BOB, steady(950))]);
		// On this draw, Bob's model passes against the champion and against Alice's.
		decide_by(round, |model| match model {
			ModelRef::Stored(0) => vec![999; CHUNKS],
			ModelRef::Stored(_) => vec![950; CHUNKS],
			_ => vec![INITIAL; CHUNKS],
		});
		assert_eq!(state(DOMAIN).champion.author, Some(BOB));
		assert_eq!(Contenders::<Test>::get(DOMAIN), None, "worse than the new champion on the draw that crowned it");

		let second = collect(DOMAIN, &[(CAROL, candidate(shaky(900, 200))), (ALICE, steady(940))]);
		decide(second);
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE), "the certain one of the two");
		let contender = Contenders::<Test>::get(DOMAIN).unwrap();
		assert_eq!(Models::<Test>::get(contender.model).unwrap().author, CAROL);
		assert_eq!(contender.champion, state(DOMAIN).champion.model);
		assert_eq!(contender.sums.champion.to_vec(), vec![940; CHUNKS], "compared with the new champion on the same draw");
	});
}

#[test]
fn the_best_near_miss_of_a_round_becomes_contender() {
	test(|| {
		let round = collect(
			DOMAIN,
			&[(ALICE, candidate(shaky(980, 100))), (BOB, candidate(shaky(970, 100))), (CAROL, candidate(shaky(970, 100)))],
		);
		decide(round);
		assert_eq!(Contenders::<Test>::get(DOMAIN).unwrap().model, 1, "the earlier one on a tie");
		assert_eq!(Models::<Test>::iter().count(), 1);
	});
}

#[test]
fn a_void_round_leaves_the_contender_as_it_was() {
	test(|| {
		with_contender();
		let before = Contenders::<Test>::get(DOMAIN);
		expire(collect(DOMAIN, &[(BOB, steady(990))]));
		assert_eq!(Contenders::<Test>::get(DOMAIN), before);
		assert!(Models::<Test>::contains_key(0));
	});
}

#[test]
fn a_contender_is_withdrawn_by_its_author_between_rounds() {
	test(|| {
		with_contender();
		assert_noop!(send(BOB, Call::release_model { model: 0 }), Error::<Test>::ModelInUse);
		assert_noop!(send(ALICE, Call::release_model { model: 1 }), Error::<Test>::UnknownModel);
		let round = collect(DOMAIN, &[(BOB, steady(990))]);
		assert_noop!(send(ALICE, Call::release_model { model: 0 }), Error::<Test>::ModelInUse);
		expire(round);
		assert_ok!(send(ALICE, Call::release_model { model: 0 }));
		assert!(events().contains(&Event::ContenderDropped { domain: DOMAIN, model: 0, reason: RejectionReason::Withdrawn }));
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE);
	});
}

#[test]
fn any_account_releases_a_contender_of_a_closed_domain_but_not_its_champion() {
	test(|| {
		decide(collect(DOMAIN, &[(BOB, steady(990))]));
		decide(collect(DOMAIN, &[(ALICE, candidate(shaky(950, 200)))]));
		States::mutate(DOMAIN, |state| state.as_mut().unwrap().status = Status::Closing);
		assert_ok!(send(WATCHER, Call::release_model { model: 1 }));
		assert_eq!(held(HoldReason::Model, ALICE), 0);
		assert_noop!(send(BOB, Call::release_model { model: 0 }), Error::<Test>::ModelInUse);

		States::remove(DOMAIN);
		Specs::remove(DOMAIN);
		assert_ok!(send(WATCHER, Call::release_model { model: 0 }));
		assert_eq!(held(HoldReason::Model, BOB), 0);
		assert_eq!(Models::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_lead_of_less_than_one_standard_error_is_no_near_miss() {
	test(|| {
		decide(collect(DOMAIN, &[(ALICE, candidate(shaky(980, 120)))]));
		assert_eq!(Contenders::<Test>::get(DOMAIN), None, "a lead of 20 per chunk with a swing of 120: 0.9 standard errors");
		assert_eq!(Optimae::record(&ALICE).rejected, 1);
		decide(collect(DOMAIN, &[(ALICE, candidate(shaky(980, 100)))]));
		assert_eq!(Contenders::<Test>::get(DOMAIN).map(|contender| contender.model), Some(1));
	});
}
