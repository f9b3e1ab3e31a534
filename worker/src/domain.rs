//! What owners, validators and evaluators do once: registering a domain, voting, bonding.

use crate::{
	amount::{significant, Amount},
	cli::{KeyArgs, SeriesArgs},
	csv_series::decimal,
	draft::{Draft, Question},
	problem::{error_name, error_size},
	target,
};
use anyhow::{bail, Context, Result};
use clap::Args;
use doin_chain::{Account, Call, Chain, Patience, Signer, Urgency, Vote};
use doin_primitives::{
	domain::{Page, PAGE_VALUES},
	Balance, DomainId, Evidence, SizeClass, Status,
};
use doin_scoring::Target;
use indicatif::{ProgressBar, ProgressStyle};
use std::{io::IsTerminal, path::PathBuf, time::Duration};

/// Pages uploaded by one extrinsic: 64 KiB, a small part of a block.
const BATCH: usize = 16;

/// What `domain create` takes.
#[derive(Clone, Debug, Args)]
pub struct CreateArgs {
	/// The file; its first line holds the names of its columns.
	#[arg(long, value_name = "FILE")]
	pub csv: PathBuf,
	/// The column to forecast.
	#[arg(long, value_name = "COLUMN")]
	pub column: String,
	#[command(flatten)]
	pub series: SeriesArgs,
	/// Chunks of a measurement: more of them make a verdict surer and dearer.
	#[arg(long, default_value_t = Question::default().chunks)]
	chunks: u16,
	/// Windows of a drawn chunk.
	#[arg(long, default_value_t = Question::default().windows)]
	windows: u16,
	/// Least improvement of an accepted candidate, in parts per million.
	#[arg(long, value_name = "PPM", default_value_t = Question::default().min_improvement)]
	min_improvement: u32,
	/// Per cent below the initial champion's error at which the domain counts as solved; never when left out.
	#[arg(long, value_name = "PERCENT")]
	target_performance: Option<f64>,
	/// Most bytes of a model.
	#[arg(long, default_value_t = Question::default().model_bytes)]
	model_bytes: u32,
	/// Most multiply-accumulates of a model per window; as many as evaluators of the small class serve when left out.
	#[arg(long)]
	window_macs: Option<u32>,
	/// Do not put it on the ballot: the nomination's deposit is saved, and nobody can vote for it.
	#[arg(long)]
	no_nominate: bool,
	/// Only say what it would be and what it would cost.
	#[arg(long)]
	dry_run: bool,
	/// As one JSON object.
	#[arg(long)]
	json: bool,
	#[command(flatten)]
	key: KeyArgs,
}

impl CreateArgs {
	fn question(&self) -> Result<Question> {
		let target = match self.target_performance {
			None => 0,
			Some(percent) if (0.0..100.0).contains(&percent) && percent > 0.0 => {
				((1.0 - percent / 100.0) * f64::from(1u32 << 20)).round().max(1.0) as u32
			}
			Some(percent) => bail!("--target-performance {percent} is no percentage between 0 and 100"),
		};
		Ok(Question {
			chunks: self.chunks,
			windows: self.windows,
			min_improvement: self.min_improvement,
			target,
			model_bytes: self.model_bytes,
			window_macs: self.window_macs,
		})
	}
}

/// What a domain costs its owner, in plancks.
#[derive(Clone, Copy, Debug)]
struct Price {
	/// Burned at registration.
	fee: Balance,
	/// Held until it is retired.
	deposit: Balance,
	/// Held while it is on the ballot.
	nomination: Balance,
}

impl Price {
	async fn of(chain: &Chain, draft: &Draft) -> Result<Self> {
		let record = codec::Encode::encoded_size(&draft.spec) as Balance;
		let base: Balance = chain.constant("Domains", "BaseDeposit").await?;
		let byte: Balance = chain.constant("Domains", "ByteDeposit").await?;
		Ok(Self {
			fee: chain.constant("Domains", "RegistrationFee").await?,
			deposit: base + byte * (record + 4 * Balance::from(draft.spec.values)),
			nomination: chain.constant("Gauge", "NominationDeposit").await?,
		})
	}
}

