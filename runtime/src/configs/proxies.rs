//! Calls of the proxies that report bars, redeem vouchers or stake for their principal, or do everything that cannot cost it coins.
//!
//! All are lists of calls, not of pallets, so that a new call is not allowed until it is listed.

use crate::{configs::doin::budget::is_batch, places::Call as PlacesCall, *};
use pallet_conviction_voting::Call as VotingCall;
use pallet_doin_channels::Call as ChannelsCall;
use pallet_doin_domains::Call as DomainsCall;
use pallet_doin_evaluators::Call as EvaluatorsCall;
use pallet_doin_forecasts::Call as ForecastsCall;
use pallet_doin_gauge::Call as GaugeCall;
use pallet_doin_inference::Call as InferenceCall;
use pallet_doin_optimae::Call as OptimaeCall;
use pallet_doin_oracle::Call as OracleCall;
use pallet_doin_recomputation::Call as RecomputationCall;
use pallet_nomination_pools::Call as PoolsCall;
use pallet_preimage::Call as PreimageCall;
use pallet_referenda::Call as ReferendaCall;
use pallet_session::Call as SessionCall;
use pallet_staking::{Call as StakingCall, RewardDestination};

/// Returns `true` if `call` stakes for its sender, or is a batch. Rewards go to the sender: calls that name another payee, e.g.
/// `staking.set_payee`, are not listed. Session keys are, since a validator needs them.
pub(crate) fn stakes(call: &RuntimeCall) -> bool {
	tends_stake(call) || exposes_stake(call) || is_batch(call)
}

/// Returns `true` if `call` decides who can have the stake of its sender slashed, i.e. the owner of the session keys, or the validators
/// that the sender or its pool nominates; or if it adds coins to a stake that they can have slashed.
fn exposes_stake(call: &RuntimeCall) -> bool {
	matches!(
		call,
		RuntimeCall::Staking(
			StakingCall::bond_extra { .. }
				| StakingCall::rebond { .. }
				| StakingCall::validate { .. }
				| StakingCall::nominate { .. }
		) | RuntimeCall::Session(SessionCall::set_keys { .. })
			| RuntimeCall::NominationPools(PoolsCall::join { .. } | PoolsCall::bond_extra { .. } | PoolsCall::nominate { .. })
			| RuntimeCall::Places(
				PlacesCall::outbid_candidate { .. } | PlacesCall::outbid_nominator { .. } | PlacesCall::outbid_for_pool { .. }
			)
	)
}

/// Returns `true` if `call` stakes for its sender and adds nothing to what can be slashed: a first bond is behind no validator.
fn tends_stake(call: &RuntimeCall) -> bool {
	match call {
		RuntimeCall::Staking(StakingCall::bond { payee, .. }) => {
			matches!(payee, RewardDestination::Staked | RewardDestination::Stash)
		}
		call => matches!(
			call,
			RuntimeCall::Staking(
				StakingCall::unbond { .. }
					| StakingCall::withdraw_unbonded { .. }
					| StakingCall::chill { .. }
					| StakingCall::chill_other { .. }
					| StakingCall::kick { .. }
					| StakingCall::payout_stakers { .. }
					| StakingCall::payout_stakers_by_page { .. }
			) | RuntimeCall::Session(SessionCall::purge_keys { .. })
				| RuntimeCall::NominationPools(
					PoolsCall::unbond { .. }
						| PoolsCall::withdraw_unbonded { .. }
						| PoolsCall::claim_payout { .. }
						| PoolsCall::chill { .. }
				)
		),
	}
}

/// Returns `true` if `call` reports bars for a validator, or is a batch. A commitment takes a hold of 10 DOIN from the validator, of
/// which 0.1 DOIN burns if it is not revealed.
pub(crate) fn reports(call: &RuntimeCall) -> bool {
	matches!(call, RuntimeCall::Oracle(OracleCall::commit { .. } | OracleCall::reveal { .. })) || is_batch(call)
}

/// Returns `true` if `call` redeems a voucher or closes a channel for a server, or is a batch. A key that closes a channel before its newest
/// voucher is redeemed loses what that voucher pays.
pub(crate) fn serves(call: &RuntimeCall) -> bool {
	matches!(call, RuntimeCall::Channels(ChannelsCall::redeem { .. } | ChannelsCall::close { .. })) || is_batch(call)
}

/// Returns `true` if `call` leaves its coins to its sender, whatever the owner of the key sends with it and after it, or is a batch.
/// Deposits are taken and returned.
///
/// Not listed are calls that pay another account, and calls after which coins can be slashed or burned: bonds and answers of
/// evaluators, challenges, reports of bars, session keys, the choice of validators and pools, more stake behind them, and deposits of
/// referenda, of which the SDK keeps that of a rejected submission.
pub(crate) fn keeps_coins(call: &RuntimeCall) -> bool {
	tends_stake(call)
		|| is_batch(call)
		|| matches!(
			call,
			RuntimeCall::Oracle(OracleCall::leave { .. } | OracleCall::retire { .. })
				| RuntimeCall::Forecasts(ForecastsCall::leave { .. })
				| RuntimeCall::Channels(ChannelsCall::finish { .. })
				| RuntimeCall::Inference(InferenceCall::withdraw { .. } | InferenceCall::release { .. })
				| RuntimeCall::Evaluators(
					EvaluatorsCall::unserve { .. } | EvaluatorsCall::unbond { .. } | EvaluatorsCall::withdraw { .. }
				) | RuntimeCall::Recomputation(
				RecomputationCall::settle { .. }
					| RecomputationCall::recompute { .. }
					| RecomputationCall::cancel_challenge { .. }
			) | RuntimeCall::Optimae(OptimaeCall::challenge_claim { .. } | OptimaeCall::release_model { .. })
				| RuntimeCall::Gauge(
					GaugeCall::nominate { .. }
						| GaugeCall::withdraw_nomination { .. }
						| GaugeCall::vote { .. }
						| GaugeCall::clear_ballot { .. }
				) | RuntimeCall::Domains(
				DomainsCall::upload_page { .. }
					| DomainsCall::activate { .. }
					| DomainsCall::close { .. }
					| DomainsCall::retire { .. }
			) | RuntimeCall::ConvictionVoting(
				VotingCall::vote { .. }
					| VotingCall::delegate { .. }
					| VotingCall::undelegate { .. }
					| VotingCall::unlock { .. }
					| VotingCall::remove_vote { .. }
			) | RuntimeCall::Referenda(
				ReferendaCall::refund_decision_deposit { .. }
					| ReferendaCall::refund_submission_deposit { .. }
					| ReferendaCall::set_metadata { .. }
			) | RuntimeCall::Preimage(PreimageCall::note_preimage { .. } | PreimageCall::unnote_preimage { .. })
		)
}
