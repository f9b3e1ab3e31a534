//! Hot keys: the calls that a `Work` proxy can send, and the most that a stolen one can take from its principal.

use codec::Decode;
use doin_primitives::{domain::Page, payload::Sums, round::Phase, Balance, BlockNumber, RoundId, SizeClass, DOIN};
use doin_runtime::{
	configs::system::ProxyType, places::Call as PlacesCall, Balances, Evaluators, Optimae, OriginCaller, Runtime, RuntimeCall,
	RuntimeEvent, SessionKeys, System, Timing,
};
use doin_runtime_tests::{
	round::{reveal_of, seasonal_with_growth, DEMO, SALT},
	Chain,
};
use doin_traits::Timing as _;
use frame_support::{
	assert_ok,
	traits::{fungible::InspectHold, schedule::DispatchTime, InstanceFilter},
};
use frame_system::{Error as SystemError, RawOrigin};
use pallet_doin_budget::{Call as BudgetCall, Error as BudgetError};
use pallet_doin_channels::Call as ChannelsCall;
use pallet_doin_domains::Call as DomainsCall;
use pallet_doin_evaluators::Call as EvaluatorsCall;
use pallet_doin_evidence::Call as EvidenceCall;
use pallet_doin_gauge::Call as GaugeCall;
use pallet_doin_inference::Call as InferenceCall;
use pallet_doin_optimae::Call as OptimaeCall;
use pallet_doin_oracle::Call as OracleCall;
use pallet_doin_recomputation::Call as RecomputationCall;
use pallet_nomination_pools::BondExtra;
use pallet_proxy::Call as ProxyCall;
use pallet_utility::Call as UtilityCall;
use sp_keyring::Sr25519Keyring::{Bob, Charlie, Dave, Eve};
use sp_runtime::{DispatchError, DispatchResult};

/// Budget of the principal, in plancks per [`PERIOD`].
const LIMIT: Balance = 10 * DOIN;
/// Blocks of a window, longer than the theft.
const PERIOD: BlockNumber = 150;
/// Blocks in which the thief has the key.
const THEFT: BlockNumber = 100;

/// Returns calls that a `Work` key can send directly.
fn direct() -> Vec<RuntimeCall> {
	let round = RoundId { domain: DEMO, number: 1 };
	let class = SizeClass::Small;
	vec![
		OptimaeCall::challenge_claim { round, seat: 0, chunk: 0, class }.into(),
		RecomputationCall::commit_sums { task: 0, hash: [0; 32] }.into(),
		RecomputationCall::reveal_sums { task: 0, sums: Sums::default(), salt: SALT }.into(),
		RecomputationCall::settle { task: 0, class }.into(),
		RecomputationCall::recompute { task: 0, model: 0, from: 0, count: 1, class }.into(),
		RecomputationCall::challenge { task: 0, model: 0, chunk: 0, salt: SALT, class }.into(),
		RecomputationCall::cancel_challenge {}.into(),
	]
}

/// Returns batches of `calls`.
fn batches(calls: Vec<RuntimeCall>) -> [RuntimeCall; 3] {
	[
		UtilityCall::batch { calls: calls.clone() }.into(),
		UtilityCall::batch_all { calls: calls.clone() }.into(),
		UtilityCall::force_batch { calls }.into(),
	]
}

/// Returns calls that a `Work` key can send within a budget only.
fn within_budget() -> Vec<RuntimeCall> {
	let round = RoundId { domain: DEMO, number: 1 };
	let reveal = Box::new(reveal_of(&seasonal_with_growth(125)));
	vec![
		OptimaeCall::commit { round, hash: [0; 32], max_fee: DOIN }.into(),
		OptimaeCall::reveal { round, reveal, salt: SALT }.into(),
		RecomputationCall::announce_challenge { hash: [0; 32] }.into(),
	]
}

/// Returns session keys of nobody.
fn session_keys() -> SessionKeys {
	SessionKeys::decode(&mut &[0; 64][..]).expect("two keys of 32 bytes")
}

