//! Accusations: what proves a lie, and what it costs.

use crate::{
	types::{Accusation, Claim, Offer, ServedDomain, Window},
	Config, Error, Event, HoldReason, Offers, Pallet, Served,
};
use alloc::vec::Vec;
use doin_primitives::{
	channel::Contract,
	inference::{
		champion_at, check_block, division, number_bytes, pairs_hash, BlockFault, Crowned, Division, Lie, Pair, Receipt,
	},
	Balance, DomainId, Hash,
};
use doin_traits::{block::current_block, ModelRunner, Votes};
use frame_support::{
	defensive,
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::{InspectHold, MutateHold},
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
};
use sp_core::sr25519;
use sp_io::{crypto::sr25519_verify, hashing::blake2_256};

impl<T: Config> Pallet<T> {
	/// Proves a lie; see [`Call::accuse`](crate::Call::accuse).
	pub(crate) fn do_accuse(who: T::AccountId, server: T::AccountId, accusation: Accusation<T::AccountId>) -> DispatchResult {
		let Accusation { receipt, signature, contract, claim } = accusation;
		let domain = receipt.domain;
		let offer = Offers::<T>::get(domain, &server).ok_or(Error::<T>::NoOffer)?;
		let served = Served::<T>::get(domain).ok_or(Error::<T>::NoOffer)?;
		check_block(receipt.block, current_block::<T>(), offer.since, Self::claim_blocks()).map_err(|fault| match fault {
			BlockFault::Future => Error::<T>::FutureBlock,
			BlockFault::TooOld => Error::<T>::BlockTooOld,
			BlockFault::BeforeOffer => Error::<T>::BeforeOffer,
		})?;
		let genesis = T::GenesisHash::get();
		let payer = Self::payer(&receipt, contract, &genesis)?;
		let (key, signature) = (sr25519::Public::from_raw(offer.key), sr25519::Signature::from_raw(signature));
		ensure!(sr25519_verify(&signature, &receipt.signed_bytes(&genesis), &key), Error::<T>::BadSignature);

		let champion = champion_at(&served.champions, receipt.block).ok_or(Error::<T>::UnknownChampion)?;
		let lie = match claim {
			Claim::Model => {
				ensure!(champion.hash != receipt.model, Error::<T>::ChampionServed);
				ensure!(!offer.is_halved, Error::<T>::AlreadyHalved);
				Lie::Model
			}
			Claim::Output(window) => {
				ensure!(champion.hash == receipt.model, Error::<T>::NotChampion);
				Self::check_window(domain, &receipt, *window, &served, champion)?;
				Lie::Output
			}
		};
		Self::slash(domain, server, offer, lie, receipt.price, (payer, who));
		Ok(())
	}

	/// Returns the payer of the channel of a receipt; `None` for a receipt without one.
	fn payer(
		receipt: &Receipt,
		contract: Option<Contract<T::AccountId>>,
		genesis: &Hash,
	) -> Result<Option<T::AccountId>, Error<T>> {
		match contract {
			None => {
				ensure!(receipt.channel == Hash::default(), Error::<T>::WrongContract);
				Ok(None)
			}
			Some(contract) => {
				ensure!(contract.id(genesis) == receipt.channel, Error::<T>::WrongContract);
				Ok(Some(contract.payer))
			}
		}
	}

	/// Checks that the champion computes another output for a window of the receipt.
	fn check_window(
		domain: DomainId,
		receipt: &Receipt,
		window: Window,
		served: &ServedDomain,
		champion: &Crowned,
	) -> Result<(), Error<T>> {
		let Window { pairs, index, nonce, input, output, model } = window;
		ensure!(pairs_hash(&pairs) == receipt.pairs, Error::<T>::WrongPairs);
		let stated = pairs.get(usize::from(index)).ok_or(Error::<T>::WrongWindow)?;
		ensure!(*stated == Pair::new(&nonce, &input, &output), Error::<T>::WrongWindow);
		let bytes: Vec<u8> = match model {
			Some(bytes) => bytes.into_inner(),
			None => Self::model_bytes(domain, &served.program, &champion.model).ok_or(Error::<T>::ModelNotStored)?,
		};
		ensure!(blake2_256(&bytes) == champion.hash, Error::<T>::WrongModel);
		let computed = T::Runner::run(&served.program, &bytes, &input).ok_or(Error::<T>::WrongShape)?;
		ensure!(number_bytes(&computed) != output.into_inner(), Error::<T>::TrueOutput);
		Ok(())
	}

	/// Takes what a lie costs from the bond of an offer, and divides it among payer, accuser and nobody.
	fn slash(
		domain: DomainId,
		who: T::AccountId,
		offer: Offer,
		lie: Lie,
		price: Balance,
		(payer, accuser): (Option<T::AccountId>, T::AccountId),
	) {
		let Division { slashed, payer: owed, accuser: earned, .. } = division(offer.bond, lie, price);
		// What is paid to others or burned must not vote any more.
		if T::Currency::reducible_total_balance_on_hold(&who, Fortitude::Polite) < slashed {
			T::Votes::end(&who);
		}
		let compensation = payer.as_ref().map_or(0, |payer| Self::pay(&who, payer, owed));
		let reward = Self::pay(&who, &accuser, earned);
		let rest = slashed.saturating_sub(compensation).saturating_sub(reward);
		let (reason, force) = (HoldReason::Offer.into(), Fortitude::Force);
		let burned = T::Currency::burn_held(&reason, &who, rest, Precision::BestEffort, force).unwrap_or_else(|error| {
			defensive!("a bond on hold can be burned", error);
			0
		});

		let bond = offer.bond.saturating_sub(slashed);
		if offer.leaves.is_none() {
			Self::unlist(domain, &who);
		}
		if bond == 0 {
			Self::forget(domain, &who);
		} else {
			let is_listed = offer.leaves.is_none();
			Offers::<T>::insert(domain, &who, Offer { bond, is_halved: true, ..offer });
			if is_listed {
				Self::leave(domain, who.clone());
			}
		}
		Self::deposit_event(Event::Slashed { domain, who, lie, slashed, burned, payer, compensation, accuser, reward });
	}

	/// Moves `amount` plancks of the bonds of `who` to `to`. Returns the moved amount: 0 if the account cannot take it, e.g. because it does
	/// not exist and the amount is below the existential deposit. A slash must not fail because of a payment.
	fn pay(who: &T::AccountId, to: &T::AccountId, amount: Balance) -> Balance {
		if amount == 0 {
			return 0;
		}
		let (reason, precision) = (HoldReason::Offer.into(), Precision::Exact);
		let moved = if who == to {
			T::Currency::release(&reason, who, amount, precision)
		} else {
			T::Currency::transfer_on_hold(&reason, who, to, amount, precision, Restriction::Free, Fortitude::Force)
		};
		moved.unwrap_or(0)
	}
}
