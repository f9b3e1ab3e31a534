//! Deadlines: segments that are withheld or late, and full blocks.

use super::*;
use crate::{weights::WeightInfo, Pallet};
use doin_primitives::{evidence::EXTENDING_RISE, RoundParams};
use frame_support::{dispatch::GetDispatchInfo, traits::Hooks};

/// Blocks in which a segment can be opened.
const LENGTH: u32 = RoundParams::DEV.evidence;

#[test]
fn a_withheld_segment_voids_its_round_and_costs_a_tenth_of_the_deposit() {
	build_and_execute(|| {
		seal(ROWS, 2);
		let round = ask(ROWS, 7);
		let until = now() + LENGTH;
		to(until - 1);
		assert!(Reports::get().is_empty());
		to(until);
		assert_eq!(Reports::get(), [Report::Failed(round, UnpaidReason::EvidenceMissing)]);
		assert_eq!(events().last(), Some(&Event::Missed { round, index: 0, burned: DEPOSIT / 10 }));
		assert_eq!(Sealed::evidence(ROWS).unwrap().suspended, Some(until));
		assert_noop!(<Sealed as EvidenceSource>::ensure_open(ROWS), Error::<Test>::Suspended);
		assert_noop!(<Sealed as EvidenceSource>::request(RoundId { domain: ROWS, number: 8 }), Error::<Test>::Suspended);
		assert_eq!(held_for_segments(), price(ROWS, 2), "the hold of the segments is not touched");
	});
}

/// The bytes of a segment that was asked for may have been seen in a block that was reverted.
#[test]
fn a_late_segment_ends_the_suspension_and_is_never_measured() {
	build_and_execute(|| {
		seal(ROWS, 2);
		ask(ROWS, 7);
		to(now() + LENGTH);
		let weight = open(ROWS, 0);
		assert_eq!(weight, Some(Pallet::<Test>::open_weight(8_704)), "no round is reported to");
		assert!(matches!(events().last(), Some(Event::Opened { index: 0, round: None, .. })));
		assert_eq!(Reports::get().len(), 1, "the round stays void");
		assert_eq!(Sealed::segment(ROWS, 0), Some(segment(ROWS, 0)), "its rows are published for training");
		assert_ok!(<Sealed as EvidenceSource>::ensure_open(ROWS));
		let bytes = BoundedVec::truncate_from(segment(ROWS, 0));
		assert_noop!(Sealed::open_segment(signed(OWNER), ROWS, 0, bytes, salt(0)), Error::<Test>::NotAwaited);
		// The next round is measured on the next segment.
		let round = ask(ROWS, 9);
		open(ROWS, 1);
		assert_eq!(Reports::get().last(), Some(&Report::Stands(round, EvidenceRef::Segment(1))));
	});
}

#[test]
fn ten_missed_segments_burn_the_whole_deposit() {
	build_and_execute(|| {
		seal(ROWS, 12);
		for index in 0..12u16 {
			let round = ask(ROWS, index.into());
			to(now() + LENGTH);
			let burned = if index < 10 { DEPOSIT / 10 } else { 0 };
			assert_eq!(events().last(), Some(&Event::Missed { round, index, burned }));
			open(ROWS, index);
		}
	});
}

#[test]
fn a_full_block_storm_doubles_the_time_once() {
	build_and_execute(|| {
		seal(ROWS, 1);
		let round = ask(ROWS, 7);
		let until = now() + LENGTH;
		BaseFeeNow::set(100 * EXTENDING_RISE + 1);
		to(until);
		assert_eq!(events().last(), Some(&Event::Doubled { round, until: until + LENGTH }));
		assert_eq!(<Sealed as EvidenceSource>::awaited_until(round), Some(until + LENGTH));
		BaseFeeNow::set(1_000_000);
		to(until + LENGTH - 1);
		assert!(Reports::get().is_empty());
		to(until + LENGTH);
		assert_eq!(Reports::get(), [Report::Failed(round, UnpaidReason::EvidenceMissing)]);
	});
}

