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
		assert!(TimingPallet::is_public());
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
		assert!(!TimingPallet::is_public());
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
	assert_eq!(RuntimeCall::get_module_names(), ["System", "Balances"]);
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
#[should_panic(expected = "must last at least 4 blocks")]
fn a_segment_that_nobody_can_open_in_time_is_refused() {
	execute_on(GenesisConfig { rounds: RoundParams { evidence: 0, ..RoundParams::DEV }, ..dev() }, || ());
}

#[test]
fn pay_ramps_up_for_seven_days_on_a_public_network_only() {
	execute_on(Default::default(), || assert_eq!(TimingPallet::ramp(), 7 * 14_400));
	execute_on(dev(), || assert_eq!(TimingPallet::ramp(), 0));
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

/// Returns a public genesis with these rounds.
fn public(rounds: RoundParams) -> GenesisConfig<Test> {
	GenesisConfig { rounds, ..Default::default() }
}

#[test]
#[should_panic(expected = "draw_outputs of a public network must be at least 16")]
fn n17_a_public_genesis_needs_sixteen_outputs_per_draw() {
	execute_on(public(RoundParams { draw_outputs: 15, ..RoundParams::PUBLIC }), || ());
}

#[test]
#[should_panic(
	expected = "must be at least 1 200 slots, since the randomness of shorter epochs is predictable; a development chain"
)]
fn n17_a_public_genesis_needs_long_epochs() {
	execute_on(GenesisConfig { epoch_length: 1_199, ..Default::default() }, || ());
}

#[test]
fn n17_a_public_genesis_needs_ten_blocks_per_phase() {
	let with = |change: fn(&mut RoundParams)| {
		let mut rounds = RoundParams::PUBLIC;
		change(&mut rounds);
		crate::check_public(1_200, &rounds)
	};
	let short: [fn(&mut RoundParams); 7] = [
		|r| r.commit = 9,
		|r| r.reveal = 9,
		|r| r.answer = 9,
		|r| r.answer_reveal = 9,
		|r| r.challenge = 9,
		|r| r.evidence = 9,
		|r| r.settle_timeout = 9,
	];
	for change in short {
		assert!(with(change).is_err_and(|reason| reason.contains("at least 10 blocks")));
	}
	assert_eq!(with(|_| ()), Ok(()));
	assert_eq!(
		with(|r| r.challenge = 103),
		Ok(()),
		"16, 40, 20 and 103 blocks, and one to close the answers, are as long as a period"
	);
	assert!(with(|r| r.challenge = 104).is_err_and(|reason| reason.contains("rounds queue up")));
}

#[test]
#[should_panic(expected = "timing genesis: epoch_length of a public network")]
fn n17_the_lengths_of_a_development_chain_are_no_public_genesis() {
	execute_on(GenesisConfig { public: true, ..dev() }, || ());
}

#[test]
fn n17_a_public_chain_keeps_its_bounds() {
	execute_on(Default::default(), || {
		crate::Rounds::<Test>::put(RoundParams::DEV);
		assert!(TimingPallet::do_try_state().is_err(), "the state is checked against the bounds of a public network");
		crate::Rounds::<Test>::put(RoundParams::PUBLIC);
	});
}
