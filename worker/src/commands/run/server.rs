//! HTTP server and indexer beside the roles.

use crate::commands::index::{self, Begin, FollowOptions, IndexState, Indexing};
use anyhow::{Context, Result};
use clap::Args;
use doin_analytics::Reader;
use doin_dashboard::{bind, About, ChainSource, Database, Feed, Parts, Slot, Token};
use doin_roles::{
	config::{Config, Host, Role, ServeConfig, Settings},
	home::expand_home,
	serve::ServeSlot,
	worker::Worker,
};
use parking_lot::RwLock;
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
	sync::{oneshot, watch},
	task::{AbortHandle, JoinHandle},
};

/// Target of log events.
const TARGET: &str = "doin::dashboard";

/// Arguments of the server and of the database.
#[derive(Clone, Debug, Default, Args)]
pub struct ServerArgs {
	/// Address that the HTTP server listens on: dashboard, REST and events [default: `host` of the configuration, or 127.0.0.1]
	#[arg(long, value_name = "ADDRESS")]
	dashboard_address: Option<Host>,
	/// Port of the HTTP server, 0 for any free one [default: `port` of the configuration, or 8470]
	#[arg(long, value_name = "PORT")]
	dashboard_port: Option<u16>,
	/// File with the token that requests have to show which change state or ask for the whole database; without one, they are refused
	#[arg(long, value_name = "FILE")]
	dashboard_token: Option<PathBuf>,
	/// Start no HTTP server
	#[arg(long, conflicts_with_all = ["dashboard_address", "dashboard_port", "dashboard_token"])]
	no_dashboard: bool,
	/// Database of the facts of all finalized blocks, or `none` [default: that of the configuration, or doin-olap.db beside the journal]
	#[arg(long, value_name = "FILE|none")]
	olap_db: Option<PathBuf>,
	/// Begin a new database with a later block than 0, if the node has removed the states before it; facts before it are missing
	#[arg(long)]
	olap_partial: bool,
	/// CSV file of rounds, to which every ended round is appended [default: that of the configuration]
	#[arg(long, value_name = "CSV")]
	stats_file: Option<PathBuf>,
}

impl ServerArgs {
	/// Returns the first block of a new database.
	pub fn begin(&self) -> Begin {
		if self.olap_partial {
			Begin::Readable
		} else {
			Begin::Genesis
		}
	}

	/// Returns the settings of these arguments.
	pub fn settings(&self) -> Settings {
		Settings {
			host: self.dashboard_address,
			port: self.dashboard_port,
			// Who names an address wants a server, whatever the configuration says.
			dashboard_enabled: match self.no_dashboard {
				true => Some(false),
				false => (self.dashboard_address.is_some() || self.dashboard_port.is_some()).then_some(true),
			},
			dashboard_token: self.dashboard_token.clone(),
			olap_db: self.olap_db.clone(),
			stats_file: self.stats_file.clone(),
			..Settings::default()
		}
	}
}

/// A server that answers, and whose numbers come later.
pub struct Server {
	slot: Slot,
	feed: Feed,
	/// The servers end once these are dropped.
	stops: Vec<oneshot::Sender<()>>,
	serving: Vec<JoinHandle<()>>,
}

impl Server {
	/// Ends the server: streams of events end, and open requests are answered.
	pub async fn stop(self) {
		drop(self.stops);
		// A server limits the time of its end itself.
		for serving in self.serving {
			if let Err(error) = serving.await {
				tracing::debug!(target: TARGET, "the server has failed: {error}");
			}
		}
	}
}

/// Indexer and followers of the chain beside the roles. They end when this value is dropped.
pub struct Beside {
	_indexing: Option<Indexing>,
	followers: Option<AbortHandle>,
	/// Configuration that the server shows.
	config: Arc<RwLock<Config>>,
}

impl Beside {
	/// Shows another configuration.
	pub fn show(&self, config: &Config) {
		*self.config.write() = config.clone();
	}
}

impl Drop for Beside {
	fn drop(&mut self) {
		if let Some(followers) = &self.followers {
			followers.abort();
		}
	}
}

/// Longest wait for the vouchers that are redeemed at the end.
const REDEEM: Duration = Duration::from_secs(60);

/// Redeems what is worth its fee, since the worker ends and may stay away. Nothing is lost otherwise: the vouchers are in their journal.
pub async fn redeem_at_exit(slot: &ServeSlot) {
	let Some(running) = slot.get() else { return };
	match tokio::time::timeout(REDEEM, running.redeemer.at_exit()).await {
		Ok(Ok(())) => {}
		Ok(Err(error)) => tracing::warn!(target: TARGET, "vouchers are not redeemed: {error:#}; the next start does it"),
		Err(_) => tracing::warn!(target: TARGET, "vouchers are not redeemed in time; the next start does it"),
	}
}

