//! JSON of requests and answers. Amounts are plancks as decimal strings, hashes and signatures are hex with `0x`.

use doin_primitives::{
	channel::{Signature, Voucher},
	inference::{pairs_hash, Pair, Receipt},
	Balance, Hash,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Inputs in raw numbers, as the program of the domain reads them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected a list of whole numbers, or a list of such lists, one for each window")]
pub enum Inputs {
	/// One window: the values of all channels, step by step, the oldest step first; or the features of a row.
	One(Vec<i32>),
	/// Several windows or rows.
	Several(Vec<Vec<i32>>),
}

/// Body of `POST /inference`. It has either `input` or `series`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InferenceRequest)]
pub struct Request {
	/// The domain whose champion answers.
	pub domain_id: u32,
	/// Raw inputs of one window or row, or of up to 64.
	#[serde(default, alias = "input_data", skip_serializing_if = "Option::is_none")]
	pub input: Option<Inputs>,
	/// Values of a series of one channel, in its unit, of which the last ones are the input.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub series: Option<Vec<f64>>,
	/// Name of the client, for the log of the server.
	#[serde(default)]
	pub client_id: String,
	/// Secret of the client from which the nonces of the windows are derived, 32 bytes in hex; the server draws one without it.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub nonce: Option<String>,
	/// Payment; none for a free request.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub voucher: Option<SignedVoucher>,
}

/// A voucher with its signature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedVoucher {
	/// The channel.
	pub channel: String,
	/// Amount that the channel pays in all, in plancks.
	pub cumulative: String,
	/// Signature of the key of the channel.
	pub signature: String,
}

impl SignedVoucher {
	/// Returns the JSON form of a voucher.
	pub fn new(voucher: &Voucher, signature: &Signature) -> Self {
		Self { channel: hex(&voucher.channel), cumulative: voucher.cumulative.to_string(), signature: hex(signature) }
	}

	/// Returns the voucher and its signature.
	///
	/// # Errors
	///
	/// Errors with the name of the first field that cannot be read.
	pub fn parsed(&self) -> Result<(Voucher, Signature), Unreadable> {
		let channel = bytes("channel", &self.channel)?;
		let cumulative =
			self.cumulative.parse().map_err(|_| Unreadable { field: "cumulative", expected: "plancks as digits" })?;
		Ok((Voucher { channel, cumulative }, bytes("signature", &self.signature)?))
	}
}

/// Field of a body that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` cannot be read: expected {expected}")]
pub struct Unreadable {
	/// Name of the field.
	pub field: &'static str,
	/// Form that it has to have.
	pub expected: &'static str,
}

/// Returns bytes as `0x` and hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
	format!("0x{}", hex::encode(bytes))
}

/// Returns `N` bytes of hexadecimal digits, with or without `0x`.
///
/// # Errors
///
/// Errors with the name of the field if it has another length or other characters.
pub fn bytes<const N: usize>(field: &'static str, text: &str) -> Result<[u8; N], Unreadable> {
	let digits = text.strip_prefix("0x").unwrap_or(text);
	let expected = if N == 32 { "0x and 64 hexadecimal digits" } else { "0x and 128 hexadecimal digits" };
	let mut bytes = [0; N];
	hex::decode_to_slice(digits, &mut bytes).map_err(|_| Unreadable { field, expected })?;
	Ok(bytes)
}

/// Answer of `POST /inference`.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = InferenceReply)]
pub struct Reply {
	/// The domain.
	pub domain_id: u32,
	/// Finalized block whose champion has answered.
	pub block: u32,
	/// Hash of the encoded champion.
	pub model: String,
	/// Quantity and unit of `values`, e.g. `ppm`; empty for classes.
	pub unit: String,
	/// Name of each value of a window: steps ahead for a series, numbers of the values for rows, `class` for classes.
	pub names: Vec<String>,
	/// Values of each window in this unit, or its class.
	pub values: Vec<Vec<f64>>,
	/// Raw outputs of each window: numbers in 2⁻⁴ raw units, or one score per class.
	pub outputs: Vec<Vec<i32>>,
	/// Secret from which the nonces of the windows are derived.
	pub nonce: String,
	/// Promise that the champion has computed the outputs.
	pub receipt: SignedReceipt,
	/// Least amount of the next voucher that pays for one window, in plancks.
	pub next: String,
}

/// A receipt with its signature.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedReceipt {
	/// Channel that pays; zeros for a free answer.
	pub channel: String,
	/// Amount of the voucher, in plancks.
	pub cumulative: String,
	/// Price of the request, in plancks.
	pub price: String,
	/// Hashes of input and output of each window.
	pub pairs: Vec<PairText>,
	/// Key of the server.
	pub key: String,
	/// Signature of the server.
	pub signature: String,
}

/// Hashes of one window.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PairText {
	/// Hash of nonce and input.
	pub input: String,
	/// Hash of the output.
	pub output: String,
}

impl Reply {
	/// Returns the receipt, its pairs and its signature.
	///
	/// # Errors
	///
	/// Errors with the name of the first field that cannot be read.
	pub fn receipt(&self) -> Result<(Receipt, Vec<Pair>, Signature), Unreadable> {
		let signed = &self.receipt;
		let plancks =
			|field, text: &str| text.parse::<Balance>().map_err(|_| Unreadable { field, expected: "plancks as digits" });
		let pairs = signed
			.pairs
			.iter()
			.map(|pair| Ok(Pair { input: bytes("pairs.input", &pair.input)?, output: bytes("pairs.output", &pair.output)? }));
		let pairs: Vec<Pair> = pairs.collect::<Result<_, Unreadable>>()?;
		let receipt = Receipt {
			domain: self.domain_id,
			block: self.block,
			model: bytes("model", &self.model)?,
			channel: bytes("channel", &signed.channel)?,
			cumulative: plancks("cumulative", &signed.cumulative)?,
			price: plancks("price", &signed.price)?,
			pairs: pairs_hash(&pairs),
		};
		Ok((receipt, pairs, bytes("signature", &signed.signature)?))
	}

