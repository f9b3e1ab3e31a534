//! `mine`: evolves and evaluates loss genomes for one account, with the options of the seed's client.
//!
//! A task of the seed's pool is a role here: *evolve* is the optimizer, *evaluate* the evaluator, on the same key. A cycle is a round of
//! a domain of loss genomes that has a result.

use crate::{args::NodeArgs, report::print_text, work::interrupted};
use anyhow::{bail, ensure, Context, Result};
use clap::Args;
use doin_chain::{Account, Chain, Head};
use doin_primitives::{views::DomainView, Balance, DomainId, LastRound, ProgramKind, Status};
use doin_roles::{
	amount::Amount,
	config::{addresses, node_url, ClassName, Config, ConfigFile, DomainConfig, IdentityConfig, Role, Settings, NO_DATABASE},
	keys::{self, KeySource, Phrase},
	loss::percent_better,
	round_result::describe,
	worker::Worker,
};
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// Text behind the options.
pub const HELP: &str = "\
EXAMPLES
  doin-worker mine --seed-file miner.key
  doin-worker mine --seed-file miner.key --api-url wss://NODE --task-type evolve --cycles 10
  doin-worker mine --seed-file miner.key --task-type evaluate --bond \"500 DOIN\"
  doin-worker mine --seed-file miner.key --alternate --bond \"500 DOIN\" --delay 5
  doin-worker mine --dev-key //Dave --cycles 1

Options are those of the seed's client, with dashes or underscores. `evolve` searches loss genomes by genetic programming on all cores \
and commits those that are worth a seat; `evaluate` answers the draws of the account as an evaluator, which needs a bond. With \
--alternate, the account does both: drawn evaluators have to answer at any time, so neither task pauses for the other.

A cycle is a round of one of the domains that has a result; 0 cycles are without end. The journal holds what is committed and has to be \
revealed: after a crash, and after the last cycle, start the command again with the same journal until nothing is open.";
/// Journal of the command.
const JOURNAL: &str = "doin-mine.db";
/// Warning of a phrase among the arguments.
const TYPED: &str =
	"warning: every user of this machine can see the phrase of --mnemonic in the list of processes, and the shell may keep it \
	in its history: write it into a file that only you can read, and name that file with --seed-file";

/// Task of a miner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Task {
	/// Search for better loss genomes, and commit them
	#[default]
	Evolve,
	/// Train nets with the genomes of others, as a drawn evaluator
	Evaluate,
}

/// Arguments of `mine`.
#[derive(Clone, Debug, Args)]
#[command(group = clap::ArgGroup::new("miner").required(true).args(["mnemonic", "seed_file", "dev_key"]))]
pub struct MineArgs {
	/// Mnemonic phrase of the account, or its 0x seed. Other users of the machine can see it: --seed-file hides it
	#[arg(long, value_name = "WORDS")]
	mnemonic: Option<Phrase>,
	/// File with the phrase or seed of the account, on one line
	#[arg(long, visible_alias = "seed_file", value_name = "FILE")]
	seed_file: Option<PathBuf>,
	/// Development key, e.g. //Dave; these keys are public
	#[arg(long, visible_alias = "dev_key", value_name = "//NAME")]
	dev_key: Option<String>,
	/// Address of the node, in place of --url
	#[arg(long, visible_aliases = ["api_url", "pool-url", "pool_url"], value_name = "WS-URL")]
	api_url: Option<String>,
	/// Task
	#[arg(long, visible_alias = "task_type", value_enum, default_value_t, conflicts_with = "alternate")]
	task_type: Task,
	/// Do both tasks
	#[arg(long)]
	alternate: bool,
	/// Rounds with a result after which the command ends; 0 for never
	#[arg(long, value_name = "N", default_value_t = 0)]
	cycles: u32,
	/// Seconds between two looks at results and balance
	#[arg(long, value_name = "SECONDS", default_value_t = 6, value_parser = clap::value_parser!(u64).range(1..=3_600))]
	delay: u64,
	/// Domains to mine [default: all active domains of loss genomes]
	#[arg(long, value_name = "ID,...", value_delimiter = ',')]
	domain: Vec<DomainId>,
	/// Bond of the evaluator, if the account has none yet, e.g. "500 DOIN"
	#[arg(long, value_name = "AMOUNT")]
	bond: Option<Amount>,
	/// Journal
	#[arg(long, value_name = "FILE", default_value = JOURNAL)]
	journal: PathBuf,
}

