//! Tests of configuration files and layers.

use super::*;
use doin_compute::OperandBits;
use std::path::Path;

const IDENTITY: &str = "[[identities]]\nrole = \"optimize\"\ndev = \"//Dave\"\n";

fn load(name: &str, text: &str) -> anyhow::Result<ConfigFile> {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join(name);
	std::fs::write(&path, text).unwrap();
	ConfigFile::load(&path)
}

fn refusal(name: &str, text: &str) -> String {
	format!("{:#}", load(name, text).unwrap_err())
}

fn settings(url: &str, journal: &str, gpu: &str) -> Settings {
	let given = |text: &str| (!text.is_empty()).then(|| text.to_string());
	Settings { url: given(url), journal: given(journal).map(PathBuf::from), gpu: given(gpu), ..Settings::default() }
}

fn from_file() -> ConfigFile {
	ConfigFile {
		url: Some("ws://file:1".into()),
		journal: Some("file.db".into()),
		resource_limits: ResourceLimits { gpu: Some("none".into()), cores: Some(3), ..Default::default() },
		..ConfigFile::dev()
	}
}

/// Returns the settings that the layers resolve to.
fn resolved(flags: Settings, environment: Settings, file: ConfigFile) -> (String, String, Option<String>) {
	let config = Config::layered(flags, environment, file);
	(config.url, config.journal.display().to_string(), config.resource_limits.gpu)
}

#[test]
fn a_flag_overrides_the_environment_which_overrides_the_file() {
	let flags = settings("ws://flag:1", "", "");
	let environment = settings("ws://env:1", "env.db", "");
	assert_eq!(resolved(flags, environment, from_file()), ("ws://flag:1".into(), "env.db".into(), Some("none".into())));
}

#[test]
fn a_list_of_addresses_is_separated_by_commas() {
	assert_eq!(addresses("ws://a:1, wss://key@b/secret,ws://c"), ["ws://a:1", "wss://key@b/secret", "ws://c"]);
	assert_eq!((addresses(DEV_NODE), addresses("ws://a,").len()), (vec![DEV_NODE.to_string()], 2));
}

#[test]
fn settings_without_a_value_have_defaults() {
	let file = ConfigFile { journal: None, ..ConfigFile::dev() };
	assert_eq!(resolved(Settings::default(), Settings::default(), file), (DEV_NODE.into(), JOURNAL.into(), None));
}

#[test]
fn a_default_can_be_given_explicitly_over_a_file_that_says_otherwise() {
	let flags = settings(DEV_NODE, JOURNAL, "auto");
	assert_eq!(resolved(flags, Settings::default(), from_file()), (DEV_NODE.into(), JOURNAL.into(), Some("auto".into())));
	let environment = settings(DEV_NODE, "", "");
	assert_eq!(resolved(Settings::default(), environment, from_file()).0, DEV_NODE);
}

#[test]
fn only_a_file_has_identities_domains_and_limits() {
	let config = Config::layered(settings("ws://flag:1", "f.db", "0"), Settings::default(), from_file());
	assert_eq!(config.identities, ConfigFile::dev().identities);
	assert_eq!((config.resource_limits.cores, config.genesis), (Some(3), None));
}

#[test]
fn environment_variables_are_read_by_name() {
	let lookup = |name: &str| (name != "DOIN_GPU").then(|| format!("value of {name}"));
	let expected = settings("value of DOIN_URL", "value of DOIN_JOURNAL", "");
	assert_eq!(Settings::from_env(lookup), Settings { olap_db: Some("value of DOIN_OLAP_DB".into()), ..expected });
}

#[test]
fn the_examples_are_valid() {
	let roles = ["owner.toml", "reporter.toml", "replay.toml", "forecaster.toml"];
	for name in ["single-machine.toml", "gpu-host.toml", "cpu-only.toml"].into_iter().chain(roles) {
		let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs").join(name);
		ConfigFile::load(&path).unwrap_or_else(|error| panic!("{error:#}"));
	}
}

#[test]
fn the_examples_of_a_development_chain_keep_their_files_outside_the_repository() {
	let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
	let repository = crates.parent().unwrap();
	for name in ["configs/replay.toml", "configs/forecaster.toml", "configs/server.toml", "configs/single-machine.toml"] {
		let file = ConfigFile::load(&crates.join(name)).unwrap();
		let database = file.olap_db_path.filter(|path| path.as_os_str() != NO_DATABASE);
		let journal = file.journal.expect("the example names it");
		for path in [journal].into_iter().chain(database) {
			assert!(path.is_absolute() && !path.starts_with(repository), "{}", path.display());
		}
	}
}

#[test]
fn shared_work_without_a_token_is_worth_a_warning() {
	let file = || load("a.toml", &format!("{IDENTITY}[resource_limits]\nshare_work = true\n")).unwrap();
	let warnings = |flags| Config::layered(flags, Settings::default(), file()).warnings();
	let unshared = warnings(Settings::default());
	assert!(unshared.len() == 1 && unshared[0].contains("--dashboard-token"), "{unshared:?}");
	assert!(warnings(Settings { dashboard_token: Some("token".into()), ..Settings::default() }).is_empty());
}

