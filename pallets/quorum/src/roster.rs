//! Bonds, and the rosters they put an evaluator on.

use crate::{
	types::{Answer, Evaluator, Offence, Request, Roster, Seat},
	Config, Error, Evaluators, Event, HoldReason, Pallet, Rosters, SeatIndex, Seats,
};
use alloc::vec::Vec;
use doin_primitives::{draw, quorum, Balance, DomainId, Hash, SizeClass, MILLION};
use doin_primitives_frame::{Deed, Gauge, Judge, Reputation, Timing};
use frame_support::{
	ensure,
	pallet_prelude::*,
	traits::{
		fungible::hold::Mutate,
		tokens::{Fortitude, Precision, Restriction},
	},
};

/// Part of the bond that a first missed seat costs, in parts per million; doubles with every further one in a row.
pub const NO_SHOW_PPM: u32 = 1_000;
/// Doublings after which a missed seat costs no more: 12.8 % of what is left of the bond.
pub const MAX_DOUBLINGS: u8 = 7;
/// Part of the bond that a false answer costs, in parts per million.
pub const FALSE_PPM: u32 = 100_000;
/// Part of a slash that goes to the challenger who caused it, in parts per million. So little that nobody gains by reporting itself.
pub const CHALLENGER_PPM: u32 = 100_000;

/// `ppm` parts per million of `amount`.
pub(crate) fn part(amount: Balance, ppm: u32) -> Balance {
	amount.saturating_mul(ppm.into()).checked_div(MILLION.into()).unwrap_or(0)
}

impl<T: Config> Pallet<T> {
	/// The roster that serves `domain` now.
	pub(crate) fn roster(domain: DomainId, class: SizeClass) -> Roster {
		if T::Gauge::weight(domain) > 0 {
			Roster::Class(class)
		} else {
			Roster::Domain(domain)
		}
	}

	/// Whether an evaluator with this record can be drawn as far as its bond is concerned.
	pub(crate) fn active(evaluator: &Evaluator) -> bool {
		evaluator.leaving.is_none() && evaluator.bond >= T::MinBond::get()
	}

	/// Every roster an active evaluator sits on.
	pub(crate) fn rosters(evaluator: &Evaluator) -> Vec<Roster> {
		let mut rosters = alloc::vec![Roster::Class(evaluator.class)];
		rosters.extend(evaluator.serving.iter().map(|domain| Roster::Domain(*domain)));
		rosters
	}

	/// Chunk and place of seat `position`.
	fn place(position: u32) -> (u32, usize) {
		(position.checked_div(draw::CHUNK).unwrap_or(0), position.checked_rem(draw::CHUNK).unwrap_or(0) as usize)
	}

	/// Adds a seat at the end of `roster`.
	pub(crate) fn join(roster: Roster, who: &T::AccountId, bond: Balance) -> DispatchResult {
		let mut index = Rosters::<T>::get(roster);
		ensure!(index.len < draw::MAX_ROSTER, Error::<T>::RosterFull);
		let (chunk, _) = Self::place(index.len);
		match index.sums.get_mut(chunk as usize) {
			Some(sum) => *sum = sum.saturating_add(bond),
			None => index.sums.try_push(bond).map_err(|_| Error::<T>::RosterFull)?,
		}
		Seats::<T>::try_mutate(roster, chunk, |seats| seats.try_push(Seat { who: who.clone(), bond }))
			.map_err(|_| Error::<T>::RosterFull)?;
		SeatIndex::<T>::insert(who, roster, index.len);
		index.len = index.len.saturating_add(1);
		Rosters::<T>::insert(roster, index);
		Ok(())
	}