/// Returns calls of every family that a hot key must not send, directly or within a budget.
fn refused() -> Vec<RuntimeCall> {
	let (thief, amount) = (Bob.to_account_id(), DOIN);
	let pay = || -> RuntimeCall { pallet_balances::Call::burn { value: 1, keep_alive: true }.into() };
	let inner = || Box::new(pay());
	vec![
		pallet_balances::Call::transfer_allow_death { dest: thief.clone().into(), value: amount }.into(),
		pallet_balances::Call::transfer_keep_alive { dest: thief.clone().into(), value: amount }.into(),
		pallet_balances::Call::transfer_all { dest: thief.clone().into(), keep_alive: false }.into(),
		pay(),
		pallet_staking::Call::bond { value: amount, payee: pallet_staking::RewardDestination::Account(thief.clone()) }.into(),
		pallet_staking::Call::bond_extra { max_additional: amount }.into(),
		pallet_staking::Call::unbond { value: amount }.into(),
		pallet_staking::Call::set_payee { payee: pallet_staking::RewardDestination::Account(thief.clone()) }.into(),
		pallet_staking::Call::validate { prefs: Default::default() }.into(),
		pallet_staking::Call::nominate { targets: vec![thief.clone().into()] }.into(),
		EvaluatorsCall::bond { amount, class: SizeClass::Small }.into(),
		EvaluatorsCall::bond_extra { amount }.into(),
		EvaluatorsCall::unbond {}.into(),
		EvaluatorsCall::withdraw {}.into(),
		EvaluatorsCall::serve { domain: DEMO }.into(),
		EvaluatorsCall::unserve { domain: DEMO }.into(),
		DomainsCall::register { spec: Box::new(doin_runtime::demo::spec()), baseline: None }.into(),
		EvidenceCall::seal { domain: DEMO, from: 0, hashes: Default::default() }.into(),
		EvidenceCall::fund { domain: DEMO, amount }.into(),
		EvidenceCall::withdraw { domain: DEMO, amount }.into(),
		EvidenceCall::open_segment { domain: DEMO, index: 0, bytes: Default::default(), salt: SALT }.into(),
		DomainsCall::upload_page { domain: DEMO, index: 0, page: Page::Values(Default::default()) }.into(),
		DomainsCall::add_bounty { domain: DEMO, amount }.into(),
		DomainsCall::close { domain: DEMO }.into(),
		DomainsCall::retire { domain: DEMO }.into(),
		GaugeCall::nominate { domain: DEMO }.into(),
		GaugeCall::withdraw_nomination { domain: DEMO }.into(),
		GaugeCall::vote { votes: Default::default() }.into(),
		OptimaeCall::release_model { model: 0 }.into(),
		BudgetCall::set { limit: 1_000 * LIMIT, period: 1 }.into(),
		BudgetCall::set { limit: 0, period: 0 }.into(),
		ProxyCall::add_proxy { delegate: thief.clone().into(), proxy_type: ProxyType::Any, delay: 0 }.into(),
		ProxyCall::add_proxy { delegate: thief.clone().into(), proxy_type: ProxyType::Work, delay: 0 }.into(),
		ProxyCall::remove_proxy { delegate: thief.clone().into(), proxy_type: ProxyType::Work, delay: 0 }.into(),
		ProxyCall::remove_proxies {}.into(),
		ProxyCall::create_pure { proxy_type: ProxyType::Any, delay: 0, index: 0 }.into(),
		ProxyCall::proxy { real: thief.clone().into(), force_proxy_type: None, call: inner() }.into(),
		pallet_session::Call::set_keys { keys: session_keys(), proof: vec![] }.into(),
		pallet_session::Call::purge_keys {}.into(),
		UtilityCall::as_derivative { index: 0, call: inner() }.into(),
		UtilityCall::if_else { main: inner(), fallback: inner() }.into(),
		pallet_multisig::Call::as_multi_threshold_1 { other_signatories: vec![thief], call: inner() }.into(),
		frame_system::Call::remark { remark: vec![] }.into(),
	]
}

/// Returns the call that sends `call` within a budget.
fn spend(call: RuntimeCall) -> RuntimeCall {
	BudgetCall::spend { call: Box::new(call) }.into()
}

/// Returns the call of the hot key that sends `call` for DAVE.
fn for_dave(call: RuntimeCall) -> RuntimeCall {
	ProxyCall::proxy { real: Dave.to_account_id().into(), force_proxy_type: None, call: Box::new(call) }.into()
}