#[test]
fn a_rise_by_four_is_not_enough() {
	build_and_execute(|| {
		seal(ROWS, 1);
		let round = ask(ROWS, 7);
		BaseFeeNow::set(100 * EXTENDING_RISE);
		to(now() + LENGTH);
		assert_eq!(Reports::get(), [Report::Failed(round, UnpaidReason::EvidenceMissing)]);
	});
}

#[test]
fn a_segment_is_opened_in_the_doubled_time() {
	build_and_execute(|| {
		seal(ROWS, 1);
		let round = ask(ROWS, 7);
		BaseFeeNow::set(1_000);
		to(now() + LENGTH + 3);
		open(ROWS, 0);
		assert_eq!(Reports::get(), [Report::Stands(round, EvidenceRef::Segment(0))]);
		to(now() + 2 * LENGTH);
		assert_eq!(Reports::get().len(), 1);
	});
}

#[test]
fn domains_have_deadlines_of_their_own() {
	build_and_execute(|| {
		seal(ROWS, 1);
		seal(SERIES, 1);
		let rows = ask(ROWS, 7);
		to(now() + 3);
		let series = ask(SERIES, 7);
		to(LENGTH + 1);
		assert_eq!(Reports::get(), [Report::Failed(rows, UnpaidReason::EvidenceMissing)]);
		open(SERIES, 0);
		assert_eq!(Reports::get().last(), Some(&Report::Stands(series, EvidenceRef::Segment(0))));
		assert_noop!(<Sealed as EvidenceSource>::ensure_open(ROWS), Error::<Test>::Suspended);
	});
}

/// The most segments that a domain of rows has here.
const MOST: u16 = 83;

/// Returns a chain on which a round waits for the first of [`MOST`] segments, one block before its time ends.
fn waiting() -> sp_io::TestExternalities {
	let mut ext = new_test_ext();
	ext.execute_with(|| {
		seal(ROWS, 64);
		seal(ROWS, MOST - 64);
		ask(ROWS, 7);
		to(now() + LENGTH - 1);
	});
	ext.commit_all().expect("the block ends");
	ext
}

/// Runs `step` on the next block of a chain that [`waiting`] returns. Returns the numbers of the sealed segments whose hash it
/// reads.
fn read_hashes(step: impl FnOnce()) -> Vec<u16> {
	let (_, proof) = waiting().execute_and_prove(|| {
		System::set_block_number(System::block_number() + 1);
		step();
	});
	let nodes: Vec<_> = proof.into_iter_nodes().collect();
	let is_read = |index: &u16| {
		let hash = hash(ROWS, *index);
		nodes.iter().any(|node| node.windows(hash.len()).any(|part| part == hash))
	};
	(0..MOST).filter(is_read).collect()
}

#[test]
fn the_end_of_a_time_reads_no_segment() {
	let missed = read_hashes(|| {
		let weight = <Sealed as Hooks<u64>>::on_initialize(System::block_number());
		assert_eq!(weight, <() as WeightInfo>::on_initialize() + Pallet::<Test>::step_weight());
		assert_eq!(Reports::get().len(), 1);
	});
	assert_eq!(missed, Vec::<u16>::new(), "the work does not depend on the number of segments");
	// An opening reads the storage entry of the hash, which has 32 of them.
	let opened = read_hashes(|| {
		open(ROWS, 0);
	});
	assert_eq!(opened, (0..32).collect::<Vec<_>>());
}

#[test]
fn a_block_in_which_no_time_ends_charges_for_no_step() {
	build_and_execute(|| {
		assert_eq!(to(20), <() as WeightInfo>::on_initialize());
		let call = crate::Call::<Test>::fund { domain: ROWS, amount: 1 };
		assert_eq!(call.get_dispatch_info().call_weight, <() as WeightInfo>::fund());
	});
	let missed = <() as WeightInfo>::miss() + FAILED_WEIGHT;
	assert!(Pallet::<Test>::step_weight().all_gte(missed) && Pallet::<Test>::step_weight().all_gte(<() as WeightInfo>::double()));
}
