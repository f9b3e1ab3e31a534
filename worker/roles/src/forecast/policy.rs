//! Decisions of a forecaster.

use crate::{
	amount::Amount,
	journal::{Entry, State},
};
use doin_chain::Account;
use doin_market::{record::effective, settlement::POT_PART, truth::ZERO_BARS, ONE};
use doin_primitives::{
	emission::{price, split},
	views::{ForecastPhase, ForecastRoundView, ForecastSeatView, ForecastSeatsView, MarketRecordView, StreamView},
	Balance, BlockNumber, DOIN, Q32,
};

/// Part of its wager that a forecaster can gain from the pot alone, in the smallest pot that it stakes on: a 16th.
const LEAST_GAIN: Balance = 16;
/// Smallest pay of a claim that is worth its fee, in plancks.
const LEAST_CLAIM: Balance = DOIN / 10;
/// Most bars from the last one of an input to the first one of the horizon that a model forecasts.
const MOST_LEAD: usize = 64;
/// Least such number: the bars of the zero lie between them.
const LEAST_LEAD: usize = ZERO_BARS + 1;

/// Next step of a forecaster in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
	/// Nothing is due.
	Nothing,
	/// Make a forecast, and commit to it.
	Forecast,
	/// Send the commitment of the journal entry.
	Commit,
	/// Send the reveal of the journal entry.
	Reveal,
	/// Have the seat paid.
	Collect,
	/// Remove the seat, which was not revealed: its deposit is paid back.
	Clear,
	/// The round is full of larger wagers.
	Outbid,
	/// The chain has a commitment that the journal does not have. It cannot be revealed.
	Lost,
	/// The account has no seat, and gets none any more: the journal entry is archived.
	Over,
}

/// Returns the seat of `who` in a round.
pub fn seat_of(view: &ForecastSeatsView<Account>, who: Account) -> Option<&ForecastSeatView<Account>> {
	view.seats.iter().find(|seat| seat.who == who)
}

/// Returns the next step of `who` in a round. A call that is sent now is in block `next` at the earliest. `view` is `None` for a round that
/// is not on the chain, and `entry` is the journal entry of the round, which is not sent if the round has another input now.
pub fn step(
	next: BlockNumber,
	view: Option<&ForecastSeatsView<Account>>,
	who: Account,
	entry: Option<&Entry>,
	wager: Balance,
) -> Step {
	let over = if entry.is_some_and(|entry| entry.state != State::Archived) { Step::Over } else { Step::Nothing };
	let Some(view) = view else { return over };
	let in_time = view.round.until.is_some_and(|until| next < until);
	let seat = seat_of(view, who);
	let is_known = seat.zip(entry).is_some_and(|(seat, entry)| seat.commitment == entry.commitment);
	match (view.round.phase, seat) {
		(ForecastPhase::Committing, None) if !in_time => Step::Nothing,
		(ForecastPhase::Committing, None) if view.round.least_wager.is_none_or(|least| wager < least) => Step::Outbid,
		(ForecastPhase::Committing, None) if entry.is_some_and(|entry| entry.is_of_input(view.round.input_end)) => Step::Commit,
		(ForecastPhase::Committing, None) => Step::Forecast,
		(ForecastPhase::Committing | ForecastPhase::Waiting, Some(_)) if is_known => Step::Nothing,
		(ForecastPhase::Revealing, Some(seat)) if seat.skill.is_some() => Step::Nothing,
		(ForecastPhase::Revealing, Some(_)) if !in_time => Step::Nothing,
		(ForecastPhase::Revealing, Some(_)) if is_known => Step::Reveal,
		(ForecastPhase::Committing | ForecastPhase::Waiting | ForecastPhase::Revealing, Some(_)) => Step::Lost,
		(ForecastPhase::Closed, Some(seat)) if seat.skill.is_none() => Step::Clear,
		(ForecastPhase::Closed | ForecastPhase::Void, Some(_)) => Step::Collect,
		(_, None) => over,
	}
}

/// Returns the state that the chain shows for the commitment of a seat.
pub fn shown_state(seat: &ForecastSeatView<Account>) -> State {
	if seat.skill.is_some() {
		State::Revealed
	} else {
		State::Committed
	}
}

/// Returns the reason for which a wager is not staked in a round that takes commitments, and the next step; `None` if it is.
pub fn refusal(round: &ForecastRoundView, wager: Balance) -> Option<String> {
	(round.pot / POT_PART < wager / LEAST_GAIN).then(|| {
		format!(
			"the pot of the market holds {}, from which a forecast gains less than a sixteenth of its wager of {}: stake less, or add to the \
			 pot with `doin-worker sponsor --market`",
			Amount(round.pot),
			Amount(wager)
		)
	})
}

/// Returns the number of bars that run in `blocks` blocks, rounded down.
fn bars_in(blocks: u64, slot_ms: u64, stream: &StreamView<Account>) -> u64 {
	blocks.saturating_mul(slot_ms).checked_div(stream.bar_ms).unwrap_or(0)
}

/// Returns a number of bars within the range of leads.
fn lead(bars: u64) -> usize {
	usize::try_from(bars).unwrap_or(usize::MAX).clamp(LEAST_LEAD, MOST_LEAD)
}

/// Returns the number of bars from the last one of the input of a round to the first one of its horizon, as far as it is known at block
/// `head`: the zero begins with the bar that runs when the commitments end.
pub fn expected_lead(head: BlockNumber, round: &ForecastRoundView, stream: &StreamView<Account>, slot_ms: u64) -> usize {
	let blocks = round.until.unwrap_or(head).saturating_sub(head);
	let zero = stream.running.saturating_add(bars_in(blocks.into(), slot_ms, stream));
	lead(zero.saturating_sub(round.input_end).saturating_add(LEAST_LEAD as u64))
}

/// Returns the largest lead of the rounds of a stream, which take commitments for `commit_blocks` blocks: they open before the next batch
/// has ended.
pub fn longest_lead(stream: &StreamView<Account>, slot_ms: u64, commit_blocks: BlockNumber) -> usize {
	let commits = bars_in(commit_blocks.into(), slot_ms, stream).saturating_add(1);
	lead(u64::from(stream.batch).saturating_add(commits).saturating_add(LEAST_LEAD as u64))
}

/// Returns the amount that a claim of a record pays, if it is worth its fee. `reward` and `threshold` are those of the next work block.
pub fn worthwhile_claim(record: &MarketRecordView<Account>, (reward, threshold): (Balance, Q32)) -> Option<Balance> {
	let increment = record.forecaster.as_ref()?.increment;
	// The part of the evaluators is not minted.
	let paid = split(price(reward, effective(record.weight, increment), threshold)).optimizers;
	(paid >= LEAST_CLAIM).then_some(paid)
}

/// Returns a skill as text, in percent. Skills end at ±100 %: at a limit, the forecast was better or worse than the reference by the average
/// squared error of references at least.
pub fn skill_text(skill: i64) -> String {
	let limit = if skill.unsigned_abs() < ONE.unsigned_abs() { "" } else { " (the limit)" };
	format!("{:+.2} %{limit}", 100.0 * skill as f64 / ONE as f64)
}
