//! Raw chain specifications, so that many nodes start from one genesis.

use crate::{executable, run, state::hex};
use anyhow::{bail, ensure, Context, Result};
use serde_json::{json, Value};
use std::{
	fs,
	path::{Path, PathBuf},
	sync::{Mutex, PoisonError},
};

/// Executable of the node.
pub const NODE: &str = "doin-node";
/// Executable of the SDK's solochain template, which only `scripts/bench.sh chain` builds.
pub const TEMPLATE: &str = "template-node";

/// Returns the path of the raw specification of a built-in chain, a file in `<target>/tmp`.
///
/// A node that starts from a preset compiles the runtime three times, two of them for the genesis. A node that starts from this
/// file compiles it once. The file is written once per build of the node.
///
/// # Errors
/// Errors if the node was not built, or if it does not export the specification.
pub fn raw(chain: &str) -> Result<PathBuf> {
	written_once(NODE, &format!("{chain}.raw"), |draft| export(NODE, chain, true, draft))
}

/// Returns the path of the raw specification of a development chain with a block each second, on which a vote counts after 15
/// blocks at most, and the cool-down of a bond takes about 50. An evaluator has 4 seconds for an answer.
///
/// # Errors
/// See [`raw`].
pub fn with_fast_blocks() -> Result<PathBuf> {
	with_timing("dev", &FAST)
}

/// Returns the path of the raw specification of the local network with the lengths of [`with_fast_blocks`].
///
/// # Errors
/// See [`raw`].
pub fn local_with_fast_blocks() -> Result<PathBuf> {
	with_timing("local", &FAST)
}

/// Lengths with a block each second.
const FAST: [(&str, u64); 5] = [
	("/slotDurationMs", 1_000),
	("/epochLength", 15),
	("/rounds/commit", 6),
	("/rounds/challenge", 4),
	("/rounds/settle_timeout", 10),
];

/// Lengths of [`FAST`] in blocks of a tenth of its slot.
const TENTHS: [(&str, u64); 10] = [
	("/slotDurationMs", 1_000),
	("/epochLength", 150),
	("/rounds/commit", 60),
	("/rounds/reveal", 50),
	("/rounds/draw_outputs", 20),
	("/rounds/answer", 40),
	("/rounds/answer_reveal", 40),
	("/rounds/challenge", 40),
	("/rounds/evidence", 120),
	("/rounds/settle_timeout", 100),
];

/// Storage key of `Timing.SlotDuration`.
const SLOT: &str = "0x555c48c31df7d962f1d80c62cc5f0c40421d96d46981d6fa13c49b463f586d96";

/// Returns the path of the raw specification of a development chain with slots of `slot_ms` milliseconds, e.g. 100: a benchmark that
/// reads many blocks waits a tenth of the time for them. Its phases have ten times the blocks of [`with_fast_blocks`].
///
/// A genesis refuses slots below a second, so the length is written into the state that it has built. No network can have such slots.
///
/// # Errors
/// See [`raw`]. Errors if the length is odd or zero, since the runtime halves it.
pub fn with_short_slots(slot_ms: u64) -> Result<PathBuf> {
	let allowed = changed("dev-with-tenths", "dev", |genesis| set_lengths(genesis, &TENTHS))?;
	written_once(NODE, &format!("dev-with-slots-of-{slot_ms}-ms.raw"), |draft| {
		let mut spec: Value = serde_json::from_slice(&fs::read(allowed)?)?;
		set_slot(&mut spec, slot_ms)?;
		Ok(fs::write(draft, serde_json::to_vec(&spec)?)?)
	})
}

/// Writes the length of a slot into the state of a raw specification.
fn set_slot(spec: &mut Value, slot_ms: u64) -> Result<()> {
	ensure!(slot_ms > 0 && slot_ms.is_multiple_of(2), "invalid length of a slot, {slot_ms} ms: use an even number, e.g. 100");
	let slot = spec["genesis"]["raw"]["top"].get_mut(SLOT).context("a raw specification has the length of a slot")?;
	*slot = hex(&slot_ms.to_le_bytes()).into();
	Ok(())
}

