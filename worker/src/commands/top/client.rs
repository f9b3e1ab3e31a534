//! Client of a worker's server: events as they happen, and the answers that they outdate, over plain HTTP/1.1.

use super::sse::{SseEvent, SseParser};
use anyhow::{anyhow, bail, Context, Error, Result};
use doin_dashboard::shape::{Event, Problem};
use hyper::{
	body::{Body, Bytes, Incoming},
	client::conn::http1::{self, SendRequest},
	header, Request, Response, StatusCode, Uri,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::{fmt, future::poll_fn, pin::Pin, str::FromStr, time::Duration};
use tokio::{
	net::TcpStream,
	sync::{mpsc, Notify},
	task::JoinHandle,
	time::{sleep, timeout},
};

/// Longest wait for a connection, and for one answer.
const PATIENCE: Duration = Duration::from_secs(12);
/// Longest silence of the stream of events, whose heartbeat comes every 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);
/// Largest answer, bytes.
const MAX_ANSWER: usize = 8 << 20;
/// Age at which answers are read again without a change.
const LONGEST_AGE: Duration = Duration::from_secs(15);
/// Shortest time between two readings of all answers.
const READING_PAUSE: Duration = Duration::from_secs(1);
/// Pause before the first attempt to connect again. It doubles with every attempt that fails.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(16);

/// Address of a worker's server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
	/// Host and port, as the header `Host` has them.
	authority: String,
}

impl FromStr for Server {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let invalid = |why: &str| format!("invalid address `{text}`: {why}; expected e.g. http://127.0.0.1:8470");
		let uri: Uri = text.trim().parse().map_err(|_| invalid("it is not a URL"))?;
		match uri.scheme_str() {
			Some("http") => {}
			Some("https") => {
				return Err(invalid(
					"a worker's server has no TLS. Reach a worker on another machine through `ssh -L 8470:127.0.0.1:8470 HOST`",
				))
			}
			_ => return Err(invalid("it does not begin with http://")),
		}
		let authority = uri.authority().ok_or_else(|| invalid("it has no host"))?;
		if authority.as_str().contains('@') {
			return Err(invalid("a user name is not needed"));
		}
		if !matches!(uri.path_and_query().map_or("/", |path| path.as_str()), "/" | "/dashboard") {
			return Err(invalid("it has a path"));
		}
		let port = authority.port_u16().unwrap_or(80);
		Ok(Self { authority: format!("{}:{port}", authority.host()) })
	}
}

impl fmt::Display for Server {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "http://{}", self.authority)
	}
}

/// Route of an answer that is read again after changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Route {
	/// Worker, node, work, fees and coins.
	Status,
	/// Domains and rounds.
	Optimization,
	/// Searches of the worker.
	Training,
	/// Recomputation tasks.
	Evaluations,
	/// Peers of the node.
	Peers,
	/// Streams of bars and their markets of forecasts.
	Streams,
	/// Seats that were not paid.
	Unpaid,
	/// Recent events.
	Events,
}

impl Route {
	/// Routes that a new block outdates.
	const OF_BLOCK: [Self; 6] = [Self::Status, Self::Optimization, Self::Evaluations, Self::Peers, Self::Streams, Self::Unpaid];
	/// Routes that are read once after a connection; events bring what follows.
	const ONCE: [Self; 2] = [Self::Training, Self::Events];

	fn path(self) -> &'static str {
		match self {
			Self::Status => "/status",
			Self::Optimization => "/api/optimization",
			Self::Training => "/api/training",
			Self::Evaluations => "/api/evaluations",
			Self::Peers => "/api/peers",
			Self::Streams => "/api/streams",
			Self::Unpaid => "/api/unpaid?limit=100",
			Self::Events => "/api/events?limit=200",
		}
	}
}

/// News from a server.
#[derive(Clone, Debug)]
pub enum Update {
	/// The stream of events is open.
	Connected,
	/// The connection was lost, or could not be made.
	Lost {
		/// Reason of the loss.
		reason: String,
		/// Time until the next attempt.
		pause: Duration,
	},
	/// An answer.
	Answer(Route, Value),
	/// The server does not have the feature of a route.
	Absent(Route, String),
	/// The server cannot answer a route at the moment.
	Failed(Route, String),
	/// An event.
	Event(Event),
}

/// Follows a server until the receiver of the updates is dropped. A lost connection is made again.
pub async fn follow(server: &Server, updates: &mpsc::Sender<Update>) {
	let mut pause = FIRST_PAUSE;
	loop {
		let was_open = &mut false;
		let Err(error) = session(server, updates, was_open).await else { return };
		if *was_open {
			pause = FIRST_PAUSE;
		}
		if updates.send(Update::Lost { reason: format!("{error:#}"), pause }).await.is_err() {
			return;
		}
		sleep(pause).await;
		pause = (2 * pause).min(LONGEST_PAUSE);
	}
}

/// Follows a server over one connection for events and one for answers. Returns once the receiver of the updates is dropped.
///
/// # Errors
///
/// Errors if a connection cannot be made or is lost.
async fn session(server: &Server, updates: &mpsc::Sender<Update>, was_open: &mut bool) -> Result<()> {
	let mut events = Connection::open(server).await?;
	let stream = events.get(server, "/events", "text/event-stream").await?;
	if stream.status() != StatusCode::OK {
		bail!("{}", problem(stream).await);
	}
	*was_open = true;
	if updates.send(Update::Connected).await.is_err() {
		return Ok(());
	}
	let outdated = Notify::new();
	outdated.notify_one();
	tokio::select! {
		read = read_events(stream.into_body(), updates, &outdated) => read,
		read = read_answers(server, updates, &outdated) => read,
	}
}

