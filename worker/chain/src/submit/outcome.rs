//! Outcome of an included call, read from its events.

use crate::{Account, Head};
use codec::Decode;
use doin_primitives::{Balance, BlockNumber};
use subxt::{
	error::{DispatchError, TokenError},
	ArcMetadata,
};

/// An included call that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
	/// Block that includes the call.
	pub block: Head,
	/// Events of the call, in order.
	pub events: Vec<Event>,
	/// Fee paid in plancks, the tip included. The part without the tip is burned.
	pub fee: Balance,
}

/// Error of an event that an included call must have deposited.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
	"the call is in block {block}, but its event {event} is missing or has another form (update the worker or the node so that both \
	 have the same version)"
)]
pub struct MissingEvent {
	/// Name of the event, `Pallet.Event`.
	pub event: String,
	/// Block that includes the call.
	pub block: BlockNumber,
}

/// An event with its fields in SCALE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
	/// Name of the pallet.
	pub pallet: String,
	/// Name of the event.
	pub name: String,
	/// Fields in SCALE, one after the other.
	pub fields: Vec<u8>,
}

/// Error of an included call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
	/// Name of the error, `Pallet::Error`.
	pub(super) error: String,
	/// Documentation of the error: the reason, and the next step.
	pub(super) docs: String,
}

impl Included {
	/// Returns the first fields of the first event with this name, decoded as `R`; `None` without such an event.
	pub fn event<R: Decode>(&self, pallet: &str, name: &str) -> Option<R> {
		let event = self.events.iter().find(|event| event.pallet == pallet && event.name == name)?;
		R::decode(&mut &event.fields[..]).ok()
	}

	/// Returns the first fields of the event that shows what the call did, decoded as `R`.
	///
	/// # Errors
	/// Errors if the call has no such event.
	pub fn expect<R: Decode>(&self, pallet: &str, name: &str) -> Result<R, MissingEvent> {
		let missing = || MissingEvent { event: format!("{pallet}.{name}"), block: self.block.number };
		self.event(pallet, name).ok_or_else(missing)
	}

	/// Returns the outcome of a call in `block` with these events.
	///
	/// # Errors
	/// Returns the dispatch error in SCALE if the call failed, or if the call that a proxy made failed.
	pub(super) fn from_events(block: Head, events: Vec<Event>) -> Result<Self, Vec<u8>> {
		let mut fee = 0;
		for Event { pallet, name, fields } in &events {
			match (pallet.as_str(), name.as_str(), &fields[..]) {
				("System", "ExtrinsicFailed", error) => return Err(error.to_vec()),
				// `proxy.proxy` succeeds although the call behind it fails: its event holds a `Result<(), DispatchError>`.
				("Proxy", "ProxyExecuted", [1, error @ ..]) => return Err(error.to_vec()),
				("TransactionPayment", "TransactionFeePaid", mut fields) => {
					if let Ok((_, paid, _)) = <(Account, Balance, Balance)>::decode(&mut fields) {
						fee = paid;
					}
				}
				_ => {}
			}
		}
		Ok(Self { block, events, fee })
	}
}

/// Returns the name of a dispatch error in SCALE, and its documentation in `metadata`.
pub(super) fn describe(bytes: &[u8], metadata: ArcMetadata) -> Failure {
	match DispatchError::decode_from(bytes, metadata) {
		Ok(DispatchError::Module(module)) => match module.details() {
			Ok(details) => Failure {
				error: format!("{}::{}", details.pallet.name(), details.variant.name),
				docs: joined(&details.variant.docs),
			},
			Err(error) => Failure { error: format!("error {:?}", module.bytes()), docs: error.to_string() },
		},
		Ok(other) => {
			let error = match &other {
				DispatchError::Token(token) => format!("Token::{token:?}"),
				DispatchError::Arithmetic(arithmetic) => format!("Arithmetic::{arithmetic:?}"),
				other => format!("{other:?}"),
			};
			let docs = match next_step(&other) {
				Some(step) => format!("{other} {step}"),
				None => other.to_string(),
			};
			Failure { error, docs }
		}
		Err(error) => Failure { error: "an error that cannot be decoded".into(), docs: error.to_string() },
	}
}

/// Returns what to do about an error that is not a pallet's. Errors of pallets name the next step in their documentation.
fn next_step(error: &DispatchError) -> Option<&'static str> {
	match error {
		DispatchError::Token(TokenError::FundsUnavailable | TokenError::BelowMinimum | TokenError::CannotCreateHold) => {
			Some("Send DOIN to the account, or use one that has enough")
		}
		DispatchError::Token(TokenError::OnlyProvider | TokenError::NotExpendable) => {
			Some("Leave the existential deposit on the account")
		}
		DispatchError::Token(TokenError::Frozen) => Some("Wait until the balance is no longer frozen, e.g. by staking"),
		DispatchError::BadOrigin => Some("Sign with the account that the call requires"),
		DispatchError::Exhausted => Some("Make the call smaller"),
		_ => None,
	}
}

