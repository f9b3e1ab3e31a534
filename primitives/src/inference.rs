//! Answers that can be proved false: receipts of servers, the champions that they name, bonds, and paid demand.
//!
//! A server signs a *receipt* for each request. It names a block, the hash of the champion of that block, and a *pair* of hashes per
//! window: of the input with a nonce, and of the output. Models are exact, so one window of a receipt is either right, bit for bit, or the
//! signature proves a lie.
//!
//! ```
//! use doin_primitives::{inference::{division, Lie}, DOIN};
//! let division = division(100 * DOIN, Lie::Output, DOIN / 20);
//! assert_eq!(division.slashed, 100 * DOIN, "a false output takes the whole bond");
//! assert_eq!(division.payer, DOIN / 2, "ten prices");
//! assert_eq!(division.accuser, 10 * DOIN);
//! assert_eq!(division.burned, 100 * DOIN - 10 * DOIN - DOIN / 2);
//! ```

use crate::{
	blake2_256,
	channel::{wrapped, ChannelId},
	decay::halved,
	domain::MAX_MODEL_BYTES,
	Balance, BlockNumber, DomainId, Hash, ModelRef, DOIN,
};
use alloc::{vec, vec::Vec};
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use doin_scoring::{Model, Program};
use scale_info::TypeInfo;

/// Smallest bond of an offer, in plancks.
pub const MIN_BOND: Balance = 10 * DOIN;
/// Smallest bond of an offer, in prices.
pub const BOND_PRICES: Balance = 1_000;
/// Most offers that are listed for a domain.
pub const MAX_OFFERS: u32 = 64;
/// Most bytes of an endpoint.
pub const MAX_ENDPOINT: u32 = 128;
/// Length of the window in which a receipt can be accused, in periods of a round: a day on a public network.
pub const CLAIM_PERIODS: BlockNumber = 80;
/// Most champions of a claim window that are kept for a domain. A round crowns one model, and takes nearly a period to measure.
pub const MAX_CHAMPIONS: u32 = 96;
/// Most bytes of an input: 2 048 values of a series.
pub const MAX_INPUT: u32 = 8 * 1024;
/// Most bytes of an output: 1 024 numbers.
pub const MAX_OUTPUT: u32 = 4 * 1024;
/// Most windows of one receipt.
pub const MAX_PAIRS: u32 = 64;
/// Blocks after which a receipt is stale for a client, which pays no more.
pub const FRESH_BLOCKS: BlockNumber = 20;
/// Prices that the payer of a false answer is paid of the bond, at most a hundredth of what is slashed.
pub const COMPENSATED_PRICES: Balance = 10;
/// Divisor of what is slashed: the part that the payer is paid at most.
const PAYER_DIVISOR: Balance = 100;
/// Divisor of what is slashed: the part that the accuser is paid.
const ACCUSER_DIVISOR: Balance = 10;
/// Milliseconds in which demand halves: 7 days.
pub const DEMAND_HALF_LIFE_MS: u64 = 7 * 86_400_000;

/// First bytes of a signed [`Receipt`].
const RECEIPT_TAG: [u8; 12] = *b"doin receipt";

/// Address of a server, UTF-8, e.g. `https://example.org:8475`.
pub type Endpoint = BoundedVec<u8, ConstU32<MAX_ENDPOINT>>;
/// Input of one window; see [`Program`].
pub type Input = BoundedVec<u8, ConstU32<MAX_INPUT>>;
/// Output of one window; see [`output_bytes`].
pub type Output = BoundedVec<u8, ConstU32<MAX_OUTPUT>>;
/// Pairs of a receipt, in the order of its windows.
pub type Pairs = BoundedVec<Pair, ConstU32<MAX_PAIRS>>;
/// Encoded model of an accusation.
pub type AccusedModel = BoundedVec<u8, ConstU32<MAX_MODEL_BYTES>>;
/// Champions of the claim window, oldest first.
pub type CrownedList = BoundedVec<Crowned, ConstU32<MAX_CHAMPIONS>>;

