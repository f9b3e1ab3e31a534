//! Task queue of a host: verification, inference and optimization work that workers pull, each with a lease. [`TaskQueue`] is pure: the time
//! is an argument. [`HostQueue`] is the one of a process.
//!
//! ```text
//!   submit ─▶ pending ─ claim ─▶ leased ─ complete ─▶ done ─ take ─▶ gone
//!                ▲                  │                   └─ kept for a while, then gone
//!                └──── lease over ──┘
//! ```
//!
//! Verification comes before inference, and inference before optimization; older tasks come first among equals. A worker that is killed
//! loses its lease, and the task is pulled by another one. A result that comes after its lease is taken if nobody else has the task.
//!
//! The queue does not know what a result means: the role that has put a task in checks it, and does the work itself where nobody has the
//! task, where its lease ends, and where the result is none.
//!
//! | work | put in by | check of a result |
//! |---|---|---|
//! | verification | evaluator: sums of a recomputation | a sample of the chunks is computed here before anything is committed |
//! | inference | server: [audit](crate::audit) of an answer that was given | outputs equal those of the answer, else the definition decides here |
//! | optimization | search: candidates to train | each model is decoded, admitted and scored here; its claim is what this machine computes |

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
	collections::BTreeMap,
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::sync::Notify;
use utoipa::ToSchema;

/// Tasks that a queue has at most.
pub const MOST_TASKS: usize = 1_024;
/// Bytes of the parameters or of the result of one task at most.
pub const MOST_BYTES: usize = 1 << 20;
/// Lease of a task.
pub const LEASE: Duration = Duration::from_secs(60);
/// Leases after which a task is given up.
pub const LEASES: u32 = 5;
/// Time for which the result of a task that nobody takes is kept, and for which a task waits for a worker.
pub const KEPT: Duration = Duration::from_secs(3_600);

/// Kind of the work, in order of priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HostWork)]
pub enum Work {
	/// Recomputation of sums that the chain asks for.
	Verification,
	/// Second computation of answers that a server has given.
	Inference,
	/// Training of candidates of a search.
	Optimization,
}

/// A task, as workers see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HostTask {
	/// Identifier of the task.
	pub task_id: String,
	/// Kind of the work.
	pub task_type: Work,
	/// The domain.
	pub domain_id: u32,
	/// Parameters of the work.
	#[schema(value_type = Object)]
	pub parameters: Value,
	/// Worker that has the task; `None` while it is pending.
	pub evaluator_id: Option<String>,
	/// Seconds that the lease has left; 0 while the task is pending.
	pub lease_seconds: u64,
}

/// Reason for which a queue does not do what it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueFault {
	/// There is no such task.
	#[error("there is no task {0}: it is done, or was given up")]
	Unknown(String),
	/// Another worker has the task.
	#[error("task {task} is leased to {holder}")]
	Leased {
		/// The task.
		task: String,
		/// Worker that has it.
		holder: String,
	},
	/// The task is done.
	#[error("task {0} is done already")]
	Done(String),
	/// The queue is full.
	#[error("the queue has {MOST_TASKS} tasks")]
	Full,
	/// Parameters or result are too long.
	#[error("a task has {0} bytes: at most {MOST_BYTES} are possible")]
	TooLong(usize),
}

/// State of a task.
#[derive(Clone, Debug, PartialEq)]
enum State {
	Pending,
	Leased { worker: String, until: Duration },
	Done { result: Value, at: Duration },
	GivenUp { at: Duration },
}

#[derive(Clone, Debug)]
struct Entry {
	work: Work,
	domain: u32,
	parameters: Value,
	created: Duration,
	leases: u32,
	state: State,
}

/// End of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
	/// A worker has handed in its result.
	Done(Value),
	/// No worker has done it in time.
	GivenUp,
}

/// The queue. Identifiers are numbers that are not used again.
#[derive(Debug, Default)]
pub struct TaskQueue {
	next: u64,
	entries: BTreeMap<u64, Entry>,
}

