//! Accusation of a server by an answer that it has signed.

use anyhow::{anyhow, Context, Error, Result};
use codec::{Decode, Encode};
use doin_chain::{Account, Accusation, AccusationClaim, AccusedWindow, Call, Chain, Signer, Urgency};
use doin_primitives::{
	bounded_collections::{BoundedVec, Get},
	channel::{Contract, Key},
	inference::{number_bytes, window_nonce, Receipt},
	Balance, BlockNumber, DomainId, Hash,
};
use doin_roles::{amount::Amount, serve::champion_at};
use doin_scoring::Program;
use doin_serve::{
	check::{signed, Finding, Known, Sent, Signed, Unusable},
	purse::{Proof, Purse},
	wire::{self, Reply},
	Champion,
};
use serde::Serialize;

/// A request that was answered.
#[derive(Clone, Debug)]
pub struct Bought {
	/// Account of the server.
	pub server: Account,
	/// The request.
	pub sent: Sent,
	/// Contract of the channel that has paid; `None` for a free answer.
	pub contract: Option<Contract<Account>>,
	/// The answer.
	pub reply: Reply,
}

/// Slash of a server that has lied.
#[derive(Clone, Debug, Serialize)]
pub struct Slash {
	/// Block of the accusation.
	pub block: BlockNumber,
	/// Amount taken from its bond.
	pub slashed: Amount,
	/// Part that the accuser received.
	pub reward: Amount,
	/// Part that the payer received.
	pub compensation: Amount,
}

impl Bought {
	/// Replaces what no signature covers by what this machine knows: values, their unit and names follow from the signed outputs, and `key`
	/// has signed them. A server could state other values beside true outputs.
	pub fn replace_unsigned(&mut self, champion: &Champion, key: &Key) {
		let answers = self.sent.windows.iter().zip(&self.reply.outputs);
		self.reply.values = answers.map(|(input, output)| champion.values(input, output)).collect();
		(self.reply.unit, self.reply.names) = (champion.quantity(), champion.names());
		self.reply.receipt.key = wire::hex(key);
	}

	/// Returns the answer as JSON.
	///
	/// # Errors
	///
	/// Errors if a value is no number of JSON.
	pub fn answer(&self) -> Result<String> {
		Ok(serde_json::to_string(&self.reply)?)
	}

	/// Returns what has to be kept to accuse the server later. The champion of the block of the receipt is not read yet.
	///
	/// # Errors
	///
	/// Errors if a value is no number of JSON.
	pub fn proof(&self, receipt: &Receipt, program: &Program) -> Result<Proof> {
		Ok(Proof {
			block: receipt.block,
			server: self.server.0,
			windows: self.sent.windows.encode(),
			answer: self.answer()?,
			contract: self.contract.as_ref().map(Contract::encode),
			program: program.encode(),
			model: receipt.model,
			is_complete: false,
		})
	}

	/// Keeps the answer if `key` has signed it for what was asked. Nothing is read from the node, which may fail. `champion`, whose encoding
	/// is `bytes`, is the one of the time of the request, and in most cases the one that the receipt names.
	///
	/// # Errors
	///
	/// Errors if nobody could be held to the answer, and if the purse cannot be written.
	pub fn keep(&self, purse: &Purse, genesis: Hash, key: Key, (champion, bytes): (&Champion, &[u8])) -> Result<()> {
		let known = Known { genesis, key, since: 0, block: self.reply.block };
		let Signed { receipt, .. } = signed(&self.reply, &self.sent, &known).map_err(refused)?;
		let is_named = receipt.model == champion.hash;
		Ok(purse.keep(&self.proof(&receipt, &champion.program)?, is_named.then_some(bytes))?)
	}

	/// Returns a kept answer with its signed parts and the champion of its block, whose encoding is `model`.
	///
	/// # Errors
	///
	/// Errors if the file was changed by something else.
	pub fn kept(proof: &Proof, genesis: [u8; 32], model: &[u8]) -> Result<(Self, Signed, Champion)> {
		let reply: Reply = serde_json::from_str(&proof.answer)?;
		let (receipt, ..) = reply.receipt()?;
		let windows = Vec::decode(&mut &proof.windows[..])?;
		let (channel, cumulative, price) = (receipt.channel, receipt.cumulative, receipt.price);
		let sent = Sent { domain: receipt.domain, windows, nonce: reply.nonce()?, channel, cumulative, price };
		let contract = proof.contract.as_ref().map(|bytes| Contract::decode(&mut &bytes[..])).transpose()?;
		// The answer was fresh, and signed with the key of the offer, when it was kept.
		let known = Known { genesis, key: wire::bytes("key", &reply.receipt.key)?, since: 0, block: proof.block };
		let signed = signed(&reply, &sent, &known)?;
		let program = Program::decode(&mut &proof.program[..])?;
		let champion =
			Champion::new(receipt.domain, String::new(), String::new(), program, model).map_err(|reason| anyhow!(reason))?;
		Ok((Self { server: Account(proof.server), sent, contract, reply }, signed, champion))
	}
}

