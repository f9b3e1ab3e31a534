//! Rounds that wait for bars of a stream.

use super::*;
use crate::{weights::WeightInfo, Due, Live, Pallet};
use doin_primitives::{
	evidence::{DAY_MS, MAX_SPAN_MS, SKIPPED_BARS},
	BlockNumber, DomainSpec, Evidence, RoundParams,
};
use doin_traits::{
	agenda::{Items, PER_BLOCK},
	Bars, Stream, Timing,
};
use frame_support::traits::Hooks;

/// Slots that pass while a round takes commits, if a fifth of them is empty.
const COMMIT_SLOTS: u32 = RoundParams::DEV.commit * 5 / 4;
/// Bars that pass while a round takes commits.
const COMMIT_BARS: u64 = COMMIT_SLOTS.div_ceil(BAR_BLOCKS) as u64;

/// Returns the stream at this block.
fn stream() -> Stream {
	World::stream(STREAM).expect("the stream exists")
}

/// Returns the number of blocks of a day.
fn day() -> BlockNumber {
	MockTiming::blocks(DAY_MS)
}

/// Returns the number of blocks from a request to the end of its bars, for a stream that keeps to its plan.
fn span() -> BlockNumber {
	(SKIPPED_BARS + BARS) as BlockNumber * BAR_BLOCKS
}

fn ensure_open() -> Result<(), sp_runtime::DispatchError> {
	<Sealed as EvidenceSource>::ensure_open(LIVE)
}

fn request(number: u32) -> Result<(), sp_runtime::DispatchError> {
	<Sealed as EvidenceSource>::request(RoundId { domain: LIVE, number })
}

/// Returns the first bars of the rounds that wait, in the order of the rounds.
fn waiting() -> Vec<u64> {
	Live::<Test>::get(LIVE).waiting.iter().map(|waiting| waiting.first).collect()
}

/// Asserts that no round waits and that the agenda is empty.
fn assert_nothing_waits() {
	assert!(waiting().is_empty());
	assert_eq!(Due::<Test>::iter().count(), 0);
}

#[docify::export]
#[test]
fn the_bars_of_a_round_come_into_being() {
	build_and_execute(|| {
		assert_ok!(<Sealed as EvidenceSource>::ensure_open(LIVE));
		// The commits of a round have ended while bar 60 is running. Bars 60 and 61 are skipped.
		let round = ask(LIVE, 7);
		let due = now() + (2 + 145) * BAR_BLOCKS;
		assert_eq!(events(), [Event::BarsAwaited { round, first: 62, bars: 145, due }]);

		// The last bar, with number 206, is complete when bar 207 is running.
		to(due - 1);
		assert_eq!((stream().running, Reports::get()), (207, vec![]));
		to(due);
		assert_eq!(Reports::get(), [Report::Stands(round, EvidenceRef::Bars { first: 62 })]);
		assert_eq!(events().last(), Some(&Event::BarsComplete { round, first: 62, bars: 145 }));
	});
}

#[test]
fn a_round_is_reported_once_and_leaves_nothing_behind() {
	build_and_execute(|| {
		let round = ask(LIVE, 7);
		let until = now() + span() + day();
		assert_eq!(<Sealed as EvidenceSource>::awaited_until(round), Some(until));
		assert_eq!(<Sealed as EvidenceSource>::awaited_until(RoundId { number: 8, ..round }), None);
		to(until + 1);
		assert_eq!(Reports::get().len(), 1);
		assert_eq!(<Sealed as EvidenceSource>::awaited_until(round), None);
		assert_eq!(Live::<Test>::get(LIVE).next, 62 + BARS);
		assert_nothing_waits();
	});
}

/// Reporters know the bars before the running one, even where the chain has none of them yet.
#[test]
fn bars_that_reporters_know_already_are_not_given_to_a_round() {
	build_and_execute(|| {
		change_stream(|stream| stream.next = 20);
		Lag::set(Some(40));
		let round = ask(LIVE, 7);
		assert_eq!(waiting(), [stream().running + SKIPPED_BARS]);
		// The chain learns the last bar forty bars late.
		let complete = now() + span() + 40 * BAR_BLOCKS;
		to(complete - 1);
		assert_eq!(Reports::get(), []);
		to(complete);
		assert_eq!(Reports::get(), [Report::Stands(round, EvidenceRef::Bars { first: 62 })]);
	});
}

