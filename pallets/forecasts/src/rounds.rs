//! Life of a round: opened by a batch of bars, then served by the agenda.

use crate::{
	types::{Changes, Grid, Outcome, Round, Stage},
	AgendaOf, Config, Event, Magnitudes, Markets, Open, Pallet, Rounds, Seats, WeightInfo, MAX_OPEN,
};
use alloc::vec::Vec;
use core::ops::Range;
use doin_market::{
	reference::{ALL, MEMORY, REFERENCES},
	standing::{difficulty, magnitude, REMEMBERED},
	truth::{change, ZERO_BARS},
	zero, Error, History, Reference, Truth,
};
use doin_primitives::RoundId;
use doin_traits::{agenda::MAX_ITEMS, block::current_block, Bars, OnBatch, Stream, StreamTerms, Terms};
use frame_support::{defensive, traits::Get, weights::Weight};

/// Batches that a stream keeps beside the bars of a round.
const SPARE_BATCHES: u64 = 4;

impl<T: Config> OnBatch for Pallet<T> {
	fn on_batch(stream: u32, bars: Range<u64>) {
		Self::open(stream, bars.end);
	}

	fn on_batch_weight() -> Weight {
		T::WeightInfo::open()
	}
}

impl<T: Config> Pallet<T> {
	/// Returns stream `stream` and its terms; `None` for an unknown stream.
	pub(crate) fn stream(stream: u32) -> Option<(Stream, Terms)> {
		Some((T::Streams::stream(stream)?, T::Streams::terms(stream)?))
	}

	/// Returns the milliseconds in which a round takes commitments and reveals.
	fn phases_ms() -> u64 {
		let blocks = T::CommitBlocks::get().saturating_add(T::RevealBlocks::get());
		T::SlotMs::get().saturating_mul(blocks.into())
	}

	/// Returns the grid of the slices of a stream.
	pub(crate) fn grid(stream: &Stream, terms: &Terms) -> Grid {
		Grid::new(stream, terms, Self::phases_ms())
	}

	/// Returns the number of the first bar after a round whose zero begins with bar `zero`.
	pub(crate) fn end_of(zero: u64, terms: &Terms) -> u64 {
		zero.saturating_add(ZERO_BARS as u64).saturating_add(terms.horizon.into())
	}

	/// Returns the number of bars that run while a round takes commitments.
	fn commit_bars(stream: &Stream) -> u64 {
		T::SlotMs::get().saturating_mul(T::CommitBlocks::get().into()).div_ceil(stream.bar_ms.max(1))
	}

	/// Returns `true` if a stream keeps `bars` bars of a round and a few batches more, which may be counted between two looks at the bars.
	fn keeps(stream: &Stream, terms: &Terms, bars: u64) -> bool {
		bars.saturating_add(u64::from(terms.batch).saturating_mul(SPARE_BATCHES)) <= u64::from(stream.capacity)
	}

	/// Returns `true` if a stream has a horizon and keeps enough bars, so that it can have rounds.
	pub(crate) fn has_rounds(stream: &Stream, terms: &Terms) -> bool {
		terms.horizon > 0 && Self::keeps(stream, terms, Self::end_of(Self::commit_bars(stream), terms))
	}

	/// Opens a round of `stream` whose input ends before bar `bar`, unless the stream has no market, this is not the newest batch, too
	/// many rounds are open, or the stream may stop or lose its bars before the round ends.
	pub(crate) fn open(stream: u32, bar: u64) {
		let Some(mut market) = Markets::<T>::get(stream) else { return };
		let Some((state, terms)) = Self::stream(stream) else { return };
		let end = Self::end_of(state.running.saturating_add(Self::commit_bars(&state)), &terms);
		let (batch, open) = (u64::from(terms.batch), Open::<T>::get());
		let is_newest = state.running < bar.saturating_add(batch);
		let is_kept = Self::keeps(&state, &terms, end.saturating_sub(bar));
		let has_place = market.open < MAX_OPEN && open < MAX_ITEMS;
		if !is_newest || !is_kept || !has_place || end > state.paid_until {
			return;
		}
		let (now, round) = (current_block::<T>(), RoundId { domain: stream, number: market.next });
		let until = now.saturating_add(T::CommitBlocks::get());
		let (reference, average) = (market.errors.best(market.champion.is_some()), market.average.get());
		let stage = Stage::Committing { until };
		Rounds::<T>::insert(round, Round { bar, reference, average, book: Default::default(), champion: None, stage });
		AgendaOf::<T>::schedule(now, until, round);
		if market.next == 0 {
			market.since = Self::grid(&state, &terms).slice(bar);
		}
		market.next = market.next.saturating_add(1);
		market.open = market.open.saturating_add(1);
		Markets::<T>::insert(stream, market);
		Open::<T>::put(open.saturating_add(1));
		Self::deposit_event(Event::Opened { round, bar, until, reference });
	}

