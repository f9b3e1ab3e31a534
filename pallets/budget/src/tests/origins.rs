//! Calls that wrap calls: nothing inside `spend` sends what a budget does not allow, and nothing widens what a hot key may send.

use super::*;
use frame_system::Error as SystemError;
use pallet_multisig::Call as Multisig;
use pallet_proxy::Call as Proxies;
use pallet_utility::Call as Utility;

/// Returns the call that transfers `amount` to the thief, which no budget allows.
fn theft(amount: Balance) -> RuntimeCall {
	pallet_balances::Call::transfer_allow_death { dest: THIEF, value: amount }.into()
}

/// Lets BOB send calls of `proxy_type` for ALICE.
fn with_proxy(proxy_type: ProxyType) {
	assert_ok!(send(ALICE, Proxies::add_proxy { delegate: BOB, proxy_type, delay: 0 }));
}

/// Returns the call of BOB that sends `call` for ALICE.
fn for_alice(call: impl Into<RuntimeCall>) -> RuntimeCall {
	Proxies::proxy { real: ALICE, force_proxy_type: None, call: Box::new(call.into()) }.into()
}

/// Sends `call` as the proxy of ALICE. Returns the result of the call.
fn by_proxy(call: impl Into<RuntimeCall>) -> DispatchResult {
	send(BOB, for_alice(call)).expect("BOB is a proxy");
	let executed = System::events().into_iter().rev().find_map(|record| match record.event {
		RuntimeEvent::Proxy(pallet_proxy::Event::ProxyExecuted { result }) => Some(result),
		_ => None,
	});
	executed.expect("the pallet deposits the result")
}

#[test]
fn the_filter_applies_to_every_call_of_a_batch() {
	test(|| {
		with_budget();
		assert_noop!(send(ALICE, spend(theft(1))), Error::<Test>::NotAllowed);
		assert_noop!(send(ALICE, spend(Utility::batch_all { calls: vec![pay(1), theft(1)] })), SystemError::<Test>::CallFiltered);
		assert_ok!(send(ALICE, spend(Utility::batch { calls: vec![pay(1), theft(1), pay(1)] })));
		assert_eq!((spent(), free(THIEF)), (1, ENDOWMENT), "the batch stops at the filtered call");
		let nested = Utility::batch { calls: vec![theft(1)] };
		let nested = Utility::force_batch { calls: vec![nested.into(), theft(1), pay(1)] };
		assert_ok!(send(ALICE, spend(Utility::batch_all { calls: vec![nested.into()] })));
		assert_eq!((spent(), free(THIEF)), (2, ENDOWMENT));
	});
}

#[test]
fn a_budget_is_neither_spent_nor_set_inside_a_spent_call() {
	test(|| {
		with_budget();
		for inner in [spend(pay(1)), Call::set { limit: 10 * LIMIT, period: 1 }.into(), Call::set { limit: 0, period: 0 }.into()]
		{
			assert_noop!(send(ALICE, spend(inner.clone())), Error::<Test>::NotAllowed);
			assert_noop!(send(ALICE, spend(Utility::batch_all { calls: vec![inner] })), SystemError::<Test>::CallFiltered);
		}
	});
}

#[test]
fn calls_that_change_the_origin_are_refused() {
	test(|| {
		with_budget();
		with_proxy(ProxyType::Any);
		// ALICE is a proxy of BOB too: without the filter, BOB's money would not be measured.
		assert_ok!(send(BOB, Proxies::add_proxy { delegate: ALICE, proxy_type: ProxyType::Any, delay: 0 }));
		let wrapped: [RuntimeCall; 6] = [
			Proxies::proxy { real: BOB, force_proxy_type: None, call: Box::new(pay(1)) }.into(),
			Proxies::add_proxy { delegate: THIEF, proxy_type: ProxyType::Hot, delay: 0 }.into(),
			Utility::as_derivative { index: 0, call: Box::new(pay(1)) }.into(),
			Utility::if_else { main: Box::new(pay(1)), fallback: Box::new(pay(1)) }.into(),
			Multisig::as_multi_threshold_1 { other_signatories: vec![BOB], call: Box::new(pay(1)) }.into(),
			Utility::with_weight { call: Box::new(pay(1)), weight: Default::default() }.into(),
		];
		for call in wrapped {
			assert_noop!(send(ALICE, spend(call.clone())), Error::<Test>::NotAllowed);
			assert_noop!(send(ALICE, spend(Utility::batch_all { calls: vec![call] })), SystemError::<Test>::CallFiltered);
		}
	});
}