/// Returns a chain on which BOB has a `Work` key of DAVE, with a budget of [`LIMIT`] per [`PERIOD`].
fn with_hot_key() -> Chain {
	let mut chain = Chain::preset("development");
	chain.run_to(2);
	chain.ok(Dave, ProxyCall::add_proxy { delegate: Bob.to_account_id().into(), proxy_type: ProxyType::Work, delay: 0 });
	chain.ok(Dave, BudgetCall::set { limit: LIMIT, period: PERIOD });
	chain
}

/// Sends `call` for DAVE in the open block. Returns the result of the call, not of the transaction.
fn by_key(chain: &mut Chain, call: RuntimeCall) -> DispatchResult {
	assert_ok!(chain.apply(Bob, for_dave(call)).expect("BOB pays the fee"));
	let executed = chain.events().into_iter().rev().find_map(|event| match event {
		RuntimeEvent::Proxy(pallet_proxy::Event::ProxyExecuted { result }) => Some(result),
		_ => None,
	});
	executed.expect("the pallet deposits the result")
}

/// Returns the free balance of DAVE.
fn free(chain: &mut Chain) -> Balance {
	chain.state(|| Balances::free_balance(Dave.to_account_id()))
}

#[test]
fn a_work_key_sends_answers_settlements_and_proofs() {
	let filter = |call: &RuntimeCall| ProxyType::Work.filter(call);
	for call in direct().into_iter().chain(batches(direct())) {
		assert!(filter(&call), "{call:?}");
	}
	for call in within_budget() {
		assert!(!filter(&call), "only within a budget: {call:?}");
		assert!(filter(&spend(call)));
	}
	for call in refused() {
		assert!(!filter(&call), "{call:?}");
	}
	assert!(refused().iter().all(|call| ProxyType::Any.filter(call)));
	assert!(ProxyType::Any.is_superset(&ProxyType::Work) && !ProxyType::Work.is_superset(&ProxyType::Any));
}

/// Returns calls of a key that stakes.
fn staking() -> Vec<RuntimeCall> {
	let amount = DOIN;
	vec![
		pallet_staking::Call::<Runtime>::bond { value: amount, payee: pallet_staking::RewardDestination::Staked }.into(),
		pallet_staking::Call::<Runtime>::bond_extra { max_additional: amount }.into(),
		pallet_staking::Call::<Runtime>::unbond { value: amount }.into(),
		pallet_staking::Call::<Runtime>::validate { prefs: Default::default() }.into(),
		pallet_staking::Call::<Runtime>::nominate { targets: vec![Bob.to_account_id().into()] }.into(),
		pallet_session::Call::<Runtime>::set_keys { keys: session_keys(), proof: vec![] }.into(),
		pallet_nomination_pools::Call::<Runtime>::join { amount, pool_id: 1 }.into(),
	]
}

/// Returns calls that change the payee of staking or take money, which no key but one of type `Any` may send.
fn paying() -> Vec<RuntimeCall> {
	let thief = || Bob.to_account_id();
	vec![
		pallet_balances::Call::<Runtime>::transfer_allow_death { dest: thief().into(), value: DOIN }.into(),
		pallet_staking::Call::<Runtime>::bond { value: DOIN, payee: pallet_staking::RewardDestination::Account(thief()) }.into(),
		pallet_staking::Call::<Runtime>::set_payee { payee: pallet_staking::RewardDestination::Account(thief()) }.into(),
		DomainsCall::<Runtime>::add_bounty { domain: DEMO, amount: DOIN }.into(),
		EvidenceCall::<Runtime>::fund { domain: DEMO, amount: DOIN }.into(),
		BudgetCall::<Runtime>::set { limit: DOIN, period: PERIOD }.into(),
		ProxyCall::<Runtime>::add_proxy { delegate: thief().into(), proxy_type: ProxyType::Staking, delay: 0 }.into(),
	]
}

