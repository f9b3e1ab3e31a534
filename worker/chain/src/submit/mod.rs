//! Submission of calls: signing, tips, and waiting until a call is in a block.

mod outcome;
mod policy;
mod pool;

use crate::{calls::CallIndex, error::RequestError, Call, Chain, Head, ReadError, Setback, Signer, SubmitError};
use doin_primitives::{Balance, BlockNumber};
use policy::{era_start, Nonce, Step, Submission, ERA};
use pool::Verdict;
use std::time::Duration;
use subxt::{
	client::OnlineClientAtBlockImpl,
	config::{DefaultExtrinsicParamsBuilder, SubstrateConfig},
	error::{ExtrinsicError, TransactionEventsError, TransactionProgressError, TransactionStatusError},
	tx::{SubmittableTransaction, TransactionInBlock, TransactionStatus},
	utils::{AccountId32, H256},
	Metadata,
};

pub use outcome::{Event, Included};

/// Longest wait for another block between two attempts.
const BLOCK_WAIT: Duration = Duration::from_secs(10);

/// Deadline of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
	/// No deadline: the call is tried for one era of 16 blocks.
	Relaxed,
	/// The call has to be in a block below this one. Attempts are repeated with growing tips until then.
	Before(BlockNumber),
}

/// Reason for which an attempt did not include the call.
enum Stop {
	/// The call is not attempted again.
	Final(SubmitError),
	/// Another nonce, tip or block may include the call.
	Again(Setback),
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

/// A signed call.
struct Signed {
	transaction: SubmittableTransaction<SubstrateConfig, OnlineClientAtBlockImpl<SubstrateConfig>>,
	nonce: u64,
}

type InBlock = TransactionInBlock<SubstrateConfig, OnlineClientAtBlockImpl<SubstrateConfig>>;

impl Chain {
	/// Signs `call`, submits it, and waits until it is in a best block and has succeeded there.
	///
	/// The calls of an account follow each other. After a transient failure, e.g. a lost connection, the call is attempted again
	/// with twice the tip until its deadline. No call is applied twice: if the nonce of the first attempt is spent, an earlier
	/// attempt was included, and the result has no events.
	///
	/// # Errors
	/// Errors if the pool refuses the call for good, if the call fails in its block, or if it is not in a block in time.
	pub async fn submit(&self, signer: &Signer, call: &Call, urgency: Urgency) -> Result<Included, SubmitError> {
		let _turn = signer.turn.lock().await;
		let mut submission = Submission::new(call.size(), urgency, self.head().number);
		let mut setback = Setback::NoTime;
		loop {
			let head = self.head();
			let (tip, until) = match submission.next(head.number) {
				Step::Attempt { tip, until } => (tip, until),
				Step::GiveUp { by } => {
					let (call, setback) = (call.to_string(), Box::new(setback));
					return Err(SubmitError::NotIncluded { call, who: signer.hot(), by, setback });
				}
			};
			setback = match self.attempt(signer, call, tip, until, &mut submission).await {
				Ok(included) => return Ok(included),
				Err(Stop::Final(error)) => return Err(error),
				Err(Stop::Again(setback)) => setback,
			};
			tracing::debug!(%call, tip, %setback, "attempt given up; trying again with twice the tip");
			submission.on_setback();
			// A timeout is fine: the node may be away, and the next attempt finds out.
			let _ = tokio::time::timeout(BLOCK_WAIT, self.next_head(head)).await;
		}
	}

	/// Returns the fee of `call` at the best block in plancks, without a tip.
	///
	/// # Errors
	/// Errors if the call cannot be signed, or if the node does not answer.
	pub async fn fee(&self, signer: &Signer, call: &Call) -> Result<Balance, SubmitError> {
		let signed = self.sign(signer, call, 0).await?;
		let estimate = signed.transaction.partial_fee_estimate();
		Ok(self.connection().request("TransactionPaymentApi_query_info", estimate).await?)
	}

	async fn sign(&self, signer: &Signer, call: &Call, tip: Balance) -> Result<Signed, SubmitError> {
		let head = self.head();
		let at = self.at(head).await?;
		let mut written = call.resolved(&|call: &Call| index(at.metadata_ref(), call))?;
		if let Some(real) = signer.proxied() {
			written = written.proxied(real, index(at.metadata_ref(), &written)?);
		}
		let start = match era_start(head.number) {
			Some(number) => self.block(number).await?.unwrap_or(head),
			None => head,
		};
		let client = at.tx();
		let account = AccountId32(signer.hot().0);
		let nonce = self.connection().request("AccountNonceApi_account_nonce", client.account_nonce(&account)).await?;
		let params = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new()
			.tip(tip)
			.nonce(nonce)
			.mortal_from_unchecked(ERA.into(), start.number.into(), H256(start.hash))
			.build();
		let fault = |error: ExtrinsicError| SubmitError::Sign { call: call.to_string(), source: Box::new(error) };
		let transaction =
			client.create_signable_offline(&written, params).map_err(fault)?.sign(&signer.keypair).map_err(fault)?;
		Ok(Signed { transaction, nonce })
	}