/// Runs `mine`.
///
/// # Errors
///
/// Errors if the key or the journal cannot be used, if an option does not fit the task, or if there is no domain to mine.
pub async fn run(node: &NodeArgs, args: MineArgs) -> Result<()> {
	if args.mnemonic.is_some() {
		eprintln!("{TYPED}");
	}
	let (source, roles) = (args.source()?, args.roles()?);
	let miner = keys::signer(&source, None)?.account();
	let url = args.url(node)?;
	let chain = NodeArgs { url: Some(url.clone()) }.connect().await?;
	let domains = chosen(&chain.domains(chain.head()).await?, &args.domain)?;
	let config = args.config(url, &source, &roles, &domains);
	let tasks: Vec<&str> = roles.iter().map(|role| if *role == Role::Optimize { "evolve" } else { "evaluate" }).collect();
	let listed: Vec<String> = domains.iter().map(ToString::to_string).collect();
	print_text(format!("{miner} mines domain {}: {}\n", listed.join(", "), tasks.join(" and ")))?;
	let worker = Worker::open(config).await?;
	let mut cycles = Cycles::new(domains, miner);
	tokio::select! {
		ended = worker.run() => ended,
		ended = cycles.follow(&chain, args.cycles, Duration::from_secs(args.delay)) => {
			ended?;
			print_text(format!("{}\n", Cycles::advice(&args)))
		}
		() = interrupted() => {
			eprintln!("stopped");
			Ok(())
		}
	}
}

impl MineArgs {
	/// Returns the source of the key.
	fn source(&self) -> Result<KeySource> {
		let file = self.seed_file.clone().map(KeySource::File);
		let typed = self.mnemonic.clone().map(KeySource::Typed);
		file.or(typed).or_else(|| self.dev_key.clone().map(KeySource::Dev)).context("no key was named: add --seed-file FILE")
	}

	/// Returns the roles of the tasks.
	fn roles(&self) -> Result<Vec<Role>> {
		let roles = match (self.alternate, self.task_type) {
			(true, _) => vec![Role::Optimize, Role::Evaluate],
			(false, Task::Evolve) => vec![Role::Optimize],
			(false, Task::Evaluate) => vec![Role::Evaluate],
		};
		ensure!(
			self.bond.is_none() || roles.contains(&Role::Evaluate),
			"--bond is the bond of an evaluator: add --task-type evaluate or --alternate, or leave it out"
		);
		Ok(roles)
	}

	/// Returns the address of the node.
	fn url(&self, node: &NodeArgs) -> Result<String> {
		let url = node_url(self.api_url.clone().or_else(|| node.url.clone()));
		if addresses(&url).iter().any(|address| address.starts_with("http")) {
			bail!("the chain takes the place of a pool, and nodes are named by ws:// or wss://: name one, e.g. --api-url ws://127.0.0.1:9944");
		}
		Ok(url)
	}

