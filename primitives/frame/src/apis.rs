//! The runtime API behind the node's `doin` RPC namespace and the worker.

use alloc::vec::Vec;
use codec::Codec;
use doin_primitives::{
	views::{ChampionView, DomainView, FeeMarketView, QuorumView, ReputationView, RoundView, WorkView},
	DomainId, DomainSpec, Hash, ModelId, RoundId, RoundParams,
};

sp_api::decl_runtime_apis! {
	/// Reads across DOIN's pallets. Every method answers from the state of the block it is called at.
	#[api_version(1)]
	pub trait DoinApi<AccountId> where AccountId: Codec {
		/// Every domain, in order of registration.
		fn domains() -> Vec<DomainView<AccountId>>;
		/// One domain.
		fn domain(domain: DomainId) -> Option<DomainView<AccountId>>;
		/// Its immutable record.
		fn domain_spec(domain: DomainId) -> Option<DomainSpec>;
		/// Its series, when every page is there.
		fn series(domain: DomainId) -> Option<Vec<i32>>;
		/// Its champion.
		fn champion(domain: DomainId) -> Option<ChampionView<AccountId>>;
		/// A stored model.
		fn model(model: ModelId) -> Option<Vec<u8>>;
		/// The error sum of any encoded model on chunk `chunk`, as a settlement would compute it: of the windows that `seed` draws, or of the
		/// validation split without one. `None` for a model that the domain does not admit, an unknown domain or chunk.
		fn chunk_sum(domain: DomainId, model: Vec<u8>, seed: Option<Hash>, chunk: u16) -> Option<u32>;
		/// Its round on the grid at this block, with seats if anybody has committed.
		fn round(domain: DomainId) -> Option<RoundView<AccountId>>;
		/// A given round, as long as it is open.
		fn open_round(round: RoundId) -> Option<RoundView<AccountId>>;
		/// Recomputations of a domain that are not final yet, oldest first.
		fn quorums(domain: DomainId) -> Vec<QuorumView<AccountId>>;
		/// Proof of optimization.
		fn work() -> WorkView<AccountId>;
		/// The fee market.
		fn fee_market() -> FeeMarketView;
		/// Standing of an account.
		fn reputation(who: AccountId) -> ReputationView;
		/// Lengths of a round's phases.
		fn round_params() -> RoundParams;
	}
}
