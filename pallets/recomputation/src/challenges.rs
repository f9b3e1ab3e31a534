//! Challenges: any account can prove that one settled chunk sum is wrong.

use crate::{
	pallet::{Challenges, Config, Error, Event, HoldReason, Pallet, SettledSums, Tasks},
	types::{AnnouncedChallenge, Stage, Task},
	WeightInfo,
};
use alloc::vec::Vec;
use codec::Encode;
use doin_primitives::{
	blake2_256,
	commitment::{commitment, payload_hash, Tag},
	payload::Challenge,
	settlement::{sum_at, ChunkRef},
	Balance, Hash, SizeClass, TaskId, MILLION,
};
use doin_traits::{share::ppm_of, ChunkScorer, Timing};
use frame_support::{
	dispatch::{DispatchResult, DispatchResultWithPostInfo, Pays, PostDispatchInfo, WithPostDispatchInfo},
	ensure,
	traits::{
		defensive_prelude::*,
		fungible::hold::Mutate,
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
	weights::Weight,
};

/// An announced challenge that is made now.
struct MadeChallenge<AccountId> {
	/// The announcement.
	announced: AnnouncedChallenge,
	/// The task, or `None` if it takes no challenges any more.
	task: Option<Task<AccountId>>,
}

impl<T: Config> Pallet<T> {
	/// Returns the weight of a challenge that recomputes one chunk and slashes `slashed` members.
	pub(crate) fn challenge_weight(class: SizeClass, slashed: u32) -> Weight {
		T::WeightInfo::challenge().saturating_add(Self::slash_weight(slashed)).saturating_add(T::ChunkScorer::weight(class))
	}

	/// Returns `true` if an announcement is older than any challenge window that it could have been made for.
	fn is_expired(announced: &AnnouncedChallenge) -> bool {
		Self::now() >= announced.at.saturating_add(T::Timing::rounds().challenge)
	}

	/// Announces a challenge. An expired announcement of `who` is replaced, and its bond is kept for the new one, so that a
	/// challenger that lost a race can challenge again at once.
	pub(crate) fn do_announce_challenge(who: &T::AccountId, hash: Hash) -> DispatchResult {
		let held = match Challenges::<T>::get(who) {
			Some(announced) => {
				ensure!(Self::is_expired(&announced), Error::<T>::ChallengePending);
				announced.bond
			}
			None => 0,
		};
		let bond = T::ChallengeBond::get().max(held);
		let more = bond.saturating_sub(held);
		if more > 0 {
			T::Currency::hold(&HoldReason::Challenge.into(), who, more)?;
		}
		Challenges::<T>::insert(who, AnnouncedChallenge { hash, at: Self::now(), bond });
		Self::deposit_event(Event::ChallengeAnnounced { who: who.clone(), hash });
		Ok(())
	}

	/// Releases the bond of a challenge that was announced and not made in time.
	pub(crate) fn do_cancel_challenge(who: &T::AccountId) -> DispatchResult {
		let announced = Challenges::<T>::get(who).ok_or(Error::<T>::NoChallenge)?;
		ensure!(Self::is_expired(&announced), Error::<T>::ChallengeNotExpired);
		Self::release_challenge(who, &announced)?;
		Self::deposit_event(Event::ChallengeCancelled { who: who.clone() });
		Ok(())
	}

	/// Removes an announced challenge and releases its bond.
	fn release_challenge(who: &T::AccountId, announced: &AnnouncedChallenge) -> DispatchResult {
		Challenges::<T>::remove(who);
		T::Currency::release(&HoldReason::Challenge.into(), who, announced.bond, Precision::Exact)?;
		Ok(())
	}

	/// Returns the challenge that `who` announced, if `challenge` and `salt` match it.
	fn announced_challenge(
		who: &T::AccountId,
		id: TaskId,
		challenge: &Challenge,
		salt: &[u8; 32],
		class: SizeClass,
	) -> Result<MadeChallenge<T::AccountId>, Error<T>> {
		let now = Self::now();
		let announced = Challenges::<T>::get(who).ok_or(Error::<T>::NoChallenge)?;
		ensure!(now > announced.at, Error::<T>::ChallengeTooEarly);
		let hash = commitment(Tag::Challenge, &T::GenesisHash::get(), &id, who, &payload_hash(challenge), salt);
		ensure!(hash == announced.hash, Error::<T>::CommitmentMismatch);
		let Some(task) = Tasks::<T>::get(id) else {
			return Ok(MadeChallenge { announced, task: None });
		};
		match task.stage {
			Stage::Challenge { until, .. } if now < until => {
				ensure!(task.class == class, Error::<T>::WrongClass);
				let exists = usize::from(challenge.model) < task.models.len() && challenge.chunk < task.chunks;
				ensure!(exists, Error::<T>::NoSuchChunk);
				Ok(MadeChallenge { announced, task: Some(task) })
			}
			// The window is over, or the sums are those of the runtime.
			Stage::Challenge { .. } | Stage::Recomputing { .. } => Ok(MadeChallenge { announced, task: None }),
			Stage::Drawing { .. } | Stage::Answering { .. } | Stage::Settling { .. } => Err(Error::<T>::WrongPhase),
		}
	}

	/// Makes an announced challenge: the runtime recomputes the chunk, then the evaluators or the challenger are slashed. A call
	/// that is refused or moot is charged without the chunk.
	pub(crate) fn do_challenge(
		who: &T::AccountId,
		id: TaskId,
		challenge: Challenge,
		salt: [u8; 32],
		class: SizeClass,
	) -> DispatchResultWithPostInfo {
		let cheap = Self::lookup_weight().saturating_add(T::WeightInfo::cancel_challenge());
		let made = Self::announced_challenge(who, id, &challenge, &salt, class).map_err(|error| error.with_weight(cheap))?;
		let MadeChallenge { announced, task } = made;
		let Some(mut task) = task else {
			Self::release_challenge(who, &announced)?;
			Self::deposit_event(Event::ChallengeCancelled { who: who.clone() });
			return Ok(Some(cheap).into());
		};
		let Challenge { model, chunk } = challenge;
		let at = ChunkRef { model, chunk };
		let computed = Self::score(&task, at)?;
		let settled = SettledSums::<T>::get(id).ok_or(Error::<T>::UnknownTask)?;
		if sum_at(&settled, at) == Some(computed) {
			Self::reject_challenge(who, id, &task, &announced);
			return Ok(PostDispatchInfo { actual_weight: Some(Self::challenge_weight(class, 0)), pays_fee: Pays::Yes });
		}
		Self::release_challenge(who, &announced)?;
		// All answers that stood were equal, so all of them are false.
		let hash = blake2_256(&settled.encode());
		let places: Vec<_> = task.standing().map(|(place, _)| (place, hash)).collect();
		let reward = Self::slash_members(&mut task, &places, Some(who));
		Self::deposit_event(Event::ChallengeUpheld { task: id, challenger: who.clone(), model, chunk, reward });
		SettledSums::<T>::remove(id);
		Self::deposit_event(Event::TaskReopened { task: id });
		Self::start_recomputing(Self::now(), id, &mut task);
		Tasks::<T>::insert(id, task);
		let actual_weight = Some(Self::challenge_weight(class, places.len() as u32));
		Ok(PostDispatchInfo { actual_weight, pays_fee: Pays::No })
	}

	/// Takes the bond of a challenger whose challenge failed: half of it is shared by the accused evaluators, the rest is burned.
	fn reject_challenge(who: &T::AccountId, id: TaskId, task: &Task<T::AccountId>, announced: &AnnouncedChallenge) {
		Challenges::<T>::remove(who);
		let reason = HoldReason::Challenge.into();
		let accused: Vec<_> = task.standing().map(|(_, member)| &member.who).collect();
		let half = ppm_of(announced.bond, MILLION / 2);
		let share = half.checked_div(accused.len() as Balance).unwrap_or(0);
		let mut paid: Balance = 0;
		for evaluator in accused {
			let (precision, mode, force) = (Precision::Exact, Restriction::Free, Fortitude::Force);
			// The share of an account that cannot receive it is burned.
			let sent = T::Currency::transfer_on_hold(&reason, who, evaluator, share, precision, mode, force).unwrap_or(0);
			paid = paid.saturating_add(sent);
		}
		let rest = announced.bond.saturating_sub(paid);
		let burned = T::Currency::burn_held(&reason, who, rest, Precision::BestEffort, Fortitude::Force).defensive_unwrap_or(0);
		Self::deposit_event(Event::ChallengeRejected { task: id, challenger: who.clone(), paid, burned });
	}
}
