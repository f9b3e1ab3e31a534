//! Domains of one owner on the same data.
//!
//! A segment that is opened in one domain is known in all of them: an optimizer that has read it leads on it without having found
//! anything, and is paid from the purse of the other domain. The hash of a segment binds its owner, its number and a salt, and no
//! domain, so the chain does not refuse the second one.
//!
//! Equal segments are found by their hashes. Where a file makes no segment of a domain, e.g. because one row was added, its rows or
//! steps are compared with the public ones of the domain; see [`Overlap`].

use super::OwnedSource;
use anyhow::{bail, Result};
use doin_chain::{Account, Chain, Head, ReadError};
use doin_forecast::{
	sealed::{Overlap, Seal, SealedData, SegmentKey, SHARED_PERCENT},
	SeriesSource,
};
use doin_primitives::{blake2_256, views::EvidenceView, DomainId, DomainSpec, EvidenceKind, Hash, Status};
use doin_scoring::Program;
use std::fmt::{self, Display, Formatter};

/// A sealed domain, and what the chain has of its segments.
struct Other {
	spec: DomainSpec,
	evidence: EvidenceView<Account>,
	hashes: Vec<Hash>,
}

/// Public data of a sealed domain: published part, and opened segments. Empty until all pages are published.
enum Public {
	Rows(Vec<u8>),
	Steps(Vec<i32>),
}

/// A sealed domain that has, or may have, the same data as a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DomainOfSameData {
	/// Identifier of the domain.
	pub domain: DomainId,
	/// Data that the two have in common.
	pub shared: Shared,
}

/// Data that a file and a sealed domain have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
	/// The file makes a segment of the domain.
	Segments,
	/// The file has so many public rows or steps of the domain, [`SHARED_PERCENT`] at least.
	Public(Overlap),
	/// The file has as many columns as the domain, which has no public rows or steps yet to compare it with.
	Unknown,
}

/// Returns the sealed domains of `owner` that have, or may have, data of the file `source`, `except` one: those whose segments the file
/// makes with the segment key `key`, and those with [`SHARED_PERCENT`] of their public rows or steps in the file. A domain counts until
/// it is retired, unless its activation was refused: a closed one opens segments for its last rounds.
///
/// Fewer common rows do not count. Domains that use other columns of the file, and rows behind another range of a column, are not
/// found; see [`Overlap`].
///
/// # Errors
///
/// Errors if the node or the file cannot be read.
pub async fn domains_of_same_data(
	chain: &Chain,
	at: Head,
	source: &OwnedSource,
	key: &SegmentKey,
	owner: Account,
	except: Option<DomainId>,
) -> Result<Vec<DomainOfSameData>> {
	let mut found = Vec::new();
	for domain in chain.domains(at).await? {
		let is_other = domain.owner == owner && domain.evidence == EvidenceKind::Sealed && except != Some(domain.id);
		if !is_other || !opens_segments(domain.status) {
			continue;
		}
		let Some(spec) = chain.domain_spec(at, domain.id).await? else { continue };
		let Some(evidence) = chain.evidence(at, domain.id).await? else { continue };
		let hashes = chain.segment_hashes(at, domain.id, 0..evidence.sealed).await?;
		let other = Other { spec, evidence, hashes };
		let public = public_data(chain, at, domain.id, &other, source).await?;
		let (source, key, genesis) = (source.clone(), key.clone(), chain.genesis());
		let shared = tokio::task::spawn_blocking(move || other.shared(public.as_ref(), &source, &key, genesis)).await??;
		found.extend(shared.map(|shared| DomainOfSameData { domain: domain.id, shared }));
	}
	Ok(found)
}

/// Returns `true` if a domain of this status may have rounds that wait for segments, or get some.
fn opens_segments(status: Status) -> bool {
	match status {
		Status::Loading | Status::Active | Status::Converged | Status::Closing => true,
		Status::Refused => false,
	}
}

