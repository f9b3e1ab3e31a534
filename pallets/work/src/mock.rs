//! Mock runtime of System, Balances and this pallet.

use crate as pallet_work;
use codec::Decode;
use doin_primitives::{
	bounded_collections::BoundedVec,
	settlement::{Backing, PayShare, PayShares},
	Balance, DoinLog, RoundId, DOIN, DOIN_ENGINE_ID, ONE_Q32, Q32,
};
use doin_testing::{endowed, mock_runtime};
use doin_traits::{QueuedImprovement, Work as _};
use frame_support::{
	parameter_types,
	traits::{fungible::Inspect, Hooks},
	weights::Weight,
	PalletId,
};
use sp_runtime::{BuildStorage, Storage};

mock_runtime! {
	existential_deposit: ED,
	2: WorkPallet = pallet_work,
}

/// Existential deposit.
pub const ED: Balance = DOIN / 1_000;
/// Initial threshold: a quarter of a bit.
pub const T: Q32 = ONE_Q32 / 4;
/// Target spacing, in blocks.
pub const TARGET: u32 = 100;
/// Work blocks from one anchor to the next.
pub const ANCHORS: u64 = 3;
/// Balance of the accounts below 100 at genesis.
pub const ENDOWMENT: Balance = 1_000 * DOIN;

parameter_types! {
	pub const TargetSpacing: u32 = TARGET;
	pub static LowestFloor: u64 = 0;
	pub const AnchorInterval: u64 = ANCHORS;
	pub const PotId: PalletId = PalletId(*b"doin/gen");
}

impl pallet_work::Config for Test {
	type Currency = Balances;
	type TargetSpacing = TargetSpacing;
	type LowestFloor = LowestFloor;
	type AnchorInterval = AnchorInterval;
	type PotId = PotId;
	type WeightInfo = ();
}

/// Returns the genesis storage with this difficulty; accounts 1 to 99 are funded.
pub fn storage(work: pallet_work::GenesisConfig<Test>) -> Storage {
	RuntimeGenesisConfig { balances: endowed!(1..100, ENDOWMENT), work_pallet: work, ..Default::default() }
		.build_storage()
		.unwrap()
}

/// Returns the genesis configuration of most tests.
pub fn genesis() -> pallet_work::GenesisConfig<Test> {
	pallet_work::GenesisConfig { threshold: T, floor: 1 << 16, ceiling: ONE_Q32 * 64, ..Default::default() }
}

/// Returns the externalities of most tests.
pub fn new_test_ext() -> sp_io::TestExternalities {
	storage(genesis()).into()
}

/// Runs `test`, then checks the state, and that the total issuance changed by exactly the minted amount.
pub fn execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		let before = Balances::total_issuance();
		test();
		WorkPallet::do_try_state().unwrap();
		assert_eq!(Balances::total_issuance() - before, crate::Mined::<Test>::get());
	});
}

/// Returns the hash of the parent of block `number`.
pub fn parent_of(number: u64) -> <Test as frame_system::Config>::Hash {
	<Test as frame_system::Config>::Hash::repeat_byte(number as u8)
}

/// Makes block `number`. Returns the weight of the hook and the digest.
pub fn block(number: u64) -> (Weight, DoinLog) {
	System::reset_events();
	// Blocks in between are skipped.
	System::set_block_number(number - 1);
	System::initialize(&number, &parent_of(number), &Default::default());
	let weight = WorkPallet::on_initialize(number);
	WorkPallet::do_try_state().unwrap();
	let logs: Vec<_> = System::digest()
		.logs
		.iter()
		.filter_map(|log| log.as_consensus())
		.filter(|(engine, _)| *engine == DOIN_ENGINE_ID)
		.map(|(_, data)| DoinLog::decode(&mut &data[..]).unwrap())
		.collect();
	assert_eq!(logs.len(), 1, "every header carries one DOIN digest");
	(weight, logs[0].clone())
}

/// Returns the number of work blocks and the seal of a digest.
pub fn sealed(log: DoinLog) -> (u64, Option<(Q32, Q32)>) {
	let DoinLog::V1 { work_index, seal } = log;
	(work_index, seal)
}

/// Returns a division of the evaluators' pay: the parts of each account, and the whole.
pub fn shares(parts: &[(u64, u32)], whole: u32) -> PayShares<u64> {
	let shares = parts.iter().map(|(who, parts)| PayShare { who: *who, parts: *parts });
	PayShares { shares: BoundedVec::truncate_from(shares.collect()), whole }
}

/// Returns an improvement that a quorum verified, whose members share the pay evenly.
pub fn entry(effective: Q32, optimizer: u64, evaluators: &[u64]) -> QueuedImprovement<u64> {
	let parts: Vec<_> = evaluators.iter().map(|who| (*who, 1)).collect();
	QueuedImprovement {
		round: RoundId { domain: 1, number: 7 },
		effective,
		optimizer,
		evaluators: shares(&parts, parts.len() as u32),
		backing: Backing::Quorum,
	}
}

/// Enqueues an improvement that a quorum verified, whose members share the pay evenly.
pub fn enqueue(effective: Q32, optimizer: u64, evaluators: &[u64]) {
	WorkPallet::enqueue(entry(effective, optimizer, evaluators));
}

/// Enqueues an improvement with this division of the evaluators' pay.
pub fn enqueue_shared(effective: Q32, optimizer: u64, evaluators: PayShares<u64>, backing: Backing) {
	WorkPallet::enqueue(QueuedImprovement { evaluators, backing, ..entry(effective, optimizer, &[]) });
}

/// Returns the amount that an account of the genesis has earned.
pub fn earned(who: u64) -> Balance {
	Balances::balance(&who) - ENDOWMENT
}

/// Returns the balance of the pot above the existential deposit.
pub fn pot() -> Balance {
	Balances::balance(&WorkPallet::pot()) - ED
}

/// Runs `test` without log output. For tests that provoke a defensive failure, which is logged as an error in release builds and
/// panics in debug builds.
pub fn without_log(test: impl FnOnce()) {
	let level = log::max_level();
	log::set_max_level(log::LevelFilter::Off);
	test();
	log::set_max_level(level);
}
