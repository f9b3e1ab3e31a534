//! The chain as a stream: every finalized block, in order, with the events of all accounts.
//!
//! ```text
//!   chain_subscribeFinalizedHeads ──▶ number of the last finalized block
//!                                             │ bounds
//!   spans of 16 blocks, 8 of them in flight   ▼
//!   chain_getBlockHash ──▶ chain_getBlock + state_getStorage(System.Events) per block
//!                                             │ in order
//!   metadata per spec_version ──▶ decode ─────▼──▶ FinalizedBlocks::next
//! ```
//!
//! A block is decoded by the metadata of the runtime that executed it. Runtimes change only after a block whose header has the
//! digest item `RuntimeEnvironmentUpdated`, so their version is asked for at the first block and after such a block. If events
//! do not have the types of that runtime, the version in the state of the parent is asked for too, in case the code was changed
//! without the digest item.
//!
//! Blocks are requested only up to the last finalized header of an open subscription. When a subscription ends, the connection may
//! lead to another node, so everything that was requested is forgotten: a node answers numbers above its finality from its best
//! branch.
//!
//! Requests are sent while a caller waits in [`FinalizedBlocks::next`]. A slow reader therefore slows the requests, and at most
//! 9 spans, i.e. 144 blocks, are in memory.

mod block;
mod error;
pub mod events;
mod fetch;
mod finality;
mod json;
mod retries;
mod runtime;
#[cfg(test)]
mod tests;

pub(crate) use block::doin_log;
pub use block::{BlockAuthor, BlockEvent, ExtrinsicSummary, FinalizedBlock};
pub use error::BlocksError;

use crate::{Chain, Head, ReadError, RequestError};
use doin_primitives::{BlockNumber, Hash};
use error::{Delay, Stop};
use fetch::{fetch, first_readable, Failure, RawBlock, Span};
use finality::Finality;
use retries::Retries;
use runtime::Runtime;
use std::{collections::VecDeque, error::Error, fmt, ops::RangeInclusive};
use subxt::ext::futures::{
	future::BoxFuture,
	stream::{unfold, BoxStream, FuturesOrdered},
	FutureExt, StreamExt,
};

/// Blocks of a span, whose hashes are one request.
const SPAN: BlockNumber = 16;
/// Spans whose requests are in flight.
const SPANS: usize = 8;

impl Chain {
	/// Returns a stream of all finalized blocks from block `from` on. Starts a task that follows the finality of the node, so
	/// it has to be called in a Tokio runtime.
	pub fn finalized_blocks(&self, from: BlockNumber) -> FinalizedBlocks {
		FinalizedBlocks::of(Reader::new(self.clone(), from))
	}

	/// Returns a stream of the finalized blocks with these numbers. No block outside of them is requested, and no further one is
	/// returned: after the last one, [`FinalizedBlocks::next`] waits for ever. Has to be called in a Tokio runtime.
	pub fn finalized_range(&self, numbers: RangeInclusive<BlockNumber>) -> FinalizedBlocks {
		let (from, last) = numbers.into_inner();
		FinalizedBlocks::of(Reader { last, ..Reader::new(self.clone(), from) })
	}
}

/// A stream of finalized blocks with consecutive numbers; see [`Chain::finalized_blocks`].
///
/// It outlives losses of the connection and restarts of the node, and waits for a node that is behind.
pub struct FinalizedBlocks {
	/// Results of [`Reader::next`]. The stream keeps a call that is cancelled half-way.
	results: BoxStream<'static, Result<FinalizedBlock, BlocksError>>,
	next: BlockNumber,
}

impl fmt::Debug for FinalizedBlocks {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("FinalizedBlocks").field("next", &self.next).finish_non_exhaustive()
	}
}

impl FinalizedBlocks {
	/// Returns the stream of the blocks of a reader.
	fn of(reader: Reader) -> Self {
		let next = reader.next;
		let results = unfold(reader, |mut reader| async move {
			match reader.next > reader.last {
				true => None,
				false => Some((reader.next().await, reader)),
			}
		});
		// After its end, the stream may be asked again.
		let results = results.fuse().boxed();
		Self { results, next }
	}

	/// Returns the number of the block that [`Self::next`] returns next.
	pub fn next_number(&self) -> BlockNumber {
		self.next
	}

