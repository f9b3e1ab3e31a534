//! Runtime APIs for nodes, wallets and workers.
//!
//! `impl_runtime_apis!` generates the dispatcher of all APIs at once, so a runtime has exactly one invocation of it.

use crate::{chunk_scorer::OnChainScorer, data, *};
use alloc::string::String;
use doin_primitives::{
	channel::ChannelId,
	oracle::StreamId,
	views::{
		BarsView, ChampionView, ChannelView, DemandView, DomainView, EvidenceView, FeeMarketView, ForecastRoundView,
		ForecastSeatsView, LeaderboardView, MarketRecordView, OfferView, PollView, RecomputationView, ReputationView, RoundView,
		StreamView, WorkView,
	},
	DomainId, DomainSpec, EvidenceRef, Hash, ModelId, ModelRef, ProgramKind, RoundId, RoundParams,
};
use doin_traits::{DomainWeights as _, Domains as _, Reputation as _};
use frame_support::{
	genesis_builder_helper::{build_state, get_preset},
	weights::Weight,
};
use sp_core::{crypto::KeyTypeId, Get, OpaqueMetadata};
use sp_runtime::{
	traits::{Block as BlockT, NumberFor},
	transaction_validity::{TransactionSource, TransactionValidity},
	ApplyExtrinsicResult, ExtrinsicInclusionMode,
};
use sp_session::OpaqueGeneratedSessionKeys;

