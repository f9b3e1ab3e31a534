//! The command line.

use crate::{
	amount::Amount,
	config::{Class, DEV_NODE},
	csv_series::Fill,
	domain, keys, lab, run, status,
	target::TargetArgs,
	watch,
};
use anyhow::{bail, Result};
use clap::{Args, Parser, Subcommand};
use doin_chain::{Account, Chain, Patience, Signer};
use doin_primitives::DomainId;
use std::{path::PathBuf, process::ExitCode, time::Duration};

/// Finds better models for the domains of a DOIN chain, recomputes other people's scores, and is paid for both.
#[derive(Debug, Parser)]
#[command(
	version,
	about,
	after_help = "\
EXAMPLES
  A development chain on this machine, everything at once:
    doin-node --dev
    doin-worker run --dev
    doin-worker watch

  A model by hand, without any chain:
    doin-worker train --csv load.csv --column MW --family mlp --out load.doin --curve curves
    doin-worker predict --model load.doin --csv load.csv

  A domain of your own, from one column of a CSV file:
    doin-worker domain create --csv load.csv --column MW --time hour --season 24 --horizon 24 --dry-run
    doin-worker domain create --csv load.csv --column MW --time hour --season 24 --horizon 24 --key owner.key

  A worker on a public network:
    doin-worker keys generate --out evaluator.key
    doin-worker bond \"500 DOIN\" --key evaluator.key --url wss://NODE
    doin-worker run --config worker.toml"
)]
pub struct Cli {
	/// Address of the node.
	#[arg(long, visible_alias = "node", global = true, env = "DOIN_URL", default_value = DEV_NODE, value_name = "WS-URL")]
	pub url: String,
	/// Say more; twice for everything. RUST_LOG overrides it.
	#[arg(long, short, global = true, action = clap::ArgAction::Count)]
	verbose: u8,
	#[command(subcommand)]
	command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
	/// Work: optimize and evaluate, until Ctrl-C.
	#[command(after_help = "\
EXAMPLES
  doin-worker run --dev                                       all domains of a development chain, with its known keys
  doin-worker run --dev --data load.csv --column MW --season 24   a domain from a file, created if it is not there yet
  doin-worker run --config worker/configs/single-machine.toml

The journal holds what was committed and has to be revealed. Never delete it while rounds are open: an answer or a candidate that cannot
be revealed costs money. After a crash, start the worker again with the same journal.")]
	Run(run::RunArgs),
	/// Register, list and show domains.
	#[command(subcommand)]
	Domain(DomainCommand),
	/// Vote weights of domains, as a validator: the share of new money that improvements of a domain earn.
	#[command(after_help = "\
EXAMPLE
  doin-worker vote 0=1000000 3=500000 --dev-key //Alice

A weight is in parts per million. The ballot replaces the earlier one; a domain left out counts as 0. It is in force from the next session.")]
	Vote {
		/// DOMAIN=WEIGHT, at most 32 of them.
		#[arg(required = true, value_parser = parse_vote)]
		votes: Vec<(DomainId, u32)>,
		#[command(flatten)]
		key: KeyArgs,
	},
	/// Bond as an evaluator: whoever answers truly when drawn earns seat fees and 30 % of what is minted.
	#[command(after_help = "\
EXAMPLE
  doin-worker bond \"500 DOIN\" --key evaluator.key

An evaluator is drawn for every weighted domain of its size class, and has to answer: start `doin-worker run` with the same key.
`doin-worker unbond` ends it, and `doin-worker withdraw` brings the bond back when the longest round has passed.")]
	Bond {
		/// The amount, as `500 DOIN`.
		amount: Amount,
		/// Which weighted domains it serves, by what a chunk of theirs costs.
		#[arg(long, value_enum, default_value = "small")]
		class: Class,
		#[command(flatten)]
		key: KeyArgs,
	},
	/// Stop being an evaluator: it is not drawn any more, and its bond can be withdrawn once every round it may have been drawn for is over.
	Unbond {
		#[command(flatten)]
		key: KeyArgs,
	},
	/// Take the bond back, some time after `unbond`.
	Withdraw {
		#[command(flatten)]
		key: KeyArgs,
	},
	/// Show rounds, champions, work blocks and balances.
	Status {
		/// Accounts whose balances and standing are shown, too.
		#[arg(long = "account", value_name = "ADDRESS")]
		accounts: Vec<Account>,
		/// As one JSON object.
		#[arg(long)]
		json: bool,
	},
	/// Follow the chain: rounds, accepted champions, sealed work blocks, money.
	Watch(watch::WatchArgs),
	/// Make and inspect keys.
	#[command(subcommand)]
	Keys(KeysCommand),
	/// Train a model by hand, or many, and see what it is worth next to simple ones.
	#[command(after_help = "\
EXAMPLES
  doin-worker train --csv load.csv --column MW --family mlp --out load.doin
  doin-worker train --csv load.csv --column MW --family linear --horizon 24 --season 24 --window 168
  doin-worker train --csv load.csv --width 8..64 --rate 7..11 --population 40 --patience 8
  doin-worker train --csv load.csv --family mlp --epochs 60 --curve curves
  doin-worker train --csv load.csv --column MW --inputs wind,sun --steps 6,24
  doin-worker train --csv load.csv --column MW --horizon 24 --classes=-50,50          (falls, stays, rises)
  doin-worker train --csv a.csv --csv b.csv:7000 --validation-csv c.csv --test-csv d.csv --column MW

Models are exact: the same data, genes and seed give the same bytes on every machine and number of threads. A net stands beside the \
ridge and learns what that leaves, unless --blend or --no-skip is given. The last seventh of the training part says which epoch was best; \
validation chooses among candidates; nothing is chosen by the test.")]
	Train(Box<lab::train::TrainArgs>),
	/// Measure a saved model on a series, step by step, next to simple ones.
	#[command(after_help = "\
EXAMPLES
  doin-worker evaluate --model load.doin --csv load.csv
  doin-worker evaluate --model load.doin --csv next-year.csv
  doin-worker evaluate --model load.doin --csv next-year.csv:1000 --column megawatts --inputs wind2,sun2   (columns of other names)

A file of the training is known again by its values; its parts are those of the training.")]
	Evaluate(lab::evaluate::EvaluateArgs),
	/// Forecast how a series goes on, in its own units.
	#[command(after_help = "\
EXAMPLES
  doin-worker predict --model load.doin --csv load.csv
  doin-worker predict --model load.doin --csv load.csv --at 5000    (and what came after row 5000)
  doin-worker predict --model load.doin --csv load.csv --as-csv > next.csv")]
	Predict(lab::predict::PredictArgs),
	/// Recompute a champion of the chain on this machine, and say whether the chain is right.
	#[command(after_help = "\
EXAMPLES
  doin-worker verify 0
  doin-worker verify 3 --node wss://NODE --chunks 8
  doin-worker verify 3 --round 120

It ends with 0 if the chain is right, 1 if it is wrong, and 2 if it could not be told. The series is checked against the hash in the \
domain's record, and sums are computed from the models' bytes.")]
	Verify(lab::verify::VerifyArgs),
	/// Measure how fast this machine trains, and how good the models get.
	#[command(after_help = "\
EXAMPLES
  doin-worker bench
  doin-worker bench --family mlp,lstm --seeds 16 --json
  DOIN_BACKEND=scalar doin-worker bench --family mlp --repeats 3

Let nothing else run meanwhile. MLP: 96-64-64-24, 12 epochs of batches of 256; cells: 24 units over 48 steps.")]
	Bench(lab::bench::BenchArgs),
	/// List what this machine trains with: instructions of its processor, and devices that Vulkan knows.
	#[command(after_help = "\
EXAMPLE
  doin-worker devices
  doin-worker run --config gpu-host.toml --gpu 0

The environment variable DOIN_BACKEND names other instructions. `--gpu auto`, the default, takes every GPU; a number or a part of a name
takes any device, Vulkan in software too.")]
	Devices,
}

