//! The RPC server under load: many subscriptions, unknown identifiers, earlier blocks. The node keeps authoring and answering.

use anyhow::Result;
use doin_e2e::Node;
use futures::future::{join_all, try_join_all};
use jsonrpsee::{
	core::client::{ClientT, Subscription, SubscriptionClientT},
	rpc_params,
	ws_client::{WsClient, WsClientBuilder},
};
use serde_json::{json, Value};
use std::time::Duration;

/// Clients, each with its own connection.
const CLIENTS: usize = 20;
/// Subscriptions of a client.
const SUBSCRIPTIONS: usize = 50;
const LIMIT: Duration = Duration::from_secs(240);

async fn client(node: &Node) -> Result<WsClient> {
	Ok(WsClientBuilder::default().request_timeout(LIMIT).max_concurrent_requests(4_096).build(node.url()).await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_subscriptions_and_ten_thousand_foreign_requests_leave_the_node_alive() -> Result<()> {
	let node = Node::dev().await?;
	node.reach(2, LIMIT).await?;
	let clients = try_join_all((0..CLIENTS).map(|_| client(&node))).await?;

	let mut subscriptions: Vec<Subscription<Value>> = Vec::new();
	for client in &clients {
		let opened = (0..SUBSCRIPTIONS).map(|n| {
			// Every block has another base fee or round phase, so each of them sends something within a few blocks.
			let (name, end) =
				[("doin_subscribeRound", "doin_unsubscribeRound"), ("doin_subscribeWork", "doin_unsubscribeWork")][n % 2];
			let params = if n % 2 == 0 { rpc_params![0] } else { rpc_params![] };
			client.subscribe(name, params, end)
		});
		subscriptions.extend(try_join_all(opened).await?);
	}
	assert_eq!(subscriptions.len(), CLIENTS * SUBSCRIPTIONS);
	for subscription in &mut subscriptions {
		let first = tokio::time::timeout(LIMIT, subscription.next()).await?.expect("the subscription is open");
		assert!(first?.is_object());
	}

	// Unknown identifiers are refused with the reason, each of them, whatever their number.
	let best = node.best().await?;
	let earlier = node.call("chain_getBlockHash", [json!(1)]).await?;
	for round in 0..10u32 {
		let requests = clients.iter().flat_map(|client| {
			let earlier = earlier.clone();
			(0..SUBSCRIPTIONS as u32).map(move |n| {
				let earlier = earlier.clone();
				async move {
					let unknown =
						client.request::<Value, _>("doin_recomputations", rpc_params![1_000_000 + round * 1_000 + n]).await;
					let known = client.request::<Value, _>("doin_domain", rpc_params![0, earlier]).await;
					(unknown, known)
				}
			})
		});
		for (unknown, known) in join_all(requests).await {
			let refusal = unknown.expect_err("no such domain").to_string();
			assert!(refusal.contains("unknown domain"), "{refusal}");
			assert_eq!(known?["id"], 0);
		}
	}
	node.reach(best + 3, LIMIT).await?;

	// All subscriptions of rounds are still alive: a phase lasts at most 12 blocks.
	for subscription in subscriptions.iter_mut().step_by(2) {
		let next = tokio::time::timeout(LIMIT, subscription.next()).await?.expect("the subscription is open");
		assert!(next?.is_object());
	}
	Ok(())
}
