//! Errors of an export.

use crate::{StoreError, SCHEMA_VERSION};
use std::{fmt, net::IpAddr, path::PathBuf};
use tokio_postgres::{config::Host, Config};

/// Failure of an export to PostgreSQL. No text of it has a password.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
	/// The connection string cannot be read.
	#[error(
		"invalid connection string: expected e.g. `postgresql://doin@localhost/doin` or `host=/run/postgresql dbname=doin user=doin`"
	)]
	Address {
		/// Its mistake.
		#[source]
		cause: tokio_postgres::Error,
	},
	/// A part of a password may stand in place of the host.
	#[error(
		"invalid connection string: the host or the database has an `@` or a `/`. Write these in a password as %40 and %2F, or use \
		 `host=… user=… password=…`"
	)]
	Ambiguous,
	/// The connection cannot be encrypted.
	#[error(
		"cannot encrypt the connection to PostgreSQL at {server}: check that the server has `ssl = on`, and with sslmode=verify-full \
		 that its certificate names this host and is signed by an authority of the system or of sslrootcert=FILE. If the network is \
		 trusted, add sslmode=disable"
	)]
	Encryption {
		/// The server.
		server: String,
		/// Error of the handshake.
		#[source]
		cause: Box<tokio_postgres::Error>,
	},
	/// The authorities that a certificate is verified against cannot be read.
	#[error("cannot read the authorities of {}: name a PEM file of certificates with sslrootcert=FILE", authorities(.path))]
	Authorities {
		/// The file; `None` for those of the system.
		path: Option<PathBuf>,
		/// Error of the file or of a certificate.
		#[source]
		cause: Box<dyn std::error::Error + Send + Sync>,
	},
	/// The server cannot be reached, or refuses the connection.
	#[error("cannot connect to PostgreSQL at {server}: check address, user, password and database, and that the server runs")]
	Unreachable {
		/// The server.
		server: String,
		/// Error of the connection.
		#[source]
		cause: Box<tokio_postgres::Error>,
	},
	/// The server went away.
	#[error(
		"PostgreSQL at {server} went away ({}): nothing is lost, run the same command again once it is back", until(*.last)
	)]
	Lost {
		/// The server.
		server: String,
		/// Last block that it has.
		last: Option<u32>,
		/// Error of the connection.
		#[source]
		cause: Box<tokio_postgres::Error>,
	},
	/// The server refuses a statement.
	#[error(
		"PostgreSQL at {server} refused a statement ({}): remove the reason, and run the same command again", until(*.last)
	)]
	Refused {
		/// The server.
		server: String,
		/// Last block that it has.
		last: Option<u32>,
		/// Error of the server.
		#[source]
		cause: Box<tokio_postgres::Error>,
	},
	/// The server has tables with the names of the export.
	#[error("{server} has tables of another program with the names of this export: name an empty database")]
	OtherTables {
		/// The server.
		server: String,
	},
	/// The tables were written by a newer worker. Nothing was changed.
	#[error(
		"the tables of {server} have schema version {found}, this worker writes version {SCHEMA_VERSION}: update the worker, or name \
		 an empty database. Nothing was changed"
	)]
	NewerSchema {
		/// The server.
		server: String,
		/// Version of the tables.
		found: i64,
	},
	/// The tables were written by an older worker. Nothing was changed.
	#[error(
		"the tables of {server} have schema version {found}, this worker writes version {SCHEMA_VERSION}: name an empty database, \
		 or drop the tables and views, and all facts are exported again. Nothing was changed"
	)]
	OlderSchema {
		/// The server.
		server: String,
		/// Version of the tables.
		found: i64,
	},
	/// The tables have the facts of another chain.
	#[error(
		"{server} has the facts of another chain: its block {block} is {found}, and that of the database is {expected}. Name an empty \
		 database for this chain"
	)]
	OtherChain {
		/// The server.
		server: String,
		/// The block that differs.
		block: u32,
		/// Its hash on the server.
		found: String,
		/// Its hash in the database.
		expected: String,
	},
	/// The server has more blocks than the database.
	#[error(
		"{server} has block {block}, and the database {path} ends before it: fill the database with `doin-worker index` first"
	)]
	Ahead {
		/// The server.
		server: String,
		/// Last block of the server.
		block: u32,
		/// The database.
		path: PathBuf,
	},
	/// The database begins behind the last block of the server.
	#[error(
		"{server} ends with block {block}, and the database {path} begins with block {first}: the blocks between them would be missing. \
		 Name an empty database, or a database of facts that has these blocks"
	)]
	Behind {
		/// The server.
		server: String,
		/// Last block of the server.
		block: u32,
		/// The database.
		path: PathBuf,
		/// First block of the database.
		first: u32,
	},
	/// The database of facts cannot be read.
	#[error(transparent)]
	Store(#[from] StoreError),
}

