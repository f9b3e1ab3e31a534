//! The DOIN runtime: BABE and GRANDPA author and finalize blocks, nominated proof of stake elects the validators, and DOIN's own
//! pallets pay for verified improvements of machine-learning models.
//!
//! | module | content |
//! |---|---|
//! | [`configs`] | types and constants of every pallet, by concern |
//! | [`chunk_scorer`] | scoring of a chunk of a model, with the code that the worker runs as well |
//! | [`data`] | data of domains, published at activation or opened in segments |
//! | [`governance`] | origin and call of the referenda that change parameters |
//! | [`places`] | places of candidates and nominators, for the larger bond |
//! | [`pool_limits`] | limits of what an account can have in the transaction pool of a node |
//! | [`apis`] | runtime APIs for nodes and workers |
//! | [`genesis_config_presets`] | genesis of the development chains |
//! | [`demo`] | demo domain of the development chains |
//! | [`speed`] | fixed work that a node times to measure its machine |

#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "512"]
// The macros that assemble a runtime generate items that cannot be documented.
#![allow(missing_docs)]

/// The compiled runtime.
#[cfg(feature = "std")]
mod wasm {
	// The generated file defines constants that the runtime does not use.
	#![allow(dead_code)]
	include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));
}
#[cfg(feature = "std")]
pub use wasm::{WASM_BINARY, WASM_BINARY_BLOATY};

extern crate alloc;

pub mod apis;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarks;
pub mod chunk_scorer;
pub mod configs;
pub mod data;
pub mod demo;
pub mod genesis_config_presets;
pub mod governance;
pub mod places;
pub mod pool_limits;
pub mod speed;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{
	generic, impl_opaque_keys,
	traits::{BlakeTwo256, IdentifyAccount, Verify},
	MultiAddress, MultiSignature,
};
use sp_version::RuntimeVersion;

pub use apis::{RuntimeApi, RUNTIME_API_VERSIONS};
pub use doin_primitives::{Balance, BlockNumber};

/// Signature of an account: ed25519, sr25519 or ECDSA.
pub type Signature = MultiSignature;
/// Identifier of an account: a 32-byte public key or its hash.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// Number of transactions that an account has sent.
pub type Nonce = u32;
/// Hash of a block or of a state.
pub type Hash = sp_core::H256;
/// Address of an account in a transaction.
pub type Address = MultiAddress<AccountId, ()>;
/// Header of a block.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// Block of transactions.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// Transaction before its signature is checked.
pub type UncheckedExtrinsic = generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// Payload that a signer of a transaction signs.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;

/// Extensions of every transaction, in the order that polkadot.js and subxt expect. `CheckPoolLimits` has to stand directly before
/// `CheckNonce`, whose nonce it reads.
pub type TxExtension = (
	frame_system::AuthorizeCall<Runtime>,
	frame_system::CheckNonZeroSender<Runtime>,
	frame_system::CheckSpecVersion<Runtime>,
	frame_system::CheckTxVersion<Runtime>,
	frame_system::CheckGenesis<Runtime>,
	frame_system::CheckEra<Runtime>,
	pool_limits::CheckPoolLimits,
	frame_system::CheckNonce<Runtime>,
	frame_system::CheckWeight<Runtime>,
	pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
	frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
	frame_system::WeightReclaim<Runtime>,
);

/// Executive that applies blocks and transactions.
pub type Executive =
	frame_executive::Executive<Runtime, Block, frame_system::ChainContext<Runtime>, Runtime, AllPalletsWithSystem>;

/// Migrations that the next upgrade runs, in order. The version of a pallet that an upgrade adds is set without one.
pub type Migrations = (configs::pools::SetPoolBounds,);

/// Types for the node, in which calls are opaque bytes.
pub mod opaque {
	use super::*;
	pub use sp_runtime::OpaqueExtrinsic as UncheckedExtrinsic;

	/// Header of a block.
	pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
	/// Block of opaque transactions.
	pub type Block = generic::Block<Header, UncheckedExtrinsic>;
	/// Identifier of a block.
	pub type BlockId = generic::BlockId<Block>;
	/// Hash of a block.
	pub type Hash = super::Hash;
}

impl_opaque_keys! {
	/// Session keys of a validator.
	pub struct SessionKeys {
		/// Key that votes for finality.
		pub grandpa: Grandpa,
		/// Key that authors blocks. Its VRF outputs feed the beacon that draws are made from.
		pub babe: Babe,
	}
}

