//! Views of rounds, seats and forecasters for the runtime API.

use crate::{
	types::{Forecaster, Grid, Market, Outcome, Round, Stage},
	Config, Forecasters, Markets, Pallet, Rounds, Seats, MIN_INCREMENT, MIN_WAGER,
};
use alloc::vec::Vec;
use doin_market::{
	record::{effective, increment, mark_at, term_of},
	Reference, MAX_SEATS,
};
use doin_primitives::{
	oracle::StreamId,
	views::{
		ForecastPhase, ForecastReference, ForecastRoundView, ForecastSeatView, ForecastSeatsView, ForecasterView,
		LeaderboardView, MarketRecordView,
	},
	Balance, RoundId, Q32,
};
use doin_traits::{block::current_block, DomainWeights};
use frame_support::traits::Get;

/// Rounds that a search for the open ones reads at most. They end in the order in which they open, but for a few blocks.
const LONGEST_SEARCH: usize = 1_024;
/// Most forecasters of a leaderboard.
const LONGEST_BOARD: u32 = 256;
/// Most forecasters that are compared for a leaderboard: on a stream with more of them, those whose storage keys come first. A node reads
/// the leaderboards of subscriptions on the threads that serve all its connections.
const MOST_RANKED: usize = 4_096;

/// State of a market that the bounds and increments of its records depend on.
struct Claims {
	/// Grid of the slices, and the slice that is running; `None` for a stream that is retired.
	grid: Option<(Grid, u32)>,
	/// First term that counts.
	from: u32,
	/// Voted weight of the stream, in parts per million.
	weight: u32,
	/// `true` if a vote has set the first term.
	is_voted: bool,
	/// Mark of the stream at this block, Q32 bits.
	mark: Q32,
	/// Sum of the increments of all claims in the running term, Q32 bits.
	claimed: Q32,
}

impl<T: Config> Pallet<T> {
	/// Returns the open rounds of `stream`, oldest first; `None` for a stream without a market.
	pub fn round_views(stream: StreamId) -> Option<Vec<ForecastRoundView>> {
		let market = Markets::<T>::get(stream)?;
		let newest = (0..market.next).rev().take(LONGEST_SEARCH).map(|number| RoundId { domain: stream, number });
		let open = newest.filter_map(|id| {
			let round = Rounds::<T>::get(id).filter(|round| round.stage.is_open())?;
			Some(Self::round_view(id, &round, market.pot))
		});
		let mut views: Vec<_> = open.take(market.open as usize).collect();
		views.reverse();
		Some(views)
	}

	/// Returns a round with its seats; `None` if it was not opened, or once its last seat is collected.
	pub fn seats_view(id: RoundId) -> Option<ForecastSeatsView<T::AccountId>> {
		let round = Rounds::<T>::get(id)?;
		let pot = Markets::<T>::get(id.domain)?.pot;
		let seats = Seats::<T>::get(id).into_iter().map(|seat| ForecastSeatView {
			who: seat.who,
			wager: seat.wager,
			commitment: seat.commitment,
			skill: seat.skill,
		});
		Some(ForecastSeatsView { round: Self::round_view(id, &round, pot), seats: seats.collect() })
	}

	/// Returns the view of a round of a market with `pot`.
	fn round_view(id: RoundId, round: &Round, pot: Balance) -> ForecastRoundView {
		let mut view = ForecastRoundView {
			id,
			phase: ForecastPhase::Void,
			until: None,
			input_end: round.bar,
			zero_bar: None,
			horizon_end: None,
			zero: None,
			reference: shown(round.reference),
			seats: round.book.seats,
			wagers: round.book.wagers,
			least_wager: None,
			pot,
			factor: None,
		};
		match &round.stage {
			Stage::Committing { until } => {
				view.phase = ForecastPhase::Committing;
				view.until = Some(*until);
				view.least_wager = Some(Self::least_wager(id, round));
			}
			Stage::Waiting { zero } => {
				view.phase = ForecastPhase::Waiting;
				view.zero_bar = Some(*zero);
				view.horizon_end = Self::stream(id.domain).map(|(_, terms)| Self::end_of(*zero, &terms));
			}
			Stage::Revealing(Outcome { until, zero, .. }) => {
				view.phase = ForecastPhase::Revealing;
				view.until = Some(*until);
				view.zero = Some(*zero);
			}
			Stage::Closed { settled, .. } => {
				view.phase = ForecastPhase::Closed;
				view.factor = Some(settled.factor);
			}
			Stage::Void => {}
		}
		view
	}