/// Returns the path of the raw specification of a development chain on which a vote counts within half a minute, and a round with sealed
/// evidence takes about a minute.
///
/// # Errors
/// See [`raw`].
pub fn with_short_rounds() -> Result<PathBuf> {
	with_timing("dev", &SHORT_ROUNDS)
}

/// Lengths with short epochs and rounds.
const SHORT_ROUNDS: [(&str, u64); 3] = [("/epochLength", 15), ("/rounds/commit", 6), ("/rounds/challenge", 4)];

/// Lengths with a block each second, and phases of rounds that are long enough for a call to find a block although some validators
/// include none. An answer has eight seconds, as on a development chain, and a recomputation takes no longer than a period.
const LONG_PHASES: [(&str, u64); 8] = [
	("/slotDurationMs", 1_000),
	("/epochLength", 15),
	("/rounds/commit", 16),
	("/rounds/reveal", 12),
	("/rounds/draw_outputs", 6),
	("/rounds/answer", 8),
	("/rounds/answer_reveal", 8),
	("/rounds/challenge", 4),
];

/// Returns the path of the raw specification of the local network with a block each second and long phases: a round takes about a
/// minute, whatever one of the validators does.
///
/// # Errors
/// See [`raw`].
pub fn local_with_long_phases() -> Result<PathBuf> {
	with_timing("local", &LONG_PHASES)
}

/// Returns the path of the raw specification of a development chain with the lengths of [`with_short_rounds`] and without primary slots.
/// Two of its chains with equal height are equal to BABE.
///
/// # Errors
/// See [`raw`].
pub fn without_primary_slots() -> Result<PathBuf> {
	changed(&format!("dev-without-primary-slots{}", shown(&SHORT_ROUNDS)), "dev", |genesis| {
		let rate = genesis.pointer_mut("/babe/epochConfig/c").context("the genesis has no rate of primary slots")?;
		*rate = json!([1, 1_000_000_000]);
		set_lengths(genesis, &SHORT_ROUNDS)
	})
}

/// Returns the path of the raw specification of the local network with the lengths of [`with_fast_blocks`] and five validators: Alice,
/// Bob, Charlie, Dave and Eve.
///
/// # Errors
/// See [`raw`].
pub fn of_five_validators() -> Result<PathBuf> {
	of_five(&FAST)
}

/// Returns the path of the raw specification of the local network with the lengths of [`local_with_long_phases`] and the validators of
/// [`of_five_validators`].
///
/// # Errors
/// See [`raw`].
pub fn of_five_with_long_phases() -> Result<PathBuf> {
	of_five(&LONG_PHASES)
}

/// Returns the path of the raw specification of the local network with these lengths and five validators.
fn of_five(lengths: &[(&str, u64)]) -> Result<PathBuf> {
	changed(&format!("local-of-five{}", shown(lengths)), "local", |genesis| {
		set_lengths(genesis, lengths)?;
		add_validators(genesis)
	})
}

/// Returns the path of the raw specification of the local network with the slots of a public one, i.e. of 6 s, the five validators of
/// [`of_five_validators`], and these further accounts.
///
/// # Errors
/// See [`raw`].
pub fn of_five_validators_with(accounts: &[String]) -> Result<PathBuf> {
	changed(&format!("local-of-five-with-{}", accounts.len()), "local", |genesis| {
		set_lengths(genesis, &[("/slotDurationMs", 6_000)])?;
		add_validators(genesis)?;
		add_accounts(genesis, accounts)
	})
}