/// Returns the public data of a domain; `None` if it is of another kind than that of `source`.
async fn public_data(
	chain: &Chain,
	at: Head,
	domain: DomainId,
	other: &Other,
	source: &OwnedSource,
) -> Result<Option<Public>, ReadError> {
	let mut opened = Vec::new();
	match (source, &other.spec.program) {
		(OwnedSource::Rows(_), Program::Rows(_)) | (OwnedSource::Steps(_), Program::Forecast(_)) => {}
		_ => return Ok(None),
	}
	for index in 0..other.evidence.opened {
		opened.extend(chain.segment(at, domain, index).await?.unwrap_or_default());
	}
	match source {
		OwnedSource::Rows(_) => {
			let mut rows = chain.rows(at, domain).await?.unwrap_or_default();
			rows.extend(opened);
			Ok(Some(Public::Rows(rows)))
		}
		OwnedSource::Steps(_) => {
			let mut steps = chain.series(at, domain).await?.unwrap_or_default();
			let (values, _) = opened.as_chunks();
			steps.extend(values.iter().map(|bytes| i32::from_le_bytes(*bytes)));
			Ok(Some(Public::Steps(steps)))
		}
	}
}

/// Checks that no other domain of `owner` has data of this file; see [`domains_of_same_data`]. The owner has `confirmed` that some domains
/// may have public rows of it. A domain whose segments the file makes is refused all the same.
///
/// # Errors
///
/// Errors with the domains that have or may have, and if the node cannot be read.
pub async fn ensure_sealed_once(
	chain: &Chain,
	at: Head,
	source: &OwnedSource,
	key: &SegmentKey,
	owner: Account,
	except: Option<DomainId>,
	confirmed: &[DomainId],
) -> Result<()> {
	let mut others = domains_of_same_data(chain, at, source, key, owner, except).await?;
	others.retain(|other| !other.is_confirmed(confirmed));
	if others.is_empty() {
		return Ok(());
	}
	bail!("{}", refusal(source.file(), &others))
}

/// Returns the text of the refusal of a domain of `file` beside these.
fn refusal(file: &SeriesSource, others: &[DomainOfSameData]) -> String {
	let with = match others {
		[other] => format!("domain {}", other.domain),
		_ => "any of these domains".into(),
	};
	let confirm = match confirmation(others) {
		options if options.is_empty() => String::new(),
		options => format!(". Or, if the rows that are sealed are others all the same, add{options}"),
	};
	format!(
		"{file}: {}. Nothing was sent. Make the domain of other rows: of a file that shares no row with {with}. Or, as long as no segment \
		is opened there, first close and retire the other one with `doin-worker domain close` and `doin-worker domain retire`{confirm}",
		describe(others)
	)
}

/// Returns the options by which the owner confirms what the file and these domains have in common, each after a blank.
fn confirmation(others: &[DomainOfSameData]) -> String {
	let comparable = others.iter().filter(|other| other.shared != Shared::Segments);
	comparable.map(|other| format!(" --confirm-shared {}", other.domain)).collect()
}

/// Returns the text of a warning to the owner of a domain beside these, whose segments are being opened.
pub(super) fn alarm(others: &[DomainOfSameData]) -> String {
	let confirm = match confirmation(others) {
		options if options.is_empty() => String::new(),
		options => {
			format!(". If the rows that are sealed are others all the same, start `doin-worker own` with{options}, or set `confirm_shared`")
		}
	};
	let found = describe(others);
	format!(
		"{found}. Leave no more in the purses than may be lost, and withdraw the rest with `doin-worker domain withdraw`{confirm}"
	)
}

impl DomainOfSameData {
	/// Returns `true` if the owner has confirmed what the file and this domain have in common. Equal segments cannot be confirmed.
	pub(super) fn is_confirmed(&self, confirmed: &[DomainId]) -> bool {
		self.shared != Shared::Segments && confirmed.contains(&self.domain)
	}
}

/// Returns the text of the domains that have, or may have, the same data.
pub(super) fn describe(others: &[DomainOfSameData]) -> String {
	let listed: Vec<String> = others.iter().map(DomainOfSameData::to_string).collect();
	format!(
		"{}. What one domain opens or publishes is known in another one with the same data, whose purse pays for it although nothing was \
		found",
		listed.join("; ")
	)
}

impl Display for DomainOfSameData {
	fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
		let Self { domain, shared } = self;
		match shared {
			Shared::Segments => write!(f, "domain {domain} of the same owner has segments of the same data"),
			Shared::Public(overlap) => write!(
				f,
				"the file has {} % of the {} public rows of domain {domain} of the same owner, and may have less than {SHARED_PERCENT} %",
				overlap.percent(),
				overlap.public
			),
			Shared::Unknown => write!(
				f,
				"domain {domain} of the same owner has as many columns as the file, and cannot be compared with it until all of its pages \
				are published"
			),
		}
	}
}

