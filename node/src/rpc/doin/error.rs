//! JSON-RPC errors of the `doin` namespace. Every message names a next step.

use doin_primitives::{channel::ChannelId, oracle::StreamId, DomainId, RoundId};
use doin_runtime::Hash;
use jsonrpsee::types::{error::INVALID_PARAMS_CODE, ErrorObject, ErrorObjectOwned};
use sp_api::ApiError;

/// JSON-RPC error code: the domain, round or block of the request does not exist.
pub const UNKNOWN: i32 = 20_001;
/// JSON-RPC error code: this node cannot read the state of the block of the request.
pub const UNREADABLE: i32 = 20_002;

fn error(code: i32, message: String) -> ErrorObjectOwned {
	ErrorObject::owned(code, message, None::<()>)
}

/// The domain is not registered.
pub(super) fn unknown_domain(id: DomainId) -> ErrorObjectOwned {
	error(UNKNOWN, format!("unknown domain {id}: call doin_domains for the registered domains"))
}

/// The domain is registered and has no rounds.
pub(super) fn no_rounds(id: DomainId) -> ErrorObjectOwned {
	error(UNKNOWN, format!("domain {id} has no rounds: call doin_domain for its status"))
}

/// The domain is registered, and its evidence does not come after the commits.
pub(super) fn no_awaited_evidence(id: DomainId) -> ErrorObjectOwned {
	error(UNKNOWN, format!("domain {id} has no sealed segments: call doin_domain for the kind of its evidence"))
}

/// The stream is not registered.
pub(super) fn unknown_stream(id: StreamId) -> ErrorObjectOwned {
	error(
		UNKNOWN,
		format!("unknown stream {id}: call doin_streams for the registered streams, whose identifiers start at 2147483648"),
	)
}

/// The stream has no market of forecasts.
pub(super) fn no_market(id: StreamId) -> ErrorObjectOwned {
	error(
		UNKNOWN,
		format!("stream {id} has no market of forecasts: if doin_streams shows a horizon above 0, pay into its pot with forecasts.sponsor"),
	)
}

/// The round of forecasts was not opened, or its last seat is collected.
pub(super) fn unknown_round(id: RoundId) -> ErrorObjectOwned {
	let RoundId { domain, number } = id;
	let advice = format!("call doin_forecastRounds for the open rounds of stream {domain}");
	error(UNKNOWN, format!("round {number} was not opened, or its last seat is collected: {advice}"))
}

/// The channel was not opened, or is closed.
pub(super) fn unknown_channel(id: ChannelId) -> ErrorObjectOwned {
	let id = Hash::from(id);
	error(
		UNKNOWN,
		format!("unknown channel {id:?}: it is closed, or its opening is not in this block; the event channels.Opened names it"),
	)
}

/// The node does not have the block.
pub(super) fn unknown_block(at: Hash) -> ErrorObjectOwned {
	error(UNKNOWN, format!("unknown block {at:?}: call chain_getBlockHash for the hash of a block number"))
}

/// The runtime of the block does not implement `DoinApi`.
pub(super) fn no_doin_api(at: Hash) -> ErrorObjectOwned {
	error(UNREADABLE, format!("the runtime of block {at:?} has no DoinApi: choose a later block"))
}

/// The runtime of the block has version `found` of `DoinApi`, which this node, with version `known`, would decode to other values.
pub(super) fn later_doin_api(at: Hash, found: u32, known: u32) -> ErrorObjectOwned {
	let message = format!("the runtime of block {at:?} has version {found} of DoinApi, this node {known}: update the node");
	error(UNREADABLE, message)
}

/// A runtime API call failed.
pub(super) fn unreadable(at: Hash, cause: &ApiError) -> ErrorObjectOwned {
	let cause = cause.to_string();
	let advice =
		if cause.contains("discarded") { ": a node with `--state-pruning archive` keeps the state of every block" } else { "" };
	error(UNREADABLE, format!("cannot read block {at:?}: {cause}{advice}"))
}

/// The response has no JSON form.
pub(super) fn unserializable(cause: &serde_json::Error) -> ErrorObjectOwned {
	error(UNREADABLE, format!("cannot serialize the response: {cause}; please report this as a bug"))
}

/// The text is not an account.
pub(super) fn invalid_account(who: &str) -> ErrorObjectOwned {
	error(INVALID_PARAMS_CODE, format!("invalid account `{who}`: expected an SS58 address"))
}
