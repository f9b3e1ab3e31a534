//! Streams of bars, and their markets of forecasts.

use super::{limit, App, ROWS};
use crate::{
	error::ApiError,
	extract::{Path, Query},
	shape::{OneForecastRound, OneStream, Problem, Streams},
};
use axum::{extract::State, Json};
use serde::Deserialize;
use serde_with::{As, DisplayFromStr};
use utoipa::IntoParams;

/// Page of the streams.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OfStreams {
	/// Most streams of the answer, up to 1,000; without it, 1,000.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	limit: Option<u32>,
	/// Streams that are left out at the beginning.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	offset: Option<u32>,
}

/// Returns the streams of bars with their markets of forecasts, at most 1,000 at a time.
#[utoipa::path(get, path = "/api/streams", tag = "api", params(OfStreams),
	responses((status = 200, body = Streams), (status = "default", body = Problem)))]
pub(super) async fn streams(State(app): State<App>, Query(page): Query<OfStreams>) -> Result<Json<Streams>, ApiError> {
	let most = limit(page.limit.or(Some(ROWS)), ROWS)?;
	let all = app.source()?.streams().await?;
	let streams = all.streams.iter().skip(page.offset.unwrap_or_default() as usize).take(most as usize);
	Ok(Json(Streams { at: all.at.clone(), total: all.total, streams: streams.cloned().collect() }))
}

/// Returns a stream with its newest closes, its open rounds of forecasts, and those whose bars stand.
#[utoipa::path(get, path = "/api/stream/{stream}", tag = "api", params(("stream" = u32, Path, description = "Stream")),
	responses((status = 200, body = OneStream), (status = "default", body = Problem)))]
pub(super) async fn stream(State(app): State<App>, Path(id): Path<u32>) -> Result<Json<OneStream>, ApiError> {
	Ok(Json(app.source()?.stream(id).await?))
}

/// Returns a round of forecasts with its seats, until the last one is collected.
#[utoipa::path(get, path = "/api/stream/{stream}/round/{round}", tag = "api",
	params(("stream" = u32, Path, description = "Stream"), ("round" = u32, Path, description = "Number of the round")),
	responses((status = 200, body = OneForecastRound), (status = "default", body = Problem)))]
pub(super) async fn forecast_round(
	State(app): State<App>,
	Path((stream, round)): Path<(u32, u32)>,
) -> Result<Json<OneForecastRound>, ApiError> {
	Ok(Json(app.source()?.forecast_round(stream, round).await?))
}