impl Other {
	/// Returns what the domain has in common with a file. `public` is its public data, if that is of the same kind.
	///
	/// # Errors
	///
	/// Errors if the file cannot be read.
	fn shared(&self, public: Option<&Public>, source: &OwnedSource, key: &SegmentKey, genesis: Hash) -> Result<Option<Shared>> {
		let Some(public) = public else { return Ok(None) };
		let seal = Seal { genesis, owner: self.evidence.owner.0, data_root: self.spec.data_root, key };
		// A file with one row more, or with other columns, makes no data of the domain.
		let made = source.rebuild_beginning(key, &self.spec);
		if made.is_ok_and(|made| has_segment(&made.data, &seal, &self.hashes, self.evidence.opened)) {
			return Ok(Some(Shared::Segments));
		}
		let overlap = match (source, public) {
			(OwnedSource::Rows(rows), Public::Rows(public)) => rows.overlap(&self.spec, public)?,
			(OwnedSource::Steps(steps), Public::Steps(public)) => steps.overlap(&self.spec, public)?,
			_ => None,
		};
		let Some(overlap) = overlap else { return Ok(None) };
		Ok(match overlap.is_same_data() {
			Some(true) => Some(Shared::Public(overlap)),
			Some(false) => None,
			None => Some(Shared::Unknown),
		})
	}
}