/// Returns the path of the raw specification of a development chain with the slots of a public one, i.e. of 6 s, and these further
/// accounts.
///
/// # Errors
/// See [`raw`].
pub fn dev_with(accounts: &[String]) -> Result<PathBuf> {
	changed(&format!("dev-with-{}", accounts.len()), "dev", |genesis| {
		set_lengths(genesis, &[("/slotDurationMs", 6_000)])?;
		add_accounts(genesis, accounts)
	})
}

/// Returns the path of the raw specification of a development chain of the SDK's solochain template with these further accounts. Its
/// slots have 6 s.
///
/// # Errors
/// See [`raw`].
pub fn template_with(accounts: &[String]) -> Result<PathBuf> {
	let name = format!("dev-with-{}", accounts.len());
	rewritten(TEMPLATE, &name, "dev", |genesis| add_accounts(&mut genesis["patch"], accounts))
}

/// Lengths with a block each second and the shortest sessions.
const SHORT_SESSIONS: [(&str, u64); 2] = [("/slotDurationMs", 1_000), ("/epochLength", 10)];
/// Start of the storage keys of entries that no pallet reads.
const FREE: &[u8; 16] = b"entries-of-tests";
/// Bytes of an entry that is as long as that of an account.
const SHORT_ENTRY: usize = 80;
/// Bytes of an entry that is as long as a large model.
const LONG_ENTRY: usize = 1 << 16;

/// Returns the path of the raw specification of a development chain with sessions of ten slots of `slot_ms` milliseconds, whose genesis has
/// `entries` storage entries as long as those of accounts, and `mib` MiB of entries of 64 KiB. No pallet reads them. The length of the
/// slots is written as in [`with_short_slots`].
///
/// # Errors
/// See [`with_short_slots`].
pub fn with_state(entries: u32, mib: u32, slot_ms: u64) -> Result<PathBuf> {
	let bare = with_timing("dev", &SHORT_SESSIONS)?;
	written_once(NODE, &format!("dev-with-state-{entries}-{mib}-{slot_ms}.raw"), |draft| {
		let mut spec: Value = serde_json::from_slice(&fs::read(bare)?)?;
		set_slot(&mut spec, slot_ms)?;
		let state = spec["genesis"]["raw"]["top"].as_object_mut().context("a raw specification has a state")?;
		let long = mib.saturating_mul((1 << 20) / LONG_ENTRY as u32);
		for number in 0..entries.saturating_add(long) {
			let length = if number < entries { SHORT_ENTRY } else { LONG_ENTRY };
			state.insert(state_key(number), hex(&noise(!u64::from(number), length)).into());
		}
		Ok(fs::write(draft, serde_json::to_vec(&spec)?)?)
	})
}

/// Returns the storage key of an entry of [`with_state`], in hex.
pub fn state_key(number: u32) -> String {
	hex(&[FREE.as_slice(), &noise(number.into(), 32)].concat())
}

/// Returns bytes that do not compress, the same for the same seed (SplitMix64).
fn noise(seed: u64, length: usize) -> Vec<u8> {
	let words = (1u64..).map(|step| {
		let mut word = (seed << 20).wrapping_add(step).wrapping_mul(0x9e37_79b9_7f4a_7c15);
		word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		(word ^ (word >> 31)).to_le_bytes()
	});
	words.flatten().take(length).collect()
}

/// Balance of a further account, in plancks: 10,000 DOIN.
const FUNDS: u64 = 10_000_000_000_000_000;

/// Adds accounts to a genesis.
fn add_accounts(genesis: &mut Value, accounts: &[String]) -> Result<()> {
	let balances = genesis["balances"]["balances"].as_array_mut().context("the genesis has balances")?;
	balances.extend(accounts.iter().map(|account| json!([account, FUNDS])));
	Ok(())
}

