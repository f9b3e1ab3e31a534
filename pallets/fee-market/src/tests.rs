//! Base fee, fullness, and the burning of fees.

use crate::{mock::*, BaseFeePerGas, Burned, Fullness};
use doin_primitives::{
	base_fee::{FULL, TARGET},
	Balance, DOIN,
};
use doin_traits::BaseFee;
use frame_support::{
	assert_ok,
	dispatch::{DispatchClass, DispatchInfo, GetDispatchInfo, PostDispatchInfo},
	traits::{
		fungible::{Balanced, Inspect},
		Hooks, OnUnbalanced,
	},
	weights::Weight,
};
use pallet_transaction_payment::{ChargeTransactionPayment, Event as PaymentEvent};
use proptest::prelude::*;
use sp_runtime::{traits::DispatchTransaction, transaction_validity::TransactionSource};

const HALF: u64 = NORMAL_TIME / 2;

fn call() -> RuntimeCall {
	RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive { dest: 2, value: DOIN })
}

fn info(micros: u64, class: DispatchClass) -> DispatchInfo {
	DispatchInfo { call_weight: Weight::from_parts(micros * 1_000_000, 0), class, ..Default::default() }
}

/// Applies a transaction of `len` bytes with declared `info` and `actual` weight. Returns the amount that its sender paid.
fn pay(info: &DispatchInfo, actual: Option<Weight>, len: usize, tip: Balance) -> Balance {
	let before = Balances::balance(&ALICE);
	let post = PostDispatchInfo { actual_weight: actual, pays_fee: Default::default() };
	assert_ok!(ChargeTransactionPayment::<Test>::from(tip)
		.test_run(Some(ALICE).into(), &call(), info, len, 0, |_| Ok(post))
		.unwrap());
	before - Balances::balance(&ALICE)
}

#[docify::export]
#[test]
fn full_blocks_raise_it_by_an_eighth_and_empty_ones_lower_it_by_an_eighth() {
	execute_at(8_000_000, || {
		assert_eq!(block(NORMAL_TIME, 0, 0, 0), 9_000_000);
		assert_eq!(Fullness::<Test>::get(), FULL);
		assert_eq!(block(0, 0, 0, 0), 7_875_000);
		assert_eq!(Fullness::<Test>::get(), 0);
		assert_eq!(block(HALF, 0, 0, 0), 7_875_000);
		assert_eq!(Fullness::<Test>::get(), TARGET);
		assert_eq!(block(NORMAL_TIME / 4 * 3, 0, 0, 0), 7_875_000 + 7_875_000 / 16);
	});
}

#[test]
fn it_follows_upstreams_golden_blocks() {
	// Golden vector A.10 around a target of half a block, from 0.001 DOIN per gas.
	execute_at(DOIN / 1_000, || {
		let table: [(u64, Balance); 7] = [
			(200, 1_125_000_000),
			(200, 1_265_625_000),
			(200, 1_423_828_125),
			(0, 1_245_849_610),
			(50, 1_167_984_010),
			(100, 1_167_984_010),
			(150, 1_240_983_010),
		];
		for (size, expected) in table {
			assert_eq!(block(NORMAL_TIME / 200 * size, 0, 0, 0), expected);
		}
	});
}

#[test]
fn operational_time_counts_and_hooks_and_inherents_do_not() {
	execute_at(8_000_000, || {
		assert_eq!(block(HALF, HALF, 0, 0), 9_000_000);
		assert_eq!(block(0, MAX_TIME, 0, 0), 10_125_000, "operational transactions cannot push it further than a full block");
		assert_eq!(block(HALF, 0, MAX_TIME / 2, 0), 10_125_000);
	});
}

#[test]
fn the_fuller_dimension_decides() {
	execute_at(8_000_000, || {
		assert_eq!(block(0, 0, 0, NORMAL_BYTES as usize), 9_000_000, "large reveals fill a block long before its time is up");
		assert_eq!(block(HALF, 0, 0, NORMAL_BYTES as usize), 10_125_000);
		assert_eq!(block(NORMAL_TIME, 0, 0, NORMAL_BYTES as usize / 2), 11_390_625);
		assert_eq!(block(0, 0, 0, NORMAL_BYTES as usize / 2), 11_390_625);
	});
}

