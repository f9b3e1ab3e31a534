//! `domain create`: makes a domain of a series, of a table, of the losses of a table, or of a standard function.

mod genomes;
mod landscape;
mod rows;
mod sealing;
mod series;

use crate::{
	args::{argument, DraftArgs, KeyArgs, NodeArgs},
	commands::{
		likeness,
		registration::{find_unfinished, register, Ballot, Price},
	},
	report::{entry, print_text, OutputArgs, Remarks},
	work::compute,
};
use anyhow::{bail, ensure, Context, Result};
use clap::Args;
use doin_chain::{Chain, Patience, Signer};
use doin_forecast::{
	sealed::series::StepSource, DomainTerms, Draft, DraftOptions, GenomeDraft, NewDomain, Note, RowDraft, SeriesSource,
};
use doin_primitives::{domain::INITIAL_LOSS, Balance, DomainId};
use doin_roles::{
	amount::Amount,
	keys::segment_key,
	owner::{ensure_sealed_once, OwnedSource},
};
use genomes::{GenomeArgs, GenomeDraftReport};
use landscape::{LandscapeArgs, LandscapeReport};
use rows::{RowArgs, RowDraftReport};
use sealing::SealArgs;
use serde::Serialize;
use serde_with::{As, DisplayFromStr};
use series::DraftReport;
use std::{
	fmt::{self, Display, Formatter},
	path::Path,
	time::Duration,
};

/// Arguments of `domain create`.
#[derive(Clone, Debug, Args)]
pub struct CreateArgs {
	/// CSV file, also compressed by gzip, or - for standard input; FILE:1000 uses its first 1000 rows
	#[arg(long, value_name = "FILE[:ROWS]", required_unless_present = "landscape")]
	csv: Option<SeriesSource>,
	/// Column to forecast, by name or by position from 1. May be omitted if only one column has numbers
	#[arg(long, value_name = "COLUMN")]
	column: Option<String>,
	#[command(flatten)]
	series: DraftArgs,
	#[command(flatten)]
	rows: RowArgs,
	#[command(flatten)]
	genomes: GenomeArgs,
	#[command(flatten)]
	landscape: LandscapeArgs,
	#[command(flatten)]
	sealing: SealArgs,
	/// Chunks of a recomputation; more chunks make a verdict more certain and more expensive [default: 32; 64 for rows, or as
	/// many as --segment-rows needs]
	#[arg(long)]
	chunks: Option<u16>,
	/// Windows of a drawn chunk [default: 16; of sealed data, as many as span two horizons]
	#[arg(long)]
	windows: Option<u16>,
	/// Least improvement of an accepted candidate, in parts per million
	#[arg(long, value_name = "PPM", default_value_t = DomainTerms::default().min_improvement)]
	min_improvement: u32,
	/// Per cent below the initial champion's error at which the domain counts as solved [default: never; 99 of a landscape]
	#[arg(long, value_name = "PERCENT")]
	target_performance: Option<f64>,
	/// Most bytes of a model
	#[arg(long, default_value_t = DomainTerms::default().model_bytes)]
	model_bytes: u32,
	/// Most multiply-accumulates of a model per window or row; of a genome, per entry of a batch [default: as many as evaluators of
	/// the small class serve, at most 32768, or 262144 for images; 400 of a genome]
	#[arg(long)]
	window_macs: Option<u32>,
	/// Do not hand in the best linear model as the initial champion. Without it, the domain also pays for what a linear model
	/// forecasts
	#[arg(long)]
	no_linear: bool,
	/// Do not nominate the domain: this saves the nomination deposit, and nobody can vote for the domain until it is nominated
	/// (`doin-worker domain nominate`)
	#[arg(long)]
	no_nominate: bool,
	/// Make the domain although the file may have rows of this sealed domain of the same owner; may be given several times. What
	/// one domain opens is known in the other one, whose purse pays for it
	#[arg(long, value_name = "DOMAIN", requires = "sealed", help_heading = "Sealed data")]
	confirm_shared: Vec<DomainId>,
	/// Only show the domain and its costs
	#[arg(long)]
	dry_run: bool,
	#[command(flatten)]
	output: OutputArgs,
	#[command(flatten)]
	key: KeyArgs,
}

