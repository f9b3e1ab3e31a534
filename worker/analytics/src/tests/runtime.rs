//! Events of the runtime, as the snapshots of its metadata list them.

use crate::{events::canonical, facts, testing::block};
use serde_json::{json, Value};
use std::{fs, path::PathBuf};

/// Events that facts read, by pallet.
const EVENTS: [(&str, &str); 6] = [
	(
		"Optimae",
		"Committed Revealed Rejected SeatForfeited SeatExcused StakeBurned ClaimDisproved RecomputationRequested Crowned ContenderDropped \
		 CarryPaid FeesPaid RoundDecided RoundUnpaid RoundVoided",
	),
	(
		"Recomputation",
		"TaskOpened QuorumDrawn SumsCommitted SumsRevealed AnswerMissed Settled TaskReopened TaskCompleted TaskVoided \
		 ChallengeUpheld ChallengeRejected",
	),
	("Domains", "Registered Activated ChampionReplaced HighWaterRaised Converged Closed Retired"),
	("Gauge", "WeightChanged"),
	("Work", "Sealed Rewarded RewardForfeited Paid"),
	("Evidence", "Missed PurseSpent"),
];

/// Returns a value of the type with this name in a snapshot, in its JSON form.
fn value_of(name: &str) -> Value {
	match name {
		"bool" => json!(true),
		"u8" | "u16" | "u32" => json!(1),
		"u64" | "u128" => json!("1"),
		"[u8; 32]" => json!(format!("0x{}", "01".repeat(32))),
		"RoundId" => json!({ "domain": 1, "number": 2 }),
		"AccountId32" => json!("5Alice"),
		"Vec<AccountId32>" => json!(["5Alice", "5Bob", "5Charlie"]),
		"Metrics" => {
			json!({ "experiment": "0x01", "round": 1, "millis": "1", "config": "0x02", "data": "0x03", "optimizer": "0x61" })
		}
		option if option.starts_with("Option<") => Value::Null,
		list if list.starts_with("BoundedVec<") || list.starts_with("PayShares<") => json!([]),
		variant => json!(variant),
	}
}

/// Returns a name in snake case in camel case.
fn camel(name: &str) -> String {
	let mut words = name.split('_').map(str::to_owned);
	let first = words.next().unwrap_or_default();
	words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

/// Returns an event of a snapshot with its fields.
fn event(snapshot: &str, pallet: &str, name: &str) -> Option<Value> {
	let mut lines = snapshot.lines().skip_while(|line| !line.starts_with("pallet ") || !line.ends_with(&format!(" {pallet}")));
	lines.next()?;
	let mut lines = lines.take_while(|line| line.starts_with("  ")).filter_map(|line| line.strip_prefix("  event "));
	let fields = lines.find_map(|line| line.split_once(' ')?.1.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')'))?;
	let fields = fields.split(", ").filter_map(|field| field.split_once(": "));
	Some(Value::Object(fields.map(|(name, ty)| (camel(name), value_of(ty))).collect()))
}

#[test]
fn every_event_that_facts_read_has_their_fields_in_every_version_of_the_runtime() {
	let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../runtime/tests/tests/snapshots");
	let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
	let states: Vec<_> = files.filter(|path| path.to_string_lossy().contains("state_v")).collect();
	assert!(!states.is_empty());
	for path in states {
		let snapshot = fs::read_to_string(&path).unwrap();
		for (pallet, names) in EVENTS {
			for name in names.split_whitespace() {
				let fields =
					event(&snapshot, pallet, name).unwrap_or_else(|| panic!("{} has no {pallet}.{name}", path.display()));
				let with = |fields: Value| facts(&block(1, 1, vec![(pallet, name, fields)]));
				let rows =
					with(fields.clone()).unwrap_or_else(|error| panic!("{pallet}.{name} {fields}: {error}: {}", error.cause));
				assert!(rows.len() > 2, "{pallet}.{name} has no facts of its own");
				assert!(with(json!({})).is_err(), "{pallet}.{name}: a missing field is an error");
			}
		}
	}
}

/// Returns `true` if a pallet of a snapshot has a storage item. Of the SDK's pallets, a snapshot has the names only.
fn has_storage(snapshot: &str, pallet: &str, item: &str) -> bool {
	let mut lines = snapshot.lines().skip_while(|line| {
		let name = line.strip_prefix("pallet ").and_then(|line| line.split_once(' ')).map(|(_, name)| name);
		name.is_none_or(|name| name.split(':').next() != Some(pallet))
	});
	let Some(head) = lines.next() else { return false };
	let begins = format!("  storage {item}");
	head.contains(" items, hash ")
		|| lines
			.take_while(|line| line.starts_with("  "))
			.any(|line| line.strip_prefix(&begins).is_some_and(|rest| rest.starts_with(['[', ':'])))
}

#[test]
fn origins_are_events_and_storage_items_of_the_runtime() {
	let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../runtime/tests/tests/snapshots");
	let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
	let last = files.filter(|path| path.to_string_lossy().contains("state_v")).max().unwrap();
	let snapshot = fs::read_to_string(last).unwrap();
	for [relation, field, origin, storage] in crate::store::sources() {
		let of = format!("{relation}.{field}");
		if !storage.is_empty() {
			let (pallet, item) = storage.split_once('.').unwrap_or_else(|| panic!("{of}: {storage}"));
			assert!(has_storage(&snapshot, pallet, item), "{of}: there is no storage item {storage}");
		}
		let Some((kind @ ("event" | "block"), parts)) = origin.split_once(": ") else { continue };
		for part in parts.split(", ") {
			let mut names = part.splitn(3, '.');
			let (pallet, name) = (names.next().unwrap(), names.next().unwrap_or_else(|| panic!("{of}: {part}")));
			let fields = event(&snapshot, pallet, name).unwrap_or_else(|| panic!("{of}: there is no event {part}"));
			assert_eq!(names.clone().next().is_some(), kind == "event", "{of}: {part}");
			assert!(names.next().is_none_or(|name| fields.get(camel(name)).is_some()), "{of}: {fields} has no {part}");
			assert!(
				EVENTS.iter().any(|(of, all)| *of == pallet && all.split(' ').any(|one| one == name)),
				"{of}: {part} is not read"
			);
		}
	}
	assert!(has_storage(&snapshot, "Work", "Mined") && !has_storage(&snapshot, "Work", "Min"));
	assert!(has_storage(&snapshot, "System", "Events") && !has_storage(&snapshot, "Systems", "Events"));
}

#[test]
fn events_are_found_in_the_snapshot_of_their_own_pallet() {
	let snapshot = "pallet 0 A: 3 items\npallet 1 Evidence\n  event 0 Missed(round: RoundId, index: u16)\npallet 2 Work\n";
	let fields = event(snapshot, "Evidence", "Missed").map(|fields| canonical(&fields));
	assert_eq!(fields.as_deref(), Some(r#"{"index":1,"round":{"domain":1,"number":2}}"#));
	assert_eq!(event(snapshot, "Work", "Missed"), None);
}