/// `domain create`.
pub async fn create(url: &str, args: CreateArgs) -> Result<()> {
	let question = args.question()?;
	let wanted = !args.no_nominate;
	let (path, column, series) = (args.csv.clone(), args.column.clone(), args.series.clone());
	let draft = tokio::task::spawn_blocking(move || Draft::from_csv(&path, &column, &series, &question)).await??;
	if !args.json {
		describe(&draft);
	}
	// A dry run needs no node; with one it says the price, too.
	let patience = if args.dry_run { Patience::Once } else { Patience::Within(Duration::from_secs(3)) };
	let chain = match Chain::connect(url, patience).await {
		Ok(chain) => Some(chain),
		Err(error) if args.dry_run && error.is_passing() => None,
		Err(error) => return Err(error.into()),
	};
	let price = match &chain {
		Some(chain) => Some(Price::of(chain, &draft).await?),
		None => None,
	};
	let nominate = wanted && draft.may_weigh();
	if let Some(price) = price.filter(|_| !args.json) {
		let ballot =
			if nominate { format!("; {} on hold while it is on the ballot", Amount(price.nomination)) } else { String::new() };
		println!(
			"cost        {} burned; {} on hold until it is retired{ballot}; transaction fees on top",
			Amount(price.fee),
			Amount(price.deposit)
		);
	}
	let registered = match chain.filter(|_| !args.dry_run) {
		Some(chain) => {
			let signer = args.key.signer()?;
			let id = register(&chain, &signer, &draft, nominate).await?;
			if !args.json {
				println!("Domain {id} takes commits. {}", next_step(id, nominate, draft.spec.target > 0));
			}
			Some(id)
		}
		None => {
			if !args.json {
				println!(
					"{}",
					if price.is_some() { "Nothing was sent." } else { "Nothing was sent, and no node was asked what it costs." }
				);
			}
			None
		}
	};
	if args.json {
		println!("{}", json(&draft, price, registered)?);
	}
	Ok(())
}

/// What pays for a domain from now on.
fn next_step(id: DomainId, nominated: bool, has_target: bool) -> String {
	match (nominated, has_target) {
		(true, true) => {
			format!("It pays its bounty only, until validators vote for it: doin-worker vote {id}=1000000 --key VALIDATOR-KEY")
		}
		(true, false) => {
			format!("It pays nothing until validators vote for it: doin-worker vote {id}=1000000 --key VALIDATOR-KEY")
		}
		(false, true) => {
			format!("It is not on the ballot and pays its bounty only: doin-worker domain bounty {id} \"250 DOIN\" --key KEY")
		}
		(false, false) => {
			"It is not on the ballot and has no target, so it pays nothing: run this again without --no-nominate".into()
		}
	}
}

/// Says what a draft is.
fn describe(draft: &Draft) {
	let Some(forecast) = draft.forecast() else { return };
	let split = &draft.spec.split;
	let rows = draft.spec.values / u32::from(forecast.channels);
	let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
	println!("domain      {}", text(&draft.spec.name));
	println!(
		"series      {rows} values in units of {}{}; {} train, {} validate, {} are held out",
		text(&draft.spec.unit),
		if draft.filled > 0 { format!(", {} of them filled in", draft.filled) } else { String::new() },
		split.train_end,
		split.validation_end - split.train_end,
		rows - split.validation_end
	);
	if !draft.inputs.is_empty() {
		let inputs: Vec<String> = draft.inputs.iter().map(|(column, unit)| format!("{column} in {}", decimal(*unit))).collect();
		println!("beside it   {}", inputs.join(", "));
	}
	println!(
		"question    {} from {}; a season has {}{}",
		target::describe(forecast, draft.quantum),
		forecast.history,
		if forecast.season == 1 { "one step".into() } else { format!("{} steps", forecast.season) },
		if draft.season_found { " (found in the series; set it with --season)" } else { "" }
	);
	match &draft.fit {
		Some(fit) => println!(
			"generator   order {}; differences deviate by {:.1} raw units (series {:.1}); seasonal error {:.1} (series {:.1}), repeat-last {:.1} ({:.1})",
			fit.order,
			fit.deviation.synthetic,
			fit.deviation.published,
			fit.seasonal.synthetic,
			fit.seasonal.published,
			fit.repeat_last.synthetic,
			fit.repeat_last.published
		),
		None => println!(
			"evidence    the validation part itself, for no generator makes several channels: only a bounty is paid, nothing is minted"
		),
	}
	println!(
		"verdicts    {} chunks of {} windows; at least {} ppm better",
		forecast.chunks, forecast.windows, draft.spec.min_improvement
	);
	let size = error_size(forecast, draft.quantum);
	println!("baselines   {:<22}  validation   held-out tail   generated", error_name(forecast));
	for row in &draft.baselines {
		let line = |line: Option<f64>| line.map_or("-".into(), |mean| significant(mean * size));
		println!(
			"            {:<22} {:>11} {:>15} {:>11}",
			row.name,
			line(Some(row.validation.mean)),
			line(row.tail.map(|tail| tail.mean)),
			line(row.practice.map(|practice| practice.mean))
		);
	}
}

