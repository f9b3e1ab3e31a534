//! Payments outside the queue, on behalf of a purse.

use super::*;
use crate::Entries;
use doin_traits::Payment;

/// Amount of the purse of most tests.
const PURSE: Balance = 1_000 * DOIN;

/// Pays an improvement of `effective` bits by optimizer 1, verified by `evaluators`, from a purse of `most` plancks. Checks that
/// exactly the returned amount was minted, that the parts of the event add up, and that nothing changed that emission depends on.
fn paid(effective: Q32, evaluators: PayShares<u64>, most: Balance) -> Payment {
	paid_to(1, effective, evaluators, most)
}

/// As [`paid`], for an improvement by `optimizer`.
fn paid_to(optimizer: u64, effective: Q32, evaluators: PayShares<u64>, most: Balance) -> Payment {
	let state = || {
		let queue = (QueueState::<Test>::get(), Entries::<Test>::iter().count());
		let difficulty = DifficultyState::<Test>::get();
		(queue, difficulty, Mined::<Test>::get(), MintedBy::<Test>::get(), LastSeal::<Test>::get(), WorkPallet::view().reward)
	};
	System::reset_events();
	let (before, issued, accrued) = (state(), Balances::total_issuance(), EraAccrual::<Test>::get());
	let improvement = doin_traits::QueuedImprovement { optimizer, evaluators, ..entry(effective, 1, &[]) };
	let round = improvement.round;
	let payment = <WorkPallet as Work<u64>>::pay(improvement, most);
	assert_eq!(state(), before, "no emission");
	assert_eq!(Balances::total_issuance() - issued, payment.minted, "what is returned was minted");
	assert!(payment.minted <= most && payment.effective <= effective);
	let of_event = System::events().into_iter().find_map(|record| match record.event {
		RuntimeEvent::WorkPallet(Event::Paid { round: of, effective, minted, optimizers, evaluators, validators }) => {
			assert_eq!((of, minted), (round, optimizers + evaluators + validators));
			assert_eq!(EraAccrual::<Test>::get() - accrued, validators, "staking pays the share of the validators");
			Some(Payment { effective, minted })
		}
		_ => None,
	});
	assert_eq!(of_event.unwrap_or_default(), payment);
	WorkPallet::do_try_state().unwrap();
	payment
}

/// Runs `test` on a chain in block 1, so that events are stored.
fn execute_paying(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		System::set_block_number(1);
		test();
	});
}

#[test]
fn a_purse_pays_the_price_and_the_split_of_the_next_work_block() {
	execute_paying(|| {
		let of_three = shares(&[(2, 1), (3, 1), (4, 1)], 3);
		assert_eq!((<WorkPallet as Work<u64>>::reward(), <WorkPallet as Work<u64>>::price(T)), (R, R));
		assert_eq!(<WorkPallet as Work<u64>>::price(ONE_Q32), 4 * R, "not limited to one reward");
		assert_eq!(paid(ONE_Q32, of_three, PURSE), Payment { effective: ONE_Q32, minted: 4 * R });
		assert_eq!(earned(1), 4 * R * 65 / 100);
		assert_eq!([2, 3, 4].map(earned), [4 * R / 10; 3]);
		assert_eq!(pot(), 4 * R * 5 / 100);
	});
}

#[test]
fn the_price_follows_halvings_and_the_threshold_and_is_not_capped() {
	execute_paying(|| {
		fast_forward(HALVING, CAP);
		assert_eq!(paid(T, shares(&[(2, 1)], 1), PURSE).minted, R / 2, "the coins of a purse are within the cap already");
		DifficultyState::<Test>::mutate(|difficulty| difficulty.threshold = 2 * T);
		assert_eq!(paid(T, shares(&[(2, 1)], 1), PURSE).minted, R / 4);
	});
}

