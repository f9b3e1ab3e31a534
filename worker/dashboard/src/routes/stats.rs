//! Summaries of domains and of the chain, and the analytics database.

use super::{limit, node::is_converged, App, Page, ROWS};
use crate::{
	auth,
	error::ApiError,
	extract::Query,
	shape::{ChainMetrics, Domain, DomainStats, Problem, Rows, Stats},
	source::{Export, Query as RowQuery, Selection},
};
use axum::{
	body::{Body, Bytes},
	extract::State,
	http::{header, HeaderMap},
	response::{IntoResponse, Response},
	Json,
};
use futures::{stream, Stream};
use serde::Deserialize;
use serde_with::{As, DisplayFromStr};
use std::{collections::BTreeMap, io};
use tokio::{fs::File, io::AsyncReadExt};
use utoipa::IntoParams;

/// Bytes of a part of an export.
const PART: usize = 64 * 1_024;

/// Choice of rows.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Choice {
	/// Domain; without it, all.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	domain: Option<u32>,
	/// Most rows of the answer, up to 1,000.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	limit: Option<u32>,
	/// Rows that are left out at the beginning.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	offset: Option<u32>,
}

impl Choice {
	/// Returns the selection of rows.
	///
	/// # Errors
	/// Errors with 422 if the limit is too large.
	pub(super) fn selection(&self) -> Result<Selection, ApiError> {
		let limit = limit(self.limit, ROWS)?;
		Ok(Selection { domain: self.domain, limit, offset: self.offset.unwrap_or_default() })
	}
}

/// Returns a summary of every domain, of at most 1,000 at a time.
#[utoipa::path(get, path = "/stats", tag = "stats", params(Page),
	responses((status = 200, body = Stats), (status = "default", body = Problem)))]
pub(super) async fn stats(State(app): State<App>, Query(page): Query<Page>) -> Result<Json<Stats>, ApiError> {
	let views = app.source()?.views().await?;
	let seats: BTreeMap<u32, u32> = views.rounds.iter().map(|round| (round.domain_id, round.seats.len() as u32)).collect();
	let summary = |domain: &Domain| DomainStats {
		name: domain.name.clone(),
		rounds: domain.last_round.as_ref().and_then(|last| last["number"].as_u64()).map(|number| number as u32),
		best_performance: domain.champion.as_ref().and_then(|champion| champion.loss),
		high_water: domain.high_water.clone(),
		open_seats: seats.get(&domain.domain_id).copied().unwrap_or_default(),
		converged: is_converged(domain),
	};
	let domains = page.of(&views.domains)?.iter().map(|domain| (domain.domain_id, summary(domain))).collect();
	Ok(Json(Stats { at: views.at.clone(), total: views.domains.len() as u32, domains }))
}

/// Returns participations of accounts in domains, of the analytics database: the one that started last comes first.
#[utoipa::path(get, path = "/stats/experiments", tag = "stats", params(Choice),
	responses((status = 200, body = Rows), (status = "default", body = Problem)))]
pub(super) async fn experiments(State(app): State<App>, Query(choice): Query<Choice>) -> Result<Json<Rows>, ApiError> {
	Ok(Json(app.source()?.rows(RowQuery::Experiments(choice.selection()?)).await?))
}

/// Returns seats of ended rounds, of the analytics database: the newest comes first.
#[utoipa::path(get, path = "/stats/rounds", tag = "stats", params(Choice),
	responses((status = 200, body = Rows), (status = "default", body = Problem)))]
pub(super) async fn rounds(State(app): State<App>, Query(choice): Query<Choice>) -> Result<Json<Rows>, ApiError> {
	Ok(Json(app.source()?.rows(RowQuery::Rounds(choice.selection()?)).await?))
}

/// Returns means over the newest blocks.
#[utoipa::path(get, path = "/stats/chain-metrics", tag = "stats",
	responses((status = 200, body = ChainMetrics), (status = "default", body = Problem)))]
pub(super) async fn chain_metrics(State(app): State<App>) -> Result<Json<ChainMetrics>, ApiError> {
	Ok(Json(app.source()?.metrics().await?))
}

/// Returns a consistent copy of the analytics database as an SQLite file. Needs the token.
#[utoipa::path(get, path = "/stats/export", tag = "stats",
	responses((status = 200, body = Vec<u8>, content_type = "application/vnd.sqlite3"), (status = "default", body = Problem)))]
pub(super) async fn export(State(app): State<App>, headers: HeaderMap) -> Result<Response, ApiError> {
	auth::check(&headers, app.token.as_deref())?;
	let export = app.source()?.export().await?;
	let headers = [
		(header::CONTENT_TYPE, "application/vnd.sqlite3".to_owned()),
		(header::CONTENT_LENGTH, export.bytes.to_string()),
		(header::CONTENT_DISPOSITION, "attachment; filename=\"doin-olap.db\"".to_owned()),
	];
	Ok((headers, Body::from_stream(parts(export))).into_response())
}

/// Returns the parts of a copy. It is deleted after the last one, or when the client leaves.
fn parts(Export { file, folder, permit, .. }: Export) -> impl Stream<Item = io::Result<Bytes>> {
	stream::try_unfold((File::from_std(file), (folder, permit)), |(mut file, held)| async move {
		let mut part = vec![0; PART];
		let read = file.read(&mut part).await?;
		part.truncate(read);
		Ok((read > 0).then(|| (Bytes::from(part), (file, held))))
	})
}
