//! Benchmarks. Domains and models come from the runtime through [`BenchmarkHelper`].

// Set-up code may be plain: it never runs on a chain.
#![allow(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::types::{Gathered, Stage, CONTENDER_ROUNDS, MAX_GATHERED};
use alloc::{vec, vec::Vec};
use codec::Encode;
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	domain::{Champion, DomainState, MAX_MODEL_BYTES},
	payload::{ChunkSums, Sums},
	round::{MAX_MODELS, MAX_SEATS},
	DOIN,
};
use doin_primitives_frame::{Evaluators, OnRecomputed, Outcome};
use frame_benchmarking::v2::*;
use frame_system::RawOrigin;

/// A salt.
const SALT: [u8; 32] = [7; 32];

/// An account with enough for the dearest seat.
fn rich<T: Config>(name: &'static str, index: u32) -> T::AccountId {
	let who: T::AccountId = account(name, index, 0);
	let _ = T::Currency::mint_into(&who, 1_000_000 * DOIN);
	who
}

/// What `who` commits to.
fn promise<T: Config>(round: RoundId, who: &T::AccountId, solution: &Reveal) -> Hash {
	commitment(Tag::Optimae, &T::GenesisHash::get(), round, who, &payload_hash(solution), &SALT)
}

/// The current round of `domain`, after `seats` commits to `solution`.
fn committed<T: Config>(domain: DomainId, seats: u32, solution: &Reveal) -> RoundId {
	let round = T::Timing::rounds().place(domain, Pallet::<T>::now()).round;
	for index in 0..seats {
		let who = rich::<T>("optimizer", index);
		let hash = promise::<T>(round, &who, solution);
		assert!(Pallet::<T>::take_seat(who, round, hash).is_ok());
	}
	round
}

/// A full round of `domain` in its reveal phase, with all but the first `open` seats revealed.
fn revealed<T: Config>(domain: DomainId, solution: &Reveal, open: u32) -> RoundId {
	let round = committed::<T>(domain, MAX_SEATS, solution);
	T::BenchmarkHelper::set_block(T::Timing::rounds().reveal_window(round).0);
	for index in open..MAX_SEATS {
		let who = account("optimizer", index, 0);
		assert!(Pallet::<T>::open_seat(who, round, solution.clone(), SALT).is_ok());
	}
	round
}

/// Stores `solution` as a model that `name` has found in an earlier round of `domain`.
fn stored<T: Config>(name: &'static str, domain: DomainId, solution: &Reveal) -> (T::AccountId, ModelId) {
	let author = rich::<T>(name, 0);
	let model = NextModelId::<T>::mutate(|next| core::mem::replace(next, next.saturating_add(1)));
	let mut stored = StoredModel {
		author: author.clone(),
		round: RoundId { domain, number: 0 },
		bytes: solution.model.clone(),
		genes: solution.genes.clone(),
		validation: solution.validation.clone(),
		hold: 0,
	};
	stored.hold = T::ByteHold::get().saturating_mul(stored.encoded_size() as Balance);
	assert!(T::Currency::hold(&HoldReason::Model.into(), &author, stored.hold).is_ok());
	Models::<T>::insert(model, stored);
	(author, model)
}

/// Makes a model contender against `against`, with all the sums that a contender can have gathered.
fn contending<T: Config>(domain: DomainId, model: ModelId, against: ModelRef) {
	let sums = Gathered::truncate_from(vec![1_000; MAX_GATHERED as usize]);
	let contender =
		Contender { model, against, rounds_left: CONTENDER_ROUNDS, initial: sums.clone(), champion: sums.clone(), own: sums };
	Contenders::<T>::insert(domain, contender);
}