#[derive(Debug, Subcommand)]
enum DomainCommand {
	/// Make a domain from one column of a CSV file.
	#[command(after_help = "\
EXAMPLES
  Try it, without a node and without paying:
    doin-worker domain create --csv co2.csv --column ppm --season 52 --horizon 13 --history 104 --dry-run
  Register it:
    doin-worker domain create --csv co2.csv --column ppm --season 52 --horizon 13 --history 104 --key owner.key
  Only the value 13 weeks ahead; or whether it will be higher by 1 ppm or more:
    doin-worker domain create --csv co2.csv --column ppm --season 52 --steps 13 --dry-run
    doin-worker domain create --csv co2.csv --column ppm --season 52 --horizon 13 --classes 1 --dry-run

An upload that was interrupted goes on when the same command is run again. A new domain weighs 0: it pays its bounty only, until
validators vote for it (`doin-worker vote`).")]
	Create(Box<domain::CreateArgs>),
	/// Promise money to whoever solves a domain: reaches its target performance with an accepted model.
	#[command(after_help = "\
EXAMPLE
  doin-worker domain bounty 3 \"250 DOIN\" --key owner.key

The amount is put on hold, and comes back if the domain is retired unsolved. Only a domain with a target performance takes a bounty.")]
	Bounty {
		/// The domain's identifier.
		id: DomainId,
		/// The amount, as `250 DOIN`; it is added to what is promised already.
		amount: Amount,
		#[command(flatten)]
		key: KeyArgs,
	},
	/// List the domains of the chain.
	List {
		/// As JSON.
		#[arg(long)]
		json: bool,
	},
	/// Show one domain: its record, its champion, and what simple models achieve.
	Show {
		/// Its identifier.
		id: DomainId,
		/// As JSON.
		#[arg(long)]
		json: bool,
	},
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
	/// Make an sr25519 key.
	Generate {
		/// File for the phrase, readable by its owner only; on the screen when left out.
		#[arg(long, value_name = "FILE")]
		out: Option<PathBuf>,
		/// Words of the phrase: 12 or 24.
		#[arg(long, default_value_t = 12)]
		words: usize,
		/// As JSON.
		#[arg(long)]
		json: bool,
	},
	/// Show the address of a key.
	Inspect {
		#[command(flatten)]
		key: KeyArgs,
		/// As JSON.
		#[arg(long)]
		json: bool,
	},
}

