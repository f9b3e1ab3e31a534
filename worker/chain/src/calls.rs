//! The calls a worker makes.

use crate::Account;
use codec::{Compact, Encode};
use doin_primitives::{
	domain::Page,
	payload::{Reveal, Sums},
	Balance, DomainId, DomainSpec, Hash, RoundId, SizeClass,
};
use subxt::ext::scale_encode::{EncodeAsFields, Error, FieldIter, TypeResolver};

/// A validator's weight for one domain, in parts per million.
pub type Vote = (DomainId, u32);

/// A call with its arguments in SCALE, ready to be put behind the chain's indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
	pub(crate) pallet: &'static str,
	pub(crate) name: &'static str,
	pub(crate) args: Args,
	/// Calls of a batch, whose indices are only known on a chain.
	pub(crate) inner: Vec<Call>,
}

/// Arguments that are already encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args(pub(crate) Vec<u8>);

impl EncodeAsFields for Args {
	fn encode_as_fields_to<R: TypeResolver>(
		&self,
		_: &mut dyn FieldIter<'_, R::TypeId>,
		_: &R,
		out: &mut Vec<u8>,
	) -> Result<(), Error> {
		out.extend_from_slice(&self.0);
		Ok(())
	}
}

impl subxt::tx::Payload for Call {
	type CallData = Args;

	fn pallet_name(&self) -> &str {
		self.pallet
	}

	fn call_name(&self) -> &str {
		self.name
	}

	fn call_data(&self) -> &Args {
		&self.args
	}
}

impl std::fmt::Display for Call {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(f, "{}.{}", self.pallet, self.name)
	}
}

/// Every call of this module with the names of its arguments, as the connected chain must have them.
pub(crate) const EXPECTED: &[(&str, &str, &[&str])] = &[
	("Optimae", "commit", &["round", "hash"]),
	("Optimae", "reveal", &["round", "reveal", "salt"]),
	("Optimae", "dispute_claim", &["round", "seat", "chunk", "class"]),
	("Quorum", "bond", &["amount", "class"]),
	("Quorum", "bond_extra", &["amount"]),
	("Quorum", "serve", &["domain"]),
	("Quorum", "unbond", &[]),
	("Quorum", "withdraw", &[]),
	("Quorum", "commit_sums", &["round", "hash"]),
	("Quorum", "reveal_sums", &["round", "sums", "salt"]),
	("Quorum", "settle", &["round", "class"]),
	("Quorum", "dispute", &["hash"]),
	("Quorum", "replay", &["round", "model", "chunk", "salt", "class"]),
	("Quorum", "recompute", &["round", "model", "from", "count", "class"]),
	("Domains", "register", &["spec"]),
	("Domains", "upload", &["domain", "index", "page"]),
	("Domains", "activate", &["domain", "values"]),
	("Domains", "add_bounty", &["domain", "amount"]),
	("Gauge", "nominate", &["domain"]),
	("Gauge", "vote", &["votes"]),
	("Balances", "transfer_keep_alive", &["dest", "value"]),
	("Proxy", "proxy", &["real", "force_proxy_type", "call"]),
	("Utility", "batch_all", &["calls"]),
];

/// `MultiAddress::Id`.
fn address(who: Account) -> (u8, Account) {
	(0, who)
}

impl Call {
	fn new(pallet: &'static str, name: &'static str, args: impl Encode) -> Self {
		Self { pallet, name, args: Args(args.encode()), inner: Vec::new() }
	}

	/// Bytes of its arguments.
	pub fn size(&self) -> usize {
		self.args.0.len() + self.inner.iter().map(Call::size).sum::<usize>()
	}

	/// Makes all of these calls, or none.
	pub fn batch(calls: Vec<Self>) -> Self {
		Self { pallet: "Utility", name: "batch_all", args: Args(Vec::new()), inner: calls }
	}

	/// Takes a seat in `round`.
	pub fn commit(round: RoundId, hash: Hash) -> Self {
		Self::new("Optimae", "commit", (round, hash))
	}

