//! Seals, payments, difficulty and the pot of the validators.

mod payments;

use crate::{
	mock::*, DifficultyState, EraAccrual, Event, GenesisConfig, LastSeal, Mined, MintedBy, QueueState, Role, SettleFromPot,
	MAX_ENTRIES, PUBLIC_FLOOR,
};
use doin_primitives::{
	difficulty::{Bounds, Difficulty},
	emission::{self, Backed, CAP, HALVING},
	settlement::{Backing, PayShares, MAX_PAYEES},
	views::SealView,
	Balance, DoinLog, DOIN, ONE_Q32, Q32,
};
use doin_traits::{EraShare, Work};
use frame_support::{
	traits::{
		fungible::{Balanced, Inspect, Mutate},
		tokens::Precision,
		Imbalance, OnUnbalanced,
	},
	weights::Weight,
};
use proptest::prelude::*;

const R: Balance = 50 * DOIN;
const QUARTER: u64 = TARGET as u64 / 4;
const LONG: u64 = TARGET as u64 * 4;

fn happened(event: Event<Test>) -> bool {
	System::events().iter().any(|record| record.event == event.clone().into())
}

/// Runs `test` on a chain with a constant T, so that amounts are round.
fn execute_at_fixed_threshold(test: impl FnOnce()) {
	let fixed = GenesisConfig { threshold: T, floor: T, ceiling: T, ..Default::default() };
	sp_io::TestExternalities::new(storage(fixed)).execute_with(|| {
		test();
		WorkPallet::do_try_state().unwrap();
	});
}

/// Sets the state after `work_blocks` seals, the last one in block 0, and `mined` minted plancks.
fn fast_forward(work_blocks: u64, mined: Balance) {
	Balances::mint_into(&99, mined).unwrap();
	Mined::<Test>::put(mined);
	MintedBy::<Test>::put(Backed::by(Backing::Quorum, mined));
	LastSeal::<Test>::put(SealView {
		work_block: work_blocks,
		block: 0,
		taken: T,
		minted: 0,
		optimizers: 0,
		evaluators: 0,
		validators: 0,
	});
}

#[test]
fn every_header_carries_the_number_of_work_blocks() {
	execute(|| {
		for number in 1..QUARTER {
			assert_eq!(block(number).1, DoinLog::V1 { work_index: 0, seal: None });
		}
		enqueue(T, 1, &[2, 3, 4]);
		assert_eq!(block(QUARTER).1, DoinLog::V1 { work_index: 1, seal: Some((T, T)) });
		assert_eq!(block(QUARTER + 1).1, DoinLog::V1 { work_index: 1, seal: None });
	});
}

#[test]
fn a_full_seal_pays_65_30_5_to_the_unit() {
	execute(|| {
		enqueue(T, 1, &[2, 3, 4]);
		block(QUARTER);
		assert_eq!(earned(1), R * 65 / 100);
		assert_eq!([2, 3, 4].map(earned), [R / 10; 3]);
		assert_eq!(pot(), R * 5 / 100);
		assert_eq!(EraAccrual::<Test>::get(), R * 5 / 100);
		assert_eq!(Mined::<Test>::get(), R);
		assert!(happened(Event::Sealed {
			work_block: 1,
			taken: T,
			threshold: T,
			minted: R,
			optimizers: R * 65 / 100,
			evaluators: R * 30 / 100,
			validators: R * 5 / 100,
		}));
		assert!(happened(Event::Rewarded { who: 1, amount: R * 65 / 100, role: Role::Optimizer }));
		assert!(happened(Event::Rewarded { who: 3, amount: R / 10, role: Role::Evaluator }));
		assert!(happened(Event::Rewarded { who: WorkPallet::pot(), amount: R * 5 / 100, role: Role::Validators }));
		assert!(happened(Event::ThresholdChanged { old: T, new: T * 102 / 100 }));
	});
}