/// Returns the error of an answer that is not accepted.
pub fn refused(fault: Unusable) -> Error {
	anyhow!("the answer is not accepted: {fault}. Pay this server no more, and choose another one with --server")
}

/// Accuses a server that has lied; `None` for a true answer. `bytes` is the encoding of the champion.
///
/// # Errors
///
/// Errors if the call fails, e.g. because the server was slashed before or has taken its bond.
pub async fn accuse(
	chain: &Chain,
	signer: &Signer,
	bought: &Bought,
	signed: &Signed,
	finding: &Finding,
	bytes: Vec<u8>,
) -> Result<Option<Slash>> {
	let claim = match finding {
		Finding::Right => return Ok(None),
		Finding::OtherModel => AccusationClaim::Model,
		Finding::False { index, .. } => {
			eprintln!("note: the answer is false. The accusation publishes the input of window {} for ever", index + 1);
			AccusationClaim::Output(window(chain, bought, signed, *index, bytes).await?)
		}
	};
	let Signed { receipt, signature, .. } = signed.clone();
	let accusation = Accusation { receipt, signature, contract: bought.contract.clone(), claim };
	let included = chain.submit(signer, &Call::accuse(bought.server, &accusation), Urgency::Relaxed).await?;
	let event: (DomainId, Account, u8, Balance, Balance, Option<Account>, Balance, Account, Balance) =
		included.expect("Inference", "Slashed")?;
	let (_, _, _, slashed, _, _, compensation, _, reward) = event;
	let [slashed, reward, compensation] = [slashed, reward, compensation].map(Amount);
	Ok(Some(Slash { block: included.block.number, slashed, reward, compensation }))
}

/// Returns the false window of an answer. The bytes of the model are left out where the chain stores them.
async fn window(chain: &Chain, bought: &Bought, signed: &Signed, index: u16, bytes: Vec<u8>) -> Result<AccusedWindow> {
	let at = usize::from(index);
	let input = bought.sent.windows.get(at).context("the window was sent")?.clone();
	let output = number_bytes(bought.reply.outputs.get(at).context("the window was answered")?);
	let present = champion_at(chain, chain.head(), signed.receipt.domain).await;
	let is_stored = present.is_ok_and(|(champion, _)| champion.hash == signed.receipt.model);
	Ok(AccusedWindow {
		pairs: bounded(signed.pairs.clone())?,
		index,
		nonce: window_nonce(&bought.sent.nonce, index),
		input: bounded(input)?,
		output: bounded(output)?,
		model: if is_stored { None } else { Some(bounded(bytes)?) },
	})
}

