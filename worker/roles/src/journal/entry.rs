//! Rows of the journal.

use anyhow::Context;
use codec::{Decode, Encode};
use doin_chain::Account;
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	oracle::PollId,
	BlockNumber, DomainId, Hash, RoundId, TaskId,
};
use std::{fmt, ops::Range};

/// Kind of a commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
	/// An optimizer's candidate.
	Candidate,
	/// An evaluator's sums.
	Sums,
	/// A challenge of settled sums.
	Challenge,
	/// A reporter's bars.
	Report,
	/// A forecaster's changes.
	Forecast,
}

/// Progress of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum State {
	/// Written. The commit may or may not have reached the chain.
	Prepared,
	/// The commit is on the chain.
	Committed,
	/// The reveal is on the chain.
	Revealed,
	/// Nothing is left to do. Kept for the record.
	Archived,
}

/// Reason for the last change of an entry's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Note {
	/// The entry went on as planned.
	#[strum(serialize = "")]
	Progress,
	/// The commit was included and failed.
	CommitFailed,
	/// The candidate was rejected.
	Rejected,
	/// The round was decided.
	Decided,
	/// The challenge was made.
	Challenged,
	/// The challenge was not needed any more.
	NotNeeded,
	/// The reveal window ended.
	Expired,
	/// The seat was paid, displaced or cleared.
	Settled,
}

/// Scope that a commitment binds, beside chain and account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
	/// A candidate in a round.
	Candidate(RoundId),
	/// Sums of a recomputation task.
	Sums {
		/// Domain of the task.
		domain: DomainId,
		/// Identifier of the task.
		task: TaskId,
	},
	/// A challenge of a recomputation task.
	Challenge {
		/// Domain of the task.
		domain: DomainId,
		/// Identifier of the task.
		task: TaskId,
	},
	/// Reports of all streams in a poll.
	Report(PollId),
	/// A forecast in a round of a market, whose domain is the stream.
	Forecast(RoundId),
}

/// A commitment with everything that its reveal needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
	/// Scope of the commitment.
	pub scope: Scope,
	/// Account that the commitment is bound to.
	pub who: Account,
	/// Hash on the chain.
	pub commitment: Hash,
	/// Payload of the reveal, in SCALE.
	pub payload: Vec<u8>,
	/// Salt of the commitment.
	pub salt: [u8; 32],
	/// First block in which the payload can be revealed.
	pub reveal_from: BlockNumber,
	/// First block in which the payload can no longer be revealed.
	pub reveal_until: BlockNumber,
	/// Progress of the entry.
	pub state: State,
	/// Number of the bar after the input of a forecast; `None` for other kinds, and for forecasts of earlier versions of the worker.
	pub input_end: Option<u64>,
}

impl Scope {
	/// Returns the kind of the commitment.
	pub fn kind(&self) -> Kind {
		match self {
			Self::Candidate(_) => Kind::Candidate,
			Self::Sums { .. } => Kind::Sums,
			Self::Challenge { .. } => Kind::Challenge,
			Self::Report(_) => Kind::Report,
			Self::Forecast(_) => Kind::Forecast,
		}
	}

	/// Returns the domain of the round or task, or the stream of a forecast; 0 for reports, which are of several streams.
	pub fn domain(&self) -> DomainId {
		match self {
			Self::Report(_) => 0,
			Self::Candidate(round) | Self::Forecast(round) => round.domain,
			Self::Sums { domain, .. } | Self::Challenge { domain, .. } => *domain,
		}
	}

	/// Returns the round of a candidate.
	pub fn round(&self) -> Option<RoundId> {
		match self {
			Self::Candidate(round) => Some(*round),
			_ => None,
		}
	}

	/// Returns the number of the round or of the poll, or the identifier of the task.
	pub(super) fn number(&self) -> u64 {
		match self {
			Self::Candidate(round) | Self::Forecast(round) => round.number.into(),
			Self::Report(poll) => (*poll).into(),
			Self::Sums { task, .. } | Self::Challenge { task, .. } => *task,
		}
	}

	/// Returns the commitment of `who` to `payload` within the scope. Sums and challenges bind the task, candidates bind
	/// the round, reports bind the poll, and forecasts the round of their stream.
	fn commitment(&self, genesis: &Hash, who: &Account, payload: &impl Encode, salt: &[u8; 32]) -> Hash {
		let payload = payload_hash(payload);
		match self {
			Self::Candidate(round) => commitment(Tag::Optimae, genesis, round, who, &payload, salt),
			Self::Sums { task, .. } => commitment(Tag::Sums, genesis, task, who, &payload, salt),
			Self::Challenge { task, .. } => commitment(Tag::Challenge, genesis, task, who, &payload, salt),
			Self::Report(poll) => commitment(Tag::Report, genesis, poll, who, &payload, salt),
			Self::Forecast(round) => commitment(Tag::Forecast, genesis, round, who, &payload, salt),
		}
	}
}

impl fmt::Display for Scope {
	/// Formats the scope for logs and errors, e.g. `candidate of domain 3 round 7`.
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Report(poll) => return write!(f, "report of poll {poll}"),
			Self::Forecast(round) => return write!(f, "forecast of stream {} round {}", round.domain, round.number),
			Self::Candidate(_) | Self::Sums { .. } | Self::Challenge { .. } => {}
		}
		let word = if self.round().is_some() { "round" } else { "task" };
		write!(f, "{} of domain {} {word} {}", self.kind(), self.domain(), self.number())
	}
}

