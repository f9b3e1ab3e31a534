//! Account that takes part in what the streams of a chain bring: the chain as reporters and forecasters see it, and what they do alike.

use crate::{
	journal::{Entry, Scope},
	random::salt,
};
use anyhow::Result;
use codec::Encode;
use doin_chain::{Account, Call, Chain, Head, Signer, SubmitError, Urgency};
use doin_primitives::{views::StreamView, BlockNumber, Hash};
use std::{future::Future, ops::Range};

/// A chain with streams, and the account that takes part.
pub trait StreamChain: Send + Sync + 'static {
	/// Returns the account that takes part, also if a proxy signs.
	fn account(&self) -> Account;

	/// Returns the hash of the first block.
	fn genesis(&self) -> Hash;

	/// Returns the best block.
	fn head(&self) -> Head;

	/// Waits until the best block is not `seen`, and returns it.
	fn next_head(&self, seen: Head) -> impl Future<Output = Head> + Send;

	/// Returns all streams.
	fn streams(&self, at: Head) -> impl Future<Output = Result<Vec<StreamView<Account>>>> + Send;

	/// Sends a call of the account, and waits until it is in a block and has succeeded there.
	fn send(&self, call: &Call, urgency: Urgency) -> impl Future<Output = Result<()>> + Send;

	/// [Sends](StreamChain::send) a call that an earlier attempt may have made. The errors `done` say that it has, which is no error.
	fn send_once(&self, call: &Call, urgency: Urgency, done: &[&str]) -> impl Future<Output = Result<()>> + Send {
		async move { tolerate(self.send(call, urgency).await, done) }
	}

	/// Waits until the best block has this number.
	fn reached(&self, number: BlockNumber) -> impl Future<Output = ()> + Send {
		async move {
			let mut head = self.head();
			while head.number < number {
				head = self.next_head(head).await;
			}
		}
	}

	/// Returns the entry of a new commitment of the account to `payload`. It has to be in the journal before the commitment is sent.
	fn entry(&self, scope: Scope, payload: &impl Encode, reveal: Range<BlockNumber>) -> Entry {
		Entry::prepare(scope, self.account(), &self.genesis(), payload, salt(), reveal)
	}
}

/// An account on a chain, with the key that signs for it: its own, or that of a proxy.
#[derive(Clone, Debug)]
pub struct Participant {
	/// The chain.
	pub chain: Chain,
	/// The key.
	pub signer: Signer,
}

impl StreamChain for Participant {
	fn account(&self) -> Account {
		self.signer.account()
	}

	fn genesis(&self) -> Hash {
		self.chain.genesis()
	}

	fn head(&self) -> Head {
		self.chain.head()
	}

	async fn next_head(&self, seen: Head) -> Head {
		self.chain.next_head(seen).await
	}

	async fn streams(&self, at: Head) -> Result<Vec<StreamView<Account>>> {
		Ok(self.chain.streams(at).await?)
	}

	async fn send(&self, call: &Call, urgency: Urgency) -> Result<()> {
		self.chain.submit(&self.signer, call, urgency).await?;
		Ok(())
	}
}

/// Returns the result of a call. The errors `done` say that it was made before, which is no error.
pub(crate) fn tolerate(sent: Result<()>, done: &[&str]) -> Result<()> {
	let Err(error) = sent else { return Ok(()) };
	match dispatch_error(&error).is_some_and(|failed| done.contains(&failed)) {
		true => Ok(()),
		false => Err(error),
	}
}

/// Returns `Pallet::Error` of a call that was included and failed.
pub(crate) fn dispatch_error(error: &anyhow::Error) -> Option<&str> {
	error.downcast_ref::<SubmitError>().and_then(SubmitError::dispatch_error)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_call_that_was_made_before_is_no_error() {
		let failed = |error: &str| -> Result<()> {
			let error = error.to_string();
			Err(SubmitError::Failed { call: "a".into(), who: Account([1; 32]), error, docs: String::new() }.into())
		};
		assert!(tolerate(Ok(()), &[]).is_ok());
		assert!(tolerate(failed("Oracle::AlreadyRevealed"), &["Oracle::AlreadyCommitted", "Oracle::AlreadyRevealed"]).is_ok());
		let other = tolerate(failed("Oracle::WrongReveal"), &["Oracle::AlreadyRevealed"]).unwrap_err();
		assert_eq!(dispatch_error(&other), Some("Oracle::WrongReveal"));
		let away = tolerate(Err(anyhow::anyhow!("the node is away")), &["Oracle::AlreadyRevealed"]).unwrap_err();
		assert_eq!(dispatch_error(&away), None);
		assert_eq!(
			dispatch_error(&other.context("the report is not revealed")),
			Some("Oracle::WrongReveal"),
			"also behind a context"
		);
	}
}