sp_api::impl_runtime_apis! {
	impl sp_api::Core<Block> for Runtime {
		fn version() -> RuntimeVersion {
			VERSION
		}

		fn execute_block(block: <Block as BlockT>::LazyBlock) {
			Executive::execute_block(block)
		}

		fn initialize_block(header: &<Block as BlockT>::Header) -> ExtrinsicInclusionMode {
			Executive::initialize_block(header)
		}
	}

	impl sp_api::Metadata<Block> for Runtime {
		fn metadata() -> OpaqueMetadata {
			OpaqueMetadata::new(Runtime::metadata().into())
		}

		fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
			Runtime::metadata_at_version(version)
		}

		fn metadata_versions() -> Vec<u32> {
			Runtime::metadata_versions()
		}
	}

	impl frame_support::view_functions::runtime_api::RuntimeViewFunction<Block> for Runtime {
		fn execute_view_function(
			id: frame_support::view_functions::ViewFunctionId,
			input: Vec<u8>,
		) -> Result<Vec<u8>, frame_support::view_functions::ViewFunctionDispatchError> {
			Runtime::execute_view_function(id, input)
		}
	}

	impl sp_block_builder::BlockBuilder<Block> for Runtime {
		fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
			Executive::apply_extrinsic(extrinsic)
		}

		fn finalize_block() -> <Block as BlockT>::Header {
			Executive::finalize_block()
		}

		fn inherent_extrinsics(data: sp_inherents::InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
			data.create_extrinsics()
		}

		fn check_inherents(
			block: <Block as BlockT>::LazyBlock,
			data: sp_inherents::InherentData,
		) -> sp_inherents::CheckInherentsResult {
			data.check_extrinsics(&block)
		}
	}

	impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
		fn validate_transaction(
			source: TransactionSource,
			tx: <Block as BlockT>::Extrinsic,
			block_hash: <Block as BlockT>::Hash,
		) -> TransactionValidity {
			Executive::validate_transaction(source, tx, block_hash)
		}
	}

	impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
		fn offchain_worker(header: &<Block as BlockT>::Header) {
			Executive::offchain_worker(header)
		}
	}

	impl sp_consensus_babe::BabeApi<Block> for Runtime {
		fn configuration() -> sp_consensus_babe::BabeConfiguration {
			let epoch = Babe::epoch_config().unwrap_or(genesis_config_presets::BABE_EPOCH);
			sp_consensus_babe::BabeConfiguration {
				slot_duration: Babe::slot_duration(),
				epoch_length: <Runtime as pallet_babe::Config>::EpochDuration::get(),
				c: epoch.c,
				authorities: Babe::authorities().to_vec(),
				randomness: Babe::randomness(),
				allowed_slots: epoch.allowed_slots,
			}
		}

		fn current_epoch_start() -> sp_consensus_babe::Slot {
			Babe::current_epoch_start()
		}

		fn current_epoch() -> sp_consensus_babe::Epoch {
			Babe::current_epoch()
		}

		fn next_epoch() -> sp_consensus_babe::Epoch {
			Babe::next_epoch()
		}

		fn generate_key_ownership_proof(
			_slot: sp_consensus_babe::Slot,
			authority_id: sp_consensus_babe::AuthorityId,
		) -> Option<sp_consensus_babe::OpaqueKeyOwnershipProof> {
			use codec::Encode;
			use frame_support::traits::KeyOwnerProofSystem;
			Historical::prove((sp_consensus_babe::KEY_TYPE, authority_id))
				.map(|proof| sp_consensus_babe::OpaqueKeyOwnershipProof::new(proof.encode()))
		}

		fn submit_report_equivocation_unsigned_extrinsic(
			proof: sp_consensus_babe::EquivocationProof<<Block as BlockT>::Header>,
			owner: sp_consensus_babe::OpaqueKeyOwnershipProof,
		) -> Option<()> {
			Babe::submit_unsigned_equivocation_report(proof, owner.decode()?)
		}
	}

	impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
		fn grandpa_authorities() -> sp_consensus_grandpa::AuthorityList {
			Grandpa::grandpa_authorities()
		}

		fn current_set_id() -> sp_consensus_grandpa::SetId {
			pallet_grandpa::CurrentSetId::<Runtime>::get()
		}

		fn submit_report_equivocation_unsigned_extrinsic(
			proof: sp_consensus_grandpa::EquivocationProof<<Block as BlockT>::Hash, NumberFor<Block>>,
			owner: sp_consensus_grandpa::OpaqueKeyOwnershipProof,
		) -> Option<()> {
			Grandpa::submit_unsigned_equivocation_report(proof, owner.decode()?)
		}

		fn generate_key_ownership_proof(
			_set: sp_consensus_grandpa::SetId,
			authority_id: sp_consensus_grandpa::AuthorityId,
		) -> Option<sp_consensus_grandpa::OpaqueKeyOwnershipProof> {
			use codec::Encode;
			use frame_support::traits::KeyOwnerProofSystem;
			Historical::prove((sp_consensus_grandpa::KEY_TYPE, authority_id))
				.map(|proof| sp_consensus_grandpa::OpaqueKeyOwnershipProof::new(proof.encode()))
		}
	}

	impl sp_session::SessionKeys<Block> for Runtime {
		fn generate_session_keys(owner: Vec<u8>, seed: Option<Vec<u8>>) -> OpaqueGeneratedSessionKeys {
			SessionKeys::generate(&owner, seed).into()
		}

		fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> {
			SessionKeys::decode_into_raw_public_keys(&encoded)
		}
	}

	impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
		fn account_nonce(account: AccountId) -> Nonce {
			System::account_nonce(account)
		}
	}

	impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance> for Runtime {
		fn query_info(
			uxt: <Block as BlockT>::Extrinsic,
			len: u32,
		) -> pallet_transaction_payment_rpc_runtime_api::RuntimeDispatchInfo<Balance> {
			TransactionPayment::query_info(uxt, len)
		}

		fn query_fee_details(uxt: <Block as BlockT>::Extrinsic, len: u32) -> pallet_transaction_payment::FeeDetails<Balance> {
			TransactionPayment::query_fee_details(uxt, len)
		}

		fn query_weight_to_fee(weight: Weight) -> Balance {
			TransactionPayment::weight_to_fee(weight)
		}

		fn query_length_to_fee(length: u32) -> Balance {
			TransactionPayment::length_to_fee(length)
		}
	}

	impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentCallApi<Block, Balance, RuntimeCall> for Runtime {
		fn query_call_info(call: RuntimeCall, len: u32) -> pallet_transaction_payment::RuntimeDispatchInfo<Balance> {
			TransactionPayment::query_call_info(call, len)
		}

		fn query_call_fee_details(call: RuntimeCall, len: u32) -> pallet_transaction_payment::FeeDetails<Balance> {
			TransactionPayment::query_call_fee_details(call, len)
		}

		fn query_weight_to_fee(weight: Weight) -> Balance {
			TransactionPayment::weight_to_fee(weight)
		}

		fn query_length_to_fee(length: u32) -> Balance {
			TransactionPayment::length_to_fee(length)
		}
	}

	impl pallet_staking_runtime_api::StakingApi<Block, Balance, AccountId> for Runtime {
		fn nominations_quota(balance: Balance) -> u32 {
			Staking::api_nominations_quota(balance)
		}

		fn eras_stakers_page_count(era: sp_staking::EraIndex, account: AccountId) -> sp_staking::Page {
			Staking::api_eras_stakers_page_count(era, account)
		}

		fn pending_rewards(era: sp_staking::EraIndex, account: AccountId) -> bool {
			Staking::api_pending_rewards(era, account)
		}
	}

	impl pallet_nomination_pools_runtime_api::NominationPoolsApi<Block, AccountId, Balance> for Runtime {
		fn pending_rewards(who: AccountId) -> Balance {
			NominationPools::api_pending_rewards(who).unwrap_or_default()
		}

		fn points_to_balance(pool_id: pallet_nomination_pools::PoolId, points: Balance) -> Balance {
			NominationPools::api_points_to_balance(pool_id, points)
		}

		fn balance_to_points(pool_id: pallet_nomination_pools::PoolId, new_funds: Balance) -> Balance {
			NominationPools::api_balance_to_points(pool_id, new_funds)
		}

		fn pool_pending_slash(pool_id: pallet_nomination_pools::PoolId) -> Balance {
			NominationPools::api_pool_pending_slash(pool_id)
		}

		fn member_pending_slash(member: AccountId) -> Balance {
			NominationPools::api_member_pending_slash(member)
		}

		fn pool_needs_delegate_migration(pool_id: pallet_nomination_pools::PoolId) -> bool {
			NominationPools::api_pool_needs_delegate_migration(pool_id)
		}

		fn member_needs_delegate_migration(member: AccountId) -> bool {
			NominationPools::api_member_needs_delegate_migration(member)
		}

		fn member_total_balance(who: AccountId) -> Balance {
			NominationPools::api_member_total_balance(who)
		}

		fn pool_balance(pool_id: pallet_nomination_pools::PoolId) -> Balance {
			NominationPools::api_pool_balance(pool_id)
		}

		fn pool_accounts(pool_id: pallet_nomination_pools::PoolId) -> (AccountId, AccountId) {
			NominationPools::api_pool_accounts(pool_id)
		}
	}

	impl doin_traits::apis::DoinApi<Block, AccountId> for Runtime {
		fn domains(from: DomainId, count: u32) -> Vec<DomainView<AccountId>> {
			let next = pallet_doin_domains::NextDomainId::<Runtime>::get();
			(from..next).filter_map(domain_view).take(count.min(LONGEST_PAGE) as usize).collect()
		}

		fn domain(domain: DomainId) -> Option<DomainView<AccountId>> {
			domain_view(domain)
		}

		fn domain_spec(domain: DomainId) -> Option<DomainSpec> {
			pallet_doin_domains::Specs::<Runtime>::get(domain)
		}

		fn series(domain: DomainId) -> Option<Vec<i32>> {
			Domains::series(domain)
		}

		fn rows(domain: DomainId) -> Option<Vec<u8>> {
			let spec = pallet_doin_domains::Specs::<Runtime>::get(domain)?;
			let has_rows = matches!(ProgramKind::from(&spec.program), ProgramKind::Rows | ProgramKind::LossGenome);
			has_rows.then(|| data::bytes(domain, &spec, 0..spec.values).ok()).flatten()
		}

		fn segment(domain: DomainId, index: u16) -> Option<Vec<u8>> {
			Evidence::segment(domain, index)
		}

		fn segment_hashes(domain: DomainId, from: u16, count: u16) -> Vec<Hash> {
			Evidence::segment_hashes(domain, from, count)
		}

		fn evidence(domain: DomainId) -> Option<EvidenceView<AccountId>> {
			Evidence::evidence(domain)
		}

		fn baseline(domain: DomainId) -> Option<Vec<u8>> {
			Domains::baseline(domain).map(|model| model.into_inner())
		}

		fn champion(domain: DomainId) -> Option<ChampionView<AccountId>> {
			Optimae::champion_view(domain)
		}

		fn model(model: ModelId) -> Option<Vec<u8>> {
			Optimae::stored(&ModelRef::Stored(model)).map(|stored| stored.bytes.into_inner())
		}

		fn chunk_sum(domain: DomainId, model: Vec<u8>, draw: Option<(EvidenceRef, Hash)>, chunk: u16) -> Option<u32> {
			let draw = draw.as_ref().map(|(evidence, seed)| (*evidence, seed));
			OnChainScorer::model_sum(domain, &model, draw, chunk)
		}

		fn round(domain: DomainId) -> Option<RoundView<AccountId>> {
			Optimae::round_view(domain)
		}

		fn open_round(round: RoundId) -> Option<RoundView<AccountId>> {
			Optimae::open_round(round)
		}

		fn recomputations(domain: DomainId) -> Vec<RecomputationView<AccountId>> {
			Optimae::tasks(domain).into_iter().filter_map(Recomputation::recomputation).collect()
		}

		fn work() -> WorkView<AccountId> {
			Work::view()
		}

		fn fee_market() -> FeeMarketView {
			FeeMarket::view()
		}

		fn reputation(who: AccountId) -> ReputationView {
			let record = Optimae::record(&who);
			ReputationView {
				score: Reputation::score(&who),
				eligible: Reputation::is_eligible(&who),
				bond: Evaluators::bond_of(&who),
				accepted: record.accepted,
				rejected: record.rejected,
				forfeited: record.forfeited,
			}
		}

		fn streams(from: StreamId, count: u32) -> Vec<StreamView<AccountId>> {
			Oracle::stream_views(from, count)
		}

		fn bars(stream: StreamId, from: u64, count: u32) -> Option<BarsView> {
			Oracle::bars_view(stream, from, count)
		}

		fn poll() -> PollView<AccountId> {
			Oracle::poll_view()
		}

		fn forecast_rounds(stream: StreamId) -> Option<Vec<ForecastRoundView>> {
			Forecasts::round_views(stream)
		}

		fn forecast_round(round: RoundId) -> Option<ForecastSeatsView<AccountId>> {
			Forecasts::seats_view(round)
		}

		fn leaderboard(stream: StreamId, limit: u32) -> Option<LeaderboardView<AccountId>> {
			Forecasts::leaderboard_view(stream, limit)
		}

		fn forecaster(stream: StreamId, who: AccountId) -> Option<MarketRecordView<AccountId>> {
			Forecasts::record_view(stream, who)
		}

		fn channel(channel: ChannelId) -> Option<ChannelView<AccountId>> {
			Channels::channel_view(channel)
		}

		fn offers(domain: DomainId) -> Vec<OfferView<AccountId>> {
			Inference::offer_views(domain)
		}

		fn demand(from: DomainId, count: u32) -> Vec<DemandView> {
			let next = pallet_doin_domains::NextDomainId::<Runtime>::get();
			(from..next).filter_map(Inference::demand_view).take(count.min(LONGEST_PAGE) as usize).collect()
		}

		fn round_params() -> RoundParams {
			<Timing as doin_traits::Timing>::rounds()
		}

		fn reference_macs(chunks: u32) -> u64 {
			crate::speed::reference_macs(chunks)
		}

		fn training_macs(steps: u32) -> u64 {
			crate::speed::training_macs(steps)
		}
	}

	impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
		fn build_state(config: Vec<u8>) -> sp_genesis_builder::Result {
			build_state::<RuntimeGenesisConfig>(config)
		}

		fn get_preset(id: &Option<sp_genesis_builder::PresetId>) -> Option<Vec<u8>> {
			get_preset::<RuntimeGenesisConfig>(id, genesis_config_presets::get_preset)
		}

		fn preset_names() -> Vec<sp_genesis_builder::PresetId> {
			genesis_config_presets::preset_names()
		}
	}

	// A failed check panics, which `try-runtime` reports with its message.
	#[cfg(feature = "try-runtime")]
	impl frame_try_runtime::TryRuntime<Block> for Runtime {
		fn on_runtime_upgrade(checks: frame_try_runtime::UpgradeCheckSelect) -> (Weight, Weight) {
			let weight = Executive::try_runtime_upgrade(checks).expect("the upgrade and its checks succeed");
			(weight, configs::system::RuntimeBlockWeights::get().max_block)
		}

		fn execute_block(
			block: <Block as BlockT>::LazyBlock,
			state_root_check: bool,
			signature_check: bool,
			select: frame_try_runtime::TryStateSelect,
		) -> Weight {
			Executive::try_execute_block(block, state_root_check, signature_check, select)
				.expect("the block and the state after it are valid")
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	impl frame_benchmarking::Benchmark<Block> for Runtime {
		fn benchmark_metadata(
			extra: bool,
		) -> (Vec<frame_benchmarking::BenchmarkList>, Vec<frame_support::traits::StorageInfo>) {
			benchmarks::list(extra)
		}

		fn dispatch_benchmark(
			config: frame_benchmarking::BenchmarkConfig,
		) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, alloc::string::String> {
			benchmarks::dispatch(config)
		}
	}
}

/// Most domains that one call returns.
const LONGEST_PAGE: u32 = 1_024;

/// Returns the view of a domain, from its record and its weight.
fn domain_view(id: DomainId) -> Option<DomainView<AccountId>> {
	let spec = pallet_doin_domains::Specs::<Runtime>::get(id)?;
	let state = pallet_doin_domains::States::<Runtime>::get(id)?;
	Some(DomainView {
		id,
		name: String::from_utf8_lossy(&spec.name).into_owned(),
		unit: String::from_utf8_lossy(&spec.unit).into_owned(),
		program: ProgramKind::from(&spec.program),
		evidence: spec.evidence.kind(),
		status: state.status,
		owner: state.owner,
		weight: Gauge::weight(id),
		high_water: Domains::high_water(id),
		min_improvement: spec.min_improvement,
		target: spec.target,
		bounty: state.bounty,
		class: spec.class(),
		last_round: state.last_round,
		licence: String::from_utf8_lossy(&spec.licence).into_owned(),
		carry: state.carry,
		initial_validation_error: state.initial_validation_error,
		bar: state.bar,
		weight_since: state.weight_since,
	})
}