	/// Takes `who` off `roster`; the last seat moves into the gap.
	pub(crate) fn leave(roster: Roster, who: &T::AccountId) {
		let Some(position) = SeatIndex::<T>::take(who, roster) else {
			return;
		};
		let mut index = Rosters::<T>::get(roster);
		index.len = index.len.saturating_sub(1);
		let (chunk, place) = Self::place(position);
		let (last_chunk, _) = Self::place(index.len);
		let Some(last) = Seats::<T>::mutate(roster, last_chunk, |seats| seats.pop()) else {
			return;
		};
		if let Some(sum) = index.sums.get_mut(last_chunk as usize) {
			*sum = sum.saturating_sub(last.bond);
		}
		if position != index.len {
			let bond = last.bond;
			SeatIndex::<T>::insert(&last.who, roster, position);
			let gone = Seats::<T>::mutate(roster, chunk, |seats| seats.get_mut(place).map(|seat| core::mem::replace(seat, last)));
			if let (Some(gone), Some(sum)) = (gone, index.sums.get_mut(chunk as usize)) {
				*sum = sum.saturating_sub(gone.bond).saturating_add(bond);
			}
		}
		if Self::place(index.len).1 == 0 {
			Seats::<T>::remove(roster, last_chunk);
			index.sums.pop();
		}
		if index.len == 0 {
			Rosters::<T>::remove(roster);
		} else {
			Rosters::<T>::insert(roster, index);
		}
	}

	/// Writes a new bond into the seat of `who` on `roster`.
	fn rebond(roster: Roster, who: &T::AccountId, bond: Balance) {
		let Some(position) = SeatIndex::<T>::get(who, roster) else {
			return;
		};
		let (chunk, place) = Self::place(position);
		let old =
			Seats::<T>::mutate(roster, chunk, |seats| seats.get_mut(place).map(|seat| core::mem::replace(&mut seat.bond, bond)));
		Rosters::<T>::mutate(roster, |index| {
			if let (Some(old), Some(sum)) = (old, index.sums.get_mut(chunk as usize)) {
				*sum = sum.saturating_sub(old).saturating_add(bond);
			}
		});
	}

	/// Changes the recorded bond of `who`, and joins or leaves rosters where it crosses the minimum. Fails only where a roster is full, so
	/// never when the bond falls.
	fn set_bond(who: &T::AccountId, evaluator: &mut Evaluator, bond: Balance) -> DispatchResult {
		let was = SeatIndex::<T>::contains_key(who, Roster::Class(evaluator.class));
		evaluator.bond = bond;
		let is = Self::active(evaluator);
		for roster in Self::rosters(evaluator) {
			match (was, is) {
				(true, true) => Self::rebond(roster, who, bond),
				(true, false) => Self::leave(roster, who),
				(false, true) => Self::join(roster, who, bond)?,
				(false, false) => {}
			}
		}
		if was && !is {
			Self::deposit_event(Event::Suspended { who: who.clone(), bond });
		}
		Ok(())
	}

	/// Puts `amount` on hold and `who` on the roster of `class`.
	pub(crate) fn do_bond(who: &T::AccountId, amount: Balance, class: SizeClass) -> DispatchResult {
		ensure!(!Evaluators::<T>::contains_key(who), Error::<T>::AlreadyBonded);
		ensure!(amount >= T::MinBond::get(), Error::<T>::BondTooSmall);
		T::Currency::hold(&HoldReason::Bond.into(), who, amount)?;
		let mut evaluator = Evaluator { bond: 0, class, serving: BoundedVec::new(), missed: 0, leaving: None };
		Self::set_bond(who, &mut evaluator, amount)?;
		Evaluators::<T>::insert(who, evaluator);
		Self::deposit_event(Event::Bonded { who: who.clone(), amount, class });
		Ok(())
	}

	/// Adds `amount` to the bond of `who`.
	pub(crate) fn do_bond_extra(who: &T::AccountId, amount: Balance) -> DispatchResult {
		let mut evaluator = Self::staying(who)?;
		T::Currency::hold(&HoldReason::Bond.into(), who, amount)?;
		let bond = evaluator.bond.saturating_add(amount);
		Self::set_bond(who, &mut evaluator, bond)?;
		Evaluators::<T>::insert(who, evaluator);
		Self::deposit_event(Event::BondRaised { who: who.clone(), amount, bond });
		Ok(())
	}

