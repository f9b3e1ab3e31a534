//! `pull`: does the work of another worker of yours, from the task queue of its server.

use super::infer::Address;
use crate::{args::NodeArgs, report::OutputArgs};
use anyhow::{ensure, Context, Result};
use clap::Args;
use doin_chain::{Chain, Patience};
use doin_dashboard::shape::{Claim, Completion};
use doin_roles::{domain_cache::DomainCache, home::expand_home, shared_work::WantedSums};
use doin_serve::tasks::{HostTask, Work};
use serde::{Deserialize, Serialize};
use std::{
	fmt::{self, Display, Formatter},
	path::PathBuf,
	time::Duration,
};
use tokio::time::sleep;

/// Pause between two looks at the queue.
const PAUSE: Duration = Duration::from_millis(250);
/// Pause after a server that does not answer.
const LONG_PAUSE: Duration = Duration::from_secs(5);

/// Arguments of `pull`.
#[derive(Clone, Debug, Args)]
pub struct PullArgs {
	/// Address of the server of the other worker, e.g. http://127.0.0.1:8470
	#[arg(long, value_name = "URL")]
	from: Address,
	/// File with the token of that server
	#[arg(long, value_name = "FILE")]
	token: PathBuf,
	/// Name of this worker in the queue [default: that of the process]
	#[arg(long, value_name = "NAME")]
	name: Option<String>,
	/// End after this many tasks
	#[arg(long, value_name = "TASKS", value_parser = clap::value_parser!(u32).range(1..))]
	count: Option<u32>,
	#[command(flatten)]
	output: OutputArgs,
}

impl PullArgs {
	/// Returns `true` if the command runs until Ctrl-C.
	pub fn is_endless(&self) -> bool {
		self.count.is_none()
	}
}

/// Part of the answer of `/tasks/pending`.
#[derive(Debug, Deserialize)]
struct Pending {
	host: Vec<HostTask>,
}

/// A worker that pulls.
struct Puller {
	chain: Chain,
	domains: DomainCache,
	from: Address,
	token: String,
	name: String,
}

/// Runs `pull` until Ctrl-C, or until the wanted number of tasks is done.
///
/// # Errors
///
/// Errors if the token cannot be read, or if the node runs another chain.
pub async fn run(node: &NodeArgs, args: PullArgs) -> Result<()> {
	let token = std::fs::read_to_string(expand_home(&args.token)?)
		.with_context(|| format!("cannot read the token {}: copy the file of --dashboard-token", args.token.display()))?;
	let token = token.trim().to_owned();
	ensure!(!token.is_empty(), "the file {} is empty: copy that of --dashboard-token", args.token.display());
	let name = args.name.clone().unwrap_or_else(|| format!("pull-{}", std::process::id()));
	let chain = node.connect_with(Patience::Forever).await?;
	chain.synced().await;
	let puller = Puller { chain, domains: DomainCache::default(), from: args.from.clone(), token, name };
	let mut done = 0;
	while args.count.is_none_or(|count| done < count) {
		match puller.turn().await {
			Ok(true) => done += 1,
			Ok(false) => sleep(PAUSE).await,
			Err(error) => {
				tracing::warn!(target: "doin::worker", "{error:#}");
				sleep(LONG_PAUSE).await;
			}
		}
	}
	args.output.print(&PullReport { tasks: done })
}

impl Puller {
	/// Does the first task that this worker can do; returns `false` if there is none.
	async fn turn(&self) -> Result<bool> {
		let pending: Pending = self.from.get_with("/tasks/pending", Some(&self.token)).await?;
		// Other kinds of work are for other programs.
		let Some(task) = pending.host.into_iter().find(|task| task.task_type == Work::Verification) else { return Ok(false) };
		let claim = Claim { task_id: task.task_id.clone(), evaluator_id: self.name.clone() };
		let claimed = self.from.post_with("/tasks/claim", &claim, Some(&self.token)).await?;
		if [404, 409].contains(&claimed.status) {
			// Another worker was quicker, or the task is done.
			return Ok(false);
		}
		claimed.json::<serde_json::Value>()?;
		let wanted = WantedSums::of_task(&task)?;
		let result = wanted.compute(&self.chain, self.chain.head(), &self.domains, task.domain_id).await?;
		let completion =
			Completion { task_id: task.task_id.clone(), evaluator_id: self.name.clone(), verified_performance: None, result };
		let completed = self.from.post_with("/tasks/complete", &completion, Some(&self.token)).await?;
		if [404, 409].contains(&completed.status) {
			tracing::info!(target: "doin::worker", task = task.task_id, "the result was late");
			return Ok(false);
		}
		completed.json::<serde_json::Value>()?;
		tracing::info!(target: "doin::worker", task = task.task_id, domain = task.domain_id, "task done");
		Ok(true)
	}
}

/// Report of `pull --count`.
#[derive(Debug, Serialize)]
struct PullReport {
	/// Tasks that were done.
	tasks: u32,
}

impl Display for PullReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		writeln!(f, "{} tasks were done.", self.tasks)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test]
	async fn a_token_that_is_missing_is_named_before_a_node_is_waited_for() {
		let from = "http://127.0.0.1:1".parse().unwrap();
		let token = PathBuf::from("/nonexistent/token");
		let args = PullArgs { from, token, name: None, count: Some(1), output: OutputArgs::default() };
		assert!(!args.is_endless());
		let error = run(&NodeArgs::default(), args).await.unwrap_err().to_string();
		assert!(error.contains("/nonexistent/token") && error.contains("--dashboard-token"), "{error}");
	}
}