/// Returns the smallest bond of an offer with this price, in plancks.
pub fn least_bond(price: Balance) -> Balance {
	price.saturating_mul(BOND_PRICES).max(MIN_BOND)
}

/// Promise of a server that a model has computed the outputs of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Receipt {
	/// The domain.
	pub domain: DomainId,
	/// Number of a finalized block.
	pub block: BlockNumber,
	/// Hash of the encoded champion of the domain in that block.
	pub model: Hash,
	/// Channel that pays; 0 for a request that nobody pays for.
	pub channel: ChannelId,
	/// Amount of the voucher that pays, in plancks.
	pub cumulative: Balance,
	/// Price of this request, in plancks: that of the offer for each window.
	pub price: Balance,
	/// [`pairs_hash`] of its windows.
	pub pairs: Hash,
}

impl Receipt {
	/// Returns the bytes that the key of the server signs: `<Bytes>doin receipt`, the hash of block 0, the fields in their order with
	/// numbers in little-endian, `</Bytes>`.
	pub fn signed_bytes(&self, genesis: &Hash) -> Vec<u8> {
		wrapped(&(RECEIPT_TAG, genesis, self).encode())
	}
}

/// Hashes of one window of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Pair {
	/// `blake2_256(nonce ‖ input)`.
	pub input: Hash,
	/// `blake2_256(output)`.
	pub output: Hash,
}

impl Pair {
	/// Returns the pair of a window.
	pub fn new(nonce: &Hash, input: &[u8], output: &[u8]) -> Self {
		Self { input: blake2_256(&[nonce.as_slice(), input].concat()), output: blake2_256(output) }
	}
}

/// Returns the hash of the pairs of a receipt: blake2b-256 of all their hashes, one after another.
pub fn pairs_hash(pairs: &[Pair]) -> Hash {
	let bytes: Vec<u8> = pairs.iter().flat_map(|pair| [pair.input, pair.output]).flatten().collect();
	blake2_256(&bytes)
}

/// Returns the nonce of window `index` of a request: `blake2_256(seed ‖ index)`. An accusation publishes the nonce of one window, which
/// does not tell those of the others.
pub fn window_nonce(seed: &Hash, index: u16) -> Hash {
	blake2_256(&(seed, index).encode())
}

/// Returns numbers as the bytes of an input of a series, or of an output: 4 bytes each, little-endian.
///
/// ```
/// assert_eq!(doin_primitives::inference::number_bytes(&[1, -1]), [1, 0, 0, 0, 255, 255, 255, 255]);
/// ```
pub fn number_bytes(numbers: &[i32]) -> Vec<u8> {
	numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Returns the baseline that `model` refers to, if no bytes of it are stored.
pub fn baseline(model: &ModelRef, program: &Program) -> Option<Model> {
	match (model, program) {
		(ModelRef::RepeatLast, _) => Some(Model::RepeatLast),
		(ModelRef::Seasonal, _) => Some(Model::Seasonal),
		(ModelRef::Origin, Program::Quadratic(quadratic)) => Some(Model::Point(vec![0; quadratic.target.len()])),
		(ModelRef::Origin | ModelRef::Stored(_) | ModelRef::Linear | ModelRef::Constant | ModelRef::BuiltIn, _) => None,
	}
}

/// Champion of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Crowned {
	/// The model.
	pub model: ModelRef,
	/// Hash of its encoding.
	pub hash: Hash,
	/// Block in which it became champion.
	pub from: BlockNumber,
}

/// Returns the champion in block `block`; `None` if the list begins later.
pub fn champion_at(champions: &[Crowned], block: BlockNumber) -> Option<&Crowned> {
	champions.iter().rev().find(|champion| champion.from <= block)
}

