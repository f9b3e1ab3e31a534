//! Keys of payment channels: one for each, derived from the key that signs.

use subxt_signer::{sr25519::Keypair, DeriveJunction};

/// Hard junction of the keys that sign vouchers.
const JUNCTION: &str = "doin-channel";

/// Returns the key that signs the vouchers of channel `number` of a payer, the hard child `//doin-channel//number` of its key. A stolen key
/// pays the payee of one channel only, and nothing has to be kept to have it again.
pub fn channel_key(pair: &Keypair, number: u32) -> Keypair {
	pair.derive([DeriveJunction::hard(JUNCTION), DeriveJunction::hard(u64::from(number))])
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::keys::KeySource;

	#[test]
	fn each_channel_has_the_key_of_its_path() {
		let dev = |name: &str| KeySource::Dev(name.into()).load().unwrap();
		let key = |pair: &Keypair, number| channel_key(pair, number).public_key().0;
		let alice = dev("//Alice");
		assert_eq!(key(&alice, 7), dev("//Alice//doin-channel//7").public_key().0, "as the path is written");
		assert_ne!(key(&alice, 7), key(&alice, 8));
		assert_ne!(key(&alice, 7), key(&dev("//Bob"), 7));
	}
}
