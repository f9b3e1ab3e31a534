//! Networks of three validators on this machine.

use crate::{state::hash, Node};
use anyhow::{ensure, Result};
use std::{path::Path, time::Duration};
use subxt::{dynamic, ext::scale_decode::DecodeAsType, utils::AccountId32, OnlineClient, SubstrateConfig};

/// Longest wait for a final block, while tests share the machine.
const LIMIT: Duration = Duration::from_secs(600);
/// First era at whose start a slash can be applied: a slash is deferred by 27 eras.
const DEFERRED: u32 = 28;

/// Validators of the local network.
#[derive(Debug)]
pub struct Validators {
	/// The first one, which the others have as a boot node.
	pub alice: Node,
	/// The second one.
	pub bob: Node,
	/// The third one.
	pub charlie: Node,
	/// Arguments that name all of them as boot nodes.
	pub boot: Vec<String>,
	/// Argument that names their specification.
	chain: String,
}

impl Validators {
	/// Starts the validators of the chain with the specification `chain`, and waits until blocks are final. All get the arguments `all`,
	/// and Charlie gets `charlie` too.
	///
	/// # Errors
	/// Errors if a node does not start, or if no block becomes final.
	pub async fn start(chain: &Path, all: &[&str], charlie: &[&str]) -> Result<Self> {
		let chain = format!("--chain={}", chain.display());
		let common = [all, &[chain.as_str()]].concat();
		let alice = validator("--alice", '1', &common).await?;
		let first = boot(&alice).await?;
		let others = [&common[..], &[first.as_str()]].concat();
		let last = [&others[..], charlie].concat();
		let (bob, charlie) = tokio::try_join!(validator("--bob", '2', &others), validator("--charlie", '3', &last))?;
		alice.finalize(2, LIMIT).await?;
		let boot = vec![first, boot(&bob).await?, boot(&charlie).await?];
		Ok(Self { alice, bob, charlie, boot, chain })
	}

	/// Starts a node with these arguments that has all validators as boot nodes.
	///
	/// # Errors
	/// Errors if it does not start.
	pub async fn join(&self, arguments: &[&str]) -> Result<Node> {
		let boot: Vec<&str> = self.boot.iter().map(String::as_str).collect();
		Node::start(&[arguments, &boot[..], &[self.chain.as_str()]].concat()).await
	}

	/// Kills the node of Charlie with SIGKILL, and starts it again in the same directory once Alice has `blocks` blocks more.
	///
	/// # Errors
	/// Errors if the node has ended already or does not start, or if Alice does not get the blocks.
	pub async fn after_a_crash_of_charlie(self, blocks: u32) -> Result<Self> {
		let Self { alice, bob, charlie, boot, chain } = self;
		let (base, config) = charlie.crash()?;
		let lost = alice.best().await?;
		alice.reach(lost + blocks, LIMIT).await?;
		let charlie = Node::start_in(base, config).await?;
		Ok(Self { alice, bob, charlie, boot, chain })
	}
}

/// Starts validators with these names, e.g. `--alice`, on the chain with the specification `chain`, and waits until blocks are final. Each
/// has those before it as boot nodes. They have to be more than two thirds of the chain's.
///
/// # Errors
/// Errors if a node does not start, or if no block becomes final.
pub async fn start(chain: &Path, names: &[&str]) -> Result<Vec<Node>> {
	let chain = format!("--chain={}", chain.display());
	let (mut nodes, mut boots) = (Vec::new(), Vec::new());
	for (digit, name) in ('1'..).zip(names) {
		let more: Vec<&str> = std::iter::once(&chain).chain(&boots).map(String::as_str).collect();
		let node = validator(name, digit, &more).await?;
		boots.push(boot(&node).await?);
		nodes.push(node);
	}
	for node in &nodes {
		node.finalize(2, LIMIT).await?;
	}
	Ok(nodes)
}

/// Starts a validator. Its network key is `digit`, 64 times.
async fn validator(name: &str, digit: char, more: &[&str]) -> Result<Node> {
	let key = format!("--node-key={}", digit.to_string().repeat(64));
	Node::start(&[&[name, &key], more].concat()).await
}

/// Returns the argument that names `node` as a boot node.
///
/// # Errors
/// Errors if the node does not answer.
pub async fn boot(node: &Node) -> Result<String> {
	Ok(format!("--bootnodes={}", node.address().await?))
}

/// Waits until all `nodes` have the same final block as `node`, and returns its number.
///
/// # Errors
/// Errors if one has another block, or none in time.
pub async fn agree(node: &Node, nodes: &[&Node]) -> Result<u32> {
	let block = node.finalized().await?;
	let expected = hash(node, block).await?;
	for other in nodes {
		other.finalize(block, LIMIT).await?;
		let found = hash(other, block).await?;
		ensure!(found == expected, "the final block {block} is {expected} and {found}");
	}
	Ok(block)
}

/// Part of a slash that waits for its era.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Slash {
	validator: AccountId32,
	own: u128,
}

/// Returns the part of its own stake that a validator is to lose, in plancks, once a slash of one of the first three eras waits.
///
/// # Errors
/// Errors if the node does not answer, or stores slashes with other fields.
pub async fn pending_slash(client: &OnlineClient<SubstrateConfig>, who: &AccountId32) -> Result<Option<u128>> {
	let at = client.at_current_block().await?;
	for era in DEFERRED..DEFERRED + 3 {
		let slashes = dynamic::storage::<_, Vec<Slash>>("Staking", "UnappliedSlashes");
		let Some(found) = at.storage().try_fetch(slashes, (era,)).await? else { continue };
		if let Some(slash) = found.decode()?.iter().find(|slash| slash.validator == *who) {
			return Ok(Some(slash.own));
		}
	}
	Ok(None)
}
