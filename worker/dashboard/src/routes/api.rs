//! Numbers of the dashboard.

use super::{found_domain, last_finalized, limit, node::read_node, stats::Choice, App, Page, ROWS};
use crate::{
	error::{shortened, ApiError},
	events::KEPT,
	extract::{Path, Query},
	shape::{
		Domain, Evaluations, Evidence, Forecast, History, Late, Metrics, Missing, Node, OneChampion, OneDomain, Optimization,
		Peers, Plugin, Plugins, Problem, RecentBlocks, RecentEvents, Reputation, Rows, SeatState, Task, Training, Work,
	},
	source::{Query as RowQuery, SourceError, PAGE_BLOCKS},
};
use axum::{extract::State, http::StatusCode, Json};
use doin_chain::Account;
use serde::Deserialize;
use serde_with::{As, DisplayFromStr};
use utoipa::IntoParams;

/// Work blocks of `/api/work`.
const SEALS: u32 = 200;

/// Choice of a domain, or of a page of all.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OfDomain {
	/// Domain; without it, all.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	domain: Option<u32>,
	/// Part of the name of a domain, in upper or lower case, or its number; without it, all.
	search: Option<String>,
	/// Most domains of the answer, up to 1,000; without it, 1,000.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	limit: Option<u32>,
	/// Domains that are left out at the beginning.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	offset: Option<u32>,
}

/// Number of items.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Limit {
	/// Most items of the answer.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	limit: Option<u32>,
}

/// Choice of an account.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OfAccount {
	/// Account, an SS58 address; without it, all.
	account: Option<String>,
	/// Most rows of the answer, up to 1,000.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	limit: Option<u32>,
}

/// Returns the worker, and the node that it is connected to.
#[utoipa::path(get, path = "/api/node", tag = "api", responses((status = 200, body = Node), (status = "default", body = Problem)))]
pub(super) async fn node(State(app): State<App>) -> Result<Json<Node>, ApiError> {
	Ok(Json(read_node(&app).await?))
}

/// Returns the peers of the node.
#[utoipa::path(get, path = "/api/peers", operation_id = "api_peers", tag = "api",
	responses((status = 200, body = Peers), (status = "default", body = Problem)))]
pub(super) async fn peers(State(app): State<App>) -> Result<Json<Peers>, ApiError> {
	Ok(Json(app.source()?.peers().await?))
}

/// Returns domains with their champions, and the rounds that their grids are in; at most 1,000 at a time.
#[utoipa::path(get, path = "/api/optimization", tag = "api", params(OfDomain),
	responses((status = 200, body = Optimization), (status = "default", body = Problem)))]
pub(super) async fn optimization(State(app): State<App>, Query(choice): Query<OfDomain>) -> Result<Json<Optimization>, ApiError> {
	let OfDomain { domain, search, limit, offset } = choice;
	if domain.is_some() && search.is_some() {
		return Err(ApiError::impossible("a number and a text choose domains", "leave out `domain` or `search`"));
	}
	let views = app.source()?.views().await?;
	let found = matching(&views.domains, search.as_deref());
	let page = Page { limit, offset }.of(&found)?;
	let domains: Vec<Domain> = match domain {
		Some(id) => vec![found_domain(&views, id)?.clone()],
		None => page.iter().copied().cloned().collect(),
	};
	// Both lists are in the order of the domains.
	let is_chosen = |id: u32| domains.binary_search_by_key(&id, |domain| domain.domain_id).is_ok();
	let rounds = views.rounds.iter().filter(|round| is_chosen(round.domain_id)).cloned().collect();
	let total = found.len() as u32;
	Ok(Json(Optimization { at: views.at.clone(), total, domains, rounds, higher_is_better: false }))
}

/// Returns the domains whose name has a text, or whose number it is, in order of registration; without a text, all.
fn matching<'d>(domains: &'d [Domain], text: Option<&str>) -> Vec<&'d Domain> {
	let text = text.map(|text| text.trim().to_lowercase());
	let has = |domain: &Domain, text: &str| domain.name.to_lowercase().contains(text) || domain.domain_id.to_string() == text;
	domains.iter().filter(|domain| text.as_ref().is_none_or(|text| has(domain, text))).collect()
}

/// Returns the searches of the worker.
#[utoipa::path(get, path = "/api/training", tag = "api",
	responses((status = 200, body = Training), (status = "default", body = Problem)))]
pub(super) async fn training(State(app): State<App>) -> Result<Json<Training>, ApiError> {
	Ok(Json(app.source()?.training().await?))
}

/// Returns open recomputation tasks, evaluators that are late, and tasks that were completed recently.
#[utoipa::path(get, path = "/api/evaluations", tag = "api",
	responses((status = 200, body = Evaluations), (status = "default", body = Problem)))]
