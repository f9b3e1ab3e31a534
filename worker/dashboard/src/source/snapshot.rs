//! The views of one block, read once however many requests wait for them.
//!
//! ```text
//!   request ──▶ block is read already, or its read is in flight ──▶ the same answer for all
//!                  │ another block, and no read in flight
//!                  ▼
//!   one task reads domains, champions, rounds, tasks, work and fees at the best block
//! ```
//!
//! At most one read is in flight. A request that comes meanwhile gets its result, also if a newer block has arrived: the answer names
//! its block. The read is a task of its own, so that a client that leaves does not cancel it.

use super::{convert, specs::Records, Answer, SourceError, Views};
use crate::shape::Coin;
use doin_chain::{Account, Chain, Head, ReadError};
use doin_primitives::{
	views::{ChampionView, DomainView, RecomputationView, RoundView},
	DomainId, Status,
};
use doin_roles::{
	config::{Config, Role},
	plan::domains_to_optimize,
};
use futures::{
	future::{BoxFuture, Shared},
	FutureExt, StreamExt, TryStreamExt,
};
use parking_lot::Mutex;
use std::{future::Future, sync::Arc, time::Duration};

/// Domains whose champions, rounds and tasks are read at a time.
const AT_A_TIME: usize = 8;
/// Longest time of one read.
const TIMEOUT: Duration = Duration::from_secs(60);

type Reading<T> = Shared<BoxFuture<'static, Answer<Arc<T>>>>;

/// The newest views, or another part of the state of one block.
pub(super) struct Snapshots<T = Views>(Mutex<Option<(Head, Reading<T>)>>);

impl<T> Default for Snapshots<T> {
	fn default() -> Self {
		Self(Mutex::default())
	}
}

impl<T: Send + Sync + 'static> Snapshots<T> {
	/// Returns the views at `head`, or at the block that is being read. `read` reads those at `head`.
	pub async fn at<F>(&self, head: Head, read: impl FnOnce() -> F) -> Answer<Arc<T>>
	where
		F: Future<Output = Answer<T>> + Send + 'static,
	{
		let reading = {
			let mut newest = self.0.lock();
			match &*newest {
				Some((_, reading)) if reading.peek().is_none() => reading.clone(),
				Some((at, reading)) if *at == head && reading.peek().is_some_and(Result::is_ok) => reading.clone(),
				_ => {
					let reading = started(read());
					*newest = Some((head, reading.clone()));
					reading
				}
			}
		};
		reading.await
	}

	/// Returns the newest views, if they are read.
	pub fn newest(&self) -> Option<Arc<T>> {
		self.0.lock().as_ref().and_then(|(_, reading)| reading.peek()?.as_ref().ok().cloned())
	}

	/// Forgets the views: the chain began anew.
	pub fn clear(&self) {
		*self.0.lock() = None;
	}
}

/// Starts a read.
fn started<T: Send + Sync + 'static>(read: impl Future<Output = Answer<T>> + Send + 'static) -> Reading<T> {
	let task = tokio::spawn(async move {
		let late = || {
			SourceError::unavailable(
				format!("the node did not answer within {} s", TIMEOUT.as_secs()),
				"repeat the request; if it fails again, look at the log of the node",
			)
		};
		tokio::time::timeout(TIMEOUT, read).await.map_err(|_| late())?.map(Arc::new)
	});
	let ended = task.map(|ended| {
		ended.unwrap_or_else(|error| {
			Err(SourceError::broken(format!("the views cannot be read: {error}"), "report this as a fault of the worker"))
		})
	});
	let reading = ended.boxed().shared();
	// A shared future moves on only while it is polled, and all clients may leave.
	tokio::spawn(reading.clone().map(drop));
	reading
}

/// Reader of the views of one block.
pub(super) struct Reader {
	pub chain: Chain,
	pub account: Option<Account>,
	pub config: Config,
	pub records: Arc<Records>,
}

/// Views of one domain that is or was active.
struct Details {
	champion: Option<ChampionView<Account>>,
	round: Option<RoundView<Account>>,
	tasks: Vec<RecomputationView<Account>>,
}

impl Reader {
	/// Reads the views at a block.
	pub async fn read(self, head: Head) -> Answer<Views> {
		self.views(head).await.map_err(super::chain::unreadable)
	}

	async fn views(&self, head: Head) -> Result<Views, ReadError> {
		let chain = &self.chain;
		let (domains, params, finalized, work, difficulty, fees, issuance) = tokio::try_join!(
			chain.domains(head),
			chain.round_params(head),
			chain.finalized(),
			chain.work(head),
			chain.difficulty(head),
			chain.fee_market(head),
			chain.total_issuance(head)
		)?;
		let funds = match self.account {
			Some(account) => Some(chain.funds(head, account).await?),
			None => None,
		};
		let at = convert::at(head);
		let mut views = Views { at: at.clone(), fees: convert::fees(&fees, at.clone()), ..Views::default() };
		views.work = convert::work(&work, &domains, &fees, at);
		views.difficulty = convert::difficulty(&difficulty);
		// The peers are no state of the chain, and not worth an error.
		views.peers = chain.connected_peers().await.ok().map(|peers| u32::try_from(peers).unwrap_or(u32::MAX));
		views.coin = Coin {
			total_supply: issuance.to_string(),
			my_balance: funds.map(|funds| funds.free.to_string()),
			my_holds: funds.map(|funds| funds.held.to_string()),
		};
		views.optimized = self.optimized(&domains);
		views.evaluated = self.evaluated(&domains);
		let (mut rounds, mut tasks) = (Vec::new(), Vec::new());
		let read = domains.into_iter().map(|view| self.domain(head, finalized, view));
		let mut read = futures::stream::iter(read).buffered(AT_A_TIME);
		while let Some((domain, details)) = read.try_next().await? {
			views.domains.push(domain);
			rounds.extend(details.round);
			tasks.extend(details.tasks);
		}
		tasks.sort_by_key(|task| task.task);
		views.security = convert::security(finalized, &rounds, &tasks);
		views.rounds = rounds.iter().map(|round| convert::round(round, &params)).collect();
		views.tasks = tasks.iter().map(convert::task).collect();
		Ok(views)
	}