#[test]
fn a_hot_key_sends_allowed_calls_within_the_budget_and_nothing_else() {
	test(|| {
		with_budget();
		with_proxy(ProxyType::Hot);
		let before = free(ALICE);
		// The filter of the proxy does not allow `pay`, which only a budget makes safe.
		assert_eq!(by_proxy(pay(1)), Err(SystemError::<Test>::CallFiltered.into()));
		assert_ok!(by_proxy(spend(pay(600))));
		assert_ok!(by_proxy(Utility::batch { calls: vec![spend(pay(300)), spend(pay(300))] }));
		assert_eq!((spent(), free(ALICE)), (900, before - 900), "the second call of the batch exceeds the budget");
		// Everything else is refused, directly and inside.
		let refused: [RuntimeCall; 5] = [
			theft(1),
			Call::set { limit: 10 * LIMIT, period: 1 }.into(),
			Proxies::add_proxy { delegate: THIEF, proxy_type: ProxyType::Any, delay: 0 }.into(),
			Proxies::remove_proxies {}.into(),
			Utility::as_derivative { index: 0, call: Box::new(pay(1)) }.into(),
		];
		for call in refused {
			assert_eq!(by_proxy(call.clone()), Err(SystemError::<Test>::CallFiltered.into()));
			assert_eq!(by_proxy(spend(call.clone())), Err(Error::<Test>::NotAllowed.into()));
			assert_ok!(by_proxy(spend(Utility::force_batch { calls: vec![call] })));
		}
		assert_eq!((spent(), free(ALICE), free(THIEF)), (900, before - 900, ENDOWMENT));
		assert_eq!(Budgets::<Test>::get(ALICE).unwrap().limit, LIMIT);
	});
}

#[test]
fn a_hot_key_without_a_budget_spends_nothing() {
	test(|| {
		with_proxy(ProxyType::Hot);
		let before = free(ALICE);
		assert_eq!(by_proxy(spend(pay(1))), Err(Error::<Test>::NoBudget.into()));
		// The budget of the hot key itself is not that of its principal.
		assert_ok!(send(BOB, Call::set { limit: LIMIT, period: PERIOD }));
		assert_eq!(by_proxy(spend(pay(1))), Err(Error::<Test>::NoBudget.into()));
		assert_eq!(free(ALICE), before);
	});
}

#[test]
fn a_derivative_account_has_a_budget_of_its_own() {
	test(|| {
		with_budget();
		let derivative = pallet_utility::derivative_account_id(ALICE, 0);
		assert_ok!(<Balances as Mutate<_>>::mint_into(&derivative, ENDOWMENT));
		let as_derivative = |call: RuntimeCall| Utility::as_derivative { index: 0, call: Box::new(call) };
		assert_noop!(send(ALICE, as_derivative(spend(pay(1)))), Error::<Test>::NoBudget);
		assert_ok!(send(ALICE, as_derivative(Call::set { limit: 5, period: PERIOD }.into())));
		assert_ok!(send(ALICE, as_derivative(spend(pay(5)))));
		assert_noop!(send(ALICE, as_derivative(spend(pay(1)))), Error::<Test>::BudgetExceeded);
		assert_eq!(spent(), 0);
	});
}

#[test]
fn a_multisig_account_can_have_a_budget() {
	test(|| {
		let both = pallet_multisig::Pallet::<Test>::multi_account_id(&[ALICE, BOB], 1);
		assert_ok!(<Balances as Mutate<_>>::mint_into(&both, ENDOWMENT));
		let by_both = |who: AccountId, call: RuntimeCall| {
			let other_signatories = vec![if who == ALICE { BOB } else { ALICE }];
			send(who, Multisig::as_multi_threshold_1 { other_signatories, call: Box::new(call) })
		};
		assert_ok!(by_both(ALICE, Call::set { limit: LIMIT, period: PERIOD }.into()));
		assert_ok!(by_both(BOB, spend(pay(LIMIT))));
		assert_noop!(by_both(ALICE, spend(pay(1))), Error::<Test>::BudgetExceeded);
		assert_eq!(free(both), ENDOWMENT - DEPOSIT - LIMIT);
	});
}

#[test]
fn only_signed_origins_have_budgets() {
	test(|| {
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			for call in [spend(pay(1)), Call::set { limit: LIMIT, period: PERIOD }.into()] {
				assert_eq!(call.dispatch(origin.clone()).unwrap_err().error, DispatchError::BadOrigin);
			}
		}
	});
}