pub(super) async fn evaluations(State(app): State<App>) -> Result<Json<Evaluations>, ApiError> {
	let views = app.source()?.views().await?;
	let mut completed = app.feed.recent(KEPT);
	completed.retain(|event| event.kind == "Recomputation.TaskCompleted");
	Ok(Json(Evaluations {
		at: views.at.clone(),
		pending_count: views.tasks.len() as u32,
		completed_count: completed.len() as u32,
		pending: views.tasks.iter().take(ROWS as usize).cloned().collect(),
		late: views.tasks.iter().take(ROWS as usize).flat_map(late).collect(),
		completed,
	}))
}

/// Returns the evaluators of a task that did not answer in time.
fn late(task: &Task) -> impl Iterator<Item = Late> + '_ {
	let missed = task.evaluators.iter().filter(|seat| seat.state == SeatState::Missed);
	missed.map(|seat| Late {
		task_id: task.task_id.clone(),
		domain_id: task.domain_id,
		peer_id: seat.peer_id.clone(),
		missing: if seat.committed { Missing::Sums } else { Missing::Commitment },
	})
}

/// Returns performances by round, of the analytics database.
#[utoipa::path(get, path = "/api/metrics", tag = "api", params(Choice),
	responses((status = 200, body = Metrics), (status = "default", body = Problem)))]
pub(super) async fn metrics(State(app): State<App>, Query(choice): Query<Choice>) -> Result<Json<Metrics>, ApiError> {
	Ok(Json(app.source()?.performances(choice.selection()?).await?))
}

/// Returns the newest events, at most 500.
#[utoipa::path(get, path = "/api/events", operation_id = "recent_events", tag = "api", params(Limit),
	responses((status = 200, body = RecentEvents), (status = "default", body = Problem)))]
pub(super) async fn events(State(app): State<App>, Query(choice): Query<Limit>) -> Result<Json<RecentEvents>, ApiError> {
	let events = app.feed.recent(limit(choice.limit, KEPT as u32)? as usize);
	Ok(Json(RecentEvents { count: events.len() as u32, events }))
}

/// Returns the newest finalized blocks, at most 50.
#[utoipa::path(get, path = "/api/chain", tag = "api", params(Limit),
	responses((status = 200, body = RecentBlocks), (status = "default", body = Problem)))]
pub(super) async fn chain(State(app): State<App>, Query(choice): Query<Limit>) -> Result<Json<RecentBlocks>, ApiError> {
	let count = limit(choice.limit, PAGE_BLOCKS)?;
	let (at, height) = last_finalized(&app).await?;
	let from = height.saturating_sub(count.saturating_sub(1));
	let mut blocks = if count == 0 { Vec::new() } else { app.source()?.blocks(from, count).await? };
	blocks.reverse();
	Ok(Json(RecentBlocks { at, height, blocks }))
}

/// Returns the programs of the domains, at most 1,000 at a time.
#[utoipa::path(get, path = "/api/plugins", tag = "api", params(Page),
	responses((status = 200, body = Plugins), (status = "default", body = Problem)))]
pub(super) async fn plugins(State(app): State<App>, Query(page): Query<Page>) -> Result<Json<Plugins>, ApiError> {
	let views = app.source()?.views().await?;
	let plugins = page.of(&views.domains)?.iter().map(|domain| Plugin {
		domain_id: domain.domain_id,
		program: domain.program.clone(),
		evidence: domain.evidence.clone(),
	});
	Ok(Json(Plugins { at: views.at.clone(), total: views.domains.len() as u32, plugins: plugins.collect() }))
}

/// Returns one domain with its champion.
#[utoipa::path(get, path = "/api/domain/{domain}", tag = "api", params(("domain" = u32, Path, description = "Domain")),
	responses((status = 200, body = OneDomain), (status = "default", body = Problem)))]
pub(super) async fn domain(State(app): State<App>, Path(id): Path<u32>) -> Result<Json<OneDomain>, ApiError> {
	let views = app.source()?.views().await?;
	Ok(Json(OneDomain { at: views.at.clone(), domain: found_domain(&views, id)?.clone() }))
}

/// Returns the evidence of a domain that comes after the commits of a round.
#[utoipa::path(get, path = "/api/evidence/{domain}", tag = "api", params(("domain" = u32, Path, description = "Domain")),
	responses((status = 200, body = Evidence), (status = "default", body = Problem)))]
pub(super) async fn evidence(State(app): State<App>, Path(id): Path<u32>) -> Result<Json<Evidence>, ApiError> {
	let next = "GET /api/optimization lists the domains with the kinds of their evidence";
	let none = || ApiError::not_found(format!("there is no domain {id} whose evidence is sealed"), next);
	app.source()?.evidence(id).await?.map(Json).ok_or_else(none)
}

/// Block of a state.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AtBlock {
	/// Block whose state is read; without it, the best one.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	block: Option<u32>,
}

