//! `domain nominate`, `domain withdraw-nomination` and `domain ballot`: the domains and streams that validators can vote for.

use crate::{
	args::{KeyArgs, NodeArgs},
	commands::likeness::Likeness,
	report::{table, OutputArgs, LEFT, RIGHT},
};
use anyhow::{bail, Context, Error, Result};
use clap::Args;
use doin_chain::{Account, Call, Chain, Head, Included, MissingEvent, Nomination, Urgency};
use doin_primitives::{
	oracle::FIRST_STREAM,
	views::{DomainView, EvidenceView, StreamView},
	Balance, BlockNumber, DomainId, EvidenceKind, ProgramKind, Status,
};
use doin_roles::{amount::Amount, problem::Problem};
use serde::Serialize;
use std::{
	collections::BTreeMap,
	fmt::{self, Display, Formatter},
};

/// Arguments of `domain nominate` and `domain withdraw-nomination`.
#[derive(Clone, Debug, Args)]
pub struct NominationArgs {
	/// Identifier of the domain, or of a stream: `stream list` lists those
	id: DomainId,
	#[command(flatten)]
	key: KeyArgs,
	#[command(flatten)]
	output: OutputArgs,
}

/// Runs `domain nominate`.
///
/// # Errors
///
/// Errors if the chain admits no vote for the domain or stream, with the reason and the next step, if the key cannot be used, or if the
/// call fails.
pub async fn nominate(node: &NodeArgs, args: NominationArgs) -> Result<()> {
	let (id, signer) = (args.id, args.key.signer()?);
	let chain = node.connect().await?;
	let at = chain.head();
	if let Some(nomination) = chain.nominations(at).await?.into_iter().find(|nomination| nomination.domain == id) {
		return args.output.print(&NominationReport::known(nomination));
	}
	let included = if is_stream(id) {
		ensure_votable_stream(&chain, at, id).await?;
		let sent = chain.submit(&signer, &Call::nominate(id), Urgency::Relaxed).await;
		sent.map_err(|error| {
			let is_young = error.dispatch_error() == Some(NOT_VOTABLE);
			let error = Error::from(error);
			if is_young {
				error.context(format!("stream {id} is not on the ballot: {TOO_YOUNG}"))
			} else {
				error
			}
		})?
	} else {
		ensure_votable(&chain, at, id).await?;
		chain.submit(&signer, &Call::nominate(id), Urgency::Relaxed).await?
	};
	args.output.print(&NominationReport::new(&included, id)?)
}

/// Runs `domain withdraw-nomination`.
///
/// # Errors
///
/// Errors if the key cannot be used, or if the call fails, e.g. because the domain has a weight.
pub async fn withdraw(node: &NodeArgs, args: NominationArgs) -> Result<()> {
	let signer = args.key.signer()?;
	let chain = node.connect().await?;
	let included = chain.submit(&signer, &Call::withdraw_nomination(args.id), Urgency::Relaxed).await?;
	args.output.print(&WithdrawnReport::new(&included)?)
}

/// Runs `domain ballot`.
///
/// # Errors
///
/// Errors if the node does not answer.
pub async fn list(node: &NodeArgs, output: OutputArgs) -> Result<()> {
	let chain = node.connect().await?;
	let at = chain.head();
	let (domains, nominations) = (chain.domains(at).await?, chain.nominations(at).await?);
	let mut known: Known = domains.into_iter().map(|view| (view.id, (view.name, view.weight))).collect();
	if nominations.iter().any(|nomination| is_stream(nomination.domain)) {
		for stream in chain.streams(at).await? {
			if nominations.iter().any(|nomination| nomination.domain == stream.id) {
				let market = chain.leaderboard(at, stream.id, 1).await?;
				known.insert(stream.id, (stream.symbol, market.map_or(0, |market| market.weight)));
			}
		}
	}
	let idle = Idle { session: chain.session(at).await?, most: chain.constant("Gauge", "NominationSessions").await? };
	output.print(&BallotReport::new(&known, nominations, idle))
}

/// Names and weights, in parts per million, of domains and streams.
type Known = BTreeMap<DomainId, (String, u32)>;

/// Time from which on a market can be voted for.
const TOO_YOUNG: &str =
	"its market can be voted for once it has had rounds for 32 slices, each of two horizons and the phases of a round";