#[test]
fn no_bar_is_given_to_two_rounds() {
	build_and_execute(|| {
		ask(LIVE, 1);
		change_stream(|stream| stream.capacity = 1_000);
		// The second request comes before the bars of the first round have passed, and the third after those of the second.
		to(100);
		ask(LIVE, 2);
		assert_eq!(waiting(), [62, 62 + BARS]);
		to_unserved(2 * span());
		assert!(stream().running + SKIPPED_BARS > 62 + 2 * BARS);
		ask(LIVE, 3);
		assert_eq!(waiting(), [62, 62 + BARS, stream().running + SKIPPED_BARS], "no item of the agenda was served");
		to(now() + span());
		let firsts: Vec<EvidenceRef> =
			[62, 62 + BARS, 60 + span() as u64 + SKIPPED_BARS].map(|first| EvidenceRef::Bars { first }).into();
		let stood: Vec<EvidenceRef> = Reports::get()
			.into_iter()
			.map(|report| match report {
				Report::Stands(_, evidence) => evidence,
				Report::Failed(..) => panic!("every bar is complete and kept"),
			})
			.collect();
		assert_eq!(stood, firsts);
		assert_nothing_waits();
	});
}

#[test]
fn a_round_opens_when_the_bars_of_the_earlier_one_have_passed() {
	build_and_execute(|| {
		ask(LIVE, 1);
		assert_noop!(ensure_open(), Error::<Test>::BarsInUse);
		change_stream(|stream| stream.running = 62 + BARS - SKIPPED_BARS - 1);
		assert_noop!(ensure_open(), Error::<Test>::BarsInUse);
		change_stream(|stream| stream.running += 1);
		assert_ok!(ensure_open());
	});
}

/// A loser could otherwise let the stream sleep.
#[test]
fn a_round_opens_only_if_its_bars_are_paid_when_its_commits_end_late() {
	build_and_execute(|| {
		for bar_blocks in [1, 2, 5, 12, 13, 100] {
			let commits = u64::from(COMMIT_SLOTS.div_ceil(bar_blocks));
			let end = 60 + SKIPPED_BARS + commits + BARS;
			change_stream(|stream| (stream.bar_ms, stream.paid_until) = (u64::from(bar_blocks) * BLOCK_MS, end - 1));
			assert_noop!(ensure_open(), Error::<Test>::StreamUnpaid);
			assert!(!<Sealed as EvidenceSource>::is_ready(LIVE, 0));
			change_stream(|stream| stream.paid_until = end);
			assert_ok!(ensure_open());
			assert!(<Sealed as EvidenceSource>::is_ready(LIVE, Balance::MAX), "live evidence needs no purse");
		}
	});
}

#[test]
fn the_pot_is_checked_again_when_commits_end() {
	build_and_execute(|| {
		let end = 60 + SKIPPED_BARS + COMMIT_BARS + BARS;
		change_stream(|stream| stream.paid_until = end);
		assert_ok!(ensure_open());
		// The commits took longer than they can, so that the last bar is not paid.
		change_stream(|stream| stream.running += COMMIT_BARS + 1);
		assert_noop!(request(1), Error::<Test>::StreamUnpaid);
		assert!(!Live::<Test>::contains_key(LIVE));
		change_stream(|stream| stream.running -= 1);
		assert_ok!(request(1));
		change(LIVE, |state| state.open_rounds = 1);
		// Nor are the bars after those of another round.
		assert_noop!(request(2), Error::<Test>::StreamUnpaid);
	});
}

#[test]
fn a_stream_that_stops_voids_the_round_after_a_day() {
	build_and_execute(|| {
		let round = ask(LIVE, 7);
		let until = now() + span() + day();
		to(50);
		Lag::set(None);
		to(until - 1);
		assert_eq!(Reports::get(), []);
		to(until);
		assert_eq!(Reports::get(), [Report::Failed(round, UnpaidReason::TooFewBars)]);
		assert_eq!(events().last(), Some(&Event::BarsMissing { round, first: 62 }));
		assert_nothing_waits();
		// The next round is given later bars.
		assert_ok!(ensure_open());
		ask(LIVE, 8);
		assert_eq!(waiting(), [stream().running + SKIPPED_BARS]);
	});
}