impl CreateArgs {
	/// Returns the options that name the file and its columns, with which `own`, `domain seal` and `domain champion` read it again.
	fn file_arguments(&self) -> Vec<String> {
		let csv = self.csv.iter().flat_map(|csv| argument("--csv", &csv.to_string()));
		let column = self.column.iter().flat_map(|column| argument("--column", column));
		let series = self.series.to_arguments(self.rows.is_given());
		csv.chain(column).chain(self.rows.to_arguments()).chain(series).collect()
	}

	/// Returns the options of `own`, but for its key.
	fn own_arguments(&self) -> Vec<String> {
		let confirmed = self.confirm_shared.iter().flat_map(|domain| argument("--confirm-shared", &domain.to_string()));
		self.file_arguments().into_iter().chain(confirmed).collect()
	}

	/// Returns `true` if the data is read from standard input, which cannot be read again.
	fn is_piped(&self) -> bool {
		self.csv.as_ref().is_some_and(|csv| csv.path == Path::new("-"))
	}

	fn terms(&self, remarks: &Remarks) -> Result<DomainTerms> {
		ensure!(
			!self.sealing.is_given() || !self.is_piped(),
			"segments are rebuilt from the file whenever one is opened, so --csv - cannot be used with --sealed: name a file, and keep it"
		);
		Ok(DomainTerms {
			chunks: self.chunks,
			windows: self.windows,
			min_improvement: self.min_improvement,
			target: target_of(self.target_performance)?,
			model_bytes: self.model_bytes,
			window_macs: self.window_macs,
			licence: self.sealing.licence(),
			sealed: self.sealing.terms(&self.key, self.dry_run.then_some(remarks), self.rows.is_given())?,
			linear: !self.no_linear,
		})
	}
}

/// Returns the loss at which a domain is solved whose error has to shrink by so many per cent; 0 for never.
///
/// # Errors
///
/// Errors if it is not a percentage.
pub(super) fn target_of(percent: Option<f64>) -> Result<u32> {
	match percent {
		None => Ok(0),
		Some(percent) if percent > 0.0 && percent < 100.0 => {
			Ok(((1.0 - percent / 100.0) * f64::from(INITIAL_LOSS)).round().max(1.0) as u32)
		}
		Some(percent) => bail!("invalid --target-performance {percent}: expected a percentage between 0 and 100"),
	}
}

/// Runs `domain create`.
///
/// # Errors
///
/// Errors if the file, an option or the key cannot be used, if nobody could ever vote for the domain, or if a call fails.
pub async fn run(node: &NodeArgs, args: CreateArgs) -> Result<()> {
	let remarks = Remarks::default();
	if let Some(landscape) = args.landscape.landscape() {
		let target = target_of(args.target_performance.or(Some(landscape::TARGET_PERCENT)))?;
		let options = DraftOptions::from(&args.series);
		let domain = landscape::domain(landscape, options.name.as_deref(), args.min_improvement, target)?;
		let report = LandscapeReport::new(&landscape, &domain);
		let new = New { domain, source: None, notes: Vec::new(), report };
		return create(node, &args, new, &remarks).await;
	}
	let terms = args.terms(&remarks)?;
	let source = args.csv.clone().context("neither a file nor a landscape is given: choose one, e.g. --csv load.csv")?;
	let options = DraftOptions::from(&args.series);
	match args.rows.options(source.clone(), &options)? {
		None => {
			let column = args.column.clone();
			let read = options.read.clone();
			let file = StepSource { source: source.clone(), column: column.clone(), read, scale: options.scale };
			let nominate = !args.no_nominate;
			let drafted = compute(move |_| {
				let draft = Draft::from_csv(&source, column.as_deref(), &options, &terms)?;
				let warning = likeness::check(&draft.domain, nominate)?;
				Ok((draft, warning))
			});
			let (draft, warning) = drafted.await?;
			warning.iter().for_each(|warning| remarks.add(warning));
			let report = DraftReport::new(&draft)?;
			let new = New { domain: draft.domain, source: Some(OwnedSource::Steps(file)), notes: draft.notes, report };
			create(node, &args, new, &remarks).await
		}
		Some(options) if args.genomes.is_given() => {
			let runs = args.genomes.options()?;
			let draft = compute(move |_| GenomeDraft::from_csv(&options, &runs, &terms)).await?;
			let report = GenomeDraftReport::new(&draft);
			let new = New { domain: draft.domain, source: None, notes: draft.notes, report };
			create(node, &args, new, &remarks).await
		}
		Some(options) => {
			let file = options.rows.clone();
			let draft = compute(move |_| RowDraft::from_csv(&options, &terms)).await?;
			args.rows.write_map(&draft.mapping, !args.sealing.is_given() || args.key.source().is_some())?;
			let report = RowDraftReport::new(&draft);
			let new = New { domain: draft.domain, source: Some(OwnedSource::Rows(file)), notes: draft.notes, report };
			create(node, &args, new, &remarks).await
		}
	}
}