	/// Returns the configuration of a worker that does the tasks on `domains`.
	fn config(&self, url: String, source: &KeySource, roles: &[Role], domains: &[DomainId]) -> Config {
		let optimize = roles.contains(&Role::Optimize);
		let identity = |role: &Role| {
			let identity = IdentityConfig::new(*role, source.clone());
			match role {
				// A training run costs as much as the most expensive chunks.
				Role::Evaluate => IdentityConfig { bond: self.bond, class: self.bond.map(|_| ClassName::Huge), ..identity },
				_ => identity,
			}
		};
		let domain = |id: &DomainId| DomainConfig { domain_id: Some(*id), optimize, evaluate: true, ..Default::default() };
		let file = ConfigFile {
			identities: roles.iter().map(identity).collect(),
			domains: domains.iter().map(domain).collect(),
			..ConfigFile::default()
		};
		let settings = Settings {
			url: Some(url),
			journal: Some(self.journal.clone()),
			gpu: Some("none".into()),
			dashboard_enabled: Some(false),
			olap_db: Some(NO_DATABASE.into()),
			..Settings::default()
		};
		Config::layered(settings, Settings::default(), file)
	}
}

/// Returns the domains to mine: those of `wanted`, or all active domains of loss genomes.
fn chosen(domains: &[DomainView<Account>], wanted: &[DomainId]) -> Result<Vec<DomainId>> {
	let of_genomes: Vec<&DomainView<Account>> =
		domains.iter().filter(|domain| domain.program == ProgramKind::LossGenome).collect();
	for id in wanted {
		match domains.iter().find(|domain| domain.id == *id) {
			None => bail!("domain {id} does not exist: `doin-worker domain list` lists the domains"),
			Some(domain) if domain.program != ProgramKind::LossGenome => {
				bail!("the models of domain {id} are no genomes: `doin-worker run` works on it")
			}
			Some(_) => {}
		}
	}
	let active = of_genomes.into_iter().filter(|domain| domain.status == Status::Active).map(|domain| domain.id);
	let active: Vec<DomainId> = active.filter(|id| wanted.is_empty() || wanted.contains(id)).collect();
	if let Some(id) = wanted.iter().find(|id| !active.contains(id)) {
		bail!("domain {id} takes no commits: `doin-worker domain list` shows the status of each domain");
	}
	ensure!(
		!active.is_empty(),
		"there is nothing to mine, since no domain of loss genomes is active: make one with `doin-worker domain create --genome --csv \
		 FILE --label COLUMN`"
	);
	Ok(active)
}

/// Rounds with a result, and what the account has.
struct Cycles {
	domains: Vec<DomainId>,
	miner: Account,
	/// Last round of each domain that was reported, or that ended before the start.
	seen: BTreeMap<DomainId, u32>,
	/// Free and held balance at the last look.
	balance: Option<Balance>,
	/// Change of the balance since the last cycle, in plancks.
	change: i128,
	ended: u32,
}

impl Cycles {
	fn new(domains: Vec<DomainId>, miner: Account) -> Self {
		Self { domains, miner, seen: BTreeMap::new(), balance: None, change: 0, ended: 0 }
	}

	/// Prints rewards and cycles until so many have ended; without end for 0.
	async fn follow(&mut self, chain: &Chain, cycles: u32, delay: Duration) -> Result<()> {
		loop {
			match self.look(chain, chain.head()).await {
				Ok(lines) => lines.into_iter().try_for_each(print_text)?,
				// The roles report a node that is lost.
				Err(error) => tracing::debug!(target: "doin::mine", "{error:#}"),
			}
			if cycles > 0 && self.ended >= cycles {
				return Ok(());
			}
			tokio::time::sleep(delay).await;
		}
	}

	/// Returns the lines about what has changed until block `at`.
	async fn look(&mut self, chain: &Chain, at: Head) -> Result<Vec<String>> {
		let funds = chain.funds(at, self.miner).await?;
		let mut lines: Vec<String> = self.funds_are(funds.free.saturating_add(funds.held)).into_iter().collect();
		for id in self.domains.clone() {
			let Some(domain) = chain.domain(at, id).await? else { continue };
			if !self.is_new(id, domain.last_round.as_ref()) {
				continue;
			}
			let champion = chain.champion(at, id).await?;
			let better = champion.map_or(0.0, |champion| percent_better(champion.loss));
			lines.extend(domain.last_round.as_ref().map(|last| self.summary(id, last, better)));
		}
		Ok(lines)
	}

