//! Vouchers: which ones a server takes. Pure: facts of a channel and the last voucher in, a decision out.
//!
//! ```text
//!   take ──▶ reserved ── journal ──▶ settle(written) ──▶ durable
//!                            └──────▶ settle(failed)  ──▶ back to the durable one, once nothing is in flight
//! ```
//!
//! A voucher is reserved before it is journalled, so no second request can show it meanwhile. One that was journalled answers the request
//! that it came with once more: a client that did not receive its answer asks again, and pays once.

use doin_chain::Account;
use doin_primitives::{
	channel::{ChannelId, Key, Signature, Voucher},
	views::ChannelView,
	Balance, BlockNumber, Hash,
};
use std::collections::HashMap;
use subxt_signer::sr25519;

/// Channels that a book has in memory at most. Others are read again from the journal of vouchers.
const MOST: usize = 8_192;

/// Facts of a channel in a finalized block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
	/// Account that is paid.
	pub payee: Account,
	/// Key that signs vouchers.
	pub key: Key,
	/// Amount that the channel can pay in all, in plancks.
	pub deposit: Balance,
	/// Amount that it has paid on the chain, in plancks.
	pub paid: Balance,
	/// First block in which it cannot be topped up.
	pub expires: BlockNumber,
	/// First block in which any account can finish it.
	pub ends: BlockNumber,
	/// `true` once the payer has closed it.
	pub closing: bool,
}

impl From<&ChannelView<Account>> for Facts {
	fn from(view: &ChannelView<Account>) -> Self {
		Self {
			payee: view.payee,
			key: view.key,
			deposit: view.deposit,
			paid: view.paid,
			expires: view.expires,
			ends: view.ends,
			closing: view.closing,
		}
	}
}

/// Terms on which a server takes vouchers at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
	/// Account of the server.
	pub payee: Account,
	/// Last finalized block.
	pub block: BlockNumber,
	/// Blocks of the challenge of a channel.
	pub challenge: BlockNumber,
	/// Price of the request, in plancks.
	pub price: Balance,
}

/// A voucher with the request that it pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offered {
	/// The channel.
	pub channel: ChannelId,
	/// Amount that the voucher pays in all, and its signature.
	pub kept: Kept,
}

/// Newest voucher of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
	/// Amount that the channel pays in all, in plancks.
	pub cumulative: Balance,
	/// Signature of the key of the channel.
	pub signature: Signature,
	/// Digest of the request that it pays for.
	pub request: Hash,
}

/// Reason for which a voucher is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
	/// The channel pays another account.
	#[error("the channel pays {payee}, and this server is another account")]
	OtherPayee {
		/// Account that it pays.
		payee: Account,
	},
	/// The key of the channel has not signed the voucher.
	#[error("the signature is not that of the key of the channel for this amount")]
	BadSignature,
	/// The payer has closed the channel.
	#[error("the channel is closing")]
	Closing,
	/// The channel ends too early to be redeemed safely.
	#[error("the channel expires in block {expires}, within a challenge of {challenge} blocks")]
	Expires {
		/// Block of its expiry.
		expires: BlockNumber,
		/// Blocks of a challenge.
		challenge: BlockNumber,
	},
	/// The voucher does not exceed the last one by the price.
	#[error("the voucher pays {offered} plancks in all, and this request needs {least} at least")]
	TooLow {
		/// Amount of the voucher.
		offered: Balance,
		/// Least amount that pays for the request.
		least: Balance,
	},
	/// The voucher exceeds the deposit.
	#[error("the voucher pays {offered} plancks in all, and the finalized deposit of the channel is {deposit}")]
	AboveDeposit {
		/// Amount of the voucher.
		offered: Balance,
		/// Finalized deposit.
		deposit: Balance,
	},
	/// Another request with this voucher is being answered.
	#[error("this voucher is being journalled for another request")]
	InFlight,
}

impl Fault {
	/// Returns the next step of the client.
	pub fn next(&self) -> &'static str {
		match self {
			Self::OtherPayee { .. } => "open a channel to the account that GET /price names",
			Self::BadSignature => "sign `<Bytes>doin voucher`, channel and amount with the key of the channel",
			Self::Closing => "open another channel",
			Self::Expires { .. } => "extend the channel with `top_up`, or open another one",
			Self::TooLow { .. } => "sign a larger amount; GET /channel/ID has the last one that this server took",
			Self::AboveDeposit { .. } => "top the channel up, and ask again once that is finalized",
			Self::InFlight => "wait for the answer of the other request, or sign a larger amount",
		}
	}
}