/// Error of a nomination that the chain does not admit. Of a stream whose views are in order, its market is too young.
const NOT_VOTABLE: &str = "Gauge::NotVotable";

/// Returns `true` if an identifier is that of a stream.
fn is_stream(id: DomainId) -> bool {
	id >= FIRST_STREAM
}

/// Returns the name of a domain or a stream at the beginning of a sentence.
fn titled(id: DomainId) -> String {
	format!("{} {id}", if is_stream(id) { "Stream" } else { "Domain" })
}

/// Checks that the chain admits votes for a stream, as far as its views show that: they do not show the age of a market.
async fn ensure_votable_stream(chain: &Chain, at: Head, id: DomainId) -> Result<()> {
	let streams = chain.streams(at).await?;
	let market = chain.leaderboard(at, id, 1).await?;
	match unvotable_stream(streams.iter().find(|stream| stream.id == id), market.map_or(0, |market| market.rounds)) {
		Some(reason) => bail!("nobody can vote for stream {id}: {reason}. Nothing was sent"),
		None => Ok(()),
	}
}

/// Returns the reason for which the chain admits no vote for a stream whose market has had `rounds` rounds, and the next step.
fn unvotable_stream(stream: Option<&StreamView<Account>>, rounds: u32) -> Option<String> {
	let Some(StreamView { id, horizon, awake, .. }) = stream else {
		return Some("it does not exist: `doin-worker stream list` lists the streams".into());
	};
	if *horizon == 0 {
		return Some("it has no horizon, so it has no market: name another stream".into());
	}
	if !awake {
		return Some(format!("it sleeps: wake it with `doin-worker sponsor {id} \"100 DOIN\" --key KEY`"));
	}
	(rounds == 0).then(|| {
		format!(
			"it has had no round: make its market with `doin-worker sponsor {id} \"100 DOIN\" --market --key KEY`. {TOO_YOUNG}"
		)
	})
}

/// Checks that the chain admits votes for a domain, as far as its views and its data show that. A domain of a stream
/// that nobody pays for passes this check: the chain refuses its nomination, and the fee of the call is lost.
async fn ensure_votable(chain: &Chain, at: Head, id: DomainId) -> Result<()> {
	let domain = chain.domain(at, id).await?;
	let domain = domain.with_context(|| format!("domain {id} does not exist: `doin-worker domain list` lists the domains"))?;
	if let Some(reason) = not_votable(&domain, chain.evidence(at, id).await?.as_ref()) {
		bail!("nobody can vote for domain {id}: {reason}");
	}
	if domain.evidence == EvidenceKind::Synthetic {
		let problem = Problem::load(chain, at, id).await?;
		let likeness = tokio::task::spawn_blocking(move || Likeness::of(&problem.spec, problem.published_series())).await??;
		if let Some(likeness) = likeness.filter(|likeness| !likeness.is_alike()) {
			bail!(
				"nobody can vote for domain {id}: its generator makes other series than the published one: {likeness} at most. Nothing was \
				sent. Make another domain, of a longer part of the series or of sealed data"
			);
		}
	}
	Ok(())
}

/// Returns the reason for which the chain admits no vote for a domain, and the next step, as far as its views show them. The payments of a
/// stream are in no view.
fn not_votable(domain: &DomainView<Account>, evidence: Option<&EvidenceView<Account>>) -> Option<String> {
	let id = domain.id;
	match domain.status {
		Status::Active => {}
		Status::Loading => return Some("its data is not uploaded completely: run `doin-worker domain create` again".into()),
		status => return Some(format!("it takes no commits, since its status is {}", format!("{status:?}").to_lowercase())),
	}
	if domain.program == ProgramKind::Tolerance {
		return Some(format!(
			"the chain cannot compute its sums, so it pays its bounty only: add to it with `doin-worker domain bounty {id} AMOUNT --key KEY`"
		));
	}
	if domain.evidence == EvidenceKind::Public {
		return Some(format!(
			"its evidence is public, so it pays its bounty only: add to it with `doin-worker domain bounty {id} AMOUNT --key KEY`"
		));
	}
	if matches!(domain.program, ProgramKind::Quadratic | ProgramKind::Landscape) {
		return Some(format!(
			"the optimum of its program is public, so it pays its bounty only: add to it with `doin-worker domain bounty {id} AMOUNT --key KEY`"
		));
	}
	let EvidenceView { sealed, opened, purse, suspended, .. } = evidence?;
	if suspended.is_some() {
		return Some(format!("its segment {opened} was not opened in time: open it with `doin-worker own --domain {id}`"));
	}
	if opened >= sealed {
		return Some(format!("all of its segments are opened: seal more with `doin-worker domain seal {id}`"));
	}
	let fund = || format!("its purse is empty: fill it with `doin-worker domain fund {id} \"1000 DOIN\" --key KEY`");
	(*purse == 0).then(fund)
}

