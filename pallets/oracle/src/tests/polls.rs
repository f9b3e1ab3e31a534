//! Times of polls, commitments and reveals.

use crate::{mock::*, weights::WeightInfo, Error, Event, Pallet, Poll, Reveals, Roll};
use doin_primitives::{
	bounded_collections::BoundedVec,
	oracle::{Report, Reports, Values, REPORT_HOLD},
};
use doin_traits::Bars;
use frame_support::{assert_noop, assert_ok};

#[test]
fn a_poll_opens_when_a_batch_has_ended_and_takes_four_blocks_a_phase() {
	build_and_execute(|| {
		// Bar 1 000 began in block 0, so the first whole batch has the bars 1 002 and 1 003, and ends in block 40.
		assert_eq!((state().start, state().next), (1_002, 1_002));
		assert_eq!(to_poll(), 1);
		assert_eq!(now(), 40);
		let poll = Poll::<Test>::get();
		assert_eq!((poll.commits_until, poll.reveals_until), (44, 48));
		assert_eq!(poll.batches.to_vec(), [state().batch(STREAM)]);
		to_close();
		assert_eq!((now(), state().next), (48, 1_004));
		assert_eq!(to_poll(), 2);
		assert_eq!(now(), 60, "the next batch ends two bars later");
	});
}

#[test]
fn commitments_and_reveals_have_their_time() {
	build_and_execute(|| {
		let (mine, other) = (reports(&[Some(1), Some(2)]), reports(&[Some(1), Some(3)]));
		assert_noop!(commit(1, 1, &mine), Error::<Test>::OtherPoll);
		let poll = to_poll();
		assert_noop!(commit(1, poll + 1, &mine), Error::<Test>::OtherPoll);
		assert_noop!(commit(OTHER, poll, &mine), Error::<Test>::NotReporter);
		assert_noop!(reveal(1, poll, &mine), Error::<Test>::NotRevealing);
		to(Poll::<Test>::get().commits_until - 1);
		assert_ok!(commit(1, poll, &mine));
		assert_noop!(commit(1, poll, &other), Error::<Test>::AlreadyCommitted);
		assert_noop!(reveal(1, poll, &mine), Error::<Test>::NotRevealing);
		to_reveals();
		assert_noop!(commit(2, poll, &mine), Error::<Test>::NotCommitting);
		assert_noop!(reveal(2, poll, &mine), Error::<Test>::NoCommitment);
		assert_noop!(reveal(1, poll - 1, &mine), Error::<Test>::OtherPoll);
		assert_noop!(reveal(1, poll, &other), Error::<Test>::WrongReveal);
		to(Poll::<Test>::get().reveals_until - 1);
		assert_ok!(reveal(1, poll, &mine));
		assert_noop!(reveal(1, poll, &mine), Error::<Test>::AlreadyRevealed);
		to_close();
		assert_eq!(reveal(1, poll, &mine), error(Error::OtherPoll));
		assert_eq!(Reveals::<Test>::iter().count(), 0);
		assert!(Roll::<Test>::get().is_empty());
		assert!(events().contains(&Event::PollClosed { poll }));
	});
}

#[test]
fn reports_that_do_not_answer_the_poll_are_refused() {
	build_and_execute(|| {
		let poll = to_poll();
		let of = |stream, closes_of: &[Option<i64>]| Report { stream, bars: closes(closes_of) };
		let whole = [Some(1), None];
		let two_fields =
			Report { stream: STREAM, bars: BoundedVec::truncate_from(vec![Some(Values::truncate_from(vec![1, 2])), None]) };
		let cases = [
			(1, vec![of(STREAM, &[Some(1)])], Error::<Test>::WrongShape),
			(2, vec![of(STREAM, &[Some(1); 3])], Error::WrongShape),
			(3, vec![two_fields], Error::WrongShape),
			(4, vec![of(STREAM + 1, &whole)], Error::NotDue),
			(5, vec![of(STREAM, &whole), of(STREAM, &whole)], Error::UnsortedStreams),
		];
		let cases = cases.map(|(who, reports, fault)| (who, Reports::truncate_from(reports), fault));
		cases.iter().for_each(|(who, reports, _)| {
			assert_ok!(commit(*who, poll, reports));
		});
		assert_ok!(commit(6, poll, &Reports::default()));
		to_reveals();
		for (who, reports, fault) in cases {
			assert_noop!(reveal(who, poll, &reports), fault);
		}
		assert_ok!(reveal(6, poll, &Reports::default()));
		to_close();
		assert_eq!(record(6).polls, 1, "a reporter without data reveals that it has none");
	});
}

