//! The runtime API behind the node's `doin` RPC namespace and the worker.

use alloc::vec::Vec;
use codec::Codec;
use doin_primitives::{
	channel::ChannelId,
	oracle::StreamId,
	views::{
		BarsView, ChampionView, ChannelView, DemandView, DomainView, EvidenceView, FeeMarketView, ForecastRoundView,
		ForecastSeatsView, LeaderboardView, MarketRecordView, OfferView, PollView, RecomputationView, ReputationView, RoundView,
		StreamView, WorkView,
	},
	DomainId, DomainSpec, EvidenceRef, Hash, ModelId, RoundId, RoundParams,
};

sp_api::decl_runtime_apis! {
	/// Reads across DOIN's pallets. Every method reads the state of the block it is called at.
	#[api_version(1)]
	pub trait DoinApi<AccountId> where AccountId: Codec {
		/// Returns the registered domains with identifiers of `from` and above, in order of registration, at most `count`.
		fn domains(from: DomainId, count: u32) -> Vec<DomainView<AccountId>>;
		/// Returns one domain.
		fn domain(domain: DomainId) -> Option<DomainView<AccountId>>;
		/// Returns the immutable record of a domain.
		fn domain_spec(domain: DomainId) -> Option<DomainSpec>;
		/// Returns the series of a domain that was published at activation, once every page is uploaded: value `t · channels + c` is channel c
		/// at step t. Returns `None` for rows.
		fn series(domain: DomainId) -> Option<Vec<i32>>;
		/// Returns the rows of a domain that were published at activation, as bytes, once every page is uploaded. Returns `None` for a series.
		fn rows(domain: DomainId) -> Option<Vec<u8>>;
		/// Returns the bytes of an opened segment: rows, or little-endian `i32` values of a series.
		fn segment(domain: DomainId, index: u16) -> Option<Vec<u8>>;
		/// Returns the hashes of the sealed segments of a domain from index `from` on, at most `count`; those of opened segments are hashes of
		/// the opened bytes.
		fn segment_hashes(domain: DomainId, from: u16, count: u16) -> Vec<Hash>;
		/// Returns the evidence of a domain that comes after the commits; `None` for other evidence.
		fn evidence(domain: DomainId) -> Option<EvidenceView<AccountId>>;
		/// Returns the encoded initial champion of a domain, if it is a model of the owner or a baseline of rows.
		fn baseline(domain: DomainId) -> Option<Vec<u8>>;
		/// Returns the champion of a domain.
		fn champion(domain: DomainId) -> Option<ChampionView<AccountId>>;
		/// Returns the bytes of a stored model.
		fn model(model: ModelId) -> Option<Vec<u8>>;
		/// Returns the error sum of any encoded model on chunk `chunk`, as settling would compute it: on the windows or rows of `evidence` that
		/// the seed chooses, or on the validation split without a draw. Returns `None` for a model that the domain does not admit, and for an
		/// unknown domain, chunk or evidence.
		fn chunk_sum(domain: DomainId, model: Vec<u8>, draw: Option<(EvidenceRef, Hash)>, chunk: u16) -> Option<u32>;
		/// Returns the round that the grid of a domain is in at this block, with its seats.
		fn round(domain: DomainId) -> Option<RoundView<AccountId>>;
		/// Returns a given round, while it is undecided.
		fn open_round(round: RoundId) -> Option<RoundView<AccountId>>;
		/// Returns the recomputation tasks of a domain that are not final, oldest first.
		fn recomputations(domain: DomainId) -> Vec<RecomputationView<AccountId>>;
		/// Returns the state of work blocks and their queue.
		fn work() -> WorkView<AccountId>;
		/// Returns the state of the fee market.
		fn fee_market() -> FeeMarketView;
		/// Returns the reputation of an account.
		fn reputation(who: AccountId) -> ReputationView;
		/// Returns the streams with identifiers of `from` and above, in order of registration, at most `count`.
		fn streams(from: StreamId, count: u32) -> Vec<StreamView<AccountId>>;
		/// Returns the complete bars of a stream from number `from` on, at most `count`, without those that are not kept any more.
		/// Returns `None` for an unknown stream.
		fn bars(stream: StreamId, from: u64, count: u32) -> Option<BarsView>;
		/// Returns the poll of the reporters that is open, or the last one.
		fn poll() -> PollView<AccountId>;
		/// Returns the open rounds of forecasts of a stream, oldest first; `None` for a stream without a market.
		fn forecast_rounds(stream: StreamId) -> Option<Vec<ForecastRoundView>>;
		/// Returns a round of forecasts with its seats; `None` if it was not opened, or once its last seat is collected.
		fn forecast_round(round: RoundId) -> Option<ForecastSeatsView<AccountId>>;
		/// Returns the market of a stream and its `limit` forecasters of the largest standing, at most 256. Returns `None` for a stream
		/// without a market.
		fn leaderboard(stream: StreamId, limit: u32) -> Option<LeaderboardView<AccountId>>;
		/// Returns the record of an account in the market of a stream. Returns `None` for a stream without a market.
		fn forecaster(stream: StreamId, who: AccountId) -> Option<MarketRecordView<AccountId>>;
		/// Returns an open channel.
		fn channel(channel: ChannelId) -> Option<ChannelView<AccountId>>;
		/// Returns the listed offers of a domain, at most 64, the lowest price first; empty for an unknown domain.
		fn offers(domain: DomainId) -> Vec<OfferView<AccountId>>;
		/// Returns the paid demand of the domains with identifiers of `from` and above that servers were paid for, in order of registration,
		/// at most `count`.
		fn demand(from: DomainId, count: u32) -> Vec<DemandView>;
		/// Returns the lengths of a round's phases.
		fn round_params() -> RoundParams;
		/// Scores `chunks` chunks of a fixed net and returns the counted multiply-accumulates. A node times the call to compare its machine
		/// with the reference machine.
		fn reference_macs(chunks: u32) -> u64;
		/// Makes `steps` steps of training of a fixed net, at most 64, and returns their products. Benchmarks time the call.
		fn training_macs(steps: u32) -> u64;
	}
}
