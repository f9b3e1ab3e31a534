//! Options of sealed data: segments, stake, licence, purse and segment key.

use crate::{
	args::{argument, KeyArgs},
	commands::registration::Sealing,
	report::Remarks,
};
use anyhow::{bail, Result};
use clap::Args;
use doin_forecast::{sealed::SegmentKey, SealedTerms};
use doin_primitives::{Balance, DomainId, DOIN};
use doin_roles::{
	amount::Amount,
	keys::{segment_key, write_segment_key},
	shell::quoted,
};
use std::path::PathBuf;

/// Stake of a seat, unless one is chosen.
const STAKE: Balance = 10 * DOIN;

/// Options of sealed data.
#[derive(Clone, Debug, Default, Args)]
pub struct SealArgs {
	/// Keep so many segments of the data back. Only their hashes are published; after the commits of a round, the next one is
	/// opened, and the models are compared on it. Rows are shuffled and duplicates dropped; a series keeps its order, and its end
	/// is sealed. An opened segment is published for ever. Personal data must not be sealed
	#[arg(long, value_name = "SEGMENTS", requires = "licence", help_heading = "Sealed data")]
	sealed: Option<u16>,
	/// Rows of a segment, from 512 to 16384; of a series, most steps of one [default: 1024 rows, or as few steps as a verdict
	/// needs]
	#[arg(long, value_name = "ROWS", requires = "sealed", help_heading = "Sealed data")]
	segment_rows: Option<u32>,
	/// Amount that each candidate stakes, from 1 to 100 DOIN. It is burned unless the candidate is revealed and leads the
	/// champion by one standard error, so that nobody uses up segments with copies [default: 10 DOIN]
	#[arg(long, value_name = "AMOUNT", requires = "sealed", help_heading = "Sealed data")]
	stake: Option<Amount>,
	/// Licence under which opened segments are published, as an SPDX identifier, e.g. CC-BY-4.0
	#[arg(long, value_name = "SPDX", help_heading = "Sealed data")]
	licence: Option<String>,
	/// Amount that is put into the purse. It pays for what is found on the segments: what a verdict mints is burned from it
	#[arg(long, value_name = "AMOUNT", requires = "sealed", help_heading = "Sealed data")]
	fund: Option<Amount>,
	/// Write the segment key to this file, for the machine that opens the segments. With the CSV file it rebuilds all of them; it
	/// signs nothing, so the owner's key stays where it is
	#[arg(long, value_name = "FILE", requires = "sealed", help_heading = "Sealed data")]
	segment_key: Option<PathBuf>,
}

impl SealArgs {
	/// Returns the licence; empty if none is stated.
	pub fn licence(&self) -> String {
		self.licence.clone().unwrap_or_default()
	}

	/// Returns the amount that is added to the purse, in plancks.
	pub fn fund(&self) -> Balance {
		self.fund.map_or(0, |amount| amount.0)
	}

	/// Returns `true` if segments are sealed.
	pub fn is_given(&self) -> bool {
		self.sealed.is_some()
	}

	/// Returns the terms of the segments; `None` if nothing is sealed. A dry run, for which `dry_run` has the remarks, uses a key of
	/// its own where none is named. `of_rows` is `true` for rows, whose order depends on the key.
	///
	/// # Errors
	///
	/// Errors if no key is named, or if it cannot be read.
	pub fn terms(&self, key: &KeyArgs, dry_run: Option<&Remarks>, of_rows: bool) -> Result<Option<SealedTerms>> {
		let Some(segments) = self.sealed else { return Ok(None) };
		let key = match (key.source(), dry_run) {
			(Some(source), _) => segment_key(&source.load()?),
			(None, Some(remarks)) => {
				if of_rows {
					remarks.add("note: no key was named, so the rows are in another order than after the registration");
				}
				SegmentKey::of_child(&[0; 32])
			}
			(None, None) => bail!(
				"segments are sealed with the key of the owner: add --key FILE, or --dev-key //Alice on a development chain"
			),
		};
		Ok(Some(SealedTerms { segments, segment: self.segment_rows, stake: self.stake.map_or(STAKE, |stake| stake.0), key }))
	}

	/// Returns what a registration needs to seal, after the segment key is written; `None` if nothing is sealed.
	///
	/// # Errors
	///
	/// Errors if the key cannot be read, or if the file of the segment key cannot be written.
	pub fn sealing(&self, key: &KeyArgs) -> Result<Option<Sealing>> {
		let (Some(_), Some(source)) = (self.sealed, key.source()) else { return Ok(None) };
		let key = segment_key(&source.load()?);
		if let Some(path) = &self.segment_key {
			write_segment_key(path, &key)?;
		}
		Ok(Some(Sealing { key, fund: self.fund() }))
	}

	/// Returns the next step of an owner of sealed data. `file` are the options that name the file and its columns, and `key` is the
	/// key of the owner.
	pub fn advice(&self, id: DomainId, file: &[String], key: &KeyArgs) -> String {
		let (kept, signs) = match &self.segment_key {
			Some(path) => {
				let path = path.to_string_lossy().into_owned();
				// Any key can pay the fees.
				let signs = [argument("--segment-key", &path), argument("--key", "KEY")].concat();
				(format!("the file {path}"), signs)
			}
			None => ("the key of the owner".to_string(), key.to_arguments()),
		};
		let command = ["doin-worker", "own", "--domain"].map(String::from).into_iter().chain([id.to_string()]);
		let command: Vec<String> = command.chain(file.iter().cloned()).chain(signs).collect();
		let command: Vec<_> = command.iter().map(|word| quoted(word)).collect();
		format!(
			"Keep the CSV file as it is, and {kept}: nothing else rebuilds the segments, and one that is not opened in time costs a tenth of \
			the deposit. This opens them, with all options as they are here: {}\n",
			command.join(" ")
		)
	}
}