/// A round that is being measured, and its models: sixteen candidates against a champion and a contender that somebody has found.
fn measured<T: Config>(domain: DomainId, solution: &Reveal) -> (RoundId, ModelList) {
	let state = T::Domains::state(domain);
	let Some(DomainState { champion, high_water, .. }) = state else { panic!("the domain exists") };
	let (author, model) = stored::<T>("champion", domain, solution);
	let champion = Champion { model: ModelRef::Stored(model), author: Some(author), ..champion };
	let upper = champion.initial_error;
	T::Domains::crown(domain, champion, high_water, upper);
	let (_, contender) = stored::<T>("contender", domain, solution);
	contending::<T>(domain, contender, ModelRef::Stored(model));

	let round = revealed::<T>(domain, solution, 0);
	T::BenchmarkHelper::set_block(T::Timing::rounds().reveal_window(round).1);
	Pallet::<T>::serve(round);
	let stage = Rounds::<T>::get(round).map(|round| round.stage);
	let Some(Stage::Measuring(measurement)) = stage else { panic!("a full round is measured: {stage:?}") };
	assert_eq!(measurement.models.len() as u32, MAX_MODELS);
	(round, measurement.models)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn commit() -> Result<(), BenchmarkError> {
		let domain = T::BenchmarkHelper::domain();
		let solution = T::BenchmarkHelper::reveal(domain, 64);
		// The first seat opens the round, which costs more than what is burned for a later one.
		let round = committed::<T>(domain, 0, &solution);
		let caller = rich::<T>("caller", 0);
		let hash = promise::<T>(round, &caller, &solution);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), round, hash);

		assert_eq!(Rounds::<T>::get(round).map(|round| round.seats.len()), Some(1));
		Ok(())
	}

	#[benchmark]
	fn reveal(b: Linear<64, MAX_MODEL_BYTES>) -> Result<(), BenchmarkError> {
		let domain = T::BenchmarkHelper::domain();
		let solution = T::BenchmarkHelper::reveal(domain, b);
		let round = revealed::<T>(domain, &solution, 1);
		let caller: T::AccountId = account("optimizer", 0, 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), round, Box::new(solution), SALT);

		assert_eq!(NextModelId::<T>::get() as u32, MAX_SEATS);
		Ok(())
	}

	#[benchmark]
	fn dispute_claim() -> Result<(), BenchmarkError> {
		let domain = T::BenchmarkHelper::domain();
		let solution = T::BenchmarkHelper::reveal(domain, MAX_MODEL_BYTES);
		let round = revealed::<T>(domain, &solution, 0);
		let model = Rounds::<T>::get(round).and_then(|round| round.seats.first().and_then(|seat| seat.model));
		Models::<T>::mutate(model.unwrap_or_default(), |stored| {
			if let Some(claim) = stored.as_mut().and_then(|stored| stored.validation.get_mut(0)) {
				*claim = claim.wrapping_add(1);
			}
		});
		let class = T::Domains::spec(domain).ok_or(BenchmarkError::Stop("the domain exists"))?.class();
		let caller = rich::<T>("caller", 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), round, 0, 0, class);

		assert_eq!(Rounds::<T>::get(round).map(|round| round.candidates().len() as u32), Some(MAX_SEATS - 1));
		Ok(())
	}

	#[benchmark]
	fn release() -> Result<(), BenchmarkError> {
		let domain = T::BenchmarkHelper::domain();
		let solution = T::BenchmarkHelper::reveal(domain, MAX_MODEL_BYTES);
		let (caller, model) = stored::<T>("caller", domain, &solution);
		let champion = T::Domains::state(domain).ok_or(BenchmarkError::Stop("the domain exists"))?.champion.model;
		contending::<T>(domain, model, champion);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), model);

		assert!(!Contenders::<T>::contains_key(domain));
		assert!(!Models::<T>::contains_key(model));
		Ok(())
	}

	#[benchmark]
	fn on_initialize() -> Result<(), BenchmarkError> {
		T::BenchmarkHelper::set_block(1_000);
		Pallet::<T>::on_initialize(1_000u32.into());

		#[block]
		{
			Pallet::<T>::on_initialize(1_001u32.into());
		}

		Ok(())
	}

	#[benchmark]
	fn close() -> Result<(), BenchmarkError> {
		let domain = T::BenchmarkHelper::domain();
		let solution = T::BenchmarkHelper::reveal(domain, MAX_MODEL_BYTES);
		// Half of the seats are punished, half are measured.
		let round = revealed::<T>(domain, &solution, MAX_SEATS / 2);
		T::BenchmarkHelper::set_block(T::Timing::rounds().reveal_window(round).1);

		#[block]
		{
			Pallet::<T>::serve(round);
		}

		assert!(Rounds::<T>::get(round).is_some_and(|round| matches!(round.stage, Stage::Measuring(_))));
		Ok(())
	}

	#[benchmark]
	fn verdict() -> Result<(), BenchmarkError> {
		let domain = T::BenchmarkHelper::domain();
		let solution = T::BenchmarkHelper::reveal(domain, MAX_MODEL_BYTES);
		let (round, models) = measured::<T>(domain, &solution);
		// The last candidate is the best one; all the others lose.
		let chunks = solution.validation.len();
		let sums =
			models.iter().enumerate().map(|(place, _)| ChunkSums::truncate_from(vec![1_000_000 - 10_000 * place as u32; chunks]));
		let truth = Sums::truncate_from(sums.collect());
		let evaluators: Vec<_> = (0..15).map(|index| rich::<T>("evaluator", index)).collect();
		let settler = Some(rich::<T>("settler", 0));
		let outcome = Outcome { seed: [0; 32], truth, truthful: Evaluators::truncate_from(evaluators), settler };

		#[block]
		{
			Pallet::<T>::recomputed(round, outcome);
		}

		assert!(!Rounds::<T>::contains_key(round));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::ext(), crate::mock::Test);
}
