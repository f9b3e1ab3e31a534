//! Keys of a configuration: those of this worker, and those of upstream's node with what takes their place.

use super::foreign::Section;
use doin_sources::SourceConfig;

const CHAIN: &str = "leave it out; the genesis and the runtime of the chain set it (`doin-worker status`)";
const NODE: &str = "leave it out; `doin-node` has the network and the database, the worker only connects to `url`";
const PLUGIN: &str = "leave it out; the program of the domain on the chain decides it (`doin-worker domain show`)";
const EVIDENCE: &str = "leave it out; the record of the domain on the chain sets the evidence of its verdicts";
const POPULATION: &str = "leave it out; every worker searches by itself, and champions of others enter its search";
const REWARDS: &str = "leave it out; the chain sets rewards (`doin-worker status`)";
const GENE: &str = "bound the gene of that name in `param_bounds` (`doin-worker domain show` lists the genes)";
const GENETIC: &str = "leave it out; the search has `population_size`, `elite`, `patience`, `optimization_patience` and `seed`";
const COMMENT: &str = "leave it out; comments are written in .toml files, after #";
const PHRASE: &str =
	"a phrase or seed does not belong in a configuration: write it into a file that only you can read, and name \
	that file in `mnemonic_file` or `seed_file`";

/// The whole file.
pub(super) const CONFIG: Section = Section {
	known: &[
		"url",
		"genesis",
		"journal",
		"identities",
		"domains",
		"owned",
		"anchor",
		"reported",
		"forecasts",
		"serve",
		"programs",
		"bidding",
		"resource_limits",
		"host",
		"port",
		"dashboard_enabled",
		"dashboard_token_file",
		"olap_db_path",
		"experiment_stats_file",
	],
	moved: &[
		("data_dir", "name the file of the journal in `journal`; `doin-node --base-path` sets the folder of the chain"),
		("bootstrap_peers", "leave it out; the node finds peers (`doin-node --bootnodes`), the worker needs only `url`"),
		("identity", "add it to `identities`, with `mnemonic_file` or `seed_file`"),
		("target_block_time", CHAIN),
		("initial_threshold", "leave it out; the chain sets the threshold of a work block (`doin-worker status`)"),
		("acceptance_tolerance", CHAIN),
		("quorum_min_evaluators", "leave it out; the chain sizes the quorum"),
		("quorum_fraction", "leave it out; the chain sizes the quorum"),
		("quorum_tolerance", "leave it out; sums are exact, and a tolerance domain states its own tolerance"),
		("commit_reveal_max_age", CHAIN),
		("finality_confirmation_depth", "leave it out; GRANDPA finalizes blocks"),
		("external_anchor_interval", "leave it out; the chain sets it, and `anchor` names the places to publish anchors at"),
		("require_deterministic_seed", "leave it out; training is deterministic"),
		("storage_backend", NODE),
		("snapshot_interval", NODE),
		("prune_keep_blocks", "leave it out; `doin-node --blocks-pruning` sets it"),
		("network_protocol", NODE),
		("gossip_heartbeat_interval", NODE),
		("discovery_enabled", NODE),
		("discovery_interval", NODE),
		("fee_market_enabled", CHAIN),
		("eval_poll_interval", "leave it out; the worker looks at every block"),
		("eval_max_concurrent", "set `resource_limits.cores`"),
		("optimizer_loop_interval", "leave it out; the search never pauses"),
		("dashboard_token", "write the token into a file that only you can read, and name the file in `dashboard_token_file`"),
		("log_level", "leave it out; start the worker with -v or RUST_LOG"),
		("gpu", "set `resource_limits.gpu` to `auto`, `none`, numbers or parts of names"),
	],
};

/// One of `identities`.
pub(super) const IDENTITY: Section = Section {
	known: &["role", "seed_file", "mnemonic_file", "dev", "proxy_for", "bond", "class"],
	moved: &[
		("mnemonic", PHRASE),
		("phrase", PHRASE),
		("seed", PHRASE),
		("suri", PHRASE),
		("secret", PHRASE),
		("key", PHRASE),
		("password", "write it behind the phrase in the file of the key, as phrase///password"),
		("key_file", "name the file in `mnemonic_file` or `seed_file`"),
	],
};

/// One of `domains`.
pub(super) const DOMAIN: Section = Section {
	known: &["domain_id", "name", "optimize", "evaluate", "target_performance", "param_bounds", "optimization_config"],
	moved: &[
		(
			"optimization_plugin",
			"leave it out; the program of the domain on the chain decides it. An optimizer of your own stands in `optimization_config`, as \
			 algorithm = \"program\" and `program`",
		),
		("inference_plugin", PLUGIN),
		("synthetic_data_plugin", PLUGIN),
		("inference_config", PLUGIN),
		("synthetic_data_config", EVIDENCE),
		("has_synthetic_data", EVIDENCE),
		("synthetic_data_validation", EVIDENCE),
		("higher_is_better", "leave it out; losses are lower-is-better in every domain"),
		("metric_type", PLUGIN),
		("incentive_config", REWARDS),
		("resource_limits", "move it to the top of the file; it holds for the whole worker"),
	],
};

