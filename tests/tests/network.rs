//! Networks of several nodes.

use anyhow::Result;
use doin_e2e::{
	chain,
	validators::{agree, Validators},
	wait_for,
};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(300);
/// Blocks that are authored after the loss of a validator, in which a vote under way ends.
const AFTER_LOSS: u32 = 3;
/// Blocks after these that have to stay without finality.
const FURTHER: u32 = 5;

#[tokio::test]
async fn three_validators_and_a_late_observer_agree_on_what_is_final() -> Result<()> {
	// One validator uses the older network stack.
	let network = Validators::start(&chain::local_with_fast_blocks()?, &[], &["--network-backend=libp2p"]).await?;
	network.alice.finalize(3, LIMIT).await?;
	let observer = network.join(&[]).await?;
	let Validators { alice, bob, charlie, .. } = network;
	agree(&alice, &[&bob, &charlie, &observer]).await?;

	// Finality needs more than two thirds of the votes. Without one of three validators, blocks are authored and none is
	// finalized.
	drop(charlie);
	wait_for("the loss of a peer", LIMIT, || async {
		let health = alice.call("system_health", []).await?;
		Ok((health["peers"] == 2).then_some(()))
	})
	.await?;
	let best = alice.best().await?;
	alice.reach(best + AFTER_LOSS, LIMIT).await?;
	let settled = alice.finalized().await?;
	alice.reach(best + AFTER_LOSS + FURTHER, LIMIT).await?;
	assert!(alice.finalized().await? <= settled + 1, "a vote under way may end, and no further block is finalized");
	Ok(())
}