	/// Shows what was committed.
	pub fn reveal(round: RoundId, reveal: &Reveal, salt: [u8; 32]) -> Self {
		Self::new("Optimae", "reveal", (round, reveal, salt))
	}

	/// Has the runtime recompute one validation chunk that a seat lied about.
	pub fn dispute_claim(round: RoundId, seat: u8, chunk: u16, class: SizeClass) -> Self {
		Self::new("Optimae", "dispute_claim", (round, seat, chunk, class))
	}

	/// Joins the evaluators of `class`.
	pub fn bond(amount: Balance, class: SizeClass) -> Self {
		Self::new("Quorum", "bond", (amount, class))
	}

	/// Adds to an evaluator's bond.
	pub fn bond_extra(amount: Balance) -> Self {
		Self::new("Quorum", "bond_extra", amount)
	}

	/// Serves a domain that weighs nothing, too.
	pub fn serve(domain: DomainId) -> Self {
		Self::new("Quorum", "serve", domain)
	}

	/// Leaves the evaluators; the bond stays at stake for a while.
	pub fn unbond() -> Self {
		Self::new("Quorum", "unbond", ())
	}

	/// Takes the bond back after that.
	pub fn withdraw() -> Self {
		Self::new("Quorum", "withdraw", ())
	}

	/// Commits a drawn evaluator's answer.
	pub fn commit_sums(round: RoundId, hash: Hash) -> Self {
		Self::new("Quorum", "commit_sums", (round, hash))
	}

	/// Shows it.
	pub fn reveal_sums(round: RoundId, sums: &Sums, salt: [u8; 32]) -> Self {
		Self::new("Quorum", "reveal_sums", (round, sums, salt))
	}

	/// Has the runtime compare the answers of a round and replay spot checks.
	pub fn settle(round: RoundId, class: SizeClass) -> Self {
		Self::new("Quorum", "settle", (round, class))
	}

	/// Announces a challenge, one block ahead.
	pub fn dispute(hash: Hash) -> Self {
		Self::new("Quorum", "dispute", hash)
	}

	/// Makes it: the runtime recomputes one chunk of one model.
	pub fn replay(round: RoundId, model: u8, chunk: u16, salt: [u8; 32], class: SizeClass) -> Self {
		Self::new("Quorum", "replay", (round, model, chunk, salt, class))
	}

	/// Has the runtime compute `count` chunks of one model of a round that no quorum answered.
	pub fn recompute(round: RoundId, model: u8, from: u16, count: u16, class: SizeClass) -> Self {
		Self::new("Quorum", "recompute", (round, model, from, count, class))
	}

	/// Registers a domain.
	pub fn register(spec: &DomainSpec) -> Self {
		Self::new("Domains", "register", spec)
	}

	/// Stores one page of a domain's series.
	pub fn upload(domain: DomainId, index: u32, page: &Page) -> Self {
		Self::new("Domains", "upload", (domain, index, page))
	}

	/// Opens a domain whose pages are all there.
	pub fn activate(domain: DomainId, values: u32) -> Self {
		Self::new("Domains", "activate", (domain, values))
	}

	/// Holds `amount` plancks more for whoever solves a domain.
	pub fn add_bounty(domain: DomainId, amount: Balance) -> Self {
		Self::new("Domains", "add_bounty", (domain, amount))
	}

	/// Puts a domain on the ballot.
	pub fn nominate(domain: DomainId) -> Self {
		Self::new("Gauge", "nominate", domain)
	}

	/// Replaces a validator's votes. The chain takes at most 32.
	pub fn vote(votes: &[Vote]) -> Self {
		Self::new("Gauge", "vote", votes)
	}

	/// Sends money.
	pub fn transfer(dest: Account, value: Balance) -> Self {
		Self::new("Balances", "transfer_keep_alive", (address(dest), Compact(value)))
	}

