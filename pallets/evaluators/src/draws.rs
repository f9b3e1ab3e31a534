//! Draws of quorums.
//!
//! A draw is a function of its seed and of what was fixed when it was scheduled, before the first VRF output of the seed:
//!
//! * **Seats.** A seat that was taken or raised in that block or later is not drawn. A seat that a larger bond has taken since
//!   then still is. A seat that its evaluator gave up is not, and the next one in the order of keys takes its place, so an
//!   account can only decline its own seats.
//! * **Size.** The number of places follows from the number of seats in that block.
//! * **Keys.** The key of a seat depends on the seed, its account, its bond and its reputation ([`doin_primitives::draw`]), and
//!   on no other seat.
//!
//! Slashes and reputations take effect at once. So the author of the block that completes the seed can still include or withhold
//! a proof that an evaluator answered falsely, and can withhold an answer that is revealed in the last block of its window. Both
//! change the key of that one evaluator, and neither adds a seat to the draw.

use crate::{
	pallet::{Config, DisplacedSeats, Evaluators, Pallet},
	types::Roster,
};
use alloc::vec::Vec;
use doin_primitives::{
	draw,
	quorum::{self, MIN_QUORUM},
	Balance, BlockNumber,
};
use doin_traits::{DrawRequest, Reputation};

impl<T: Config> Pallet<T> {
	/// Returns the seats of `roster` that larger bonds have taken since the block `fixed`, with the smaller of the bonds then and
	/// now. Evaluators that have unbonded or were suspended since then are left out.
	fn displaced_since(roster: Roster, fixed: BlockNumber) -> impl Iterator<Item = (T::AccountId, Balance)> {
		let displaced = DisplacedSeats::<T>::get(roster).into_iter();
		displaced.filter(move |displaced| displaced.seat.since < fixed && fixed <= displaced.left).filter_map(|displaced| {
			let record = Evaluators::<T>::get(&displaced.seat.who).filter(Self::is_active)?;
			Some((displaced.seat.who, displaced.seat.bond.min(record.bond)))
		})
	}

	/// Draws a quorum. Returns an empty list if fewer than [`MIN_QUORUM`] evaluators can be drawn, since a smaller quorum decides
	/// nothing.
	pub(crate) fn draw_quorum(request: DrawRequest<T::AccountId>) -> Vec<T::AccountId> {
		let DrawRequest { seed, domain, class, weighted, fixed, seats, exclude } = request;
		let roster = Self::roster_of(domain, class, weighted);
		let seated = Self::seats_of(roster).filter(|seat| seat.since < fixed).map(|seat| (seat.who, seat.bond));
		let candidates = seated.chain(Self::displaced_since(roster, fixed)).filter(|(who, _)| !exclude.contains(who));
		let drawn = draw::draw(&seed, quorum::size(seats), candidates, |who| {
			if T::Reputation::is_eligible(who) {
				T::Reputation::factor(who)
			} else {
				0
			}
		});
		if drawn.len() < MIN_QUORUM as usize {
			Vec::new()
		} else {
			drawn
		}
	}
}
