//! Mock runtime of System, Balances, TransactionPayment and this pallet.

use crate as pallet_fee_market;
use doin_primitives::{Balance, DOIN};
use doin_testing::{at_block_one, checked, endowed, mock_runtime};
use frame_support::{
	dispatch::DispatchClass,
	parameter_types,
	traits::Hooks,
	weights::{constants::WEIGHT_REF_TIME_PER_SECOND, Weight},
};
use frame_system::limits::{BlockLength, BlockWeights};
use pallet_transaction_payment::{ConstFeeMultiplier, FungibleAdapter, Multiplier};
use sp_runtime::{traits::One, BuildStorage, Perbill};

mock_runtime! {
	existential_deposit: ED,
	system: {
		type BlockWeights = Weights;
		type BlockLength = Length;
	},
	2: TransactionPayment = pallet_transaction_payment,
	3: FeeMarket = pallet_fee_market,
}

/// Reference time of a full block.
pub const MAX_TIME: u64 = 2 * WEIGHT_REF_TIME_PER_SECOND;
/// Reference time available to the Normal class.
pub const NORMAL_TIME: u64 = MAX_TIME / 4 * 3;
/// Bytes available to the Normal class.
pub const NORMAL_BYTES: u32 = 3_750_000;
/// Base reference time of every extrinsic.
pub const BASE_TIME: u64 = 100_500_000;
/// Existential deposit.
pub const ED: Balance = DOIN / 1_000;
/// Lowest base fee.
pub const FLOOR: Balance = 2_500_000;
/// Highest base fee.
pub const CEILING: Balance = 250_000_000_000;

pub const ALICE: u64 = 1;
pub const BOB: u64 = 9;

parameter_types! {
	pub Weights: BlockWeights = BlockWeights::builder()
		.base_block(Weight::zero())
		.for_class(DispatchClass::all(), |weights| {
			weights.base_extrinsic = Weight::from_parts(BASE_TIME, 0);
		})
		.for_class(DispatchClass::Normal, |weights| {
			weights.max_total = Some(Weight::from_parts(NORMAL_TIME, u64::MAX));
		})
		.for_class(DispatchClass::Operational, |weights| {
			weights.max_total = Some(Weight::from_parts(MAX_TIME, u64::MAX));
		})
		.avg_block_initialization(Perbill::from_percent(0))
		.build_or_panic();
	pub Length: BlockLength = BlockLength::builder()
		.max_length(5_000_000)
		.modify_max_length_for_class(DispatchClass::Normal, |length| *length = NORMAL_BYTES)
		.build();
	pub const Floor: Balance = FLOOR;
	pub const Ceiling: Balance = CEILING;
	pub MultiplierOne: Multiplier = Multiplier::one();
	pub static Author: Option<u64> = Some(BOB);
}

#[derive_impl(pallet_transaction_payment::config_preludes::TestDefaultConfig)]
impl pallet_transaction_payment::Config for Test {
	type OnChargeTransaction = FungibleAdapter<Balances, pallet_fee_market::BurnBaseFeeTipAuthor<Test>>;
	type WeightToFee = pallet_fee_market::WeightToFee<Test>;
	type LengthToFee = pallet_fee_market::LengthToFee<Test>;
	type FeeMultiplierUpdate = ConstFeeMultiplier<MultiplierOne>;
}

impl pallet_fee_market::Config for Test {
	type Currency = Balances;
	type Author = Author;
	type Floor = Floor;
	type Ceiling = Ceiling;
	type WeightInfo = ();
}

/// Returns the storage of a chain with `base_fee` in its first block.
pub fn storage(base_fee: Balance) -> sp_runtime::Storage {
	RuntimeGenesisConfig {
		balances: endowed!([ALICE], 1_000_000 * DOIN),
		fee_market: pallet_fee_market::GenesisConfig { base_fee, ..Default::default() },
		..Default::default()
	}
	.build_storage()
	.unwrap()
}

/// Runs `test` in block 1 of a chain with `base_fee`, then checks the state.
pub fn execute_at(base_fee: Balance, test: impl FnOnce()) {
	Author::set(Some(BOB));
	checked(at_block_one::<Test>(storage(base_fee)), FeeMarket::do_try_state, test);
}

/// Makes a block with the given reference time per class and number of bytes. Returns the base fee after it.
pub fn block(normal: u64, operational: u64, mandatory: u64, bytes: usize) -> Balance {
	let number = System::block_number() + 1;
	System::initialize(&number, &Default::default(), &Default::default());
	System::set_block_consumed_resources(Weight::from_parts(normal, 0), bytes);
	System::register_extra_weight_unchecked(FeeMarket::on_initialize(number), DispatchClass::Mandatory);
	System::register_extra_weight_unchecked(Weight::from_parts(operational, 0), DispatchClass::Operational);
	System::register_extra_weight_unchecked(Weight::from_parts(mandatory, 0), DispatchClass::Mandatory);
	FeeMarket::on_finalize(number);
	crate::BaseFeePerGas::<Test>::get()
}

/// Returns a chain at the lowest base fee, for benchmarks.
#[cfg(feature = "runtime-benchmarks")]
pub fn new_test_ext() -> sp_io::TestExternalities {
	storage(FLOOR).into()
}
