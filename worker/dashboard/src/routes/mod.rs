//! Routes by topic, and what all of them have in common: checks before a request, limits, and headers after it.

mod api;
mod blocks;
mod events;
mod node;
mod serving;
mod stats;
mod streams;
mod tasks;

use crate::{
	auth::{self, Token},
	body::Arrival,
	error::ApiError,
	events::Feed,
	page,
	shape::{At, Domain},
	source::{Slot, Source, Views},
};
use axum::{
	extract::{DefaultBodyLimit, Request, State},
	http::{header, HeaderMap, HeaderValue, Method, StatusCode, Uri},
	middleware::Next,
	response::{IntoResponse, Response},
	routing::get,
	Router,
};
use doin_roles::serve::ServeSlot;
use serde::Deserialize;
use serde_with::{As, DisplayFromStr};
use std::{
	net::{IpAddr, Ipv4Addr, SocketAddr},
	sync::Arc,
	time::Duration,
};
use tokio::sync::watch;
use utoipa::{
	openapi::{OpenApi as Specification, RefOr, Schema},
	IntoParams, OpenApi,
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Greatest body of a request, in bytes.
const BODY: usize = 64 * 1_024;
/// Most rows, tasks or events of one answer.
const ROWS: u32 = 1_000;
/// Rows, tasks or events of an answer, unless the request has a limit.
const DEFAULT_ROWS: u32 = 100;

/// Bodies of requests. All other schemas are those of answers.
const REQUESTS: [&str; 3] = ["Claim", "Completion", "InferenceRequest"];

/// Route of the copy of the database, which takes longer than other answers.
const EXPORT: &str = "/stats/export";
/// Factor by which the time of this route is longer.
const EXPORT_PATIENCE: u32 = 30;

/// State that all routes share.
#[derive(Clone)]
pub(crate) struct App {
	pub source: Slot,
	pub feed: Feed,
	pub token: Option<Arc<Token>>,
	/// Server for pay, and the task queue of this host.
	pub serving: ServeSlot,
	/// Address that the server listens on.
	pub address: SocketAddr,
	/// Time in which a request has to be answered. Streams of events and of the database are not limited once they have begun.
	pub timeout: Duration,
	/// `true` once the server shuts down.
	pub stop: watch::Receiver<bool>,
}

/// Address of the client of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
	/// Address and port.
	pub address: SocketAddr,
}

impl App {
	/// Returns the source of all numbers.
	///
	/// # Errors
	/// Errors with 503 before the worker is connected.
	fn source(&self) -> Result<&Arc<dyn Source>, ApiError> {
		Ok(self.source.get()?)
	}
}

#[derive(OpenApi)]
#[openapi(
	info(
		title = "DOIN worker",
		description = "The chain and the worker as JSON. Amounts are plancks as decimal strings. `at` is the block whose state an answer \
			shows. Every error has the form `Problem`. /stats/export and requests other than GET need the header \
			`Authorization: Bearer TOKEN`, apart from /inference, which needs a voucher."
	),
	tags(
		(name = "node", description = "The worker and its node"),
		(name = "chain", description = "Finalized blocks"),
		(name = "serving", description = "Answers of champions for pay"),
		(name = "tasks", description = "Recomputation tasks, and the task queue of this host"),
		(name = "stats", description = "Summaries"),
		(name = "api", description = "Numbers of the dashboard")
	)
)]
struct Document;

/// Returns the router of all routes.
pub(crate) fn router(app: App) -> Router {
	let (router, mut document) = documented().split_for_parts();
	require_keys(&mut document);
	let document: Arc<str> = document.to_json().unwrap_or_default().into();
	let openapi = move || async move { ([(header::CONTENT_TYPE, "application/json")], document.to_string()) };
	router
		.route("/api/openapi.json", get(openapi))
		.merge(page::routes())
		.fallback(no_route)
		.method_not_allowed_fallback(no_method)
		.layer(DefaultBodyLimit::max(BODY))
		.layer(axum::middleware::from_fn_with_state(app.clone(), guard))
		.with_state(app)
}

/// Returns the router of the routes that clients need who pay, for an address that everybody reaches.
pub(crate) fn public_router(app: App) -> Router {
	let (router, _) = OpenApiRouter::<App>::new()
		.routes(routes!(node::health))
		.routes(routes!(serving::inference))
		.routes(routes!(serving::price))
		.routes(routes!(serving::models))
		.routes(routes!(serving::channel))
		.split_for_parts();
	router
		.fallback(no_route)
		.method_not_allowed_fallback(no_method)
		.layer(axum::middleware::from_fn_with_state(app.clone(), guard))
		.with_state(app)
}

