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
		agenda::FirstFree,
		consensus::MAX_AUTHORITIES,
		doin::DAY_MS,
		staking::{MAX_NOMINATING, MAX_TARGETS},
		system::{deposit, BYTE_DEPOSIT, MAX_BLOCK_WEIGHT},
	},
	*,
};
use codec::Codec;
use core::{fmt::Debug, ops::RangeInclusive};
use doin_primitives::DOIN;
use doin_traits::Timing as _;
use frame_support::{
	dispatch::DispatchClass,
	parameter_types,
	traits::{
		fungible::HoldConsideration, tokens::currency::ActiveIssuanceOf, ConstU32, Contains, EqualPrivilegeOnly, Get,
		LinearStoragePrice,
	},
	weights::Weight,
};
use frame_system::{EnsureRoot, EnsureSigned, RawOrigin};
use pallet_conviction_voting::{Voting, VotingFor, WeightInfo as _};
use pallet_nomination_pools::{Call as PoolsCall, ConfigOp as PoolsConfigOp};
use pallet_referenda::{Curve, Track, TrackInfo, TracksInfo};
use pallet_staking::{Call as StakingCall, ConfigOp};
use sp_runtime::{str_array, Perbill, Percent};

/// Target of the log lines of this file.
const LOG_TARGET: &str = "runtime::doin-governance";
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
	/// Returns the track `upgrade`. The slowest enactment is ten days after the submission, unless other referenda are decided in all
	/// places: then the one with the most ayes waits for up to seven days more.
	fn upgrade() -> TrackInfo<Balance, BlockNumber> {
		TrackInfo {
			name: str_array("upgrade"),
			max_deciding: 10,
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

/// Calls of root that the origin `Parameters` can send: the parameters of staking and of pools, within bounds. No pallet of DOIN
/// has a call that needs root.
///
/// An election that has to omit a candidate fails, so the numbers of candidates and nominators never exceed those of the genesis.
/// The other bounds keep a minority of the coins from removing validators: with fewer candidates than 75, nobody is ever chilled.
/// Pools never fill the places of nominators, since a larger bond cannot take the place of a pool, and they take a quarter of the
/// rewards of their members at most.
pub struct ParameterCalls;
impl Contains<RuntimeCall> for ParameterCalls {
	fn contains(call: &RuntimeCall) -> bool {
		match call {
			RuntimeCall::Staking(StakingCall::set_staking_configs {
				min_nominator_bond,
				min_validator_bond,
				max_nominator_count,
				max_validator_count,
				chill_threshold,
				min_commission,
				max_staked_rewards,
			}) => {
				is_within(min_nominator_bond, 0..=LEAST_OF_CREATOR)
					&& is_within(min_validator_bond, 0..=100_000 * DOIN)
					&& is_within(max_nominator_count, MAX_AUTHORITIES..=MAX_NOMINATING)
					&& is_within(max_validator_count, MAX_AUTHORITIES..=MAX_TARGETS)
					&& is_within(chill_threshold, Percent::from_percent(75)..=Percent::one())
					&& is_within(min_commission, Perbill::zero()..=MOST_MIN_COMMISSION)
					&& matches!(max_staked_rewards, ConfigOp::Noop)
			}
			RuntimeCall::Staking(StakingCall::set_validator_count { new }) => (FEWEST_VALIDATORS..=MAX_AUTHORITIES).contains(new),
			RuntimeCall::Staking(StakingCall::set_min_commission { new }) => *new <= MOST_MIN_COMMISSION,
			RuntimeCall::NominationPools(PoolsCall::set_configs {
				min_join_bond,
				min_create_bond,
				max_pools,
				max_members,
				max_members_per_pool,
				global_max_commission,
			}) => {
				keeps_within(min_join_bond, DOIN / 10..=1_000 * DOIN)
					&& keeps_within(min_create_bond, LEAST_OF_CREATOR..=10_000 * DOIN)
					&& keeps_within(max_pools, 16..=MOST_POOLS)
					&& keeps_within(max_members, 1_024..=1_048_576)
					&& keeps_within(max_members_per_pool, 64..=65_536)
					&& keeps_within(global_max_commission, Perbill::zero()..=MOST_POOL_COMMISSION)
			}
			_ => false,
		}
	}
}

/// Least number of places in a session that the track `parameters` can set.
const FEWEST_VALIDATORS: u32 = 20;
/// Largest smallest commission that the track `parameters` can set.
const MOST_MIN_COMMISSION: Perbill = Perbill::from_percent(25);
/// Largest smallest bond of a nominator, and least smallest stake of the creator of a pool, that the track `parameters` can set: anybody
/// can chill a pool whose creator has less in it than the smallest bond of a nominator.
const LEAST_OF_CREATOR: Balance = 100 * DOIN;
/// Largest number of pools that the track `parameters` can set: a quarter of the places of nominators.
const MOST_POOLS: u32 = MAX_NOMINATING / 4;
/// Largest commission of pools that the track `parameters` can set.
const MOST_POOL_COMMISSION: Perbill = Perbill::from_percent(25);

/// Returns `true` unless `operation` removes a parameter of staking or sets it beyond its bounds.
fn is_within<T: Default + Codec + PartialOrd>(operation: &ConfigOp<T>, bounds: RangeInclusive<T>) -> bool {
	match operation {
		ConfigOp::Noop => true,
		ConfigOp::Set(value) => bounds.contains(value),
		ConfigOp::Remove => false,
	}
}

/// Returns `true` unless `operation` removes a parameter of pools or sets it beyond its bounds.
fn keeps_within<T: Codec + Debug + PartialOrd>(operation: &PoolsConfigOp<T>, bounds: RangeInclusive<T>) -> bool {
	match operation {
		PoolsConfigOp::Noop => true,
		PoolsConfigOp::Set(value) => bounds.contains(value),
		PoolsConfigOp::Remove => false,
	}
}

impl governance::Config for Runtime {
	type Parameters = ParameterCalls;
	type ParametersOrigin = governance::EnsureParameters;
	type RuntimeCall = RuntimeCall;
	type WeightInfo = governance::weights::SubstrateWeight<Runtime>;
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

/// Referenda that an account can vote on at a time.
const MAX_VOTES: u32 = 64;
/// Weights of votes.
type VotingWeight = pallet_conviction_voting::weights::SubstrateWeight<Runtime>;

impl pallet_conviction_voting::Config for Runtime {
	type BlockNumberProvider = System;
	type Currency = Balances;
	/// Coins of which the support of a referendum is a share: all that exist.
	type MaxTurnout = ActiveIssuanceOf<Balances, AccountId>;
	type MaxVotes = ConstU32<MAX_VOTES>;
	type Polls = Referenda;
	type RuntimeEvent = RuntimeEvent;
	/// Time for which a vote with conviction `Locked1x` stays locked after the end of a referendum that it won: as long as the
	/// shortest enactment. Conviction `Locked6x` locks 32 times as long.
	type VoteLockingPeriod = Days<1>;
	type VotingHooks = ();
	type WeightInfo = VotingWeight;
}

/// Ends the votes of an account on both tracks when coins that they lock are paid to another account, e.g. as a bounty. Otherwise an
/// account could vote, donate the coins to a domain of its own, win the bounty with a second account, vote with that one, and so on.
pub struct EndVotes;
impl doin_traits::Votes<AccountId> for EndVotes {
	fn end(who: &AccountId) {
		let origin = || RuntimeOrigin::from(RawOrigin::Signed(who.clone()));
		let mut weight = Weight::zero();
		for track in [UPGRADE, PARAMETERS] {
			match VotingFor::<Runtime>::get(who, track) {
				Voting::Casting(casting) => {
					for (index, _) in casting.votes {
						weight.saturating_accrue(VotingWeight::remove_vote());
						if let Err(error) = ConvictionVoting::remove_vote(origin(), Some(track), index) {
							log::warn!(target: LOG_TARGET, "the vote of {who:?} on referendum {index} does not end: {error:?}");
						}
					}
				}
				Voting::Delegating(_) => {
					weight.saturating_accrue(VotingWeight::undelegate(MAX_VOTES));
					if let Err(error) = ConvictionVoting::undelegate(origin(), track) {
						log::warn!(target: LOG_TARGET, "the delegation of {who:?} on track {track} does not end: {error:?}");
					}
				}
			}
		}
		// A verdict does not pay for the votes of donors beforehand.
		System::register_extra_weight_unchecked(weight, DispatchClass::Mandatory);
	}

	fn end_weight() -> Weight {
		let votes = VotingWeight::remove_vote().saturating_mul(MAX_VOTES.into());
		let track = votes.max(VotingWeight::undelegate(MAX_VOTES));
		track.saturating_add(<Runtime as frame_system::Config>::DbWeight::get().reads(1)).saturating_mul(2)
	}
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
	type Scheduler = FirstFree;
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
