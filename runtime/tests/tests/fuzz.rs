//! Model-based fuzz of the assembled runtime; see [`doin_runtime_tests::fuzz`].
//!
//! A failure prints the seed and the shrunk sequence of operations. `DOIN_FUZZ_SEED=N` repeats one seed, and
//! `DOIN_FUZZ_CHAINS=N` runs another number of chains.

use doin_primitives::RoundParams;
use doin_runtime_tests::fuzz::{operations, Coverage, World, LONG_WINDOWS, PAID_IN_PART};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::{cell::RefCell, collections::BTreeMap, panic::AssertUnwindSafe};

/// Events and results of calls that every run of several chains reaches.
///
/// A verdict with an empty purse is not among them. A sealed domain with weight sells seats only while its purse covers a work
/// block, has one undecided round at a time, and pays nothing back before its verdict. So a purse is empty at a verdict only if the
/// domain gains its weight between the commits and the verdict of a round that evaluators serve without weight. Votes are counted
/// once a session, and random ones hardly ever change like that around a round. `pallet-doin-optimae` tests that verdict
/// (`tests/purses.rs`, `tests/carry.rs`).
const REACHED: &[&str] = &[
	"Work::Sealed",
	"Work::Paid",
	"Optimae::Crowned",
	"Optimae::RoundDecided",
	"Optimae::RoundVoided",
	"Optimae::SeatForfeited",
	"Optimae::StakeBurned",
	"Optimae::WindowExtended",
	"Evaluators::Slashed",
	"Recomputation::ChallengeUpheld",
	"Recomputation::QuorumRedrawn",
	"Recomputation::RecomputingStarted",
	"Recomputation::TaskCompleted",
	"Recomputation::TaskVoided",
	"Evidence::Opened",
	"Evidence::Missed",
	"Evidence::Sealed",
	"Evidence::Doubled",
	"Evidence::PurseSpent",
	PAID_IN_PART,
	"Domains::Resumed",
	"Domains::Suspended",
	"Domains.register failed: UnknownStream",
	"Evidence.open_segment failed: HashMismatch",
	"Evidence.open_segment failed: WrongIndex",
	"Evidence.withdraw failed: RoundsOpen",
	"Optimae.commit failed: PurseTooSmall",
	"Oracle::BatchMissing",
	"Oracle::BatchStands",
	"Oracle::Unrevealed",
	"Forecasts::Cleared",
	"Forecasts::Closed",
	"Forecasts::Collected",
	"Forecasts::Committed",
	"Forecasts::Empty",
	"Forecasts::Left",
	"Forecasts::Opened",
	"Forecasts::Revealed",
	"Forecasts::RevealsOpened",
	"Forecasts::Sponsored",
	"Forecasts::Voided",
	"Forecasts.claim failed: NoWeight",
	"Forecasts.commit failed: NotCommitting",
	"Forecasts.commit failed: WagerTooSmall",
	"Forecasts.leave failed: SeatsLeft",
	"Forecasts.reveal failed: WrongLength",
	"Channels::Closed",
	"Channels::Closing",
	"Channels::Opened",
	"Channels::Redeemed",
	"Channels::ToppedUp",
	"Channels.close failed: NotParty",
	"Channels.finish failed: NotEnded",
	"Channels.open failed: UnknownPayee",
	"Channels.redeem failed: BadSignature",
	"Channels.redeem failed: NothingToPay",
	"Inference::ChampionRecorded",
	"Inference::Offered",
	"Inference::Released",
	"Inference::Slashed",
	"Inference::Unlisted",
	"Inference.accuse failed: AlreadyHalved",
	"Inference.accuse failed: BadSignature",
	"Inference.accuse failed: BeforeOffer",
	"Inference.accuse failed: ChampionServed",
	"Inference.accuse failed: FutureBlock",
	"Inference.accuse failed: NoOffer",
	"Inference.accuse failed: NotChampion",
	"Inference.accuse failed: TrueOutput",
	"Inference.accuse failed: WrongContract",
	"Inference.accuse failed: WrongModel",
	"Inference.accuse failed: WrongPairs",
	"Inference.accuse failed: WrongShape",
	"Inference.accuse failed: WrongWindow",
	"Inference.offer failed: KeyIsFixed",
	"Inference.offer failed: NotServable",
	"ConvictionVoting::Voted",
	"Identity::IdentityCleared",
	"Identity::IdentitySet",
	"NominationPools::Bonded",
	"NominationPools::Created",
	"Preimage::Noted",
	"Referenda::DecisionStarted",
	"Referenda::Submitted",
	"Places.outbid_candidate failed: PlacesLeft",
];

