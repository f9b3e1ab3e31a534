//! The frame: blocks, accounts, balances, and the pallets that wrap other calls.

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

/// Reference time of a block: 2 s of the 6 s slot of a public network.
pub const MAX_BLOCK_WEIGHT: Weight = Weight::from_parts(2 * WEIGHT_REF_TIME_PER_SECOND, u64::MAX);
/// Part of a block that Normal transactions may fill.
pub const NORMAL_RATIO: Perbill = Perbill::from_percent(75);
/// Encoded length of a block.
pub const MAX_BLOCK_LENGTH: u32 = 5 * 1024 * 1024;

parameter_types! {
	pub const Version: RuntimeVersion = VERSION;
	/// Longest mortal era, and how far back `System::block_hash` reaches.
	pub const BlockHashCount: BlockNumber = 2_400;
	pub const Ss58Prefix: u16 = 42;
	pub RuntimeBlockWeights: BlockWeights = BlockWeights::with_sensible_defaults(MAX_BLOCK_WEIGHT, NORMAL_RATIO);
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
	type Version = Version;
}

parameter_types! {
	/// An account costs state for ever; below this it is reaped.
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

/// Deposit for `items` storage items of `bytes` bytes together.
pub const fn deposit(items: u32, bytes: u32) -> Balance {
	items as Balance * (DOIN / 10) + bytes as Balance * BYTE_DEPOSIT
}

/// Hold for one stored byte: a model of 64 KiB takes 6.5 DOIN, a series of 1 MiB 105 DOIN.
pub const BYTE_DEPOSIT: Balance = DOIN / 10_000;

parameter_types! {
	pub const MultisigDepositBase: Balance = deposit(1, 88);
	pub const MultisigDepositFactor: Balance = deposit(0, 32);
	pub const ProxyDepositBase: Balance = deposit(1, 8);
	pub const ProxyDepositFactor: Balance = deposit(0, 33);
	pub const AnnouncementDepositBase: Balance = deposit(1, 8);
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

/// What a proxy may do in its principal's name.
#[derive(
	Copy, Clone, Debug, Default, Eq, PartialEq, Ord, PartialOrd, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum ProxyType {
	/// Everything.
	#[default]
	Any,
	/// The calls of a working optimizer or evaluator, for a hot key: commit, reveal, answer, settle, dispute. It cannot bond, unbond,
	/// register, post a bounty or transfer.
	Work,
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	fn filter(&self, call: &RuntimeCall) -> bool {
		use pallet_doin_optimae::Call as Optimae;
		use pallet_doin_quorum::Call as Quorum;
		match self {
			ProxyType::Any => true,
			// A list of calls, not of pallets: a call added later is not a hot key's until somebody says so.
			ProxyType::Work => {
				matches!(
					call,
					RuntimeCall::Optimae(Optimae::commit { .. } | Optimae::reveal { .. } | Optimae::dispute_claim { .. })
						| RuntimeCall::Quorum(
							Quorum::commit_sums { .. }
								| Quorum::reveal_sums { .. }
								| Quorum::settle { .. } | Quorum::recompute { .. }
								| Quorum::dispute { .. } | Quorum::replay { .. }
								| Quorum::withdraw_dispute { .. }
						) | RuntimeCall::Utility(
						pallet_utility::Call::batch { .. }
							| pallet_utility::Call::batch_all { .. }
							| pallet_utility::Call::force_batch { .. }
					)
				)
			}
		}
	}

	fn is_superset(&self, other: &Self) -> bool {
		matches!((self, other), (ProxyType::Any, _) | (ProxyType::Work, ProxyType::Work))
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

// Reports of equivocations are bare transactions that BABE and GRANDPA make from inside the node.
impl<LocalCall> frame_system::offchain::CreateBare<LocalCall> for Runtime
where
	RuntimeCall: From<LocalCall>,
{
	fn create_bare(call: RuntimeCall) -> UncheckedExtrinsic {
		UncheckedExtrinsic::new_bare(call)
	}
}
