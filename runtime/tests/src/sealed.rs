//! A sealed domain of small rows, its owner and its candidates, as calls against the real runtime.
//!
//! A row has two features and the class 1 if the first one is larger, 0 otherwise; one label in twenty is wrong. A [`threshold`]
//! model answers 1 if the first feature is larger by more than a number, so its error is known in order: the smaller the number,
//! the better.

use crate::Chain;
use doin_primitives::{
	blake2_256,
	bounded_collections::BoundedVec,
	domain::PAGE_BYTES,
	evidence::segment_hash,
	payload::{Metrics, Reveal},
	Balance, DomainId, DomainSpec, Evidence, Gene, Growth, Hash, Limits, Page, RoundId, Split, DOIN, MILLION,
};
use doin_runtime::{Gauge, Optimae, Runtime, RuntimeCall};
use doin_scoring::{
	philox::Stream,
	rows::{score_rows, validation_rows_span, RowSet, RowTarget, Rows},
	Encoder, Layer, Model, Net, Program,
};
use doin_traits::{apis::runtime_decl_for_doin_api::DoinApi, DomainWeights as _};
use pallet_doin_domains::Call as DomainsCall;
use pallet_doin_evidence::Call as EvidenceCall;
use sp_keyring::Sr25519Keyring;

/// Rows of the data published at activation: half for training, half for validation.
const PUBLISHED: u32 = 1_024;
/// Rows of a segment.
pub const UNITS: u32 = 512;
/// Amount that a seat stakes, in plancks.
pub const STAKE: Balance = 10 * DOIN;
/// Purpose of the stream that rows are drawn from; no other stream of the project has this number.
const ROWS: u32 = 91;
/// Multiply-accumulates of a unit, in which an activation counts the cost of the owner's linear model.
const UNIT_MACS: u32 = 2_048;
/// Weight of a feature in a [`threshold`] model.
const WEIGHT: i16 = 64;

/// A sealed domain, with the segments that its owner has sealed.
#[derive(Clone, Debug)]
pub struct SealedDomain {
	/// Identifier of the domain.
	pub id: DomainId,
	/// Owner of the domain.
	pub owner: Sr25519Keyring,
	/// Record of the domain.
	pub spec: DomainSpec,
	/// Data published at activation.
	pub published: Vec<u8>,
	/// Bytes of the sealed segments.
	pub segments: Vec<Vec<u8>>,
}

/// Returns `count` rows.
pub fn rows(seed: u8, count: u32) -> Vec<u8> {
	rows_of(&mut Stream::new(&[seed; 32], ROWS, 0), count)
}

/// Returns `count` rows that are drawn from `stream`.
pub fn rows_of(stream: &mut Stream, count: u32) -> Vec<u8> {
	let mut row = || {
		let (first, second) = (stream.below(256) as u8, stream.below(256) as u8);
		let is_wrong = stream.below(20) == 0;
		[first, second, u8::from((first > second) != is_wrong)]
	};
	(0..count).flat_map(|_| row()).collect()
}

/// Returns the published rows of the domain of [`spec`].
pub fn published() -> Vec<u8> {
	rows(1, PUBLISHED)
}

/// Returns the bytes of segment `index` of every sealed domain of this module.
pub fn segment(index: u16) -> Vec<u8> {
	rows((index as u8).wrapping_add(100), UNITS)
}

/// Returns the salt of segment `index`.
pub fn segment_salt(index: u16) -> [u8; 32] {
	blake2_256(&index.to_le_bytes())
}

/// Returns the record of a sealed domain of rows that publishes [`published`].
pub fn spec(name: &[u8]) -> DomainSpec {
	spec_of(name, &published())
}

