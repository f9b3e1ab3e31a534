//! Calls and runtime API methods of this crate, with the names and types of their arguments.

use super::types::Variants;
use crate::{calls::ProxyType, Account, Accusation, ForecastValues, Vote};
use codec::Compact;
use doin_primitives::{
	channel::{ChannelId, Key, Signature as VoucherSignature},
	domain::ModelBytes,
	inference::Endpoint,
	oracle::{PollId, Reports, StreamId, StreamSpec},
	payload::{Reveal, Sums},
	views::{
		BarsView, ChampionView, ChannelView, DemandView, DomainView, EvidenceView, FeeMarketView, ForecastRoundView,
		ForecastSeatsView, LeaderboardView, MarketRecordView, OfferView, PollView, RecomputationView, ReputationView, RoundView,
		StreamView, WorkView,
	},
	Balance, BlockNumber, DomainId, DomainSpec, Hash, ModelId, Page, RoundId, RoundParams, SizeClass, TaskId,
};
use scale_info::{meta_type, MetaType, TypeInfo};

/// A call.
pub(crate) struct Signature {
	/// Name of the pallet.
	pub(crate) pallet: &'static str,
	/// Name of the call.
	pub(crate) name: &'static str,
	/// Arguments, in order.
	pub(crate) arguments: &'static [Argument],
}

/// A method of [`super::RUNTIME_API`].
pub(crate) struct Method {
	/// Name of the method.
	pub(crate) name: &'static str,
	/// Arguments, in order.
	pub(crate) arguments: &'static [Argument],
	/// Type of the result.
	pub(crate) output: fn() -> MetaType,
}

/// An argument.
pub(crate) struct Argument {
	/// Name of the argument.
	pub(crate) name: &'static str,
	/// Type of the argument; `None` if only the runtime defines it, e.g. `RuntimeCall`.
	pub(crate) ty: Option<fn() -> MetaType>,
	/// Variants that the chain may have in the type.
	pub(crate) variants: Variants,
}

/// First `spec_version` of a runtime with streams, reporters and a market of forecasts, and with channels and offers of servers.
pub(crate) const STREAMS_SINCE: u32 = 3;
/// Pallets that an earlier runtime does not have.
const LATER_PALLETS: [&str; 4] = ["Oracle", "Forecasts", "Channels", "Inference"];
/// Methods that an earlier runtime does not have.
const LATER_METHODS: [&str; 10] =
	["streams", "bars", "poll", "forecast_rounds", "forecast_round", "leaderboard", "forecaster", "channel", "offers", "demand"];
/// First `spec_version` of a runtime whose domains can score landscapes: the last one that has added a variant to an enum of a call or
/// view.
pub(crate) const LANDSCAPES_SINCE: u32 = 3;

impl Signature {
	/// Returns the first `spec_version` of a runtime that has the call; 0 if every runtime has it.
	pub(crate) fn since(&self) -> u32 {
		// An earlier runtime has no proxies that report.
		let is_of_proxies = self.pallet == "Proxy" && ["add_proxy", "remove_proxy"].contains(&self.name);
		if LATER_PALLETS.contains(&self.pallet) || is_of_proxies {
			STREAMS_SINCE
		} else {
			0
		}
	}
}

impl Method {
	/// Returns the first `spec_version` of a runtime that has the method; 0 if every runtime has it.
	pub(crate) fn since(&self) -> u32 {
		if LATER_METHODS.contains(&self.name) {
			STREAMS_SINCE
		} else {
			0
		}
	}
}

/// Returns an argument of type `T`.
const fn arg<T: TypeInfo + 'static>(name: &'static str) -> Argument {
	Argument { name, ty: Some(meta_type::<T>), variants: Variants::Exact }
}

/// Returns an argument of an enum of which `T` has the variants that this crate writes.
const fn some_of<T: TypeInfo + 'static>(name: &'static str) -> Argument {
	Argument { name, ty: Some(meta_type::<T>), variants: Variants::Superset }
}

/// Returns an argument that is an address of an account.
const fn address(name: &'static str) -> Argument {
	some_of::<Address>(name)
}

/// Returns an argument whose type only the runtime defines.
const fn opaque(name: &'static str) -> Argument {
	Argument { name, ty: None, variants: Variants::Exact }
}

const fn call(pallet: &'static str, name: &'static str, arguments: &'static [Argument]) -> Signature {
	Signature { pallet, name, arguments }
}

const fn method<T: TypeInfo + 'static>(name: &'static str, arguments: &'static [Argument]) -> Method {
	Method { name, arguments, output: meta_type::<T> }
}

/// The part of `MultiAddress` that this crate uses.
#[derive(TypeInfo)]
#[allow(dead_code, reason = "only its type information is used")]
pub(crate) enum Address {
	/// An account.
	Id(Account),
}

