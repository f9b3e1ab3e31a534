//! Blocks of the chain as blocks of the indexer.

use doin_analytics::{Block, Event, KnownChampions, KnownDomain, RegisteredTarget, RevealedGenes};
use doin_chain::{Chain, FinalizedBlock, Head, ReadError};
use doin_primitives::{DoinLog, ModelRef, Status};
use serde_json::{json, Value};

/// Returns a block with the fields of all its events, and without what its state has beside them.
///
/// # Errors
///
/// Errors if the fields of an event cannot be decoded.
pub fn converted(block: &FinalizedBlock) -> Result<Block, ReadError> {
	let (work_index, seal) = match block.log {
		Some(DoinLog::V1 { work_index, seal }) => (Some(work_index), seal),
		None => (None, None),
	};
	let events = block.events.iter().map(|event| {
		Ok(Event {
			index: event.index,
			extrinsic: event.extrinsic,
			pallet: event.pallet.clone(),
			name: event.name.clone(),
			fields: event.json()?,
		})
	});
	Ok(Block {
		number: block.head.number,
		hash: block.head.hash,
		parent: block.parent,
		timestamp: block.timestamp,
		spec_version: block.spec_version,
		author: block.author.map(|author| (author.authority, author.slot)),
		work_index,
		seal,
		extrinsics: u32::try_from(block.extrinsic_count()).unwrap_or(u32::MAX),
		events: events.collect::<Result<_, ReadError>>()?,
		genes: Vec::new(),
		targets: Vec::new(),
		domains: Vec::new(),
	})
}

/// Adds what no event has, from the state of the block: genes of revealed models, and targets of registered domains.
///
/// # Errors
///
/// Errors if the node does not answer, or does not have the state.
pub async fn add_state(chain: &Chain, at: Head, block: &mut Block) -> Result<(), ReadError> {
	// An earlier call may have failed half-way.
	block.genes.clear();
	block.targets.clear();
	for event in &block.events {
		match (event.pallet.as_str(), event.name.as_str()) {
			("Optimae", "Revealed") => {
				let Some(model) = event.fields["model"].as_str().and_then(|text| text.parse().ok()) else { continue };
				let genes = chain.model_genes(at, model).await?;
				block.genes.extend(genes.map(|genes| RevealedGenes { model, genes }));
			}
			("Domains", "Registered") => {
				let Some(domain) = event.fields["domain"].as_u64().and_then(|id| id.try_into().ok()) else { continue };
				let target = chain.domain_target(at, domain).await?;
				block.targets.extend(target.map(|target| RegisteredTarget { domain, target }));
			}
			_ => {}
		}
	}
	Ok(())
}

/// Returns the domains in the state of a block.
///
/// # Errors
///
/// Errors if the node does not answer, or has removed the state.
pub async fn known_domains(chain: &Chain, at: Head) -> Result<Vec<KnownDomain>, ReadError> {
	let mut known = Vec::new();
	for view in chain.domains(at).await? {
		let has_champion = matches!(view.status, Status::Active | Status::Converged | Status::Closing);
		let champions = match has_champion {
			true => {
				let (reigning, initial) = tokio::try_join!(chain.champion(at, view.id), chain.initial_champion(at, view.id))?;
				reigning.zip(initial).map(|(reigning, initial)| KnownChampions {
					activated_block: reigning.round.is_none().then_some(reigning.block),
					initial: model(initial),
					initial_error: view.initial_validation_error,
					champion: model(reigning.model),
					high_water: view.high_water,
				})
			}
			false => None,
		};
		let (owner, weight, target) = (view.owner.to_string(), view.weight, view.target);
		known.push(KnownDomain { id: view.id, owner, weight, target, champions });
	}
	Ok(known)
}

/// Returns the reference of a model as the fields of events have it.
fn model(model: ModelRef) -> Value {
	match model {
		ModelRef::RepeatLast => "repeatLast".into(),
		ModelRef::Seasonal => "seasonal".into(),
		ModelRef::Origin => "origin".into(),
		ModelRef::Stored(id) => json!({ "stored": id.to_string() }),
		ModelRef::Linear => "linear".into(),
		ModelRef::Constant => "constant".into(),
		ModelRef::BuiltIn => "builtIn".into(),
	}
}
