//! Networks of network namespaces: each host has an address of its own, and can be moved to the other side of a cut network.
//!
//! Two bridges carry the traffic between hosts, one for each side. A third one carries JSON-RPC, which a cut does not touch. The
//! bridges are in the network namespace of the test, which has to be one of its own: `scripts/local-net.sh test` makes it.

use anyhow::{ensure, Context, Result};
use std::{
	fs,
	net::Ipv4Addr,
	process::{Command, Stdio},
};

/// Bridge that joins the interfaces for JSON-RPC of all hosts and the test.
const RPC_BRIDGE: &str = "doin-rpc";

/// Settings of a machine that runs a node, as `docs/operations.md` installs them.
const SETTINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/systemd/90-doin.conf");

/// Side of a network that is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
	/// Side of all hosts before a cut.
	Left,
	/// The other side.
	Right,
}

impl Side {
	/// Returns the name of its bridge.
	fn bridge(self) -> &'static str {
		match self {
			Self::Left => "doin-left",
			Self::Right => "doin-right",
		}
	}
}

/// Place of a node in a network of namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
	/// Name of its network namespace.
	pub namespace: String,
	/// Its address for other nodes.
	pub address: Ipv4Addr,
	/// Its address for JSON-RPC.
	pub rpc: Ipv4Addr,
}

/// A network of namespaces. Dropping the value deletes it.
#[derive(Debug)]
pub struct Lan {
	hosts: Vec<Host>,
}

impl Lan {
	/// Makes a network of `count` hosts, all on the left side.
	///
	/// # Errors
	/// Errors if the test has no network namespace of its own, or no permission to make others.
	pub fn new(count: u8) -> Result<Self> {
		// The list of routes has a heading, and a new namespace has no route. Some systems give it further interfaces, which are down.
		let routes = fs::read_to_string("/proc/self/net/route")?.lines().count();
		ensure!(routes <= 1, "the test needs a network namespace of its own: run scripts/local-net.sh test");
		// Dropped if a later step fails.
		let mut lan = Self { hosts: Vec::new() };
		for (bridge, address) in [(Side::Left.bridge(), None), (Side::Right.bridge(), None), (RPC_BRIDGE, Some("10.98.0.254/24"))]
		{
			ip(&["link", "add", bridge, "type", "bridge"])?;
			ip(&["link", "set", bridge, "up"])?;
			if let Some(address) = address {
				ip(&["address", "add", address, "dev", bridge])?;
			}
		}
		for number in 1..=count {
			let namespace = format!("doin-{}-{number}", std::process::id());
			ip(&["netns", "add", &namespace])?;
			let [address, rpc] = [99, 98].map(|network| Ipv4Addr::new(10, network, 0, number));
			lan.hosts.push(Host { namespace, address, rpc });
			ip(&["netns", "exec", &lan.host(number)?.namespace, "sysctl", "--quiet", "--load", SETTINGS])?;
			lan.link(number, "node", Side::Left.bridge(), address)?;
			lan.link(number, "rpc", RPC_BRIDGE, rpc)?;
			// Multicast DNS follows the default route.
			ip(&["-n", &lan.host(number)?.namespace, "route", "add", "default", "dev", "node"])?;
		}
		Ok(lan)
	}

	/// Joins host `number` to `bridge` by an interface with this name and address.
	fn link(&self, number: u8, name: &str, bridge: &str, address: Ipv4Addr) -> Result<()> {
		let host = self.host(number)?;
		let (outer, address) = (format!("{name}{number}"), format!("{address}/24"));
		ip(&["link", "add", &outer, "type", "veth", "peer", "name", name, "netns", &host.namespace])?;
		ip(&["link", "set", &outer, "master", bridge, "up"])?;
		ip(&["-n", &host.namespace, "address", "add", &address, "dev", name])?;
		ip(&["-n", &host.namespace, "link", "set", name, "up"])?;
		ip(&["-n", &host.namespace, "link", "set", "lo", "up"])
	}

	/// Returns host `number`, from 1.
	///
	/// # Errors
	/// Errors if there is no such host.
	pub fn host(&self, number: u8) -> Result<&Host> {
		self.hosts.get(usize::from(number).wrapping_sub(1)).with_context(|| format!("the network has no host {number}"))
	}

	/// Moves the hosts to a side. Hosts of one side reach each other only.
	///
	/// # Errors
	/// Errors if there is no such host.
	pub fn place(&self, hosts: &[u8], side: Side) -> Result<()> {
		hosts.iter().try_for_each(|number| ip(&["link", "set", &format!("node{number}"), "master", side.bridge()]))
	}
}

impl Drop for Lan {
	fn drop(&mut self) {
		for (number, host) in (1u8..).zip(&self.hosts) {
			// The system deletes the interfaces of a namespace some time after it, and the next network uses their names.
			for name in ["node", "rpc"] {
				let _ = ip(&["link", "delete", &format!("{name}{number}")]);
			}
			let _ = ip(&["netns", "delete", &host.namespace]);
		}
		for bridge in [Side::Left.bridge(), Side::Right.bridge(), RPC_BRIDGE] {
			let _ = ip(&["link", "delete", bridge]);
		}
	}
}

/// Runs `ip` of iproute2.
///
/// # Errors
/// Errors with the message of the command if it fails.
fn ip(arguments: &[&str]) -> Result<()> {
	let output = Command::new("ip").args(arguments).stdin(Stdio::null()).output().context("starting `ip` (package iproute2)")?;
	let message = String::from_utf8_lossy(&output.stderr).into_owned();
	ensure!(output.status.success(), "`ip {}` failed: {message}", arguments.join(" "));
	Ok(())
}
