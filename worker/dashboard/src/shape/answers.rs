//! Answers of champions for pay: offers of servers, channels, and demand.

use super::At;
use doin_serve::wire::Serving;
use serde::Serialize;
use utoipa::ToSchema;

/// Listed offer of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Offer {
	/// Account of the server.
	pub peer_id: String,
	/// Price of one window, in plancks. Storage: `Inference.Offers`.
	pub price: String,
	/// Address of the server. Storage: `Inference.Offers`.
	pub endpoint: String,
	/// Bond that a false answer takes, in plancks. Storage: `Inference.Offers`.
	pub bond: String,
	/// First block that a receipt can name. Storage: `Inference.Offers`.
	pub since: u32,
}

/// Domain with servers, with its paid demand beside its voted weight.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct DomainDemand {
	/// The domain.
	pub domain_id: u32,
	/// Name of the domain. Storage: `Domains.Specs`.
	pub name: String,
	/// Voted weight, in parts per million. Demand does not change it. Storage: `Gauge.Weights`.
	pub weight: u32,
	/// Burned fees of payments to its servers, in plancks, each halved every 7 days; `null` for none. Storage: `Inference.Demands`.
	pub demand: Option<String>,
	/// Listed offers, the lowest price first.
	pub offers: Vec<Offer>,
}

/// Sums over all payment channels since genesis, in plancks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChannelTotals {
	/// Sum of all deposits. Storage: `Channels.Sums`.
	pub deposited: String,
	/// Amounts that payees have received. Storage: `Channels.Sums`.
	pub paid: String,
	/// Burned fees. Storage: `Channels.Sums`.
	pub burned: String,
	/// Amounts that were returned to payers. Storage: `Channels.Sums`.
	pub returned: String,
	/// Amounts that open channels can still pay, computed from the other sums. Storage: `Channels.Sums`.
	pub open: String,
}

/// Answer of `/api/answers`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct PaidAnswers {
	/// Block of all numbers of this answer but those of `serving`.
	pub at: At,
	/// Domains with offers, paid demand or a voted weight, in the order of their identifiers, at most 256.
	pub domains: Vec<DomainDemand>,
	/// Sums over all payment channels.
	pub channels: ChannelTotals,
	/// Work of the server of this worker since its start; `null` if it does not answer requests.
	pub serving: Option<Serving>,
}