	/// Returns the secret of the nonces.
	///
	/// # Errors
	///
	/// Errors if it cannot be read.
	pub fn nonce(&self) -> Result<Hash, Unreadable> {
		bytes("nonce", &self.nonce)
	}
}

/// Answer of `GET /price`.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Prices {
	/// Account of the server, which channels have to pay.
	pub account: String,
	/// Key that signs receipts.
	pub key: String,
	/// Hash of block 0.
	pub genesis: String,
	/// Last finalized block that the server knows.
	pub block: u32,
	/// Blocks after this one that a channel has to be open for.
	pub challenge: u32,
	/// Most windows of a request.
	pub windows: u32,
	/// Offered domains.
	pub domains: Vec<DomainPrice>,
}

/// Price of a domain.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DomainPrice {
	/// The domain.
	pub domain_id: u32,
	/// Price of one window, in plancks.
	pub price: String,
	/// Block of the bond of the offer: no receipt names an earlier one.
	pub since: u32,
}

/// Answer of `GET /models`.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Models {
	/// Last finalized block that the server knows.
	pub block: u32,
	/// Champions that answer.
	pub models: Vec<ServedModel>,
}

/// A champion that answers.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServedModel {
	/// The domain.
	pub domain_id: u32,
	/// Name of the domain.
	pub name: String,
	/// Raw unit of the domain, e.g. `0.01 ppm`.
	pub unit: String,
	/// Hash of the encoded champion.
	pub model: String,
	/// Numbers of the input of one window, of all channels.
	pub inputs: u32,
	/// Channels of the series; 1 for rows.
	pub channels: u32,
	/// Names of the values of an answer.
	pub names: Vec<String>,
}

/// Answer of `GET /channel/{id}`: a channel, as the server can be paid by it.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChannelState {
	/// Newest voucher that the server took; `None` for none.
	pub voucher: Option<SignedVoucher>,
	/// Finalized deposit, in plancks.
	pub deposit: String,
	/// Amount that was redeemed, in plancks.
	pub paid: String,
	/// First block in which it cannot be topped up.
	pub expires: u32,
	/// Reason for which the server takes no voucher of it; `None` for none.
	pub refused: Option<String>,
}

/// Answer of `GET /api/serving`: the work of a server since its start.
#[serde_with::apply(_ => #[serde(default)])]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Serving {
	/// Last finalized block that the server knows.
	pub block: u32,
	/// Requests that were answered.
	pub answers: u64,
	/// Windows that were answered.
	pub windows: u64,
	/// Windows that were answered for nothing.
	pub free: u64,
	/// Requests that were refused for lack of payment.
	pub unpaid: u64,
	/// Requests that were refused for other reasons.
	pub refused: u64,
	/// Prices of all answers, in plancks.
	pub earned: String,
	/// Channels that have paid, by the journal of vouchers.
	pub channels: u32,
	/// Amount that redeeming would pay now, in plancks.
	pub owed: String,
	/// Champions that replaced others since the start.
	pub swaps: u64,
	/// Batches of windows that were run, each for one request or several.
	pub batches: u64,
	/// Windows of answers that were computed a second time.
	pub audited: u64,
	/// Audits that have found an answer to be wrong. After one, champions are run one window at a time.
	pub wrong: u64,
	/// Time since the start, in milliseconds.
	pub elapsed_ms: u64,
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_request_of_upstream_is_read() {
		let request: Request = serde_json::from_str(r#"{"domain_id":0,"input_data":[1,2],"client_id":"me"}"#).unwrap();
		assert_eq!((request.domain_id, request.input), (0, Some(Inputs::One(vec![1, 2]))));
		let several: Request = serde_json::from_str(r#"{"domain_id":3,"input":[[1],[2]],"series":null}"#).unwrap();
		assert_eq!(several.input, Some(Inputs::Several(vec![vec![1], vec![2]])));
	}

	#[test]
	fn malformed_bodies_are_named() {
		for (body, part) in [
			(r#"{"input":[1]}"#, "domain_id"),
			(r#"{"domain_id":0,"input":[1.5]}"#, "whole numbers"),
			(r#"{"domain_id":0,"input":[2147483648]}"#, "whole numbers"),
			(r#"{"domain_id":0,"inputs":[1]}"#, "unknown field"),
			(r#"{"domain_id":0,"voucher":{"channel":"0x"}}"#, "cumulative"),
			(r#"{"domain_id":-1}"#, "-1"),
			(r#"{"domain_id":0"#, "EOF"),
		] {
			let error = serde_json::from_str::<Request>(body).unwrap_err().to_string();
			assert!(error.contains(part), "{body}: {error}");
		}
	}

	#[test]
	fn a_voucher_is_read_back() {
		let voucher = Voucher { channel: [0xab; 32], cumulative: Balance::MAX };
		let text = SignedVoucher::new(&voucher, &[0xcd; 64]);
		assert_eq!(text.parsed(), Ok((voucher, [0xcd; 64])));
		let faults = [
			SignedVoucher { channel: "0x12".into(), ..text.clone() },
			SignedVoucher { cumulative: "-1".into(), ..text.clone() },
			SignedVoucher { signature: hex(&[0; 63]), ..text.clone() },
		]
		.map(|wrong| wrong.parsed().unwrap_err().field);
		assert_eq!(faults, ["channel", "cumulative", "signature"]);
	}
}
