//! Mock runtime of System, Balances and this pallet. Tests set the electorate and the votable domains.

use crate::{self as pallet_doin_gauge, *};
use doin_testing::{at_block_one, checked, endowed, mock_runtime};
use frame_support::{parameter_types, traits::ConstU128};
use sp_runtime::BuildStorage;

/// Account identifier.
pub type AccountId = u64;

/// Balance of every account at genesis.
pub const ENDOWMENT: Balance = 1_000_000;
/// Deposit of a nomination.
pub const NOMINATION: Balance = 1_000;
/// Deposit of a ballot.
pub const BALLOT: Balance = 10;
/// Number of sessions until a nomination lapses.
pub const SESSIONS: u32 = 4;

mock_runtime! {
	existential_deposit: 1,
	2: Gauge = pallet_doin_gauge,
}

parameter_types! {
	/// Active validators of the current session.
	pub static Stakes: Vec<(AccountId, Balance)> = Vec::new();
	/// Domains below this id are votable, except those of `Unvotable`.
	pub static VotableBelow: DomainId = 1_000;
	/// Domains that are not votable.
	pub static Unvotable: Vec<DomainId> = Vec::new();
	/// Domains whose weight has risen from 0, in order.
	pub static WeightGained: Vec<DomainId> = Vec::new();
	/// Domains whose weight has fallen to 0, in order.
	pub static WeightLost: Vec<DomainId> = Vec::new();
	/// Index of the current session.
	pub static Session: u32 = 0;
}

/// Validators that tests set.
pub struct MockElectorate;
impl Electorate<AccountId> for MockElectorate {
	fn stakes() -> Vec<(AccountId, Balance)> {
		Stakes::get()
	}
	fn is_voter(who: &AccountId) -> bool {
		Stakes::get().iter().any(|(voter, _)| voter == who)
	}
}

/// Weight by which a question about a domain exceeds what benchmarks measure.
pub const VOTABLE_WEIGHT: Weight = Weight::from_parts(13, 3);

/// Domains that tests set.
pub struct MockDomains;
impl Votable for MockDomains {
	fn votable(domain: DomainId) -> bool {
		domain < VotableBelow::get() && !Unvotable::get().contains(&domain)
	}
	fn votable_weight() -> Weight {
		VOTABLE_WEIGHT
	}
}
impl OnWeightGained for MockDomains {
	fn weight_gained(domain: DomainId) {
		WeightGained::mutate(|all| all.push(domain));
	}
	fn weight_lost(domain: DomainId) {
		WeightLost::mutate(|all| all.push(domain));
	}
}

impl Config for Test {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Electorate = MockElectorate;
	type Votable = MockDomains;
	type OnWeightGained = MockDomains;
	type SessionIndex = Session;
	type NominationDeposit = ConstU128<NOMINATION>;
	type BallotDeposit = ConstU128<BALLOT>;
	type NominationSessions = ConstU32<SESSIONS>;
	type MaxVoters = ConstU32<100>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = MockDomains;
}

#[cfg(feature = "runtime-benchmarks")]
impl crate::benchmarking::BenchmarkHelper<AccountId> for MockDomains {
	fn votable(n: u32) -> Vec<DomainId> {
		(0..n).collect()
	}
	fn voters(n: u32) -> Vec<AccountId> {
		let voters: Vec<AccountId> = (1_000..).take(n as usize).collect();
		Stakes::set(voters.iter().map(|who| (*who, 1)).collect());
		voters
	}
}

/// Returns a chain with accounts 1 to 9 endowed, without nominations and ballots.
pub fn new_test_ext() -> sp_io::TestExternalities {
	with_genesis(Vec::new(), Vec::new())
}

/// Returns such a chain with ballots and weights at genesis.
pub fn with_genesis(votes: Vec<(AccountId, Vec<(DomainId, u32)>)>, weights: Vec<(DomainId, u32)>) -> sp_io::TestExternalities {
	// Resets the static values that an earlier case of this thread has set.
	Session::set(0);
	Stakes::set(Vec::new());
	Unvotable::set(Vec::new());
	WeightGained::set(Vec::new());
	WeightLost::set(Vec::new());
	let genesis = RuntimeGenesisConfig {
		system: Default::default(),
		balances: endowed!(1..10, ENDOWMENT),
		gauge: GenesisConfig { votes, weights },
	};
	at_block_one::<Test>(genesis.build_storage().expect("the genesis is valid"))
}

/// Runs `test` on a fresh chain and checks the invariants of the pallet afterwards.
pub fn build_and_execute(test: impl FnOnce()) {
	execute(new_test_ext(), test);
}

/// Runs `test` on `ext` and checks the invariants of the pallet afterwards.
pub fn execute(ext: sp_io::TestExternalities, test: impl FnOnce()) {
	checked(ext, Gauge::do_try_state, test);
}

/// Begins the next session in the next block. Returns the weight of the hook.
pub fn next_session() -> Weight {
	Session::mutate(|session| *session += 1);
	next_block()
}

/// Begins the next block. Returns the weight of the hook.
pub fn next_block() -> Weight {
	let now = System::block_number() + 1;
	System::set_block_number(now);
	<Pallet<Test> as Hooks<u64>>::on_initialize(now)
}

/// Returns all events of this pallet.
pub fn events() -> Vec<Event<Test>> {
	doin_testing::events::<Test, _>()
}
