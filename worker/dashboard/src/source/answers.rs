//! Offers of servers, channels and demand, at one block.

use super::convert;
use crate::shape::{ChannelTotals, DomainDemand, Offer, PaidAnswers};
use doin_chain::{Account, Chain, ChannelSums, Head, ReadError};
use doin_primitives::{
	views::{DemandView, OfferView},
	DomainId,
};
use futures::{StreamExt, TryStreamExt};
use std::collections::BTreeMap;

/// Domains whose offers are read at a time.
const AT_A_TIME: usize = 8;
/// Domains whose offers are read at most: those with demand first, then those with the largest weights.
const MOST: usize = 256;

/// A domain whose offers are not read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
	id: DomainId,
	name: String,
	weight: u32,
	demand: Option<u64>,
}

/// Reads offers, channels and demand at a block.
///
/// # Errors
/// Errors if the node does not answer.
pub(super) async fn read(chain: &Chain, head: Head) -> Result<PaidAnswers, ReadError> {
	let (domains, demands, sums) =
		tokio::try_join!(chain.domains(head), chain.demand(head, 0, DomainId::MAX), chain.channel_sums(head))?;
	let all = domains.into_iter().map(|domain| (domain.id, domain.name, domain.weight));
	let read = chosen(all, &demands).into_iter().map(|known| with_offers(chain, head, known));
	let mut read = futures::stream::iter(read).buffered(AT_A_TIME);
	let mut domains = Vec::new();
	while let Some(domain) = read.try_next().await? {
		if domain.demand.is_some() || domain.weight > 0 || !domain.offers.is_empty() {
			domains.push(domain);
		}
	}
	Ok(PaidAnswers { at: convert::at(head), domains, channels: totals(&sums), serving: None })
}

/// Returns the domains whose offers are read, in the order of their identifiers.
fn chosen(domains: impl Iterator<Item = (DomainId, String, u32)>, demands: &[DemandView]) -> Vec<Known> {
	let demands: BTreeMap<DomainId, u64> = demands.iter().map(|view| (view.domain, view.demand)).collect();
	let mut known: Vec<Known> =
		domains.map(|(id, name, weight)| Known { id, name, weight, demand: demands.get(&id).copied() }).collect();
	known.sort_by_key(|known| std::cmp::Reverse((known.demand, known.weight, std::cmp::Reverse(known.id))));
	known.truncate(MOST);
	known.sort_by_key(|known| known.id);
	known
}

/// Reads the offers of a domain.
async fn with_offers(chain: &Chain, head: Head, known: Known) -> Result<DomainDemand, ReadError> {
	let Known { id, name, weight, demand } = known;
	let offers = chain.offers(head, id).await?.iter().map(offer).collect();
	Ok(DomainDemand { domain_id: id, name, weight, demand: demand.map(|demand| demand.to_string()), offers })
}

fn offer(view: &OfferView<Account>) -> Offer {
	Offer {
		peer_id: view.who.to_string(),
		price: view.price.to_string(),
		endpoint: view.endpoint.clone(),
		bond: view.bond.to_string(),
		since: view.since,
	}
}

fn totals(sums: &ChannelSums) -> ChannelTotals {
	let spent = sums.paid.saturating_add(sums.burned).saturating_add(sums.returned);
	ChannelTotals {
		deposited: sums.deposited.to_string(),
		paid: sums.paid.to_string(),
		burned: sums.burned.to_string(),
		returned: sums.returned.to_string(),
		open: sums.deposited.saturating_sub(spent).to_string(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn view(domain: DomainId, demand: u64) -> DemandView {
		DemandView { domain, demand, offers: 1, weight: 0 }
	}

	#[test]
	fn domains_with_demand_are_read_before_those_with_weight() {
		let domains = (0..1_000).map(|id| (id, format!("domain {id}"), if id < 500 { 1_000 - id } else { 0 }));
		let known = chosen(domains, &[view(999, 7), view(3, 0)]);
		assert_eq!(known.len(), MOST);
		let ids: Vec<DomainId> = known.iter().map(|known| known.id).collect();
		assert!(ids.is_sorted());
		assert_eq!((ids[0], ids[MOST - 2], ids[MOST - 1]), (0, 254, 999), "the largest weights beside the one that was paid");
		assert_eq!((known[3].demand, known[4].demand, known[MOST - 1].demand), (Some(0), None, Some(7)));
	}

	#[test]
	fn open_channels_have_what_was_neither_paid_nor_burned_nor_returned() {
		let sums = ChannelSums { deposited: 100, paid: 40, burned: 1, returned: 9 };
		let shown = totals(&sums);
		assert_eq!((shown.deposited.as_str(), shown.open.as_str()), ("100", "50"));
		assert_eq!(totals(&ChannelSums::default()).open, "0");
	}
}