/// Operations of one chain.
const LENGTH: usize = 1_000;

/// Runs `chains` chains of [`LENGTH`] operations, each from its own seed; every fourth one has [`LONG_WINDOWS`]. Returns the counts
/// over all of them.
fn fuzz(first_seed: u64, chains: u64) -> (Coverage, BTreeMap<String, u64>) {
	// Proptest shares the closure between cases, so the counts are behind a cell.
	let counts = RefCell::new((Coverage::default(), BTreeMap::new()));
	for seed in first_seed..first_seed + chains {
		let rounds = if seed.is_multiple_of(4) { LONG_WINDOWS } else { RoundParams::DEV };
		let mut bytes = [0; 32];
		bytes[..8].copy_from_slice(&seed.to_le_bytes());
		let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
		let config = Config { cases: 1, max_shrink_iters: 300, failure_persistence: None, ..Config::default() };
		let result = TestRunner::new_with_rng(config, rng).run(&operations(LENGTH), |operations| {
			let run = std::panic::catch_unwind(AssertUnwindSafe(|| {
				let mut world = World::new(rounds);
				for operation in operations {
					world.run(operation);
				}
				world.finish();
				(world.coverage(), world.events().clone())
			}));
			let (coverage, seen) = run.map_err(|panic| TestCaseError::fail(message(&*panic)))?;
			let (total, events) = &mut *counts.borrow_mut();
			total.add(coverage);
			for (name, count) in seen {
				*events.entry(name).or_default() += count;
			}
			Ok(())
		});
		if let Err(failure) = result {
			panic!("seed {seed} (repeat with DOIN_FUZZ_SEED={seed}): {failure}");
		}
	}
	counts.into_inner()
}

/// Checks that `events` has everything of [`REACHED`].
fn assert_covers(events: &BTreeMap<String, u64>) {
	let never: Vec<_> = REACHED.iter().filter(|name| !events.contains_key(**name)).collect();
	assert!(never.is_empty(), "the fuzz never reaches {never:?}");
}

/// Returns the text of a panic.
fn message(panic: &(dyn std::any::Any + Send)) -> String {
	let text = panic.downcast_ref::<String>().cloned();
	text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_else(|| "a panic without a text".into())
}

#[test]
fn no_sequence_of_operations_breaks_an_invariant() {
	let chosen: Option<u64> = std::env::var("DOIN_FUZZ_SEED").ok().map(|seed| seed.parse().expect("DOIN_FUZZ_SEED is a number"));
	let chains = std::env::var("DOIN_FUZZ_CHAINS").map_or(20, |count| count.parse().expect("DOIN_FUZZ_CHAINS is a number"));
	let (coverage, events) = fuzz(chosen.unwrap_or(1), if chosen.is_some() { 1 } else { chains });
	println!("{coverage:?}");
	for (name, count) in &events {
		println!("{count:>8} {name}");
	}
	assert!(chosen.is_some() || coverage.operations >= chains * LENGTH as u64);
	assert!(coverage.succeeded * 10 > coverage.operations, "a tenth of all operations is a call that succeeds");
	if chosen.is_none() {
		assert_covers(&events);
	}
}

#[test]
#[ignore = "a million operations"]
fn no_sequence_of_a_million_operations_breaks_an_invariant() {
	let (coverage, events) = fuzz(1_000, 1_000);
	println!("{coverage:?}");
	assert!(coverage.operations >= 1_000_000);
	assert_covers(&events);
}