impl TaskQueue {
	/// Adds a task at time `now` since the start. Returns its identifier.
	///
	/// # Errors
	///
	/// Errors if the queue is full, or if the parameters are too long.
	pub fn submit(&mut self, work: Work, domain: u32, parameters: Value, now: Duration) -> Result<String, QueueFault> {
		self.expire(now);
		check_length(&parameters)?;
		if self.entries.len() >= MOST_TASKS {
			return Err(QueueFault::Full);
		}
		let id = self.next;
		self.next = self.next.saturating_add(1);
		self.entries.insert(id, Entry { work, domain, parameters, created: now, leases: 0, state: State::Pending });
		Ok(id.to_string())
	}

	/// Returns the pending tasks of these domains, all if `None`, in the order in which they should be pulled.
	pub fn pending(&mut self, domains: Option<&[u32]>, now: Duration) -> Vec<HostTask> {
		self.expire(now);
		let is_chosen =
			|entry: &Entry| entry.state == State::Pending && domains.is_none_or(|domains| domains.contains(&entry.domain));
		let mut found: Vec<(&u64, &Entry)> = self.entries.iter().filter(|(_, entry)| is_chosen(entry)).collect();
		found.sort_by_key(|(id, entry)| (entry.work, **id));
		found.into_iter().map(|(id, entry)| shown(*id, entry, now)).collect()
	}

	/// Leases a task to a worker. A worker that has the task renews its lease.
	///
	/// # Errors
	///
	/// Errors if there is no such task, or if it is done or leased to another worker.
	pub fn claim(&mut self, task: &str, worker: &str, now: Duration) -> Result<HostTask, QueueFault> {
		self.expire(now);
		let (id, entry) = self.found(task)?;
		match &entry.state {
			State::Pending => entry.leases = entry.leases.saturating_add(1),
			State::Leased { worker: holder, .. } if holder == worker => {}
			State::Leased { worker: holder, .. } => {
				return Err(QueueFault::Leased { task: task.into(), holder: holder.clone() });
			}
			State::Done { .. } | State::GivenUp { .. } => return Err(QueueFault::Done(task.into())),
		}
		entry.state = State::Leased { worker: worker.into(), until: now.saturating_add(LEASE) };
		Ok(shown(id, entry, now))
	}

	/// Hands in the result of a task.
	///
	/// # Errors
	///
	/// Errors if there is no such task, if it is done or leased to another worker, or if the result is too long.
	pub fn complete(&mut self, task: &str, worker: &str, result: Value, now: Duration) -> Result<(), QueueFault> {
		check_length(&result)?;
		let (_, entry) = self.found(task)?;
		match &entry.state {
			// Its lease is over, and nobody else has it.
			State::Pending if entry.leases > 0 => {}
			State::Leased { worker: holder, .. } if holder == worker => {}
			State::Leased { worker: holder, .. } => {
				return Err(QueueFault::Leased { task: task.into(), holder: holder.clone() });
			}
			State::Pending => return Err(QueueFault::Unknown(task.into())),
			State::Done { .. } | State::GivenUp { .. } => return Err(QueueFault::Done(task.into())),
		}
		entry.state = State::Done { result, at: now };
		Ok(())
	}

	/// Takes the end of a task; `None` while it goes on, also for a task that is not known.
	pub fn take(&mut self, task: &str, now: Duration) -> Option<Ended> {
		self.expire(now);
		let id: u64 = task.parse().ok()?;
		let is_over = |entry: &Entry| matches!(entry.state, State::Done { .. } | State::GivenUp { .. });
		self.entries.get(&id).filter(|entry| is_over(entry))?;
		match self.entries.remove(&id)?.state {
			State::Done { result, .. } => Some(Ended::Done(result)),
			State::GivenUp { .. } | State::Pending | State::Leased { .. } => Some(Ended::GivenUp),
		}
	}

	/// Returns `true` if a worker has a task, or has done it.
	pub fn is_claimed(&self, task: &str) -> bool {
		let entry = task.parse::<u64>().ok().and_then(|id| self.entries.get(&id));
		entry.is_some_and(|entry| entry.state != State::Pending)
	}

