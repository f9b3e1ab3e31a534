//! Answers of champions for pay.

use super::{App, Peer};
use crate::{
	error::ApiError,
	extract::{LongBody, Path},
	shape::{PaidAnswers, Problem},
	source::SourceError,
};
use axum::{
	extract::{FromRequestParts, State},
	http::{request::Parts, Extensions, HeaderMap},
	Json,
};
use doin_roles::serve::Running;
use doin_serve::{
	wire::{ChannelState, Models, Prices, Reply, Request, Serving},
	Sender,
};
use std::{convert::Infallible, sync::Arc};

/// Headers by which a proxy names the client that it forwards for.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// Sender of a request, as far as the server knows it.
pub(super) struct Client(Sender);

impl<S: Send + Sync> FromRequestParts<S> for Client {
	type Rejection = Infallible;

	async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
		Ok(Self(sender(&parts.headers, &parts.extensions)))
	}
}

/// Returns the sender of a request. Programs of this machine are those that connect over the loopback interface by its own name, and that
/// no proxy forwards for.
fn sender(headers: &HeaderMap, extensions: &Extensions) -> Sender {
	let peer = extensions.get::<Peer>();
	let is_forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
	let is_local = peer.is_some_and(|peer| peer.address.ip().is_loopback()) && !is_forwarded && super::is_own_name(headers);
	Sender { address: peer.map(|peer| peer.address.ip().to_canonical()), is_local }
}

/// Returns the server for pay, after its limits are checked.
fn running(app: &App, Client(sender): &Client) -> Result<Arc<Running>, ApiError> {
	let absent = || {
		SourceError::absent(
			"this worker does not answer requests for models",
			"add an identity with role = \"serve\" and the table [serve] to its configuration, or run the champion with `doin-worker predict`",
		)
	};
	let running = app.serving.get().ok_or_else(absent)?.clone();
	running.service.admit(*sender)?;
	Ok(running)
}

/// Runs the champion of a domain on windows of a series, or on rows, for pay.
///
/// Answers 402 without a voucher that pays for it. A request that was journalled and not answered is sent again with the same voucher, and
/// costs nothing more.
#[utoipa::path(post, path = "/inference", tag = "serving", request_body = Request,
	responses((status = 200, body = Reply), (status = "default", body = Problem)))]
pub(super) async fn inference(
	State(app): State<App>,
	client: Client,
	LongBody(request): LongBody<Request>,
) -> Result<Json<Reply>, ApiError> {
	Ok(Json(running(&app, &client)?.service.infer(&request, client.0).await?))
}

/// Returns the prices of a server, and what a channel has to pay.
#[utoipa::path(get, path = "/price", tag = "serving",
	responses((status = 200, body = Prices), (status = "default", body = Problem)))]
pub(super) async fn price(State(app): State<App>, client: Client) -> Result<Json<Prices>, ApiError> {
	Ok(Json(running(&app, &client)?.service.prices()?))
}

/// Returns the champions that answer, and their inputs.
#[utoipa::path(get, path = "/models", tag = "serving",
	responses((status = 200, body = Models), (status = "default", body = Problem)))]
pub(super) async fn models(State(app): State<App>, client: Client) -> Result<Json<Models>, ApiError> {
	Ok(Json(running(&app, &client)?.service.models()?))
}

/// Returns a channel with the newest voucher that the server took.
#[utoipa::path(get, path = "/channel/{channel}", tag = "serving",
	params(("channel" = String, Path, description = "Channel, 0x and 64 hexadecimal digits")),
	responses((status = 200, body = ChannelState), (status = "default", body = Problem)))]
pub(super) async fn channel(
	State(app): State<App>,
	client: Client,
	Path(channel): Path<String>,
) -> Result<Json<ChannelState>, ApiError> {
	Ok(Json(running(&app, &client)?.service.channel(&channel).await?))
}

/// Returns the answers, refusals and earnings of a server since its start.
#[utoipa::path(get, path = "/api/serving", tag = "api",
	responses((status = 200, body = Serving), (status = "default", body = Problem)))]
pub(super) async fn serving(State(app): State<App>, client: Client) -> Result<Json<Serving>, ApiError> {
	Ok(Json(running(&app, &client)?.service.serving()))
}

/// Returns offers of servers, payment channels, paid demand beside voted weights, and the work of the server of this worker.
#[utoipa::path(get, path = "/api/answers", tag = "api",
	responses((status = 200, body = PaidAnswers), (status = "default", body = Problem)))]
pub(super) async fn answers(State(app): State<App>) -> Result<Json<PaidAnswers>, ApiError> {
	let found = app.source()?.answers().await?;
	let serving = app.serving.get().map(|running| running.service.serving());
	Ok(Json(PaidAnswers { serving, ..PaidAnswers::clone(&found) }))
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::net::SocketAddr;

	fn sent(address: &str, headers: &[(&'static str, &str)]) -> Sender {
		let (mut map, mut extensions) = (HeaderMap::new(), Extensions::new());
		map.insert("host", "127.0.0.1:8470".parse().unwrap());
		for (name, value) in headers {
			map.insert(*name, value.parse().unwrap());
		}
		extensions.insert(Peer { address: address.parse::<SocketAddr>().unwrap() });
		sender(&map, &extensions)
	}

	#[test]
	fn only_programs_of_this_machine_are_local() {
		assert!(sent("127.0.0.1:5000", &[]).is_local && sent("[::1]:5000", &[("host", "localhost")]).is_local);
		assert!(!sent("192.0.2.1:5000", &[]).is_local);
		for proxied in ["x-forwarded-for", "forwarded", "x-real-ip", "via"] {
			assert!(!sent("127.0.0.1:5000", &[(proxied, "192.0.2.1")]).is_local, "{proxied}");
		}
		assert!(!sent("127.0.0.1:5000", &[("host", "evil.example")]).is_local, "a page whose name leads here");
		assert!(!sender(&HeaderMap::new(), &Extensions::new()).is_local);
		assert_eq!(sent("[::ffff:192.0.2.1]:5000", &[]).address, Some([192, 0, 2, 1].into()));
	}
}
