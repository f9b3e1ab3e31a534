//! Report of `infer`.

use super::lie::Slash;
use crate::report::{entry, table, RIGHT};
use doin_chain::Account;
use doin_forecast::rows::LabelMap;
use doin_primitives::{BlockNumber, DomainId};
use doin_roles::amount::Amount;
use doin_serve::wire::Reply;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Result of the check of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verified {
	/// The champion computes the same outputs on this machine.
	Right,
	/// Nothing was computed.
	Trusted,
	/// The champion computes other outputs.
	False,
	/// The receipt names a model that was not the champion of its block.
	OtherModel,
}

/// Report of `infer`.
#[derive(Clone, Debug, Serialize)]
pub struct InferReport {
	/// The domain.
	pub domain: DomainId,
	/// The server.
	pub server: Account,
	/// Block whose champion has answered.
	pub block: BlockNumber,
	/// Hash of the champion.
	pub model: String,
	/// Unit of the values; empty for classes.
	pub unit: String,
	/// Names of the values.
	pub names: Vec<String>,
	/// Values of each window.
	pub values: Vec<Vec<f64>>,
	/// Raw outputs of each window.
	pub outputs: Vec<Vec<i32>>,
	/// Columns of the labels of rows; empty without a map.
	#[serde(skip_serializing_if = "Vec::is_empty")]
	pub label: Vec<String>,
	/// Labels of each row by the map, one per column; empty without a map.
	#[serde(skip_serializing_if = "Vec::is_empty")]
	pub labels: Vec<Vec<String>>,
	/// Amount that the answer cost.
	pub price: Amount,
	/// Channel that has paid; `None` for a free answer.
	pub channel: Option<String>,
	/// Result of the check.
	pub verified: Verified,
	/// Slash of the server, if it has lied and was accused.
	pub slash: Option<Slash>,
}

impl InferReport {
	/// Returns the report of an answer.
	pub fn new(reply: Reply, server: Account, price: Amount, verified: Verified, slash: Option<Slash>) -> Self {
		let channel = (price.0 > 0).then(|| reply.receipt.channel.clone());
		Self {
			domain: reply.domain_id,
			server,
			block: reply.block,
			model: reply.model,
			unit: reply.unit,
			names: reply.names,
			values: reply.values,
			outputs: reply.outputs,
			label: Vec::new(),
			labels: Vec::new(),
			price,
			channel,
			verified,
			slash,
		}
	}

	/// Returns the report with the labels of its rows by a map.
	pub fn with_labels(self, map: &LabelMap) -> Self {
		let labels = match map {
			LabelMap::Classes(classes) => {
				let text = |class: &f64| classes.classes.get(*class as usize).cloned().unwrap_or_default();
				self.values.iter().map(|values| values.iter().map(text).collect()).collect()
			}
			LabelMap::Values(maps) => {
				let texts = |outputs: &Vec<i32>| {
					maps.iter().zip(outputs).map(|(map, output)| map.shown(map.value((*output).into()))).collect()
				};
				self.outputs.iter().map(texts).collect()
			}
		};
		Self { label: map.columns(), labels, ..self }
	}
}