	/// The record of an evaluator that has not unbonded.
	fn staying(who: &T::AccountId) -> Result<Evaluator, DispatchError> {
		let evaluator = Evaluators::<T>::get(who).ok_or(Error::<T>::NotBonded)?;
		ensure!(evaluator.leaving.is_none(), Error::<T>::Leaving);
		Ok(evaluator)
	}

	/// Puts `who` on the roster of one domain.
	pub(crate) fn do_serve(who: &T::AccountId, domain: DomainId) -> DispatchResult {
		let mut evaluator = Self::staying(who)?;
		ensure!(T::Judge::chunks(domain).is_some(), Error::<T>::UnknownDomain);
		ensure!(!evaluator.serving.contains(&domain), Error::<T>::AlreadyServing);
		evaluator.serving.try_push(domain).map_err(|_| Error::<T>::TooManyDomains)?;
		if Self::active(&evaluator) {
			Self::join(Roster::Domain(domain), who, evaluator.bond)?;
		}
		Evaluators::<T>::insert(who, evaluator);
		Self::deposit_event(Event::Serving { who: who.clone(), domain });
		Ok(())
	}

	/// Takes `who` off the roster of one domain.
	pub(crate) fn do_unserve(who: &T::AccountId, domain: DomainId) -> DispatchResult {
		let mut evaluator = Evaluators::<T>::get(who).ok_or(Error::<T>::NotBonded)?;
		let at = evaluator.serving.iter().position(|served| *served == domain).ok_or(Error::<T>::NotServing)?;
		evaluator.serving.remove(at);
		Self::leave(Roster::Domain(domain), who);
		Evaluators::<T>::insert(who, evaluator);
		Self::deposit_event(Event::NoLongerServing { who: who.clone(), domain });
		Ok(())
	}

	/// Takes `who` off every roster and starts its cool-down.
	pub(crate) fn do_unbond(who: &T::AccountId) -> DispatchResult {
		let mut evaluator = Self::staying(who)?;
		for roster in Self::rosters(&evaluator) {
			Self::leave(roster, who);
		}
		let until = Self::now().saturating_add(T::Timing::rounds().longest());
		evaluator.leaving = Some(until);
		Evaluators::<T>::insert(who, evaluator);
		Self::deposit_event(Event::Unbonding { who: who.clone(), until });
		Ok(())
	}

	/// Gives `who` what is left of its bond.
	pub(crate) fn do_withdraw(who: &T::AccountId) -> DispatchResult {
		let evaluator = Evaluators::<T>::get(who).ok_or(Error::<T>::NotBonded)?;
		let until = evaluator.leaving.ok_or(Error::<T>::NotUnbonding)?;
		ensure!(Self::now() >= until, Error::<T>::CoolingDown);
		T::Currency::release(&HoldReason::Bond.into(), who, evaluator.bond, Precision::Exact)?;
		Evaluators::<T>::remove(who);
		Self::deposit_event(Event::Withdrawn { who: who.clone(), amount: evaluator.bond });
		Ok(())
	}

	/// Takes `ppm` of the bond of `who`: a tenth of it to `informer`, if there is one, and the rest burned. An evaluator that has nothing
	/// left is no longer one. Returns what the informer got.
	fn slash(who: &T::AccountId, ppm: u32, offence: Offence, informer: Option<&T::AccountId>) -> Balance {
		let Some(mut evaluator) = Evaluators::<T>::get(who) else {
			return 0;
		};
		let reason = HoldReason::Bond.into();
		let amount = part(evaluator.bond, ppm);
		let reward = informer.map_or(0, |informer| {
			let share = part(amount, CHALLENGER_PPM);
			let (exact, free, force) = (Precision::BestEffort, Restriction::Free, Fortitude::Force);
			T::Currency::transfer_on_hold(&reason, who, informer, share, exact, free, force).unwrap_or(0)
		});
		let rest = amount.saturating_sub(reward);
		let burned = T::Currency::burn_held(&reason, who, rest, Precision::BestEffort, Fortitude::Force).unwrap_or(0);
		let taken = reward.saturating_add(burned);
		let bond = evaluator.bond.saturating_sub(taken);
		let lowered = Self::set_bond(who, &mut evaluator, bond);
		debug_assert!(lowered.is_ok(), "a falling bond joins no roster");
		if bond == 0 {
			Evaluators::<T>::remove(who);
		} else {
			Evaluators::<T>::insert(who, evaluator);
		}
		Self::deposit_event(Event::Slashed { who: who.clone(), amount: taken, offence });
		reward
	}

