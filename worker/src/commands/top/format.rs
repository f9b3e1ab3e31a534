//! Figures as text.

use super::look::Look;
use doin_primitives::{Balance, UnpaidReason, ONE_Q32};
use doin_roles::{amount::Amount, loss, round_result::unpaid_message};
use serde_json::{Map, Value};
use std::time::Duration;

/// Text of a figure that is not known.
pub const NONE: &str = "-";

/// Returns the improvement of a loss over the initial champion, e.g. `+12.34 %`.
pub fn better(loss: Option<u64>) -> String {
	match loss.map(loss::percent_better) {
		None => NONE.into(),
		Some(percent) if percent.abs() < 0.005 => "0.00 %".into(),
		Some(percent) => format!("{percent:+.2} %"),
	}
}

/// Returns an amount of plancks in DOIN.
pub fn amount(plancks: &str) -> String {
	plancks.parse::<Balance>().map_or(NONE.into(), |plancks| Amount(plancks).to_string())
}

/// Returns Q32 bits with four decimals.
pub fn bits(q32: &str) -> String {
	q32.parse::<u64>().map_or(NONE.into(), |bits| format!("{:.4}", bits as f64 / ONE_Q32 as f64))
}

/// Returns a skill, Q32, with its sign and four decimals.
pub fn skill(q32: &str) -> String {
	q32.parse::<i64>().map_or(NONE.into(), |skill| format!("{:+.4}", skill as f64 / ONE_Q32 as f64))
}

/// Returns parts per million in percent.
pub fn percent(ppm: u32) -> String {
	format!("{:.1} %", f64::from(ppm) / 10_000.0)
}

/// Returns a number with thin groups of three digits, e.g. `1,234,567`.
pub fn number(number: u64) -> String {
	let digits = number.to_string();
	let first = digits.len() % 3;
	let mut text = digits[..first].to_string();
	for group in digits.as_bytes()[first..].chunks(3) {
		if !text.is_empty() {
			text.push(',');
		}
		text.extend(group.iter().map(|digit| char::from(*digit)));
	}
	text
}

/// Returns a duration in its two largest units.
pub fn duration(duration: Duration) -> String {
	let seconds = duration.as_secs();
	let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
	match (days, hours, minutes) {
		(0, 0, 0) => format!("{seconds} s"),
		(0, 0, _) => format!("{minutes} min {:02} s", seconds % 60),
		(0, _, _) => format!("{hours} h {minutes:02} min"),
		_ => format!("{days} d {hours:02} h"),
	}
}

/// Returns an account or a hash in short.
pub fn short(account: &str, look: Look) -> String {
	let characters: Vec<char> = account.chars().collect();
	if characters.len() <= 12 {
		return account.into();
	}
	let (begin, end) = (&characters[..6], &characters[characters.len() - 4..]);
	begin.iter().chain(look.ellipsis().chars().collect::<Vec<_>>().iter()).chain(end).collect()
}

/// Returns the words of a code such as `noImprovement` or `RepeatLast`: `no improvement`, `repeat last`.
pub fn words(code: &str) -> String {
	let mut text = String::new();
	for character in code.chars() {
		if character.is_uppercase() && !text.is_empty() {
			text.push(' ');
		}
		text.extend(character.to_lowercase());
	}
	text
}

/// Returns a value of an enum of the chain as words, e.g. `{"stored": 5}` as `stored 5`, and the identifier of a round in short.
pub fn variant(value: &Value) -> String {
	match value {
		Value::String(name) => words(name),
		Value::Object(fields) => match (fields.get("domain"), fields.get("number"), fields.iter().next()) {
			(Some(domain), Some(number), _) => format!("{} of domain {}", variant(number), variant(domain)),
			(_, _, Some((name, Value::Null | Value::Array(_)))) => words(name),
			(_, _, Some((name, inner))) => format!("{} {}", words(name), variant(inner)),
			(_, _, None) => NONE.into(),
		},
		Value::Null => NONE.into(),
		other => other.to_string(),
	}
}

/// Returns the reason for which a seat was not paid as text.
pub fn reason(code: &str) -> String {
	if let Ok(reason) = serde_json::from_value::<UnpaidReason>(Value::from(code)) {
		return unpaid_message(reason).into();
	}
	let text = match code {
		"notBetter" => "the claimed validation error did not undercut the bar of the domain",
		"overtaken" => "the champion changed before the candidate was evaluated, and the candidate does not undercut the new one",
		"falseClaim" => "a claimed validation sum was proved to be false",
		"lost" => "another model of the round was better, or the champion was not beaten",
		"expired" => "the contender did not beat the champion beyond doubt within its rounds",
		"withdrawn" => "its author withdrew the contender",
		"forfeited" => "the candidate was not revealed in time",
		"excused" => "the round ended without reveals through no fault of its seats; fees and holds were returned",
		"voided" => "the round ended without a result; fees and holds were returned",
		other => return words(other),
	};
	text.into()
}