impl Entry {
	/// Returns a prepared entry for the commitment of `who` to `payload` on the chain with the first block `genesis`.
	pub fn prepare(
		scope: Scope,
		who: Account,
		genesis: &Hash,
		payload: &impl Encode,
		salt: [u8; 32],
		reveal: Range<BlockNumber>,
	) -> Self {
		Self {
			scope,
			who,
			commitment: scope.commitment(genesis, &who, payload, &salt),
			payload: payload.encode(),
			salt,
			reveal_from: reveal.start,
			reveal_until: reveal.end,
			state: State::Prepared,
			input_end: None,
		}
	}

	/// Returns the entry of a forecast whose input ends before bar `input_end`.
	pub fn with_input(self, input_end: u64) -> Self {
		Self { input_end: Some(input_end), ..self }
	}

	/// Returns `false` if the entry is a forecast of another input than that before bar `input_end`, e.g. on another branch of the chain.
	pub fn is_of_input(&self, input_end: u64) -> bool {
		self.input_end.is_none_or(|own| own == input_end)
	}

	/// Returns the entry with another window of its reveal, e.g. on another branch of the chain.
	pub fn with_reveal_window(self, reveal: Range<BlockNumber>) -> Self {
		Self { reveal_from: reveal.start, reveal_until: reveal.end, ..self }
	}

	/// Returns the payload of the reveal.
	///
	/// # Errors
	///
	/// Errors if the payload is not the SCALE encoding of a `P`.
	pub fn decode_payload<P: Decode>(&self) -> anyhow::Result<P> {
		P::decode(&mut &self.payload[..])
			.with_context(|| format!("the journal holds an undecodable payload of {}: it was damaged", self.scope))
	}

	/// Returns `true` if the payload can be revealed in block `block`.
	pub fn can_be_revealed_in(&self, block: BlockNumber) -> bool {
		(self.reveal_from..self.reveal_until).contains(&block)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::str::FromStr;

	const WHO: Account = Account([2; 32]);

	#[test]
	fn kinds_and_states_are_read_back_from_their_names() {
		for kind in [Kind::Candidate, Kind::Sums, Kind::Challenge, Kind::Report, Kind::Forecast] {
			assert_eq!(Kind::from_str(kind.into()), Ok(kind));
		}
		for state in [State::Prepared, State::Committed, State::Revealed, State::Archived] {
			assert_eq!(State::from_str(state.into()), Ok(state));
		}
		assert_eq!(<&str>::from(Note::Progress), "");
		assert_eq!(<&str>::from(Note::CommitFailed), "commit-failed");
	}

	#[test]
	fn scopes_are_shown_with_their_kind_and_number() {
		assert_eq!(Scope::Candidate(RoundId { domain: 3, number: 7 }).to_string(), "candidate of domain 3 round 7");
		assert_eq!(Scope::Sums { domain: 3, task: 12 }.to_string(), "sums of domain 3 task 12");
		assert_eq!(Scope::Challenge { domain: 3, task: 12 }.to_string(), "challenge of domain 3 task 12");
		assert_eq!(Scope::Report(7).to_string(), "report of poll 7");
		assert_eq!(Scope::Forecast(RoundId { domain: 3, number: 7 }).to_string(), "forecast of stream 3 round 7");
	}

	#[test]
	fn sums_and_challenges_bind_the_task_and_candidates_the_round() {
		let (genesis, salt, payload) = ([1; 32], [9; 32], vec![5u8, 6]);
		let prepare = |scope| Entry::prepare(scope, WHO, &genesis, &payload, salt, 4..9);
		let round = RoundId { domain: 3, number: 7 };
		let hash = payload_hash(&payload);
		assert_eq!(prepare(Scope::Candidate(round)).commitment, commitment(Tag::Optimae, &genesis, &round, &WHO, &hash, &salt));
		assert_eq!(
			prepare(Scope::Sums { domain: 3, task: 12 }).commitment,
			commitment(Tag::Sums, &genesis, &12u64, &WHO, &hash, &salt)
		);
		assert_eq!(
			prepare(Scope::Challenge { domain: 3, task: 12 }).commitment,
			commitment(Tag::Challenge, &genesis, &12u64, &WHO, &hash, &salt)
		);
		assert_eq!(prepare(Scope::Forecast(round)).commitment, commitment(Tag::Forecast, &genesis, &round, &WHO, &hash, &salt));
		assert_eq!(prepare(Scope::Report(7)).commitment, commitment(Tag::Report, &genesis, &7u32, &WHO, &hash, &salt));
	}

	#[test]
	fn a_payload_is_read_back_and_can_be_revealed_inside_its_window() {
		let entry = Entry::prepare(Scope::Sums { domain: 3, task: 12 }, WHO, &[1; 32], &vec![5u8, 6], [9; 32], 4..9);
		assert_eq!((entry.state, entry.decode_payload::<Vec<u8>>().unwrap()), (State::Prepared, vec![5, 6]));
		assert_eq!([3, 4, 8, 9].map(|block| entry.can_be_revealed_in(block)), [false, true, true, false]);
		let damaged = Entry { payload: vec![200], ..entry };
		assert!(damaged.decode_payload::<Vec<u8>>().unwrap_err().to_string().contains("sums of domain 3 task 12"));
	}
}