/// Domain that is about to be registered, and its description.
struct New<R> {
	domain: NewDomain,
	/// File of its data, and how the file is read; `None` for a landscape or loss genomes, whose data seals nothing.
	source: Option<OwnedSource>,
	notes: Vec<Note>,
	report: R,
}

/// Shows a domain and its costs, and registers it unless this is a dry run.
async fn create<R: Serialize + Display>(node: &NodeArgs, args: &CreateArgs, new: New<R>, remarks: &Remarks) -> Result<()> {
	let New { domain, source, notes, report: draft } = new;
	remarks.add_notes(&notes);
	let mut report = CreateReport { draft, outcome: Outcome { notes: remarks.texts(), ..Outcome::default() } };
	if !args.output.is_json() {
		print_text(&report)?;
	}
	// A dry run needs no node, but shows the costs if there is one.
	let patience = if args.dry_run { Patience::Once } else { Patience::Within(Duration::from_secs(3)) };
	let chain = match node.connect_with(patience).await {
		Ok(chain) => Some(chain),
		Err(error) if args.dry_run && error.is_transient() => None,
		Err(error) => return Err(error.into()),
	};
	let nominate = !args.no_nominate && domain.is_mintable();
	let fund = args.sealing.fund();
	if let Some(chain) = &chain {
		let price = Price::of(chain, &domain).await?;
		report.outcome.set_price(price);
		if !args.output.is_json() {
			print_text(Costs { price, nominate, fund })?;
		}
	}
	let mut ballot = Ballot::NotRequested;
	if let Some(chain) = chain.filter(|_| !args.dry_run) {
		let signer = args.key.signer()?;
		let sealing = args.sealing.sealing(&args.key)?;
		ensure!(sealing.is_some() == domain.sealed.is_some(), "the segment key is missing: name the key of the owner with --key");
		if let Some(source) = &source {
			ensure_new(&chain, &signer, args, &domain, source).await?;
		}
		let registered = register(&chain, &signer, &domain, sealing.as_ref(), nominate).await?;
		report.outcome.domain = Some(registered.id);
		ballot = registered.ballot;
	}
	if args.output.is_json() {
		return args.output.print(&report);
	}
	match (report.outcome.domain, report.outcome.fee) {
		(Some(id), _) => {
			println!("Domain {id} takes commits. {}", next_step(id, ballot, domain.spec.target > 0));
			if domain.sealed.is_some() {
				print_text(args.sealing.advice(id, &args.own_arguments(), &args.key))?;
			}
		}
		(None, Some(_)) => println!("Nothing was sent."),
		(None, None) => println!("Nothing was sent, and the costs are unknown without a node."),
	}
	Ok(())
}

/// Checks that no other domain of the account has sealed segments or public rows of the same file: the new one would publish them, or
/// seal what is opened in the other. A registration of the same domain can be continued.
async fn ensure_new(chain: &Chain, signer: &Signer, args: &CreateArgs, domain: &NewDomain, source: &OwnedSource) -> Result<()> {
	// Standard input cannot be read again.
	let key = args.key.source().filter(|_| !args.is_piped());
	let Some(key) = key else { return Ok(()) };
	let unfinished = find_unfinished(chain, signer.account(), domain).await?;
	let segment_key = segment_key(&key.load()?);
	ensure_sealed_once(chain, chain.head(), source, &segment_key, signer.account(), unfinished, &args.confirm_shared).await
}

