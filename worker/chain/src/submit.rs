//! Signing, tipping, and waiting until a call is in a block.

use crate::{
	client::{plain, Head},
	Account, Call, Chain, ChainError, Signer,
};
use codec::Decode;
use doin_primitives::{Balance, BlockNumber};
use std::time::Duration;
use subxt::{
	client::OnlineClientAtBlockImpl,
	config::{DefaultExtrinsicParamsBuilder, SubstrateConfig},
	error::{BackendError, DispatchError, ExtrinsicError, RpcError},
	tx::{SubmittableTransaction, TransactionInBlock, TransactionStatus},
	utils::{AccountId32, H256},
	ArcMetadata,
};

/// Blocks a transaction stays valid. The base fee can grow at most sixfold in that time.
const ERA: u32 = 16;
/// The era starts this many blocks below the best one, so that a short fork does not make the transaction invalid.
const DEPTH: u32 = 2;
/// Least tip of a call that is large or has a deadline: a full pool evicts what pays least per byte first.
const TIP: Balance = 10_000;
/// Calls with more argument bytes than this are tipped.
const LARGE: usize = 1_024;
/// With a deadline, blocks an attempt is given before it is repeated with twice the tip.
const PATIENCE: u32 = 3;

/// When a call has to be in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
	/// Some time soon.
	Relaxed,
	/// Before this block: repeated with growing tips as it draws near.
	Before(BlockNumber),
}

/// An included call.
#[derive(Clone, Debug)]
pub struct Included {
	/// The block.
	pub block: Head,
	/// What it caused, in order.
	pub events: Vec<Event>,
	/// Fee paid, tip included; burned but for the tip.
	pub fee: Balance,
}

/// An event, its fields still in SCALE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
	/// The pallet.
	pub pallet: String,
	/// Its name.
	pub name: String,
	/// Its fields.
	pub fields: Vec<u8>,
}

impl Included {
	/// First fields of the first event of this name, as `R`.
	pub fn event<R: Decode>(&self, pallet: &str, name: &str) -> Option<R> {
		let event = self.events.iter().find(|event| event.pallet == pallet && event.name == name)?;
		R::decode(&mut &event.fields[..]).ok()
	}
}

/// How one attempt ended.
enum Attempt {
	Done(Included),
	/// Never again.
	Over(ChainError),
	/// Perhaps with another nonce or tip, or in another block.
	Again(String),
}

type Transaction = SubmittableTransaction<SubstrateConfig, OnlineClientAtBlockImpl<SubstrateConfig>>;
type InBlock = TransactionInBlock<SubstrateConfig, OnlineClientAtBlockImpl<SubstrateConfig>>;

impl Chain {
	/// Signs `call`, submits it, and waits until it is in a best block and has succeeded there.
	///
	/// An account's calls go one after the other. A passing error is answered by another attempt until the deadline, or for one era.
	pub async fn submit(&self, signer: &Signer, call: &Call, urgency: Urgency) -> Result<Included, ChainError> {
		let _turn = signer.turn.lock().await;
		let last = match urgency {
			Urgency::Relaxed => self.head().number.saturating_add(ERA),
			Urgency::Before(block) => block.saturating_sub(1),
		};
		let mut tip = if call.size() > LARGE || urgency != Urgency::Relaxed { TIP } else { 0 };
		let mut first_nonce = None;
		let patience = if urgency == Urgency::Relaxed { ERA } else { PATIENCE };
		let mut reason = String::from("there was no time left to send it");
		loop {
			let head = self.head();
			if head.number >= last {
				return Err(ChainError::NotIncluded { call: call.to_string(), who: signer.hot().to_string(), by: last, reason });
			}
			let until = head.number.saturating_add(patience).min(last);
			match self.attempt(signer, call, tip, until, &mut first_nonce).await {
				Attempt::Done(included) => return Ok(included),
				Attempt::Over(error) => return Err(error),
				Attempt::Again(why) => reason = why,
			}
			tracing::debug!("{call}: {reason}; trying again with twice the tip");
			// An unchanged transaction that was once found invalid is banned for half an hour: change the tip, and let a block pass.
			tip = tip.max(TIP / 2).saturating_mul(2);
			let _ = tokio::time::timeout(Duration::from_secs(10), self.next_head(head)).await;
		}
	}

	/// What the fee of `call` would be now, without tip.
	pub async fn fee(&self, signer: &Signer, call: &Call) -> Result<Balance, ChainError> {
		let (transaction, _) = self.sign(signer, call, 0).await?;
		transaction.partial_fee_estimate().await.map_err(|e| self.lost("TransactionPaymentApi_query_info", &e))
	}

