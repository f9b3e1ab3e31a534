//! Envelope of messages between the worker and a program of a user: JSON-RPC 2.0, one message per line.
//!
//! The worker asks, and the program answers. A message of the worker is a line
//! `{"jsonrpc":"2.0","id":7,"method":"…","params":{…}}`, and the answer to it a line
//! `{"jsonrpc":"2.0","id":7,"result":{…}}`, or `{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"…"}}`. A message without `id` is a
//! notification, and has no answer. Members that a side does not know are ignored.
//!
//! The first message is [`INITIALIZE`]. Its params name the [`VERSION`] of the protocol, and the answer repeats it. A new method, or a
//! new member that can be ignored, keeps the version; anything else raises it.
//!
//! The module knows no method beside the first one. Forecasts, searches and tolerance domains are uses of it.

use serde::Serialize;
use serde_json::{json, Value};

/// Version of the protocol.
pub const VERSION: u64 = 1;
/// First method.
pub const INITIALIZE: &str = "initialize";
/// Code of the error of a program that lacks a method, after the specification of JSON-RPC 2.0.
pub const METHOD_NOT_FOUND: i64 = -32_601;
/// Version of JSON-RPC.
const JSON_RPC: &str = "2.0";
/// Characters of a line that an error shows.
const SHOWN: usize = 120;

/// Reason for which a line is not the result that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
	/// The line is not JSON.
	#[error(
		"it has written `{shown}`, which is not JSON ({cause}): write one message a line, and everything else to standard error"
	)]
	NotJson {
		/// Beginning of the line.
		shown: String,
		/// Error of the parser.
		cause: String,
	},
	/// The line is JSON, but not an answer of JSON-RPC 2.0.
	#[error("it has written `{shown}`, which is not an answer: expected {{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":…}}")]
	NotAnAnswer {
		/// Beginning of the line.
		shown: String,
		/// Identifier of the message.
		id: u64,
	},
	/// The answer belongs to another message.
	#[error("it has answered message {found} while {id} was open: answer each message once, in order")]
	OtherId {
		/// Identifier of the answer, as JSON.
		found: String,
		/// Identifier of the message.
		id: u64,
	},
	/// The program reports an error.
	#[error("it reports the error {code}: {message}")]
	Reported {
		/// Code of the error.
		code: i64,
		/// Text of the error.
		message: String,
	},
	/// The program speaks another version.
	#[error(
		"it speaks version {found} of the protocol, and this worker version {}: return \"version\":{} from `initialize`",
		VERSION,
		VERSION
	)]
	OtherVersion {
		/// Version of the program, as JSON.
		found: String,
	},
}

/// Returns the line of a message that has an answer.
pub fn request(id: u64, method: &str, params: impl Serialize) -> Vec<u8> {
	line(&json!({ "jsonrpc": JSON_RPC, "id": id, "method": method, "params": params }))
}

/// Returns the line of a message that has no answer.
pub fn notification(method: &str, params: impl Serialize) -> Vec<u8> {
	line(&json!({ "jsonrpc": JSON_RPC, "method": method, "params": params }))
}

fn line(message: &Value) -> Vec<u8> {
	let mut line = message.to_string().into_bytes();
	line.push(b'\n');
	line
}

/// Returns the result of the answer to message `id`.
///
/// # Errors
///
/// Errors if the line is not the answer to this message, or if the program reports an error.
pub fn result_of(line: &[u8], id: u64) -> Result<Value, EnvelopeError> {
	let mut answer: Value =
		serde_json::from_slice(line).map_err(|error| EnvelopeError::NotJson { shown: shown(line), cause: error.to_string() })?;
	let not_an_answer = || EnvelopeError::NotAnAnswer { shown: shown(line), id };
	if answer["jsonrpc"] != JSON_RPC || answer.get("method").is_some() {
		return Err(not_an_answer());
	}
	let error = answer.get("error").filter(|error| !error.is_null());
	// A program that could not read the message does not know its identifier, and reports the error with a null one.
	let is_unread = error.is_some() && answer["id"].is_null();
	if answer["id"] != id && !is_unread {
		return Err(EnvelopeError::OtherId { found: shown(answer["id"].to_string().as_bytes()), id });
	}
	if let Some(error) = error {
		let message = error["message"].as_str().map_or_else(|| error.to_string(), String::from);
		return Err(EnvelopeError::Reported { code: error["code"].as_i64().unwrap_or(0), message: shown(message.as_bytes()) });
	}
	answer.get_mut("result").map(Value::take).ok_or_else(not_an_answer)
}

