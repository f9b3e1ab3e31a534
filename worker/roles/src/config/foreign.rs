//! Keys and values of a configuration that this worker does not have, e.g. those of upstream's node configuration.
//!
//! The parsers of TOML and JSON stop at the first unknown key. A file that was written for another program has dozens of them, so
//! [`findings`] looks through the whole file first and lists all of them, each with what takes its place.

use super::upstream::{
	moved, ANCHOR, BIDDING, CONFIG, DOMAIN, FORECASTED, IDENTITY, LIMITS, OWNED, PROGRAM, REPORTED, SEARCH, SERVE, SOURCE,
};
use crate::keys::without_secrets;
use serde_json::{Map, Value};

/// Keys of one table of a configuration.
pub(super) struct Section {
	/// Keys that this worker has.
	pub(super) known: &'static [&'static str],
	/// Keys of upstream, each with what takes its place.
	pub(super) moved: &'static [(&'static str, &'static str)],
}

/// Returns a line for everything in a configuration that belongs to another program. The configuration is a table.
pub(super) fn findings(config: &Value) -> Vec<String> {
	let mut found = Findings::default();
	let Some(table) = config.as_object() else { return found.0 };
	found.keys("", table, &CONFIG);
	found.section("anchor", table.get("anchor"), &ANCHOR);
	found.section("serve", table.get("serve"), &SERVE);
	found.section("bidding", table.get("bidding"), &BIDDING);
	found.section("resource_limits", table.get("resource_limits"), &LIMITS);
	for (path, identity) in rows("identities", table.get("identities")) {
		found.keys(&path, identity, &IDENTITY);
	}
	for (path, domain) in rows("domains", table.get("domains")) {
		found.domain(&path, domain);
	}
	for (path, owned) in rows("owned", table.get("owned")) {
		found.keys(&path, owned, &OWNED);
	}
	for (path, forecast) in rows("forecasts", table.get("forecasts")) {
		found.keys(&path, forecast, &FORECASTED);
	}
	for (path, program) in rows("programs", table.get("programs")) {
		found.keys(&path, program, &PROGRAM);
	}
	for (path, reported) in rows("reported", table.get("reported")) {
		found.keys(&path, reported, &REPORTED);
		for (path, source) in rows(&format!("{path}sources"), reported.get("sources")) {
			found.keys(&path, source, &SOURCE);
		}
	}
	if !found.0.is_empty() && !table.contains_key("identities") {
		found.0.push(
			"`identities` is missing: add one with a `role` and a key, e.g. role = \"evaluate\" and mnemonic_file = \"evaluator.key\""
				.into(),
		);
	}
	found.0
}

/// Returns the tables of a list, each with its path.
fn rows<'a>(name: &str, list: Option<&'a Value>) -> Vec<(String, &'a Map<String, Value>)> {
	let rows = list.and_then(Value::as_array).into_iter().flatten().enumerate();
	rows.filter_map(|(at, row)| Some((format!("{name}[{at}]."), row.as_object()?))).collect()
}

#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
	/// Adds the keys of `table` that are not those of `section`. `path` is the place of the table, with a dot at its end.
	fn keys(&mut self, path: &str, table: &Map<String, Value>, section: &Section) {
		for key in table.keys().filter(|key| !section.known.contains(&key.as_str())) {
			let advice = moved(section, key).map_or_else(
				|| {
					let known: Vec<String> = section.known.iter().map(|known| format!("`{known}`")).collect();
					format!("expected one of {}", known.join(", "))
				},
				String::from,
			);
			let name = if path.is_empty() { String::new() } else { format!(" in `{}`", path.trim_end_matches('.')) };
			self.0.push(format!("unknown field `{}`{name}: {advice}", without_secrets(key)));
		}
	}

	fn section(&mut self, name: &str, value: Option<&Value>, section: &Section) {
		if let Some(table) = value.and_then(Value::as_object) {
			self.keys(&format!("{name}."), table, section);
		}
	}

	fn domain(&mut self, path: &str, domain: &Map<String, Value>) {
		self.keys(path, domain, &DOMAIN);
		self.section(&format!("{path}optimization_config"), domain.get("optimization_config"), &SEARCH);
		// Upstream limits every domain; here the limits hold for the whole worker.
		self.section(&format!("{path}resource_limits"), domain.get("resource_limits"), &LIMITS);
		if let Some(name) = domain.get("domain_id").and_then(Value::as_str) {
			self.0.push(format!(
				"`{path}domain_id` is the text `{}`, and a domain has a number (`doin-worker domain list`): write `name` in place of \
				 `domain_id` for the name of a domain",
				without_secrets(name)
			));
		}
		if let Some(target) = domain.get("target_performance").and_then(Value::as_f64).filter(|target| *target >= 100.0) {
			self.0.push(format!(
				"`target_performance` is {target}: expected a percentage from 0 to below 100 by which the error should shrink; leave it \
				 out in `{}` for a search without a target",
				path.trim_end_matches('.')
			));
		}
		for (gene, bounds) in domain.get("param_bounds").and_then(Value::as_object).into_iter().flatten() {
			self.bounds(path, gene, bounds);
		}
	}

	/// Adds bounds with decimals: genes are whole numbers.
	fn bounds(&mut self, path: &str, gene: &str, bounds: &Value) {
		let numbers: Vec<f64> = bounds.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
		let is_decimal = bounds.as_array().into_iter().flatten().any(Value::is_f64);
		if !is_decimal {
			return;
		}
		let written = if numbers.iter().all(|number| number.fract() == 0.0) {
			let whole: Vec<String> = numbers.iter().map(|number| format!("{number:.0}")).collect();
			format!("write [{}]", whole.join(", "))
		} else {
			"write whole numbers in the units of the gene, e.g. rate = [8, 12] for a learning rate of 2^(N-20) \
			 (`doin-worker domain show` lists the genes)"
				.into()
		};
		let gene = without_secrets(gene);
		self.0.push(format!("`{path}param_bounds.{gene}` is {bounds}, and genes are whole numbers: {written}"));
	}
}