	/// Removes a task unless a worker has it, or has done it. Returns `true` if it was removed.
	pub fn withdraw(&mut self, task: &str, now: Duration) -> bool {
		self.expire(now);
		let Ok(id) = task.parse::<u64>() else { return false };
		let is_pending = self.entries.get(&id).is_some_and(|entry| entry.state == State::Pending);
		if is_pending {
			self.entries.remove(&id);
		}
		is_pending
	}

	/// Removes a task that nobody waits for any more.
	pub fn cancel(&mut self, task: &str) {
		if let Ok(id) = task.parse::<u64>() {
			self.entries.remove(&id);
		}
	}

	fn found(&mut self, task: &str) -> Result<(u64, &mut Entry), QueueFault> {
		let unknown = || QueueFault::Unknown(task.chars().take(40).collect());
		let id: u64 = task.parse().map_err(|_| unknown())?;
		self.entries.get_mut(&id).map(|entry| (id, entry)).ok_or_else(unknown)
	}

	/// Ends leases, gives up tasks that no worker does, and forgets results that nobody takes.
	fn expire(&mut self, now: Duration) {
		for entry in self.entries.values_mut() {
			if matches!(&entry.state, State::Leased { until, .. } if *until <= now) {
				entry.state = if entry.leases >= LEASES { State::GivenUp { at: now } } else { State::Pending };
			}
			if entry.state == State::Pending && entry.created.saturating_add(KEPT) <= now {
				entry.state = State::GivenUp { at: now };
			}
		}
		self.entries.retain(|_, entry| match &entry.state {
			State::Done { at, .. } | State::GivenUp { at } => at.saturating_add(KEPT) > now,
			State::Pending | State::Leased { .. } => true,
		});
	}
}

/// Time between two looks for leases that are over, while a task is waited for.
const LOOK: Duration = Duration::from_secs(1);
/// Time after a look of a worker for which it is expected to look again.
const WATCH: Duration = Duration::from_secs(5);

/// The queue of a process. Clones share it.
#[derive(Clone, Debug)]
pub struct HostQueue {
	queue: Arc<Mutex<TaskQueue>>,
	ended: Arc<Notify>,
	/// Time of the last look of a worker.
	looked: Arc<Mutex<Option<Duration>>>,
	start: Instant,
}

impl Default for HostQueue {
	fn default() -> Self {
		Self { queue: Arc::default(), ended: Arc::default(), looked: Arc::default(), start: Instant::now() }
	}
}

impl HostQueue {
	/// Returns the pending tasks to a worker; see [`TaskQueue::pending`].
	pub fn pending(&self, domains: Option<&[u32]>) -> Vec<HostTask> {
		*self.looked.lock() = Some(self.start.elapsed());
		self.queue.lock().pending(domains, self.start.elapsed())
	}

	/// Leases a task to a worker.
	///
	/// # Errors
	///
	/// Errors as [`TaskQueue::claim`].
	pub fn claim(&self, task: &str, worker: &str) -> Result<HostTask, QueueFault> {
		self.queue.lock().claim(task, worker, self.start.elapsed())
	}

	/// Hands in the result of a task.
	///
	/// # Errors
	///
	/// Errors as [`TaskQueue::complete`].
	pub fn complete(&self, task: &str, worker: &str, result: Value) -> Result<(), QueueFault> {
		self.queue.lock().complete(task, worker, result, self.start.elapsed())?;
		self.ended.notify_waiters();
		Ok(())
	}

	/// Returns `true` if a worker has looked for tasks within the last seconds.
	pub fn is_watched(&self) -> bool {
		self.looked.lock().is_some_and(|at| at.saturating_add(WATCH) > self.start.elapsed())
	}

