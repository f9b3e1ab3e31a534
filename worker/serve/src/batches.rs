//! Windows of several requests as one batch.
//!
//! ```text
//!              a thread is free, or 8 windows and more
//!   request ───────────────────────────────────────────▶ threads ─▶ answers
//!      │ all threads are busy                               ▲
//!      └─▶ collected, per champion ─ a thread is free, ─────┘
//!                                    64 windows, or the longest wait
//! ```
//!
//! A back-end takes hardly more time for many windows than for some, so requests of a few windows are collected where they would wait for a
//! thread in any case. A request that is alone finds a thread free and is run at once. While all threads are busy, requests for the same
//! champion form one batch: it is run when a thread becomes free, and is handed to the threads as it is when it is full, or when
//! its first request has waited for the time that the configuration allows.
//!
//! [`Collector`] decides, and is pure. [`Batches`] has the threads.

use crate::model::{Champion, BATCHED};
use doin_primitives::{inference::MAX_PAIRS, DomainId, Hash};
use parking_lot::Mutex;
use rayon::ThreadPool;
use std::{
	collections::BTreeMap,
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
		Arc,
	},
	time::Duration,
};
use tokio::{sync::oneshot, time::timeout};

/// Windows from which on a batch is full.
const FULL: usize = MAX_PAIRS as usize;

/// Outputs of several windows, in their order.
type Outputs = Vec<Vec<i32>>;

/// Champion that a batch is for.
type Key = (DomainId, Hash);

/// Part of one request in a batch.
struct Share {
	windows: usize,
	answered: oneshot::Sender<Option<Outputs>>,
}

/// Windows that are run together.
struct Batch {
	number: u64,
	champion: Arc<Champion>,
	windows: Vec<Vec<u8>>,
	shares: Vec<Share>,
}

impl Batch {
	/// Adds the windows of a request.
	fn add(&mut self, mut windows: Vec<Vec<u8>>, answered: oneshot::Sender<Option<Outputs>>) {
		self.shares.push(Share { windows: windows.len(), answered });
		self.windows.append(&mut windows);
	}

	/// Runs the champion, and answers each request with its own outputs.
	fn run(self, by_definition: bool) {
		let Self { champion, windows, shares, .. } = self;
		let run = |windows: &[Vec<u8>]| if by_definition { champion.defined(windows) } else { champion.answers(windows) };
		let all = run(&windows);
		let mut first = 0usize;
		for Share { windows: count, answered } in shares {
			let range = first..first.saturating_add(count);
			first = range.end;
			let own = match &all {
				Some(outputs) => outputs.get(range).map(<[_]>::to_vec),
				// A window that the champion does not read costs no other request its answer.
				None => windows.get(range).and_then(run),
			};
			// The request may have been cut.
			let _ = answered.send(own);
		}
	}
}

/// Decision about a request.
enum Place {
	/// Its batch is run now.
	Run(Batch),
	/// It waits in the batch with this number.
	Collected(u64),
}

/// Batches that wait for a thread, at most one for each champion. Nothing waits while a thread is free.
struct Collector {
	threads: usize,
	/// Batches that were handed to the threads and are not done.
	running: usize,
	/// Number of the next batch.
	next: u64,
	waiting: BTreeMap<Key, Batch>,
}

impl Collector {
	fn new(threads: usize) -> Self {
		Self { threads: threads.max(1), running: 0, next: 0, waiting: BTreeMap::new() }
	}

