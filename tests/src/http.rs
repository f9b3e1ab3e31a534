//! Plain HTTP/1.1 to the server of a worker.

use crate::{wait_for, Worker, START};
use anyhow::{Context, Result};
use serde_json::Value;
use std::net::SocketAddr;
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpStream,
};

/// A response.
#[derive(Clone, Debug)]
pub struct Response {
	/// Status.
	pub status: u16,
	/// Status line and headers.
	pub head: String,
	/// Content of the response.
	pub body: Vec<u8>,
}

impl Response {
	/// Returns the body as JSON.
	///
	/// # Errors
	/// Errors if the body is not JSON.
	pub fn json(&self) -> Result<Value> {
		serde_json::from_slice(&self.body).with_context(|| format!("no JSON: {}", String::from_utf8_lossy(&self.body)))
	}
}

/// The server of a worker.
#[derive(Clone, Copy, Debug)]
pub struct Server(pub SocketAddr);

impl Server {
	/// Waits until the log of a worker names the address of its server.
	///
	/// # Errors
	/// Errors if the worker ends, or if it has no server in time.
	pub async fn of(worker: &mut Worker) -> Result<Self> {
		let worker = std::cell::RefCell::new(worker);
		let look = || async {
			worker.borrow_mut().check()?;
			let output = worker.borrow().output();
			let named = output.split("dashboard at http://").nth(1).and_then(|rest| rest.split_once('\n'));
			Ok(named.and_then(|(address, _)| address.trim().parse().ok()))
		};
		Ok(Self(wait_for("the address of the server", START, look).await?))
	}

	/// Waits until the log of a worker that was started again names an address that answers. The log has those of earlier starts too.
	///
	/// # Errors
	/// Errors if the worker ends, or if it has no server in time.
	pub async fn of_newest(worker: &mut Worker) -> Result<Self> {
		let worker = std::cell::RefCell::new(worker);
		let look = || async {
			worker.borrow_mut().check()?;
			let output = worker.borrow().output();
			let named = output.rsplit("dashboard at http://").next().and_then(|rest| rest.split_once('\n'));
			let Some(Ok(address)) = named.map(|(address, _)| address.trim().parse()) else { return Ok(None) };
			let server = Self(address);
			Ok(server.get("/health").await.is_ok().then_some(server))
		};
		wait_for("the address of the server", START, look).await
	}

	/// Sends a request with further headers, and returns the response.
	///
	/// # Errors
	/// Errors if the server does not answer, or not with HTTP.
	pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Response> {
		let mut stream = TcpStream::connect(self.0).await?;
		let host = self.0.to_string();
		let has_host = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"));
		let length = body.len().to_string();
		let own = [("connection", "close"), ("content-length", &length), ("host", &host)];
		let own = &own[..if has_host { 2 } else { 3 }];
		let lines: String = own.iter().chain(headers).map(|(name, value)| format!("{name}: {value}\r\n")).collect();
		let request = format!("{method} {path} HTTP/1.1\r\n{lines}\r\n{body}");
		stream.write_all(request.as_bytes()).await?;
		let mut answer = Vec::new();
		stream.read_to_end(&mut answer).await?;
		let end = answer.windows(4).position(|part| part == b"\r\n\r\n").context("the response has no end of its headers")?;
		let (head, body) = (String::from_utf8_lossy(&answer[..end]).into_owned(), answer[end + 4..].to_vec());
		let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("the response has no status")?;
		Ok(Response { status, head, body })
	}

	/// Returns the response to `GET path`.
	///
	/// # Errors
	/// See [`Server::send`].
	pub async fn get(&self, path: &str) -> Result<Response> {
		self.send("GET", path, &[], "").await
	}

	/// Returns the JSON of `GET path`.
	///
	/// # Errors
	/// Errors unless the status is 200.
	pub async fn json(&self, path: &str) -> Result<Value> {
		let response = self.get(path).await?;
		anyhow::ensure!(response.status == 200, "{path}: {}\n{}", response.head, String::from_utf8_lossy(&response.body));
		response.json()
	}

	/// Opens the stream of events.
	///
	/// # Errors
	/// Errors if the server does not answer.
	pub async fn events(&self) -> Result<Events> {
		let mut stream = TcpStream::connect(self.0).await?;
		stream.write_all(format!("GET /events HTTP/1.1\r\nhost: {}\r\n\r\n", self.0).as_bytes()).await?;
		Ok(Events { stream, text: String::new() })
	}
}

/// A stream of server-sent events.
#[derive(Debug)]
pub struct Events {
	stream: TcpStream,
	/// Text that has arrived and was not returned.
	text: String,
}

impl Events {
	/// Returns the next event.
	///
	/// # Errors
	/// Errors if the stream ends.
	pub async fn next(&mut self) -> Result<Value> {
		loop {
			// Data are one line, and chunks of the transfer end with a line of their own.
			while let Some((line, rest)) = self.text.split_once('\n').map(|(line, rest)| (line.to_owned(), rest.to_owned())) {
				self.text = rest;
				if let Some(data) = line.trim_end().strip_prefix("data: ") {
					return Ok(serde_json::from_str(data)?);
				}
			}
			let mut buffer = [0; 4_096];
			let read = self.stream.read(&mut buffer).await?;
			anyhow::ensure!(read > 0, "the stream of events has ended");
			self.text.push_str(&String::from_utf8_lossy(&buffer[..read]));
		}
	}
}
