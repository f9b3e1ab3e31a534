//! Reports of validators, and calls of forecasters.
//!
//! Reports come with every block that is opened. The calls of forecasters come with [`Kind::Work`](super::Kind::Work), and those that
//! make sense at any time with [`Kind::Block`](super::Kind::Block), so that the other operations stay as frequent as they are.

use super::{calls::SALT, Operation, Secret, World, ACTORS};
use doin_primitives::{
	commitment::{payload_hash, Tag},
	oracle::{Bars, PollId, PollPhase, Report, Reports, StreamId, Values, FIRST_STREAM},
	views::{ForecastPhase, ForecastSeatView, ForecastSeatsView},
	Balance, RoundId, DOIN,
};
use doin_runtime::{AccountId, Runtime, RuntimeCall, System};
use doin_traits::apis::runtime_decl_for_doin_api::DoinApi;
use pallet_doin_forecasts::types::Forecast;
use pallet_doin_oracle::types::PollState;
use sp_keyring::Sr25519Keyring;

/// Stream of the development chains.
const STREAM: StreamId = FIRST_STREAM;
/// Values of a forecast of the stream.
const HORIZON: i32 = 24;

type ForecastsCall = pallet_doin_forecasts::Call<Runtime>;
type OracleCall = pallet_doin_oracle::Call<Runtime>;

/// A call and its sender.
type Sent = (Sr25519Keyring, RuntimeCall);

fn actor(n: u32) -> Sr25519Keyring {
	ACTORS[n as usize % ACTORS.len()]
}

/// Returns the close of a bar: it rises by 2 a bar, with noise of up to 4.
fn close(bar: u64) -> i64 {
	2 * bar as i64 + (bar % 1_000 * 7_919 % 5) as i64
}

/// Returns `true` if a validator is offline in a poll: in every sixth one all but the first are, so that its bars are missing.
fn is_offline(poll: PollId, place: usize) -> bool {
	poll % 6 == 5 && place > 0
}

/// Returns the reports of a validator. In every third poll one of three validators reports other closes.
fn reports(poll: &PollState, place: usize) -> Reports {
	let lie = i64::from((poll.id as usize + place).is_multiple_of(9)) * 1_000;
	let reports = poll.batches.iter().map(|batch| {
		let bars = batch.first..batch.first + u64::from(batch.bars);
		let bars = bars.map(|bar| Some(Values::truncate_from(vec![close(bar) + lie])));
		Report { stream: batch.stream, bars: Bars::truncate_from(bars.collect()) }
	});
	Reports::truncate_from(reports.collect())
}

/// Returns an amount for a pot, from nothing to the fees of 20 batches.
fn sponsored(n: u32) -> Balance {
	[0, DOIN / 2, DOIN, 20 * DOIN][n as usize % 4]
}

/// Returns a forecast of the stream: mostly better than no change, seldom of a wrong length.
fn forecast(n: u32) -> Forecast {
	let length = if n.is_multiple_of(11) { HORIZON - 1 } else { HORIZON };
	let error = [0, 1, 5, 20, 60, -400][n as usize % 6];
	Forecast::truncate_from((2..2 + length).map(|bars| 2 * bars + error).collect())
}

/// Returns `true` if the forecaster of a forecast does not reveal it: one of four.
fn is_silent(forecast: &Forecast, who: Sr25519Keyring, round: RoundId) -> bool {
	payload_hash(&(forecast, who.to_account_id(), round))[0].is_multiple_of(4)
}

impl World {
	/// Sends the reports that are due in the open block. In every seventh poll a validator commits and does not reveal.
	pub(super) fn report(&mut self) {
		let (poll, reporters, now) =
			self.chain.state(|| (pallet_doin_oracle::Poll::<Runtime>::get(), Runtime::poll().reporters, System::block_number()));
		if !poll.is_open {
			return;
		}
		for (place, reporter) in reporters.into_iter().enumerate().filter(|(place, _)| !is_offline(poll.id, *place)) {
			let Some(who) = ACTORS.into_iter().find(|actor| actor.to_account_id() == reporter.who) else { continue };
			let is_silent = poll.id % 7 == 3 && place == 1;
			let reports = reports(&poll, place);
			match poll.phase(now) {
				PollPhase::Committing if !reporter.committed => {
					let hash = self.hash(Tag::Report, &poll.id, who, &payload_hash(&reports));
					self.apply(who, OracleCall::commit { poll: poll.id, hash }.into());
				}
				PollPhase::Revealing if reporter.committed && !reporter.revealed && !is_silent => {
					self.apply(who, OracleCall::reveal { poll: poll.id, reports, salt: SALT }.into());
				}
				_ => {}
			}
		}
	}

