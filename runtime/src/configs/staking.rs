//! Nominated proof of stake, paid from the validators' share of work blocks.

use crate::*;
use doin_traits::EraShare;
use frame_election_provider_support::{
	bounds::{ElectionBounds, ElectionBoundsBuilder},
	onchain, SequentialPhragmen,
};
use frame_support::{
	parameter_types,
	traits::{ConstBool, ConstU32},
	PalletId,
};
use sp_runtime::Perbill;

parameter_types! {
	/// Sessions of an era.
	pub const SessionsPerEra: u32 = 6;
	/// Eras until unbonded stake is free: as long as an equivocation can be reported.
	pub const BondingDuration: u32 = 28;
	/// Eras for which a slash is deferred: one less than stake stays bonded. Twelve-hour eras leave 13.5 days, and the slowest
	/// referendum that cancels a slash takes ten (`docs/adr/0057`).
	pub const SlashDeferDuration: u32 = 27;
	/// Eras for which rewards can be claimed.
	pub const HistoryDepth: u32 = 84;
	/// Most validators that an election selects.
	pub const MaxWinners: u32 = crate::configs::consensus::MAX_AUTHORITIES;
	/// Nominators of one validator on one page of a payout.
	pub const MaxExposurePageSize: u32 = 64;
	/// Bounds of an election. The bound on targets exceeds [`MAX_TARGETS`], because an election that has to omit a target fails.
	pub ElectionLimits: ElectionBounds =
		ElectionBoundsBuilder::default().voters_count(1_000.into()).targets_count((2 * MAX_TARGETS).into()).build();
	/// Identifier of the pot that holds the validators' share until the end of an era.
	pub const ValidatorPot: PalletId = PalletId(*b"doin/gen");
	/// Thresholds of the voter bags: one bag, since an election reads all voters, at most a thousand, in any order.
	pub const BagThresholds: &'static [u64] = &[];
}

/// Most accounts that are candidates for validator at a time. Genesis sets it as `MaxValidatorsCount` of staking.
pub const MAX_TARGETS: u32 = 200;
/// Most accounts that nominate validators at a time. Genesis sets it as `MaxNominatorsCount` of staking.
pub const MAX_NOMINATING: u32 = 1_000 - MAX_TARGETS;

/// Election on chain by sequential Phragmén, with at most a hundred winners.
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

/// Pays validators the validators' share that work blocks accrued since the last era, and nothing else.
pub struct PayFromWork;
impl sp_staking::EraPayout<Balance> for PayFromWork {
	fn era_payout(_staked: Balance, _issuance: Balance, _millis: u64) -> (Balance, Balance) {
		(Work::take(), 0)
	}
}

/// Sizes of the benchmarks of staking: as many validators and nominators as a session can have.
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
	type EventListeners = (NominationPools, DelegatedStaking);
	/// Members of a pool cannot stake on their own.
	type Filter = pallet_nomination_pools::AllPoolMembers<Runtime>;
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
	/// Slashed stake is burned.
	type Slash = ();
	type SlashDeferDuration = SlashDeferDuration;
	type TargetList = pallet_staking::UseValidatorsMap<Self>;
	type UnixTime = Timestamp;
	type VoterList = VoterList;
	type WeightInfo = pallet_staking::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// Validators of this session, and those whose keys are queued for the next one.
	pub Elected: Vec<AccountId> =
		Session::validators().into_iter().chain(Session::queued_keys().into_iter().map(|(who, _)| who)).collect();
}

impl places::Config for Runtime {
	type Elected = Elected;
	type MostCandidates = ConstU32<MAX_TARGETS>;
	type MostNominators = ConstU32<MAX_NOMINATING>;
	type WeightInfo = places::weights::SubstrateWeight<Runtime>;
}

impl pallet_bags_list::Config<pallet_bags_list::Instance1> for Runtime {
	type BagThresholds = BagThresholds;
	type MaxAutoRebagPerBlock = ConstU32<0>;
	type RuntimeEvent = RuntimeEvent;
	type Score = frame_election_provider_support::VoteWeight;
	type ScoreProvider = Staking;
	type WeightInfo = pallet_bags_list::weights::SubstrateWeight<Runtime>;
}