/// Report of `domain create`.
#[derive(Debug, Serialize)]
struct CreateReport<R> {
	#[serde(flatten)]
	draft: R,
	#[serde(flatten)]
	outcome: Outcome,
}

impl<R: Display> Display for CreateReport<R> {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		self.draft.fmt(f)
	}
}

/// Costs of a domain, and its identifier.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
	/// Identifier, once registered.
	domain: Option<DomainId>,
	/// Fee that registration burns, in plancks; `None` without a node.
	#[serde(with = "As::<Option<DisplayFromStr>>")]
	fee: Option<Balance>,
	#[serde(with = "As::<Option<DisplayFromStr>>")]
	deposit: Option<Balance>,
	#[serde(with = "As::<Option<DisplayFromStr>>")]
	nomination_deposit: Option<Balance>,
	/// Hold for the bytes of all segments, in plancks.
	#[serde(with = "As::<Option<DisplayFromStr>>")]
	segment_hold: Option<Balance>,
	/// Remarks on the file.
	notes: Vec<String>,
}

impl Outcome {
	/// Adds the costs.
	fn set_price(&mut self, price: Price) {
		(self.fee, self.deposit) = (Some(price.fee), Some(price.deposit));
		(self.nomination_deposit, self.segment_hold) = (Some(price.nomination), Some(price.segments));
	}
}

/// Costs of a draft as text.
struct Costs {
	price: Price,
	nominate: bool,
	/// Amount that is added to the purse.
	fund: Balance,
}

impl Display for Costs {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Price { fee, deposit, nomination, segments } = self.price;
		let ballot = match self.nominate {
			true => format!("; {} on hold while the domain is on the ballot", Amount(nomination)),
			false => String::new(),
		};
		let (fee, deposit) = (Amount(fee), Amount(deposit));
		entry(f, "costs", format_args!("{fee} burned; {deposit} on hold until it is retired{ballot}; and transaction fees"))?;
		if segments > 0 {
			entry(f, "", format_args!("{} on hold for the bytes of the segments", Amount(segments)))?;
		}
		if self.fund > 0 {
			entry(f, "", format_args!("{} in the purse, which pays for what is found on the segments", Amount(self.fund)))?;
		}
		Ok(())
	}
}