fn json(draft: &Draft, price: Option<Price>, registered: Option<DomainId>) -> Result<serde_json::Value> {
	let spec = &draft.spec;
	let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
	let forecast = draft.forecast().context("only forecasts are made from files")?;
	let generator = match &spec.evidence {
		Evidence::Public => None,
		Evidence::Synthetic(generator) => Some(serde_json::json!({
			"template": generator.template.to_vec(),
			"ar": generator.ar.to_vec(),
			"noise": generator.noise,
			"level": generator.level,
		})),
	};
	let inputs: Vec<_> =
		draft.inputs.iter().map(|(column, unit)| serde_json::json!({ "column": column, "unit": unit })).collect();
	let (steps, classes) = match &forecast.target {
		Target::Values => (None, None),
		Target::Steps(steps) => (Some(steps.to_vec()), None),
		Target::Classes(bounds) => (None, Some(bounds.to_vec())),
	};
	let genes: Vec<_> = spec
		.genes
		.iter()
		.map(|gene| serde_json::json!({ "name": text(&gene.name), "lo": gene.lo, "hi": gene.hi, "log": gene.log }))
		.collect();
	let size = error_size(forecast, draft.quantum);
	let baselines: Vec<_> = draft
		.baselines
		.iter()
		.map(|row| {
			let mean = |mean: f64| (mean * size).to_string();
			serde_json::json!({
				"name": row.name,
				"validation": mean(row.validation.mean),
				"tail": row.tail.map(|tail| mean(tail.mean)),
				"practice": row.practice.map(|practice| mean(practice.mean)),
			})
		})
		.collect();
	Ok(serde_json::json!({
		"domain": registered,
		"name": text(&spec.name),
		"program": spec.program.name(),
		"unit": text(&spec.unit),
		"channels": forecast.channels,
		"inputs": inputs,
		"steps": steps,
		"classes": classes,
		"values": spec.values,
		"filled": draft.filled,
		"season": forecast.season,
		"horizon": forecast.horizon,
		"history": forecast.history,
		"chunks": forecast.chunks,
		"windows": forecast.windows,
		"split": spec.split,
		"limits": spec.limits,
		"genes": genes,
		"minImprovement": spec.min_improvement,
		"target": spec.target,
		"dataRoot": format!("0x{}", hex::encode(spec.data_root)),
		"generator": generator,
		"baselines": baselines,
		"fee": price.map(|price| price.fee.to_string()),
		"deposit": price.map(|price| price.deposit.to_string()),
		"nominationDeposit": price.map(|price| price.nomination.to_string()),
	}))
}

