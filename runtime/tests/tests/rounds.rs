//! Rounds on the demo domain, from commit to work block.

use codec::Decode;
use doin_primitives::{
	commitment::{payload_hash, Tag},
	payload::{Challenge, Sums},
	views::RecomputationPhase,
	DoinLog, LastRound, ModelRef, RoundId, RoundResult, SizeClass, UnpaidReason, DOIN, DOIN_ENGINE_ID,
};
use doin_runtime::{
	configs::doin::domains::PendingRounds, AccountId, Balances, Domains, Evaluators, FeeMarket, Gauge, Optimae, Reputation,
	Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, Timing, Work,
};
use doin_runtime_tests::{
	round::{reveal_of, seasonal_with_growth, DEMO, SALT},
	Chain,
};
use doin_scoring::Model;
use doin_traits::{DomainWeights as _, Reputation as _, Timing as _, UndecidedRounds};
use frame_support::{assert_noop, traits::fungible::InspectHold};
use pallet_doin_domains::{Bounties, Call as DomainsCall, Error};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie, One};
use sp_runtime::DigestItem;

/// Bond of the development evaluators, in plancks.
const BOND: u128 = 1_000 * DOIN;

/// Returns the total of the holds of an account, in plancks.
fn on_hold(chain: &mut Chain, who: Sr25519Keyring) -> u128 {
	chain.state(|| Balances::total_balance_on_hold(&who.to_account_id()))
}

/// Returns the champion of the demo domain.
fn champion(chain: &mut Chain) -> doin_primitives::domain::Champion<AccountId> {
	chain.state(|| pallet_doin_domains::States::<Runtime>::get(DEMO).expect("registered").champion)
}

/// Returns `sums` with the sum of chunk `chunk` of the last model raised by one.
fn altered(sums: &Sums, chunk: usize) -> Sums {
	let mut models: Vec<_> = sums.iter().map(|sums| sums.to_vec()).collect();
	models.last_mut().expect("models")[chunk] += 1;
	models.into_iter().map(|sums| sums.try_into().expect("as long")).collect::<Vec<_>>().try_into().expect("as many")
}

/// Runs a round with one candidate, Dave's, up to its settlement. Evaluators answer with `answer` of their place and the correct
/// sums. Returns the round and the drawn evaluators.
fn settled_round(chain: &mut Chain, model: &Model, answer: impl Fn(usize, &Sums) -> Sums) -> (RoundId, Vec<Sr25519Keyring>) {
	let round = chain.to_next_round();
	let reveal = reveal_of(model);
	chain.commit(Dave, round, &reveal);
	chain.to_reveals(round);
	chain.reveal(Dave, round, &reveal);
	let drawn = chain.answer(round, |place, sums| Some(answer(place, sums)));
	chain.settle(drawn[0], round);
	(round, drawn)
}

/// Recomputes every chunk of the recomputation of a round that no quorum answered.
fn recompute_all(chain: &mut Chain, who: Sr25519Keyring, round: RoundId) {
	let view = chain.to_phase(round, RecomputationPhase::Recomputing);
	for model in 0..view.models.len() as u8 {
		let call =
			pallet_doin_recomputation::Call::recompute { task: view.task, model, from: 0, count: 32, class: SizeClass::Small };
		chain.ok(who, RuntimeCall::Recomputation(call));
	}
}

#[test]
fn a_better_model_becomes_champion_and_is_paid_to_the_unit() {
	let mut chain = Chain::preset("development");
	assert_eq!(champion(&mut chain).author, None);
	let (round, drawn) = settled_round(&mut chain, &seasonal_with_growth(125), |_, sums| sums.clone());

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
	assert_eq!(seal.validators, 25 * DOIN / 10);

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
	// A better champion releases the hold of the previous champion's author.
	chain.honest_round(&[(Charlie, seasonal_with_growth(125))]);
	assert_eq!(champion(&mut chain).author, Some(Charlie.to_account_id()));
	assert_eq!(on_hold(&mut chain, Dave), 0);
	assert!(on_hold(&mut chain, Charlie) > 0);
}

#[test]
fn a_copy_of_the_champion_is_evaluated_and_wins_nothing() {
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
		let hash = chain.commitment(Tag::Optimae, &round, who, &payload_hash(&reveal));
		let call = pallet_doin_optimae::Call::commit { round, hash, max_fee: u128::MAX };
		assert_eq!(chain.apply(who, call), Ok(Ok(())), "seat {seat}");
		seats.push((who, reveal));
	}
	let extra = chain.apply(Bob, pallet_doin_optimae::Call::commit { round, hash: [1; 32], max_fee: u128::MAX }).expect("valid");
	assert_eq!(extra, Err(pallet_doin_optimae::Error::<Runtime>::RoundFull.into()));
	chain.end();
	chain.to_reveals(round);
	chain.skip_session_block();
	chain.begin();
	for (who, reveal) in &seats {
		assert_eq!(chain.apply(*who, Chain::reveal_call(round, reveal)), Ok(Ok(())));
	}
	chain.end();
	chain.answer(round, |_, sums| Some(sums.clone()));
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
	assert_eq!(chain.state(|| Optimae::record(&Dave.to_account_id()).forfeited), 1);
}