	/// Returns the next block, as soon as it is finalized. A lost connection is waited for. If attempts to read the block go on
	/// failing, the reason is logged as a warning.
	///
	/// The call can be cancelled, e.g. by `tokio::select!`: the next call goes on where this one was. After an error the next
	/// call tries the same block again.
	///
	/// # Errors
	/// Errors if the node does not have the block or its state, if the block does not follow the one before it, or if the node
	/// refuses a request for another reason than a lost connection.
	#[allow(clippy::should_implement_trait, reason = "the method is asynchronous")]
	pub async fn next(&mut self) -> Result<FinalizedBlock, BlocksError> {
		let Some(result) = self.results.next().await else { return std::future::pending().await };
		if let Ok(block) = &result {
			self.next = block.head.number.saturating_add(1);
		}
		result
	}
}

/// State of a stream of finalized blocks.
struct Reader {
	chain: Chain,
	finality: Finality,
	/// Number of the block that is returned next.
	next: BlockNumber,
	/// Number of the last block that is returned.
	last: BlockNumber,
	/// Number of the first block that is not requested.
	requested: BlockNumber,
	/// Hash of the block before `next`, once it was returned.
	parent: Option<Hash>,
	/// Requested spans, in order.
	spans: FuturesOrdered<BoxFuture<'static, Span>>,
	/// Fetched blocks, from `next` on.
	blocks: VecDeque<RawBlock>,
	/// Reason for which the block after `blocks` is missing. No span is taken until it is dealt with.
	failure: Option<Failure>,
	/// Runtime that executed `next`, unless it has to be asked for.
	runtime: Option<Runtime>,
	/// Failed attempts to read `next`.
	retries: Retries,
}

impl Reader {
	/// Returns the reader of the blocks from block `from` on.
	fn new(chain: Chain, from: BlockNumber) -> Self {
		Self {
			finality: Finality::of(chain.clone()),
			chain,
			next: from,
			last: BlockNumber::MAX,
			requested: from,
			parent: None,
			spans: FuturesOrdered::new(),
			blocks: VecDeque::new(),
			failure: None,
			runtime: None,
			retries: Retries::default(),
		}
	}

	/// Returns the next block.
	///
	/// # Errors
	/// Errors as [`FinalizedBlocks::next`] does. Everything that was requested is forgotten then.
	async fn next(&mut self) -> Result<FinalizedBlock, BlocksError> {
		loop {
			let result = match (self.blocks.pop_front(), self.failure.take()) {
				(Some(raw), failure) => {
					self.failure = failure;
					self.accept(raw).await.map(Some)
				}
				(None, Some(failure)) => Err(resolve(&self.chain, self.next, failure).await),
				(None, None) => self.receive().await.map(|()| None),
			};
			match result {
				Ok(Some(block)) => return Ok(block),
				Ok(None) => {}
				Err(Stop::Later(delay)) => self.recover(&delay).await,
				Err(Stop::Failed(error)) => {
					self.restart();
					return Err(error);
				}
			}
		}
	}

	/// Waits for the next span. Forgets it if a subscription to finalized blocks has ended since it was requested.
	///
	/// # Errors
	/// Errors if the task that follows the finalized blocks has ended.
	async fn receive(&mut self) -> Result<(), Stop> {
		self.request();
		match self.spans.next().await {
			Some(Span { blocks, failure }) => {
				self.blocks.extend(blocks);
				self.failure = failure;
			}
			None => self.finality.reaches(self.next).await,
		}
		if self.finality.has_stopped() {
			return Err(BlocksError::Unfollowed { url: self.chain.url() }.into());
		}
		if self.finality.was_interrupted() {
			self.forget();
		}
		self.request();
		Ok(())
	}

	/// Requests spans up to the last wanted block that is finalized, as long as fewer than [`SPANS`] are in flight.
	fn request(&mut self) {
		let Some(finalized) = self.finality.number() else { return };
		let end = finalized.min(self.last);
		while self.spans.len() < SPANS && self.requested <= end {
			let last = end.min(self.requested.saturating_add(SPAN - 1));
			self.spans.push_back(fetch(self.chain.clone(), self.requested..=last).boxed());
			self.requested = last.saturating_add(1);
		}
	}