/// Returns a list in the bounded form that calls take.
fn bounded<T, S: Get<u32>>(list: Vec<T>) -> Result<BoundedVec<T, S>> {
	let length = list.len();
	BoundedVec::try_from(list).map_err(|_| anyhow!("a part of the accusation has {length} items, more than the chain allows"))
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_primitives::{
		blake2_256,
		inference::{pairs_hash, Pair},
	};
	use doin_scoring::{Forecast, Loss, Model, Target, WindowPhase};
	use doin_serve::{
		check::compare,
		wire::{hex, PairText, SignedReceipt},
	};
	use subxt_signer::sr25519::dev;

	const GENESIS: Hash = [9; 32];
	const NONCE: Hash = [5; 32];

	fn champion() -> Champion {
		let program = Program::Forecast(Forecast {
			horizon: 3,
			history: 4,
			season: 2,
			chunks: 32,
			windows: 1,
			channels: 1,
			target: Target::Values,
			loss: Loss::Absolute,
			phase: WindowPhase::Hidden,
		});
		Champion::new(0, "CO2".into(), "0.1 ppm".into(), program, &Model::Seasonal.to_bytes()).unwrap()
	}

	/// Returns a signed answer that was paid by a channel.
	fn bought(output: Vec<i32>) -> Bought {
		let (key, input) = (dev::bob(), number_bytes(&[10, 20, 10, 20]));
		let contract = Contract { payer: Account([1; 32]), payee: Account([2; 32]), key: [3; 32], counter: 4 };
		let pair = Pair::new(&window_nonce(&NONCE, 0), &input, &number_bytes(&output));
		let model = blake2_256(&Model::Seasonal.to_bytes());
		let (channel, pairs) = (contract.id(&GENESIS), pairs_hash(&[pair]));
		let receipt = Receipt { domain: 0, block: 90, model, channel, cumulative: 7, price: 7, pairs };
		let reply = Reply {
			block: 90,
			model: hex(&model),
			outputs: vec![output],
			nonce: hex(&NONCE),
			receipt: SignedReceipt {
				channel: hex(&channel),
				cumulative: "7".into(),
				price: "7".into(),
				pairs: vec![PairText { input: hex(&pair.input), output: hex(&pair.output) }],
				key: hex(&key.public_key().0),
				signature: hex(&key.sign(&receipt.signed_bytes(&GENESIS)).0),
			},
			..Reply::default()
		};
		let sent = Sent { domain: 0, windows: vec![input], nonce: NONCE, channel, cumulative: 7, price: 7 };
		Bought { server: Account([2; 32]), sent, contract: Some(contract), reply }
	}

	fn proof(bought: &Bought) -> Proof {
		let (receipt, ..) = bought.reply.receipt().unwrap();
		bought.proof(&receipt, &champion().program).unwrap()
	}

	#[test]
	fn values_follow_from_the_signed_outputs() {
		let mut bought = bought(vec![-160, 0, -160]);
		(bought.reply.values, bought.reply.unit) = (vec![vec![7.0]], "millions".into());
		let key = dev::bob().public_key().0;
		bought.reply.receipt.key = "another".into();
		bought.replace_unsigned(&champion(), &key);
		assert_eq!(bought.reply.values, [[1.0, 2.0, 1.0]]);
		assert_eq!(bought.reply.unit, "ppm");
		let proof = proof(&bought);
		assert!(Bought::kept(&proof, GENESIS, &Model::Seasonal.to_bytes()).is_ok(), "a wrong name of the key hides no lie");
	}

	#[test]
	fn what_the_purse_keeps_is_enough_to_accuse() {
		for (output, is_right) in [(vec![-160, 0, -160], true), (vec![1; 3], false)] {
			let bought = bought(output);
			let proof = proof(&bought);
			let (kept, signed, champion) = Bought::kept(&proof, GENESIS, &Model::Seasonal.to_bytes()).unwrap();
			assert_eq!((kept.server, &kept.sent, &kept.reply), (bought.server, &bought.sent, &bought.reply));
			assert_eq!(kept.contract, bought.contract);
			assert_eq!(compare(&kept.reply, &kept.sent, &signed, &champion) == Finding::Right, is_right);
			let other = Proof { windows: vec![vec![0u8; 16]].encode(), ..proof };
			assert!(Bought::kept(&other, GENESIS, &Model::Seasonal.to_bytes()).is_err(), "windows that were not sent");
		}
	}

	/// Returns the finding on the only answer of a purse.
	fn finding(purse: &Purse) -> Finding {
		let proof = purse.proofs().unwrap().remove(0);
		let model = purse.model(&proof.model).unwrap().expect("the bytes of the model are kept");
		let (kept, signed, champion) = Bought::kept(&proof, GENESIS, &model).unwrap();
		compare(&kept.reply, &kept.sent, &signed, &champion)
	}

	#[test]
	fn an_answer_is_kept_with_what_proves_a_lie_before_the_node_is_asked() {
		let folder = tempfile::tempdir().unwrap();
		let purse = Purse::open(&folder.path().join("purse.db"), [1; 32]).unwrap();
		let (bought, key, bytes) = (bought(vec![1; 3]), dev::bob().public_key().0, Model::Seasonal.to_bytes());
		let others = bought.keep(&purse, GENESIS, dev::alice().public_key().0, (&champion(), &bytes));
		assert!(others.is_err() && purse.proofs().unwrap().is_empty(), "another key proves nothing");
		bought.keep(&purse, GENESIS, key, (&champion(), &bytes)).unwrap();
		let proof = purse.proofs().unwrap().remove(0);
		assert_eq!((proof.block, proof.is_complete, &proof.answer), (90, false, &bought.answer().unwrap()));
		assert!(matches!(finding(&purse), Finding::False { index: 0, .. }));
		// The champion was replaced in the block of the receipt, which names the one before.
		let other = Model::RepeatLast.to_bytes();
		purse.complete(&proof.answer, &blake2_256(&other), &other).unwrap();
		assert_eq!(finding(&purse), Finding::OtherModel);
	}

	#[test]
	fn bytes_of_another_model_than_the_receipt_names_are_not_kept_for_it() {
		let folder = tempfile::tempdir().unwrap();
		let purse = Purse::open(&folder.path().join("purse.db"), [1; 32]).unwrap();
		let (bought, key, bytes) = (bought(vec![-160, 0, -160]), dev::bob().public_key().0, Model::RepeatLast.to_bytes());
		let program = champion().program;
		let before = Champion::new(0, "CO2".into(), "0.1 ppm".into(), program, &bytes).unwrap();
		bought.keep(&purse, GENESIS, key, (&before, &bytes)).unwrap();
		let proof = purse.proofs().unwrap().remove(0);
		assert_eq!(proof.model, blake2_256(&Model::Seasonal.to_bytes()));
		assert_eq!(purse.model(&proof.model).unwrap(), None);
		purse.complete(&proof.answer, &champion().hash, &Model::Seasonal.to_bytes()).unwrap();
		assert_eq!(finding(&purse), Finding::Right);
	}
}