	/// Notes the balance. Returns the line of a reward, which is a rise of it.
	fn funds_are(&mut self, balance: Balance) -> Option<String> {
		let before = self.balance.replace(balance)?;
		self.change += signed(balance) - signed(before);
		let reward = balance.checked_sub(before).filter(|reward| *reward > 0)?;
		Some(format!("reward: {} (balance {})\n", Amount(reward), Amount(balance)))
	}

	/// Returns `true` if a domain has a last round that was not reported and ended after the start.
	fn is_new(&mut self, id: DomainId, last: Option<&LastRound>) -> bool {
		let number = last.map(|last| last.number);
		match self.seen.get(&id) {
			None => {
				// Rounds that ended before the start are no cycles. No round has the largest number.
				self.seen.insert(id, number.unwrap_or(u32::MAX));
				false
			}
			Some(seen) => number.is_some_and(|number| number != *seen),
		}
	}

	/// Returns the line of a cycle, in which a round of domain `id` has ended and its champion is `better` per cent better than the
	/// initial one.
	fn summary(&mut self, id: DomainId, last: &LastRound, better: f64) -> String {
		self.seen.insert(id, last.number);
		self.ended += 1;
		let change = std::mem::take(&mut self.change);
		let sign = if change < 0 { "-" } else { "+" };
		let (cycle, balance) = (self.ended, Amount(self.balance.unwrap_or(0)));
		format!(
			"cycle {cycle}: domain {id}, {}; the champion makes {better:.1} % fewer mistakes than the best built-in loss; balance {balance} \
			 ({sign}{})\n",
			describe(last),
			Amount(change.unsigned_abs())
		)
	}

	/// Returns the next step after the last cycle.
	fn advice(args: &MineArgs) -> String {
		format!(
			"All cycles have ended. What is still committed is revealed only while the command runs: start it again with the journal {} if a \
			 round of this account is open",
			args.journal.display()
		)
	}
}