#[test]
fn the_split_is_exact_up_to_the_rounding_of_each_evaluator() {
	execute(|| {
		// Thirds, sevenths and elevenths of everything.
		enqueue(T / 3, 1, &[10, 11, 12, 13, 14, 15, 16]);
		enqueue(T / 7, 2, &[10, 20, 21]);
		enqueue(T / 11, 1, &[30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40]);
		enqueue(T, 3, &[50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64]);
		block(QUARTER);
		let optimizers: Balance = (1..=3).map(earned).sum();
		let evaluators: Balance = (10..=64).map(earned).sum();
		assert_eq!((optimizers, pot()), (R * 65 / 100, R * 5 / 100));
		assert!(evaluators <= R * 30 / 100 && evaluators + 36 > R * 30 / 100, "each of 36 seats loses less than a planck");
		assert!((31..=40).all(|who| earned(who) == earned(30)), "all seats of a round earn the same");
		assert_eq!(System::events().iter().filter(|r| matches!(r.event, RuntimeEvent::Balances(_))).count(), 3 + 35 + 1);
	});
}

#[test]
fn the_remainder_of_the_split_goes_to_the_validators_and_that_of_a_seat_is_not_minted() {
	execute(|| {
		fast_forward(9, CAP - 99);
		enqueue(T, 1, &[2, 3, 4]);
		block(QUARTER);
		assert_eq!(earned(1), 64);
		assert_eq!([2, 3, 4].map(earned), [9; 3], "29 plancks for three seats");
		assert_eq!(pot(), 6);
		assert_eq!(Mined::<Test>::get(), CAP - 2);
	});
}

#[test]
fn nothing_is_minted_beyond_the_cap_and_work_blocks_go_on() {
	execute(|| {
		fast_forward(9, CAP);
		enqueue(T, 1, &[2, 3, 4]);
		let (index, seal) = sealed(block(QUARTER).1);
		assert_eq!((index, seal), (10, Some((T, T))));
		assert_eq!((earned(1), earned(2), pot()), (0, 0, 0));
		assert_eq!(LastSeal::<Test>::get().unwrap().minted, 0);
		assert_eq!(Mined::<Test>::get(), CAP);
	});
}

#[test]
fn the_reward_halves_with_work_block_210_001() {
	execute_at_fixed_threshold(|| {
		fast_forward(HALVING - 1, 0);
		enqueue(2 * T, 1, &[]);
		block(QUARTER);
		assert_eq!(earned(1), R * 65 / 100, "work block 210 000 has index 209 999");
		block(2 * QUARTER);
		assert_eq!(earned(1), R * 65 / 100 + R / 2 * 65 / 100);
		assert_eq!(WorkPallet::work_blocks(), HALVING + 1);
	});
}

#[test]
fn work_blocks_keep_a_quarter_of_the_target_apart() {
	execute(|| {
		enqueue(50 * T, 1, &[2, 3, 4]);
		let mut seals = Vec::new();
		for number in 1..=4 * QUARTER {
			if sealed(block(number).1).1.is_some() {
				seals.push(number);
			}
		}
		assert_eq!(seals, [QUARTER, 2 * QUARTER, 3 * QUARTER, 4 * QUARTER]);
	});
}

#[test]
fn a_flood_is_paid_at_the_same_price_and_raises_the_threshold_by_two_percent_a_seal() {
	execute(|| {
		// Twenty thresholds at once: each seal takes at most T.
		enqueue(20 * T, 1, &[]);
		let mut threshold = T;
		for n in 1..=5 {
			let before = earned(1);
			assert_eq!(sealed(block(n * QUARTER).1).1, Some((threshold, threshold)));
			assert_eq!(earned(1) - before, R * 65 / 100);
			threshold = threshold * 102 / 100;
			assert_eq!(DifficultyState::<Test>::get().threshold, threshold);
		}
	});
}

#[test]
fn a_drought_ends_with_an_underfull_seal_at_the_same_price() {
	execute(|| {
		block(LONG);
		assert_eq!(WorkPallet::work_blocks(), 0, "an empty queue is never sealed");
		enqueue(T / 8, 1, &[2, 3, 4]);
		assert_eq!(sealed(block(LONG + 1).1).1, Some((T / 8, T)));
		assert_eq!(earned(1), R / 8 * 65 / 100);
		assert_eq!(Mined::<Test>::get(), R / 8);

		enqueue(T / 8, 1, &[2, 3, 4]);
		for number in LONG + 2..2 * LONG + 1 {
			assert_eq!(sealed(block(number).1).1, None, "below T, a work block takes four targets");
		}
		let threshold = DifficultyState::<Test>::get().threshold;
		assert_eq!(threshold, T * 98 / 100, "an underfull seal counts as slower than it was");
		assert_eq!(sealed(block(2 * LONG + 1).1).1, Some((T / 8, threshold)));
	});
}

