//! Blocks, accounts, balances, and the pallets that wrap other calls.

use super::{
	doin::budget::{is_batch, takes_no_money},
	proxies::{keeps_coins, reports, serves, stakes},
};
use crate::*;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_primitives::DOIN;
use frame_support::{
	derive_impl,
	dispatch::DispatchClass,
	parameter_types,
	traits::{ConstU32, InstanceFilter, VariantCountOf},
	weights::{constants::ParityDbWeight, constants::WEIGHT_REF_TIME_PER_SECOND, Weight},
};
use frame_system::limits::{BlockLength, BlockWeights};
use scale_info::TypeInfo;
use sp_runtime::Perbill;

/// Largest weight of a block: 2 s of reference time, a third of the 6 s slot of a public network.
pub const MAX_BLOCK_WEIGHT: Weight = Weight::from_parts(2 * WEIGHT_REF_TIME_PER_SECOND, u64::MAX);
/// Share of a block that transactions of class Normal can fill.
pub const NORMAL_RATIO: Perbill = Perbill::from_percent(75);
/// Largest encoded length of a block, in bytes.
pub const MAX_BLOCK_LENGTH: u32 = 5 * 1024 * 1024;

parameter_types! {
	/// Version of the runtime.
	pub const Version: RuntimeVersion = VERSION;
	/// Blocks whose hash is stored, which bounds the lifetime of a mortal transaction.
	pub const BlockHashCount: BlockNumber = 2_400;
	/// Prefix of SS58 addresses: 42, the generic Substrate prefix.
	pub const Ss58Prefix: u16 = 42;
	/// Weight limits of a block per dispatch class.
	pub RuntimeBlockWeights: BlockWeights = BlockWeights::with_sensible_defaults(MAX_BLOCK_WEIGHT, NORMAL_RATIO);
	/// Length limits of a block per dispatch class, in bytes.
	pub RuntimeBlockLength: BlockLength = BlockLength::builder()
		.max_length(MAX_BLOCK_LENGTH)
		.modify_max_length_for_class(DispatchClass::Normal, |length| *length = NORMAL_RATIO * MAX_BLOCK_LENGTH)
		.build();
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
	type AccountData = pallet_balances::AccountData<Balance>;
	type AccountId = AccountId;
	type Block = Block;
	type BlockHashCount = BlockHashCount;
	type BlockLength = RuntimeBlockLength;
	type BlockWeights = RuntimeBlockWeights;
	type DbWeight = ParityDbWeight;
	type Hash = Hash;
	type Lookup = sp_runtime::traits::AccountIdLookup<AccountId, ()>;
	type MaxConsumers = ConstU32<64>;
	type Nonce = Nonce;
	type SS58Prefix = Ss58Prefix;
	type SingleBlockMigrations = Migrations;
	type Version = Version;
}

parameter_types! {
	/// Smallest balance of an account: 0.001 DOIN. An account below it is removed and its balance burned, since it would occupy
	/// state for ever.
	pub const ExistentialDeposit: Balance = DOIN / 1_000;
}

impl pallet_balances::Config for Runtime {
	type AccountStore = System;
	type Balance = Balance;
	type DoneSlashHandler = ();
	type DustRemoval = ();
	type ExistentialDeposit = ExistentialDeposit;
	type FreezeIdentifier = RuntimeFreezeReason;
	type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
	type MaxLocks = ConstU32<8>;
	type MaxReserves = ConstU32<8>;
	type ReserveIdentifier = [u8; 8];
	type RuntimeEvent = RuntimeEvent;
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WeightInfo = pallet_balances::weights::SubstrateWeight<Runtime>;
}

impl pallet_timestamp::Config for Runtime {
	type MinimumPeriod = pallet_doin_timing::MinimumPeriod<Runtime>;
	type Moment = u64;
	type OnTimestampSet = Babe;
	type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}

impl pallet_utility::Config for Runtime {
	type PalletsOrigin = OriginCaller;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_utility::weights::SubstrateWeight<Runtime>;
}

/// Returns the deposit for `items` storage items of `bytes` bytes in total: 0.1 DOIN per item and [`BYTE_DEPOSIT`] per byte.
pub const fn deposit(items: u32, bytes: u32) -> Balance {
	items as Balance * (DOIN / 10) + bytes as Balance * BYTE_DEPOSIT
}

/// Deposit for one stored byte: 0.0001 DOIN, e.g. 6.5 DOIN for a model of 64 KiB and 105 DOIN for a series of 1 MiB.
pub const BYTE_DEPOSIT: Balance = DOIN / 10_000;