#[test]
fn a_purse_that_is_too_small_pays_a_part() {
	execute_paying(|| {
		let evaluators = || shares(&[(2, 1), (3, 1), (4, 1)], 3);
		let Payment { effective, minted } = paid(T, evaluators(), R / 3);
		assert_eq!(effective, T / 3, "a third of the reward pays a third of T, rounded down");
		assert!(R / 3 - minted <= R / Balance::from(T) + 3, "less by the price of one unit, and a planck a seat: {minted}");
		assert_eq!(paid(T, evaluators(), 0), Payment::default());
		assert_eq!(paid(0, evaluators(), R), Payment::default());
		assert!(!System::events().iter().any(|record| matches!(record.event, RuntimeEvent::WorkPallet(_))), "nothing was paid");
		assert_eq!(paid(T, evaluators(), R), Payment { effective: T, minted: R }, "the whole price");
		assert_eq!(paid(T, evaluators(), R - 1).effective, T - 1);
	});
}

#[test]
fn unfilled_seats_dust_and_accounts_that_cannot_receive_are_not_minted() {
	execute_paying(|| {
		// One of three seats answered.
		assert_eq!(paid(T, shares(&[(2, 1)], 3), PURSE).minted, R * 80 / 100);
		// 30 % of 100 plancks among seven seats: four each, and two plancks of dust.
		fast_forward(20 * HALVING, 0);
		let seven: Vec<_> = (10..17).map(|who| (who, 1)).collect();
		DifficultyState::<Test>::mutate(|difficulty| difficulty.threshold = (R >> 20) as u64);
		assert_eq!(paid(100, shares(&seven, 7), PURSE).minted, 65 + 7 * 4 + 5);
		// Accounts 200 and 201 do not exist, and their parts are below the existential deposit.
		assert_eq!(paid_to(200, 1_000, shares(&[(201, 1)], 1), PURSE).minted, 50);
		assert!(happened(Event::RewardForfeited { who: 200, amount: 650, role: Role::Optimizer }));
		assert!(happened(Event::RewardForfeited { who: 201, amount: 300, role: Role::Evaluator }));
	});
}

#[test]
fn payments_leave_the_queue_and_later_seals_alone() {
	let sealed_after = |payments: u32| {
		let mut seals = Vec::new();
		execute_at_fixed_threshold(|| {
			System::set_block_number(1);
			enqueue(3 * T, 5, &[6, 7, 8]);
			for n in 1..=3 {
				for _ in 0..payments {
					paid(9 * ONE_Q32, shares(&[(2, 1)], 1), Balance::MAX);
				}
				block(n * QUARTER);
				seals.push((LastSeal::<Test>::get(), DifficultyState::<Test>::get(), Mined::<Test>::get(), earned(5)));
			}
		});
		seals
	};
	assert_eq!(sealed_after(0), sealed_after(4), "an owner that pays itself changes nothing for others");
}

#[test]
fn an_era_pays_the_share_of_purses_from_the_pot() {
	execute_paying(|| {
		paid(T, shares(&[(2, 1)], 1), PURSE);
		let share = <WorkPallet as EraShare>::take();
		assert_eq!((share, share), (R * 5 / 100, pot()));
		let issued = Balances::total_issuance();
		SettleFromPot::<Test>::on_unbalanced(<Balances as Balanced<u64>>::deposit(&80, share, Precision::Exact).unwrap());
		assert_eq!((earned(80), pot(), Balances::total_issuance()), (share, 0, issued));
		WorkPallet::do_try_state().unwrap();
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn any_payment_mints_what_it_returns_and_not_more_than_the_purse_holds(
		payments in prop::collection::vec(
			(1u64..4 * ONE_Q32, 0u128..400 * DOIN, prop::sample::select(vec![1u64, 1, 1, 300]), 0usize..15, 0u32..20), 1..12,
		),
		threshold in 1u64 << 16..ONE_Q32 * 64,
	) {
		execute_paying(|| {
			DifficultyState::<Test>::mutate(|difficulty| difficulty.threshold = threshold);
			for (effective, most, optimizer, seats, unfilled) in payments {
				let parts: Vec<_> = (0..seats as u64).map(|seat| (50 + seat, 1 + seat as u32 % 3)).collect();
				let whole = parts.iter().map(|(_, parts)| parts).sum::<u32>() + unfilled;
				let payment = paid_to(optimizer, effective, shares(&parts, whole), most);
				let price = <WorkPallet as Work<u64>>::price(effective);
				assert_eq!(payment.effective == effective, price <= most, "all of it, where the purse covers it");
				assert!(payment.minted <= <WorkPallet as Work<u64>>::price(payment.effective));
			}
		});
	}
}
