//! Offers: what is admitted, the list, bonds and their release.

use crate::{mock::*, types::Offer, Call, Error, Event, Listed, Served};
use doin_primitives::{
	inference::{Endpoint, MAX_OFFERS, MIN_BOND},
	views::OfferView,
	Balance, DomainId, ModelRef, Status, DOIN,
};
use doin_traits::Offers as _;
use frame_support::assert_ok;
use sp_runtime::TokenError;

/// Returns the accounts that are listed for [`ROWS`].
fn listed() -> Vec<AccountId> {
	Listed::<Test>::get(ROWS).into_iter().map(|place| place.who).collect()
}

#[test]
fn an_offer_is_listed_and_its_bond_held() {
	test(|| {
		assert_ok!(offer(SERVER, ROWS, BOND));
		assert_eq!((free(SERVER), held(SERVER)), (ENDOWMENT - BOND, BOND));
		let stored =
			Offer { key: key(SERVER), price: PRICE, endpoint: endpoint(), bond: BOND, since: 10, leaves: None, is_halved: false };
		assert_eq!(offer_of(SERVER), Some(stored));
		let (domain, who) = (ROWS, SERVER);
		let offered = Event::Offered { domain, who, key: key(who), price: PRICE, bond: BOND, endpoint: endpoint() };
		assert_eq!(events(), [offered]);
		assert!(Inference::serves(&SERVER, ROWS));
		assert!(!Inference::serves(&SERVER, SERIES) && !Inference::serves(&PAYER, ROWS));
		let served = Served::<Test>::get(ROWS).expect("a bond is held");
		assert_eq!((served.bonds, served.champions[0].model, served.champions[0].from), (1, ModelRef::Stored(1), 0));
		assert_eq!(served.champions[0].hash, doin_primitives::blake2_256(&constant([1, 2, 3])));
	});
}

#[test]
fn an_offer_is_checked() {
	test(|| {
		let offer = |domain, price, endpoint: &[u8], bond| {
			let endpoint = Endpoint::truncate_from(endpoint.to_vec());
			send(SERVER, Call::offer { domain, key: key(SERVER), price, endpoint, bond })
		};
		assert_eq!(offer(ROWS, 0, b"", BOND), error(Error::InvalidEndpoint));
		assert_eq!(offer(ROWS, 0, &[0xff], BOND), error(Error::InvalidEndpoint));
		assert_eq!(offer(ROWS, 0, b"a", MIN_BOND - 1), error(Error::BondTooSmall));
		assert_eq!(offer(ROWS, DOIN, b"a", 1_000 * DOIN - 1), error(Error::BondTooSmall));
		assert_eq!(offer(ROWS, Balance::MAX, b"a", BOND), error(Error::BondTooSmall));
		assert_eq!(offer(UNKNOWN, 0, b"a", BOND), error(Error::UnknownDomain));
		assert_eq!(offer(POINTS, 0, b"a", BOND), error(Error::NotServable), "points answer nothing");
		for status in [Status::Loading, Status::Refused] {
			change(SERIES, |state| state.status = status);
			assert_eq!(offer(SERIES, 0, b"a", BOND), error(Error::NotServable), "{status:?}");
		}
		assert_eq!(offer(ROWS, 0, b"a", 2 * ENDOWMENT), Err(TokenError::FundsUnavailable.into()));
		assert!(events().is_empty() && Served::<Test>::iter().count() == 0);
		for status in [Status::Active, Status::Converged, Status::Closing] {
			change(SERIES, |state| state.status = status);
			assert_ok!(offer(SERIES, 0, b"a", BOND));
		}
		assert_ok!(offer(ROWS, DOIN, b"a", 1_000 * DOIN));
	});
}

#[test]
fn the_champion_of_every_kind_is_hashed() {
	test(|| {
		let hash_of = |domain: DomainId| Served::<Test>::get(domain).expect("a bond is held").champions[0].hash;
		let baselines = [
			(ModelRef::Seasonal, vec![2, 1]),
			(ModelRef::RepeatLast, vec![2, 0]),
			(ModelRef::Linear, vec![2, 3, 7]),
			(ModelRef::Stored(1), constant([1, 2, 3])),
		];
		Baseline::set(Some(vec![2, 3, 7]));
		for (model, bytes) in baselines {
			change(SERIES, |state| state.champion.model = model);
			assert_ok!(offer(SERVER, SERIES, BOND));
			assert_eq!(hash_of(SERIES), doin_primitives::blake2_256(&bytes), "{model:?}");
			assert_ok!(send(SERVER, Call::withdraw { domain: SERIES }));
			to(now() + WINDOW + 1);
			assert_ok!(send(ACCUSER, Call::release { domain: SERIES, who: SERVER }));
		}
		change(SERIES, |state| state.champion.model = ModelRef::Stored(99));
		assert_eq!(offer(SERVER, SERIES, BOND), error(Error::NotServable), "its bytes are not stored");
	});
}

#[test]
fn price_and_address_change_and_a_bond_grows() {
	test(|| {
		serve();
		let other = Endpoint::truncate_from(b"http://[::1]:9".to_vec());
		let change = |key, price, bond| send(SERVER, Call::offer { domain: ROWS, key, price, endpoint: other.clone(), bond });
		assert_eq!(change(key(9), PRICE, BOND), error(Error::KeyIsFixed));
		assert_eq!(change(key(SERVER), PRICE, BOND - 1), error(Error::BondTooSmall), "what was signed is still to be paid for");
		assert_eq!(change(key(SERVER), 2 * DOIN, BOND), error(Error::BondTooSmall));
		assert_ok!(change(key(SERVER), 2 * DOIN, 2 * BOND));
		let offer = offer_of(SERVER).expect("listed");
		assert_eq!((offer.price, offer.bond, offer.since, &offer.endpoint), (2 * DOIN, 2 * BOND, 10, &other));
		assert_eq!((held(SERVER), listed(), Listed::<Test>::get(ROWS)[0].bond), (2 * BOND, vec![SERVER], 2 * BOND));
		assert_eq!(Served::<Test>::get(ROWS).map(|served| served.bonds), Some(1));
	});
}

