//! `infer`: buys an answer of a champion, checks it, and accuses a server that has lied.

mod choice;
mod http;
mod input;
pub(super) mod lie;
pub(super) mod pay;
mod report;

use crate::{
	args::{KeyArgs, NodeArgs},
	report::OutputArgs,
};
use anyhow::{bail, Context, Result};
use choice::Chosen;
use clap::Args;
use doin_chain::{Chain, Head, Signer};
use doin_primitives::{
	inference::{Receipt, CLAIM_PERIODS, FRESH_BLOCKS},
	Balance, BlockNumber, DomainId, Hash, DOIN,
};
use doin_roles::{amount::Amount, home::expand_home, journal::FIRST_BLOCK, serve::champion_at};
use doin_serve::{
	check::{compare, signed, Finding, Known, Sent, Signed, Unusable},
	purse::Purse,
	wire::{hex, Inputs, Reply, Request, SignedVoucher},
	Champion,
};
use http::Answered;
pub use http::{plain, Address};
use input::{InputArgs, Read};
use lie::{accuse, refused, Bought, Slash};
use pay::{check_price, Payer, Paying};
use report::{InferReport, Verified};
use std::{path::PathBuf, process::ExitCode};
use subxt_signer::sr25519::Keypair;

/// File of the purse.
pub const PURSE: &str = "doin-purse.db";
/// Attempts to have a request answered, with the same voucher.
const ATTEMPTS: usize = 5;
/// Message for an answer that is kept, where the node could not be read afterwards.
const KEPT: &str = "the answer is not checked, and is kept with its receipt: `doin-worker accuse` checks it later";

