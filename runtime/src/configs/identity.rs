//! Names that accounts publish, e.g. of validators.

use crate::{
	configs::{governance::Days, system::deposit},
	*,
};
use frame_support::{parameter_types, traits::ConstU32};
use frame_system::EnsureRoot;
use sp_runtime::traits::Verify;

parameter_types! {
	/// Deposit of an identity: 0.1258 DOIN for one item of 258 bytes. Refunded when the identity is removed.
	pub const BasicDeposit: Balance = deposit(1, 258);
	/// Addition to [`BasicDeposit`] per byte: 0.0001 DOIN.
	pub const IdentityByteDeposit: Balance = deposit(0, 1);
	/// Deposit of a subordinate account: 0.1053 DOIN.
	pub const SubAccountDeposit: Balance = deposit(1, 53);
	/// Deposit of a user name: 0.1032 DOIN.
	pub const UsernameDeposit: Balance = deposit(1, 32);
}

impl pallet_identity::Config for Runtime {
	type BasicDeposit = BasicDeposit;
	type ByteDeposit = IdentityByteDeposit;
	type Currency = Balances;
	type ForceOrigin = EnsureRoot<AccountId>;
	/// Fields that are not among the usual ones.
	type IdentityInformation = pallet_identity::legacy::IdentityInfo<ConstU32<16>>;
	type MaxRegistrars = ConstU32<16>;
	type MaxSubAccounts = ConstU32<64>;
	type MaxSuffixLength = ConstU32<7>;
	type MaxUsernameLength = ConstU32<32>;
	type OffchainSignature = Signature;
	type PendingUsernameExpiration = Days<7>;
	type RegistrarOrigin = EnsureRoot<AccountId>;
	type RuntimeEvent = RuntimeEvent;
	type SigningPublicKey = <Signature as Verify>::Signer;
	/// Slashed deposits are burned.
	type Slashed = ();
	type SubAccountDeposit = SubAccountDeposit;
	type UsernameAuthorityOrigin = EnsureRoot<AccountId>;
	type UsernameDeposit = UsernameDeposit;
	type UsernameGracePeriod = Days<30>;
	type WeightInfo = pallet_identity::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}
