//! From answers to the truth: replay where answers differ, spot checks where they agree, and computing everything where nobody answered.

use crate::{
	types::{Answer, Helper, Request, Stage},
	Answers, Config, Error, Event, Known, KnownSums, Pallet, Requests, Truths, WeightInfo, MAX_RECOMPUTED,
};
use alloc::vec::Vec;
use codec::Encode;
use doin_primitives::{
	blake2_256,
	payload::{ChunkSums, Sums},
	BlockNumber, Hash, RoundId, SizeClass,
};
use doin_primitives_frame::{Judge, OnRecomputed, Timing};
use frame_support::{
	dispatch::{DispatchResultWithPostInfo, PostDispatchInfo, WithPostDispatchInfo},
	ensure,
	pallet_prelude::*,
	weights::Weight,
};

/// Chunks of each checked model that a settlement replays although all answers agree.
pub const SPOT_CHUNKS: u32 = 2;
/// Models that are spot-checked: the first two of the list (the champion is one of them) and the one that would win.
pub const SPOT_MODELS: u32 = 3;
/// Most chunks one settlement replays: one where two answers differ, and the spot checks.
pub const MAX_REPLAYED: u32 = SPOT_CHUNKS * SPOT_MODELS + 1;

/// Answers that nothing contradicts so far, each with its place among the members.
type Standing = Vec<(usize, Sums)>;

/// One entry of a vector of sums.
fn sum(sums: &Sums, model: usize, chunk: usize) -> Option<u32> {
	sums.get(model)?.get(chunk).copied()
}

/// The first (model, chunk) on which two answers differ.
fn first_difference(answers: &Standing) -> Option<(usize, usize)> {
	let ((_, first), rest) = answers.split_first()?;
	let differs = |other: &Sums| {
		first.iter().zip(other.iter()).enumerate().find_map(|(model, (a, b))| {
			let chunk = a.iter().zip(b.iter()).position(|(a, b)| a != b)?;
			Some((model, chunk))
		})
	};
	rest.iter().filter_map(|(_, other)| differs(other)).min()
}

impl<T: Config> Pallet<T> {
	/// The true sum of one chunk.
	pub(crate) fn judge(
		round: RoundId,
		request: &Request<T::AccountId>,
		model: usize,
		chunk: usize,
	) -> Result<u32, DispatchError> {
		let model = request.models.get(model).ok_or(Error::<T>::NoSuchChunk)?;
		let seed = request.seed.ok_or(Error::<T>::WrongPhase)?;
		let chunk = u16::try_from(chunk).map_err(|_| Error::<T>::NoSuchChunk)?;
		ensure!(chunk < request.chunks, Error::<T>::NoSuchChunk);
		Ok(T::Judge::chunk(round.domain, model, &seed, chunk).map_err(|_| Error::<T>::Unjudgeable)?)
	}

	/// Chunks to replay although everybody agrees: two for each of the first two models and the one that `truth` would crown (one drawn
	/// by lot where it crowns none, since the lie may be about the winner).
	fn spot_checks(round: RoundId, request: &Request<T::AccountId>, spot: &Hash, truth: &Sums) -> Vec<(usize, usize)> {
		let lot = |purpose: u8, below: usize| {
			let hash = blake2_256(&(spot, purpose).encode());
			let wide = hash.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
			wide.checked_rem(below as u64).unwrap_or(0) as usize
		};
		let models = request.models.len();
		let leader = T::Handler::leader(round, truth).map(usize::from).filter(|leader| *leader < models);
		let mut checked = alloc::vec![0, 1, leader.unwrap_or_else(|| lot(0, models))];
		checked.retain(|model| *model < models);
		checked.sort_unstable();
		checked.dedup();
		// Two different chunks where there are two.
		let chunks = usize::from(request.chunks);
		let first = lot(1, chunks);
		let step = lot(2, chunks.saturating_sub(1)).saturating_add(1);
		let second = first.saturating_add(step).checked_rem(chunks).unwrap_or(0);
		checked.into_iter().flat_map(|model| [(model, first), (model, second)]).collect()
	}

	/// Removes and punishes the answers of `answers` for which `lies` holds. Returns the others.
	fn convict(round: RoundId, request: &mut Request<T::AccountId>, answers: Standing, lies: impl Fn(&Sums) -> bool) -> Standing {
		let (liars, standing): (Standing, Standing) = answers.into_iter().partition(|(_, sums)| lies(sums));
		let liars: Vec<_> = liars.into_iter().map(|(place, sums)| (place, blake2_256(&sums.encode()))).collect();
		for (place, _) in &liars {
			if let Some(member) = request.members.get(*place) {
				Answers::<T>::remove(round, &member.who);
			}
		}
		Self::punish_lies(request, &liars, None);
		standing
	}