/// Returns the lines of a documentation as one line.
fn joined(docs: &[String]) -> String {
	let lines: Vec<&str> = docs.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
	if lines.is_empty() {
		return "the metadata has no documentation of it".into();
	}
	lines.join(" ")
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::testing::Runtime;
	use codec::Encode;

	const BLOCK: Head = Head { number: 7, hash: [7; 32] };

	fn event(pallet: &str, name: &str, fields: impl Encode) -> Event {
		Event { pallet: pallet.into(), name: name.into(), fields: fields.encode() }
	}

	#[test]
	fn events_are_found_by_name() {
		let included = Included::from_events(BLOCK, vec![event("Domains", "Registered", (7u32, [1u8; 32]))]).unwrap();
		assert_eq!(included.event::<u32>("Domains", "Registered"), Some(7));
		assert_eq!(included.event::<u32>("Domains", "Retired"), None);
		assert_eq!(included.event::<[u8; 99]>("Domains", "Registered"), None, "the fields are shorter");
		assert_eq!(included.expect::<u32>("Domains", "Registered"), Ok(7));
		let missing = included.expect::<u32>("Gauge", "Voted").unwrap_err().to_string();
		assert!(missing.contains("block 7") && missing.contains("Gauge.Voted"), "{missing}");
	}

	#[test]
	fn the_fee_is_read_from_its_event() {
		let paid = event("TransactionPayment", "TransactionFeePaid", ([1u8; 32], 500u128, 20u128));
		let success = event("System", "ExtrinsicSuccess", 0u8);
		let included = Included::from_events(BLOCK, vec![paid.clone(), success]).unwrap();
		assert_eq!((included.fee, included.block, included.events.len()), (500, BLOCK, 2));
		let garbled = Event { fields: vec![1], ..paid };
		assert_eq!(Included::from_events(BLOCK, vec![garbled]).unwrap().fee, 0);
	}

	#[test]
	fn a_failed_call_is_its_dispatch_error() {
		let events = vec![event("System", "ExtrinsicFailed", (2u8, 0u8))];
		assert_eq!(Included::from_events(BLOCK, events), Err(vec![2, 0]));
	}

	#[test]
	fn a_failed_call_behind_a_proxy_is_its_dispatch_error() {
		let failed = vec![event("Proxy", "ProxyExecuted", Result::<(), u8>::Err(9)), event("System", "ExtrinsicSuccess", ())];
		assert_eq!(Included::from_events(BLOCK, failed), Err(vec![9]));
		let fine = vec![event("Proxy", "ProxyExecuted", Result::<(), u8>::Ok(()))];
		assert!(Included::from_events(BLOCK, fine).is_ok());
	}

	#[test]
	fn an_error_of_a_pallet_has_its_name_and_documentation() {
		let runtime = Runtime::default();
		let metadata = runtime.metadata().arc();
		let bytes = runtime.module_error("Recomputation", "AlreadyRecomputed");
		let failure = describe(&bytes, metadata.clone());
		assert_eq!(failure.error, "Recomputation::AlreadyRecomputed");
		assert_eq!(failure.docs, "Every chunk is recomputed. Ask for other chunks.");
		let silent = describe(&runtime.module_error("Recomputation", "Undocumented"), metadata);
		assert_eq!(silent.docs, "the metadata has no documentation of it");
	}

	#[test]
	fn an_error_of_an_unknown_pallet_shows_its_bytes() {
		let failure = describe(&[3, 250, 1, 0, 0, 0], Runtime::default().metadata().arc());
		assert!(failure.error.contains("[250, 1, 0, 0, 0]"), "{failure:?}");
	}

	#[test]
	fn other_errors_have_a_next_step() {
		let metadata = || Runtime::default().metadata().arc();
		let funds = describe(&[7, 0], metadata());
		assert_eq!(funds.error, "Token::FundsUnavailable");
		assert!(funds.docs.ends_with("Send DOIN to the account, or use one that has enough"), "{funds:?}");
		let origin = describe(&[2], metadata());
		assert_eq!(origin.error, "BadOrigin");
		assert!(origin.docs.contains("Sign with the account"), "{origin:?}");
		assert_eq!(describe(&[8, 1], metadata()).error, "Arithmetic::Overflow");
		assert!(describe(&[99], metadata()).error.contains("cannot be decoded"));
	}

	#[test]
	fn every_error_of_a_lack_of_money_asks_for_it() {
		for token in [TokenError::FundsUnavailable, TokenError::BelowMinimum, TokenError::CannotCreateHold] {
			assert!(next_step(&DispatchError::Token(token)).is_some_and(|step| step.contains("Send DOIN")));
		}
		assert!(next_step(&DispatchError::Token(TokenError::OnlyProvider)).is_some_and(|step| step.contains("existential")));
		assert!(next_step(&DispatchError::Token(TokenError::Frozen)).is_some());
		assert!(next_step(&DispatchError::Exhausted).is_some());
		assert_eq!(next_step(&DispatchError::Other), None);
	}

	#[test]
	fn documentation_is_one_line() {
		let lines = |lines: &[&str]| joined(&lines.iter().map(ToString::to_string).collect::<Vec<_>>());
		assert_eq!(lines(&[" The domain is unknown.", "", " List them first. "]), "The domain is unknown. List them first.");
		assert_eq!(lines(&["", "  "]), "the metadata has no documentation of it");
	}
}
