//! A chain with balances and this pallet. Domains, weights and reputation are switches that a test can set.

use crate as pallet_doin_evaluators;
use doin_primitives::{Balance, BlockNumber, DomainId, RoundParams, SizeClass, DOIN};
use doin_testing::{checked, endowed, mock_runtime, to_block, QuadraticDomains, ScriptedReputation};
pub use doin_testing::{Behaviours, Scores};
use frame_support::{
	parameter_types,
	traits::{ConstU128, Hooks},
};
use sp_runtime::BuildStorage;

pub const MIN_BOND: Balance = 400 * DOIN;
/// A domain with weight, the first of several without weight, and the first that is not registered.
pub const WEIGHTED: DomainId = 1;
pub const UNWEIGHTED: DomainId = 60;
pub const UNKNOWN: DomainId = 100;

mock_runtime! {
	existential_deposit: DOIN / 100,
	2: Evaluators = pallet_doin_evaluators,
}

parameter_types! {
	/// Lengths of the phases.
	pub static Rounds: RoundParams = RoundParams::DEV;
}

/// Reputation whose scores move.
pub type MockReputation = ScriptedReputation<true>;

/// Lengths of rounds that tests set.
pub struct Fake;

impl doin_traits::Timing for Fake {
	fn blocks(ms: u64) -> BlockNumber {
		(ms / 2_000).max(1) as BlockNumber
	}
	fn rounds() -> RoundParams {
		Rounds::get()
	}
	fn ramp() -> BlockNumber {
		0
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper for Fake {
	fn domain() -> DomainId {
		UNWEIGHTED
	}
}

impl crate::Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Domains = QuadraticDomains<UNKNOWN, 8>;
	type Reputation = MockReputation;
	type Timing = Fake;
	type MinBond = ConstU128<MIN_BOND>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Fake;
}

/// Returns a chain at block 1 with `evaluators` evaluators of the small class, accounts 1 to `evaluators` with a bond of 500 DOIN
/// each, and accounts 9 000 to 9 099 with 1 000 DOIN.
pub fn new_test_ext_with(evaluators: u64) -> sp_io::TestExternalities {
	let bonds = (1..=evaluators).map(|who| (who, 500 * DOIN, SizeClass::Small)).collect();
	let genesis = RuntimeGenesisConfig {
		balances: endowed!((1..=evaluators).chain(9_000..9_100), 1_000 * DOIN),
		evaluators: pallet_doin_evaluators::GenesisConfig { evaluators: bonds },
		..Default::default()
	};
	let mut ext: sp_io::TestExternalities = genesis.build_storage().unwrap().into();
	ext.execute_with(|| {
		MockReputation::reset();
		Rounds::set(RoundParams::DEV);
		to(1);
	});
	ext
}

/// Runs `test` on a chain with `evaluators` evaluators, then checks the invariants of the pallet.
pub fn with(evaluators: u64, test: impl FnOnce()) {
	checked(new_test_ext_with(evaluators), Evaluators::do_try_state, test);
}

/// Makes blocks until `block`, and checks the invariants after each.
pub fn to(block: BlockNumber) {
	to_block::<Test>(block, Evaluators::do_try_state, |block| {
		Evaluators::on_initialize(block.into());
	});
}

/// Returns the number of this block.
pub fn now() -> BlockNumber {
	System::block_number() as BlockNumber
}
