//! Streams of bars with their markets of forecasts, at one block.

use super::{
	chain::unreadable,
	convert::{self, name},
	snapshot::Snapshots,
	Answer, SourceError,
};
use crate::shape::{ForecastRound, ForecastSeat, Forecaster, Market, OneForecastRound, OneStream, Stream, Streams};
use doin_chain::{Account, Chain, Head, ReadError};
use doin_primitives::{
	oracle::StreamId,
	views::{BarsView, ForecastPhase, ForecastRoundView, ForecastSeatsView, ForecasterView, LeaderboardView, StreamView},
	RoundId,
};
use futures::{StreamExt, TryStreamExt};
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};

/// Streams whose markets are read at a time.
const AT_A_TIME: usize = 8;
/// Forecasters of each stream of a list.
const FIRST: u32 = 3;
/// Forecasters of one stream, the most that a node returns.
const BOARD: u32 = 256;
/// Closes of one stream: those of ten of the longest horizons.
const CLOSES: u32 = 1_000;
/// Streams whose views are kept.
const MOST: usize = 64;

/// The newest views of all streams, and of each stream that requests have asked for.
#[derive(Default)]
pub(super) struct StreamViews {
	all: Snapshots<Streams>,
	one: Mutex<BTreeMap<StreamId, Arc<Snapshots<OneStream>>>>,
}

/// Views of the market of a stream.
type MarketViews = (Vec<ForecastRoundView>, Option<LeaderboardView<Account>>);

impl StreamViews {
	/// Returns all streams at `head`, or at the block that is being read.
	pub async fn all(&self, chain: &Chain, head: Head) -> Answer<Arc<Streams>> {
		let chain = chain.clone();
		self.all.at(head, || async move { list(&chain, head).await.map_err(unreadable) }).await
	}

	/// Returns one stream at `head`, or at the block that is being read, without its past rounds.
	pub async fn one(&self, chain: &Chain, head: Head, id: StreamId) -> Answer<Arc<OneStream>> {
		let (chain, snapshots) = (chain.clone(), self.of(id));
		let read = || async move { one(&chain, head, id).await.map_err(unreadable)?.ok_or_else(|| no_stream(id)) };
		snapshots.at(head, read).await
	}

	/// Returns the views of a stream. Beyond a number of streams, all of them are read anew.
	fn of(&self, id: StreamId) -> Arc<Snapshots<OneStream>> {
		let mut one = self.one.lock();
		if one.len() >= MOST && !one.contains_key(&id) {
			one.clear();
		}
		one.entry(id).or_default().clone()
	}

	/// Forgets all views: the chain began anew.
	pub fn clear(&self) {
		self.all.clear();
		self.one.lock().clear();
	}
}

/// Returns a round of forecasts with its seats.
///
/// # Errors
/// Errors if the node does not answer, or if the round is not on the chain.
pub(super) async fn round(chain: &Chain, head: Head, id: RoundId) -> Answer<OneForecastRound> {
	let view = chain.forecast_round(head, id).await.map_err(unreadable)?;
	view.map(|view| seats_of(&view, head)).ok_or_else(|| no_round(id))
}

/// Returns the error of a stream that is not registered.
fn no_stream(id: StreamId) -> SourceError {
	SourceError::not_found(
		format!("there is no stream {id}"),
		"GET /api/streams lists all streams; their numbers begin at 2147483648",
	)
}

/// Returns the error of a round that is not on the chain.
fn no_round(RoundId { domain, number }: RoundId) -> SourceError {
	SourceError::not_found(
		format!("round {number} of stream {domain} is not open, and none of its seats is left"),
		format!("GET /api/stream/{domain} lists the open rounds, and the newest ones whose bars stand"),
	)
}

