//! Upgrade of a chain of version 1 while a round is in flight.
//!
//! The runtime of version 1, compiled, builds the genesis and executes the blocks before the upgrade. The native runtime executes
//! those after it. With the feature `try-runtime` (`scripts/try-runtime.sh`), the invariants of all pallets are checked after each
//! of them.

use doin_primitives::{views::RecomputationPhase, Balance, RoundResult, DOIN};
use doin_runtime::{Evaluators, Identity, NominationPools, Preimage, Referenda, Runtime, Scheduler, Work, VERSION};
use doin_runtime_tests::{
	code::Code,
	round::{reveal_of, seasonal_with_growth, DEMO},
	Chain,
};
use frame_support::traits::GetStorageVersion;
use sp_keyring::Sr25519Keyring::{Dave, Eve, Ferdie, One, Two};

/// Runtime of version 1, as `wasm-builder` compresses it.
const VERSION_1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/doin_runtime_v1.compact.compressed.wasm");

/// Point of a round at which the runtime is upgraded.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Point {
	Committed,
	Revealed,
	Drawn,
	Answered,
	Settled,
}

/// Returns the compiled runtime of version 1.
fn version_1() -> Code {
	Code::new(std::fs::read(VERSION_1).unwrap_or_else(|error| panic!("{VERSION_1}: {error}")), 1, 1)
}

/// Upgrades the chain if `now` is the point at which it is to be upgraded, and makes the first block after that.
fn upgrade_at(chain: &mut Chain, point: Option<Point>, now: Point) {
	if point == Some(now) {
		chain.upgrade();
		chain.check_invariants();
		chain.block();
	}
}

/// Runs a round of Dave up to the first work block, and upgrades the chain at `point` of it. Returns the amount minted.
fn round(chain: &mut Chain, point: Option<Point>) -> Balance {
	let round = chain.to_next_round();
	let reveal = reveal_of(&seasonal_with_growth(125));
	chain.commit(Dave, round, &reveal);
	upgrade_at(chain, point, Point::Committed);
	chain.to_reveals(round);
	chain.reveal(Dave, round, &reveal);
	upgrade_at(chain, point, Point::Revealed);
	chain.to_phase(round, RecomputationPhase::Answering);
	upgrade_at(chain, point, Point::Drawn);
	chain.answer(round, |_, sums| Some(sums.clone()));
	upgrade_at(chain, point, Point::Answered);
	chain.settle(Eve, round);
	upgrade_at(chain, point, Point::Settled);
	chain.to_verdict(round);
	let state = chain.state(|| pallet_doin_domains::States::<Runtime>::get(DEMO)).expect("registered");
	assert_eq!(state.champion.author, Some(Dave.to_account_id()), "{point:?}");
	assert!(matches!(state.last_round.expect("decided").result, RoundResult::Paid { .. }), "{point:?}");
	let limit = chain.number() + 200;
	while chain.state(Work::view).last_seal.is_none() {
		assert!(chain.number() < limit, "{point:?}: no work block was sealed");
		chain.block();
	}
	chain.state(|| Work::view().mined)
}

#[test]
fn a_round_in_flight_is_decided_and_paid_after_the_upgrade_from_version_1() {
	let code = version_1();
	let without = round(&mut Chain::of_code("development", code.clone()), None);
	assert!(without > 0);
	for point in [Point::Committed, Point::Revealed, Point::Drawn, Point::Answered, Point::Settled] {
		let mut chain = Chain::of_code("development", code.clone());
		assert_eq!(round(&mut chain, Some(point)), without, "{point:?}");
		for who in [Eve, Ferdie, One, Two] {
			assert_eq!(chain.state(|| Evaluators::bond_of(&who.to_account_id())), 1_000 * DOIN, "{point:?}: {who:?}");
		}
	}
}

#[test]
fn the_upgrade_from_version_1_sets_what_new_pallets_need() {
	let mut chain = Chain::of_code("development", version_1());
	chain.run_to(40);
	chain.upgrade();
	chain.check_invariants();
	chain.block();
	chain.state(|| {
		let upgraded = frame_system::LastRuntimeUpgrade::<Runtime>::get().expect("the runtime was upgraded");
		assert_eq!(upgraded.spec_version.0, VERSION.spec_version);
		assert_eq!(Preimage::on_chain_storage_version(), Preimage::in_code_storage_version());
		assert_eq!(Scheduler::on_chain_storage_version(), Scheduler::in_code_storage_version());
		assert_eq!(Referenda::on_chain_storage_version(), Referenda::in_code_storage_version());
		assert_eq!(Identity::on_chain_storage_version(), Identity::in_code_storage_version());
		assert_eq!(NominationPools::on_chain_storage_version(), NominationPools::in_code_storage_version());
		assert_eq!(pallet_nomination_pools::MaxPools::<Runtime>::get(), Some(64));
	});
	chain.run_to(100);
}