	/// Takes the windows of a request.
	fn join(&mut self, champion: &Arc<Champion>, windows: Vec<Vec<u8>>, answered: oneshot::Sender<Option<Outputs>>) -> Place {
		let number = self.next;
		let begin = || Batch { number, champion: champion.clone(), windows: Vec::new(), shares: Vec::new() };
		if self.running < self.threads || windows.len() >= BATCHED {
			let mut batch = begin();
			batch.add(windows, answered);
			self.running += 1;
			return Place::Run(batch);
		}
		let key = (champion.domain, champion.hash);
		let batch = self.waiting.entry(key).or_insert_with(begin);
		batch.add(windows, answered);
		let (joined, is_full) = (batch.number, batch.windows.len() >= FULL);
		if joined == number {
			self.next = self.next.wrapping_add(1);
		}
		match is_full.then(|| self.take(&key)).flatten() {
			Some(batch) => Place::Run(batch),
			None => Place::Collected(joined),
		}
	}

	/// Counts the end of a batch. Returns the batch that has waited longest if a thread is free.
	fn ended(&mut self) -> Option<Batch> {
		self.running = self.running.saturating_sub(1);
		if self.running >= self.threads {
			return None;
		}
		let oldest = self.waiting.iter().min_by_key(|(_, batch)| batch.number).map(|(key, _)| *key)?;
		self.take(&oldest)
	}

	/// Returns a batch that has waited long enough, unless it is run already.
	fn overdue(&mut self, number: u64) -> Option<Batch> {
		let key = self.waiting.iter().find(|(_, batch)| batch.number == number).map(|(key, _)| *key)?;
		self.take(&key)
	}

	fn take(&mut self, key: &Key) -> Option<Batch> {
		let batch = self.waiting.remove(key)?;
		self.running += 1;
		Some(batch)
	}
}

/// Threads with the batches that wait for them.
struct Shared {
	pool: ThreadPool,
	collector: Mutex<Collector>,
	by_definition: AtomicBool,
	runs: AtomicU64,
}

impl Shared {
	/// Hands a batch to the threads.
	fn start(self: &Arc<Self>, batch: Batch) {
		self.runs.fetch_add(1, Relaxed);
		let turn = Turn(self.clone());
		self.pool.spawn(move || {
			batch.run(turn.0.by_definition.load(Relaxed));
			drop(turn);
		});
	}
}

/// A batch on the threads. Its end starts the one that waits.
struct Turn(Arc<Shared>);

impl Drop for Turn {
	fn drop(&mut self) {
		let next = self.0.collector.lock().ended();
		if let Some(batch) = next {
			self.0.start(batch);
		}
	}
}

/// Runs champions for requests, several at a time.
pub(crate) struct Batches {
	shared: Arc<Shared>,
	wait: Duration,
}

impl Batches {
	/// Returns batches on the threads of `pool`, which wait for a free thread for `wait` at most.
	pub(crate) fn new(pool: ThreadPool, wait: Duration) -> Self {
		let collector = Mutex::new(Collector::new(pool.current_num_threads()));
		let (by_definition, runs) = (AtomicBool::new(false), AtomicU64::new(0));
		Self { shared: Arc::new(Shared { pool, collector, by_definition, runs }), wait }
	}

	/// Returns the outputs of a champion for the windows of a request; `None` if it does not read one of them.
	pub(crate) async fn outputs(&self, champion: &Arc<Champion>, windows: Vec<Vec<u8>>) -> Option<Outputs> {
		let (answered, mut answer) = oneshot::channel();
		let place = self.shared.collector.lock().join(champion, windows, answered);
		match place {
			Place::Run(batch) => self.shared.start(batch),
			Place::Collected(number) => {
				if let Ok(answer) = timeout(self.wait, &mut answer).await {
					return answer.ok().flatten();
				}
				let overdue = self.shared.collector.lock().overdue(number);
				if let Some(batch) = overdue {
					self.shared.start(batch);
				}
			}
		}
		answer.await.ok().flatten()
	}

