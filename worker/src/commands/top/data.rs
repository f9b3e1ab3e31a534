//! Rows of the analytics database, as far as `top` shows them. All other answers have the shapes of [`doin_dashboard::shape`].

use serde::Deserialize;
use std::collections::BTreeMap;

/// Answer of `/api/unpaid`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct UnpaidSeats {
	/// Seats, newest first.
	pub rows: Vec<UnpaidSeat>,
}

/// A seat of an ended round that was not paid. The server sends such a row without a shape, by the columns of the database.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct UnpaidSeat {
	/// The domain.
	pub domain: u32,
	/// Number of the round.
	pub round: u32,
	/// Account that committed.
	pub account: String,
	/// Code of the reason.
	pub unpaid_reason: String,
	/// Block that ended the round.
	pub end_block: Option<u32>,
}

/// Figures of domains by their identifiers.
pub type ByDomain<T> = BTreeMap<u32, T>;
