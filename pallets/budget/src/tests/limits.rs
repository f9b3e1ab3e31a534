//! Budgets: their deposit, their windows, and accounts that own nothing.

use super::*;
use crate::{types::Budget as Stored, WeightInfo};
use frame_support::traits::{tokens::Preservation, Hooks};
use proptest::prelude::*;
use sp_runtime::TokenError;

#[test]
fn a_budget_is_stored_against_a_deposit_and_removed_with_it() {
	test(|| {
		with_budget();
		assert_eq!(last_event(), Some(Event::BudgetSet { who: ALICE, limit: LIMIT, period: PERIOD }));
		assert_eq!(Balances::balance_on_hold(&HoldReason::Budget.into(), &ALICE), DEPOSIT);
		assert_ok!(send(ALICE, Call::set { limit: 2 * LIMIT, period: PERIOD }));
		assert_eq!(Balances::balance_on_hold(&HoldReason::Budget.into(), &ALICE), DEPOSIT, "one deposit per account");

		assert_ok!(send(ALICE, Call::set { limit: 0, period: PERIOD }));
		assert_eq!(last_event(), Some(Event::BudgetSet { who: ALICE, limit: 0, period: 0 }));
		assert_eq!((free(ALICE), Budgets::<Test>::get(ALICE)), (ENDOWMENT, None));
		assert_noop!(send(ALICE, Call::set { limit: 0, period: 0 }), Error::<Test>::NoBudget);
		assert_noop!(send(ALICE, Call::set { limit: LIMIT, period: 0 }), Error::<Test>::NoBudget);
		assert_noop!(send(ALICE, spend(pay(1))), Error::<Test>::NoBudget);
	});
}

#[test]
fn an_account_that_cannot_pay_the_deposit_gets_no_budget() {
	test(|| {
		assert_noop!(send(99, Call::set { limit: LIMIT, period: PERIOD }), TokenError::FundsUnavailable);
	});
}

#[test]
fn a_window_lasts_its_period_and_begins_with_the_next_call() {
	test(|| {
		with_budget();
		assert_ok!(send(ALICE, spend(pay(LIMIT))));
		System::set_block_number(1 + u64::from(PERIOD) - 1);
		assert_noop!(send(ALICE, spend(pay(1))), Error::<Test>::BudgetExceeded);
		System::set_block_number(1 + 5 * u64::from(PERIOD));
		assert_ok!(send(ALICE, spend(pay(LIMIT - 1))));
		assert_eq!(Budgets::<Test>::get(ALICE), Some(Stored { limit: LIMIT, period: PERIOD, spent: LIMIT - 1, since: 51 }));
		assert_ok!(send(ALICE, spend(pay(1))));
		assert_noop!(send(ALICE, spend(pay(1))), Error::<Test>::BudgetExceeded);
	});
}

#[test]
fn two_calls_of_one_batch_share_the_window_that_the_first_one_begins() {
	test(|| {
		with_budget();
		System::set_block_number(100);
		let calls = vec![spend(pay(LIMIT - 1)), spend(pay(2))];
		assert_noop!(send(ALICE, pallet_utility::Call::batch_all { calls: calls.clone() }), Error::<Test>::BudgetExceeded);
		assert_ok!(send(ALICE, pallet_utility::Call::force_batch { calls }));
		assert_eq!((spent(), free(ALICE)), (LIMIT - 1, ENDOWMENT - DEPOSIT - LIMIT + 1), "only the second call is undone");
	});
}

#[test]
fn a_new_budget_begins_a_new_window() {
	test(|| {
		with_budget();
		assert_ok!(send(ALICE, spend(pay(LIMIT))));
		assert_ok!(send(ALICE, Call::set { limit: 10, period: PERIOD }));
		assert_ok!(send(ALICE, spend(pay(10))));
		assert_noop!(send(ALICE, spend(pay(1))), Error::<Test>::BudgetExceeded);
	});
}

