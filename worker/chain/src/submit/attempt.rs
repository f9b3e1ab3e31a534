//! One attempt to submit a call: a nonce, a signature, the answer of the transaction pool, and the progress of the transaction.

use super::{
	inclusion::Range,
	policy::{era_end, era_start, ERA},
	pool::{self, Verdict},
	queue::Slot,
	Included, Stop, Work,
};
use crate::{
	calls::{Call, CallIndex},
	Account, Chain, Head, ReadError, RequestError, Setback, Signer, SubmitError,
};
use doin_primitives::{Balance, BlockNumber, Hash};
use subxt::{
	client::OnlineClientAtBlockImpl,
	config::{DefaultExtrinsicParamsBuilder, SubstrateConfig},
	error::{ExtrinsicError, TransactionProgressError, TransactionStatusError},
	tx::{SubmittableTransaction, TransactionStatus},
	utils::{AccountId32, H256},
	Metadata,
};

type Transaction = SubmittableTransaction<SubstrateConfig, OnlineClientAtBlockImpl<SubstrateConfig>>;

/// Attempts with one nonce, of which at most one can be applied.
pub(super) struct Attempts {
	/// Nonce of the attempts.
	pub(super) slot: Slot,
	/// Hashes of the attempts that were sent.
	pub(super) sent: Vec<Hash>,
	/// Blocks that may include one of them.
	pub(super) range: Range,
}

/// One attempt.
pub(super) struct Attempt {
	/// Best block that it is signed at.
	pub(super) head: Head,
	/// Tip in plancks.
	pub(super) tip: Balance,
	/// Last block for which it is watched.
	pub(super) until: BlockNumber,
}

/// A nonce and a tip to sign with.
#[derive(Clone, Copy)]
struct Terms {
	nonce: u64,
	/// Tip in plancks.
	tip: Balance,
}

impl Chain {
	/// Returns the fee of `call` at the best block in plancks, without a tip.
	///
	/// # Errors
	/// Errors if the call cannot be signed, or if the node does not answer.
	pub async fn fee(&self, signer: &Signer, call: &Call) -> Result<Balance, SubmitError> {
		let head = self.head();
		let nonce = self.nonce(head, signer.hot()).await?;
		let transaction = self.sign(signer, call, head, Terms { nonce, tip: 0 }).await?;
		let estimate = transaction.partial_fee_estimate();
		Ok(self.connection().request("TransactionPaymentApi_query_info", estimate).await?)
	}

	/// Returns the nonce of the next transaction of an account after the block `at`.
	///
	/// # Errors
	/// Errors if the node does not answer.
	pub(super) async fn nonce(&self, at: Head, who: Account) -> Result<u64, ReadError> {
		let client = self.at(at).await?;
		let account = AccountId32(who.0);
		self.connection().request("AccountNonceApi_account_nonce", client.tx().account_nonce(&account)).await
	}

	/// Waits until no transaction of a key is in the pool of the node. From then on, the state shows all that was sent before, also by
	/// a process that was stopped while it waited. Returns `false` if transactions are left after an era, in which each of them is
	/// included or invalid. Returns at once if the node does not serve the request.
	///
	/// # Errors
	/// Errors if the node does not answer.
	pub async fn awaits_nothing(&self, signer: &Signer) -> Result<bool, ReadError> {
		let mut head = self.head();
		for _ in 0..=ERA {
			let spent = self.nonce(head, signer.hot()).await?;
			if self.free_nonce(signer.hot()).await.is_none_or(|free| free <= spent) {
				return Ok(true);
			}
			head = self.next_head(head).await;
		}
		Ok(false)
	}

	/// Returns the first nonce of an account that no transaction in the pool of the node has, or `None` if the node does not
	/// serve that request.
	async fn free_nonce(&self, who: Account) -> Option<u64> {
		let account = AccountId32(who.0);
		self.connection().answer(self.connection().rpc.system_account_next_index(&account)).await.ok()
	}

	async fn sign(&self, signer: &Signer, call: &Call, head: Head, terms: Terms) -> Result<Transaction, SubmitError> {
		let at = self.at(head).await?;
		let indices = |call: &Call| index(at.metadata_ref(), call);
		let mut written = call.resolved(&indices)?;
		if let Some(real) = signer.proxied() {
			if written.needs_budget() {
				written = written.budgeted(indices(&written)?);
			}
			written = written.proxied(real, indices(&written)?);
		}
		let start = match era_start(head.number) {
			Some(number) => self.block(number).await?.unwrap_or(head),
			None => head,
		};
		let params = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new()
			.tip(terms.tip)
			.nonce(terms.nonce)
			.mortal_from_unchecked(ERA.into(), start.number.into(), H256(start.hash))
			.build();
		let fault = |error: ExtrinsicError| SubmitError::Sign { call: call.to_string(), source: Box::new(error) };
		let client = at.tx();
		client.create_signable_offline(&written, params).map_err(fault)?.sign(&signer.keypair).map_err(fault)
	}

