//! Events of rounds as structures, for the facts that an indexer stores.
//!
//! Fields are decoded by their names in the metadata of the block, so these structures also read blocks of runtimes whose
//! events have further fields, another order of fields, or wider integers. A field that is missing is an error. Enums are the
//! names of their variants, so that a variant that this crate does not know can be stored too.

use super::json::lower_camel;
use crate::Account;
use doin_primitives::{Balance, DomainId, Hash, ModelId, RoundId, TaskId, Q32};
use std::marker::PhantomData;
use subxt::ext::scale_decode::{
	visitor::{types, DecodeAsTypeResult},
	DecodeAsFields, DecodeAsType, Error, IntoVisitor, TypeResolver, Visitor,
};

/// An event with a structure of its own.
pub trait TypedEvent: DecodeAsFields {
	/// Name of the pallet.
	const PALLET: &'static str;
	/// Name of the event.
	const NAME: &'static str;
}

/// A round; see [`RoundId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct Round {
	/// The domain.
	pub domain: DomainId,
	/// Number of the round on the grid of the domain.
	pub number: u32,
}

impl From<Round> for RoundId {
	fn from(Round { domain, number }: Round) -> Self {
		Self { domain, number }
	}
}

/// Name of a variant in camel case, e.g. `noQuorum`, as the JSON-RPC shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Variant(pub String);

/// `Optimae.Committed`: an account took a seat.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct Committed {
	/// Round of the seat.
	pub round: Round,
	/// Index of the seat in the round.
	pub seat: u8,
	/// Account that took the seat.
	pub who: Account,
	/// Commitment of the seat.
	pub commitment: Hash,
	/// Fee of the seat, in plancks.
	pub fee: Balance,
	/// Part of the fee that was burned, in plancks.
	pub burned: Balance,
	/// Hold that guarantees the reveal, in plancks.
	pub hold: Balance,
	/// Stake, in plancks.
	pub stake: Balance,
}

/// `Optimae.Revealed`: a seat was revealed.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct Revealed {
	/// Round of the seat.
	pub round: Round,
	/// Index of the seat in the round.
	pub seat: u8,
	/// Account of the seat.
	pub who: Account,
	/// Identifier of the stored model.
	pub model: ModelId,
	/// Length of the encoded model, in bytes.
	pub bytes: u32,
	/// Claimed error sum on the validation split.
	pub validation_error: u64,
	/// Description of the experiment by its author.
	pub metrics: Metrics,
}

/// Description of an experiment by its author, without proof; see [`payload::Metrics`](doin_primitives::payload::Metrics).
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct Metrics {
	/// Identifier of the experiment.
	pub experiment: [u8; 16],
	/// Round of the experiment.
	pub round: u32,
	/// Time of training, in milliseconds.
	pub millis: u64,
	/// Hash of the configuration.
	pub config: Hash,
	/// Hash of the data.
	pub data: Hash,
	/// Name of the optimizer.
	pub optimizer: Vec<u8>,
}

/// `Optimae.Rejected`: a candidate is out of the race.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct Rejected {
	/// Round of the seat.
	pub round: Round,
	/// Index of the seat in the round.
	pub seat: u8,
	/// Account of the seat.
	pub who: Account,
	/// Identifier of the model, if it was stored.
	pub model: Option<ModelId>,
	/// Reason of the rejection.
	pub reason: Variant,
}

/// `Optimae.RecomputationRequested`: the models of a round are evaluated by this task.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct RecomputationRequested {
	/// The round.
	pub round: Round,
	/// Recomputation task.
	pub task: TaskId,
}

/// `Recomputation.QuorumDrawn`: windows and evaluators of a task were drawn.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct QuorumDrawn {
	/// The task.
	pub task: TaskId,
	/// Seed of the windows.
	pub seed: Hash,
	/// The drawn evaluators.
	pub evaluators: Vec<Account>,
}

/// `Recomputation.TaskCompleted`: the sums of a task are final.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct TaskCompleted {
	/// The task.
	pub task: TaskId,
	/// Origin of the final sums.
	pub backing: Variant,
}

/// `Optimae.Crowned`: a model became champion.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct Crowned {
	/// Round of the verdict.
	pub round: Round,
	/// Identifier of the model.
	pub model: ModelId,
	/// Author of the model.
	pub who: Account,
	/// Error sum of the model.
	pub error: u64,
	/// Error sum of the former champion on the same windows.
	pub champion_error: u64,
	/// Error sum of the initial champion on the same windows.
	pub initial_error: u64,
	/// Upper bound of the error sum of the model.
	pub upper: u64,
	/// Rise of the high-water mark for this model, Q32 bits.
	pub increment: Q32,
	/// Effective improvement, Q32 bits.
	pub effective: Q32,
	/// Bits that later rounds pay while the model stays champion, Q32 bits.
	pub carry: Q32,
}

