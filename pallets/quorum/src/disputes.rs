//! One chunk decides: anybody can have the runtime contradict a settled round.

use crate::{
	roster::part,
	types::{Answer, Dispute, Request, Stage},
	Config, Disputes, Error, Event, HoldReason, Pallet, Requests, Truths, WeightInfo,
};
use alloc::vec::Vec;
use codec::Encode;
use doin_primitives::{
	blake2_256,
	commitment::{commitment, payload_hash, Tag},
	payload::Challenge,
	Balance, Hash, RoundId, SizeClass, MILLION,
};
use doin_primitives_frame::{Judge, Timing};
use frame_support::{
	dispatch::{DispatchResultWithPostInfo, PostDispatchInfo, WithPostDispatchInfo},
	ensure,
	pallet_prelude::*,
	traits::{
		fungible::hold::Mutate,
		tokens::{Fortitude, Precision, Restriction},
	},
	weights::Weight,
};

impl<T: Config> Pallet<T> {
	/// Weight of a challenge: one chunk, and the slashes it may cause.
	pub(crate) fn replay_weight(class: SizeClass) -> Weight {
		T::WeightInfo::replay().saturating_add(T::Judge::weight(class))
	}

	/// Whether an announced challenge is older than any window it could have been made for.
	fn expired(dispute: &Dispute) -> bool {
		Self::now() >= dispute.at.saturating_add(T::Timing::rounds().challenge)
	}

	/// Announces a challenge. One that has expired gives its place and its bond to the new one: who lost a race must not be kept from the
	/// next by what is left of it.
	pub(crate) fn do_dispute(who: &T::AccountId, hash: Hash) -> DispatchResult {
		let held = match Disputes::<T>::get(who) {
			Some(dispute) => {
				ensure!(Self::expired(&dispute), Error::<T>::AlreadyDisputing);
				dispute.bond
			}
			None => 0,
		};
		let bond = T::DisputeBond::get().max(held);
		let more = bond.saturating_sub(held);
		if more > 0 {
			T::Currency::hold(&HoldReason::Dispute.into(), who, more)?;
		}
		let at = Self::now();
		Disputes::<T>::insert(who, Dispute { hash, at, bond });
		Self::deposit_event(Event::Disputed { who: who.clone(), hash });
		Ok(())
	}

	/// Gives the bond of an announced challenge back that was not made in time.
	pub(crate) fn do_withdraw_dispute(who: &T::AccountId) -> DispatchResult {
		let dispute = Disputes::<T>::get(who).ok_or(Error::<T>::NoDispute)?;
		ensure!(Self::expired(&dispute), Error::<T>::NotExpired);
		Self::end_dispute(who, &dispute)?;
		Self::deposit_event(Event::DisputeWithdrawn { who: who.clone() });
		Ok(())
	}

	/// Removes an announced challenge and releases its bond.
	fn end_dispute(who: &T::AccountId, dispute: &Dispute) -> DispatchResult {
		Disputes::<T>::remove(who);
		T::Currency::release(&HoldReason::Dispute.into(), who, dispute.bond, Precision::Exact)?;
		Ok(())
	}

	/// The challenge that `who` announced, and the round if it can be challenged now; no round if that can never be any more.
	fn announced(
		who: &T::AccountId,
		round: RoundId,
		challenge: &Challenge,
		salt: [u8; 32],
		class: SizeClass,
	) -> Result<(Dispute, Option<Request<T::AccountId>>), Error<T>> {
		let now = Self::now();
		let dispute = Disputes::<T>::get(who).ok_or(Error::<T>::NoDispute)?;
		ensure!(now > dispute.at, Error::<T>::TooEarly);
		let payload = payload_hash(challenge);
		let announced = commitment(Tag::Dispute, &T::GenesisHash::get(), round, who, &payload, &salt);
		ensure!(announced == dispute.hash, Error::<T>::CommitmentMismatch);
		let Some(request) = Requests::<T>::get(round) else {
			return Ok((dispute, None));
		};
		match request.stage {
			Stage::Challenge { until } if now < until => {
				ensure!(request.class == class, Error::<T>::WrongClass);
				let known = usize::from(challenge.model) < request.models.len() && challenge.chunk < request.chunks;
				ensure!(known, Error::<T>::NoSuchChunk);
				Ok((dispute, Some(request)))
			}
			// What the runtime computes is the truth.
			Stage::Challenge { .. } | Stage::Replaying { .. } => Ok((dispute, None)),
			Stage::Drawing { .. } | Stage::Answering { .. } | Stage::Settling { .. } => Err(Error::<T>::WrongPhase),
		}
	}

