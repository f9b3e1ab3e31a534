//! Everything that is minted is backed by recomputed work, and every round states its result.

use doin_primitives::{
	views::{RecomputationPhase, SealView},
	Balance, RoundId, RoundResult, SizeClass, UnpaidReason,
};
use doin_runtime::{Runtime, RuntimeCall, RuntimeEvent};
use doin_runtime_tests::{
	round::{reveal_of, seasonal_with_growth, DEMO},
	Chain,
};
use doin_scoring::Model;
use doin_traits::apis::runtime_decl_for_doin_api::DoinApi;
use sp_keyring::Sr25519Keyring::{self, Bob, Dave};

/// Runs a round with one candidate, whose sums no evaluator answers: Bob has the runtime compute all of them.
fn round_of_the_runtime(chain: &mut Chain, author: Sr25519Keyring, model: &Model) -> RoundId {
	let round = chain.to_next_round();
	let reveal = reveal_of(model);
	chain.commit(author, round, &reveal);
	chain.to_reveals(round);
	chain.reveal(author, round, &reveal);
	chain.answer(round, |_, _| None);
	let view = chain.to_phase(round, RecomputationPhase::Recomputing);
	for model in 0..view.models.len() as u8 {
		let call =
			pallet_doin_recomputation::Call::recompute { task: view.task, model, from: 0, count: 32, class: SizeClass::Small };
		chain.ok(Bob, RuntimeCall::Recomputation(call));
	}
	chain.to_verdict(round);
	round
}

/// Makes blocks until the queue of verified improvement is empty. Returns the sum that the seals of these blocks and the last
/// seal before them minted, and checks each seal against its event.
fn minted_until_empty(chain: &mut Chain) -> Balance {
	let mut last = chain.state(Runtime::work).last_seal;
	let mut minted = last.as_ref().map_or(0, |seal| seal.minted);
	while chain.state(Runtime::work).queued > 0 {
		chain.block();
		let seal = chain.state(Runtime::work).last_seal;
		if seal == last {
			continue;
		}
		let SealView { work_block, taken, minted: amount, optimizers, evaluators, validators, .. } =
			seal.clone().expect("sealed");
		assert_eq!(amount, optimizers + evaluators + validators);
		let events = chain.events();
		assert!(events.iter().any(|event| matches!(event, RuntimeEvent::Work(pallet_doin_work::Event::Sealed {
			work_block: number, taken: effective, minted: sum, ..
		}) if (*number, *effective, *sum) == (work_block, taken, amount))));
		minted += amount;
		last = seal;
	}
	minted
}

#[test]
fn doin_work_is_fully_backed() {
	let mut chain = Chain::preset("development");
	let view = chain.state(Runtime::work);
	assert_eq!((view.mined, view.backed_share), (0, 1_000_000));

	chain.honest_round(&[(Dave, seasonal_with_growth(20))]);
	assert!(chain.state(Runtime::work).work_blocks <= 1, "at most one seal in the block of the verdict");
	let by_quorum = minted_until_empty(&mut chain);
	let view = chain.state(Runtime::work);
	assert!(by_quorum > 0);
	assert_eq!((view.mined, view.backed_by_quorum, view.backed_by_runtime), (by_quorum, by_quorum, 0));

	let before = view.work_blocks;
	round_of_the_runtime(&mut chain, Bob, &seasonal_with_growth(125));
	let view = chain.state(Runtime::work);
	let counted = if view.work_blocks > before { 0 } else { view.last_seal.map_or(0, |seal| seal.minted) };
	let by_runtime = minted_until_empty(&mut chain) - counted;
	let view = chain.state(Runtime::work);
	assert!(by_runtime > 0);
	assert_eq!((view.backed_by_quorum, view.backed_by_runtime), (by_quorum, by_runtime));
	assert_eq!((view.mined, view.backed_share), (by_quorum + by_runtime, 1_000_000));
}

#[test]
fn every_round_states_its_result_in_the_view_of_its_domain() {
	let mut chain = Chain::preset("development");
	assert_eq!(chain.state(|| Runtime::domain(DEMO)).expect("registered").last_round, None);
	let (round, _) = chain.honest_round(&[(Dave, seasonal_with_growth(125))]);
	let last = chain.state(|| Runtime::domain(DEMO)).expect("registered").last_round.expect("a round has ended");
	assert_eq!((last.number, last.block), (round.number, chain.number()));
	assert!(matches!(last.result, RoundResult::Paid { effective } if effective > 0), "{last:?}");

	// A worse model does not improve on the champion.
	let (round, _) = chain.honest_round(&[(Bob, seasonal_with_growth(60))]);
	let last = chain.state(|| Runtime::domain(DEMO)).expect("registered").last_round.expect("a round has ended");
	assert_eq!((last.number, last.result), (round.number, RoundResult::Unpaid(UnpaidReason::NoImprovement)));

	// A round without reveals.
	let round = chain.to_next_round();
	chain.commit(Dave, round, &reveal_of(&seasonal_with_growth(124)));
	chain.to_verdict(round);
	let last = chain.state(|| Runtime::domain(DEMO)).expect("registered").last_round.expect("a round has ended");
	assert_eq!((last.number, last.result), (round.number, RoundResult::Unpaid(UnpaidReason::NoCandidate)));
}
