//! Benchmarks of calls, of the agenda's dearest step, and of the one thing that all judging comes down to: a chunk.

// Benchmarks stop on a set-up that is not as they made it.
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::*;
use crate::types::{Answer, Member, Seat, Stage, MACS_PER_UNIT, MAX_SERVED};
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	draw,
	payload::{Challenge, ChunkSums},
	quorum::MAX_QUORUM,
	round::MAX_MODELS,
	ModelRef, DOIN,
};
use doin_primitives_frame::{Authors, ModelList};
use frame_benchmarking::v2::*;
use frame_support::traits::fungible::Mutate;
use frame_system::RawOrigin;
use sp_runtime::SaturatedConversion;

/// Units of the costliest chunk.
const MOST_UNITS: u32 = (SizeClass::MACS[SizeClass::Huge as usize] / MACS_PER_UNIT) as u32;

/// What a runtime must have ready to measure this pallet.
pub trait BenchmarkHelper {
	/// A domain that weighs nothing, its size class, and a model whose chunks the judge can compute on any seed. Called once, before
	/// anything else; may write to storage.
	fn domain() -> (DomainId, SizeClass, ModelRef);
	/// Makes the parent block carry a VRF output.
	fn entropy();
	/// A domain and a model of it with chunks of at least `units` times [`MACS_PER_UNIT`] multiply-accumulates, everything else about them as dear
	/// as can be.
	fn judged(units: u32) -> (DomainId, ModelRef);
}

/// A funded account.
fn funded<T: Config>(index: u32) -> T::AccountId {
	let who = account("evaluator", index, 0);
	let amount = T::MinBond::get().saturating_mul(10).saturating_add(DOIN.saturating_mul(100));
	ready(T::Currency::mint_into(&who, amount).is_ok());
	who
}

/// Stops a benchmark whose set-up failed.
fn ready(done: bool) {
	assert!(done, "the benchmark's set-up failed");
}

/// An evaluator on every roster it can sit on; the domains are `0..MAX_SERVED`, written without asking whether they exist.
fn everywhere<T: Config>(index: u32, class: SizeClass) -> T::AccountId {
	let who = funded::<T>(index);
	let bond = T::MinBond::get().saturating_mul(2);
	ready(Pallet::<T>::do_bond(&who, bond, class).is_ok());
	for domain in 0..MAX_SERVED {
		ready(Pallet::<T>::join(Roster::Domain(domain), &who, bond).is_ok());
		Evaluators::<T>::mutate_extant(&who, |evaluator| {
			let _ = evaluator.serving.try_push(domain);
		});
	}
	who
}

/// A full quorum of evaluators that sit on every roster.
fn quorum<T: Config>(class: SizeClass) -> Vec<T::AccountId> {
	(0..MAX_QUORUM).map(|index| everywhere::<T>(index, class)).collect()
}

/// The largest sums there are, all `value`.
fn sums(models: u32, value: u32) -> Sums {
	let chunks = ChunkSums::truncate_from(alloc::vec![value; MAX_CHUNKS as usize]);
	Sums::truncate_from((0..models).map(|_| chunks.clone()).collect())
}

/// A round in which `members` have said `answer`, at `stage`, with its item on the agenda at `due`.
fn round<T: Config>(members: &[T::AccountId], answer: Answer, stage: Stage, due: BlockNumber) -> (RoundId, SizeClass) {
	let (domain, class, model) = T::BenchmarkHelper::domain();
	let round = RoundId { domain, number: 1 };
	let due = AgendaOf::<T>::schedule(Pallet::<T>::now(), due, round);
	let request = Request {
		class,
		models: ModelList::truncate_from(alloc::vec![model; MAX_MODELS as usize]),
		chunks: MAX_CHUNKS as u16,
		exclude: Authors::new(),
		stage,
		due,
		seed: Some([7; 32]),
		members: BoundedVec::truncate_from(members.iter().map(|who| Member { who: who.clone(), answer }).collect()),
		settler: None,
		helpers: BoundedVec::new(),
	};
	Requests::<T>::insert(round, request);
	(round, class)
}