/// Checks that the result of the first message names the version of this worker.
///
/// # Errors
///
/// Errors if it names another one, or none.
pub fn check_version(result: &Value) -> Result<(), EnvelopeError> {
	match result.get("version") {
		Some(version) if *version == VERSION => Ok(()),
		found => {
			Err(EnvelopeError::OtherVersion { found: found.map_or("none".into(), |found| shown(found.to_string().as_bytes())) })
		}
	}
}

/// Returns the beginning of a text as one line of printable characters.
fn shown(text: &[u8]) -> String {
	let text = String::from_utf8_lossy(&text[..text.len().min(4 * SHOWN)]);
	let printable: String = text.trim().chars().filter(|sign| !sign.is_control() && *sign != '`').collect();
	match printable.chars().count() > SHOWN {
		true => printable.chars().take(SHOWN).chain(['…']).collect(),
		false => printable,
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn messages_are_lines_of_json_rpc() {
		let of = |line: Vec<u8>| serde_json::from_slice::<Value>(line.strip_suffix(b"\n").unwrap()).unwrap();
		let params = json!({ "text": "two\nlines" });
		let asked = request(7, "forecast", &params);
		assert_eq!(asked.iter().filter(|byte| **byte == b'\n').count(), 1, "a message is one line");
		assert_eq!(of(asked), json!({ "jsonrpc": "2.0", "id": 7, "method": "forecast", "params": params }));
		assert_eq!(of(notification("on_truth", [1])), json!({ "jsonrpc": "2.0", "method": "on_truth", "params": [1] }));
	}

	#[test]
	fn the_result_of_an_answer_is_returned() {
		let result = |line: &str| result_of(line.as_bytes(), 7);
		assert_eq!(result(r#"{"jsonrpc":"2.0","id":7,"result":{"closes":[1,-2]}}"#), Ok(json!({ "closes": [1, -2] })));
		let more = "{\"extra\":[],\"jsonrpc\":\"2.0\",\"error\":null,\"id\":7,\"result\":null}\r\n";
		assert_eq!(result(more), Ok(Value::Null), "members that are not known are ignored");
	}

	#[test]
	fn other_lines_are_named() {
		let refused = |line: &str| result_of(line.as_bytes(), 7).unwrap_err().to_string();
		for line in ["", "loading model…", "{\"id\":7", "[NaN]", "Traceback `x`:\n"] {
			assert!(refused(line).contains("not JSON"), "{line}");
		}
		assert!(refused("loading\u{7}").contains("has written `loading`, which"));
		for line in [
			"7",
			"[]",
			"null",
			r#"{"id":7,"result":1}"#,
			r#"{"jsonrpc":"1.0","id":7,"result":1}"#,
			r#"{"jsonrpc":"2.0","id":7}"#,
			r#"{"jsonrpc":"2.0","id":7,"method":"forecast"}"#,
		] {
			assert!(refused(line).contains("expected {\"jsonrpc\":\"2.0\",\"id\":7,"), "{line}");
		}
		for (line, found) in [
			(r#"{"jsonrpc":"2.0","id":8,"result":1}"#, "8"),
			(r#"{"jsonrpc":"2.0","id":"7","result":1}"#, "\"7\""),
			(r#"{"jsonrpc":"2.0","result":1}"#, "null"),
		] {
			assert!(refused(line).contains(&format!("answered message {found} while 7 was open")), "{line}: {}", refused(line));
		}
		let error = r#"{"jsonrpc":"2.0","id":7,"error":{"code":-5,"message":"no such stream"}}"#;
		assert_eq!(refused(error), "it reports the error -5: no such stream");
		assert!(refused(r#"{"jsonrpc":"2.0","id":7,"error":"x"}"#).contains("\"x\""));
		let unread = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#;
		assert_eq!(refused(unread), "it reports the error -32700: Parse error");
		let other = r#"{"jsonrpc":"2.0","id":8,"error":{"code":1,"message":"x"}}"#;
		assert!(refused(other).contains("answered message 8 while 7 was open"));
	}

	#[test]
	fn versions_have_to_agree() {
		assert_eq!(check_version(&json!({ "version": 1, "name": "mine" })), Ok(()));
		for (result, found) in
			[(json!({ "version": 2 }), "2"), (json!({ "version": "1" }), "\"1\""), (json!({}), "none"), (json!(1), "none")]
		{
			let error = check_version(&result).unwrap_err().to_string();
			assert!(error.contains(&format!("speaks version {found} of")) && error.contains("\"version\":1"), "{error}");
		}
	}

	#[test]
	fn long_and_deep_lines_are_shown_shortened() {
		let long = format!("\"{}\"", "x".repeat(100_000));
		assert!(result_of(long.as_bytes(), 1).unwrap_err().to_string().len() < 400);
		assert!(
			matches!(result_of("[".repeat(100_000).as_bytes(), 1), Err(EnvelopeError::NotJson { .. })),
			"no overflow of the stack"
		);
	}
}
