//! Upgrade of a chain of an earlier version while a round is in flight.

use crate::{
	code::Code,
	round::{reveal_of, seasonal_with_growth, DEMO},
	Chain,
};
use doin_primitives::{views::RecomputationPhase, Balance, RoundResult, DOIN};
use doin_runtime::{configs::system::MAX_BLOCK_WEIGHT, Evaluators, Migrations, Runtime, Work};
use frame_support::traits::OnRuntimeUpgrade;
use sp_keyring::Sr25519Keyring::{Dave, Eve, Ferdie, One, Two};

/// Point of a round at which the runtime is upgraded.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Point {
	Committed,
	Revealed,
	Drawn,
	Answered,
	Settled,
}

/// Checks that a round is decided and paid after an upgrade from `code` at any point of it as without an upgrade: the same amount
/// is minted, and no evaluator loses a part of its bond.
///
/// # Panics
///
/// Panics with the first difference.
pub fn check_rounds_in_flight(code: &Code) {
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

/// Upgrades the chain, and makes the first block after that. Its invariants are checked from then on.
///
/// # Panics
///
/// Panics if the migrations exceed the weight of a block.
pub fn upgrade(chain: &mut Chain) {
	let weight = chain.fork().state(<Migrations as OnRuntimeUpgrade>::on_runtime_upgrade);
	assert!(weight.all_lte(MAX_BLOCK_WEIGHT), "migrations take one block (docs/adr/0064): {weight:?} of {MAX_BLOCK_WEIGHT:?}");
	chain.upgrade();
	chain.check_invariants();
	chain.block();
}

/// Upgrades the chain if `now` is the point at which it is to be upgraded.
fn upgrade_at(chain: &mut Chain, point: Option<Point>, now: Point) {
	if point == Some(now) {
		upgrade(chain);
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
