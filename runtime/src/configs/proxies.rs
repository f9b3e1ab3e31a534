//! Calls of the proxies that report bars or stake for their principal, or do everything but pay others.
//!
//! All are lists of calls, not of pallets, so that a new call is not allowed until it is listed.

use crate::{
	configs::doin::budget::{is_batch, takes_no_money},
	places::Call as PlacesCall,
	*,
};
use pallet_conviction_voting::Call as VotingCall;
use pallet_doin_domains::Call as DomainsCall;
use pallet_doin_evaluators::Call as EvaluatorsCall;
use pallet_doin_forecasts::Call as ForecastsCall;
use pallet_doin_gauge::Call as GaugeCall;
use pallet_doin_optimae::Call as OptimaeCall;
use pallet_doin_oracle::Call as OracleCall;
use pallet_nomination_pools::Call as PoolsCall;
use pallet_preimage::Call as PreimageCall;
use pallet_referenda::Call as ReferendaCall;
use pallet_session::Call as SessionCall;
use pallet_staking::{Call as StakingCall, RewardDestination};

/// Returns `true` if `call` stakes for its sender, or is a batch. Rewards go to the sender: calls that name another payee, e.g.
/// `staking.set_payee`, are not listed. Session keys are, since a validator needs them.
pub(crate) fn stakes(call: &RuntimeCall) -> bool {
	match call {
		RuntimeCall::Staking(StakingCall::bond { payee, .. }) => {
			matches!(payee, RewardDestination::Staked | RewardDestination::Stash)
		}
		RuntimeCall::Staking(
			StakingCall::bond_extra { .. }
			| StakingCall::unbond { .. }
			| StakingCall::rebond { .. }
			| StakingCall::withdraw_unbonded { .. }
			| StakingCall::validate { .. }
			| StakingCall::nominate { .. }
			| StakingCall::chill { .. }
			| StakingCall::chill_other { .. }
			| StakingCall::kick { .. }
			| StakingCall::payout_stakers { .. }
			| StakingCall::payout_stakers_by_page { .. },
		)
		| RuntimeCall::Session(SessionCall::set_keys { .. } | SessionCall::purge_keys { .. })
		| RuntimeCall::NominationPools(
			PoolsCall::join { .. }
			| PoolsCall::bond_extra { .. }
			| PoolsCall::unbond { .. }
			| PoolsCall::withdraw_unbonded { .. }
			| PoolsCall::claim_payout { .. }
			| PoolsCall::nominate { .. }
			| PoolsCall::chill { .. },
		) => true,
		RuntimeCall::Places(PlacesCall::outbid_candidate { .. } | PlacesCall::outbid_nominator { .. }) => true,
		call => is_batch(call),
	}
}

/// Returns `true` if `call` reports bars for a validator, or is a batch. A commitment takes a hold of 10 DOIN from the validator, of
/// which 0.1 DOIN burns if it is not revealed.
pub(crate) fn reports(call: &RuntimeCall) -> bool {
	matches!(call, RuntimeCall::Oracle(OracleCall::commit { .. } | OracleCall::reveal { .. })) || is_batch(call)
}

/// Returns `true` if `call` does not pay another account: staking, work that takes no money, bonds of evaluators, reports of
/// bars, ballots, the domains and streams of the sender, and votes. Deposits and fees are taken.
pub(crate) fn pays_nobody(call: &RuntimeCall) -> bool {
	stakes(call)
		|| reports(call)
		|| takes_no_money(call)
		|| matches!(
			call,
			RuntimeCall::Oracle(OracleCall::leave { .. } | OracleCall::retire { .. })
				| RuntimeCall::Forecasts(ForecastsCall::leave { .. })
				| RuntimeCall::Evaluators(
					EvaluatorsCall::bond { .. }
						| EvaluatorsCall::bond_extra { .. }
						| EvaluatorsCall::serve { .. }
						| EvaluatorsCall::unserve { .. }
						| EvaluatorsCall::unbond { .. }
						| EvaluatorsCall::withdraw { .. }
				) | RuntimeCall::Gauge(
				GaugeCall::nominate { .. }
					| GaugeCall::withdraw_nomination { .. }
					| GaugeCall::vote { .. }
					| GaugeCall::clear_ballot { .. }
			) | RuntimeCall::Domains(
				DomainsCall::upload_page { .. }
					| DomainsCall::activate { .. }
					| DomainsCall::close { .. }
					| DomainsCall::retire { .. }
			) | RuntimeCall::Optimae(OptimaeCall::release_model { .. })
				| RuntimeCall::ConvictionVoting(
					VotingCall::vote { .. }
						| VotingCall::delegate { .. }
						| VotingCall::undelegate { .. }
						| VotingCall::unlock { .. }
						| VotingCall::remove_vote { .. }
				) | RuntimeCall::Referenda(
				ReferendaCall::submit { .. }
					| ReferendaCall::place_decision_deposit { .. }
					| ReferendaCall::refund_decision_deposit { .. }
					| ReferendaCall::refund_submission_deposit { .. }
					| ReferendaCall::set_metadata { .. }
			) | RuntimeCall::Preimage(PreimageCall::note_preimage { .. } | PreimageCall::unnote_preimage { .. })
		)
}