	/// Returns the smallest wager that takes a seat of a round.
	fn least_wager(id: RoundId, round: &Round) -> Balance {
		if round.book.seats < MAX_SEATS {
			return MIN_WAGER;
		}
		let smallest = Seats::<T>::get(id).into_iter().map(|seat| seat.wager).min();
		smallest.map_or(MIN_WAGER, |smallest| smallest.saturating_mul(2))
	}

	/// Returns the market of `stream` and its `limit` forecasters of the largest standing, at most 256. Returns `None` for a stream
	/// without a market.
	pub fn leaderboard_view(stream: StreamId, limit: u32) -> Option<LeaderboardView<T::AccountId>> {
		let market = Markets::<T>::get(stream)?;
		let claims = Self::claims(stream, &market);
		let standings = Forecasters::<T>::iter_prefix(stream).take(MOST_RANKED);
		let mut ranked: Vec<_> = standings.map(|(who, forecaster)| (forecaster.standing.max(0), who)).collect();
		ranked.sort_unstable_by(|(first, one), (second, other)| second.cmp(first).then_with(|| one.cmp(other)));
		let best = ranked.into_iter().take(limit.min(LONGEST_BOARD) as usize);
		let forecasters = best.filter_map(|(_, who)| {
			let forecaster = Forecasters::<T>::get(stream, &who)?;
			Some(forecaster_view(who, forecaster, &claims))
		});
		Some(LeaderboardView {
			stream,
			pot: market.pot,
			rounds: market.next,
			open: market.open,
			weight: claims.weight,
			mark: claims.mark,
			forecasters: forecasters.collect(),
		})
	}

	/// Returns the record of `who` in the market of `stream`; `None` for a stream without a market.
	pub fn record_view(stream: StreamId, who: T::AccountId) -> Option<MarketRecordView<T::AccountId>> {
		let market = Markets::<T>::get(stream)?;
		let claims = Self::claims(stream, &market);
		let forecaster = Forecasters::<T>::get(stream, &who).map(|forecaster| forecaster_view(who, forecaster, &claims));
		Some(MarketRecordView {
			stream,
			rounds: market.next,
			commit_blocks: T::CommitBlocks::get(),
			weight: claims.weight,
			mark: claims.mark,
			forecaster,
		})
	}

	/// Returns the state of a market that the bounds and increments of its records depend on.
	fn claims(stream: StreamId, market: &Market) -> Claims {
		let grid = Self::stream(stream).map(|(state, terms)| {
			let grid = Self::grid(&state, &terms);
			(grid, grid.slice(state.running))
		});
		let is_voted = market.paid_from < u32::MAX;
		let claimed = grid.map_or(0, |(_, now)| market.claimed_in(term_of(now)));
		Claims {
			grid,
			from: if is_voted { market.paid_from } else { term_of(market.since) },
			is_voted,
			weight: T::DomainWeights::weight(stream),
			mark: mark_at(market.mark, current_block::<T>().saturating_sub(market.marked), T::HalfLife::get()),
			claimed,
		}
	}
}

/// Returns the view of a forecaster, with the bound and the increment that a claim at this block would have.
fn forecaster_view<AccountId>(who: AccountId, mut forecaster: Forecaster, claims: &Claims) -> ForecasterView<AccountId> {
	let bound = claims.grid.and_then(|(grid, now)| {
		forecaster.record.settle(now, grid.rounds);
		forecaster.record.bound(now, claims.from)
	});
	let increment = bound.map_or(0, |bound| increment(bound, claims.mark, claims.claimed));
	let is_paid = claims.is_voted && increment >= MIN_INCREMENT && effective(claims.weight, increment) > 0;
	ForecasterView {
		who,
		standing: forecaster.standing.max(0),
		bound,
		increment: if is_paid { increment } else { 0 },
		seats: forecaster.seats,
	}
}

/// Returns the form of a reference in views.
fn shown(reference: Reference) -> ForecastReference {
	match reference {
		Reference::RepeatLast => ForecastReference::RepeatLast,
		Reference::Drift => ForecastReference::Drift,
		Reference::HalfwayToMean => ForecastReference::HalfwayToMean,
		Reference::SeasonBefore => ForecastReference::SeasonBefore,
		Reference::Champion => ForecastReference::Champion,
	}
}
