//! Budgets of principals: the calls that a worker's hot key can send, directly or within a budget.

use crate::{configs::system::deposit, *};
use frame_support::{parameter_types, traits::Contains};
use pallet_doin_forecasts::Call as ForecastsCall;
use pallet_doin_optimae::Call as OptimaeCall;
use pallet_doin_recomputation::Call as RecomputationCall;
use pallet_utility::Call as UtilityCall;

/// Returns `true` if `call` is work that takes nothing from the free balance of its sender. The bond of an evaluator still
/// answers for its sums.
pub(crate) fn takes_no_money(call: &RuntimeCall) -> bool {
	matches!(
		call,
		RuntimeCall::Optimae(OptimaeCall::challenge_claim { .. })
			| RuntimeCall::Forecasts(ForecastsCall::reveal { .. } | ForecastsCall::claim { .. })
			| RuntimeCall::Recomputation(
				RecomputationCall::commit_sums { .. }
					| RecomputationCall::reveal_sums { .. }
					| RecomputationCall::settle { .. }
					| RecomputationCall::recompute { .. }
					| RecomputationCall::challenge { .. }
					| RecomputationCall::cancel_challenge { .. }
			)
	)
}

/// Returns `true` if `call` is work that takes a fee or a hold from its sender.
fn takes_money(call: &RuntimeCall) -> bool {
	matches!(
		call,
		RuntimeCall::Optimae(OptimaeCall::commit { .. } | OptimaeCall::reveal { .. })
			| RuntimeCall::Forecasts(ForecastsCall::commit { .. })
			| RuntimeCall::Recomputation(RecomputationCall::announce_challenge { .. })
	)
}

/// Returns `true` if `call` is a batch, whose calls are filtered one by one.
pub(crate) fn is_batch(call: &RuntimeCall) -> bool {
	matches!(
		call,
		RuntimeCall::Utility(UtilityCall::batch { .. } | UtilityCall::batch_all { .. } | UtilityCall::force_batch { .. })
	)
}

/// Calls that can be sent through `budget.spend`. Lists calls, not pallets, so that a new call is not allowed until it is listed.
/// Opening a segment is not listed: any account can open one in its own name.
pub struct SpendableCalls;
impl Contains<RuntimeCall> for SpendableCalls {
	fn contains(call: &RuntimeCall) -> bool {
		takes_no_money(call) || takes_money(call) || is_batch(call)
	}
}

parameter_types! {
	/// Deposit of a budget: 0.1088 DOIN for one item of 88 bytes. Refunded when the budget is removed.
	pub const BudgetDeposit: Balance = deposit(1, 88);
}

impl pallet_doin_budget::Config for Runtime {
	type Allowed = SpendableCalls;
	type Currency = Balances;
	type Deposit = BudgetDeposit;
	type RuntimeCall = RuntimeCall;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WeightInfo = pallet_doin_budget::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = SpendableCalls;
}

#[cfg(feature = "runtime-benchmarks")]
impl pallet_doin_budget::BenchmarkHelper<RuntimeCall> for SpendableCalls {
	fn call() -> RuntimeCall {
		RuntimeCall::Utility(UtilityCall::batch { calls: Vec::new() })
	}
}