/// Which key signs.
#[derive(Clone, Debug, Default, Args)]
pub struct KeyArgs {
	/// File with the key that signs: a mnemonic phrase or a 0x seed.
	#[arg(long, env = "DOIN_KEY", value_name = "FILE", conflicts_with = "dev_key")]
	key: Option<PathBuf>,
	/// Development key that signs, as //Alice. Everybody knows these.
	#[arg(long, value_name = "//NAME")]
	dev_key: Option<String>,
	/// Account to act for, when the key is its proxy.
	#[arg(long, value_name = "ADDRESS")]
	proxy_for: Option<Account>,
}

impl KeyArgs {
	/// Where the key is, if one was named.
	pub fn source(&self) -> Option<keys::KeySource> {
		let file = self.key.clone().map(keys::KeySource::File);
		file.or_else(|| self.dev_key.clone().map(keys::KeySource::Dev))
	}

	/// The signer.
	pub fn signer(&self) -> Result<Signer> {
		match self.source() {
			Some(source) => keys::signer(&source, self.proxy_for),
			None => bail!("no key was named: add --key FILE, or --dev-key //Alice on a development chain"),
		}
	}
}

/// `DOMAIN=WEIGHT`.
fn parse_vote(text: &str) -> Result<(DomainId, u32), String> {
	let wrong = || format!("`{text}` is no vote: write DOMAIN=WEIGHT, as 0=1000000, with the weight in parts per million");
	let (domain, weight) = text.split_once('=').ok_or_else(wrong)?;
	let vote = (domain.parse().map_err(|_| wrong())?, weight.replace('_', "").parse().map_err(|_| wrong())?);
	if vote.1 > doin_primitives::MILLION {
		return Err(format!("`{text}` asks for more than 1000000 parts per million, which is everything"));
	}
	Ok(vote)
}

impl Cli {
	/// What is logged when RUST_LOG does not say.
	pub fn log_filter(&self) -> &'static str {
		match (self.verbose, matches!(self.command, Command::Run(_))) {
			(0, true) => "warn,doin_worker=info,doin_chain=info",
			(0, false) => "warn",
			(1, _) => "info,doin_worker=debug,doin_chain=debug",
			_ => "debug",
		}
	}

	/// Lets the node on the same machine go first: training on all cores starves its slots otherwise.
	pub fn lower_priority(&self) {
		#[cfg(unix)]
		if matches!(self.command, Command::Run(_) | Command::Watch(_)) {
			if let Err(error) = rustix::process::setpriority_process(None, 10) {
				tracing::debug!("the priority stays as it is: {error}");
			}
		}
	}

	/// How the program ends after Ctrl-C: what runs until then ends well, everything else has not done what was asked.
	pub fn when_interrupted(&self) -> ExitCode {
		match self.command {
			Command::Run(_) | Command::Watch(_) => ExitCode::SUCCESS,
			_ => ExitCode::from(130),
		}
	}

	/// Does what was asked.
	pub async fn execute(self) -> Result<ExitCode> {
		let url = self.url;
		// A key is read before a node is asked for: a mistake in it is said at once.
		let chain = || Chain::connect(&url, Patience::Within(Duration::from_secs(3)));
		let done = match self.command {
			Command::Run(args) => run::run(&url, args).await,
			Command::Domain(DomainCommand::Create(args)) => domain::create(&url, *args).await,
			Command::Domain(DomainCommand::Bounty { id, amount, key }) => {
				let signer = key.signer()?;
				domain::bounty(&chain().await?, &signer, id, amount).await
			}
			Command::Domain(DomainCommand::List { json }) => status::domains(&chain().await?, json).await,
			Command::Domain(DomainCommand::Show { id, json }) => status::domain(&chain().await?, id, json).await,
			Command::Vote { votes, key } => {
				let signer = key.signer()?;
				domain::vote(&chain().await?, &signer, &votes).await
			}
			Command::Bond { amount, class, key } => {
				let signer = key.signer()?;
				domain::bond(&chain().await?, &signer, amount, class.into()).await
			}
			Command::Unbond { key } => {
				let signer = key.signer()?;
				domain::unbond(&chain().await?, &signer).await
			}
			Command::Withdraw { key } => {
				let signer = key.signer()?;
				domain::withdraw(&chain().await?, &signer).await
			}
			Command::Status { accounts, json } => status::status(&chain().await?, &accounts, json).await,
			Command::Watch(args) => watch::watch(&url, args).await,
			Command::Keys(KeysCommand::Generate { out, words, json }) => keys::generate(words, out.as_deref(), json),
			Command::Keys(KeysCommand::Inspect { key, json }) => match key.source() {
				Some(source) => keys::inspect(&source, json),
				None => bail!("name a key: --key FILE, or --dev-key //Alice"),
			},
			Command::Train(args) => lab::train::run(*args).await,
			Command::Evaluate(args) => lab::evaluate::run(args).await,
			Command::Predict(args) => lab::predict::run(args).await,
			// The one command whose answer is its exit code.
			Command::Verify(args) => return Ok(lab::verify::run(&url, args).await),
			Command::Devices => tokio::task::spawn_blocking(crate::devices::list).await?,
			Command::Bench(args) => lab::bench::run(args).await,
		};
		done.map(|()| ExitCode::SUCCESS)
	}
}

