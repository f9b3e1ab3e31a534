//! Streams of bars, and their markets of forecasts.

use super::At;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A stream of bars. Bar n covers the milliseconds `n · bar_ms` to `(n + 1) · bar_ms` of Unix time.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stream {
	/// Identifier of the stream.
	pub stream_id: u32,
	/// Name of what is measured. Storage: `Oracle.Streams`.
	pub symbol: String,
	/// Unit of a value. Storage: `Oracle.Streams`.
	pub unit: String,
	/// Definition of a value. Storage: `Oracle.Streams`.
	pub source: String,
	/// Length of a bar, in milliseconds. Storage: `Oracle.Streams`.
	pub bar_ms: u64,
	/// Bars of a batch. Storage: `Oracle.Streams`.
	pub batch: u16,
	/// Number of complete bars that are kept. Storage: `Oracle.Streams`.
	pub kept: u32,
	/// Bars of a season; 1 for none. Storage: `Oracle.Streams`.
	pub season: u16,
	/// Values of a forecast; 0 for a stream without a market of forecasts. Storage: `Oracle.Streams`.
	pub horizon: u16,
	/// Domain whose champion forecasts the stream; `null` for none. Storage: `Oracle.Streams`.
	pub domain_id: Option<u32>,
	/// Account that registered it. Storage: `Oracle.Streams`.
	pub owner: String,
	/// Fee of the reporters for one batch, in plancks. Storage: `Oracle.Streams`.
	pub fee: String,
	/// Amount from which the reporters are paid, in plancks. Storage: `Oracle.Streams`.
	pub pot: String,
	/// `true` while its bars are asked for. Storage: `Oracle.Streams`.
	pub awake: bool,
	/// Number of its first bar; 0 before it has one. Storage: `Oracle.Streams`.
	pub start: u64,
	/// Number of the first bar that is kept, computed from the record. Storage: `Oracle.Streams`.
	pub first: u64,
	/// Number of the first bar that is not complete on the chain. Storage: `Oracle.Streams`.
	pub next: u64,
	/// Number of the bar that is running by the clock of the block. Storage: `Timestamp.Now`.
	pub running: u64,
	/// Number of the first bar that the reporters are not paid for, computed from pot and fee. Storage: `Oracle.Streams`.
	pub paid_until: u64,
	/// Its market of forecasts; `null` before somebody has sponsored one.
	pub market: Option<Market>,
}

/// Market of forecasts of a stream.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Market {
	/// Amount from which gains are paid, in plancks. Storage: `Forecasts.Markets`.
	pub pot: String,
	/// Rounds that were opened. Storage: `Forecasts.Markets`.
	pub rounds: u32,
	/// Rounds that are neither closed nor void. Storage: `Forecasts.Markets`.
	pub open: u32,
	/// Open rounds that take commitments. Storage: `Forecasts.Rounds`.
	pub committing: u32,
	/// Open rounds that wait for their bars. Storage: `Forecasts.Rounds`.
	pub waiting: u32,
	/// Open rounds that take reveals. Storage: `Forecasts.Rounds`.
	pub revealing: u32,
	/// Voted weight of the stream, in parts per million. Storage: `Gauge.Weights`.
	pub weight: u32,
	/// Progress that records of the stream have been paid for, Q32 bits at this block. Storage: `Forecasts.Markets`.
	pub mark: String,
	/// Forecasters of the largest standing, the largest first: 3 in a list of streams, 256 of one stream.
	pub forecasters: Vec<Forecaster>,
}

/// A forecaster of a stream.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Forecaster {
	/// Account of the forecaster.
	pub peer_id: String,
	/// Running average of its skill, Q32; a standing below 0 is shown as 0. Storage: `Forecasts.Forecasters`.
	pub standing: String,
	/// Lower bound of its skill that its record proves, Q32; `null` without a complete term. Storage: `Forecasts.Forecasters`.
	pub bound: Option<String>,
	/// Increment that a claim would add to the mark, Q32 bits. Storage: `Forecasts.Forecasters`.
	pub increment: String,
	/// Its seats that are not collected. Storage: `Forecasts.Forecasters`.
	pub seats: u32,
}

/// A round of forecasts of a stream.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForecastRound {
	/// Number of the round.
	pub round: u32,
	/// Phase of the round. Storage: `Forecasts.Rounds`.
	pub phase: String,
	/// First block in which it takes no commitments or reveals any more; `null` in the other phases. Storage: `Forecasts.Rounds`.
	pub until: Option<u32>,
	/// Number of the first bar after its input. Storage: `Forecasts.Rounds`.
	pub input_end: u64,
	/// Number of the first bar of its zero; `null` unless it waits for its bars. Storage: `Forecasts.Rounds`.
	pub zero_bar: Option<u64>,
	/// Number of the first bar after its horizon; `null` unless it waits for its bars. Storage: `Forecasts.Rounds`.
	pub horizon_end: Option<u64>,
	/// Its zero, in units of the stream; `null` unless it takes reveals. Storage: `Forecasts.Rounds`.
	pub zero: Option<i64>,
	/// Reference that its forecasts are compared with. Storage: `Forecasts.Rounds`.
	pub reference: String,
	/// Seats that were taken. Storage: `Forecasts.Rounds`.
	pub seats: u32,
	/// Sum of their wagers, in plancks. Storage: `Forecasts.Rounds`.
	pub wagers: String,
	/// Smallest wager that takes a seat, in plancks; `null` unless it takes commitments. Storage: `Forecasts.Seats`.
	pub least_wager: Option<String>,
	/// Factor of gains, Q32; `null` unless it is closed. Storage: `Forecasts.Rounds`.
	pub factor: Option<String>,
}

