//! Types that the pallet stores or shows in events.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	draw, Balance, BlockNumber, DomainId, SizeClass,
};
use scale_info::TypeInfo;

/// Most unweighted domains that one evaluator serves.
pub const MAX_SERVED: u32 = 8;

/// A list of evaluators that quorums are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Roster {
	/// Every evaluator of a size class. Serves the weighted domains of the class.
	#[codec(index = 0)]
	Class(SizeClass),
	/// Evaluators that chose to serve a domain. Serves the domain while it has no weight.
	#[codec(index = 1)]
	Domain(DomainId),
}

/// Size of a roster and the sums that a draw picks a chunk by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct RosterIndex {
	/// Number of seats.
	pub len: u32,
	/// Sum of the bonds in each chunk of seats, in plancks.
	pub sums: BoundedVec<Balance, ConstU32<{ draw::MAX_CHUNKS }>>,
}

/// One seat of a roster.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Seat<AccountId> {
	/// Evaluator that has the seat.
	pub who: AccountId,
	/// Bond of the evaluator, in plancks. A draw picks seats in proportion to it.
	pub bond: Balance,
}

/// One chunk of a roster's seats.
pub type SeatChunk<AccountId> = BoundedVec<Seat<AccountId>, ConstU32<{ draw::CHUNK }>>;

/// Record of a bonded evaluator.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct EvaluatorRecord {
	/// Amount on hold, in plancks.
	pub bond: Balance,
	/// Size class whose weighted domains the evaluator serves.
	pub class: SizeClass,
	/// Unweighted domains that the evaluator serves.
	pub serving: BoundedVec<DomainId, ConstU32<MAX_SERVED>>,
	/// Absences in a row since the last answer.
	pub absences: u8,
	/// First block in which the bond can be withdrawn, once the evaluator has unbonded.
	pub withdrawable: Option<BlockNumber>,
}

impl EvaluatorRecord {
	/// Returns every roster that the evaluator has a seat on while it is active.
	pub fn rosters(&self) -> impl Iterator<Item = Roster> + '_ {
		core::iter::once(Roster::Class(self.class)).chain(self.serving.iter().copied().map(Roster::Domain))
	}

	/// Returns `true` if the evaluator has unbonded.
	pub fn is_unbonding(&self) -> bool {
		self.withdrawable.is_some()
	}
}

/// Reason for which a part of a bond was slashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Offence {
	/// The evaluator was drawn and did not answer.
	#[codec(index = 0)]
	Absence,
	/// The evaluator answered with a false sum.
	#[codec(index = 1)]
	FalseAnswer,
	/// Two or more evaluators, and at least a third of the quorum, answered with the same false sums.
	#[codec(index = 2)]
	Collusion,
}