/// Marks every key of an answer as required: the server sends all of them. The shapes allow each to be missing, since `top` also reads
/// servers of other versions.
fn require_keys(document: &mut Specification) {
	let schemas = document.components.iter_mut().flat_map(|components| &mut components.schemas);
	for (_, schema) in schemas.filter(|(name, _)| !REQUESTS.contains(&name.as_str())) {
		if let RefOr::T(Schema::Object(object)) = schema {
			object.required = object.properties.keys().cloned().collect();
		}
	}
}

/// Returns all routes that the OpenAPI document describes.
fn documented() -> OpenApiRouter<App> {
	OpenApiRouter::with_openapi(Document::openapi())
		.routes(routes!(node::health))
		.routes(routes!(node::status))
		.routes(routes!(node::fees))
		.routes(routes!(node::peers))
		.routes(routes!(blocks::status))
		.routes(routes!(blocks::blocks))
		.routes(routes!(blocks::block))
		.routes(routes!(tasks::pending))
		.routes(routes!(tasks::claim))
		.routes(routes!(tasks::complete))
		.routes(routes!(serving::inference))
		.routes(routes!(serving::price))
		.routes(routes!(serving::models))
		.routes(routes!(serving::channel))
		.routes(routes!(serving::serving))
		.routes(routes!(serving::answers))
		.routes(routes!(stats::stats))
		.routes(routes!(stats::experiments))
		.routes(routes!(stats::rounds))
		.routes(routes!(stats::chain_metrics))
		.routes(routes!(stats::export))
		.routes(routes!(api::node))
		.routes(routes!(api::peers))
		.routes(routes!(api::optimization))
		.routes(routes!(api::training))
		.routes(routes!(api::evaluations))
		.routes(routes!(api::metrics))
		.routes(routes!(api::events))
		.routes(routes!(api::chain))
		.routes(routes!(api::plugins))
		.routes(routes!(api::domain))
		.routes(routes!(api::evidence))
		.routes(routes!(api::champion))
		.routes(routes!(api::history))
		.routes(routes!(api::forecast))
		.routes(routes!(streams::streams))
		.routes(routes!(streams::stream))
		.routes(routes!(streams::forecast_round))
		.routes(routes!(api::work))
		.routes(routes!(api::reputation))
		.routes(routes!(api::challenges))
		.routes(routes!(api::absences))
		.routes(routes!(api::unpaid))
		.routes(routes!(events::events))
}

/// Checks a request, limits its time, and sets the headers of every response.
async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
	let mut response = match checked(&app, &request) {
		Err(error) => error.into_response(),
		Ok(()) => {
			let limit = if request.uri().path() == EXPORT { app.timeout * EXPORT_PATIENCE } else { app.timeout };
			let (request, arrival) = Arrival::watch(request);
			match tokio::time::timeout(limit, next.run(request)).await {
				Ok(response) => response,
				Err(_) if arrival.is_awaited() => too_slow(limit).into_response(),
				Err(_) => timed_out(limit).into_response(),
			}
		}
	};
	if response.status() == StatusCode::UNAUTHORIZED {
		response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
	}
	response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
	response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
	response
}

/// Returns `true` for the routes of clients who pay. Their server has a name of its own, e.g. behind a proxy, and a voucher takes the place
/// of the token.
fn is_for_clients(path: &str) -> bool {
	["/inference", "/price", "/models"].contains(&path) || path.starts_with("/channel/")
}

fn checked(app: &App, request: &Request) -> Result<(), ApiError> {
	check_site(request.headers())?;
	if is_for_clients(request.uri().path()) {
		return Ok(());
	}
	check_host(request.headers(), app.address)?;
	match *request.method() {
		Method::GET | Method::HEAD | Method::OPTIONS => Ok(()),
		_ => auth::check(request.headers(), app.token.as_deref()),
	}
}

/// Checks that a request names an address or this machine, and no other name. A page of another site whose name resolves to this
/// server names that site.
fn check_host(headers: &HeaderMap, address: SocketAddr) -> Result<(), ApiError> {
	if is_own_name(headers) {
		return Ok(());
	}
	let shown = if address.ip().is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { address.ip() };
	Err(ApiError::new(
		StatusCode::FORBIDDEN,
		"the header `Host` of the request is the name of another site",
		format!("open http://{}, by the address of the machine", SocketAddr::new(shown, address.port())),
	))
}

