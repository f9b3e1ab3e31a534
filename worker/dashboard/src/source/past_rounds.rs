//! Rounds of forecasts after their bars, from the events of finalized blocks: the chain stores the skill of a forecast and not its
//! values, and forgets a round with its last seat.
//!
//! The newest rounds of each stream are kept, with their best forecasts, so memory is bounded however many forecasters there are.

use crate::shape::{PastRound, PastState, RevealedForecast};
use doin_chain::Account;
use doin_primitives::{oracle::StreamId, views::ForecastSeatsView, RoundId};
use parking_lot::Mutex;
use serde::{de::DeserializeOwned, Deserialize};
use serde_json::Value;
use serde_with::{As, DisplayFromStr};
use std::collections::BTreeMap;

/// Rounds of a stream that are kept.
const OF_A_STREAM: usize = 16;
/// Rounds of all streams that are kept: those of the 32 streams that can be awake, and as many of earlier ones.
const MOST: usize = 1_024;
/// Forecasts of a round that are kept.
const FORECASTS: usize = 12;

/// The newest rounds of each stream.
pub(super) struct PastRounds {
	/// Account whose forecasts are kept, however large their errors are.
	own: Option<String>,
	kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
	rounds: BTreeMap<RoundId, PastRound>,
	/// First block whose events were read.
	from: Option<u32>,
}

/// Fields that all of these events have.
#[derive(Deserialize)]
struct OfRound {
	round: RoundId,
}

#[derive(Deserialize)]
struct RevealsOpened {
	#[serde(with = "As::<DisplayFromStr>")]
	zero: i64,
	error: String,
}

#[derive(Deserialize)]
struct Revealed {
	who: String,
	error: String,
	skill: String,
	forecast: Vec<i32>,
}

#[derive(Deserialize)]
struct Closed {
	factor: String,
}

#[derive(Deserialize)]
struct Collected {
	who: String,
	wager: String,
	paid: String,
}

impl PastRounds {
	/// Returns no round yet, for a worker with this account.
	pub fn new(own: Option<Account>) -> Self {
		Self { own: own.map(|account| account.to_string()), kept: Mutex::default() }
	}

	/// Notes that the events of all blocks from block `from` on are read, or will be.
	pub fn begin(&self, from: u32) {
		let mut kept = self.kept.lock();
		kept.from = Some(kept.from.map_or(from, |known| known.min(from)));
	}

	/// Takes an event of the pallet `Forecasts` in block `block`, by its name and fields. Returns the round if the event opens its
	/// reveals: the state before the block has what [`Self::describe`] needs.
	pub fn take(&self, name: &str, block: u32, fields: &Value) -> Option<RoundId> {
		if !["RevealsOpened", "Revealed", "Closed", "Voided", "Collected"].contains(&name) {
			return None;
		}
		let id = read::<OfRound>(fields)?.round;
		let mut kept = self.kept.lock();
		match name {
			"RevealsOpened" => {
				let RevealsOpened { zero, error } = read(fields)?;
				let round = kept.round(id, block)?;
				(round.zero, round.reference_error, round.block) = (Some(zero), Some(error), block);
				return Some(id);
			}
			"Revealed" => kept.round(id, block)?.reveal(read(fields)?, block, self.own.as_deref()),
			"Closed" => {
				let Closed { factor } = read(fields)?;
				let round = kept.round(id, block)?;
				(round.state, round.end_block, round.factor) = (PastState::Closed, Some(block), Some(factor));
			}
			"Voided" => {
				let round = kept.round(id, block)?;
				(round.state, round.end_block) = (PastState::Void, Some(block));
			}
			_ => {
				let Collected { who, wager, paid } = read(fields)?;
				// The forecast of a seat may be none of those that are kept.
				let seat = kept.rounds.get_mut(&id)?.forecasts.iter_mut().find(|forecast| forecast.peer_id == who)?;
				(seat.wager, seat.paid) = (Some(wager), Some(paid));
			}
		}
		None
	}

	/// Completes a round by its view in the state before its reveals.
	pub fn describe(&self, id: RoundId, view: &ForecastSeatsView<Account>) {
		let mut kept = self.kept.lock();
		let Some(round) = kept.rounds.get_mut(&id) else { return };
		round.horizon_end = view.round.horizon_end;
		round.reference = Some(super::convert::name(&view.round.reference));
		round.seats = Some(view.round.seats);
		round.wagers = Some(view.round.wagers.to_string());
	}

	/// Returns the rounds of a stream, newest first, and the first block whose events were read.
	pub fn of(&self, stream: StreamId) -> (Vec<PastRound>, Option<u32>) {
		let kept = self.kept.lock();
		(kept.of(stream).rev().map(|(_, round)| round.clone()).collect(), kept.from)
	}