	async fn sign(&self, signer: &Signer, call: &Call, tip: Balance) -> Result<(Transaction, u64), ChainError> {
		let request = format!("signing {call}");
		let unreadable = |e: ExtrinsicError| ChainError::Unreadable { request: request.clone(), reason: plain(&e) };
		let head = self.head();
		let at = self.at(head).await?;
		let metadata = at.metadata();
		let mut call = call.resolved(&|call: &Call| indices(&metadata, call))?;
		if let Some(real) = signer.proxied() {
			call = call.proxied(real, indices(&metadata, &call)?);
		}
		let account = AccountId32(signer.hot().0);
		let birth = match head.number.checked_sub(DEPTH) {
			Some(number) => self.block(number).await?.unwrap_or(head),
			None => head,
		};
		let client = at.tx();
		let nonce = client.account_nonce(&account).await.map_err(|e| self.lost("AccountNonceApi_account_nonce", &e))?;
		let params = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new()
			.tip(tip)
			.nonce(nonce)
			.mortal_from_unchecked(ERA.into(), birth.number.into(), H256(birth.hash))
			.build();
		let mut signable = client.create_signable_offline(&call, params).map_err(unreadable)?;
		Ok((signable.sign(&signer.keypair).map_err(unreadable)?, nonce))
	}

	async fn attempt(
		&self,
		signer: &Signer,
		call: &Call,
		tip: Balance,
		until: BlockNumber,
		first_nonce: &mut Option<u64>,
	) -> Attempt {
		let (transaction, nonce) = match self.sign(signer, call, tip).await {
			Ok(signed) => signed,
			Err(error) if error.is_passing() => return Attempt::Again(error.to_string()),
			Err(error) => return Attempt::Over(error),
		};
		if *first_nonce.get_or_insert(nonce) < nonce {
			// An earlier attempt was included while nobody looked: the nonce is spent, and sending it again would do the thing twice.
			return Attempt::Done(Included { block: self.head(), events: Vec::new(), fee: 0 });
		}
		let mut progress = match transaction.submit_and_watch().await {
			Ok(progress) => progress,
			Err(error) => return refusal(call, signer, &error),
		};
		let mut heads = self.heads();
		loop {
			let status = tokio::select! {
				status = progress.next() => status,
				late = heads.wait_for(|head| head.number > until) => {
					let _ = late;
					return Attempt::Again(format!("it was not in a block by block {until}"));
				},
			};
			match status {
				Some(Ok(TransactionStatus::InBestBlock(block) | TransactionStatus::InFinalizedBlock(block))) => {
					return self.outcome(signer, call, block).await
				}
				Some(Ok(
					TransactionStatus::Error { message }
					| TransactionStatus::Invalid { message }
					| TransactionStatus::Dropped { message },
				)) => return Attempt::Again(message),
				Some(Ok(_)) => {}
				Some(Err(error)) => return Attempt::Again(plain(&error)),
				None => return Attempt::Again("the node stopped reporting on it".into()),
			}
		}
	}

	/// What an included transaction did.
	async fn outcome(&self, signer: &Signer, call: &Call, included: InBlock) -> Attempt {
		let hash = included.block_hash();
		let events = match included.fetch_events().await {
			Ok(events) => events,
			Err(error) => return Attempt::Again(plain(&error)),
		};
		let number = match self.link().rpc.chain_get_header(Some(hash)).await {
			Ok(Some(header)) => header.number as BlockNumber,
			_ => self.head().number,
		};
		let metadata = match self.at(Head { number, hash: hash.0 }).await {
			Ok(at) => at.metadata(),
			Err(error) => return Attempt::Over(error),
		};
		let failed = |bytes: &[u8]| {
			let (error, docs) = describe(bytes, &metadata);
			Attempt::Over(ChainError::Failed { call: call.to_string(), who: signer.account().to_string(), error, docs })
		};
		let mut outcome = Included { block: Head { number, hash: hash.0 }, events: Vec::new(), fee: 0 };
		for event in events.iter() {
			let event = match event {
				Ok(event) => event,
				Err(error) => {
					let request = format!("events of {call}");
					return Attempt::Over(ChainError::Unreadable { request, reason: plain(&error) });
				}
			};
			let fields = event.field_bytes();
			match (event.pallet_name(), event.event_name()) {
				("System", "ExtrinsicFailed") => return failed(fields),
				// A proxy succeeds even when what it was to do fails: `Result<(), DispatchError>`.
				("Proxy", "ProxyExecuted") if fields.first() == Some(&1) => return failed(&fields[1..]),
				("TransactionPayment", "TransactionFeePaid") => {
					if let Ok((_, fee, _)) = <(Account, Balance, Balance)>::decode(&mut &fields[..]) {
						outcome.fee = fee;
					}
				}
				_ => {}
			}
			outcome.events.push(Event {
				pallet: event.pallet_name().into(),
				name: event.event_name().into(),
				fields: fields.into(),
			});
		}
		Attempt::Done(outcome)
	}
}

