//! Payment of a request: a channel to the server, and the amount of the next voucher.

use super::http::Address;
use anyhow::{bail, ensure, Context, Result};
use doin_chain::{Account, Call, Chain, Head, Signer, Urgency};
use doin_primitives::{
	channel::{ChannelId, Contract, Signature, Voucher, CHALLENGE_PHASES},
	views::ChannelView,
	Balance, BlockNumber, DomainId,
};
use doin_roles::{amount::Amount, keys::channel_key};
use doin_serve::{
	purse::{OwnChannel, Purse},
	voucher,
	wire::{hex, ChannelState},
};
use subxt_signer::sr25519::Keypair;

/// Lifetime of a channel that a request opens, in milliseconds: a week.
pub const LIFETIME_MS: u64 = 7 * 86_400_000;

/// Client that pays.
pub struct Payer<'a> {
	/// The chain.
	pub chain: &'a Chain,
	/// Signs calls.
	pub signer: &'a Signer,
	/// Key from which those of channels are derived.
	pub key: &'a Keypair,
	/// Channels and vouchers of the client.
	pub purse: &'a Purse,
}

/// A channel that pays a server.
#[derive(Clone, Debug)]
pub struct Paying {
	/// The channel on the chain.
	pub view: ChannelView<Account>,
	/// The channel in the purse.
	pub own: OwnChannel,
	/// It was opened or topped up just now, so the node of the server may not know it yet.
	pub is_fresh: bool,
}

impl Paying {
	/// Returns what names the channel.
	pub fn contract(&self) -> Contract<Account> {
		let ChannelView { payer, payee, key, counter, .. } = &self.view;
		Contract { payer: *payer, payee: *payee, key: *key, counter: *counter }
	}
}

/// Returns `true` if a channel can pay `payee` from block `block` on.
fn is_usable(view: &ChannelView<Account>, payee: Account, block: BlockNumber, challenge: BlockNumber) -> bool {
	// A margin, since the server may know a later block.
	let least = block.saturating_add(challenge).saturating_add(challenge / 4).saturating_add(2);
	view.payee == payee && !view.closing && view.expires > least
}

/// Returns the amount of a voucher for a request of this price, where the server has taken `taken` plancks. A voucher that was signed for as
/// much before is not a larger risk.
fn next_amount(view: &ChannelView<Account>, taken: Balance, price: Balance) -> Balance {
	taken.max(view.paid).saturating_add(price)
}

impl Payer<'_> {
	/// Returns a channel that can pay `price` plancks to the server of `offered` for `domain`: one of the purse, topped up by `deposit` if it
	/// has too little left, or a new one with that deposit. Waits until it is finalized.
	///
	/// # Errors
	///
	/// Errors if a call fails, and if node, purse or server cannot be read.
	pub async fn channel(
		&self,
		payee: Account,
		server: &Address,
		domain: DomainId,
		price: Balance,
		deposit: Balance,
	) -> Result<(Paying, Balance)> {
		let block = self.chain.finalized().await?;
		let challenge = challenge_of(self.chain, block).await?;
		for own in self.purse.channels()?.into_iter().rev().filter(|own| own.payer == self.signer.account().0) {
			let Some(view) = self.chain.channel(block, own.channel).await? else { continue };
			if !is_usable(&view, payee, block.number, challenge) {
				continue;
			}
			let paying = Paying { view, own, is_fresh: false };
			let amount = next_amount(&paying.view, self.taken(&paying, server).await?, price);
			if amount <= paying.view.deposit {
				return Ok((paying, amount));
			}
			let view = self.top_up(&paying, deposit.max(amount.saturating_sub(paying.view.deposit))).await?;
			return Ok((Paying { view, own, is_fresh: true }, amount));
		}
		let paying = self.open(payee, deposit.max(price), lifetime(self.chain, block, LIFETIME_MS).await?, Some(domain)).await?;
		let amount = next_amount(&paying.view, 0, price);
		Ok((paying, amount))
	}

	/// Returns the amount that the server has taken, as its newest voucher proves. A purse that was lost learns it again.
	async fn taken(&self, paying: &Paying, server: &Address) -> Result<Balance> {
		let state: ChannelState = server.get(&format!("/channel/{}", hex(&paying.own.channel))).await?;
		let Some((Voucher { channel, cumulative }, signature)) = state.voucher.map(|text| text.parsed()).transpose()? else {
			return Ok(0);
		};
		let is_own = channel == paying.own.channel && voucher::verify(channel, cumulative, &signature, &paying.view.key);
		ensure!(
			is_own,
			"{server} shows a voucher that the key of the channel has not signed: choose another server with --server"
		);
		self.note(&paying.own, cumulative)?;
		Ok(cumulative)
	}

	/// Notes in the purse that a voucher for `amount` is signed, unless as much is noted.
	fn note(&self, own: &OwnChannel, amount: Balance) -> Result<()> {
		let known = self.purse.channel(&own.channel)?.context("the channel is not in the purse any more")?;
		if known.cumulative < amount {
			let is_noted = self.purse.raise(&own.channel, known.cumulative, amount)?;
			ensure!(is_noted, "another process pays with this channel at the same time: start one client per purse");
		}
		Ok(())
	}

	/// Signs a voucher, which is in the purse before that.
	///
	/// # Errors
	///
	/// Errors if the purse cannot be written, or if another process has signed for the channel meanwhile.
	pub fn sign(&self, paying: &Paying, amount: Balance) -> Result<(Voucher, Signature)> {
		self.note(&paying.own, amount)?;
		let voucher = Voucher { channel: paying.own.channel, cumulative: amount };
		Ok((voucher, channel_key(self.key, paying.own.number).sign(&voucher.signed_bytes()).0))
	}

	/// Opens a channel, and waits until it is finalized.
	///
	/// # Errors
	///
	/// Errors if the call fails.
	pub async fn open(
		&self,
		payee: Account,
		deposit: Balance,
		lifetime: BlockNumber,
		domain: Option<DomainId>,
	) -> Result<Paying> {
		let payer = self.signer.account();
		let number = self.purse.next_number(&payer.0)?;
		let key = channel_key(self.key, number).public_key().0;
		let call = Call::open_channel(payee, key, deposit, lifetime, domain);
		let included = self.chain.submit(self.signer, &call, Urgency::Relaxed).await?;
		let channel: ChannelId = included.expect("Channels", "Opened")?;
		let own = OwnChannel { channel, payer: payer.0, number, cumulative: 0 };
		self.purse.add(&own)?;
		let view = self.finalized(channel, included.block, |_| true).await?;
		Ok(Paying { view, own, is_fresh: true })
	}

	/// Adds to the deposit of a channel, and waits until that is finalized.
	async fn top_up(&self, paying: &Paying, amount: Balance) -> Result<ChannelView<Account>> {
		let call = Call::top_up_channel(paying.own.channel, amount, None);
		let included = self.chain.submit(self.signer, &call, Urgency::Relaxed).await?;
		let least = paying.view.deposit.saturating_add(amount);
		self.finalized(paying.own.channel, included.block, |view| view.deposit >= least).await
	}

	/// Waits until a finalized block has a channel as it should be.
	async fn finalized(
		&self,
		channel: ChannelId,
		included: Head,
		is_wanted: impl Fn(&ChannelView<Account>) -> bool,
	) -> Result<ChannelView<Account>> {
		let mut head = self.chain.head();
		loop {
			let block = self.chain.finalized().await?;
			if let Some(view) = self.chain.channel(block, channel).await?.filter(&is_wanted) {
				return Ok(view);
			}
			if block.number > included.number.saturating_add(1_000) {
				bail!("block {} with the channel is not on the chain any more: repeat the command", included.number);
			}
			head = self.chain.next_head(head).await;
		}
	}
}

