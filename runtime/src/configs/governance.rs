//! Governance by stake: two tracks of referenda, the votes on them, and the calls that change parameters (`docs/adr/0056`).
//!
//! | track | dispatched as | for |
//! |---|---|---|
//! | `upgrade` | root | upgrades of the runtime, repairs |
//! | `parameters` | `Governance::Parameters` | [`ParameterCalls`] |
//!
//! No account is root, on any chain: a proposal becomes root by votes alone.

use crate::{
	configs::{
		consensus::MAX_AUTHORITIES,
		doin::DAY_MS,
		staking::{MAX_NOMINATING, MAX_TARGETS},
		system::{deposit, BYTE_DEPOSIT, MAX_BLOCK_WEIGHT},
	},
	*,
};
use doin_primitives::DOIN;
use doin_traits::Timing as _;
use frame_support::{
	parameter_types,
	traits::{
		fungible::HoldConsideration, tokens::currency::ActiveIssuanceOf, ConstU32, Contains, EqualPrivilegeOnly, Get,
		LinearStoragePrice,
	},
	weights::Weight,
};
use frame_system::{EnsureRoot, EnsureSigned, RawOrigin};
use pallet_nomination_pools::Call as PoolsCall;
use pallet_referenda::{Curve, Track, TrackInfo, TracksInfo};
use pallet_staking::{Call as StakingCall, ConfigOp};
use sp_runtime::{str_array, Perbill};

/// Milliseconds of a governance day on a development chain: a minute, which is one session of the presets.
const DEVELOPMENT_DAY_MS: u64 = 60_000;

/// `COUNT` governance days, as a number of blocks. A governance day has 24 hours on a public network, and a minute on a
/// development chain.
pub struct Days<const COUNT: u64>;
impl<const COUNT: u64> Get<BlockNumber> for Days<COUNT> {
	fn get() -> BlockNumber {
		let day = if Timing::is_public() { DAY_MS } else { DEVELOPMENT_DAY_MS };
		Timing::blocks(COUNT * day)
	}
}

/// Identifier of the track whose proposals are dispatched as root.
pub const UPGRADE: u16 = 0;
/// Identifier of the track whose proposals change parameters.
pub const PARAMETERS: u16 = 1;

/// Returns a curve that falls evenly from `ceil` to `floor` per cent over the decision period.
fn falling(ceil: u32, floor: u32) -> Curve {
	Curve::LinearDecreasing { length: Perbill::one(), floor: Perbill::from_percent(floor), ceil: Perbill::from_percent(ceil) }
}

/// Tracks of referenda. Periods are blocks, which depend on the slot length of the genesis.
pub struct Tracks;

impl Tracks {
	/// Returns the track `upgrade`. The slowest enactment is ten days after the submission.
	fn upgrade() -> TrackInfo<Balance, BlockNumber> {
		TrackInfo {
			name: str_array("upgrade"),
			max_deciding: 3,
			decision_deposit: 1_000 * DOIN,
			prepare_period: Days::<1>::get(),
			decision_period: Days::<7>::get(),
			confirm_period: Days::<1>::get(),
			min_enactment_period: Days::<1>::get(),
			min_approval: falling(80, 67),
			min_support: falling(50, 20),
		}
	}

	/// Returns the track `parameters`.
	fn parameters() -> TrackInfo<Balance, BlockNumber> {
		TrackInfo {
			name: str_array("parameters"),
			max_deciding: 5,
			decision_deposit: 100 * DOIN,
			prepare_period: Days::<1>::get(),
			decision_period: Days::<5>::get(),
			confirm_period: Days::<1>::get(),
			min_enactment_period: Days::<1>::get(),
			min_approval: falling(60, 50),
			min_support: falling(25, 10),
		}
	}
}

impl TracksInfo<Balance, BlockNumber> for Tracks {
	type Id = u16;
	type RuntimeOrigin = OriginCaller;

	fn tracks() -> impl Iterator<Item = Cow<'static, Track<Self::Id, Balance, BlockNumber>>> {
		let tracks = [Track { id: UPGRADE, info: Self::upgrade() }, Track { id: PARAMETERS, info: Self::parameters() }];
		tracks.into_iter().map(Cow::<Track<u16, Balance, BlockNumber>>::Owned)
	}

	fn track_for(origin: &OriginCaller) -> Result<u16, ()> {
		match origin {
			OriginCaller::system(RawOrigin::Root) => Ok(UPGRADE),
			OriginCaller::Governance(governance::Origin::Parameters) => Ok(PARAMETERS),
			_ => Err(()),
		}
	}
}

/// Calls of root that the origin `Parameters` can send: the parameters of staking and of pools, within the bounds that elections
/// need. An election that has to omit a candidate fails, so the numbers of candidates and nominators can be lowered and never
/// exceed those of the genesis. No pallet of DOIN has a call that needs root.
pub struct ParameterCalls;
impl Contains<RuntimeCall> for ParameterCalls {
	fn contains(call: &RuntimeCall) -> bool {
		match call {
			RuntimeCall::Staking(StakingCall::set_staking_configs { max_nominator_count, max_validator_count, .. }) => {
				is_at_most(max_nominator_count, MAX_NOMINATING) && is_at_most(max_validator_count, MAX_TARGETS)
			}
			RuntimeCall::Staking(StakingCall::set_validator_count { new }) => (1..=MAX_AUTHORITIES).contains(new),
			RuntimeCall::Staking(StakingCall::set_min_commission { .. }) => true,
			RuntimeCall::NominationPools(PoolsCall::set_configs { .. }) => true,
			_ => false,
		}
	}
}

