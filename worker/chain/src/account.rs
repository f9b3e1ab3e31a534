//! Accounts and their signing keys.

use crate::submit::Queue;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr, sync::Arc};
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;

/// An account. Its text and JSON form is SS58 with the prefix 42 of the network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, TypeInfo)]
pub struct Account(pub [u8; 32]);

/// Error of a text that is not an account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid account `{text}`: expected an SS58 address, which starts with 5 on this network ({reason})")]
pub struct InvalidAccount {
	text: String,
	reason: String,
}

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
	type Err = InvalidAccount;

	fn from_str(text: &str) -> Result<Self, InvalidAccount> {
		let id = AccountId32::from_str(text).map_err(|error| InvalidAccount { text: text.into(), reason: error.to_string() })?;
		Ok(Self(id.0))
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
	/// Returns the first six and the last four characters, for tables.
	pub fn short(&self) -> String {
		let full = self.to_string();
		format!("{}…{}", &full[..6], &full[full.len() - 4..])
	}
}

/// A signing key, and the account that its calls are made for. Clones share the nonces of the calls in flight, so that several
/// calls of the key can be submitted at a time.
#[derive(Clone)]
pub struct Signer {
	pub(crate) keypair: Keypair,
	own: Account,
	real: Option<Account>,
	pub(crate) queue: Arc<Queue>,
}

impl Signer {
	/// Returns a signer for the account of the key.
	pub fn new(keypair: Keypair) -> Self {
		let own = Account(keypair.public_key().0);
		Self { keypair, own, real: None, queue: Arc::default() }
	}

	/// Returns a signer for `real`, whose calls are made through `proxy.proxy`. The account of the key pays the fees.
	pub fn on_behalf_of(self, real: Account) -> Self {
		Self { real: (real != self.own).then_some(real), ..self }
	}

	/// Returns a signer for the account of the key itself, which shares the nonces in flight.
	pub(crate) fn direct(&self) -> Self {
		Self { real: None, ..self.clone() }
	}

	/// Returns `true` if both signers share the nonces in flight: one is a clone of the other.
	pub fn shares_queue_with(&self, other: &Self) -> bool {
		Arc::ptr_eq(&self.queue, &other.queue)
	}

	/// Returns the account that calls are made for. Commitments are bound to it, and bonds and holds are on it.
	pub fn account(&self) -> Account {
		self.real.unwrap_or(self.own)
	}

	/// Returns the account of the key, which signs and pays the fees.
	pub fn hot(&self) -> Account {
		self.own
	}

	/// Returns the account that calls are made for through a proxy, or `None` without a proxy.
	pub fn proxied(&self) -> Option<Account> {
		self.real
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
	}

	#[test]
	fn a_text_that_is_not_an_account_is_quoted() {
		let error = "5Grwva".parse::<Account>().unwrap_err().to_string();
		assert!(error.starts_with("invalid account `5Grwva`: expected an SS58 address"), "{error}");
		assert!(serde_json::from_str::<Account>("\"alice\"").unwrap_err().to_string().contains("`alice`"));
	}

	#[test]
	fn an_account_is_its_32_bytes_in_scale() {
		let account = Account([7; 32]);
		assert_eq!(account.encode(), [7; 32]);
		assert_eq!(Account::decode(&mut &[7; 32][..]), Ok(account));
		assert_eq!(format!("{account:?}"), account.to_string());
	}

	#[test]
	fn a_signer_acts_for_its_account_or_for_the_one_behind_its_proxy() {
		let signer = Signer::new(subxt_signer::sr25519::dev::alice());
		let cold = Account([7; 32]);
		assert_eq!(signer.account().to_string(), ALICE);
		assert_eq!(signer.proxied(), None);
		let hot = signer.clone().on_behalf_of(cold);
		assert_eq!((hot.account(), hot.hot()), (cold, signer.account()));
		assert_eq!(hot.clone().on_behalf_of(hot.hot()).proxied(), None, "the own account needs no proxy");
		assert!(!format!("{hot:?}").contains("secret") && format!("{hot:?}").contains(ALICE), "{hot:?}");
	}
}
