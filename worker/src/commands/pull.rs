//! `pull`: does the work of another worker of yours, from the task queue of its server.

use super::infer::Address;
use crate::{args::NodeArgs, report::OutputArgs};
use anyhow::{ensure, Context, Result};
use clap::Args;
use doin_chain::{Chain, Patience};
use doin_compute::{
	gpu::{DeviceSelection, Devices},
	Executor,
};
use doin_dashboard::shape::{Claim, Completion};
use doin_roles::{
	domain_cache::DomainCache,
	home::expand_home,
	search::shared::{Training, WantedCandidates},
	shared_work::WantedSums,
};
use doin_serve::{
	audit::WantedOutputs,
	tasks::{HostTask, Work, LEASE},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
	fmt::{self, Display, Formatter},
	path::PathBuf,
	sync::{
		atomic::{AtomicU32, Ordering::Relaxed},
		Arc,
	},
	time::{Duration, Instant},
};
use tokio::{task::spawn_blocking, time::sleep};

/// Pause between two looks at the queue.
const PAUSE: Duration = Duration::from_millis(250);
/// Time after which the lease of a task is renewed.
const RENEWAL: Duration = Duration::from_secs(20);
/// Tasks that were not possible here which are remembered at most.
const MOST_REFUSED: usize = 64;
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
	/// Kinds of work to do, in the order of the queue; leave out what another machine does better
	#[arg(long, value_name = "KINDS", value_delimiter = ',', default_value = "verification,inference,optimization")]
	work: Vec<Kind>,
	/// CPU cores that candidates are trained on [default: all]
	#[arg(long, value_name = "CORES")]
	cores: Option<std::num::NonZeroUsize>,
	/// Devices to train on: `auto`, `none`, or numbers and parts of names; see `doin-worker devices`
	#[arg(long, value_name = "DEVICES", default_value = "auto")]
	gpu: String,
	/// End after this many tasks
	#[arg(long, value_name = "TASKS", value_parser = clap::value_parser!(u32).range(1..))]
	count: Option<u32>,
	#[command(flatten)]
	output: OutputArgs,
}

/// Kind of work, as the queue names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
	/// Sums of recomputation tasks
	Verification,
	/// Second computation of answers that a server has given
	Inference,
	/// Training of candidates
	Optimization,
}

impl Kind {
	fn work(self) -> Work {
		match self {
			Self::Verification => Work::Verification,
			Self::Inference => Work::Inference,
			Self::Optimization => Work::Optimization,
		}
	}
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
	domains: Arc<DomainCache>,
	training: Arc<Training>,
	/// Kinds of work that this one does.
	works: Vec<Work>,
	from: Address,
	token: String,
	name: String,
	/// Tasks that were not possible here, and when that was.
	refused: Vec<(String, Instant)>,
}

/// Runs `pull` until Ctrl-C, or until the wanted number of tasks is done.
///
/// # Errors
///
/// Errors if the token cannot be read, if there is no such device, or if the node runs another chain.
pub async fn run(node: &NodeArgs, args: PullArgs) -> Result<()> {
	let token = std::fs::read_to_string(expand_home(&args.token)?)
		.with_context(|| format!("cannot read the token {}: copy the file of --dashboard-token", args.token.display()))?;
	let token = token.trim().to_owned();
	ensure!(!token.is_empty(), "the file {} is empty: copy that of --dashboard-token", args.token.display());
	let name = args.name.clone().unwrap_or_else(|| format!("pull-{}", std::process::id()));
	let training = Arc::new(Training::new(executor(&args).await?));
	let chain = node.connect_with(Patience::Forever).await?;
	chain.synced().await;
	// A training takes minutes, and sums are wanted within seconds, so trainings have a puller of their own.
	let (trainings, urgent): (Vec<Work>, Vec<Work>) =
		args.work.iter().map(|kind| kind.work()).partition(|work| *work == Work::Optimization);
	let domains = Arc::new(DomainCache::default());
	let puller = |works: Vec<Work>| Puller {
		chain: chain.clone(),
		domains: domains.clone(),
		training: training.clone(),
		works,
		from: args.from.clone(),
		token: token.clone(),
		name: name.clone(),
		refused: Vec::new(),
	};
	let (done, count) = (AtomicU32::new(0), args.count);
	tokio::join!(puller(urgent).work(&done, count), puller(trainings).work(&done, count));
	args.output.print(&PullReport { tasks: done.into_inner() })
}

/// Returns the threads and devices that candidates are trained on.
async fn executor(args: &PullArgs) -> Result<Executor> {
	let trains = args.work.contains(&Kind::Optimization);
	let selection: DeviceSelection = if trains { args.gpu.parse()? } else { DeviceSelection::None };
	let devices = spawn_blocking(move || Devices::open(&selection)).await??;
	let available = std::thread::available_parallelism().map_or(1, usize::from);
	Ok(Executor::new(args.cores.map_or(available, usize::from), Arc::new(devices))?)
}