/// Returns the next step that makes a domain pay.
fn next_step(id: DomainId, ballot: Ballot, has_target: bool) -> String {
	match (ballot, has_target) {
		(Ballot::EmptyPurse, _) => format!(
			"Its purse is empty, so it pays nothing and cannot be put on the ballot: run doin-worker domain fund {id} \"1000 DOIN\" --key \
			KEY, then doin-worker domain nominate {id} --key KEY"
		),
		(Ballot::Nominated, true) => {
			format!("It pays its bounty only, until validators vote for it: doin-worker vote {id}=1000000 --key VALIDATOR-KEY")
		}
		(Ballot::Nominated, false) => {
			format!("It pays nothing until validators vote for it: doin-worker vote {id}=1000000 --key VALIDATOR-KEY")
		}
		(Ballot::NotRequested, true) => {
			format!("It is not on the ballot and pays its bounty only: doin-worker domain bounty {id} \"250 DOIN\" --key KEY")
		}
		(Ballot::NotRequested, false) => {
			format!("It is not on the ballot and has no target, so it pays nothing: doin-worker domain nominate {id} --key KEY")
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;

	#[derive(Parser)]
	struct Create {
		#[command(flatten)]
		args: CreateArgs,
	}

	fn parse(more: &[&str]) -> Result<CreateArgs, String> {
		let all = [&["create", "--csv", "a.csv"][..], more].concat();
		Create::try_parse_from(all).map(|create| create.args).map_err(|error| error.to_string())
	}

	#[test]
	fn the_next_step_depends_on_ballot_and_target() {
		assert!(next_step(3, Ballot::Nominated, false).contains("vote 3=1000000"));
		assert!(next_step(3, Ballot::Nominated, true).starts_with("It pays its bounty only"));
		assert!(next_step(3, Ballot::NotRequested, true).contains("domain bounty 3"));
		assert!(next_step(3, Ballot::NotRequested, false).contains("domain nominate 3"));
		for has_target in [true, false] {
			let empty = next_step(3, Ballot::EmptyPurse, has_target);
			assert!(empty.contains("domain fund 3 \"1000 DOIN\" --key KEY, then doin-worker domain nominate 3"), "{empty}");
		}
	}

	#[test]
	fn a_landscape_takes_the_place_of_a_file() {
		let parse = |line: &str| {
			let parsed = Create::try_parse_from(line.split(' ')).map(|create| create.args);
			parsed.map_err(|error| error.to_string())
		};
		let args = parse("create --landscape rastrigin --dimensions 6 --seed 3 --name hills").unwrap();
		let landscape = args.landscape.landscape().unwrap();
		assert_eq!((landscape.shape.name(), landscape.dimensions, landscape.seed), ("rastrigin", 6, Some(3)));
		assert_eq!(target_of(args.target_performance.or(Some(landscape::TARGET_PERCENT))).unwrap(), 10_486);
		assert!(parse("create").unwrap_err().contains("--csv"));
		for more in
			["--csv a.csv", "--label a", "--season 4", "--chunks 40", "--sealed 2 --licence CC0-1.0", "--last 5", "--where a=b"]
		{
			let reason = parse(&format!("create --landscape sphere {more}")).unwrap_err();
			assert!(reason.contains("cannot be used with"), "{more}: {reason}");
		}
		for alone in ["--dimensions 3", "--seed 3"] {
			assert!(parse(&format!("create --csv a.csv {alone}")).unwrap_err().contains("cannot be used with"), "{alone}");
		}
		assert!(parse("create --landscape hill").unwrap_err().contains("rastrigin"));
	}

	#[test]
	fn options_of_rows_and_series_exclude_each_other() {
		use clap::CommandFactory;
		Create::command().debug_assert();
		for series in
			[["--column", "b"], ["--horizon", "4"], ["--season", "4"], ["--windows", "4"], ["--time", "t"], ["--scale", "2"]]
		{
			let reason = parse(&[&["--label", "a"][..], &series].concat()).unwrap_err();
			assert!(reason.contains("cannot be used with"), "{series:?}: {reason}");
		}
		for alone in [
			&["--values"][..],
			&["--image", "8x8"],
			&["--without", "a"],
			&["--segment-rows", "512"],
			&["--stake", "2 DOIN"],
			&["--confirm-shared", "7"],
		] {
			assert!(parse(alone).unwrap_err().contains("required"), "{alone:?}");
		}
		let args = parse(&["--label", "a", "--sealed", "2", "--licence", "CC0-1.0", "--dev-key", "//Alice"]).unwrap();
		let remarks = Remarks::default();
		let terms = args.terms(&remarks).unwrap();
		let sealed = terms.sealed.unwrap();
		assert_eq!((sealed.segments, sealed.segment, sealed.stake), (2, None, 10 * doin_primitives::DOIN));
		assert_eq!((terms.licence.as_str(), terms.linear, remarks.texts().len()), ("CC0-1.0", true, 0));
		assert!(parse(&["--sealed", "2"]).unwrap_err().contains("--licence"), "a licence is required");
		let shared = ["--sealed", "2", "--licence", "CC0-1.0", "--confirm-shared", "7", "--confirm-shared", "9"];
		let confirmed = parse(&shared).unwrap();
		let own = confirmed.own_arguments();
		assert!(own.ends_with(&["--confirm-shared", "7", "--confirm-shared", "9"].map(String::from)), "{own:?}");
		assert_eq!((confirmed.confirm_shared, args.confirm_shared), (vec![7, 9], vec![]));
		let unsigned = parse(&["--label", "a", "--sealed", "2", "--licence", "CC0-1.0"]).unwrap();
		assert!(format!("{:#}", unsigned.terms(&remarks).unwrap_err()).contains("--key FILE"));
		let series = parse(&["--sealed", "2", "--licence", "CC0-1.0", "--dry-run"]).unwrap();
		series.terms(&remarks).unwrap();
		assert!(remarks.texts().is_empty(), "a series keeps its order: {:?}", remarks.texts());
		let dry = parse(&["--label", "a", "--sealed", "2", "--licence", "CC0-1.0", "--dry-run"]).unwrap();
		dry.terms(&remarks).unwrap();
		assert!(remarks.texts()[0].starts_with("note: no key was named"), "{:?}", remarks.texts());
		let piped = ["create", "--csv", "-", "--sealed", "2", "--licence", "CC0-1.0", "--dry-run"];
		let piped = Create::try_parse_from(piped).map(|create| create.args).unwrap_or_else(|error| panic!("{error}"));
		let reason = format!("{:#}", piped.terms(&remarks).unwrap_err());
		assert!(reason.contains("--csv - cannot be used with --sealed"), "{reason}");
	}

	#[derive(Parser)]
	struct Owned {
		#[command(flatten)]
		data: crate::owned_args::OwnedArgs,
	}

	#[test]
	fn the_owner_reads_the_file_as_the_registration_did() {
		let sealed = ["--sealed", "2", "--licence", "CC0-1.0", "--dev-key", "//Alice"];
		let read = ["--fill=median", "--missing=n. v.", "--missing=-", "--where=shop=Mike's", "--last=1000", "--decimal=,"];
		let image = ["--label", "my label", "--image", "8x4", "--without", "a,b", "--without=-c"];
		for rows in [&image[..], &["--label", "y", "--values", "--unit", "0.25", "--inputs", "a", "--inputs", "\"b,c\""]] {
			let args = parse(&[rows, &read, &sealed].concat()).unwrap();
			let arguments = [vec!["own".to_string()], args.file_arguments()].concat();
			let owned = Owned::try_parse_from(&arguments).map(|owned| owned.data).unwrap_or_else(|error| panic!("{error}"));
			let made = args.rows.options(args.csv.clone().unwrap(), &DraftOptions::from(&args.series)).unwrap().unwrap().rows;
			assert_eq!(format!("{:?}", owned.source().unwrap()), format!("Rows({made:?})"), "{arguments:?}");
		}
		let series =
			["--column", "load", "--inputs", "a,b", "--scale=-0.5", "--time", "day,hour", "--fill", "linear", "--unit", "2"];
		let args = parse(&[&series[..], &sealed].concat()).unwrap();
		let arguments = [vec!["own".to_string()], args.file_arguments()].concat();
		let owned = Owned::try_parse_from(&arguments).map(|owned| owned.data).unwrap_or_else(|error| panic!("{error}"));
		let options = DraftOptions::from(&args.series);
		let made = doin_forecast::sealed::series::StepSource {
			source: args.csv.clone().unwrap(),
			column: args.column.clone(),
			read: options.read,
			scale: options.scale,
		};
		assert_eq!(format!("{:?}", owned.source().unwrap()), format!("Steps({made:?})"), "{arguments:?}");
		let text = args.sealing.advice(3, &args.file_arguments(), &args.key);
		assert!(
			text.contains("doin-worker own --domain 3 --csv a.csv --column load --inputs a,b --scale=-0.5")
				&& text.contains("--dev-key //Alice"),
			"{text}"
		);
	}

	#[test]
	fn costs_of_a_sealed_domain_name_hold_and_purse() {
		let price = Price { fee: 10, deposit: 20, nomination: 30, segments: 40 };
		let text = Costs { price, nominate: true, fund: 50 }.to_string();
		for part in ["burned", "on the ballot", "on hold for the bytes of the segments", "in the purse"] {
			assert!(text.contains(part), "`{part}`: {text}");
		}
		let plain = Costs { price: Price { segments: 0, ..price }, nominate: false, fund: 0 }.to_string();
		assert_eq!(plain.lines().count(), 1, "{plain}");
		let mut outcome = Outcome::default();
		outcome.set_price(Price { deposit: u128::MAX, ..price });
		let json = serde_json::to_value(CreateReport { draft: serde_json::json!({ "name": "a" }), outcome }).unwrap();
		assert_eq!((&json["name"], &json["fee"], &json["domain"]), (&"a".into(), &"10".into(), &None::<u8>.into()));
		assert_eq!((&json["nominationDeposit"], &json["segmentHold"]), (&"30".into(), &"40".into()));
		assert_eq!(json["deposit"], u128::MAX.to_string());
		assert_eq!(json["notes"], serde_json::json!([]));
	}
}
