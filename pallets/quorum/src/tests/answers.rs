//! From the request to the end of the reveals.

use super::*;
use doin_primitives::{beacon, views::QuorumPhase};

#[test]
fn an_honest_round_goes_from_request_to_verdict() {
	with(10, || {
		let before = issuance();
		open();
		seen(Event::Requested { round: ROUND, target: 1 + 2 });
		assert_eq!(Quorum::quorum(ROUND).unwrap().phase, QuorumPhase::Drawing);
		to_the_draw();
		assert_eq!(now(), 3, "two outputs after the request");
		let (members, seed) = (members(), request().seed.unwrap());
		assert_eq!(members.len(), 5);
		assert_eq!(seed, beacon::round_seed(&crate::Beacon::<Test>::get().value, ROUND));
		seen(Event::Drawn { round: ROUND, seed, evaluators: members.clone() });

		let truth = truth();
		assert_eq!(Quorum::quorum(ROUND).unwrap().phase, QuorumPhase::Answering);
		for who in &members {
			assert_ok!(commit(*who, &truth));
			seen(Event::SumsCommitted { round: ROUND, who: *who });
		}
		to_the_reveals();
		assert_eq!(Quorum::quorum(ROUND).unwrap().phase, QuorumPhase::Revealing);
		for who in &members {
			assert_ok!(reveal(*who, &truth));
			seen(Event::SumsRevealed { round: ROUND, who: *who });
		}
		to_the_end_of_the_reveals();
		assert_eq!(Quorum::quorum(ROUND).unwrap().phase, QuorumPhase::Settling);
		assert_ok!(settle());
		let until = now() + 5;
		seen(Event::Settled { round: ROUND, settler: OUTSIDER, until });
		assert_eq!(Answers::<Test>::iter().count(), 0, "equal answers need not be kept");
		let view = Quorum::quorum(ROUND).unwrap();
		assert_eq!((view.phase, view.phase_end), (QuorumPhase::Challenge, until));
		assert_eq!(view.truth.len(), 4);
		assert!(view.seats.iter().all(|seat| seat.committed && seat.revealed));

		to(until - 1);
		assert_eq!(Calls::get(), []);
		to(until);
		assert_eq!(outcome(), Outcome { seed, truth, truthful: members.clone().try_into().unwrap(), settler: Some(OUTSIDER) });
		seen(Event::Recomputed { round: ROUND, truthful: members.clone() });
		assert_eq!(doers(Deed::Agreed), members);
		assert_eq!(Deeds::get().len(), members.len());
		assert_eq!(issuance(), before, "nobody was slashed");
		assert_clean();
		pass(200);
		assert_eq!(Calls::get().len(), 1, "a verdict is handed over once");
	});
}

#[test]
fn a_request_is_refused_before_anything_changes() {
	with(10, || {
		open();
		assert_noop!(Quorum::open(ROUND, Small, models(2), Authors::new()), Error::<Test>::AlreadyOpen);
		let other = RoundId { domain: UNKNOWN, number: 0 };
		assert_noop!(Quorum::open(other, Small, models(2), Authors::new()), Error::<Test>::UnknownDomain);
		let other = RoundId { domain: WEIGHTED, number: 0 };
		assert_noop!(Quorum::open(other, Small, ModelList::new(), Authors::new()), Error::<Test>::NoModels);
	});
}

#[test]
fn a_draw_waits_for_outputs_and_not_for_blocks() {
	with(10, || {
		Vrf::set(false);
		open();
		pass(20);
		assert!(matches!(request().stage, Stage::Drawing { .. }));
		Vrf::set(true);
		pass(1);
		assert!(matches!(request().stage, Stage::Drawing { .. }));
		pass(2);
		assert!(matches!(request().stage, Stage::Answering { .. }));
	});
}

#[test]
fn rounds_drawn_in_one_block_have_seeds_of_their_own() {
	with(10, || {
		open();
		let other = RoundId { domain: WEIGHTED, number: 8 };
		assert_ok!(Quorum::open(other, Small, models(2), Authors::new()));
		to_the_draw();
		assert_ne!(request().seed, Requests::<Test>::get(other).unwrap().seed);
		assert!(request().seed.is_some());
	});
}

#[test]
fn a_copied_commitment_is_worthless() {
	with(10, || {
		open();
		to_the_draw();
		let members = members();
		let (author, copier) = (members[0], members[1]);
		let sums = truth();
		assert_ok!(commit(author, &sums));
		assert_ok!(Quorum::commit_sums(signed(copier), ROUND, hash(author, &sums)));
		to_the_reveals();
		assert_ok!(reveal(author, &sums));
		// The copier now knows sums and salt, and still cannot open the copy.
		let copied = Quorum::reveal_sums(signed(copier), ROUND, sums.clone(), salt(author));
		assert_noop!(copied, Error::<Test>::CommitmentMismatch);
	});
}

#[test]
fn a_commitment_to_another_round_or_chain_is_worthless() {
	with(10, || {
		open();
		to_the_draw();
		let sums = truth();
		let members = members();
		let elsewhere = RoundId { number: ROUND.number + 1, ..ROUND };
		for (who, round, genesis, tag) in [
			(members[0], elsewhere, GENESIS, Tag::Sums),
			(members[1], ROUND, [0; 32], Tag::Sums),
			(members[2], ROUND, GENESIS, Tag::Optimae),
		] {
			let foreign = commitment(tag, &genesis, round, &who, &payload_hash(&sums), &salt(who));
			assert_ok!(Quorum::commit_sums(signed(who), ROUND, foreign));
		}
		to_the_reveals();
		for who in &members[..3] {
			assert_noop!(reveal(*who, &sums), Error::<Test>::CommitmentMismatch);
		}
	});
}

