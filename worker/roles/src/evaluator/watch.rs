//! Domains that the evaluators look at.

use super::policy::Duty;
use crate::config::{Config, Role};
use doin_chain::Account;
use doin_primitives::{views::DomainView, ProgramKind};

/// Work of the evaluators on a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watch {
	/// Everything that is due.
	Full,
	/// Answers to draws, and settlements: the runtime cannot compute the sums of the domain, so none can be challenged or recomputed.
	Answers,
	/// Reveals of answers that were committed before the configuration left the domain out.
	Reveals,
}

impl Watch {
	/// Returns `true` if a duty is done.
	pub(super) fn admits(self, duty: Duty) -> bool {
		match self {
			Self::Full => true,
			Self::Answers => matches!(duty, Duty::CommitSums { .. } | Duty::RevealSums { .. } | Duty::Settle { .. }),
			Self::Reveals => matches!(duty, Duty::RevealSums { .. }),
		}
	}
}

/// Returns the work on a domain that the worker evaluates or optimizes, or of which the journal `has_answer` that is not revealed
/// yet; `None` for other domains.
pub(super) fn watch(config: &Config, domain: &DomainView<Account>, has_answer: bool) -> Option<Watch> {
	let named = config.domain(domain.id, &domain.name);
	if domain.program == ProgramKind::Tolerance {
		// Its sums are those of a program, which the user has to choose.
		let is_answered = config.has_role(Role::Evaluate) && named.is_some_and(|named| named.evaluate);
		return is_answered.then_some(Watch::Answers).or(has_answer.then_some(Watch::Reveals));
	}
	let evaluated = config.has_role(Role::Evaluate) && named.is_none_or(|named| named.evaluate);
	let optimized = config.has_role(Role::Optimize) && named.map_or(config.domains.is_empty(), |named| named.optimize);
	match evaluated || optimized {
		true => Some(Watch::Full),
		false => has_answer.then_some(Watch::Reveals),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		config::{ConfigFile, DomainConfig, Settings},
		fixtures::{domain, DOMAIN, ME},
	};

	fn config(role: Role, named: DomainConfig) -> Config {
		let mut file = ConfigFile { domains: vec![named], ..ConfigFile::dev() };
		file.identities.retain(|identity| identity.role == role);
		Config::layered(Settings::default(), Settings::default(), file)
	}

	#[test]
	fn k43_a_committed_answer_is_revealed_in_a_domain_that_is_left_out_since() {
		let named = |evaluate| DomainConfig { domain_id: Some(DOMAIN), evaluate, ..Default::default() };
		let left_out = config(Role::Evaluate, named(false));
		assert_eq!(watch(&left_out, &domain(), false), None);
		assert_eq!(watch(&left_out, &domain(), true), Some(Watch::Reveals));
		assert!(Watch::Reveals.admits(Duty::RevealSums { task: 12, who: ME }));
		assert!(!Watch::Reveals.admits(Duty::CommitSums { task: 12, who: ME }), "no further draw is answered");
		assert_eq!(watch(&config(Role::Evaluate, named(true)), &domain(), false), Some(Watch::Full));
		assert!(Watch::Full.admits(Duty::CommitSums { task: 12, who: ME }));
	}

	#[test]
	fn a_tolerance_domain_is_answered_only_if_the_configuration_names_it() {
		let tolerance = DomainView { program: ProgramKind::Tolerance, ..domain() };
		let named = |evaluate| DomainConfig { domain_id: Some(DOMAIN), evaluate, ..Default::default() };
		let other = DomainConfig { domain_id: Some(DOMAIN + 1), evaluate: true, ..Default::default() };
		assert_eq!(watch(&config(Role::Evaluate, other.clone()), &domain(), false), Some(Watch::Full), "any other domain is");
		assert_eq!(watch(&config(Role::Evaluate, other), &tolerance, false), None);
		assert_eq!(watch(&config(Role::Evaluate, named(false)), &tolerance, true), Some(Watch::Reveals));
		assert_eq!(watch(&config(Role::Optimize, named(true)), &tolerance, false), None);
		assert_eq!(watch(&config(Role::Evaluate, named(true)), &tolerance, false), Some(Watch::Answers));
		let task = 12;
		assert!(Watch::Answers.admits(Duty::CommitSums { task, who: ME }) && Watch::Answers.admits(Duty::Settle { task }));
		assert!(!Watch::Answers.admits(Duty::VerifySums { task }), "nobody can challenge a median");
		assert!(!Watch::Answers.admits(Duty::Recompute { task }));
	}

	#[test]
	fn optimized_domains_are_watched_without_an_evaluator() {
		let named = |optimize| DomainConfig { domain_id: Some(DOMAIN), optimize, ..Default::default() };
		assert_eq!(watch(&config(Role::Optimize, named(true)), &domain(), false), Some(Watch::Full));
		assert_eq!(watch(&config(Role::Optimize, named(false)), &domain(), false), None);
	}
}
