//! Near-misses.

use crate::{mock::*, types::*, *};
use doin_primitives::Status;
use doin_primitives_frame::OnRecomputed;
use frame_support::{assert_noop, assert_ok};

/// 3 % better on average; with this swing, beyond doubt after four draws.
const NEAR: [u32; 2] = [970, 100];

/// A domain whose contender is ALICE's model 0.
fn with_contender() {
	let [mean, swing] = NEAR;
	decide(collect(DOMAIN, &[(ALICE, candidate(shaky(mean, swing)))]));
	assert_eq!(Contenders::<Test>::get(DOMAIN).map(|c| (c.model, c.rounds_left)), Some((0, CONTENDER_ROUNDS)));
}

/// A round of a candidate that turns out to be worse, which measures the contender again.
fn another_round() -> RoundId {
	let round = collect(DOMAIN, &[(BOB, steady(990))]);
	decide_by(round, |model| match model {
		ModelRef::Stored(id) if *id > 0 => vec![1_100; CHUNKS],
		_ => coordinates(model).unwrap(),
	});
	round
}

#[test]
fn a_near_miss_stays_contender_and_wins_when_its_sums_suffice() {
	test(|| {
		with_contender();
		assert!(events().contains(&Event::ContenderKept { domain: DOMAIN, model: 0, rounds_left: 4 }));
		assert!(held(HoldReason::Model, ALICE) > 0 && held(HoldReason::Seat, ALICE) == 0);
		assert_eq!(Optimae::record(&ALICE), Record::default(), "nothing is decided about it");
		for rounds_left in [3, 2] {
			another_round();
			let contender = Contenders::<Test>::get(DOMAIN).unwrap();
			assert_eq!(contender.rounds_left, rounds_left);
			assert_eq!(contender.own.len(), CHUNKS * (5 - usize::from(rounds_left)));
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
		assert!(events().contains(&Event::ContenderDropped { domain: DOMAIN, model: 0, reason: Reason::Expired }));
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
			_ => coordinates(model).unwrap(),
		});
		assert_eq!(Contenders::<Test>::get(DOMAIN), None);
		assert_eq!(Models::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_lucky_copy_cannot_take_a_contenders_place() {
	test(|| {
		with_contender();
		// On a kind draw both are far better than the champion, but the copy is not far better than what it copied.
		let round = collect(DOMAIN, &[(BOB, steady(969))]);
		let kind = |model: &ModelRef| match model {
			ModelRef::Stored(0) => vec![801; CHUNKS],
			ModelRef::Stored(_) => vec![800; CHUNKS],
			_ => vec![INITIAL; CHUNKS],
		};
		assert_eq!(Optimae::leader(round, &truth_by(round, kind)), Some(1));
		decide_by(round, kind);
		assert_eq!(state(DOMAIN).champion.author, Some(ALICE), "the original wins with all its sums");
		assert_eq!(Optimae::record(&BOB), Record { rejected: 1, ..Default::default() });
	});
}

#[test]
fn a_copy_that_passes_alone_still_loses_while_the_contender_is_undecided() {
	test(|| {
		with_contender();
		let round = collect(DOMAIN, &[(BOB, steady(960))]);
		// The copy passes against the champion; against the contender it does not, which does not pass itself.
		decide_by(round, |model| match model {
			ModelRef::Stored(0) => shaky(985, 100).to_vec(),
			ModelRef::Stored(_) => vec![985; CHUNKS],
			_ => vec![INITIAL; CHUNKS],
		});
		assert_eq!(state(DOMAIN).champion.author, None);
		assert_eq!(Contenders::<Test>::get(DOMAIN).unwrap().model, 0, "a near-miss does not displace an earlier one");
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
		// Alice's is better on average but uncertain, Bob's is certain; and hers still beats his on validation.
		decide(collect(DOMAIN, &[(ALICE, candidate(shaky(900, 400)))]));
		let round = collect(DOMAIN, &[(BOB, steady(950))]);
		// Bob's passes against both on this draw although Alice's has the smaller sum on it by a hair.
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
		assert_eq!(contender.against, state(DOMAIN).champion.model);
		assert_eq!(contender.champion.to_vec(), vec![940; CHUNKS], "measured against the new champion on the same draw");
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
		assert_noop!(send(BOB, Call::release { model: 0 }), Error::<Test>::ModelInUse);
		assert_noop!(send(ALICE, Call::release { model: 1 }), Error::<Test>::UnknownModel);
		let round = collect(DOMAIN, &[(BOB, steady(990))]);
		assert_noop!(send(ALICE, Call::release { model: 0 }), Error::<Test>::ModelInUse);
		expire(round);
		assert_ok!(send(ALICE, Call::release { model: 0 }));
		assert!(events().contains(&Event::ContenderDropped { domain: DOMAIN, model: 0, reason: Reason::Withdrawn }));
		assert_eq!(free(ALICE), ENDOWMENT - SEAT_FEE);
	});
}

#[test]
fn anybody_releases_what_a_closed_domain_keeps_and_nobody_its_champion() {
	test(|| {
		decide(collect(DOMAIN, &[(BOB, steady(990))]));
		decide(collect(DOMAIN, &[(ALICE, candidate(shaky(950, 200)))]));
		States::mutate(DOMAIN, |state| state.as_mut().unwrap().status = Status::Closing);
		assert_ok!(send(WATCHER, Call::release { model: 1 }));
		assert_eq!(held(HoldReason::Model, ALICE), 0);
		assert_noop!(send(BOB, Call::release { model: 0 }), Error::<Test>::ModelInUse);

		States::remove(DOMAIN);
		Specs::remove(DOMAIN);
		assert_ok!(send(WATCHER, Call::release { model: 0 }));
		assert_eq!(held(HoldReason::Model, BOB), 0);
		assert_eq!(Models::<Test>::iter().count(), 0);
	});
}

#[test]
fn a_lead_of_less_than_one_standard_error_is_no_near_miss() {
	test(|| {
		decide(collect(DOMAIN, &[(ALICE, candidate(shaky(980, 120)))]));
		assert_eq!(Contenders::<Test>::get(DOMAIN), None, "20 a chunk, 120 up and down: 0.9 standard errors");
		assert_eq!(Optimae::record(&ALICE).rejected, 1);
		decide(collect(DOMAIN, &[(ALICE, candidate(shaky(980, 100)))]));
		assert_eq!(Contenders::<Test>::get(DOMAIN).map(|contender| contender.model), Some(1));
	});
}