#[docify::export]
#[test]
fn slicing_waiting_and_flooding_gain_nothing() {
	// One bit pays four rewards, independent of its arrival.
	let whole = 4 * R * 65 / 100;
	execute_at_fixed_threshold(|| {
		enqueue(ONE_Q32, 1, &[]);
		for n in 1..=4 {
			block(n * QUARTER);
		}
		assert_eq!(earned(1), whole, "at once");
	});
	execute_at_fixed_threshold(|| {
		for n in 1..=16 {
			enqueue(ONE_Q32 / 16, 1, &[]);
			block(n * LONG);
			assert!(QueueState::<Test>::get().is_empty());
		}
		assert_eq!(WorkPallet::work_blocks(), 16);
		assert_eq!(earned(1), whole, "dripped into an empty queue");
	});
	execute_at_fixed_threshold(|| {
		(0..1_024).for_each(|_| enqueue(ONE_Q32 / 1_024, 1, &[]));
		for n in 1..=32 {
			block(n * LONG);
		}
		assert_eq!(earned(1), whole, "in slices that fill the queue");
	});
	execute_at_fixed_threshold(|| {
		// A large improvement of another optimizer does not change the pay of a small one.
		enqueue(T - T / 1_000, 2, &[]);
		enqueue(T / 1_000, 1, &[]);
		block(QUARTER);
		assert_eq!(earned(1), R * 65 / 100 - R * 65 / 100 * u128::from(T - T / 1_000) / u128::from(T));
	});
}

#[test]
fn the_rest_of_a_split_entry_keeps_its_place() {
	execute_at_fixed_threshold(|| {
		enqueue(T / 2 * 3, 1, &[4, 5, 6]);
		enqueue(T, 2, &[7, 8, 9]);
		block(QUARTER);
		assert_eq!((earned(1), earned(2)), (R * 65 / 100, 0));
		assert_eq!(WorkPallet::view().queue[0].effective, T / 2);
		assert_eq!(WorkPallet::view().queue[0].optimizer, 1);
		block(2 * QUARTER);
		assert_eq!((earned(1), earned(2)), (R * 65 / 100 * 3 / 2, R * 65 / 200));
		assert_eq!((earned(4), earned(7)), (R * 15 / 100, R / 20));
		assert_eq!(QueueState::<Test>::get().effective, T / 2);
	});
}

#[test]
fn a_seal_takes_from_at_most_32_entries() {
	execute(|| {
		(0..100).for_each(|_| enqueue(T / 50, 1, &[]));
		let (weight, log) = block(QUARTER);
		assert_eq!(sealed(log).1, Some((T / 50 * 32, T)));
		assert_eq!(QueueState::<Test>::get().len(), 68);
		assert_eq!(Mined::<Test>::get(), LastSeal::<Test>::get().unwrap().minted);
		let one = emission::minted(R, T / 50 * 32, T, 0);
		assert_eq!(earned(1), one * 65 / 100);
		assert_eq!(weight, hook_weight(32, 2));
	});
}

#[test]
fn a_full_queue_has_no_free_place_and_is_not_sealed_below_the_threshold() {
	execute(|| {
		(0..1_024).for_each(|_| enqueue(T / 2_048, 1, &[]));
		assert_eq!(WorkPallet::free_places(), 0);
		for number in 1..LONG {
			assert_eq!(sealed(block(number).1).1, None);
		}
		assert_eq!(sealed(block(LONG).1).1, Some((T / 2_048 * 32, T)));
		assert_eq!(WorkPallet::free_places(), 32);
	});
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "must have a free place"))]
fn an_improvement_without_a_free_place_is_dropped() {
	new_test_ext().execute_with(|| {
		(0..1_024).for_each(|_| enqueue(7, 1, &[]));
		without_log(|| enqueue(7, 1, &[]));
		assert_eq!(QueueState::<Test>::get().len(), 1_024);
		WorkPallet::do_try_state().unwrap();
	});
}

#[test]
fn an_improvement_worth_nothing_takes_no_place() {
	execute(|| {
		enqueue(0, 1, &[2]);
		assert_eq!(WorkPallet::free_places(), 1_024);
		System::set_block_number(1);
		enqueue(5, 1, &[2]);
		assert!(happened(Event::Enqueued { round: entry(5, 1, &[]).round, effective: 5, optimizer: 1 }));
		assert_eq!(WorkPallet::free_places(), 1_023);
	});
}