/// Adds the validators Dave and Eve to the genesis of the local network.
fn add_validators(genesis: &mut Value) -> Result<()> {
	for name in ["//Dave", "//Eve"] {
		let (account, grandpa) = (address_of(name, "sr25519")?, address_of(name, "ed25519")?);
		let stakers = genesis["staking"]["stakers"].as_array_mut().context("the genesis has stakers")?;
		let mut staker = stakers.first().context("a staker")?.clone();
		(staker[0], staker[1]) = (account.clone(), account.clone());
		stakers.push(staker);
		let keys = json!([account, account, { "grandpa": grandpa, "babe": account }]);
		genesis["session"]["keys"].as_array_mut().context("the genesis has session keys")?.push(keys);
	}
	Ok(())
}

/// Runtime of version 2, as `wasm-builder` compresses it. `scripts/old-runtime.sh` compiles it.
const VERSION_2: &str =
	concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime/tests/tests/fixtures/doin_runtime_v2.compact.compressed.wasm");

/// Pallets that version 2 does not have, by their names in the genesis.
const LATER_PALLETS: [&str; 2] = ["oracle", "forecasts"];

/// Storage key of the code of the runtime.
const CODE: &str = "0x3a636f6465";

/// Returns the path of the raw specification of the local network with the runtime of version 2, which builds the genesis too.
/// The values of the genesis are those of the present preset, apart from those of pallets that version 2 does not have: a runtime refuses
/// fields that it does not know.
///
/// # Errors
/// See [`raw`].
pub fn local_of_version_2() -> Result<PathBuf> {
	rewritten(NODE, "local-of-version-2", "local", |genesis| {
		let code = fs::read(VERSION_2).with_context(|| format!("reading {VERSION_2}, which scripts/old-runtime.sh compiles"))?;
		let digits: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
		genesis["code"] = format!("0x{digits}").into();
		let values = genesis["patch"].as_object_mut().context("the genesis has values")?;
		for pallet in LATER_PALLETS {
			values.remove(pallet).with_context(|| format!("the genesis has values of {pallet}"))?;
		}
		Ok(())
	})
}

/// Returns the code of the present runtime, as a release has it.
///
/// # Errors
/// See [`raw`].
pub fn code() -> Result<Vec<u8>> {
	let spec: Value = serde_json::from_slice(&fs::read(raw("local")?)?)?;
	let code = spec["genesis"]["raw"]["top"][CODE].as_str().and_then(|code| code.strip_prefix("0x"));
	let code = code.context("a raw specification has a code")?;
	let bytes = (0..code.len()).step_by(2).map(|at| u8::from_str_radix(&code[at..at + 2], 16));
	Ok(bytes.collect::<Result<_, _>>()?)
}

/// Returns the address of a development key of a scheme.
fn address_of(name: &str, scheme: &str) -> Result<Value> {
	let output = run("doin-node", &["key", "inspect", "--output-type=json", "--scheme", scheme, name])?;
	let key: Value = serde_json::from_slice(&output.stdout).with_context(|| format!("the key {name}"))?;
	Ok(key["ss58Address"].clone())
}

/// Returns the path of the raw specification of a built-in chain with these lengths of slots, epochs and phases, each with its place
/// among the values of the genesis.
fn with_timing(chain: &str, lengths: &[(&str, u64)]) -> Result<PathBuf> {
	changed(&format!("{chain}{}", shown(lengths)), chain, |genesis| set_lengths(genesis, lengths))
}

/// Returns the part of the name of a specification that lists its lengths.
fn shown(lengths: &[(&str, u64)]) -> String {
	lengths.iter().map(|(place, length)| format!("{}-{length}", place.replace('/', "-"))).collect()
}

/// Sets lengths in a genesis.
fn set_lengths(genesis: &mut Value, lengths: &[(&str, u64)]) -> Result<()> {
	for (place, length) in lengths {
		let timing = genesis["timing"].pointer_mut(place).with_context(|| format!("the genesis has no {place}"))?;
		*timing = (*length).into();
	}
	Ok(())
}

