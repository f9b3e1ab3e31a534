//! Calls of payers and payees of channels, of servers, and of clients that accuse them.
//!
//! They come with [`Kind::Work`](super::Kind::Work) and [`Kind::Block`](super::Kind::Block), so that the other operations stay as frequent
//! as they are.

use super::{sealed::SEALED, World, ACTORS, DRIFT};
use doin_primitives::{
	channel::{ChannelId, Contract, Key, Voucher},
	inference::{
		baseline, champion_at, number_bytes, pairs_hash, AccusedModel, Endpoint, Input, Output, Pair as HashPair, Pairs, Receipt,
	},
	Balance, BlockNumber, DomainId, Hash, ModelRef, DOIN,
};
use doin_runtime::{AccountId, Domains, Optimae, Runtime, RuntimeCall};
use doin_scoring::{answer, Model, Program};
use doin_traits::Models;
use pallet_doin_channels::{types::Channel, Channels};
use pallet_doin_inference::{
	types::{Accusation, Claim, Offer, Window},
	Offers, Served,
};
use sp_core::{sr25519, Pair};
use sp_keyring::Sr25519Keyring;

/// Keys of servers, those of [`ACTORS`] in their order, and of channels after them.
const KEYS: u8 = 20;
/// Windows of a receipt.
const WINDOWS: u16 = 3;

type ChannelsCall = pallet_doin_channels::Call<Runtime>;
type InferenceCall = pallet_doin_inference::Call<Runtime>;

/// A call and its sender.
type Sent = (Sr25519Keyring, RuntimeCall);

/// Way of an accusation. The first four prove a lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
	/// The first output is false.
	FalseOutput,
	/// A false output in a receipt that nobody has paid for.
	FalseFreeOutput,
	/// A false output, with the bytes of the model left to the chain, which may have deleted them.
	FalseStoredOutput,
	/// The receipt names a model that was no champion.
	OtherModel,
	/// The output is true.
	TrueOutput,
	/// The champion is said to be another model than the champion.
	TrueModel,
	/// An output of a model that was no champion is said to be false.
	OtherModelOutput,
	/// Another key has signed the receipt.
	Signature,
	/// The contract is not that of the channel of the receipt.
	Contract,
	/// The block of the receipt comes later.
	Future,
	/// The block of the receipt lies before the offer.
	BeforeOffer,
	/// The receipt has other pairs.
	Pairs,
	/// The receipt has no such window.
	Index,
	/// The bytes are not those of the champion.
	Model,
	/// The input lacks a byte.
	Shape,
	/// The account has no offer for the domain.
	OtherServer,
}

impl Way {
	/// All ways.
	const ALL: [Self; 16] = [
		Self::FalseOutput,
		Self::FalseFreeOutput,
		Self::FalseStoredOutput,
		Self::OtherModel,
		Self::TrueOutput,
		Self::TrueModel,
		Self::OtherModelOutput,
		Self::Signature,
		Self::Contract,
		Self::Future,
		Self::BeforeOffer,
		Self::Pairs,
		Self::Index,
		Self::Model,
		Self::Shape,
		Self::OtherServer,
	];

	/// Returns `true` if the output is false.
	fn is_false_output(self) -> bool {
		matches!(self, Self::FalseOutput | Self::FalseFreeOutput | Self::FalseStoredOutput)
	}

	/// Returns the block of the receipt, in block `now` against an offer of block `since`.
	fn block(self, since: BlockNumber, now: BlockNumber, n: u32) -> BlockNumber {
		match self {
			Self::Future => now + 1 + n % 5,
			Self::BeforeOffer => since.saturating_sub(1),
			_ => since + n % (now.saturating_sub(since) + 1),
		}
	}
}

/// One window of an answer: its hashes, its input and its output.
struct Answer {
	pair: HashPair,
	nonce: Hash,
	input: Vec<u8>,
	output: Vec<u8>,
}

impl Answer {
	/// Returns the answer of a model to a random input; `None` if it has none.
	fn new(program: &Program, model: &Model, way: Way, n: u32) -> Option<Self> {
		let mut input = input(program, n);
		let mut outputs = answer(model, program, &input)?;
		if way.is_false_output() {
			outputs[0] = outputs[0].wrapping_add(1 + (n % 7) as i32);
		}
		if way == Way::Shape {
			input.pop();
		}
		let (nonce, output) = ([n as u8; 32], number_bytes(&outputs));
		Some(Self { pair: HashPair::new(&nonce, &input, &output), nonce, input, output })
	}
}

