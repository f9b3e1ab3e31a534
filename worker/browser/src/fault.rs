//! Faults of what a node answered, as the page shows them.

use core::fmt::{self, Display, Formatter};
use doin_primitives::domain::SpecError;
use doin_scoring::{rows::RowError, ModelError};

/// Reason for which a model cannot be scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
	/// The page passed bytes that are not [`Inputs`](crate::Inputs), or too many.
	Inputs,
	/// An answer of the node has another form than its runtime API states.
	Answer(&'static str),
	/// The domain is not registered.
	UnknownDomain,
	/// The record of the domain breaks a rule of the chain.
	Record(SpecError),
	/// The published data is not complete.
	DataMissing,
	/// The published data does not have the length or the hash that the record states.
	DataHash,
	/// A segment is not opened.
	SegmentClosed(u16),
	/// A segment does not have the length of the record, or the hash on the chain.
	SegmentHash(u16),
	/// The labels of the rows break a rule of the program.
	Labels(RowError),
	/// The model is not stored.
	ModelMissing,
	/// The bytes of the model are not an encoded model.
	ModelMalformed(ModelError),
	/// The domain does not admit the model.
	NotAdmitted(ModelError),
	/// The model does not belong to the program of the domain.
	OtherProgram,
	/// The sums of the domain are those of a program of a user, which no page has.
	Tolerance,
	/// The evidence is bars of a stream, which no runtime API returns.
	Bars,
	/// The domain has no such evidence.
	OtherEvidence,
	/// A recomputation has no such chunk.
	NoSuchChunk(u16),
	/// The data of a chunk was not passed.
	NotPassed,
}

impl Display for Fault {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		const OTHER_NODE: &str = "connect to another node";
		match self {
			Self::Inputs => write!(f, "the page passed inputs that the scoring module does not take: reload the page"),
			Self::Answer(what) => write!(f, "the node returned {what} in an unknown form: use the page of the node's release"),
			Self::UnknownDomain => write!(f, "the domain is not registered at this block: choose a later block"),
			Self::Record(error) => write!(f, "the node returned a malformed record of the domain ({error:?}): {OTHER_NODE}"),
			Self::DataMissing => write!(f, "the published data is not complete: its owner is still uploading it"),
			Self::DataHash => {
				write!(f, "the published data has another hash or length than the record of the domain: {OTHER_NODE}")
			}
			Self::SegmentClosed(index) => write!(f, "segment {index} is not opened at this block: {OTHER_NODE}"),
			Self::SegmentHash(index) => {
				write!(f, "segment {index} has another hash or length than the chain states: {OTHER_NODE}")
			}
			Self::Labels(error) => write!(f, "the labels of the rows are malformed ({error:?}): {OTHER_NODE}"),
			Self::ModelMissing => {
				write!(f, "the model is not stored at this block: an archive node has the block that stored it")
			}
			Self::ModelMalformed(error) => write!(f, "the bytes of the model are malformed ({error:?}): {OTHER_NODE}"),
			Self::NotAdmitted(error) => write!(f, "the domain does not admit the model ({error:?}): {OTHER_NODE}"),
			Self::OtherProgram => write!(f, "the model does not belong to the program of the domain: {OTHER_NODE}"),
			Self::Tolerance => {
				write!(f, "the sums are medians of the answers of a program, which the chain has the hash of: they cannot be recomputed here")
			}
			Self::Bars => {
				write!(f, "the model was evaluated on live bars, which nodes do not return: its sums cannot be recomputed here")
			}
			Self::OtherEvidence => write!(f, "the domain has no evidence of this kind: {OTHER_NODE}"),
			Self::NoSuchChunk(chunk) => write!(f, "the domain has no chunk {chunk}: {OTHER_NODE}"),
			Self::NotPassed => write!(f, "the page did not read the data of this chunk: reload the page"),
		}
	}
}

impl core::error::Error for Fault {}
