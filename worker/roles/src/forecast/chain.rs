//! Part of a chain that a forecaster sees.

use anyhow::Result;
use doin_chain::{Account, Call, Chain, Head, Signer, Urgency};
use doin_primitives::{
	oracle::StreamId,
	views::{BarsView, ForecastRoundView, ForecastSeatsView, MarketRecordView, StreamView},
	Balance, Hash, RoundId, Q32,
};
use std::future::Future;

/// The chain, as a forecaster sees it, and the account that it forecasts for.
pub trait MarketChain: Send + Sync + 'static {
	/// Returns the account that forecasts, also if a proxy signs.
	fn account(&self) -> Account;

	/// Returns the hash of the first block.
	fn genesis(&self) -> Hash;

	/// Returns the best block.
	fn head(&self) -> Head;

	/// Waits until the best block is not `seen`, and returns it.
	fn next_head(&self, seen: Head) -> impl Future<Output = Head> + Send;

	/// Returns the length of a slot, in milliseconds.
	fn slot_ms(&self, at: Head) -> impl Future<Output = Result<u64>> + Send;

	/// Returns all streams.
	fn streams(&self, at: Head) -> impl Future<Output = Result<Vec<StreamView<Account>>>> + Send;

	/// Returns complete bars of a stream from number `from` on, at most `count`.
	fn bars(&self, at: Head, stream: StreamId, from: u64, count: u32) -> impl Future<Output = Result<Option<BarsView>>> + Send;

	/// Returns the open rounds of a stream, oldest first; `None` for a stream without a market.
	fn rounds(&self, at: Head, stream: StreamId) -> impl Future<Output = Result<Option<Vec<ForecastRoundView>>>> + Send;

	/// Returns a round with its seats; `None` once its last seat is collected.
	fn round(&self, at: Head, round: RoundId) -> impl Future<Output = Result<Option<ForecastSeatsView<Account>>>> + Send;

	/// Returns the record of the account in the market of a stream; `None` for a stream without a market.
	fn record(&self, at: Head, stream: StreamId) -> impl Future<Output = Result<Option<MarketRecordView<Account>>>> + Send;

	/// Returns reward and threshold of the next work block.
	fn price(&self, at: Head) -> impl Future<Output = Result<(Balance, Q32)>> + Send;

	/// Sends a call of the account, and waits until it is in a block and has succeeded there.
	fn send(&self, call: &Call, urgency: Urgency) -> impl Future<Output = Result<()>> + Send;

	/// Sends a call that any account can make, as [`MarketChain::send`] does.
	fn send_as_anyone(&self, call: &Call, urgency: Urgency) -> impl Future<Output = Result<()>> + Send;
}

/// A forecaster on a chain, with the key that signs for it.
#[derive(Clone, Debug)]
pub struct Participant {
	/// The chain.
	pub chain: Chain,
	/// The key.
	pub signer: Signer,
}

impl MarketChain for Participant {
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

	async fn slot_ms(&self, at: Head) -> Result<u64> {
		Ok(self.chain.slot_ms(at).await?)
	}

	async fn streams(&self, at: Head) -> Result<Vec<StreamView<Account>>> {
		Ok(self.chain.streams(at).await?)
	}

	async fn bars(&self, at: Head, stream: StreamId, from: u64, count: u32) -> Result<Option<BarsView>> {
		Ok(self.chain.bars(at, stream, from, count).await?)
	}

	async fn rounds(&self, at: Head, stream: StreamId) -> Result<Option<Vec<ForecastRoundView>>> {
		Ok(self.chain.forecast_rounds(at, stream).await?)
	}

	async fn round(&self, at: Head, round: RoundId) -> Result<Option<ForecastSeatsView<Account>>> {
		Ok(self.chain.forecast_round(at, round).await?)
	}

	async fn record(&self, at: Head, stream: StreamId) -> Result<Option<MarketRecordView<Account>>> {
		Ok(self.chain.forecaster(at, stream, self.signer.account()).await?)
	}

	async fn price(&self, at: Head) -> Result<(Balance, Q32)> {
		let work = self.chain.work(at).await?;
		Ok((work.reward, work.threshold))
	}

	async fn send(&self, call: &Call, urgency: Urgency) -> Result<()> {
		self.chain.submit(&self.signer, call, urgency).await?;
		Ok(())
	}

	async fn send_as_anyone(&self, call: &Call, urgency: Urgency) -> Result<()> {
		// A proxy of type `Work` cannot make these calls for its account, and need not.
		let signer = self.signer.clone().on_behalf_of(self.signer.hot());
		self.chain.submit(&signer, call, urgency).await?;
		Ok(())
	}
}