	/// Returns the weight of the most expensive step of the agenda.
	pub(crate) fn step_weight() -> Weight {
		T::WeightInfo::wait().max(T::WeightInfo::evaluate()).max(T::WeightInfo::close())
	}

	/// Serves an agenda item. Returns the weight of that.
	pub(crate) fn serve(round: RoundId) -> Weight {
		let Some(state) = Rounds::<T>::get(round) else {
			defensive!("a round on the agenda must exist", round);
			return T::WeightInfo::wait();
		};
		match state.stage {
			Stage::Committing { .. } => Self::end_commits(round, state),
			Stage::Waiting { zero } => Self::look(round, state, zero),
			Stage::Revealing(_) => Self::close(round, state),
			Stage::Closed { .. } | Stage::Void => {
				defensive!("a round on the agenda must be open", round);
				T::WeightInfo::wait()
			}
		}
	}

	/// Ends the commitments of a round. The bars that run now and after are not known to any commitment.
	pub(crate) fn end_commits(round: RoundId, mut state: Round) -> Weight {
		let Some((stream, terms)) = Self::stream(round.domain) else { return Self::void(round, state) };
		state.stage = Stage::Waiting { zero: stream.running };
		Rounds::<T>::insert(round, state);
		Self::wait(round, &stream, &terms, stream.running);
		Self::deposit_event(Event::CommitsEnded { round, zero: stream.running });
		T::WeightInfo::wait()
	}

	/// Schedules the next look at the bars of a round: when they have ended, or a few blocks later if they have.
	fn wait(round: RoundId, stream: &Stream, terms: &Terms, zero: u64) {
		let bars = Self::end_of(zero, terms).saturating_sub(stream.running);
		let blocks = bars.saturating_mul(stream.bar_ms).checked_div(T::SlotMs::get()).unwrap_or(0);
		let blocks = u32::try_from(blocks).unwrap_or(u32::MAX).max(T::CommitBlocks::get());
		let now = current_block::<T>();
		AgendaOf::<T>::schedule(now, now.saturating_add(blocks), round);
	}

	/// Evaluates a round whose bars are complete. It is void if its stream sleeps before that.
	fn look(round: RoundId, state: Round, zero: u64) -> Weight {
		let Some((stream, terms)) = Self::stream(round.domain) else { return Self::void(round, state) };
		if stream.next >= Self::end_of(zero, &terms) {
			return Self::evaluate(round, state, zero, &stream, &terms);
		}
		// A stream that is awake has paid for the next batch at least.
		if stream.paid_until <= stream.next {
			return Self::void(round, state);
		}
		Self::wait(round, &stream, &terms, zero);
		T::WeightInfo::wait()
	}

	/// Computes zero, changes and errors of the references of a round, and opens its reveals. The round is void if too few bars stand.
	pub(crate) fn evaluate(round: RoundId, mut state: Round, zero: u64, stream: &Stream, terms: &Terms) -> Weight {
		let Some((level, changes, errors)) = Self::outcome(round.domain, &state, zero, stream, terms) else {
			return Self::void(round, state);
		};
		let Some(mut market) = Markets::<T>::get(round.domain) else {
			defensive!("a round must have a market", round);
			return Self::void(round, state);
		};
		let counted = market.errors.counted(errors, market.is_reigning(round));
		// The champion has not forecast a round that nobody has entered.
		let own = state.reference.error_in(&errors).or(Reference::Champion.error_in(&counted));
		let Some(error) = own else {
			defensive!("a round must have a reference", round);
			return Self::void(round, state);
		};
		market.errors.observe(&counted);
		market.average.observe(error);
		Markets::<T>::insert(round.domain, market);
		let difficulty = Self::remember(round.domain, error);
		if state.book.seats == 0 {
			Self::ended(round);
			Rounds::<T>::remove(round);
			Self::deposit_event(Event::Empty { round });
			return T::WeightInfo::evaluate();
		}
		let now = current_block::<T>();
		let until = AgendaOf::<T>::schedule(now, now.saturating_add(T::RevealBlocks::get()), round);
		state.stage = Stage::Revealing(Outcome { until, zero: level, changes, error, difficulty });
		state.champion = None;
		Rounds::<T>::insert(round, state);
		Self::deposit_event(Event::RevealsOpened { round, zero: level, error, until });
		T::WeightInfo::evaluate()
	}

