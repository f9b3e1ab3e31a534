//! Ballots of the validators on the weights of domains and streams.

use crate::{
	configs::{consensus::MAX_AUTHORITIES, system::deposit},
	*,
};
use doin_primitives::{oracle::FIRST_STREAM, DomainId, DOIN};
use doin_traits::{Electorate, OnWeightGained, Votable};
use frame_support::{parameter_types, traits::ConstU32, weights::Weight};

/// The validators of this session, with the stake behind them in the active era.
pub struct ActiveStake;
impl Electorate<AccountId> for ActiveStake {
	fn stakes() -> Vec<(AccountId, Balance)> {
		let era = pallet_staking::ActiveEra::<Runtime>::get().map_or(0, |era| era.index);
		Session::validators()
			.into_iter()
			.map(|validator| {
				let stake =
					pallet_staking::ErasStakersOverview::<Runtime>::get(era, &validator).map_or(0, |overview| overview.total);
				(validator, stake)
			})
			.collect()
	}

	fn is_voter(who: &AccountId) -> bool {
		Session::validators().contains(who)
	}
}

/// Domains, and streams with a market of forecasts: both can have a weight. Identifiers of streams lie above those of domains.
pub struct Weighable;
impl Votable for Weighable {
	fn votable(domain: DomainId) -> bool {
		if domain < FIRST_STREAM {
			Domains::votable(domain)
		} else {
			Forecasts::votable(domain)
		}
	}

	fn votable_weight() -> Weight {
		Domains::votable_weight().max(Forecasts::votable_weight())
	}
}

impl OnWeightGained for Weighable {
	fn weight_gained(domain: DomainId) {
		if domain < FIRST_STREAM {
			Domains::weight_gained(domain)
		} else {
			Forecasts::weight_gained(domain)
		}
	}

	fn weight_lost(domain: DomainId) {
		if domain >= FIRST_STREAM {
			Forecasts::weight_lost(domain)
		}
	}
}

parameter_types! {
	/// Index of the current session. Weights are counted once per session.
	pub SessionIndex: u32 = Session::current_index();
	/// Deposit of a nomination: 100 DOIN, the price of one of 64 places on the ballot. Refunded when the nomination ends.
	pub const NominationDeposit: Balance = 100 * DOIN;
	/// Deposit of a ballot: 0.134 DOIN for one item of at most 340 bytes. Refunded when the ballot is cleared.
	pub const BallotDeposit: Balance = deposit(1, 340);
}

impl pallet_doin_gauge::Config for Runtime {
	type BallotDeposit = BallotDeposit;
	type Currency = Balances;
	type Electorate = ActiveStake;
	type MaxVoters = ConstU32<MAX_AUTHORITIES>;
	type NominationDeposit = NominationDeposit;
	/// Sessions after which any account can remove a nominated domain without weight from the ballot.
	type NominationSessions = ConstU32<84>;
	type OnWeightGained = Weighable;
	type RuntimeHoldReason = RuntimeHoldReason;
	type SessionIndex = SessionIndex;
	type Votable = Weighable;
	type WeightInfo = pallet_doin_gauge::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::BenchmarkFixtures;
}