/// Returns the blocks of the challenge of a channel.
///
/// # Errors
///
/// Errors if the node cannot be read.
pub async fn challenge_of(chain: &Chain, at: Head) -> Result<BlockNumber> {
	Ok(chain.round_params(at).await?.challenge.saturating_mul(CHALLENGE_PHASES))
}

/// Returns a time in blocks.
///
/// # Errors
///
/// Errors if the node cannot be read.
pub async fn lifetime(chain: &Chain, at: Head, ms: u64) -> Result<BlockNumber> {
	let blocks = ms / chain.slot_ms(at).await?.max(1);
	Ok(BlockNumber::try_from(blocks).unwrap_or(BlockNumber::MAX))
}

/// Checks that a price is not above what the user pays at most.
///
/// # Errors
///
/// Errors with both amounts.
pub fn check_price(price: Balance, most: Amount) -> Result<()> {
	ensure!(
		price <= most.0,
		"the server takes {:#} for the answer, and it may cost {most:#} at most: raise --max-price, or wait for a cheaper offer. Nothing was \
		 sent",
		Amount(price)
	);
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_primitives::DOIN;

	fn view() -> ChannelView<Account> {
		ChannelView {
			id: [7; 32],
			payer: Account([1; 32]),
			payee: Account([2; 32]),
			key: [3; 32],
			counter: 4,
			deposit: 10 * DOIN,
			paid: DOIN,
			expires: 1_000,
			ends: 1_030,
			closing: false,
			domain: Some(0),
		}
	}

	#[test]
	fn a_channel_is_used_while_the_server_takes_its_vouchers() {
		let payee = Account([2; 32]);
		assert!(is_usable(&view(), payee, 900, 40));
		assert!(!is_usable(&view(), payee, 950, 40), "it expires within a challenge");
		assert!(!is_usable(&view(), Account([9; 32]), 900, 40));
		assert!(!is_usable(&ChannelView { closing: true, ..view() }, payee, 900, 40));
	}

	#[test]
	fn a_voucher_follows_what_the_server_and_the_chain_have_taken() {
		assert_eq!(next_amount(&view(), 0, 5), DOIN + 5);
		assert_eq!(next_amount(&view(), 3 * DOIN, 5), 3 * DOIN + 5);
	}

	#[test]
	fn a_price_above_the_limit_is_not_paid() {
		assert!(check_price(5, Amount(5)).is_ok());
		let error = check_price(6, Amount(5)).unwrap_err().to_string();
		assert!(error.contains("--max-price") && error.contains("Nothing was sent"), "{error}");
	}
}