/// Names of fields of events that are amounts of plancks.
const AMOUNTS: [&str; 16] = [
	"amount",
	"bond",
	"burned",
	"bounty",
	"deposit",
	"evaluators",
	"fee",
	"hold",
	"minted",
	"optimizers",
	"paid",
	"pot",
	"reward",
	"stake",
	"validators",
	"wager",
];

/// Items of a list that are shown.
const ITEMS: usize = 4;

/// Returns the fields of an event as one line.
pub fn fields(data: &Value, look: Look) -> String {
	match data {
		Value::Object(fields) => named(fields, look),
		Value::Null => String::new(),
		other => shown(other, look),
	}
}

fn named(fields: &Map<String, Value>, look: Look) -> String {
	let shown = fields.iter().map(|(name, value)| match value {
		Value::String(text) if AMOUNTS.contains(&name.as_str()) => format!("{} {}", words(name), amount(text)),
		value => format!("{} {}", words(name), shown(value, look)),
	});
	shown.collect::<Vec<_>>().join(", ")
}

/// Returns a value of an event in short.
fn shown(value: &Value, look: Look) -> String {
	match value {
		Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.clone(),
		Value::String(text) if text.len() > 40 || text.starts_with("0x") => short(text, look),
		Value::Array(items) => {
			let mut texts: Vec<String> = items.iter().take(ITEMS).map(|item| shown(item, look)).collect();
			if items.len() > ITEMS {
				texts.push(look.ellipsis().into());
			}
			format!("[{}]", texts.join(", "))
		}
		Value::Object(fields) if fields.len() > 1 && !fields.contains_key("number") => format!("({})", named(fields, look)),
		other => variant(other),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	const LOOK: Look = Look { color: false, unicode: true };

	#[test]
	fn figures_have_units_and_few_digits() {
		assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
		assert_eq!(
			[0, 59, 61, 3_723, 90_061].map(|seconds| duration(Duration::from_secs(seconds))),
			["0 s", "59 s", "1 min 01 s", "1 h 02 min", "1 d 01 h"]
		);
		assert_eq!(better(Some(1 << 19)), "+50.00 %");
		assert_eq!([better(Some(1 << 20)), better(Some(3 << 19)), better(None)], ["0.00 %", "-50.00 %", "-"]);
		assert_eq!([amount("1500000000000"), amount("x")], ["1.5 DOIN", "-"]);
		assert_eq!([bits("2147483648"), bits("")], ["0.5000", "-"]);
		assert_eq!([skill("1073741824"), skill("-4294967296"), skill("x")], ["+0.2500", "-1.0000", "-"]);
		assert_eq!(short("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", LOOK), "5Grwva…utQY");
	}

	#[test]
	fn codes_of_the_chain_are_words() {
		assert_eq!(variant(&json!("RepeatLast")), "repeat last");
		assert_eq!(variant(&json!({"Stored": 5})), "stored 5");
		assert_eq!(variant(&json!({"rejected": "falseClaim"})), "rejected false claim");
		assert_eq!(variant(&json!({"round": {"domain": 3, "number": 7}})), "round 7 of domain 3");
		assert_eq!(reason("noWeight"), unpaid_message(UnpaidReason::NoWeight));
		assert!(reason("forfeited").contains("not revealed"));
		assert_eq!(reason("aReasonOfTheFuture"), "a reason of the future");
		let event = json!({"domain": 3, "who": "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", "model": {"Stored": 5}});
		assert_eq!(fields(&event, LOOK), "domain 3, model stored 5, who 5Grwva…utQY");
		let event = json!({"workBlock": "123456789012345", "minted": "1500000000000", "round": {"domain": 3, "number": 7}});
		assert_eq!(fields(&event, LOOK), "minted 1.5 DOIN, round 7 of domain 3, work block 123456789012345");
		let account = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
		let event = json!({"evaluators": [account, account], "models": ["seasonal", {"stored": "0"}, "ridge", "x", "y"],
			"metrics": {"config": "0x34a16563a6880c03", "bytes": 7}, "subject": {"round": {"domain": 0, "number": 2}}});
		assert_eq!(
			fields(&event, LOOK),
			"evaluators [5Grwva…utQY, 5Grwva…utQY], metrics (bytes 7, config 0x34a1…0c03), models [seasonal, stored 0, ridge, x, …], \
			 subject round 2 of domain 0"
		);
	}
}
