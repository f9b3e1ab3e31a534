//! Benchmarks. The runtime provides domains and models through [`BenchmarkHelper`].

// Set-up code does not run on a chain.
#![allow(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::types::{Contender, ContenderSums, GatheredSums, Round, Sale, Stage, StoredModel, CONTENDER_ROUNDS, MAX_GATHERED};
use alloc::{boxed::Box, vec, vec::Vec};
use codec::Encode;
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	domain::{Champion, DomainState, MAX_MODEL_BYTES},
	pay::MOST_CARRIED,
	payload::{ChunkSums, Reveal, Sums},
	quorum::MAX_QUORUM,
	round::{MAX_MODELS, MAX_SEATS},
	settlement::{pay_shares, Backing, Helper, Helpers, MAX_PAYEES},
	Balance, BlockNumber, DomainId, EvidenceRef, Hash, ModelId, ModelRef, Subject, DOIN,
};
use doin_traits::{
	agenda::{Items, MAX_ITEMS, PER_BLOCK},
	block::current_block,
	Domains, EvidenceSource, ModelList, OnEvidence, OnRecomputed, Outcome, Progress, Timing,
};
use frame_benchmarking::v2::*;
use frame_support::traits::{
	fungible::{Mutate, MutateHold},
	Get, Hooks,
};
use frame_system::RawOrigin;

/// Salt of every commitment.
const SALT: [u8; 32] = [7; 32];

/// Returns an account that can pay for the most expensive seat.
fn rich<T: Config>(name: &'static str, index: u32) -> T::AccountId {
	let who: T::AccountId = account(name, index, 0);
	assert!(T::Currency::mint_into(&who, 1_000_000 * DOIN).is_ok());
	who
}

/// Returns the commitment of `who` to `solution`.
fn commitment_of<T: Config>(round: RoundId, who: &T::AccountId, solution: &Reveal) -> Hash {
	commitment(Tag::Optimae, &T::GenesisHash::get(), &round, who, &payload_hash(solution), &SALT)
}

/// Returns the current round of `domain` after `seats` commits to `solution`.
fn committed<T: Config>(domain: DomainId, seats: u32, solution: &Reveal) -> RoundId {
	let round = T::Timing::rounds().place(domain, current_block::<T>()).round;
	for index in 0..seats {
		let who = rich::<T>("optimizer", index);
		let hash = commitment_of::<T>(round, &who, solution);
		assert!(Pallet::<T>::do_commit(who, round, hash, Balance::MAX).is_ok());
	}
	round
}

/// Returns a full round of `domain` in its reveal phase. All but the first `open` seats are revealed.
fn revealed<T: Config>(domain: DomainId, solution: &Reveal, open: u32) -> RoundId {
	let round = committed::<T>(domain, MAX_SEATS, solution);
	T::BenchmarkHelper::set_block(T::Timing::rounds().reveal_window(round).0);
	if Rounds::<T>::get(round).is_some_and(|round| round.evidence.is_none()) {
		await_evidence::<T>(round);
		Pallet::<T>::stands(round, EvidenceRef::Segment(0));
	}
	for index in open..MAX_SEATS {
		let who = account("optimizer", index, 0);
		assert!(Pallet::<T>::do_reveal(who, round, solution.clone(), SALT).is_ok());
	}
	round
}

/// Returns the block in which the reveals of `round` end.
fn end_of_reveals<T: Config>(round: RoundId) -> BlockNumber {
	match Rounds::<T>::get(round).map(|round| round.stage) {
		Some(Stage::Revealing { until, .. }) => until,
		_ => T::Timing::rounds().reveal_window(round).1,
	}
}

/// Makes `round`, whose commits have ended, await its evidence.
fn await_evidence<T: Config>(round: RoundId) {
	Pallet::<T>::serve(round);
	assert_eq!(Rounds::<T>::get(round).map(|round| round.stage), Some(Stage::Awaiting));
}

/// Stores the model of `solution` as one that the account `name` revealed in an earlier round of `domain`.
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

/// Makes a model contender against `champion`, with the maximum number of gathered sums.
fn contending<T: Config>(domain: DomainId, model: ModelId, champion: ModelRef) {
	let sums = GatheredSums::truncate_from(vec![1_000; MAX_GATHERED as usize]);
	let sums = ContenderSums { initial: sums.clone(), champion: sums.clone(), contender: sums };
	Contenders::<T>::insert(domain, Contender { model, champion, rounds_left: CONTENDER_ROUNDS, sums });
}