#[test]
fn the_first_block_of_a_session_does_not_change_it() {
	execute_at(8_000_000, || {
		block(HALF, 0, 0, 0);
		assert_eq!(block(0, 0, MAX_TIME, 0), 8_000_000);
		assert_eq!(Fullness::<Test>::get(), TARGET, "the fullness shown is that of the last block that was open to users");
		assert_eq!(block(0, 0, 0, 0), 7_000_000);
	});
}

#[test]
fn it_changes_between_blocks_and_never_within_one() {
	execute_at(8_000_000, || {
		block(NORMAL_TIME, 0, 0, 0);
		let number = System::block_number() + 1;
		System::initialize(&number, &Default::default(), &Default::default());
		FeeMarket::on_initialize(number);
		assert_eq!(FeeMarket::base_fee(), 9_000_000, "the block charges the fee that the pool computed");
		System::set_block_consumed_resources(Weight::from_parts(NORMAL_TIME, 0), 0);
		assert_eq!(FeeMarket::base_fee(), 9_000_000);
		FeeMarket::on_finalize(number);
		assert_eq!(FeeMarket::base_fee(), 10_125_000);
	});
}

#[test]
fn it_is_never_stuck_at_the_floor_and_never_above_the_ceiling() {
	execute_at(FLOOR, || {
		assert_eq!(block(0, 0, 0, 0), FLOOR);
		assert_eq!(block(HALF + HALF / 100_000, 0, 0, 0), FLOOR + FLOOR * 5 / 500_000 / 8, "five parts per million above half");
		let mut blocks = 0;
		while block(NORMAL_TIME, 0, 0, 0) < CEILING {
			blocks += 1;
		}
		assert!((90..100).contains(&blocks), "{blocks} blocks");
		assert_eq!(block(NORMAL_TIME, 0, 0, 0), CEILING);
		assert_eq!(block(0, 0, 0, 0), CEILING / 8 * 7);
	});
}

#[test]
fn every_component_of_a_fee_moves_with_it() {
	execute_at(FLOOR, || {
		// 101 gas of base extrinsic (100.5 µs, rounded up), 200 of weight, 145 of length.
		let info = info(200, DispatchClass::Normal);
		assert_eq!(TransactionPayment::compute_fee(145, &info, 0), 446 * FLOOR);
		BaseFeePerGas::<Test>::put(10 * FLOOR);
		assert_eq!(TransactionPayment::compute_fee(145, &info, 0), 4_460 * FLOOR);
		assert_eq!(TransactionPayment::compute_fee(145, &info, 7), 4_460 * FLOOR + 7, "a tip is absolute");
	});
}

#[test]
fn a_transfer_costs_about_a_thousandth_of_a_doin_at_the_floor() {
	execute_at(FLOOR, || {
		let fee = TransactionPayment::compute_fee(145, &call().get_dispatch_info(), 0);
		assert!((DOIN / 2_000..DOIN / 500).contains(&fee), "{fee} plancks");
	});
}

#[test]
fn the_price_for_other_pallets_is_what_a_transaction_pays() {
	execute_at(12_345_678, || {
		for (picos, len) in [(0, 0), (1, 1), (999_999, 145), (123_456_789_012, 65_536), (u64::MAX, u32::MAX)] {
			let info = DispatchInfo { call_weight: Weight::from_parts(picos, 5), ..Default::default() };
			assert_eq!(FeeMarket::fee(info.call_weight, len), TransactionPayment::compute_fee(len, &info, 0));
		}
		assert_eq!(FeeMarket::base_fee(), 12_345_678);
	});
}

#[test]
fn the_fee_is_burned_to_the_unit_and_the_tip_reaches_the_author() {
	execute_at(FLOOR, || {
		let issuance = Balances::total_issuance();
		let tip = 3 * DOIN;
		let paid = pay(&info(200, DispatchClass::Normal), None, 145, tip);
		assert_eq!(paid, 446 * FLOOR + tip);
		assert_eq!(Balances::balance(&BOB), tip);
		assert_eq!(Burned::<Test>::get(), 446 * FLOOR);
		assert_eq!(Balances::total_issuance(), issuance - 446 * FLOOR);
		let event = PaymentEvent::TransactionFeePaid { who: ALICE, actual_fee: paid, tip };
		System::assert_has_event(event.into());
	});
}

