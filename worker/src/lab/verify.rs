//! `verify`: recomputes what a chain says about its models, and says whether it is true.

use crate::{
	amount::significant,
	problem::{admitted, Problem},
	roles::evaluate::name,
	status::model_name,
};
use anyhow::{Context, Result};
use clap::Args;
use doin_chain::{Account, Chain, Head, Patience};
use doin_compute::{population, sums_of};
use doin_primitives::{
	views::{ChampionView, QuorumView},
	DomainId, Evidence, Hash, ModelRef, RoundId,
};
use doin_scoring::{verdict::total, Model};
use std::{
	collections::BTreeMap,
	process::ExitCode,
	str::FromStr,
	time::{Duration, Instant},
};

/// What `verify` takes.
#[derive(Clone, Debug, Args)]
pub struct VerifyArgs {
	/// The domain.
	domain: DomainId,
	/// Chunks of each measurement to recompute: a number of them, chosen at random, or `all`.
	#[arg(long, value_name = "N", default_value = "all")]
	chunks: Chunks,
	/// Only the settled sums of this round; when left out, the champion and every round whose sums the chain still has.
	#[arg(long, value_name = "R")]
	round: Option<u32>,
	/// Threads; all cores when left out.
	#[arg(long, value_name = "N")]
	cores: Option<usize>,
	/// As one JSON object.
	#[arg(long)]
	json: bool,
}

/// How many chunks are recomputed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chunks {
	All,
	Some(u16),
}

impl FromStr for Chunks {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		match text.parse() {
			_ if text == "all" => Ok(Self::All),
			Ok(count) if count > 0 => Ok(Self::Some(count)),
			_ => Err(format!("`{text}` is no number of chunks: write one above 0, or `all`")),
		}
	}
}

impl Chunks {
	/// Which of `count` chunks, ascending. `random` gives numbers below its argument.
	fn choose(self, count: u16, mut random: impl FnMut(usize) -> usize) -> Vec<u16> {
		let mut left: Vec<u16> = (0..count).collect();
		let Self::Some(wanted) = self else { return left };
		while left.len() > usize::from(wanted) {
			left.swap_remove(random(left.len()));
		}
		left.sort_unstable();
		left
	}
}

/// What a chain says a model's errors are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
	/// Chunk by chunk.
	Chunks(Vec<u32>),
	/// Their sum alone.
	Total(u64),
}

/// One statement of a chain.
#[derive(Clone, Debug)]
struct Claim {
	/// About what, for people.
	about: String,
	/// The model, or why it cannot be one.
	model: std::result::Result<Model, String>,
	/// The draw it was measured on; nothing for the validation part.
	seed: Option<Hash>,
	said: Said,
}

/// What became of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
	/// It is true, as far as it was recomputed.
	Right {
		/// Chunks that were.
		chunks: usize,
		/// Error sum of these.
		error: u64,
	},
	/// It is false.
	Wrong(String),
	/// It cannot be said.
	Unknown(String),
}

impl Claim {
	/// Recomputes the statement on `chunks` of its chunks.
	fn check(&self, problem: &Problem, chunks: &[u16]) -> Result<Finding> {
		let model = match &self.model {
			Ok(model) => model,
			Err(reason) => return Ok(Finding::Wrong(format!("the chain should never have taken this model: {reason}"))),
		};
		let whole = chunks.len() == usize::from(problem.chunks());
		if !whole && matches!(self.said, Said::Total(_)) {
			return Ok(Finding::Unknown("only the sum of all chunks is stored: take --chunks all".into()));
		}
		let own = sums_of(&problem.spec, &problem.series, self.seed.as_ref(), std::slice::from_ref(model), chunks)?.remove(0);
		let right = Finding::Right { chunks: own.len(), error: total(&own) };
		Ok(match &self.said {
			Said::Total(said) if *said != total(&own) => {
				Finding::Wrong(format!("the chain has an error sum of {said}, and {} is computed here", total(&own)))
			}
			Said::Chunks(said) if said.len() != usize::from(problem.chunks()) => {
				Finding::Wrong(format!("the chain has {} sums, and a measurement has {} chunks", said.len(), problem.chunks()))
			}
			Said::Chunks(said) => match chunks.iter().zip(&own).find(|(chunk, own)| said[usize::from(**chunk)] != **own) {
				Some((chunk, own)) => Finding::Wrong(format!(
					"chunk {chunk} has an error sum of {} on the chain, and {own} is computed here",
					said[usize::from(*chunk)]
				)),
				None => right,
			},
			Said::Total(_) => right,
		})
	}
}