	/// Signs the call, sends it, and watches it until it is in a block.
	pub(super) async fn attempt(&self, work: &mut Work<'_>, attempt: Attempt) -> Result<Included, Stop> {
		let Attempt { head, tip, until } = attempt;
		let mut attempts = match work.attempts.take() {
			Some(attempts) => {
				self.fill_gap(work.signer, head, Terms { nonce: attempts.slot.nonce(), tip }).await;
				attempts
			}
			None => self.first_attempt(work.signer, head).await?,
		};
		let tip = attempts.slot.offer(tip);
		let signed = self.sign(work.signer, work.call, head, Terms { nonce: attempts.slot.nonce(), tip }).await;
		if let Ok(transaction) = &signed {
			attempts.sent.push(transaction.hash().0);
			attempts.range.until = attempts.range.until.max(era_end(head.number));
			work.submission.on_signed(head.number);
		}
		let attempts = work.attempts.insert(attempts);
		let transaction = signed?;
		let mut progress = match self.connection().answer(transaction.submit_and_watch()).await {
			Ok(progress) => progress,
			Err(error) => {
				// An earlier attempt may be in the pool, so only the refusal of the first one is the end of the call.
				let is_only = attempts.sent.len() == 1;
				return Err(self.refusal(work, &transaction, error, is_only).await);
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
				() = attempts.slot.outbid(tip) => return Err(Stop::Raise),
			};
			let status = status.ok_or(Stop::Again(Setback::NoReport))?;
			match status.map_err(|error| Stop::Again(self.lost_progress(error)))? {
				TransactionStatus::InBestBlock(block) | TransactionStatus::InFinalizedBlock(block) => {
					let place = self.find_in_block(block.block_hash().0, &attempts.sent).await?;
					return self.outcome(work, place.ok_or(Stop::Again(Setback::NoReport))?).await;
				}
				TransactionStatus::Error { message } => return Err(again(TransactionStatusError::Error(message))),
				TransactionStatus::Invalid { message } => return Err(again(TransactionStatusError::Invalid(message))),
				TransactionStatus::Dropped { message } => return Err(again(TransactionStatusError::Dropped(message))),
				_ => {}
			}
		}
	}

	/// Reserves a nonce behind the transactions of the key that are in blocks or in the pool of the node.
	async fn first_attempt(&self, signer: &Signer, head: Head) -> Result<Attempts, ReadError> {
		let spent = self.nonce(head, signer.hot()).await?;
		let next = self.free_nonce(signer.hot()).await.map_or(spent, |free| free.max(spent));
		// A block of another branch can include the transaction from the start of its era on.
		let after = era_start(head.number).unwrap_or(0);
		let range = Range { after, until: era_end(head.number) };
		Ok(Attempts { slot: signer.queue.reserve(next), sent: Vec::new(), range })
	}

	/// Sends an empty remark with the first free nonce, if that is below `terms.nonce` and no call in flight has it: a call that
	/// was given up has left the pool, and every call behind it would wait for ever.
	async fn fill_gap(&self, signer: &Signer, head: Head, terms: Terms) {
		let Some(free) = self.free_nonce(signer.hot()).await else { return };
		if free >= terms.nonce || signer.queue.has(free) {
			return;
		}
		let slot = signer.queue.reserve(free);
		let direct = signer.direct();
		let Ok(filler) = self.sign(&direct, &Call::remark(), head, Terms { nonce: slot.nonce(), tip: terms.tip }).await else {
			return;
		};
		let sent = self.connection().answer(self.connection().rpc.author_submit_extrinsic(filler.encoded())).await;
		tracing::debug!(nonce = slot.nonce(), is_sent = sent.is_ok(), "nonce of a call that was given up is filled");
	}

	/// Returns what a refusal of the transaction pool means for the call.
	async fn refusal(&self, work: &Work<'_>, transaction: &Transaction, error: RequestError, is_only: bool) -> Stop {
		let rejection = match pool::verdict(&error) {
			Verdict::Final(rejection) => Some(rejection),
			Verdict::Invalid => {
				self.connection().answer(transaction.validate()).await.ok().and_then(|validity| pool::rejection(&validity))
			}
			Verdict::Again => None,
		};
		match rejection.filter(|_| is_only) {
			Some(rejection) => {
				Stop::Final(SubmitError::Rejected { call: work.call.to_string(), who: work.signer.hot(), rejection })
			}
			None => Stop::Again(Setback::Pool(error)),
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
}

fn again(status: TransactionStatusError) -> Stop {
	Stop::Again(status.into())
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
}
