//! A development chain on which a forecaster has a record. To earn one takes most of an hour on the fastest chain: its market has to be 32
//! slices old before a vote, then a term has 32 slices, and a slice takes a minute. Tests of the runtime do it without a clock.

use crate::{
	chain,
	state::{bytes, hex},
};
use anyhow::{ensure, Context, Result};
use codec::{Decode, Encode};
use serde_json::Value;
use std::{
	fs,
	path::{Path, PathBuf},
	time::{SystemTime, UNIX_EPOCH},
};

/// Storage key of the market of a development chain's stream: `twox_128` of pallet and item, `twox_64` of the stream, and the stream.
const MARKET: &str = "0x379cf07da1f9437f9ef0bdd1804f2d29d8426954fc0e154310293fc43493f5827383f01b21512e8200000080";
/// Storage key of Dave's record in that market: the same of its item, then `blake2_128` of the account, and the account.
const RECORD: &str = "0x379cf07da1f9437f9ef0bdd1804f2d29f05715f1cb388396df26cfc3b6cf7ea47383f01b21512e8200000080e5e802737cce3a54b0bc9e3d3e6be26e306721211d5404bd9da88e0204360a1a9ab8b87c66c1bc2fcdd37f3c2222cc20";
/// Seconds of a slice: two horizons of 24 bars, and nine blocks of commitments and reveals.
const SLICE: u64 = 57;
/// Slices of a term.
const SLICES: u32 = 32;
/// Slices that are not settled.
const OPEN_SLICES: u32 = 4;
/// Terms that a bound looks back at.
const TERMS: u32 = 8;
/// Mean skill of each slice, Q32: one half.
const SKILL: i64 = 1 << 31;

/// Market as the chain stores it.
#[derive(Debug, Encode, Decode)]
struct Market {
	pot: u128,
	/// Number of the next round.
	next: u32,
	open: u32,
	average: u128,
	errors: [u128; 5],
	/// Slice of the first round.
	since: u32,
	/// First term that is paid.
	paid_from: u32,
	/// Slice in which the stream has lost its weight.
	paused: Option<u32>,
	mark: u64,
	marked: u32,
	claim_term: u32,
	claimed: u64,
	champion: Option<()>,
}

/// Record of a forecaster as the chain stores it.
#[derive(Debug, Default, Encode)]
struct Record {
	deposit: u128,
	seats: u32,
	standing: i64,
	/// Slices that are not settled: number, sum of skills.
	slices: [(u32, i64); OPEN_SLICES as usize],
	/// Terms, each at its number modulo their count: number, sum of the skills of slices, sum of their squares.
	terms: [(u32, i64, u128); TERMS as usize + 1],
}

/// Writes the raw specification of a development chain with the lengths of [`chain::with_fast_blocks`] into `folder`, and returns its path.
/// Dave has a record of eight terms with a skill of one half on the stream, which has been voted for and is without a weight since now, e.g.
/// because it sleeps.
///
/// # Errors
/// Errors if the node was not built, and if it stores markets in another form.
pub fn chain_with_a_record(folder: &Path) -> Result<PathBuf> {
	let mut spec: Value = serde_json::from_slice(&fs::read(chain::with_fast_blocks()?)?)?;
	let state = spec["genesis"]["raw"]["top"].as_object_mut().context("a raw specification has a state")?;
	let stored = bytes(state.get(MARKET).context("the genesis has a market of the stream")?)?;
	let mut rest = &stored[..];
	let mut market = Market::decode(&mut rest).context("the form of a market")?;
	ensure!(rest.is_empty() && market.next == 0, "a market of genesis has another form: {market:?}, {rest:?}");

	let now = u32::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() / SLICE)?;
	let end = (now + 1 - OPEN_SLICES) / SLICES;
	let first = end - TERMS;
	(market.next, market.since) = (1, first * SLICES);
	(market.paid_from, market.paused) = (first, Some(now));
	let mut record = Record::default();
	for term in first..end {
		let square = u128::from(SKILL.unsigned_abs()).pow(2);
		record.terms[(term % (TERMS + 1)) as usize] = (term, i64::from(SLICES) * SKILL, u128::from(SLICES) * square);
	}
	state.insert(MARKET.into(), hex(&market.encode()).into());
	state.insert(RECORD.into(), hex(&record.encode()).into());
	let path = folder.join("chain.json");
	fs::write(&path, serde_json::to_vec(&spec)?)?;
	Ok(path)
}
