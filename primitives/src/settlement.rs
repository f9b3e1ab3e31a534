//! Settlement of a recomputation task: every decision about answers, as a pure function.
//!
//! Answers are not put to a vote. Settling finds the first chunk on which two answers differ ([`first_difference`]), has the
//! runtime recompute that chunk, and rejects each answer with another sum. Answers that all agree are spot-checked on a few drawn
//! chunks ([`spot_checks`]). Where no quorum answered, accounts pay for the recomputation of the chunks and are credited for it
//! ([`credit`], [`pay_shares`]).

use crate::{blake2_256, payload::Sums, quorum::MAX_QUORUM, Balance, Hash, TaskId};
use alloc::vec::Vec;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Chunks of each spot-checked model that settling recomputes although all answers agree.
pub const SPOT_CHUNKS: u32 = 2;
/// Models that are spot-checked: the first two of the list (the champion is one of them) and the one that the sums would crown.
pub const SPOT_MODELS: u32 = 3;
/// Most chunks that one settlement recomputes: one on which two answers differ, and the spot checks.
pub const MAX_SETTLED_CHUNKS: u32 = SPOT_CHUNKS * SPOT_MODELS + 1;

/// One chunk of one model of a task. Ordered by model, then by chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChunkRef {
	/// Index of the model in the task's list.
	pub model: u8,
	/// Index of the chunk.
	pub chunk: u16,
}

/// Credit of one account for chunks that it paid the runtime to recompute.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct Helper<AccountId> {
	/// Account that paid.
	pub who: AccountId,
	/// Number of chunks.
	pub chunks: u32,
}

/// Credits of one task: at most one per account, in order of the first payment.
pub type Helpers<AccountId> = BoundedVec<Helper<AccountId>, ConstU32<MAX_QUORUM>>;

/// Returns the sum of one chunk, or `None` if `sums` has no such model or chunk.
pub fn sum_at(sums: &Sums, at: ChunkRef) -> Option<u32> {
	sums.get(usize::from(at.model))?.get(usize::from(at.chunk)).copied()
}

/// Returns the first chunk on which one of `answers` differs from the first answer, or `None` if all are equal. All answers have
/// one shape: model by chunk.
pub fn first_difference<'a>(answers: impl IntoIterator<Item = &'a Sums>) -> Option<ChunkRef> {
	let mut answers = answers.into_iter();
	let first = answers.next()?;
	answers.filter_map(|other| difference(first, other)).min()
}

/// Returns the first chunk on which two answers differ.
fn difference(a: &Sums, b: &Sums) -> Option<ChunkRef> {
	a.iter().zip(b.iter()).enumerate().find_map(|(model, (a, b))| {
		let chunk = a.iter().zip(b.iter()).position(|(a, b)| a != b)?;
		Some(ChunkRef { model: u8::try_from(model).ok()?, chunk: u16::try_from(chunk).ok()? })
	})
}

/// Returns the seed of a task's spot checks: `blake2_256(SCALE("spot", beacon, task))`. It is taken when the reveals end and not
/// when the task is settled, since the sender of `settle` could choose the block.
pub fn spot_seed(beacon: &Hash, task: TaskId) -> Hash {
	blake2_256(&(b"spot", beacon, task).encode())
}

/// Draws a number below `bound` from `seed`; 0 if `bound` is 0. Draws with different values of `purpose` are independent.
fn lot(seed: &Hash, purpose: u8, bound: u64) -> u64 {
	let hash = blake2_256(&(seed, purpose).encode());
	let wide = hash.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
	wide.checked_rem(bound).unwrap_or(0)
}

/// Returns the chunks that settling recomputes although all answers agree: two of each of the first two models and of `leader`,
/// the model that the sums would crown. Without a leader, a drawn model takes its place, since the false sum may be the one that
/// hides the winner. The two chunks differ if there are two.
pub fn spot_checks(seed: &Hash, leader: Option<u8>, models: u8, chunks: u16) -> Vec<ChunkRef> {
	let leader = leader.filter(|leader| *leader < models).unwrap_or_else(|| lot(seed, 0, models.into()) as u8);
	let mut checked = alloc::vec![0, 1, leader];
	checked.retain(|model| *model < models);
	checked.sort_unstable();
	checked.dedup();
	let first = lot(seed, 1, chunks.into());
	let step = lot(seed, 2, chunks.saturating_sub(1).into()).saturating_add(1);
	let second = first.saturating_add(step).checked_rem(chunks.into()).unwrap_or(0);
	let of_model = |model| [first, second].map(|chunk| ChunkRef { model, chunk: chunk as u16 });
	checked.into_iter().flat_map(of_model).collect()
}