fn actor(n: u32) -> Sr25519Keyring {
	ACTORS[n as usize % ACTORS.len()]
}

/// Returns the actor of an account.
fn actor_of(who: &AccountId) -> Option<Sr25519Keyring> {
	ACTORS.into_iter().find(|actor| actor.to_account_id() == *who)
}

thread_local! {
	static PAIRS: Vec<sr25519::Pair> = (0..KEYS).map(|n| sr25519::Pair::from_seed(&[n; 32])).collect();
}

/// Returns one of the keys.
fn key(n: u32) -> sr25519::Pair {
	PAIRS.with(|pairs| pairs[n as usize % pairs.len()].clone())
}

/// Returns the key with a public part.
fn key_of(public: &Key) -> Option<sr25519::Pair> {
	PAIRS.with(|pairs| pairs.iter().find(|pair| pair.public().0 == *public).cloned())
}

/// Returns an input of a program; an empty one if it has none.
fn input(program: &Program, n: u32) -> Vec<u8> {
	match program {
		Program::Forecast(forecast) => {
			let count = i32::from(forecast.history) * i32::from(forecast.channels);
			number_bytes(&(0..count).map(|at| DRIFT * at + (n % 1_000) as i32).collect::<Vec<i32>>())
		}
		Program::Rows(rows) => (0..rows.features).map(|feature| (n >> (feature % 24)) as u8).collect(),
		Program::Quadratic(_) | Program::Landscape(_) | Program::Tolerance(_) | Program::LossGenome(_) => Vec::new(),
	}
}

/// Returns the call that adds to a channel. Some amounts and lifetimes add nothing, or are not admitted.
fn top_up(channel: ChannelId, n: u32) -> RuntimeCall {
	let amount = [0, 1, DOIN, 50 * DOIN, 10_000 * DOIN][n as usize % 5];
	let lifetime = [None, None, Some(0), Some(1), Some(100), Some(2_000), Some(u32::MAX)][(n >> 4) as usize % 7];
	ChannelsCall::top_up { channel, amount, lifetime }.into()
}

/// Returns the call that redeems a voucher of a channel, in one of eight ways: an old one, one above the deposit, one for a planck more,
/// that of the channel `other`, one that another key may have signed, one for less than is stated, and otherwise a new one.
fn redeem(channel: ChannelId, state: &Channel<AccountId>, other: ChannelId, n: u32) -> Option<RuntimeCall> {
	let mut signer = key_of(&state.contract.key)?;
	let mut signed = Voucher { channel, cumulative: state.paid + state.left() / Balance::from(1 + (n >> 3) % 4) };
	match n % 8 {
		0 => signed.cumulative = state.paid.saturating_sub(Balance::from((n >> 5) % 2)),
		1 => signed.cumulative = [state.deposit + DOIN, Balance::MAX][(n >> 5) as usize % 2],
		2 => signed.cumulative = state.paid + 1,
		3 => signed.channel = other,
		4 => signer = key(n >> 5),
		_ => {}
	}
	let stated = if n % 8 == 5 { signed.cumulative + 1 } else { signed.cumulative };
	let signature = signer.sign(&signed.signed_bytes()).0;
	Some(ChannelsCall::redeem { channel, cumulative: stated, signature }.into())
}

impl World {
	/// Returns calls about channels and offers, whether they make sense now or not.
	pub(super) fn servers_calls(&mut self, n: u32) -> Vec<Sent> {
		self.keep_champions();
		let calls = [self.channels_call(n), self.channels_call(n.rotate_left(13)), self.inference_call(n.rotate_left(23))];
		calls.into_iter().flatten().collect()
	}

	/// Keeps the bytes of the champions of served domains, as clients do: the chain deletes those of replaced ones.
	fn keep_champions(&mut self) {
		let champions: Vec<(Hash, Vec<u8>)> = self.chain.state(|| {
			let newest = Served::<Runtime>::iter().filter_map(|(domain, served)| {
				let champion = *served.champions.last()?;
				let bytes = match champion.model {
					ModelRef::Stored(id) => <Optimae as Models>::bytes(id)?.into_inner(),
					ModelRef::Linear | ModelRef::Constant | ModelRef::BuiltIn => {
						<Domains as doin_traits::Domains<AccountId>>::baseline(domain)?.into_inner()
					}
					ModelRef::RepeatLast | ModelRef::Seasonal | ModelRef::Origin => {
						baseline(&champion.model, &served.program)?.to_bytes()
					}
				};
				Some((champion.hash, bytes))
			});
			newest.collect()
		});
		self.champions.extend(champions);
	}