/// Returns calls that leave all coins to their sender.
fn harmless() -> Vec<RuntimeCall> {
	let round = RoundId { domain: DEMO, number: 1 };
	let (class, who) = (SizeClass::Small, || Dave.to_account_id());
	vec![
		OptimaeCall::challenge_claim { round, seat: 0, chunk: 0, class }.into(),
		OptimaeCall::release_model { model: 0 }.into(),
		RecomputationCall::settle { task: 0, class }.into(),
		RecomputationCall::recompute { task: 0, model: 0, from: 0, count: 1, class }.into(),
		RecomputationCall::cancel_challenge {}.into(),
		EvaluatorsCall::unserve { domain: DEMO }.into(),
		EvaluatorsCall::unbond {}.into(),
		EvaluatorsCall::withdraw {}.into(),
		GaugeCall::nominate { domain: DEMO }.into(),
		GaugeCall::vote { votes: Default::default() }.into(),
		DomainsCall::close { domain: DEMO }.into(),
		OracleCall::leave {}.into(),
		ChannelsCall::finish { channel: [0; 32] }.into(),
		InferenceCall::withdraw { domain: DEMO }.into(),
		InferenceCall::release { domain: DEMO, who: who() }.into(),
		pallet_session::Call::<Runtime>::purge_keys {}.into(),
		pallet_staking::Call::<Runtime>::bond { value: DOIN, payee: pallet_staking::RewardDestination::Staked }.into(),
		pallet_staking::Call::<Runtime>::unbond { value: DOIN / 2 }.into(),
		pallet_staking::Call::<Runtime>::chill {}.into(),
		pallet_nomination_pools::Call::<Runtime>::unbond { member_account: who().into(), unbonding_points: DOIN }.into(),
		pallet_conviction_voting::Call::<Runtime>::remove_vote { class: None, index: 0 }.into(),
		pallet_referenda::Call::<Runtime>::refund_decision_deposit { index: 0 }.into(),
		pallet_preimage::Call::<Runtime>::note_preimage { bytes: vec![] }.into(),
	]
}

/// Returns calls after which coins of their sender can be slashed or burned, by themselves or by what the same key does next.
fn risky() -> Vec<RuntimeCall> {
	let (class, amount, thief) = (SizeClass::Small, DOIN, Bob.to_account_id());
	let targets = || vec![thief.clone().into()];
	vec![
		// A bond answers for sums, which the key could make up.
		EvaluatorsCall::bond { amount, class }.into(),
		EvaluatorsCall::bond_extra { amount }.into(),
		EvaluatorsCall::serve { domain: DEMO }.into(),
		RecomputationCall::commit_sums { task: 0, hash: [0; 32] }.into(),
		RecomputationCall::reveal_sums { task: 0, sums: Sums::default(), salt: SALT }.into(),
		// The bond of a rejected challenge goes to the accused, or is burned.
		RecomputationCall::announce_challenge { hash: [0; 32] }.into(),
		RecomputationCall::challenge { task: 0, model: 0, chunk: 0, salt: SALT, class }.into(),
		// A commitment that is not revealed burns a part of its hold.
		OracleCall::commit { poll: 0, hash: [0; 32] }.into(),
		OracleCall::reveal { poll: 0, reports: Default::default(), salt: SALT }.into(),
		// A deposit is paid to another account, and what the newest voucher of a closed channel states is lost.
		ChannelsCall::open { payee: thief.clone(), key: [0; 32], deposit: amount, lifetime: 9, domain: None }.into(),
		ChannelsCall::redeem { channel: [0; 32], cumulative: amount, signature: [0; 64] }.into(),
		ChannelsCall::close { channel: [0; 32] }.into(),
		// A bond answers for receipts, which the key could sign.
		InferenceCall::offer { domain: DEMO, key: [0; 32], price: 0, endpoint: Default::default(), bond: amount }.into(),
		// The owner of the session keys can equivocate, and so can a nominated validator.
		pallet_session::Call::<Runtime>::set_keys { keys: session_keys(), proof: vec![] }.into(),
		pallet_staking::Call::<Runtime>::validate { prefs: Default::default() }.into(),
		pallet_staking::Call::<Runtime>::nominate { targets: targets() }.into(),
		pallet_staking::Call::<Runtime>::bond_extra { max_additional: amount }.into(),
		pallet_staking::Call::<Runtime>::rebond { value: amount }.into(),
		pallet_nomination_pools::Call::<Runtime>::bond_extra { extra: BondExtra::FreeBalance(amount) }.into(),
		PlacesCall::<Runtime>::outbid_candidate { prefs: Default::default() }.into(),
		PlacesCall::<Runtime>::outbid_nominator { targets: targets() }.into(),
		PlacesCall::<Runtime>::outbid_for_pool { pool_id: 1, targets: vec![thief.clone()] }.into(),
		pallet_nomination_pools::Call::<Runtime>::join { amount, pool_id: 1 }.into(),
		pallet_nomination_pools::Call::<Runtime>::nominate { pool_id: 1, validators: vec![thief.clone()] }.into(),
		// The deposit of a rejected referendum stays reserved, and that of a killed one is burned.
		pallet_referenda::Call::<Runtime>::submit {
			proposal_origin: Box::new(OriginCaller::system(RawOrigin::Root)),
			proposal: frame_support::traits::Bounded::Inline(Default::default()),
			enactment_moment: DispatchTime::After(1),
		}
		.into(),
		pallet_referenda::Call::<Runtime>::place_decision_deposit { index: 0 }.into(),
	]
}