#[test]
fn commits_and_reveals_are_taken_in_their_windows_once_and_from_members_only() {
	with(10, || {
		assert_noop!(Quorum::commit_sums(signed(1), ROUND, [0; 32]), Error::<Test>::UnknownRound);
		open();
		assert_noop!(Quorum::commit_sums(signed(1), ROUND, [0; 32]), Error::<Test>::WrongPhase);
		to_the_draw();
		let (sums, members) = (truth(), members());
		let (one, two, late) = (members[0], members[1], members[2]);
		let stranger = (1..=10).find(|who| !members.contains(who)).unwrap();
		assert_noop!(commit(stranger, &sums), Error::<Test>::NotDrawn);
		assert_noop!(commit(OUTSIDER, &sums), Error::<Test>::NotBonded);
		assert_ok!(commit(one, &sums));
		assert_noop!(commit(one, &sums), Error::<Test>::AlreadyCommitted);
		assert_noop!(reveal(one, &sums), Error::<Test>::WrongPhase);
		let Stage::Answering { commits_until, reveals_until } = request().stage else { panic!() };
		to(commits_until - 1);
		assert_ok!(commit(two, &sums));
		assert_noop!(reveal(two, &sums), Error::<Test>::WrongPhase);
		to(commits_until);
		assert_noop!(commit(late, &sums), Error::<Test>::WrongPhase);
		assert_noop!(reveal(late, &sums), Error::<Test>::NotCommitted);
		assert_noop!(reveal(stranger, &sums), Error::<Test>::NotDrawn);
		assert_ok!(reveal(one, &sums));
		assert_noop!(reveal(one, &sums), Error::<Test>::AlreadyRevealed);
		to(reveals_until - 1);
		assert_ok!(reveal(two, &sums));
		to(reveals_until);
		assert_noop!(reveal(two, &sums), Error::<Test>::WrongPhase);
	});
}

#[test]
fn sums_of_the_wrong_shape_are_refused() {
	with(10, || {
		open();
		to_the_draw();
		let who = members()[0];
		let (mut few_models, mut few_chunks, mut many_chunks) = (truth(), truth(), truth());
		few_models.pop();
		few_chunks[2].pop();
		many_chunks[3].try_push(0).unwrap();
		assert_ok!(commit(who, &few_chunks));
		to_the_reveals();
		for sums in [few_models, few_chunks, many_chunks, Sums::new()] {
			assert_noop!(reveal(who, &sums), Error::<Test>::WrongShape);
		}
	});
}

#[test]
fn who_does_not_answer_is_punished_and_two_thirds_still_decide() {
	with(10, || {
		let before = issuance();
		open();
		to_the_draw();
		let members = members();
		let sums = truth();
		// Of five, one never commits; four commit and reveal.
		commit_all(&members[1..], &sums);
		to_the_reveals();
		reveal_all(&members[1..], &sums);
		to_the_end_of_the_reveals();
		seen(Event::NoShow { round: ROUND, who: members[0] });
		seen(Event::Slashed { who: members[0], amount: DOIN / 2, offence: Offence::NoShow });
		assert_eq!(doers(Deed::NoShow), [members[0]]);
		assert_eq!(before - issuance(), DOIN / 2);
		assert_ok!(settle());
		to_the_end();
		assert_eq!(outcome().truthful, members[1..].to_vec());
	});
}

#[test]
fn a_commitment_that_is_not_revealed_is_no_answer() {
	with(10, || {
		open();
		to_the_draw();
		let sums = truth();
		let members = members();
		commit_all(&members, &sums);
		to_the_reveals();
		// Three of five are fewer than the four needed.
		reveal_all(&members[..3], &sums);
		to_the_end_of_the_reveals();
		assert_eq!(doers(Deed::NoShow), members[3..]);
		assert!(matches!(request().stage, Stage::Replaying { .. }));
	});
}

#[test]
fn who_has_nothing_left_at_stake_has_no_say() {
	with(10, || {
		open();
		to_the_draw();
		let who = members()[0];
		let mut request = request();
		// Two of five that lie alike have agreed on it.
		Quorum::punish_lies(&mut request, &[(0, [0; 32]), (1, [0; 32])], None);
		seen(Event::Slashed { who, amount: 500 * DOIN, offence: Offence::Collusion });
		assert!(!Evaluators::<Test>::contains_key(who));
		assert_noop!(commit(who, &truth()), Error::<Test>::NotBonded);
	});
}

#[test]
fn views_list_the_open_rounds_of_a_domain_from_the_oldest() {
	with(10, || {
		for number in [9, 3, 5] {
			assert_ok!(Quorum::open(RoundId { domain: WEIGHTED, number }, Small, models(2), Authors::new()));
		}
		assert_ok!(Quorum::open(RoundId { domain: UNWEIGHTED, number: 4 }, Large, models(2), Authors::new()));
		let numbers: Vec<_> = Quorum::quorums(WEIGHTED).iter().map(|view| view.round.number).collect();
		assert_eq!(numbers, [3, 5, 9]);
		assert_eq!(Quorum::quorums(UNWEIGHTED)[0].class, Large);
		assert!(Quorum::quorum(ROUND).is_none());
	});
}
