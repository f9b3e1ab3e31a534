//! JSON-RPC methods beside those that the SDK serves by itself: accounts, fees, consensus and the [`doin`] namespace.
//!
//! Methods that could harm the node, e.g. `author_rotateKeysWithOwner`, check each request: they answer local callers only,
//! unless the node was started with `--rpc-methods unsafe`.

pub mod doin;

use crate::service::{FullBackend, FullClient, FullPool, FullSelectChain};
use doin_runtime::{opaque::Block, AccountId, BlockNumber, Hash, Nonce};
use jsonrpsee::RpcModule;
use sc_consensus_babe::BabeWorkerHandle;
use sc_consensus_grandpa::{FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState};
use sc_rpc::SubscriptionTaskExecutor;
use sp_keystore::KeystorePtr;
use std::{error::Error, sync::Arc};

/// Services that the RPC methods read from.
pub struct Dependencies {
	/// Client of the chain.
	pub client: Arc<FullClient>,
	/// Transaction pool.
	pub pool: Arc<FullPool>,
	/// Leaf that blocks are built on.
	pub select_chain: FullSelectChain,
	/// Specification that the node was started with.
	pub chain_spec: Box<dyn sc_chain_spec::ChainSpec>,
	/// Keys of the node.
	pub keystore: KeystorePtr,
	/// Handle for queries about epochs.
	pub babe_worker: BabeWorkerHandle<Block>,
	/// Voters of GRANDPA.
	pub authority_set: SharedAuthoritySet<Hash, BlockNumber>,
	/// Stream of new justifications.
	pub justifications: GrandpaJustificationStream<Block>,
	/// Voting rounds in progress.
	pub voter_state: SharedVoterState,
	/// Provider of proofs that a block is final.
	pub finality_proofs: Arc<FinalityProofProvider<FullBackend, Block>>,
}

/// Returns every method that the SDK's node does not serve by itself.
///
/// # Errors
///
/// Fails if two methods share a name, or if the chain specification cannot hold a light client's sync state.
pub fn create_full(
	deps: &Dependencies,
	executor: SubscriptionTaskExecutor,
) -> Result<RpcModule<()>, Box<dyn Error + Send + Sync>> {
	use doin::{Doin, DoinRpcServer};
	use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
	use sc_consensus_babe_rpc::{Babe, BabeApiServer};
	use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
	use sc_rpc::dev::{Dev, DevApiServer};
	use sc_sync_state_rpc::{SyncState, SyncStateApiServer};
	use substrate_frame_rpc_system::{System, SystemApiServer};

	let Dependencies {
		client,
		pool,
		select_chain,
		chain_spec,
		keystore,
		babe_worker,
		authority_set,
		justifications,
		voter_state,
		finality_proofs,
	} = deps;
	let mut module = RpcModule::new(());
	module.merge(SystemApiServer::<Hash, AccountId, Nonce>::into_rpc(System::new(client.clone(), pool.clone())))?;
	module.merge(TransactionPayment::<_, Block>::new(client.clone()).into_rpc())?;
	module.merge(Babe::new(client.clone(), babe_worker.clone(), keystore.clone(), select_chain.clone()).into_rpc())?;
	module.merge(
		Grandpa::new(
			executor.clone(),
			authority_set.clone(),
			voter_state.clone(),
			justifications.clone(),
			finality_proofs.clone(),
		)
		.into_rpc(),
	)?;
	module
		.merge(SyncState::new(chain_spec.cloned_box(), client.clone(), authority_set.clone(), babe_worker.clone())?.into_rpc())?;
	module.merge(Dev::new(client.clone()).into_rpc())?;
	module.merge(Doin::new(client.clone(), executor).into_rpc())?;
	Ok(module)
}
