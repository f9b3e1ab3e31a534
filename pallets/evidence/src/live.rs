//! Bars of streams that rounds wait for.

use crate::{
	types::{LiveNeeds, LiveRounds, WaitingBars},
	AgendaOf, Config, Error, Event, Live, Pallet,
};
use doin_primitives::{
	evidence::{DAY_MS, MAX_SPAN_MS, SKIPPED_BARS},
	BlockNumber, DomainId, EvidenceRef, RoundId, UnpaidReason,
};
use doin_traits::{block::current_block, Bars, Domains, OnEvidence, Stream, Timing};
use frame_support::{defensive, ensure};
use sp_runtime::SaturatedConversion;

/// Returns the number of the first bar that a round can be given whose commits end now.
fn first_bar(stream: &Stream) -> u64 {
	stream.running.saturating_add(SKIPPED_BARS)
}

/// Number of bars whose length is converted into blocks at once, so that bars that are no multiple of a block are counted exactly.
const COUNTED_BARS: u64 = 1_024;
/// Least number of blocks between two looks at a stream that is late.
const LATE_LOOK: BlockNumber = 10;

impl<T: Config> Pallet<T> {
	/// Returns the largest number of bars that come into being in `blocks` blocks, if a fifth of all slots is empty: empty slots delay
	/// blocks, but not bars.
	pub(crate) fn bars_in(blocks: BlockNumber, stream: &Stream) -> u64 {
		let slots = u64::from(blocks).saturating_add(u64::from(blocks).div_ceil(4));
		let counted = u64::from(T::Timing::blocks(stream.bar_ms.saturating_mul(COUNTED_BARS))).max(1);
		slots.saturating_mul(COUNTED_BARS).div_ceil(counted)
	}

	/// Returns the number of blocks in which `bars` bars come into being.
	fn blocks_of(bars: u64, stream: &Stream) -> BlockNumber {
		T::Timing::blocks(bars.saturating_mul(stream.bar_ms))
	}

	/// Returns the largest number of blocks from the last bar of a round to its verdict, if no earlier round of its domain is undecided.
	fn verdict_blocks() -> BlockNumber {
		let rounds = T::Timing::rounds();
		rounds.longest().saturating_add(rounds.reveal.saturating_mul(2))
	}

	/// Returns `true` if the bars of a round with these needs and the first bar `first`, and their history, are kept for as long as a task
	/// can take.
	pub(crate) fn are_bars_kept(needs: &LiveNeeds, first: u64) -> bool {
		let Some(stream) = T::Bars::stream(needs.stream) else { return false };
		let newest = stream.running.saturating_add(Self::bars_in(T::Timing::rounds().longest(), &stream));
		let oldest = newest.saturating_sub(stream.capacity.into()).max(stream.first);
		needs.is_history_kept(&Stream { first: oldest, ..stream }, first)
	}

	/// Checks that a stream can serve rounds with these needs.
	pub(crate) fn ensure_stream(needs: &LiveNeeds) -> Result<(), Error<T>> {
		let stream = T::Bars::stream(needs.stream).ok_or(Error::<T>::UnknownStream)?;
		// A challenge prolongs a task, and a round can wait for the verdict of another one.
		let decided = Self::bars_in(Self::verdict_blocks().saturating_mul(2), &stream);
		let kept = needs.history.saturating_add(needs.bars).saturating_add(decided).saturating_add(SKIPPED_BARS);
		ensure!(kept <= stream.capacity.into(), Error::<T>::BarsNotKept);
		ensure!(Self::blocks_of(needs.bars, &stream) <= T::Timing::blocks(MAX_SPAN_MS), Error::<T>::SpanTooLong);
		Ok(())
	}

	/// Checks that a round of `domain` that opens now can get bars.
	pub(crate) fn ensure_bars(domain: DomainId, needs: &LiveNeeds) -> Result<(), Error<T>> {
		let stream = T::Bars::stream(needs.stream).ok_or(Error::<T>::UnknownStream)?;
		let live = Live::<T>::get(domain);
		let first = first_bar(&stream);
		ensure!(first >= live.next, Error::<T>::BarsInUse);
		ensure!(!live.waiting.is_full(), Error::<T>::TooManyAwaiting);
		ensure!(needs.is_history_kept(&stream, first), Error::<T>::HistoryTooShort);
		ensure!(Self::is_paid(&stream, needs), Error::<T>::StreamUnpaid);
		Ok(())
	}