/// Returns an amount with a sign.
fn signed(amount: Balance) -> i128 {
	i128::try_from(amount).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;
	use doin_primitives::{RoundResult, UnpaidReason, DOIN};

	const PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

	#[derive(Debug, Parser)]
	struct Line {
		#[command(flatten)]
		node: NodeArgs,
		#[command(flatten)]
		args: MineArgs,
	}

	fn parse(arguments: &[&str]) -> Result<MineArgs, clap::Error> {
		Line::try_parse_from([&["mine"][..], arguments].concat()).map(|line| line.args)
	}

	fn args(line: &str) -> MineArgs {
		parse(&line.split(' ').collect::<Vec<_>>()).unwrap()
	}

	#[test]
	fn options_of_the_seed_are_taken_in_both_spellings() {
		for line in [
			"--seed-file a.key --api-url ws://n --task-type evolve --cycles 3 --delay 5",
			"--seed_file a.key --api_url ws://n --task_type evaluate --cycles 0 --delay 60",
			"--seed-file a.key --pool-url ws://n --alternate",
			"--seed_file a.key --pool_url ws://n --alternate --bond 500DOIN",
		] {
			assert_eq!(args(line).url(&NodeArgs::default()).unwrap(), "ws://n", "{line}");
		}
		assert_eq!(parse(&["--mnemonic", PHRASE]).unwrap().roles().unwrap(), [Role::Optimize]);
		assert_eq!(args("--dev-key //Dave --alternate").roles().unwrap(), [Role::Optimize, Role::Evaluate]);
		for wrong in [
			"--cycles 3",
			"--seed-file a --dev-key //Dave",
			"--seed-file a --alternate --task-type evolve",
			"--seed-file a --task-type mine",
			"--seed-file a --delay 0",
		] {
			assert!(parse(&wrong.split(' ').collect::<Vec<_>>()).is_err(), "{wrong}");
		}
	}

	#[test]
	fn what_does_not_fit_a_chain_is_refused_with_the_next_step() {
		let pool = args("--dev-key //Dave --pool_url https://pool.example/api/v1").url(&NodeArgs::default()).unwrap_err();
		assert!(pool.to_string().contains("the chain takes the place of a pool"), "{pool}");
		let bond = args("--dev-key //Dave --bond 5DOIN").roles().unwrap_err().to_string();
		assert!(bond.contains("--task-type evaluate or --alternate"), "{bond}");
	}

	#[test]
	fn a_typed_phrase_is_a_key_and_shown_nowhere() {
		let args = parse(&["--mnemonic", PHRASE, "--alternate"]).unwrap();
		let source = args.source().unwrap();
		let config = args.config("ws://n".into(), &source, &args.roles().unwrap(), &[2]);
		for shown in [
			format!("{args:?}"),
			format!("{source:?}"),
			format!("{config:?}"),
			serde_json::to_string(&config.identities).unwrap(),
		] {
			assert!(!shown.contains("drive"), "{shown}");
		}
		let typed = source.load().unwrap().public_key();
		assert_eq!(typed.0, keys::keypair(PHRASE).unwrap().public_key().0);
		let wrong = parse(&["--mnemonic", "bottom drive obey"]).unwrap().source().unwrap().load().unwrap_err();
		let wrong = format!("{wrong:#}");
		assert!(wrong.contains("3 words") && !wrong.contains("obey"), "{wrong}");
		assert!(TYPED.contains("every user of this machine can see"));
	}

	#[test]
	fn both_tasks_work_with_one_key_on_the_same_domains() {
		let args = args("--dev-key //Dave --alternate --bond 500DOIN --journal m.db");
		let config = args.config("ws://n".into(), &args.source().unwrap(), &args.roles().unwrap(), &[2, 5]);
		let [evolve, evaluate] = &config.identities[..] else { panic!("two identities") };
		assert_eq!((evolve.role, evaluate.role, evolve.dev.as_deref()), (Role::Optimize, Role::Evaluate, Some("//Dave")));
		assert_eq!((evaluate.class, evolve.bond), (Some(ClassName::Huge), None));
		assert!(config.domains.iter().all(|domain| domain.optimize && domain.evaluate));
		assert_eq!((config.domains.len(), config.journal), (2, PathBuf::from("m.db")));
		let evaluate = super::tests::args("--dev-key //Dave --task-type evaluate");
		let config = evaluate.config("ws://n".into(), &evaluate.source().unwrap(), &evaluate.roles().unwrap(), &[2]);
		assert!(!config.domains[0].optimize);
	}

	#[test]
	fn cycles_are_rounds_with_a_result_and_rewards_are_rises_of_the_balance() {
		let mut cycles = Cycles::new(vec![2], Account([1; 32]));
		let round = |number| LastRound { number, block: 90, result: RoundResult::Unpaid(UnpaidReason::NoImprovement) };
		assert!(!cycles.is_new(2, Some(&round(6))), "it ended before the start");
		assert!(!cycles.is_new(2, Some(&round(6))));
		assert!(cycles.is_new(2, Some(&round(7))));
		assert_eq!(cycles.funds_are(100 * DOIN), None);
		assert_eq!(cycles.funds_are(98 * DOIN), None, "a fee");
		assert!(cycles.funds_are(103 * DOIN).unwrap().starts_with("reward: 5"));
		let line = cycles.summary(2, &round(7), 12.34);
		for part in ["cycle 1: domain 2, round 7 earned nothing", "12.3 % fewer mistakes", "(+3"] {
			assert!(line.contains(part), "`{part}`: {line}");
		}
		assert!(!cycles.is_new(2, Some(&round(7))));
		let mut first = Cycles::new(vec![3], Account([1; 32]));
		assert!(!first.is_new(3, None));
		assert!(first.is_new(3, Some(&round(0))), "the first round of a domain");
	}
}