/// `Optimae.CarryPaid`: a verdict paid bits that the champion carried.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct CarryPaid {
	/// Round of the verdict.
	pub round: Round,
	/// Identifier of the champion.
	pub model: ModelId,
	/// Author of the champion.
	pub who: Account,
	/// Rise of the high-water mark for these bits, Q32 bits.
	pub increment: Q32,
	/// Effective improvement, Q32 bits.
	pub effective: Q32,
	/// Bits that were still carried before a successor was crowned, Q32 bits.
	pub left: Q32,
}

/// `Optimae.FeesPaid`: the fees of a round were paid.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct FeesPaid {
	/// The round.
	pub round: Round,
	/// Number of accounts that share the evaluators' pay.
	pub payees: u32,
	/// Amount that they received together, in plancks.
	pub paid: Balance,
	/// Amount that the settler received, in plancks.
	pub settler: Balance,
	/// Amount that was burned, in plancks.
	pub burned: Balance,
}

/// `Optimae.RoundDecided`: a round was decided.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct RoundDecided {
	/// The round.
	pub round: Round,
	/// Identifier of the new champion, if a model won.
	pub winner: Option<ModelId>,
}

/// `Optimae.RoundUnpaid`: a round ended, and nothing is paid for it.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct RoundUnpaid {
	/// The round.
	pub round: Round,
	/// Reason for which nothing is paid.
	pub reason: Variant,
}

/// `Optimae.RoundVoided`: a round ended without a verdict.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct RoundVoided {
	/// The round.
	pub round: Round,
}

impl TypedEvent for Committed {
	const PALLET: &'static str = "Optimae";
	const NAME: &'static str = "Committed";
}

impl TypedEvent for Revealed {
	const PALLET: &'static str = "Optimae";
	const NAME: &'static str = "Revealed";
}

impl TypedEvent for Rejected {
	const PALLET: &'static str = "Optimae";
	const NAME: &'static str = "Rejected";
}

impl TypedEvent for RecomputationRequested {
	const PALLET: &'static str = "Optimae";
	const NAME: &'static str = "RecomputationRequested";
}

impl TypedEvent for QuorumDrawn {
	const PALLET: &'static str = "Recomputation";
	const NAME: &'static str = "QuorumDrawn";
}

impl TypedEvent for TaskCompleted {
	const PALLET: &'static str = "Recomputation";
	const NAME: &'static str = "TaskCompleted";
}

impl TypedEvent for Crowned {
	const PALLET: &'static str = "Optimae";
	const NAME: &'static str = "Crowned";
}

impl TypedEvent for CarryPaid {
	const PALLET: &'static str = "Optimae";
	const NAME: &'static str = "CarryPaid";
}

impl TypedEvent for FeesPaid {
	const PALLET: &'static str = "Optimae";
	const NAME: &'static str = "FeesPaid";
}

impl TypedEvent for RoundDecided {
	const PALLET: &'static str = "Optimae";
	const NAME: &'static str = "RoundDecided";
}

impl TypedEvent for RoundUnpaid {
	const PALLET: &'static str = "Optimae";
	const NAME: &'static str = "RoundUnpaid";
}

impl TypedEvent for RoundVoided {
	const PALLET: &'static str = "Optimae";
	const NAME: &'static str = "RoundVoided";
}

/// Visitor of a variant, which returns its name.
pub struct VariantVisitor<R>(PhantomData<R>);

impl IntoVisitor for Variant {
	type AnyVisitor<R: TypeResolver> = VariantVisitor<R>;

	fn into_visitor<R: TypeResolver>() -> VariantVisitor<R> {
		VariantVisitor(PhantomData)
	}
}

impl<R: TypeResolver> Visitor for VariantVisitor<R> {
	type Value<'scale, 'resolver> = Variant;
	type Error = Error;
	type TypeResolver = R;

	fn visit_variant<'scale, 'resolver>(
		self,
		value: &mut types::Variant<'scale, 'resolver, R>,
		_: R::TypeId,
	) -> Result<Variant, Error> {
		Ok(Variant(lower_camel(value.name())))
	}
}

/// Visitor of an account: 32 bytes, or a structure around them.
pub struct AccountVisitor<R>(PhantomData<R>);

impl IntoVisitor for Account {
	type AnyVisitor<R: TypeResolver> = AccountVisitor<R>;

	fn into_visitor<R: TypeResolver>() -> AccountVisitor<R> {
		AccountVisitor(PhantomData)
	}
}

impl<R: TypeResolver> Visitor for AccountVisitor<R> {
	type Value<'scale, 'resolver> = Account;
	type Error = Error;
	type TypeResolver = R;