/// Binds the address for clients who pay, if the configuration has one, and serves them.
///
/// # Errors
///
/// Errors if the address cannot be used.
async fn serve_clients(config: &Config, serving: &ServeSlot) -> Result<Option<(oneshot::Sender<()>, JoinHandle<()>)>> {
	let Some(address) = config.serve.as_ref().and_then(ServeConfig::address) else { return Ok(None) };
	let in_use =
		|| format!("the server for pay cannot listen on {address}: change `public_host` or `public_port` in the table `serve`");
	let bound = bind(address).await.with_context(in_use)?;
	tracing::info!(target: TARGET, address = %bound.address(), "answering clients");
	let (stop, stopped) = oneshot::channel::<()>();
	let shutdown = async move {
		// An error means that the sender was dropped.
		let _ = stopped.await;
	};
	let slot = Slot::waiting_for(&doin_chain::with_shown_urls(&config.url));
	Ok(Some((stop, tokio::spawn(bound.serve_clients(slot, serving.clone(), shutdown)))))
}

/// Starts the servers of a configuration; `None` if it has none. Requests for pay reach the server that `paid` is filled with.
///
/// # Errors
///
/// Errors if a server cannot listen, or if its token cannot be read.
pub async fn start(config: &Config, paid: &ServeSlot) -> Result<Option<Server>> {
	let (mut stops, mut servings): (Vec<_>, Vec<_>) = serve_clients(config, paid).await?.into_iter().unzip();
	let dashboard = &config.dashboard;
	if !dashboard.is_enabled {
		if config.has_role(Role::Serve) && stops.is_empty() {
			tracing::warn!(target: TARGET, "no address answers requests for pay: set `public_host` in the table `serve`, or start the dashboard");
		}
		let slot = Slot::waiting_for(&doin_chain::with_shown_urls(&config.url));
		return Ok((!stops.is_empty()).then(|| Server { slot, feed: Feed::default(), stops, serving: servings }));
	}
	let token = match &dashboard.token {
		Some(path) => Some(Token::read(&expand_home(path)?)?),
		None => None,
	};
	let bound = bind(dashboard.address).await?;
	let (address, feed) = (bound.address(), Feed::default());
	let slot = Slot::waiting_for(&doin_chain::with_shown_urls(&config.url));
	let (stop, stopped) = oneshot::channel::<()>();
	let shutdown = async move {
		// An error means that the sender was dropped.
		let _ = stopped.await;
	};
	stops.push(stop);
	servings.push(tokio::spawn(bound.serve(slot.clone(), feed.clone(), token, paid.clone(), shutdown)));
	let shown = if address.ip().is_unspecified() { SocketAddr::new([127, 0, 0, 1].into(), address.port()) } else { address };
	// Logs leave the paths of addresses out; `/` leads to the page.
	tracing::info!(target: TARGET, "dashboard at http://{shown}");
	if !address.ip().is_loopback() {
		tracing::warn!(target: TARGET, address = %address, "everybody who reaches this address can read the dashboard");
	}
	Ok(Some(Server { slot, feed, stops, serving: servings }))
}

/// Starts the indexer, whose new database begins with a block, and gives the server its numbers.
///
/// # Errors
///
/// Errors if the path of the database cannot be used.
pub fn attach(server: Option<&Server>, config: &Config, begin: Begin, worker: &Worker) -> Result<Beside> {
	let chain = worker.chain().clone();
	let shown = Arc::new(RwLock::new(config.clone()));
	let database = database(config)?;
	let indexing = database.clone().map(|database| {
		let options = FollowOptions { database, stats_file: config.analytics.stats_file.clone(), begin };
		index::spawn(chain.clone(), options)
	});
	let followers = server.map(|server| {
		let parts = Parts {
			chain,
			about: About { account: worker.account(), version: env!("CARGO_PKG_VERSION").into(), config: shown.clone() },
			progress: config.has_role(Role::Optimize).then(|| worker.progress()),
			database: database.zip(indexing.as_ref()).map(|(path, indexing)| facts(path, indexing.state())),
		};
		let source = Arc::new(ChainSource::new(parts));
		server.slot.fill(source.clone());
		tokio::spawn(source.follow(server.feed.clone())).abort_handle()
	});
	Ok(Beside { _indexing: indexing, followers, config: shown })
}

/// Returns the file of the database; `None` for a worker without one.
fn database(config: &Config) -> Result<Option<PathBuf>> {
	if !config.analytics.has_database() {
		if config.analytics.stats_file.is_some() {
			tracing::warn!(target: TARGET, "--stats-file needs the database, which --olap-db none switches off: no file is written");
		}
		return Ok(None);
	}
	let path = config.analytics.olap_db.clone().unwrap_or_else(|| config.journal.with_file_name(index::DATABASE));
	Ok(Some(expand_home(&path)?))
}