	/// Forgets all rounds: the chain began anew.
	pub fn clear(&self) {
		*self.kept.lock() = Kept::default();
	}
}

impl Kept {
	fn of(&self, stream: StreamId) -> impl DoubleEndedIterator<Item = (&RoundId, &PastRound)> {
		self.rounds.range(RoundId { domain: stream, number: 0 }..=RoundId { domain: stream, number: u32::MAX })
	}

	/// Returns a round that an event of block `block` names; `None` if newer rounds take all places.
	fn round(&mut self, id: RoundId, block: u32) -> Option<&mut PastRound> {
		let before = self.rounds.len();
		self.rounds.entry(id).or_insert_with(|| PastRound { round: id.number, block, ..PastRound::default() });
		if self.rounds.len() > before {
			self.forget_oldest(id.domain);
		}
		self.rounds.get_mut(&id)
	}

	/// Removes the oldest round of `stream` if the stream has too many, and the oldest one of all if all of them are too many.
	fn forget_oldest(&mut self, stream: StreamId) {
		if self.of(stream).count() > OF_A_STREAM {
			let oldest = self.of(stream).next().map(|(oldest, _)| *oldest);
			oldest.and_then(|oldest| self.rounds.remove(&oldest));
		}
		if self.rounds.len() > MOST {
			let oldest = self.rounds.iter().min_by_key(|(_, round)| round.block).map(|(oldest, _)| *oldest);
			oldest.and_then(|oldest| self.rounds.remove(&oldest));
		}
	}
}

impl PastRound {
	/// Adds a forecast that block `block` reveals, unless there are enough of smaller errors. That of `own` stays.
	fn reveal(&mut self, Revealed { who, error, skill, forecast }: Revealed, block: u32, own: Option<&str>) {
		self.revealed += 1;
		self.forecasts.push(RevealedForecast {
			peer_id: who,
			block,
			error,
			skill,
			changes: forecast,
			..RevealedForecast::default()
		});
		self.forecasts.sort_by_cached_key(|one| (one.error.parse().unwrap_or(u128::MAX), one.peer_id.clone()));
		let others = self.forecasts.iter().filter(|one| own != Some(one.peer_id.as_str())).count();
		if others > FORECASTS {
			let worst = self.forecasts.iter().rposition(|one| own != Some(one.peer_id.as_str()));
			if let Some(worst) = worst {
				self.forecasts.remove(worst);
			}
		}
	}
}

