//! HTTP server that anchors are published to: `POST` of an anchor as JSON, and `GET` of all of them from the same address.

use super::Anchor;
use anyhow::{bail, ensure, Context, Error, Result};
use hyper::{
	body::{Body, Bytes, Incoming},
	client::conn::http1,
	header, Method, Request, Response, Uri,
};
use hyper_util::rt::TokioIo;
use serde_with::{DeserializeFromStr, SerializeDisplay};
use std::{fmt, future::poll_fn, pin::Pin, str::FromStr, time::Duration};
use tokio::{
	io::{AsyncRead, AsyncWrite},
	net::TcpStream,
	time::timeout,
};

/// Longest wait for a connection, and for one answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Largest answer, bytes: some 20,000 anchors, which a public network has after 40 years.
const MAX_ANSWER: usize = 8 << 20;

/// Address of an HTTP server that keeps anchors.
#[derive(Clone, Debug, PartialEq, Eq, SerializeDisplay, DeserializeFromStr)]
pub struct Endpoint {
	/// The connection is encrypted, and the certificate of the server verified.
	is_encrypted: bool,
	/// Host and port.
	authority: String,
	/// Path and query.
	path: String,
}

impl FromStr for Endpoint {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let invalid =
			|why: &str| format!("invalid address of a server of anchors: {why}; expected e.g. http://127.0.0.1:8080/anchors");
		let uri: Uri = text.trim().parse().map_err(|_| invalid("it is not a URL"))?;
		let is_encrypted = match uri.scheme_str() {
			Some("http") => false,
			Some("https") => true,
			_ => return Err(invalid("it does not begin with http:// or https://")),
		};
		let authority = uri.authority().ok_or_else(|| invalid("it has no host"))?;
		if authority.as_str().contains('@') {
			return Err(invalid("it has a user name, which the file of the records would show"));
		}
		let path = uri.path_and_query().map_or("/", |path| path.as_str());
		let port = authority.port_u16().unwrap_or(if is_encrypted { 443 } else { 80 });
		Ok(Self { is_encrypted, authority: format!("{}:{port}", authority.host()), path: path.into() })
	}
}

impl fmt::Display for Endpoint {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let scheme = if self.is_encrypted { "https" } else { "http" };
		write!(f, "{scheme}://{}{}", self.authority, self.path)
	}
}

impl Endpoint {
	/// Publishes an anchor.
	///
	/// # Errors
	///
	/// Errors if the server does not answer, or if its status is not one of success.
	pub async fn post(&self, anchor: &Anchor) -> Result<()> {
		self.send(Method::POST, serde_json::to_string(anchor)?).await.map(|_| ())
	}

	/// Returns the anchors that the server has: a list, one anchor, or one a line.
	///
	/// # Errors
	///
	/// Errors if the server does not answer, if its status is not one of success, or if the answer is no list of anchors.
	pub async fn get(&self) -> Result<Vec<Anchor>> {
		let body = self.send(Method::GET, String::new()).await?;
		anchors_of(&body).with_context(|| format!("{self} does not answer with a list of anchors: see what it keeps"))
	}

	/// Sends a request over a connection of its own. Returns the body of the answer.
	async fn send(&self, method: Method, body: String) -> Result<Vec<u8>> {
		let connecting = timeout(PATIENCE, TcpStream::connect(&self.authority)).await;
		let stream = connecting.map_err(Error::from).and_then(|stream| Ok(stream?));
		let stream = stream.with_context(|| format!("{self} cannot be reached: start the server, or correct the address"))?;
		if !self.is_encrypted {
			return self.exchange(stream, method, body).await;
		}
		let encrypting = timeout(PATIENCE, doin_sources::encrypted(self.host(), stream)).await;
		let stream = encrypting.map_err(Error::from).and_then(|stream| stream.map_err(Error::msg));
		let stream = stream.with_context(|| {
			format!("{self} cannot be encrypted: its certificate has to be signed by an authority of this system, for this name")
		})?;
		self.exchange(stream, method, body).await
	}

	/// Returns the host, without the brackets of an IPv6 address.
	fn host(&self) -> &str {
		let host = self.authority.rsplit_once(':').map_or(self.authority.as_str(), |(host, _)| host);
		host.trim_matches(['[', ']'])
	}

	/// Sends a request over `stream`. Returns the body of the answer.
	async fn exchange<S>(&self, stream: S, method: Method, body: String) -> Result<Vec<u8>>
	where
		S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
	{
		let (mut requests, connection) = http1::handshake(TokioIo::new(stream)).await?;
		let request = Request::builder()
			.method(method)
			.uri(&self.path)
			.header(header::HOST, &self.authority)
			.header(header::ACCEPT, "application/json")
			.header(header::CONTENT_TYPE, "application/json")
			.header(header::USER_AGENT, concat!("doin-worker/", env!("CARGO_PKG_VERSION")))
			.body(body)?;
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
		answer
			.await
			.with_context(|| format!("{self} does not answer"))?
			.with_context(|| format!("{self} has not answered as it should"))
	}
}

/// Returns the body of an answer.
///
/// # Errors
///
/// Errors if the status is not one of success, or if the body is too long.
async fn whole(answer: Response<Incoming>) -> Result<Vec<u8>> {
	let status = answer.status();
	ensure!(status.is_success(), "the status is {status}: see the log of the server");
	let (mut body, mut bytes) = (answer.into_body(), Vec::new());
	while let Some(part) = next_part(&mut body).await? {
		if bytes.len() + part.len() > MAX_ANSWER {
			bail!("the answer is longer than {} MiB", MAX_ANSWER >> 20);
		}
		bytes.extend_from_slice(&part);
	}
	Ok(bytes)
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

/// Returns the anchors in an answer.
///
/// # Errors
///
/// Errors if it is neither a list of anchors nor a sequence of them.
pub(super) fn anchors_of(body: &[u8]) -> Result<Vec<Anchor>, serde_json::Error> {
	match body.trim_ascii_start().first() {
		Some(b'[') => serde_json::from_slice(body),
		_ => serde_json::Deserializer::from_slice(body).into_iter::<Anchor>().collect(),
	}
}
