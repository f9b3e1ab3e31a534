//! Accounts, and the keys that sign for them.

use codec::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr, sync::Arc};
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;

/// An account. Printed, parsed and serialised in SS58 with the network's prefix 42.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Account(pub [u8; 32]);

impl fmt::Display for Account {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		fmt::Display::fmt(&AccountId32(self.0), f)
	}
}

impl fmt::Debug for Account {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		fmt::Display::fmt(self, f)
	}
}

impl FromStr for Account {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		AccountId32::from_str(text)
			.map(|id| Self(id.0))
			.map_err(|e| format!("`{text}` is not an SS58 address: {e}. Addresses of this network start with 5"))
	}
}

impl Serialize for Account {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.collect_str(self)
	}
}

impl<'de> Deserialize<'de> for Account {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
	}
}

impl Account {
	/// First and last characters, for tables.
	pub fn short(&self) -> String {
		let full = self.to_string();
		format!("{}…{}", &full[..6], &full[full.len() - 4..])
	}
}

/// A key that signs, and the account it signs for. Clones share one lock, so that an account's transactions follow each other.
#[derive(Clone)]
pub struct Signer {
	pub(crate) keypair: Keypair,
	own: Account,
	behalf: Option<Account>,
	pub(crate) turn: Arc<tokio::sync::Mutex<()>>,
}

impl Signer {
	/// Signs for the key's own account.
	pub fn new(keypair: Keypair) -> Self {
		let own = Account(keypair.public_key().0);
		Self { keypair, own, behalf: None, turn: Default::default() }
	}

	/// Signs for `real` through `Proxy.proxy`. The key's own account pays the fees.
	pub fn on_behalf_of(self, real: Account) -> Self {
		Self { behalf: (real != self.own).then_some(real), ..self }
	}

	/// The account that calls are made for: commitments are bound to it, bonds and holds are its.
	pub fn account(&self) -> Account {
		self.behalf.unwrap_or(self.own)
	}

	/// The account that signs and pays fees.
	pub fn hot(&self) -> Account {
		self.own
	}

	/// The account it signs for through a proxy.
	pub fn proxied(&self) -> Option<Account> {
		self.behalf
	}
}

impl fmt::Debug for Signer {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Signer").field("account", &self.account()).field("hot", &self.own).finish_non_exhaustive()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

	#[test]
	fn an_account_reads_and_prints_ss58() {
		let alice: Account = ALICE.parse().unwrap();
		assert_eq!(alice.to_string(), ALICE);
		assert_eq!(serde_json::to_string(&alice).unwrap(), format!("\"{ALICE}\""));
		assert_eq!(serde_json::from_str::<Account>(&format!("\"{ALICE}\"")).unwrap(), alice);
		assert_eq!(alice.short(), "5Grwva…utQY");
		assert!("5Grwva".parse::<Account>().unwrap_err().contains("not an SS58 address"));
	}

	#[test]
	fn a_signer_acts_for_whom_it_is_told_to() {
		let signer = Signer::new(subxt_signer::sr25519::dev::alice());
		let cold = Account([7; 32]);
		assert_eq!(signer.account().to_string(), ALICE);
		assert_eq!(signer.proxied(), None);
		let hot = signer.clone().on_behalf_of(cold);
		assert_eq!((hot.account(), hot.hot()), (cold, signer.account()));
		assert_eq!(hot.clone().on_behalf_of(hot.hot()).proxied(), None, "one's own account needs no proxy");
	}
}