/// Returns `true` if a request names an address or this machine in `Host`, or nothing.
fn is_own_name(headers: &HeaderMap) -> bool {
	let Some(host) = headers.get(header::HOST) else { return true };
	let host = host.to_str().unwrap_or_default();
	let name = match host.rsplit_once(':') {
		Some((name, digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => name,
		_ => host,
	};
	let literal = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
	name.eq_ignore_ascii_case("localhost") || literal.parse::<IpAddr>().is_ok()
}

/// Checks that a browser does not send the request for a page of another site, e.g. as the address of an image. Over HTTP, browsers
/// send `Sec-Fetch-Site` to this machine only; to other machines they send `Origin`, with requests of scripts.
fn check_site(headers: &HeaderMap) -> Result<(), ApiError> {
	let bytes = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
	let is_navigation = bytes("sec-fetch-mode") == Some(b"navigate".as_slice());
	let is_of_other_site = matches!(bytes("sec-fetch-site"), Some(b"cross-site" | b"same-site")) && !is_navigation;
	let is_own = |origin: &[u8]| origin.strip_prefix(b"http://").is_some_and(|own| Some(own) == bytes("host"));
	let is_of_other_origin = bytes("origin").is_some_and(|origin| !is_own(origin));
	if is_of_other_site || is_of_other_origin {
		return Err(ApiError::new(
			StatusCode::FORBIDDEN,
			"the request comes from a page of another site",
			"open the address of the route itself",
		));
	}
	Ok(())
}

fn too_slow(timeout: Duration) -> ApiError {
	ApiError::new(
		StatusCode::REQUEST_TIMEOUT,
		format!("the body of the request was not sent within {} s", timeout.as_secs()),
		"repeat the request over a faster connection, or with a shorter body, e.g. fewer windows",
	)
}

fn timed_out(timeout: Duration) -> ApiError {
	ApiError::new(
		StatusCode::GATEWAY_TIMEOUT,
		format!("there was no answer of the node or of the database within {} s", timeout.as_secs()),
		"repeat the request; if it fails again, look at the logs of the worker and of its node",
	)
}

async fn no_route(uri: Uri) -> ApiError {
	ApiError::no_route(uri.path())
}

async fn no_method(method: Method, uri: Uri) -> ApiError {
	ApiError::new(
		StatusCode::METHOD_NOT_ALLOWED,
		format!("the route `{}` takes no {method}", crate::error::shortened(uri.path())),
		"GET /api/openapi.json lists the methods of all routes",
	)
}

/// Returns the limit of a request.
///
/// # Errors
/// Errors with 422 if it is greater than `most`.
fn limit(requested: Option<u32>, most: u32) -> Result<u32, ApiError> {
	let limit = requested.unwrap_or(DEFAULT_ROWS.min(most));
	if limit > most {
		return Err(ApiError::impossible(format!("the limit {limit} is too large"), format!("ask for at most {most} at a time")));
	}
	Ok(limit)
}

/// Returns the last finalized block, and its number.
///
/// # Errors
/// Errors with 503 if the node does not answer.
async fn last_finalized(app: &App) -> Result<(At, u32), ApiError> {
	let chain = app.source()?.chain().await?;
	Ok((At { number: chain.finalized_height, hash: chain.finalized_hash }, chain.finalized_height))
}

/// Page of the domains.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Page {
	/// Most domains of the answer, up to 1,000; without it, 1,000.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	limit: Option<u32>,
	/// Domains that are left out at the beginning.
	#[serde(with = "As::<Option<DisplayFromStr>>", default)]
	offset: Option<u32>,
}

impl Page {
	/// Returns the items of the page, which are domains in order of registration.
	///
	/// # Errors
	/// Errors with 422 if the limit is too large.
	fn of<T>(self, domains: &[T]) -> Result<&[T], ApiError> {
		let most = limit(self.limit.or(Some(ROWS)), ROWS)?;
		let rest = domains.get(self.offset.unwrap_or_default() as usize..).unwrap_or_default();
		Ok(&rest[..rest.len().min(most as usize)])
	}
}

/// Returns a domain of the views.
///
/// # Errors
/// Errors with 404 if it is not registered.
fn found_domain(views: &Views, id: u32) -> Result<&Domain, ApiError> {
	views.domains.iter().find(|domain| domain.domain_id == id).ok_or_else(|| no_domain(id))
}

/// Returns the error of a domain that is not registered.
fn no_domain(domain: u32) -> ApiError {
	ApiError::not_found(format!("there is no domain {domain}"), "GET /api/optimization lists all domains")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_name_of_another_site_is_refused() {
		let address = "127.0.0.2:8470".parse().unwrap();
		let checked = |host: &str| {
			let mut headers = HeaderMap::new();
			headers.insert(header::HOST, host.parse().unwrap());
			check_host(&headers, address)
		};
		for own in ["localhost", "LOCALHOST:8470", "127.0.0.1:1", "127.0.0.2:8470", "[::1]:8470", "[::1]", "192.168.1.7"] {
			assert_eq!(checked(own), Ok(()), "{own}");
		}
		for other in ["example.org", "example.org:8470", "127.0.0.1.example.org", "localhost.example.org:80", ""] {
			let error = checked(other).unwrap_err();
			assert_eq!(error.status, 403, "{other}");
			assert!(error.next.contains("http://127.0.0.2:8470"), "{error}");
		}
		assert_eq!(check_host(&HeaderMap::new(), address), Ok(()));
	}

	#[test]
	fn a_page_of_another_site_starts_no_work() {
		let checked = |site: &str, mode: &str| {
			let mut headers = HeaderMap::new();
			headers.insert("sec-fetch-site", site.parse().unwrap());
			headers.insert("sec-fetch-mode", mode.parse().unwrap());
			check_site(&headers).is_ok()
		};
		assert!(checked("same-origin", "cors") && checked("none", "navigate") && check_site(&HeaderMap::new()).is_ok());
		assert!(checked("cross-site", "navigate"), "a link to the page");
		assert!(!checked("cross-site", "no-cors") && !checked("same-site", "cors"));
	}

	#[test]
	fn a_script_of_another_site_starts_no_work_on_another_machine_either() {
		let checked = |origin: &str| {
			let mut headers = HeaderMap::new();
			headers.insert(header::HOST, "192.168.1.7:8470".parse().unwrap());
			headers.insert(header::ORIGIN, origin.parse().unwrap());
			check_site(&headers).is_ok()
		};
		assert!(checked("http://192.168.1.7:8470"));
		for other in ["http://evil.example", "https://192.168.1.7:8470", "http://192.168.1.7", "null", ""] {
			assert!(!checked(other), "{other}");
		}
	}

	#[test]
	fn a_proxy_is_served_if_it_sends_the_address_of_the_server_and_no_origin() {
		let checked = |host: &str, origin: Option<&str>| {
			let mut headers = HeaderMap::new();
			headers.insert(header::HOST, host.parse().unwrap());
			headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
			headers.insert("x-forwarded-host", "doin.example.org".parse().unwrap());
			if let Some(origin) = origin {
				headers.insert(header::ORIGIN, origin.parse().unwrap());
			}
			check_host(&headers, "127.0.0.1:8470".parse().unwrap()).and_then(|()| check_site(&headers)).is_ok()
		};
		assert!(checked("127.0.0.1:8470", None));
		assert!(!checked("doin.example.org", None), "the name of a site");
		assert!(
			!checked("127.0.0.1:8470", Some("https://doin.example.org")),
			"the origin of a page that this server does not know"
		);
	}

	#[test]
	fn a_page_of_domains_is_bounded() {
		let domains: Vec<Domain> = (0..2 * ROWS).map(|domain_id| Domain { domain_id, ..Domain::default() }).collect();
		let page = |limit, offset| {
			let page = Page { limit, offset }.of(&domains).unwrap();
			(page.len(), page.first().map(|domain| domain.domain_id))
		};
		assert_eq!(page(None, None), (1_000, Some(0)));
		assert_eq!(page(Some(3), Some(1_999)), (1, Some(1_999)));
		assert_eq!((page(Some(0), None), page(None, Some(u32::MAX))), ((0, None), (0, None)));
		assert_eq!(Page { limit: Some(1_001), offset: None }.of(&domains).unwrap_err().status, 422);
	}

	#[test]
	fn a_limit_is_bounded() {
		assert_eq!(limit(None, 500), Ok(100));
		assert_eq!((limit(Some(500), 500), limit(None, 50)), (Ok(500), Ok(50)));
		let error = limit(Some(501), 500).unwrap_err();
		assert_eq!(error.status, 422);
		assert!(error.next.contains("at most 500"), "{error}");
	}
}
