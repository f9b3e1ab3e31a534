//! The server: [`bind`] before any role starts, [`Bound::serve`] later.

use crate::{
	auth::Token,
	events::{stopped, Feed},
	files,
	patient::Patient,
	routes::{public_router, router, App, Peer},
	source::Slot,
};
use axum::Router;
use doin_roles::serve::ServeSlot;
use hyper::{
	body::Incoming,
	server::conn::http1,
	service::{service_fn, Service as _},
	Request,
};
use hyper_util::{
	rt::{TokioIo, TokioTimer},
	service::TowerToHyperService,
};
use std::{
	future::Future,
	io::{self, ErrorKind},
	net::{IpAddr, Ipv4Addr, SocketAddr},
	pin::pin,
	sync::Arc,
	time::Duration,
};
use tokio::{
	net::{TcpListener, TcpStream},
	sync::{watch, OwnedSemaphorePermit, Semaphore},
	task::JoinSet,
};

/// Default address of the server: port 8470 of the loopback interface.
pub const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8470);
/// Most connections at a time, if the system allows so many open files. Further ones wait until one is closed.
const CONNECTIONS: usize = 2_048;
/// Time in which a client has to take some bytes of a response, before its connection is closed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time in which a request has to be answered.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Time in which a client has to send the headers of a request, also of the next one on its connection.
const HEADERS: Duration = Duration::from_secs(60);
/// Most bytes of a response that wait for its client.
const BUFFER: usize = 64 * 1_024;
/// Time that open requests have to end after the shutdown began.
const GRACE: Duration = Duration::from_secs(5);
/// Pause after a connection could not be accepted, e.g. for lack of file descriptors.
const PAUSE: Duration = Duration::from_secs(1);

/// Error of [`bind`].
#[derive(Debug, thiserror::Error)]
#[error("the dashboard cannot listen on {address} ({})", next_step(.source, .address))]
pub struct BindError {
	/// Address that was asked for.
	pub address: SocketAddr,
	/// Failure of the system.
	#[source]
	pub source: io::Error,
}

/// A server that is bound to its address and does not serve yet. Clients that connect meanwhile wait.
#[derive(Debug)]
pub struct Bound {
	listener: TcpListener,
	address: SocketAddr,
}

/// Binds the server to an address. Port 0 chooses a free port.
///
/// # Errors
/// Errors if the port is in use, if the worker may not use it, or if this machine does not have the address.
pub async fn bind(address: SocketAddr) -> Result<Bound, BindError> {
	let failed = |source| BindError { address, source };
	let listener = TcpListener::bind(address).await.map_err(failed)?;
	let address = listener.local_addr().map_err(failed)?;
	Ok(Bound { listener, address })
}

fn next_step(error: &io::Error, address: &SocketAddr) -> String {
	match error.kind() {
		ErrorKind::AddrNotAvailable => "name an address of this machine with --dashboard-address, e.g. 127.0.0.1".into(),
		_ => format!("choose a port other than {} with --dashboard-port, or 0 for any free one", address.port()),
	}
}

impl Bound {
	/// Returns the address of the server, with the port that it has.
	pub fn address(&self) -> SocketAddr {
		self.address
	}

	/// Serves until `shutdown` is ready. Streams of events end then, and open requests have five seconds left. Before `source` is
	/// filled, requests for numbers of the chain are answered with 503.
	///
	/// `token` is what requests that change state, or ask for the whole database, have to show; without one, all of them are refused.
	/// Requests for pay reach the server of `serving`.
	pub async fn serve(
		self,
		source: Slot,
		feed: Feed,
		token: Option<Token>,
		serving: ServeSlot,
		shutdown: impl Future<Output = ()>,
	) {
		self.answer(router, source, feed, token, serving, shutdown).await;
	}

	/// Serves the routes of clients who pay, and no others, until `shutdown` is ready.
	pub async fn serve_clients(self, source: Slot, serving: ServeSlot, shutdown: impl Future<Output = ()>) {
		self.answer(public_router, source, Feed::default(), None, serving, shutdown).await;
	}

	async fn answer(
		self,
		router: impl FnOnce(App) -> Router,
		source: Slot,
		feed: Feed,
		token: Option<Token>,
		serving: ServeSlot,
		shutdown: impl Future<Output = ()>,
	) {
		let (stop, stopped) = watch::channel(false);
		let app = App {
			source,
			feed,
			token: token.map(Arc::new),
			serving,
			address: self.address,
			timeout: TIMEOUT,
			stop: stopped.clone(),
		};
		let router = router(app);
		let permits = Arc::new(Semaphore::new(files::for_connections(CONNECTIONS)));
		let mut connections = JoinSet::new();
		let mut shutdown = pin!(shutdown);
		loop {
			tokio::select! {
				biased;
				() = &mut shutdown => break,
				Some(_) = connections.join_next() => {}
				(stream, peer, permit) = accept(&self.listener, &permits) => {
					connections.spawn(connection(stream, peer, permit, router.clone(), stopped.clone()));
				}
			}
		}
		drop(self.listener);
		stop.send_replace(true);
		let ended = async { while connections.join_next().await.is_some() {} };
		if tokio::time::timeout(GRACE, ended).await.is_err() {
			tracing::debug!(target: "doin::dashboard", open = connections.len(), "requests did not end in time");
		}
	}
}

/// Waits for the next connection, as long as there are too many.
async fn accept(listener: &TcpListener, permits: &Arc<Semaphore>) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
	// The semaphore is never closed.
	let Ok(permit) = permits.clone().acquire_owned().await else { return std::future::pending().await };
	loop {
		match listener.accept().await {
			Ok((stream, peer)) => return (stream, peer, permit),
			// The client has gone.
			Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
			Err(error) => {
				tracing::warn!(target: "doin::dashboard", "a connection cannot be accepted: {error}");
				tokio::time::sleep(PAUSE).await;
			}
		}
	}
}

/// Serves one connection until it ends, or until the server stops and its open request is answered.
async fn connection(
	stream: TcpStream,
	address: SocketAddr,
	permit: OwnedSemaphorePermit,
	router: Router,
	mut stop: watch::Receiver<bool>,
) {
	let routes = TowerToHyperService::new(router);
	let service = service_fn(move |mut request: Request<Incoming>| {
		request.extensions_mut().insert(Peer { address });
		routes.call(request)
	});
	let mut builder = http1::Builder::new();
	builder.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(BUFFER);
	let mut connection = pin!(builder.serve_connection(TokioIo::new(Patient::new(stream, PATIENCE)), service));
	let ended = tokio::select! {
		ended = connection.as_mut() => ended,
		() = stopped(&mut stop) => {
			connection.as_mut().graceful_shutdown();
			connection.await
		}
	};
	if let Err(error) = ended {
		tracing::debug!(target: "doin::dashboard", "a connection has ended: {error}");
	}
	drop(permit);
}
