//! Draws of quorums against the author of the block that completes their seed.
//!
//! That author computes its VRF output, and with it the seed, before it builds the block. Everything in the block is executed
//! before the draw.

use codec::Decode;
use doin_primitives::{
	beacon, bounded_collections::BoundedVec, views::RecomputationPhase, Balance, Hash, SizeClass, TaskId, DOIN,
};
use doin_runtime::{AccountId, Babe, Evaluators, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, Timing};
use doin_runtime_tests::{
	preset_genesis,
	round::{reveal_of, seasonal_with_growth, DEMO},
	Chain,
};
use doin_traits::{DrawRequest, EvaluatorSet, Timing as _};
use frame_support::storage::{with_transaction, TransactionOutcome};
use pallet_doin_evaluators::Call as EvaluatorsCall;
use pallet_doin_recomputation::{types::Stage, Beacon, Event as RecomputationEvent, NextTaskId, Tasks};
use sp_consensus_babe::{digests::PreDigest, make_vrf_sign_data, BABE_ENGINE_ID};
use sp_core::crypto::VrfPublic;
use sp_keyring::Sr25519Keyring::{
	self, Alice, AliceStash, Bob, BobStash, Charlie, CharlieStash, Dave, DaveStash, Eve, EveStash, Ferdie, FerdieStash, One, Two,
};
use sp_runtime::{DigestItem, DispatchError};

/// Evaluators of the demo domain, with a bond of 1 000 DOIN each. A roster of one seat less would draw a smaller quorum.
const EVALUATORS: [Sr25519Keyring; 10] =
	[Eve, Ferdie, One, Two, AliceStash, BobStash, CharlieStash, DaveStash, EveStash, FerdieStash];
/// Size of a quorum of [`EVALUATORS`].
const QUORUM: usize = 5;

/// A call and its sender.
type SignedCall = (Sr25519Keyring, RuntimeCall);

/// Returns a chain with three validators, one domain and [`EVALUATORS`].
fn chain() -> Chain {
	let mut genesis = preset_genesis("local_testnet");
	for who in &EVALUATORS[4..] {
		genesis.balances.balances.push((who.to_account_id(), 1_000_000 * DOIN));
		genesis.evaluators.evaluators.push((who.to_account_id(), 1_000 * DOIN, SizeClass::Small));
	}
	Chain::from_genesis(genesis)
}

/// A draw whose seed is about to be completed.
struct Scene {
	/// The chain before the block in which the draw is scheduled.
	before_schedule: Chain,
	/// The chain before the block whose VRF output completes the seed.
	before_seed: Chain,
	/// The task.
	task: TaskId,
	/// Author of that block, which knows `seed`.
	author: Sr25519Keyring,
	/// Seed of the draw, computed from the state before the block and the VRF output of its author.
	seed: Hash,
	/// All evaluators in the order of their keys: the first ones are drawn.
	order: Vec<AccountId>,
}

impl Scene {
	/// Commits and reveals a candidate, and stops before the block in which its evaluation is requested and the draw scheduled.
	fn new() -> Self {
		let mut chain = chain();
		let round = chain.to_next_round();
		let reveal = reveal_of(&seasonal_with_growth(125));
		chain.commit(Dave, round, &reveal);
		chain.to_reveals(round);
		chain.reveal(Dave, round, &reveal);
		let rounds = chain.state(Timing::rounds);
		chain.run_to(rounds.reveal_window(round).1 - 1);
		let before_schedule = chain.fork();
		let task = chain.state(NextTaskId::<Runtime>::get);
		assert_eq!(chain.to_phase(round, RecomputationPhase::Drawing).task, task);
		assert_eq!(chain.number(), rounds.reveal_window(round).1);
		// The output of the parent and that of the block itself are missing.
		while chain.state(|| missing_outputs(task)) > 2 {
			chain.block();
		}
		assert_eq!(chain.state(|| missing_outputs(task)), 2);

		let (author, output) = chain.next_author();
		let (seed, order) = chain.state(|| {
			let parent = Babe::author_vrf_randomness().expect("the parent has an output");
			let value = beacon::fold(&beacon::fold(&Beacon::<Runtime>::get().value, &parent), &output);
			let seed = beacon::task_seed(&value, task);
			// A quorum of so many seats has a place for each of the ten.
			(seed, draw(task, seed, |request| DrawRequest { seats: 1 << 20, ..request }))
		});
		assert_eq!(order.len(), EVALUATORS.len());
		Self { before_schedule, before_seed: chain, task, author, seed, order }
	}

	/// Returns the first evaluators in the order of the keys that are not in `gone`.
	fn quorum_without(&self, gone: &[Sr25519Keyring]) -> Vec<AccountId> {
		let gone: Vec<AccountId> = gone.iter().map(|who| who.to_account_id()).collect();
		self.order.iter().filter(|who| !gone.contains(who)).take(QUORUM).cloned().collect()
	}

	/// Returns the evaluators that are drawn, or not, if nobody interferes.
	fn evaluators(&self, drawn: bool) -> Vec<Sr25519Keyring> {
		let quorum = self.quorum_without(&[]);
		EVALUATORS.into_iter().filter(|who| quorum.contains(&who.to_account_id()) == drawn).collect()
	}