/// Effect of a voucher that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
	/// It is reserved, and has to be journalled and settled before the answer.
	New,
	/// It has paid for the same request before: the request is answered again.
	Repeated,
}

/// State of one channel.
#[derive(Clone, Copy, Debug)]
struct Entry {
	/// Largest amount of a voucher that is journalled or in flight, in plancks.
	reserved: Balance,
	/// Newest journalled voucher.
	durable: Option<Kept>,
	/// Vouchers that are being journalled.
	in_flight: u32,
}

/// Newest vouchers of all channels that have paid lately.
#[derive(Debug, Default)]
pub struct Book {
	entries: HashMap<ChannelId, Entry>,
}

impl Book {
	/// Returns `true` if the newest voucher of a channel is known, or that there is none.
	pub fn is_loaded(&self, channel: &ChannelId) -> bool {
		self.entries.contains_key(channel)
	}

	/// Adds what the journal has of a channel, unless it was added before. Forgets channels that nothing is in flight of when there are too
	/// many.
	pub fn load(&mut self, channel: ChannelId, durable: Option<Kept>) {
		if self.entries.len() >= MOST && !self.entries.contains_key(&channel) {
			self.entries.retain(|_, entry| entry.in_flight > 0);
		}
		let reserved = durable.map_or(0, |kept| kept.cumulative);
		self.entries.entry(channel).or_insert(Entry { reserved, durable, in_flight: 0 });
	}

	/// Returns the newest journalled voucher of a channel.
	pub fn durable(&self, channel: &ChannelId) -> Option<Kept> {
		self.entries.get(channel).and_then(|entry| entry.durable)
	}

	/// Takes a voucher whose signature was [verified](verify), or returns why not.
	///
	/// # Errors
	///
	/// Errors with the first fault.
	pub fn take(&mut self, offered: &Offered, facts: &Facts, terms: &Terms) -> Result<Taken, Fault> {
		check_channel(facts, terms)?;
		let cumulative = offered.kept.cumulative;
		let entry = self.entries.entry(offered.channel).or_insert(Entry { reserved: 0, durable: None, in_flight: 0 });
		if let Some(durable) = entry.durable.filter(|durable| durable.cumulative == cumulative) {
			if durable.request == offered.kept.request {
				return Ok(Taken::Repeated);
			}
		} else if entry.in_flight > 0 && cumulative == entry.reserved {
			return Err(Fault::InFlight);
		}
		let least = entry.reserved.max(facts.paid).saturating_add(terms.price);
		if cumulative < least {
			return Err(Fault::TooLow { offered: cumulative, least });
		}
		if cumulative > facts.deposit {
			return Err(Fault::AboveDeposit { offered: cumulative, deposit: facts.deposit });
		}
		entry.reserved = cumulative;
		entry.in_flight = entry.in_flight.saturating_add(1);
		Ok(Taken::New)
	}

	/// Ends the reservation of a voucher: it was journalled, or could not be.
	pub fn settle(&mut self, offered: &Offered, is_journalled: bool) {
		let Some(entry) = self.entries.get_mut(&offered.channel) else { return };
		entry.in_flight = entry.in_flight.saturating_sub(1);
		let newest = entry.durable.map_or(0, |durable| durable.cumulative);
		if is_journalled && offered.kept.cumulative > newest {
			entry.durable = Some(offered.kept);
		}
		if entry.in_flight == 0 {
			entry.reserved = entry.durable.map_or(0, |durable| durable.cumulative);
		}
	}
}

/// Checks that a server can be paid by a channel.
///
/// # Errors
///
/// Errors if it pays another account, is closing, or expires within a challenge.
pub fn check_channel(facts: &Facts, terms: &Terms) -> Result<(), Fault> {
	if facts.payee != terms.payee {
		return Err(Fault::OtherPayee { payee: facts.payee });
	}
	if facts.closing {
		return Err(Fault::Closing);
	}
	if facts.expires <= terms.block.saturating_add(terms.challenge) {
		return Err(Fault::Expires { expires: facts.expires, challenge: terms.challenge });
	}
	Ok(())
}