#[test]
fn the_part_of_missing_evaluators_is_not_minted() {
	execute(|| {
		// Half of it was verified by a quorum, the other half by the chain itself.
		enqueue(T / 2, 1, &[2, 3, 4]);
		enqueue(T / 2, 5, &[]);
		block(QUARTER);
		assert_eq!((earned(1), earned(5)), (R * 65 / 200, R * 65 / 200));
		assert_eq!([2, 3, 4].map(earned), [R / 20; 3]);
		assert_eq!(pot(), R * 5 / 100);
		assert_eq!(Mined::<Test>::get(), R * 85 / 100);
		assert_eq!(LastSeal::<Test>::get().unwrap().evaluators, R * 15 / 100);
	});
}

#[test]
fn n4_a_seat_earns_the_same_whoever_else_answers() {
	let earns = |others: &[(u64, u32)]| {
		let mut of_seat = 0;
		execute_at_fixed_threshold(|| {
			let parts: Vec<_> = [&[(2, 64)], others].concat();
			enqueue_shared(T, 1, shares(&parts, 3 * 64), Backing::Quorum);
			block(QUARTER);
			of_seat = earned(2);
			let seal = LastSeal::<Test>::get().unwrap();
			assert_eq!(seal.evaluators, parts.iter().map(|(who, _)| earned(*who)).sum::<Balance>());
		});
		of_seat
	};
	let present = earns(&[(3, 64), (4, 64)]);
	assert_eq!(present, R / 10);
	assert_eq!(earns(&[]), present, "the pay of absent members is not minted");
	let helpers: Vec<_> = (10..22).map(|who| (who, if who == 21 { 18 } else { 10 })).collect();
	assert_eq!(earns(&helpers), present, "twelve helpers share what the absent members would have earned");
}

#[test]
fn n4_helpers_share_in_proportion_to_their_chunks() {
	execute(|| {
		// Two seats of 64 chunks are shared by three helpers.
		enqueue_shared(T, 1, shares(&[(2, 64), (10, 64), (11, 48), (12, 16)], 3 * 64), Backing::Runtime);
		block(QUARTER);
		assert_eq!([2, 10, 11, 12].map(earned), [R / 10, R / 10, R * 3 / 40, R / 40]);
	});
}

#[test]
fn shares_above_the_whole_never_mint_more_than_the_part_of_the_evaluators() {
	new_test_ext().execute_with(|| {
		enqueue_shared(T, 1, shares(&[(2, 3), (3, 3), (4, 3)], 4), Backing::Quorum);
		assert!(WorkPallet::do_try_state().is_err(), "such an entry is inconsistent");
		System::set_block_number(QUARTER);
		<WorkPallet as frame_support::traits::Hooks<u64>>::on_initialize(QUARTER);
		assert_eq!([2, 3, 4].map(earned), [R * 30 / 100 * 3 / 4, R * 30 / 100 / 4, 0]);
		assert_eq!(Mined::<Test>::get(), R);
		WorkPallet::do_try_state().unwrap();
	});
}

#[test]
fn every_minted_planck_is_counted_by_its_backing() {
	execute(|| {
		enqueue(T / 2, 1, &[2, 3, 4]);
		enqueue_shared(T / 2, 1, shares(&[(3, 1), (5, 1)], 2), Backing::Runtime);
		block(QUARTER);
		// Optimizer 1 and evaluator 3 are paid once for both, the validators too.
		assert_eq!(earned(1), R * 65 / 100);
		assert_eq!(MintedBy::<Test>::get(), Backed { quorum: R / 2, runtime: R / 2 });
		let view = WorkPallet::view();
		assert_eq!((view.backed_by_quorum, view.backed_by_runtime, view.backed_share), (R / 2, R / 2, 1_000_000));
		assert_eq!(view.mined, view.backed_by_quorum + view.backed_by_runtime);
		// The view shows a share below the whole, and `try_state` fails, if anything else was minted.
		Mined::<Test>::mutate(|mined| *mined += R);
		assert_eq!(WorkPallet::view().backed_share, 500_000);
		assert!(WorkPallet::do_try_state().is_err());
		Mined::<Test>::mutate(|mined| *mined -= R);
	});
}