/// Returns the champion of a domain in the state of a block, with its genes. Champions of old blocks need an archive node.
#[utoipa::path(get, path = "/api/champion/{domain}", tag = "api",
	params(("domain" = u32, Path, description = "Domain"), AtBlock),
	responses((status = 200, body = OneChampion), (status = "default", body = Problem)))]
pub(super) async fn champion(
	State(app): State<App>,
	Path(id): Path<u32>,
	Query(choice): Query<AtBlock>,
) -> Result<Json<OneChampion>, ApiError> {
	Ok(Json(app.source()?.champion(id, choice.block).await?))
}

/// Returns the champions of a domain over time, and its simple models.
#[utoipa::path(get, path = "/api/history/{domain}", tag = "api", params(("domain" = u32, Path, description = "Domain")),
	responses((status = 200, body = History), (status = "default", body = Problem)))]
pub(super) async fn history(State(app): State<App>, Path(id): Path<u32>) -> Result<Json<History>, ApiError> {
	Ok(Json(app.source()?.history(id).await?))
}

/// Returns forecasts of the champion of a domain: behind the end of its series, and from earlier places beside what came.
#[utoipa::path(get, path = "/api/forecast/{domain}", tag = "api", params(("domain" = u32, Path, description = "Domain")),
	responses((status = 200, body = Forecast), (status = "default", body = Problem)))]
pub(super) async fn forecast(State(app): State<App>, Path(id): Path<u32>) -> Result<Json<Forecast>, ApiError> {
	Ok(Json(app.source()?.forecast(id).await?))
}

/// Returns the state of proof of optimization.
#[utoipa::path(get, path = "/api/work", tag = "api", responses((status = 200, body = Work), (status = "default", body = Problem)))]
pub(super) async fn work(State(app): State<App>) -> Result<Json<Work>, ApiError> {
	let source = app.source()?;
	let views = source.views().await?;
	let (seals, seals_at) = match source.rows(RowQuery::WorkBlocks(SEALS)).await {
		Ok(Rows { at, rows, .. }) => (Some(rows), Some(at)),
		// The state of the chain does not need the database.
		Err(SourceError::Absent { .. } | SourceError::Unavailable { .. }) => (None, None),
		Err(error) => return Err(error.into()),
	};
	Ok(Json(Work { seals, seals_at, ..views.work.clone() }))
}

/// Returns the reputation of an account.
#[utoipa::path(get, path = "/api/reputation/{account}", tag = "api",
	params(("account" = String, Path, description = "SS58 address")),
	responses((status = 200, body = Reputation), (status = "default", body = Problem)))]
pub(super) async fn reputation(State(app): State<App>, Path(text): Path<String>) -> Result<Json<Reputation>, ApiError> {
	Ok(Json(app.source()?.reputation(account(&text)?).await?))
}

/// Returns decided challenges, of the analytics database.
#[utoipa::path(get, path = "/api/challenges", tag = "api", params(Limit),
	responses((status = 200, body = Rows), (status = "default", body = Problem)))]
pub(super) async fn challenges(State(app): State<App>, Query(choice): Query<Limit>) -> Result<Json<Rows>, ApiError> {
	Ok(Json(app.source()?.rows(RowQuery::Challenges(limit(choice.limit, ROWS)?)).await?))
}

/// Returns absences of drawn evaluators, of the analytics database.
#[utoipa::path(get, path = "/api/absences", tag = "api", params(Limit),
	responses((status = 200, body = Rows), (status = "default", body = Problem)))]
pub(super) async fn absences(State(app): State<App>, Query(choice): Query<Limit>) -> Result<Json<Rows>, ApiError> {
	Ok(Json(app.source()?.rows(RowQuery::Absences(limit(choice.limit, ROWS)?)).await?))
}

/// Returns seats of ended rounds that earned nothing, each with the reason, of the analytics database.
#[utoipa::path(get, path = "/api/unpaid", tag = "api", params(OfAccount),
	responses((status = 200, body = Rows), (status = "default", body = Problem)))]
pub(super) async fn unpaid(State(app): State<App>, Query(choice): Query<OfAccount>) -> Result<Json<Rows>, ApiError> {
	let limit = limit(choice.limit, ROWS)?;
	let account = choice.account.as_deref().map(account).transpose()?;
	Ok(Json(app.source()?.rows(RowQuery::Unpaid(account.map(|account| account.to_string()), limit)).await?))
}

/// Returns the account of an address.
///
/// # Errors
/// Errors with 400 if the text is no address.
fn account(text: &str) -> Result<Account, ApiError> {
	text.parse::<Account>().map_err(|_| {
		let error = format!("invalid account `{}`", shortened(text));
		ApiError::new(StatusCode::BAD_REQUEST, error, "write the SS58 address of the account, which starts with 5")
	})
}