/// Returns a round that is evaluated, and its models: sixteen candidates, a submitted champion and a contender.
fn evaluated<T: Config>(domain: DomainId, solution: &Reveal) -> (RoundId, ModelList) {
	let state = T::Domains::state(domain);
	let Some(DomainState { champion, high_water, carry, .. }) = state else { panic!("the domain exists") };
	let (author, model) = stored::<T>("champion", domain, solution);
	let champion = Champion { model: ModelRef::Stored(model), author: Some(author), ..champion };
	let upper = champion.initial_error;
	T::Domains::crown(domain, champion, Progress { high_water, carry, upper });
	let (_, contender) = stored::<T>("contender", domain, solution);
	contending::<T>(domain, contender, ModelRef::Stored(model));

	let round = revealed::<T>(domain, solution, 0);
	T::BenchmarkHelper::set_block(end_of_reveals::<T>(round));
	Pallet::<T>::serve(round);
	let stage = Rounds::<T>::get(round).map(|round| round.stage);
	let Some(Stage::Evaluating { evaluation, .. }) = stage else { panic!("a full round is evaluated: {stage:?}") };
	assert_eq!(evaluation.models.len() as u32, MAX_MODELS);
	(round, evaluation.models)
}

/// Fills the agenda from `from` on with items of other rounds, so that scheduling passes as many full blocks as possible.
fn crowd_agenda<T: Config>(from: BlockNumber) {
	for block in 0..MAX_ITEMS / PER_BLOCK {
		let items = (0..PER_BLOCK).map(|place| RoundId { domain: DomainId::MAX, number: block * PER_BLOCK + place });
		Due::<T>::insert(from + block, Items::truncate_from(items.collect()));
	}
}

/// Queues another round of the domain behind `round`, which is scheduled on a crowded agenda when `round` ends.
fn with_successor<T: Config>(round: RoundId) {
	let next = RoundId { number: round.number + 1, ..round };
	let mut queued = Round::new(Sale::Weighted, Some(EvidenceRef::Drawn));
	queued.stage = Stage::Waiting;
	Rounds::<T>::insert(next, queued);
	Pending::<T>::mutate(round.domain, |pending| assert!(pending.try_push(next.number).is_ok()));
	crowd_agenda::<T>(current_block::<T>() + 1);
}

