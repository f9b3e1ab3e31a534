//! Arguments of the program, and its start and end.

use crate::{
	args::NodeArgs,
	commands::{
		accuse, anchor, backtest, bench, bond, budget, channel, clean_up, devices, domain, evaluate, export, forecast, genome,
		history, index, infer, journal, keys, mine, offer, optimize, own, predict, pull, reporter, run, service, sponsor, status,
		stream, top, train, training_pairs, verify, vote, watch,
	},
	report::shown_error,
	work::interrupted,
};
use anyhow::Result;
use clap::{Parser, Subcommand};
use doin_chain::with_shown_urls;
use doin_roles::keys::without_secrets;
use std::{
	io::{self, IsTerminal, Write},
	process::ExitCode,
	time::Duration,
};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{filter::filter_fn, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt, EnvFilter};

/// Time that computations in the background get to end after Ctrl-C.
const SHUTDOWN: Duration = Duration::from_secs(5);
/// Exit code of a command that Ctrl-C interrupted, as shells report it.
const INTERRUPTED: u8 = 130;
/// Beginnings of the targets whose events below `info` show the path, the query and the password of an address apart from it.
const TARGETS_WITH_CREDENTIALS: [&str; 2] = ["jsonrpsee", "soketto"];

/// Trains models for the domains of a DOIN chain, and recomputes the models of others; the chain pays for both.
#[derive(Debug, Parser)]
#[command(
	name = "doin-worker",
	version,
	after_help = "\
EXAMPLES
  All roles on a development chain on this machine:
    doin-node --dev
    doin-worker run --dev
    doin-worker watch

  A model without any chain:
    doin-worker train --csv load.csv --column MW --family mlp --out load.doin --curve curves
    doin-worker predict --model load.doin --csv load.csv

  A domain of one column of a CSV file:
    doin-worker domain create --csv load.csv --column MW --time hour --season 24 --horizon 24 --dry-run
    doin-worker domain create --csv load.csv --column MW --time hour --season 24 --horizon 24 --key owner.key

  A worker on a public network:
    doin-worker keys generate --out evaluator.key
    doin-worker bond \"500 DOIN\" --key evaluator.key --url wss://NODE
    doin-worker run --config worker.toml"
)]
pub struct Cli {
	#[command(flatten)]
	node: NodeArgs,
	/// Increase log verbosity (-v debug, -vv trace); RUST_LOG overrides it
	#[arg(long, short, global = true, action = clap::ArgAction::Count)]
	verbose: u8,
	#[command(subcommand)]
	command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
	/// Optimize, evaluate and report until Ctrl-C
	#[command(after_help = "\
EXAMPLES
  doin-worker run --dev                                       all domains of a development chain, with its public keys
  doin-worker run --dev --data load.csv --column MW --season 24   a domain of a file, created if it does not exist
  doin-worker run --config worker/configs/single-machine.toml

Settings come from the first of: flag, environment (DOIN_URL, DOIN_JOURNAL, DOIN_GPU, DOIN_OLAP_DB), configuration file, default.

The dashboard is at http://127.0.0.1:8470/dashboard, and /api/openapi.json lists the routes for programs. It is open to this machine \
only, unless --dashboard-address names another address. The facts of all finalized blocks are stored in doin-olap.db beside the \
journal; the node has to keep them (`doin-node --state-pruning archive`).

The journal is one file, which holds the payloads that were committed and have to be revealed. Never delete it while rounds are \
open: an answer or a candidate that cannot be revealed costs money. After a crash, start the worker again with the same journal. \
`doin-worker journal backup OUT` copies it while the worker runs. The journal of a development chain that began anew is moved \
aside under a new name.

Identities with one key share one queue of calls. Start one worker per key: two processes compete for its nonces.")]
	Run(Box<run::RunArgs>),
	/// Make, nominate, fund, seal, list, show and end domains
	#[command(subcommand)]
	Domain(domain::DomainCommand),
	/// Open the segments of a sealed domain when rounds wait for them, until Ctrl-C
	#[command(after_help = "\
EXAMPLES
  doin-worker own --domain 3 --csv letters.csv --label letter --key owner.key
  doin-worker own --domain 3 --csv letters.csv --label letter --segment-key letters.segments --key hot.key
  doin-worker own --domain 3 --csv letters.csv --label letter --segment-key letters.segments --key hot.key --check

File and key rebuild every segment and its salt, so nothing else has to be kept. All segments are compared with the hashes on the \
chain before anything is sent, and those that differ are named. A segment is opened once the close of the commits is final, or when a \
quarter of the time is left; a tenth of the deposit burns if it is not opened in time. `doin-worker run` does the same for an identity \
with role = \"own\".

An opened segment is published for ever.")]
	Own(Box<own::OwnArgs>),
	/// Vote for the weights of domains, as a validator. A weight is a factor of what the improvements of a domain mint
	#[command(after_help = "\
EXAMPLES
  doin-worker vote 0=1000000 3=500000 --dev-key //Alice
  doin-worker vote --none --dev-key //Alice

A weight is in parts per million. The ballot replaces the earlier one; an omitted domain counts as 0. It is in force from the \
next session. Only nominated domains can be voted for (`doin-worker domain nominate`); `doin-worker domain ballot` lists them. --none \
removes the ballot, which releases its deposit.")]
	Vote(vote::VoteArgs),
	/// Bond as an evaluator. Drawn evaluators that answer correctly earn seat fees and 30 % of the minted money
	#[command(after_help = "\
EXAMPLE
  doin-worker bond \"500 DOIN\" --key evaluator.key

An evaluator is drawn for every weighted domain of its size class, and has to answer: start `doin-worker run` with the same \
key. `doin-worker unbond` stops the service, and `doin-worker withdraw` releases the bond once the longest round has passed.")]
	Bond(bond::BondArgs),
	/// Serve a domain as an evaluator, e.g. one without weight, for which nobody is drawn otherwise
	#[command(after_help = "\
EXAMPLE
  doin-worker serve 3 --key evaluator.key

`doin-worker run` serves every domain without weight that its configuration names with `evaluate = true`. An evaluator serves eight \
domains at most. Weighted domains are served by all evaluators of their size class (`doin-worker bond`).")]
	Serve(service::ServiceArgs),
	/// Stop serving a domain: the evaluator is not drawn for it any more
	#[command(after_help = "\
EXAMPLE
  doin-worker unserve 3 --key evaluator.key

Draws before this call have to be answered. `doin-worker run` does the same for domains that its configuration names with \
`evaluate = false`, and for domains that were removed.")]
	Unserve(service::ServiceArgs),
	/// Stop the service of an evaluator: it is not drawn any more, and its bond can be withdrawn once all rounds of earlier draws
	/// are over
	Unbond(bond::SigningArgs),
	/// Withdraw the bond, some time after `unbond`
	Withdraw(bond::SigningArgs),
	/// Add to the pot of a stream, from which its reporters are paid, or to that of its market of forecasts
	#[command(after_help = "\
EXAMPLES
  doin-worker sponsor BTC/USD \"100 DOIN\" --key sponsor.key
  doin-worker sponsor CO2-DEMO 100 DOIN --dev-key //Alice           (the stream of a development chain)
  doin-worker sponsor BTC/USD 100 DOIN --market --key sponsor.key    (the pot that pays the gains of forecasts)

The bars of a stream are asked for while its pot pays. Each batch takes the fee of the stream out of the pot; nothing is paid back. A \
stream whose pot is used up sleeps, and wakes with the next amount. 1 DOIN is the least.")]
	Sponsor(sponsor::SponsorArgs),
	/// Register, list and remove streams of bars
	#[command(subcommand)]
	Stream(stream::StreamCommand),
	/// Let a key report bars for a validator, show reporters, and release their holds
	#[command(subcommand)]
	Reporter(reporter::ReporterCommand),
	/// Limit what a hot key, a proxy of type `Work`, may cost its account. The hot key cannot commit candidates without a budget
	#[command(after_help = "\
EXAMPLE
  doin-worker budget 20 DOIN --key cold.key

The amount may be spent in each window; 0 DOIN removes the budget. It is charged for seats, their holds and the bonds of challenges. A stolen hot key cannot spend more than this in a window.")]
	Budget(budget::BudgetArgs),
	/// Release what is on hold for nothing: models that no round needs, and a challenge that was announced and never made
	#[command(after_help = "\
EXAMPLES
  doin-worker clean-up --key optimizer.key --dry-run
  doin-worker clean-up --key optimizer.key
  doin-worker clean-up --model 12 --key optimizer.key           (a contender, also while its domain takes commits)
  doin-worker clean-up --record ADDRESS --key any.key           (a reputation record whose score is neutral again)

Without --model and --record, the models of removed domains and the contenders of domains that take no commits are released, the \
announced challenge of this account is cancelled once it has expired, and removed domains are served no more. `doin-worker run` does \
the same at its start, and looks for such models and challenges once a day. A contender that is released cannot become champion any \
more.")]
	CleanUp(clean_up::CleanUpArgs),
	/// Show rounds, champions, work blocks and balances
	Status(status::StatusArgs),
	/// Follow rounds, accepted champions, sealed work blocks and balances
	Watch(watch::WatchArgs),
	/// Show the searches, domains, rounds and work of a running worker in the terminal, live
	#[command(after_help = top::HELP)]
	Top(top::TopArgs),
	/// Generate and inspect keys
	#[command(subcommand)]
	Keys(keys::KeysCommand),
	/// Copy the journal of a worker
	#[command(subcommand)]
	Journal(journal::JournalCommand),
	/// Store the facts of finalized blocks in a SQLite database, for analytics
	#[command(after_help = "\
EXAMPLES
  doin-worker index                                    (until Ctrl-C; goes on where it ended)
  doin-worker index --olap-db facts.db --once --stats-file rounds.csv
  doin-worker index check --olap-db facts.db
  doin-worker index rebuild new.db --olap-db facts.db
  sqlite3 doin-olap.db 'SELECT node_id, best_performance FROM fact_experiment_summary'

All blocks from genesis on are stored, with the events of all accounts, so the node has to keep them: \
`doin-node --state-pruning archive`. Only finalized blocks are stored. A batch of blocks and the position after it are one \
transaction: a process that is killed leaves neither a gap nor a duplicate.")]
	Index(Box<index::IndexArgs>),
	/// Publish anchors, i.e. work blocks with their hashes, to a file, an HTTP server and another chain, and verify them
	#[command(after_help = "\
EXAMPLES
  doin-worker anchor                                                (to anchors.jsonl, until Ctrl-C; goes on where it ended)
  doin-worker anchor --http http://archive.example/anchors --chain wss://OTHER --key remarks.key
  doin-worker anchor --once --json
  doin-worker anchor verify --http http://archive.example/anchors --chain wss://OTHER

Every hundredth work block is an anchor; on a development chain, every one. It is published once its block is final, and read back. \
Later, a copy of an anchor shows whether a node has the same history. The newest anchor is the first that is published, since it \
stands for all blocks before it.

--key pays for a remark of 152 bytes on the other chain for each anchor. `doin-worker run` does the same if its configuration has a \
table [anchor]. Start one publisher per file.")]
	Anchor(Box<anchor::AnchorArgs>),
	/// Copy the facts of the database of `index` to a CSV file, to Parquet files or to PostgreSQL
	#[command(after_help = "\
EXAMPLES
  doin-worker export --csv rounds.csv --olap-db facts.db
  doin-worker export --parquet facts             (a folder a table; read them as facts/fact_round/*.parquet)
  doin-worker export --postgres postgresql://doin@localhost/doin
  DOIN_POSTGRES='host=/run/postgresql dbname=doin user=doin' doin-worker export

Every export goes on after the last one, so it can be repeated at any time, e.g. by cron. A CSV file has the rounds; a performance is \
an error sum on the validation split: lower is better. Parquet and PostgreSQL get all tables. Parquet files of tables whose rows never \
change are added, and the others are written again. PostgreSQL also gets views named doin_… for Metabase, Superset and \
Grafana (docs/grafana/doin.json). The connection is not encrypted: use a Unix socket, the loopback interface or a tunnel.")]
	Export(export::ExportArgs),
	/// Write the historical bars of a market to a CSV file, to train on
	#[command(after_help = "\
EXAMPLES
  doin-worker history --source binance:BTCUSDT --from 2026-01-01 --out btc.csv
  doin-worker history --source binance:ETHUSDT --from 2025-01-01 --to 2025-07-01 --bar 1h --decimals 2 --out eth.csv
  doin-worker history --config reporter.toml --stream BTC/USD --from 2026-01-01 --out btc.csv    (the sources that are reported)
  doin-worker history --source program:./feed.sh --from 2026-01-01 --out feed.csv
  doin-worker train --csv btc.csv --column close --time timestamp

The file has the columns timestamp,close,high,low,volume. A timestamp is the end of a bar, in milliseconds since 1970; values are exact \
decimals. Of several sources the median of each value is written, of the bars that more than half of them have; a bar that is missing \
has no row.

A URL of klines has the placeholders {from} and {to} (milliseconds), {from_s} and {to_s} (seconds) and {limit}; the places of the values \
are those of Binance. A market with other places is a source in a configuration (worker/configs/reporter.toml).")]
	History(history::HistoryArgs),
	/// Stake wagers on forecasts of a stream, reveal them and collect their pay, until Ctrl-C
	#[command(after_help = "\
EXAMPLES
  doin-worker backtest --stream BTC/USD --base-model linear              (first: has the model any skill?)
  doin-worker forecast --stream BTC/USD --base-model linear --wager 2 DOIN --key forecaster.key
  doin-worker forecast --stream BTC/USD --base-model lstm --retrain 2016 --history btc.csv --wager 2 DOIN --key forecaster.key
  doin-worker forecast --stream BTC/USD --base-model btc.doin --wager 2 DOIN --key forecaster.key    (a file of `train --out`)
  doin-worker forecast --stream BTC/USD --program \"python3 model.py\" --wager 2 DOIN --key forecaster.key
  doin-worker forecast --stream BTC/USD --leave --key forecaster.key

Each round takes the wager, 0.02 DOIN as a deposit and 0.01 DOIN that burns; the first one holds 0.136 DOIN until the account leaves. A \
forecast that is better than the reference of the round gains a part of its wager, one that is worse loses a part, and one that is not \
revealed loses all of it: after a crash, start again with the same journal. Start one forecaster for an account. `doin-worker run` does \
the same for an identity with role = \"forecast\" and the entries of `forecasts` (worker/configs/forecaster.toml).

What a record proves mints while the stream has a voted weight; it is claimed when that pays.")]
	Forecast(Box<forecast::ForecastArgs>),
	/// Forecast the rounds of historical bars as the market would hold them, and show the skill of the forecasts
	#[command(after_help = "\
EXAMPLES
  doin-worker history --source binance:BTCUSDT --from 2026-01-01 --out btc.csv
  doin-worker backtest --csv btc.csv --base-model linear
  doin-worker backtest --csv btc.csv --base-model lstm --retrain 2016 --channels high,low,volume,rsi
  doin-worker backtest --csv btc.csv --base-model btc.doin               (a file of `train --out`)
  doin-worker backtest --csv btc.csv --base-model program:./model.py     (a model of your own; docs/forecasting.md)
  doin-worker backtest --csv load.csv --column MW --horizon 24 --lead 4 --batch 1
  doin-worker backtest --stream BTC/USD

A round opens on the last bar of a batch. A forecast has the changes from a zero that nobody knows yet, the median of three later closes, \
and its skill is the error that it saves against the reference of the round, relative to the average error of references: 0 is no skill, \
1 the most. It is what a wager returns on average while gains are paid in full. Nets see no bar after the input of a round; the \
references settle on the bars before the first one. Rounds that overlap are not independent: the uncertainty is over samples of two \
horizons.")]
	Backtest(Box<backtest::BacktestArgs>),
	/// Write windows of past bars with their true continuations, as JSON lines, to train a model of your own on
	#[command(after_help = "\
EXAMPLES
  doin-worker training-pairs --csv btc.csv --count 10000 --out pairs.jsonl
  doin-worker training-pairs --stream BTC/USD | python3 model.py
  doin-worker backtest --csv btc.csv --base-model program:./model.py --pairs 10000      (the program is given them at its start)

The lines are messages of the protocol of programs (docs/forecasting.md): `initialize`, then a `training_pair` each, whose params are those \
of `forecast` with `zero` and `closes` of the horizon. Windows are drawn by the seed among those whose continuation stands.")]
	TrainingPairs(Box<training_pairs::TrainingPairsArgs>),
	/// Offer answers of the champion of a domain for pay, list the offers, and end them
	#[command(subcommand)]
	Offer(offer::OfferCommand),
	/// Buy an answer of the champion of a domain, check it, and accuse a server that has lied
	#[command(after_help = "\
EXAMPLES
  doin-worker infer --domain 0 --csv latest.csv --key client.key
  doin-worker infer --domain 0 --csv latest.csv --column ppm --max-price 0.01DOIN --key client.key --json
  doin-worker infer --domain 0 --csv latest.csv --server http://127.0.0.1:8470 --free
  doin-worker infer --domain 5 --csv new.csv --map letters.map --key client.key      (rows, by the map of the owner)
  doin-worker infer --domain 5 --csv bytes.csv --raw --without label --key client.key
  doin-worker infer --domain 7 --csv latest.csv --column MW --inputs temperature --input-units 0.1 --key client.key      (several columns)
  doin-worker infer --domain 5 --input 12,0,255,7 --input 0,0,9,1 --server https://example.org:8475 --key client.key

The cheapest offer whose server answers is chosen; servers of local networks have to be named. A channel to it is opened, with --deposit, \
unless one is open, and each answer is paid by a voucher. The model is run on this machine as well, so a false answer is found at once: \
the server is accused, and loses its bond, ten prices of it to the payer. Exit status: 0 right, 1 false or not bought.

The purse has the channels, and the receipts with their models while a lie can be proved. If it is lost, `doin-worker channel list` finds \
the channels again.")]
	Infer(Box<infer::InferArgs>),
	/// Check the answers that the purse keeps, and accuse servers that have lied
	#[command(after_help = "\
EXAMPLE
  doin-worker accuse --key client.key

`doin-worker infer` accuses at once, unless --no-accuse or --free is given, or the node fails. An answer can be accused for 80 periods of a \
round, a day on a public network, also after the champion was replaced. An accusation publishes the input of one window. Exit status: 0 if \
no lie is left without a slash, else 1.")]
	Accuse(accuse::AccuseArgs),
	/// Do the work of another worker of yours: sums, audits of answers and trainings, until Ctrl-C
	#[command(after_help = "\
EXAMPLE
  doin-worker pull --from http://192.168.1.7:8470 --token dashboard.token --url ws://127.0.0.1:9944
  doin-worker pull --from http://192.168.1.7:8470 --token dashboard.token --work optimization --gpu auto

The other worker has `share_work = true` in `resource_limits` and a token (--dashboard-token). It computes a sample of the sums itself, and \
the sums of every model that was trained here, but its bond answers for all sums: give the token to your own machines only. A task is leased \
for 60 seconds, and the lease is renewed meanwhile; what is not done in time is done by the other worker itself.")]
	Pull(pull::PullArgs),
	/// Open, list and close the payment channels that answers are paid with
	#[command(subcommand)]
	Channel(channel::ChannelCommand),
	/// Train a model, or a population, and compare it with simple models
	#[command(after_help = "\
EXAMPLES
  doin-worker train --csv load.csv --column MW --family mlp --out load.doin
  doin-worker train --csv load.csv --column MW --family linear --horizon 24 --season 24 --window 168
  doin-worker train --csv load.csv --width 8..64 --rate 7..11 --population 40 --patience 8
  doin-worker train --csv load.csv --family mlp --epochs 60 --curve curves
  doin-worker train --csv load.csv --column MW --inputs wind,sun --steps 6,24
  doin-worker train --csv load.csv --column MW --horizon 24 --classes=-50,50          (falls, stays, rises)
  doin-worker train --csv a.csv --csv b.csv:7000 --validation-csv c.csv --test-csv d.csv --column MW
  doin-worker train --csv export.csv --time Date,Time --column \"CO(GT)\" --missing -200 --fill linear
  curl https://HOST/ticks.csv.gz | doin-worker train --csv - --no-header --column 5 --last 10000
  doin-worker train --csv letters.csv --label letter --width 128 --depth 2 --epochs 40 --out letters.doin      (rows: classes)
  doin-worker train --csv houses.csv --label price --values --without id --out houses.doin                    (rows: values)
  doin-worker train --csv digits.csv --label digit --image 8x8 --family conv --kernel 3 --stride 1            (rows: images)

With --label, each row is an example of its own: nets learn its label from its other columns, which are mapped to bytes by the \
least and greatest value of the training rows. Rows are shuffled by a fixed seed and split; the model file keeps the maps.

Training is exact: the same data, genes and seed give the same bytes on every machine and number of threads. A net has a \
linear skip, the ridge, and is trained on its residual, unless --blend or --no-skip is given. The last seventh of the training \
part stops training early; validation chooses among candidates; nothing is chosen by the test. Ctrl-C ends \
a training, also of a population, and keeps the best model so far; a second Ctrl-C ends it at once, and keeps nothing.")]
	Train(Box<train::TrainArgs>),
	/// Search a standard function, or the genes of a model, on islands, whose candidates several processes evaluate
	#[command(after_help = "\
EXAMPLES
  doin-worker optimize --landscape rastrigin --dimensions 6 --islands 4 --target 0.01
  doin-worker optimize --landscape rosenbrock --algorithm cmaes --hidden 7 --seed 3 --json
  doin-worker optimize --landscape quadratic --dimensions 32 --islands 8 --workers 2 --generations 200 --state search.json
  doin-worker optimize --islands 4 --algorithm de --state load.json -- --csv load.csv --column MW --width 8..64 --rate 7..11 --epochs 12..60

Every island is a search of its own. Every few generations the best candidates of an island migrate to the next one, with their values, \
before the next selection. Nothing is evaluated twice: all islands share one archive.

The same arguments give the same archive, with any number of workers, also if workers are killed. With --state, a search that was killed \
goes on from the same command, and repeats the candidates only that were being evaluated. `archive` of the report is the hash of all \
candidates with their fitness: of a landscape, its value in millionths, and genes are thousandths; of a training, the validation error sum. \
No model is kept: train the best genes with `doin-worker train --out`.")]
	Optimize(Box<optimize::OptimizeArgs>),
	/// Compute the errors of a saved model on a series or on rows beside those of simple models, or those of a model of a tolerance domain
	#[command(after_help = "\
EXAMPLES
  doin-worker evaluate --model load.doin --csv load.csv
  doin-worker evaluate --model load.doin --csv next-year.csv
  doin-worker evaluate --model load.doin --csv next-year.csv:1000 --column megawatts --inputs wind2,sun2   (other column names)
  doin-worker evaluate --model letters.doin --csv letters.csv                  (rows: mistakes, class by class)
  doin-worker evaluate --domain 7 --gene rate=17 --config worker.toml   (the program of a tolerance domain trains and scores a candidate)
  doin-worker evaluate --domain 7 --config worker.toml                  (and here its champion)

A file of the training is recognised by its values, and split as in the training.")]
	Evaluate(evaluate::EvaluateArgs),
	/// Forecast the next steps of a series, in its own units, or predict the labels of rows
	#[command(after_help = "\
EXAMPLES
  doin-worker predict --model load.doin --csv load.csv
  doin-worker predict --model load.doin --csv load.csv --at 5000    (beside the actual values after row 5000)
  doin-worker predict --model load.doin --csv load.csv --as-csv > next.csv
  doin-worker predict --model letters.doin --csv unlabelled.csv --as-csv > letters-found.csv     (rows: a label for each)")]
	Predict(predict::PredictArgs),
	/// Recompute the errors of a champion on this machine, and compare them with those on the chain
	#[command(after_help = "\
EXAMPLES
  doin-worker verify 0
  doin-worker verify 3 --node wss://NODE --chunks 8
  doin-worker verify 3 --round 120
  doin-worker verify 7 --config worker.toml         (a tolerance domain, by its program, which the configuration lists)

Exit status: 0 verified, 1 mismatch, 2 inconclusive. The series is checked against the hash in the domain's record, and sums \
are computed from the bytes of the models. Sums of a tolerance domain have to agree within its tolerance.")]
	Verify(verify::VerifyArgs),
	/// Evolve and evaluate loss genomes for one account, until Ctrl-C or for some cycles
	#[command(after_help = mine::HELP)]
	Mine(Box<mine::MineArgs>),
	/// Show, convert and evaluate loss genomes
	#[command(subcommand)]
	Genome(genome::GenomeCommand),
	/// Measure the speed of training on this machine, and the errors of the models
	#[command(after_help = "\
EXAMPLES
  doin-worker bench
  doin-worker bench --family mlp,lstm --seeds 16 --json
  DOIN_BACKEND=scalar doin-worker bench --family mlp --repeats 3

Run nothing else meanwhile. MLP: 96-64-64-24, 12 epochs of batches of 256; cells: 24 units over 48 steps.")]
	Bench(bench::BenchArgs),
	/// List the CPU back-ends and Vulkan devices that this machine trains with
	#[command(after_help = "\
EXAMPLE
  doin-worker devices
  doin-worker run --config gpu-host.toml --gpu 0
  doin-worker run --config gpu-host.toml --gpu 0,2
  doin-worker run --config gpu-host.toml --gpu 3080Ti

The environment variable DOIN_BACKEND selects another back-end. `--gpu auto`, the default of `run`, uses every GPU; a number \
or a part of a name selects any device, also Vulkan in software. Several are separated by commas. Case and spaces of names do not \
matter, and a number that no device has is a part of a name.")]
	Devices(devices::DevicesArgs),
}

impl Cli {
	/// Parses the arguments of the process; ends it with the help or an error if they are no command. The error does not repeat a
	/// phrase or seed that was given in place of the name of a file.
	pub fn from_arguments() -> Self {
		Self::try_parse().unwrap_or_else(|error| match redacted(&error) {
			Some(shown) => {
				eprint!("{shown}");
				std::process::exit(error.exit_code())
			}
			None => error.exit(),
		})
	}

	/// Runs the command until its end or Ctrl-C.
	pub fn run(self) -> ExitCode {
		self.init_log();
		// Before any thread is started, since threads inherit the priority.
		self.lower_priority();
		let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
			Ok(runtime) => runtime,
			Err(error) => {
				eprintln!("error: cannot start: {error}");
				return ExitCode::FAILURE;
			}
		};
		let interrupted_code = self.interrupted_code();
		// They end by themselves after Ctrl-C: with the best so far, or once open requests are answered.
		let ends_itself = matches!(self.command, Command::Train(_) | Command::Optimize(_) | Command::Run(_) | Command::Mine(_));
		let outcome = runtime.block_on(async {
			tokio::select! {
				outcome = self.execute() => outcome,
				() = interrupted_for_good(ends_itself) => {
					eprintln!("stopped");
					Ok(interrupted_code)
				},
			}
		});
		// Computations in the background stop once their futures are dropped.
		runtime.shutdown_timeout(SHUTDOWN);
		outcome.unwrap_or_else(|error| {
			eprintln!("error: {}", shown_error(&error));
			ExitCode::FAILURE
		})
	}

	/// Logs to standard error, with targets.
	fn init_log(&self) {
		let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(self.log_filter()));
		log_to(|| WithoutCredentials(io::stderr()), io::stderr().is_terminal(), filter).init();
	}

	/// Returns the log filter for a missing RUST_LOG. The target `doin` includes `doin::…`, `doin_chain` and `doin_compute`.
	fn log_filter(&self) -> &'static str {
		match (self.verbose, &self.command) {
			(
				0,
				Command::Run(_)
				| Command::Mine(_)
				| Command::Own(_)
				| Command::Forecast(_)
				| Command::Anchor(_)
				| Command::Pull(_),
			) => "warn,doin=info",
			// It owns the screen.
			(0, Command::Top(_)) => "off",
			(0, _) => "warn",
			(1, _) => "info,doin=debug",
			_ => "debug,doin=trace",
		}
	}

	/// Gives a node on the same machine the higher priority, since training on all cores would starve its slots.
	fn lower_priority(&self) {
		#[cfg(unix)]
		if matches!(self.command, Command::Run(_) | Command::Mine(_) | Command::Forecast(_) | Command::Watch(_)) {
			if let Err(error) = rustix::process::setpriority_process(None, 10) {
				tracing::debug!(target: "doin::worker", %error, "priority unchanged");
			}
		}
	}

	/// Returns the exit code after Ctrl-C: success for commands that run until then.
	fn interrupted_code(&self) -> ExitCode {
		match &self.command {
			Command::Run(_) | Command::Mine(_) | Command::Own(_) | Command::Forecast(_) | Command::Watch(_) | Command::Top(_) => {
				ExitCode::SUCCESS
			}
			Command::Index(args) if args.is_endless() => ExitCode::SUCCESS,
			Command::Anchor(args) if args.is_endless() => ExitCode::SUCCESS,
			Command::Pull(args) if args.is_endless() => ExitCode::SUCCESS,
			_ => ExitCode::from(INTERRUPTED),
		}
	}

	/// Runs the command.
	async fn execute(self) -> Result<ExitCode> {
		let node = &self.node;
		match self.command {
			Command::Run(args) => run::run(node, *args).await?,
			Command::Domain(command) => domain::run(node, command).await?,
			Command::Own(args) => own::run(node, *args).await?,
			Command::Forecast(args) => forecast::run(node, *args).await?,
			Command::Vote(args) => vote::run(node, args).await?,
			Command::Bond(args) => bond::bond(node, args).await?,
			Command::Serve(args) => service::serve(node, args).await?,
			Command::Unserve(args) => service::unserve(node, args).await?,
			Command::Unbond(args) => bond::unbond(node, args).await?,
			Command::Withdraw(args) => bond::withdraw(node, args).await?,
			Command::Sponsor(args) => sponsor::run(node, args).await?,
			Command::Stream(command) => stream::run(node, command).await?,
			Command::Reporter(command) => reporter::run(node, command).await?,
			Command::Budget(args) => budget::run(node, args).await?,
			Command::CleanUp(args) => clean_up::run(node, args).await?,
			Command::Status(args) => status::run(node, args).await?,
			Command::Watch(args) => watch::run(node, args).await?,
			Command::Top(args) => top::run(args).await?,
			Command::Keys(command) => keys::run(command)?,
			Command::Journal(command) => journal::run(command).await?,
			// The result of a check is the exit code.
			Command::Index(args) => return index::run(node, *args).await,
			// The result of a verification is the exit code.
			Command::Anchor(args) => return anchor::run(node, *args).await,
			Command::Export(args) => export::run(args).await?,
			Command::History(args) => history::run(args).await?,
			Command::Backtest(args) => backtest::run(node, *args).await?,
			Command::TrainingPairs(args) => training_pairs::run(node, *args).await?,
			Command::Offer(command) => offer::run(node, command).await?,
			// The result of the check is the exit code.
			Command::Infer(args) => return infer::run(node, *args).await,
			// What is left is the exit code.
			Command::Accuse(args) => return accuse::run(node, args).await,
			Command::Channel(command) => channel::run(node, command).await?,
			Command::Pull(args) => pull::run(node, args).await?,
			Command::Train(args) => {
				// An interrupted training keeps its best model, and reports the interruption by the exit code.
				let interrupted = train::run(*args).await?;
				return Ok(if interrupted { ExitCode::from(INTERRUPTED) } else { ExitCode::SUCCESS });
			}
			Command::Optimize(args) => {
				let interrupted = optimize::run(*args).await?;
				return Ok(if interrupted { ExitCode::from(INTERRUPTED) } else { ExitCode::SUCCESS });
			}
			Command::Evaluate(args) => evaluate::run(node, args).await?,
			Command::Predict(args) => predict::run(args).await?,
			// The result of a verification is the exit code.
			Command::Verify(args) => return Ok(verify::run(node, args).await),
			Command::Mine(args) => mine::run(node, *args).await?,
			Command::Genome(command) => genome::run(node, command).await?,
			Command::Bench(args) => bench::run(args).await?,
			Command::Devices(args) => devices::run(args).await?,
		}
		Ok(ExitCode::SUCCESS)
	}
}

/// Returns a log of the events that `filter` admits, apart from those that [`has_credentials`].
fn log_to<W>(writer: W, is_coloured: bool, filter: EnvFilter) -> impl Subscriber + Send + Sync
where
	W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
	let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(is_coloured).finish();
	log.with(filter_fn(|event| !has_credentials(event)))
}

/// Returns `true` if an event of this kind may show credentials of an address. No filter of the user admits it.
fn has_credentials(event: &Metadata<'_>) -> bool {
	let may_show = TARGETS_WITH_CREDENTIALS.iter().any(|target| event.target().starts_with(target));
	may_show && *event.level() > Level::INFO
}

/// Writer of log events that leaves the credentials of addresses out, also of those that libraries log.
struct WithoutCredentials<W>(W);

impl<W: Write> Write for WithoutCredentials<W> {
	fn write(&mut self, event: &[u8]) -> io::Result<usize> {
		self.0.write_all(with_shown_urls(&String::from_utf8_lossy(event)).as_bytes())?;
		Ok(event.len())
	}

	fn flush(&mut self) -> io::Result<()> {
		self.0.flush()
	}
}

/// Returns the message of an error that repeats a phrase, a seed or the credentials of an address, without them. The help has
/// nothing of the command line.
fn redacted(error: &clap::Error) -> Option<String> {
	let plain = error.to_string();
	let shown = with_shown_urls(&without_secrets(&plain));
	(error.use_stderr() && shown != plain).then_some(shown)
}

/// Waits for Ctrl-C; for the second one if the command ends by itself after the first.
async fn interrupted_for_good(ends_itself: bool) {
	interrupted().await;
	if ends_itself {
		interrupted().await;
	}
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
	fn arguments_of_the_scripts_are_parsed() {
		for line in [
			"doin-worker run --dev --url ws://127.0.0.1:1 --journal j --data d --column c --season 24 --horizon 6 --history 48 \
			--unit 0.1 --scale 2 --fill linear --name n --time t",
			"doin-worker run --dev --dashboard-address 0.0.0.0 --dashboard-port 0 --dashboard-token t --olap-db none --stats-file s",
			"doin-worker run --dev --no-dashboard --olap-db f",
			"doin-worker top --dashboard http://127.0.0.1:1",
			"doin-worker watch --url ws://127.0.0.1:1 --since 5 --alongside 1 --alongside 2 --until-work-block 1",
			"doin-worker domain create --csv a --column b --time c --season 24 --horizon 24 --history 96 --dry-run --json",
			"doin-worker domain create --csv a --column b --inputs c,d --horizon 24 --classes -0.5,0.5 --dry-run",
			"doin-worker vote 0=1 1=2 --dev-key //Alice",
			"doin-worker domain create --genome --csv a --label b --hidden 32 --run-steps 40 --batch 16 --training-samples 200 --dry-run",
			"doin-worker genome evaluate cross-entropy --csv a --label b --runs 16 --seed 3 --json",
			"doin-worker genome show --champion 2",
			"doin-worker mine --dev-key //Dave --url ws://127.0.0.1:1 --domain 1 --alternate --cycles 1 --delay 1 --journal j",
			"doin-worker bond 500DOIN --class large --key k",
			"doin-worker bond 500 DOIN --key k",
			"doin-worker serve 3 --key k",
			"doin-worker unserve 3 --dev-key //Eve --json",
			"doin-worker clean-up --key k --dry-run",
			"doin-worker clean-up --model 12 --model 13 --record 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --key k --json",
			"doin-worker unbond --key k",
			"doin-worker withdraw --dev-key //Eve",
			"doin-worker sponsor BTC/USD 100 DOIN --key k",
			"doin-worker sponsor 2147483648 100DOIN --dev-key //Alice --json",
			"doin-worker sponsor BTC/USD 100 DOIN --market --key k",
			"doin-worker stream register --symbol a --unit b --source c --bar 5m --batch 6 --dry-run",
			"doin-worker stream register --symbol a --unit b --source c --bar 1h --batch 1 --high --low --volume --kept 9 --season 24 \
			--scale 5 --horizon 24 --fee 2DOIN --domain 3 --another --key k --json",
			"doin-worker stream list --json",
			"doin-worker stream retire BTC/USD --key k",
			"doin-worker reporter add-proxy 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --key k",
			"doin-worker reporter remove-proxy 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --dev-key //Alice --json",
			"doin-worker reporter show",
			"doin-worker reporter show 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --json",
			"doin-worker reporter leave --key k",
			"doin-worker budget 20 DOIN --window 100 --key k",
			"doin-worker own --domain 3 --csv a --label y --without id --image 8x8 --segment-key s --key k --check",
			"doin-worker own --domain 3 --csv a --column b --inputs c --scale 2 --dev-key //Alice --confirm-shared 7 --confirm-shared 8",
			"doin-worker domain fund 3 1000 DOIN --key k",
			"doin-worker domain withdraw 3 1000 DOIN --dev-key //Alice --json",
			"doin-worker domain seal 3 --csv a --label y --values --segments 4 --dry-run --key k",
			"doin-worker domain segments 3 --json",
			"doin-worker domain create --landscape rastrigin --dimensions 6 --seed 3 --target-performance 99.9 --key k --json",
			"doin-worker domain bounty 3 250 DOIN --key k",
			"doin-worker domain announce-withdrawal 3 --key k --json",
			"doin-worker domain withdraw-bounty 3 --dev-key //Alice",
			"doin-worker status --json",
			"doin-worker keys generate --out k --words 24",
			"doin-worker journal backup --journal a.db b.db",
			"doin-worker journal backup b.db --json",
			"doin-worker index --olap-db f --stats-file s --once --json",
			"doin-worker index check --olap-db f --json",
			"doin-worker index rebuild n --olap-db f --url ws://127.0.0.1:1",
			"doin-worker anchor --file f --http http://127.0.0.1:1/a --chain ws://127.0.0.1:1,wss://b --key k --once --json",
			"doin-worker anchor verify --file f --http http://127.0.0.1:1/a --chain ws://127.0.0.1:1 --url ws://127.0.0.1:2 --json",
			"doin-worker export --csv s --olap-db f --json",
			"doin-worker export --postgres host=localhost --csv s",
			"doin-worker export --parquet folder --olap-db f",
			"doin-worker optimize --landscape rastrigin --dimensions 4 --islands 3 --workers 2 --algorithm de --seed 1 --generations 9 \
			--target 0.5 --population 8 --migrate-every 2 --migrants 1 --hidden 4 --state s --json",
			"doin-worker optimize --islands 3 --algorithm cmaes -- --csv a --width 8..64 --rate 7..11",
			"doin-worker run --config worker.toml",
			"doin-worker offer make --domain 0 --price 0.001DOIN --endpoint http://127.0.0.1:1 --bond 20DOIN --dev-key //Eve --json",
			"doin-worker offer list 0 --json",
			"doin-worker offer withdraw 0 --key k",
			"doin-worker offer release 0 --key k --json",
			"doin-worker infer --domain 0 --csv a --column b --server http://127.0.0.1:1 --max-price 1DOIN --deposit 2DOIN --purse p \
			--no-accuse --key k --json",
			"doin-worker infer --domain 0 --input 1,-2 --input 3,4 --server http://127.0.0.1:1 --free --trust",
			"doin-worker infer --domain 5 --csv a --map m --inputs b,c --fill median --last 64 --dev-key //Bob",
			"doin-worker infer --domain 5 --csv a --raw --without b --without c,d --dev-key //Bob",
			"doin-worker infer --domain 7 --csv - --column a --inputs b,c --input-units 0.1,5 --time d --fill linear --dev-key //Bob",
			"doin-worker channel open 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --deposit 5DOIN --lifetime 30d --domain 0 --key k",
			"doin-worker pull --from http://127.0.0.1:1 --token t --name a --count 3 --json",
			"doin-worker pull --from http://127.0.0.1:1 --token t --work optimization,inference --cores 4 --gpu none",
			"doin-worker evaluate --domain 7 --config c",
			"doin-worker evaluate --domain 7 --gene rate=17 --gene depth=-2 --config c --json",
			"doin-worker evaluate --domain 7 --model m --config c --url ws://127.0.0.1:1",
			"doin-worker verify 7 --config c --chunks 8",
			"doin-worker channel list --purse p --dev-key //Dave --json",
			"doin-worker channel close 0x0707070707070707070707070707070707070707070707070707070707070707 --key k",
			"doin-worker sponsor CO2-DEMO 1000DOIN --dev-key //Bob --url ws://127.0.0.1:9944",
		] {
			Cli::try_parse_from(line.split(' ')).unwrap_or_else(|e| panic!("{line}: {e}"));
		}
		assert!(Cli::try_parse_from(["doin-worker", "run"]).is_err(), "run needs a configuration or --dev");
	}

	/// Wherever a CSV file is read, the facts that its text leaves open can be stated.
	#[test]
	fn k19_k20_k24_each_command_that_reads_a_csv_file_has_the_same_flags() {
		let flags = [
			"--column 5 --time Date,Time --fill linear --missing -9999 --missing -- --missing n.v. --no-header --decimal ,",
			"--column 5 --inputs a,b --inputs c --where store=A --where year=2031 --last 262144 --sort",
			"--inputs \"a,_b\" --day-first --time-format %d.%m.%y --zone Europe/Paris --decimal .",
			"--month-first --time none",
		];
		for command in [
			"train --csv -",
			"train --csv a.csv.gz:1000 --validation-csv b --test-csv c",
			"predict --model m --csv=-:500",
			"evaluate --model m --csv a",
			"domain create --csv -",
			"domain create --csv a:1000 --unit-name MW",
			"domain seal 3 --csv a",
			"own --domain 3 --csv a",
			"run --dev --data a",
			"run --dev --data -",
		] {
			for flags in flags {
				let line = format!("doin-worker {command} {flags}");
				Cli::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("{line}: {error}"));
			}
			for wrong in ["--last 0", "--last x", "--decimal ;", "--day-first --month-first"] {
				let line = format!("doin-worker {command} {wrong}");
				assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
			}
		}
	}

	#[test]
	fn options_of_rows_and_of_series_exclude_each_other() {
		let parse = |line: &str| Cli::try_parse_from(format!("doin-worker {line}").split(' '));
		for line in [
			"train --csv a --label y --values --without id --in-order --fill median --split 80/10 --unit 0.1",
			"train --csv a --validation-csv b --test-csv c --label y --inputs p,q --family conv --image 28x28 --kernel 3",
			"evaluate --model m --csv a --label y --inputs p,q --missing -1",
			"predict --model m --csv a --label y --at 3",
		] {
			parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
		}
		for line in [
			"train --csv a --label y --column z",
			"train --csv a --label y --horizon 3",
			"train --csv a --label y --window 3",
			"train --csv a --label y --time t",
			"train --csv a --label y --image 28",
			"train --csv a --label y --inputs p --without q",
			"train --csv a --values",
			"train --csv a --in-order",
			"evaluate --model m --csv a --label y --column z",
			"evaluate --model m",
			"evaluate --model m --csv a --config c",
			"evaluate --csv a --gene rate=1",
			"evaluate --domain 7 --csv a",
			"evaluate --domain 7 --fill linear",
			"evaluate --domain 7 --map m",
			"evaluate --domain 7 --model m --gene rate=1",
			"evaluate --domain 7 --gene rate",
			"pull --from http://127.0.0.1:1 --token t --work training",
			"pull --from http://127.0.0.1:1 --token t --cores 0",
			"predict --model m --csv a --at 0",
			"infer --domain 5 --csv a --map m --raw",
			"infer --domain 5 --csv a --without b",
			"infer --domain 5 --csv a --raw --without b --inputs c",
			"infer --domain 5 --csv a --input-units 1",
			"infer --domain 5 --csv a --inputs b --input-units 1 --raw",
			"infer --domain 5 --input 1 --raw",
			"infer --domain 5 --input 1 --map m",
			"infer --domain 5 --input 1 --column b",
			"infer --domain 5 --input 1 --last 64",
			"infer --domain 5 --csv a --input 1",
			"infer --domain 5",
			"domain create --csv a --map-out m",
			"domain create --csv a --label b --genome --map-out m",
		] {
			assert!(parse(line).is_err(), "{line}");
		}
	}

	#[test]
	fn values_of_enums_are_listed_with_their_documentation() {
		let mut command = Cli::command();
		let bond = command.find_subcommand_mut("bond").unwrap().render_long_help().to_string();
		assert!(bond.contains("small") && bond.contains("multiply-accumulates"), "{bond}");
		let train = command.find_subcommand_mut("train").unwrap().render_long_help().to_string();
		assert!(train.contains("Mean of six ridge regressions in closed form"), "{train}");
		let error = Cli::try_parse_from(["doin-worker", "bond", "1DOIN", "--class", "tiny"]).unwrap_err().to_string();
		assert!(error.contains("small") && error.contains("huge"), "{error}");
	}

	#[test]
	fn defaults_that_a_layer_below_sets_can_be_given_explicitly() {
		let url = |arguments: &[&str]| {
			let cli = Cli::try_parse_from([&["doin-worker", "status"], arguments].concat()).unwrap();
			cli.node.url
		};
		assert_eq!(url(&["--url", "ws://127.0.0.1:9944"]).as_deref(), Some("ws://127.0.0.1:9944"));
		assert_eq!(url(&["--node", "ws://x"]).as_deref(), Some("ws://x"));
	}

	#[test]
	fn k36_neither_help_nor_debug_output_repeats_a_phrase() {
		const PHRASE: &str = "stadium special ocean custom dune phrase demand badge distance toward toss shop";
		for arguments in [["--key", PHRASE], ["--dev-key", PHRASE]] {
			let arguments = [&["doin-worker", "vote", "0=1"][..], &arguments].concat();
			let parsed = Cli::try_parse_from(&arguments).unwrap();
			assert!(!format!("{parsed:?}").contains("ocean"));
		}
		let key = |command: &clap::Command| command.get_arguments().find(|argument| argument.get_id() == "key").cloned();
		let vote = Cli::command().find_subcommand("vote").and_then(key).unwrap();
		assert!(vote.get_env().is_some() && vote.is_hide_env_values_set(), "the help would show the value of DOIN_KEY");
		let url = Cli::command().get_arguments().find(|argument| argument.get_id() == "url").cloned().unwrap();
		assert!(url.is_hide_env_values_set(), "addresses of providers hold keys");
		let invalid = anyhow::anyhow!("invalid address of a node `{PHRASE}`");
		assert!(!shown_error(&invalid).contains("ocean"));
		let hash = anyhow::anyhow!("0x{}", "ab".repeat(32));
		assert_eq!(shown_error(&hash), hash.to_string());
		let error = Cli::try_parse_from(["doin-worker", "keys", "inspect", PHRASE]).unwrap_err();
		assert!(error.to_string().contains("ocean"));
		let shown = redacted(&error).unwrap();
		assert!(!shown.contains("ocean") && shown.contains("Usage: doin-worker keys inspect"), "{shown}");
		for command in Cli::command().get_subcommands().map(clap::Command::get_name) {
			let help = Cli::try_parse_from(["doin-worker", command, "--help"]).unwrap_err();
			assert_eq!(redacted(&help), None, "the help of {command} is printed as it is");
		}
	}

	#[test]
	fn k36_neither_usage_errors_nor_logs_repeat_credentials() {
		const URL: &str = "wss://alice:s3cret@rpc.example.org/v1/token";
		let error = Cli::try_parse_from(["doin-worker", "status", URL]).unwrap_err();
		assert!(error.to_string().contains("s3cret"));
		let shown = redacted(&error).unwrap();
		assert!(!shown.contains("s3cret") && !shown.contains("token") && shown.contains("wss://rpc.example.org/…"), "{shown}");
		let mut log = WithoutCredentials(Vec::new());
		writeln!(log, "DEBUG Connection to {URL} was closed").unwrap();
		assert_eq!(String::from_utf8(log.0).unwrap(), "DEBUG Connection to wss://rpc.example.org/… was closed\n");
	}

	/// The library of the connection logs the parts of an address, in which no address is recognised.
	#[test]
	fn k36_no_log_filter_admits_the_parts_of_an_address() {
		#[derive(Clone, Default)]
		struct Written(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
		impl Write for Written {
			fn write(&mut self, event: &[u8]) -> io::Result<usize> {
				self.0.lock().unwrap().write(event)
			}
			fn flush(&mut self) -> io::Result<()> {
				Ok(())
			}
		}
		for filter in ["debug,doin=trace", "trace", "jsonrpsee-client=trace", "info,jsonrpsee-client=debug"] {
			let written = Written::default();
			let writer = written.clone();
			let log = log_to(move || writer.clone(), false, EnvFilter::new(filter));
			tracing::subscriber::with_default(log, || {
				tracing::debug!(target: "jsonrpsee-client", "Connecting to target: path_and_query: \"/s3cret\"");
				tracing::trace!(target: "jsonrpsee-client", "basic_auth: Some(\"Basic s3cret\")");
				tracing::warn!(target: "jsonrpsee-client", "connection lost");
			});
			let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
			assert!(!text.contains("s3cret") && text.contains("connection lost"), "{filter}: {text}");
		}
	}

	#[test]
	fn verbosity_selects_the_log_filter() {
		let filter = |line: &str| Cli::try_parse_from(line.split(' ')).unwrap().log_filter();
		assert_eq!(filter("doin-worker run --dev"), "warn,doin=info");
		assert_eq!(filter("doin-worker status"), "warn");
		assert_eq!((filter("doin-worker status -v"), filter("doin-worker status -vv")), ("info,doin=debug", "debug,doin=trace"));
	}
}
