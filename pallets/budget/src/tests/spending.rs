//! Calls within a budget: what they cost, what a failure leaves, and what a transaction is charged for.

use super::*;
use crate::WeightInfo;
use frame_support::{
	dispatch::DispatchClass,
	traits::{LockableCurrency, WithdrawReasons},
	weights::Weight,
};
use pallet_utility::Call as Utility;

#[docify::export]
#[test]
fn a_call_that_exceeds_the_budget_leaves_no_trace() {
	test(|| {
		assert_ok!(send(ALICE, Call::set { limit: 1_000, period: 10 }));
		assert_ok!(send(ALICE, spend(till::Call::pay { amount: 600 })));
		assert_eq!(last_event(), Some(Event::Spent { who: ALICE, amount: 600, left: 400 }));
		assert_noop!(send(ALICE, spend(till::Call::pay { amount: 401 })), Error::<Test>::BudgetExceeded);
		assert_ok!(send(ALICE, spend(till::Call::pay { amount: 400 })));
		assert_eq!(free(ALICE), ENDOWMENT - DEPOSIT - 1_000);
	});
}

#[test]
fn a_failing_call_fails_the_same_way_and_costs_nothing() {
	test(|| {
		with_budget();
		assert_noop!(send(ALICE, spend(till::Call::fail { amount: 7 })), till::Error::<Test>::Failed);
		assert_eq!(spent(), 0);
	});
}

#[test]
fn a_batch_is_charged_for_what_it_did() {
	test(|| {
		with_budget();
		let calls = vec![pay(100), till::Call::fail { amount: 50 }.into(), pay(200)];
		// The batch stops at the failing call, which is undone.
		assert_ok!(send(ALICE, spend(Utility::batch { calls: calls.clone() })));
		assert_eq!(spent(), 100);
		// All or nothing.
		assert_noop!(send(ALICE, spend(Utility::batch_all { calls: calls.clone() })), till::Error::<Test>::Failed);
		// Everything but the failing call.
		assert_ok!(send(ALICE, spend(Utility::force_batch { calls })));
		assert_eq!((spent(), free(ALICE)), (400, ENDOWMENT - DEPOSIT - 400));
		// A batch counts as a whole.
		let calls = vec![pay(600), pay(1)];
		assert_noop!(send(ALICE, spend(Utility::force_batch { calls })), Error::<Test>::BudgetExceeded);
		assert_eq!(spent(), 400);
	});
}

#[test]
fn holds_that_are_released_between_two_calls_do_not_raise_what_is_left() {
	test(|| {
		with_budget();
		let hold = || spend(till::Call::hold { amount: 600 });
		assert_ok!(send(ALICE, hold()));
		assert_ok!(send(ALICE, till::Call::release { amount: 600 }));
		assert_eq!((free(ALICE), spent()), (ENDOWMENT - DEPOSIT, 600), "the budget counts the fall, not the net of the window");
		assert_noop!(send(ALICE, hold()), Error::<Test>::BudgetExceeded);
		// Nor does a release within the budget, or an income.
		assert_ok!(send(ALICE, spend(till::Call::hold { amount: 400 })));
		assert_ok!(send(ALICE, spend(till::Call::release { amount: 400 })));
		assert_ok!(send(ALICE, spend(till::Call::earn { amount: 400 })));
		assert_eq!(spent(), LIMIT);
		assert_noop!(send(ALICE, spend(pay(1))), Error::<Test>::BudgetExceeded);
	});
}

#[test]
fn what_a_batch_releases_or_earns_can_be_spent_in_it() {
	test(|| {
		with_budget();
		assert_ok!(send(ALICE, till::Call::hold { amount: 5_000 }));
		let before = free(ALICE);
		let calls = vec![till::Call::release { amount: 5_000 }.into(), pay(5_900)];
		assert_ok!(send(ALICE, spend(Utility::batch_all { calls })));
		assert_eq!((spent(), free(ALICE)), (900, before - 900), "the free balance falls by what is counted");
	});
}

#[test]
fn a_hold_of_a_locked_balance_counts() {
	test(|| {
		with_budget();
		// The spendable balance is 10 000, and stays so when an amount is held from the locked part.
		Balances::set_lock(*b"locked__", &ALICE, free(ALICE) - 10_000 + DEPOSIT, WithdrawReasons::all());
		assert_eq!(Balances::usable_balance(ALICE), 10_000);
		assert_ok!(send(ALICE, spend(till::Call::hold { amount: 900 })));
		assert_eq!((Balances::usable_balance(ALICE), spent()), (10_000, 900));
		assert_noop!(send(ALICE, spend(till::Call::hold { amount: 101 })), Error::<Test>::BudgetExceeded);
	});
}

#[test]
fn the_weight_is_that_of_both_calls_and_the_class_that_of_the_inner_one() {
	test(|| {
		let (own, inner) = (<() as WeightInfo>::spend(), Weight::from_parts(1_000, 0));
		let info = spend(pay(1)).get_dispatch_info();
		assert_eq!((info.call_weight, info.class, info.pays_fee), (own + inner, DispatchClass::Normal, Pays::Yes));
		assert_eq!(spend(till::Call::fail { amount: 1 }).get_dispatch_info().class, DispatchClass::Operational);
		let batch = Utility::<Test>::batch { calls: vec![pay(1), pay(2)] };
		let of_batch = RuntimeCall::from(batch.clone()).get_dispatch_info().call_weight;
		assert_eq!(spend(batch).get_dispatch_info().call_weight, own + of_batch);
	});
}

#[test]
fn a_transaction_is_charged_for_the_weight_that_it_used() {
	test(|| {
		let (own, half) = (<() as WeightInfo>::spend(), Weight::from_parts(500, 0));
		// Refusals before the call.
		let refused = dispatch(ALICE, spend(pay(1))).unwrap_err();
		assert_eq!((refused.post_info.actual_weight, refused.post_info.pays_fee), (Some(own), Pays::Yes));
		with_budget();
		let refused = dispatch(ALICE, spend(frame_system::Call::remark { remark: vec![] })).unwrap_err();
		assert_eq!(refused.error, Error::<Test>::NotAllowed.into());
		assert_eq!(refused.post_info.actual_weight, Some(own));
		// A call that refunds weight and fee.
		let paid = dispatch(ALICE, spend(till::Call::refunded { amount: 1 })).unwrap();
		assert_eq!((paid.actual_weight, paid.pays_fee), (Some(own + half), Pays::No));
		// The same one above the budget: the fee is not refunded, or full blocks would be free.
		let exceeded = dispatch(ALICE, spend(till::Call::refunded { amount: LIMIT })).unwrap_err();
		assert_eq!(exceeded.error, Error::<Test>::BudgetExceeded.into());
		assert_eq!((exceeded.post_info.actual_weight, exceeded.post_info.pays_fee), (Some(own + half), Pays::Yes));
		// A call that fails.
		let failed = dispatch(ALICE, spend(till::Call::fail { amount: 1 })).unwrap_err();
		assert_eq!(failed.post_info.actual_weight, Some(own + Weight::from_parts(1_000, 0)));
	});
}