	/// Includes `calls` in the block that completes the seed, and returns the quorum that the next block draws.
	fn drawn_after(&mut self, calls: &[SignedCall]) -> Vec<AccountId> {
		let mut chain = self.before_seed.fork();
		include(&mut chain, calls);
		self.next_draw(chain)
	}

	/// Includes `calls` in the block in which the draw is scheduled, and returns the quorum.
	fn drawn_after_schedule(&mut self, calls: &[SignedCall]) -> Vec<AccountId> {
		let mut chain = self.before_schedule.fork();
		include(&mut chain, calls);
		while chain.state(|| missing_outputs(self.task)) > 1 {
			chain.block();
		}
		self.next_draw(chain)
	}

	/// Makes the block that draws the quorum, and returns the quorum. Its seed is the one that was computed in advance.
	fn next_draw(&self, mut chain: Chain) -> Vec<AccountId> {
		chain.begin();
		let drawn = chain.events().into_iter().find_map(|event| match event {
			RuntimeEvent::Recomputation(RecomputationEvent::QuorumDrawn { task, seed, evaluators }) if task == self.task => {
				Some((seed, evaluators))
			}
			_ => None,
		});
		chain.end();
		let (seed, evaluators) = drawn.expect("the block after the last output draws");
		assert_eq!(seed, self.seed, "the author knew the seed before it built its block");
		evaluators
	}
}

/// Returns the number of VRF outputs that a draw still waits for.
fn missing_outputs(task: TaskId) -> u64 {
	match Tasks::<Runtime>::get(task).expect("the task is open").stage {
		Stage::Drawing { target } => target - Beacon::<Runtime>::get().folded,
		stage => panic!("the task is drawn: {stage:?}"),
	}
}

/// Draws the quorum of a task from the present state with `seed`. `change` changes the request first.
fn draw(
	task: TaskId,
	seed: Hash,
	change: impl for<'a> FnOnce(DrawRequest<'a, AccountId>) -> DrawRequest<'a, AccountId>,
) -> Vec<AccountId> {
	let task = Tasks::<Runtime>::get(task).expect("the task is open");
	let request = DrawRequest {
		seed,
		domain: task.domain,
		class: task.class,
		weighted: task.weighted,
		fixed: task.fixed,
		seats: task.roster,
		exclude: &task.exclude,
	};
	<Evaluators as EvaluatorSet<AccountId>>::draw(change(request))
}

/// Makes a block with `calls`, which have to succeed.
fn include(chain: &mut Chain, calls: &[SignedCall]) {
	chain.begin();
	for (who, call) in calls {
		assert_eq!(chain.apply(*who, call.clone()), Ok(Ok(())), "{who:?}: {call:?}");
	}
	chain.end();
}

/// A change that the author of a block can include.
struct Change {
	name: String,
	calls: Vec<SignedCall>,
	/// Evaluators that decline their seats by it. Nothing else may follow from a change.
	gone: Vec<Sr25519Keyring>,
}

fn change(name: impl Into<String>, calls: Vec<SignedCall>, gone: &[Sr25519Keyring]) -> Change {
	Change { name: name.into(), calls, gone: gone.to_vec() }
}

/// Returns changes of the roster, by one account and by several.
fn changes(scene: &Scene) -> Vec<Change> {
	let (inside, outside) = (scene.evaluators(true), scene.evaluators(false));
	let add = |who, amount| (who, RuntimeCall::from(EvaluatorsCall::bond_extra { amount }));
	let leave = |who| (who, RuntimeCall::from(EvaluatorsCall::unbond {}));
	let join = |who, amount, class| (who, RuntimeCall::from(EvaluatorsCall::bond { amount, class }));
	let serve = |who| (who, RuntimeCall::from(EvaluatorsCall::serve { domain: DEMO }));
	let mut changes = vec![change("nothing", vec![], &[])];
	for who in EVALUATORS {
		for amount in [1, 7 * DOIN + 1, 500 * DOIN, 900_000 * DOIN] {
			changes.push(change(format!("{who:?} adds {amount} plancks"), vec![add(who, amount)], &[who]));
		}
		changes.push(change(format!("{who:?} unbonds"), vec![leave(who)], &[who]));
		changes.push(change(format!("{who:?} serves"), vec![serve(who)], &[]));
	}
	for amount in [400 * DOIN, 400 * DOIN + 1, 40_000 * DOIN, 700_000 * DOIN] {
		for class in [SizeClass::Small, SizeClass::Huge] {
			let calls = vec![join(Bob, amount, class), serve(Bob)];
			changes.push(change(format!("Bob bonds {amount} plancks"), calls, &[]));
		}
	}
	let all_add = outside.iter().map(|who| add(*who, 800_000 * DOIN)).collect();
	changes.push(change("all that are not drawn add", all_add, &[]));
	changes.push(change("all that are not drawn unbond", outside.iter().map(|who| leave(*who)).collect(), &[]));
	let two = &inside[..2];
	changes.push(change("two that are drawn unbond", two.iter().map(|who| leave(*who)).collect(), two));
	let everything = vec![
		leave(inside[0]),
		leave(outside[0]),
		join(Alice, 500_000 * DOIN, SizeClass::Small),
		add(outside[1], 800_000 * DOIN),
		join(Bob, 500_000 * DOIN, SizeClass::Large),
		add(inside[1], 1),
	];
	changes.push(change("everything at once", everything, &[inside[0], outside[0], outside[1], inside[1]]));
	changes
}

