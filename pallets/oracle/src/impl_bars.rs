//! Bars of streams for other pallets.

use crate::{Config, Pages, Pallet, Streams};
use alloc::{vec, vec::Vec};
use core::ops::Range;
use doin_primitives::oracle::{StreamId, StreamSpec, Values, MAX_KEPT, PAGE_VALUES};
use doin_traits::{Bars, Clock, Stream, StreamTerms, Terms};
use frame_support::{traits::Get, weights::Weight};

/// Fewest bars of a page: as many whole batches as have [`PAGE_VALUES`] values of four fields. A batch of 5 bars leaves one out.
const LEAST_PAGE_BARS: u32 = PAGE_VALUES / 4 - 1;
/// Reference time of decoding and copying one page of 3 KiB, in picoseconds.
const PAGE_TIME: u64 = 10_000_000;
/// Reads of the clock: the slot, and its length.
const CLOCK_READS: u64 = 2;

impl<T: Config> Pallet<T> {
	/// Returns the bars `bars` of a stream with the record `spec`, as `of` maps their values; `None` for one that is missing or not stored.
	pub(crate) fn read<V: Clone>(
		stream: StreamId,
		spec: &StreamSpec,
		bars: Range<u64>,
		of: impl Fn(&Values) -> Option<V>,
	) -> Vec<Option<V>> {
		let (mut all, mut next) = (Vec::new(), bars.start);
		while next < bars.end {
			let place = spec.place(next);
			let end = place.number.saturating_add(1).saturating_mul(spec.page_bars()).min(bars.end).max(next.saturating_add(1));
			let count = usize::try_from(end.saturating_sub(next)).unwrap_or(0);
			let page = Pages::<T>::get(stream, place.slot);
			let mut values = vec![None; count];
			if page.number == place.number {
				let kept = page.bars.iter().skip(place.offset);
				values.iter_mut().zip(kept).for_each(|(value, bar)| *value = bar.as_ref().and_then(&of));
			}
			all.append(&mut values);
			next = end;
		}
		all
	}
}

impl<T: Config> Bars for Pallet<T> {
	fn stream(stream: u32) -> Option<Stream> {
		Some(Streams::<T>::get(stream)?.view(T::Clock::now_ms()))
	}

	fn closes(stream: u32, bars: Range<u64>) -> Option<Vec<Option<i64>>> {
		let state = Streams::<T>::get(stream)?;
		let is_complete = state.first() <= bars.start && bars.end <= state.next;
		is_complete.then(|| Self::read(stream, &state.spec, bars, |values| values.first().copied()))
	}

	fn stream_weight() -> Weight {
		T::DbWeight::get().reads(CLOCK_READS.saturating_add(1))
	}

	fn closes_weight(bars: u32) -> Weight {
		// No stream keeps more bars. The first and the last page are read for a part of their bars.
		let pages = u64::from(bars.min(MAX_KEPT).div_ceil(LEAST_PAGE_BARS)).saturating_add(1);
		let page = T::DbWeight::get().reads(1).saturating_add(Weight::from_parts(PAGE_TIME, 0));
		T::DbWeight::get().reads(1).saturating_add(page.saturating_mul(pages))
	}
}

impl<T: Config> StreamTerms for Pallet<T> {
	fn terms(stream: u32) -> Option<Terms> {
		let StreamSpec { horizon, batch, season, scale, domain, .. } = Streams::<T>::get(stream)?.spec;
		Some(Terms { horizon, batch, season, scale, domain })
	}
}