fn authorities(path: &Option<PathBuf>) -> String {
	path.as_ref().map_or("this system".into(), |path| path.display().to_string())
}

/// Returns what a server has.
fn until(last: Option<u32>) -> String {
	last.map_or("it has no new block".into(), |last| format!("it has all blocks up to {last}"))
}

/// A server, without credentials.
#[derive(Clone, Debug)]
pub(super) struct Server {
	name: String,
	/// `true` if its addresses lead to this machine.
	is_local: bool,
}

/// Returns `true` if an address leads to this machine.
fn is_local(host: &Host) -> bool {
	match host {
		Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
		#[cfg(unix)]
		Host::Unix(_) => true,
	}
}

impl Server {
	/// Returns the server of a configuration.
	///
	/// # Errors
	/// Errors if its host may be a part of a password.
	pub fn of(config: &Config) -> Result<Self, PostgresError> {
		let is_odd = |text: &str| text.contains(['@', '/', ':']) && text.parse::<IpAddr>().is_err();
		let is_odd_host = |host: &Host| matches!(host, Host::Tcp(name) if is_odd(name));
		if config.get_hosts().iter().any(is_odd_host) || config.get_dbname().is_some_and(is_odd) {
			return Err(PostgresError::Ambiguous);
		}
		let is_local = config.get_hosts().iter().all(is_local) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
		Ok(Self { name: Self::shown(config), is_local })
	}

	/// Returns `true` if the connection does not leave this machine.
	pub fn is_local(&self) -> bool {
		self.is_local
	}

	fn shown(config: &Config) -> String {
		let host = match config.get_hosts().first() {
			Some(Host::Tcp(name)) => name.clone(),
			#[cfg(unix)]
			Some(Host::Unix(folder)) => folder.display().to_string(),
			None => "localhost".into(),
		};
		let port = config.get_ports().first().map_or(String::new(), |port| format!(":{port}"));
		let database = config.get_dbname().or(config.get_user()).map_or(String::new(), |name| format!("/{name}"));
		format!("{host}{port}{database}")
	}

	/// Returns the error of a connection that could not be made.
	pub fn unconnected(&self, cause: tokio_postgres::Error) -> PostgresError {
		let (server, cause) = (self.to_string(), Box::new(cause));
		match cause.to_string().contains("TLS handshake") {
			true => PostgresError::Encryption { server, cause },
			false => PostgresError::Unreachable { server, cause },
		}
	}

	/// Returns the error of a statement. `last` is the last block of the server.
	pub fn error(&self, last: Option<u32>, cause: tokio_postgres::Error) -> PostgresError {
		let (server, cause) = (self.to_string(), Box::new(cause));
		// Class 57: the server shuts down or ends the connection. An error without a code is one of the connection.
		let is_lost = cause.code().is_none_or(|code| code.code().starts_with("57P"));
		match is_lost {
			true => PostgresError::Lost { server, last, cause },
			false => PostgresError::Refused { server, last, cause },
		}
	}
}

impl fmt::Display for Server {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.name)
	}
}