#[test]
fn a_key_that_stakes_pays_nobody() {
	for call in staking().into_iter().chain(batches(staking())) {
		assert!(ProxyType::Staking.filter(&call), "{call:?}");
	}
	for call in direct().into_iter().chain(paying()) {
		assert!(!ProxyType::Staking.filter(&call), "{call:?}");
	}
	for other in [ProxyType::Work, ProxyType::Staking, ProxyType::NonTransfer, ProxyType::Report, ProxyType::Serve] {
		assert!(ProxyType::Any.is_superset(&other) && !other.is_superset(&ProxyType::Any));
		assert!(!ProxyType::NonTransfer.is_superset(&other) || other == ProxyType::NonTransfer);
	}
}

#[test]
fn a_key_of_a_server_redeems_and_closes() {
	let served = || -> Vec<RuntimeCall> {
		vec![
			ChannelsCall::redeem { channel: [0; 32], cumulative: DOIN, signature: [0; 64] }.into(),
			ChannelsCall::close { channel: [0; 32] }.into(),
		]
	};
	for call in served().into_iter().chain(batches(served())) {
		assert!(ProxyType::Serve.filter(&call), "{call:?}");
	}
	let others: Vec<RuntimeCall> = vec![
		ChannelsCall::open { payee: Bob.to_account_id(), key: [0; 32], deposit: DOIN, lifetime: 9, domain: None }.into(),
		InferenceCall::withdraw { domain: DEMO }.into(),
	];
	for call in others.into_iter().chain(direct()).chain(within_budget()).chain(paying()).chain(staking()) {
		assert!(!ProxyType::Serve.filter(&call), "{call:?}");
	}
}

#[test]
fn a_key_that_does_not_transfer_sends_what_costs_no_coins() {
	for call in harmless().into_iter().chain(batches(harmless())) {
		assert!(ProxyType::NonTransfer.filter(&call), "{call:?}");
	}
	for call in risky().into_iter().chain(paying()).chain(within_budget()) {
		assert!(!ProxyType::NonTransfer.filter(&call), "{call:?}");
	}
}

/// DAVE has a million DOIN. The key could bond them, answer falsely, and have an accomplice earn a part of the slash.
#[test]
fn a_key_that_does_not_transfer_puts_no_coins_at_risk() {
	let mut chain = Chain::preset("development");
	chain.run_to(2);
	chain.ok(Dave, ProxyCall::add_proxy { delegate: Bob.to_account_id().into(), proxy_type: ProxyType::NonTransfer, delay: 0 });
	let before = (free(&mut chain), chain.total(&Dave.to_account_id()));
	let filtered: DispatchError = SystemError::<Runtime>::CallFiltered.into();
	for call in risky().into_iter().chain(paying()) {
		chain.skip_session_block();
		chain.begin();
		assert_eq!(by_key(&mut chain, call.clone()), Err(filtered), "{call:?}");
		let [batch, batch_all, force_batch] = batches(vec![call]);
		// `batch` and `force_batch` succeed; their calls do not.
		assert_ok!(by_key(&mut chain, batch));
		assert_eq!(by_key(&mut chain, batch_all), Err(filtered));
		assert_ok!(by_key(&mut chain, force_batch));
		chain.end();
	}
	assert_eq!((free(&mut chain), chain.total(&Dave.to_account_id())), before);
	assert_eq!(chain.state(|| Evaluators::bond_of(&Dave.to_account_id())), 0);

	// What the key can send takes holds at most.
	for call in harmless() {
		chain.skip_session_block();
		chain.begin();
		assert_ne!(by_key(&mut chain, call.clone()), Err(filtered), "{call:?}");
		chain.end();
	}
	assert!(free(&mut chain) < before.0, "stake and a preimage are on hold");
	assert_eq!(chain.total(&Dave.to_account_id()), before.1);
}