/// Report of `domain nominate`.
#[derive(Debug, Serialize)]
struct NominationReport {
	domain: DomainId,
	nominator: Account,
	/// Deposit on hold.
	deposit: Amount,
	/// Domain whose nomination was replaced, because the ballot was full.
	replaced: Option<DomainId>,
	/// Block of the call; `None` for a domain that was on the ballot already.
	block: Option<BlockNumber>,
}

impl NominationReport {
	/// Returns the report of a call, by its events.
	fn new(included: &Included, id: DomainId) -> Result<Self, MissingEvent> {
		let (domain, nominator, deposit): (DomainId, Account, Balance) = included.expect("Gauge", "Nominated")?;
		let replaced: Option<DomainId> = included.event("Gauge", "NominationWithdrawn");
		let replaced = replaced.filter(|replaced| *replaced != id);
		Ok(Self { domain, nominator, deposit: Amount(deposit), replaced, block: Some(included.block.number) })
	}

	/// Returns the report of a domain that was on the ballot already.
	fn known(nomination: Nomination) -> Self {
		let Nomination { domain, nominator, deposit, .. } = nomination;
		Self { domain, nominator, deposit: Amount(deposit), replaced: None, block: None }
	}
}

impl Display for NominationReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { domain, nominator, deposit, replaced, block } = self;
		let since = match block {
			Some(block) => {
				format!("{} is on the ballot since block {block}, and {deposit} of {nominator} are on hold", titled(*domain))
			}
			None => {
				format!("{} is on the ballot already, with {deposit} of {nominator} on hold. Nothing was sent", titled(*domain))
			}
		};
		let replaced = replaced.map_or(String::new(), |other| format!(". It has taken the place of domain {other}"));
		writeln!(
			f,
			"{since}{replaced}. It has no weight until validators with half of the stake vote for it: doin-worker vote {domain}=1000000 \
			--key VALIDATOR-KEY, beside their other votes"
		)
	}
}

/// Report of `domain withdraw-nomination`.
#[derive(Debug, Serialize)]
struct WithdrawnReport {
	domain: DomainId,
	nominator: Account,
	/// Deposit that was released.
	deposit: Amount,
	block: BlockNumber,
}

impl WithdrawnReport {
	fn new(included: &Included) -> Result<Self, MissingEvent> {
		let (domain, nominator, deposit): (DomainId, Account, Balance) = included.expect("Gauge", "NominationWithdrawn")?;
		Ok(Self { domain, nominator, deposit: Amount(deposit), block: included.block.number })
	}
}

impl Display for WithdrawnReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { domain, nominator, deposit, block } = self;
		writeln!(f, "{} is off the ballot since block {block}, and {deposit} of {nominator} are free.", titled(*domain))
	}
}

/// Time that nominations may be without weight.
#[derive(Clone, Copy, Debug)]
struct Idle {
	/// Index of the current session.
	session: u32,
	/// Sessions without weight after which any account can remove a nomination.
	most: u32,
}

/// Report of `domain ballot`.
#[derive(Debug, Serialize)]
struct BallotReport(Vec<Place>);

/// Place on the ballot.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
	domain: DomainId,
	name: String,
	/// Weight, in parts per million.
	weight: u32,
	nominator: Account,
	/// Deposit on hold.
	deposit: Amount,
	/// Sessions without weight; 0 for a domain with a weight.
	idle: u32,
	/// Any account can remove the nomination, because the domain had no weight for so long.
	removable: bool,
}

