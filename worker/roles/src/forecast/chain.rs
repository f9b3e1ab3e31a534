//! Part of a chain that a forecaster sees.

use crate::participant::{Participant, StreamChain};
use anyhow::Result;
use doin_chain::{Account, Call, Head, Urgency};
use doin_primitives::{
	oracle::StreamId,
	views::{BarsView, ForecastRoundView, ForecastSeatsView, MarketRecordView},
	Balance, RoundId, Q32,
};
use std::future::Future;

/// The chain, as a forecaster sees it. The account is the one that it forecasts for.
pub trait MarketChain: StreamChain {
	/// Returns the length of a slot, in milliseconds.
	fn slot_ms(&self, at: Head) -> impl Future<Output = Result<u64>> + Send;

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

	/// Sends a call that any account can make, as [`StreamChain::send`] does.
	fn send_as_anyone(&self, call: &Call, urgency: Urgency) -> impl Future<Output = Result<()>> + Send;
}

impl MarketChain for Participant {
	async fn slot_ms(&self, at: Head) -> Result<u64> {
		Ok(self.chain.slot_ms(at).await?)
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

	async fn send_as_anyone(&self, call: &Call, urgency: Urgency) -> Result<()> {
		// A proxy of type `Work` cannot make these calls for its account, and need not.
		let signer = self.signer.clone().on_behalf_of(self.signer.hot());
		self.chain.submit(&signer, call, urgency).await?;
		Ok(())
	}
}
