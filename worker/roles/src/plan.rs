//! Division of the machine and choice of domains: pure functions of the configuration and the chain's domains.

use crate::{
	config::{Config, DomainConfig, Role},
	journal::Entry,
};
use doin_chain::Account;
use doin_primitives::{views::DomainView, DomainId, ProgramKind, Status};

/// CPU threads of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threads {
	/// Threads for computations with a deadline: sums of an evaluator, trials of an optimizer.
	pub deadline: usize,
	/// Threads for all searches together.
	pub search: usize,
}

/// A domain to optimize.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizedDomain {
	/// Identifier of the domain.
	pub id: DomainId,
	/// Configuration of the domain.
	pub config: DomainConfig,
}

impl Threads {
	/// Divides `available` threads, as far as the configuration admits: one for the evaluators and the rest for the optimizer, or
	/// all of them for a single role.
	pub fn divide(config: &Config, available: usize) -> Self {
		let available = available.max(1);
		let used = config.resource_limits.cores.unwrap_or(available).clamp(1, available);
		match (config.has_role(Role::Evaluate), config.has_role(Role::Optimize)) {
			(true, true) => Self { deadline: 1, search: used.saturating_sub(1).max(1) },
			(true, false) => Self { deadline: used, search: 1 },
			(false, _) => Self { deadline: 1, search: used },
		}
	}

	/// Returns the threads of each of so many searches, at least one.
	pub fn per_search(&self, searches: usize) -> usize {
		(self.search / searches.max(1)).max(1)
	}
}

/// Returns the domains to optimize: the active ones that the configuration names, or every active, weighted domain with a
/// trainable program if it names none.
pub fn domains_to_optimize(config: &Config, domains: &[DomainView<Account>]) -> Vec<OptimizedDomain> {
	let configured = |domain: &DomainView<Account>| {
		if config.domains.is_empty() {
			let is_trainable = matches!(domain.program, ProgramKind::Forecast | ProgramKind::Classify | ProgramKind::Rows);
			let all = DomainConfig { optimize: true, evaluate: true, ..Default::default() };
			return (is_trainable && domain.weight > 0).then_some(all);
		}
		config.domain(domain.id, &domain.name).filter(|config| config.optimize).cloned()
	};
	let active = domains.iter().filter(|domain| domain.status == Status::Active);
	active.filter_map(|domain| Some(OptimizedDomain { id: domain.id, config: configured(domain)? })).collect()
}

/// Returns the domains beside `optimized` in which `account` has open journal `entries`: what was committed has to be revealed,
/// also if the domain takes no commits any more, or was removed from the configuration since.
pub fn domains_to_finish(
	optimized: &[OptimizedDomain],
	domains: &[DomainView<Account>],
	entries: &[Entry],
	account: Account,
) -> Vec<OptimizedDomain> {
	let has_entry = |id| entries.iter().any(|entry| entry.who == account && entry.scope.domain() == id);
	let open = domains.iter().filter(|domain| has_entry(domain.id));
	let rest = open.filter(|domain| optimized.iter().all(|optimized| optimized.id != domain.id));
	rest.map(|domain| OptimizedDomain {
		id: domain.id,
		config: DomainConfig { domain_id: Some(domain.id), optimize: false, ..Default::default() },
	})
	.collect()
}

/// Returns warnings of entries of the configuration that do not lead to exactly one active domain of the chain.
pub fn unusable_domains(config: &Config, domains: &[DomainView<Account>]) -> Vec<String> {
	let warning = |entry: &DomainConfig| {
		let named = |domain: &&DomainView<Account>| {
			entry.domain_id == Some(domain.id) || entry.name.as_deref() == Some(domain.name.as_str())
		};
		let found: Vec<_> = domains.iter().filter(named).collect();
		let label = entry.label();
		match found[..] {
			[] => Some(format!(
				"the chain has no domain {label}, which the configuration names: correct it (`doin-worker domain list`), or wait until the \
				 domain is registered"
			)),
			[DomainView { status: Status::Active, .. }] => None,
			[DomainView { status: Status::Converged, .. }] => {
				Some(format!("domain {label} has reached its target and takes no commits any more: remove it from `domains`"))
			}
			[domain] => Some(format!("domain {label} takes no commits: its status is {:?}", domain.status)),
			_ => {
				let ids: Vec<String> = found.iter().map(|domain| domain.id.to_string()).collect();
				Some(format!("the name {label} is that of the domains {}: name one of them by `domain_id`", ids.join(", ")))
			}
		}
	};
	config.domains.iter().filter_map(warning).collect()
}