	/// Returns zero, changes and the errors of all references of a round whose zero begins with bar `from`; `None` if the round is void.
	fn outcome(
		id: u32,
		state: &Round,
		from: u64,
		stream: &Stream,
		terms: &Terms,
	) -> Option<(i64, Changes, [Option<Error>; REFERENCES])> {
		let closes = T::Streams::closes(id, from..Self::end_of(from, terms))?;
		let (three, horizon) = closes.split_at_checked(ZERO_BARS)?;
		let level = zero(three.try_into().ok()?)?;
		let truth = Truth::new(level, horizon)?;
		let bar = state.bar;
		let start = stream.first.max(bar.saturating_sub(MEMORY as u64));
		let input = T::Streams::closes(id, start.min(bar)..bar).unwrap_or_default();
		let history = History {
			closes: &input,
			oldest: Self::oldest(id, bar, stream),
			zero: level,
			lead: u32::try_from(from.saturating_add(ZERO_BARS as u64).saturating_add(1).saturating_sub(bar)).unwrap_or(u32::MAX),
			season: if terms.season > 1 { terms.season.into() } else { 0 },
			horizon: horizon.len(),
			champion: state.champion.as_ref().map(|path| path.as_slice()),
		};
		let errors = ALL.map(|reference| truth.error(&reference.changes(&history)?));
		let changes: Vec<_> = horizon.iter().map(|close| close.map(|close| change(level, close))).collect();
		Some((level, Changes::truncate_from(changes), errors))
	}

	/// Returns the oldest close that the stream keeps, if its bar stands, and the number of bars from it to the last one of the input.
	fn oldest(id: u32, bar: u64, stream: &Stream) -> Option<(i64, u32)> {
		let bars = bar.checked_sub(stream.first.saturating_add(1))?;
		let close = T::Streams::closes(id, stream.first..stream.first.saturating_add(1))?.first().copied().flatten()?;
		Some((close, u32::try_from(bars).ok()?))
	}

	/// Stores the magnitude of a round of `stream` with the reference error `error`. Returns its weight g in standings.
	fn remember(stream: u32, error: Error) -> u64 {
		let (mut last, own) = (Magnitudes::<T>::get(stream).into_inner(), magnitude(error));
		let weight = difficulty(own, &last);
		if last.len() >= REMEMBERED {
			last.remove(0);
		}
		last.push(own);
		Magnitudes::<T>::insert(stream, crate::types::Magnitudes::truncate_from(last));
		weight
	}

	/// Closes a round from its sums: its losses enter the pot, and all gains together leave it.
	pub(crate) fn close(round: RoundId, mut state: Round) -> Weight {
		let Stage::Revealing(Outcome { difficulty, .. }) = state.stage else {
			defensive!("a round that closes must take reveals", round);
			return T::WeightInfo::close();
		};
		let Some(mut market) = Markets::<T>::get(round.domain) else {
			defensive!("a round must have a market", round);
			return T::WeightInfo::close();
		};
		let settled = state.book.close(&mut market.pot);
		let (pot, factor) = (market.pot, settled.factor);
		Markets::<T>::insert(round.domain, market);
		state.stage = Stage::Closed { settled, difficulty };
		Rounds::<T>::insert(round, state);
		Self::ended(round);
		Self::deposit_event(Event::Closed { round, factor, pot });
		T::WeightInfo::close()
	}

	/// Ends a round without pay. Its wagers and deposits can be collected.
	fn void(round: RoundId, mut state: Round) -> Weight {
		Self::ended(round);
		if Seats::<T>::decode_len(round).unwrap_or(0) == 0 {
			Rounds::<T>::remove(round);
		} else {
			(state.stage, state.champion) = (Stage::Void, None);
			Rounds::<T>::insert(round, state);
		}
		Self::deposit_event(Event::Voided { round });
		T::WeightInfo::evaluate()
	}

	/// Counts a round that is not open any more.
	fn ended(round: RoundId) {
		Open::<T>::mutate(|open| *open = open.saturating_sub(1));
		Markets::<T>::mutate(round.domain, |market| {
			if let Some(market) = market {
				market.open = market.open.saturating_sub(1);
			}
		});
	}
}