#[test]
fn bars_that_are_complete_in_the_last_block_stand() {
	build_and_execute(|| {
		let round = ask(LIVE, 7);
		let until = now() + span() + day();
		Lag::set(None);
		to(until - 1);
		change_stream(|stream| stream.next = 62 + BARS);
		to(until);
		assert_eq!(Reports::get(), [Report::Stands(round, EvidenceRef::Bars { first: 62 })]);
	});
}

#[test]
fn one_bar_less_is_not_enough() {
	build_and_execute(|| {
		let round = ask(LIVE, 7);
		let until = now() + span() + day();
		Lag::set(None);
		to(until - 1);
		change_stream(|stream| stream.next = 62 + BARS - 1);
		to(until);
		assert_eq!(Reports::get(), [Report::Failed(round, UnpaidReason::TooFewBars)]);
	});
}

/// The pallet learns that a stream is slow from its clock.
#[test]
fn a_stream_that_is_slower_than_planned_is_read_again() {
	build_and_execute(|| {
		let round = ask(LIVE, 7);
		to(100);
		// No bar comes into being for thirty blocks.
		Pace::set(0);
		to(130);
		Pace::set(1);
		to(span() + 30);
		assert_eq!(Reports::get(), []);
		to(span() + 30 + BAR_BLOCKS);
		assert_eq!(Reports::get(), [Report::Stands(round, EvidenceRef::Bars { first: 62 })]);
	});
}

/// Empty slots let the blocks be late, so that twice as many bars come into being in a block. A stream that keeps 260 bars would
/// have removed the history at the planned end.
#[test]
fn bars_are_found_before_they_are_removed_if_half_of_the_slots_are_empty() {
	build_and_execute(|| {
		let round = ask(LIVE, 7);
		change_stream(|stream| stream.capacity = 260);
		Pace::set(2);
		to(now() + span());
		assert_eq!(Reports::get(), [Report::Stands(round, EvidenceRef::Bars { first: 62 })]);
		assert!(stream().first > 62, "they are removed by now");
	});
}

#[test]
fn a_round_whose_history_is_not_kept_is_void() {
	for (removed, stands) in [(62 - HISTORY, true), (62 - HISTORY + 1, false)] {
		build_and_execute(|| {
			let round = ask(LIVE, 7);
			let due = now() + span();
			to(due - 1);
			change_stream(|stream| stream.first = removed);
			to(due);
			let report = match stands {
				true => Report::Stands(round, EvidenceRef::Bars { first: 62 }),
				false => Report::Failed(round, UnpaidReason::TooFewBars),
			};
			assert_eq!(Reports::get(), [report]);
			assert_nothing_waits();
		});
	}
}

#[test]
fn a_young_stream_has_no_history() {
	build_and_execute(|| {
		let from = |running, first| {
			change_stream(|stream| (stream.first, stream.next, stream.running) = (first, running, running));
			ensure_open()
		};
		assert_noop!(from(HISTORY - SKIPPED_BARS - 1, 0), Error::<Test>::HistoryTooShort);
		assert_ok!(from(HISTORY - SKIPPED_BARS, 0));
		// The numbers of a stream need not start at 0.
		assert_noop!(from(1_000, 1_000 + SKIPPED_BARS - HISTORY + 1), Error::<Test>::HistoryTooShort);
		assert_ok!(from(1_000, 1_000 + SKIPPED_BARS - HISTORY));
	});
}

#[test]
fn at_most_three_rounds_wait() {
	build_and_execute(|| {
		Lag::set(None);
		for number in 0..3 {
			assert_ok!(ensure_open());
			ask(LIVE, number);
			change_stream(|stream| stream.running += BARS);
		}
		assert_noop!(ensure_open(), Error::<Test>::TooManyAwaiting);
		assert_noop!(request(3), Error::<Test>::TooManyAwaiting);
		// The bars of the first round stand, and another round can open.
		change_stream(|stream| stream.next = 62 + BARS);
		to(150);
		assert_eq!(Reports::get(), [Report::Stands(RoundId { domain: LIVE, number: 0 }, EvidenceRef::Bars { first: 62 })]);
		assert_eq!(waiting(), [62 + BARS, 62 + 2 * BARS]);
		assert_ok!(ensure_open());
	});
}