/// Returns the database for the server.
fn facts(path: PathBuf, state: watch::Receiver<IndexState>) -> Database {
	Database::new(Reader::new(path), move || shown(&state.borrow()))
}

/// Returns the state of the indexer, as the server shows it.
fn shown(state: &IndexState) -> doin_dashboard::shape::Analytics {
	let (name, block, reason) = match state {
		IndexState::Starting => ("starting", None, None),
		IndexState::Following { block } => ("following", Some(*block), None),
		IndexState::Waiting { reason } => ("waiting", None, Some(reason.clone())),
		IndexState::Failed { reason } => ("failed", None, Some(reason.clone())),
	};
	doin_dashboard::shape::Analytics { state: name.into(), block, reason }
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_roles::config::ConfigFile;

	fn config(settings: Settings) -> Config {
		Config::layered(settings, Settings::default(), ConfigFile::dev())
	}

	#[test]
	fn the_database_lies_beside_the_journal() {
		let of = |journal: &str, olap_db: Option<&str>| {
			let settings = Settings { journal: Some(journal.into()), olap_db: olap_db.map(PathBuf::from), ..Settings::default() };
			database(&config(settings)).unwrap().map(|path| path.display().to_string())
		};
		assert_eq!(of("/var/doin/journal.db", None).as_deref(), Some("/var/doin/doin-olap.db"));
		assert_eq!(of("worker.db", None).as_deref(), Some("doin-olap.db"));
		assert_eq!(of("/var/doin/journal.db", Some("facts.db")).as_deref(), Some("facts.db"));
		assert_eq!(of("worker.db", Some("none")), None);
	}

	#[tokio::test]
	async fn a_port_in_use_is_refused_with_the_option() {
		let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
		let port = taken.local_addr().unwrap().port();
		let error = start(&config(Settings { port: Some(port), ..Settings::default() }), &ServeSlot::default())
			.await
			.err()
			.unwrap()
			.to_string();
		assert!(error.contains(&port.to_string()) && error.contains("--dashboard-port"), "{error}");
		let off = Settings { port: Some(port), dashboard_enabled: Some(false), ..Settings::default() };
		assert!(start(&config(off), &ServeSlot::default()).await.unwrap().is_none());
	}

	#[tokio::test]
	async fn a_token_that_cannot_be_read_is_refused_before_the_worker_starts() {
		let settings = Settings { port: Some(0), dashboard_token: Some("missing.token".into()), ..Settings::default() };
		let error = start(&config(settings), &ServeSlot::default()).await.err().unwrap().to_string();
		assert!(error.contains("missing.token") && error.contains("--dashboard-token"), "{error}");
	}

	#[tokio::test]
	async fn a_server_ends_when_it_is_stopped() {
		let server =
			start(&config(Settings { port: Some(0), ..Settings::default() }), &ServeSlot::default()).await.unwrap().unwrap();
		server.stop().await;
	}

	#[tokio::test]
	async fn clients_who_pay_have_an_address_of_their_own() {
		let file = || {
			let mut serve = ServeConfig::new(vec![0]);
			(serve.public_host, serve.public_port) = (Some("127.0.0.1".parse().unwrap()), Some(0));
			ConfigFile { serve: Some(serve), ..ConfigFile::dev() }
		};
		let off = Settings { dashboard_enabled: Some(false), ..Settings::default() };
		let config = Config::layered(off, Settings::default(), file());
		let server = start(&config, &ServeSlot::default()).await.unwrap().expect("it answers clients without a dashboard");
		assert_eq!(server.serving.len(), 1);
		server.stop().await;
		let config = Config::layered(Settings { port: Some(0), ..Settings::default() }, Settings::default(), file());
		let server = start(&config, &ServeSlot::default()).await.unwrap().unwrap();
		assert_eq!(server.serving.len(), 2);
		server.stop().await;
	}

	#[test]
	fn flags_are_settings() {
		let args = ServerArgs { no_dashboard: true, olap_db: Some("none".into()), ..ServerArgs::default() };
		let config = config(args.settings());
		assert!(!config.dashboard.is_enabled && !config.analytics.has_database());
		assert!(config.dashboard.token.is_none() && config.analytics.stats_file.is_none());
		let port = ServerArgs { dashboard_port: Some(1), ..ServerArgs::default() };
		assert_eq!((port.settings().dashboard_enabled, ServerArgs::default().settings().dashboard_enabled), (Some(true), None));
	}
}