#[test]
fn m8_two_domains_of_one_file_are_worth_a_warning() {
	let owner = "[[identities]]\nrole = \"own\"\ndev = \"//Alice\"\n";
	let owned = |id: u32, csv: &str| format!("[[owned]]\ndomain_id = {id}\ncsv = \"{csv}\"\nlabel = \"y\"\n");
	let warnings = |second: &str| {
		let file = load("a.toml", &format!("{owner}{}{}", owned(3, "rows.csv"), owned(4, second))).unwrap();
		Config::layered(Settings::default(), Settings::default(), file).warnings()
	};
	assert!(warnings("other.csv").is_empty());
	for same in ["rows.csv", "rows.csv:900"] {
		let warnings = warnings(same);
		assert!(
			warnings.len() == 1 && warnings[0].contains("domains 3 and 4") && warnings[0].contains("rows.csv"),
			"{warnings:?}"
		);
	}
	let confirmed = format!("{owner}{}{}confirm_shared = [3]\n", owned(3, "rows.csv"), owned(4, "rows.csv"));
	let file = load("a.toml", &confirmed).unwrap();
	assert!(Config::layered(Settings::default(), Settings::default(), file).warnings().is_empty(), "the owner has confirmed it");
}

#[test]
fn sealed_domains_need_one_identity_that_owns() {
	let owned = "[[owned]]\ndomain_id = 3\ncsv = \"rows.csv\"\nlabel = \"y\"\n";
	let owner = "[[identities]]\nrole = \"own\"\ndev = \"//Alice\"\n";
	let file = load("a.toml", &format!("{owner}{owned}")).unwrap();
	assert!(file.owned[0].csv.ends_with("/rows.csv"), "{}", file.owned[0].csv);
	assert!(refusal("a.toml", &format!("{IDENTITY}{owned}")).contains("no identity has role = \"own\""));
	assert!(refusal("a.toml", owner).contains("`owned` is empty"));
	let two = format!("{owner}{}", owner.replace("Alice", "Bob"));
	assert!(refusal("a.toml", &format!("{two}{owned}")).contains("keep one"));
	assert!(refusal("a.toml", &format!("{owner}{owned}{owned}")).contains("two entries of `owned`"));
	assert!(refusal("a.toml", &format!("{owner}bond = \"1 DOIN\"\n{owned}")).contains("it owns, and only evaluators bond"));
	let proxy = format!("{owner}proxy_for = \"{}\"\n{owned}", doin_chain::Account([7; 32]));
	assert!(refusal("a.toml", &proxy).contains("any account can open a segment"));
	let wrong = refusal("a.toml", &format!("{owner}{owned}labels = \"y\"\n"));
	assert!(wrong.contains("unknown field `labels` in `owned[0]`") && wrong.contains("`label`"), "{wrong}");
}

#[test]
fn anchors_have_a_file_and_a_key_only_for_another_chain() {
	let anchor = |text: &str| load("a.toml", &format!("{IDENTITY}[anchor]\n{text}")).map(|file| file.anchor.unwrap());
	assert!(load("a.toml", IDENTITY).unwrap().anchor.is_none(), "a worker publishes no anchors unless it is to");
	let plain = anchor("").unwrap();
	assert!(plain.file.as_ref().unwrap().ends_with("anchors.jsonl") && plain.file.as_ref().unwrap().is_absolute());
	let settings = plain.settings().unwrap();
	assert!(settings.http.is_none() && settings.other.is_none());
	let all = anchor("file = \"/tmp/a\"\nhttp = \"http://host/a\"\nchain = \"ws://other:9944\"\ndev = \"//Dave\"\n").unwrap();
	let settings = all.settings().unwrap();
	assert_eq!(settings.file, Path::new("/tmp/a"));
	assert_eq!(settings.http.unwrap().to_string(), "http://host:80/a");
	assert_eq!(settings.other.unwrap().urls, ["ws://other:9944"]);
	let encrypted = anchor("http = \"https://host/a\"\n").unwrap().settings().unwrap();
	assert_eq!(encrypted.http.unwrap().to_string(), "https://host:443/a");

	let refused = |text: &str| format!("{:#}", anchor(text).unwrap_err());
	assert!(refused("chain = \"ws://other:9944\"\n").contains("`anchor` is invalid: it needs one of `seed_file`"));
	assert!(refused("dev = \"//Dave\"\n").contains("add `chain`"));
	assert!(refused("dev = \"//Dave\"\nseed_file = \"x\"\n").contains("several keys"));
	assert!(refused("http = \"ws://host/\"\n").contains("does not begin with http://"));
	assert!(refused("url = \"ws://other:9944\"\n").contains("unknown field `url` in `anchor`"));
}