/// Returns `true` if one of the segments of `data` has its hash among `hashes`, of which the first `opened` are those of opened
/// bytes.
fn has_segment(data: &SealedData, seal: &Seal, hashes: &[Hash], opened: u16) -> bool {
	(0u16..).zip(data.segments.iter().zip(hashes)).any(|(index, (bytes, hash))| {
		let own = if index < opened { blake2_256(bytes) } else { seal.hash(index, bytes) };
		own == *hash
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{fixtures::evidence, problem::tests::sealed_sawtooth};
	use doin_compute::Published;
	use doin_forecast::{sealed::series::StepSource, ReadOptions};

	const GENESIS: Hash = [1; 32];

	/// A series with three segments, of which one is opened, sealed with `key`; and its file.
	fn sealed(folder: &std::path::Path, key: &SegmentKey) -> (Other, OwnedSource) {
		let mut problem = sealed_sawtooth(3);
		problem.spec.unit = b"mm".to_vec().try_into().unwrap();
		let Published::Series(values) = &problem.data else { panic!("a series") };
		let path = folder.join("steps.csv");
		let text: String = values.iter().map(|value| format!("{value}\n")).collect();
		std::fs::write(&path, format!("mm\n{text}")).unwrap();
		let read = ReadOptions { time: Some("none".into()), ..ReadOptions::default() };
		let source = OwnedSource::Steps(StepSource { source: path.as_path().into(), column: None, read, scale: 1.0 });
		let data = source.rebuild(key, &problem.spec).unwrap();
		let evidence = EvidenceView { sealed: 3, opened: 1, ..evidence() };
		let seal = Seal { genesis: GENESIS, owner: evidence.owner.0, data_root: problem.spec.data_root, key };
		let mut hashes = seal.hashes(0, data.segments.iter().map(Vec::as_slice));
		hashes[0] = blake2_256(&data.segments[0]);
		(Other { spec: problem.spec, evidence, hashes }, source)
	}

	/// Returns what the file and the domain have in common, without public data.
	fn of_segments(other: &Other, source: &OwnedSource, key: &SegmentKey, genesis: Hash) -> Option<Shared> {
		let shared = other.shared(Some(&Public::Steps(Vec::new())), source, key, genesis).unwrap();
		shared.filter(|shared| *shared == Shared::Segments)
	}

	#[test]
	fn m8_a_second_domain_of_the_same_file_is_found() {
		let folder = tempfile::tempdir().unwrap();
		let key = SegmentKey::of_child(&[3; 32]);
		let (other, source) = sealed(folder.path(), &key);
		assert!(of_segments(&other, &source, &key, GENESIS).is_some());
		// What is opened is known, whatever key sealed it.
		let foreign = SegmentKey::of_child(&[4; 32]);
		assert!(of_segments(&other, &source, &foreign, GENESIS).is_some());
		let unopened = Other { evidence: EvidenceView { opened: 0, ..other.evidence.clone() }, ..other };
		assert!(of_segments(&unopened, &source, &key, GENESIS).is_some(), "segment 1 is sealed");
		assert!(of_segments(&unopened, &source, &foreign, GENESIS).is_none(), "nothing shows that the data is the same");
		assert!(of_segments(&unopened, &source, &key, [2; 32]).is_none(), "another chain");
		assert!(unopened.shared(None, &source, &key, GENESIS).unwrap().is_none(), "data of another kind");
		// Another file.
		let OwnedSource::Steps(steps) = &source else { panic!("a series") };
		let turned = OwnedSource::Steps(StepSource { scale: 2.0, ..steps.clone() });
		assert!(of_segments(&unopened, &turned, &key, GENESIS).is_none());
		std::fs::remove_file(&steps.source.path).unwrap();
		assert!(unopened.shared(Some(&Public::Steps(Vec::new())), &source, &key, GENESIS).is_err(), "it cannot be compared");
	}

	#[test]
	fn a_file_that_makes_no_segment_is_compared_with_the_public_steps() {
		let folder = tempfile::tempdir().unwrap();
		let key = SegmentKey::of_child(&[3; 32]);
		let (other, source) = sealed(folder.path(), &key);
		let problem = sealed_sawtooth(0);
		let Published::Series(published) = &problem.data else { panic!("a series") };
		// The first steps are left out, so no segment is the same.
		let OwnedSource::Steps(steps) = &source else { panic!("a series") };
		let text = std::fs::read_to_string(&steps.source.path).unwrap();
		let later: String = text.lines().skip(8).map(|line| format!("{line}\n")).collect();
		std::fs::write(&steps.source.path, format!("mm\n{later}")).unwrap();
		assert!(of_segments(&other, &source, &key, GENESIS).is_none());
		let shared = |public: Vec<i32>| other.shared(Some(&Public::Steps(public)), &source, &key, GENESIS).unwrap();
		let Some(Shared::Public(overlap)) = shared(published.clone()) else { panic!("the published steps are in the file") };
		assert!(overlap.percent() > 90 && overlap.public == published.len(), "{overlap:?}");
		assert_eq!(shared(Vec::new()), Some(Shared::Unknown), "it cannot be compared yet");
		assert_eq!(shared(published.iter().map(|value| 3 * value + 1).collect()), None);
	}

	#[test]
	fn a_domain_counts_until_it_is_retired() {
		let all = [Status::Loading, Status::Active, Status::Converged, Status::Closing];
		assert!(all.into_iter().all(opens_segments), "open rounds of a closing domain get segments");
		assert!(!opens_segments(Status::Refused));
	}

	#[test]
	fn m8_the_domains_of_the_same_data_are_named() {
		let segments = |domain| DomainOfSameData { domain, shared: Shared::Segments };
		let file = SeriesSource::from(std::path::Path::new("more.csv"));
		let overlap = Overlap { public: 1_200, found: 1_199 };
		assert!(describe(&[segments(4)])
			.starts_with("domain 4 of the same owner has segments of the same data. What one domain opens"));
		let rows = refusal(&file, &[DomainOfSameData { domain: 7, shared: Shared::Public(overlap) }]);
		let begin =
			"more.csv: the file has 99 % of the 1200 public rows of domain 7 of the same owner, and may have less than 10 %. ";
		assert!(rows.starts_with(begin), "{rows}");
		let parts = ["Nothing was sent", "a file that shares no row with domain 7", "close and retire", "add --confirm-shared 7"];
		for part in parts {
			assert!(rows.contains(part), "{rows}");
		}
		let unknown = DomainOfSameData { domain: 8, shared: Shared::Unknown };
		let both = refusal(&file, &[segments(4), unknown]);
		for part in ["segments of the same data; domain 8 of the same owner", "any of these domains", "add --confirm-shared 8"] {
			assert!(both.contains(part), "{both}");
		}
		let equal = refusal(&file, &[segments(4)]);
		assert!(!equal.contains("--confirm-shared"), "equal segments cannot be confirmed: {equal}");
		let running = alarm(&[segments(4), unknown]);
		assert!(running.contains("domain withdraw`. If") && running.contains("with --confirm-shared 8, or set"), "{running}");
		assert!(!alarm(&[segments(4)]).contains("confirm"), "equal segments cost money whatever is confirmed");
	}

	#[test]
	fn an_owner_can_confirm_common_rows_and_no_equal_segments() {
		let of = |domain, shared| DomainOfSameData { domain, shared };
		let public = of(7, Shared::Public(Overlap { public: 10, found: 10 }));
		assert!(public.is_confirmed(&[3, 7]) && !public.is_confirmed(&[3]) && !public.is_confirmed(&[]));
		assert!(of(8, Shared::Unknown).is_confirmed(&[8]));
		assert!(!of(4, Shared::Segments).is_confirmed(&[4]));
	}
}