#[test]
fn a_false_minority_is_found_by_settling() {
	let mut chain = Chain::preset("development");
	let false_first = |place, sums: &Sums| if place == 0 { altered(sums, 5) } else { sums.clone() };
	let (round, drawn) = settled_round(&mut chain, &seasonal_with_growth(125), false_first);
	let accused = drawn[0].to_account_id();
	assert!(chain.state(|| Evaluators::bond_of(&accused)) < BOND, "the false answer is slashed");
	assert!(chain.state(|| Reputation::score(&accused)) < 3_000_000);
	assert_eq!(chain.state(|| Evaluators::bond_of(&drawn[1].to_account_id())), BOND);
	chain.to_verdict(round);
	assert_eq!(champion(&mut chain).author, Some(Dave.to_account_id()));
}

#[test]
fn one_correct_answer_defeats_a_false_majority() {
	let mut chain = Chain::preset("development");
	let correct_first = |place, sums: &Sums| if place == 0 { sums.clone() } else { altered(sums, 7) };
	let (round, drawn) = settled_round(&mut chain, &seasonal_with_growth(125), correct_first);
	for accused in &drawn[1..] {
		assert_eq!(
			chain.state(|| Evaluators::bond_of(&accused.to_account_id())),
			0,
			"the same false answer from two of three costs the whole bond"
		);
	}
	assert_eq!(chain.state(|| Evaluators::bond_of(&drawn[0].to_account_id())), BOND);
	chain.to_verdict(round);
	assert_eq!(champion(&mut chain).author, Some(Dave.to_account_id()));
}

#[test]
fn one_challenger_defeats_a_whole_quorum() {
	let mut chain = Chain::preset("development");
	// A chunk of the last model that is not among the two chunks that the settlement draws for spot checks.
	let (round, drawn) = settled_round(&mut chain, &seasonal_with_growth(125), |_, sums| altered(sums, 11));
	let view = chain.recomputation(round).expect("settled");
	assert_eq!(view.phase, RecomputationPhase::Challenge);
	let challenge = Challenge { model: view.models.len() as u8 - 1, chunk: 11 };
	let before = chain.total(&Bob.to_account_id());

	let hash = chain.commitment(Tag::Challenge, &view.task, Bob, &payload_hash(&challenge));
	chain.ok(Bob, RuntimeCall::Recomputation(pallet_doin_recomputation::Call::announce_challenge { hash }));
	let Challenge { model, chunk } = challenge;
	let (task, class) = (view.task, SizeClass::Small);
	let call = pallet_doin_recomputation::Call::challenge { task, model, chunk, salt: SALT, class };
	chain.ok(Bob, RuntimeCall::Recomputation(call));

	for accused in &drawn {
		assert_eq!(chain.state(|| Evaluators::bond_of(&accused.to_account_id())), 0);
	}
	assert!(chain.total(&Bob.to_account_id()) > before + BOND / 5, "the challenger receives a tenth of three bonds");
	recompute_all(&mut chain, Charlie, round);
	chain.to_verdict(round);
	assert_eq!(
		champion(&mut chain).author,
		Some(Dave.to_account_id()),
		"the false answers of the quorum cost the author nothing"
	);
}

