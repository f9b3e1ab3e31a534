//! Whole rounds on the demo domain, from commit to work block.

use codec::Decode;
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	payload::{Challenge, Sums},
	views::QuorumPhase,
	DoinLog, ModelRef, RoundId, SizeClass, DOIN, DOIN_ENGINE_ID,
};
use doin_primitives_frame::Reputation as _;
use doin_runtime::{AccountId, Balances, FeeMarket, Optimae, Quorum, Reputation, Runtime, RuntimeCall, Work};
use doin_runtime_tests::{
	round::{reveal_of, seasonal_with_growth, DEMO, SALT},
	Chain,
};
use doin_scoring::Model;
use frame_support::traits::fungible::InspectHold;
use sp_keyring::Sr25519Keyring::{self, Bob, Charlie, Dave, Eve};
use sp_runtime::DigestItem;

/// Bond of the development evaluators.
const BOND: u128 = 1_000 * DOIN;

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

/// A round with one candidate of Dave's, up to its settlement, in which the quorum answers with what `answer` makes of the truth.
fn settled_round(chain: &mut Chain, model: &Model, answer: impl Fn(usize, &Sums) -> Sums) -> (RoundId, Vec<Sr25519Keyring>) {
	let round = chain.to_next_round();
	let reveal = reveal_of(model);
	chain.commit(Dave, round, &reveal);
	chain.to_reveals(round);
	chain.reveal(Dave, round, &reveal);
	let drawn = chain.answer(round, |place, truth| Some(answer(place, truth)));
	chain.settle(drawn[0], round);
	(round, drawn)
}

/// Has the runtime compute every chunk of a round that no quorum decides.
fn recompute_all(chain: &mut Chain, who: Sr25519Keyring, round: RoundId) {
	let view = chain.to_phase(round, QuorumPhase::Replaying);
	for model in 0..view.models.len() as u8 {
		let call = pallet_doin_quorum::Call::recompute { round, model, from: 0, count: 32, class: SizeClass::Small };
		chain.ok(who, RuntimeCall::Quorum(call));
	}
}

#[test]
fn a_better_model_becomes_champion_and_is_paid_to_the_unit() {
	let mut chain = Chain::preset("development");
	assert_eq!(champion(&mut chain).author, None);
	let (round, drawn) = settled_round(&mut chain, &seasonal_with_growth(125), |_, truth| truth.clone());

	// The first seal of T pays 65 / 30 / 5 of R exactly.
	let sealed = (0..60).find_map(|_| {
		let (issuance, burned) = (chain.issuance(), chain.state(|| FeeMarket::view().burned));
		chain.block();
		let seal = chain.state(Work::view).last_seal?;
		let burned = chain.state(|| FeeMarket::view().burned) - burned;
		// The verdict of this block divides the seat's fee among the quorum; what does not divide is burned.
		let dust = issuance + seal.minted - burned - chain.issuance();
		assert!(dust < drawn.len() as u128, "issuance grows by what was minted: {dust} is missing");
		Some(seal)
	});
	let seal = sealed.expect("a work block is sealed");
	assert_eq!((seal.work_block, seal.minted), (1, 50 * DOIN));
	assert_eq!(seal.optimizers, 325 * DOIN / 10);
	assert_eq!(seal.evaluators, 15 * DOIN);
	assert_eq!(seal.generator, 25 * DOIN / 10);

	let crowned = champion(&mut chain);
	assert_eq!(crowned.author, Some(Dave.to_account_id()));
	assert_eq!(crowned.round, Some(round));
	assert!(
		crowned.error * 100 < crowned.initial_error * 90,
		"at least a tenth better: {} of {}",
		crowned.error,
		crowned.initial_error
	);
	for evaluator in drawn {
		assert!(chain.state(|| Reputation::score(&evaluator.to_account_id())) > 3_000_000);
	}
}

#[test]
fn no_hold_is_left_but_the_champions_model() {
	let mut chain = Chain::preset("development");
	chain.honest_round(&[(Dave, seasonal_with_growth(20)), (Bob, seasonal_with_growth(5)), (Charlie, seasonal_with_growth(10))]);
	assert_eq!(champion(&mut chain).author, Some(Dave.to_account_id()));
	assert_eq!(on_hold(&mut chain, Bob), 0);
	assert_eq!(on_hold(&mut chain, Charlie), 0);
	assert!(on_hold(&mut chain, Dave) > 0);
	// A better champion frees the old one's author.
	chain.honest_round(&[(Charlie, seasonal_with_growth(125))]);
	assert_eq!(champion(&mut chain).author, Some(Charlie.to_account_id()));
	assert_eq!(on_hold(&mut chain, Dave), 0);
	assert!(on_hold(&mut chain, Charlie) > 0);
}