/// Appends `champion` to a list, and removes those that were replaced in block `oldest` or before. Removes the oldest one from a full list:
/// receipts of its blocks cannot be accused any more.
pub fn record_champion(champions: &mut CrownedList, champion: Crowned, oldest: BlockNumber) {
	while champions.get(1).is_some_and(|next| next.from <= oldest) {
		champions.remove(0);
	}
	if champions.is_full() {
		champions.remove(0);
	}
	champions.force_push(champion);
}

/// Reason for which a receipt cannot be accused, by its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockFault {
	/// The block is not on the chain yet.
	Future,
	/// The block lies before the claim window.
	TooOld,
	/// The block lies before the offer.
	BeforeOffer,
}

/// Checks that a receipt of block `block` can be accused in block `now`, against an offer of block `since`.
///
/// # Errors
///
/// Fails with the first fault.
pub fn check_block(block: BlockNumber, now: BlockNumber, since: BlockNumber, window: BlockNumber) -> Result<(), BlockFault> {
	if block > now {
		Err(BlockFault::Future)
	} else if block < since {
		Err(BlockFault::BeforeOffer)
	} else if block < now.saturating_sub(window) {
		Err(BlockFault::TooOld)
	} else {
		Ok(())
	}
}

/// Kind of a lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum Lie {
	/// The model was not the champion in the block of the receipt.
	#[codec(index = 0)]
	Model,
	/// The champion computes another output.
	#[codec(index = 1)]
	Output,
}

/// Division of a slashed bond, in plancks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Division {
	/// Amount that is taken from the bond; the sum of the others.
	pub slashed: Balance,
	/// Part that the payer of the channel receives.
	pub payer: Balance,
	/// Part that the accuser receives.
	pub accuser: Balance,
	/// Part that is burned.
	pub burned: Balance,
}

/// Returns what a lie in a receipt with this price takes from a bond: all of it for a false output, half of it for a model that was not the
/// champion.
pub fn division(bond: Balance, lie: Lie, price: Balance) -> Division {
	let slashed = match lie {
		Lie::Model => bond.div_ceil(2),
		Lie::Output => bond,
	};
	let part = |divisor: Balance| slashed.checked_div(divisor).unwrap_or(0);
	let payer = price.saturating_mul(COMPENSATED_PRICES).min(part(PAYER_DIVISOR));
	let accuser = part(ACCUSER_DIVISOR);
	Division { slashed, payer, accuser, burned: slashed.saturating_sub(payer).saturating_sub(accuser) }
}

/// Burned fees of the channels that pay servers of a domain, each halved every [`DEMAND_HALF_LIFE_MS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Demand {
	/// Amount in block `at`, in plancks, at most 2⁶⁴ − 1.
	pub amount: u64,
	/// Block in which a fee was added last.
	pub at: BlockNumber,
}

impl Demand {
	/// Returns the amount in block `now`, in plancks, where it halves in `half_life` blocks.
	pub fn amount(&self, now: BlockNumber, half_life: BlockNumber) -> u64 {
		halved(self.amount, now.saturating_sub(self.at), half_life)
	}

