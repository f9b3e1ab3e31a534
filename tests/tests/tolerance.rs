//! A tolerance domain from its program to its bounty: the commands of its owner, an optimizer, and evaluators of which one has another
//! result than the others. The program is written with the package for Python.
//!
//! Needs `python3`. It takes about two minutes.

use anyhow::{ensure, Context, Result};
use doin_e2e::{
	accounts::DAVE,
	commands::{amount, refused, report},
	run,
	state::{accounts, hash, hex},
	wait_for, Node, Worker,
};
use doin_primitives::DOIN;
use serde_json::{json, Value};
use std::time::Duration;
use subxt_signer::sr25519::{dev, Keypair};

/// A round takes a minute; tests share the machine.
const LIMIT: Duration = Duration::from_secs(600);
/// Most blocks from a settlement to its verdict, with room.
const SETTLING: u32 = 20;
/// Bounty, in DOIN.
const BOUNTY: u128 = 250;
/// Most that the seat of the winner and its calls in the block of a verdict cost, in DOIN.
const COSTS: u128 = 5;
/// Sources of the package for programs in Python.
const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../worker/plugins/python/src");
/// Program of the domain.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tolerance/distance.py");
/// Program that runs another one with larger errors.
const OTHER_MACHINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tolerance/other_machine.py");

/// A tolerance domain of Charlie with a bounty.
struct Domain {
	id: u64,
	/// Hash of its program.
	code: String,
}

impl Domain {
	/// Makes the domain.
	fn create(node: &Node) -> Result<Self> {
		let path = format!("PYTHONPATH={PACKAGE}");
		let program = ["--program", PROGRAM, "--command", "env", "--command", &path, "--command", "python3"];
		let terms = ["--name", "distance", "--gene", "rate=1..100", "--target-performance", "50", "--dev-key", "//Charlie"];
		let created = report(node, &[&["domain", "create-tolerance"][..], &program, &terms].concat())?;
		ensure!(created["spread"] == 0 && created["chunks"] == 32, "{created}");
		let id = created["domain"].as_u64().with_context(|| format!("the domain of {created}"))?;
		let code = created["code"].as_str().with_context(|| format!("the hash of {created}"))?.to_owned();
		let added = report(node, &["domain", "bounty", &id.to_string(), &format!("{BOUNTY} DOIN"), "--dev-key", "//Charlie"])?;
		ensure!(added["domain"] == id, "{added}");
		Ok(Self { id, code })
	}

	/// Returns the entry of the program in a configuration, with `before` in front of the file.
	fn program(&self, before: &[&str]) -> String {
		let path = format!("PYTHONPATH={PACKAGE}");
		let command = [&["env", &path, "python3"][..], before].concat();
		format!("[[programs]]\nhash = \"{}\"\nfile = \"{PROGRAM}\"\ncommand = {command:?}\n", self.code)
	}
}

/// Waits until `count` evaluators of a worker serve the domain.
async fn serves(worker: &mut Worker, count: usize) -> Result<()> {
	wait_for("evaluators that serve the domain", LIMIT, || {
		let running = worker.check();
		let serving = worker.output().matches("serving a domain without weight").count();
		async move { running.map(|()| (serving == count).then_some(())) }
	})
	.await
}

/// Returns the free and the held amount of an account after a block, in plancks.
async fn balance(node: &Node, who: &Keypair, block: &Value) -> Result<[u128; 2]> {
	let key = hex(&who.public_key().0);
	let stored = accounts(node, block).await?;
	let account = stored.iter().find(|(stored, _)| stored.ends_with(key.trim_start_matches("0x")));
	let (_, [free, held, ..]) = account.with_context(|| format!("the account {key}"))?;
	Ok([*free, *held])
}

/// Returns the bond of an evaluator after a block, in plancks.
async fn bond(node: &Node, who: &Keypair, block: &Value) -> Result<u128> {
	let account = who.public_key().to_account_id().to_string();
	Ok(amount(&node.call("doin_reputation", [json!(account), block.clone()]).await?["bond"]))
}

/// Waits for the verdict that makes a model of Dave the champion, and returns the champion.
async fn crowned(node: &Node, domain: &Domain, workers: &mut [&mut Worker]) -> Result<Value> {
	wait_for("the champion of Dave", LIMIT, || {
		let running = workers.iter_mut().try_for_each(|worker| worker.check());
		async move {
			running?;
			let champion = node.call("doin_champion", [json!(domain.id)]).await?;
			Ok(Some(champion).filter(|champion| champion["author"] == DAVE))
		}
	})
	.await
}

/// The evaluator that was out of the tolerance in the round whose verdict is in `block` has lost a hundredth of its bond, and the others
/// nothing.
async fn the_deviation_is_slashed(node: &Node, block: u32) -> Result<()> {
	let one = dev::one();
	for settled in (block.saturating_sub(SETTLING).max(1)..=block).rev() {
		let (before, after) = (hash(node, settled - 1).await?, hash(node, settled).await?);
		let [bonded, left] = [bond(node, &one, &before).await?, bond(node, &one, &after).await?];
		if left == bonded {
			continue;
		}
		assert_eq!(bonded - left, bonded / 100, "a hundredth of the bond is lost in block {settled}");
		let [[_, held], [_, held_after]] = [balance(node, &one, &before).await?, balance(node, &one, &after).await?];
		assert_eq!(held - held_after, bonded / 100, "and burned from the held amount");
		for other in [dev::eve(), dev::ferdie(), dev::two()] {
			assert_eq!(bond(node, &other, &before).await?, bond(node, &other, &after).await?);
		}
		return Ok(());
	}
	anyhow::bail!("no bond fell before the verdict in block {block}")
}

