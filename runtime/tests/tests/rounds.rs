//! Whole rounds on the demo domain, from commit to work block.

use doin_primitives::{payload::Sums, views::QuorumPhase, ModelRef, SizeClass, DOIN};
use doin_primitives_frame::Reputation as _;
use doin_runtime::{AccountId, Balances, FeeMarket, Optimae, Quorum, Reputation, Runtime, RuntimeCall, RuntimeEvent, Work};
use doin_runtime_tests::{
	round::{reveal_of, seasonal_with_growth, DEMO, SALT},
	Chain,
};
use frame_support::traits::fungible::InspectHold;
use sp_keyring::Sr25519Keyring::{self, Bob, Charlie, Dave, Eve};

/// Everything an account has on hold, by nobody's leave but the pallets'.
fn on_hold(chain: &mut Chain, who: Sr25519Keyring) -> u128 {
	chain.state(|| Balances::total_balance_on_hold(&who.to_account_id()))
}

fn champion(chain: &mut Chain) -> doin_primitives::domain::Champion<AccountId> {
	chain.state(|| pallet_doin_domains::States::<Runtime>::get(DEMO).expect("registered").champion)
}

/// `sums` with one unit more in chunk `chunk` of the last model.
fn altered(sums: &Sums, chunk: usize) -> Sums {
	let mut models: Vec<_> = sums.iter().map(|sums| sums.to_vec()).collect();
	models.last_mut().expect("models")[chunk] += 1;
	models.into_iter().map(|sums| sums.try_into().expect("as long")).collect::<Vec<_>>().try_into().expect("as many")
}

#[test]
fn a_better_model_becomes_champion_and_is_paid_to_the_unit() {
	let mut chain = Chain::preset("development");
	let before = champion(&mut chain);
	assert_eq!(before.author, None);
	let (round, drawn) = chain.honest_round(&[(Dave, seasonal_with_growth(125))]);

	let crowned = champion(&mut chain);
	assert_eq!(crowned.author, Some(Dave.to_account_id()));
	assert_eq!(crowned.round, Some(round));
	assert!(crowned.error * 100 < crowned.initial_error * 80, "at least a fifth better: {} of {}", crowned.error, crowned.initial_error);

	// The first seal of T pays 65 / 30 / 5 of R exactly.
	let sealed = (0..40).find_map(|_| {
		let (issuance, burned) = (chain.issuance(), chain.state(|| FeeMarket::view().burned));
		chain.block();
		let seal = chain.state(Work::view).last_seal?;
		let burned = chain.state(|| FeeMarket::view().burned) - burned;
		assert_eq!(chain.issuance(), issuance + seal.minted - burned, "issuance grows by what was minted");
		Some(seal)
	});
	let seal = sealed.expect("a work block is sealed");
	assert_eq!((seal.work_block, seal.minted), (1, 50 * DOIN));
	assert_eq!(seal.optimizers, 325 * DOIN / 10);
	assert_eq!(seal.evaluators, 15 * DOIN);
	assert_eq!(seal.generator, 25 * DOIN / 10);
	for evaluator in drawn {
		assert!(chain.state(|| Reputation::score(&evaluator.to_account_id())) > 3_000_000);
	}
}

#[test]
fn no_hold_is_left_but_the_champions_model() {
	let mut chain = Chain::preset("development");
	chain.honest_round(&[(Dave, seasonal_with_growth(125)), (Bob, seasonal_with_growth(40)), (Charlie, seasonal_with_growth(90))]);
	assert_eq!(champion(&mut chain).author, Some(Dave.to_account_id()));
	assert_eq!(on_hold(&mut chain, Bob), 0);
	assert!(on_hold(&mut chain, Dave) > 0);
	// A better champion frees the old one's author.
	chain.honest_round(&[(Charlie, seasonal_with_growth(136))]);
	let author = champion(&mut chain).author;
	if author == Some(Charlie.to_account_id()) {
		assert_eq!(on_hold(&mut chain, Dave), 0);
	} else {
		assert_eq!(author, Some(Dave.to_account_id()));
	}
}

#[test]
fn a_copy_of_the_champion_is_turned_away_at_the_reveal() {
	let mut chain = Chain::preset("development");
	chain.honest_round(&[(Dave, seasonal_with_growth(125))]);
	let copy = reveal_of(&seasonal_with_growth(125));
	let round = chain.to_next_round();
	chain.commit(Bob, round, &copy);
	chain.to_reveals(round);
	chain.skip_session_block();
	chain.begin();
	let applied = chain.apply(Bob, Chain::reveal_call(round, &copy)).expect("valid");
	chain.end();
	let rejected = chain.events().iter().any(|event| matches!(event, RuntimeEvent::Optimae(pallet_doin_optimae::Event::Rejected { .. })));
	assert!(applied.is_err() || rejected, "{applied:?}");
	chain.to_verdict(round);
	assert_eq!(champion(&mut chain).author, Some(Dave.to_account_id()));
	assert_eq!(on_hold(&mut chain, Bob), 0);
}

