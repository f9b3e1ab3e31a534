//! Benchmarks of the calls, of the most expensive step of the agenda, and of scoring one chunk, which every computed sum comes
//! down to.

// Benchmarks stop if their set-up failed.
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::{
	pallet::{Answers, Beacon, Call, Challenges, Config, Pallet, RecomputedSums, SettledSums, Tasks},
	types::{Answer, Member, PartialSums, Stage, Task, MACS_PER_UNIT},
	AgendaOf,
};
use alloc::vec::Vec;
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	payload::{Challenge, ChunkSums, Sums, MAX_CHUNKS},
	quorum::MAX_QUORUM,
	round::MAX_MODELS,
	settlement::Helpers,
	BlockNumber, DomainId, ModelRef, RoundId, SizeClass, Subject, TaskId, DOIN,
};
use doin_traits::{AuthorList, ChunkScorer, ModelList, Timing};
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{fungible::Mutate, Get},
	BoundedVec,
};
use frame_system::RawOrigin;
use sp_runtime::SaturatedConversion;

/// Units of the most expensive chunk.
const MOST_UNITS: u32 = (SizeClass::MACS[SizeClass::Huge as usize] / MACS_PER_UNIT) as u32;

/// Provides domains, models and evaluators for the benchmarks.
pub trait BenchmarkHelper<AccountId> {
	/// Returns a domain without weight, its size class, and a model whose chunks can be scored with every seed. Called once,
	/// before anything else; may write to storage.
	fn domain() -> (DomainId, SizeClass, ModelRef);
	/// Makes the parent block carry a VRF output.
	fn entropy();
	/// Returns a domain and a model of it with chunks of at least `units` times [`MACS_PER_UNIT`] multiply-accumulates, as
	/// expensive as possible in every other respect.
	fn scored(units: u32) -> (DomainId, ModelRef);
	/// Returns `count` bonded evaluators of `class` that are as expensive to slash as possible.
	fn evaluators(count: u32, class: SizeClass) -> Vec<AccountId>;
}

/// Returns a funded account.
fn funded<T: Config>(index: u32) -> T::AccountId {
	let who = account("challenger", index, 0);
	let amount = T::ChallengeBond::get().saturating_mul(10).saturating_add(DOIN.saturating_mul(100));
	ready(T::Currency::mint_into(&who, amount).is_ok());
	who
}

/// Stops a benchmark whose set-up failed.
fn ready(done: bool) {
	assert!(done, "the benchmark's set-up failed");
}

/// Returns a full quorum.
fn quorum<T: Config>(class: SizeClass) -> Vec<T::AccountId> {
	T::BenchmarkHelper::evaluators(MAX_QUORUM, class)
}

/// Returns sums of `models` models with the most chunks, all `value`.
fn sums(models: u32, value: u32) -> Sums {
	let chunks = ChunkSums::truncate_from(alloc::vec![value; MAX_CHUNKS as usize]);
	Sums::truncate_from((0..models).map(|_| chunks.clone()).collect())
}

/// Stores a task at `stage` whose members all have `answer`, with its item on the agenda at `due`.
fn task<T: Config>(members: &[T::AccountId], answer: Answer, stage: Stage, due: BlockNumber) -> (TaskId, SizeClass) {
	let (domain, class, model) = T::BenchmarkHelper::domain();
	let id: TaskId = 0;
	let due = AgendaOf::<T>::schedule(Pallet::<T>::now(), due, id);
	let task = Task {
		subject: Subject::Round(RoundId { domain, number: 1 }),
		domain,
		class,
		models: ModelList::truncate_from(alloc::vec![model; MAX_MODELS as usize]),
		chunks: MAX_CHUNKS as u16,
		exclude: AuthorList::new(),
		stage,
		due,
		seed: Some([7; 32]),
		members: BoundedVec::truncate_from(members.iter().map(|who| Member { who: who.clone(), answer }).collect()),
		settler: None,
		helpers: Helpers::new(),
	};
	Tasks::<T>::insert(id, task);
	(id, class)
}