#[test]
fn reported_streams_need_an_identity_that_reports() {
	let reporter = "[[identities]]\nrole = \"report\"\ndev = \"//Alice\"\n";
	let reported = "[[reported]]\nsymbol = \"BTC/USD\"\n[[reported.sources]]\ncsv = \"bars.csv\"\n";
	let file = load("a.toml", &format!("{reporter}{reported}")).unwrap();
	assert!(file.reported[0].sources[0].csv.as_ref().is_some_and(|csv| csv.is_absolute()));
	let config = Config::layered(Settings::default(), Settings::default(), file);
	assert!(config.has_role(Role::Report) && config.reported.len() == 1);
	assert!(refusal("a.toml", &format!("{IDENTITY}{reported}")).contains("no identity has role = \"report\""));
	assert!(refusal("a.toml", reporter).contains("`reported` is empty"));
	assert!(
		refusal("a.toml", &format!("{reporter}{reported}{reported}")).contains("two entries of `reported` are stream `BTC/USD`")
	);
	assert!(
		refusal("a.toml", &format!("{reporter}bond = \"1 DOIN\"\n{reported}")).contains("it reports, and only evaluators bond")
	);
	let wrong = refusal("a.toml", &format!("{reporter}{reported}url = \"https://h\"\n"));
	assert!(wrong.contains("unknown field `url` in `reported[0].sources[0]`: write the URL in `klines`"), "{wrong}");
	let two = refusal("a.toml", &format!("{reporter}{reported}klines = \"https://h\"\n"));
	assert!(two.contains("entry 1 of `reported`, stream `BTC/USD`, is invalid") && two.contains("exactly one of"), "{two}");
}

#[test]
fn streams_to_forecast_need_an_identity_that_forecasts() {
	let forecaster = "[[identities]]\nrole = \"forecast\"\ndev = \"//Dave\"\n";
	let forecast = "[[forecasts]]\nsymbol = \"BTC/USD\"\nwager = \"2 DOIN\"\nbase_model = \"gru\"\nchannels = \"rsi,day\"\n";
	let file = load("a.toml", &format!("{forecaster}{forecast}history = \"btc.csv\"\n")).unwrap();
	let read = &file.forecasts[0];
	assert!(read.history.as_ref().is_some_and(|csv| csv.is_absolute()));
	assert_eq!((read.channels.to_string().as_str(), read.forecaster().to_string().as_str()), ("rsi,day", "gru"));
	assert!(Config::layered(Settings::default(), Settings::default(), file).has_role(Role::Forecast));
	assert!(refusal("a.toml", &format!("{IDENTITY}{forecast}")).contains("no identity has role = \"forecast\""));
	assert!(refusal("a.toml", forecaster).contains("`forecasts` is empty"));
	let second = "[[identities]]\nrole = \"forecast\"\ndev = \"//Eve\"\n";
	assert!(refusal("a.toml", &format!("{forecaster}{second}{forecast}")).contains("two identities have role = \"forecast\""));
	assert!(refusal("a.toml", &format!("{forecaster}{forecast}{forecast}")).contains("one seat in a round"));
	let small = forecast.replace("2 DOIN", "0.5 DOIN");
	let small = refusal("a.toml", &format!("{forecaster}{small}"));
	assert!(small.contains("entry 1 of `forecasts`, stream `BTC/USD`") && small.contains("1 DOIN at least"), "{small}");
	let wrong = refusal("a.toml", &format!("{forecaster}{forecast}model = \"gru\"\n"));
	assert!(wrong.contains("unknown field `model` in `forecasts[0]`") && wrong.contains("`base_model`"), "{wrong}");
}

#[test]
fn programs_of_tolerance_domains_are_listed_by_their_hashes() {
	let program = format!("[[programs]]\nhash = \"0x{}\"\nfile = \"train.py\"\ncommand = [\"python3\"]\n", "c0".repeat(32));
	let file = load("a.toml", &format!("{IDENTITY}{program}")).unwrap();
	assert!(file.programs[0].file.is_absolute());
	let config = Config::layered(Settings::default(), Settings::default(), file);
	assert_eq!((config.programs[0].hash.0, config.programs[0].timeout), ([0xC0; 32], 300));
	let two = refusal("a.toml", &format!("{IDENTITY}{program}{program}"));
	assert!(two.contains("two entries of `programs` have the hash 0xc0c0"), "{two}");
	let late = refusal("a.toml", &format!("{IDENTITY}{program}timeout = 0\n"));
	assert!(late.contains("entry 1 of `programs` is invalid") && late.contains("1 to 3600 seconds"), "{late}");
	let wrong = refusal("a.toml", &format!("{IDENTITY}{program}program = \"a\"\n"));
	assert!(wrong.contains("unknown field `program` in `programs[0]`") && wrong.contains("`file`"), "{wrong}");
}

#[test]
fn toml_and_json_are_read_alike() {
	let toml = format!("{IDENTITY}[[domains]]\ndomain_id = 3\noptimize = true\nparam_bounds = {{ width = [8, 16] }}\n");
	let json = r#"{"identities": [{"role": "optimize", "dev": "//Dave"}],
		"domains": [{"domain_id": 3, "optimize": true, "param_bounds": {"width": [8, 16]}}], "journal": "/tmp/x.db"}"#;
	let (a, b) = (load("a.toml", &format!("journal = \"/tmp/x.db\"\n{toml}")).unwrap(), load("b.json", json).unwrap());
	assert_eq!(a, b);
	let config = Config::layered(Settings::default(), Settings::default(), a);
	assert_eq!(config.url, DEV_NODE);
	assert_eq!(config.domain(3, "").unwrap().param_bounds["width"], [8, 16]);
}