/// Returns `true` if `alike` equal false answers of a quorum of `seats` seats count as collusion: two or more, and a third of the
/// seats at least. A single false answer is not collusion, even where it is a third of the seats.
pub fn is_collusion(alike: u32, seats: u32) -> bool {
	alike > 1 && alike.saturating_mul(3) >= seats
}

/// Credits `who` with `chunks` chunks. A new entry of a full list replaces the smallest one if that is smaller, so many small
/// payments cannot keep a large one out.
pub fn credit<AccountId: Clone + PartialEq>(helpers: &mut Helpers<AccountId>, who: &AccountId, chunks: u32) {
	if let Some(helper) = helpers.iter_mut().find(|helper| helper.who == *who) {
		helper.chunks = helper.chunks.saturating_add(chunks);
		return;
	}
	if let Err(helper) = helpers.try_push(Helper { who: who.clone(), chunks }) {
		if let Some(smallest) = helpers.iter_mut().min_by_key(|helper| helper.chunks) {
			if smallest.chunks < helper.chunks {
				*smallest = helper;
			}
		}
	}
}

/// Returns the account with the largest credit; the earliest entry among equal ones.
pub fn largest<AccountId>(helpers: &Helpers<AccountId>) -> Option<&AccountId> {
	helpers.iter().rev().max_by_key(|helper| helper.chunks).map(|helper| &helper.who)
}

/// Most accounts that share the evaluators' pay of one task: the seats of the largest quorum and as many helpers.
pub const MAX_PAYEES: u32 = MAX_QUORUM * 2;

/// Part of the evaluators' pay of a task that one account earns.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct PayShare<AccountId> {
	/// Account that earns the part.
	pub who: AccountId,
	/// Numerator of the part; the denominator is [`PayShares::whole`].
	pub parts: u32,
}

/// Division of the evaluators' pay of a task. The parts may add up to less than the whole: the pay of a seat that nobody filled is
/// neither paid nor minted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct PayShares<AccountId> {
	/// Parts, each account once: evaluators first.
	pub shares: BoundedVec<PayShare<AccountId>, ConstU32<MAX_PAYEES>>,
	/// Denominator of the parts.
	pub whole: u32,
}

impl<AccountId> Default for PayShares<AccountId> {
	fn default() -> Self {
		Self { shares: BoundedVec::new(), whole: 0 }
	}
}

impl<AccountId> PayShares<AccountId> {
	/// Returns the amount that `parts` parts earn of `pay` plancks, rounded down; 0 if the whole is 0.
	pub fn amount(&self, parts: u32, pay: Balance) -> Balance {
		pay.saturating_mul(parts.into()).checked_div(self.whole.into()).unwrap_or(0)
	}
}

/// Returns the division of the evaluators' pay of a task of `chunks` chunks (all models together) whose quorum has `seats` seats.
///
/// Each seat earns 1/`seats`, so an account gains nothing if other members are absent. `agreed` are the members whose answers
/// agreed with the final sums. The parts of all other seats go to `helpers`, the accounts that paid the runtime to recompute chunks,
/// in proportion to their chunks; without helpers they are not paid. A task without a quorum has one imaginary seat, so helpers
/// share the whole pay. Splitting chunks over several accounts does not change the sum that they earn.
pub fn pay_shares<AccountId: Clone + PartialEq>(
	agreed: impl IntoIterator<Item = AccountId>,
	seats: u32,
	helpers: &Helpers<AccountId>,
	chunks: u32,
) -> PayShares<AccountId> {
	let mut shares: Vec<PayShare<AccountId>> = agreed.into_iter().map(|who| PayShare { who, parts: chunks }).collect();
	let seats = seats.max(1);
	let unfilled = seats.saturating_sub(shares.len() as u32);
	for helper in helpers {
		let parts = helper.chunks.saturating_mul(unfilled);
		match shares.iter_mut().find(|share| share.who == helper.who) {
			Some(share) => share.parts = share.parts.saturating_add(parts),
			None if parts > 0 => shares.push(PayShare { who: helper.who.clone(), parts }),
			None => {}
		}
	}
	PayShares { shares: BoundedVec::truncate_from(shares), whole: seats.saturating_mul(chunks) }
}

