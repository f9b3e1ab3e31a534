//! Part of a chain that a reporter sees.

use anyhow::Result;
use doin_chain::{Account, Call, Chain, Head, Signer, Urgency};
use doin_primitives::{
	views::{PollView, StreamView},
	BlockNumber, Hash,
};
use std::future::Future;

/// The chain, as a reporter sees it, and the account that it reports for.
pub trait OracleChain: Send + Sync + 'static {
	/// Returns the account that reports: the validator, also if a proxy signs.
	fn account(&self) -> Account;

	/// Returns the hash of the first block.
	fn genesis(&self) -> Hash;

	/// Returns the best block.
	fn head(&self) -> Head;

	/// Waits until the best block is not `seen`, and returns it.
	fn next_head(&self, seen: Head) -> impl Future<Output = Head> + Send;

	/// Returns the poll that is open, or the last one.
	fn poll(&self, at: Head) -> impl Future<Output = Result<PollView<Account>>> + Send;

	/// Returns all streams.
	fn streams(&self, at: Head) -> impl Future<Output = Result<Vec<StreamView<Account>>>> + Send;

	/// Sends a call of the account, and waits until it is in a block and has succeeded there.
	fn send(&self, call: &Call, urgency: Urgency) -> impl Future<Output = Result<()>> + Send;

	/// Waits until the best block has this number.
	fn reached(&self, number: BlockNumber) -> impl Future<Output = ()> + Send {
		async move {
			let mut head = self.head();
			while head.number < number {
				head = self.next_head(head).await;
			}
		}
	}
}

/// A validator on a chain, with the key that signs for it: its own, or that of a proxy of type `Report`.
#[derive(Clone, Debug)]
pub struct Validator {
	/// The chain.
	pub chain: Chain,
	/// The key.
	pub signer: Signer,
}

impl OracleChain for Validator {
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

	async fn poll(&self, at: Head) -> Result<PollView<Account>> {
		Ok(self.chain.poll(at).await?)
	}

	async fn streams(&self, at: Head) -> Result<Vec<StreamView<Account>>> {
		Ok(self.chain.streams(at).await?)
	}

	async fn send(&self, call: &Call, urgency: Urgency) -> Result<()> {
		self.chain.submit(&self.signer, call, urgency).await?;
		Ok(())
	}
}
