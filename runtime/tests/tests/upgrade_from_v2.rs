//! Upgrade of a chain of version 2 while a round is in flight.
//!
//! The runtime of version 2, compiled, builds the genesis and executes the blocks before the upgrade. The native runtime executes
//! those after it. The repository does not have that runtime: `scripts/old-runtime.sh` compiles it, and
//! `scripts/test.sh --full` runs the tests, as does
//! `cargo test --release --workspace --test runtime upgrade_from_v2:: -- --include-ignored`.

use codec::Encode;
use doin_primitives::{SizeClass, DOIN};
use doin_runtime::{
	configs::system::ProxyType, Budget, Channels, Domains, Evaluators, Evidence, FeeMarket, Forecasts, Gauge, Inference,
	NominationPools, Optimae, Oracle, OriginCaller, Recomputation, Reputation, Runtime, RuntimeCall, RuntimeEvent, Timing, Work,
	VERSION,
};
use doin_runtime_tests::{
	code::Code,
	round::{reveal_of, seasonal_with_growth},
	upgrade::{check_rounds_in_flight, upgrade},
	Chain,
};
use frame_support::traits::{schedule::DispatchTime, Bounded, GetStorageVersion};
use frame_system::{Call as SystemCall, Error as SystemError, RawOrigin};
use pallet_conviction_voting::{AccountVote, Call as VotingCall, Conviction, Vote};
use pallet_doin_evaluators::Call as EvaluatorsCall;
use pallet_nomination_pools::Call as PoolsCall;
use pallet_proxy::{Call as ProxyCall, Event as ProxyEvent};
use pallet_referenda::Call as ReferendaCall;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave};

/// Pallets of version 2 whose storage an empty block changes alike, whichever version executes it.
const PALLETS: [&str; 23] = [
	"Timing",
	"Balances",
	"FeeMarket",
	"Staking",
	"VoterList",
	"Session",
	"Proxy",
	"Gauge",
	"Domains",
	"Reputation",
	"Evaluators",
	"Recomputation",
	"Optimae",
	"Work",
	"Budget",
	"Evidence",
	"Preimage",
	"Scheduler",
	"ConvictionVoting",
	"Referenda",
	"Identity",
	"NominationPools",
	"DelegatedStaking",
];

/// Returns a chain of version 2 that is in use: a pool with a member, a key that does not transfer, a referendum with a vote, and a
/// seat in an open round.
fn in_use() -> Chain {
	let mut chain = Chain::of_code("development", Code::of_version(2));
	chain.run_to(2);
	let bob = || Bob.to_account_id().into();
	chain.ok(Bob, PoolsCall::<Runtime>::create { amount: 100 * DOIN, root: bob(), nominator: bob(), bouncer: bob() });
	chain.ok(Bob, PoolsCall::<Runtime>::nominate { pool_id: 1, validators: vec![Alice.to_account_id()] });
	chain.ok(Charlie, PoolsCall::<Runtime>::join { amount: 1_000 * DOIN, pool_id: 1 });
	chain.ok(Dave, ProxyCall::<Runtime>::add_proxy { delegate: bob(), proxy_type: ProxyType::NonTransfer, delay: 0 });
	let proposed: RuntimeCall = SystemCall::<Runtime>::remark { remark: vec![1] }.into();
	let submit = ReferendaCall::<Runtime>::submit {
		proposal_origin: Box::new(OriginCaller::system(RawOrigin::Root)),
		proposal: Bounded::Inline(proposed.encode().try_into().expect("at most 128 bytes")),
		enactment_moment: DispatchTime::After(0),
	};
	chain.ok(Alice, submit);
	let vote = AccountVote::Standard { vote: Vote { aye: true, conviction: Conviction::Locked1x }, balance: 1_000 * DOIN };
	chain.ok(Charlie, VotingCall::<Runtime>::vote { poll_index: 0, vote });
	let round = chain.to_next_round();
	chain.commit(Dave, round, &reveal_of(&seasonal_with_growth(125)));
	chain
}

/// Returns all keys of a pallet with their values.
fn storage_of(chain: &mut Chain, pallet: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
	chain.state(|| {
		let prefix = sp_io::hashing::twox_128(pallet.as_bytes());
		let mut entries = Vec::new();
		let mut last = prefix.to_vec();
		while let Some(key) = sp_io::storage::next_key(&last).filter(|key| key.starts_with(&prefix)) {
			let value = sp_io::storage::get(&key).expect("the key has a value").to_vec();
			entries.push((key.clone(), value));
			last = key;
		}
		entries
	})
}