#[test]
fn sixteen_seats_fit_and_a_seventeenth_does_not() {
	let mut chain = Chain::preset("development");
	let round = chain.to_next_round();
	let authors = [Bob, Charlie, Dave, Sr25519Keyring::Alice];
	let mut seats = Vec::new();
	chain.begin();
	for seat in 0..16 {
		let reveal = reveal_of(&seasonal_with_growth(110 + seat));
		let who = authors[seat as usize % authors.len()];
		let hash = doin_primitives::commitment::commitment(
			doin_primitives::commitment::Tag::Optimae,
			&chain.genesis_hash(),
			round,
			&who.to_account_id(),
			&doin_primitives::commitment::payload_hash(&reveal),
			&SALT,
		);
		let call = pallet_doin_optimae::Call::commit { domain: DEMO, hash };
		assert_eq!(chain.apply(who, call), Ok(Ok(())), "seat {seat}");
		seats.push((who, reveal));
	}
	let extra = chain.apply(Bob, pallet_doin_optimae::Call::commit { domain: DEMO, hash: [1; 32] }).expect("valid");
	assert_eq!(extra, Err(pallet_doin_optimae::Error::<Runtime>::RoundFull.into()));
	chain.end();
	chain.to_reveals(round);
	chain.skip_session_block();
	chain.begin();
	for (who, reveal) in &seats {
		assert_eq!(chain.apply(*who, Chain::reveal_call(round, reveal)), Ok(Ok(())));
	}
	chain.end();
	chain.answer(round, |_, truth| Some(truth.clone()));
	chain.settle(Eve, round);
	chain.to_verdict(round);
	let crowned = champion(&mut chain);
	assert!(crowned.author.is_some());
	assert!(matches!(crowned.model, ModelRef::Stored(_)));
	for who in authors {
		let held = on_hold(&mut chain, who);
		let own = crowned.author == Some(who.to_account_id());
		// Alice also has her stake, ballot and domain on hold.
		assert!(own || who == Sr25519Keyring::Alice || held == 0, "{who:?} has {held} on hold");
	}
}

#[test]
fn a_round_without_reveals_ends_and_costs_the_author() {
	let mut chain = Chain::preset("development");
	let round = chain.to_next_round();
	let before = chain.total(&Dave.to_account_id());
	chain.commit(Dave, round, &reveal_of(&seasonal_with_growth(125)));
	chain.to_verdict(round);
	assert_eq!(on_hold(&mut chain, Dave), 0);
	assert!(before - chain.total(&Dave.to_account_id()) >= DOIN / 20, "the seat fee and a fifth of the hold are burned");
	assert_eq!(chain.state(|| Optimae::record(&Dave.to_account_id()).unrevealed), 1);
}

#[test]
fn a_lying_minority_is_caught_by_replay() {
	let mut chain = Chain::preset("development");
	let round = chain.to_next_round();
	let reveal = reveal_of(&seasonal_with_growth(125));
	chain.commit(Dave, round, &reveal);
	chain.to_reveals(round);
	chain.reveal(Dave, round, &reveal);
	let drawn = chain.answer(round, |place, truth| Some(if place == 0 { altered(truth, 5) } else { truth.clone() }));
	let liar = drawn[0].to_account_id();
	let bond = chain.state(|| Quorum::bond_of(&liar));
	chain.settle(drawn[1], round);
	assert!(chain.state(|| Quorum::bond_of(&liar)) < bond, "the liar is slashed");
	assert!(chain.state(|| Reputation::score(&liar)) < 3_000_000);
	chain.to_verdict(round);
	assert_eq!(champion(&mut chain).author, Some(Dave.to_account_id()));
}

#[test]
fn one_honest_answer_overturns_a_lying_majority() {
	let mut chain = Chain::preset("development");
	let round = chain.to_next_round();
	let reveal = reveal_of(&seasonal_with_growth(125));
	chain.commit(Dave, round, &reveal);
	chain.to_reveals(round);
	chain.reveal(Dave, round, &reveal);
	let drawn = chain.answer(round, |place, truth| Some(if place == 0 { truth.clone() } else { altered(truth, 7) }));
	chain.settle(drawn[0], round);
	for liar in &drawn[1..] {
		assert!(chain.state(|| Quorum::bond_of(&liar.to_account_id())) < 1_000 * DOIN);
	}
	assert_eq!(chain.state(|| Quorum::bond_of(&drawn[0].to_account_id())), 1_000 * DOIN);
	chain.to_verdict(round);
	assert_eq!(champion(&mut chain).author, Some(Dave.to_account_id()));
}

#[test]
fn without_answers_anybody_has_the_runtime_compute_the_truth() {
	let mut chain = Chain::preset("development");
	let round = chain.to_next_round();
	let reveal = reveal_of(&seasonal_with_growth(125));
	chain.commit(Dave, round, &reveal);
	chain.to_reveals(round);
	chain.reveal(Dave, round, &reveal);
	chain.answer(round, |_, _| None);
	chain.settle(Bob, round);
	let view = chain.to_phase(round, QuorumPhase::Replaying);
	for model in 0..view.models.len() as u8 {
		let call = pallet_doin_quorum::Call::recompute { round, model, from: 0, count: 32, class: SizeClass::Small };
		chain.ok(Bob, RuntimeCall::Quorum(call));
	}
	chain.to_verdict(round);
	assert_eq!(champion(&mut chain).author, Some(Dave.to_account_id()));
}
