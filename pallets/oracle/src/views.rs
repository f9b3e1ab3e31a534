//! Views of streams, bars and polls for the runtime API.

use crate::{types::StreamState, Config, NextStream, Pallet, Poll, Reporters, Roll, Streams};
use alloc::{
	string::{String, ToString},
	vec::Vec,
};
use doin_primitives::{
	oracle::{StreamId, FIRST_STREAM, MAX_KEPT},
	views::{BarsView, BatchView, PollView, ReporterView, StreamView},
};
use doin_traits::{Clock, Stream};

/// Most streams of one call.
const LONGEST_PAGE: u32 = 1_024;

impl<T: Config> Pallet<T> {
	/// Returns the streams with identifiers of `from` and above, in order of registration, at most `count`.
	pub fn stream_views(from: StreamId, count: u32) -> Vec<StreamView<T::AccountId>> {
		let (first, end) = (from.max(FIRST_STREAM), FIRST_STREAM.saturating_add(NextStream::<T>::get()));
		let views = (first..end).filter_map(|id| Some(Self::stream_view(id, Streams::<T>::get(id)?)));
		views.take(count.min(LONGEST_PAGE) as usize).collect()
	}

	/// Returns the view of one stream.
	fn stream_view(id: StreamId, state: StreamState<T::AccountId>) -> StreamView<T::AccountId> {
		let Stream { first, next, running, paid_until, capacity, bar_ms } = state.view(T::Clock::now_ms());
		let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
		let StreamState { spec, owner, pot, start, awake, .. } = state;
		StreamView {
			id,
			symbol: text(&spec.symbol),
			unit: text(&spec.unit),
			source: text(&spec.source),
			bar_ms,
			batch: spec.batch,
			fields: spec.fields.names().into_iter().map(ToString::to_string).collect(),
			kept: capacity,
			season: spec.season,
			scale: spec.scale,
			horizon: spec.horizon,
			fee: spec.fee,
			domain: spec.domain,
			owner,
			pot,
			awake,
			start,
			first,
			next,
			running,
			paid_until,
		}
	}

	/// Returns the complete bars of a stream from number `from` on, at most `count`, without those that are not kept any more.
	/// Returns `None` for an unknown stream.
	pub fn bars_view(stream: StreamId, from: u64, count: u32) -> Option<BarsView> {
		let state = Streams::<T>::get(stream)?;
		let first = from.max(state.first()).min(state.next);
		let end = first.saturating_add(count.min(MAX_KEPT).into()).min(state.next);
		let bars = Self::read(stream, &state.spec, first..end, |values| Some(values.to_vec()));
		Some(BarsView { first, bars })
	}

	/// Returns the poll that is open, or the last one.
	pub fn poll_view() -> PollView<T::AccountId> {
		let poll = Poll::<T>::get();
		let batches = poll.batches.iter().map(|batch| BatchView { stream: batch.stream, first: batch.first, bars: batch.bars });
		let reporters = Roll::<T>::get().into_iter().map(|seat| {
			let record = Reporters::<T>::get(&seat.who).unwrap_or_default();
			ReporterView {
				committed: record.commitment.is_some(),
				revealed: record.commitment.is_some_and(|commitment| commitment.revealed),
				polls: record.polls,
				unrevealed: record.unrevealed,
				within: record.within,
				outside: record.outside,
				stake: seat.stake,
				who: seat.who,
			}
		});
		PollView {
			id: poll.id,
			is_open: poll.is_open,
			commits_until: poll.commits_until,
			reveals_until: poll.reveals_until,
			batches: batches.collect(),
			reporters: reporters.collect(),
		}
	}
}