#[test]
fn without_answers_any_account_can_recompute_the_sums() {
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
fn an_undecided_round_ends_and_releases_every_hold() {
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
fn every_header_carries_the_number_of_work_blocks() {
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

/// Every work block of a development chain is an anchor. Its event agrees with the header, from which anchors are verified.
#[test]
fn an_anchor_names_the_work_block_and_the_parent_of_its_header() {
	let mut chain = Chain::preset("development");
	settled_round(&mut chain, &seasonal_with_growth(125), |_, sums| sums.clone());
	let mut last = chain.state(|| Work::view().work_blocks);
	let mut found = 0;
	for _ in 0..60 {
		let header = chain.block();
		let events = chain.events();
		let anchors: Vec<_> = events
			.iter()
			.filter_map(|event| match event {
				RuntimeEvent::Work(pallet_doin_work::Event::Anchored { work_block, block, parent }) => {
					Some((*work_block, *block, *parent))
				}
				_ => None,
			})
			.collect();
		let work_block = chain.state(|| Work::view().work_blocks);
		let expected: Vec<_> =
			(work_block > last).then_some((work_block, header.number, header.parent_hash)).into_iter().collect();
		assert_eq!(anchors, expected);
		(last, found) = (work_block, found + anchors.len());
	}
	assert!(found > 0, "a work block was sealed");
}

#[test]
fn n11_a_donor_cannot_take_a_bounty_from_a_round_that_is_being_decided() {
	let mut chain = Chain::preset("development");
	chain.state(|| {
		// No call can give the demo domain a target.
		pallet_doin_domains::Specs::<Runtime>::mutate(DEMO, |spec| spec.as_mut().expect("registered").target = 1 << 19);
	});
	chain.ok(Bob, RuntimeCall::Domains(DomainsCall::add_bounty { domain: DEMO, amount: 10 * DOIN }));
	let round = chain.to_next_round();
	let reveal = reveal_of(&seasonal_with_growth(5));
	chain.commit(Dave, round, &reveal);
	chain.ok(Bob, RuntimeCall::Domains(DomainsCall::announce_withdrawal { domain: DEMO }));
	let announced = chain.number();
	chain.to_reveals(round);
	chain.reveal(Dave, round, &reveal);
	let withdraw = || Domains::withdraw_bounty(RuntimeOrigin::signed(Bob.to_account_id()), DEMO);
	chain.state(|| {
		let withdrawal = Bounties::<Runtime>::get(DEMO)[0].withdrawal.expect("announced");
		assert_eq!((withdrawal.last_round, withdrawal.from), (round.number, announced + Timing::rounds().longest()));
		assert_noop!(withdraw(), Error::<Runtime>::NoticeRunning);
		// Even with the notice over, the round that took commits before the announcement is undecided.
		assert_eq!(PendingRounds::earliest(DEMO), Some(round.number));
		Bounties::<Runtime>::mutate(DEMO, |donations| donations[0].withdrawal.as_mut().expect("announced").from = 0);
		assert_noop!(withdraw(), Error::<Runtime>::RoundsOpen);
	});
	chain.answer(round, |_, sums| Some(sums.clone()));
	chain.settle(Eve, round);
	chain.to_verdict(round);
	chain.ok(Bob, RuntimeCall::Domains(DomainsCall::withdraw_bounty { domain: DEMO }));
	assert!(!chain.state(|| Bounties::<Runtime>::contains_key(DEMO)), "the target was not reached");
}

/// Three evaluators serve a domain without weight while a seat is sold, and leave before the round is evaluated. The round does
/// not wait for an account that recomputes its models, which its seat has not paid for.
#[test]
fn n5_a_round_ends_at_once_when_the_evaluators_that_it_was_sold_with_leave() {
	let mut chain = Chain::preset("development");
	chain.ok(Alice, RuntimeCall::Gauge(pallet_doin_gauge::Call::vote { votes: Default::default() }));
	let has_no_weight = |_| {
		chain.block();
		chain.state(|| Gauge::weight(DEMO)) == 0
	};
	assert!((0..400).any(has_no_weight), "the ballot counts from the next session on");
	let evaluators = [Eve, Ferdie, One];
	for who in evaluators {
		chain.ok(who, RuntimeCall::Evaluators(pallet_doin_evaluators::Call::serve { domain: DEMO }));
	}
	let (round, reveal) = (chain.to_next_round(), reveal_of(&seasonal_with_growth(125)));
	chain.commit(Dave, round, &reveal);
	let fee = chain.state(|| Optimae::open_round(round)).expect("collecting").seats[0].fee;
	for who in evaluators {
		chain.ok(who, RuntimeCall::Evaluators(pallet_doin_evaluators::Call::unserve { domain: DEMO }));
	}
	chain.to_reveals(round);
	chain.reveal(Dave, round, &reveal);
	let (_, end) = chain.state(Timing::rounds).reveal_window(round);
	chain.to_verdict(round);
	let last = chain.state(|| pallet_doin_domains::States::<Runtime>::get(DEMO)).expect("registered").last_round;
	let (number, result) = (round.number, RoundResult::Unpaid(UnpaidReason::NoQuorum));
	assert_eq!(last, Some(LastRound { number, block: end, result }));
	assert_eq!(on_hold(&mut chain, Dave), 0);
	let burned = chain.events().into_iter().filter_map(|event| match event {
		RuntimeEvent::Optimae(pallet_doin_optimae::Event::FeesPaid { payees: 0, burned, .. }) => Some(burned),
		_ => None,
	});
	assert_eq!(burned.collect::<Vec<_>>(), [fee], "the fee of the seat is burned");

	// The evaluators come back. The seats of the next round pay for recomputing their models all the same.
	for who in evaluators {
		chain.ok(who, RuntimeCall::Evaluators(pallet_doin_evaluators::Call::serve { domain: DEMO }));
	}
	let (next, reveal) = (chain.to_next_round(), reveal_of(&seasonal_with_growth(125)));
	chain.commit(Dave, next, &reveal);
	assert!(chain.state(|| Optimae::open_round(next)).expect("collecting").seats[0].fee > fee);
	chain.to_reveals(next);
	chain.reveal(Dave, next, &reveal);
	chain.answer(next, |_, _| None);
	recompute_all(&mut chain, Bob, next);
	chain.to_verdict(next);
	assert_eq!(champion(&mut chain).author, Some(Dave.to_account_id()));
}