#[test]
fn what_cannot_be_paid_is_backed_by_nothing() {
	execute(|| {
		// Accounts 200 and 201 do not exist, and the amounts are below the existential deposit.
		enqueue_shared(T / 1_000_000, 200, shares(&[(201, 1)], 1), Backing::Runtime);
		enqueue(T / 1_000_000, 1, &[2]);
		block(LONG);
		let minted_by = MintedBy::<Test>::get();
		let (optimizer, evaluator) = (earned(1), earned(2));
		assert!(minted_by.runtime < minted_by.quorum, "only the validators' share of the first entry was minted");
		assert_eq!(minted_by.runtime + minted_by.quorum, optimizer + evaluator + pot());
	});
}

#[test]
fn the_seal_the_event_and_the_amounts_agree() {
	execute(|| {
		enqueue_shared(T, 1, shares(&[(2, 64), (10, 7), (11, 5)], 3 * 64), Backing::Quorum);
		block(QUARTER);
		let SealView { work_block, taken, minted, optimizers, evaluators, validators, .. } = LastSeal::<Test>::get().unwrap();
		let sealed = Event::Sealed { work_block, taken, threshold: T, minted, optimizers, evaluators, validators };
		assert!(happened(sealed));
		assert_eq!((optimizers, evaluators, validators), (earned(1), [2, 10, 11].map(earned).iter().sum(), pot()));
		assert_eq!((minted, Mined::<Test>::get()), (optimizers + evaluators + validators, minted));
		assert!(evaluators < R * 30 / 100 * 2 / 3, "unfilled parts are not minted");
	});
}

#[test]
fn public_fault_a_reward_with_zero_entries() {
	execute(|| {
		// A seal of an empty queue, and a division without shares, or without a whole, mint no reward of evaluators.
		let sealing = WorkPallet::seal(1, QueueState::<Test>::get(), T);
		assert_eq!((sealing.taken, Mined::<Test>::get()), (0, 0));
		assert_eq!(LastSeal::<Test>::get().unwrap().minted, 0);
		enqueue_shared(T, 1, PayShares::default(), Backing::Runtime);
		enqueue_shared(T, 1, shares(&[], 3), Backing::Quorum);
		block(QUARTER + 1);
		block(2 * QUARTER + 1);
		block(LONG + 2 * QUARTER + 1);
		assert_eq!(LastSeal::<Test>::get().unwrap().evaluators, 0);
		assert!(QueueState::<Test>::get().is_empty());
		let (mined, work_blocks) = (Mined::<Test>::get(), WorkPallet::work_blocks());
		block(10 * LONG);
		assert_eq!((Mined::<Test>::get(), WorkPallet::work_blocks()), (mined, work_blocks), "an empty queue is not sealed");
	});
}

#[test]
fn public_fault_a_lag_that_is_no_multiple_of_a_period_ends_no_rewards() {
	// The hook runs only every `step` blocks, at blocks that are no multiples of the spacing, e.g. after an outage.
	for step in [1, 7, QUARTER - 1, QUARTER + 1, 2 * QUARTER + 3, LONG - 1, LONG + 1, 3 * LONG + 7] {
		execute_at_fixed_threshold(|| {
			(0..20).for_each(|_| enqueue(T, 1, &[2]));
			let mut now = 3;
			for _ in 0..20 * QUARTER.div_ceil(step) {
				now += step;
				block(now);
			}
			assert_eq!(WorkPallet::work_blocks(), 20, "steps of {step} blocks");
			assert_eq!(earned(1), 20 * R * 65 / 100);
		});
	}
}

#[test]
fn public_fault_a_late_seal_retargets_once() {
	execute(|| {
		enqueue(3 * T, 1, &[]);
		let late = 9 * LONG + 13;
		block(late);
		let expected =
			Difficulty::new(T, TARGET).sealed(late as u32, T, TARGET, Bounds { floor: 1 << 16, ceiling: ONE_Q32 * 64 });
		assert_eq!(DifficultyState::<Test>::get(), expected);
		assert_eq!(expected.threshold, T * 98 / 100, "one step, however late the seal is");
		block(late + QUARTER);
		assert_eq!(WorkPallet::work_blocks(), 2);
	});
}