	/// Has the runtime compute the chunk that was announced, and judges challenger or evaluators by it. What is refused or moot is charged
	/// without the chunk.
	pub(crate) fn do_replay(
		who: &T::AccountId,
		round: RoundId,
		model: u8,
		chunk: u16,
		salt: [u8; 32],
		class: SizeClass,
	) -> DispatchResultWithPostInfo {
		let cheap = Self::lookup_weight().saturating_add(T::WeightInfo::withdraw_dispute());
		let challenge = Challenge { model, chunk };
		let (dispute, request) =
			Self::announced(who, round, &challenge, salt, class).map_err(|error| error.with_weight(cheap))?;
		let Some(mut request) = request else {
			Self::end_dispute(who, &dispute)?;
			Self::deposit_event(Event::DisputeWithdrawn { who: who.clone() });
			return Ok(Some(cheap).into());
		};
		let computed = Self::judge(round, &request, model.into(), chunk.into())?;
		let truth = Truths::<T>::get(round).ok_or(Error::<T>::UnknownRound)?;
		let claimed = truth.get(usize::from(model)).and_then(|sums| sums.get(usize::from(chunk)));
		if claimed == Some(&computed) {
			Self::reject(who, round, &request, &dispute);
			return Ok(PostDispatchInfo { actual_weight: None, pays_fee: Pays::Yes });
		}
		Self::end_dispute(who, &dispute)?;
		// Every answer that stood said the same, so all of them are false.
		let vector = blake2_256(&truth.encode());
		let liars: Vec<_> = request
			.members
			.iter()
			.enumerate()
			.filter(|(_, member)| member.answer == Answer::Revealed)
			.map(|(place, _)| (place, vector))
			.collect();
		let reward = Self::punish_lies(&mut request, &liars, Some(who));
		Self::deposit_event(Event::DisputeUpheld { round, challenger: who.clone(), model, chunk, reward });
		Truths::<T>::remove(round);
		Self::deposit_event(Event::Reopened { round });
		Self::start_replay(Self::now(), round, &mut request);
		Requests::<T>::insert(round, request);
		Ok(PostDispatchInfo { actual_weight: None, pays_fee: Pays::No })
	}

	/// The challenger was wrong: half of its bond to the accused, the rest burned.
	fn reject(who: &T::AccountId, round: RoundId, request: &Request<T::AccountId>, dispute: &Dispute) {
		Disputes::<T>::remove(who);
		let reason = HoldReason::Dispute.into();
		let accused: Vec<_> = request.members.iter().filter(|member| member.answer == Answer::Revealed).collect();
		let half = part(dispute.bond, MILLION / 2);
		let share = half.checked_div(accused.len() as Balance).unwrap_or(0);
		let mut paid: Balance = 0;
		for member in accused {
			let (exact, free, force) = (Precision::Exact, Restriction::Free, Fortitude::Force);
			// An account that can no longer be paid leaves its share to be burned.
			let got = T::Currency::transfer_on_hold(&reason, who, &member.who, share, exact, free, force).unwrap_or(0);
			paid = paid.saturating_add(got);
		}
		let rest = dispute.bond.saturating_sub(paid);
		let burned = T::Currency::burn_held(&reason, who, rest, Precision::BestEffort, Fortitude::Force).unwrap_or(0);
		Self::deposit_event(Event::DisputeRejected { round, challenger: who.clone(), paid, burned });
	}
}