/// Returns fields of an event; `None` if a runtime of another version gives them another form.
fn read<T: DeserializeOwned>(fields: &Value) -> Option<T> {
	match serde_json::from_value(fields.clone()) {
		Ok(event) => Some(event),
		Err(error) => {
			tracing::debug!(target: "doin::dashboard", "an event of a round of forecasts is left out: {error}");
			None
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_primitives::views::{ForecastPhase, ForecastReference, ForecastRoundView};
	use serde_json::json;

	const STREAM: StreamId = 1 << 31;

	fn account(number: u8) -> String {
		Account([number; 32]).to_string()
	}

	fn id(number: u32) -> RoundId {
		RoundId { domain: STREAM, number }
	}

	fn opened(number: u32) -> Value {
		json!({ "round": id(number), "zero": "-41000", "error": "655360", "until": 130 })
	}

	fn revealed(number: u32, who: u8, error: u128) -> Value {
		json!({ "round": id(number), "who": account(who), "error": error.to_string(), "skill": "-1073741824", "forecast": [1, -2] })
	}

	/// Returns the view of a round that waits for its bars.
	fn waiting(number: u32) -> ForecastSeatsView<Account> {
		let round = ForecastRoundView {
			id: id(number),
			phase: ForecastPhase::Waiting,
			until: None,
			input_end: 90,
			zero_bar: Some(95),
			horizon_end: Some(122),
			zero: None,
			reference: ForecastReference::SeasonBefore,
			seats: 3,
			wagers: 1 << 70,
			least_wager: None,
			pot: 0,
			factor: None,
		};
		ForecastSeatsView { round, seats: Vec::new() }
	}

	#[test]
	fn a_round_is_followed_from_its_reveals_to_its_payments() {
		let past = PastRounds::new(None);
		past.begin(100);
		past.begin(40);
		past.begin(60);
		assert_eq!(past.take("Opened", 50, &json!({ "round": id(7) })), None, "it has no bars yet");
		assert_eq!(past.take("RevealsOpened", 120, &opened(7)), Some(id(7)));
		past.describe(id(7), &waiting(7));
		past.describe(id(8), &waiting(8));
		assert_eq!(past.take("Revealed", 121, &revealed(7, 1, 20)), None);
		past.take("Revealed", 122, &revealed(7, 2, 10));
		let (rounds, from) = past.of(STREAM);
		assert_eq!((rounds.len(), from), (1, Some(40)));
		let round = &rounds[0];
		assert_eq!((round.state, round.block, round.end_block), (PastState::Revealing, 120, None));
		assert_eq!((round.horizon_end, round.zero, round.reference.as_deref()), (Some(122), Some(-41_000), Some("seasonBefore")));
		assert_eq!((round.seats, round.revealed, round.wagers.clone()), (Some(3), 2, Some((1u128 << 70).to_string())));
		let who: Vec<_> = round.forecasts.iter().map(|forecast| (forecast.peer_id.clone(), forecast.block)).collect();
		assert_eq!(who, [(account(2), 122), (account(1), 121)], "the smallest error is first");
		assert_eq!(round.forecasts[0].changes, [1, -2]);

		past.take("Closed", 130, &json!({ "round": id(7), "factor": "4294967296", "pot": "5" }));
		past.take("Collected", 131, &json!({ "round": id(7), "who": account(1), "wager": "2", "paid": "3" }));
		past.take("Collected", 131, &json!({ "round": id(7), "who": account(9), "wager": "2", "paid": "3" }));
		let round = past.of(STREAM).0.remove(0);
		assert_eq!((round.state, round.end_block, round.factor.as_deref()), (PastState::Closed, Some(130), Some("4294967296")));
		assert_eq!((round.forecasts[1].wager.as_deref(), round.forecasts[1].paid.as_deref()), (Some("2"), Some("3")));
		assert_eq!((round.forecasts[0].paid.clone(), round.forecasts.len()), (None, 2));
		past.clear();
		assert_eq!(past.of(STREAM), (Vec::new(), None));
	}

	#[test]
	fn a_void_round_and_one_whose_reveals_began_before_the_first_block_are_there_without_what_is_not_known() {
		let past = PastRounds::new(None);
		past.take("Voided", 50, &json!({ "round": id(3) }));
		past.take("Revealed", 60, &revealed(4, 1, 5));
		let rounds = past.of(STREAM).0;
		assert_eq!((rounds[1].state, rounds[1].end_block, rounds[1].revealed), (PastState::Void, Some(50), 0));
		assert_eq!((rounds[0].round, rounds[0].zero, rounds[0].horizon_end, rounds[0].revealed), (4, None, None, 1));
	}

	#[test]
	fn memory_is_bounded_and_the_own_forecast_stays() {
		let own = 200;
		let past = PastRounds::new(Some(Account([own; 32])));
		past.take("RevealsOpened", 1, &opened(5));
		past.take("Revealed", 2, &revealed(5, own, u128::MAX));
		(0..128).for_each(|who| assert_eq!(past.take("Revealed", 2, &revealed(5, who, 1_000 - u128::from(who))), None));
		let round = past.of(STREAM).0.remove(0);
		let errors: Vec<_> = round.forecasts.iter().map(|forecast| forecast.error.clone()).collect();
		assert_eq!((errors.len(), round.revealed, errors[0].as_str()), (FORECASTS + 1, 129, "873"));
		assert_eq!(round.forecasts.last().map(|forecast| forecast.peer_id.clone()), Some(account(own)));

		// Earlier blocks are read after later ones, and take no place of newer rounds.
		for number in (0..40).rev() {
			past.take("Voided", 100 + number, &json!({ "round": id(number) }));
		}
		let numbers: Vec<u32> = past.of(STREAM).0.iter().map(|round| round.round).collect();
		assert_eq!(numbers, (24..40).rev().collect::<Vec<_>>());
		for stream in 0..200 {
			(0..OF_A_STREAM as u32).for_each(|number| {
				let round = RoundId { domain: STREAM + 1 + stream, number };
				past.take("Voided", 1_000 + stream, &json!({ "round": round }));
			});
		}
		assert_eq!(past.kept.lock().rounds.len(), MOST);
		assert!(past.of(STREAM).0.is_empty(), "those of the oldest blocks are dropped first");
		assert_eq!(past.of(STREAM + 200).0.len(), OF_A_STREAM);
	}

	#[test]
	fn events_of_another_form_are_left_out() {
		let past = PastRounds::new(None);
		for fields in [json!(null), json!({}), json!({ "round": 5 }), json!({ "round": id(1), "zero": 5 })] {
			assert_eq!(past.take("RevealsOpened", 1, &fields), None, "{fields}");
		}
		past.take("Revealed", 1, &json!({ "round": id(1), "who": account(1), "error": "1", "skill": "1", "forecast": ["x"] }));
		assert!(past.of(STREAM).0.iter().all(|round| round.revealed == 0));
	}
}