	/// Adds a task, which is removed with the value that is returned.
	///
	/// # Errors
	///
	/// Errors as [`TaskQueue::submit`].
	pub fn submit(&self, work: Work, domain: u32, parameters: Value) -> Result<Submitted, QueueFault> {
		let task = self.queue.lock().submit(work, domain, parameters, self.start.elapsed())?;
		let start = self.start;
		Ok(Submitted { task: Cancelled { queue: self.queue.clone(), task }, start })
	}

	/// Adds a task, and waits until a worker has done it, or until it is given up. A task that is not waited for any more is removed.
	///
	/// # Errors
	///
	/// Errors as [`TaskQueue::submit`].
	pub async fn run(&self, work: Work, domain: u32, parameters: Value) -> Result<Ended, QueueFault> {
		let task = self.queue.lock().submit(work, domain, parameters, self.start.elapsed())?;
		let waiting = Cancelled { queue: self.queue.clone(), task };
		Ok(self.end_of(&waiting.task).await)
	}
}

impl HostQueue {
	/// Adds a task, and returns its result; `None` if no worker claims it within `patience`, or does it.
	///
	/// # Errors
	///
	/// Errors as [`TaskQueue::submit`].
	pub async fn offer(
		&self,
		work: Work,
		domain: u32,
		parameters: Value,
		patience: Duration,
	) -> Result<Option<Value>, QueueFault> {
		let task = self.queue.lock().submit(work, domain, parameters, self.start.elapsed())?;
		let waiting = Cancelled { queue: self.queue.clone(), task };
		let unclaimed = async {
			tokio::time::sleep(patience).await;
			while self.queue.lock().is_claimed(&waiting.task) {
				tokio::time::sleep(LOOK).await;
			}
		};
		tokio::select! {
			ended = self.end_of(&waiting.task) => Ok(match ended {
				Ended::Done(result) => Some(result),
				Ended::GivenUp => None,
			}),
			() = unclaimed => Ok(None),
		}
	}

	/// Waits for the end of a task.
	async fn end_of(&self, task: &str) -> Ended {
		loop {
			let ended = self.ended.notified();
			if let Some(ended) = self.queue.lock().take(task, self.start.elapsed()) {
				return ended;
			}
			// A look without a notice finds leases that are over.
			let _ = tokio::time::timeout(LOOK, ended).await;
		}
	}
}

/// A task of a thread that looks for its end.
#[derive(Debug)]
pub struct Submitted {
	task: Cancelled,
	start: Instant,
}

impl Submitted {
	/// Removes the task unless a worker has it, or has done it. Returns `true` if it was removed.
	pub fn withdraw(&self) -> bool {
		self.task.queue.lock().withdraw(&self.task.task, self.start.elapsed())
	}

	/// Takes the end of the task; `None` while it goes on.
	pub fn take(&self) -> Option<Ended> {
		self.task.queue.lock().take(&self.task.task, self.start.elapsed())
	}
}

/// A task that is removed with this value.
#[derive(Debug)]
struct Cancelled {
	queue: Arc<Mutex<TaskQueue>>,
	task: String,
}

impl Drop for Cancelled {
	fn drop(&mut self) {
		self.queue.lock().cancel(&self.task);
	}
}

fn check_length(value: &Value) -> Result<(), QueueFault> {
	let length = value.to_string().len();
	if length > MOST_BYTES {
		return Err(QueueFault::TooLong(length));
	}
	Ok(())
}

