//! Audits: a sample of answers is computed a second time.
//!
//! ```text
//!   answer ─▶ Sample ─▶ HostQueue ◀─ `doin-worker pull` ─▶ outputs ─▶ equal: the answer is right
//!                │                                           │ other ones
//!                └─ nobody does it ─▶ definition here ◀──────┘
//! ```
//!
//! One false answer takes the bond of a server, also where a back-end or the memory of the machine is at fault. So one request is kept at a
//! time, and its outputs are computed again: by another machine of the owner if one pulls the task, else here, one window at a time, as the
//! runtime does. The client has its answer by then.
//!
//! # What is checked
//!
//! Nothing is paid for outputs that a worker hands in, and none of them reaches a client. Outputs that equal those of the answer end the
//! audit. For all others, and for a task that nobody does, the definition decides on this machine. A worker that hands in false outputs
//! therefore costs one computation; one that hands in those of the answer without computing them hides a fault until a later audit.

use crate::{
	model::Champion,
	tasks::{HostTask, Work},
	wire::hex,
};
use doin_primitives::DomainId;
use doin_scoring::Program;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// Pause between two audits.
pub const PAUSE: Duration = Duration::from_secs(30);
/// Time in which another worker has to claim an audit.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// Windows of a sample at most, so that a task with 8 KiB of input each is not too long.
const MOST_WINDOWS: usize = 8;

/// Windows of a request with the outputs of its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
	champion: Arc<Champion>,
	windows: Vec<Vec<u8>>,
	outputs: Vec<Vec<i32>>,
}

/// Result of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audited {
	/// The answer was right.
	Right,
	/// A worker has handed in other outputs, and the answer was right.
	WrongElsewhere,
	/// The answer was not what the definition computes here.
	Wrong,
}

impl Sample {
	/// Returns the first windows of a request with their outputs.
	pub fn new(champion: Arc<Champion>, windows: &[Vec<u8>], outputs: &[Vec<i32>]) -> Self {
		let windows = windows.iter().take(MOST_WINDOWS).cloned().collect();
		Self { champion, windows, outputs: outputs.iter().take(MOST_WINDOWS).cloned().collect() }
	}

	/// Returns the domain of the champion.
	pub fn domain(&self) -> DomainId {
		self.champion.domain
	}

	/// Returns the number of windows.
	pub fn windows(&self) -> usize {
		self.windows.len()
	}

	/// Returns what other workers are asked for.
	pub fn wanted(&self) -> WantedOutputs {
		WantedOutputs {
			model: hex(&self.champion.model.to_bytes()),
			windows: self.windows.iter().map(|window| hex(window)).collect(),
		}
	}

	/// Compares the answer with the outputs that a worker has handed in, if one has, and with the definition if they differ.
	pub fn compare(&self, elsewhere: Option<&[Vec<i32>]>) -> Audited {
		if elsewhere == Some(&self.outputs[..]) {
			return Audited::Right;
		}
		match (self.champion.defined(&self.windows), elsewhere) {
			(Some(defined), None) if defined == self.outputs => Audited::Right,
			(Some(defined), Some(_)) if defined == self.outputs => Audited::WrongElsewhere,
			_ => Audited::Wrong,
		}
	}
}

/// Parameters of a task: bytes in hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WantedOutputs {
	/// Encoding of the model.
	pub model: String,
	/// Input of each window.
	pub windows: Vec<String>,
}

/// Form of the result of a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Computed {
	outputs: Vec<Vec<i32>>,
}

/// Reason for which a worker cannot compute the outputs of a task.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaskFault {
	/// The task is other work.
	#[error("the task is not an audit of answers: {0:?}")]
	OtherWork(Work),
	/// The parameters cannot be read.
	#[error("the task cannot be read, e.g. since it is of a later version: {0}")]
	Unreadable(String),
	/// The domain does not admit the model.
	#[error("the domain does not admit the model of the task: {0}")]
	Model(String),
	/// The model does not read a window.
	#[error("the model of the task does not read its windows")]
	Windows,
}

impl WantedOutputs {
	/// Returns the parameters of a task.
	pub fn to_parameters(&self) -> Value {
		serde_json::to_value(self).unwrap_or_default()
	}

	/// Returns what a task asks for.
	///
	/// # Errors
	///
	/// Errors if the task is other work, or if its parameters cannot be read.
	pub fn of_task(task: &HostTask) -> Result<Self, TaskFault> {
		if task.task_type != Work::Inference {
			return Err(TaskFault::OtherWork(task.task_type));
		}
		serde_json::from_value(task.parameters.clone()).map_err(|error| TaskFault::Unreadable(error.to_string()))
	}

