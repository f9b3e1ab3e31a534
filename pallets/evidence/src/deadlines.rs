//! Agenda items of rounds, and deadlines of segments that rounds wait for.

use crate::{
	types::{Awaited, Segments as SegmentList},
	AgendaOf, Config, Event, Pallet, Segments,
};
use doin_primitives::{
	evidence::{EXTENDING_RISE, MISSED_PENALTY},
	DomainId, RoundId, UnpaidReason, MILLION,
};
use doin_traits::{block::current_block, BaseFee, GrowingDomains, OnEvidence, Timing};
use sp_runtime::Perbill;

impl<T: Config> Pallet<T> {
	/// Asks for the next segment of `domain` for round `number`.
	pub(crate) fn ask(domain: DomainId, mut segments: SegmentList, number: u32) {
		let (now, round) = (current_block::<T>(), RoundId { domain, number });
		let until = AgendaOf::<T>::schedule(now, now.saturating_add(T::Timing::rounds().evidence), round);
		segments.awaited = Some(Awaited { number, until, base_fee: T::BaseFee::base_fee(), doubled: false });
		Segments::<T>::insert(domain, segments);
		Self::deposit_event(Event::Asked { round, index: segments.opened, until });
	}

	/// Serves an agenda item. A round waits for a segment if the request for one names it, else for bars.
	pub(crate) fn serve(round: RoundId) {
		let segments = Segments::<T>::get(round.domain);
		match segments.awaited.filter(|awaited| awaited.number == round.number) {
			Some(awaited) => Self::serve_segment(round, segments, awaited),
			None => Self::serve_bars(round),
		}
	}

	/// Ends the time for opening the segment of a round, or doubles it.
	fn serve_segment(round: RoundId, segments: SegmentList, awaited: Awaited) {
		let rise = awaited.base_fee.saturating_mul(EXTENDING_RISE);
		if !awaited.doubled && T::BaseFee::base_fee() > rise {
			Self::double(round, segments, awaited);
		} else {
			Self::miss(round, segments);
			T::OnEvidence::failed(round, UnpaidReason::EvidenceMissing);
		}
	}

	/// Doubles the time for opening the segment of `round`.
	pub(crate) fn double(round: RoundId, mut segments: SegmentList, awaited: Awaited) {
		let longer = awaited.until.saturating_add(T::Timing::rounds().evidence);
		let until = AgendaOf::<T>::schedule(current_block::<T>(), longer, round);
		segments.awaited = Some(Awaited { until, doubled: true, ..awaited });
		Segments::<T>::insert(round.domain, segments);
		Self::deposit_event(Event::Doubled { round, until });
	}

	/// Records that the segment of `round` was not opened in time: suspends its domain and burns a part of its deposit. The
	/// caller reports it to the round, which is on the agenda no more.
	pub(crate) fn miss(round: RoundId, mut segments: SegmentList) {
		let index = segments.opened;
		segments.awaited = None;
		Segments::<T>::insert(round.domain, segments);
		T::Domains::suspend(round.domain);
		let burned = T::Domains::slash_deposit(round.domain, Perbill::from_rational(MISSED_PENALTY, MILLION));
		Self::deposit_event(Event::Missed { round, index, burned });
	}
}