/// Indices of a call's pallet and of the call itself.
fn indices(metadata: &ArcMetadata, call: &Call) -> Result<(u8, u8), ChainError> {
	let pallet = metadata.pallet_by_name(call.pallet);
	let found = pallet.and_then(|pallet| Some((pallet.call_index(), pallet.call_variant_by_name(call.name)?.index)));
	found.ok_or_else(|| ChainError::Unreadable {
		request: format!("signing {call}"),
		reason: "the runtime has no such call".into(),
	})
}

/// Name of a dispatch error and what its documentation says.
fn describe(bytes: &[u8], metadata: &ArcMetadata) -> (String, String) {
	match DispatchError::decode_from(bytes, metadata.clone()) {
		Ok(DispatchError::Module(module)) => match module.details() {
			Ok(details) => {
				let docs = details
					.variant
					.docs
					.iter()
					.map(|line| line.trim())
					.filter(|line| !line.is_empty())
					.collect::<Vec<_>>()
					.join(" ");
				let docs = if docs.is_empty() { "the chain says no more".into() } else { docs };
				(format!("{}::{}", details.pallet.name(), details.variant.name), docs)
			}
			Err(error) => (format!("error {:?}", module.bytes()), plain(&error)),
		},
		Ok(DispatchError::Token(error)) => {
			(format!("Token::{error:?}"), format!("{error} Send DOIN to the account, or use one that has enough"))
		}
		Ok(other) => (format!("{other:?}"), other.to_string()),
		Err(error) => ("an unreadable error".into(), plain(&error)),
	}
}

/// Why the pool did not take a transaction, and whether another one would be taken.
fn refusal(call: &Call, signer: &Signer, error: &ExtrinsicError) -> Attempt {
	let user = match error {
		ExtrinsicError::ErrorSubmittingTransaction(BackendError::Rpc(RpcError::ClientError(subxt::rpcs::Error::User(user)))) => {
			user
		}
		other => return Attempt::Again(plain(other)),
	};
	let data = user.data.as_ref().map(|data| data.get().trim_matches('"').to_string()).unwrap_or_default();
	let reason = if data.is_empty() { user.to_string() } else { data };
	match hint(&reason) {
		None => Attempt::Again(reason),
		Some(hint) => Attempt::Over(ChainError::Refused {
			call: call.to_string(),
			who: signer.hot().to_string(),
			reason,
			hint: hint.replace("{who}", &signer.hot().to_string()),
		}),
	}
}

/// What to do about a refusal; nothing when trying again will do.
fn hint(reason: &str) -> Option<&'static str> {
	let reason = reason.to_lowercase();
	if reason.contains("inability to pay") || reason.contains("balance too low") {
		return Some("Its balance does not cover the fee: send DOIN to {who}");
	}
	if reason.contains("bad signature") || reason.contains("bad proof") {
		return Some("The node runs another runtime version: restart the worker, and update it if that does not help");
	}
	if reason.contains("exhaust") || reason.contains("block limits") {
		return Some("It does not fit into a block: make it smaller");
	}
	if reason.contains("call is not expected") || reason.contains("filtered") {
		return Some("The chain does not take this call from this account");
	}
	None
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;

	#[test]
	fn only_what_money_or_an_update_can_mend_is_final() {
		assert!(hint("Inability to pay some fees (e.g. account balance too low)").unwrap().contains("send DOIN"));
		assert!(hint("Transaction has a bad signature").unwrap().contains("update"));
		for passing in [
			"Transaction is outdated",
			"Transaction is temporarily banned",
			"Priority is too low: (10 vs 20)",
			"Immediately Dropped",
		] {
			assert_eq!(hint(passing), None, "{passing}");
		}
	}

	#[test]
	fn events_are_found_by_name() {
		let event = Event { pallet: "Domains".into(), name: "Registered".into(), fields: (7u32, [1u8; 32]).encode() };
		let included = Included { block: Head { number: 1, hash: [0; 32] }, events: vec![event], fee: 0 };
		assert_eq!(included.event::<u32>("Domains", "Registered"), Some(7));
		assert_eq!(included.event::<u32>("Domains", "Retired"), None);
	}
}