	/// Computes the outputs one window at a time, by the definition of the program of a domain.
	///
	/// # Errors
	///
	/// Errors if the domain does not admit the model, or if the model does not read a window.
	pub fn compute(&self, domain: DomainId, program: Program) -> Result<Value, TaskFault> {
		let champion = Champion::new(domain, String::new(), String::new(), program, &decoded(&self.model)?);
		let champion = champion.map_err(TaskFault::Model)?;
		let windows: Vec<Vec<u8>> = self.windows.iter().map(|window| decoded(window)).collect::<Result<_, _>>()?;
		let outputs = champion.defined(&windows).ok_or(TaskFault::Windows)?;
		Ok(serde_json::to_value(Computed { outputs }).unwrap_or_default())
	}
}

/// Returns the outputs of a result; `None` if it cannot be read.
pub fn outputs_of(result: Value) -> Option<Vec<Vec<i32>>> {
	serde_json::from_value::<Computed>(result).ok().map(|computed| computed.outputs)
}

fn decoded(text: &str) -> Result<Vec<u8>, TaskFault> {
	let digits = text.strip_prefix("0x").unwrap_or(text);
	hex::decode(digits).map_err(|error| TaskFault::Unreadable(error.to_string()))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::model::tests::{net, seasonal};
	use doin_primitives::inference::number_bytes;
	use serde_json::json;

	fn windows() -> Vec<Vec<u8>> {
		(0..3).map(|at| number_bytes(&[4_100, 4_110, 4_102, at])).collect()
	}

	fn sample() -> Sample {
		let champion = net();
		let outputs = champion.defined(&windows()).unwrap();
		Sample::new(Arc::new(champion), &windows(), &outputs)
	}

	fn task(parameters: Value) -> HostTask {
		HostTask {
			task_id: "1".into(),
			task_type: Work::Inference,
			domain_id: 0,
			parameters,
			evaluator_id: None,
			lease_seconds: 0,
		}
	}

	#[test]
	fn another_machine_computes_the_outputs_of_an_answer() {
		let sample = sample();
		let wanted = WantedOutputs::of_task(&task(sample.wanted().to_parameters())).unwrap();
		let outputs = outputs_of(wanted.compute(0, net().program).unwrap()).unwrap();
		assert_eq!(outputs, sample.outputs);
		assert_eq!(sample.compare(Some(&outputs)), Audited::Right);
		assert_eq!((sample.domain(), sample.windows()), (0, 3));
	}

	#[test]
	fn the_definition_decides_between_an_answer_and_a_worker() {
		let right = sample();
		let mut other = right.outputs.clone();
		other[1][0] ^= 1;
		assert_eq!(right.compare(None), Audited::Right);
		assert_eq!(right.compare(Some(&other)), Audited::WrongElsewhere);
		assert_eq!(right.compare(Some(&[])), Audited::WrongElsewhere);
		let wrong = Sample { outputs: other, ..right.clone() };
		assert_eq!([wrong.compare(None), wrong.compare(Some(&right.outputs))], [Audited::Wrong; 2]);
	}

	#[test]
	fn a_sample_is_short() {
		let windows = vec![number_bytes(&[1; 4]); 64];
		let sample = Sample::new(Arc::new(seasonal()), &windows, &vec![vec![0; 3]; 64]);
		assert_eq!((sample.windows(), sample.outputs.len()), (8, 8));
	}

	#[test]
	fn tasks_of_another_form_are_refused() {
		let other = HostTask { task_type: Work::Verification, ..task(json!({})) };
		assert_eq!(WantedOutputs::of_task(&other), Err(TaskFault::OtherWork(Work::Verification)));
		for parameters in [json!({}), json!({ "model": "0x", "windows": [], "more": 1 }), json!({ "model": 1, "windows": [] })] {
			assert!(matches!(WantedOutputs::of_task(&task(parameters)), Err(TaskFault::Unreadable(_))));
		}
		let wanted = sample().wanted();
		let refused = |wanted: WantedOutputs| wanted.compute(0, net().program).unwrap_err();
		assert!(matches!(refused(WantedOutputs { model: "0x00".into(), ..wanted.clone() }), TaskFault::Model(_)));
		assert!(matches!(refused(WantedOutputs { model: "x".into(), ..wanted.clone() }), TaskFault::Unreadable(_)));
		assert_eq!(refused(WantedOutputs { windows: vec!["0x00".into()], ..wanted }), TaskFault::Windows);
		assert_eq!(outputs_of(Value::Null), None);
	}
}
