//! Answers of programs.

use doin_scoring::verdict::NO_EVIDENCE;
use serde_json::Value;

/// Largest sum that a program can answer: the next one marks chunks without evidence.
pub(super) const LARGEST_SUM: u32 = NO_EVIDENCE - 1;
/// Characters of an answer that an error shows.
const SHOWN: usize = 60;

/// Returns bytes as `0x` and hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

/// Returns the sums of `{"sums":[…]}`, one for each of `chunks`.
///
/// # Errors
///
/// Errors with the reason and the next step.
pub(super) fn sums(result: &Value, chunks: &[u16]) -> Result<Vec<u32>, String> {
	let Some(sums) = result.get("sums").and_then(Value::as_array) else {
		return Err(format!("it has answered `{}`: return {{\"sums\": […]}}", shown(result)));
	};
	if sums.len() != chunks.len() {
		return Err(format!("it has answered {} sums: return one for each of {} chunks", sums.len(), chunks.len()));
	}
	let sum = |(chunk, sum): (&u16, &Value)| {
		let whole = sum.as_u64().and_then(|sum| u32::try_from(sum).ok()).filter(|sum| *sum <= LARGEST_SUM);
		whole.ok_or_else(|| {
			format!(
				"the sum of chunk {chunk} is `{}`: return whole numbers from 0 to {LARGEST_SUM}, e.g. of an error times 1000000, rounded",
				shown(sum)
			)
		})
	};
	chunks.iter().zip(sums).map(sum).collect()
}

/// Returns the model of `{"model":"0x…"}`, which has 1 to `most` bytes.
///
/// # Errors
///
/// Errors with the reason and the next step.
pub(super) fn model(result: &Value, most: usize) -> Result<Vec<u8>, String> {
	let digits = result.get("model").and_then(Value::as_str).and_then(|text| text.strip_prefix("0x"));
	let Some(bytes) = digits.and_then(|digits| hex::decode(digits).ok()) else {
		return Err(format!("it has answered `{}`: return {{\"model\": \"0x…\"}} with hexadecimal digits", shown(result)));
	};
	match bytes.len() {
		0 => Err("its model is empty, which is the initial champion: return 1 byte at least".into()),
		length if length > most => Err(format!("its model has {length} bytes: the domain takes {most} at most")),
		_ => Ok(bytes),
	}
}

/// Returns the beginning of a value as text.
fn shown(value: &Value) -> String {
	let text = value.to_string();
	let printable: String = text.chars().filter(|sign| !sign.is_control() && *sign != '`').take(SHOWN).collect();
	match text.chars().count() > SHOWN {
		true => printable + "…",
		false => printable,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	#[test]
	fn sums_are_whole_numbers_one_for_each_chunk() {
		assert_eq!(sums(&json!({ "sums": [0, 7, 4_294_967_294u32], "extra": 1 }), &[0, 1, 2]), Ok(vec![0, 7, LARGEST_SUM]));
		for (result, reason) in [
			(json!({}), "it has answered `{}`: return {\"sums\": […]}"),
			(json!({ "sums": 7 }), "return {\"sums\""),
			(json!({ "sums": [1] }), "it has answered 1 sums: return one for each of 2 chunks"),
			(json!({ "sums": [1, 1.5] }), "the sum of chunk 1 is `1.5`: return whole numbers from 0 to 4294967294"),
			(json!({ "sums": [-1, 1] }), "the sum of chunk 0 is `-1`"),
			(json!({ "sums": [1, 4_294_967_295u64] }), "the sum of chunk 1 is `4294967295`"),
			(json!({ "sums": [null, 1] }), "the sum of chunk 0 is `null`"),
			(json!({ "sums": ["7", 1] }), "the sum of chunk 0 is `\"7\"`"),
		] {
			let found = sums(&result, &[0, 1]).unwrap_err();
			assert!(found.contains(reason), "{found}");
		}
		assert!(sums(&json!({ "sums": [1, -1] }), &[3, 9]).unwrap_err().contains("the sum of chunk 9 is `-1`"));
	}

	#[test]
	fn a_model_has_bytes_and_not_too_many() {
		assert_eq!(model(&json!({ "model": "0x00ff" }), 2), Ok(vec![0, 255]));
		for (result, reason) in [
			(json!({}), "return {\"model\": \"0x…\"}"),
			(json!({ "model": "00ff" }), "return {\"model\""),
			(json!({ "model": "0x0" }), "return {\"model\""),
			(json!({ "model": "0x" }), "its model is empty"),
			(json!({ "model": "0x010203" }), "its model has 3 bytes: the domain takes 2 at most"),
		] {
			let found = model(&result, 2).unwrap_err();
			assert!(found.contains(reason), "{found}");
		}
		assert!(sums(&json!({ "sums": "x".repeat(1_000) }), &[0]).unwrap_err().len() < 200);
	}
}