async fn list(chain: &Chain, head: Head) -> Result<Streams, ReadError> {
	let views = chain.streams(head).await?;
	let total = views.len() as u32;
	let read = views.into_iter().map(|view| summary(chain, head, view));
	let mut read = futures::stream::iter(read).buffered(AT_A_TIME);
	let mut streams = Vec::new();
	while let Some(stream) = read.try_next().await? {
		streams.push(stream);
	}
	Ok(Streams { at: convert::at(head), total, streams })
}

async fn summary(chain: &Chain, head: Head, view: StreamView<Account>) -> Result<Stream, ReadError> {
	let (rounds, board) = market_of(chain, head, &view, FIRST).await?;
	Ok(stream(&view, board.as_ref().map(|board| market(board, &rounds))))
}

/// Reads open rounds and leaderboard of a stream, unless its forecasts have no length.
async fn market_of(chain: &Chain, head: Head, view: &StreamView<Account>, limit: u32) -> Result<MarketViews, ReadError> {
	if view.horizon == 0 {
		return Ok((Vec::new(), None));
	}
	let (rounds, board) = tokio::try_join!(chain.forecast_rounds(head, view.id), chain.leaderboard(head, view.id, limit))?;
	Ok((rounds.unwrap_or_default(), board))
}

async fn one(chain: &Chain, head: Head, id: StreamId) -> Result<Option<OneStream>, ReadError> {
	let Some(view) = chain.stream(head, id).await? else { return Ok(None) };
	let from = view.next.saturating_sub(CLOSES.into());
	let (bars, (rounds, board)) = tokio::try_join!(chain.bars(head, id, from, CLOSES), market_of(chain, head, &view, BOARD))?;
	let bars = bars.unwrap_or_else(|| BarsView { first: view.next, bars: Vec::new() });
	Ok(Some(OneStream {
		at: convert::at(head),
		stream: stream(&view, board.as_ref().map(|board| market(board, &rounds))),
		first_close: bars.first,
		closes: bars.bars.iter().map(|bar| bar.as_ref().and_then(|values| values.first().copied())).collect(),
		rounds: rounds.iter().map(forecast_round).collect(),
		past: Vec::new(),
		past_from: None,
	}))
}

fn stream(view: &StreamView<Account>, market: Option<Market>) -> Stream {
	Stream {
		stream_id: view.id,
		symbol: view.symbol.clone(),
		unit: view.unit.clone(),
		source: view.source.clone(),
		bar_ms: view.bar_ms,
		batch: view.batch,
		kept: view.kept,
		season: view.season,
		horizon: view.horizon,
		domain_id: view.domain,
		owner: view.owner.to_string(),
		fee: view.fee.to_string(),
		pot: view.pot.to_string(),
		awake: view.awake,
		start: view.start,
		first: view.first,
		next: view.next,
		running: view.running,
		paid_until: view.paid_until,
		market,
	}
}

fn market(board: &LeaderboardView<Account>, rounds: &[ForecastRoundView]) -> Market {
	let in_phase = |phase: ForecastPhase| rounds.iter().filter(|round| round.phase == phase).count() as u32;
	Market {
		pot: board.pot.to_string(),
		rounds: board.rounds,
		open: board.open,
		committing: in_phase(ForecastPhase::Committing),
		waiting: in_phase(ForecastPhase::Waiting),
		revealing: in_phase(ForecastPhase::Revealing),
		weight: board.weight,
		mark: board.mark.to_string(),
		forecasters: board.forecasters.iter().map(forecaster).collect(),
	}
}

fn forecaster(view: &ForecasterView<Account>) -> Forecaster {
	Forecaster {
		peer_id: view.who.to_string(),
		standing: view.standing.to_string(),
		bound: view.bound.map(|bound| bound.to_string()),
		increment: view.increment.to_string(),
		seats: view.seats,
	}
}

fn forecast_round(view: &ForecastRoundView) -> ForecastRound {
	ForecastRound {
		round: view.id.number,
		phase: name(&view.phase),
		until: view.until,
		input_end: view.input_end,
		zero_bar: view.zero_bar,
		horizon_end: view.horizon_end,
		zero: view.zero,
		reference: name(&view.reference),
		seats: view.seats,
		wagers: view.wagers.to_string(),
		least_wager: view.least_wager.map(|wager| wager.to_string()),
		factor: view.factor.map(|factor| factor.to_string()),
	}
}

