//! Domains and calls that several tests use.

use codec::Encode;
use doin_chain::{Event, Head, Included};
use doin_primitives::{blake2_256, domain::Gene, Evidence};
use doin_roles::{config::ProgramConfig, programs::UserProgram};
use doin_scoring::{Program, Tolerance};
use std::{path::Path, sync::Arc};

// The included file finds `Problem` here.
use doin_roles::problem::Problem;

#[path = "../roles/src/problem/fixtures.rs"]
mod shared;

pub use shared::sawtooth;

/// Returns a call in block 9 with one event of a pallet.
pub fn included(pallet: &str, name: &str, fields: impl Encode) -> Included {
	let event = Event { pallet: pallet.into(), name: name.into(), fields: fields.encode() };
	Included { block: Head { number: 9, hash: [5; 32] }, events: vec![event], fee: 0 }
}

/// Returns a tolerance domain of a program with this hash, which nothing lists. It has the gene `rate`.
pub fn tolerant(code: [u8; 32]) -> Problem {
	let mut problem = sawtooth();
	let rate = Gene { name: b"rate".to_vec().try_into().unwrap(), lo: 1, hi: 20, log: false, frac: 0 };
	problem.spec.program = Program::Tolerance(Tolerance { code, epsilon: 500, chunks: 32, initial_error: 288_496 });
	problem.spec.evidence = Evidence::Public;
	problem.spec.genes = vec![rate].try_into().unwrap();
	problem
}

/// Returns a tolerance domain with its program. The sums of a model of one byte are the byte times a thousand, plus the number of the
/// chunk; those of the empty model are those of 9, and 7 has the fault `fault`.
pub fn programmed(fault: &str) -> Problem {
	let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("roles/src/programs/fake.py");
	let code = blake2_256(&std::fs::read(&file).unwrap());
	let command = ["env".to_string(), format!("FAULT={fault}"), "python3".into()];
	let program = UserProgram::new(ProgramConfig::new(code, file, command.to_vec()));
	Problem { program: Some(Arc::new(program)), ..tolerant(code) }
}