	/// Returns an open channel.
	fn channel(&mut self, n: u32) -> Option<(ChannelId, Channel<AccountId>)> {
		let mut channels: Vec<_> = self.chain.state(|| Channels::<Runtime>::iter().collect());
		channels.sort_unstable_by_key(|(id, _)| *id);
		let at = n as usize % channels.len().max(1);
		channels.into_iter().nth(at)
	}

	/// Returns an offer with a bond, its domain and its server.
	fn bonded(&mut self, n: u32) -> Option<(DomainId, AccountId, Offer)> {
		let mut offers: Vec<_> = self.chain.state(|| Offers::<Runtime>::iter().collect());
		offers.sort_unstable_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
		let at = n as usize % offers.len().max(1);
		offers.into_iter().nth(at)
	}

	/// Returns a call of pallet `channels`.
	fn channels_call(&mut self, n: u32) -> Option<Sent> {
		let m = n >> 11;
		if n % 8 < 2 {
			return Some(self.opening(m));
		}
		let Some((channel, state)) = self.channel(n >> 3) else {
			return Some((actor(m), ChannelsCall::finish { channel: [n as u8; 32] }.into()));
		};
		let Contract { payer, payee, .. } = &state.contract;
		let (payer, payee) = (actor_of(payer).unwrap_or(actor(m)), actor_of(payee).unwrap_or(actor(m)));
		Some(match n % 8 {
			2 => (if m.is_multiple_of(8) { actor(m >> 3) } else { payer }, top_up(channel, m >> 8)),
			3..=5 => {
				let other = self.channel(m >> 7).map_or(channel, |(other, _)| other);
				(actor(m), redeem(channel, &state, other, m >> 4)?)
			}
			6 => ([payer, payer, payee, actor(m >> 4)][m as usize % 4], ChannelsCall::close { channel }.into()),
			_ => (actor(m), ChannelsCall::finish { channel }.into()),
		})
	}

	/// Returns the call that opens a channel, often to a server. Some payees, deposits and lifetimes are not admitted.
	fn opening(&mut self, n: u32) -> Sent {
		let payee = match n % 16 {
			0 => AccountId::new([255; 32]),
			1..=8 => actor(n >> 4).to_account_id(),
			_ => self.bonded(n >> 4).map_or(actor(n >> 4).to_account_id(), |(_, server, _)| server),
		};
		let deposit = [DOIN / 2, DOIN, 5 * DOIN, 100 * DOIN, 1_000 * DOIN, 10_000 * DOIN, 10_001 * DOIN][(n >> 8) as usize % 7];
		let lifetime = [0, 1, 20, 60, 200, 2_000, u32::MAX][(n >> 11) as usize % 7];
		let domain = [None, Some(0), Some(1), Some(SEALED)][(n >> 14) as usize % 4];
		let key = key(ACTORS.len() as u32 + (n >> 16) % 6).public().0;
		(actor(n >> 12), ChannelsCall::open { payee, key, deposit, lifetime, domain }.into())
	}

	/// Returns a call of pallet `inference`.
	fn inference_call(&mut self, n: u32) -> Option<Sent> {
		let m = n >> 3;
		match n % 8 {
			0 | 1 => Some(self.offering(m)),
			2 => {
				let Some((domain, server, _)) = self.bonded(m) else {
					return Some((actor(m), InferenceCall::withdraw { domain: self.domain(m) }.into()));
				};
				Some((actor_of(&server).unwrap_or(actor(m)), InferenceCall::withdraw { domain }.into()))
			}
			3 => self.release(m),
			_ => self.accusation(m),
		}
	}