parameter_types! {
	/// Deposit of a pending multisig call: 0.1088 DOIN. Refunded when the call is executed or cancelled.
	pub const MultisigDepositBase: Balance = deposit(1, 88);
	/// Addition to [`MultisigDepositBase`] per approval of the threshold: 0.0032 DOIN.
	pub const MultisigDepositFactor: Balance = deposit(0, 32);
	/// Deposit of an account with proxies: 0.1008 DOIN. Refunded when the last proxy is removed.
	pub const ProxyDepositBase: Balance = deposit(1, 8);
	/// Addition to [`ProxyDepositBase`] per proxy: 0.0033 DOIN.
	pub const ProxyDepositFactor: Balance = deposit(0, 33);
	/// Deposit of a proxy with announced calls: 0.1008 DOIN. Refunded when the last announcement is removed.
	pub const AnnouncementDepositBase: Balance = deposit(1, 8);
	/// Addition to [`AnnouncementDepositBase`] per announced call: 0.0066 DOIN.
	pub const AnnouncementDepositFactor: Balance = deposit(0, 66);
}

impl pallet_multisig::Config for Runtime {
	type BlockNumberProvider = System;
	type Currency = Balances;
	type DepositBase = MultisigDepositBase;
	type DepositFactor = MultisigDepositFactor;
	type MaxSignatories = ConstU32<32>;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_multisig::weights::SubstrateWeight<Runtime>;
}

/// Calls that a proxy may send in the name of its principal.
#[derive(
	Copy, Clone, Debug, Default, Eq, PartialEq, Ord, PartialOrd, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum ProxyType {
	/// All calls.
	#[default]
	Any,
	/// Calls of a working optimizer or evaluator, for a hot key, also in batches: answer, settle, recompute and prove challenges,
	/// which take no money from the principal. Calls that do (commit, reveal, announce a challenge) can be sent through
	/// `budget.spend` only. Excludes bonds, registrations, bounties, session keys, proxies and transfers.
	Work,
	/// Calls that stake, on its own or in a pool, and set session keys, also in batches. Rewards go to the principal.
	Staking,
	/// Calls that cost the principal no coins, also in batches: votes, ballots, the domains of the principal, settlements, a first
	/// bond of staking, and the end of stake. Excludes everything that pays another account or after which coins can be slashed or
	/// burned: bonds and answers of evaluators, reports, session keys, nominations, more stake, referenda, seats and proxies.
	NonTransfer,
	/// Commitments and reveals of bars, for the hot key of a validator, also in batches. Takes a hold of 10 DOIN from the validator,
	/// of which 0.1 DOIN burns with each commitment that is not revealed. Shares in fees go to the validator.
	Report,
	/// Redemptions of vouchers and closures of channels, for the hot key of a server, also in batches. What is redeemed is paid to the
	/// server, and a closed channel returns its rest to the payer.
	Serve,
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	fn filter(&self, call: &RuntimeCall) -> bool {
		match self {
			ProxyType::Any => true,
			// A list of calls, not of pallets, so that a new call is not allowed until it is listed.
			ProxyType::Work => {
				takes_no_money(call)
					|| is_batch(call)
					|| matches!(call, RuntimeCall::Budget(pallet_doin_budget::Call::spend { .. }))
			}
			ProxyType::Staking => stakes(call),
			ProxyType::NonTransfer => keeps_coins(call),
			ProxyType::Report => reports(call),
			ProxyType::Serve => serves(call),
		}
	}

	fn is_superset(&self, other: &Self) -> bool {
		self == other || *self == ProxyType::Any
	}
}

impl pallet_proxy::Config for Runtime {
	type AnnouncementDepositBase = AnnouncementDepositBase;
	type AnnouncementDepositFactor = AnnouncementDepositFactor;
	type BlockNumberProvider = System;
	type CallHasher = BlakeTwo256;
	type Currency = Balances;
	type MaxPending = ConstU32<16>;
	type MaxProxies = ConstU32<16>;
	type ProxyDepositBase = ProxyDepositBase;
	type ProxyDepositFactor = ProxyDepositFactor;
	type ProxyType = ProxyType;
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_proxy::weights::SubstrateWeight<Runtime>;
}

impl<LocalCall> frame_system::offchain::CreateTransactionBase<LocalCall> for Runtime
where
	RuntimeCall: From<LocalCall>,
{
	type Extrinsic = UncheckedExtrinsic;
	type RuntimeCall = RuntimeCall;
}

// BABE and GRANDPA report equivocations from offchain code in bare transactions.
impl<LocalCall> frame_system::offchain::CreateBare<LocalCall> for Runtime
where
	RuntimeCall: From<LocalCall>,
{
	fn create_bare(call: RuntimeCall) -> UncheckedExtrinsic {
		UncheckedExtrinsic::new_bare(call)
	}
}