	/// Returns the calls that forecasters send at this block: up to two commit, those that are not silent reveal, and mostly all seats
	/// of rounds that are over are paid or cleared.
	pub(super) fn forecasters_work(&mut self, n: u32) -> Vec<Sent> {
		let mut rounds: Vec<RoundId> = self.chain.state(|| pallet_doin_forecasts::Rounds::<Runtime>::iter_keys().collect());
		rounds.sort_unstable();
		let mut calls: Vec<Sent> = Vec::new();
		for round in rounds {
			let Some(view) = self.chain.state(|| Runtime::forecast_round(round)) else { continue };
			match view.round.phase {
				ForecastPhase::Committing => {
					calls.extend((0..n % 3).map(|place| self.forecast_call(actor((n >> 8) + place), round, (n >> 4) + place)));
				}
				ForecastPhase::Revealing => calls.extend(self.due_reveals(round, &view)),
				ForecastPhase::Closed | ForecastPhase::Void if !n.is_multiple_of(4) => calls.extend(payments(view, n >> 8)),
				ForecastPhase::Waiting | ForecastPhase::Closed | ForecastPhase::Void => {}
			}
		}
		if n.is_multiple_of(8) {
			calls.push((actor(n >> 8), ForecastsCall::leave { stream: STREAM }.into()));
		}
		calls
	}

	/// Returns the commitment of `who` in a round. Some wagers are too small.
	fn forecast_call(&mut self, who: Sr25519Keyring, round: RoundId, n: u32) -> Sent {
		let payload = forecast(n);
		let hash = self.hash(Tag::Forecast, &round, who, &payload_hash(&payload));
		self.forecasts.push(Secret { who, scope: round, payload });
		let wager = [DOIN / 2, DOIN, 7 * DOIN + 1, 20 * DOIN, 20 * DOIN][(n >> 4) as usize % 5];
		(who, ForecastsCall::commit { round, hash, wager }.into())
	}

	/// Returns the reveals of a round that are due.
	fn due_reveals(&self, round: RoundId, view: &ForecastSeatsView<AccountId>) -> Vec<Sent> {
		let is_due = |secret: &&Secret<RoundId, Forecast>| {
			let account = secret.who.to_account_id();
			let has_seat = view.seats.iter().any(|seat| seat.who == account && seat.skill.is_none());
			secret.scope == round && has_seat && !is_silent(&secret.payload, secret.who, round)
		};
		self.forecasts.iter().filter(is_due).map(reveal).collect()
	}

	/// Returns a call of pallet `forecasts` or `oracle` that the numbers of an operation select, whether it makes sense now or not.
	pub(super) fn forecasters_call(&mut self, operation: Operation) -> Option<Sent> {
		let (who, n) = (actor(operation.who.into()), operation.b.rotate_left(11) ^ (operation.a >> 4));
		let next = self.chain.state(|| pallet_doin_forecasts::Markets::<Runtime>::get(STREAM).map_or(0, |market| market.next));
		// One of the last rounds, or the next one.
		let round = RoundId { domain: STREAM, number: next.saturating_sub((n >> 4) % 8) };
		let stream = STREAM + u32::from((n >> 8).is_multiple_of(4));
		let other = actor(n >> 12).to_account_id();
		let call: RuntimeCall = match n % 8 {
			0 => ForecastsCall::sponsor { stream, amount: sponsored(n >> 16) }.into(),
			1 => OracleCall::sponsor { stream, amount: sponsored(n >> 16) }.into(),
			2 => ForecastsCall::claim { stream }.into(),
			3 => ForecastsCall::leave { stream }.into(),
			4 => return Some(self.forecast_call(who, round, n >> 12)),
			5 => {
				let recent = self.forecasts.len().min(12);
				return self.forecasts.iter().rev().nth((n >> 4) as usize % recent.max(1)).map(reveal);
			}
			6 => ForecastsCall::collect { round, who: other }.into(),
			_ => ForecastsCall::clear { round, who: other }.into(),
		};
		Some((who, call))
	}
}

/// Returns the reveal of a commitment.
fn reveal(secret: &Secret<RoundId, Forecast>) -> Sent {
	let Secret { who, scope: round, payload } = secret;
	(*who, ForecastsCall::reveal { round: *round, forecast: payload.clone(), salt: SALT }.into())
}

/// Returns the calls by which one actor collects or clears all seats of a round that is over.
fn payments(view: ForecastSeatsView<AccountId>, n: u32) -> Vec<Sent> {
	let ForecastSeatsView { round, seats } = view;
	let call = |seat: ForecastSeatView<AccountId>| -> Sent {
		let (is_lost, round, who) = (round.phase == ForecastPhase::Closed && seat.skill.is_none(), round.id, seat.who);
		let call = if is_lost { ForecastsCall::clear { round, who } } else { ForecastsCall::collect { round, who } };
		(actor(n), call.into())
	};
	seats.into_iter().map(call).collect()
}