	/// Returns `true` if the reporters are paid for the bars of a round that opens now and takes commits for as long as a round
	/// can.
	pub(crate) fn is_paid(stream: &Stream, needs: &LiveNeeds) -> bool {
		let commits = Self::bars_in(T::Timing::rounds().commit, stream);
		needs.are_paid(stream, first_bar(stream).saturating_add(commits))
	}

	/// Gives the next bars to `round`, whose commits have ended.
	pub(crate) fn await_bars(round: RoundId, needs: &LiveNeeds) -> Result<(), Error<T>> {
		let stream = T::Bars::stream(needs.stream).ok_or(Error::<T>::UnknownStream)?;
		let mut live = Live::<T>::get(round.domain);
		let first = first_bar(&stream).max(live.next);
		ensure!(needs.are_paid(&stream, first), Error::<T>::StreamUnpaid);
		ensure!(!live.waiting.is_full(), Error::<T>::TooManyAwaiting);
		let end = needs.end(first);
		let due = current_block::<T>().saturating_add(Self::blocks_of(end.saturating_sub(stream.running), &stream));
		let until = due.saturating_add(T::Timing::blocks(DAY_MS));
		let mut waiting = WaitingBars { number: round.number, first, until, look: until };
		Self::look_again(round, &mut waiting, Self::next_look(&stream, end));
		live.next = end;
		live.waiting.try_push(waiting).map_err(|_| Error::<T>::TooManyAwaiting)?;
		Live::<T>::insert(round.domain, live);
		Self::deposit_event(Event::BarsAwaited { round, first, bars: needs.bars.saturated_into(), due });
		Ok(())
	}

	/// Returns the block in which a stream is read again for bars that end before bar `end`: after half of the time that they
	/// should take, and at least one bar.
	///
	/// Empty slots delay blocks, but not bars. A stream that is read only in the block in which the last bar should be complete
	/// could have removed the history by then. A stream that is late is read every [`LATE_LOOK`] blocks at most.
	fn next_look(stream: &Stream, end: u64) -> BlockNumber {
		let half = end.saturating_sub(stream.running).div_ceil(2);
		let pause = if half > 0 { Self::blocks_of(half, stream) } else { Self::blocks_of(1, stream).max(LATE_LOOK) };
		current_block::<T>().saturating_add(pause)
	}

	/// Puts `round` on the agenda of block `look`, or of the last block in which its bars are awaited.
	fn look_again(round: RoundId, waiting: &mut WaitingBars, look: BlockNumber) {
		waiting.look = AgendaOf::<T>::schedule(current_block::<T>(), look.min(waiting.until), round);
		waiting.until = waiting.until.max(waiting.look);
	}

	/// Ends the request of a round whose bars are complete or too late. Else the stream is read again later.
	pub(crate) fn serve_bars(round: RoundId) {
		let live = Live::<T>::get(round.domain);
		let needs = T::Domains::spec(round.domain).and_then(|spec| LiveNeeds::of(&spec));
		let waiting = live.waiting.iter().find(|waiting| waiting.number == round.number).copied();
		let (Some(needs), Some(waiting)) = (needs, waiting) else {
			defensive!("a round on the agenda must wait for evidence", round);
			return;
		};
		let first = waiting.first;
		match T::Bars::stream(needs.stream) {
			Some(stream) if needs.are_complete(&stream, first) && needs.is_history_kept(&stream, first) => {
				let bars = needs.bars.saturated_into();
				Self::end_bars(round, live, Event::BarsComplete { round, first, bars });
				T::OnEvidence::stands(round, EvidenceRef::Bars { first });
			}
			Some(stream) if !needs.are_complete(&stream, first) && current_block::<T>() < waiting.until => {
				Self::keep_waiting(round, live, Self::next_look(&stream, needs.end(first)));
			}
			Some(_) | None => {
				Self::end_bars(round, live, Event::BarsMissing { round, first });
				T::OnEvidence::failed(round, UnpaidReason::TooFewBars);
			}
		}
	}

	/// Puts a waiting round, which was taken off the agenda, on that of block `look`.
	pub(crate) fn keep_waiting(round: RoundId, mut live: LiveRounds, look: BlockNumber) {
		if let Some(waiting) = live.waiting.iter_mut().find(|waiting| waiting.number == round.number) {
			Self::look_again(round, waiting, look);
		}
		Live::<T>::insert(round.domain, live);
	}

	/// Removes a waiting round, which was taken off the agenda, and deposits `event`. The caller reports to the round.
	pub(crate) fn end_bars(round: RoundId, mut live: LiveRounds, event: Event<T>) {
		live.waiting.retain(|waiting| waiting.number != round.number);
		Live::<T>::insert(round.domain, live);
		Self::deposit_event(event);
	}
}
