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
		Ok(Self { is_encrypted, authority: format!("{}:{port}", authority.host()), base })
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
			false => bail!("the server refuses ({}): {} ({})", self.status, problem.error, problem.next),
		}
	}
}

impl Address {
	/// Returns `true` if the name of the host leads to addresses of the public network only.
	///
	/// # Errors
	///
	/// Errors if the name is not known.
	pub async fn is_public(&self) -> Result<bool> {
		let known = timeout(PATIENCE, lookup_host(&self.authority)).await.map_err(Error::from).and_then(|known| Ok(known?));
		let addresses: Vec<SocketAddr> = known.with_context(|| format!("{self} has no known address"))?.collect();
		Ok(!addresses.is_empty() && addresses.iter().all(|address| is_public(address.ip())))
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
		let connecting = timeout(PATIENCE, TcpStream::connect(&self.authority)).await;
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
			!(is_local || is_shared || ip.is_broadcast() || ip.is_multicast() || first == 0)
		}
		IpAddr::V6(ip) => {
			let first = ip.segments()[0];
			let is_local = ip.is_loopback() || ip.is_unspecified() || ip.is_multicast();
			// Unique local and link local addresses.
			!(is_local || first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80)
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
			"224.0.0.1",
		] {
			assert!(!public(local), "{local}");
		}
		for other in ["203.0.113.7", "8.8.8.8", "100.128.0.1", "2001:db8::1"] {
			assert!(public(other), "{other}");
		}
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
