//! Submission of calls: signing, nonces, tips, and waiting until a call is in a block.

mod attempt;
mod inclusion;
mod outcome;
mod policy;
mod pool;
mod queue;

use crate::{Call, Chain, Head, ReadError, Setback, Signer, SubmitError};
use attempt::{Attempt, Attempts};
use doin_primitives::{Balance, BlockNumber};
use inclusion::Place;
use policy::{fate, Fate, Step, Submission};
use std::time::Duration;

pub use outcome::{Event, Included, MissingEvent};
pub(crate) use queue::Queue;

/// Longest wait for another block between two attempts.
const BLOCK_WAIT: Duration = Duration::from_secs(10);

/// Deadline of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
	/// No deadline: the call is tried for one era of 16 blocks.
	Relaxed,
	/// The call has to be in a block below this one. Attempts are repeated with growing tips until then.
	Before(BlockNumber),
	/// The call has to be in a block below `block`, since money is lost otherwise. The tip is nearly nothing at first, and rises
	/// to `max_tip` with the last attempt.
	Staked {
		/// First block that is too late.
		block: BlockNumber,
		/// Highest tip, in plancks.
		max_tip: Balance,
	},
}

/// Reason for which an attempt did not include the call.
enum Stop {
	/// The call is not attempted again.
	Final(SubmitError),
	/// Another tip or block may include the call.
	Again(Setback),
	/// A call behind this one offers a higher tip: the call is signed with that tip at once.
	Raise,
	/// An attempt can still be included, but there is no time for another one.
	Watch,
}

impl From<ReadError> for Stop {
	/// Another attempt reads again, at another block; only an answer of another version is final.
	fn from(error: ReadError) -> Self {
		match error {
			ReadError::NoAnswer { .. } | ReadError::Refused { .. } => Self::Again(error.into()),
			ReadError::Undecodable { .. } | ReadError::Missing { .. } => Self::Final(error.into()),
		}
	}
}

impl From<SubmitError> for Stop {
	fn from(error: SubmitError) -> Self {
		match error {
			SubmitError::Read(error) => error.into(),
			other => Self::Final(other),
		}
	}
}

/// A call that is being submitted.
struct Work<'a> {
	signer: &'a Signer,
	call: &'a Call,
	submission: Submission,
	/// Attempts with the present nonce.
	attempts: Option<Attempts>,
	/// Reason for which the last attempt was given up.
	setback: Setback,
}

impl Chain {
	/// Signs `call`, submits it, and waits until it is in a best block that [`head`](Chain::head) has reached, and has succeeded there.
	/// Nothing is signed while the node is syncing.
	///
	/// Several calls of one key can be submitted at a time. They are executed in the order in which their nonces were taken.
	/// After a transient failure, e.g. a lost connection, the call is attempted again with a higher tip until its deadline. The
	/// call is not applied twice: all attempts have one nonce until another transaction has spent it. Success is only returned
	/// for an attempt that was found in the body of a block, with the events of that extrinsic.
	///
	/// # Errors
	/// Errors if the pool refuses the call for good, if the call fails in its block, or if it is not in a block in time.
	pub async fn submit(&self, signer: &Signer, call: &Call, urgency: Urgency) -> Result<Included, SubmitError> {
		let _place = signer.queue.enter().await;
		self.synced().await;
		let submission = Submission::new(call.size(), urgency, self.head().number);
		let mut work = Work { signer, call, submission, attempts: None, setback: Setback::NoTime };
		loop {
			let head = self.head();
			match self.turn(&mut work, head).await {
				Ok(included) => {
					// The node can report a transaction before its block. A timeout is fine: another branch can be shorter.
					let mut heads = self.heads();
					let known = heads.wait_for(|head| head.number >= included.block.number);
					let _ = tokio::time::timeout(BLOCK_WAIT, known).await;
					return Ok(included);
				}
				Err(Stop::Final(error)) => return Err(error),
				Err(Stop::Raise) => continue,
				Err(Stop::Watch) => {}
				Err(Stop::Again(setback)) => {
					tracing::debug!(%call, %setback, "attempt given up; trying again with a higher tip");
					work.submission.on_setback();
					work.setback = setback;
				}
			}
			// A timeout is fine: the node may be away, and the next attempt finds out.
			let _ = tokio::time::timeout(BLOCK_WAIT, self.next_head(head)).await;
			self.synced().await;
		}
	}

	/// Looks for an attempt in the blocks up to `head`, and makes another one if there is none.
	async fn turn(&self, work: &mut Work<'_>, head: Head) -> Result<Included, Stop> {
		if let Some(place) = self.find_attempt(work, head).await? {
			return self.outcome(work, place).await;
		}
		match work.submission.next(head.number) {
			Step::Attempt { tip, until } => self.attempt(work, Attempt { head, tip, until }).await,
			Step::Watch => Err(Stop::Watch),
			Step::GiveUp { by } => {
				let setback = Box::new(std::mem::replace(&mut work.setback, Setback::NoTime));
				let (call, who) = (work.call.to_string(), work.signer.hot());
				Err(Stop::Final(SubmitError::NotIncluded { call, who, by, setback }))
			}
		}
	}

	/// Returns the place of an attempt that is in a block on the branch of `head`. Gives the nonce up if another transaction has
	/// spent it.
	async fn find_attempt(&self, work: &mut Work<'_>, head: Head) -> Result<Option<Place>, Stop> {
		let Some(attempts) = &work.attempts else { return Ok(None) };
		let (nonce, next) = (attempts.slot.nonce(), self.nonce(head, work.signer.hot()).await?);
		if next <= nonce {
			return Ok(None);
		}
		let found = self.find_extrinsic(head, attempts.range, &attempts.sent).await?;
		match fate(nonce, next, found) {
			Fate::Included(place) => return Ok(Some(place)),
			Fate::Open => {}
			Fate::Displaced => {
				tracing::warn!(
					call = %work.call,
					account = %work.signer.hot(),
					nonce,
					"another program signs with this key: its transaction took the place of this call, which is signed again"
				);
				work.attempts = None;
			}
		}
		Ok(None)
	}

	/// Returns the outcome of an included attempt.
	async fn outcome(&self, work: &Work<'_>, place: Place) -> Result<Included, Stop> {
		let events = self.events_of(place).await?;
		match Included::from_events(place.block, events) {
			Ok(included) => Ok(included),
			Err(bytes) => {
				let metadata = self.at(place.runtime).await?.metadata();
				let outcome::Failure { error, docs } = outcome::describe(&bytes, metadata);
				let (call, who) = (work.call.to_string(), work.signer.account());
				Err(Stop::Final(SubmitError::Failed { call, who, error, docs }))
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::RequestError;

	#[test]
	fn a_lost_answer_is_tried_again_and_another_version_is_not() {
		let lost = || ReadError::new("ws://x", "Core_version", RequestError::Disconnected);
		let refused = RequestError::Refused { code: 4003, message: "State already discarded".into(), data: None };
		assert!(matches!(Stop::from(lost()), Stop::Again(Setback::Read(_))));
		assert!(matches!(Stop::from(SubmitError::from(lost())), Stop::Again(Setback::Read(_))));
		assert!(matches!(Stop::from(ReadError::new("ws://x", "x", refused)), Stop::Again(_)));
		let missing = ReadError::Missing { item: "call Gauge.vote".into() };
		assert!(matches!(Stop::from(missing), Stop::Final(SubmitError::Read(_))));
		let malformed = ReadError::new("ws://x", "x", RequestError::malformed(codec::Error::from("short")));
		assert!(matches!(Stop::from(malformed), Stop::Final(_)));
	}
}