	/// Answers that nothing contradicts so far.
	fn standing(round: RoundId, request: &Request<T::AccountId>) -> Standing {
		let revealed = request.members.iter().enumerate().filter(|(_, member)| member.answer == Answer::Revealed);
		revealed.filter_map(|(place, member)| Some((place, Answers::<T>::get(round, &member.who)?))).collect()
	}

	/// Weight of finding out that a round does not take a call now: no more than a commitment to sums, which looks the round up as well.
	pub(crate) fn lookup_weight() -> Weight {
		T::WeightInfo::commit_sums()
	}

	/// Weight of a settlement that replayed `chunks` chunks.
	pub(crate) fn settle_weight(class: SizeClass, chunks: u32) -> Weight {
		T::WeightInfo::settle()
			.saturating_add(T::Handler::weight())
			.saturating_add(T::Judge::weight(class).saturating_mul(chunks.into()))
	}

	/// The round, if it can be settled now, and what draws its spot checks.
	fn settling(now: BlockNumber, round: RoundId, class: SizeClass) -> Result<(Request<T::AccountId>, Hash), Error<T>> {
		let request = Requests::<T>::get(round).ok_or(Error::<T>::UnknownRound)?;
		let Stage::Settling { until, spot } = request.stage else {
			return Err(Error::<T>::WrongPhase);
		};
		ensure!(now < until, Error::<T>::WrongPhase);
		ensure!(request.class == class, Error::<T>::WrongClass);
		Ok((request, spot))
	}

	/// One step of a settlement. What is refused before the runtime computes anything is charged as such.
	pub(crate) fn do_settle(who: &T::AccountId, round: RoundId, class: SizeClass) -> DispatchResultWithPostInfo {
		let now = Self::now();
		let (mut request, spot) = Self::settling(now, round, class).map_err(|error| error.with_weight(Self::lookup_weight()))?;
		let mut answers = Self::standing(round, &request);
		let mut replayed: u32 = 0;
		if let Some((model, chunk)) = first_difference(&answers) {
			let truth = Self::judge(round, &request, model, chunk)?;
			replayed = replayed.saturating_add(1);
			answers = Self::convict(round, &mut request, answers, |sums| sum(sums, model, chunk) != Some(truth));
			if first_difference(&answers).is_some() {
				Requests::<T>::insert(round, request);
				Self::deposit_event(Event::Narrowed { round, standing: answers.len() as u32 });
				return Ok(Some(Self::settle_weight(class, replayed)).into());
			}
		}
		if let Some((_, agreed)) = answers.first() {
			let agreed = agreed.clone();
			for (model, chunk) in Self::spot_checks(round, &request, &spot, &agreed) {
				replayed = replayed.saturating_add(1);
				if sum(&agreed, model, chunk) != Some(Self::judge(round, &request, model, chunk)?) {
					answers = Self::convict(round, &mut request, answers, |_| true);
					break;
				}
			}
		}
		match answers.into_iter().next() {
			Some((_, truth)) => {
				request.settler = Some(who.clone());
				let until = now.saturating_add(T::Timing::rounds().challenge);
				Self::open_challenge(now, until, round, &mut request, truth);
				Self::deposit_event(Event::Settled { round, settler: who.clone(), until });
			}
			None => Self::start_replay(now, round, &mut request),
		}
		Requests::<T>::insert(round, request);
		Ok(Some(Self::settle_weight(class, replayed)).into())
	}

	/// The sums are known: they can be challenged before block `until`. Answers are not needed any more, since all that stand are equal.
	fn open_challenge(now: BlockNumber, until: BlockNumber, round: RoundId, request: &mut Request<T::AccountId>, truth: Sums) {
		for member in &request.members {
			Answers::<T>::remove(round, &member.who);
		}
		Truths::<T>::insert(round, truth);
		request.stage = Stage::Challenge { until };
		Self::reschedule(now, until, round, request);
	}

	/// Weight of having `chunks` chunks computed.
	pub(crate) fn recompute_weight(class: SizeClass, chunks: u32) -> Weight {
		T::WeightInfo::recompute().saturating_add(T::Judge::weight(class).saturating_mul(chunks.into()))
	}