#[test]
fn a_part_too_small_to_open_an_account_is_not_minted() {
	execute(|| {
		enqueue(T / 1_000_000, 200, &[201]);
		enqueue(T / 1_000_000, 1, &[201]);
		block(LONG);
		let seal = LastSeal::<Test>::get().unwrap();
		assert_eq!(Balances::balance(&200), 0);
		assert_eq!(Balances::balance(&201), 0);
		assert_eq!(seal.optimizers, earned(1));
		assert_eq!(seal.evaluators, 0);
		assert_eq!(seal.minted, earned(1) + pot());
		let whole = emission::split(emission::minted(R, T / 1_000_000 * 2, T, 0));
		assert!(happened(Event::RewardForfeited { who: 201, amount: whole.evaluators, role: Role::Evaluator }));
		assert!(happened(Event::RewardForfeited { who: 200, amount: whole.optimizers - earned(1), role: Role::Optimizer }));
	});
}

#[test]
fn an_account_with_two_roles_is_paid_for_each() {
	execute(|| {
		enqueue(T / 2, 1, &[2, 3, 4]);
		enqueue(T / 2, 2, &[1, 3, 4]);
		block(QUARTER);
		assert_eq!((earned(1), earned(2)), (R * 65 / 200 + R / 20, R * 65 / 200 + R / 20));
		assert_eq!((earned(3), earned(4)), (R / 10, R / 10));
		assert!(happened(Event::Rewarded { who: 3, amount: R / 10, role: Role::Evaluator }), "two rounds, one payment");
	});
}

#[test]
fn the_threshold_follows_the_one_controller() {
	execute(|| {
		let bounds = Bounds { floor: 1 << 16, ceiling: ONE_Q32 * 64 };
		let mut expected = Difficulty::new(T, TARGET);
		let mut now = 0;
		for spacing in [QUARTER, QUARTER, TARGET.into(), 3 * QUARTER, 333, LONG, LONG, QUARTER] {
			now += spacing;
			let held = expected.threshold;
			enqueue(held, 1, &[]);
			assert_eq!(sealed(block(now).1).1, Some((held, held)));
			expected = expected.sealed(spacing as u32, held, TARGET, bounds);
			assert_eq!(DifficultyState::<Test>::get(), expected);
		}
	});
}

#[test]
fn a_hundred_seals_move_the_threshold_by_four_at_most() {
	execute(|| {
		for n in 1..=100 {
			enqueue(4 * T, 1, &[]);
			block(n * QUARTER);
			assert!(DifficultyState::<Test>::get().threshold <= 4 * T);
		}
		let difficulty = DifficultyState::<Test>::get();
		assert_eq!((difficulty.threshold, difficulty.anchor, difficulty.seals), (4 * T, 4 * T, 0));
		block(101 * QUARTER);
		assert_eq!(DifficultyState::<Test>::get().threshold, 4 * T * 102 / 100);
	});
}

#[test]
fn every_third_work_block_is_an_anchor_with_the_hash_of_the_parent() {
	execute(|| {
		let anchors = || {
			System::events().into_iter().filter_map(|record| match record.event {
				RuntimeEvent::WorkPallet(Event::Anchored { work_block, block, parent }) => Some((work_block, block, parent)),
				_ => None,
			})
		};
		let mut found = Vec::new();
		for seal in 1..=2 * ANCHORS {
			enqueue(DifficultyState::<Test>::get().threshold, 1, &[]);
			let now = seal * QUARTER;
			block(now);
			let of_block: Vec<_> = anchors().collect();
			assert_eq!(WorkPallet::work_blocks(), seal);
			assert_eq!(of_block.len(), usize::from(seal % ANCHORS == 0), "work block {seal}");
			assert!(of_block.iter().all(|(_, _, parent)| *parent == parent_of(now)));
			found.extend(of_block.into_iter().map(|(work_block, block, _)| (work_block, block)));
			// A block without a seal is no anchor, whatever the number of work blocks is.
			block(now + 1);
			assert_eq!(anchors().count(), 0);
		}
		assert_eq!(found, [(3, 3 * QUARTER as u32), (6, 6 * QUARTER as u32)]);
	});
}

