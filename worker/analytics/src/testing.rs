//! Synthetic blocks.

use super::{Block, Event, RevealedGenes};
use serde_json::{json, Value};

/// Milliseconds between two blocks.
const SLOT: u64 = 6_000;

/// Returns the hash of block `number` on the branch `branch`.
pub fn hash(branch: u8, number: u32) -> [u8; 32] {
	let mut hash = [branch; 32];
	hash[..4].copy_from_slice(&number.to_be_bytes());
	hash
}

/// Returns block `number` of a branch, with these events: pallet, name and fields. A revealed model has two genes.
pub fn block(branch: u8, number: u32, events: Vec<(&str, &str, Value)>) -> Block {
	let model = |(_, name, fields): &(&str, &str, Value)| match *name {
		"Revealed" => fields["model"].as_str()?.parse().ok(),
		_ => None,
	};
	let genes = events.iter().filter_map(model).map(|model: u64| RevealedGenes { model, genes: vec![model as i64 % 100, -7] });
	let genes = genes.collect();
	let events = events.into_iter().zip(0..).map(|((pallet, name, fields), index)| Event {
		index,
		extrinsic: index.is_multiple_of(2).then_some(index),
		pallet: pallet.into(),
		name: name.into(),
		fields,
	});
	Block {
		number,
		hash: hash(branch, number),
		parent: number.checked_sub(1).map_or([0; 32], |parent| hash(branch, parent)),
		timestamp: (number > 0).then(|| 1_700_000_000_000 + u64::from(number) * SLOT),
		spec_version: 100,
		author: (number > 0).then_some((number % 3, u64::from(number) + 7)),
		work_index: (number > 0).then_some(u64::from(number / 10)),
		seal: (number > 0 && number.is_multiple_of(10)).then_some((1 << 32, 1 << 33)),
		extrinsics: 2,
		events: events.collect(),
		genes,
		targets: Vec::new(),
		domains: Vec::new(),
	}
}

/// Returns the fields of a commit.
pub fn committed(domain: u32, round: u32, seat: u32, who: &str) -> (&'static str, &'static str, Value) {
	let fields = json!({
		"round": { "domain": domain, "number": round }, "seat": seat, "who": who, "commitment": format!("0x{}", "08".repeat(32)),
		"fee": "340282366920938463463374607431768211455", "burned": "1000000000000", "hold": "5", "stake": "0",
	});
	("Optimae", "Committed", fields)
}

/// Returns the fields of a reveal.
pub fn revealed(domain: u32, round: u32, seat: u32, who: &str, model: u64, error: u64) -> (&'static str, &'static str, Value) {
	let metrics = json!({
		"experiment": "0x00112233445566778899aabbccddeeff", "round": 3, "millis": "1500", "config": "0x01", "data": "0x02",
		"optimizer": "0x646f696e",
	});
	let fields = json!({
		"round": { "domain": domain, "number": round }, "seat": seat, "who": who, "model": model.to_string(), "bytes": 24_000,
		"validationError": error.to_string(), "hold": "7", "metrics": metrics,
	});
	("Optimae", "Revealed", fields)
}

/// Returns an event of a round with further fields.
pub fn of_round(name: &'static str, domain: u32, round: u32, further: &[(&str, Value)]) -> (&'static str, &'static str, Value) {
	let mut fields = json!({ "round": { "domain": domain, "number": round } });
	further.iter().for_each(|(name, value)| fields[*name] = value.clone());
	("Optimae", name, fields)
}

/// Returns the coronation of a model.
pub fn crowned(domain: u32, round: u32, who: &str, model: u64, error: u64) -> (&'static str, &'static str, Value) {
	let sums = [("error", error), ("championError", error + 10), ("initialError", error + 20), ("upper", error + 1)];
	let bits = [("increment", 1u64 << 31), ("effective", 1 << 30), ("carry", 1 << 20)];
	let mut further = vec![("who", json!(who)), ("model", json!(model.to_string()))];
	further.extend(sums.into_iter().chain(bits).map(|(name, value)| (name, json!(value.to_string()))));
	of_round("Crowned", domain, round, &further)
}

/// Returns a chain of `rounds` rounds of 5 blocks each: commits, reveals and a verdict, in which every second round has a champion.
pub fn chain(rounds: u32) -> Vec<Block> {
	let mut blocks = vec![block(1, 0, Vec::new())];
	for round in 0..rounds {
		let (domain, number) = (round % 3, round / 3);
		let (first, model) = (blocks.len() as u32, u64::from(round) * 2);
		let error = 1_000_000 - u64::from(round) * 3;
		blocks.push(block(1, first, vec![committed(domain, number, 0, "5Alice"), committed(domain, number, 1, "5Bob")]));
		let reveals = [("5Alice", 0, error), ("5Bob", 1, error + 1)];
		let reveals = reveals.map(|(who, seat, error)| revealed(domain, number, seat, who, model + u64::from(seat), error));
		blocks.push(block(1, first + 1, reveals.into()));
		blocks.push(block(1, first + 2, Vec::new()));
		blocks.push(block(1, first + 3, vec![("System", "ExtrinsicSuccess", json!({}))]));
		let mut verdict = match round % 2 {
			0 => vec![crowned(domain, number, "5Alice", model, error)],
			_ => vec![of_round("RoundUnpaid", domain, number, &[("reason", json!("noImprovement"))])],
		};
		let winner = if round % 2 == 0 { json!(model.to_string()) } else { Value::Null };
		verdict.push(of_round("RoundDecided", domain, number, &[("winner", winner)]));
		blocks.push(block(1, first + 4, verdict));
	}
	blocks
}

/// Returns an event of a task with further fields.
pub fn task(name: &'static str, task: u64, mut fields: Value) -> (&'static str, &'static str, Value) {
	fields["task"] = json!(task.to_string());
	("Recomputation", name, fields)
}