#[test]
fn the_budget_of_an_account_that_owns_nothing_else_stays_until_it_is_removed() {
	test(|| {
		assert_ok!(send(ALICE, Call::set { limit: 10 * ENDOWMENT, period: PERIOD }));
		// Nothing can take the smallest balance from an account with a hold, so the account is not removed while it has a budget.
		let all = free(ALICE) - MINIMUM;
		assert_noop!(send(ALICE, spend(pay(all + 1))), TokenError::FundsUnavailable);
		assert_ok!(send(ALICE, spend(pay(all))));
		assert_eq!((free(ALICE), Balances::total_balance(&ALICE)), (MINIMUM, MINIMUM + DEPOSIT));
		assert_noop!(send(ALICE, spend(pay(1))), TokenError::FundsUnavailable);
		Budget::do_try_state().unwrap();
		assert_ok!(send(ALICE, Call::set { limit: 0, period: 0 }));
		assert_eq!(free(ALICE), MINIMUM + DEPOSIT);

		// Without a budget the account goes with its last planck, and leaves nothing behind.
		assert_ok!(<Balances as Mutate<_>>::transfer(&ALICE, &BOB, free(ALICE), Preservation::Expendable));
		assert!(!System::account_exists(&ALICE));
		assert_noop!(send(ALICE, spend(pay(0))), Error::<Test>::NoBudget);
	});
}

#[test]
fn the_configuration_is_sound() {
	test(<Budget as Hooks<u64>>::integrity_test);
	assert!(<() as WeightInfo>::spend().ref_time() > 0);
}

/// Step of a random path.
#[derive(Clone, Debug)]
enum Step {
	/// Sends a call within the budget.
	Spend(Box<RuntimeCall>),
	/// Releases held money, or earns some, without the budget.
	Outside(Box<RuntimeCall>),
	/// Makes some blocks.
	Wait(u32),
}

/// Returns a call of the till, or a batch of such calls.
fn call() -> impl Strategy<Value = RuntimeCall> {
	let single = (0u8..5, 0u128..700).prop_map(|(kind, amount)| match kind {
		0 => till::Call::pay { amount }.into(),
		1 => till::Call::hold { amount }.into(),
		2 => till::Call::release { amount }.into(),
		3 => till::Call::fail { amount }.into(),
		_ => till::Call::earn { amount: amount / 10 }.into(),
	});
	single.prop_recursive(2, 8, 4, |inner| {
		(prop::collection::vec(inner, 0..4), 0u8..3).prop_map(|(calls, kind)| match kind {
			0 => pallet_utility::Call::batch { calls }.into(),
			1 => pallet_utility::Call::batch_all { calls }.into(),
			_ => pallet_utility::Call::force_batch { calls }.into(),
		})
	})
}

fn step() -> impl Strategy<Value = Step> {
	let amount = 0u128..700;
	let outside = (any::<bool>(), amount).prop_map(|(earn, amount)| -> RuntimeCall {
		if earn {
			till::Call::earn { amount }.into()
		} else {
			till::Call::release { amount }.into()
		}
	});
	prop_oneof![
		6 => call().prop_map(|call| Step::Spend(Box::new(call))),
		2 => outside.prop_map(|call| Step::Outside(Box::new(call))),
		1 => (1u32..8).prop_map(Step::Wait),
	]
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

	#[test]
	fn no_path_takes_more_than_the_limit_in_a_window_or_twice_the_limit_in_a_period(
		steps in prop::collection::vec(step(), 0..80),
	) {
		test(|| {
			with_budget();
			// Falls of the free balance, with their blocks.
			let mut falls = Vec::<(u64, Balance)>::new();
			for step in steps {
				let before = free(ALICE);
				match step {
					Step::Spend(call) => {
						let sent = send(ALICE, spend(*call));
						if sent.is_err() {
							assert_eq!(free(ALICE), before, "a failed call costs nothing");
						}
						falls.push((System::block_number(), before.saturating_sub(free(ALICE))));
					}
					Step::Outside(call) => {
						let _may_fail = send(ALICE, *call);
					}
					Step::Wait(blocks) => System::set_block_number(System::block_number() + u64::from(blocks)),
				}
				Budget::do_try_state().unwrap();
				let since = u64::from(Budgets::<Test>::get(ALICE).unwrap().since);
				let within = |from: u64| falls.iter().filter(|(at, _)| *at >= from).map(|(_, fall)| fall).sum::<Balance>();
				assert_eq!(within(since), spent(), "the budget counts every fall of its window");
				let period = System::block_number().saturating_sub(u64::from(PERIOD) - 1);
				assert!(within(period) <= 2 * LIMIT);
			}
		});
	}
}