	/// Runs `work` on the threads; `None` if it panics.
	pub(crate) async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
		let (done, computed) = oneshot::channel();
		self.shared.pool.spawn(move || {
			let _ = done.send(work());
		});
		computed.await.ok()
	}

	/// Runs champions one window at a time from now on, as the runtime does.
	pub(crate) fn compute_by_definition(&self) {
		self.shared.by_definition.store(true, Relaxed);
	}

	/// Returns the number of batches that were handed to the threads.
	pub(crate) fn runs(&self) -> u64 {
		self.shared.runs.load(Relaxed)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::model::tests::{net, seasonal};
	use doin_primitives::inference::number_bytes;
	use rayon::ThreadPoolBuilder;
	use std::sync::mpsc;

	/// Longer than a test.
	const LONG: Duration = Duration::from_secs(3_600);

	fn window(last: i32) -> Vec<u8> {
		number_bytes(&[4_100, 4_110, 4_102, last])
	}

	/// Takes a request of `count` windows. Returns the windows and requests of the batch that is run, if one is.
	fn join(collector: &mut Collector, champion: &Arc<Champion>, count: usize) -> Option<(usize, usize)> {
		let (answered, _) = oneshot::channel();
		match collector.join(champion, vec![window(0); count], answered) {
			Place::Run(batch) => size(Some(batch)),
			Place::Collected(_) => None,
		}
	}

	fn size(batch: Option<Batch>) -> Option<(usize, usize)> {
		batch.map(|batch| (batch.windows.len(), batch.shares.len()))
	}

	#[test]
	fn a_request_that_finds_a_thread_free_does_not_wait() {
		let (mut collector, champion) = (Collector::new(2), Arc::new(seasonal()));
		for _ in 0..5 {
			assert_eq!(join(&mut collector, &champion, 1), Some((1, 1)));
			assert_eq!(size(collector.ended()), None);
		}
		assert_eq!([0; 3].map(|_| join(&mut collector, &champion, 1)), [Some((1, 1)), Some((1, 1)), None]);
	}

	#[test]
	fn requests_that_wait_for_a_thread_become_one_batch() {
		let (mut collector, champion) = (Collector::new(1), Arc::new(seasonal()));
		join(&mut collector, &champion, 1);
		assert_eq!([1, 2, 3].map(|count| join(&mut collector, &champion, count)), [None; 3]);
		assert_eq!(join(&mut collector, &champion, BATCHED), Some((BATCHED, 1)), "it is a batch by itself");
		assert_eq!(size(collector.ended()), None, "the other thread is not free");
		assert_eq!(size(collector.ended()), Some((6, 3)));
		assert_eq!(size(collector.ended()), None);
		assert_eq!(collector.running, 0);
	}

	#[test]
	fn a_full_batch_does_not_wait_for_a_thread() {
		let (mut collector, champion) = (Collector::new(1), Arc::new(seasonal()));
		join(&mut collector, &champion, 1);
		assert!((1..FULL).all(|_| join(&mut collector, &champion, 1).is_none()));
		assert_eq!(join(&mut collector, &champion, 1), Some((FULL, FULL)));
		assert_eq!(join(&mut collector, &champion, 1), None);
		assert_eq!(collector.running, 2);
	}

	#[test]
	fn a_batch_that_has_waited_long_enough_is_handed_over_once() {
		let (mut collector, champion) = (Collector::new(1), Arc::new(seasonal()));
		join(&mut collector, &champion, 1);
		let (answered, _) = oneshot::channel();
		let Place::Collected(number) = collector.join(&champion, vec![window(1)], answered) else { panic!("no thread is free") };
		join(&mut collector, &champion, 1);
		assert_eq!(size(collector.overdue(number)), Some((2, 2)));
		assert_eq!(size(collector.overdue(number)), None);
		join(&mut collector, &champion, 1);
		assert_eq!(size(collector.overdue(number)), None, "another batch");
		assert!(collector.overdue(number + 1).is_some());
	}

	#[test]
	fn champions_have_batches_of_their_own_and_the_oldest_is_run_first() {
		let (first, second) = (Arc::new(seasonal()), Arc::new(Champion { hash: [6; 32], ..seasonal() }));
		let mut collector = Collector::new(1);
		join(&mut collector, &first, 1);
		for (champion, count) in [(&second, 1), (&first, 2), (&second, 3)] {
			assert_eq!(join(&mut collector, champion, count), None);
		}
		assert_eq!([size(collector.ended()), size(collector.ended())], [Some((4, 2)), Some((2, 1))]);
	}

	fn batches(wait: Duration) -> Batches {
		Batches::new(ThreadPoolBuilder::new().num_threads(1).build().unwrap(), wait)
	}

	/// Keeps the only thread busy until the value is dropped.
	fn busy(batches: &Batches) -> mpsc::Sender<()> {
		let (busy, free) = mpsc::channel::<()>();
		batches.shared.collector.lock().running += 1;
		let turn = Turn(batches.shared.clone());
		batches.shared.pool.spawn(move || {
			let _ = free.recv();
			drop(turn);
		});
		busy
	}

	#[tokio::test]
	async fn every_request_of_a_batch_gets_its_own_outputs() {
		let (batches, champion) = (Arc::new(batches(LONG)), Arc::new(net()));
		let busy = busy(&batches);
		let requests: Vec<Vec<Vec<u8>>> = (0..20).map(|at| vec![window(4_000 + at), window(at)]).collect();
		let waiting: Vec<_> = requests
			.iter()
			.map(|windows| {
				let (batches, champion, windows) = (batches.clone(), champion.clone(), windows.clone());
				tokio::spawn(async move { batches.outputs(&champion, windows).await })
			})
			.collect();
		while batches.shared.collector.lock().waiting.values().map(|batch| batch.shares.len()).sum::<usize>() < 20 {
			tokio::task::yield_now().await;
		}
		drop(busy);
		for (windows, waiting) in requests.iter().zip(waiting) {
			assert_eq!(waiting.await.unwrap(), champion.defined(windows));
		}
		assert_eq!(batches.runs(), 1);
	}

	#[tokio::test]
	async fn a_window_that_is_not_read_costs_no_other_request_its_answer() {
		let (batches, champion) = (batches(LONG), Arc::new(net()));
		let busy = busy(&batches);
		let (good, bad) = (batches.outputs(&champion, vec![window(1)]), batches.outputs(&champion, vec![vec![0; 3]]));
		let freed = async {
			while batches.shared.collector.lock().waiting.values().map(|batch| batch.shares.len()).sum::<usize>() < 2 {
				tokio::task::yield_now().await;
			}
			drop(busy);
		};
		let (good, bad, ()) = tokio::join!(good, bad, freed);
		assert_eq!((good, bad), (champion.defined(&[window(1)]), None));
	}

	#[tokio::test]
	async fn requests_are_run_after_the_longest_wait_and_when_they_are_cut() {
		let (batches, champion) = (batches(Duration::ZERO), Arc::new(net()));
		let busy = busy(&batches);
		let (answer, ()) = tokio::join!(batches.outputs(&champion, vec![window(1)]), async {
			while batches.runs() == 0 {
				tokio::task::yield_now().await;
			}
			drop(busy);
		});
		assert!(answer.is_some(), "it was handed over while the thread was busy");
		let cut = timeout(Duration::ZERO, batches.outputs(&champion, vec![window(2)])).await;
		drop(cut);
		assert_eq!(batches.outputs(&champion, vec![window(3)]).await, champion.defined(&[window(3)]));
	}

	#[tokio::test]
	async fn a_server_can_go_on_one_window_at_a_time() {
		let (batches, champion) = (batches(LONG), Arc::new(net()));
		let windows: Vec<Vec<u8>> = (0..16).map(window).collect();
		let before = batches.outputs(&champion, windows.clone()).await;
		batches.compute_by_definition();
		assert_eq!(batches.outputs(&champion, windows).await, before, "models are exact");
		assert_eq!(batches.compute(|| 7).await, Some(7));
	}
}