fn shown(id: u64, entry: &Entry, now: Duration) -> HostTask {
	let (evaluator_id, lease_seconds) = match &entry.state {
		State::Leased { worker, until } => (Some(worker.clone()), until.saturating_sub(now).as_secs()),
		State::Pending | State::Done { .. } | State::GivenUp { .. } => (None, 0),
	};
	HostTask {
		task_id: id.to_string(),
		task_type: entry.work,
		domain_id: entry.domain,
		parameters: entry.parameters.clone(),
		evaluator_id,
		lease_seconds,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	fn at(seconds: u64) -> Duration {
		Duration::from_secs(seconds)
	}

	/// Returns a queue with a task of each kind, the least urgent one first.
	fn queue() -> TaskQueue {
		let mut queue = TaskQueue::default();
		for (work, domain) in [(Work::Optimization, 0), (Work::Inference, 1), (Work::Verification, 0), (Work::Inference, 0)] {
			queue.submit(work, domain, json!({}), at(0)).unwrap();
		}
		queue
	}

	fn ids(tasks: Vec<HostTask>) -> Vec<String> {
		tasks.into_iter().map(|task| task.task_id).collect()
	}

	#[test]
	fn verification_comes_before_inference_and_inference_before_optimization() {
		let mut queue = queue();
		assert_eq!(ids(queue.pending(None, at(1))), ["2", "1", "3", "0"]);
		assert_eq!(ids(queue.pending(Some(&[0]), at(1))), ["2", "3", "0"]);
		assert!(queue.pending(Some(&[]), at(1)).is_empty());
	}

	#[test]
	fn a_task_is_leased_to_one_worker_and_done_once() {
		let mut queue = queue();
		let claimed = queue.claim("2", "a", at(1)).unwrap();
		assert_eq!((claimed.evaluator_id.as_deref(), claimed.lease_seconds), (Some("a"), 60));
		assert_eq!(queue.claim("2", "b", at(2)), Err(QueueFault::Leased { task: "2".into(), holder: "a".into() }));
		assert!(queue.claim("2", "a", at(30)).is_ok(), "a lease is renewed");
		assert!(matches!(queue.complete("2", "b", json!(1), at(31)), Err(QueueFault::Leased { .. })));
		assert_eq!(queue.take("2", at(31)), None);
		queue.complete("2", "a", json!([1]), at(31)).unwrap();
		assert_eq!(queue.complete("2", "a", json!([2]), at(32)), Err(QueueFault::Done("2".into())));
		assert_eq!(queue.take("2", at(33)), Some(Ended::Done(json!([1]))));
		assert_eq!(queue.take("2", at(33)), None);
		assert!(matches!(queue.claim("2", "a", at(33)), Err(QueueFault::Unknown(_))));
	}

	#[test]
	fn a_worker_that_is_killed_loses_its_lease() {
		let mut queue = queue();
		queue.claim("2", "a", at(0)).unwrap();
		assert!(!ids(queue.pending(None, at(59))).contains(&"2".into()));
		assert!(ids(queue.pending(None, at(60))).contains(&"2".into()));
		queue.claim("2", "b", at(61)).unwrap();
		assert!(matches!(queue.complete("2", "a", json!(1), at(62)), Err(QueueFault::Leased { .. })));
		queue.complete("2", "b", json!(2), at(62)).unwrap();
		assert_eq!(queue.take("2", at(62)), Some(Ended::Done(json!(2))));
	}

	#[test]
	fn a_late_result_is_taken_while_nobody_else_has_the_task() {
		let mut queue = queue();
		assert!(queue.complete("2", "a", json!(1), at(0)).is_err(), "it was not claimed");
		queue.claim("2", "a", at(0)).unwrap();
		queue.pending(None, at(100));
		queue.complete("2", "a", json!(1), at(100)).unwrap();
		assert_eq!(queue.take("2", at(100)), Some(Ended::Done(json!(1))));
	}

	#[test]
	fn a_task_that_no_worker_does_is_given_up() {
		let mut queue = queue();
		for lease in 0..u64::from(LEASES) {
			queue.claim("2", "a", at(lease * 60)).unwrap();
		}
		assert_eq!(queue.take("2", at(300)), Some(Ended::GivenUp));
		assert_eq!(queue.take("1", at(3_600)), Some(Ended::GivenUp), "no worker has asked for it");
		assert!(queue.pending(None, at(3_600)).is_empty());
		queue.pending(None, at(7_200));
		assert!(queue.entries.is_empty(), "memory does not grow");
	}

	#[tokio::test]
	async fn a_task_that_is_waited_for_returns_the_result_of_its_worker() {
		let queue = HostQueue::default();
		let own = queue.clone();
		let waiting = tokio::spawn(async move { own.run(Work::Inference, 3, json!([1, 2])).await });
		while queue.pending(None).is_empty() {
			tokio::task::yield_now().await;
		}
		let task = queue.pending(Some(&[3])).remove(0);
		queue.claim(&task.task_id, "a").unwrap();
		queue.complete(&task.task_id, "a", json!({ "sum": 3 })).unwrap();
		assert_eq!(waiting.await.unwrap(), Ok(Ended::Done(json!({ "sum": 3 }))));
		let cut = tokio::spawn({
			let queue = queue.clone();
			async move { queue.run(Work::Inference, 3, json!([])).await }
		});
		while queue.pending(None).is_empty() {
			tokio::task::yield_now().await;
		}
		cut.abort();
		assert!(cut.await.is_err());
		assert!(queue.pending(None).is_empty(), "nobody waits for it");
	}

	#[test]
	fn a_thread_takes_back_what_no_worker_has() {
		let queue = HostQueue::default();
		assert!(!queue.is_watched());
		let submit = || queue.submit(Work::Optimization, 3, json!([1])).unwrap();
		let (first, second) = (submit(), submit());
		let tasks = queue.pending(None);
		assert!(queue.is_watched() && tasks.len() == 2);
		queue.claim(&tasks[0].task_id, "a").unwrap();
		assert_eq!((first.withdraw(), second.withdraw(), second.withdraw()), (false, true, false));
		assert_eq!(first.take(), None);
		queue.complete(&tasks[0].task_id, "a", json!([2])).unwrap();
		assert!(!first.withdraw(), "it is done");
		assert_eq!((first.take(), first.take()), (Some(Ended::Done(json!([2]))), None));
		drop(submit());
		assert!(queue.pending(None).is_empty(), "nobody waits for it");
	}

	#[test]
	fn a_task_whose_lease_is_over_can_be_taken_back() {
		let mut queue = queue();
		queue.claim("0", "a", at(0)).unwrap();
		assert!(!queue.withdraw("0", at(59)) && queue.withdraw("0", at(60)));
		assert!(matches!(queue.complete("0", "a", json!(1), at(61)), Err(QueueFault::Unknown(_))));
		assert!(!queue.withdraw("x", at(0)));
	}

	#[tokio::test]
	async fn an_offered_task_that_no_worker_claims_is_taken_back() {
		let queue = HostQueue::default();
		assert_eq!(queue.offer(Work::Verification, 3, json!([]), Duration::ZERO).await, Ok(None));
		assert!(queue.pending(None).is_empty());
		let own = queue.clone();
		let offered = tokio::spawn(async move { own.offer(Work::Verification, 3, json!([]), LEASE).await });
		while queue.pending(None).is_empty() {
			tokio::task::yield_now().await;
		}
		let task = queue.pending(None).remove(0);
		queue.claim(&task.task_id, "a").unwrap();
		queue.complete(&task.task_id, "a", json!([7])).unwrap();
		assert_eq!(offered.await.unwrap(), Ok(Some(json!([7]))));
	}

	#[test]
	fn the_queue_is_bounded() {
		let mut queue = TaskQueue::default();
		for _ in 0..MOST_TASKS {
			queue.submit(Work::Inference, 0, json!(1), at(0)).unwrap();
		}
		assert_eq!(queue.submit(Work::Verification, 0, json!(1), at(0)), Err(QueueFault::Full));
		queue.cancel("7");
		let long = "x".repeat(MOST_BYTES);
		assert!(matches!(queue.submit(Work::Inference, 0, json!(long), at(0)), Err(QueueFault::TooLong(_))));
		assert_eq!(queue.submit(Work::Verification, 0, json!(1), at(0)), Ok(MOST_TASKS.to_string()));
		for wrong in ["", "x", "-1", "18446744073709551616", "7"] {
			assert!(matches!(queue.claim(wrong, "a", at(0)), Err(QueueFault::Unknown(_))), "{wrong}");
		}
	}
}
