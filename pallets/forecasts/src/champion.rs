//! The champion of a live domain as a reference: the first commitment of a round runs it on the input.

use crate::{
	types::{Path, Reigning, Round},
	Config, Event, Markets, Pallet,
};
use doin_market::Reference;
use doin_primitives::RoundId;
use doin_traits::{Champions, StreamTerms, Terms};

impl<T: Config> Pallet<T> {
	/// Runs the champion of the domain that the stream of `round` names, and stores in `state` what it forecasts. Returns `false` and does
	/// nothing if the stream names none.
	///
	/// A new champion starts with the average error of the best other reference. It is not the reference of a round that was opened before:
	/// that reference is replaced, since this model has not erred less in any round.
	pub(crate) fn run_champion(round: RoundId, state: &mut Round) -> bool {
		let Some(Terms { domain: Some(domain), horizon, .. }) = T::Streams::terms(round.domain) else { return false };
		let Some(mut market) = Markets::<T>::get(round.domain) else { return false };
		let forecast = T::Champions::forecast(domain, round.domain, state.bar, horizon);
		let model = forecast.as_ref().map(|(model, _)| *model);
		if market.champion.map(|champion| champion.model) != model {
			market.errors.forget_champion();
			market.champion = model.map(|model| Reigning { model, since: market.next });
		}
		if state.reference == Reference::Champion && !market.is_reigning(round) {
			state.reference = market.errors.best(false);
			Self::deposit_event(Event::ReferenceReplaced { round, reference: state.reference });
		}
		state.champion = forecast.map(|(_, path)| Path::truncate_from(path));
		Markets::<T>::insert(round.domain, market);
		true
	}
}
