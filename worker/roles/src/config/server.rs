//! HTTP server and analytics database of a worker.

use super::Settings;
use serde_with::{DeserializeFromStr, SerializeDisplay};
use std::{
	fmt,
	net::{IpAddr, Ipv4Addr, SocketAddr},
	path::PathBuf,
	str::FromStr,
};

/// Default port of the server, that of upstream's node.
pub const DASHBOARD_PORT: u16 = 8470;
/// Value of `olap_db_path` and `--olap-db` for a worker without an analytics database.
pub const NO_DATABASE: &str = "none";

/// Address that the server listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SerializeDisplay, DeserializeFromStr)]
pub struct Host(pub IpAddr);

impl FromStr for Host {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		match text.trim() {
			text if text.eq_ignore_ascii_case("localhost") => Ok(Self(Ipv4Addr::LOCALHOST.into())),
			text => text.trim_matches(['[', ']']).parse().map(Self).map_err(|_| {
				format!("invalid address `{text}`: expected an IP address of this machine, e.g. 127.0.0.1, or 0.0.0.0 for all of them")
			}),
		}
	}
}

impl fmt::Display for Host {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		self.0.fmt(f)
	}
}

/// HTTP server of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DashboardConfig {
	/// `false` for a worker without a server.
	pub is_enabled: bool,
	/// Address and port; port 0 for any free one.
	pub address: SocketAddr,
	/// File with the token of requests that change state or ask for the whole database. Without one, all of them are refused.
	pub token: Option<PathBuf>,
}

impl From<&Settings> for DashboardConfig {
	fn from(settings: &Settings) -> Self {
		let host = settings.host.map_or(Ipv4Addr::LOCALHOST.into(), |host| host.0);
		Self {
			is_enabled: settings.dashboard_enabled.unwrap_or(true),
			address: SocketAddr::new(host, settings.port.unwrap_or(DASHBOARD_PORT)),
			token: settings.dashboard_token.clone(),
		}
	}
}

/// Analytics database of a worker, and its CSV file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnalyticsConfig {
	/// The database; [`NO_DATABASE`] for none, and `None` for the default file beside the journal.
	pub olap_db: Option<PathBuf>,
	/// CSV file of rounds, to which every ended round is appended.
	pub stats_file: Option<PathBuf>,
}

impl AnalyticsConfig {
	/// Returns `true` unless the worker is to have no database.
	pub fn has_database(&self) -> bool {
		self.olap_db.as_ref().is_none_or(|path| path.as_os_str() != NO_DATABASE)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_server_is_local_by_default() {
		let default = DashboardConfig::from(&Settings::default());
		assert_eq!((default.is_enabled, default.address.to_string()), (true, "127.0.0.1:8470".into()));
		let settings = Settings { host: Some("::".parse().unwrap()), port: Some(0), ..Settings::default() };
		assert_eq!(DashboardConfig::from(&settings).address.to_string(), "[::]:0");
	}

	#[test]
	fn an_address_is_one_of_this_machine() {
		for (text, shown) in [("localhost", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("[::1]", "::1"), (" 10.0.0.1 ", "10.0.0.1")] {
			assert_eq!(text.parse::<Host>().unwrap().to_string(), shown);
		}
		for wrong in ["", "example.org", "127.0.0.1:80", "1.2.3"] {
			let error = wrong.parse::<Host>().unwrap_err();
			assert!(error.contains("e.g. 127.0.0.1"), "{error}");
		}
	}

	#[test]
	fn none_is_no_database() {
		let of = |path: Option<&str>| AnalyticsConfig { olap_db: path.map(PathBuf::from), stats_file: None }.has_database();
		assert_eq!([of(None), of(Some("facts.db")), of(Some("./none")), of(Some("none"))], [true, true, true, false]);
	}
}
