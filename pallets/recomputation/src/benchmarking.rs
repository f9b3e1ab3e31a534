//! Benchmarks of the calls, of the steps of the agenda, of slashing, and of scoring one chunk, which every computed sum comes
//! down to.
//!
//! Each is measured in its most expensive case: the members of a full quorum have seats on rosters of their own, a slash takes
//! all of these seats, sums have the largest shape, and scheduling passes full blocks of the agenda.

// Benchmarks stop if their set-up failed.
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::{
	pallet::{Answers, Beacon, Call, Challenges, Config, Due, Pallet, RecomputedSums, SettledSums, Tasks},
	settlement::RevealedAnswer,
	types::{Answer, Excluded, Member, PartialSums, Stage, Task, MACS_PER_UNIT},
	AgendaOf, MAX_TASKS,
};
use alloc::vec::Vec;
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	draw::MAX_ROSTER,
	payload::{Challenge, ChunkSums, Sums, MAX_CHUNKS},
	quorum::MAX_QUORUM,
	round::MAX_MODELS,
	settlement::{credit, Backing, Helpers},
	BlockNumber, DomainId, EvidenceRef, ModelRef, RoundId, SizeClass, Subject, TaskId, DOIN,
};
use doin_traits::{
	agenda::{Items, PER_BLOCK},
	ChunkDraw, ChunkScorer, ModelList, Timing,
};
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
	/// Returns a domain of as many chunks as possible, its size class, and a model whose chunks can be scored with every seed.
	/// Called once; may write to storage.
	fn domain() -> (DomainId, SizeClass, ModelRef);
	/// Makes the parent block carry a VRF output.
	fn entropy();
	/// Returns a domain and a model of it with chunks of at least `units` times [`MACS_PER_UNIT`] multiply-accumulates, as
	/// expensive as possible in every other respect.
	fn scored(units: u32) -> (DomainId, ModelRef);
	/// Returns a domain of rows, an opened segment of the largest size that is dealt to as many chunks of as many rows as possible,
	/// and the initial champion of the domain.
	fn dealt() -> (DomainId, EvidenceRef, ModelRef);
	/// Returns `count` bonded evaluators of `class` that are as expensive to slash as possible: each has a seat on as many
	/// rosters as possible, and shares those of domains with no other of them.
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

/// Returns a full quorum of the class whose evaluators have the most seats.
fn quorum<T: Config>() -> Vec<T::AccountId> {
	T::BenchmarkHelper::evaluators(MAX_QUORUM, SizeClass::Huge)
}

/// Returns sums of `models` models with the most chunks, all `value`.
fn sums(models: u32, value: u32) -> Sums {
	let chunks = ChunkSums::truncate_from(alloc::vec![value; MAX_CHUNKS as usize]);
	Sums::truncate_from((0..models).map(|_| chunks.clone()).collect())
}

/// Fills the agenda from `from` on with items of other tasks, so that scheduling passes as many full blocks as possible.
fn crowd_agenda<T: Config>(from: BlockNumber) {
	for block in 0..MAX_TASKS / PER_BLOCK {
		let ids = (0..PER_BLOCK).map(|place| TaskId::from(block * PER_BLOCK + place + 1));
		Due::<T>::insert(from + block, Items::truncate_from(ids.collect()));
	}
}

/// Stores a task of a weighted domain at `stage` whose members all have `answer`, with its item on the agenda at `due`.
fn task<T: Config>(members: &[T::AccountId], answer: Answer, stage: Stage, due: BlockNumber) -> (TaskId, SizeClass) {
	let (domain, class, model) = T::BenchmarkHelper::domain();
	let id: TaskId = 0;
	let due = AgendaOf::<T>::schedule(Pallet::<T>::now(), due, id);
	let task = Task {
		subject: Subject::Round(RoundId { domain, number: 1 }),
		domain,
		class,
		weighted: true,
		needs_quorum: false,
		models: ModelList::truncate_from(alloc::vec![model; MAX_MODELS as usize]),
		evidence: EvidenceRef::Drawn,
		chunks: MAX_CHUNKS as u16,
		exclude: Excluded::new(),
		stage,
		due,
		fixed: Pallet::<T>::now(),
		roster: 0,
		redrawn: false,
		base_fee: 0,
		congested: None,
		seed: Some([7; 32]),
		members: BoundedVec::truncate_from(members.iter().map(|who| Member { who: who.clone(), answer }).collect()),
		settler: None,
		helpers: Helpers::new(),
	};
	Tasks::<T>::insert(id, task);
	(id, class)
}

/// Serves the agenda in the block in which the stored task is due.
fn serve<T: Config>() {
	let due = Tasks::<T>::get(0).map_or(0, |task| task.due);
	frame_system::Pallet::<T>::set_block_number(due.saturated_into());
	Pallet::<T>::serve_agenda(due);
}