#[test]
fn a_withdrawn_bond_is_released_after_the_claim_window() {
	test(|| {
		serve();
		let (domain, who) = (ROWS, SERVER);
		assert_eq!(send(who, Call::withdraw { domain: SERIES }), error(Error::NoOffer));
		assert_eq!(send(ACCUSER, Call::release { domain, who }), error(Error::NotReleasable), "it is listed");
		assert_ok!(send(who, Call::withdraw { domain }));
		let leaves = 11 + WINDOW + 1;
		assert_eq!(events().last(), Some(&Event::Unlisted { domain, who, leaves }));
		assert!(listed().is_empty() && !Inference::serves(&who, domain));
		assert_eq!(send(who, Call::withdraw { domain }), error(Error::NotListed));
		to(leaves - 1);
		assert_eq!(send(ACCUSER, Call::release { domain, who }), error(Error::NotReleasable));
		to(leaves);
		assert_ok!(send(ACCUSER, Call::release { domain, who }));
		assert_eq!(events().last(), Some(&Event::Released { domain, who, bond: BOND }));
		assert_eq!((free(who), held(who)), (ENDOWMENT, 0));
		assert_eq!(send(ACCUSER, Call::release { domain, who }), error(Error::NoOffer));
		assert!(!Served::<Test>::contains_key(domain), "nothing is left behind");
	});
}

#[test]
fn an_offer_that_has_left_is_listed_again() {
	test(|| {
		serve();
		assert_ok!(send(SERVER, Call::withdraw { domain: ROWS }));
		to(100);
		assert_ok!(offer(SERVER, ROWS, BOND));
		let offer = offer_of(SERVER).expect("listed");
		assert_eq!((offer.leaves, offer.since, held(SERVER)), (None, 10, BOND));
		to(2 * WINDOW);
		assert_eq!(send(ACCUSER, Call::release { domain: ROWS, who: SERVER }), error(Error::NotReleasable));
	});
}

#[test]
fn a_full_list_is_outbid_by_twice_its_smallest_bond() {
	test(|| {
		for who in 1..=AccountId::from(MAX_OFFERS) {
			let bond = if who == 7 { BOND / 2 } else { BOND };
			assert_ok!(send(who, Call::offer { domain: ROWS, key: key(who), price: 0, endpoint: endpoint(), bond }));
		}
		let late = |bond| send(90, Call::offer { domain: ROWS, key: key(90), price: 0, endpoint: endpoint(), bond });
		assert_eq!(late(BOND - 1), error(Error::ListFull));
		assert_eq!((held(90), Served::<Test>::get(ROWS).map(|served| served.bonds)), (0, Some(64)));
		assert_ok!(late(BOND));
		assert_eq!(offer_of(7).and_then(|offer| offer.leaves), Some(10 + WINDOW + 1));
		assert!(!Inference::serves(&7, ROWS) && Inference::serves(&90, ROWS));
		assert_eq!((held(7), listed().len()), (BOND / 2, 64), "its bond answers for its receipts");
		// A listed server raises its bond without outbidding anybody.
		assert_ok!(send(8, Call::offer { domain: ROWS, key: key(8), price: 0, endpoint: endpoint(), bond: BOND + 1 }));
		assert_eq!(listed().len(), 64);
		// The server that was outbid needs twice the smallest bond as well.
		let again = |bond| send(7, Call::offer { domain: ROWS, key: key(7), price: 0, endpoint: endpoint(), bond });
		assert_eq!(again(BOND), error(Error::ListFull));
		assert_ok!(again(2 * BOND));
		assert_eq!(held(7), 2 * BOND);
	});
}

#[test]
fn a_retired_domain_takes_no_new_offer_and_keeps_those_it_has() {
	test(|| {
		serve();
		retire(ROWS);
		assert_eq!(offer(PAYER, ROWS, BOND), error(Error::UnknownDomain));
		assert_ok!(offer(SERVER, ROWS, 2 * BOND));
		assert_ok!(send(SERVER, Call::withdraw { domain: ROWS }));
		to(now() + WINDOW + 1);
		assert_ok!(send(SERVER, Call::release { domain: ROWS, who: SERVER }));
		assert_eq!(free(SERVER), ENDOWMENT);
	});
}

#[test]
fn offers_are_shown_from_the_lowest_price_on() {
	test(|| {
		for (who, price, bond) in [(1, DOIN, BOND), (2, PRICE, BOND), (3, PRICE, 2 * BOND), (4, 0, BOND)] {
			assert_ok!(send(who, Call::offer { domain: ROWS, key: key(who), price, endpoint: endpoint(), bond }));
		}
		assert_ok!(send(4, Call::withdraw { domain: ROWS }));
		let views = Inference::offer_views(ROWS);
		assert_eq!(views.iter().map(|view| view.who).collect::<Vec<_>>(), [3, 2, 1]);
		let endpoint = "https://example.org:8475".into();
		let first = OfferView { who: 3, key: key(3), price: PRICE, endpoint, bond: 2 * BOND, since: 10 };
		assert_eq!(views[0], first);
		assert!(Inference::offer_views(UNKNOWN).is_empty());
	});
}