impl Puller {
	/// Does tasks until `count` are done, those of other pullers among them, which count in `done`.
	async fn work(mut self, done: &AtomicU32, count: Option<u32>) {
		while !self.works.is_empty() && count.is_none_or(|count| done.load(Relaxed) < count) {
			match self.turn().await {
				Ok(true) => {
					done.fetch_add(1, Relaxed);
				}
				Ok(false) => sleep(PAUSE).await,
				Err(error) => {
					tracing::warn!(target: "doin::worker", "{error:#}");
					sleep(LONG_PAUSE).await;
				}
			}
		}
	}

	/// Does the first task that this worker can do; returns `false` if there is none.
	async fn turn(&mut self) -> Result<bool> {
		let pending: Pending = self.from.get_with("/tasks/pending", Some(&self.token)).await?;
		self.refused.retain(|(_, at)| at.elapsed() < LEASE);
		let is_possible = |task: &HostTask| {
			self.works.contains(&task.task_type) && self.refused.iter().all(|(refused, _)| *refused != task.task_id)
		};
		let Some(task) = pending.host.into_iter().find(is_possible) else { return Ok(false) };
		if !self.claims(&task).await? {
			// Another worker was quicker, or the task is done.
			return Ok(false);
		}
		let result = match self.result_of(&task).await {
			Ok(Some(result)) => result,
			Ok(None) => {
				tracing::info!(target: "doin::worker", task = task.task_id, "the lease of the task was lost");
				return Ok(false);
			}
			Err(error) => {
				// The other worker does the task itself at once.
				let _ = self.completes(&task, Value::Null).await;
				if self.refused.len() < MOST_REFUSED {
					self.refused.push((task.task_id.clone(), Instant::now()));
				}
				return Err(error.context(format!("task {} of domain {} is not possible here", task.task_id, task.domain_id)));
			}
		};
		if !self.completes(&task, result).await? {
			tracing::info!(target: "doin::worker", task = task.task_id, "the result was late");
			return Ok(false);
		}
		let kind = match task.task_type {
			Work::Verification => "verification",
			Work::Inference => "inference",
			Work::Optimization => "optimization",
		};
		tracing::info!(target: "doin::worker", task = task.task_id, domain = task.domain_id, "task done: {kind}");
		Ok(true)
	}

	/// Leases a task, or renews its lease. Returns `false` if another worker has it, or if it is done.
	async fn claims(&self, task: &HostTask) -> Result<bool> {
		let claim = Claim { task_id: task.task_id.clone(), evaluator_id: self.name.clone() };
		let claimed = self.from.post_with("/tasks/claim", &claim, Some(&self.token)).await?;
		if [404, 409].contains(&claimed.status) {
			return Ok(false);
		}
		claimed.json::<Value>()?;
		Ok(true)
	}

	/// Hands in the result of a task. Returns `false` if it is not wanted any more.
	async fn completes(&self, task: &HostTask, result: Value) -> Result<bool> {
		let (task_id, evaluator_id) = (task.task_id.clone(), self.name.clone());
		let completion = Completion { task_id, evaluator_id, verified_performance: None, result };
		let completed = self.from.post_with("/tasks/complete", &completion, Some(&self.token)).await?;
		if [404, 409].contains(&completed.status) {
			return Ok(false);
		}
		completed.json::<Value>()?;
		Ok(true)
	}

	/// Does a task, and renews its lease meanwhile. Returns `None` if the lease is lost.
	async fn result_of(&self, task: &HostTask) -> Result<Option<Value>> {
		let work = self.done(task);
		tokio::pin!(work);
		loop {
			tokio::select! {
				result = &mut work => return result.map(Some),
				() = sleep(RENEWAL) => {
					// A server that does not answer for a moment has not ended the lease.
					if self.claims(task).await.is_ok_and(|is_leased| !is_leased) {
						return Ok(None);
					}
				}
			}
		}
	}

	/// Does a task.
	async fn done(&self, task: &HostTask) -> Result<Value> {
		let (head, domain) = (self.chain.head(), task.domain_id);
		match task.task_type {
			Work::Verification => WantedSums::of_task(task)?.compute(&self.chain, head, &self.domains, domain).await,
			Work::Inference => {
				let wanted = WantedOutputs::of_task(task)?;
				let spec = self.chain.domain_spec(head, domain).await?.with_context(|| format!("there is no domain {domain}"))?;
				Ok(spawn_blocking(move || wanted.compute(domain, spec.program)).await??)
			}
			Work::Optimization => {
				let wanted = WantedCandidates::of_task(task)?;
				let problem = self.domains.problem(&self.chain, head, domain).await?;
				self.training.train(problem, wanted).await
			}
		}
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
		let (work, gpu) = (vec![Kind::Optimization], "none".into());
		let args = PullArgs { from, token, name: None, work, cores: None, gpu, count: Some(1), output: OutputArgs::default() };
		assert!(!args.is_endless());
		let error = run(&NodeArgs::default(), args).await.unwrap_err().to_string();
		assert!(error.contains("/nonexistent/token") && error.contains("--dashboard-token"), "{error}");
	}
}