/// Returns the record of a sealed domain that publishes these rows: half of them for training, half for validation.
pub fn spec_of(name: &[u8], published: &[u8]) -> DomainSpec {
	DomainSpec {
		name: BoundedVec::truncate_from(name.to_vec()),
		unit: BoundedVec::truncate_from(b"1".to_vec()),
		program: Program::Rows(Rows { features: 2, image: None, target: RowTarget::Classes(2), rows: 8, chunks: 64 }),
		genes: BoundedVec::truncate_from(vec![Gene {
			name: BoundedVec::truncate_from(b"threshold".to_vec()),
			lo: -1_000,
			hi: 1_000,
			log: false,
			frac: 0,
		}]),
		limits: Limits { model_bytes: 1_024, window_macs: 1_024 },
		data_root: blake2_256(&codec::Encode::encode(&published)),
		values: published.len() as u32,
		growth: Growth::Appending,
		split: Split { train_end: PUBLISHED / 2, validation_end: PUBLISHED },
		licence: BoundedVec::truncate_from(b"CC0-1.0".to_vec()),
		evidence: Evidence::Sealed { units: UNITS, stake: STAKE },
		min_improvement: 5_000,
		target: 0,
	}
}

/// Returns a linear model that answers 1 if the first feature is larger than the second by more than `least`.
pub fn threshold(least: i32) -> Model {
	let skip = Layer {
		inputs: 2,
		outputs: 2,
		shift: 1,
		weights: vec![0, 0, WEIGHT, -WEIGHT],
		bias: vec![0, -least * i32::from(WEIGHT)],
	};
	Model::Net(Net { window: 2, in_shifts: vec![0], skip: Some(skip), encoder: Encoder::None, layers: vec![] })
}

/// Returns a reveal of a [`threshold`] model with correct validation sums.
pub fn threshold_reveal(least: i32) -> Reveal {
	reveal_of(&spec(b""), &published(), &threshold(least), least.into())
}

/// Returns a reveal of `model` with correct validation sums, for a domain of rows with one gene.
pub fn reveal_of(spec: &DomainSpec, published: &[u8], model: &Model, gene: i64) -> Reveal {
	let Program::Rows(program) = &spec.program else { panic!("a domain of rows") };
	let sum = |index| {
		let span = validation_rows_span(program, spec.split.train_end, spec.split.validation_end, index).expect("long enough");
		let rows = RowSet::new(program, published[span.start as usize..span.end as usize].to_vec());
		score_rows(model, program, &rows)
	};
	Reveal {
		genes: BoundedVec::truncate_from(vec![gene]),
		model: BoundedVec::truncate_from(model.to_bytes()),
		validation: BoundedVec::truncate_from((0..program.chunks).map(sum).collect()),
		metrics: Metrics::default(),
	}
}

impl SealedDomain {
	/// Returns the hash under which segment `index` is sealed on the chain with this genesis.
	pub fn hash(&self, genesis: &Hash, index: u16) -> Hash {
		let bytes = &self.segments[usize::from(index)];
		segment_hash(genesis, &self.owner.to_account_id(), index, &segment_salt(index), bytes)
	}

	/// Returns the call that opens segment `index`.
	pub fn open_call(&self, index: u16) -> RuntimeCall {
		let bytes = BoundedVec::truncate_from(self.segments[usize::from(index)].clone());
		RuntimeCall::Evidence(EvidenceCall::open_segment { domain: self.id, index, bytes, salt: segment_salt(index) })
	}
}

/// Sealed domains.
impl Chain {
	/// Registers and activates a domain with this record, published data and baseline. Returns its identifier.
	pub fn new_domain(
		&mut self,
		owner: Sr25519Keyring,
		spec: &DomainSpec,
		published: &[u8],
		baseline: Option<&Model>,
	) -> DomainId {
		let id = self.state(pallet_doin_domains::NextDomainId::<Runtime>::get);
		let windows = spec.split.validation_end - spec.split.train_end;
		let linear = baseline.map_or(0, |model| (model.macs() as u32 * windows).div_ceil(UNIT_MACS));
		// Training runs have a price, and no model of their owner.
		let units = linear.max(spec.activation_price(0) as u32);
		let baseline = baseline.map(|model| BoundedVec::truncate_from(model.to_bytes()));
		self.ok(owner, DomainsCall::register { spec: Box::new(spec.clone()), baseline });
		for (index, page) in (0..).zip(published.chunks(PAGE_BYTES as usize)) {
			let page = Page::from_bytes(page.to_vec()).expect("a page");
			self.ok(owner, DomainsCall::upload_page { domain: id, index, page });
		}
		self.ok(owner, DomainsCall::activate { domain: id, values: spec.values, units });
		id
	}