/// Origin of the sums that decided a task.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Backing {
	/// A quorum of drawn evaluators recomputed every chunk, and the runtime spot-checked or decided between their answers.
	#[codec(index = 0)]
	Quorum,
	/// The runtime itself computed every chunk.
	#[codec(index = 1)]
	Runtime,
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::payload::ChunkSums;
	use proptest::{collection::vec, option, prelude::*};

	fn sums(models: &[&[u32]]) -> Sums {
		let models: Vec<_> = models.iter().map(|chunks| ChunkSums::truncate_from(chunks.to_vec())).collect();
		Sums::truncate_from(models)
	}

	fn at(model: u8, chunk: u16) -> ChunkRef {
		ChunkRef { model, chunk }
	}

	#[test]
	fn equal_answers_have_no_difference() {
		let answer = sums(&[&[1, 2], &[3, 4]]);
		assert_eq!(first_difference([]), None);
		assert_eq!(first_difference([&answer]), None);
		assert_eq!(first_difference([&answer, &answer.clone(), &answer.clone()]), None);
	}

	#[test]
	fn the_first_difference_is_the_smallest_over_all_answers() {
		let (a, b, c) = (sums(&[&[1, 2], &[3, 4]]), sums(&[&[1, 2], &[9, 4]]), sums(&[&[1, 9], &[9, 4]]));
		assert_eq!(first_difference([&a, &b]), Some(at(1, 0)));
		assert_eq!(first_difference([&a, &b, &c]), Some(at(0, 1)));
		assert_eq!(sum_at(&c, at(0, 1)), Some(9));
		assert_eq!(sum_at(&c, at(0, 2)), None);
		assert_eq!(sum_at(&c, at(2, 0)), None);
	}

	/// Pinned by an independent computation in Python: `hashlib.blake2b(digest_size=32)`, little-endian numbers, remainders.
	#[test]
	fn seeds_and_spot_checks_are_pinned() {
		let seed = spot_seed(&[7; 32], 5);
		assert_eq!(seed[..4], [144, 93, 105, 50]);
		assert_eq!(
			spot_checks(&[3; 32], None, 19, 32),
			[(0, 0), (0, 19), (1, 0), (1, 19), (18, 0), (18, 19)].map(|(model, chunk)| at(model, chunk))
		);
	}

	#[test]
	fn small_tasks_have_fewer_spot_checks() {
		assert_eq!(spot_checks(&[1; 32], Some(0), 1, 1), [at(0, 0), at(0, 0)]);
		assert_eq!(spot_checks(&[1; 32], Some(9), 2, 8).len(), 4, "a leader out of bounds is replaced by a drawn model");
	}

	#[test]
	fn two_equal_false_answers_of_a_third_of_the_seats_are_collusion() {
		for (alike, seats, expected) in
			[(0, 3, false), (1, 3, false), (1, 1, false), (2, 3, true), (2, 5, true), (2, 6, true), (2, 7, false), (5, 15, true)]
		{
			assert_eq!(is_collusion(alike, seats), expected, "{alike} of {seats}");
		}
	}

	#[test]
	fn small_payments_do_not_keep_a_large_one_out() {
		let mut helpers = Helpers::<u32>::new();
		for who in 0..MAX_QUORUM {
			credit(&mut helpers, &who, 1);
		}
		credit(&mut helpers, &99, 1);
		assert!(!helpers.iter().any(|helper| helper.who == 99), "an equal payment does not replace another");
		credit(&mut helpers, &99, 2);
		credit(&mut helpers, &99, 2);
		assert_eq!(helpers.iter().find(|helper| helper.who == 99).map(|helper| helper.chunks), Some(4));
		assert_eq!(largest(&helpers), Some(&99));
	}

	#[test]
	fn the_earliest_of_equal_credits_is_the_largest() {
		let mut helpers = Helpers::<u32>::new();
		assert_eq!(largest(&helpers), None);
		for (who, chunks) in [(1, 2), (2, 3), (3, 3)] {
			credit(&mut helpers, &who, chunks);
		}
		assert_eq!(largest(&helpers), Some(&2));
	}

	/// Returns what `who` earns of `pay`.
	fn earned(shares: &PayShares<u32>, who: u32, pay: Balance) -> Balance {
		shares.shares.iter().filter(|share| share.who == who).map(|share| shares.amount(share.parts, pay)).sum()
	}

	/// Two members of three stay away and twelve helpers recompute the chunks: the honest member earns exactly one seat.
	#[test]
	fn n4_absent_members_do_not_change_the_pay_of_an_honest_one() {
		let all = pay_shares([1, 2, 3], 3, &Helpers::new(), 64);
		let mut helpers = Helpers::new();
		for who in 10..22 {
			credit(&mut helpers, &who, if who == 21 { 9 } else { 5 });
		}
		let alone = pay_shares([1], 3, &helpers, 64);
		assert_eq!(earned(&all, 1, 300), 100);
		assert_eq!(earned(&alone, 1, 300), 100);
		assert!((10..22).map(|who| earned(&alone, who, 300)).sum::<Balance>() <= 200, "helpers share the two other seats");
	}

	#[test]
	fn seats_that_nobody_filled_are_not_paid() {
		let shares = pay_shares([1, 2], 3, &Helpers::new(), 64);
		assert_eq!((earned(&shares, 1, 300), earned(&shares, 2, 300)), (100, 100));
		assert_eq!(pay_shares([], 0, &Helpers::<u32>::new(), 64).shares.len(), 0);
	}

	#[test]
	fn a_member_that_helps_is_paid_for_both_once() {
		let mut helpers = Helpers::new();
		credit(&mut helpers, &1, 64);
		let shares = pay_shares([1], 3, &helpers, 64);
		assert_eq!(shares.shares.len(), 1);
		assert_eq!(earned(&shares, 1, 300), 300);
	}

	fn answers() -> impl Strategy<Value = Vec<Sums>> {
		vec(vec(0u32..3, 6), 1..6).prop_map(|answers| answers.iter().map(|flat| sums(&[&flat[..3], &flat[3..]])).collect())
	}

	proptest! {
		#[test]
		fn n4_chunks_split_over_accounts_earn_the_same(
			agreed in 0u32..8,
			absent in 1u32..8,
			split in vec(1u32..40, 1..12),
			pay in 0u128..1 << 80,
		) {
			let chunks = split.iter().sum();
			let (mut one, mut many) = (Helpers::new(), Helpers::new());
			credit(&mut one, &100, chunks);
			for (who, part) in split.iter().enumerate() {
				credit(&mut many, &(100 + who as u32), *part);
			}
			let one = pay_shares(0..agreed, agreed + absent, &one, chunks);
			let many = pay_shares(0..agreed, agreed + absent, &many, chunks);
			let parts = |shares: &PayShares<u32>| shares.shares.iter().map(|share| share.parts).sum::<u32>();
			prop_assert_eq!(parts(&one), parts(&many));
			prop_assert_eq!(parts(&one), one.whole, "all chunks were computed, so nothing is left unpaid");
			for who in 0..agreed {
				prop_assert_eq!(earned(&one, who, pay), earned(&many, who, pay));
			}
			let paid: Balance = many.shares.iter().map(|share| many.amount(share.parts, pay)).sum();
			prop_assert!(paid <= pay && pay - paid <= many.shares.len() as Balance);
		}

		#[test]
		fn a_difference_exists_unless_all_answers_are_equal(answers in answers()) {
			let found = first_difference(&answers);
			prop_assert_eq!(found.is_none(), answers.iter().all(|answer| *answer == answers[0]));
			if let Some(found) = found {
				let at_chunk: Vec<_> = answers.iter().map(|answer| sum_at(answer, found)).collect();
				prop_assert!(at_chunk.iter().any(|sum| *sum != at_chunk[0]), "answers differ on the chunk");
				for model in 0..2 {
					for chunk in 0..3 {
						if at(model, chunk) < found {
							let first = sum_at(&answers[0], at(model, chunk));
							prop_assert!(answers.iter().all(|answer| sum_at(answer, at(model, chunk)) == first));
						}
					}
				}
			}
		}

		#[test]
		fn one_recomputed_chunk_rejects_at_least_one_of_two_different_answers(answers in answers(), computed in 0u32..3) {
			if let Some(found) = first_difference(&answers) {
				prop_assert!(answers.iter().any(|answer| sum_at(answer, found) != Some(computed)));
			}
		}

		#[test]
		fn spot_checks_cover_the_first_models_and_the_leader(
			seed in any::<[u8; 32]>(),
			leader in option::of(0u8..19),
			models in 1u8..=19,
			chunks in 1u16..=256,
		) {
			let checks = spot_checks(&seed, leader, models, chunks);
			prop_assert!(checks.len() as u32 <= SPOT_CHUNKS * SPOT_MODELS);
			prop_assert!(checks.iter().all(|check| check.model < models && check.chunk < chunks));
			for model in [0, 1].into_iter().chain(leader).filter(|model| *model < models) {
				let of_model: Vec<_> = checks.iter().filter(|check| check.model == model).collect();
				prop_assert_eq!(of_model.len() as u32, SPOT_CHUNKS);
				prop_assert_eq!(of_model[0] == of_model[1], chunks == 1);
			}
		}

		#[test]
		fn a_list_of_credits_keeps_one_entry_per_account(payments in vec((0u32..30, 1u32..9), 0..80)) {
			let mut helpers = Helpers::<u32>::new();
			for (who, chunks) in &payments {
				credit(&mut helpers, who, *chunks);
			}
			let mut accounts: Vec<_> = helpers.iter().map(|helper| helper.who).collect();
			accounts.sort_unstable();
			accounts.dedup();
			prop_assert_eq!(accounts.len(), helpers.len());
			for helper in &helpers {
				let total: u32 = payments.iter().filter(|(who, _)| *who == helper.who).map(|(_, chunks)| chunks).sum();
				prop_assert!(helper.chunks <= total, "nobody is credited for more than it paid for");
			}
		}
	}
}