/// Returns `true` unless `operation` removes a bound or raises it beyond `most`.
fn is_at_most(operation: &ConfigOp<u32>, most: u32) -> bool {
	match operation {
		ConfigOp::Noop => true,
		ConfigOp::Set(count) => *count <= most,
		ConfigOp::Remove => false,
	}
}

parameter_types! {
	/// Weight of `governance.change` without the call that it sends: that of `utility.dispatch_as`, which does as much and
	/// deposits an event too.
	pub ChangeWeight: Weight =
		<pallet_utility::weights::SubstrateWeight<Runtime> as pallet_utility::WeightInfo>::dispatch_as();
}

impl governance::Config for Runtime {
	type ChangeWeight = ChangeWeight;
	type Parameters = ParameterCalls;
	type ParametersOrigin = governance::EnsureParameters;
	type RuntimeCall = RuntimeCall;
}

parameter_types! {
	/// Hold of a stored preimage: 0.1 DOIN beside [`PreimageByteDeposit`]. Released when its owner removes the preimage.
	pub const PreimageBaseDeposit: Balance = deposit(1, 0);
	/// Addition to [`PreimageBaseDeposit`] per byte: 0.0001 DOIN.
	pub const PreimageByteDeposit: Balance = BYTE_DEPOSIT;
	/// Reason of the hold of a preimage.
	pub const PreimageHoldReason: RuntimeHoldReason = RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
	/// Most weight that scheduled calls take of a block: a half. The rest is left for the first transactions.
	pub ScheduledWeight: Weight = Perbill::from_percent(50) * MAX_BLOCK_WEIGHT;
	/// Deposit of a referendum: 10 DOIN. Refunded if the referendum is approved or cancelled; kept if it is rejected or ends
	/// undecided.
	pub const SubmissionDeposit: Balance = 10 * DOIN;
}

impl pallet_preimage::Config for Runtime {
	type Consideration = HoldConsideration<
		AccountId,
		Balances,
		PreimageHoldReason,
		LinearStoragePrice<PreimageBaseDeposit, PreimageByteDeposit, Balance>,
	>;
	type Currency = Balances;
	type ManagerOrigin = EnsureRoot<AccountId>;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_preimage::weights::SubstrateWeight<Runtime>;
}

impl pallet_scheduler::Config for Runtime {
	type BlockNumberProvider = System;
	type MaxScheduledPerBlock = ConstU32<64>;
	type MaximumWeight = ScheduledWeight;
	type OriginPrivilegeCmp = EqualPrivilegeOnly;
	type PalletsOrigin = OriginCaller;
	type Preimages = Preimage;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type ScheduleOrigin = EnsureRoot<AccountId>;
	type WeightInfo = pallet_scheduler::weights::SubstrateWeight<Runtime>;
}

impl pallet_conviction_voting::Config for Runtime {
	type BlockNumberProvider = System;
	type Currency = Balances;
	/// Coins of which the support of a referendum is a share: all that exist.
	type MaxTurnout = ActiveIssuanceOf<Balances, AccountId>;
	/// Referenda that an account can vote on at a time.
	type MaxVotes = ConstU32<64>;
	type Polls = Referenda;
	type RuntimeEvent = RuntimeEvent;
	/// Time for which a vote with conviction `Locked1x` stays locked after the end of a referendum that it won: as long as the
	/// shortest enactment. Conviction `Locked6x` locks 32 times as long.
	type VoteLockingPeriod = Days<1>;
	type VotingHooks = ();
	type WeightInfo = pallet_conviction_voting::weights::SubstrateWeight<Runtime>;
}

impl pallet_referenda::Config for Runtime {
	type AlarmInterval = ConstU32<1>;
	type BlockNumberProvider = System;
	type CancelOrigin = EnsureRoot<AccountId>;
	type Currency = Balances;
	type KillOrigin = EnsureRoot<AccountId>;
	/// Referenda of one track that wait for their decision.
	type MaxQueued = ConstU32<20>;
	type Preimages = Preimage;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type Scheduler = Scheduler;
	/// Slashed deposits are burned.
	type Slash = ();
	type SubmissionDeposit = SubmissionDeposit;
	type SubmitOrigin = EnsureSigned<AccountId>;
	type Tally = pallet_conviction_voting::TallyOf<Runtime>;
	type Tracks = Tracks;
	/// Time after which a referendum without a decision deposit ends.
	type UndecidingTimeout = Days<14>;
	type Votes = pallet_conviction_voting::VotesOf<Runtime>;
	type WeightInfo = pallet_referenda::weights::SubstrateWeight<Runtime>;
}