#[test]
fn the_validators_of_the_block_in_which_a_poll_opens_report() {
	build_and_execute(|| {
		let (poll, mine) = (to_poll(), reports(&[Some(5), Some(5)]));
		Stakes::set(vec![(8, 1_000_000)]);
		assert_noop!(commit(8, poll, &mine), Error::<Test>::NotReporter);
		for who in 1..=4 {
			assert_ok!(commit(who, poll, &mine));
		}
		to_reveals();
		for who in 1..=4 {
			assert_ok!(reveal(who, poll, &mine));
		}
		to_close();
		assert_eq!(Oracle::closes(STREAM, 1_002..1_004), Some(vec![Some(5), Some(5)]));
		assert_ok!(commit(8, to_poll(), &mine));
		to_close();
	});
}

#[test]
fn a_chain_that_stalled_asks_for_one_batch_after_the_other() {
	build_and_execute(|| {
		to(39);
		Ahead::set(6 * BAR_MS);
		let mut first = Vec::new();
		for _ in 0..4 {
			to_poll();
			first.push(Poll::<Test>::get().batches[0].first);
			to_close();
		}
		assert_eq!(first, [1_002, 1_004, 1_006, 1_008]);
		assert_eq!(now(), 40 + 3 * 9 + 8, "a poll opens in the block after the last one is closed");
		let stream = Oracle::stream(STREAM).expect("the stream exists");
		assert_eq!(stream.next, 1_010);
		assert!(stream.running >= 1_013, "the clock is ahead of the chain");
	});
}

#[test]
fn a_chain_without_reporters_opens_no_poll() {
	build_and_execute(|| {
		Stakes::set(Vec::new());
		to(60);
		assert_eq!(Poll::<Test>::get().id, 0);
		Stakes::set(vec![(1, 5)]);
		assert_eq!(to_poll(), 1);
		to_close();
	});
}

#[test]
fn a_reporter_leaves_with_its_hold_once_its_poll_is_closed() {
	build_and_execute(|| {
		let leave = |who| Oracle::leave(RuntimeOrigin::signed(who));
		assert_noop!(leave(1), Error::<Test>::NoRecord);
		let (poll, mine) = (to_poll(), reports(&[Some(1), Some(1)]));
		assert_ok!(commit(1, poll, &mine));
		assert_noop!(leave(1), Error::<Test>::CommitmentOpen);
		to_reveals();
		assert_ok!(reveal(1, poll, &mine));
		assert_noop!(leave(1), Error::<Test>::CommitmentOpen);
		to_close();
		assert_eq!(held(1), REPORT_HOLD);
		assert_ok!(leave(1));
		assert_eq!(held(1), 0);
		assert!(events().contains(&Event::Left { who: 1 }));
	});
}

#[test]
fn the_hook_does_little_unless_a_batch_is_due() {
	build_and_execute(|| {
		let idle = <() as WeightInfo>::on_initialize();
		assert_eq!(to(39), idle);
		assert_eq!(to(40), idle + <() as WeightInfo>::open(7));
		assert_eq!(to(47), idle);
		let counted = <() as WeightInfo>::count(7) + BATCH_WEIGHT + <() as WeightInfo>::close(7);
		assert_eq!(to(48), idle + counted);
		assert!((idle + counted).all_lte(Pallet::<Test>::hook_limit()));
	});
}