	async fn attempt(
		&self,
		signer: &Signer,
		call: &Call,
		tip: Balance,
		until: BlockNumber,
		submission: &mut Submission,
	) -> Result<Included, Stop> {
		let Signed { transaction, nonce } = self.sign(signer, call, tip).await?;
		if submission.on_nonce(nonce) == Nonce::Spent {
			return Ok(Included { block: self.head(), events: Vec::new(), fee: 0 });
		}
		let mut progress = match self.connection().answer(transaction.submit_and_watch()).await {
			Ok(progress) => progress,
			Err(error) => {
				let rejection = match pool::verdict(&error) {
					Verdict::Final(rejection) => Some(rejection),
					Verdict::Invalid => {
						self.connection().answer(transaction.validate()).await.ok().and_then(|v| pool::rejection(&v))
					}
					Verdict::Again => None,
				};
				return Err(match rejection {
					Some(rejection) => {
						Stop::Final(SubmitError::Rejected { call: call.to_string(), who: signer.hot(), rejection })
					}
					None => Stop::Again(Setback::Pool(error)),
				});
			}
		};
		let mut heads = self.heads();
		loop {
			let status = tokio::select! {
				status = progress.next() => status,
				late = heads.wait_for(|head| head.number > until) => {
					drop(late);
					return Err(Stop::Again(Setback::Late(until)));
				},
			};
			let status = status.ok_or(Stop::Again(Setback::NoReport))?;
			match status.map_err(|error| Stop::Again(self.lost_progress(error)))? {
				TransactionStatus::InBestBlock(block) | TransactionStatus::InFinalizedBlock(block) => {
					return self.outcome(signer, call, block).await
				}
				TransactionStatus::Error { message } => return Err(again(TransactionStatusError::Error(message))),
				TransactionStatus::Invalid { message } => return Err(again(TransactionStatusError::Invalid(message))),
				TransactionStatus::Dropped { message } => return Err(again(TransactionStatusError::Dropped(message))),
				_ => {}
			}
		}
	}

	fn lost_progress(&self, error: TransactionProgressError) -> Setback {
		match error {
			TransactionProgressError::CannotGetNextProgressUpdate(error) => {
				self.connection().error("author_submitAndWatchExtrinsic", error).into()
			}
			TransactionProgressError::TransactionStatusError(error) => error.into(),
			_ => Setback::NoReport,
		}
	}

	/// Returns the outcome of an included transaction.
	async fn outcome(&self, signer: &Signer, call: &Call, included: InBlock) -> Result<Included, Stop> {
		let hash = included.block_hash();
		let events = self.connection().answer(async { included.fetch_events().await.map_err(events_error) }).await;
		let events = events.map_err(|error| Stop::Again(self.connection().error(&format!("events of {call}"), error).into()))?;
		let header = self.connection().request("chain_getHeader", self.connection().rpc.chain_get_header(Some(hash))).await;
		let number = match header {
			Ok(Some(header)) => header.number as BlockNumber,
			_ => self.head().number,
		};
		let block = Head { number, hash: hash.0 };
		let mut list = Vec::new();
		for event in events.iter() {
			let event = event.map_err(|error| {
				let source = RequestError::malformed(error);
				Stop::Final(self.connection().error(&format!("events of {call}"), source).into())
			})?;
			list.push(Event {
				pallet: event.pallet_name().into(),
				name: event.event_name().into(),
				fields: event.field_bytes().into(),
			});
		}
		match Included::from_events(block, list) {
			Ok(included) => Ok(included),
			Err(bytes) => {
				let metadata = self.at(block).await.map_err(|error| Stop::Final(error.into()))?.metadata();
				let outcome::Failure { error, docs } = outcome::describe(&bytes, metadata);
				Err(Stop::Final(SubmitError::Failed { call: call.to_string(), who: signer.account(), error, docs }))
			}
		}
	}
}

fn again(status: TransactionStatusError) -> Stop {
	Stop::Again(status.into())
}

/// Returns the reason for which the events of a transaction are not available.
fn events_error(error: TransactionEventsError) -> RequestError {
	match error {
		TransactionEventsError::CannotFetchBlockBody { error, .. } => error.into(),
		TransactionEventsError::CannotInstantiateClientAtBlock(error) => error.into(),
		other => RequestError::Transport(Box::new(other)),
	}
}

/// Returns the index of a call.
///
/// # Errors
/// Errors if the runtime has no such call.
fn index(metadata: &Metadata, call: &Call) -> Result<CallIndex, ReadError> {
	let pallet = metadata.pallet_by_name(call.pallet);
	let found = pallet
		.and_then(|pallet| Some(CallIndex { pallet: pallet.call_index(), call: pallet.call_variant_by_name(call.name)?.index }));
	found.ok_or_else(|| ReadError::Missing { item: format!("call {call}") })
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::testing::Runtime;

	#[test]
	fn indices_are_those_of_the_connected_chain() {
		let runtime = Runtime::default();
		let metadata = runtime.metadata();
		let found = index(&metadata, &Call::settle(1, doin_primitives::SizeClass::Small)).unwrap();
		assert_eq!((found.pallet, found.call), runtime.call_index("Recomputation", "settle"));
		let without = Runtime::default().without_call("Gauge", "nominate").metadata();
		let error = index(&without, &Call::nominate(1)).unwrap_err();
		assert!(error.to_string().contains("no call Gauge.nominate"), "{error}");
	}

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
