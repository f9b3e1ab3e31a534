//! DOIN's own pallets, and the traits that tie them together.

use crate::{configs::staking::GeneratorPot, configs::system::*, judge::Recomputer, *};
use doin_primitives::{emission::INITIAL_REWARD, SizeClass, DOIN};
use doin_primitives_frame::{Electorate, Entropy, Judge, Timing as _};
use frame_support::{
	parameter_types,
	traits::{ConstU32, Get},
	weights::Weight,
};

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

impl pallet_doin_timing::Config for Runtime {}

/// A number of milliseconds in blocks.
pub struct Blocks<const MS: u64>;
impl<const MS: u64> Get<BlockNumber> for Blocks<MS> {
	fn get() -> BlockNumber {
		Timing::blocks(MS)
	}
}

/// Hash of block 0.
pub struct GenesisHash;
impl Get<doin_primitives::Hash> for GenesisHash {
	fn get() -> doin_primitives::Hash {
		System::block_hash(0).into()
	}
}

/// The VRF output of the parent block.
pub struct ParentVrf;
impl Entropy for ParentVrf {
	fn parent_vrf() -> Option<doin_primitives::Hash> {
		pallet_babe::AuthorVrfRandomness::<Runtime>::get()
	}
}

/// Validators of this session with the stake behind them in the active era.
pub struct ActiveStake;
impl Electorate<AccountId> for ActiveStake {
	fn stakes() -> Vec<(AccountId, Balance)> {
		let era = pallet_staking::ActiveEra::<Runtime>::get().map_or(0, |era| era.index);
		Session::validators()
			.into_iter()
			.map(|validator| {
				let stake =
					pallet_staking::ErasStakersOverview::<Runtime>::get(era, &validator).map_or(0, |overview| overview.total);
				(validator, stake)
			})
			.collect()
	}

	fn is_voter(who: &AccountId) -> bool {
		Session::validators().contains(who)
	}
}

/// Index of the current session.
pub struct SessionIndex;
impl Get<u32> for SessionIndex {
	fn get() -> u32 {
		Session::current_index()
	}
}

parameter_types! {
	/// Prices one of 64 places on the ballot.
	pub const NominationDeposit: Balance = 100 * DOIN;
	pub const BallotDeposit: Balance = deposit(1, 340);
}

impl pallet_doin_gauge::Config for Runtime {
	type BallotDeposit = BallotDeposit;
	type Currency = Balances;
	type Electorate = ActiveStake;
	type MaxVoters = ConstU32<{ crate::configs::consensus::MAX_AUTHORITIES }>;
	type NominationDeposit = NominationDeposit;
	/// Sessions in which a nominated domain may weigh nothing before anybody may take it off the ballot.
	type NominationSessions = ConstU32<84>;
	type OnWeighed = Domains;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SessionIndex = SessionIndex;
	type Votable = Domains;
	type WeightInfo = pallet_doin_gauge::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::World;
}

impl pallet_doin_reputation::Config for Runtime {
	type HalfLife = Blocks<{ 7 * DAY_MS }>;
	type WeightInfo = pallet_doin_reputation::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// R/1 000: sixteen tries cost more than luck brings.
	pub const SeatFee: Balance = INITIAL_REWARD / 1_000;
	pub const ByteHold: Balance = BYTE_DEPOSIT;
}

/// Weight of an evaluator's dearer call, which prices seats.
pub struct AnswerWeight;
impl Get<Weight> for AnswerWeight {
	fn get() -> Weight {
		use pallet_doin_quorum::weights::WeightInfo;
		pallet_doin_quorum::weights::SubstrateWeight::<Runtime>::reveal_sums()
	}
}

/// Weight of a settlement of the small class, which its caller is reimbursed for.
pub struct SettleWeight;
impl Get<Weight> for SettleWeight {
	fn get() -> Weight {
		use pallet_doin_optimae::{types::SETTLED_CHUNKS, weights::WeightInfo as _};
		use pallet_doin_quorum::weights::WeightInfo as _;
		pallet_doin_quorum::weights::SubstrateWeight::<Runtime>::settle()
			.saturating_add(pallet_doin_optimae::weights::SubstrateWeight::<Runtime>::verdict())
			.saturating_add(Recomputer::weight(SizeClass::Small).saturating_mul(SETTLED_CHUNKS))
	}
}

impl pallet_doin_optimae::Config for Runtime {
	/// Sums of a typical round: four models of 32 chunks with the signature around them.
	type AnswerLen = ConstU32<800>;
	type AnswerWeight = AnswerWeight;
	type BaseFee = FeeMarket;
	type ByteHold = ByteHold;
	type Currency = Balances;
	type Domains = Domains;
	type Gauge = Gauge;
	type GenesisHash = GenesisHash;
	type HoldFactor = ConstU32<5>;
	type Judge = Recomputer;
	type Recompute = Quorum;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SeatFee = SeatFee;
	type SettleLen = ConstU32<160>;
	type SettleWeight = SettleWeight;
	type Timing = Timing;
	type WeightInfo = pallet_doin_optimae::weights::SubstrateWeight<Runtime>;
	type Work = Work;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::World;
}

parameter_types! {
	/// Burned by a registration, so that domains are not registered for the sake of it.
	pub const RegistrationFee: Balance = 10 * DOIN;
	pub const DomainDeposit: Balance = 10 * DOIN;
	pub const DomainByteDeposit: Balance = BYTE_DEPOSIT;
	/// Above the existential deposit, so that a bounty can always be paid out.
	pub const MinBounty: Balance = DOIN;
}

impl pallet_doin_domains::Config for Runtime {
	type BaseDeposit = DomainDeposit;
	type ByteDeposit = DomainByteDeposit;
	type Currency = Balances;
	type Gauge = Gauge;
	type MinBounty = MinBounty;
	type RegistrationFee = RegistrationFee;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WeightInfo = pallet_doin_domains::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// Eight times R: what a lie can win in a round is less than what it costs.
	pub const MinBond: Balance = 8 * INITIAL_REWARD;
	pub const DisputeBond: Balance = DOIN;
}

impl pallet_doin_quorum::Config for Runtime {
	type Currency = Balances;
	type DisputeBond = DisputeBond;
	type Entropy = ParentVrf;
	type Gauge = Gauge;
	type GenesisHash = GenesisHash;
	type Handler = Optimae;
	type Judge = Recomputer;
	type MinBond = MinBond;
	type Reputation = Reputation;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Timing = Timing;
	type WeightInfo = pallet_doin_quorum::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::World;
}

impl pallet_doin_work::Config for Runtime {
	type Currency = Balances;
	type PotId = GeneratorPot;
	type TargetSpacing = pallet_doin_timing::TargetSpacingBlocks<Runtime>;
	type WeightInfo = pallet_doin_work::weights::SubstrateWeight<Runtime>;
}
