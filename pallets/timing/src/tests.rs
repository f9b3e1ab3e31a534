//! Genesis values, their adapters, and rejected genesis configurations.

use crate::{mock::*, EpochDuration, ExpectedBlockTime, GenesisConfig, MinimumPeriod, SlotMs, TargetSpacingBlocks};
use doin_primitives::RoundParams;
use doin_traits::Timing;
use frame_support::traits::{Get, GetCallMetadata, GetCallName};

#[test]
fn defaults_are_a_public_networks() {
	execute_on(Default::default(), || {
		assert_eq!(<SlotMs<Test> as Get<u64>>::get(), 6_000);
		assert_eq!(<MinimumPeriod<Test> as Get<u64>>::get(), 3_000);
		assert_eq!(<ExpectedBlockTime<Test> as Get<u64>>::get(), 6_000);
		assert_eq!(<EpochDuration<Test> as Get<u64>>::get(), 1_200);
		assert_eq!(<TargetSpacingBlocks<Test> as Get<u32>>::get(), 100);
		assert_eq!(TimingPallet::rounds(), RoundParams::PUBLIC);
	});
}

#[test]
fn the_same_code_runs_a_development_chain() {
	execute_on(dev(), || {
		assert_eq!(<MinimumPeriod<Test> as Get<u64>>::get(), 1_000);
		assert_eq!(<ExpectedBlockTime<Test> as Get<u64>>::get(), 2_000);
		assert_eq!(<EpochDuration<Test> as Get<u64>>::get(), 30);
		assert_eq!(<TargetSpacingBlocks<Test> as Get<u32>>::get(), 15);
		assert_eq!(TimingPallet::rounds(), RoundParams::DEV);
		assert_eq!(TimingPallet::round_params(), RoundParams::DEV);
		assert_eq!((TimingPallet::slot_duration_ms(), TimingPallet::epoch_length()), (2_000, 30));
		assert_eq!(TimingPallet::target_spacing_blocks(), 15);
	});
}

#[docify::export]
#[test]
fn wall_time_becomes_blocks_and_never_none() {
	execute_on(Default::default(), || {
		assert_eq!(TimingPallet::blocks(7 * 24 * 3_600_000), 100_800);
		assert_eq!(TimingPallet::blocks(6_000), 1);
		assert_eq!(TimingPallet::blocks(17_999), 2, "rounded down");
		assert_eq!(TimingPallet::blocks(1), 1, "a duration is at least one block");
		assert_eq!(TimingPallet::blocks(0), 1);
		assert_eq!(TimingPallet::blocks(u64::MAX), u32::MAX);
	});
}

#[test]
fn nothing_can_change_the_values_of_a_running_chain() {
	assert!(crate::Call::<Test>::get_call_names().is_empty());
	// Only calls of System that write raw storage, which need the root origin, can reach the storage of this pallet.
	assert_eq!(RuntimeCall::get_module_names(), ["System"]);
}

#[test]
#[should_panic(expected = "slot_duration_ms must be even")]
fn an_odd_slot_is_refused() {
	execute_on(GenesisConfig { slot_duration_ms: 6_001, ..Default::default() }, || ());
}

#[test]
#[should_panic(expected = "slot_duration_ms must be 1 000 to 60 000")]
fn a_slot_too_short_for_a_network_is_refused() {
	execute_on(GenesisConfig { slot_duration_ms: 998, ..dev() }, || ());
}

#[test]
#[should_panic(expected = "slot_duration_ms must be 1 000 to 60 000")]
fn a_slot_longer_than_a_minute_is_refused() {
	execute_on(GenesisConfig { slot_duration_ms: 60_002, ..Default::default() }, || ());
}

#[test]
#[should_panic(expected = "epoch_length must be at least 10")]
fn an_epoch_of_a_few_slots_is_refused() {
	execute_on(GenesisConfig { epoch_length: 9, ..dev() }, || ());
}

#[test]
#[should_panic(expected = "must last at least 4 blocks")]
fn a_phase_that_a_session_block_could_swallow_is_refused() {
	execute_on(GenesisConfig { rounds: RoundParams { answer_reveal: 3, ..RoundParams::DEV }, ..dev() }, || ());
}

#[test]
#[should_panic(expected = "no phase of a round may last more than")]
fn a_phase_of_years_is_refused() {
	execute_on(GenesisConfig { rounds: RoundParams { settle_timeout: u32::MAX, ..RoundParams::DEV }, ..dev() }, || ());
}

#[test]
#[should_panic(expected = "draw_outputs must be 1")]
fn a_draw_without_entropy_is_refused() {
	execute_on(GenesisConfig { rounds: RoundParams { draw_outputs: 0, ..RoundParams::DEV }, ..dev() }, || ());
}

#[test]
#[should_panic(expected = "target_spacing_ms must be at least 4 slots")]
fn work_blocks_closer_than_blocks_are_refused() {
	execute_on(GenesisConfig { target_spacing_ms: 7_999, ..dev() }, || ());
}