/// Returns the active domains without weight that the configuration wants evaluated. Evaluators are drawn for weighted
/// domains anyway.
pub fn unweighted_domains_to_serve(config: &Config, domains: &[DomainView<Account>]) -> Vec<DomainId> {
	let is_wanted = |domain: &DomainView<Account>| {
		domain.weight == 0
			&& domain.status == Status::Active
			&& config.domain(domain.id, &domain.name).is_some_and(|config| config.evaluate)
	};
	domains.iter().filter(|domain| is_wanted(domain)).map(|domain| domain.id).collect()
}

/// Returns the domains among `served` that an evaluator leaves: those that the configuration does not want evaluated any more,
/// since their draws are not answered and every absence is slashed, and those that were removed from the chain, which only take
/// places.
pub fn served_domains_to_leave(config: &Config, domains: &[DomainView<Account>], served: &[DomainId]) -> Vec<DomainId> {
	let is_evaluated = |domain: &DomainView<Account>| config.domain(domain.id, &domain.name).is_none_or(|config| config.evaluate);
	let stays = |id: &DomainId| domains.iter().find(|domain| domain.id == *id).is_some_and(is_evaluated);
	served.iter().copied().filter(|id| !stays(id)).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		config::{ConfigFile, IdentityConfig, Settings},
		fixtures::domain,
		journal::Scope,
	};
	use doin_primitives::RoundId;

	fn config(roles: &[Role], cores: Option<usize>, domains: Vec<DomainConfig>) -> Config {
		let file = ConfigFile::dev();
		let with_role = |identity: &&IdentityConfig| roles.contains(&identity.role);
		let identities = file.identities.iter().filter(with_role).cloned().collect();
		let mut file = ConfigFile { identities, domains, ..file };
		file.resource_limits.cores = cores;
		Config::layered(Settings::default(), Settings::default(), file)
	}

	const BOTH: &[Role] = &[Role::Optimize, Role::Evaluate];

	fn threads(roles: &[Role], cores: Option<usize>) -> (usize, usize) {
		let threads = Threads::divide(&config(roles, cores, Vec::new()), 8);
		(threads.deadline, threads.search)
	}

	#[test]
	fn evaluating_keeps_a_core() {
		assert_eq!(threads(BOTH, None), (1, 7));
		assert_eq!(threads(BOTH, Some(1)), (1, 1));
		assert_eq!(threads(BOTH, Some(4)), (1, 3));
	}

	#[test]
	fn a_single_role_has_all_cores_but_not_more_than_there_are() {
		assert_eq!(threads(&[Role::Evaluate], Some(10_000)), (8, 1));
		assert_eq!(threads(&[Role::Optimize], Some(10_000)), (1, 8));
		assert_eq!(threads(&[Role::Optimize], None), (1, 8));
	}

	#[test]
	fn searches_share_their_threads_evenly() {
		let threads = Threads { deadline: 1, search: 7 };
		assert_eq!([1, 2, 3, 14, 0].map(|searches| threads.per_search(searches)), [7, 3, 2, 1, 7]);
	}

	fn optimized(config: &Config, domains: &[DomainView<Account>]) -> Vec<DomainId> {
		domains_to_optimize(config, domains).into_iter().map(|domain| domain.id).collect()
	}

	#[test]
	fn without_named_domains_every_weighted_domain_with_data_is_optimized() {
		let with = |id, program, weight, status| DomainView { id, program, weight, status, ..domain() };
		let domains = [
			with(0, ProgramKind::Forecast, 1, Status::Active),
			with(1, ProgramKind::Classify, 1, Status::Active),
			with(2, ProgramKind::Quadratic, 1, Status::Active),
			with(3, ProgramKind::Forecast, 0, Status::Active),
			with(4, ProgramKind::Forecast, 1, Status::Converged),
			with(5, ProgramKind::Rows, 1, Status::Active),
		];
		assert_eq!(optimized(&config(BOTH, None, Vec::new()), &domains), [0, 1, 5]);
	}

	#[test]
	fn named_domains_are_optimized_with_or_without_weight() {
		let named = |name: &str, optimize| DomainConfig { name: Some(name.into()), optimize, ..Default::default() };
		let numbered = DomainConfig { domain_id: Some(7), optimize: true, ..Default::default() };
		let config = config(BOTH, None, vec![named("a", true), named("b", false), numbered]);
		let with = |id, name: &str, status| DomainView { id, name: name.into(), weight: 0, status, ..domain() };
		let domains = [
			with(0, "a", Status::Active),
			with(1, "b", Status::Active),
			with(2, "c", Status::Active),
			with(7, "d", Status::Active),
			with(8, "a", Status::Closing),
		];
		assert_eq!(optimized(&config, &domains), [0, 7]);
	}

	#[test]
	fn what_was_committed_is_revealed_also_in_domains_that_are_not_optimized_any_more() {
		let me = Account([1; 32]);
		let entry = |domain, who| {
			let scope = Scope::Candidate(RoundId { domain, number: 7 });
			Entry::prepare(scope, who, &[1; 32], &0u8, [9; 32], 10..15)
		};
		let config = config(BOTH, None, Vec::new());
		let with = |id, status| DomainView { id, status, ..domain() };
		let domains = [with(0, Status::Active), with(1, Status::Closing), with(2, Status::Converged), with(3, Status::Closing)];
		let entries = [entry(0, me), entry(1, me), entry(2, Account([2; 32])), entry(9, me)];
		let optimized = domains_to_optimize(&config, &domains);
		assert_eq!(optimized.len(), 1);
		let rest = domains_to_finish(&optimized, &domains, &entries, me);
		assert_eq!(rest.iter().map(|domain| (domain.id, domain.config.optimize)).collect::<Vec<_>>(), [(1, false)]);
	}

	#[test]
	fn a_domain_that_has_reached_its_target_is_named_as_such() {
		let named = DomainConfig { domain_id: Some(2), optimize: true, ..Default::default() };
		let domains = [DomainView { id: 2, status: Status::Converged, ..domain() }];
		let config = config(BOTH, None, vec![named]);
		assert!(domains_to_optimize(&config, &domains).is_empty());
		let warnings = unusable_domains(&config, &domains);
		assert!(warnings.len() == 1 && warnings[0].contains("domain 2 has reached its target"), "{warnings:?}");
	}

	#[test]
	fn k43_an_entry_that_leads_to_no_domain_is_warned_of() {
		let named = |name: &str| DomainConfig { name: Some(name.into()), optimize: true, ..Default::default() };
		let numbered = |id| DomainConfig { domain_id: Some(id), optimize: true, ..Default::default() };
		let entries = vec![named("a"), named("b"), named("lode"), numbered(9), numbered(1), numbered(3)];
		let config = config(BOTH, None, entries);
		let with = |id, name: &str, status| DomainView { id, name: name.into(), status, ..domain() };
		let domains = [
			with(0, "a", Status::Active),
			with(1, "b", Status::Active),
			with(2, "b", Status::Active),
			with(3, "c", Status::Loading),
		];
		let warnings = unusable_domains(&config, &domains);
		let expected = ["`b` is that of the domains 1, 2", "no domain `lode`", "no domain 9", "domain 3 takes no commits"];
		assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
		for (warning, expected) in warnings.iter().zip(expected) {
			assert!(warning.contains(expected), "{warning}");
		}
	}

	#[test]
	fn only_named_domains_without_weight_are_served_on_request() {
		let named = |name: &str, evaluate| DomainConfig { name: Some(name.into()), evaluate, ..Default::default() };
		let config = config(BOTH, None, vec![named("a", true), named("b", false)]);
		let with = |id, name: &str, weight, status| DomainView { id, name: name.into(), weight, status, ..domain() };
		let domains = [
			with(0, "a", 0, Status::Active),
			with(1, "a", 1, Status::Active),
			with(2, "b", 0, Status::Active),
			with(3, "c", 0, Status::Active),
			with(4, "a", 0, Status::Loading),
		];
		assert_eq!(unweighted_domains_to_serve(&config, &domains), [0]);
	}

	#[test]
	fn domains_that_are_not_evaluated_any_more_or_gone_are_left() {
		let named = |name: &str, evaluate| DomainConfig { name: Some(name.into()), evaluate, ..Default::default() };
		let domains =
			[(0, "a"), (1, "b"), (2, "c")].map(|(id, name)| DomainView { id, name: name.into(), weight: 0, ..domain() });
		let config = config(BOTH, None, vec![named("a", true), named("b", false)]);
		assert_eq!(served_domains_to_leave(&config, &domains, &[0, 1, 2, 9]), [1, 9], "an evaluator evaluates what is not named");
	}
}
