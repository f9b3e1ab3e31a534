//! Errors of an export.

use crate::{StoreError, SCHEMA_VERSION};
use std::{fmt, net::IpAddr, path::PathBuf};
use tokio_postgres::{
	config::{Host, SslMode},
	Config,
};

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
	/// The connection would leave this machine, or asks for encryption.
	#[error(
		"the export to {server} cannot be encrypted by this program: use a Unix socket, the loopback interface or a tunnel. If the \
		 network is trusted, add `sslmode=disable`"
	)]
	Encryption {
		/// The server.
		server: String,
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
	/// The database of facts cannot be read.
	#[error(transparent)]
	Store(#[from] StoreError),
}

/// Returns what a server has.
fn until(last: Option<u32>) -> String {
	last.map_or("it has no new block".into(), |last| format!("it has all blocks up to {last}"))
}

/// A server, without credentials.
#[derive(Clone, Debug)]
pub(super) struct Server(String);

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
	/// Errors if its host may be a part of a password, or if the connection would have to be encrypted.
	pub fn of(config: &Config) -> Result<Self, PostgresError> {
		let is_odd = |text: &str| text.contains(['@', '/', ':']) && text.parse::<IpAddr>().is_err();
		let is_odd_host = |host: &Host| matches!(host, Host::Tcp(name) if is_odd(name));
		if config.get_hosts().iter().any(is_odd_host) || config.get_dbname().is_some_and(is_odd) {
			return Err(PostgresError::Ambiguous);
		}
		let server = Self::shown(config);
		let is_local = config.get_hosts().iter().all(is_local) && config.get_hostaddrs().iter().all(IpAddr::is_loopback);
		match config.get_ssl_mode() {
			SslMode::Disable => Ok(server),
			SslMode::Prefer if is_local => Ok(server),
			_ => Err(PostgresError::Encryption { server: server.0 }),
		}
	}

	fn shown(config: &Config) -> Self {
		let host = match config.get_hosts().first() {
			Some(Host::Tcp(name)) => name.clone(),
			#[cfg(unix)]
			Some(Host::Unix(folder)) => folder.display().to_string(),
			None => "localhost".into(),
		};
		let port = config.get_ports().first().map_or(String::new(), |port| format!(":{port}"));
		let database = config.get_dbname().or(config.get_user()).map_or(String::new(), |name| format!("/{name}"));
		Self(format!("{host}{port}{database}"))
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
		f.write_str(&self.0)
	}
}