/// Makes the fee of every seat of `round` contain a part for recomputing models.
fn prepaid<T: Config>(round: RoundId) {
	Rounds::<T>::mutate(round, |round| {
		let Some(round) = round else { return };
		round.sale = Sale::Prepaid;
		for seat in round.seats.iter_mut().filter(|seat| seat.recomputation == 0) {
			assert!(T::Currency::hold(&HoldReason::SeatFee.into(), &seat.who, DOIN).is_ok());
			seat.fee += DOIN;
			seat.fee_held += DOIN;
			seat.recomputation = DOIN;
		}
	});
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn commit() -> Result<(), BenchmarkError> {
		// A domain with sealed evidence: its segments and its purse are read, and a stake is held.
		let domain = T::BenchmarkHelper::sealed_domain();
		let solution = T::BenchmarkHelper::reveal(domain, 64);
		// The first seat opens the round on a crowded agenda, which costs more than a later seat: that one burns the doubled part
		// of its fee, and looks up the seats of fifteen further optimizers on the roster.
		let round = committed::<T>(domain, 0, &solution);
		// The author of a contender is looked up too, for which the largest model is read.
		let (_, contender) = stored::<T>("contender", domain, &T::BenchmarkHelper::reveal(domain, MAX_MODEL_BYTES));
		let champion = T::Domains::state(domain).ok_or(BenchmarkError::Stop("the domain exists"))?.champion.model;
		contending::<T>(domain, contender, champion);
		crowd_agenda::<T>(T::Timing::rounds().reveal_window(round).0);
		let caller = rich::<T>("caller", 0);
		let hash = commitment_of::<T>(round, &caller, &solution);

		#[extrinsic_call]
		_(RawOrigin::Signed(caller), round, hash, Balance::MAX);

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
	fn challenge_claim() -> Result<(), BenchmarkError> {
		let domain = T::BenchmarkHelper::sealed_domain();
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
	fn release_model() -> Result<(), BenchmarkError> {
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
		// Sixteen candidates with stakes are rejected, as if a verdict of an earlier round had lowered the bar: every model is read
		// to compare its claim, and removed, and every stake is moved. A seat that is evaluated or forfeited costs less, and one
		// without a quorum as much: its stake is burned in place of its release.
		let domain = T::BenchmarkHelper::sealed_domain();
		let solution = T::BenchmarkHelper::reveal(domain, MAX_MODEL_BYTES);
		let round = revealed::<T>(domain, &solution, 0);
		let models: Vec<ModelId> = Models::<T>::iter_keys().collect();
		for model in models {
			Models::<T>::mutate(model, |stored| {
				let claims = stored.as_mut().map(|stored| stored.validation.iter_mut());
				claims.into_iter().flatten().for_each(|claim| *claim = u32::MAX);
			});
		}
		T::BenchmarkHelper::set_block(end_of_reveals::<T>(round));
		prepaid::<T>(round);
		with_successor::<T>(round);
		let records = Records::<T>::iter().count() as u32;

		#[block]
		{
			Pallet::<T>::serve(round);
		}

		assert!(!Rounds::<T>::contains_key(round));
		assert_eq!((Models::<T>::iter().count(), Records::<T>::iter().count() as u32), (0, records + MAX_SEATS));
		Ok(())
	}

	#[benchmark]
	fn verdict() -> Result<(), BenchmarkError> {
		// The purse of a domain with sealed evidence pays a winner and the bits that the former champion carries.
		let domain = T::BenchmarkHelper::sealed_domain();
		let solution = T::BenchmarkHelper::reveal(domain, MAX_MODEL_BYTES);
		let (round, models) = evaluated::<T>(domain, &solution);
		T::BenchmarkHelper::carrying(domain, MOST_CARRIED);
		prepaid::<T>(round);
		with_successor::<T>(round);
		// The last candidate wins; all other candidates lose.
		let chunks = solution.validation.len();
		let sums =
			models.iter().enumerate().map(|(place, _)| ChunkSums::truncate_from(vec![1_000_000 - 10_000 * place as u32; chunks]));
		let sums = Sums::truncate_from(sums.collect());
		// As many payees as a task can have: the seats of the largest quorum but one, and as many helpers.
		let evaluators: Vec<_> = (0..MAX_QUORUM - 1).map(|index| rich::<T>("evaluator", index)).collect();
		let helpers = (0..MAX_QUORUM).map(|index| Helper { who: rich::<T>("helper", index), chunks: 1 });
		let helpers = Helpers::truncate_from(helpers.collect());
		let pay = pay_shares(evaluators, MAX_QUORUM, &helpers, MAX_QUORUM);
		assert_eq!(pay.shares.len() as u32, MAX_PAYEES - 1);
		let settler = Some(rich::<T>("settler", 0));
		let recomputed = pay_shares([], 0, &helpers, MAX_QUORUM);
		let outcome = Outcome { seed: [0; 32], sums, pay, recomputed, backing: Backing::Runtime, settler };
		let purse = T::Evidence::purse(domain);

		#[block]
		{
			Pallet::<T>::recomputed(&Subject::Round(round), outcome);
		}

		assert!(!Rounds::<T>::contains_key(round));
		assert!(T::Evidence::purse(domain) < purse);
		Ok(())
	}

	#[benchmark]
	fn evidence_stands() -> Result<(), BenchmarkError> {
		let domain = T::BenchmarkHelper::sealed_domain();
		let solution = T::BenchmarkHelper::reveal(domain, 64);
		let round = committed::<T>(domain, MAX_SEATS, &solution);
		let now = T::Timing::rounds().reveal_window(round).0;
		T::BenchmarkHelper::set_block(now);
		await_evidence::<T>(round);
		crowd_agenda::<T>(now + T::Timing::rounds().reveal);

		#[block]
		{
			Pallet::<T>::stands(round, EvidenceRef::Segment(0));
		}

		let stage = Rounds::<T>::get(round).map(|round| round.stage);
		assert!(matches!(stage, Some(Stage::Revealing { extended: false, .. })));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::test_utils::ext(), crate::mock::Test);
}