#[test]
fn the_fee_of_unused_weight_is_refunded_before_the_rest_is_burned() {
	execute_at(FLOOR, || {
		let issuance = Balances::total_issuance();
		let paid = pay(&info(10_000, DispatchClass::Normal), Some(Weight::from_parts(50_000_000, 0)), 100, 0);
		assert_eq!(paid, (101 + 50 + 100) * FLOOR);
		assert_eq!(Burned::<Test>::get(), paid);
		assert_eq!(Balances::total_issuance(), issuance - paid);
	});
}

#[test]
fn a_tip_that_cannot_be_paid_is_burned_and_counted() {
	execute_at(FLOOR, || {
		let issuance = Balances::total_issuance();
		Author::set(None);
		let first = pay(&info(200, DispatchClass::Normal), None, 145, DOIN);
		Author::set(Some(BOB));
		let second = pay(&info(200, DispatchClass::Normal), None, 145, ED - 1);
		assert_eq!(Balances::balance(&BOB), 0, "too little to open an account");
		assert_eq!(Burned::<Test>::get(), first + second);
		assert_eq!(Balances::total_issuance(), issuance - first - second);
	});
}

#[test]
fn a_credit_on_its_own_is_burned() {
	execute_at(FLOOR, || {
		let issuance = Balances::total_issuance();
		crate::BurnBaseFeeTipAuthor::<Test>::on_unbalanced(<Balances as Balanced<u64>>::issue(5 * DOIN));
		assert_eq!(Burned::<Test>::get(), 5 * DOIN);
		assert_eq!(Balances::total_issuance(), issuance);
	});
}

#[test]
fn a_transaction_that_cannot_pay_the_base_fee_is_invalid() {
	execute_at(CEILING, || {
		let refused = ChargeTransactionPayment::<Test>::from(0).validate_only(
			Some(77).into(),
			&call(),
			&info(200, DispatchClass::Normal),
			145,
			TransactionSource::External,
			0,
		);
		assert!(refused.is_err());
		assert_eq!(Burned::<Test>::get(), 0);
	});
}

#[test]
fn the_view_shows_the_storage() {
	execute_at(8_000_000, || {
		block(NORMAL_TIME, 0, 0, 0);
		let paid = pay(&info(1, DispatchClass::Normal), None, 10, 0);
		let view = FeeMarket::view();
		assert_eq!((view.base_fee, view.fullness, view.burned), (9_000_000, FULL, paid));
		assert_eq!((view.floor, view.ceiling), (FLOOR, CEILING));
	});
}

#[test]
fn the_default_base_fee_is_the_floor() {
	assert_eq!(crate::GenesisConfig::<Test>::default().base_fee, FLOOR);
	FeeMarket::integrity_test();
}

#[test]
#[should_panic(expected = "base_fee must be between the floor (2500000) and the ceiling (250000000000)")]
fn a_start_below_the_floor_is_refused() {
	storage(FLOOR - 1);
}

#[test]
#[should_panic(expected = "base_fee must be between")]
fn a_start_above_the_ceiling_is_refused() {
	storage(CEILING + 1);
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn the_total_issuance_falls_by_exactly_the_burned_amount(
		transactions in prop::collection::vec((0u64..5_000, 0u64..5_000, 0usize..70_000, 0u128..DOIN, any::<bool>()), 1..20),
	) {
		execute_at(8_000_000, || {
			let issuance = Balances::total_issuance();
			for (declared, unused, len, tip, authored) in transactions {
				let actual = declared.saturating_sub(unused);
				Author::set(authored.then_some(BOB));
				pay(&info(declared, DispatchClass::Normal), Some(Weight::from_parts(actual * 1_000_000, 0)), len, tip);
				assert_eq!(Balances::total_issuance(), issuance - Burned::<Test>::get());
			}
			let accounts = Balances::total_balance(&ALICE) + Balances::total_balance(&BOB);
			assert_eq!(Balances::total_issuance(), accounts);
		});
	}
}
