//! Tests of configuration files and layers.

use super::*;
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
	Settings { url: given(url), journal: given(journal).map(PathBuf::from), gpu: given(gpu) }
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
	assert_eq!(Settings::from_env(lookup), settings("value of DOIN_URL", "value of DOIN_JOURNAL", ""));
}

#[test]
fn the_examples_are_valid() {
	for name in ["single-machine.toml", "gpu-host.toml", "cpu-only.toml"] {
		let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs").join(name);
		ConfigFile::load(&path).unwrap_or_else(|error| panic!("{error:#}"));
	}
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
	assert!(reason.contains("the domain's record on the chain"), "{reason}");
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
	let percent = format!("{IDENTITY}[[domains]]\ndomain_id = 1\ntarget_performance = 100.0\n");
	assert!(refusal("a.toml", &percent).contains("`target_performance` is 100: expected a percentage"));
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
