//! Bytes of champions, as their hashes in receipts cover them.

use anyhow::{Context, Result};
use doin_chain::{Chain, Head};
use doin_primitives::{inference::baseline, DomainId, DomainSpec, ModelRef};
use doin_serve::Champion;

/// Returns the encoding of a model of a domain in the state of a block.
///
/// # Errors
///
/// Errors if it is not stored any more, and if the node cannot be read.
pub async fn model_bytes(chain: &Chain, at: Head, domain: DomainId, spec: &DomainSpec, model: ModelRef) -> Result<Vec<u8>> {
	let missing = || format!("the champion of domain {domain} is not stored in block {}", at.number);
	match model {
		ModelRef::Stored(id) => chain.model(at, id).await?.with_context(missing),
		ModelRef::Linear | ModelRef::Constant | ModelRef::BuiltIn => chain.baseline(at, domain).await?.with_context(missing),
		ModelRef::RepeatLast | ModelRef::Seasonal | ModelRef::Origin => {
			Ok(baseline(&model, &spec.program).with_context(missing)?.to_bytes())
		}
	}
}

/// Returns the champion of a domain in the state of a block, with its encoding.
///
/// # Errors
///
/// Errors if the domain has no champion or one that answers no requests, and if the node cannot be read.
pub async fn champion_at(chain: &Chain, at: Head, domain: DomainId) -> Result<(Champion, Vec<u8>)> {
	let unknown = || format!("there is no domain {domain} with a champion: `doin-worker domain list` lists the domains");
	let spec = chain.domain_spec(at, domain).await?.with_context(unknown)?;
	let reference = chain.champion(at, domain).await?.with_context(unknown)?.model;
	let bytes = model_bytes(chain, at, domain, &spec, reference).await?;
	Ok((champion(domain, &spec, &bytes)?, bytes))
}

/// Returns a champion by its encoding.
///
/// # Errors
///
/// Errors if the bytes are no model that the domain admits.
pub(super) fn champion(domain: DomainId, spec: &DomainSpec, bytes: &[u8]) -> Result<Champion> {
	let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
	let made = Champion::new(domain, text(&spec.name), text(&spec.unit), spec.program.clone(), bytes);
	made.map_err(|reason| anyhow::anyhow!("the node has another champion of domain {domain} than it says: {reason}"))
}