#[test]
#[ignore = "needs the runtime of version 2, which scripts/old-runtime.sh compiles in 20 minutes"]
fn a_round_in_flight_is_decided_and_paid_after_the_upgrade_from_version_2() {
	check_rounds_in_flight(&Code::of_version(2));
}

/// A copy of the chain goes on with version 2, block by block.
#[test]
#[ignore = "needs the runtime of version 2, which scripts/old-runtime.sh compiles in 20 minutes"]
fn the_upgrade_from_version_2_loses_nothing() {
	let mut chain = in_use();
	let mut former = chain.fork();
	chain.upgrade();
	chain.check_invariants();
	for _ in 0..3 {
		chain.block();
		former.block();
		for pallet in PALLETS {
			let entries = storage_of(&mut chain, pallet);
			assert!(!entries.is_empty(), "{pallet} has a storage version at least");
			assert_eq!(entries, storage_of(&mut former, pallet), "{pallet}");
		}
	}

	// A key that was made before the upgrade sends what the present list has.
	let bond: RuntimeCall = EvaluatorsCall::<Runtime>::bond { amount: 1_000 * DOIN, class: SizeClass::Small }.into();
	let real = Dave.to_account_id().into();
	chain.ok(Bob, ProxyCall::<Runtime>::proxy { real, force_proxy_type: None, call: Box::new(bond) });
	let result = Err(SystemError::<Runtime>::CallFiltered.into());
	assert!(chain.events().contains(&RuntimeEvent::Proxy(ProxyEvent::ProxyExecuted { result })));
	// The member of the pool takes its stake out.
	let member_account = Charlie.to_account_id().into();
	chain.ok(Charlie, PoolsCall::<Runtime>::unbond { member_account, unbonding_points: 1_000 * DOIN });
}

#[test]
#[ignore = "needs the runtime of version 2, which scripts/old-runtime.sh compiles in 20 minutes"]
fn the_upgrade_from_version_2_sets_the_versions_of_all_pallets() {
	let mut chain = Chain::of_code("development", Code::of_version(2));
	chain.run_to(40);
	upgrade(&mut chain);
	chain.state(|| {
		let upgraded = frame_system::LastRuntimeUpgrade::<Runtime>::get().expect("the runtime was upgraded");
		assert_eq!(upgraded.spec_version.0, VERSION.spec_version);
		assert_eq!(Oracle::on_chain_storage_version(), Oracle::in_code_storage_version(), "a new pallet");
		assert_eq!(Forecasts::on_chain_storage_version(), Forecasts::in_code_storage_version(), "a new pallet");
		assert_eq!(Channels::on_chain_storage_version(), Channels::in_code_storage_version(), "a new pallet");
		assert_eq!(Inference::on_chain_storage_version(), Inference::in_code_storage_version(), "a new pallet");
		for (name, stored, present) in [
			("budget", Budget::on_chain_storage_version(), Budget::in_code_storage_version()),
			("domains", Domains::on_chain_storage_version(), Domains::in_code_storage_version()),
			("evaluators", Evaluators::on_chain_storage_version(), Evaluators::in_code_storage_version()),
			("evidence", Evidence::on_chain_storage_version(), Evidence::in_code_storage_version()),
			("fee-market", FeeMarket::on_chain_storage_version(), FeeMarket::in_code_storage_version()),
			("gauge", Gauge::on_chain_storage_version(), Gauge::in_code_storage_version()),
			("nomination-pools", NominationPools::on_chain_storage_version(), NominationPools::in_code_storage_version()),
			("optimae", Optimae::on_chain_storage_version(), Optimae::in_code_storage_version()),
			("recomputation", Recomputation::on_chain_storage_version(), Recomputation::in_code_storage_version()),
			("reputation", Reputation::on_chain_storage_version(), Reputation::in_code_storage_version()),
			("timing", Timing::on_chain_storage_version(), Timing::in_code_storage_version()),
			("work", Work::on_chain_storage_version(), Work::in_code_storage_version()),
		] {
			assert_eq!(stored, present, "{name}");
		}
	});
	chain.run_to(100);
}