	/// Returns the domains that the worker optimizes.
	fn optimized(&self, domains: &[DomainView<Account>]) -> Vec<DomainId> {
		let optimized = self.config.has_role(Role::Optimize).then(|| domains_to_optimize(&self.config, domains));
		optimized.into_iter().flatten().map(|domain| domain.id).collect()
	}

	/// Returns the domains whose draws the worker answers.
	fn evaluated(&self, domains: &[DomainView<Account>]) -> Vec<DomainId> {
		let is_evaluated =
			|domain: &&DomainView<Account>| has_champion(domain.status) && self.config.evaluates(domain.id, &domain.name);
		let evaluated = domains.iter().filter(|_| self.config.has_role(Role::Evaluate)).filter(is_evaluated);
		evaluated.map(|domain| domain.id).collect()
	}

	/// Reads one domain.
	async fn domain(
		&self,
		head: Head,
		finalized: Head,
		view: DomainView<Account>,
	) -> Result<(crate::shape::Domain, Details), ReadError> {
		let record = self.records.read(&self.chain, finalized, head, view.id).await?;
		let (chain, id) = (&self.chain, view.id);
		let details = match view.status {
			Status::Active => {
				let (champion, round, tasks) =
					tokio::try_join!(chain.champion(head, id), chain.round(head, id), chain.recomputations(head, id))?;
				Details { champion, round, tasks }
			}
			// Takes no commits: its last rounds run to their verdicts.
			Status::Converged | Status::Closing => {
				let (champion, tasks) = tokio::try_join!(chain.champion(head, id), chain.recomputations(head, id))?;
				Details { champion, round: None, tasks }
			}
			Status::Loading | Status::Refused => Details { champion: None, round: None, tasks: Vec::new() },
		};
		Ok((convert::domain(&view, details.champion.as_ref(), &record), details))
	}
}

/// Returns `true` if a domain is or was active.
fn has_champion(status: Status) -> bool {
	matches!(status, Status::Active | Status::Converged | Status::Closing)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::sync::atomic::{AtomicU32, Ordering};
	use tokio::sync::oneshot;

	fn head(number: u32) -> Head {
		Head { number, hash: [number as u8; 32] }
	}

	fn views(number: u32) -> Views {
		Views { at: convert::at(head(number)), ..Views::default() }
	}

	#[tokio::test]
	async fn requests_for_one_block_share_one_read() {
		let (snapshots, reads) = (Snapshots::<Views>::default(), AtomicU32::new(0));
		let read = |number: u32| {
			reads.fetch_add(1, Ordering::Relaxed);
			std::future::ready(Ok(views(number)))
		};
		for _ in 0..3 {
			assert_eq!(snapshots.at(head(7), || read(7)).await.unwrap().at.number, 7);
		}
		assert_eq!(reads.load(Ordering::Relaxed), 1);
		assert_eq!(snapshots.at(head(8), || read(8)).await.unwrap().at.number, 8);
		assert_eq!((reads.load(Ordering::Relaxed), snapshots.newest().unwrap().at.number), (2, 8));
	}

	#[tokio::test]
	async fn a_client_that_leaves_does_not_end_the_read() {
		let snapshots = Snapshots::<Views>::default();
		let (answer, answered) = oneshot::channel();
		let slow = || async move { Ok(answered.await.unwrap()) };
		assert!(snapshots.at(head(7), slow).now_or_never().is_none());
		assert!(snapshots.newest().is_none());
		// Meanwhile there is a newer block, and the answer names the older one.
		let unused = || async { panic!("a second read has begun") };
		let waiting = snapshots.at(head(8), unused);
		answer.send(views(7)).unwrap();
		assert_eq!(waiting.await.unwrap().at.number, 7);
	}

	#[tokio::test]
	async fn a_read_ends_without_clients_and_the_next_one_is_of_a_new_block() {
		let snapshots = Snapshots::<Views>::default();
		let (answer, answered) = oneshot::channel();
		let read = || async move { Ok(answered.await.unwrap()) };
		assert!(snapshots.at(head(7), read).now_or_never().is_none());
		answer.send(views(7)).unwrap();
		while snapshots.newest().is_none() {
			tokio::task::yield_now().await;
		}
		assert_eq!(snapshots.at(head(9), || std::future::ready(Ok(views(9)))).await.unwrap().at.number, 9);
	}

	#[tokio::test]
	async fn a_read_that_failed_is_tried_again() {
		let snapshots = Snapshots::<Views>::default();
		let failed = || std::future::ready(Err(SourceError::unavailable("the node is gone", "start it")));
		assert!(snapshots.at(head(7), failed).await.is_err());
		assert_eq!(snapshots.at(head(7), || std::future::ready(Ok(views(7)))).await.unwrap().at.number, 7);
		let fault = || async { panic!("a fault of this test") };
		assert!(matches!(snapshots.at(head(8), fault).await, Err(SourceError::Broken { .. })));
		snapshots.clear();
		assert!(snapshots.newest().is_none());
	}
}