/// Reads events. Each new block wakes those who wait for `outdated`.
async fn read_events(mut stream: Incoming, updates: &mpsc::Sender<Update>, outdated: &Notify) -> Result<()> {
	let mut parser = SseParser::default();
	loop {
		let part = timeout(SILENCE, next_part(&mut stream)).await.context("the server has been silent for 45 seconds")??;
		let Some(part) = part else { bail!("the server has ended the connection") };
		let mut events = Vec::new();
		parser.feed(&part, |event| events.push(event)).map_err(|_| anyhow!("the server sent an event that is too long"))?;
		for event in events {
			let event = decoded(&event)?;
			if event.kind == "best" {
				outdated.notify_one();
			}
			if updates.send(Update::Event(event)).await.is_err() {
				return Ok(());
			}
		}
	}
}

/// Returns the event in a message of the stream.
fn decoded(event: &SseEvent) -> Result<Event> {
	match event.name.as_str() {
		"" | "message" => serde_json::from_str(&event.data).context("the server sent an event that cannot be read"),
		"dropped" => {
			let problem: Problem = serde_json::from_str(&event.data).unwrap_or_default();
			bail!("the server dropped this connection: {}", problem.error)
		}
		// Events of a later version.
		name => Ok(Event { kind: name.into(), ..Event::default() }),
	}
}

/// Reads all answers, and again after each change, at most once a second. Without a change they are read now and then: a node
/// that is away sends no blocks.
async fn read_answers(server: &Server, updates: &mpsc::Sender<Update>, outdated: &Notify) -> Result<()> {
	let mut once = Route::ONCE.to_vec();
	loop {
		// Either way it is time to read.
		timeout(LONGEST_AGE, outdated.notified()).await.ok();
		// The server closes connections that are idle for some seconds.
		let mut connection = Connection::open(server).await?;
		for route in std::mem::take(&mut once).into_iter().chain(Route::OF_BLOCK) {
			let update = match connection.answer(server, route).await? {
				Some(update) => update,
				None => {
					// The rest of the answer is still to come on this connection.
					connection = Connection::open(server).await?;
					Update::Failed(route, format!("{} is longer than {} MiB, and is not shown", route.path(), MAX_ANSWER >> 20))
				}
			};
			if matches!(update, Update::Failed(..)) && Route::ONCE.contains(&route) {
				once.push(route);
			}
			if updates.send(update).await.is_err() {
				return Ok(());
			}
		}
		sleep(READING_PAUSE).await;
	}
}

/// An HTTP/1.1 connection.
struct Connection {
	requests: SendRequest<String>,
	/// Drives the connection until it is dropped.
	driver: JoinHandle<()>,
}

impl Drop for Connection {
	fn drop(&mut self) {
		self.driver.abort();
	}
}

impl Connection {
	async fn open(server: &Server) -> Result<Self> {
		let connecting = timeout(PATIENCE, TcpStream::connect(&server.authority)).await;
		let stream = connecting.map_err(Error::from).and_then(|stream| Ok(stream?));
		let stream =
			stream.with_context(|| format!("{server} cannot be reached: is `doin-worker run` up, and is this its server?"))?;
		let (requests, connection) = http1::handshake(TokioIo::new(stream)).await?;
		let driver = tokio::spawn(async move {
			// The error is that of the request.
			connection.await.ok();
		});
		Ok(Self { requests, driver })
	}

	/// Sends a request, and returns the response without its body.
	async fn get(&mut self, server: &Server, path: &str, accept: &str) -> Result<Response<Incoming>> {
		let request = Request::get(path)
			.header(header::HOST, &server.authority)
			.header(header::ACCEPT, accept)
			.header(header::USER_AGENT, concat!("doin-worker/", env!("CARGO_PKG_VERSION")))
			.body(String::new())?;
		let response = timeout(PATIENCE, async {
			self.requests.ready().await?;
			self.requests.send_request(request).await
		});
		response.await.with_context(|| format!("{server} does not answer"))?.with_context(|| format!("{server} was lost"))
	}

	/// Reads the answer of a route; `None` if it is too long.
	async fn answer(&mut self, server: &Server, route: Route) -> Result<Option<Update>> {
		let response = self.get(server, route.path(), "application/json").await?;
		match response.status() {
			StatusCode::OK => {
				let body = timeout(PATIENCE, whole(response.into_body())).await.context("an answer takes too long")??;
				let Some(body) = body else { return Ok(None) };
				let value = serde_json::from_slice(&body)
					.with_context(|| format!("{} is not JSON: is {server} a worker?", route.path()))?;
				Ok(Some(Update::Answer(route, value)))
			}
			StatusCode::NOT_IMPLEMENTED | StatusCode::NOT_FOUND => Ok(Some(Update::Absent(route, problem(response).await))),
			_ => Ok(Some(Update::Failed(route, problem(response).await))),
		}
	}
}

/// Returns reason and next step of a response that is an error.
async fn problem(response: Response<Incoming>) -> String {
	let status = response.status();
	let body = timeout(PATIENCE, whole(response.into_body())).await;
	let body = body.ok().and_then(Result::ok).flatten().unwrap_or_default();
	match serde_json::from_slice::<Problem>(&body) {
		Ok(Problem { error, next }) if !error.is_empty() && !next.is_empty() => format!("{error}; {next}"),
		Ok(Problem { error, .. }) if !error.is_empty() => error,
		_ => format!("the server answers {status}: is it a worker's?"),
	}
}

/// Reads a whole body; `None` if it has more than [`MAX_ANSWER`] bytes.
async fn whole(mut body: Incoming) -> Result<Option<Vec<u8>>> {
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
