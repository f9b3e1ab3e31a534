//! Records and states of domains.

use doin_primitives::{
	domain::{Champion, DomainState, ModelBytes},
	settlement::Backing,
	DomainId, DomainSpec, Evidence, Growth, Limits, ModelRef, Page, RoundId, RoundResult, Split, Status, Q32,
};
use doin_scoring::{Program, Quadratic};
use doin_traits::{Domains, Progress};
use frame_support::{dispatch::DispatchResult, weights::Weight};

/// Returns the record of a domain with public evidence whose models are points of `coordinates` coordinates.
pub fn quadratic(coordinates: usize) -> DomainSpec {
	DomainSpec {
		name: b"domain".to_vec().try_into().expect("short"),
		unit: Default::default(),
		program: Program::Quadratic(Quadratic { target: vec![0; coordinates].try_into().expect("few") }),
		genes: Default::default(),
		limits: Limits { model_bytes: 1_024, window_macs: 1_000 },
		data_root: Default::default(),
		values: 0,
		growth: Growth::Fixed,
		split: Split { train_end: 0, validation_end: 0 },
		licence: Default::default(),
		evidence: Evidence::Public,
		min_improvement: 2_000,
		target: 0,
	}
}

/// Returns the state of an active domain whose champion is its initial one, with this error on the validation split and on
/// drawn windows.
pub fn active<AccountId>(owner: AccountId, initial: ModelRef, error: u64) -> DomainState<AccountId> {
	DomainState {
		owner,
		status: Status::Active,
		pages_missing: 0,
		initial,
		initial_validation_error: error,
		bar: error,
		champion: Champion {
			model: initial,
			author: None,
			round: None,
			block: 0,
			error,
			initial_error: error,
			validation_error: error,
		},
		high_water: 0,
		high_water_at: 0,
		bounty: 0,
		open_rounds: 0,
		last_round: None,
		unanswered: false,
		suspended: None,
		carry: 0,
		weight_since: 0,
		is_alike: true,
	}
}

/// Domains below `UNKNOWN`, all with the record of [`quadratic`], for pallets that read nothing else.
pub struct QuadraticDomains<const UNKNOWN: DomainId, const COORDINATES: usize>;

impl<AccountId, const UNKNOWN: DomainId, const COORDINATES: usize> Domains<AccountId> for QuadraticDomains<UNKNOWN, COORDINATES> {
	fn spec(domain: DomainId) -> Option<DomainSpec> {
		(domain < UNKNOWN).then(|| quadratic(COORDINATES))
	}
	fn state(_: DomainId) -> Option<DomainState<AccountId>> {
		unreachable!("the pallet reads no state")
	}
	fn page(_: DomainId, _: u32) -> Option<Page> {
		unreachable!("the pallet reads no pages")
	}
	fn high_water(_: DomainId) -> Q32 {
		unreachable!("the pallet reads no mark")
	}
	fn baseline(_: DomainId) -> Option<ModelBytes> {
		unreachable!("the pallet reads no models")
	}
	fn open_round(_: DomainId) -> DispatchResult {
		unreachable!("the pallet opens no rounds")
	}
	fn close_round(_: RoundId, _: RoundResult, _: Option<Backing>) {
		unreachable!("the pallet closes no rounds")
	}
	fn crown(_: DomainId, _: Champion<AccountId>, _: Progress) {
		unreachable!("the pallet crowns no models")
	}
	fn crown_weight() -> Weight {
		unreachable!("the pallet crowns no models")
	}
	fn record_progress(_: DomainId, _: Q32, _: Q32) {
		unreachable!("the pallet records no progress")
	}
}
