//! Stored types, and the parameters of accusations.

use alloc::boxed::Box;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	channel::{Contract, Key, Signature},
	inference::{AccusedModel, CrownedList, Endpoint, Input, Output, Pairs, Receipt, MAX_OFFERS},
	Balance, BlockNumber, Hash,
};
use doin_scoring::Program;
use scale_info::TypeInfo;

/// Offer of one server for one domain, from its first bond to the release of it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Offer {
	/// Key that signs receipts. It never changes: a receipt of another key could not be accused.
	pub key: Key,
	/// Price of one window, in plancks.
	pub price: Balance,
	/// Address of the server.
	pub endpoint: Endpoint,
	/// Amount on hold, in plancks.
	pub bond: Balance,
	/// Block of the first bond.
	pub since: BlockNumber,
	/// First block in which the bond can be released; `None` while the offer is listed.
	pub leaves: Option<BlockNumber>,
	/// `true` once a half of the bond was slashed.
	pub is_halved: bool,
}

/// Place of an offer in the list of its domain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Place<AccountId> {
	/// Account of the server.
	pub who: AccountId,
	/// Its bond, in plancks.
	pub bond: Balance,
}

/// Listed offers of a domain.
pub type PlaceList<AccountId> = BoundedVec<Place<AccountId>, ConstU32<MAX_OFFERS>>;

/// Domain with bonds of servers: what their receipts are compared with, also when it is retired.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct ServedDomain {
	/// Program of its models.
	pub program: Program,
	/// Champions of the claim window, oldest first.
	pub champions: CrownedList,
	/// Number of bonds, of listed offers and of those that have left.
	pub bonds: u32,
}

/// Proof that a server has signed a lie.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Accusation<AccountId> {
	/// The receipt.
	pub receipt: Receipt,
	/// Signature of the server.
	pub signature: Signature,
	/// Contract of the channel of the receipt; `None` for a receipt without one. Its payer is compensated, also when the channel is
	/// closed.
	pub contract: Option<Contract<AccountId>>,
	/// The lie.
	pub claim: Claim,
}

/// Lie of a receipt, with what proves it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Claim {
	/// The model was not the champion in the block of the receipt.
	#[codec(index = 0)]
	Model,
	/// The champion computes another output for a window.
	#[codec(index = 1)]
	Output(Box<Window>),
}

/// One window of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Window {
	/// Pairs of all windows of the receipt.
	pub pairs: Pairs,
	/// Index of the window among them.
	pub index: u16,
	/// Nonce of the window.
	pub nonce: Hash,
	/// Its input.
	pub input: Input,
	/// Output that the server has stated.
	pub output: Output,
	/// Encoded champion; `None` where the chain stores it.
	pub model: Option<AccusedModel>,
}
