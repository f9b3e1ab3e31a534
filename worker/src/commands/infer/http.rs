//! HTTP client of servers that answer for pay.

use anyhow::{anyhow, bail, ensure, Context, Error, Result};
use doin_dashboard::shape::Problem;
use hyper::{
	body::{Body, Bytes, Incoming},
	client::conn::http1,
	header, Method, Request, Response, Uri,
};
use hyper_util::rt::TokioIo;
use serde::{de::DeserializeOwned, Serialize};
use std::{
	fmt,
	future::poll_fn,
	net::{IpAddr, SocketAddr},
	pin::Pin,
	str::FromStr,
	time::Duration,
};
use tokio::{
	io::{AsyncRead, AsyncWrite},
	net::{lookup_host, TcpStream},
	time::timeout,
};

/// Longest wait for a connection, and for one answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest answer, in bytes.
const MAX_ANSWER: usize = 4 << 20;

/// Address of a server, e.g. that of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
	is_encrypted: bool,
	/// Host and port.
	authority: String,
	/// Addresses that requests go to; those that the name leads to at the time if it is empty.
	known: Vec<SocketAddr>,
	/// Path before the routes, without a slash at its end.
	base: String,
}

impl FromStr for Address {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let invalid = |why: &str| format!("invalid address of a server `{text}`: {why}; expected e.g. https://example.org:8475");
		let uri: Uri = text.trim().parse().map_err(|_| invalid("it is not a URL"))?;
		let is_encrypted = match uri.scheme_str() {
			Some("http") => false,
			Some("https") => true,
			_ => return Err(invalid("it does not begin with http:// or https://")),
		};
		let authority = uri.authority().ok_or_else(|| invalid("it has no host"))?;
		if authority.as_str().contains('@') {
			return Err(invalid("it has a user name, which no server needs"));
		}
		let port = authority.port_u16().unwrap_or(if is_encrypted { 443 } else { 80 });
		let base = uri.path().trim_end_matches('/').into();
		Ok(Self { is_encrypted, authority: format!("{}:{port}", authority.host()), known: Vec::new(), base })
	}
}

impl fmt::Display for Address {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "http{}://{}{}", if self.is_encrypted { "s" } else { "" }, self.authority, self.base)
	}
}

/// Status and body of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
	/// Status of the response.
	pub status: u16,
	/// The body.
	pub body: Vec<u8>,
}

impl Answered {
	/// Returns the JSON of a response with the status 200.
	///
	/// # Errors
	///
	/// Errors with the reason and the next step of the server for another status.
	pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
		if self.status == 200 {
			return serde_json::from_slice(&self.body).context("the server has answered with other JSON than it should");
		}
		let problem: Problem = serde_json::from_slice(&self.body).unwrap_or_default();
		match problem.error.is_empty() {
			true => bail!("the server has answered with the status {}", self.status),
			false => bail!("the server refuses ({}): {} ({})", self.status, plain(&problem.error), plain(&problem.next)),
		}
	}
}

impl Address {
	/// Returns the address with those that the name of its host leads to now. Requests go to them, so that a name which leads elsewhere
	/// later does not lead the requests there.
	///
	/// # Errors
	///
	/// Errors if the name is not known.
	pub async fn resolved(&self) -> Result<Self> {
		let known = timeout(PATIENCE, lookup_host(&self.authority)).await.map_err(Error::from).and_then(|known| Ok(known?));
		let known = known.with_context(|| format!("{self} has no known address"))?.collect();
		Ok(Self { known, ..self.clone() })
	}

	/// Returns `true` if all addresses of a [resolved](Self::resolved) one are of the public network.
	pub fn is_public(&self) -> bool {
		!self.known.is_empty() && self.known.iter().all(|address| is_public(address.ip()))
	}