/// Version of the runtime. Raise `spec_version` with every change of logic, and `transaction_version` with every change of the
/// encoding of a call or of a transaction extension. `runtime/tests/tests/metadata.rs` compares the interface with the snapshot
/// of these versions.
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: Cow::Borrowed("doin"),
	impl_name: Cow::Borrowed("doin-node"),
	authoring_version: 1,
	spec_version: 3,
	impl_version: 1,
	apis: RUNTIME_API_VERSIONS,
	transaction_version: 3,
	system_version: 1,
};

// Genesis and hooks run in order of the indices: genesis writes slot and round lengths before any pallet reads them, a session
// starts before the gauge counts votes, evaluators are bonded before recomputations draw them, and a verdict precedes the work
// block that pays for it. Segments are asked for by the hook of `Optimae`, and the hook of `Evidence` ends their time later. The hook
// of `Oracle` counts bars after those that read them, which see them in the next block, except that of `Forecasts`. `Channels` and
// `Inference` have no hooks. What referenda have approved is dispatched after all of these.
//
// Indices below 20 belong to pallets of the SDK that transactions, staking and consensus need, 20 to 39 to those of DOIN, and 40 and
// above to the SDK's pallets for governance and accounts. An index is never used again.
#[frame_support::runtime]
mod runtime {
	/// The runtime.
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Timing = pallet_doin_timing;
	#[runtime::pallet_index(2)]
	pub type Babe = pallet_babe;
	#[runtime::pallet_index(3)]
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(4)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(5)]
	pub type TransactionPayment = pallet_transaction_payment;
	#[runtime::pallet_index(6)]
	pub type FeeMarket = pallet_doin_fee_market;
	#[runtime::pallet_index(7)]
	pub type Authorship = pallet_authorship;
	#[runtime::pallet_index(8)]
	pub type Staking = pallet_staking;
	#[runtime::pallet_index(9)]
	pub type VoterList = pallet_bags_list<Instance1>;
	#[runtime::pallet_index(10)]
	pub type Offences = pallet_offences;
	#[runtime::pallet_index(11)]
	pub type Historical = pallet_session::historical;
	#[runtime::pallet_index(12)]
	pub type Session = pallet_session;
	#[runtime::pallet_index(13)]
	pub type Grandpa = pallet_grandpa;
	#[runtime::pallet_index(14)]
	pub type Proxy = pallet_proxy;
	#[runtime::pallet_index(15)]
	pub type Utility = pallet_utility;
	#[runtime::pallet_index(16)]
	pub type Multisig = pallet_multisig;

	#[runtime::pallet_index(20)]
	pub type Gauge = pallet_doin_gauge;
	#[runtime::pallet_index(21)]
	pub type Domains = pallet_doin_domains;
	#[runtime::pallet_index(22)]
	pub type Reputation = pallet_doin_reputation;
	#[runtime::pallet_index(23)]
	pub type Evaluators = pallet_doin_evaluators;
	#[runtime::pallet_index(24)]
	pub type Recomputation = pallet_doin_recomputation;
	#[runtime::pallet_index(25)]
	pub type Optimae = pallet_doin_optimae;
	#[runtime::pallet_index(26)]
	pub type Work = pallet_doin_work;
	#[runtime::pallet_index(27)]
	pub type Budget = pallet_doin_budget;
	#[runtime::pallet_index(28)]
	pub type Evidence = pallet_doin_evidence;
	#[runtime::pallet_index(29)]
	pub type Governance = governance;
	#[runtime::pallet_index(30)]
	pub type Places = places;
	#[runtime::pallet_index(31)]
	pub type Oracle = pallet_doin_oracle;
	#[runtime::pallet_index(32)]
	pub type Forecasts = pallet_doin_forecasts;
	#[runtime::pallet_index(33)]
	pub type Channels = pallet_doin_channels;
	#[runtime::pallet_index(34)]
	pub type Inference = pallet_doin_inference;

	#[runtime::pallet_index(40)]
	pub type Preimage = pallet_preimage;
	#[runtime::pallet_index(41)]
	pub type Scheduler = pallet_scheduler;
	#[runtime::pallet_index(42)]
	pub type ConvictionVoting = pallet_conviction_voting;
	#[runtime::pallet_index(43)]
	pub type Referenda = pallet_referenda;
	#[runtime::pallet_index(44)]
	pub type Identity = pallet_identity;
	#[runtime::pallet_index(45)]
	pub type NominationPools = pallet_nomination_pools;
	#[runtime::pallet_index(46)]
	pub type DelegatedStaking = pallet_delegated_staking;
}
