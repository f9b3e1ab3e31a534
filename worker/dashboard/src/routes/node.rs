//! The worker, its node, and the fee market.

use super::{App, Page, ROWS};
use crate::{
	error::ApiError,
	extract::Query,
	shape::{Domain, DomainStatus, Fees, Health, Node, Peers, Problem, Status, Task, TaskQueue},
	source::Views,
};
use axum::{extract::State, Json};

/// Returns that the server answers.
#[utoipa::path(get, path = "/health", tag = "node", responses((status = 200, body = Health)))]
pub(super) async fn health(State(app): State<App>) -> Json<Health> {
	Json(Health { status: "ok".into(), port: app.address.port() })
}

/// Returns a summary of worker, node and chain, and of at most 1,000 domains at a time.
#[utoipa::path(get, path = "/status", tag = "node", params(Page),
	responses((status = 200, body = Status), (status = "default", body = Problem)))]
pub(super) async fn status(State(app): State<App>, Query(page): Query<Page>) -> Result<Json<Status>, ApiError> {
	let (source, node) = (app.source()?, read_node(&app).await?);
	let views = source.views().await?;
	let domains = page.of(&views.domains)?;
	// The node may have a newer block than the views.
	let node = bounded(Node {
		at: views.at.clone(),
		chain_height: views.at.number,
		optimizer_domains: views.optimized.clone(),
		evaluator_domains: views.evaluated.clone(),
		..node
	});
	Ok(Json(Status {
		status: if node.synced { "ok" } else { "waiting" }.into(),
		at: views.at.clone(),
		peer_id: node.peer_id.clone(),
		port: node.port,
		peers: views.peers,
		optimizer_domains: node.optimizer_domains.clone(),
		evaluator_domains: node.evaluator_domains.clone(),
		chain_height: views.at.number,
		total_domains: views.domains.len() as u32,
		domains: domains.iter().map(|domain| (domain.domain_id, status_of(domain, &views))).collect(),
		task_queue: task_queue(&views.tasks),
		security: views.security.clone(),
		difficulty: views.difficulty.clone(),
		work: views.work.clone(),
		fee_market: views.fees.clone(),
		coin: views.coin.clone(),
		analytics: source.analytics().await,
		node,
	}))
}

/// Returns the state of the fee market.
#[utoipa::path(get, path = "/fees", tag = "node", responses((status = 200, body = Fees), (status = "default", body = Problem)))]
pub(super) async fn fees(State(app): State<App>) -> Result<Json<Fees>, ApiError> {
	Ok(Json(app.source()?.views().await?.fees.clone()))
}

/// Returns the peers of the node.
#[utoipa::path(get, path = "/peers", tag = "node", responses((status = 200, body = Peers), (status = "default", body = Problem)))]
pub(super) async fn peers(State(app): State<App>) -> Result<Json<Peers>, ApiError> {
	Ok(Json(app.source()?.peers().await?))
}

/// Reads the worker and its node, with the port of the server.
pub(super) async fn read_node(app: &App) -> Result<Node, ApiError> {
	Ok(bounded(Node { port: app.address.port(), ..app.source()?.node().await? }))
}

/// Leaves out domains behind the first [`ROWS`] of each list.
fn bounded(mut node: Node) -> Node {
	node.optimizer_domains.truncate(ROWS as usize);
	node.evaluator_domains.truncate(ROWS as usize);
	node
}

fn status_of(domain: &Domain, views: &Views) -> DomainStatus {
	DomainStatus {
		name: domain.name.clone(),
		status: domain.status.clone(),
		optimize: views.optimized.contains(&domain.domain_id),
		evaluate: views.evaluated.contains(&domain.domain_id),
		target_performance: domain.target_performance,
		best_performance: domain.champion.as_ref().and_then(|champion| champion.loss),
		converged: is_converged(domain),
		weight: domain.weight,
	}
}

/// Returns `true` if the target of a domain is reached.
pub(super) fn is_converged(domain: &Domain) -> bool {
	domain.status.eq_ignore_ascii_case("converged")
}

fn task_queue(tasks: &[Task]) -> TaskQueue {
	let mut queue = TaskQueue { pending: tasks.len() as u32, ..TaskQueue::default() };
	for task in tasks {
		queue.claimed += u32::from(!task.evaluators.is_empty());
		*queue.by_phase.entry(task.phase.clone()).or_default() += 1;
	}
	queue
}