const LATE: BlockNumber = 1_000_000;

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn on_initialize() {
		T::BenchmarkHelper::entropy();
		let folded = Beacon::<T>::get().folded;

		#[block]
		{
			Pallet::<T>::fold();
			Pallet::<T>::serve_agenda(Pallet::<T>::now());
		}

		assert_eq!(Beacon::<T>::get().folded, folded + 1);
	}

	#[benchmark]
	fn step() {
		let members = quorum::<T>(SizeClass::Small);
		let stage = Stage::Answering { commits_until: 1, reveals_until: 1 };
		let (task, _) = task::<T>(&members, Answer::Awaited, stage, 1);
		let later = Tasks::<T>::get(task).map_or(0, |task| task.due);
		frame_system::Pallet::<T>::set_block_number(later.saturated_into());

		#[block]
		{
			Pallet::<T>::serve_agenda(later);
		}

		assert!(matches!(Tasks::<T>::get(task).map(|task| task.stage), Some(Stage::Recomputing { .. })));
	}

	#[benchmark]
	fn commit_sums() {
		let members = quorum::<T>(SizeClass::Small);
		let stage = Stage::Answering { commits_until: LATE, reveals_until: LATE };
		let (task, _) = task::<T>(&members, Answer::Awaited, stage, LATE);
		let who = members[14].clone();

		#[extrinsic_call]
		_(RawOrigin::Signed(who), task, [1; 32]);

		assert!(Tasks::<T>::get(task).is_some_and(|task| task.members[14].answer == Answer::Committed([1; 32])));
	}

	#[benchmark]
	fn reveal_sums() {
		let members = quorum::<T>(SizeClass::Small);
		let stage = Stage::Answering { commits_until: 0, reveals_until: LATE };
		let (task, _) = task::<T>(&members, Answer::Awaited, stage, LATE);
		let who = members[14].clone();
		let sums = sums(MAX_MODELS, 1);
		let hash = commitment(Tag::Sums, &T::GenesisHash::get(), &task, &who, &payload_hash(&sums), &[2; 32]);
		Tasks::<T>::mutate(task, |task| {
			if let Some(task) = task {
				task.members[14].answer = Answer::Committed(hash);
			}
		});

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), task, sums, [2; 32]);

		assert!(Answers::<T>::contains_key(task, &who));
	}

	#[benchmark]
	fn settle() {
		let members = quorum::<T>(SizeClass::Small);
		let stage = Stage::Settling { until: LATE, spot: [3; 32] };
		let (task, class) = task::<T>(&members, Answer::Revealed, stage, LATE);
		// All answers are false and different: one recomputed chunk, fifteen slashes.
		for (place, who) in members.iter().enumerate() {
			Answers::<T>::insert(task, who, sums(MAX_MODELS, u32::MAX - place as u32));
		}

		#[extrinsic_call]
		_(RawOrigin::Signed(members[0].clone()), task, class);

		assert!(matches!(Tasks::<T>::get(task).map(|task| task.stage), Some(Stage::Recomputing { .. })));
	}

	#[benchmark]
	fn recompute() {
		let members = quorum::<T>(SizeClass::Small);
		let stage = Stage::Recomputing { until: LATE, missing: 1 };
		let (task, class) = task::<T>(&members, Answer::Revealed, stage, LATE);
		for (place, who) in members.iter().enumerate() {
			Answers::<T>::insert(task, who, sums(MAX_MODELS, place as u32));
		}
		let computed = PartialSums::truncate_from(alloc::vec![Some(u32::MAX); MAX_CHUNKS as usize]);
		for model in 0..MAX_MODELS as u8 {
			RecomputedSums::<T>::insert(task, model, &computed);
		}
		RecomputedSums::<T>::mutate(task, 0, |computed| computed[0] = None);

		#[extrinsic_call]
		_(RawOrigin::Signed(members[0].clone()), task, 0, 0, 1, class);

		assert!(SettledSums::<T>::contains_key(task));
	}

	#[benchmark]
	fn announce_challenge() {
		let who = funded::<T>(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), [1; 32]);

		assert!(Challenges::<T>::contains_key(&who));
	}

	#[benchmark]
	fn challenge() {
		let members = quorum::<T>(SizeClass::Small);
		let (task, class) = task::<T>(&members, Answer::Revealed, Stage::Challenge { until: LATE }, LATE);
		SettledSums::<T>::insert(task, sums(MAX_MODELS, u32::MAX));
		let who = funded::<T>(99);
		let payload = payload_hash(&Challenge { model: 0, chunk: 0 });
		let hash = commitment(Tag::Challenge, &T::GenesisHash::get(), &task, &who, &payload, &[2; 32]);
		ready(Pallet::<T>::do_announce_challenge(&who, hash).is_ok());
		frame_system::Pallet::<T>::set_block_number(Pallet::<T>::now().saturating_add(1).saturated_into());

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), task, 0, 0, [2; 32], class);

		assert!(!Challenges::<T>::contains_key(&who));
	}

	#[benchmark]
	fn score_chunk(m: Linear<1, { MOST_UNITS }>) {
		let (domain, model) = T::BenchmarkHelper::scored(m);
		let sum;

		#[block]
		{
			sum = T::ChunkScorer::drawn_sum(domain, &model, &[7; 32], 0);
		}

		assert!(sum.is_ok());
	}

	#[benchmark]
	fn cancel_challenge() {
		let who = funded::<T>(0);
		ready(Pallet::<T>::do_announce_challenge(&who, [1; 32]).is_ok());
		let later = Pallet::<T>::now().saturating_add(T::Timing::rounds().challenge);
		frame_system::Pallet::<T>::set_block_number(later.saturated_into());

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(!Challenges::<T>::contains_key(&who));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext_with(0), crate::mock::Test);
}