#[test]
fn a_copy_of_the_champion_is_measured_and_wins_nothing() {
	let mut chain = Chain::preset("development");
	chain.honest_round(&[(Dave, seasonal_with_growth(125))]);
	let before = champion(&mut chain).model;
	chain.honest_round(&[(Bob, seasonal_with_growth(125))]);
	assert_eq!(champion(&mut chain).model, before);
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
		let call = pallet_doin_optimae::Call::commit { round, hash };
		assert_eq!(chain.apply(who, call), Ok(Ok(())), "seat {seat}");
		seats.push((who, reveal));
	}
	let extra = chain.apply(Bob, pallet_doin_optimae::Call::commit { round, hash: [1; 32] }).expect("valid");
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
	let lie = |place, truth: &Sums| if place == 0 { altered(truth, 5) } else { truth.clone() };
	let (round, drawn) = settled_round(&mut chain, &seasonal_with_growth(125), lie);
	let liar = drawn[0].to_account_id();
	assert!(chain.state(|| Quorum::bond_of(&liar)) < BOND, "the liar is slashed");
	assert!(chain.state(|| Reputation::score(&liar)) < 3_000_000);
	assert_eq!(chain.state(|| Quorum::bond_of(&drawn[1].to_account_id())), BOND);
	chain.to_verdict(round);
	assert_eq!(champion(&mut chain).author, Some(Dave.to_account_id()));
}

#[test]
fn one_honest_answer_overturns_a_lying_majority() {
	let mut chain = Chain::preset("development");
	let lie = |place, truth: &Sums| if place == 0 { truth.clone() } else { altered(truth, 7) };
	let (round, drawn) = settled_round(&mut chain, &seasonal_with_growth(125), lie);
	for liar in &drawn[1..] {
		assert_eq!(
			chain.state(|| Quorum::bond_of(&liar.to_account_id())),
			0,
			"the same lie from two of three costs the whole bond"
		);
	}
	assert_eq!(chain.state(|| Quorum::bond_of(&drawn[0].to_account_id())), BOND);
	chain.to_verdict(round);
	assert_eq!(champion(&mut chain).author, Some(Dave.to_account_id()));
}

#[test]
fn a_bystander_overturns_a_whole_quorum_with_one_extrinsic() {
	let mut chain = Chain::preset("development");
	// One chunk of one model, which the two chunks that a settlement draws by lot do not happen to hit.
	let (round, drawn) = settled_round(&mut chain, &seasonal_with_growth(125), |_, truth| altered(truth, 11));
	let view = chain.quorum(round).expect("settled");
	assert_eq!(view.phase, QuorumPhase::Challenge);
	let challenge = Challenge { model: view.models.len() as u8 - 1, chunk: 11 };
	let before = chain.total(&Bob.to_account_id());

	let hash = commitment(Tag::Dispute, &chain.genesis_hash(), round, &Bob.to_account_id(), &payload_hash(&challenge), &SALT);
	chain.ok(Bob, RuntimeCall::Quorum(pallet_doin_quorum::Call::dispute { hash }));
	let Challenge { model, chunk } = challenge;
	let class = SizeClass::Small;
	chain.ok(Bob, RuntimeCall::Quorum(pallet_doin_quorum::Call::replay { round, model, chunk, salt: SALT, class }));

	for liar in &drawn {
		assert_eq!(chain.state(|| Quorum::bond_of(&liar.to_account_id())), 0);
	}
	assert!(chain.total(&Bob.to_account_id()) > before + BOND / 5, "a tenth of three bonds is the challenger's");
	recompute_all(&mut chain, Charlie, round);
	chain.to_verdict(round);
	assert_eq!(champion(&mut chain).author, Some(Dave.to_account_id()), "the author loses nothing by his quorum's lie");
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
	recompute_all(&mut chain, Bob, round);
	chain.to_verdict(round);
	assert_eq!(champion(&mut chain).author, Some(Dave.to_account_id()));
}

#[test]
fn a_round_that_nobody_decides_ends_and_strands_no_hold() {
	let mut chain = Chain::preset("development");
	let round = chain.to_next_round();
	let reveal = reveal_of(&seasonal_with_growth(125));
	chain.commit(Dave, round, &reveal);
	chain.to_reveals(round);
	chain.reveal(Dave, round, &reveal);
	chain.answer(round, |_, _| None);
	chain.to_verdict(round);
	assert_eq!(champion(&mut chain).author, None);
	assert_eq!(on_hold(&mut chain, Dave), 0);
}

#[test]
fn every_header_says_how_many_work_blocks_there_are() {
	let mut chain = Chain::preset("development");
	chain.honest_round(&[(Dave, seasonal_with_growth(125))]);
	let mut last = 0;
	for _ in 0..20 {
		let header = chain.block();
		let logs: Vec<_> = header
			.digest
			.logs
			.iter()
			.filter_map(|log| match log {
				DigestItem::Consensus(engine, data) if *engine == DOIN_ENGINE_ID => DoinLog::decode(&mut &data[..]).ok(),
				_ => None,
			})
			.collect();
		let [DoinLog::V1 { work_index, seal }] = &logs[..] else { panic!("one DOIN item in every header: {logs:?}") };
		assert_eq!(*work_index, chain.state(|| Work::view().work_blocks));
		if last > 0 {
			assert_eq!(seal.is_some(), *work_index > last);
		}
		last = *work_index;
	}
	assert!(last > 0);
}