/// Registers a draft, uploads its pages, activates and nominates it if wanted, which takes one that [may weigh](Draft::may_weigh); goes on
/// where an earlier attempt was interrupted.
pub async fn register(chain: &Chain, signer: &Signer, draft: &Draft, nominate: bool) -> Result<DomainId> {
	if !draft.may_weigh() && draft.spec.target == 0 {
		bail!("nothing would ever be paid for this domain: with several columns it pays a bounty only, and a bounty needs a target. Add --target-performance PERCENT");
	}
	let id = match unfinished(chain, signer.account(), draft).await? {
		Some(id) => {
			eprintln!("domain {id} is there already: going on with it");
			id
		}
		None => {
			let price = Price::of(chain, draft).await?;
			let funds = chain.funds(chain.head(), signer.account()).await?;
			let needed = price.fee + price.deposit + if nominate { price.nomination } else { 0 };
			if funds.free < needed {
				bail!(
					"{} has {}, and the domain takes {} and transaction fees: send it more",
					signer.account(),
					Amount(funds.free),
					Amount(needed)
				);
			}
			let included = chain.submit(signer, &Call::register(&draft.spec), Urgency::Relaxed).await?;
			let id = included.event("Domains", "Registered").context("the registration did not say which domain it made")?;
			eprintln!("domain {id} is registered in block {}", included.block.number);
			id
		}
	};
	upload(chain, signer, id, draft).await?;
	let state = chain.domain(chain.head(), id).await?.with_context(|| format!("domain {id} is gone"))?;
	if state.status == Status::Loading {
		let included = chain.submit(signer, &Call::activate(id, draft.spec.values), Urgency::Relaxed).await?;
		eprintln!("domain {id} is active since block {}", included.block.number);
	}
	if nominate && !chain.nominated(chain.head()).await?.contains(&id) {
		chain.submit(signer, &Call::nominate(id), Urgency::Relaxed).await?;
		eprintln!("domain {id} is on the ballot");
	}
	Ok(id)
}

/// The domain that an earlier attempt with the same draft has made.
async fn unfinished(chain: &Chain, owner: Account, draft: &Draft) -> Result<Option<DomainId>> {
	let head = chain.head();
	for domain in chain.domains(head).await? {
		let open = matches!(domain.status, Status::Loading | Status::Active);
		if open && domain.owner == owner && chain.domain_spec(head, domain.id).await?.as_ref() == Some(&draft.spec) {
			return Ok(Some(domain.id));
		}
	}
	Ok(None)
}

async fn upload(chain: &Chain, signer: &Signer, id: DomainId, draft: &Draft) -> Result<()> {
	let pages: Vec<&[i32]> = draft.values.chunks(PAGE_VALUES as usize).collect();
	let mut missing = Vec::new();
	let head = chain.head();
	for index in 0..pages.len() as u32 {
		if !chain.has_page(head, id, index).await? {
			missing.push(index);
		}
	}
	if missing.is_empty() {
		return Ok(());
	}
	let bar = if std::io::stderr().is_terminal() { ProgressBar::new(pages.len() as u64) } else { ProgressBar::hidden() };
	bar.set_style(
		ProgressStyle::with_template("uploading {bar:30} {pos}/{len} pages, {eta} left")
			.unwrap_or_else(|_| ProgressStyle::default_bar()),
	);
	bar.set_position((pages.len() - missing.len()) as u64);
	for batch in missing.chunks(BATCH) {
		let mut calls = Vec::with_capacity(batch.len());
		for index in batch {
			let page = Page::try_from(pages[*index as usize].to_vec()).map_err(|_| anyhow::anyhow!("a page is too long"))?;
			calls.push(Call::upload(id, *index, &page));
		}
		match chain.submit(signer, &Call::batch(calls), Urgency::Relaxed).await {
			Ok(_) => {}
			// An attempt whose end nobody saw.
			Err(error) if error.dispatch() == Some("Domains::PageAlreadyUploaded") => {}
			Err(error) => {
				return Err(error).with_context(|| format!("uploading pages of domain {id}; run the same command again to go on"))
			}
		}
		bar.inc(batch.len() as u64);
	}
	bar.finish_and_clear();
	eprintln!("{} pages of domain {id} are uploaded", pages.len());
	Ok(())
}