/// Which part of a file becomes a domain, and what is asked about it. Shared by `domain create` and `run --data`.
#[derive(Clone, Debug, Args)]
pub struct SeriesArgs {
	/// Columns that models may read beside the one to forecast. No generator makes several channels, so such a domain is judged on its
	/// validation part, and only its bounty is ever paid.
	#[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
	pub inputs: Vec<String>,
	#[command(flatten)]
	pub target: TargetArgs,
	/// Column of times: checked for order and gaps.
	#[arg(long, value_name = "COLUMN")]
	pub time: Option<String>,
	/// Steps of one season, as 24 for hourly values of a daily rhythm; found out when left out.
	#[arg(long, value_name = "STEPS")]
	pub season: Option<u16>,
	/// Steps to forecast; the last of --steps, or one season within 6 and 24, when left out.
	#[arg(long, value_name = "STEPS")]
	pub horizon: Option<u16>,
	/// Steps of history a model sees; two seasons or four horizons when left out.
	#[arg(long, value_name = "STEPS")]
	pub history: Option<u16>,
	/// Size of one step of the stored values, in units of the column; a suitable power of ten when left out.
	#[arg(long, value_name = "SIZE")]
	pub unit: Option<f64>,
	/// Factor that the column is multiplied by first.
	#[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
	pub scale: f64,
	/// Fill missing values and missing times.
	#[arg(long, value_enum)]
	pub fill: Option<Fill>,
	/// Name of the domain; made from file and column when left out.
	#[arg(long)]
	pub name: Option<String>,
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	#[test]
	fn the_command_line_is_consistent() {
		Cli::command().debug_assert();
	}

	#[test]
	fn votes_are_read_and_refused() {
		assert_eq!(parse_vote("3=1_000_000").unwrap(), (3, 1_000_000));
		for wrong in ["3", "3=", "x=1", "3=1000001", "3=-1"] {
			assert!(parse_vote(wrong).unwrap_err().contains("per million"), "{wrong}");
		}
	}

	#[test]
	fn what_the_scripts_call_is_understood() {
		for line in [
			"doin-worker run --dev --url ws://127.0.0.1:1 --journal j --data d --column c --season 24 --horizon 6 --history 48 --unit 0.1 --scale 2 --fill linear --name n --time t",
			"doin-worker watch --url ws://127.0.0.1:1 --since 5 --alongside 1 --alongside 2 --until-work-block 1",
			"doin-worker domain create --csv a --column b --time c --season 24 --horizon 24 --history 96 --dry-run --json",
			"doin-worker domain create --csv a --column b --inputs c,d --horizon 24 --classes -0.5,0.5 --dry-run",
			"doin-worker vote 0=1 1=2 --dev-key //Alice",
			"doin-worker bond 500DOIN --class large --key k",
			"doin-worker unbond --key k",
			"doin-worker withdraw --dev-key //Eve",
			"doin-worker status --json",
			"doin-worker keys generate --out k --words 24",
		] {
			Cli::try_parse_from(line.split(' ')).unwrap_or_else(|e| panic!("{line}: {e}"));
		}
		assert!(Cli::try_parse_from(["doin-worker", "run"]).is_err(), "run needs a configuration or --dev");
	}
}
