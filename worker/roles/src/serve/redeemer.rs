//! Redeems vouchers when they are due.

use super::TARGET;
use crate::participant::tolerate;
use anyhow::Result;
use doin_chain::{Call, Chain, Head, Signer, Urgency};
use doin_primitives::{Balance, BlockNumber};
use doin_serve::{
	redeem::{is_due, Occasion, Owing},
	voucher::Facts,
	Service,
};
use futures::future::join_all;
use parking_lot::Mutex;
use std::sync::Arc;

/// Vouchers that are sent at a time.
const AT_A_TIME: usize = 16;
/// Errors of vouchers that another account has redeemed, or whose channel is removed.
const DONE: [&str; 2] = ["Channels::NothingToPay", "Channels::UnknownChannel"];
/// Fees of closing a channel that redeeming a voucher costs at most.
const CLOSINGS: Balance = 2;

/// Redeems the vouchers of a server.
#[derive(Debug)]
pub struct Redeemer {
	chain: Chain,
	signer: Signer,
	service: Arc<Service>,
	/// Blocks of the challenge of a channel.
	challenge: BlockNumber,
	/// Fee that the last voucher has cost in the end; `None` before the first one.
	fee: Mutex<Option<Balance>>,
}

impl Redeemer {
	/// Returns the redeemer of a server, whose calls `signer` signs.
	pub(super) fn new(chain: Chain, signer: Signer, service: Arc<Service>, challenge: BlockNumber) -> Self {
		Self { chain, signer, service, challenge, fee: Mutex::new(None) }
	}

	/// Redeems until the future is dropped.
	pub(super) async fn run(&self) {
		let pause = (self.challenge / 8).max(1);
		let (mut head, mut next) = (self.chain.head(), 0);
		loop {
			match self.chain.finalized().await {
				Ok(block) if block.number >= next => {
					next = block.number.saturating_add(pause);
					if let Err(error) = self.redeem(block, Occasion::Block).await {
						tracing::warn!(target: TARGET, block = block.number, "vouchers are not redeemed: {error:#}");
					}
				}
				Ok(_) => {}
				// The connection reopens by itself.
				Err(error) => tracing::debug!(target: TARGET, "{:#}", anyhow::Error::from(error)),
			}
			head = self.chain.next_head(head).await;
		}
	}

	/// Redeems everything that is worth its fee, since the worker ends.
	///
	/// # Errors
	///
	/// Errors if the node or the journal of vouchers cannot be read.
	pub async fn at_exit(&self) -> Result<()> {
		let block = self.chain.finalized().await?;
		self.redeem(block, Occasion::Exit).await
	}

	/// Redeems the vouchers that are due at a finalized block.
	async fn redeem(&self, block: Head, occasion: Occasion) -> Result<()> {
		let mut owing = Vec::new();
		for offered in self.service.vouchers()? {
			let facts = self.chain.channel(block, offered.channel).await?.as_ref().map(Facts::from);
			self.service.note_facts(offered.channel, facts, block.number);
			match facts {
				Some(facts) => owing.push(Owing { offered, facts }),
				// A voucher is taken of finalized channels only, so this one was removed.
				None => self.service.forget(&offered.channel)?,
			}
		}
		owing.retain(|owing| owing.net() > 0);
		let Some(first) = owing.first() else { return Ok(()) };
		let known = *self.fee.lock();
		let fee = match known {
			Some(fee) => fee,
			// The estimate for redeeming counts the end of all votes of the payer, a hundred times the rest, which is returned.
			None => self.chain.fee(&self.signer, &Call::close_channel(first.offered.channel)).await?.saturating_mul(CLOSINGS),
		};
		owing.retain(|owing| is_due(owing, fee, block.number, self.challenge, occasion));
		for group in owing.chunks(AT_A_TIME) {
			let mut sending = Vec::with_capacity(group.len());
			for owing in group {
				sending.push(self.send(owing, fee));
			}
			join_all(sending).await;
		}
		Ok(())
	}

	/// Redeems one voucher. A failure is logged: the voucher is tried again later.
	async fn send(&self, owing: &Owing, fee: Balance) {
		let (channel, net) = (hex::encode(owing.offered.channel), owing.net());
		let sent = self.chain.submit(&self.signer, &call(owing), Urgency::Relaxed).await;
		if let Ok(included) = &sent {
			*self.fee.lock() = Some(included.fee);
		}
		match tolerate(sent.map(|_| ()).map_err(Into::into), &DONE) {
			Ok(()) => tracing::info!(target: TARGET, %channel, net, fee, "voucher redeemed"),
			Err(error) => tracing::warn!(target: TARGET, %channel, net, "the voucher is not redeemed: {error:#}"),
		}
	}
}

fn call(owing: &Owing) -> Call {
	let kept = &owing.offered.kept;
	Call::redeem_voucher(owing.offered.channel, kept.cumulative, kept.signature)
}