impl BallotReport {
	fn new(known: &Known, nominations: Vec<Nomination>, idle: Idle) -> Self {
		let place = |nomination: Nomination| {
			let Nomination { domain, nominator, deposit, since } = nomination;
			let (name, weight) = known.get(&domain).cloned().unwrap_or_default();
			let sessions = if weight > 0 { 0 } else { idle.session.saturating_sub(since) };
			Place {
				domain,
				name,
				weight,
				nominator,
				deposit: Amount(deposit),
				idle: sessions,
				removable: weight == 0 && sessions >= idle.most,
			}
		};
		Self(nominations.into_iter().map(place).collect())
	}
}

impl Display for BallotReport {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		if self.0.is_empty() {
			return writeln!(f, "The ballot is empty. Nominate one with `doin-worker domain nominate`.");
		}
		let columns = [
			("domain", RIGHT),
			("name", LEFT),
			("weight", RIGHT),
			("deposit", RIGHT),
			("without weight", LEFT),
			("nominator", LEFT),
		];
		let mut ballot = table(columns);
		for Place { domain, name, weight, nominator, deposit, idle, removable } in &self.0 {
			let idle = match (weight, removable) {
				(1.., _) => "-".into(),
				(0, true) => format!("{idle} sessions, any account can remove it"),
				(0, false) => format!("{idle} sessions"),
			};
			let weight = format!("{:.1} %", f64::from(*weight) / 1e4);
			ballot.add_row([domain.to_string(), name.clone(), weight, deposit.to_string(), idle, nominator.to_string()]);
		}
		writeln!(f, "{}", ballot.trim_fmt())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::commands::{domain::segments::tests::evidence, sponsor::tests::stream, status::tests::domain};
	use codec::Encode;
	use doin_chain::Event;
	use doin_primitives::DOIN;

	const WHO: Account = Account([7; 32]);

	/// Returns a call in block 9 with these events of pallet `gauge`.
	fn included(events: Vec<(&str, Vec<u8>)>) -> Included {
		let event = |(name, fields): (&str, Vec<u8>)| Event { pallet: "Gauge".into(), name: name.into(), fields };
		Included { block: Head { number: 9, hash: [5; 32] }, events: events.into_iter().map(event).collect(), fee: 0 }
	}

	#[test]
	fn k31_a_nomination_is_reported_as_the_chain_stored_it() {
		let nominated = ("Nominated", (3u32, WHO, 200 * DOIN).encode());
		let report = NominationReport::new(&included(vec![nominated.clone()]), 3).unwrap();
		let text = report.to_string();
		assert!(text.starts_with("Domain 3 is on the ballot since block 9, and 200 DOIN of "), "{text}");
		assert!(text.contains("doin-worker vote 3=1000000") && !text.contains("taken the place"), "{text}");
		let displaced = ("NominationWithdrawn", (8u32, WHO, 100 * DOIN).encode());
		let outbid = NominationReport::new(&included(vec![displaced.clone(), nominated]), 3).unwrap();
		assert!(outbid.to_string().contains("taken the place of domain 8"), "{outbid}");
		assert_eq!(serde_json::to_value(&outbid).unwrap()["replaced"], 8);
		let missing = NominationReport::new(&included(vec![displaced]), 3).unwrap_err().to_string();
		assert!(missing.contains("Gauge.Nominated is missing"), "{missing}");
	}

	#[test]
	fn a_domain_on_the_ballot_is_not_nominated_again() {
		let known = Nomination { domain: 3, nominator: WHO, deposit: 100 * DOIN, since: 5 };
		let text = NominationReport::known(known).to_string();
		assert!(
			text.starts_with("Domain 3 is on the ballot already, with 100 DOIN of ") && text.contains("Nothing was sent"),
			"{text}"
		);
	}

	#[test]
	fn k31_a_withdrawn_nomination_is_reported_as_the_chain_stored_it() {
		let report = WithdrawnReport::new(&included(vec![("NominationWithdrawn", (3u32, WHO, DOIN).encode())])).unwrap();
		let text = report.to_string();
		assert!(text.contains("off the ballot since block 9, and 1 DOIN of ") && text.contains("are free"), "{text}");
		assert!(WithdrawnReport::new(&included(Vec::new())).is_err());
	}