/// The verdict on all statements: 0 when all that could be recomputed are true, 1 when one is false, 2 when none could be.
fn exit_code(findings: &[Finding]) -> u8 {
	let any = |wanted: fn(&Finding) -> bool| findings.iter().any(wanted);
	match (any(|finding| matches!(finding, Finding::Wrong(_))), any(|finding| matches!(finding, Finding::Right { .. }))) {
		(true, _) => 1,
		(false, true) => 0,
		(false, false) => 2,
	}
}

/// What was read from a chain.
struct Read {
	problem: Problem,
	at: Head,
	claims: Vec<Claim>,
	/// What is not stored any more.
	notes: Vec<String>,
}

/// `verify`. An error counts as not being able to tell.
pub async fn run(url: &str, args: VerifyArgs) -> ExitCode {
	match verify(url, &args).await {
		Ok(code) => ExitCode::from(code),
		Err(error) => {
			eprintln!("error: {error:#}");
			eprintln!("It cannot be told whether the chain is right.");
			ExitCode::from(2)
		}
	}
}

async fn verify(url: &str, args: &VerifyArgs) -> Result<u8> {
	let chain = Chain::connect(url, Patience::Within(Duration::from_secs(3))).await?;
	let Read { problem, at, claims, notes } = gather(&chain, args.domain, args.round).await?;
	let chunks = args.chunks.choose(problem.chunks(), |below| rand::random_range(0..below));
	let (cores, started) = (super::cores(args.cores), Instant::now());
	let (problem, chunks, results) = super::working(move |_| {
		let findings = population::pool(cores)?.install(|| {
			claims.into_iter().map(|claim| Ok((claim.check(&problem, &chunks)?, claim))).collect::<Result<Vec<_>>>()
		})?;
		Ok((problem, chunks, findings))
	})
	.await?;
	let seconds = started.elapsed().as_secs_f64();
	let code = exit_code(&results.iter().map(|(finding, _)| finding.clone()).collect::<Vec<_>>());
	if args.json {
		println!("{}", json(&problem, at, &chunks, &results, &notes, code, seconds));
		return Ok(code);
	}
	println!("domain {}    {} at block {} of {}", problem.id, problem.name(), at.number, chain.url());
	println!("data        {} values, whose hash is the one in the domain's record", problem.series.len());
	for (finding, claim) in &results {
		let about = &claim.about;
		match finding {
			Finding::Right { chunks, error } => {
				println!("right       {about}: {chunks} sums{}", shown_error(&problem, claim, *error, *chunks))
			}
			Finding::Wrong(reason) => println!("WRONG       {about}: {reason}"),
			Finding::Unknown(reason) => println!("unknown     {about}: {reason}"),
		}
	}
	notes.iter().for_each(|note| println!("unknown     {note}"));
	let share = if chunks.len() < usize::from(problem.chunks()) {
		format!(" as far as chunks {} tell", chunks.iter().map(u16::to_string).collect::<Vec<_>>().join(", "))
	} else {
		String::new()
	};
	println!(
		"{} ({seconds:.2} s on {cores} threads)",
		match code {
			0 => format!("The chain is right{share}: everything that was recomputed here came out bit by bit."),
			1 => "The chain is wrong: the statements above are not what its own data and models give.".into(),
			_ => "It cannot be told whether the chain is right: there is nothing that could be recomputed.".into(),
		}
	);
	Ok(code)
}

/// The mean error that a sum over some chunks stands for.
fn shown_error(problem: &Problem, claim: &Claim, error: u64, chunks: usize) -> String {
	let (Some(forecast), (size, unit)) = (problem.forecast(), problem.unit()) else { return String::new() };
	let split = &problem.spec.split;
	let windows = match (claim.seed, &problem.spec.evidence) {
		(Some(_), Evidence::Synthetic(_)) => forecast.windows,
		_ => forecast.validation_windows(split.train_end, split.validation_end).unwrap_or(1),
	};
	let count = chunks as f64 * f64::from(windows) * f64::from(forecast.horizon);
	format!(", mean absolute error {} {unit}", significant(error as f64 / 16.0 / count.max(1.0) * size))
}

fn json(
	problem: &Problem,
	at: Head,
	chunks: &[u16],
	results: &[(Finding, Claim)],
	notes: &[String],
	code: u8,
	seconds: f64,
) -> serde_json::Value {
	let statements: Vec<_> = results
		.iter()
		.map(|(finding, claim)| {
			let (verdict, reason) = match finding {
				Finding::Right { .. } => ("right", None),
				Finding::Wrong(reason) => ("wrong", Some(reason)),
				Finding::Unknown(reason) => ("unknown", Some(reason)),
			};
			serde_json::json!({ "about": claim.about, "verdict": verdict, "reason": reason })
		})
		.collect();
	serde_json::json!({
		"domain": problem.id,
		"block": at.number,
		"verdict": if code == 0 { "right" } else if code == 1 { "wrong" } else { "unknown" },
		"chunks": chunks,
		"statements": statements,
		"missing": notes,
		"seconds": seconds,
	})
}