#[test]
fn a_hook_weighs_what_it_does() {
	execute(|| {
		assert_eq!(block(1).0, hook_weight(0, 0));
		enqueue(T / 2, 1, &[2, 3, 4]);
		enqueue(T, 1, &[3, 4, 5]);
		assert_eq!(block(2).0, hook_weight(0, 0));
		assert_eq!(block(QUARTER).0, hook_weight(2, 1 + 4 + 1));
	});
	execute_at_fixed_threshold(|| {
		// The most expensive seal: the largest number of entries and payees.
		for n in 0..MAX_ENTRIES {
			let evaluators: Vec<_> = (0..MAX_PAYEES).map(|seat| (1_000 + u64::from(n * MAX_PAYEES + seat), 1)).collect();
			enqueue_shared(T / u64::from(MAX_ENTRIES), 1 + u64::from(n), shares(&evaluators, MAX_PAYEES), Backing::Quorum);
		}
		assert_eq!(block(QUARTER).0, hook_weight(MAX_ENTRIES, MAX_ENTRIES * (MAX_PAYEES + 1) + 1));
	});
}

fn hook_weight(entries: u32, payees: u32) -> Weight {
	use crate::WeightInfo;
	let base = <() as WeightInfo>::on_initialize();
	if entries == 0 {
		base
	} else {
		base + <() as WeightInfo>::seal(entries) + <() as WeightInfo>::pay(payees)
	}
}

#[test]
fn an_era_takes_what_accrued_and_the_pot_settles_what_staking_pays() {
	execute(|| {
		enqueue(2 * T, 1, &[]);
		block(QUARTER);
		block(2 * QUARTER);
		let share = <WorkPallet as EraShare>::take();
		assert_eq!(share, pot());
		assert_eq!((EraAccrual::<Test>::get(), <WorkPallet as EraShare>::take()), (0, 0));

		// Staking deposits rounded parts into accounts and passes the debt to its handler.
		let issuance = Balances::total_issuance();
		let (one, two) = (share / 3, share / 2);
		let debt = <Balances as Balanced<u64>>::deposit(&80, one, Precision::Exact).unwrap();
		let debt = debt.merge(<Balances as Balanced<u64>>::deposit(&81, two, Precision::Exact).unwrap());
		SettleFromPot::<Test>::on_unbalanced(debt);
		assert_eq!(Balances::total_issuance(), issuance, "the amount was minted with the seal");
		assert_eq!((earned(80), earned(81), pot()), (one, two, share - one - two));
		WorkPallet::do_try_state().unwrap();
	});
}

#[test]
fn the_pot_survives_paying_everything_out() {
	execute(|| {
		assert_eq!(Balances::balance(&WorkPallet::pot()), ED, "endowed at genesis");
		enqueue(T, 1, &[]);
		block(QUARTER);
		let share = <WorkPallet as EraShare>::take();
		SettleFromPot::<Test>::on_unbalanced(<Balances as Balanced<u64>>::deposit(&80, share, Precision::Exact).unwrap());
		assert_eq!((earned(80), Balances::balance(&WorkPallet::pot())), (share, ED));
	});
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "must settle"))]
fn a_debt_beyond_the_pot_leaves_the_pot_alone() {
	new_test_ext().execute_with(|| {
		let issuance = Balances::total_issuance();
		let debt = <Balances as Balanced<u64>>::deposit(&80, DOIN, Precision::Exact).unwrap();
		without_log(|| SettleFromPot::<Test>::on_unbalanced(debt));
		assert_eq!(Balances::balance(&WorkPallet::pot()), ED);
		assert_eq!(Balances::total_issuance(), issuance + DOIN);
	});
}

#[test]
fn the_view_shows_the_queue_from_its_head_and_the_last_seal() {
	execute(|| {
		(1..=40).for_each(|who| enqueue(T / 20, who, &[50, 51]));
		let view = WorkPallet::view();
		assert_eq!((view.work_blocks, view.threshold, view.queued, view.reward), (0, T, T / 20 * 40, R));
		assert_eq!((view.mined, view.era_accrual, view.queue.len(), view.last_seal), (0, 0, 32, None));
		assert_eq!((view.backed_by_quorum, view.backed_by_runtime, view.backed_share), (0, 0, 1_000_000));
		assert_eq!(view.queue[0].backing, Backing::Quorum);
		assert_eq!((view.queue[0].optimizer, view.queue[31].optimizer), (1, 32));
		assert_eq!(view.queue[0].evaluators, [50, 51]);

		block(QUARTER);
		let view = WorkPallet::view();
		let seal = view.last_seal.unwrap();
		assert_eq!((view.work_blocks, seal.work_block, seal.block, seal.taken), (1, 1, QUARTER as u32, T));
		assert_eq!((view.mined, view.era_accrual), (seal.minted, seal.validators));
		assert_eq!((seal.minted, view.queue.len()), (R, 20));
	});
}