#[test]
fn a_batch_of_a_key_that_stakes_transfers_nothing() {
	let mut chain = Chain::preset("development");
	chain.run_to(2);
	chain.ok(Dave, ProxyCall::add_proxy { delegate: Bob.to_account_id().into(), proxy_type: ProxyType::Staking, delay: 0 });
	let filtered: DispatchError = SystemError::<Runtime>::CallFiltered.into();
	for call in paying() {
		let [_, batch_all, _] = batches(vec![call]);
		chain.skip_session_block();
		chain.begin();
		assert_eq!(by_key(&mut chain, batch_all), Err(filtered));
		chain.end();
	}
	chain.skip_session_block();
	chain.begin();
	let [_, batch_all, _] = batches(staking()[..1].to_vec());
	assert_ok!(by_key(&mut chain, batch_all));
	chain.end();
	assert_eq!(chain.state(|| pallet_staking::Bonded::<Runtime>::get(Dave.to_account_id())), Some(Dave.to_account_id()));
}

#[test]
fn a_work_key_sends_nothing_else_by_any_detour() {
	let mut chain = with_hot_key();
	let before = (free(&mut chain), chain.total(&Dave.to_account_id()));
	let filtered: DispatchError = SystemError::<Runtime>::CallFiltered.into();
	for call in refused() {
		chain.skip_session_block();
		chain.begin();
		assert_eq!(by_key(&mut chain, call.clone()), Err(filtered), "{call:?}");
		let [batch, batch_all, force_batch] = batches(vec![call.clone()]);
		// `batch` and `force_batch` succeed; their calls do not.
		assert_ok!(by_key(&mut chain, batch.clone()));
		assert_eq!(by_key(&mut chain, batch_all.clone()), Err(filtered));
		assert_eq!(by_key(&mut chain, spend(call.clone())), Err(BudgetError::<Runtime>::NotAllowed.into()), "{call:?}");
		assert_ok!(by_key(&mut chain, spend(force_batch)));
		assert_eq!(by_key(&mut chain, spend(batch_all)), Err(filtered));
		assert_ok!(by_key(&mut chain, spend(batch)));
		assert_eq!(by_key(&mut chain, spend(spend(call))), Err(BudgetError::<Runtime>::NotAllowed.into()));
		chain.end();
	}
	assert_eq!((free(&mut chain), chain.total(&Dave.to_account_id())), before);
	chain.state(|| {
		let budget = pallet_doin_budget::Budgets::<Runtime>::get(Dave.to_account_id()).expect("not removed");
		assert_eq!((budget.limit, budget.period, budget.spent), (LIMIT, PERIOD, 0));
		assert_eq!(pallet_proxy::Proxies::<Runtime>::get(Dave.to_account_id()).0.len(), 1, "no proxy was added");
	});
}

#[test]
fn a_work_key_commits_and_reveals_within_the_budget_of_its_principal() {
	let mut chain = with_hot_key();
	let round = chain.to_next_round();
	let reveal = reveal_of(&seasonal_with_growth(125));
	let hash = {
		use doin_primitives::commitment::{payload_hash, Tag};
		chain.commitment(Tag::Optimae, &round, Dave, &payload_hash(&reveal))
	};
	let commit = |max_fee| -> RuntimeCall { OptimaeCall::commit { round, hash, max_fee }.into() };
	let before = free(&mut chain);
	chain.skip_session_block();
	chain.begin();
	assert_eq!(by_key(&mut chain, commit(DOIN)), Err(SystemError::<Runtime>::CallFiltered.into()));
	let price = chain.state(|| Optimae::next_seat_fee(DEMO)).expect("a price");
	let too_expensive = pallet_doin_optimae::Error::<Runtime>::SeatTooExpensive;
	assert_eq!(by_key(&mut chain, spend(commit(price - 1))), Err(too_expensive.into()));
	assert_ok!(by_key(&mut chain, spend(commit(price))));
	chain.end();
	let spent = before - free(&mut chain);
	assert_eq!(spent, 6 * price, "the fee and five times the fee as hold");
	let stored =
		|chain: &mut Chain| chain.state(|| pallet_doin_budget::Budgets::<Runtime>::get(Dave.to_account_id()).unwrap().spent);
	assert_eq!(stored(&mut chain), spent);

	chain.to_reveals(round);
	chain.skip_session_block();
	chain.begin();
	assert_ok!(by_key(&mut chain, spend(Chain::reveal_call(round, &reveal))));
	chain.end();
	assert!(stored(&mut chain) > spent, "the hold for the bytes counts");
	chain.answer(round, |_, sums| Some(sums.clone()));
	chain.settle(Eve, round);
	chain.to_verdict(round);
	let author = chain.state(|| Optimae::champion_view(DEMO)).and_then(|champion| champion.author);
	assert_eq!(author, Some(Dave.to_account_id()), "the principal is the author");
}

