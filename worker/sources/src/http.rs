//! HTTP requests for klines: one connection for each, with limits of time and length.

use crate::fault::{beginning, Reason};
use hyper::{
	body::{Body, Bytes, Incoming},
	client::conn::http1,
	header, Request, Response, StatusCode, Uri,
};
use hyper_util::rt::TokioIo;
use rustls::{crypto::ring, pki_types::ServerName, ClientConfig, RootCertStore};
use std::{
	future::poll_fn,
	pin::Pin,
	sync::{Arc, OnceLock},
	time::Duration,
};
use tokio::{
	io::{AsyncRead, AsyncWrite},
	net::TcpStream,
	task::JoinHandle,
	time::timeout,
};
use tokio_rustls::{client::TlsStream, TlsConnector};

/// Longest answer, bytes.
const MAX_ANSWER: usize = 4 << 20;

/// Drives a connection until it is dropped.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
	fn drop(&mut self) {
		self.0.abort();
	}
}

/// Returns the answer to a GET request.
///
/// # Errors
///
/// Errors if nothing comes in time, if the server refuses or names another address, and if the answer is too long.
pub(crate) async fn get(url: &str, patience: Duration) -> Result<Vec<u8>, Reason> {
	let answer = timeout(patience, get_patiently(url)).await;
	answer.unwrap_or(Err(Reason::Silent { seconds: patience.as_secs() }))
}

async fn get_patiently(url: &str) -> Result<Vec<u8>, Reason> {
	let no_url = |cause: String| Reason::Unusable { what: "its URL cannot be used; correct `klines`".into(), cause };
	let uri = url.parse::<Uri>().map_err(|error| no_url(error.to_string()))?;
	let host = uri.host().ok_or_else(|| no_url("it has no host".into()))?.to_owned();
	let unreachable = |cause: String| Reason::Unreachable { host: host.clone(), cause };
	let is_encrypted = uri.scheme_str() == Some("https");
	let port = uri.port_u16().unwrap_or(if is_encrypted { 443 } else { 80 });
	// The name of an IPv6 host has brackets in a URL only.
	let name = host.trim_matches(['[', ']']);
	let stream = TcpStream::connect((name, port)).await.map_err(|error| unreachable(error.to_string()))?;
	if !is_encrypted {
		return exchange(stream, &uri, &host).await;
	}
	let stream = encrypted(name, stream).await.map_err(unreachable)?;
	exchange(stream, &uri, &host).await
}