	/// Returns the JSON of `GET path`.
	///
	/// # Errors
	///
	/// Errors if the server does not answer in time, or refuses.
	pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
		self.get_with(path, None).await
	}

	/// Returns the JSON of `GET path` with a token.
	///
	/// # Errors
	///
	/// Errors if the server does not answer in time, or refuses.
	pub async fn get_with<T: DeserializeOwned>(&self, path: &str, token: Option<&str>) -> Result<T> {
		self.send(Method::GET, path, String::new(), token).await?.json()
	}

	/// Returns the response to `POST path` with a JSON body.
	///
	/// # Errors
	///
	/// Errors if the server does not answer in time.
	pub async fn post(&self, path: &str, body: &impl Serialize) -> Result<Answered> {
		self.post_with(path, body, None).await
	}

	/// Returns the response to `POST path` with a JSON body and a token.
	///
	/// # Errors
	///
	/// Errors if the server does not answer in time.
	pub async fn post_with(&self, path: &str, body: &impl Serialize, token: Option<&str>) -> Result<Answered> {
		self.send(Method::POST, path, serde_json::to_string(body)?, token).await
	}

	/// Sends a request over a connection of its own.
	async fn send(&self, method: Method, path: &str, body: String, token: Option<&str>) -> Result<Answered> {
		let request = self.request(method, path, body, token)?;
		let connecting = timeout(PATIENCE, self.connect()).await;
		let stream = connecting.map_err(Error::from).and_then(|stream| Ok(stream?));
		let stream = stream.with_context(|| format!("{self} cannot be reached"))?;
		if !self.is_encrypted {
			return self.exchange(stream, request).await;
		}
		let host = self.authority.rsplit_once(':').map_or(self.authority.as_str(), |(host, _)| host).trim_matches(['[', ']']);
		let encrypting = timeout(PATIENCE, doin_sources::encrypted(host, stream)).await;
		let stream = encrypting.map_err(Error::from).and_then(|stream| stream.map_err(Error::msg));
		self.exchange(stream.with_context(|| format!("{self} cannot be encrypted"))?, request).await
	}

	async fn connect(&self) -> std::io::Result<TcpStream> {
		match self.known.is_empty() {
			true => TcpStream::connect(&self.authority).await,
			false => TcpStream::connect(&self.known[..]).await,
		}
	}

	/// Returns a request with the headers that servers need.
	fn request(&self, method: Method, path: &str, body: String, token: Option<&str>) -> Result<Request<String>> {
		let request = Request::builder()
			.method(method)
			.uri(format!("{}{path}", self.base))
			.header(header::HOST, &self.authority)
			.header(header::ACCEPT, "application/json")
			.header(header::CONTENT_TYPE, "application/json")
			.header(header::USER_AGENT, concat!("doin-worker/", env!("CARGO_PKG_VERSION")));
		let request = match token {
			Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
			None => request,
		};
		Ok(request.body(body)?)
	}

	/// Sends a request over `stream`, and returns the response.
	async fn exchange<S>(&self, stream: S, request: Request<String>) -> Result<Answered>
	where
		S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
	{
		let (mut requests, connection) = http1::handshake(TokioIo::new(stream)).await?;
		let exchange = async {
			requests.ready().await?;
			whole(requests.send_request(request).await?).await
		};
		let answer = timeout(PATIENCE, async {
			tokio::pin!(exchange, connection);
			tokio::select! {
				answer = &mut exchange => answer,
				// The connection ends with the last byte of the answer, or with an error that the exchange has too.
				_ = &mut connection => exchange.await,
			}
		});
		answer.await.map_err(|_| anyhow!("{self} does not answer within {} s", PATIENCE.as_secs()))?
	}
}

/// Returns a text of a server or an offer without characters that control a terminal, 300 characters at most.
pub fn plain(text: &str) -> String {
	text.chars().take(300).map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

/// Returns the status and the body of a response.
async fn whole(answer: Response<Incoming>) -> Result<Answered> {
	let status = answer.status().as_u16();
	let (mut stream, mut body) = (answer.into_body(), Vec::new());
	while let Some(part) = next_part(&mut stream).await? {
		ensure!(body.len() + part.len() <= MAX_ANSWER, "the answer is longer than {} MiB", MAX_ANSWER >> 20);
		body.extend_from_slice(&part);
	}
	Ok(Answered { status, body })
}

/// Returns the next bytes of a body; `None` at its end.
async fn next_part(body: &mut Incoming) -> Result<Option<Bytes>> {
	loop {
		match poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
			None => return Ok(None),
			Some(frame) => {
				// Frames without data are trailers.
				if let Ok(part) = frame.context("the connection was lost")?.into_data() {
					return Ok(Some(part));
				}
			}
		}
	}
}