/// Makes a block in which a thief with the key does what costs the principal most: seats that are never revealed, announcements
/// of challenges, transfers, and an attempt to widen the key. Returns the number of calls that took money.
fn steal(chain: &mut Chain, nonce: &mut u8) -> u32 {
	chain.skip_session_block();
	chain.begin();
	let place = chain.state(|| Timing::rounds().place(DEMO, System::block_number()));
	let mut taken = 0;
	// Seats first: their fees are lost, and a fifth of their holds. Then bonds of challenges.
	for _ in 0..4 {
		*nonce = nonce.wrapping_add(1);
		let hash = [*nonce; 32];
		let commit = OptimaeCall::commit { round: place.round, hash, max_fee: Balance::MAX }.into();
		let announce = RecomputationCall::announce_challenge { hash }.into();
		if place.phase == Phase::Commit && by_key(chain, spend(commit)).is_ok() || by_key(chain, spend(announce)).is_ok() {
			taken += 1;
		}
	}
	// A cancelled challenge returns its bond, which can be held again.
	if nonce.is_multiple_of(8) {
		let _may_fail = by_key(chain, RecomputationCall::cancel_challenge {}.into());
	}
	let refused: [RuntimeCall; 3] = [
		pallet_balances::Call::transfer_all { dest: Bob.to_account_id().into(), keep_alive: false }.into(),
		BudgetCall::set { limit: Balance::MAX, period: 1 }.into(),
		ProxyCall::add_proxy { delegate: Charlie.to_account_id().into(), proxy_type: ProxyType::Any, delay: 0 }.into(),
	];
	for call in refused {
		let [_, batch_all, _] = batches(vec![call]);
		assert!(by_key(chain, spend(batch_all.clone())).is_err() && by_key(chain, batch_all).is_err());
	}
	chain.end();
	taken
}

/// A thief with the hot key of an optimizer takes at most the limit of the budget from the free balance of the principal, in 100
/// blocks and in every window: with 10 DOIN per window, 10 DOIN of 1 000 000.
#[test]
fn n6_what_a_stolen_hot_key_can_cost() {
	let mut chain = with_hot_key();
	let (before, start) = (free(&mut chain), chain.number());
	let (mut nonce, mut taken, mut most) = (0, 0, 0);
	while chain.number() < start + THEFT {
		taken += steal(&mut chain, &mut nonce);
		let fallen = before.saturating_sub(free(&mut chain));
		most = most.max(fallen);
		assert!(fallen <= LIMIT, "{fallen} plancks after {} blocks", chain.number() - start);
	}
	assert!(taken > 1 && most > LIMIT / 2, "the thief reaches the limit: {taken} calls took {most} plancks");
	// Holds of the seats are returned but for a fifth; the fees are lost.
	let held = chain.state(|| Balances::total_balance_on_hold(&Dave.to_account_id()));
	let lost = before - free(&mut chain);
	println!("a stolen key took {most} plancks at most, {lost} after {THEFT} blocks, of a limit of {LIMIT}; {held} are on hold");

	// In the next window the limit counts again: two windows cost at most two limits.
	while chain.number() < start + 2 * PERIOD - 2 {
		steal(&mut chain, &mut nonce);
		assert!(before.saturating_sub(free(&mut chain)) <= 2 * LIMIT);
	}
	// The owner removes the key; nothing more can be taken.
	chain.ok(Dave, ProxyCall::remove_proxies {});
	chain.ok(Dave, BudgetCall::set { limit: 0, period: 0 });
	chain.skip_session_block();
	chain.begin();
	let refused = chain.apply(Bob, for_dave(spend(RecomputationCall::announce_challenge { hash: [0; 32] }.into())));
	assert_eq!(refused, Ok(Err(pallet_proxy::Error::<Runtime>::NotProxy.into())));
	chain.end();
}