/// Fills the class's roster up to one seat less than a full chunk, so that seats are read and written at their largest.
fn crowd<T: Config>(class: SizeClass) {
	let len = draw::CHUNK - 1;
	let seats = SeatChunk::<T::AccountId>::truncate_from(
		(0..len).map(|index| Seat { who: account("crowd", index, 0), bond: T::MinBond::get() }).collect(),
	);
	let sum = T::MinBond::get().saturating_mul(len.into());
	for (position, seat) in seats.iter().enumerate() {
		SeatIndex::<T>::insert(&seat.who, Roster::Class(class), position as u32);
		let evaluator = Evaluator { bond: seat.bond, class, serving: BoundedVec::new(), missed: 0, leaving: None };
		Evaluators::<T>::insert(&seat.who, evaluator);
	}
	Seats::<T>::insert(Roster::Class(class), 0, seats);
	Rosters::<T>::insert(Roster::Class(class), RosterIndex { len, sums: BoundedVec::truncate_from(alloc::vec![sum]) });
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
		let (round, _) = round::<T>(&members, Answer::Awaited, stage, 1);
		let later = Requests::<T>::get(round).map_or(0, |request| request.due);
		frame_system::Pallet::<T>::set_block_number(later.saturated_into());

		#[block]
		{
			Pallet::<T>::serve_agenda(later);
		}

		assert!(matches!(Requests::<T>::get(round).map(|request| request.stage), Some(Stage::Replaying { .. })));
	}

	#[benchmark]
	fn bond() {
		crowd::<T>(SizeClass::Small);
		let who = funded::<T>(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), T::MinBond::get(), SizeClass::Small);

		assert_eq!(Pallet::<T>::bond_of(&who), T::MinBond::get());
	}

	#[benchmark]
	fn bond_extra() {
		let who = everywhere::<T>(0, SizeClass::Small);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), DOIN);

		assert_eq!(Pallet::<T>::bond_of(&who), T::MinBond::get().saturating_mul(2).saturating_add(DOIN));
	}

	#[benchmark]
	fn serve() {
		let (domain, class, _) = T::BenchmarkHelper::domain();
		let who = funded::<T>(0);
		ready(Pallet::<T>::do_bond(&who, T::MinBond::get(), class).is_ok());

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), domain);

		assert!(SeatIndex::<T>::contains_key(&who, Roster::Domain(domain)));
	}

	#[benchmark]
	fn unserve() {
		let who = everywhere::<T>(0, SizeClass::Small);
		let _other = everywhere::<T>(1, SizeClass::Small);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), 0);

		assert!(!SeatIndex::<T>::contains_key(&who, Roster::Domain(0)));
	}

	#[benchmark]
	fn unbond() {
		let who = everywhere::<T>(0, SizeClass::Small);
		let _other = everywhere::<T>(1, SizeClass::Small);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(!SeatIndex::<T>::contains_key(&who, Roster::Class(SizeClass::Small)));
	}

	#[benchmark]
	fn withdraw() {
		let who = everywhere::<T>(0, SizeClass::Small);
		ready(Pallet::<T>::do_unbond(&who).is_ok());
		let later = Evaluators::<T>::get(&who).and_then(|evaluator| evaluator.leaving).unwrap_or(0);
		frame_system::Pallet::<T>::set_block_number(later.saturated_into());

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(!Evaluators::<T>::contains_key(&who));
	}

	#[benchmark]
	fn commit_sums() {
		let members = quorum::<T>(SizeClass::Small);
		let stage = Stage::Answering { commits_until: LATE, reveals_until: LATE };
		let (round, _) = round::<T>(&members, Answer::Awaited, stage, LATE);
		let who = members[14].clone();

		#[extrinsic_call]
		_(RawOrigin::Signed(who), round, [1; 32]);

		assert!(Requests::<T>::get(round).is_some_and(|request| request.members[14].answer == Answer::Committed([1; 32])));
	}

	#[benchmark]
	fn reveal_sums() {
		let members = quorum::<T>(SizeClass::Small);
		let stage = Stage::Answering { commits_until: 0, reveals_until: LATE };
		let (round, _) = round::<T>(&members, Answer::Awaited, stage, LATE);
		let who = members[14].clone();
		let sums = sums(MAX_MODELS, 1);
		let hash = commitment(Tag::Sums, &T::GenesisHash::get(), round, &who, &payload_hash(&sums), &[2; 32]);
		Requests::<T>::mutate(round, |request| {
			if let Some(request) = request {
				request.members[14].answer = Answer::Committed(hash);
			}
		});

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), round, sums, [2; 32]);

		assert!(Answers::<T>::contains_key(round, &who));
	}

	#[benchmark]
	fn settle() {
		let members = quorum::<T>(SizeClass::Small);
		let stage = Stage::Settling { until: LATE, spot: [3; 32] };
		let (round, class) = round::<T>(&members, Answer::Revealed, stage, LATE);
		// Nobody is right, and everybody in a different way: one replayed chunk, fifteen slashes.
		for (place, who) in members.iter().enumerate() {
			Answers::<T>::insert(round, who, sums(MAX_MODELS, u32::MAX - place as u32));
		}

		#[extrinsic_call]
		_(RawOrigin::Signed(members[0].clone()), round, class);

		assert!(matches!(Requests::<T>::get(round).map(|request| request.stage), Some(Stage::Replaying { .. })));
	}

	#[benchmark]
	fn recompute() {
		let members = quorum::<T>(SizeClass::Small);
		let stage = Stage::Replaying { until: LATE, missing: 1 };
		let (round, class) = round::<T>(&members, Answer::Revealed, stage, LATE);
		for (place, who) in members.iter().enumerate() {
			Answers::<T>::insert(round, who, sums(MAX_MODELS, place as u32));
		}
		let known = KnownSums::truncate_from(alloc::vec![Some(u32::MAX); MAX_CHUNKS as usize]);
		for model in 0..MAX_MODELS as u8 {
			Known::<T>::insert(round, model, &known);
		}
		Known::<T>::mutate(round, 0, |known| known[0] = None);

		#[extrinsic_call]
		_(RawOrigin::Signed(members[0].clone()), round, 0, 0, 1, class);

		assert!(Truths::<T>::contains_key(round));
	}

	#[benchmark]
	fn dispute() {
		let who = funded::<T>(0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), [1; 32]);

		assert!(Disputes::<T>::contains_key(&who));
	}

	#[benchmark]
	fn replay() {
		let members = quorum::<T>(SizeClass::Small);
		let (round, class) = round::<T>(&members, Answer::Revealed, Stage::Challenge { until: LATE }, LATE);
		Truths::<T>::insert(round, sums(MAX_MODELS, u32::MAX));
		let who = funded::<T>(99);
		let payload = payload_hash(&Challenge { model: 0, chunk: 0 });
		let hash = commitment(Tag::Dispute, &T::GenesisHash::get(), round, &who, &payload, &[2; 32]);
		ready(Pallet::<T>::do_dispute(&who, hash).is_ok());
		frame_system::Pallet::<T>::set_block_number(Pallet::<T>::now().saturating_add(1).saturated_into());

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), round, 0, 0, [2; 32], class);

		assert!(!Disputes::<T>::contains_key(&who));
	}

	#[benchmark]
	fn judge(m: Linear<1, { MOST_UNITS }>) {
		let (domain, model) = T::BenchmarkHelper::judged(m);
		let sum;

		#[block]
		{
			sum = T::Judge::chunk(domain, &model, &[7; 32], 0);
		}

		assert!(sum.is_ok());
	}

	#[benchmark]
	fn withdraw_dispute() {
		let who = funded::<T>(0);
		ready(Pallet::<T>::do_dispute(&who, [1; 32]).is_ok());
		let later = Pallet::<T>::now().saturating_add(T::Timing::rounds().challenge);
		frame_system::Pallet::<T>::set_block_number(later.saturated_into());

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(!Disputes::<T>::contains_key(&who));
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext_with(0), crate::mock::Test);
}