	/// Returns the call that makes or changes an offer. Some keys, addresses, prices and bonds are not admitted, and some domains have no
	/// champion that answers.
	fn offering(&mut self, n: u32) -> Sent {
		let place = n % ACTORS.len() as u32;
		let domain = match (n >> 4) % 5 {
			0 => self.domain(n >> 8),
			way => [0, 0, 1, SEALED][way as usize - 1],
		};
		let key = key(if (n >> 7).is_multiple_of(8) { n >> 10 } else { place }).public().0;
		let endpoint: &[u8] = match (n >> 10) % 16 {
			0 => b"",
			1 => b"\xff",
			2..=8 => b"https://example.org:8475",
			_ => b"http://127.0.0.1:8475",
		};
		let price = [0, 1, DOIN / 100, DOIN][(n >> 14) as usize % 4];
		let bond = [DOIN, 10, 10 * DOIN, 25 * DOIN, 200 * DOIN, 1_000 * DOIN, 1_000 * DOIN][(n >> 16) as usize % 7];
		let endpoint = Endpoint::truncate_from(endpoint.to_vec());
		(actor(place), InferenceCall::offer { domain, key, price, endpoint, bond }.into())
	}

	/// Returns the call that releases the bond of an offer. The claim window of every second one that has left is ended for it, since a
	/// window is longer than most chains of the fuzz.
	fn release(&mut self, n: u32) -> Option<Sent> {
		let (domain, who, offer) = self.bonded(n)?;
		if offer.leaves.is_some() && (n >> 8).is_multiple_of(2) {
			let ended = Offer { leaves: Some(self.chain.number()), ..offer };
			self.chain.state(|| Offers::<Runtime>::insert(domain, &who, ended));
		}
		Some((actor(n >> 4), InferenceCall::release { domain, who }.into()))
	}

	/// Returns the accusation of a server, in one of the ways of [`Way`].
	fn accusation(&mut self, n: u32) -> Option<Sent> {
		let way = Way::ALL[n as usize % Way::ALL.len()];
		let (domain, server, offer) = self.bonded(n >> 4)?;
		let served = self.chain.state(|| Served::<Runtime>::get(domain))?;
		let block = way.block(offer.since, self.chain.number(), n >> 8);
		let champion = *champion_at(&served.champions, block).or(served.champions.last())?;
		let mut bytes = self.champions.get(&champion.hash)?.clone();
		let Answer { pair, nonce, input, output } = Answer::new(&served.program, &Model::from_bytes(&bytes).ok()?, way, n >> 4)?;
		let pairs = Pairs::truncate_from(vec![pair; WINDOWS.into()]);
		let contract = if way == Way::FalseFreeOutput { None } else { Some(self.contract(&server, n >> 12)) };
		let genesis = self.genesis_hash;
		let mut receipt = Receipt {
			domain,
			block,
			model: champion.hash,
			channel: contract.as_ref().map_or([0; 32], |contract| contract.id(&genesis)),
			cumulative: DOIN,
			price: [0, offer.price, 3 * offer.price, Balance::MAX][(n >> 10) as usize % 4],
			pairs: pairs_hash(&pairs),
		};
		match way {
			Way::OtherModel | Way::OtherModelOutput => receipt.model[0] ^= 1,
			Way::Contract => receipt.channel[0] ^= 1,
			Way::Pairs => receipt.pairs[0] ^= 1,
			Way::Model => bytes.push(0),
			_ => {}
		}
		let window = Window {
			pairs,
			index: if way == Way::Index { WINDOWS } else { (n >> 16) as u16 % WINDOWS },
			nonce,
			input: Input::truncate_from(input),
			output: Output::truncate_from(output),
			model: if way == Way::FalseStoredOutput { None } else { Some(AccusedModel::truncate_from(bytes)) },
		};
		let claim = match way {
			Way::OtherModel | Way::TrueModel => Claim::Model,
			_ => Claim::Output(Box::new(window)),
		};
		let signer = if way == Way::Signature { Sr25519Keyring::Alice.pair() } else { key_of(&offer.key)? };
		let signature = signer.sign(&receipt.signed_bytes(&genesis)).0;
		let server = if way == Way::OtherServer { AccountId::new([255; 32]) } else { server };
		let accusation = Box::new(Accusation { receipt, signature, contract, claim });
		Some((actor(n >> 6), InferenceCall::accuse { server, accusation }.into()))
	}

	/// Returns the contract of a channel: of an open one, of one between actors, or of a payer whose account may not exist.
	fn contract(&mut self, server: &AccountId, n: u32) -> Contract<AccountId> {
		let payer = match n % 4 {
			0 | 1 => match self.channel(n >> 2) {
				Some((_, state)) => return state.contract,
				None => actor(n).to_account_id(),
			},
			2 => actor(n >> 2).to_account_id(),
			_ => AccountId::new([n as u8; 32]),
		};
		Contract { payer, payee: server.clone(), key: [4; 32], counter: n.into() }
	}
}