	/// Registers a sealed domain of `owner`, seals `segments` segments, and funds its purse with `purse` plancks.
	pub fn sealed_domain(&mut self, owner: Sr25519Keyring, segments: u16, purse: Balance) -> SealedDomain {
		self.sealed_domain_of(owner, published(), (0..segments).map(segment).collect(), purse)
	}

	/// Registers a sealed domain of `owner` that publishes these rows, seals these segments, and funds its purse with `purse`
	/// plancks.
	pub fn sealed_domain_of(
		&mut self,
		owner: Sr25519Keyring,
		published: Vec<u8>,
		segments: Vec<Vec<u8>>,
		purse: Balance,
	) -> SealedDomain {
		let spec = spec_of(b"sealed", &published);
		let id = self.new_domain(owner, &spec, &published, None);
		let domain = SealedDomain { id, owner, spec, published, segments };
		self.seal(&domain, 0);
		self.ok(owner, EvidenceCall::fund { domain: id, amount: purse });
		domain
	}

	/// Seals the segments of `domain` from `first` on.
	pub fn seal(&mut self, domain: &SealedDomain, first: u16) {
		let genesis = self.genesis_hash();
		let hashes = (first..domain.segments.len() as u16).map(|index| domain.hash(&genesis, index)).collect();
		self.ok(domain.owner, EvidenceCall::seal { domain: domain.id, from: first, hashes: BoundedVec::truncate_from(hashes) });
	}

	/// Gives `domain` all weight by the ballot of the validator Alice, and waits for the session that counts it.
	pub fn give_weight(&mut self, domain: DomainId) {
		let validator = Sr25519Keyring::Alice;
		self.ok(validator, pallet_doin_gauge::Call::nominate { domain });
		let votes = BoundedVec::truncate_from(vec![(domain, MILLION)]);
		self.ok(validator, pallet_doin_gauge::Call::vote { votes });
		let counted = (0..400).any(|_| {
			self.block();
			self.state(|| Gauge::weight(domain)) > 0
		});
		assert!(counted, "the ballot counts from the next session on");
	}

	/// Makes empty blocks until `round` waits for its segment, whose opening the next block takes.
	pub fn to_asked(&mut self, round: RoundId) {
		let is_asked = |chain: &mut Self| {
			let view = chain.state(|| Runtime::evidence(round.domain)).expect("the domain is sealed");
			view.awaited == Some(round)
		};
		for _ in 0..60 {
			if is_asked(self) {
				return;
			}
			self.block();
		}
		panic!("round {round:?} never waited for a segment");
	}

	/// Commits each author to its threshold in the next round of `domain`. Returns the round and the reveals.
	pub fn commit_thresholds(
		&mut self,
		domain: &SealedDomain,
		authors: &[(Sr25519Keyring, i32)],
	) -> (RoundId, Vec<(Sr25519Keyring, Reveal)>) {
		let round = self.to_next_round_of(domain.id);
		let reveals: Vec<_> = authors.iter().map(|(who, least)| (*who, threshold_reveal(*least))).collect();
		for (who, reveal) in &reveals {
			self.commit(*who, round, reveal);
		}
		(round, reveals)
	}

	/// Runs a round of `domain` up to its settlement: each author submits its threshold, `opener` opens segment `index`, and all
	/// evaluators answer correctly. Returns the round and the drawn evaluators.
	pub fn sealed_round(
		&mut self,
		domain: &SealedDomain,
		index: u16,
		authors: &[(Sr25519Keyring, i32)],
	) -> (RoundId, Vec<Sr25519Keyring>) {
		let (round, reveals) = self.commit_thresholds(domain, authors);
		self.to_asked(round);
		self.ok(domain.owner, domain.open_call(index));
		for (who, reveal) in &reveals {
			self.reveal(*who, round, reveal);
		}
		let drawn = self.answer(round, |_, sums| Some(sums.clone()));
		self.settle(drawn[0], round);
		(round, drawn)
	}

	/// Returns `true` while `round` is undecided.
	pub fn is_open(&mut self, round: RoundId) -> bool {
		self.state(|| Optimae::open_round(round)).is_some()
	}
}