#[test]
fn server_and_database_have_upstreams_keys() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("worker.json");
	let of = |keys: &str| {
		let text = format!(r#"{{"identities": [{{"role": "optimize", "dev": "//Dave"}}], {keys}}}"#);
		std::fs::write(&path, text).unwrap();
		ConfigFile::load(&path).map(|file| Config::layered(Settings::default(), Settings::default(), file))
	};
	let config = of(r#""host": "0.0.0.0", "port": 8471, "dashboard_enabled": true, "experiment_stats_file": "rounds.csv",
		"olap_db_path": "facts.db", "dashboard_token_file": "token""#);
	let config = config.unwrap();
	assert_eq!((config.dashboard.is_enabled, config.dashboard.address.to_string()), (true, "0.0.0.0:8471".into()));
	assert_eq!(config.dashboard.token, Some(folder.path().join("token")));
	assert_eq!(config.analytics.olap_db, Some(folder.path().join("facts.db")));
	assert_eq!(config.analytics.stats_file, Some(folder.path().join("rounds.csv")));

	let off = of(r#""dashboard_enabled": false, "olap_db_path": "none", "experiment_stats_file": """#).unwrap();
	assert!(!off.dashboard.is_enabled && !off.analytics.has_database() && off.analytics.stats_file.is_none());
	let unset = of(r#""olap_db_path": """#).unwrap();
	assert_eq!((unset.analytics.has_database(), unset.analytics.olap_db), (true, None));

	let refused = |keys: &str| format!("{:#}", of(keys).unwrap_err());
	assert!(refused(r#""host": "example.org""#).contains("e.g. 127.0.0.1"));
	assert!(refused(r#""port": 70000"#).contains("70000"));
	assert!(refused(r#""dashboard_token": "secret""#).contains("`dashboard_token_file`"));
}

#[test]
fn an_unknown_key_is_named_with_the_known_ones() {
	for name in ["a.toml", "a.json"] {
		let text =
			if name == "a.toml" { format!("jurnal = \"x\"\n{IDENTITY}") } else { r#"{"jurnal": "x", "identities": []}"#.into() };
		let reason = refusal(name, &text);
		assert!(reason.contains("unknown field `jurnal`") && reason.contains("`journal`"), "{reason}");
	}
}

#[test]
fn upstreams_keys_are_explained() {
	let reason = refusal("a.toml", &format!("{IDENTITY}[[domains]]\ndomain_id = 1\nhas_synthetic_data = true\n"));
	assert!(reason.contains("the record of the domain on the chain"), "{reason}");
}

/// A configuration in the form of upstream's node.
const UPSTREAM: &str = r#"{
	"$doc": "made up", "host": "0.0.0.0", "port": 8470, "data_dir": "./d", "bootstrap_peers": [], "target_block_time": 60,
	"quorum_tolerance": 0.1, "initial_threshold": 1e-06, "storage_backend": "sqlite", "shared_population": true, "zzz": 1,
	"domains": [{
		"domain_id": "demo", "optimize": true, "evaluate": true, "optimization_plugin": "p", "has_synthetic_data": true,
		"target_performance": 999.0, "optimization_config": {"step_size_fraction": 0.1, "epochs": 10, "batch_size": 8},
		"param_bounds": {"window": [12, 60], "rate": [1e-5, 0.01], "width": [16.0, 64.0]},
		"resource_limits": {"max_training_seconds": 60, "max_batch_size": 8}, "incentive_config": {"higher_is_better": true}
	}]
}"#;

#[test]
fn k39_all_foreign_keys_are_listed_at_once_with_what_replaces_each() {
	let reason = refusal("a.json", UPSTREAM);
	let lines: Vec<&str> = reason.lines().skip(1).collect();
	for (start, advice) in [
		("unknown field `$doc`:", "comments are written in .toml files"),
		("unknown field `data_dir`:", "`journal`"),
		("unknown field `bootstrap_peers`:", "--bootnodes"),
		("unknown field `target_block_time`:", "chain"),
		("unknown field `quorum_tolerance`:", "exact"),
		("unknown field `initial_threshold`:", "doin-worker status"),
		("unknown field `storage_backend`:", "doin-node"),
		("unknown field `shared_population`:", "searches by itself"),
		("unknown field `zzz`:", "expected one of `url`, `genesis`"),
		("unknown field `optimization_plugin` in `domains[0]`:", "program of the domain"),
		("unknown field `has_synthetic_data` in `domains[0]`:", "record of the domain"),
		("unknown field `incentive_config` in `domains[0]`:", "rewards"),
		("unknown field `resource_limits` in `domains[0]`:", "top of the file"),
		("unknown field `max_batch_size` in `domains[0].resource_limits`:", "one size"),
		("unknown field `step_size_fraction` in `domains[0].optimization_config`:", "`population_size`"),
		("unknown field `epochs` in `domains[0].optimization_config`:", "`param_bounds`"),
		("unknown field `batch_size` in `domains[0].optimization_config`:", "one size"),
		("`domains[0].domain_id` is the text `demo`", "write `name`"),
		("`target_performance` is 999", "leave it out in `domains[0]`"),
		("`domains[0].param_bounds.rate` is [1e-5,0.01]", "2^(N-20)"),
		("`domains[0].param_bounds.width` is [16.0,64.0]", "write [16, 64]"),
		("`identities` is missing", "role"),
	] {
		let found = lines.iter().find(|line| line.trim_start().starts_with(start));
		assert!(found.is_some_and(|line| line.contains(advice)), "{start} … {advice}\n{reason}");
	}
	assert_eq!(lines.len(), 22, "{reason}");
}

#[test]
fn the_known_keys_are_those_of_the_parser() {
	use super::upstream::{ANCHOR, BIDDING, CONFIG, DOMAIN, FORECASTED, IDENTITY, LIMITS, OWNED, REPORTED, SEARCH, SOURCE};
	fn expected<T: serde::de::DeserializeOwned>() -> Vec<String> {
		let error = serde_json::from_str::<T>(r#"{"no such key": 1}"#).err().unwrap().to_string();
		error.split('`').skip(3).step_by(2).map(String::from).collect()
	}
	assert_eq!(expected::<ConfigFile>(), CONFIG.known);
	assert_eq!(expected::<IdentityConfig>(), IDENTITY.known);
	assert_eq!(expected::<DomainConfig>(), DOMAIN.known);
	assert_eq!(expected::<OptimizationConfig>(), SEARCH.known);
	assert_eq!(expected::<ResourceLimits>(), LIMITS.known);
	assert_eq!(expected::<BiddingConfig>(), BIDDING.known);
	assert_eq!(expected::<AnchorConfig>(), ANCHOR.known);
	assert_eq!(expected::<ReportedConfig>(), REPORTED.known);
	assert_eq!(expected::<ForecastConfig>(), FORECASTED.known);
	assert_eq!(expected::<OwnedConfig>(), OWNED.known);
	assert_eq!(expected::<doin_sources::SourceConfig>(), SOURCE.known);
}

#[test]
fn k39_a_byte_order_mark_does_no_harm() {
	let json = r#"{"identities": [{"role": "optimize", "dev": "//Dave"}]}"#;
	let toml = IDENTITY.replace('\n', "\r\n");
	let plain = load("a.toml", IDENTITY).unwrap().identities;
	assert_eq!(load("a.json", &format!("\u{feff}{json}\r\n")).unwrap().identities, plain);
	assert_eq!(load("a.toml", &format!("\u{feff}{toml}")).unwrap().identities, plain);
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("a.json");
	std::fs::write(&path, json.encode_utf16().flat_map(u16::to_le_bytes).chain([0, 0xd8]).collect::<Vec<u8>>()).unwrap();
	let reason = format!("{:#}", ConfigFile::load(&path).unwrap_err());
	assert!(reason.contains("save it as UTF-8"), "{reason}");
}

#[test]
fn k36_no_error_of_a_configuration_repeats_a_phrase() {
	const PHRASE: &str = "stadium special ocean custom dune phrase demand badge distance toward toss shop";
	let identity = "[[identities]]\nrole = \"evaluate\"\n";
	for line in [
		format!("mnemonic_file = \"{PHRASE}\""),
		format!("seed_file = \"0x{}\"", "4715f565".repeat(8)),
		format!("mnemonic = \"{PHRASE}\""),
		format!("seed = \"0x{}\"", "4715f565".repeat(8)),
		format!("mnemonic_file = {PHRASE}"),
		format!("dev = \"{PHRASE}\""),
		format!("dev = \"//Eve\"\nclass = \"{PHRASE}\""),
	] {
		let error = load("a.toml", &format!("{identity}{line}\n")).unwrap_err();
		let shown = format!("{error:#} {error:?}");
		for secret in ["stadium", "ocean", "toss", "4715f565"] {
			assert!(!shown.contains(secret), "{line}: {shown}");
		}
	}
	let file = format!("[[identities]]\nrole = \"evaluate\"\nmnemonic_file = \"{PHRASE}\"\n");
	let parsed: ConfigFile = toml::from_str(&file).unwrap();
	assert!(!format!("{parsed:?}").contains("ocean"), "{parsed:?}");
	let reason = refusal("a.toml", &file);
	assert!(reason.contains("identity 1 is invalid") && reason.contains("name of a key file is expected"), "{reason}");
	let reason = refusal("a.json", &format!("{{\"identities\": [{{\"role\": \"evaluate\", \"phrase\": \"{PHRASE}\"}}]}}"));
	assert!(reason.contains("`phrase` in `identities[0]`") && reason.contains("`mnemonic_file`"), "{reason}");
}

#[test]
fn k37_paths_in_the_home_folder_do_not_start_in_the_folder_of_the_file() {
	let text = "journal = \"~/doin/journal.db\"\n[[identities]]\nrole = \"evaluate\"\nmnemonic_file = \"~/keys/evaluator.key\"\n";
	let file = load("a.toml", text).unwrap();
	assert_eq!(file.journal, Some("~/doin/journal.db".into()));
	assert_eq!(file.identities[0].mnemonic_file, Some("~/keys/evaluator.key".into()));
}

#[test]
fn k30_a_flag_wins_over_the_file_even_if_it_is_the_default() {
	let file = load("a.toml", &format!("url = \"ws://127.0.0.1:9955\"\n{IDENTITY}")).unwrap();
	let config = Config::layered(settings(DEV_NODE, "", ""), Settings::default(), file);
	assert_eq!(config.url, DEV_NODE);
}

#[test]
fn k41_gpu_is_a_number_a_text_or_a_list() {
	let gpu = |value: &str| {
		let text = format!("{IDENTITY}[resource_limits]\ngpu = {value}\n");
		load("a.toml", &text).map(|file| file.resource_limits.gpu)
	};
	for (value, expected) in [
		("0", "0"),
		("\"0,1\"", "0,1"),
		("[0, 2]", "0,2"),
		("[0, \"RTX 4090\"]", "0,RTX 4090"),
		("\"auto\"", "auto"),
		("[]", "none"),
	] {
		assert_eq!(gpu(value).unwrap().as_deref(), Some(expected), "{value}");
	}
	assert_eq!(load("a.toml", IDENTITY).unwrap().resource_limits.gpu, None);
	for value in ["true", "-1", "1.5", "[[0]]"] {
		let reason = format!("{:#}", gpu(value).unwrap_err());
		assert!(reason.contains("a number or a part of a name"), "{value}: {reason}");
	}
}

#[test]
fn bids_have_bounds_with_defaults() {
	let bidding = |text: &str| load("a.toml", &format!("{IDENTITY}[bidding]\n{text}\n")).map(|file| file.bidding);
	assert_eq!(bidding("").unwrap(), BiddingConfig::default());
	let given = bidding("max_seat_fee = \"5 DOIN\"\nmax_seat_fee_percent = 100.0\nmax_tip_percent = 0.0").unwrap();
	assert_eq!((given.max_seat_fee_percent, given.max_tip_percent), (100.0, 0.0));
	let stakes = bidding("max_stake = \"25 DOIN\"\nlost_stakes = 1").unwrap();
	assert_eq!((stakes.max_stake, stakes.lost_stakes), (crate::amount::Amount(25 * doin_primitives::DOIN), 1));
	assert!(format!("{:#}", bidding("lost_stakes = 0").unwrap_err()).contains("after whose loss a search ends"));
	for text in ["max_seat_fee_percent = 0.0", "max_seat_fee_percent = 101.0", "max_tip_percent = -1.0"] {
		assert!(format!("{:#}", bidding(text).unwrap_err()).contains("expected a percentage"), "{text}");
	}
}

#[test]
fn a_contradiction_is_refused_with_the_next_step() {
	assert!(refusal("a.yaml", "").contains("neither .toml nor .json"));
	assert!(refusal("a.toml", "identities = []").contains("add one"));
	assert!(refusal("a.toml", "[[identities]]\nrole = \"evaluate\"\n").contains("exactly one of `seed_file`"));
	assert!(refusal("a.toml", &format!("{IDENTITY}{IDENTITY}")).contains("two identities optimize"));
	assert!(refusal("a.toml", &format!("{IDENTITY}[[domains]]\noptimize = true\n")).contains("either `domain_id` or `name`"));
	let bounds = format!("{IDENTITY}[[domains]]\ndomain_id = 1\nparam_bounds = {{ width = [9, 8] }}\n");
	assert!(refusal("a.toml", &bounds).contains("the smaller bound first"));
	let nobody = "[[identities]]\nrole = \"evaluate\"\ndev = \"//Eve\"\n[[domains]]\ndomain_id = 1\noptimize = true\n";
	assert!(refusal("a.toml", nobody).contains("no identity has role"));
	assert!(refusal("a.toml", &format!("genesis = \"0x12\"\n{IDENTITY}")).contains("64 hexadecimal digits"));
	assert!(refusal("a.toml", &format!("{IDENTITY}bond = \"9 DOIN\"\n")).contains("only evaluators bond"));
	let percent = format!("{IDENTITY}[[domains]]\ndomain_id = 1\noptimize = true\ntarget_performance = 100.0\n");
	assert!(refusal("a.toml", &percent).contains("`target_performance` is 100: expected a percentage"));
}

#[test]
fn k43_an_optimizer_without_a_domain_and_an_evaluator_that_leaves_one_out_are_warned_of() {
	let domain = |flags: &str| format!("[[domains]]\nname = \"load\"\n{flags}");
	load("a.toml", &format!("{IDENTITY}{}[[domains]]\ndomain_id = 1\noptimize = true\n", domain(""))).unwrap();
	load("a.toml", IDENTITY).unwrap();

	let warnings = |identities: &str, flags: &str| {
		let file = load("a.toml", &format!("{identities}{}", domain(flags))).unwrap();
		Config::layered(Settings::default(), Settings::default(), file).warnings()
	};
	// What was committed before `optimize` was changed is revealed.
	for flags in ["", "evaluate = true\n", "optimize = false\n"] {
		let warnings = warnings(IDENTITY, flags);
		assert_eq!(warnings.len(), 1);
		assert!(warnings[0].contains("no entry of `domains` has optimize = true"), "{warnings:?}");
		assert!(warnings[0].contains("only reveals what is committed"), "{warnings:?}");
	}
	let evaluator = "[[identities]]\nrole = \"evaluate\"\ndev = \"//Eve\"\n";
	for (identities, flags) in [(evaluator.to_string(), ""), (format!("{IDENTITY}{evaluator}"), "optimize = true\n")] {
		let warnings = warnings(&identities, flags);
		assert_eq!(warnings.len(), 1);
		assert!(warnings[0].contains("domain `load`") && warnings[0].contains("set evaluate = true"), "{warnings:?}");
	}
	assert!(warnings(evaluator, "evaluate = true\n").is_empty());
	assert!(warnings(IDENTITY, "optimize = true\n").is_empty(), "an optimizer is not drawn");
}

#[test]
fn a_server_has_an_identity_and_a_table() {
	let server = "[[identities]]\nrole = \"serve\"\ndev = \"//Eve\"\n";
	let file = load("a.toml", &format!("{server}[serve]\ndomains = [0]\npublic_host = \"0.0.0.0\"\n")).unwrap();
	let config = Config::layered(Settings::default(), Settings::default(), file);
	assert!(config.has_role(Role::Serve));
	assert_eq!(config.serve.and_then(|serve| serve.address()).unwrap().port(), 8475);
	assert!(refusal("a.toml", server).contains("add [serve] with the `domains`"));
	assert!(refusal("a.toml", &format!("{IDENTITY}[serve]\ndomains = [0]\n")).contains("no identity has role = \"serve\""));
	assert!(refusal("a.toml", &format!("{server}[serve]\ndomains = []\n")).contains("`serve` is invalid"));
	assert!(refusal("a.toml", &format!("{server}[serve]\nprice = 5\n")).contains("the offer on the chain has it"));
	let two = "[[identities]]\nrole = \"serve\"\ndev = \"//Ferdie\"\n";
	assert!(refusal("a.toml", &format!("{server}{two}[serve]\ndomains = [0]\n")).contains("two identities have role"));
}

#[test]
fn a_genesis_hash_is_read_back_from_its_text() {
	let genesis = GenesisHash([0xab; 32]);
	assert_eq!(genesis.to_string().parse(), Ok(genesis));
	let file = load("a.toml", &format!("genesis = \"{genesis}\"\n{IDENTITY}")).unwrap();
	assert_eq!(Config::layered(Settings::default(), Settings::default(), file).genesis, Some([0xab; 32]));
}

#[test]
fn paths_start_in_the_folder_of_the_file() {
	let identity = "[[identities]]\nrole = \"evaluate\"\nseed_file = \"keys/e.seed\"\n";
	let file = load("a.toml", &format!("journal = \"j.db\"\n{identity}")).unwrap();
	let journal = file.journal.unwrap();
	assert!(journal.is_absolute() && journal.ends_with("j.db"));
	assert!(file.identities[0].seed_file.as_ref().unwrap().is_absolute());
	let journal = load("a.toml", identity).unwrap().journal.unwrap();
	assert!(journal.is_absolute() && journal.ends_with(JOURNAL), "a file without a journal keeps it beside itself");
}

#[test]
fn development_needs_no_file() {
	let file = ConfigFile::dev();
	file.check().unwrap();
	assert_eq!(file.identities.len(), 5);
	assert_eq!(file.identities[0].dev.as_deref(), Some(DEV_OPTIMIZER));
	let config = Config::layered(Settings::default(), Settings::default(), file);
	assert!(config.has_role(Role::Optimize) && config.has_role(Role::Evaluate));
	assert_eq!(config.journal, PathBuf::from(DEV_JOURNAL));
}

#[test]
fn evaluators_answer_for_every_domain_that_the_file_does_not_exclude() {
	let named = DomainConfig { name: Some("b".into()), optimize: true, ..Default::default() };
	let numbered = DomainConfig { domain_id: Some(1), evaluate: true, ..Default::default() };
	let file = ConfigFile { domains: vec![numbered, named], ..ConfigFile::dev() };
	let config = Config::layered(Settings::default(), Settings::default(), file);
	assert!(config.evaluates(1, "a") && config.evaluates(9, "unnamed"));
	assert!(!config.evaluates(2, "b"));
}

#[test]
fn stages_and_patiences_are_those_of_upstream_and_checked() {
	let with = |limits: &str, settings: &str| {
		let search = "[[domains]]\ndomain_id = 0\noptimize = true\n[domains.optimization_config]\n";
		load("a.toml", &format!("{IDENTITY}\n{limits}\n{search}{settings}\n"))
	};
	let text = "optimization_stages = [[\"window\"], [\"width\", \"depth\"]]\noptimization_patience = 5\nearly_patience = 15";
	let search = with("", text).unwrap().domains.remove(0).optimization_config;
	assert_eq!((search.optimization_stages.len(), search.optimization_patience, search.early_patience), (2, 5, Some(15)));
	assert!(search.is_staged() && !OptimizationConfig::default().is_staged());
	let refusal = |settings: &str| format!("{:#}", with("", settings).unwrap_err());
	assert!(refusal("optimization_increment_size = 0").contains("from 1"));
	assert!(refusal(&format!("{text}\noptimization_increment_size = 2")).contains("keep the one that is to decide"));
	assert!(refusal("optimization_increment_size = 1\noptimization_patience = 0")
		.contains("`optimization_config.optimization_patience` is 0"));
	assert!(refusal("early_patience = 0").contains("from 1, or leave it out"));
	assert!(refusal("optimization_incremental = true").contains("alone make the search staged"));
	for (text, bits) in
		[("8", OperandBits::Eight), ("12", OperandBits::Twelve), ("\"8\"", OperandBits::Eight), ("\"auto\"", OperandBits::Auto)]
	{
		let search = with("", &format!("operand_bits = {text}")).unwrap().domains.remove(0).optimization_config;
		assert_eq!(search.operand_bits, Some(bits));
		let written = serde_json::to_value(&search).unwrap();
		assert_eq!(serde_json::from_value::<OptimizationConfig>(written).unwrap(), search);
	}
	assert!(refusal("operand_bits = 9").contains("expected 8, 12 or `auto`"));
	assert!(refusal("operand_bits = true").contains("expected 8, 12 or `auto`"));
	let both = format!("{:#}", with("[resource_limits]\nmax_training_seconds = 60", "early_patience = 3").unwrap_err());
	assert!(both.contains("domain 0 has `early_patience`") && both.contains("keep one of them"), "{both}");
}

#[test]
fn a_program_searches_only_if_the_algorithm_says_so() {
	let with = |settings: &str| {
		let text =
			format!("{IDENTITY}\n[[domains]]\ndomain_id = 0\noptimize = true\n[domains.optimization_config]\n{settings}\n");
		load("a.toml", &text)
	};
	let refusal = |settings: &str| format!("{:#}", with(settings).unwrap_err());
	assert!(refusal("algorithm = \"program\"").contains("no `program`: write the program and its arguments"));
	assert!(refusal("algorithm = \"program\"\nprogram = []").contains("no `program`"));
	assert!(refusal("program = [\"./mine\"]").contains("`optimization_config.program` is not used: set algorithm = \"program\""));
	let program = "algorithm = \"program\"\nprogram = [\"./mine\", \"./data\"]\n";
	let timeout = refusal(&format!("{program}program_timeout = 0"));
	assert!(timeout.contains("`optimization_config.program_timeout` is 0: expected 1 to 3600 seconds"), "{timeout}");
	assert!(refusal(&format!("{program}program_memory_mb = 63")).contains("`optimization_config.program_memory_mb` is 63"));
	let search = with(&format!("{program}program_folder = \"kept\"")).unwrap().domains.remove(0).optimization_config;
	assert_eq!((search.algorithm, search.program_timeout, search.program_memory_mb), (Algorithm::Program, 60, 4096));
	let (words, folder) = (search.program.unwrap(), search.program_folder.unwrap());
	assert!(words[0].ends_with("/./mine") && words[0] != "./mine", "{words:?}");
	assert_eq!(words[1], "./data", "arguments are left as they are");
	assert!(folder.is_absolute() && folder.ends_with("kept"), "{folder:?}");
	let shell = with("algorithm = \"program\"\nprogram = [\"python3\", \"mine.py\"]").unwrap();
	assert_eq!(shell.domains[0].optimization_config.program.as_deref(), Some(&["python3".into(), "mine.py".into()][..]));
}

#[test]
fn a_program_proposes_only_if_proposals_are_wanted() {
	let with = |settings: &str| {
		let text =
			format!("{IDENTITY}\n[[domains]]\ndomain_id = 0\noptimize = true\n[domains.optimization_config]\n{settings}\n");
		load("a.toml", &text)
	};
	let refusal = |settings: &str| format!("{:#}", with(settings).unwrap_err());
	let empty = refusal("proposal_program = []");
	assert!(empty.contains("`optimization_config.proposal_program` is empty: write the program and its arguments"), "{empty}");
	let unused = refusal("proposals = 0\nproposal_program = [\"./meta\"]");
	assert!(unused.contains("`optimization_config.proposal_program` is not used: set `proposals`"), "{unused}");
	let search = with("proposal_program = [\"./meta\", \"./data\"]").unwrap().domains.remove(0).optimization_config;
	let words = search.proposal_program.unwrap();
	assert!(words[0].ends_with("/./meta") && words[0] != "./meta" && words[1] == "./data", "{words:?}");
}
