//! Domains that a worker serves for pay.

use super::{Host, SERVING_PORT};
use anyhow::{ensure, Result};
use doin_primitives::DomainId;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// Longest wait for a batch, in milliseconds.
const MOST_WAIT_MS: u32 = 1_000;

/// Answers for pay: the identity with role = "serve" runs the champions of these domains, for which it has an offer on the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServeConfig {
	/// Domains whose champions answer. Offer each one first, with `doin-worker offer make`.
	pub domains: Vec<DomainId>,
	/// Address that clients reach, e.g. 0.0.0.0. It answers requests for pay only; the dashboard stays where it is. Without it, only the
	/// server of the dashboard answers them.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub public_host: Option<Host>,
	/// Port of that address; 8475 by default.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub public_port: Option<u16>,
	/// Windows a minute that programs of this machine get for nothing; 60 by default. Set it to 0 behind a proxy that names no client.
	#[serde(default = "usual_free")]
	pub free_per_minute: u32,
	/// Requests per second of one address; 100 by default.
	#[serde(default = "usual_rate")]
	pub requests_per_second: u32,
	/// Requests that are answered at a time; 256 by default. Further ones are refused.
	#[serde(default = "usual_concurrent")]
	pub concurrent: usize,
	/// Milliseconds for which the windows of several requests are collected into one batch while all threads are busy; 2 by default.
	#[serde(default = "usual_wait")]
	pub batch_wait_ms: u32,
	/// Threads that run models; all cores by default.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub threads: Option<usize>,
}

/// Returns the usual number of free windows a minute.
fn usual_free() -> u32 {
	60
}

/// Returns the usual number of requests per second of one address.
fn usual_rate() -> u32 {
	100
}

/// Returns the usual number of requests at a time.
fn usual_concurrent() -> usize {
	256
}

/// Returns the usual wait for a batch, in milliseconds.
fn usual_wait() -> u32 {
	2
}

impl ServeConfig {
	/// Returns a server of these domains with the usual limits.
	pub fn new(domains: Vec<DomainId>) -> Self {
		let (free_per_minute, requests_per_second, concurrent) = (usual_free(), usual_rate(), usual_concurrent());
		Self {
			domains,
			public_host: None,
			public_port: None,
			free_per_minute,
			requests_per_second,
			concurrent,
			batch_wait_ms: usual_wait(),
			threads: None,
		}
	}

	/// Returns the address of the server for clients, if it has one of its own.
	pub fn address(&self) -> Option<SocketAddr> {
		self.public_host.map(|host| SocketAddr::new(host.0, self.public_port.unwrap_or(SERVING_PORT)))
	}

	/// Checks what the types cannot express.
	pub(super) fn check(&self) -> Result<()> {
		ensure!(!self.domains.is_empty(), "`domains` is empty: name the domains that the account offers");
		for (at, domain) in self.domains.iter().enumerate() {
			ensure!(!self.domains[..at].contains(domain), "`domains` has {domain} twice: remove one of them");
		}
		ensure!(
			self.public_port.is_none() || self.public_host.is_some(),
			"`public_port` needs `public_host`, e.g. public_host = \"0.0.0.0\""
		);
		ensure!(self.requests_per_second > 0, "`requests_per_second` is 0: nobody would be answered");
		ensure!(self.concurrent > 0, "`concurrent` is 0: nobody would be answered");
		ensure!(
			self.batch_wait_ms <= MOST_WAIT_MS,
			"`batch_wait_ms` is {}: clients wait for their answers, so choose {MOST_WAIT_MS} at most",
			self.batch_wait_ms
		);
		ensure!(self.threads != Some(0), "`threads` is 0: leave it out for all cores");
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn refusal(config: ServeConfig) -> String {
		config.check().unwrap_err().to_string()
	}

	#[test]
	fn a_server_has_domains_and_limits() {
		let config = ServeConfig::new(vec![0, 3]);
		config.check().unwrap();
		assert_eq!(config.address(), None);
		assert!(refusal(ServeConfig::new(vec![])).contains("`domains` is empty"));
		assert!(refusal(ServeConfig::new(vec![3, 0, 3])).contains("has 3 twice"));
		assert!(refusal(ServeConfig { public_port: Some(1), ..config.clone() }).contains("`public_port` needs `public_host`"));
		assert!(refusal(ServeConfig { requests_per_second: 0, ..config.clone() }).contains("`requests_per_second` is 0"));
		assert!(refusal(ServeConfig { concurrent: 0, ..config.clone() }).contains("`concurrent` is 0"));
		assert!(refusal(ServeConfig { batch_wait_ms: 1_001, ..config.clone() }).contains("`batch_wait_ms` is 1001"));
		assert!(refusal(ServeConfig { threads: Some(0), ..config.clone() }).contains("`threads` is 0"));
		let public = ServeConfig { public_host: Some("0.0.0.0".parse().unwrap()), ..config };
		assert_eq!(public.address().unwrap().to_string(), "0.0.0.0:8475");
	}
}