/// Arguments of `infer`.
#[derive(Clone, Debug, Args)]
pub struct InferArgs {
	/// Identifier of the domain whose champion answers
	#[arg(long, value_name = "ID")]
	domain: DomainId,
	#[command(flatten)]
	input: InputArgs,
	/// Address of the server [default: the cheapest offer that answers]
	#[arg(long, value_name = "URL")]
	server: Option<Address>,
	/// Most that the answer may cost, e.g. 0.01DOIN [default: the deposit]
	#[arg(long, value_name = "AMOUNT")]
	max_price: Option<Amount>,
	/// Deposit of a channel that has to be opened or topped up; what is not paid is returned after it is closed
	#[arg(long, value_name = "AMOUNT", default_value = "1DOIN")]
	deposit: Amount,
	/// Do not run the model on this machine to check the answer; `doin-worker accuse` does so later
	#[arg(long)]
	trust: bool,
	/// Do not accuse a server whose answer is false; `doin-worker accuse` does so later. An accusation publishes the input of one window
	#[arg(long)]
	no_accuse: bool,
	/// Ask a server on this machine for an answer of its free quota
	#[arg(long, requires = "server")]
	free: bool,
	/// File of the channels, vouchers, receipts and models of this client [default: doin-purse.db]
	#[arg(long, value_name = "FILE")]
	purse: Option<PathBuf>,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Client of one answer.
struct Client {
	chain: Chain,
	purse: Purse,
	signer: Option<(Signer, Keypair)>,
}

/// Runs `infer`. The exit code shows whether the answer is false.
///
/// # Errors
///
/// Errors if the input or the key cannot be used, if no server answers for the price, and if the answer is not signed for what was asked.
pub async fn run(node: &NodeArgs, args: InferArgs) -> Result<ExitCode> {
	let signer = match args.free {
		true => None,
		false => {
			let source = args.key.source().context("no key was named: add --key FILE, or --free for a server on this machine")?;
			Some((args.key.signer()?, source.load()?))
		}
	};
	let chain = node.connect().await?;
	let purse = open_purse(&chain, args.purse.clone()).await?;
	let client = Client { chain, purse, signer };
	let block = client.chain.finalized().await?;
	let (champion, bytes) = champion_at(&client.chain, block, args.domain).await?;
	let Read { inputs, labels } = input::read(&champion, &args.input).await?;
	let (chosen, mut bought) = client.buy(&args, &champion, inputs, block).await?;
	bought.replace_unsigned(&champion, &chosen.offer.key);
	bought.keep(&client.purse, client.chain.genesis(), chosen.offer.key, (&champion, &bytes))?;
	let signed = client.accepted(&chosen, &bought).await?;
	let (finding, champion_bytes) = match args.trust {
		true => {
			if let Err(error) = client.complete(&bought, &signed).await {
				eprintln!("note: the champion of block {} is to be read later: {error:#}", signed.receipt.block);
			}
			(None, None)
		}
		false => {
			let (finding, bytes) = client.check(&bought, &signed).await.context(KEPT)?;
			(Some(finding), Some(bytes))
		}
	};
	let verified = match &finding {
		None => Verified::Trusted,
		Some(Finding::Right) => Verified::Right,
		Some(Finding::OtherModel) => Verified::OtherModel,
		Some(Finding::False { .. }) => Verified::False,
	};
	let slash = match (finding, champion_bytes) {
		(Some(finding), Some(bytes)) if !args.no_accuse => client.accuse(&bought, &signed, &finding, bytes).await?,
		_ => None,
	};
	let is_false = matches!(verified, Verified::False | Verified::OtherModel);
	let price = Amount(bought.sent.price);
	let report = InferReport::new(bought.reply, bought.server, price, verified, slash);
	args.output.print(&labels.iter().fold(report, InferReport::with_labels))?;
	Ok(if is_false { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Reads the champion of the block of a kept receipt, and keeps it with the receipt.
///
/// # Errors
///
/// Errors if the block is not finalized, if the node does not have it or its state, and if the purse cannot be written.
pub async fn complete(
	chain: &Chain,
	purse: &Purse,
	answer: &str,
	block: BlockNumber,
	domain: DomainId,
) -> Result<(Champion, Vec<u8>)> {
	// The champion of a fork would be kept for ever.
	let last = chain.finalized().await?.number;
	if block > last {
		bail!("block {block} is not finalized, and block {last} is the last one that is: repeat the command later");
	}
	let at = chain.block(block).await?.with_context(|| format!("the node has no block {block}"))?;
	let (champion, bytes) = champion_at(chain, at, domain).await?;
	purse.complete(answer, &champion.hash, &bytes)?;
	Ok((champion, bytes))
}

/// Opens the purse for the chain of a node.
///
/// # Errors
///
/// Errors if the file cannot be used, or if the chain has no block yet.
pub async fn open_purse(chain: &Chain, path: Option<PathBuf>) -> Result<Purse> {
	let first = chain.block(FIRST_BLOCK).await?.context("the chain has no block yet: wait until it has")?;
	Ok(Purse::open(&expand_home(&path.unwrap_or_else(|| PURSE.into()))?, first.hash)?)
}

/// Forgets the answers of a purse that cannot be accused any more at block `at`.
///
/// # Errors
///
/// Errors if the node or the purse cannot be used.
pub async fn forget_old(chain: &Chain, purse: &Purse, at: Head) -> Result<()> {
	let window = chain.round_params(at).await?.period().saturating_mul(CLAIM_PERIODS);
	Ok(purse.forget_before(at.number.saturating_sub(window))?)
}

impl Client {
	/// Sends a request to a server, with a voucher unless it is free, until it is answered.
	async fn buy(&self, args: &InferArgs, champion: &Champion, input: Inputs, block: Head) -> Result<(Chosen, Bought)> {
		let windows = champion.windows(Some(&input), None)?;
		let offers = self.chain.offers(block, args.domain).await?;
		let chosen = choice::choose(offers, args.server.as_ref(), args.domain).await?;
		let nonce: Hash = rand::random();
		let mut request = Request {
			domain_id: args.domain,
			input: Some(input),
			client_id: concat!("doin-worker/", env!("CARGO_PKG_VERSION")).into(),
			nonce: Some(hex(&nonce)),
			..Request::default()
		};
		let mut sent = Sent { domain: args.domain, windows, nonce, channel: [0; 32], cumulative: 0, price: 0 };
		let Some((signer, key)) = &self.signer else {
			let reply = self.answered(&chosen.address, &request, false).await?;
			let server = chosen.offer.who;
			return Ok((chosen, Bought { server, sent, contract: None, reply }));
		};
		sent.price = chosen.offer.price.saturating_mul(sent.windows.len() as Balance);
		check_price(sent.price, args.max_price.unwrap_or(args.deposit))?;
		let payer = Payer { chain: &self.chain, signer, key, purse: &self.purse };
		let deposit = args.deposit.0.max(DOIN);
		let (paying, amount): (Paying, Balance) =
			payer.channel(chosen.offer.who, &chosen.address, args.domain, sent.price, deposit).await?;
		let (voucher, signature) = payer.sign(&paying, amount)?;
		(sent.channel, sent.cumulative) = (voucher.channel, voucher.cumulative);
		request.voucher = Some(SignedVoucher::new(&voucher, &signature));
		let reply = self.answered(&chosen.address, &request, paying.is_fresh).await?;
		let bought = Bought { server: chosen.offer.who, sent, contract: Some(paying.contract()), reply };
		Ok((chosen, bought))
	}

	/// Sends a request until it is answered. The same request with the same voucher is paid once.
	async fn answered(&self, server: &Address, request: &Request, is_fresh: bool) -> Result<Reply> {
		let mut head = self.chain.head();
		for attempt in 1.. {
			let answered = server.post("/inference", request).await;
			match &answered {
				Ok(answered) if attempt == ATTEMPTS || !is_worth_repeating(answered, is_fresh) => return answered.json(),
				Err(_) if attempt == ATTEMPTS => break,
				_ => {
					tracing::debug!(target: "doin::worker", attempt, "not answered; the same request is sent again at the next block")
				}
			}
			head = self.chain.next_head(head).await;
		}
		bail!(
			"{server} has not answered {ATTEMPTS} times. What the voucher pays is lost at most: repeat the command, and the same amount is \
			 offered again"
		)
	}

	/// Returns what is known of a server at the last finalized block. Waits some blocks for that of the answer, since the node of the server
	/// may be ahead of this one.
	async fn known(&self, chosen: &Chosen, answered: BlockNumber) -> Result<Known> {
		let (mut head, mut block) = (self.chain.head(), self.chain.finalized().await?.number);
		for _ in 0..ATTEMPTS {
			if block >= answered {
				break;
			}
			head = self.chain.next_head(head).await;
			block = self.chain.finalized().await?.number;
		}
		Ok(Known { genesis: self.chain.genesis(), key: chosen.offer.key, since: chosen.offer.since, block })
	}

	/// Returns the signed parts of a kept answer, if it is of a recent block and of the present offer. One that proves nothing is forgotten.
	async fn accepted(&self, chosen: &Chosen, bought: &Bought) -> Result<Signed> {
		let known = self.known(chosen, bought.reply.block).await.context(KEPT)?;
		let fault = match signed(&bought.reply, &bought.sent, &known) {
			Ok(signed) => return Ok(signed),
			Err(fault) => fault,
		};
		if !may_be_accused(&fault) {
			self.purse.forget(&bought.answer()?)?;
		}
		Err(refused(fault))
	}

	/// Reads the champion of the block of a receipt, keeps it with the receipt, and forgets receipts that are too old.
	async fn complete(&self, bought: &Bought, signed: &Signed) -> Result<(Champion, Vec<u8>)> {
		let Receipt { block, domain, .. } = signed.receipt;
		let champion = complete(&self.chain, &self.purse, &bought.answer()?, block, domain).await?;
		forget_old(&self.chain, &self.purse, self.chain.finalized().await?).await?;
		Ok(champion)
	}

	/// Runs the champion of the block of a receipt, and keeps what proves a lie.
	async fn check(&self, bought: &Bought, signed: &Signed) -> Result<(Finding, Vec<u8>)> {
		let (champion, bytes) = self.complete(bought, signed).await?;
		let (reply, sent, signed) = (bought.reply.clone(), bought.sent.clone(), signed.clone());
		let finding = crate::work::compute(move |_| Ok(compare(&reply, &sent, &signed, &champion))).await?;
		Ok((finding, bytes))
	}

	/// Accuses a server that has lied; `None` for a true answer.
	async fn accuse(&self, bought: &Bought, signed: &Signed, finding: &Finding, bytes: Vec<u8>) -> Result<Option<Slash>> {
		let Some((signer, _)) = &self.signer else {
			if *finding != Finding::Right {
				eprintln!("note: the answer is false, and nobody is accused: `doin-worker accuse` does so with --key");
			}
			return Ok(None);
		};
		let slash = accuse(&self.chain, signer, bought, signed, finding, bytes).await;
		let slash = slash.context("the server is not accused: `doin-worker accuse` does so later")?;
		if slash.is_some() {
			self.purse.forget(&bought.answer()?)?;
		}
		Ok(slash)
	}
}

/// Returns `true` if a receipt that is not accepted may still prove a lie: its block is old, or the node of the client is behind.
fn may_be_accused(fault: &Unusable) -> bool {
	matches!(fault, Unusable::Stale { found, known } if *found <= known.saturating_add(FRESH_BLOCKS))
}

/// Returns `true` if the same request may be answered later. A node of a server may not know a fresh channel yet.
fn is_worth_repeating(answered: &Answered, is_fresh: bool) -> bool {
	match answered.status {
		402 | 404 => is_fresh,
		408 | 409 | 429 | 500..=599 => true,
		_ => false,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_request_is_repeated_only_if_that_may_help() {
		let worth = |status, is_fresh| is_worth_repeating(&Answered { status, body: Vec::new() }, is_fresh);
		assert!([408, 409, 429, 500, 503, 504, 507].iter().all(|status| worth(*status, false)));
		assert!(![200, 400, 402, 404, 413, 422].iter().any(|status| worth(*status, false)));
		assert!(worth(402, true) && worth(404, true) && !worth(422, true));
	}

	#[test]
	fn receipts_of_old_blocks_are_kept_and_those_that_prove_nothing_are_not() {
		let stale = |found, known| may_be_accused(&Unusable::Stale { found, known });
		assert!(stale(10, 100) && stale(101, 100) && stale(100 + FRESH_BLOCKS, 100));
		assert!(!stale(101 + FRESH_BLOCKS, 100), "it would be kept for ever");
		assert!(!may_be_accused(&Unusable::BeforeOffer { found: 10, since: 11 }));
	}
}