/// A seat of a round of forecasts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ForecastSeat {
	/// Account of the forecaster. Storage: `Forecasts.Seats`.
	pub peer_id: String,
	/// Its wager, in plancks. Storage: `Forecasts.Seats`.
	pub wager: String,
	/// Its skill, Q32; `null` until it is revealed. Storage: `Forecasts.Seats`.
	pub skill: Option<String>,
}

/// State of a round of forecasts after its bars, by the events of finalized blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum PastState {
	/// Its bars stand, and it takes reveals.
	#[default]
	Revealing,
	/// Its losses are in the pot, and its seats are paid.
	Closed,
	/// Too few of its bars stand: its seats are returned.
	Void,
}

/// A round of forecasts whose bars stand, or which is void, from the events of finalized blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct PastRound {
	/// Number of the round.
	pub round: u32,
	/// State of the round.
	pub state: PastState,
	/// First block whose events name the round. Event: `Forecasts.RevealsOpened` or a later one.
	pub block: u32,
	/// Block in which it was closed or void; `null` while it takes reveals. Event: `Forecasts.Closed` or `Forecasts.Voided`.
	pub end_block: Option<u32>,
	/// Number of the first bar after its horizon; `null` if the node has removed the state of the block before its reveals.
	pub horizon_end: Option<u64>,
	/// Its zero, in units of the stream; `null` if its reveals began before the first block that was read. Event:
	/// `Forecasts.RevealsOpened`.
	pub zero: Option<i64>,
	/// Reference that its forecasts are compared with; `null` as for `horizon_end`.
	pub reference: Option<String>,
	/// Error of the reference, e₀² in squared units, Q16; `null` as for `zero`. Event: `Forecasts.RevealsOpened`.
	pub reference_error: Option<String>,
	/// Seats that were taken; `null` as for `horizon_end`.
	pub seats: Option<u32>,
	/// Sum of their wagers, in plancks; `null` as for `horizon_end`.
	pub wagers: Option<String>,
	/// Forecasts that were revealed in blocks that were read. Event: `Forecasts.Revealed`.
	pub revealed: u32,
	/// Factor of gains, Q32; `null` unless it is closed. Event: `Forecasts.Closed`.
	pub factor: Option<String>,
	/// The 12 forecasts of the smallest errors, the smallest first, and that of the worker's account.
	pub forecasts: Vec<RevealedForecast>,
}

/// A forecast that was revealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RevealedForecast {
	/// Account of the forecaster. Event: `Forecasts.Revealed`.
	pub peer_id: String,
	/// Block in which it was revealed.
	pub block: u32,
	/// Its error, e² in squared units, Q16. Event: `Forecasts.Revealed`.
	pub error: String,
	/// Its skill, Q32. Event: `Forecasts.Revealed`.
	pub skill: String,
	/// Changes from the zero, one for each bar of the horizon, in units of the stream. Event: `Forecasts.Revealed`.
	pub changes: Vec<i32>,
	/// Its wager, in plancks; `null` until it is paid. Event: `Forecasts.Collected`.
	pub wager: Option<String>,
	/// Amount that it was paid for the wager, in plancks; `null` until then. Event: `Forecasts.Collected`.
	pub paid: Option<String>,
}

/// Answer of `/api/streams`.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Streams {
	/// Block of all numbers of this answer.
	pub at: At,
	/// Number of streams that are registered and not retired. Storage: `Oracle.Streams`.
	pub total: u32,
	/// Streams of the page, in order of registration, at most 1,000.
	pub streams: Vec<Stream>,
}

/// Answer of `/api/stream/{stream}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct OneStream {
	/// Block of all numbers of this answer but those of `past`.
	pub at: At,
	/// The stream.
	pub stream: Stream,
	/// Number of the bar of the first close.
	pub first_close: u64,
	/// The newest 1,000 closes, oldest first; `null` for a missing bar. Storage: `Oracle.Pages`.
	pub closes: Vec<Option<i64>>,
	/// Open rounds, oldest first, at most 24.
	pub rounds: Vec<ForecastRound>,
	/// The newest 16 rounds whose bars stand, or which are void, newest first.
	pub past: Vec<PastRound>,
	/// First finalized block whose events were read for `past`; `null` before the first one.
	pub past_from: Option<u32>,
}

/// Answer of `/api/stream/{stream}/round/{round}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct OneForecastRound {
	/// Block of all numbers of this answer.
	pub at: At,
	/// The stream.
	pub stream_id: u32,
	/// The round.
	pub round: ForecastRound,
	/// Seats that are not collected, in the order in which they were taken.
	pub seats: Vec<ForecastSeat>,
}
