//! Invariants of every pallet.

use doin_primitives::RoundId;
use doin_runtime::{
	Budget, Channels, Domains, Evaluators, Evidence, FeeMarket, Forecasts, Gauge, Inference, Optimae, Oracle, Recomputation,
	Reputation, Runtime, Timing, Work,
};
use pallet_doin_optimae::types::Stage;

/// Checks the invariants of every pallet after block `number`.
///
/// # Panics
///
/// Panics with the first invariant that does not hold.
pub fn check(number: u32) {
	for (name, checked) in [
		("timing", Timing::do_try_state()),
		("fee-market", FeeMarket::do_try_state()),
		("gauge", Gauge::do_try_state()),
		("domains", Domains::do_try_state()),
		("reputation", Reputation::do_try_state()),
		("evaluators", Evaluators::do_try_state()),
		("recomputation", Recomputation::do_try_state()),
		("optimae", Optimae::do_try_state()),
		("work", Work::do_try_state()),
		("budget", Budget::do_try_state()),
		("evidence", Evidence::do_try_state()),
		("oracle", Oracle::do_try_state()),
		("forecasts", Forecasts::do_try_state()),
		("channels", Channels::do_try_state()),
		("inference", Inference::do_try_state()),
	] {
		if let Err(broken) = checked {
			panic!("block {number}, pallet {name}: {broken:?}");
		}
	}
	check_awaited(number);
	sdk_try_state(number);
}

/// Checks that every round for which pallet `evidence` awaits a segment or bars awaits its evidence in pallet `optimae`. The
/// converse is an invariant of pallet `optimae`.
fn check_awaited(number: u32) {
	let segments = pallet_doin_evidence::Segments::<Runtime>::iter()
		.filter_map(|(domain, segments)| Some(RoundId { domain, number: segments.awaited?.number }));
	let bars = pallet_doin_evidence::Live::<Runtime>::iter().flat_map(|(domain, live)| {
		let numbers = live.waiting.into_iter().map(|waiting| waiting.number);
		numbers.map(move |number| RoundId { domain, number })
	});
	for round in segments.chain(bars) {
		let stage = pallet_doin_optimae::Rounds::<Runtime>::get(round).map(|round| round.stage);
		assert_eq!(stage, Some(Stage::Awaiting), "block {number}: the evidence of {round:?} is awaited");
	}
}

/// Checks the invariants of the SDK's pallets too, where they are compiled.
#[cfg(feature = "try-runtime")]
fn sdk_try_state(number: u32) {
	use frame_support::traits::{TryState, TryStateSelect};
	if let Err(broken) = <doin_runtime::AllPalletsWithSystem as TryState<u32>>::try_state(number, TryStateSelect::All) {
		panic!("block {number}: {broken:?}");
	}
}

#[cfg(not(feature = "try-runtime"))]
fn sdk_try_state(_: u32) {}
