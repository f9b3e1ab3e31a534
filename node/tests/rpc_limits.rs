//! Limits of the RPC server that the node sets where the operator sets none.

use doin_node::command::{harden, BATCH_LIMIT, EXTERNAL_RATE_LIMIT};
use sc_service::config::{RpcBatchRequestConfig, RpcEndpoint, RpcMethods};
use std::num::NonZeroU32;

/// Returns an endpoint as the SDK makes it from a command line without options.
fn endpoint(address: &str) -> RpcEndpoint {
	RpcEndpoint {
		listen_addr: address.parse().unwrap(),
		batch_config: RpcBatchRequestConfig::Unlimited,
		max_connections: 100,
		max_payload_in_mb: 15,
		max_payload_out_mb: 15,
		max_subscriptions_per_connection: 1_024,
		max_buffer_capacity_per_connection: 64,
		rate_limit: None,
		rate_limit_trust_proxy_headers: false,
		rate_limit_whitelisted_ips: Vec::new(),
		cors: Some(Vec::new()),
		rpc_methods: RpcMethods::Auto,
		is_optional: false,
		retry_random_port: true,
	}
}

#[test]
fn an_endpoint_of_this_machine_keeps_its_port_and_limits_batches() {
	for address in ["127.0.0.1:9944", "[::1]:9944"] {
		let mut local = endpoint(address);
		local.rpc_methods = RpcMethods::Unsafe;
		harden(&mut local, false).unwrap();
		assert!(!local.retry_random_port);
		assert!(matches!(local.batch_config, RpcBatchRequestConfig::Limit(BATCH_LIMIT)));
		assert_eq!(local.rate_limit, None, "programs of this machine are not slowed down");
	}
}

#[test]
fn an_endpoint_that_other_machines_reach_limits_calls_and_refuses_unsafe_methods() {
	for address in ["0.0.0.0:9944", "[::]:9944", "192.0.2.1:9944"] {
		let mut external = endpoint(address);
		harden(&mut external, false).unwrap();
		assert_eq!(external.rate_limit, Some(EXTERNAL_RATE_LIMIT));

		external.rpc_methods = RpcMethods::Unsafe;
		let reason = harden(&mut external, false).unwrap_err();
		assert!(reason.contains(address) && reason.contains("--rpc-methods") && reason.contains("--rpc-external"), "{reason}");
		harden(&mut external, true).expect("a test network on one machine has nothing to lose");
	}
}

#[test]
fn limits_of_the_operator_are_kept() {
	let mut external = endpoint("0.0.0.0:9944");
	external.rate_limit = NonZeroU32::new(60);
	external.batch_config = RpcBatchRequestConfig::Disabled;
	harden(&mut external, false).unwrap();
	assert_eq!(external.rate_limit, NonZeroU32::new(60));
	assert!(matches!(external.batch_config, RpcBatchRequestConfig::Disabled));
}