async fn gather(chain: &Chain, id: DomainId, wanted: Option<u32>) -> Result<Read> {
	let at = chain.head();
	let problem = Problem::load(chain, at, id).await?;
	let champion = chain.champion(at, id).await?.with_context(|| format!("domain {id} has no champion"))?;
	let mut models = Models { chain, problem: &problem, known: BTreeMap::new() };
	let (mut claims, mut notes) = (Vec::new(), Vec::new());
	if wanted.is_none() {
		claims.extend(on_validation(chain, at, &mut models, &champion).await?);
	}
	let is_wanted = |round: RoundId| wanted.is_none_or(|number| number == round.number);
	// Rounds whose sums are settled and can still be challenged.
	for quorum in chain.quorums(at, id).await?.iter().filter(|quorum| !quorum.truth.is_empty() && is_wanted(quorum.round)) {
		claims.extend(of_quorum(at, &mut models, quorum).await?);
	}
	// The round that crowned the champion: its sums are gone with the verdict, and stand in the block before it.
	if let Some(round) = champion.round.filter(|round| is_wanted(*round)) {
		match crowning(chain, &mut models, &champion, round).await {
			Ok(found) => claims.extend(found),
			Err(error) => {
				notes.push(format!("the draw of {}, which crowned it, is not to be had from this node: {error:#}", name(round)))
			}
		}
	}
	if let Some(number) = wanted.filter(|_| claims.is_empty() && notes.is_empty()) {
		notes.push(format!("round {number} is neither settled and open to challenge now nor the one that crowned the champion"));
	}
	Ok(Read { problem, at, claims, notes })
}

/// Models as they are read.
struct Models<'a> {
	chain: &'a Chain,
	problem: &'a Problem,
	known: BTreeMap<ModelRef, std::result::Result<Model, String>>,
}

impl Models<'_> {
	async fn get(&mut self, at: Head, model: ModelRef) -> Result<std::result::Result<Model, String>> {
		if let Some(known) = self.known.get(&model) {
			return Ok(known.clone());
		}
		let loaded = match model {
			ModelRef::RepeatLast => Ok(Model::RepeatLast),
			ModelRef::Seasonal => Ok(Model::Seasonal),
			ModelRef::Origin => Ok(Model::Point(vec![0; usize::from(self.problem.chunks())])),
			ModelRef::Stored(id) => {
				let bytes = self.chain.model(at, id).await?.with_context(|| format!("model {id} is not stored any more"))?;
				admitted(self.problem, &bytes).map_err(|error| format!("{error:#}"))
			}
		};
		self.known.insert(model, loaded.clone());
		Ok(loaded)
	}
}

/// What the chain says about the champion on validation.
async fn on_validation(chain: &Chain, at: Head, models: &mut Models<'_>, champion: &ChampionView<Account>) -> Result<Vec<Claim>> {
	let model = models.get(at, champion.model).await?;
	let about = |what: &str| format!("the champion ({}), {what} on validation", model_name(&champion.model));
	let claim = |about: String, said: Said| Claim { about, model: model.clone(), seed: None, said };
	let mut claims = Vec::new();
	if let ModelRef::Stored(id) = champion.model {
		if let Some(sums) = chain.claimed_sums(at, id).await? {
			claims.push(claim(about("the sums of its author"), Said::Chunks(sums)));
		}
	}
	claims.push(claim(about("its error"), Said::Total(champion.validation_error)));
	Ok(claims)
}

/// What the chain says about every model of a settled round.
async fn of_quorum(at: Head, models: &mut Models<'_>, quorum: &QuorumView<Account>) -> Result<Vec<Claim>> {
	let Some(seed) = quorum.seed else { return Ok(Vec::new()) };
	let mut claims = Vec::new();
	for (model, sums) in quorum.models.iter().zip(&quorum.truth) {
		claims.push(Claim {
			about: format!("{}: {} on the windows drawn", name(quorum.round), model_name(model)),
			model: models.get(at, *model).await?,
			seed: Some(seed),
			said: Said::Chunks(sums.clone()),
		});
	}
	Ok(claims)
}