	/// Punishes a drawn evaluator that did not answer. What it loses is burned: who has the runtime compute instead is paid the evaluators'
	/// part of the round.
	pub(crate) fn punish_absence(who: &T::AccountId) {
		T::Reputation::note(who, Deed::NoShow);
		let Some(mut evaluator) = Evaluators::<T>::get(who) else {
			return;
		};
		let doublings = evaluator.missed.min(MAX_DOUBLINGS);
		evaluator.missed = evaluator.missed.saturating_add(1);
		Evaluators::<T>::insert(who, evaluator);
		Self::slash(who, NO_SHOW_PPM.saturating_mul(1u32.checked_shl(doublings.into()).unwrap_or(1)), Offence::NoShow, None);
	}

	/// Notes that a drawn evaluator answered: the next missed seat costs the lowest price again.
	pub(crate) fn forgive_absences(who: &T::AccountId) {
		Evaluators::<T>::mutate_extant(who, |evaluator| evaluator.missed = 0);
	}

	/// Punishes members that answered falsely, given as (place among the members, hash of their sums). Returns what the informer got.
	pub(crate) fn punish_lies(
		request: &mut Request<T::AccountId>,
		liars: &[(usize, Hash)],
		informer: Option<&T::AccountId>,
	) -> Balance {
		let seats = request.members.len();
		let mut reward: Balance = 0;
		for (place, sums) in liars {
			let Some(member) = request.members.get_mut(*place) else {
				continue;
			};
			member.answer = Answer::False;
			let alike = liars.iter().filter(|(_, other)| other == sums).count();
			// Two who say the same false thing have agreed on it; a third of the seats or more means to decide. One alone has agreed with
			// nobody, even where he is a third of the seats.
			let (ppm, offence) = if alike > 1 && alike.saturating_mul(3) >= seats {
				(MILLION, Offence::Collusion)
			} else {
				(FALSE_PPM, Offence::False)
			};
			T::Reputation::note(&member.who, Deed::False);
			reward = reward.saturating_add(Self::slash(&member.who, ppm, offence, informer));
		}
		reward
	}

	/// Seats of `roster`, less those of `without`.
	pub(crate) fn seats_without(roster: Roster, without: &[T::AccountId]) -> u32 {
		let out = without.iter().filter(|who| SeatIndex::<T>::contains_key(who, roster)).count() as u32;
		Rosters::<T>::get(roster).len.saturating_sub(out)
	}

	/// Draws a quorum from `roster` with `seed`. Fewer than three come back empty: they could decide nothing.
	pub(crate) fn draw_members(seed: [u8; 32], roster: Roster, without: &[T::AccountId]) -> Vec<T::AccountId> {
		let k = quorum::size(Self::seats_without(roster, without));
		let drawn = draw::draw(
			seed,
			k,
			&Rosters::<T>::get(roster).sums,
			|chunk| Seats::<T>::get(roster, chunk).into_iter().map(|seat| (seat.who, seat.bond)).collect(),
			|who| {
				if without.contains(who) || !T::Reputation::drawable(who) {
					0
				} else {
					T::Reputation::factor(who)
				}
			},
		);
		if (drawn.len() as u64) < u64::from(quorum::MIN_QUORUM) {
			Vec::new()
		} else {
			drawn
		}
	}
}
