//! A server on this machine that answers as an exchange does.

use crate::fixtures::BAR;
use std::{net::SocketAddr, sync::Arc};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream},
	task::JoinHandle,
};

/// Answer to every request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
	/// Nothing, although the connection stays open.
	Never,
	/// These bytes.
	Raw(String),
	/// Klines as Binance answers them: bars whose close is the number of the bar since 1970, up to this end, at most `limit` of them.
	Klines {
		/// End of the newest bar.
		newest: u64,
	},
}

impl Answer {
	/// Returns an answer with this status and body.
	pub(crate) fn text(status: u16, body: &str) -> Self {
		Self::Raw(format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
	}
}

/// The server, until it is dropped.
pub(crate) struct Exchange {
	address: SocketAddr,
	server: JoinHandle<()>,
}

impl Drop for Exchange {
	fn drop(&mut self) {
		self.server.abort();
	}
}

impl Exchange {
	pub(crate) async fn start(answer: Answer) -> Self {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let address = listener.local_addr().unwrap();
		let answer = Arc::new(answer);
		let server = tokio::spawn(async move {
			while let Ok((stream, _)) = listener.accept().await {
				tokio::spawn(serve(stream, answer.clone()));
			}
		});
		Self { address, server }
	}

	/// Returns the URL of a path.
	pub(crate) fn url(&self, path: &str) -> String {
		format!("http://{}{path}", self.address)
	}

	/// Returns the URL of its klines, with placeholders.
	pub(crate) fn klines(&self) -> String {
		self.url("/api/v3/klines?symbol=BTCUSDT&interval=5m&startTime={from}&endTime={to}&limit={limit}")
	}

	/// Closes the port.
	pub(crate) async fn stop(mut self) {
		self.server.abort();
		// The port is closed once the task has ended.
		assert!((&mut self.server).await.is_err());
	}
}

async fn serve(mut stream: TcpStream, answer: Arc<Answer>) {
	let mut request = Vec::new();
	let mut part = [0; 1_024];
	while !request.windows(4).any(|end| end == b"\r\n\r\n") {
		match stream.read(&mut part).await {
			Ok(length) if length > 0 => request.extend_from_slice(&part[..length]),
			_ => return,
		}
	}
	let text = match &*answer {
		Answer::Never => return std::future::pending().await,
		Answer::Raw(text) => text.clone(),
		Answer::Klines { newest } => klines(&String::from_utf8_lossy(&request), *newest),
	};
	// The client may have given up.
	stream.write_all(text.as_bytes()).await.ok();
}

/// Returns the answer to a request for klines.
fn klines(request: &str, newest: u64) -> String {
	let of = |name: &str| -> u64 {
		let rest = request.split_once(&format!("{name}=")).map(|(_, rest)| rest).unwrap_or_default();
		rest.split(|sign: char| !sign.is_ascii_digit()).next().unwrap_or_default().parse().unwrap_or(0)
	};
	let (from, to, limit) = (of("startTime"), of("endTime"), of("limit"));
	let opens = (from..=to).step_by(BAR as usize).filter(|open| open + BAR <= newest).take(limit as usize);
	let row = |open: u64| {
		let close = open / BAR;
		format!(r#"[{open},"{close}.00","{close}.00000000","{close}","{close}.0","2.5",{}]"#, open + BAR - 1)
	};
	let Answer::Raw(answer) = Answer::text(200, &format!("[{}]", opens.map(row).collect::<Vec<_>>().join(","))) else {
		unreachable!("a text")
	};
	answer
}