const DOMAIN: Argument = arg::<DomainId>("domain");
const ROUND: Argument = arg::<RoundId>("round");
const TASK: Argument = arg::<TaskId>("task");
const MODEL: Argument = arg::<u8>("model");
const CLASS: Argument = arg::<SizeClass>("class");
const HASH: Argument = arg::<Hash>("hash");
const SALT: Argument = arg::<[u8; 32]>("salt");
const CHUNK: Argument = arg::<u16>("chunk");
const INDEX: Argument = arg::<u16>("index");
const STREAM: Argument = arg::<StreamId>("stream");
const POLL: Argument = arg::<PollId>("poll");
const AMOUNT: Argument = arg::<Balance>("amount");
const CHANNEL: Argument = arg::<ChannelId>("channel");
const KEY: Argument = arg::<Key>("key");
const DELEGATE: Argument = address("delegate");
const PROXY_TYPE: Argument = some_of::<ProxyType>("proxy_type");
const DELAY: Argument = arg::<BlockNumber>("delay");

/// Calls that [`crate::Call`] constructs.
pub(crate) const CALLS: &[Signature] = &[
	call("Optimae", "commit", &[ROUND, HASH, arg::<Balance>("max_fee")]),
	call("Optimae", "reveal", &[ROUND, arg::<Reveal>("reveal"), SALT]),
	call("Optimae", "challenge_claim", &[ROUND, arg::<u8>("seat"), CHUNK, CLASS]),
	call("Optimae", "release_model", &[arg::<ModelId>("model")]),
	call("Evaluators", "bond", &[AMOUNT, CLASS]),
	call("Evaluators", "bond_extra", &[AMOUNT]),
	call("Evaluators", "serve", &[DOMAIN]),
	call("Evaluators", "unserve", &[DOMAIN]),
	call("Evaluators", "unbond", &[]),
	call("Evaluators", "withdraw", &[]),
	call("Recomputation", "commit_sums", &[TASK, HASH]),
	call("Recomputation", "reveal_sums", &[TASK, arg::<Sums>("sums"), SALT]),
	call("Recomputation", "settle", &[TASK, CLASS]),
	call("Recomputation", "recompute", &[TASK, MODEL, arg::<u16>("from"), arg::<u16>("count"), CLASS]),
	call("Recomputation", "announce_challenge", &[HASH]),
	call("Recomputation", "challenge", &[TASK, MODEL, CHUNK, SALT, CLASS]),
	call("Recomputation", "cancel_challenge", &[]),
	call("Oracle", "commit", &[POLL, HASH]),
	call("Oracle", "reveal", &[POLL, arg::<Reports>("reports"), SALT]),
	call("Oracle", "sponsor", &[STREAM, AMOUNT]),
	call("Oracle", "register", &[arg::<StreamSpec>("spec")]),
	call("Oracle", "retire", &[STREAM]),
	call("Oracle", "leave", &[]),
	call("Forecasts", "sponsor", &[STREAM, AMOUNT]),
	call("Forecasts", "commit", &[ROUND, HASH, arg::<Balance>("wager")]),
	call("Forecasts", "reveal", &[ROUND, arg::<ForecastValues>("forecast"), SALT]),
	call("Forecasts", "collect", &[ROUND, arg::<Account>("who")]),
	call("Forecasts", "clear", &[ROUND, arg::<Account>("who")]),
	call("Forecasts", "claim", &[STREAM]),
	call("Forecasts", "leave", &[STREAM]),
	call(
		"Channels",
		"open",
		&[
			arg::<Account>("payee"),
			KEY,
			arg::<Balance>("deposit"),
			arg::<BlockNumber>("lifetime"),
			arg::<Option<DomainId>>("domain"),
		],
	),
	call("Channels", "top_up", &[CHANNEL, AMOUNT, arg::<Option<BlockNumber>>("lifetime")]),
	call("Channels", "redeem", &[CHANNEL, arg::<Balance>("cumulative"), arg::<VoucherSignature>("signature")]),
	call("Channels", "close", &[CHANNEL]),
	call("Channels", "finish", &[CHANNEL]),
	call("Inference", "offer", &[DOMAIN, KEY, arg::<Balance>("price"), arg::<Endpoint>("endpoint"), arg::<Balance>("bond")]),
	call("Inference", "withdraw", &[DOMAIN]),
	call("Inference", "release", &[DOMAIN, arg::<Account>("who")]),
	call("Inference", "accuse", &[arg::<Account>("server"), arg::<Accusation>("accusation")]),
	call("Reputation", "remove_record", &[arg::<Account>("who")]),
	call("Domains", "register", &[arg::<DomainSpec>("spec"), arg::<Option<ModelBytes>>("baseline")]),
	call("Domains", "upload_page", &[DOMAIN, arg::<u32>("index"), arg::<Page>("page")]),
	call("Domains", "activate", &[DOMAIN, arg::<u32>("values"), arg::<u32>("units")]),
	call("Domains", "add_bounty", &[DOMAIN, AMOUNT]),
	call("Domains", "close", &[DOMAIN]),
	call("Domains", "retire", &[DOMAIN]),
	call("Domains", "announce_withdrawal", &[DOMAIN]),
	call("Domains", "withdraw_bounty", &[DOMAIN]),
	call("Evidence", "seal", &[DOMAIN, arg::<u16>("from"), arg::<Vec<Hash>>("hashes")]),
	call("Evidence", "fund", &[DOMAIN, AMOUNT]),
	call("Evidence", "withdraw", &[DOMAIN, AMOUNT]),
	call("Evidence", "open_segment", &[DOMAIN, INDEX, arg::<Vec<u8>>("bytes"), SALT]),
	call("Gauge", "nominate", &[DOMAIN]),
	call("Gauge", "withdraw_nomination", &[DOMAIN]),
	call("Gauge", "clear_ballot", &[arg::<Account>("who")]),
	call("Gauge", "vote", &[arg::<Vec<Vote>>("votes")]),
	call("Balances", "transfer_keep_alive", &[address("dest"), arg::<Compact<Balance>>("value")]),
	call("Proxy", "proxy", &[address("real"), opaque("force_proxy_type"), opaque("call")]),
	call("Proxy", "add_proxy", &[DELEGATE, PROXY_TYPE, DELAY]),
	call("Proxy", "remove_proxy", &[DELEGATE, PROXY_TYPE, DELAY]),
	call("Utility", "batch_all", &[opaque("calls")]),
	call("Budget", "set", &[arg::<Balance>("limit"), arg::<BlockNumber>("period")]),
	call("Budget", "spend", &[opaque("call")]),
	call("System", "remark", &[arg::<Vec<u8>>("remark")]),
	call("System", "remark_with_event", &[arg::<Vec<u8>>("remark")]),
];