	fn unchecked_decode_as_type(
		self,
		input: &mut &[u8],
		type_id: R::TypeId,
		types: &R,
	) -> DecodeAsTypeResult<Self, Result<Account, Error>> {
		DecodeAsTypeResult::Decoded(<[u8; 32]>::decode_as_type(input, type_id, types).map(Account))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::testing::AccountId32;
	use doin_primitives::{
		payload,
		round::{RejectionReason, UnpaidReason},
		settlement::{Backing, PayShares},
		ModelRef, Subject,
	};
	use scale_info::{meta_type, MetaType, PortableRegistry, Registry};
	use std::{fs, path::PathBuf};
	use subxt::ext::scale_decode::Field;

	/// Returns the events of every version of the runtime, by the snapshots of its metadata: a version and its text.
	fn snapshots() -> Vec<(String, String)> {
		let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../runtime/tests/tests/snapshots");
		let files = fs::read_dir(folder).expect("the snapshots exist").map(|file| file.unwrap().path());
		let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
		let states = files.filter(|path| name(path).starts_with("state_v"));
		states.map(|path| (name(&path), fs::read_to_string(path).unwrap())).collect()
	}

	/// Returns the fields of an event in a snapshot, e.g. `round: RoundId`.
	fn fields_of<'a>(snapshot: &'a str, pallet: &str, event: &str) -> Option<Vec<(&'a str, &'a str)>> {
		let mut lines =
			snapshot.lines().skip_while(|line| !line.starts_with("pallet ") || !line.ends_with(&format!(" {pallet}")));
		lines.next()?;
		let mut events = lines.take_while(|line| line.starts_with("  ")).filter_map(|line| line.strip_prefix("  event "));
		let fields = events.find_map(|line| line.split_once(' ')?.1.strip_prefix(event)?.strip_prefix('(')?.strip_suffix(')'))?;
		fields.split(", ").map(|field| field.split_once(": ")).collect()
	}

	/// Returns the type with this name in a snapshot.
	fn type_of(name: &str) -> MetaType {
		match name {
			"u8" => meta_type::<u8>(),
			"u32" => meta_type::<u32>(),
			"u64" => meta_type::<u64>(),
			"u128" => meta_type::<u128>(),
			"[u8; 32]" => meta_type::<[u8; 32]>(),
			"Option<u64>" => meta_type::<Option<u64>>(),
			"AccountId32" => meta_type::<AccountId32>(),
			"Vec<AccountId32>" => meta_type::<Vec<AccountId32>>(),
			"RoundId" => meta_type::<RoundId>(),
			"Metrics" => meta_type::<payload::Metrics>(),
			"RejectionReason" => meta_type::<RejectionReason>(),
			"UnpaidReason" => meta_type::<UnpaidReason>(),
			"Subject" => meta_type::<Subject>(),
			"Backing" => meta_type::<Backing>(),
			"BoundedVec<ModelRef>" => meta_type::<Vec<ModelRef>>(),
			"PayShares<AccountId32>" => meta_type::<PayShares<AccountId32>>(),
			other => panic!("an event has a field of the type {other}, which this test does not know"),
		}
	}

	/// Decodes the event from bytes that are all 0, which are valid for every type of a field.
	fn decodes<T: TypedEvent>(version: &str, snapshot: &str) {
		let event = format!("{}.{} of {version}", T::PALLET, T::NAME);
		let fields = fields_of(snapshot, T::PALLET, T::NAME).unwrap_or_else(|| panic!("there is no {event}"));
		let mut registry = Registry::new();
		let fields: Vec<_> = fields.iter().map(|(name, ty)| (*name, registry.register_type(&type_of(ty)).id)).collect();
		let registry = PortableRegistry::from(registry);
		let mut fields = fields.iter().map(|(name, id)| Field::new(*id, Some(*name)));
		T::decode_as_fields(&mut &[0; 1_024][..], &mut fields, &registry).unwrap_or_else(|error| panic!("{event}: {error}"));
	}

	#[test]
	fn every_typed_event_is_an_event_of_every_version_of_the_runtime() {
		let snapshots = snapshots();
		assert!(!snapshots.is_empty());
		for (version, snapshot) in &snapshots {
			decodes::<Committed>(version, snapshot);
			decodes::<Revealed>(version, snapshot);
			decodes::<Rejected>(version, snapshot);
			decodes::<RecomputationRequested>(version, snapshot);
			decodes::<QuorumDrawn>(version, snapshot);
			decodes::<TaskCompleted>(version, snapshot);
			decodes::<Crowned>(version, snapshot);
			decodes::<CarryPaid>(version, snapshot);
			decodes::<FeesPaid>(version, snapshot);
			decodes::<RoundDecided>(version, snapshot);
			decodes::<RoundUnpaid>(version, snapshot);
			decodes::<RoundVoided>(version, snapshot);
		}
	}

	#[test]
	fn the_fields_of_an_event_are_found_in_its_own_pallet() {
		let snapshot = "pallet 0 A: 3 items, hash 1\npallet 1 Evidence\n  event 0 Sealed(domain: u32)\npallet 2 Work\n  \
		                event 0 Rewarded(who: AccountId32)\n  event 1 Sealed(taken: u64, minted: u128)\n";
		assert_eq!(fields_of(snapshot, "Work", "Sealed"), Some(vec![("taken", "u64"), ("minted", "u128")]));
		assert_eq!(fields_of(snapshot, "Evidence", "Rewarded"), None);
		assert_eq!(fields_of(snapshot, "Gauge", "Sealed"), None);
	}
}