/// The verdict in `block` moves the bounty from Charlie to Dave, pays the evaluators that agree, and mints nothing.
async fn the_bounty_is_paid(node: &Node, domain: &Domain, block: u32) -> Result<()> {
	let (before, after) = (hash(node, block - 1).await?, hash(node, block).await?);
	let [donor, author] = [dev::charlie(), dev::dave()];
	let [[free, held], [free_after, held_after]] = [balance(node, &donor, &before).await?, balance(node, &donor, &after).await?];
	assert_eq!((free_after, held - held_after), (free, BOUNTY * DOIN), "the bounty leaves the held amount of its donor");
	let all = |[free, held]: [u128; 2]| free + held;
	let gained = all(balance(node, &author, &after).await?).saturating_sub(all(balance(node, &author, &before).await?));
	assert!(gained <= BOUNTY * DOIN && gained > (BOUNTY - COSTS) * DOIN, "Dave has gained {gained} plancks");
	for evaluator in [dev::eve(), dev::ferdie()] {
		let [poorer, richer] = [all(balance(node, &evaluator, &before).await?), all(balance(node, &evaluator, &after).await?)];
		assert!(richer > poorer, "the fee of the seat pays those that agree");
	}
	let state = node.call("doin_domain", [json!(domain.id), after.clone()]).await?;
	assert_eq!((&state["status"], amount(&state["bounty"])), (&json!("Converged"), 0), "{state}");
	let work = node.call("doin_work", [after]).await?;
	assert_eq!((amount(&work["mined"]), amount(&work["queued"])), (0, 0), "nothing is minted: {work}");
	Ok(())
}

/// The commands run the listed program by hand, and agree with the chain as the evaluators do.
fn the_commands_run_the_program(node: &Node, domain: &Domain, champion: &Value, honest: &str, other: &str) -> Result<()> {
	let id = domain.id.to_string();
	for command in [&["verify", &id][..], &["evaluate", "--domain", &id]] {
		refused(node, command, &[&domain.code, "--config FILE"])?;
	}
	let verified = report(node, &["verify", &id, "--config", honest])?;
	assert_eq!((&verified["verdict"], &verified["missing"]), (&json!("verified"), &json!([])), "{verified}");
	let differing = run("doin-worker", &["verify", &id, "--config", other, "--url", &node.url()])?;
	let text = String::from_utf8_lossy(&differing.stdout);
	assert_eq!(differing.status.code(), Some(1), "{text}");
	assert!(text.contains("out of the tolerance") && text.contains("Nobody can challenge"), "{text}");
	let evaluated = report(node, &["evaluate", "--domain", &id, "--config", honest])?;
	assert_eq!((&evaluated["error"], &evaluated["championError"]), (&champion["error"], &champion["error"]), "{evaluated}");
	let best = report(node, &["evaluate", "--domain", &id, "--gene", "rate=60", "--config", honest])?;
	assert!(
		amount(&best["error"]) <= amount(&champion["error"]) && amount(&best["error"]) < amount(&best["emptyError"]),
		"{best}"
	);
	refused(node, &["evaluate", "--domain", &id, "--gene", "rate=101", "--config", honest], &["rate=101 is out of bounds"])
}

#[tokio::test]
async fn a_majority_within_the_tolerance_pays_the_bounty_of_a_program_of_a_user() -> Result<()> {
	let node = Node::dev_with_short_rounds().await?;
	node.reach(2, LIMIT).await?;
	let domain = Domain::create(&node)?;
	let (url, program) = (node.url(), domain.program(&[]));
	// Three evaluators serve the domain, so all of them are drawn.
	let mut honest = Worker::in_tolerance_domain(&url, domain.id, &program, &[("evaluate", "//Eve"), ("evaluate", "//Ferdie")])?;
	let mut other = Worker::in_tolerance_domain(&url, domain.id, &domain.program(&[OTHER_MACHINE]), &[("evaluate", "//One")])?;
	serves(&mut honest, 2).await?;
	serves(&mut other, 1).await?;
	let mut optimizer = Worker::in_tolerance_domain(&url, domain.id, &program, &[("optimize", "//Dave")])?;

	let champion = crowned(&node, &domain, &mut [&mut honest, &mut other, &mut optimizer]).await?;
	assert!(amount(&champion["error"]) <= amount(&champion["initialError"]) / 2, "the target is reached: {champion}");
	let block = u32::try_from(champion["block"].as_u64().context("the block of the verdict")?)?;
	the_deviation_is_slashed(&node, block).await?;
	the_bounty_is_paid(&node, &domain, block).await?;
	the_commands_run_the_program(&node, &domain, &champion, &honest.config(), &other.config())?;
	for worker in [optimizer, other, honest] {
		worker.stop()?;
	}
	Ok(())
}
