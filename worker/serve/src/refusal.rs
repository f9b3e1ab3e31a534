//! Refusals of requests, each with its kind, the reason and the next step of the client.

use crate::{model::InputFault, voucher::Fault, wire::Unreadable};

/// Kind of a refusal, from which the status of the response follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
	/// A field cannot be read.
	Malformed,
	/// The voucher does not pay for the request, or there is none.
	Unpaid,
	/// The server has no such domain or channel.
	Unknown,
	/// The voucher is being used by another request.
	InUse,
	/// The champion does not read the input.
	Impossible,
	/// The address has sent too many requests.
	TooMany,
	/// The server has too much to do.
	Busy,
	/// The node of the server is behind, or not connected yet.
	Behind,
	/// The voucher cannot be journalled.
	NoSpace,
	/// The server has a fault.
	Broken,
}

/// Refusal of a request. Nothing was paid, unless the kind is [`Kind::Broken`]: then the same request with the same voucher is answered
/// once more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} ({next})")]
pub struct Refusal {
	/// Kind of the refusal.
	pub kind: Kind,
	/// Reason of the refusal.
	pub reason: String,
	/// Next step of the client.
	pub next: String,
}

impl Refusal {
	/// Returns a refusal.
	pub fn new(kind: Kind, reason: impl Into<String>, next: impl Into<String>) -> Self {
		Self { kind, reason: reason.into(), next: next.into() }
	}

	/// Returns the refusal of a domain that is not offered.
	pub fn unknown_domain(domain: u32) -> Self {
		Self::new(Kind::Unknown, format!("this server does not answer for domain {domain}"), "GET /price lists its domains")
	}
}

impl From<Unreadable> for Refusal {
	fn from(fault: Unreadable) -> Self {
		Self::new(Kind::Malformed, fault.to_string(), "GET /api/openapi.json describes the body")
	}
}

impl From<InputFault> for Refusal {
	fn from(fault: InputFault) -> Self {
		Self::new(Kind::Impossible, fault.to_string(), "GET /models has the inputs of each domain")
	}
}

impl From<Fault> for Refusal {
	fn from(fault: Fault) -> Self {
		let kind = if fault == Fault::InFlight { Kind::InUse } else { Kind::Unpaid };
		Self::new(kind, fault.to_string(), fault.next())
	}
}
