//! Recomputation tasks, and requests that change state.

use super::{limit, App, ROWS};
use crate::{
	error::ApiError,
	extract::{Body, Query},
	shape::{Accepted, Claim, Completion, Inference, PendingTasks, Problem, Task},
};
use axum::{extract::State, http::StatusCode, Json};
use serde::Deserialize;
use serde_with::{As, DisplayFromStr};
use utoipa::IntoParams;

/// Choice of tasks.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Choice {
	/// Domains, separated by commas; without them, all.
	domains: Option<String>,
	/// Most tasks of the answer, up to 1,000.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	limit: Option<u32>,
}

/// Returns open recomputation tasks, oldest first.
#[utoipa::path(get, path = "/tasks/pending", tag = "tasks", params(Choice),
	responses((status = 200, body = PendingTasks), (status = "default", body = Problem)))]
pub(super) async fn pending(State(app): State<App>, Query(choice): Query<Choice>) -> Result<Json<PendingTasks>, ApiError> {
	let limit = limit(choice.limit, ROWS)?;
	let domains = choice.domains.as_deref().map(domain_ids).transpose()?;
	let views = app.source()?.views().await?;
	let is_chosen = |task: &&Task| domains.as_ref().is_none_or(|domains| domains.contains(&task.domain_id));
	let chosen = || views.tasks.iter().filter(is_chosen);
	let tasks = chosen().take(limit as usize).cloned().collect();
	Ok(Json(PendingTasks { at: views.at.clone(), tasks, total_pending: chosen().count() as u32 }))
}

/// Claims a task for an evaluator.
///
/// Answers 501: the chain draws the evaluators of a task, which answer with signed calls.
#[utoipa::path(post, path = "/tasks/claim", tag = "tasks", request_body = Claim,
	responses((status = 200, body = Accepted), (status = "default", body = Problem)))]
pub(super) async fn claim(State(app): State<App>, Body(claim): Body<Claim>) -> Result<Json<Accepted>, ApiError> {
	Ok(Json(app.source()?.claim(claim).await?))
}

/// Hands in the result of a task.
///
/// Answers 501: drawn evaluators commit to their sums and reveal them with signed calls.
#[utoipa::path(post, path = "/tasks/complete", tag = "tasks", request_body = Completion,
	responses((status = 200, body = Accepted), (status = "default", body = Problem)))]
pub(super) async fn complete(State(app): State<App>, Body(completion): Body<Completion>) -> Result<Json<Accepted>, ApiError> {
	Ok(Json(app.source()?.complete(completion).await?))
}

/// Runs the champion of a domain on inputs.
///
/// Answers 501: this server does not run models on request; `doin-worker predict` does.
#[utoipa::path(post, path = "/inference", tag = "tasks", request_body = Inference,
	responses((status = 200, body = Accepted), (status = "default", body = Problem)))]
pub(super) async fn inference(State(app): State<App>, Body(request): Body<Inference>) -> Result<Json<Accepted>, ApiError> {
	Ok(Json(app.source()?.inference(request).await?))
}

/// Returns the domains of a list.
///
/// # Errors
/// Errors with 400 if an item is not a number.
fn domain_ids(list: &str) -> Result<Vec<u32>, ApiError> {
	let ids = list.split(',').map(|id| id.trim().parse()).collect::<Result<_, _>>();
	ids.map_err(|_| {
		let error = format!("invalid domains `{}`", crate::error::shortened(list));
		ApiError::new(StatusCode::BAD_REQUEST, error, "write their numbers with commas, e.g. /tasks/pending?domains=0,3")
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn domains_are_numbers_between_commas() {
		assert_eq!(domain_ids("0, 3"), Ok(vec![0, 3]));
		for wrong in ["", "0,", "x", "-1", "4294967296"] {
			assert_eq!(domain_ids(wrong).unwrap_err().status, 400, "{wrong}");
		}
	}
}