	#[test]
	fn a_domain_that_nobody_can_vote_for_is_refused_with_the_next_step() {
		let reason = |domain: &DomainView<Account>, evidence| not_votable(domain, evidence).unwrap_or_default();
		assert_eq!(not_votable(&domain(), None), None);
		let public = DomainView { evidence: EvidenceKind::Public, ..domain() };
		assert!(reason(&public, None).contains("pays its bounty only: add to it with `doin-worker domain bounty 3"));
		for program in [ProgramKind::Quadratic, ProgramKind::Landscape] {
			let points = DomainView { program, ..domain() };
			assert!(reason(&points, None).contains("the optimum of its program is public, so it pays its bounty only"));
		}
		for (status, part) in [
			(Status::Loading, "not uploaded completely"),
			(Status::Closing, "its status is closing"),
			(Status::Converged, "its status is converged"),
			(Status::Refused, "its status is refused"),
		] {
			let text = reason(&DomainView { status, ..domain() }, None);
			assert!(text.contains(part), "{text}");
		}
		let sealed = DomainView { evidence: EvidenceKind::Sealed, ..domain() };
		assert_eq!(not_votable(&sealed, Some(&evidence())), None);
		let suspended = EvidenceView { suspended: Some(90), ..evidence() };
		let overdue = "its segment 2 was not opened in time: open it with `doin-worker own --domain 3`";
		assert_eq!(reason(&sealed, Some(&suspended)), overdue);
		let spent = EvidenceView { opened: 4, ..evidence() };
		assert!(reason(&sealed, Some(&spent)).contains("doin-worker domain seal 3"));
		let empty = EvidenceView { purse: 0, ..evidence() };
		assert!(reason(&sealed, Some(&empty)).contains("doin-worker domain fund 3"));
	}

	#[test]
	fn a_stream_that_nobody_can_vote_for_is_refused_with_the_next_step() {
		let stream = StreamView { horizon: 24, ..stream(FIRST_STREAM, "BTC/USD") };
		let id = stream.id;
		let reason = |stream: &StreamView<Account>, rounds| unvotable_stream(Some(stream), rounds).unwrap_or_default();
		assert!(is_stream(id) && !is_stream(3));
		assert_eq!((titled(id), titled(3)), (format!("Stream {id}"), "Domain 3".into()));
		assert_eq!(unvotable_stream(Some(&stream), 1), None);
		assert!(unvotable_stream(None, 0).is_some_and(|reason| reason.contains("doin-worker stream list")));
		assert!(reason(&StreamView { horizon: 0, ..stream.clone() }, 0).contains("no horizon"));
		let asleep = reason(&StreamView { awake: false, ..stream.clone() }, 1);
		assert!(asleep.contains(&format!("doin-worker sponsor {id} \"100 DOIN\" --key")), "{asleep}");
		let new = reason(&stream, 0);
		assert!(new.contains("--market") && new.contains("32 slices"), "{new}");
	}

	#[test]
	fn the_ballot_is_listed_with_deposits_and_the_time_without_weight() {
		let nomination = |domain, since| Nomination { domain, nominator: Account([0; 32]), deposit: 100 * DOIN, since };
		let unweighted = |id| DomainView { id, weight: 0, ..domain() };
		let nominations = vec![nomination(3, 10), nomination(4, 10), nomination(5, 40)];
		let known = [domain(), unweighted(4), unweighted(5)].map(|view| (view.id, (view.name, view.weight)));
		let report = BallotReport::new(&Known::from(known), nominations, Idle { session: 94, most: 84 });
		let text = report.to_string();
		let lines: Vec<&str> = text.lines().collect();
		assert!(lines[1].contains("sawtooth  25.0 %  100 DOIN  -"), "{text}");
		assert!(lines[2].contains("0.0 %  100 DOIN  84 sessions, any account can remove it"), "{text}");
		assert!(lines[3].contains("54 sessions") && !lines[3].contains("any account"), "{text}");
		let json = serde_json::to_value(&report).unwrap();
		assert_eq!((&json[1]["removable"], &json[0]["idle"], &json[2]["deposit"]), (&true.into(), &0.into(), &"100 DOIN".into()));
		assert!(BallotReport(Vec::new()).to_string().contains("domain nominate"));
	}
}
