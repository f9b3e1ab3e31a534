//! Types that the pallet stores or shows in events.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::{
	bounded_collections::{BoundedVec, ConstU32},
	draw, Balance, BlockNumber, DomainId, SizeClass, MILLION,
};
use scale_info::TypeInfo;

/// Most unweighted domains that one evaluator serves.
pub const MAX_SERVED: u32 = 8;
/// Most seats of a roster that larger bonds can take within one period of the rounds.
pub const MAX_DISPLACED: u32 = 64;
/// Part of the smallest bond of a full roster by which a bond has to exceed it to take its seat, in parts per million. An
/// operator that holds every seat could otherwise outbid its own seats by a planck, as often as [`MAX_DISPLACED`] permits, and so
/// keep all other accounts out for the fees alone.
pub const OUTBID_PPM: u32 = 100_000;

/// Returns the smallest bond that takes the seat of a bond of `smallest` on a full roster, in plancks.
pub fn least_bid(smallest: Balance) -> Balance {
	smallest.saturating_add(smallest.saturating_mul(OUTBID_PPM.into()).div_ceil(MILLION.into()))
}

/// A list of evaluators that quorums are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Roster {
	/// Every evaluator of a size class or of a larger one. Serves the weighted domains of the class.
	#[codec(index = 0)]
	Class(SizeClass),
	/// Evaluators that chose to serve a domain. Serves the domain while it has no weight.
	#[codec(index = 1)]
	Domain(DomainId),
}

/// One seat of a roster.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Seat<AccountId> {
	/// Evaluator that has the seat.
	pub who: AccountId,
	/// Bond of the evaluator, in plancks. A draw picks seats in proportion to it.
	pub bond: Balance,
	/// Block in which the seat was taken, or in which its bond was last raised. Draws that were scheduled in this block or
	/// earlier do not pick the seat.
	pub since: BlockNumber,
}

/// A seat that a larger bond has taken. Draws that were scheduled while it stood still pick it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct DisplacedSeat<AccountId> {
	/// The seat as it was.
	pub seat: Seat<AccountId>,
	/// Block in which the seat was taken.
	pub left: BlockNumber,
}

/// Seats of one roster that larger bonds have taken within the last period.
pub type DisplacedSeats<AccountId> = BoundedVec<DisplacedSeat<AccountId>, ConstU32<MAX_DISPLACED>>;

/// One chunk of a roster's seats.
pub type SeatChunk<AccountId> = BoundedVec<Seat<AccountId>, ConstU32<{ draw::CHUNK }>>;

/// Record of a bonded evaluator.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct EvaluatorRecord {
	/// Amount on hold, in plancks.
	pub bond: Balance,
	/// Largest size class whose weighted domains the evaluator serves.
	pub class: SizeClass,
	/// Unweighted domains that the evaluator serves.
	pub serving: BoundedVec<DomainId, ConstU32<MAX_SERVED>>,
	/// Counted absences in a row since the last answer for a weighted domain.
	pub absences: u8,
	/// Block of the last absence that was slashed.
	pub last_absence: Option<BlockNumber>,
	/// Block of the last absence that was slashed and counted.
	pub last_counted: Option<BlockNumber>,
	/// First block in which the bond can be withdrawn, once the evaluator has unbonded.
	pub withdrawable: Option<BlockNumber>,
}

impl EvaluatorRecord {
	/// Creates the record of an evaluator of `class` with `bond` plancks on hold.
	pub fn new(bond: Balance, class: SizeClass) -> Self {
		let serving = BoundedVec::new();
		Self { bond, class, serving, absences: 0, last_absence: None, last_counted: None, withdrawable: None }
	}

	/// Returns every roster that the evaluator can have a seat on while it is active: those of its size class and of the smaller
	/// ones, its own first, then those of the domains that it serves.
	pub fn rosters(&self) -> impl Iterator<Item = Roster> + '_ {
		let classes = [SizeClass::Huge, SizeClass::Large, SizeClass::Small].into_iter().filter(|class| *class <= self.class);
		classes.map(Roster::Class).chain(self.serving.iter().copied().map(Roster::Domain))
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
	/// The answer of the evaluator did not agree with the median of its quorum, in a domain whose sums the runtime cannot compute.
	#[codec(index = 3)]
	Deviation,
}