/// Encrypts a connection to the server `name`, a host name or an IP address, and verifies its certificate.
///
/// # Errors
///
/// Errors if no authority of this system has signed the certificate for that name, and if the server does not encrypt.
pub async fn encrypted(name: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, String> {
	let server = ServerName::try_from(name.to_owned()).map_err(|error| error.to_string())?;
	let connector = TlsConnector::from(tls()?);
	connector.connect(server, stream).await.map_err(|error| error.to_string())
}

/// Sends a request over a connection, and returns the answer.
async fn exchange<S>(stream: S, uri: &Uri, host: &str) -> Result<Vec<u8>, Reason>
where
	S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
	let unreachable = |error: hyper::Error| Reason::Unreachable { host: host.into(), cause: error.to_string() };
	let (mut requests, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(unreachable)?;
	let _driver = Driver(tokio::spawn(async move {
		// The error is that of the request.
		connection.await.ok();
	}));
	let authority = uri.authority().map_or(host, |authority| authority.as_str());
	let request = Request::get(uri.path_and_query().map_or("/", |path| path.as_str()))
		.header(header::HOST, authority)
		.header(header::ACCEPT, "application/json")
		.header(header::USER_AGENT, concat!("doin-worker/", env!("CARGO_PKG_VERSION")))
		.header(header::CONNECTION, "close")
		.body(String::new())
		.map_err(|error| Reason::Unreachable { host: host.into(), cause: error.to_string() })?;
	requests.ready().await.map_err(unreachable)?;
	let response = requests.send_request(request).await.map_err(unreachable)?;
	let status = response.status();
	if status.is_redirection() {
		return Err(moved(&response));
	}
	let answer = whole(response.into_body()).await.map_err(|cause| Reason::Unreachable { host: host.into(), cause })?;
	if !status.is_success() {
		return Err(Reason::Status { status: status.as_u16(), answer: beginning(&answer.unwrap_or_default()) });
	}
	answer.ok_or(Reason::TooLong { mebibytes: MAX_ANSWER >> 20 })
}

fn moved(response: &Response<Incoming>) -> Reason {
	let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
	let to = to.map_or_else(|| "an address that it does not name".into(), |to| beginning(to.as_bytes()));
	match response.status() {
		StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT => Reason::Moved { to },
		status => Reason::Redirected { status: status.as_u16(), to },
	}
}

/// Returns the settings of encrypted connections. The certificates of the system are read once.
fn tls() -> Result<Arc<ClientConfig>, String> {
	static TLS: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
	let made = TLS.get_or_init(|| {
		let mut roots = RootCertStore::empty();
		if let (0, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs) {
			return Err("this system has no certificates of authorities; install its package ca-certificates".into());
		}
		let builder =
			ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
		let builder = builder.map_err(|error| error.to_string())?;
		Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
	});
	made.clone()
}

/// Reads a whole body; `None` if it has more than [`MAX_ANSWER`] bytes.
async fn whole(mut body: Incoming) -> Result<Option<Vec<u8>>, String> {
	let mut bytes = Vec::new();
	while let Some(part) = next_part(&mut body).await? {
		if bytes.len() + part.len() > MAX_ANSWER {
			return Ok(None);
		}
		bytes.extend_from_slice(&part);
	}
	Ok(Some(bytes))
}

/// Returns the next bytes of a body; `None` at its end.
async fn next_part(body: &mut Incoming) -> Result<Option<Bytes>, String> {
	loop {
		match poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
			None => return Ok(None),
			Some(frame) => {
				// Frames without data are trailers.
				if let Ok(part) = frame.map_err(|error| error.to_string())?.into_data() {
					return Ok(Some(part));
				}
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::testing::{Answer, Exchange};

	const PATIENCE: Duration = Duration::from_secs(20);

	async fn asked(answer: Answer) -> Result<Vec<u8>, Reason> {
		let exchange = Exchange::start(answer).await;
		get(&exchange.url("/klines?limit={limit}").replace("{limit}", "4"), PATIENCE).await
	}

	#[tokio::test]
	async fn an_answer_is_read_whole() {
		assert_eq!(asked(Answer::text(200, "[]")).await, Ok(b"[]".to_vec()));
	}

	#[tokio::test]
	async fn refusals_are_shown_with_their_text() {
		let refused = asked(Answer::text(429, "{\"msg\": \"Too many requests\"}")).await.unwrap_err();
		assert_eq!(refused, Reason::Status { status: 429, answer: "{\"msg\": \"Too many requests\"}".into() });
		let moved = async |status: &str| {
			let raw = format!("HTTP/1.1 {status}\r\nLocation: https://h/login\r\nContent-Length: 0\r\n\r\n");
			asked(Answer::Raw(raw)).await
		};
		let to = || "https://h/login".to_owned();
		assert_eq!(moved("302 Found").await, Err(Reason::Redirected { status: 302, to: to() }));
		assert_eq!(moved("308 Permanent Redirect").await, Err(Reason::Moved { to: to() }));
	}

	#[tokio::test]
	async fn a_source_that_hangs_is_given_up() {
		let exchange = Exchange::start(Answer::Never).await;
		let silent = get(&exchange.url("/"), Duration::from_millis(50)).await;
		assert_eq!(silent, Err(Reason::Silent { seconds: 0 }));
		// Half of an answer is none.
		let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[[1,";
		assert!(matches!(asked(Answer::Raw(half.into())).await, Err(Reason::Unreachable { .. })));
		assert!(matches!(asked(Answer::Raw("no HTTP\r\n\r\n".into())).await, Err(Reason::Unreachable { .. })));
	}

	#[tokio::test]
	async fn a_server_that_does_not_encrypt_is_not_asked() {
		use tokio::io::{AsyncReadExt, AsyncWriteExt};
		let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
		let url = format!("https://{}/klines", listener.local_addr().unwrap());
		let server = tokio::spawn(async move {
			let (mut stream, _) = listener.accept().await.unwrap();
			let mut hello = vec![0; 4_096];
			let length = stream.read(&mut hello).await.unwrap();
			stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.ok();
			hello.truncate(length);
			hello
		});
		let refused = get(&url, PATIENCE).await.unwrap_err();
		assert!(matches!(&refused, Reason::Unreachable { host, .. } if host == "127.0.0.1"), "{refused}");
		let sent = server.await.unwrap();
		assert!(!String::from_utf8_lossy(&sent).contains("klines"), "nothing of the request is sent");
	}

	#[tokio::test]
	async fn an_answer_without_end_is_refused() {
		let endless = "x".repeat(MAX_ANSWER + 1);
		assert_eq!(asked(Answer::text(200, &endless)).await, Err(Reason::TooLong { mebibytes: 4 }));
	}

	#[tokio::test]
	async fn a_server_that_is_away_is_named() {
		let exchange = Exchange::start(Answer::Never).await;
		let url = exchange.url("/");
		exchange.stop().await;
		let away = get(&url, PATIENCE).await.unwrap_err();
		assert!(matches!(&away, Reason::Unreachable { host, .. } if host == "127.0.0.1"), "{away}");
	}
}
