//! Answers of the `DoinApi`, put together from the pallets that know the parts.

use crate::*;
use alloc::string::String;
use doin_primitives::{
	views::{ChampionView, DomainView, FeeMarketView, QuorumView, ReputationView, RoundView, WorkView},
	DomainId, DomainSpec, Evidence, ModelId, ModelRef, RoundId,
};
use doin_primitives_frame::{Gauge as _, Reputation as _};

fn text(bytes: &[u8]) -> String {
	String::from_utf8_lossy(bytes).into_owned()
}

/// Every domain, in order of registration.
pub fn domains() -> Vec<DomainView<AccountId>> {
	let mut ids: Vec<_> = pallet_doin_domains::Specs::<Runtime>::iter_keys().collect();
	ids.sort_unstable();
	ids.into_iter().filter_map(domain).collect()
}

/// One domain.
pub fn domain(id: DomainId) -> Option<DomainView<AccountId>> {
	let (spec, state) = (spec(id)?, pallet_doin_domains::States::<Runtime>::get(id)?);
	let evidence = match spec.evidence {
		Evidence::Public => "public",
		Evidence::Synthetic(_) => "synthetic",
	};
	Some(DomainView {
		id,
		name: text(&spec.name),
		unit: text(&spec.unit),
		program: spec.program.name().into(),
		evidence: evidence.into(),
		status: state.status,
		owner: state.owner,
		weight: Gauge::weight(id),
		high_water: state.high_water,
		min_improvement: spec.min_improvement,
		target: spec.target,
		bounty: state.bounty,
		class: spec.class(),
	})
}

/// The immutable record of a domain.
pub fn spec(id: DomainId) -> Option<DomainSpec> {
	pallet_doin_domains::Specs::<Runtime>::get(id)
}

/// The series of a domain.
pub fn series(id: DomainId) -> Option<Vec<i32>> {
	Domains::series(id)
}

/// The champion of a domain.
pub fn champion(id: DomainId) -> Option<ChampionView<AccountId>> {
	Optimae::champion_view(id)
}

/// A stored model.
pub fn model(id: ModelId) -> Option<Vec<u8>> {
	Optimae::stored(&ModelRef::Stored(id)).map(|stored| stored.bytes.into_inner())
}

/// The round of a domain's grid at this block.
pub fn round(id: DomainId) -> Option<RoundView<AccountId>> {
	Optimae::round_view(id)
}

/// A round that is not decided.
pub fn open_round(id: RoundId) -> Option<RoundView<AccountId>> {
	Optimae::open_round(id)
}

/// Recomputations of a domain that are not final.
pub fn quorums(id: DomainId) -> Vec<QuorumView<AccountId>> {
	Quorum::quorums(id)
}

/// Proof of optimization.
pub fn work() -> WorkView<AccountId> {
	Work::view()
}

/// The fee market.
pub fn fee_market() -> FeeMarketView {
	FeeMarket::view()
}

/// Standing of an account.
pub fn reputation(who: AccountId) -> ReputationView {
	let record = Optimae::record(&who);
	ReputationView {
		score: Reputation::score(&who),
		drawable: Reputation::drawable(&who),
		bond: Quorum::bond_of(&who),
		accepted: record.accepted,
		rejected: record.rejected,
		unrevealed: record.unrevealed,
	}
}