/// Returns the sums of the stored task as the runtime computes them, of the largest shape.
fn correct<T: Config>() -> Sums {
	let Some(task) = Tasks::<T>::get(0) else { return Sums::new() };
	let draw = ChunkDraw { domain: task.domain, evidence: task.evidence, seed: &[7; 32] };
	let chunks: Vec<u32> =
		(0..task.chunks).map(|index| T::ChunkScorer::drawn_sum(draw, &task.models[0], index).unwrap_or_default()).collect();
	let chunks = ChunkSums::truncate_from(chunks);
	Sums::truncate_from(task.models.iter().map(|_| chunks.clone()).collect())
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

	/// The second draw, from a full roster: it also removes the answers of the first quorum.
	#[benchmark]
	fn draw() {
		let everybody = T::BenchmarkHelper::evaluators(MAX_ROSTER, SizeClass::Huge);
		let members = &everybody[..MAX_QUORUM as usize];
		let next = Pallet::<T>::now().saturating_add(1);
		frame_system::Pallet::<T>::set_block_number(next.saturated_into());
		let (task, _) = task::<T>(members, Answer::Missed, Stage::Drawing { target: 0 }, 1);
		Tasks::<T>::mutate(task, |task| {
			if let Some(task) = task {
				task.class = SizeClass::Huge;
				task.redrawn = true;
				task.roster = MAX_ROSTER;
				task.exclude = BoundedVec::truncate_from(everybody.iter().take(32).cloned().collect());
			}
		});
		for who in members {
			Answers::<T>::insert(task, who, sums(MAX_MODELS, 1));
		}
		let due = Tasks::<T>::get(task).map_or(0, |task| task.due);
		crowd_agenda::<T>(due.saturating_add(T::Timing::rounds().answer));

		#[block]
		{
			serve::<T>();
		}

		assert!(matches!(Tasks::<T>::get(task).map(|task| task.stage), Some(Stage::Answering { .. })));
	}

	/// `n` members did not answer: each is slashed and loses its seats. Too few answered, and the chunks have to be recomputed,
	/// since a second quorum did not answer either. The end of the commitments, an earlier step, reads and writes less.
	#[benchmark]
	fn close_answers(n: Linear<0, MAX_QUORUM>) {
		let members = quorum::<T>();
		let stage = Stage::Answering { commits_until: 0, reveals_until: 0 };
		let (task, _) = task::<T>(&members, Answer::Revealed, stage, 1);
		Tasks::<T>::mutate(task, |task| {
			if let Some(task) = task {
				task.members.iter_mut().take(n as usize).for_each(|member| member.answer = Answer::Awaited);
			}
		});
		for who in members.iter().skip(n as usize) {
			Answers::<T>::insert(task, who, sums(MAX_MODELS, 1));
		}
		let due = Tasks::<T>::get(task).map_or(0, |task| task.due);
		crowd_agenda::<T>(due.saturating_add(T::Timing::rounds().recompute_timeout(true)));

		#[block]
		{
			serve::<T>();
		}

		let missed = |task: Task<T::AccountId>| task.seats() - task.answers();
		assert_eq!(Tasks::<T>::get(task).map(missed), Some(n));
	}

	/// No account settled the answers, or had the chunks recomputed: everything that a task can have stored is removed.
	#[benchmark]
	fn void() {
		let members = quorum::<T>();
		let (task, _) = task::<T>(&members, Answer::Revealed, Stage::Recomputing { until: 1, missing: 1 }, 1);
		for who in &members {
			Answers::<T>::insert(task, who, sums(MAX_MODELS, 1));
		}
		let partial = PartialSums::truncate_from(alloc::vec![Some(1); MAX_CHUNKS as usize]);
		for model in 0..MAX_MODELS as u8 {
			RecomputedSums::<T>::insert(task, model, &partial);
		}

		#[block]
		{
			serve::<T>();
		}

		assert!(!Tasks::<T>::contains_key(task));
	}

	/// Every answer agrees with the final sums. The handler is measured by its own benchmark: its weight is added.
	#[benchmark]
	fn complete() {
		let members = quorum::<T>();
		let stage = Stage::Challenge { until: 1, backing: Backing::Quorum };
		let (id, _) = task::<T>(&members, Answer::Revealed, stage, 1);
		SettledSums::<T>::insert(id, sums(MAX_MODELS, 1));

		#[block]
		{
			serve::<T>();
		}

		assert!(!Tasks::<T>::contains_key(id));
	}

	/// False answers that are equal: each member loses its bond and its seats.
	#[benchmark]
	fn slash_members(n: Linear<0, MAX_QUORUM>) -> Result<(), BenchmarkError> {
		let members = quorum::<T>();
		let (id, _) = task::<T>(&members, Answer::Revealed, Stage::Settling { until: LATE, spot: [3; 32] }, LATE);
		let rejected = |place| RevealedAnswer { place, sums: sums(MAX_MODELS, 1) };
		let answers: Vec<_> = (0..n as usize).map(rejected).collect();
		let mut task = Tasks::<T>::get(id).ok_or("stored above")?;

		#[block]
		{
			Pallet::<T>::reject_answers(id, &mut task, answers, |_| true);
		}

		assert_eq!(task.answers(), MAX_QUORUM - n);
		Ok(())
	}

	#[benchmark]
	fn commit_sums() {
		let members = quorum::<T>();
		let stage = Stage::Answering { commits_until: LATE, reveals_until: LATE };
		let (task, _) = task::<T>(&members, Answer::Awaited, stage, LATE);
		let who = members[14].clone();

		#[extrinsic_call]
		_(RawOrigin::Signed(who), task, [1; 32]);

		assert!(Tasks::<T>::get(task).is_some_and(|task| task.members[14].answer == Answer::Committed([1; 32])));
	}

	#[benchmark]
	fn reveal_sums() {
		let members = quorum::<T>();
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

	/// All answers are correct on the chunks that are spot-checked. Rejected answers are slashed: see `slash_members`.
	#[benchmark]
	fn settle() {
		let members = quorum::<T>();
		let stage = Stage::Settling { until: LATE, spot: [3; 32] };
		let (task, class) = task::<T>(&members, Answer::Revealed, stage, LATE);
		let correct = correct::<T>();
		for who in &members {
			Answers::<T>::insert(task, who, &correct);
		}
		crowd_agenda::<T>(Pallet::<T>::now().saturating_add(T::Timing::rounds().challenge));

		#[extrinsic_call]
		_(RawOrigin::Signed(members[0].clone()), task, class);

		assert!(matches!(Tasks::<T>::get(task).map(|task| task.stage), Some(Stage::Challenge { .. })));
	}

	#[benchmark]
	fn recompute() {
		let (task, class) = task::<T>(&quorum::<T>(), Answer::Missed, Stage::Recomputing { until: LATE, missing: 2 }, LATE);
		let partial = PartialSums::truncate_from(alloc::vec![None; MAX_CHUNKS as usize]);
		RecomputedSums::<T>::insert(task, 0, partial);
		let who = funded::<T>(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who), task, 0, 0, 1, class);

		assert!(!SettledSums::<T>::contains_key(task));
	}

	/// All answers are correct. Rejected answers are slashed: see `slash_members`.
	#[benchmark]
	fn finish_recomputing() -> Result<(), BenchmarkError> {
		let members = quorum::<T>();
		let (id, _) = task::<T>(&members, Answer::Revealed, Stage::Recomputing { until: LATE, missing: 0 }, LATE);
		let partial = PartialSums::truncate_from(alloc::vec![Some(u32::MAX); MAX_CHUNKS as usize]);
		for model in 0..MAX_MODELS as u8 {
			RecomputedSums::<T>::insert(id, model, &partial);
		}
		for who in &members {
			Answers::<T>::insert(id, who, sums(MAX_MODELS, u32::MAX));
		}
		crowd_agenda::<T>(Pallet::<T>::now().saturating_add(1));
		let mut task = Tasks::<T>::get(id).ok_or("stored above")?;
		credit(&mut task.helpers, &members[0], 1);
		let slashed;

		#[block]
		{
			slashed = Pallet::<T>::finish_recomputing(id, &mut task);
		}

		assert_eq!(slashed, Ok(0));
		assert!(SettledSums::<T>::contains_key(id));
		Ok(())
	}

	#[benchmark]
	fn announce_challenge() {
		let who = funded::<T>(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), [1; 32]);

		assert!(Challenges::<T>::contains_key(&who));
	}

	/// The challenge is rejected: its bond is shared by fifteen evaluators. An upheld one reads the agenda instead, and its
	/// slashes are added: see `slash_members`.
	#[benchmark]
	fn challenge() {
		let members = quorum::<T>();
		let stage = Stage::Challenge { until: LATE, backing: Backing::Quorum };
		let (task, class) = task::<T>(&members, Answer::Revealed, stage, LATE);
		SettledSums::<T>::insert(task, correct::<T>());
		let who = funded::<T>(99);
		let payload = payload_hash(&Challenge { model: 0, chunk: 0 });
		let hash = commitment(Tag::Challenge, &T::GenesisHash::get(), &task, &who, &payload, &[2; 32]);
		ready(Pallet::<T>::do_announce_challenge(&who, hash).is_ok());
		frame_system::Pallet::<T>::set_block_number(Pallet::<T>::now().saturating_add(1).saturated_into());

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), task, 0, 0, [2; 32], class);

		assert!(!Challenges::<T>::contains_key(&who));
		assert!(SettledSums::<T>::contains_key(task));
	}

	#[benchmark]
	fn score_chunk(m: Linear<1, { MOST_UNITS }>) {
		let (domain, model) = T::BenchmarkHelper::scored(m);
		let chunk = ChunkDraw { domain, evidence: EvidenceRef::Drawn, seed: &[7; 32] };
		let sum;

		#[block]
		{
			sum = T::ChunkScorer::drawn_sum(chunk, &model, 0);
		}

		assert!(sum.is_ok());
	}

	/// A chunk of rows reads all pages of its segment, since the seed deals the rows to all chunks. [`score_chunk`] measures what a
	/// multiply-accumulate costs, which is equal for rows.
	#[benchmark]
	fn deal_rows() {
		let (domain, evidence, model) = T::BenchmarkHelper::dealt();
		let chunk = ChunkDraw { domain, evidence, seed: &[7; 32] };
		let sum;

		#[block]
		{
			sum = T::ChunkScorer::drawn_sum(chunk, &model, 0);
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