/// Returns the path of the raw specification `name`: that of the built-in chain `chain` with changed values of the genesis.
fn changed(name: &str, chain: &str, change: impl FnOnce(&mut Value) -> Result<()>) -> Result<PathBuf> {
	rewritten(NODE, name, chain, |genesis| change(&mut genesis["patch"]))
}

/// Returns the path of the specification of a chain that is built into `program`, with the values of its genesis. The node compiles the
/// runtime for it.
fn plain(program: &str, chain: &str) -> Result<PathBuf> {
	written_once(program, &format!("{chain}.plain"), |draft| export(program, chain, false, draft))
}

/// Returns the path of the raw specification `name`: that of the chain `chain` of `program` with a changed genesis, i.e. values or code.
fn rewritten(program: &str, name: &str, chain: &str, change: impl FnOnce(&mut Value) -> Result<()>) -> Result<PathBuf> {
	let plain = plain(program, chain)?;
	written_once(program, &format!("{name}.raw"), |draft| {
		let mut spec: Value = serde_json::from_slice(&fs::read(plain)?)?;
		change(&mut spec["genesis"]["runtimeGenesis"])?;
		fs::write(draft, serde_json::to_vec(&spec)?)?;
		export(program, &draft.to_string_lossy(), true, draft)
	})
}

/// Returns the path of the specification `name`, which `write` writes if it is older than `program`.
fn written_once(program: &str, name: &str, write: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
	static LOCK: Mutex<()> = Mutex::new(());
	let _guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);

	let node = executable(program)?;
	let folder = node.ancestors().nth(2).map_or_else(std::env::temp_dir, |target| target.join("tmp"));
	fs::create_dir_all(&folder)?;
	let path = folder.join(format!("{program}-{name}.json"));
	let built = fs::metadata(&node)?.modified()?;
	if fs::metadata(&path).and_then(|file| file.modified()).is_ok_and(|written| written > built) {
		return Ok(path);
	}
	// Written to a draft and renamed, since another test executable may write the file at the same time.
	let draft = folder.join(format!("{program}-{name}.{}.json", std::process::id()));
	write(&draft)?;
	fs::rename(draft, &path)?;
	Ok(path)
}

/// Writes the specification of the chain `chain` of `program` to `path`.
fn export(program: &str, chain: &str, raw: bool, path: &Path) -> Result<()> {
	let path = path.to_string_lossy();
	let mut arguments = vec!["export-chain-spec", "--chain", chain, "--output", &path];
	if raw {
		arguments.push("--raw");
	}
	let output = run(program, &arguments)?;
	if !output.status.success() {
		bail!("cannot export the {chain} chain: {}", String::from_utf8_lossy(&output.stderr));
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::HashSet;

	#[test]
	fn the_length_of_a_slot_is_written_as_the_runtime_reads_it_and_odd_ones_are_refused() -> Result<()> {
		let mut spec = json!({ "genesis": { "raw": { "top": { SLOT: "0xe803000000000000" } } } });
		set_slot(&mut spec, 200)?;
		assert_eq!(spec["genesis"]["raw"]["top"][SLOT], "0xc800000000000000");
		for invalid in [0, 201] {
			assert!(set_slot(&mut spec, invalid).is_err(), "{invalid}");
		}
		assert!(set_slot(&mut json!({}), 200).is_err(), "no state");
		Ok(())
	}

	#[test]
	fn entries_have_keys_of_their_own_and_values_that_do_not_compress() {
		let keys: HashSet<String> = (0..1_000).map(state_key).collect();
		assert_eq!(keys.len(), 1_000);
		assert!(keys.iter().all(|key| key.len() == 2 + 2 * 48), "48 bytes in hex");
		let value = noise(7, LONG_ENTRY);
		assert_eq!(value.len(), LONG_ENTRY);
		let words: HashSet<&[u8]> = value.chunks(8).collect();
		assert_eq!(words.len(), LONG_ENTRY / 8, "no word occurs twice");
		assert_ne!(value[..32], noise(8, 32)[..]);
	}
}
