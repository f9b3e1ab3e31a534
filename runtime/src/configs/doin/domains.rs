//! Registration of domains.

use crate::{
	configs::{governance::EndVotes, system::BYTE_DEPOSIT},
	*,
};
use doin_primitives::{DomainId, DOIN};
use doin_traits::UndecidedRounds;
use frame_support::parameter_types;

/// Rounds of `Optimae` that have no verdict yet.
pub struct PendingRounds;
impl UndecidedRounds for PendingRounds {
	fn earliest(domain: DomainId) -> Option<u32> {
		pallet_doin_optimae::Pending::<Runtime>::get(domain).first().copied()
	}
}

parameter_types! {
	/// Fee of a registration: 10 DOIN, burned, so that identifiers are not registered in bulk.
	pub const RegistrationFee: Balance = 10 * DOIN;
	/// Deposit of a registered domain: 10 DOIN beside [`DomainByteDeposit`]. Refunded when the domain is retired.
	pub const DomainDeposit: Balance = 10 * DOIN;
	/// Deposit per byte of a domain's record, data and initial champion: 0.0001 DOIN. Refunded when the domain is retired.
	pub const DomainByteDeposit: Balance = BYTE_DEPOSIT;
	/// Smallest addition to a bounty: 1 DOIN. Above the existential deposit, so that a bounty can always be paid.
	pub const MinBounty: Balance = DOIN;
}

impl pallet_doin_domains::Config for Runtime {
	type BaseDeposit = DomainDeposit;
	type ByteDeposit = DomainByteDeposit;
	type Currency = Balances;
	type DomainWeights = Gauge;
	type Evidence = Evidence;
	type MinBounty = MinBounty;
	type OnCrowned = Inference;
	type RegistrationFee = RegistrationFee;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Timing = Timing;
	type UndecidedRounds = PendingRounds;
	type Votes = EndVotes;
	type WeightInfo = pallet_doin_domains::weights::SubstrateWeight<Runtime>;
}