/// One of `owned`.
pub(super) const OWNED: Section = Section {
	known: &[
		"domain_id",
		"csv",
		"segment_key",
		"label",
		"values",
		"image",
		"without",
		"column",
		"scale",
		"inputs",
		"unit",
		"fill",
		"missing",
		"where",
		"last",
		"no_header",
		"decimal",
		"time",
		"day_first",
		"month_first",
		"time_format",
		"zone",
		"sort",
		"confirm_shared",
	],
	moved: &[("key", "name the file of the segment key in `segment_key`")],
};

/// `anchor`.
pub(super) const ANCHOR: Section = Section {
	known: &["file", "http", "chain", "seed_file", "mnemonic_file", "dev"],
	moved: &[
		("mnemonic", PHRASE),
		("phrase", PHRASE),
		("seed", PHRASE),
		("key", PHRASE),
		("key_file", "name the file in `mnemonic_file` or `seed_file`"),
		("url", "name a node of the other chain in `chain`, and a server of anchors in `http`"),
	],
};

/// `serve`.
pub(super) const SERVE: Section = Section {
	known: &[
		"domains",
		"public_host",
		"public_port",
		"free_per_minute",
		"requests_per_second",
		"concurrent",
		"batch_wait_ms",
		"threads",
	],
	moved: &[
		("price", "leave it out; the offer on the chain has it (`doin-worker offer make`)"),
		("domain_id", "write the list `domains`"),
		("address", "write the address in `public_host` and `public_port`"),
		("host", "write `public_host`"),
		("port", "write `public_port`"),
	],
};

/// One of `reported`.
pub(super) const REPORTED: Section = Section { known: &["stream", "symbol", "quorum", "decimals", "sources"], moved: &[] };

/// One of `forecasts`.
pub(super) const FORECASTED: Section = Section {
	known: &[
		"stream",
		"symbol",
		"wager",
		"base_model",
		"program",
		"lookback",
		"channels",
		"retrain",
		"epochs",
		"seed",
		"timeout",
		"pairs",
		"history",
		"column",
		"time",
		"decimals",
		"leave",
	],
	moved: &[("model", "write a family of nets or the file of a model in `base_model`"), ("csv", "name the file in `history`")],
};

/// One of `programs`.
pub(super) const PROGRAM: Section = Section {
	known: &["hash", "file", "command", "timeout", "memory_mb", "folder"],
	moved: &[("program", "name the file in `file`, and what runs it in `command`")],
};

/// One of `sources` of a stream.
pub(super) const SOURCE: Section = Section {
	known: &SourceConfig::KEYS,
	moved: &[
		("url", "write the URL in `klines`"),
		("file", "name the file in `csv`"),
		("command", "write the program and its arguments as a list in `program`"),
	],
};

/// `optimization_config` of a domain.
pub(super) const SEARCH: Section = Section {
	known: &[
		"algorithm",
		"population_size",
		"elite",
		"patience",
		"early_patience",
		"optimization_stages",
		"optimization_increment_size",
		"optimization_patience",
		"proposals",
		"proposal_program",
		"seed",
		"operand_bits",
		"program",
		"program_timeout",
		"program_memory_mb",
		"program_folder",
	],
	moved: &[
		("step_size_fraction", GENETIC),
		("n_generations", GENETIC),
		("mutpb", GENETIC),
		("cxpb", GENETIC),
		(
			"optimization_incremental",
			"leave it out; `optimization_stages` or `optimization_increment_size` alone make the search staged",
		),
		("optimization_meta_mode", "leave it out; `optimization_stages` lists the genes of each stage"),
		("stage_advance_threshold", "leave it out; every better candidate counts"),
		("optimization_resume", "leave it out; a search goes on where it was interrupted"),
		("early_stopping_patience", "write `early_patience`"),
		(
			"target_fitness",
			"write `target_performance` beside `optimization_config`, in per cent below the error of the initial champion",
		),
		("epochs", GENE),
		("batch_size", "leave it out; the batches of training have one size"),
		("learning_rate", "bound the gene `rate` in `param_bounds`; the learning rate is 2^(rate-20)"),
		("hyperparameter_bounds", "write `param_bounds` beside `optimization_config`"),
	],
};

/// `resource_limits`.
pub(super) const LIMITS: Section = Section {
	known: &["cores", "gpu", "max_memory_mb", "max_training_seconds", "max_epochs", "max_unweighted_seconds", "share_work"],
	moved: &[("max_batch_size", "leave it out; the batches of training have one size")],
};

/// `bidding`.
pub(super) const BIDDING: Section =
	Section { known: &["max_seat_fee", "max_seat_fee_percent", "max_tip_percent", "max_stake", "lost_stakes"], moved: &[] };

/// Returns what takes the place of the key `key`, which `section` does not have.
pub(super) fn moved(section: &Section, key: &str) -> Option<&'static str> {
	if key.starts_with(['$', '_']) {
		return Some(COMMENT);
	}
	if key.starts_with("shared_") {
		return Some(POPULATION);
	}
	section.moved.iter().find(|(moved, _)| *moved == key).map(|(_, advice)| *advice)
}