	/// Decodes the block `next` and moves on to the one after it.
	///
	/// # Errors
	/// Errors if the block does not follow the one before it, if it cannot be decoded, or if the connection was lost.
	async fn accept(&mut self, raw: RawBlock) -> Result<FinalizedBlock, Stop> {
		let found = raw.header.parent_hash.0;
		if let Some(expected) = self.parent.filter(|expected| *expected != found) {
			let url = self.chain.url();
			return Err(BlocksError::OtherBranch { url, block: self.next, found, expected }.into());
		}
		let block = self.decode(&raw).await?;
		if updates_runtime(&raw) {
			self.runtime = None;
		}
		self.parent = Some(raw.head.hash);
		self.next = self.next.saturating_add(1);
		self.retries.succeed();
		Ok(block)
	}

	/// Returns a block, decoded by the runtime that executed it.
	async fn decode(&mut self, raw: &RawBlock) -> Result<FinalizedBlock, ReadError> {
		let runtime = match self.runtime.clone() {
			Some(runtime) => runtime,
			// The state of the parent may be removed already. It differs in the runtime only if this block updates it.
			None if updates_runtime(raw) => runtime_before(&self.chain, raw).await?,
			None => Runtime::after(&self.chain, raw.head).await?,
		};
		let error = match FinalizedBlock::decode(raw, &runtime) {
			Ok(block) => {
				self.runtime = Some(runtime);
				return Ok(block);
			}
			Err(error) => error,
		};
		self.runtime = None;
		let before = match runtime_before(&self.chain, raw).await {
			Ok(before) => before,
			Err(lost) if lost.is_transient() => return Err(lost),
			Err(_) => return Err(undecodable(&self.chain, raw, error)),
		};
		FinalizedBlock::decode(raw, &before).map_err(|_| undecodable(&self.chain, raw, error))
	}

	/// Forgets everything that was requested, and waits until requests can succeed again.
	async fn recover(&mut self, delay: &Delay) {
		self.restart();
		let (pause, is_reported) = self.retries.fail(delay);
		let (url, block) = (self.chain.url(), self.next);
		let reason = delay.source().map(ToString::to_string).unwrap_or_default();
		match is_reported {
			true => tracing::warn!(url, block, reason, "{delay}; trying again, with pauses of {} s", pause.as_secs()),
			false => tracing::debug!(url, block, reason, "{delay}; trying again"),
		}
		tokio::time::sleep(pause).await;
		self.chain.known_sync_state().await;
	}

	/// Forgets everything that was requested, and the last finalized block, so that nothing is requested before a new subscription
	/// has reported it.
	fn restart(&mut self) {
		self.forget();
		self.finality = Finality::of(self.chain.clone());
	}

	/// Forgets everything that was requested: the connection may lead to another node.
	fn forget(&mut self) {
		self.spans = FuturesOrdered::new();
		self.blocks.clear();
		self.failure = None;
		self.runtime = None;
		self.requested = self.next;
	}
}

/// Returns `true` if the runtime of the next block differs from that of this one.
fn updates_runtime(raw: &RawBlock) -> bool {
	crate::connection::updates_runtime(&raw.header)
}

/// Returns what the reason for which block `number` is missing means to the stream: a node that is behind and a lost connection are
/// waited for, and a block that the node cannot read is an error.
async fn resolve(chain: &Chain, number: BlockNumber, failure: Failure) -> Stop {
	let url = chain.url();
	match failure {
		Failure::OtherNetwork => Stop::Later(Delay::OtherNetwork { url }),
		Failure::Read(error) => error.into(),
		// A node that is behind does not have the block either.
		Failure::Unavailable => match first_readable(chain, number).await {
			Ok(first) if first == Some(number) => Stop::Later(Delay::NotThere { url, block: number }),
			Ok(first) => BlocksError::Pruned { url, block: number, first }.into(),
			Err(error) => error.into(),
		},
	}
}

/// Returns the runtime in the state before a block, which executed it. Block 0 was executed by none.
async fn runtime_before(chain: &Chain, raw: &RawBlock) -> Result<Runtime, ReadError> {
	let parent = raw.head.number.checked_sub(1).map(|number| Head { number, hash: raw.header.parent_hash.0 });
	Runtime::after(chain, parent.unwrap_or(raw.head)).await
}

fn undecodable(chain: &Chain, raw: &RawBlock, error: RequestError) -> ReadError {
	chain.connection().error(&format!("events of block {}", raw.head.number), error)
}
