//! `verify`: recomputes the errors that a chain states of its models.

mod claim;
mod gather;
mod report;

use crate::{
	args::NodeArgs,
	program_args::ProgramArgs,
	report::{shown_error, OutputArgs},
	work::{compute, threads},
};
use anyhow::Result;
use claim::{exit_code, Chunks, Claim, Finding};
use clap::Args;
use doin_compute::thread_pool;
use doin_primitives::DomainId;
use gather::Gathered;
use report::VerifyReport;
use std::{process::ExitCode, time::Instant};

/// Arguments of `verify`.
#[derive(Clone, Debug, Args)]
pub struct VerifyArgs {
	/// Identifier of the domain
	domain: DomainId,
	/// Chunks of each recomputation to check: a number of them, chosen at random, or `all`
	#[arg(long, value_name = "N", default_value = "all")]
	chunks: Chunks,
	/// Check only the settled sums of this round [default: the champion and every round whose sums the chain still has]
	#[arg(long, value_name = "R")]
	round: Option<u32>,
	/// Threads [default: all cores]
	#[arg(long, value_name = "N")]
	cores: Option<usize>,
	#[command(flatten)]
	programs: ProgramArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `verify`. The exit code is 0 if everything that was recomputed matches, 1 if something does not, and 2 if nothing could
/// be recomputed, also after an error.
pub async fn run(node: &NodeArgs, args: VerifyArgs) -> ExitCode {
	match verify(node, &args).await {
		Ok(code) => ExitCode::from(code),
		Err(error) => {
			eprintln!("error: {}", shown_error(&error));
			eprintln!("The verification is inconclusive.");
			ExitCode::from(2)
		}
	}
}

async fn verify(node: &NodeArgs, args: &VerifyArgs) -> Result<u8> {
	let listed = args.programs.load()?;
	let chain = listed.node(node).connect().await?;
	let Gathered { mut problem, at, claims, missing } = gather::gather(&chain, args.domain, args.round).await?;
	listed.equip(&mut problem)?;
	let chunks = args.chunks.choose(problem.chunks(), |below| rand::random_range(0..below));
	let (threads, started) = (threads(args.cores), Instant::now());
	let (problem, chunks, results) = compute(move |stop| {
		let check = |claim: Claim| Ok(Checked { finding: claim.check(&problem, &chunks, stop)?, claim });
		let results = thread_pool(threads)?.install(|| claims.into_iter().map(check).collect::<Result<Vec<_>>>())?;
		Ok((problem, chunks, results))
	})
	.await?;
	let findings: Vec<Finding> = results.iter().map(|checked| checked.finding.clone()).collect();
	let code = exit_code(&findings);
	let mut report = VerifyReport::new(&problem, &chunks, &results, missing, code);
	(report.url, report.block) = (chain.url(), at.number);
	(report.seconds, report.threads) = (started.elapsed().as_secs_f64(), threads);
	args.output.print(&report)?;
	Ok(code)
}

/// A claim and its finding.
struct Checked {
	claim: Claim,
	finding: Finding,
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test]
	async fn without_a_node_the_result_is_inconclusive() {
		let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
		let (programs, output) = (ProgramArgs::default(), OutputArgs::default());
		let args = VerifyArgs { domain: 0, chunks: Chunks::All, round: None, cores: None, programs, output };
		let code = run(&NodeArgs { url: Some(format!("ws://127.0.0.1:{port}")) }, args).await;
		assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(2)));
	}
}