/// `vote`.
pub async fn vote(chain: &Chain, signer: &Signer, votes: &[Vote]) -> Result<()> {
	let mut sorted = votes.to_vec();
	sorted.sort_unstable();
	if let Some(pair) = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
		bail!("domain {} is named twice: give it one weight", pair[0].0);
	}
	let included = chain.submit(signer, &Call::vote(&sorted), Urgency::Relaxed).await?;
	println!("The ballot of {} is in block {}. It counts from the next session on.", signer.account(), included.block.number);
	Ok(())
}

/// `domain bounty`.
pub async fn bounty(chain: &Chain, signer: &Signer, id: DomainId, amount: Amount) -> Result<()> {
	let included = chain.submit(signer, &Call::add_bounty(id, amount.0), Urgency::Relaxed).await?;
	let whole = chain.domain(chain.head(), id).await?.map_or(amount.0, |domain| domain.bounty);
	println!("Whoever solves domain {id} gets {} since block {}.", Amount(whole), included.block.number);
	Ok(())
}

/// Adds a vote to a ballot without taking others back.
pub async fn add_vote(chain: &Chain, signer: &Signer, vote: Vote) -> Result<bool> {
	let mut votes = chain.ballot(chain.head(), signer.account()).await?;
	if votes.contains(&vote) {
		return Ok(false);
	}
	votes.retain(|(domain, _)| *domain != vote.0);
	votes.push(vote);
	votes.sort_unstable();
	chain.submit(signer, &Call::vote(&votes), Urgency::Relaxed).await?;
	Ok(true)
}

/// `bond`.
pub async fn bond(chain: &Chain, signer: &Signer, amount: Amount, class: SizeClass) -> Result<()> {
	let bonded = chain.reputation(chain.head(), signer.account()).await?.bond;
	let call = if bonded == 0 { Call::bond(amount.0, class) } else { Call::bond_extra(amount.0) };
	let included = chain.submit(signer, &call, Urgency::Relaxed).await?;
	let whole = Amount(bonded.saturating_add(amount.0));
	println!(
		"{} has {whole} at stake since block {}. Start `doin-worker run` with this key: it may be drawn from now on.",
		signer.account(),
		included.block.number
	);
	Ok(())
}

/// `unbond`.
pub async fn unbond(chain: &Chain, signer: &Signer) -> Result<()> {
	let included = chain.submit(signer, &Call::unbond(), Urgency::Relaxed).await?;
	let (_, until): (Account, u32) =
		included.event("Quorum", "Unbonding").context("the chain did not say when it can be withdrawn")?;
	println!(
		"{} is not drawn any more. What it was drawn for it still has to answer: keep its worker running until block {until}, then run \
		`doin-worker withdraw` with this key.",
		signer.account()
	);
	Ok(())
}

/// `withdraw`.
pub async fn withdraw(chain: &Chain, signer: &Signer) -> Result<()> {
	let included = chain.submit(signer, &Call::withdraw(), Urgency::Relaxed).await?;
	let (_, amount): (Account, Balance) =
		included.event("Quorum", "Withdrawn").context("the chain did not say how much came back")?;
	println!("{} has {} back since block {}.", signer.account(), Amount(amount), included.block.number);
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::draft::tests::args;
	use std::path::Path;

	fn co2() -> Draft {
		let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/mauna-loa-co2-weekly.csv");
		let series = SeriesArgs {
			season: Some(52),
			horizon: Some(13),
			history: Some(104),
			name: Some("Mauna Loa CO2, weekly, 13 weeks ahead".into()),
			..args()
		};
		Draft::from_csv(&path, "ppm", &series, &Question::default()).unwrap()
	}

	#[test]
	fn the_demo_series_makes_a_domain_that_the_chain_takes() {
		let draft = co2();
		assert_eq!(draft.spec.check(), Ok(()));
		assert_eq!(draft.spec.unit.as_slice(), b"0.01 ppm");
		assert_eq!((draft.spec.values, draft.spec.split.train_end, draft.spec.split.validation_end), (2_284, 1_598, 1_941));
		assert!(
			draft.baselines[2].validation.error < draft.baselines[1].validation.error,
			"the ridge beats the seasonal forecast"
		);
		let json = json(&draft, None, None).unwrap();
		assert_eq!(json["generator"]["template"].as_array().unwrap().len(), 52);
	}
}