	/// This call with the calls of a batch written out. `indices` gives those of a pallet and its call on the connected chain.
	pub(crate) fn resolved<E>(&self, indices: &impl Fn(&Self) -> Result<(u8, u8), E>) -> Result<Self, E> {
		if self.inner.is_empty() {
			return Ok(self.clone());
		}
		let mut args = Compact(self.inner.len() as u32).encode();
		for call in &self.inner {
			indices(call)?.encode_to(&mut args);
			args.extend_from_slice(&call.resolved(indices)?.args.0);
		}
		Ok(Self { args: Args(args), inner: Vec::new(), ..self.clone() })
	}

	/// This call made for `real`, by a key that is its proxy. `indices` are the pallet's and the call's on the connected chain.
	pub(crate) fn proxied(&self, real: Account, indices: (u8, u8)) -> Self {
		let mut args = (address(real), Option::<u8>::None, indices).encode();
		args.extend_from_slice(&self.args.0);
		Self { pallet: "Proxy", name: "proxy", args: Args(args), inner: Vec::new() }
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_primitives::domain::ModelBytes;

	#[test]
	fn arguments_are_written_one_after_the_other() {
		let round = RoundId { domain: 7, number: 9 };
		assert_eq!(Call::commit(round, [1; 32]).args.0, [&[7, 0, 0, 0, 9, 0, 0, 0][..], &[1; 32]].concat());
		assert_eq!(Call::settle(round, SizeClass::Large).args.0, [7, 0, 0, 0, 9, 0, 0, 0, 1]);
		assert_eq!(Call::vote(&[(7, 1_000_000)]).args.0, [4, 7, 0, 0, 0, 0x40, 0x42, 0x0f, 0]);
		assert_eq!(Call::transfer(Account([3; 32]), 1).args.0, [&[0][..], &[3; 32], &[4]].concat());
	}

	#[test]
	fn a_reveal_is_written_as_the_pallet_reads_it() {
		let reveal = Reveal {
			genes: Default::default(),
			model: ModelBytes::try_from(vec![1, 2, 3]).unwrap(),
			validation: Default::default(),
			metrics: Default::default(),
		};
		let call = Call::reveal(RoundId { domain: 1, number: 2 }, &reveal, [9; 32]);
		// A `Box` is nothing in SCALE.
		assert_eq!(call.args.0, (RoundId { domain: 1, number: 2 }, Box::new(reveal), [9u8; 32]).encode());
	}

	#[test]
	fn a_proxied_call_carries_the_inner_one_whole() {
		let inner = Call::commit(RoundId { domain: 7, number: 9 }, [1; 32]);
		let outer = inner.proxied(Account([3; 32]), (20, 0));
		assert_eq!(outer.to_string(), "Proxy.proxy");
		assert_eq!(outer.args.0, [&[0][..], &[3; 32], &[0, 20, 0], &inner.args.0].concat());
	}

	#[test]
	fn a_batch_carries_its_calls_with_their_indices() {
		let batch = Call::batch(vec![Call::nominate(1), Call::nominate(2)]);
		assert_eq!(batch.size(), 8);
		let written = batch.resolved(&|call: &Call| if call.pallet == "Gauge" { Ok((20, 0)) } else { Err(()) }).unwrap();
		assert_eq!(written.args.0, [8, 20, 0, 1, 0, 0, 0, 20, 0, 2, 0, 0, 0]);
		assert_eq!(batch.resolved(&|_: &Call| Err("unknown")), Err("unknown"));
	}

	#[test]
	fn every_call_is_checked_against_the_chain() {
		let known = |call: Call| EXPECTED.iter().any(|(pallet, name, _)| *pallet == call.pallet && *name == call.name);
		assert!(known(Call::commit(RoundId { domain: 0, number: 0 }, [0; 32])) && known(Call::nominate(0)));
		assert!(known(Call::bond(0, SizeClass::Small)) && known(Call::unbond()) && known(Call::withdraw()));
		assert!(known(Call::dispute([0; 32]).proxied(Account([0; 32]), (0, 0))));
	}
}