/// Returns calls of other pallets: they concern no roster.
fn calls_of_other_pallets(chain: &mut Chain) -> Vec<SignedCall> {
	let next = chain.number() + 1;
	let round = chain.state(|| Timing::rounds().place(DEMO, next).round);
	let hash = [7; 32];
	let votes = BoundedVec::truncate_from(vec![(DEMO, 1)]);
	vec![
		(Bob, pallet_doin_optimae::Call::commit { round, hash, max_fee: Balance::MAX }.into()),
		(Eve, pallet_doin_optimae::Call::commit { round, hash, max_fee: Balance::MAX }.into()),
		(Bob, pallet_doin_recomputation::Call::announce_challenge { hash }.into()),
		(Alice, pallet_doin_gauge::Call::vote { votes }.into()),
		(Charlie, pallet_staking::Call::chill {}.into()),
		(Two, pallet_balances::Call::transfer_allow_death { dest: Dave.to_account_id().into(), value: 900_000 * DOIN }.into()),
	]
}

#[test]
fn n1_the_author_of_the_block_that_completes_a_seed_knows_the_seed() {
	let mut scene = Scene::new();
	let mut chain = scene.before_seed.fork();
	let header = chain.block();
	// The pre-digest has a valid schnorrkel signature of the author's VRF output for the slot of the block.
	let signed = header.digest.logs.iter().find_map(|log| match log {
		DigestItem::PreRuntime(BABE_ENGINE_ID, data) => PreDigest::decode(&mut &data[..]).ok(),
		_ => None,
	});
	let signed = signed.expect("a pre-digest of BABE");
	let signature = signed.vrf_signature().expect("with a VRF output");
	let epoch = chain.state(Babe::current_epoch);
	let data = make_vrf_sign_data(&epoch.randomness, signed.slot(), epoch.epoch_index);
	assert!(scene.author.public().vrf_verify(&data, signature));
	let other = EVALUATORS[0].public();
	assert!(!other.vrf_verify(&data, signature), "nobody else could have signed it");
	// The block after it folds the output in, and draws with the seed.
	let quorum = scene.quorum_without(&[]);
	assert_eq!(scene.drawn_after(&[]), quorum);
	assert_eq!(quorum.len(), QUORUM);
}

#[test]
fn n1_nothing_in_the_block_that_completes_a_seed_moves_a_seat_of_another_account() {
	let mut scene = Scene::new();
	for Change { name, calls, gone } in changes(&scene) {
		let expected = scene.quorum_without(&gone);
		assert_eq!(scene.drawn_after(&calls), expected, "{name}");
	}
	let calls = calls_of_other_pallets(&mut scene.before_seed);
	assert_eq!(scene.drawn_after(&calls), scene.quorum_without(&[]));
}

#[test]
fn n1_nothing_in_the_block_that_schedules_a_draw_moves_a_seat_of_another_account() {
	let mut scene = Scene::new();
	for Change { name, calls, gone } in changes(&scene) {
		let expected = scene.quorum_without(&gone);
		assert_eq!(scene.drawn_after_schedule(&calls), expected, "{name}");
	}
	let calls = calls_of_other_pallets(&mut scene.before_schedule);
	assert_eq!(scene.drawn_after_schedule(&calls), scene.quorum_without(&[]));
}

/// The author has the evaluators that are not drawn, and tries amounts until they are.
#[test]
fn n1_no_amount_draws_the_authors_own_evaluators() {
	let mut scene = Scene::new();
	let (task, seed, quorum) = (scene.task, scene.seed, scene.quorum_without(&[]));
	let own = scene.evaluators(false);
	let mut chain = scene.before_seed.fork();
	chain.begin();
	let now = chain.number();
	let mut moved = 0;
	for step in 0..600u128 {
		let amounts = own.iter().zip(1u128..).map(|(who, place)| (who, 1 + step * place * 25_000_000_000_007));
		let search = || {
			for (who, amount) in amounts {
				let raised = Evaluators::bond_extra(RuntimeOrigin::signed(who.to_account_id()), amount);
				assert_eq!(raised, Ok(()), "{who:?} adds {amount} plancks");
			}
			let after = draw(task, seed, |request| request);
			let later = draw(task, seed, |request| DrawRequest { fixed: now + 1, ..request });
			TransactionOutcome::Rollback(Ok::<_, DispatchError>((after, later)))
		};
		let (after, later) = chain.state(|| with_transaction(search)).expect("rolled back with a result");
		assert_eq!(after, quorum, "step {step}");
		moved += u32::from(later != quorum);
	}
	assert!(moved > 0, "a draw that is scheduled after a raise follows it, so the search finds amounts");
	chain.end();
}