	/// The round, if chunks of `model` from `from` on can be computed now, with the time-out, what it misses, and what is known of the model.
	fn replaying(
		round: RoundId,
		model: u8,
		from: u16,
		count: u16,
		class: SizeClass,
	) -> Result<(Request<T::AccountId>, BlockNumber, u32, KnownSums), Error<T>> {
		ensure!(count <= MAX_RECOMPUTED, Error::<T>::TooManyChunks);
		let request = Requests::<T>::get(round).ok_or(Error::<T>::UnknownRound)?;
		let Stage::Replaying { until, missing } = request.stage else {
			return Err(Error::<T>::WrongPhase);
		};
		ensure!(Self::now() < until, Error::<T>::WrongPhase);
		ensure!(request.class == class, Error::<T>::WrongClass);
		ensure!(usize::from(model) < request.models.len() && from < request.chunks, Error::<T>::NoSuchChunk);
		let mut known = Known::<T>::get(round, model);
		known.bounded_resize(request.chunks.into(), None);
		let mut asked = known.iter().skip(from.into()).take(count.into());
		ensure!(asked.any(Option::is_none), Error::<T>::NothingNew);
		Ok((request, until, missing, known))
	}

	/// Computes up to `count` chunks of one model from chunk `from` on, those that are known already left out. What is refused before the
	/// runtime computes anything is charged as such.
	pub(crate) fn do_recompute(
		who: &T::AccountId,
		round: RoundId,
		model: u8,
		from: u16,
		count: u16,
		class: SizeClass,
	) -> DispatchResultWithPostInfo {
		let now = Self::now();
		let (mut request, until, missing, mut known) =
			Self::replaying(round, model, from, count, class).map_err(|error| error.with_weight(Self::lookup_weight()))?;
		let mut computed: u32 = 0;
		for chunk in from..from.saturating_add(count).min(request.chunks) {
			if let Some(entry @ None) = known.get_mut(usize::from(chunk)) {
				*entry = Some(Self::judge(round, &request, model.into(), chunk.into())?);
				computed = computed.saturating_add(1);
			}
		}
		Known::<T>::insert(round, model, known);
		Self::credit(&mut request, who, computed);
		let missing = missing.saturating_sub(computed);
		Self::deposit_event(Event::ChunksComputed { round, who: who.clone(), model, computed, missing });
		if missing == 0 {
			Self::complete(now, round, &mut request)?;
		} else {
			request.stage = Stage::Replaying { until, missing };
		}
		Requests::<T>::insert(round, request);
		let actual_weight = Some(Self::recompute_weight(class, computed));
		Ok(PostDispatchInfo { actual_weight, pays_fee: Pays::Yes })
	}

	/// Counts `chunks` for `who`. A full list drops its smallest entry for a larger one, so crumbs cannot keep real work out.
	pub(crate) fn credit(request: &mut Request<T::AccountId>, who: &T::AccountId, chunks: u32) {
		if let Some(helper) = request.helpers.iter_mut().find(|helper| helper.who == *who) {
			helper.chunks = helper.chunks.saturating_add(chunks);
			return;
		}
		let helper = Helper { who: who.clone(), chunks };
		if let Err(helper) = request.helpers.try_push(helper) {
			if let Some(smallest) = request.helpers.iter_mut().min_by_key(|helper| helper.chunks) {
				if smallest.chunks < helper.chunks {
					*smallest = helper;
				}
			}
		}
	}

	/// The runtime has computed everything: judges the answers there are, and hands over in the next block. What the runtime says cannot be
	/// challenged.
	fn complete(now: BlockNumber, round: RoundId, request: &mut Request<T::AccountId>) -> DispatchResult {
		let mut truth = Sums::new();
		for model in 0..request.models.len() as u8 {
			let sums = Known::<T>::take(round, model).into_iter().collect::<Option<Vec<u32>>>().ok_or(Error::<T>::Unjudgeable)?;
			let sums = ChunkSums::try_from(sums).map_err(|_| Error::<T>::Unjudgeable)?;
			truth.try_push(sums).map_err(|_| Error::<T>::Unjudgeable)?;
		}
		let answers = Self::standing(round, request);
		Self::convict(round, request, answers, |sums| *sums != truth);
		// The first of the largest.
		let largest = request.helpers.iter().rev().max_by_key(|helper| helper.chunks);
		request.settler = largest.map(|helper| helper.who.clone());
		Self::open_challenge(now, now, round, request, truth);
		Self::deposit_event(Event::Replayed { round });
		Ok(())
	}
}
