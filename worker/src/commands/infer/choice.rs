//! Choice of a server.

use super::http::{plain, Address};
use anyhow::{anyhow, bail, Context, Result};
use doin_chain::Account;
use doin_primitives::{views::OfferView, Balance, DomainId};
use doin_serve::wire::Prices;

/// A server that answers, with its offer.
#[derive(Clone, Debug)]
pub struct Chosen {
	/// Its offer in a finalized block.
	pub offer: OfferView<Account>,
	/// Its address.
	pub address: Address,
}

/// Returns the server at `wanted`, or the cheapest one of `offers` that answers, the lowest price first. Offers with private addresses are
/// left out.
///
/// # Errors
///
/// Errors if no server answers, or if the one at `wanted` has no offer.
pub async fn choose(offers: Vec<OfferView<Account>>, wanted: Option<&Address>, domain: DomainId) -> Result<Chosen> {
	if let Some(address) = wanted {
		let prices: Prices = address.get("/price").await?;
		let offer = offer_of(&offers, &prices, domain).with_context(|| format!("the server at {address}"))?.clone();
		return Ok(Chosen { offer, address: address.clone() });
	}
	let mut reasons = Vec::new();
	for offer in offers {
		match answers(&offer, domain).await {
			Ok(address) => return Ok(Chosen { offer, address }),
			Err(error) => reasons.push(format!("{}: {error:#}", plain(&offer.endpoint))),
		}
	}
	match reasons.is_empty() {
		true => bail!("nobody offers domain {domain}: `doin-worker offer list {domain}` shows the offers"),
		false => bail!("no server of domain {domain} answers. {}", reasons.join(". ")),
	}
}

/// Returns the address of an offer whose server answers.
async fn answers(offer: &OfferView<Account>, domain: DomainId) -> Result<Address> {
	// The reason is shown behind the address.
	let address: Address = offer.endpoint.parse().map_err(|_| anyhow!("it is not the address of a server"))?;
	let address = address.resolved().await?;
	if !address.is_public() {
		bail!("its address is one of a local network: name it with --server if it is yours");
	}
	let prices: Prices = address.get("/price").await?;
	offer_of(std::slice::from_ref(offer), &prices, domain)?;
	Ok(address)
}

/// Returns the offer of the account that a server names.
///
/// # Errors
///
/// Errors if there is none, or if the server asks for another price or signs with another key than its offer.
fn offer_of<'a>(offers: &'a [OfferView<Account>], prices: &Prices, domain: DomainId) -> Result<&'a OfferView<Account>> {
	let offer = offers.iter().find(|offer| offer.who.to_string() == prices.account);
	let offer = offer.with_context(|| format!("is that of {}, which has no such offer", plain(&prices.account)))?;
	let Some(price) = prices.domains.iter().find(|price| price.domain_id == domain) else {
		bail!("does not answer for domain {domain} now");
	};
	if price.price.parse::<Balance>() != Ok(offer.price) {
		bail!("asks for {} plancks, and its offer is {}", plain(&price.price), offer.price);
	}
	if prices.key != doin_serve::wire::hex(&offer.key) {
		bail!("signs with another key than that of its offer, so nobody could hold it to its answers");
	}
	Ok(offer)
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_serve::wire::{hex, DomainPrice};

	fn offer(who: u8) -> OfferView<Account> {
		let endpoint = "http://127.0.0.1:1".into();
		OfferView { who: Account([who; 32]), key: [who; 32], price: 5, endpoint, bond: 9, since: 3 }
	}

	fn prices(who: u8) -> Prices {
		let price = DomainPrice { domain_id: 0, price: "5".into(), since: 3 };
		Prices { account: Account([who; 32]).to_string(), key: hex(&[who; 32]), domains: vec![price], ..Prices::default() }
	}

	#[test]
	fn a_server_is_held_to_its_offer() {
		let offers = [offer(1), offer(2)];
		let found = |prices: Prices, domain| offer_of(&offers, &prices, domain).map(|offer| offer.who.0[0]);
		assert_eq!(found(prices(2), 0).unwrap(), 2);
		let refused = |prices: Prices, domain| found(prices, domain).unwrap_err().to_string();
		assert!(refused(prices(3), 0).contains("no such offer"));
		assert!(refused(prices(1), 7).contains("does not answer for domain 7"));
		let dear = DomainPrice { price: "6".into(), ..prices(1).domains.remove(0) };
		assert!(refused(Prices { domains: vec![dear], ..prices(1) }, 0).contains("asks for 6 plancks"));
		assert!(refused(Prices { key: hex(&[9; 32]), ..prices(1) }, 0).contains("another key"));
	}

	#[tokio::test]
	async fn private_addresses_are_not_asked_unless_they_are_named() {
		let refused = choose(vec![offer(1)], None, 0).await.unwrap_err().to_string();
		assert!(refused.contains("local network") && refused.contains("--server"), "{refused}");
		let refused = choose(vec![], None, 0).await.unwrap_err().to_string();
		assert!(refused.contains("nobody offers domain 0"), "{refused}");
		let named = format!("{:#}", choose(vec![offer(1)], Some(&"http://127.0.0.1:1".parse().unwrap()), 0).await.unwrap_err());
		assert!(named.contains("cannot be reached"), "{named}");
	}
}