/// Returns `true` if `key` has signed a voucher of `channel`.
pub fn verify(channel: ChannelId, cumulative: Balance, signature: &Signature, key: &Key) -> bool {
	let signed = Voucher { channel, cumulative }.signed_bytes();
	sr25519::verify(&sr25519::Signature(*signature), signed, &sr25519::PublicKey(*key))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;
	use subxt_signer::sr25519::dev;

	const ME: Account = Account([1; 32]);
	const CHANNEL: ChannelId = [7; 32];
	const PRICE: Balance = 10;

	fn facts() -> Facts {
		Facts { payee: ME, key: [0; 32], deposit: 1_000, paid: 0, expires: 1_000, ends: 1_600, closing: false }
	}

	fn terms() -> Terms {
		Terms { payee: ME, block: 100, challenge: 600, price: PRICE }
	}

	fn offered(cumulative: Balance, request: u8) -> Offered {
		Offered { channel: CHANNEL, kept: Kept { cumulative, signature: [0; 64], request: [request; 32] } }
	}

	fn taken(book: &mut Book, cumulative: Balance, request: u8) -> Result<Taken, Fault> {
		book.take(&offered(cumulative, request), &facts(), &terms())
	}

	/// Takes a voucher and journals it.
	fn paid(book: &mut Book, cumulative: Balance, request: u8) -> Result<Taken, Fault> {
		let taken = taken(book, cumulative, request)?;
		if taken == Taken::New {
			book.settle(&offered(cumulative, request), true);
		}
		Ok(taken)
	}

	#[test]
	fn a_voucher_exceeds_the_last_one_by_the_price() {
		let mut book = Book::default();
		assert_eq!(paid(&mut book, 9, 1), Err(Fault::TooLow { offered: 9, least: 10 }));
		assert_eq!(paid(&mut book, 10, 1), Ok(Taken::New));
		assert_eq!(paid(&mut book, 19, 2), Err(Fault::TooLow { offered: 19, least: 20 }));
		assert_eq!(paid(&mut book, 10, 2), Err(Fault::TooLow { offered: 10, least: 20 }), "no voucher pays twice");
		assert_eq!(paid(&mut book, 500, 2), Ok(Taken::New), "a client may pay more");
		assert_eq!(book.durable(&CHANNEL).map(|kept| kept.cumulative), Some(500));
	}

	#[test]
	fn what_the_chain_has_paid_is_not_paid_again() {
		let mut book = Book::default();
		let redeemed = Facts { paid: 400, ..facts() };
		let take = |book: &mut Book, cumulative| book.take(&offered(cumulative, 1), &redeemed, &terms());
		assert_eq!(take(&mut book, 400), Err(Fault::TooLow { offered: 400, least: 410 }));
		assert_eq!(take(&mut book, 410), Ok(Taken::New), "the journal of this server was lost");
	}

	#[test]
	fn a_voucher_above_the_finalized_deposit_is_refused() {
		let mut book = Book::default();
		assert_eq!(paid(&mut book, 1_001, 1), Err(Fault::AboveDeposit { offered: 1_001, deposit: 1_000 }));
		assert_eq!(paid(&mut book, 1_000, 1), Ok(Taken::New));
	}

	#[test]
	fn a_channel_of_another_payee_or_one_that_ends_is_refused() {
		let mut book = Book::default();
		let mut refused = |changed: Facts| book.take(&offered(10, 1), &changed, &terms()).unwrap_err();
		let other = Account([2; 32]);
		assert_eq!(refused(Facts { payee: other, ..facts() }), Fault::OtherPayee { payee: other });
		assert_eq!(refused(Facts { closing: true, ..facts() }), Fault::Closing);
		assert_eq!(refused(Facts { expires: 700, ..facts() }), Fault::Expires { expires: 700, challenge: 600 });
		assert!(book.take(&offered(10, 1), &Facts { expires: 701, ..facts() }, &terms()).is_ok());
	}

	#[test]
	fn the_request_of_a_journalled_voucher_is_answered_again() {
		let mut book = Book::default();
		assert_eq!(paid(&mut book, 10, 1), Ok(Taken::New));
		assert_eq!(paid(&mut book, 10, 1), Ok(Taken::Repeated), "its answer was lost");
		assert_eq!(paid(&mut book, 20, 2), Ok(Taken::New));
		assert_eq!(paid(&mut book, 10, 1), Err(Fault::TooLow { offered: 10, least: 30 }), "only the newest one is kept");
		// After a restart.
		let mut restarted = Book::default();
		restarted.load(CHANNEL, book.durable(&CHANNEL));
		assert_eq!(paid(&mut restarted, 20, 2), Ok(Taken::Repeated));
		assert_eq!(paid(&mut restarted, 29, 3), Err(Fault::TooLow { offered: 29, least: 30 }));
	}

	#[test]
	fn a_voucher_in_flight_pays_for_one_request() {
		let mut book = Book::default();
		assert_eq!(taken(&mut book, 10, 1), Ok(Taken::New));
		assert_eq!(taken(&mut book, 10, 1), Err(Fault::InFlight));
		assert_eq!(taken(&mut book, 10, 2), Err(Fault::InFlight));
		assert_eq!(taken(&mut book, 20, 2), Ok(Taken::New), "a client may send several requests at a time");
		book.settle(&offered(20, 2), true);
		book.settle(&offered(10, 1), true);
		assert_eq!(book.durable(&CHANNEL), Some(offered(20, 2).kept));
	}

	#[test]
	fn a_voucher_that_could_not_be_journalled_is_taken_again() {
		let mut book = Book::default();
		assert_eq!(taken(&mut book, 10, 1), Ok(Taken::New));
		book.settle(&offered(10, 1), false);
		assert_eq!((book.durable(&CHANNEL), taken(&mut book, 10, 1)), (None, Ok(Taken::New)), "the disk was full");
		// A second one is journalled although the first one was not.
		assert_eq!(taken(&mut book, 20, 2), Ok(Taken::New));
		book.settle(&offered(10, 1), false);
		assert_eq!(taken(&mut book, 20, 3), Err(Fault::InFlight));
		book.settle(&offered(20, 2), true);
		assert_eq!(taken(&mut book, 29, 3), Err(Fault::TooLow { offered: 29, least: 30 }));
	}

	#[test]
	fn a_forged_voucher_or_one_of_another_channel_is_not_verified() {
		let (alice, bob) = (dev::alice(), dev::bob());
		let sign = |pair: &sr25519::Keypair, channel, cumulative| pair.sign(&Voucher { channel, cumulative }.signed_bytes()).0;
		let key = alice.public_key().0;
		let own = sign(&alice, CHANNEL, 10);
		assert!(verify(CHANNEL, 10, &own, &key));
		assert!(!verify(CHANNEL, 11, &own, &key), "another amount");
		assert!(!verify([8; 32], 10, &own, &key), "another channel");
		assert!(!verify(CHANNEL, 10, &sign(&bob, CHANNEL, 10), &key), "another key");
		assert!(!verify(CHANNEL, 10, &[0; 64], &key) && !verify(CHANNEL, 10, &own, &[255; 32]));
	}

	#[test]
	fn memory_is_bounded_by_the_number_of_channels() {
		let mut book = Book::default();
		assert_eq!(taken(&mut book, 10, 1), Ok(Taken::New));
		for number in 0..2 * MOST as u64 {
			let mut channel = [0; 32];
			channel[..8].copy_from_slice(&number.to_le_bytes());
			book.load(channel, None);
		}
		assert!(book.entries.len() <= MOST);
		assert_eq!(taken(&mut book, 10, 1), Err(Fault::InFlight), "a voucher in flight is not forgotten");
	}

	proptest! {
		/// For any order of vouchers and failures, each price is paid once and the newest journalled amount never falls.
		#[test]
		fn every_answer_is_paid_once(steps in proptest::collection::vec((0..60u128, any::<bool>(), any::<bool>()), 1..60)) {
			let (mut book, mut waiting, mut newest, mut answers) = (Book::default(), Vec::new(), 0, 0u128);
			for (at, (cumulative, journals, settles)) in steps.into_iter().enumerate() {
				if taken(&mut book, cumulative, at as u8) == Ok(Taken::New) {
					waiting.push((offered(cumulative, at as u8), journals));
				}
				if settles {
					for (offered, journals) in waiting.drain(..) {
						book.settle(&offered, journals);
						answers += u128::from(journals);
					}
				}
				let now = book.durable(&CHANNEL).map_or(0, |kept| kept.cumulative);
				prop_assert!(now >= newest && answers * PRICE <= now);
				newest = now;
			}
		}
	}
}
