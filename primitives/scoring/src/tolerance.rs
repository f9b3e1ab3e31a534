//! Programs that the runtime cannot run: their sums are not exact, so answers agree within a tolerance.

use crate::program::{ProgramError, CHUNKS};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Parts of the least improvement that the tolerance of a domain is at most: a quarter. The sums of two models, each within the
/// tolerance, then never differ from each other by half of the least improvement.
pub const LEAST_IMPROVEMENTS: u32 = 4;

/// Program of a user that evaluators run off the chain, e.g. a training function in floating point. The chain has its hash and never
/// the program.
///
/// A model is an opaque list of bytes, [`Model::Opaque`](crate::Model::Opaque), of which only the program knows the meaning. The
/// initial champion is the empty list. Chunk i is a part of the evaluation that the program chooses by its number alone, so a verdict
/// compares models on the same chunks as every other one. The record of such a domain has no data.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tolerance {
	/// blake2b-256 of the file of the program. Not zero.
	#[serde(with = "hexadecimal")]
	pub code: [u8; 32],
	/// Tolerance ε in parts per million: a sum agrees with the median of its quorum if it differs from it by at most this part of it. At
	/// least 1, and at most a quarter of the least improvement of the domain.
	pub epsilon: u32,
	/// Number of chunks, in [`CHUNKS`].
	pub chunks: u16,
	/// Error sum of the empty model over all chunks, as the owner of the domain states it; above 0. The first claim has to undercut it.
	/// Verdicts compare measured sums only.
	pub initial_error: u64,
}

impl Tolerance {
	/// Checks that every number lies in its range. The record of a domain bounds the tolerance by its least improvement too.
	///
	/// # Errors
	///
	/// Fails with [`ProgramError::Code`], [`ProgramError::Tolerance`], [`ProgramError::Chunks`] or [`ProgramError::InitialError`], the first
	/// fault found.
	pub fn check(&self) -> Result<(), ProgramError> {
		let ensure = |fine: bool, error: ProgramError| if fine { Ok(()) } else { Err(error) };
		ensure(self.code != [0; 32], ProgramError::Code)?;
		ensure(self.epsilon > 0, ProgramError::Tolerance)?;
		ensure(CHUNKS.contains(&self.chunks), ProgramError::Chunks)?;
		let most = u64::from(self.chunks).saturating_mul(u32::MAX.into());
		ensure((1..=most).contains(&self.initial_error), ProgramError::InitialError)
	}

	/// Returns `true` if the tolerance is at most a quarter of `min_improvement`, in parts per million.
	pub fn suits(&self, min_improvement: u32) -> bool {
		self.epsilon.checked_mul(LEAST_IMPROVEMENTS).is_some_and(|least| least <= min_improvement)
	}
}

/// JSON form of a hash: `0x` and 64 hexadecimal digits.
mod hexadecimal {
	use alloc::string::String;
	use core::fmt::Write;
	use serde::{de::Error as _, ser::Error as _, Deserialize, Deserializer, Serializer};

	/// Writes a hash as a string.
	pub fn serialize<S: Serializer>(hash: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
		let mut text = String::from("0x");
		for byte in hash {
			write!(text, "{byte:02x}").map_err(S::Error::custom)?;
		}
		serializer.serialize_str(&text)
	}

	/// Reads a hash from a string.
	pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
		let text = String::deserialize(deserializer)?;
		parse(&text).ok_or_else(|| D::Error::invalid_length(text.len(), &"0x and 64 hexadecimal digits"))
	}

	/// Returns the hash in `text`, or `None` if it has another form.
	fn parse(text: &str) -> Option<[u8; 32]> {
		let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 64)?;
		let mut hash = [0; 32];
		for (byte, pair) in hash.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
			let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
			*byte = u8::try_from(digit(0)?.checked_mul(16)?.checked_add(digit(1)?)?).ok()?;
		}
		Some(hash)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::Program;
	use alloc::{string::ToString, vec};

	fn tolerance() -> Tolerance {
		Tolerance { code: [0xAB; 32], epsilon: 500, chunks: 32, initial_error: 1_000 }
	}

	#[test]
	fn every_fault_has_its_name() {
		assert_eq!(tolerance().check(), Ok(()));
		let check = |change: fn(&mut Tolerance)| {
			let mut program = tolerance();
			change(&mut program);
			program.check()
		};
		assert_eq!(check(|program| program.code = [0; 32]), Err(ProgramError::Code));
		assert_eq!(check(|program| program.epsilon = 0), Err(ProgramError::Tolerance));
		assert_eq!(check(|program| program.chunks = 31), Err(ProgramError::Chunks));
		assert_eq!(check(|program| program.chunks = 257), Err(ProgramError::Chunks));
		assert_eq!(check(|program| program.initial_error = 0), Err(ProgramError::InitialError));
		assert_eq!(check(|program| program.initial_error = 32 * u64::from(u32::MAX)), Ok(()));
		assert_eq!(check(|program| program.initial_error = 32 * u64::from(u32::MAX) + 1), Err(ProgramError::InitialError));
	}

	#[test]
	fn a_tolerance_is_at_most_a_quarter_of_the_least_improvement() {
		assert!(tolerance().suits(2_000));
		assert!(!tolerance().suits(1_999));
		assert!(!Tolerance { epsilon: u32::MAX, ..tolerance() }.suits(u32::MAX), "no overflow");
	}

	#[test]
	fn a_program_of_a_tolerance_domain_has_no_data() {
		let program = Program::Tolerance(tolerance());
		assert_eq!(program.check(0, 0, 0), Ok(()));
		for (train_end, validation_end, values) in [(1, 0, 0), (0, 1, 0), (0, 0, 1)] {
			assert_eq!(program.check(train_end, validation_end, values), Err(ProgramError::Split));
		}
		assert_eq!((program.chunks(), program.name()), (32, "tolerance"));
	}

	/// Pinned, since hashes of records and the storage of the chain depend on it.
	#[test]
	fn the_encoding_is_pinned() {
		let mut expected = vec![4];
		expected.extend([0xAB; 32]);
		expected.extend([0xF4, 0x01, 0, 0, 32, 0, 0xE8, 0x03, 0, 0, 0, 0, 0, 0]);
		assert_eq!(Program::Tolerance(tolerance()).encode(), expected);
		let faults = [ProgramError::Code, ProgramError::Tolerance, ProgramError::InitialError];
		assert_eq!(faults.map(|fault| fault.encode()), [[19], [20], [21]], "former indices stay");
	}

	#[test]
	fn a_program_survives_json() {
		let program = Program::Tolerance(tolerance());
		let json = serde_json::to_value(&program).unwrap();
		assert_eq!(json["kind"], "tolerance");
		assert_eq!(json["code"], "0x".to_string() + &"ab".repeat(32));
		assert_eq!(json["initialError"], 1_000);
		assert_eq!(serde_json::from_value::<Program>(json.clone()).unwrap(), program);
		for code in
			["", "0x", "ab", &"ab".repeat(32), &("0x".to_string() + &"ag".repeat(32)), &("0x".to_string() + &"é".repeat(32))]
		{
			let mut other = json.clone();
			other["code"] = code.into();
			assert!(serde_json::from_value::<Program>(other).is_err(), "{code}");
		}
	}
}
