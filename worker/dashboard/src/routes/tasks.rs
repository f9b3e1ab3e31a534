//! Recomputation tasks of the chain, and the task queue of this host.

use super::{limit, App, ROWS};
use crate::{
	auth,
	error::ApiError,
	extract::{Body, LongBody, Query},
	shape::{Claim, Claimed, Completed, Completion, PendingTasks, Problem, Task},
};
use axum::{
	extract::State,
	http::{HeaderMap, StatusCode},
	Json,
};
use serde::Deserialize;
use serde_with::{As, DisplayFromStr};
use utoipa::IntoParams;

/// Longest name of a worker, in characters.
const LONGEST_NAME: usize = 100;

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

/// Returns open recomputation tasks of the chain, oldest first, and the work of this host that workers can claim. The latter needs the token, and
/// is empty without it.
#[utoipa::path(get, path = "/tasks/pending", tag = "tasks", params(Choice),
	responses((status = 200, body = PendingTasks), (status = "default", body = Problem)))]
pub(super) async fn pending(
	State(app): State<App>,
	headers: HeaderMap,
	Query(choice): Query<Choice>,
) -> Result<Json<PendingTasks>, ApiError> {
	let limit = limit(choice.limit, ROWS)?;
	let domains = choice.domains.as_deref().map(domain_ids).transpose()?;
	let views = app.source()?.views().await?;
	let is_chosen = |task: &&Task| domains.as_ref().is_none_or(|domains| domains.contains(&task.domain_id));
	let chosen = || views.tasks.iter().filter(is_chosen);
	let tasks = chosen().take(limit as usize).cloned().collect();
	let has_token = auth::check(&headers, app.token.as_deref()).is_ok();
	let mut host = if has_token { app.serving.queue().pending(domains.as_deref()) } else { Vec::new() };
	host.truncate(limit as usize);
	Ok(Json(PendingTasks { at: views.at.clone(), tasks, total_pending: chosen().count() as u32, host }))
}

/// Leases a task of this host to a worker. A worker that has the task renews its lease.
///
/// Recomputation tasks of the chain are not claimed: the chain draws their evaluators, which answer with signed calls.
#[utoipa::path(post, path = "/tasks/claim", tag = "tasks", request_body = Claim,
	responses((status = 200, body = Claimed), (status = "default", body = Problem)))]
pub(super) async fn claim(State(app): State<App>, Body(claim): Body<Claim>) -> Result<Json<Claimed>, ApiError> {
	let task = app.serving.queue().claim(&claim.task_id, &worker(&claim.evaluator_id)?)?;
	Ok(Json(Claimed { status: "claimed".into(), task }))
}

/// Hands in the result of a task of this host.
#[utoipa::path(post, path = "/tasks/complete", tag = "tasks", request_body = Completion,
	responses((status = 200, body = Completed), (status = "default", body = Problem)))]
pub(super) async fn complete(
	State(app): State<App>,
	LongBody(completion): LongBody<Completion>,
) -> Result<Json<Completed>, ApiError> {
	let Completion { task_id, evaluator_id, result, .. } = completion;
	app.serving.queue().complete(&task_id, &worker(&evaluator_id)?, result)?;
	Ok(Json(Completed { status: "completed".into(), task_id, block_generated: false }))
}

/// Returns the name of a worker.
///
/// # Errors
/// Errors with 422 if it is empty, or longer than 100 characters.
fn worker(name: &str) -> Result<String, ApiError> {
	if name.is_empty() || name.chars().count() > LONGEST_NAME {
		let error = format!("the name `{}` of the worker is not possible", crate::error::shortened(name));
		return Err(ApiError::impossible(error, "name the worker in `evaluator_id` with 1 to 100 characters"));
	}
	Ok(name.into())
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
	fn workers_have_names() {
		assert_eq!(worker("a"), Ok("a".into()));
		for wrong in [String::new(), "é".repeat(101)] {
			assert_eq!(worker(&wrong).unwrap_err().status, 422);
		}
	}

	#[test]
	fn domains_are_numbers_between_commas() {
		assert_eq!(domain_ids("0, 3"), Ok(vec![0, 3]));
		for wrong in ["", "0,", "x", "-1", "4294967296"] {
			assert_eq!(domain_ids(wrong).unwrap_err().status, 400, "{wrong}");
		}
	}
}