fn seats_of(view: &ForecastSeatsView<Account>, head: Head) -> OneForecastRound {
	let seats = view.seats.iter().map(|seat| ForecastSeat {
		peer_id: seat.who.to_string(),
		wager: seat.wager.to_string(),
		skill: seat.skill.map(|skill| skill.to_string()),
	});
	OneForecastRound {
		at: convert::at(head),
		stream_id: view.round.id.domain,
		round: forecast_round(&view.round),
		seats: seats.collect(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_primitives::views::{ForecastReference, ForecastSeatView};

	const ID: StreamId = 1 << 31;

	fn a_round(number: u32, phase: ForecastPhase) -> ForecastRoundView {
		ForecastRoundView {
			id: RoundId { domain: ID, number },
			phase,
			until: Some(9),
			input_end: 1 << 45,
			zero_bar: None,
			horizon_end: None,
			zero: Some(-7),
			reference: ForecastReference::HalfwayToMean,
			seats: 128,
			wagers: u128::MAX,
			least_wager: None,
			pot: 0,
			factor: Some(1 << 32),
		}
	}

	#[test]
	fn a_market_counts_its_rounds_by_phase_and_keeps_all_digits() {
		use ForecastPhase::{Committing, Revealing, Waiting};
		let who =
			|number: u8, bound| ForecasterView { who: Account([number; 32]), standing: 5, bound, increment: u64::MAX, seats: 24 };
		let board = LeaderboardView {
			stream: ID,
			pot: u128::MAX,
			rounds: 90,
			open: 4,
			weight: 250_000,
			mark: u64::MAX,
			forecasters: vec![who(1, Some(i64::MIN)), who(2, None)],
		};
		let rounds: Vec<_> = [Committing, Waiting, Waiting, Revealing]
			.into_iter()
			.zip(0..)
			.map(|(phase, number)| a_round(number, phase))
			.collect();
		let found = market(&board, &rounds);
		assert_eq!((found.committing, found.waiting, found.revealing, found.open), (1, 2, 1, 4));
		assert_eq!((found.pot, found.mark), (u128::MAX.to_string(), u64::MAX.to_string()));
		let bounds: Vec<_> = found.forecasters.iter().map(|forecaster| forecaster.bound.clone()).collect();
		assert_eq!(bounds, [Some(i64::MIN.to_string()), None]);
	}

	#[test]
	fn a_round_has_the_words_of_the_rpc() {
		let seat = |skill| ForecastSeatView { who: Account([3; 32]), wager: 1 << 90, commitment: [0; 32], skill };
		let view =
			ForecastSeatsView { round: a_round(7, ForecastPhase::Revealing), seats: vec![seat(None), seat(Some(i64::MIN))] };
		let found = seats_of(&view, Head { number: 5, hash: [5; 32] });
		assert_eq!((found.at.number, found.stream_id, found.round.round), (5, ID, 7));
		assert_eq!((found.round.phase.as_str(), found.round.reference.as_str()), ("Revealing", "halfwayToMean"));
		assert_eq!((found.round.zero, found.round.factor.as_deref()), (Some(-7), Some("4294967296")));
		let skills: Vec<_> = found.seats.iter().map(|seat| seat.skill.clone()).collect();
		assert_eq!(skills, [None, Some(i64::MIN.to_string())]);
	}

	#[test]
	fn views_of_few_streams_are_kept() {
		let views = StreamViews::default();
		let first = views.of(ID);
		(0..MOST as u32).for_each(|more| drop(views.of(ID + more)));
		assert!(Arc::ptr_eq(&first, &views.of(ID)), "as many as there can be awake, twice");
		views.of(ID + MOST as u32);
		assert_eq!(views.one.lock().len(), 1);
	}
}
