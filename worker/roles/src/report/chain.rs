//! Part of a chain that a reporter sees.

use crate::participant::{Participant, StreamChain};
use anyhow::Result;
use doin_chain::{Account, Head};
use doin_primitives::views::PollView;
use std::future::Future;

/// The chain, as a reporter sees it. The account is the validator that it reports for, also if a proxy of type `Report` signs.
pub trait OracleChain: StreamChain {
	/// Returns the poll that is open, or the last one.
	fn poll(&self, at: Head) -> impl Future<Output = Result<PollView<Account>>> + Send;
}

impl OracleChain for Participant {
	async fn poll(&self, at: Head) -> Result<PollView<Account>> {
		Ok(self.chain.poll(at).await?)
	}
}
