//! Stored models, contenders among them, and the holds for their bytes.

use crate::{types::StoredModel, Config, Contenders, Error, Event, HoldReason, Models, Pallet, Pending};
use codec::Encode;
use doin_primitives::{domain::ModelBytes, payload::Reveal, Balance, DomainId, ModelId, RejectionReason, RoundId, Status};
use doin_traits::Domains;
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{fungible::MutateHold, Get},
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
	/// Stores the model of a reveal against a hold of its author. Returns the hold in plancks.
	pub(crate) fn store_model(
		model: ModelId,
		author: T::AccountId,
		round: RoundId,
		reveal: Reveal,
	) -> Result<Balance, DispatchError> {
		let Reveal { genes, model: bytes, validation, .. } = reveal;
		let mut stored = StoredModel { author, round, bytes, genes, validation, hold: 0 };
		let hold = T::ByteHold::get().saturating_mul(stored.encoded_size() as Balance);
		stored.hold = hold;
		T::Currency::hold(&HoldReason::Model.into(), &stored.author, hold)?;
		Models::<T>::insert(model, stored);
		Ok(hold)
	}

	/// Removes a stored model and releases the hold of its author.
	pub(crate) fn remove_model(model: ModelId) {
		if let Some(StoredModel { author, hold, .. }) = Models::<T>::take(model) {
			let released = Self::release(HoldReason::Model, &author, hold);
			Self::deposit_event(Event::ModelReleased { model, author, released });
		}
	}

	/// Removes a model that no round needs; see [`Call::release_model`](crate::Call::release_model).
	pub(crate) fn do_release_model(who: T::AccountId, model: ModelId) -> DispatchResult {
		let stored = Models::<T>::get(model).ok_or(Error::<T>::UnknownModel)?;
		let domain = stored.round.domain;
		ensure!(Pending::<T>::get(domain).is_empty(), Error::<T>::ModelInUse);
		let is_contender = Contenders::<T>::get(domain).is_some_and(|contender| contender.model == model);
		if let Some(state) = T::Domains::state(domain) {
			let may_withdraw = who == stored.author || state.status != Status::Active;
			ensure!(is_contender && may_withdraw, Error::<T>::ModelInUse);
		}
		if is_contender {
			Contenders::<T>::remove(domain);
			Self::drop_contender(domain, model, RejectionReason::Withdrawn);
		} else {
			Self::remove_model(model);
		}
		Ok(())
	}

	/// Removes the model of a contender that did not become champion.
	pub(crate) fn drop_contender(domain: DomainId, model: ModelId, reason: RejectionReason) {
		Self::deposit_event(Event::ContenderDropped { domain, model, reason });
		Self::remove_model(model);
	}
}

impl<T: Config> doin_traits::Models for Pallet<T> {
	fn bytes(model: ModelId) -> Option<ModelBytes> {
		Models::<T>::get(model).map(|stored| stored.bytes)
	}
}
