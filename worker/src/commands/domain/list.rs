//! `domain list`: the domains of the chain.

use crate::{
	args::NodeArgs,
	report::{table, OutputArgs, LEFT, RIGHT},
};
use anyhow::Result;
use doin_chain::Account;
use doin_primitives::views::DomainView;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Runs `domain list`.
///
/// # Errors
///
/// Errors if the node does not answer.
pub async fn run(node: &NodeArgs, output: OutputArgs) -> Result<()> {
	let chain = node.connect().await?;
	output.print(&DomainsReport(chain.domains(chain.head()).await?))
}

/// Report of `domain list`.
#[derive(Debug, Serialize)]
struct DomainsReport(Vec<DomainView<Account>>);

impl Display for DomainsReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		if self.0.is_empty() {
			return writeln!(f, "There are no domains yet. Make one with `doin-worker domain create`.");
		}
		let columns =
			[("domain", RIGHT), ("name", LEFT), ("status", LEFT), ("program", LEFT), ("evidence", LEFT), ("weight", RIGHT)];
		let mut domains = table(columns);
		for domain in &self.0 {
			domains.add_row([
				domain.id.to_string(),
				domain.name.clone(),
				format!("{:?}", domain.status).to_lowercase(),
				domain.program.to_string(),
				domain.evidence.to_string(),
				format!("{:.1} %", f64::from(domain.weight) / 1e4),
			]);
		}
		writeln!(f, "{}", domains.trim_fmt())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::commands::status::tests::domain;

	#[test]
	fn domains_are_listed_one_per_line() {
		let expected = "\
domain  name      status  program   evidence   weight
     3  sawtooth  active  forecast  synthetic  25.0 %
";
		assert_eq!(DomainsReport(vec![domain()]).to_string(), expected);
		assert!(DomainsReport(Vec::new()).to_string().contains("domain create"));
	}
}
