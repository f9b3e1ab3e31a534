//! Requests and responses of the `doin` namespace.

use super::error::unserializable;
use doin_primitives::{
	channel::ChannelId,
	oracle::StreamId,
	views::{ChampionView, DomainView, GenomeView},
	DomainId, DomainSpec, RoundId,
};
use doin_runtime::AccountId;
use jsonrpsee::core::RpcResult;
use serde::{Serialize, Serializer};
use serde_json::{
	value::{to_raw_value, RawValue},
	Value,
};
use std::sync::Arc;

/// Request of a method or a subscription, without its block.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Request {
	/// `doin_domains`.
	Domains {
		/// First identifier.
		from: DomainId,
		/// Most domains of the response.
		count: u32,
	},
	/// `doin_domain`.
	Domain(DomainId),
	/// `doin_champion`.
	Champion(DomainId),
	/// `doin_round`.
	Round(DomainId),
	/// `doin_evidence`.
	Evidence(DomainId),
	/// `doin_recomputations`.
	Recomputations(DomainId),
	/// `doin_work`.
	Work,
	/// `doin_feeMarket`.
	FeeMarket,
	/// `doin_reputation`.
	Reputation(AccountId),
	/// `doin_streams`.
	Streams {
		/// First identifier.
		from: StreamId,
		/// Most streams of the response.
		count: u32,
	},
	/// `doin_bars`.
	Bars {
		/// The stream.
		stream: StreamId,
		/// Number of the first bar.
		from: u64,
		/// Most bars of the response.
		count: u32,
	},
	/// `doin_poll`.
	Poll,
	/// `doin_forecastRounds`.
	ForecastRounds(StreamId),
	/// `doin_forecastRound`.
	ForecastRound(RoundId),
	/// `doin_leaderboard`.
	Leaderboard {
		/// The stream.
		stream: StreamId,
		/// Most forecasters of the response.
		limit: u32,
	},
	/// `doin_forecaster`.
	Forecaster {
		/// The stream.
		stream: StreamId,
		/// The account.
		who: AccountId,
	},
	/// `doin_channel`.
	Channel(ChannelId),
	/// `doin_offers`.
	Offers(DomainId),
	/// `doin_demand`.
	Demand {
		/// First identifier.
		from: DomainId,
		/// Most domains of the response.
		count: u32,
	},
}

/// Serialized response, shared by all clients that sent the same request.
#[derive(Clone, Debug)]
pub struct Response(Arc<RawValue>);

impl Response {
	/// Serializes `view`.
	pub(super) fn new(view: &impl Serialize) -> RpcResult<Self> {
		to_raw_value(view).map(|json| Self(json.into())).map_err(|error| unserializable(&error))
	}
}

impl PartialEq for Response {
	fn eq(&self, other: &Self) -> bool {
		self.0.get() == other.0.get()
	}
}

impl Serialize for Response {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		self.0.serialize(serializer)
	}
}

/// Response of `doin_domain`: the fields of the domain's view and, under `spec`, its immutable record with the number of its
/// pages.
#[derive(Clone, Debug, Serialize)]
pub struct DomainResponse {
	#[serde(flatten)]
	view: DomainView<AccountId>,
	spec: Value,
}

impl DomainResponse {
	/// Combines the view and the immutable record of one domain.
	///
	/// # Errors
	///
	/// Fails if `spec` cannot be serialized.
	pub fn new(view: DomainView<AccountId>, spec: &DomainSpec) -> serde_json::Result<Self> {
		let mut json = serde_json::to_value(spec)?;
		json["pages"] = spec.pages().into();
		// A record has one variant for forecasts of values and of classes. In JSON the kind of a program is one word everywhere.
		json["program"]["kind"] = serde_json::to_value(view.program)?;
		Ok(Self { view, spec: json })
	}
}

/// Response of `doin_champion`: the fields of the champion's view and, under `genome`, its formula if it is a loss genome.
#[derive(Clone, Debug, Serialize)]
pub struct ChampionResponse {
	#[serde(flatten)]
	view: ChampionView<AccountId>,
	/// Formula and fingerprint of a loss genome; `None` for a champion of another program.
	genome: Option<GenomeView>,
}

impl ChampionResponse {
	/// Combines the view and the encoded model of one champion.
	pub fn new(view: ChampionView<AccountId>, model: Option<&[u8]>) -> Self {
		Self { view, genome: model.and_then(GenomeView::of_model) }
	}
}