#[test]
fn public_fault_a_threshold_without_validation() {
	let refused = |config: GenesisConfig<Test>| std::panic::catch_unwind(|| drop(storage(config))).is_err();
	assert!(!refused(genesis()));
	for floor in [0, 99] {
		assert!(refused(GenesisConfig { floor, ..genesis() }), "floor {floor}");
	}
	for threshold in [0, (1 << 16) - 1, ONE_Q32 * 64 + 1, u64::MAX] {
		assert!(refused(GenesisConfig { threshold, ..genesis() }), "threshold {threshold}");
	}
	for ceiling in [0, T - 1, (ONE_Q32 << 20) + 1] {
		assert!(refused(GenesisConfig { ceiling, ..genesis() }), "ceiling {ceiling}");
	}
}

/// The smallest bond does not follow T, so a public network has a higher floor.
#[test]
fn n16_a_public_network_refuses_a_floor_where_a_lie_earns_more_than_its_bonds() {
	let refused = |floor| std::panic::catch_unwind(|| drop(storage(GenesisConfig { floor, ..genesis() }))).is_err();
	assert!(!refused(PUBLIC_FLOOR - 1), "a development chain has any floor");
	LowestFloor::set(PUBLIC_FLOOR);
	assert!(refused(PUBLIC_FLOOR - 1));
	assert!(!refused(PUBLIC_FLOOR));
	LowestFloor::set(0);
	assert!(GenesisConfig::<Test>::default().floor >= PUBLIC_FLOOR);
}

#[test]
#[should_panic(expected = "threshold must be between floor and ceiling")]
fn a_genesis_outside_its_own_bounds_is_refused() {
	storage(GenesisConfig { threshold: T, floor: T + 1, ..genesis() });
}

#[test]
#[should_panic(expected = "floor must be at least 100")]
fn a_genesis_whose_threshold_could_never_rise_is_refused() {
	storage(GenesisConfig { floor: 99, ..genesis() });
}

#[test]
#[should_panic(expected = "ceiling must be at most")]
fn a_genesis_without_a_ceiling_is_refused() {
	storage(GenesisConfig { ceiling: u64::MAX, ..genesis() });
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn any_improvement_is_paid_its_price_and_amounts_are_conserved(
		steps in prop::collection::vec(
			(1u64..120, prop::collection::vec((1u64..ONE_Q32, 1u64..50, 0usize..15, 0u32..20, any::<bool>()), 0..6)), 1..30,
		),
	) {
		execute(|| {
			let mut now = 0;
			let (mut arrived, mut left) = (0 as Q32, 0 as Q32);
			for (pause, improvements) in steps {
				for (effective, optimizer, seats, unfilled, quorum) in improvements {
					let parts: Vec<_> = (0..seats as u64).map(|seat| (50 + seat, 1 + seat as u32 % 3)).collect();
					let whole = parts.iter().map(|(_, parts)| parts).sum::<u32>() + unfilled;
					let backing = if quorum { Backing::Quorum } else { Backing::Runtime };
					enqueue_shared(effective, optimizer, shares(&parts, whole), backing);
					arrived += effective;
				}
				now += pause;
				let (mined, minted_by) = (Mined::<Test>::get(), MintedBy::<Test>::get());
				if let (_, Some((taken, threshold))) = sealed(block(now).1) {
					left += taken;
					let seal = LastSeal::<Test>::get().unwrap();
					assert!(taken <= threshold);
					assert_eq!(seal.minted, Mined::<Test>::get() - mined);
					assert_eq!(seal.minted, seal.optimizers + seal.evaluators + seal.validators);
					let whole = emission::split(emission::minted(R, taken, threshold, mined));
					assert_eq!((seal.optimizers, seal.validators), (whole.optimizers, whole.validators));
					assert!(seal.evaluators <= whole.evaluators);
					let added = MintedBy::<Test>::get();
					assert!(added.quorum >= minted_by.quorum && added.runtime >= minted_by.runtime);
					assert_eq!(added.total() - minted_by.total(), seal.minted, "what a seal mints is backed");
				}
				assert_eq!(QueueState::<Test>::get().effective, arrived - left);
			}
			let paid: Balance = (1..100).map(earned).sum::<Balance>() + pot();
			assert_eq!(paid, Mined::<Test>::get());
			assert_eq!(WorkPallet::view().backed_share, 1_000_000);
		});
	}
}