/// Methods that the reads of [`crate::Chain`] call.
pub(crate) const METHODS: &[Method] = &[
	method::<Vec<DomainView<Account>>>("domains", &[arg::<DomainId>("from"), arg::<u32>("count")]),
	method::<Option<DomainView<Account>>>("domain", &[DOMAIN]),
	method::<Option<DomainSpec>>("domain_spec", &[DOMAIN]),
	method::<Option<Vec<i32>>>("series", &[DOMAIN]),
	method::<Option<Vec<u8>>>("rows", &[DOMAIN]),
	method::<Option<Vec<u8>>>("segment", &[DOMAIN, INDEX]),
	method::<Vec<Hash>>("segment_hashes", &[DOMAIN, arg::<u16>("from"), arg::<u16>("count")]),
	method::<Option<EvidenceView<Account>>>("evidence", &[DOMAIN]),
	method::<Option<Vec<u8>>>("baseline", &[DOMAIN]),
	method::<Option<ChampionView<Account>>>("champion", &[DOMAIN]),
	method::<Option<Vec<u8>>>("model", &[arg::<ModelId>("model")]),
	method::<Option<RoundView<Account>>>("round", &[DOMAIN]),
	method::<Option<RoundView<Account>>>("open_round", &[ROUND]),
	method::<Vec<RecomputationView<Account>>>("recomputations", &[DOMAIN]),
	method::<WorkView<Account>>("work", &[]),
	method::<FeeMarketView>("fee_market", &[]),
	method::<ReputationView>("reputation", &[arg::<Account>("who")]),
	method::<RoundParams>("round_params", &[]),
	method::<Vec<StreamView<Account>>>("streams", &[arg::<StreamId>("from"), arg::<u32>("count")]),
	method::<Option<BarsView>>("bars", &[STREAM, arg::<u64>("from"), arg::<u32>("count")]),
	method::<PollView<Account>>("poll", &[]),
	method::<Option<Vec<ForecastRoundView>>>("forecast_rounds", &[STREAM]),
	method::<Option<ForecastSeatsView<Account>>>("forecast_round", &[ROUND]),
	method::<Option<LeaderboardView<Account>>>("leaderboard", &[STREAM, arg::<u32>("limit")]),
	method::<Option<MarketRecordView<Account>>>("forecaster", &[STREAM, arg::<Account>("who")]),
	method::<Option<ChannelView<Account>>>("channel", &[CHANNEL]),
	method::<Vec<OfferView<Account>>>("offers", &[DOMAIN]),
	method::<Vec<DemandView>>("demand", &[arg::<DomainId>("from"), arg::<u32>("count")]),
];