#[test]
fn an_unknown_stream_gives_no_bars() {
	build_and_execute(|| {
		let round = ask(LIVE, 7);
		StreamNow::set(None);
		assert_noop!(ensure_open(), Error::<Test>::UnknownStream);
		assert_noop!(request(8), Error::<Test>::UnknownStream);
		assert!(!<Sealed as EvidenceSource>::is_ready(LIVE, 0));
		let record = spec(LIVE).unwrap();
		assert_noop!(<Sealed as EvidenceSource>::ensure_provided(&record), Error::<Test>::UnknownStream);
		to(now() + span());
		assert_eq!(Reports::get(), [Report::Failed(round, UnpaidReason::TooFewBars)]);
		assert_nothing_waits();
	});
}

/// Bars expire, and a verdict can wait for a challenge or for another round.
#[test]
fn a_record_is_provided_for_if_its_stream_keeps_a_round_until_its_verdict() {
	build_and_execute(|| {
		let provided = |record| <Sealed as EvidenceSource>::ensure_provided(&record);
		let live = || spec(LIVE).unwrap();
		assert_ok!(provided(live()));
		let slots = 2 * (RoundParams::DEV.longest() + 2 * RoundParams::DEV.reveal) * 5 / 4;
		// A part of a bar is a bar, and bars need not be multiples of a block.
		for (bar_ms, bars) in
			[(2 * BLOCK_MS, slots.div_ceil(2)), (29 * BLOCK_MS, slots.div_ceil(29)), (BLOCK_MS * 3 / 2, slots * 2 / 3)]
		{
			let kept = (HISTORY + BARS + SKIPPED_BARS) as u32 + bars;
			change_stream(|stream| (stream.bar_ms, stream.capacity) = (bar_ms, kept));
			assert_ok!(provided(live()));
			change_stream(|stream| stream.capacity = kept - 1);
			assert_noop!(provided(live()), Error::<Test>::BarsNotKept);
		}
		let other = DomainSpec { evidence: Evidence::Live { stream: STREAM + 1, unit: 1 }, ..live() };
		assert_noop!(provided(other), Error::<Test>::UnknownStream);
		// Sealed evidence comes from its owner.
		assert_ok!(provided(spec(ROWS).unwrap()));
	});
}

#[test]
fn a_round_takes_at_most_thirty_days() {
	build_and_execute(|| {
		let longest = MockTiming::blocks(MAX_SPAN_MS) / BARS as u32;
		let provided = || <Sealed as EvidenceSource>::ensure_provided(&spec(LIVE).unwrap());
		change_stream(|stream| (stream.bar_ms, stream.capacity) = (u64::from(longest) * BLOCK_MS, u32::MAX));
		assert_ok!(provided());
		change_stream(|stream| stream.bar_ms += BLOCK_MS);
		assert_noop!(provided(), Error::<Test>::SpanTooLong);
		change_stream(|stream| stream.bar_ms = u64::MAX);
		assert_noop!(provided(), Error::<Test>::SpanTooLong);
	});
}

#[test]
fn the_largest_numbers_do_not_overflow() {
	build_and_execute(|| {
		change_stream(|stream| {
			let running = u64::MAX - 1;
			*stream = Stream { running, next: running, paid_until: u64::MAX, bar_ms: u64::MAX, ..*stream };
		});
		assert_ok!(ensure_open());
		let round = ask(LIVE, 7);
		assert_eq!(<Sealed as EvidenceSource>::awaited_until(round), Some(BlockNumber::MAX));
	});
}

#[test]
fn a_full_block_moves_the_last_look_and_the_time() {
	build_and_execute(|| {
		let round = ask(LIVE, 7);
		let until = now() + span() + day();
		Lag::set(None);
		// A stream that is late is read every ten blocks.
		let last = until - day() % 10;
		to(last - 1);
		let others = (0..PER_BLOCK).map(|number| RoundId { domain: ROWS, number });
		Due::<Test>::insert(until, Items::truncate_from(others.collect()));
		System::set_block_number(last.into());
		<Sealed as Hooks<u64>>::on_initialize(System::block_number());
		Due::<Test>::remove(until);
		assert_eq!(<Sealed as EvidenceSource>::awaited_until(round), Some(until + 1));
		to(until + 1);
		assert_eq!(Reports::get(), [Report::Failed(round, UnpaidReason::TooFewBars)]);
	});
}

