//! Nominated proof of stake, paid from the generators' share of work blocks.

use crate::*;
use doin_primitives_frame::EraShare;
use frame_election_provider_support::{
	bounds::{ElectionBounds, ElectionBoundsBuilder},
	onchain, SequentialPhragmen,
};
use frame_support::{
	parameter_types,
	traits::{ConstBool, ConstU32, Nothing},
	PalletId,
};
use sp_runtime::Perbill;

parameter_types! {
	/// An era is six epochs.
	pub const SessionsPerEra: u32 = 6;
	/// Eras before unbonded stake is free; longer than any equivocation can stay unreported.
	pub const BondingDuration: u32 = 28;
	/// There is no root that could cancel a slash, so slashes apply at once.
	pub const SlashDeferDuration: u32 = 0;
	pub const HistoryDepth: u32 = 84;
	pub const MaxWinners: u32 = crate::configs::consensus::MAX_AUTHORITIES;
	pub const MaxExposurePageSize: u32 = 64;
	// More than the validators that may ever ask for a place (`MAX_TARGETS`), because an election that has to leave out a target fails.
	pub ElectionLimits: ElectionBounds =
		ElectionBoundsBuilder::default().voters_count(1_000.into()).targets_count((2 * MAX_TARGETS).into()).build();
	/// The account that holds the generators' share until eras pay it out.
	pub const GeneratorPot: PalletId = PalletId(*b"doin/gen");
	/// One bag: with at most a thousand voters all of them are counted, in whatever order.
	pub const BagThresholds: &'static [u64] = &[];
}

/// Accounts that may ask for a validator's place at a time; genesis sets it as staking's `MaxValidatorsCount`.
pub const MAX_TARGETS: u32 = 200;
/// Accounts that may nominate at a time.
pub const MAX_NOMINATING: u32 = 1_000 - MAX_TARGETS;

/// On-chain election: bounded, and small enough for a hundred validators.
pub struct OnChainElection;
impl onchain::Config for OnChainElection {
	type Bounds = ElectionLimits;
	type DataProvider = Staking;
	type MaxBackersPerWinner = ConstU32<1_000>;
	type MaxWinnersPerPage = MaxWinners;
	type Solver = SequentialPhragmen<AccountId, Perbill>;
	type Sort = ConstBool<true>;
	type System = Runtime;
	type WeightInfo = frame_election_provider_support::weights::SubstrateWeight<Runtime>;
}

/// An era pays what work blocks accrued for generators since the last one, and nothing else.
pub struct PayFromWork;
impl sp_staking::EraPayout<Balance> for PayFromWork {
	fn era_payout(_staked: Balance, _issuance: Balance, _millis: u64) -> (Balance, Balance) {
		(Work::take(), 0)
	}
}

/// Benchmarks set up no more validators and nominators than a session may have.
pub struct StakingBenchmarks;
impl pallet_staking::BenchmarkingConfig for StakingBenchmarks {
	type MaxNominators = ConstU32<1_000>;
	type MaxValidators = ConstU32<100>;
}

impl pallet_staking::Config for Runtime {
	type AdminOrigin = frame_system::EnsureRoot<AccountId>;
	type BenchmarkingConfig = StakingBenchmarks;
	type BondingDuration = BondingDuration;
	type Currency = Balances;
	type CurrencyBalance = Balance;
	type CurrencyToVote = sp_staking::currency_to_vote::U128CurrencyToVote;
	type ElectionProvider = onchain::OnChainExecution<OnChainElection>;
	type EraPayout = PayFromWork;
	type EventListeners = ();
	type Filter = Nothing;
	type GenesisElectionProvider = onchain::OnChainExecution<OnChainElection>;
	type HistoryDepth = HistoryDepth;
	type MaxControllersInDeprecationBatch = ConstU32<1>;
	type MaxExposurePageSize = MaxExposurePageSize;
	type MaxUnlockingChunks = ConstU32<32>;
	type MaxValidatorSet = MaxWinners;
	type NextNewSession = Session;
	type NominationsQuota = pallet_staking::FixedNominationsQuota<16>;
	type OldCurrency = Balances;
	type Reward = pallet_doin_work::SettleFromPot<Runtime>;
	type RewardRemainder = ();
	type RuntimeEvent = RuntimeEvent;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SessionInterface = Self;
	type SessionsPerEra = SessionsPerEra;
	// Slashed stake is burned.
	type Slash = ();
	type SlashDeferDuration = SlashDeferDuration;
	type TargetList = pallet_staking::UseValidatorsMap<Self>;
	type UnixTime = Timestamp;
	type VoterList = VoterList;
	type WeightInfo = pallet_staking::weights::SubstrateWeight<Runtime>;
}

impl pallet_bags_list::Config<pallet_bags_list::Instance1> for Runtime {
	type BagThresholds = BagThresholds;
	type MaxAutoRebagPerBlock = ConstU32<0>;
	type RuntimeEvent = RuntimeEvent;
	type Score = frame_election_provider_support::VoteWeight;
	type ScoreProvider = Staking;
	type WeightInfo = pallet_bags_list::weights::SubstrateWeight<Runtime>;
}
