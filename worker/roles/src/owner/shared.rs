//! Domains of one owner on the same data.
//!
//! A segment that is opened in one domain is known in all of them: an optimizer that has read it leads on it without having found
//! anything, and is paid from the purse of the other domain. The hash of a segment binds its owner, its number and a salt, and no
//! domain, so the chain does not refuse the second one.

use super::OwnedSource;
use anyhow::{bail, Result};
use doin_chain::{Account, Chain, Head};
use doin_forecast::sealed::{Seal, SealedData, SegmentKey};
use doin_primitives::{blake2_256, views::EvidenceView, DomainId, DomainSpec, EvidenceKind, Hash, Status};

/// A sealed domain, and what the chain has of its segments.
struct Other {
	spec: DomainSpec,
	evidence: EvidenceView<Account>,
	hashes: Vec<Hash>,
}

/// Returns the sealed domains of `owner` whose segments the file `source` makes with the segment key `key`, `except` one. A
/// domain that takes no commits any more counts only if one of its segments is opened: nobody has seen the others.
///
/// Segments that were sealed with another key, or from the file read with other options, are not found.
///
/// # Errors
///
/// Errors if the node cannot be read.
pub async fn domains_of_same_data(
	chain: &Chain,
	at: Head,
	source: &OwnedSource,
	key: &SegmentKey,
	owner: Account,
	except: Option<DomainId>,
) -> Result<Vec<DomainId>> {
	let mut found = Vec::new();
	for domain in chain.domains(at).await? {
		let is_other = domain.owner == owner && domain.evidence == EvidenceKind::Sealed && except != Some(domain.id);
		let (true, Some(spec)) = (is_other, chain.domain_spec(at, domain.id).await?) else { continue };
		let Some(evidence) = chain.evidence(at, domain.id).await? else { continue };
		let takes_commits = matches!(domain.status, Status::Loading | Status::Active);
		if !takes_commits && evidence.opened == 0 {
			continue;
		}
		let hashes = chain.segment_hashes(at, domain.id, 0..evidence.sealed).await?;
		let (source, key, genesis) = (source.clone(), key.clone(), chain.genesis());
		let other = Other { spec, evidence, hashes };
		if tokio::task::spawn_blocking(move || other.is_of(&source, &key, genesis)).await? {
			found.push(domain.id);
		}
	}
	Ok(found)
}

/// Checks that no other domain of `owner` has segments of this data; see [`domains_of_same_data`].
///
/// # Errors
///
/// Errors with the domains that have, and if the node cannot be read.
pub async fn ensure_sealed_once(
	chain: &Chain,
	at: Head,
	source: &OwnedSource,
	key: &SegmentKey,
	owner: Account,
	except: Option<DomainId>,
) -> Result<()> {
	let others = domains_of_same_data(chain, at, source, key, owner, except).await?;
	if others.is_empty() {
		return Ok(());
	}
	bail!(
		"{}. Nothing was sent. Make the domain of a file with other rows, or first close the other one with `doin-worker domain close`, as \
		long as none of its segments is opened",
		describe(&others)
	)
}

/// Returns the text of the domains that have the same data.
pub(super) fn describe(others: &[DomainId]) -> String {
	let (noun, verb) = if others.len() == 1 { ("domain", "has") } else { ("domains", "have") };
	let listed: Vec<String> = others.iter().map(DomainId::to_string).collect();
	format!(
		"{noun} {} of the same owner {verb} segments of the same data: what one domain opens or publishes is known in the other, whose \
		purse pays for it although nothing was found",
		listed.join(", ")
	)
}

impl Other {
	/// Returns `true` if file and key make one of the segments of the domain.
	fn is_of(&self, source: &OwnedSource, key: &SegmentKey, genesis: Hash) -> bool {
		// A file of other columns, or with fewer rows than are published, is another one.
		let Ok(made) = source.rebuild_beginning(key, &self.spec) else { return false };
		let seal = Seal { genesis, owner: self.evidence.owner.0, data_root: self.spec.data_root, key };
		has_segment(&made.data, &seal, &self.hashes, self.evidence.opened)
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

	#[test]
	fn m8_a_second_domain_of_the_same_file_is_found() {
		let folder = tempfile::tempdir().unwrap();
		let key = SegmentKey::of_child(&[3; 32]);
		let (other, source) = sealed(folder.path(), &key);
		assert!(other.is_of(&source, &key, GENESIS));
		// What is opened is known, whatever key sealed it.
		let foreign = SegmentKey::of_child(&[4; 32]);
		assert!(other.is_of(&source, &foreign, GENESIS));
		let unopened = Other { evidence: EvidenceView { opened: 0, ..other.evidence.clone() }, ..other };
		assert!(unopened.is_of(&source, &key, GENESIS), "segment 1 is sealed");
		assert!(!unopened.is_of(&source, &foreign, GENESIS), "nothing shows that the data is the same");
		assert!(!unopened.is_of(&source, &key, [2; 32]), "another chain");
		// Another file.
		let OwnedSource::Steps(steps) = &source else { panic!("a series") };
		let turned = OwnedSource::Steps(StepSource { scale: 2.0, ..steps.clone() });
		assert!(!unopened.is_of(&turned, &key, GENESIS));
		std::fs::remove_file(&steps.source.path).unwrap();
		assert!(!unopened.is_of(&source, &key, GENESIS));
	}

	#[test]
	fn m8_the_domains_of_the_same_data_are_named() {
		assert!(describe(&[4]).starts_with("domain 4 of the same owner has segments of the same data"));
		assert!(describe(&[4, 7]).starts_with("domains 4, 7 of the same owner have segments"));
	}
}