/// What the chain said about the round that crowned the champion, in the block before its verdict.
async fn crowning(
	chain: &Chain,
	models: &mut Models<'_>,
	champion: &ChampionView<Account>,
	round: RoundId,
) -> Result<Vec<Claim>> {
	let number = champion.block.checked_sub(1).context("there is no block before its verdict")?;
	let before = chain.block(number).await?.with_context(|| format!("the node does not know block {number}"))?;
	let quorums = chain.quorums(before, round.domain).await?;
	let settled = quorums.iter().find(|quorum| quorum.round == round && !quorum.truth.is_empty());
	let quorum = settled.with_context(|| format!("it is not settled in block {number}"))?;
	let mut claims = of_quorum(before, models, quorum).await?;
	let open = chain.open_round(before, round).await?;
	// What a contender won on is a mean over several draws, of which only the last is here.
	if open.is_some_and(|open| open.contender != Some(champion.model)) {
		claims.push(Claim {
			about: format!("{}: the champion ({}), its error on the windows drawn", name(round), model_name(&champion.model)),
			model: models.get(before, champion.model).await?,
			seed: quorum.seed,
			said: Said::Total(champion.error),
		});
	}
	Ok(claims)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::problem::tests::sawtooth;

	fn claim(said: Said, seed: Option<Hash>) -> Claim {
		Claim { about: "x".into(), model: Ok(Model::Seasonal), seed, said }
	}

	fn all() -> Vec<u16> {
		(0..32).collect()
	}

	#[test]
	fn a_chain_that_is_right_is_found_right() {
		let problem = sawtooth();
		for seed in [None, Some([7; 32])] {
			let sums = sums_of(&problem.spec, &problem.series, seed.as_ref(), &[Model::Seasonal], &all()).unwrap().remove(0);
			let error = total(&sums);
			let right = Finding::Right { chunks: 32, error };
			assert_eq!(claim(Said::Chunks(sums.clone()), seed).check(&problem, &all()).unwrap(), right);
			assert_eq!(claim(Said::Total(error), seed).check(&problem, &all()).unwrap(), right);
			let some = Finding::Right { chunks: 2, error: u64::from(sums[3]) + u64::from(sums[9]) };
			assert_eq!(claim(Said::Chunks(sums), seed).check(&problem, &[3, 9]).unwrap(), some);
		}
	}

	#[test]
	fn the_first_chunk_that_differs_is_named_with_both_sums() {
		let problem = sawtooth();
		let mut sums = problem.validation_sums(&[Model::Seasonal]).unwrap().remove(0);
		let own = sums[9];
		sums[9] += 1;
		sums[20] += 1;
		let Finding::Wrong(reason) = claim(Said::Chunks(sums.clone()), None).check(&problem, &all()).unwrap() else { panic!() };
		assert!(reason.starts_with(&format!("chunk 9 has an error sum of {} on the chain, and {own}", own + 1)), "{reason}");
		// Whoever looks elsewhere does not see it.
		assert!(matches!(claim(Said::Chunks(sums.clone()), None).check(&problem, &[1, 2]).unwrap(), Finding::Right { .. }));
		let wrong = |said| matches!(claim(said, None).check(&problem, &all()).unwrap(), Finding::Wrong(_));
		assert!(wrong(Said::Total(total(&sums))));
		assert!(wrong(Said::Chunks(sums[..31].to_vec())));
	}

	#[test]
	fn models_that_no_chain_may_take_make_it_wrong() {
		let claim = Claim { model: Err("Overflow".into()), ..claim(Said::Total(0), None) };
		assert!(matches!(claim.check(&sawtooth(), &all()).unwrap(), Finding::Wrong(reason) if reason.contains("Overflow")));
	}

	#[test]
	fn a_total_needs_all_chunks() {
		assert!(matches!(claim(Said::Total(1), None).check(&sawtooth(), &[4]).unwrap(), Finding::Unknown(_)));
	}

	#[test]
	fn exit_codes_are_right_wrong_and_unknown() {
		let right = Finding::Right { chunks: 1, error: 1 };
		let (wrong, unknown) = (Finding::Wrong(String::new()), Finding::Unknown(String::new()));
		assert_eq!(exit_code(&[right.clone(), unknown.clone()]), 0);
		assert_eq!(exit_code(&[right, wrong, unknown.clone()]), 1);
		assert_eq!((exit_code(&[unknown]), exit_code(&[])), (2, 2));
	}

	#[test]
	fn chunks_are_chosen_without_repeats() {
		assert_eq!(Chunks::All.choose(5, |_| 0), [0, 1, 2, 3, 4]);
		assert_eq!(Chunks::Some(9).choose(5, |_| 0), [0, 1, 2, 3, 4]);
		assert_eq!(Chunks::Some(2).choose(5, |below| below - 1), [0, 1]);
		let mut chosen = Chunks::Some(3).choose(40, |below| below / 2);
		chosen.dedup();
		assert_eq!(chosen.len(), 3);
		assert_eq!(("all".parse(), "4".parse()), (Ok(Chunks::All), Ok(Chunks::Some(4))));
		assert!("0".parse::<Chunks>().is_err());
	}

	#[tokio::test]
	async fn a_node_that_is_not_there_cannot_be_told() {
		let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
		let args = VerifyArgs { domain: 0, chunks: Chunks::All, round: None, cores: None, json: false };
		let code = run(&format!("ws://127.0.0.1:{port}"), args).await;
		assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(2)));
	}
}
