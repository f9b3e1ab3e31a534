//! Submits a candidate to domain 0 of a development chain: commits, waits for the reveal phase, and reveals.
//!
//! Start `doin-node --dev`, then `cargo run --example submit_candidate -- //Dave [URL]`. The candidate is a linear net without
//! weights, which repeats the last value. It is rejected as not better than the champion, and its seat shows that. A real
//! optimizer trains its model, and writes the reveal and the salt to disk before it commits: the fee and a part of the hold are
//! lost without them.

use anyhow::{Context, Result};
use doin_chain::{Call, Chain, Head, Patience, Signer, Urgency};
use doin_primitives::{
	commitment::{commitment, payload_hash, Tag},
	payload::{Metrics, Reveal},
	round::Phase,
	views::RoundView,
	DomainSpec,
};
use doin_scoring::{sample, score, Encoder, Layer, Model, Net, Program};
use subxt_signer::{sr25519::Keypair, SecretUri};

/// Domain of the candidate: the demo domain of development chains.
const DOMAIN: u32 = 0;

#[tokio::main]
async fn main() -> Result<()> {
	let mut arguments = std::env::args().skip(1);
	let key: SecretUri = arguments.next().context("name a key, e.g. //Dave")?.parse()?;
	let url = arguments.next().unwrap_or_else(|| "ws://127.0.0.1:9944".into());
	let signer = Signer::new(Keypair::from_uri(&key)?);
	let chain = Chain::connect(&[url], Patience::Once).await?;

	let spec = chain.domain_spec(chain.head(), DOMAIN).await?.context("the domain is not registered")?;
	let series = chain.series(chain.head(), DOMAIN).await?.context("the series is not complete")?;
	let reveal = candidate(&spec, &series)?;

	// The hash binds the chain, the round and the account, so that nobody else can reveal it. The salt hides the payload until
	// then.
	let salt: [u8; 32] = *b"use random bytes in a real salt.";
	let round = next_round(&chain, Phase::Commit).await?;
	let hash = commitment(Tag::Optimae, &chain.genesis(), &round.round, &signer.account(), &payload_hash(&reveal), &salt);
	// A seat may become dearer before the commit is in a block.
	let commit = Call::commit(round.round, hash, round.next_seat_fee);
	let included = chain.submit(&signer, &commit, Urgency::Before(round.phase_end)).await?;
	println!("committed in block {}, fee {} plancks", included.block.number, included.fee);

	let (from, until) = (round.reveal_from, round.reveal_until);
	println!("waiting for block {from}");
	chain.heads().wait_for(|head: &Head| head.number + 1 >= from).await?;
	let included = chain.submit(&signer, &Call::reveal(round.round, &reveal, salt), Urgency::Before(until)).await?;
	println!("revealed in block {}, fee {} plancks", included.block.number, included.fee);

	let round = chain.open_round(included.block, round.round).await?.context("the round is decided already")?;
	for seat in round.seats.iter().filter(|seat| seat.who == signer.account()) {
		println!("the seat is {:?}", seat.status);
	}
	Ok(())
}

/// Waits until the round of the domain is in `phase`.
async fn next_round(chain: &Chain, phase: Phase) -> Result<RoundView<doin_chain::Account>> {
	let mut head = chain.head();
	loop {
		let round = chain.round(head, DOMAIN).await?.context("the domain has no rounds")?;
		if round.phase == phase && round.phase_end > head.number + 1 {
			return Ok(round);
		}
		head = chain.next_head(head).await;
	}
}

/// Returns a candidate with a linear net whose weights are 0, and the validation sums that the runtime would compute for it.
fn candidate(spec: &DomainSpec, series: &[i32]) -> Result<Reveal> {
	let Program::Forecast(program) = &spec.program else { anyhow::bail!("the domain is not a forecast") };
	let outputs = program.outputs();
	let skip = Layer { inputs: 1, outputs, shift: 1, weights: vec![0; outputs.into()], bias: vec![0; outputs.into()] };
	let net = Net { window: 1, in_shifts: vec![0], skip: Some(skip), encoder: Encoder::None, layers: Vec::new() };
	let model = Model::Net(net);
	let sum = |chunk| -> Result<u32> {
		let span = sample::validation_span(program, spec.split.train_end, spec.split.validation_end, chunk);
		let span = span.ok().context("the split has no such chunk")?;
		let values = series.get(span.start as usize..span.end as usize).context("the series is too short")?;
		Ok(score(&model, program, &sample::validation(program, values)))
	};
	let sums = (0..program.chunks).map(sum).collect::<Result<Vec<u32>>>()?;
	Ok(Reveal {
		genes: spec.genes.iter().map(|gene| gene.lo).collect::<Vec<_>>().try_into().ok().context("too many genes")?,
		model: model.to_bytes().try_into().ok().context("the model is too large")?,
		validation: sums.try_into().ok().context("too many chunks")?,
		metrics: Metrics::default(),
	})
}