#[test]
fn a_removed_domain_leaves_no_entry() {
	build_and_execute(|| {
		ask(LIVE, 7);
		to(now() + span());
		assert!(Live::<Test>::contains_key(LIVE));
		<Sealed as EvidenceSource>::retired(LIVE);
		assert_eq!(Live::<Test>::iter().count(), 0);
		// A domain without a round is removed too.
		<Sealed as EvidenceSource>::retired(LIVE);
	});
}

#[test]
fn a_live_domain_has_neither_segments_nor_a_purse() {
	build_and_execute(|| {
		assert_noop!(Sealed::fund(signed(OWNER), LIVE, 1), Error::<Test>::NotSealedEvidence);
		let one = BoundedVec::truncate_from(vec![[7; 32]]);
		assert_noop!(Sealed::seal(signed(OWNER), LIVE, 0, one), Error::<Test>::NotSealedEvidence);
		assert_eq!(<Sealed as EvidenceSource>::purse(LIVE), 0);
		assert_eq!(Sealed::evidence(LIVE), None);
	});
}

#[test]
fn sealed_and_live_domains_wait_side_by_side() {
	build_and_execute(|| {
		seal(ROWS, 1);
		let (live, rows) = (ask(LIVE, 7), ask(ROWS, 7));
		open(ROWS, 0);
		to(now() + span());
		let reports = [Report::Stands(rows, EvidenceRef::Segment(0)), Report::Stands(live, EvidenceRef::Bars { first: 62 })];
		assert_eq!(Reports::get(), reports);
	});
}

#[test]
fn a_step_is_charged_for_the_stream_and_the_report() {
	let own = Pallet::<Test>::bars_weight();
	assert!(Pallet::<Test>::step_weight().all_gte(own));
	for weight in [
		<() as WeightInfo>::keep_waiting(),
		<() as WeightInfo>::end_bars() + STANDS_WEIGHT,
		<() as WeightInfo>::end_bars() + FAILED_WEIGHT,
	] {
		assert!(own.all_gte(weight + STREAM_WEIGHT), "{own:?}");
	}
	build_and_execute(|| {
		ask(LIVE, 7);
		assert_eq!(to(now() + span()), <() as WeightInfo>::on_initialize() + Pallet::<Test>::step_weight());
	});
}

/// No look reads the stream in a block in which no round is due.
#[test]
fn a_round_is_looked_at_a_dozen_times() {
	build_and_execute(|| {
		ask(LIVE, 7);
		let mut looks = 0;
		for block in now() + 1..=now() + span() {
			looks += u32::from(to(block) != <() as WeightInfo>::on_initialize());
		}
		assert!(looks <= 12, "{looks}");
	});
}

/// False sums on bars that are gone could not be challenged.
#[test]
fn bars_are_kept_if_they_outlast_a_task() {
	build_and_execute(|| {
		let is_kept = |first| <Sealed as EvidenceSource>::is_kept(LIVE, EvidenceRef::Bars { first });
		let slots = RoundParams::DEV.longest() * 5 / 4 + 1;
		let expired = |stream: &Stream| stream.running + u64::from(slots.div_ceil(BAR_BLOCKS)) - u64::from(stream.capacity);
		change_stream(|stream| (stream.running, stream.next) = (1_000, 1_000));
		let oldest = expired(&stream()) + HISTORY;
		assert!(is_kept(oldest) && !is_kept(oldest - 1));
		change_stream(|stream| stream.first = oldest + 1 - HISTORY);
		assert!(is_kept(oldest + 1) && !is_kept(oldest), "a stream can keep less");
		StreamNow::set(None);
		assert!(!is_kept(oldest + 1));
		let segment = <Sealed as EvidenceSource>::is_kept(ROWS, EvidenceRef::Segment(3));
		assert!(segment, "segments are published data");
	});
}

#[test]
fn a_stream_is_read_at_the_weight_that_its_pallet_states() {
	build_and_execute(|| assert_eq!(<Sealed as EvidenceSource>::stream_weight(), STREAM_WEIGHT));
}
