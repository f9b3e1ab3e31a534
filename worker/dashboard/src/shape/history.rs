//! Champions of a domain over time, its rungs, and forecasts.

use super::At;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Answer of `/api/history/{domain}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct History {
	/// Block of this answer: the last one of the analytics database, or the best block without a database.
	pub at: At,
	/// The domain.
	pub domain_id: u32,
	/// State of `rungs`.
	pub rungs_state: RungsState,
	/// Reason for which the rungs cannot be computed.
	pub rungs_error: Option<String>,
	/// Simple models of the domain, which the worker computes itself. The first request starts the computation.
	pub rungs: Vec<Rung>,
	/// `true` if `champions` has every champion. Without an analytics database, only the initial and the reigning one are known.
	pub is_complete: bool,
	/// Champions, oldest first. The first one is the initial champion.
	pub champions: Vec<PastChampion>,
}

/// State of the rungs of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RungsState {
	/// All rungs are there.
	Ready,
	/// The worker computes them: ask again later.
	Computing,
	/// The program of the domain has no simple models, or they cannot be computed.
	None,
}

/// A simple model of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rung {
	/// Name of the model, e.g. `ridge`.
	pub rung: String,
	/// `validation_error · 2²⁰ / initial_validation_error` of the domain; `null` above 2⁵³.
	pub loss: Option<u64>,
	/// Error sum on the validation split, computed by the worker.
	pub validation_error: String,
}

/// A former or the present champion of a domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct PastChampion {
	/// Number of the round that crowned it; `null` for the initial champion.
	pub round: Option<u32>,
	/// Block of the verdict, or of the activation. Storage: `Domains.States`.
	pub block: Option<u32>,
	/// Time of that block, in UTC; `null` if it is not known.
	pub timestamp: Option<String>,
	/// `error · 2²⁰ / initial_error`: loss on the draw that decided the verdict.
	pub loss: Option<u64>,
	/// `validation_error · 2²⁰ / initial_validation_error`: loss on the windows of the rungs.
	pub validation_loss: Option<u64>,
	/// Error sum on the draw that decided the verdict.
	pub error: Option<String>,
	/// Error sum of the initial champion on the same draw.
	pub initial_error: Option<String>,
	/// Error sum on the validation split, as its author claimed it.
	pub validation_error: Option<String>,
	/// Rise of the high-water mark, Q32 bits.
	pub increment: Option<String>,
	/// Effective improvement, Q32 bits.
	pub effective: Option<String>,
	/// Account that submitted it; `null` for the initial champion.
	pub author: Option<String>,
	/// Reference of the model.
	#[schema(value_type = Option<Object>)]
	pub model: Option<Value>,
	/// Size of the encoded model, in bytes; `null` for a baseline.
	pub bytes: Option<u32>,
	/// Genes that it was trained with; `null` unless it reigns.
	pub genes: Option<Vec<String>>,
	/// Origin of the sums that decided the verdict: `quorum` or `runtime`.
	pub backing: Option<String>,
	/// Evaluators that revealed sums in the task of the verdict.
	pub verified_by: Vec<String>,
}

/// Answer of `/api/forecast/{domain}`: forecasts of the champion, by the exact forward pass that the chain scores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Forecast {
	/// Block of champion and series.
	pub at: At,
	/// The domain.
	pub domain_id: u32,
	/// Display name. Storage: `Domains.Specs`.
	pub name: String,
	/// Unit of one raw value. Storage: `Domains.Specs`.
	pub unit: String,
	/// Reference of the champion. Storage: `Domains.States`.
	#[schema(value_type = Object)]
	pub model: Value,
	/// Steps that are forecast. Storage: `Domains.Specs`.
	pub horizon: u16,
	/// Steps that a model reads. Storage: `Domains.Specs`.
	pub history: u16,
	/// Steps after which the series repeats itself approximately. Storage: `Domains.Specs`.
	pub season: u16,
	/// Steps of the series, opened segments included. Storage: `Domains.Pages`.
	pub steps: u32,
	/// First step behind the training part. Storage: `Domains.Specs`.
	pub train_end: u32,
	/// First step behind the validation split. Storage: `Domains.Specs`.
	pub validation_end: u32,
	/// Step of the first value of `real`, from 0.
	pub first: u32,
	/// Values of channel 0 up to the end of the series, in raw units; at most 4,000. Storage: `Domains.Pages`.
	pub real: Vec<i32>,
	/// Forecast of the steps behind the end of the series; step 1 is the first one.
	pub next: Vec<ForecastStep>,
	/// Forecasts from earlier places of the series, oldest first.
	pub past: Vec<PastForecast>,
}

/// Forecast of one step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct ForecastStep {
	/// Steps ahead, from 1.
	pub step: u16,
	/// Forecast value in raw units: a multiple of 1/16, which the number represents exactly.
	pub value: f64,
}

// Forecast values are multiples of 1/16 and never NaN.
impl Eq for ForecastStep {}

/// Forecast of the champion from an earlier place of the series, beside what came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PastForecast {
	/// Step of the series that is forecast as step 1, from 0. The model reads the steps before it.
	pub from: u32,
	/// Part of the series that is forecast: `validation`; `held out`, which neither training nor verdicts read; or `opened`: a
	/// segment of a sealed domain.
	pub split: String,
	/// The forecast.
	pub forecast: Vec<ForecastStep>,
	/// Error sum of the forecast, in sixteenths of a raw unit.
	pub error: String,
	/// Error sum of the initial champion from the same place.
	pub initial_error: String,
}