	/// Returns the demand after a fee of `fee` plancks was burned in block `now`.
	pub fn with_fee(&self, fee: Balance, now: BlockNumber, half_life: BlockNumber) -> Self {
		let fee = u64::try_from(fee).unwrap_or(u64::MAX);
		Self { amount: self.amount(now, half_life).saturating_add(fee), at: now }
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use alloc::{format, string::String};
	use proptest::prelude::*;

	const GENESIS: Hash = [1; 32];
	/// Blocks of 7 days.
	const HALF_LIFE: BlockNumber = 100_800;

	fn hex(bytes: &[u8]) -> String {
		bytes.iter().map(|byte| format!("{byte:02x}")).collect()
	}

	fn pair() -> Pair {
		Pair::new(&[7; 32], &number_bytes(&[1, -2, 3]), &number_bytes(&[16, -32]))
	}

	fn receipt() -> Receipt {
		Receipt {
			domain: 2,
			block: 300,
			model: [3; 32],
			channel: [4; 32],
			cumulative: 5_000_000_000,
			price: 1_000_000,
			pairs: pairs_hash(&[pair(), pair()]),
		}
	}

	#[test]
	fn pairs_and_receipts_have_the_bytes_of_the_documentation() {
		assert_eq!(hex(&pair().input), "3edba04ef0300eed204393099aa25817d64317e4d24b6be26246bef4907dfbbd");
		assert_eq!(hex(&pair().output), "8ad5cd656790e1375351f26c6363aeabb7503a657b96df1a165982d33a70ccab");
		assert_eq!(hex(&receipt().pairs), "f8403fa2d743a70fe065f1109084f4cdced3292709ef9b2690fe7941f392b0b3");
		assert_eq!(hex(&window_nonce(&[9; 32], 258)), "762af07efda7cc97e049b036d6966809c4ef38e880189ee45d3d46b0a5f5cae8");
		let bytes = receipt().signed_bytes(&GENESIS);
		assert_eq!(hex(&bytes), "3c42797465733e646f696e20726563656970740101010101010101010101010101010101010101010101010101010101010101020000002c0100000303030303030303030303030303030303030303030303030303030303030303040404040404040404040404040404040404040404040404040404040404040400f2052a01000000000000000000000040420f00000000000000000000000000f8403fa2d743a70fe065f1109084f4cdced3292709ef9b2690fe7941f392b0b33c2f42797465733e");
		assert_eq!((bytes.len(), &bytes[..19]), (195, b"<Bytes>doin receipt".as_slice()));
	}

	#[test]
	fn a_bond_has_ten_doin_and_a_thousand_prices() {
		assert_eq!([0, DOIN / 100, DOIN / 99, DOIN].map(least_bond), [MIN_BOND, MIN_BOND, 1_000 * (DOIN / 99), 1_000 * DOIN]);
		assert_eq!(least_bond(Balance::MAX), Balance::MAX);
	}

	#[test]
	fn a_server_that_accuses_itself_loses_89_parts_of_a_hundred() {
		let all = division(1_000 * DOIN, Lie::Output, Balance::MAX);
		assert_eq!(all.burned, 890 * DOIN, "payer, accuser and server are one hand");
		let half = division(1_000 * DOIN, Lie::Model, Balance::MAX);
		assert_eq!((half.slashed, half.burned), (500 * DOIN, 445 * DOIN));
	}

	#[test]
	fn a_receipt_is_accused_within_the_claim_window() {
		let check = |block, now| check_block(block, now, 100, 80);
		assert_eq!(check(100, 100), Ok(()), "in its own block");
		assert_eq!(check(100, 180), Ok(()), "in the last block of the window");
		assert_eq!(check(100, 181), Err(BlockFault::TooOld));
		assert_eq!(check(99, 100), Err(BlockFault::BeforeOffer));
		assert_eq!(check(101, 100), Err(BlockFault::Future));
		assert_eq!(check_block(0, 10, 0, 80), Ok(()), "the chain is younger than the window");
	}

	fn crowned(from: BlockNumber) -> Crowned {
		Crowned { model: ModelRef::Stored(from.into()), hash: [from as u8; 32], from }
	}

	#[test]
	fn a_champion_is_kept_while_a_block_of_it_can_be_accused() {
		let mut list = CrownedList::truncate_from(vec![crowned(10)]);
		record_champion(&mut list, crowned(50), 0);
		record_champion(&mut list, crowned(129), 49);
		assert_eq!(champion_at(&list, 49), Some(&crowned(10)), "replaced one block after the oldest one");
		record_champion(&mut list, crowned(130), 50);
		assert_eq!(champion_at(&list, 49), None, "replaced in the oldest one");
		assert_eq!([50, 128, 129, 130, 999].map(|block| champion_at(&list, block).unwrap().from), [50, 50, 129, 130, 130]);
	}

	#[test]
	fn a_full_list_forgets_the_oldest_champion_only() {
		let mut list = CrownedList::new();
		for from in 1..=MAX_CHAMPIONS + 3 {
			record_champion(&mut list, crowned(from), 0);
		}
		assert_eq!(list.len(), MAX_CHAMPIONS as usize);
		assert_eq!((champion_at(&list, 3), champion_at(&list, 4)), (None, Some(&crowned(4))));
	}

	#[test]
	fn demand_halves_in_a_week() {
		let demand = Demand::default().with_fee(4_000, 10, HALF_LIFE);
		assert_eq!([10, 10 + HALF_LIFE, 10 + 2 * HALF_LIFE].map(|now| demand.amount(now, HALF_LIFE)), [4_000, 2_000, 1_000]);
		let more = demand.with_fee(100, 10 + HALF_LIFE, HALF_LIFE);
		assert_eq!(more, Demand { amount: 2_100, at: 10 + HALF_LIFE });
		assert_eq!(demand.with_fee(Balance::MAX, 11, HALF_LIFE).amount, u64::MAX);
	}

	proptest! {
		#[test]
		fn receipts_differ_in_their_signed_bytes(part in 0usize..8, bit in 0u8..8) {
			let (mut other, mut genesis) = (receipt(), GENESIS);
			let flip = |hash: &mut Hash| hash[usize::from(bit)] ^= 1 << bit;
			match part {
				0 => other.domain ^= 1 << bit,
				1 => other.block ^= 1 << bit,
				2 => flip(&mut other.model),
				3 => flip(&mut other.channel),
				4 => other.cumulative ^= 1 << bit,
				5 => other.price ^= 1 << bit,
				6 => flip(&mut other.pairs),
				_ => flip(&mut genesis),
			}
			prop_assert_ne!(receipt().signed_bytes(&GENESIS), other.signed_bytes(&genesis));
			prop_assert_eq!(Receipt::decode(&mut &receipt().encode()[..]), Ok(receipt()));
		}

		#[test]
		fn a_pair_binds_nonce_input_and_output(nonce: Hash, input: Vec<u8>, output: Vec<u8>, at: prop::sample::Index) {
			let pair = Pair::new(&nonce, &input, &output);
			let mut other = nonce;
			other[at.index(32)] ^= 1;
			prop_assert_ne!(pair.input, Pair::new(&other, &input, &output).input);
			let longer = [input.as_slice(), &[0]].concat();
			prop_assert_ne!(pair.input, Pair::new(&nonce, &longer, &output).input);
			prop_assert_ne!(pair.output, Pair::new(&nonce, &input, &[output.as_slice(), &[0]].concat()).output);
		}

		#[test]
		fn a_slash_is_divided_to_the_planck(bond: Balance, price: Balance) {
			for lie in [Lie::Model, Lie::Output] {
				let division = division(bond, lie, price);
				prop_assert!(division.slashed <= bond);
				prop_assert_eq!(division.payer + division.accuser + division.burned, division.slashed);
				prop_assert!(division.payer <= division.slashed / 100 && division.accuser == division.slashed / 10);
			}
		}

		/// For any crownings, the champion of every block that can be accused is the newest one at that block.
		#[test]
		fn no_champion_of_the_window_is_forgotten(gaps in proptest::collection::vec(1u32..40, 1..300)) {
			const WINDOW: BlockNumber = 80;
			let (mut list, mut all, mut now) = (CrownedList::new(), Vec::new(), 0);
			for gap in gaps {
				now += gap;
				record_champion(&mut list, crowned(now), now.saturating_sub(WINDOW));
				all.push(crowned(now));
				for block in now.saturating_sub(WINDOW)..=now {
					prop_assert_eq!(champion_at(&list, block), champion_at(&all, block));
				}
			}
		}
	}
}
