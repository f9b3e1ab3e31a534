//! The node's JSON-RPC: what the SDK's node serves by itself, plus accounts, fees, consensus and the [`doin`] namespace.
//!
//! Methods that could harm the node, as `author_rotateKeysWithOwner`, look at each request: they answer local callers only, unless the
//! node was started with `--rpc-methods unsafe`.

pub mod doin;
mod record;

use crate::service::{Client, Database, Pool, SelectChain};
use doin_runtime::{opaque::Block, AccountId, BlockNumber, Hash, Nonce};
use jsonrpsee::RpcModule;
use sc_consensus_babe::BabeWorkerHandle;
use sc_consensus_grandpa::{FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState};
use sc_rpc::SubscriptionTaskExecutor;
use sp_keystore::KeystorePtr;
use std::{error::Error, sync::Arc};

/// What the RPC reads from.
pub struct Dependencies {
	/// The chain.
	pub client: Arc<Client>,
	/// Transactions that wait.
	pub pool: Arc<Pool>,
	/// The leaf that is built on.
	pub select_chain: SelectChain,
	/// The specification the node was started with.
	pub chain_spec: Box<dyn sc_chain_spec::ChainSpec>,
	/// The node's keys.
	pub keystore: KeystorePtr,
	/// Answers questions about epochs.
	pub babe_worker: BabeWorkerHandle<Block>,
	/// GRANDPA's voters.
	pub authority_set: SharedAuthoritySet<Hash, BlockNumber>,
	/// New justifications.
	pub justifications: GrandpaJustificationStream<Block>,
	/// The rounds of voting that are under way.
	pub voter_state: SharedVoterState,
	/// Proves that a block is final.
	pub finality_proofs: Arc<FinalityProofProvider<Database, Block>>,
}

/// Every method that the SDK's node does not serve by itself.
///
/// # Errors
/// When two methods share a name, or the chain specification cannot carry a light client's sync state.
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