impl Display for InferReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		// The unit of the domain is that of values around the offset of a map.
		let has_unit = self.labels.is_empty() && !self.unit.is_empty();
		let unit = if has_unit { format!(", in {}", self.unit) } else { String::new() };
		writeln!(f, "Domain {} by its champion of block {}{unit}", self.domain, self.block)?;
		let shown = || self.values.iter().map(|values| values.iter().map(ToString::to_string).collect()).collect();
		let (first, names, cells): (_, _, Vec<Vec<String>>) = match self.labels.is_empty() {
			true => ("window", &self.names, shown()),
			false => ("row", &self.label, self.labels.clone()),
		};
		let titles = std::iter::once((first.to_string(), RIGHT)).chain(names.iter().map(|name| (name.clone(), RIGHT)));
		let mut windows = table(titles);
		for (at, cells) in cells.into_iter().enumerate() {
			windows.add_row(std::iter::once((at + 1).to_string()).chain(cells));
		}
		writeln!(f, "{}", windows.trim_fmt())?;
		entry(f, "server", self.server)?;
		entry(f, "price", if self.price.0 == 0 { "free".to_string() } else { format!("{:#}", self.price) })?;
		match self.verified {
			Verified::Right => entry(f, "check", "right: this machine computes the same outputs")?,
			Verified::Trusted => entry(f, "check", "none (--trust): `doin-worker accuse` checks it later")?,
			Verified::False => entry(f, "check", "FALSE: the champion computes other outputs")?,
			Verified::OtherModel => entry(f, "check", "FALSE: another model than the champion has answered")?,
		}
		match &self.slash {
			Some(Slash { block, slashed, reward, compensation }) => entry(
				f,
				"slashed",
				format_args!("{slashed} of its bond in block {block}; {reward} for the proof, {compensation} for the payer"),
			),
			None if matches!(self.verified, Verified::False | Verified::OtherModel) => {
				entry(f, "slashed", "no: `doin-worker accuse` has it slashed")
			}
			None => Ok(()),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use doin_forecast::rows::labels::{ClassMap, ValueMap};
	use doin_primitives::DOIN;
	use serde_json::json;

	fn reply() -> Reply {
		Reply {
			domain_id: 3,
			block: 90,
			unit: "ppm".into(),
			names: vec!["1".into(), "2".into()],
			values: vec![vec![410.2, 411.0]],
			outputs: vec![vec![0, 13]],
			..Reply::default()
		}
	}

	#[test]
	fn an_answer_is_shown_in_units_with_its_price_and_check() {
		let report = InferReport::new(reply(), Account([1; 32]), Amount(DOIN / 100), Verified::Right, None);
		let text = report.to_string();
		assert!(
			text.starts_with("Domain 3 by its champion of block 90, in ppm\nwindow      1    2\n     1  410.2  411\n"),
			"{text}"
		);
		assert!(text.contains("price       0.01 DOIN") && text.contains("right: this machine"), "{text}");
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!(
			(&json["verified"], &json["price"], &json["outputs"][0][1]),
			(&"right".into(), &"0.01 DOIN".into(), &13.into())
		);
	}

	#[test]
	fn rows_are_shown_with_the_labels_of_their_map() {
		let labels = LabelMap::Classes(ClassMap { column: "side".into(), classes: vec!["left".into(), "right".into()] });
		let reply = |unit: &str, values: [f64; 2], outputs: [i32; 2]| Reply {
			unit: unit.into(),
			names: vec!["1".into()],
			values: values.map(|value| vec![value]).into(),
			outputs: outputs.map(|output| vec![output]).into(),
			..reply()
		};
		let report = |reply: Reply| InferReport::new(reply, Account([1; 32]), Amount(0), Verified::Right, None);
		let report_of_classes = report(reply("", [1.0, 0.0], [5, 9])).with_labels(&labels);
		let text = report_of_classes.to_string();
		assert!(text.starts_with("Domain 3 by its champion of block 90\nrow   side\n  1  right\n  2   left\n"), "{text}");
		let json = serde_json::to_value(&report_of_classes).unwrap();
		assert_eq!((&json["label"], &json["labels"]), (&json!(["side"]), &json!([["right"], ["left"]])));
		let value = ValueMap { column: "price".into(), offset: 100.0, unit: 0.5, deviation: 1.0 };
		let text = report(reply("price", [1.0, 0.0], [32, 0])).with_labels(&LabelMap::Values(vec![value])).to_string();
		assert!(text.starts_with("Domain 3 by its champion of block 90\nrow   price\n  1  101.00\n  2  100.00\n"), "{text}");
		assert!(serde_json::to_value(report(self::reply())).unwrap().get("labels").is_none());
	}

	#[test]
	fn a_lie_is_shown_with_its_slash() {
		let slash = Slash { block: 95, slashed: Amount(10 * DOIN), reward: Amount(DOIN), compensation: Amount(DOIN / 10) };
		let report = InferReport::new(reply(), Account([1; 32]), Amount(0), Verified::False, Some(slash));
		let text = report.to_string();
		assert!(text.contains("FALSE") && text.contains("10 DOIN of its bond in block 95; 1 DOIN for the proof"), "{text}");
		assert!(text.contains("price       free"), "{text}");
		assert_eq!(report.channel, None);
	}
}
