//! Order of computations with a deadline.
//!
//! Every computation uses all threads for deadlines, so one runs at a time. The most urgent waiting one runs next, whichever
//! came first: verdicts that nobody pays for cannot delay an answer that is at stake.

use anyhow::{anyhow, Result};
use doin_primitives::BlockNumber;
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::oneshot;

/// Urgency of a computation. Smaller values run first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
	/// Sums of a drawn evaluator: without them a part of its bond is lost. Earlier deadlines run first.
	Drawn {
		/// First block that is too late.
		until: BlockNumber,
	},
	/// A candidate of this worker before its commit.
	Bid,
	/// Verification of a verdict that pays: in a weighted domain, or in a round in which this worker has a seat.
	Paid,
	/// Verification of any other verdict.
	Other,
}

/// Queue of computations on one pool of threads.
pub struct DeadlineQueue {
	pool: rayon::ThreadPool,
	state: Mutex<State>,
}

#[derive(Default)]
struct State {
	is_busy: bool,
	/// Number of the next computation that waits.
	next: u64,
	waiting: BTreeMap<(Priority, u64), oneshot::Sender<Turn>>,
}

/// Right to compute. The next computation starts when it is dropped.
struct Turn(Option<Arc<DeadlineQueue>>);

impl Drop for Turn {
	fn drop(&mut self) {
		if let Some(queue) = self.0.take() {
			queue.pass_on();
		}
	}
}

impl DeadlineQueue {
	/// Returns a queue of computations on `pool`.
	pub fn new(pool: rayon::ThreadPool) -> Arc<Self> {
		Arc::new(Self { pool, state: Mutex::default() })
	}

	/// Runs `work` on the threads of the queue when it is the most urgent computation, without blocking the asynchronous runtime.
	///
	/// # Errors
	///
	/// Errors if `work` panics, or if the runtime shuts down before `work` has ended.
	pub async fn run<T: Send + 'static>(
		self: &Arc<Self>,
		priority: Priority,
		work: impl FnOnce() -> T + Send + 'static,
	) -> Result<T> {
		let turn = self.turn(priority).await?;
		let queue = self.clone();
		let computation = tokio::task::spawn_blocking(move || {
			// The turn ends with the computation, also if nothing awaits it any more.
			let _turn = turn;
			queue.pool.install(work)
		});
		computation.await.map_err(|error| anyhow!("a computation was cut short: {error}"))
	}

	async fn turn(self: &Arc<Self>, priority: Priority) -> Result<Turn> {
		let waiting = {
			let mut state = self.state.lock();
			if !state.is_busy {
				state.is_busy = true;
				return Ok(Turn(Some(self.clone())));
			}
			let (sender, receiver) = oneshot::channel();
			let number = state.next;
			state.next = number.wrapping_add(1);
			state.waiting.insert((priority, number), sender);
			receiver
		};
		waiting.await.map_err(|_| anyhow!("the queue of computations has ended"))
	}

	/// Lets the most urgent waiting computation start.
	fn pass_on(self: Arc<Self>) {
		loop {
			let waiting = {
				let mut state = self.state.lock();
				let first = state.waiting.pop_first();
				state.is_busy = first.is_some();
				first
			};
			let Some((_, sender)) = waiting else { return };
			match sender.send(Turn(Some(self.clone()))) {
				Ok(()) => return,
				// Nothing waits for it any more: the turn is taken back.
				Err(mut turn) => turn.0 = None,
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::{sync::mpsc, time::Duration};

	/// Returns a queue with one thread, and a computation that holds it until the sender is dropped.
	fn busy() -> (Arc<DeadlineQueue>, mpsc::Sender<()>, tokio::task::JoinHandle<Result<()>>) {
		let queue = DeadlineQueue::new(rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap());
		let (release, released) = mpsc::channel::<()>();
		let running = tokio::spawn({
			let queue = queue.clone();
			async move { queue.run(Priority::Other, move || released.recv().unwrap_or_default()).await }
		});
		(queue, release, running)
	}

	async fn waiting(queue: &Arc<DeadlineQueue>, count: usize) {
		while !queue.state.lock().is_busy || queue.state.lock().waiting.len() < count {
			tokio::time::sleep(Duration::from_millis(1)).await;
		}
	}

	/// Eighty verdicts of domains without weight wait when a drawn seat arrives.
	#[tokio::test]
	async fn n14_a_drawn_seat_is_computed_before_verdicts_that_came_first() {
		let (queue, release, running) = busy();
		waiting(&queue, 0).await;
		let order = Arc::new(Mutex::new(Vec::new()));
		let mut jobs = Vec::new();
		let priorities = std::iter::repeat_n(Priority::Other, 80).chain([
			Priority::Paid,
			Priority::Bid,
			Priority::Drawn { until: 9 },
			Priority::Drawn { until: 7 },
		]);
		for priority in priorities {
			let (queue, order) = (queue.clone(), order.clone());
			jobs.push(tokio::spawn(async move { queue.run(priority, move || order.lock().push(priority)).await }));
		}
		waiting(&queue, jobs.len()).await;
		drop(release);
		running.await.unwrap().unwrap();
		for job in jobs {
			job.await.unwrap().unwrap();
		}
		let first: Vec<_> = order.lock().iter().take(5).copied().collect();
		let expected =
			[Priority::Drawn { until: 7 }, Priority::Drawn { until: 9 }, Priority::Bid, Priority::Paid, Priority::Other];
		assert_eq!(first, expected);
		assert_eq!(order.lock().len(), 84);
	}

	#[tokio::test]
	async fn a_computation_that_nothing_awaits_any_more_keeps_no_other_one_waiting() {
		let (queue, release, running) = busy();
		waiting(&queue, 0).await;
		let given_up = tokio::spawn({
			let queue = queue.clone();
			async move { queue.run(Priority::Paid, || ()).await }
		});
		waiting(&queue, 1).await;
		given_up.abort();
		assert!(given_up.await.unwrap_err().is_cancelled());
		let next = tokio::spawn({
			let queue = queue.clone();
			async move { queue.run(Priority::Other, || 3).await }
		});
		waiting(&queue, 2).await;
		drop(release);
		running.await.unwrap().unwrap();
		assert_eq!(next.await.unwrap().unwrap(), 3);
		assert_eq!(queue.run(Priority::Other, || 4).await.unwrap(), 4);
	}

	#[tokio::test]
	async fn a_panic_does_not_end_the_queue() {
		let queue = DeadlineQueue::new(rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap());
		let error = queue.run(Priority::Bid, || panic!("a fault")).await.unwrap_err();
		assert!(error.to_string().contains("cut short"), "{error}");
		assert_eq!(queue.run(Priority::Bid, || 5).await.unwrap(), 5);
	}
}