/// Returns `true` for an address that is not that of this machine or of a local network. An offer that names one could lead the requests of
/// a client to a device of its own network.
fn is_public(address: IpAddr) -> bool {
	match address.to_canonical() {
		IpAddr::V4(ip) => {
			let [first, second, ..] = ip.octets();
			let is_shared = first == 100 && (64..128).contains(&second);
			let is_local = ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified();
			// From 224 on, addresses are for groups, or for nobody.
			!(is_local || is_shared || first == 0 || first >= 224)
		}
		IpAddr::V6(ip) => {
			let [first, second, ..] = ip.segments();
			// Only these are of the public network; 6to4, Teredo and other translations could lead to any address of IPv4.
			let is_global = first & 0xe000 == 0x2000;
			is_global && first != 0x2002 && !(first == 0x2001 && second == 0)
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn addresses_are_urls_without_secrets() {
		let shown = |text: &str| text.parse::<Address>().map(|address| address.to_string());
		assert_eq!(shown("http://203.0.113.7:8475/"), Ok("http://203.0.113.7:8475".into()));
		assert_eq!(shown("https://example.org/doin/"), Ok("https://example.org:443/doin".into()));
		for (wrong, part) in [
			("example.org", "does not begin"),
			("ftp://example.org", "does not begin"),
			("http://a:b@example.org", "user name"),
			("", "not a URL"),
		] {
			assert!(shown(wrong).unwrap_err().contains(part), "{wrong}");
		}
	}

	#[test]
	fn offers_of_private_addresses_are_told_from_others() {
		let public = |text: &str| is_public(text.parse().unwrap());
		for local in [
			"127.0.0.1",
			"10.1.2.3",
			"172.16.0.1",
			"192.168.1.1",
			"169.254.1.1",
			"100.64.0.1",
			"0.0.0.0",
			"255.255.255.255",
			"::1",
			"fe80::1",
			"fd00::1",
			"::",
			"::ffff:192.168.1.1",
			"::192.168.1.1",
			"64:ff9b::c0a8:101",
			"2002:c0a8:101::",
			"2001::1",
			"fec0::1",
			"ff02::1",
			"240.0.0.1",
			"224.0.0.1",
		] {
			assert!(!public(local), "{local}");
		}
		for other in ["203.0.113.7", "8.8.8.8", "100.128.0.1", "2001:db8::1"] {
			assert!(public(other), "{other}");
		}
	}

	#[tokio::test]
	async fn requests_go_to_the_addresses_that_were_checked() {
		let named: Address = "http://localhost:8475".parse().unwrap();
		let resolved = named.resolved().await.unwrap();
		assert!(!resolved.known.is_empty() && !resolved.is_public() && !named.is_public());
		assert_eq!(resolved.to_string(), named.to_string());
	}

	#[test]
	fn texts_of_servers_do_not_control_the_terminal() {
		assert_eq!(plain("a\u{1b}[2J\nb"), "a\u{fffd}[2J\u{fffd}b");
		assert_eq!(plain(&"é".repeat(1_000)).chars().count(), 300);
	}

	#[test]
	fn a_refusal_shows_the_reason_of_the_server() {
		let answered = |status, body: &str| Answered { status, body: body.into() };
		let refused = answered(402, r#"{"error":"too little","next":"pay more"}"#).json::<u32>().unwrap_err().to_string();
		assert_eq!(refused, "the server refuses (402): too little (pay more)");
		assert!(answered(502, "<html>").json::<u32>().unwrap_err().to_string().contains("status 502"));
		assert!(answered(200, "<html>").json::<u32>().is_err());
		assert_eq!(answered(200, "7").json::<u32>().unwrap(), 7);
	}
}
