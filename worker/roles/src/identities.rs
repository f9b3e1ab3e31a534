//! Identities of a worker: a signer for each one, and one queue of calls for each key.

use crate::{
	config::{IdentityConfig, Role},
	keys::KeySource,
};
use anyhow::{bail, Context, Result};
use doin_chain::{Account, Signer};

/// An identity whose key was loaded.
#[derive(Clone, Debug)]
pub struct Identity {
	/// Configuration of the identity.
	pub config: IdentityConfig,
	/// Signer of its calls. Identities with the same key share one queue, so that their calls follow each other.
	pub signer: Signer,
}

/// Loads the keys of the identities. Needs no node, so that a mistake is an error at once.
///
/// # Errors
///
/// Errors if a key cannot be loaded, and if two identities are the same account in the same role.
pub fn load(configs: &[IdentityConfig]) -> Result<Vec<Identity>> {
	let mut identities: Vec<Identity> = Vec::with_capacity(configs.len());
	for (at, config) in configs.iter().enumerate() {
		let source = config.source()?;
		let first = Signer::new(source.load().with_context(|| format!("identity {} is invalid", at + 1))?);
		let signer = sharing(first, config.proxy_for, &identities);
		let account = signer.account();
		if let Some(other) = position(&identities, account, config.role) {
			bail!(
				"identities {} and {} are the same account in the same role ({account}, {}): remove one of them{}",
				other + 1,
				at + 1,
				role_name(config.role),
				advice(&source)
			);
		}
		identities.push(Identity { config: config.clone(), signer });
	}
	Ok(identities)
}

/// Returns a signer that shares the queue of the identity with the same key, if there is one.
fn sharing(signer: Signer, proxy_for: Option<Account>, identities: &[Identity]) -> Signer {
	let hot = signer.hot();
	let same_key = identities.iter().find(|identity| identity.signer.hot() == hot);
	let shared = same_key.map_or(signer, |identity| identity.signer.clone());
	// Acting for the own account is acting without a proxy.
	shared.on_behalf_of(proxy_for.unwrap_or(hot))
}

fn position(identities: &[Identity], account: Account, role: Role) -> Option<usize> {
	identities.iter().position(|identity| identity.signer.account() == account && identity.config.role == role)
}

fn role_name(role: Role) -> &'static str {
	match role {
		Role::Optimize => "role = \"optimize\"",
		Role::Evaluate => "role = \"evaluate\"",
		Role::Own => "role = \"own\"",
		Role::Report => "role = \"report\"",
		Role::Forecast => "role = \"forecast\"",
		Role::Serve => "role = \"serve\"",
	}
}

fn advice(source: &KeySource) -> &'static str {
	match source {
		KeySource::File(_) | KeySource::Typed(_) => ", or make another key for it with `doin-worker keys generate`",
		KeySource::Dev(_) => ", or name another development key",
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::config::ConfigFile;

	fn identities(text: &str) -> Result<Vec<Identity>> {
		let folder = tempfile::tempdir()?;
		let path = folder.path().join("worker.toml");
		std::fs::write(&path, text)?;
		load(&ConfigFile::load(&path)?.identities)
	}

	fn identity(role: &str, dev: &str) -> String {
		format!("[[identities]]\nrole = \"{role}\"\ndev = \"{dev}\"\n")
	}

	#[test]
	fn k32_one_account_has_one_queue_in_both_roles() {
		let text = identity("optimize", "//Dave") + &identity("evaluate", "//Dave") + &identity("evaluate", "//Eve");
		let loaded = identities(&text).unwrap();
		let [optimizer, evaluator, other] = &loaded[..] else { panic!("three identities") };
		assert_eq!(optimizer.signer.account(), evaluator.signer.account());
		assert!(optimizer.signer.shares_queue_with(&evaluator.signer));
		assert!(!optimizer.signer.shares_queue_with(&other.signer), "another key has another queue");
	}

	#[test]
	fn k32_one_key_for_several_accounts_has_one_queue() {
		let cold = Account([7; 32]);
		let text = identity("evaluate", "//Eve") + &identity("evaluate", "//Eve") + &format!("proxy_for = \"{cold}\"\n");
		let loaded = identities(&text).unwrap();
		assert_eq!(loaded[1].signer.account(), cold);
		assert_eq!(loaded[0].signer.account(), loaded[0].signer.hot());
		assert!(loaded[0].signer.shares_queue_with(&loaded[1].signer));
		// The order does not matter.
		let text = format!("{}proxy_for = \"{cold}\"\n{}", identity("evaluate", "//Eve"), identity("evaluate", "//Eve"));
		let loaded = identities(&text).unwrap();
		assert_eq!((loaded[0].signer.account(), loaded[1].signer.account()), (cold, loaded[1].signer.hot()));
	}

	#[test]
	fn k32_an_account_has_a_role_once() {
		let text = identity("evaluate", "//Eve") + &identity("optimize", "//Dave") + &identity("evaluate", "//Eve");
		let reason = format!("{:#}", identities(&text).unwrap_err());
		assert!(reason.contains("identities 1 and 3 are the same account in the same role"), "{reason}");
		assert!(reason.contains("evaluate") && reason.contains("remove one of them"), "{reason}");
		// Two keys that act for one account are the same account.
		let cold = format!("proxy_for = \"{}\"\n", Account([7; 32]));
		let text = identity("evaluate", "//Eve") + &cold + &identity("evaluate", "//Ferdie") + &cold;
		assert!(format!("{:#}", identities(&text).unwrap_err()).contains("identities 1 and 2"));
	}

	#[test]
	fn k37_a_missing_key_is_named_with_its_identity() {
		let text = identity("evaluate", "//Eve") + "[[identities]]\nrole = \"evaluate\"\nmnemonic_file = \"missing.key\"\n";
		let reason = format!("{:#}", identities(&text).unwrap_err());
		assert!(reason.contains("identity 2 is invalid") && reason.contains("missing.key"), "{reason}");
		assert!(reason.contains("keys generate"), "{reason}");
	}
}
