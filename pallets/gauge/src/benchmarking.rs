//! Benchmarks of the calls and of the session hook.

use super::*;
use frame_benchmarking::v2::*;
use frame_system::RawOrigin;

/// Provides domains and validators for benchmarks.
pub trait BenchmarkHelper<AccountId> {
	/// Creates `n` votable domains and returns their ids. It is as expensive as possible to find out that they are votable.
	fn votable(n: u32) -> Vec<DomainId>;
	/// Creates a domain that is not votable and returns its id. It is as expensive as possible to find out.
	fn unvotable() -> DomainId {
		DomainId::MAX
	}
	/// Creates exactly `n` active validators with equal stake and returns their accounts.
	fn voters(n: u32) -> Vec<AccountId>;
}

/// Maximum number of voters in the benchmarks.
const VOTERS: u32 = 100;

/// Endows `who` so that it can pay every deposit.
fn funded<T: Config>(who: T::AccountId) -> T::AccountId {
	let deposits = T::NominationDeposit::get().saturating_add(T::BallotDeposit::get());
	let amount = deposits.saturating_add(T::Currency::minimum_balance()).saturating_mul(100);
	assert!(T::Currency::mint_into(&who, amount).is_ok());
	who
}

/// Nominates exactly `domains` for one funded account, which is returned.
fn nominated<T: Config>(domains: &[DomainId]) -> Result<T::AccountId, BenchmarkError> {
	// Nominations of genesis would take places of the full list.
	Nominations::<T>::kill();
	Weights::<T>::kill();
	let nominator = funded::<T>(account("nominator", 0, 0));
	for domain in domains {
		Pallet::<T>::do_nominate(nominator.clone(), *domain)?;
	}
	Ok(nominator)
}

/// Returns a funded active validator, the last one of as many as possible.
fn voter<T: Config>() -> Result<T::AccountId, BenchmarkError> {
	let who = T::BenchmarkHelper::voters(VOTERS).pop().ok_or(BenchmarkError::Stop("the helper makes voters"))?;
	Ok(funded::<T>(who))
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn nominate() -> Result<(), BenchmarkError> {
		// The list is full, so another nomination is replaced.
		let mut domains = T::BenchmarkHelper::votable(MAX_NOMINATED + 1);
		let last = domains.pop().ok_or(BenchmarkError::Stop("the helper makes domains"))?;
		nominated::<T>(&domains)?;
		let nominator = funded::<T>(account("rival", 0, 0));
		#[extrinsic_call]
		_(RawOrigin::Signed(nominator), last);
		assert_eq!(Nominations::<T>::get().len() as u32, MAX_NOMINATED);
		Ok(())
	}

	/// Another account than the nominator withdraws the nomination of a domain that is not votable any more.
	#[benchmark]
	fn withdraw_nomination() -> Result<(), BenchmarkError> {
		let mut domains = T::BenchmarkHelper::votable(MAX_NOMINATED - 1);
		let unvotable = T::BenchmarkHelper::unvotable();
		domains.push(unvotable);
		nominated::<T>(&domains)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(account("anyone", 0, 0)), unvotable);
		assert!((Nominations::<T>::get().len() as u32) < MAX_NOMINATED);
		Ok(())
	}

	#[benchmark]
	fn vote(n: Linear<1, MAX_WEIGHED>) -> Result<(), BenchmarkError> {
		let domains = T::BenchmarkHelper::votable(MAX_NOMINATED);
		nominated::<T>(&domains)?;
		let who = voter::<T>()?;
		let votes: Vec<_> = domains.into_iter().rev().take(n as usize).map(|domain| (domain, MILLION)).collect();
		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), Values::truncate_from(votes));
		assert!(Ballots::<T>::get(who).is_some_and(|ballot| ballot.votes.len() as u32 == n));
		Ok(())
	}

	#[benchmark]
	fn clear_ballot() -> Result<(), BenchmarkError> {
		let domains = T::BenchmarkHelper::votable(MAX_WEIGHED);
		voter::<T>()?;
		let who = funded::<T>(account("former", 0, 0));
		let votes: Vec<_> = domains.into_iter().map(|domain| (domain, MILLION)).collect();
		Pallet::<T>::do_vote(who.clone(), Values::truncate_from(votes))?;
		#[extrinsic_call]
		_(RawOrigin::Signed(account("anyone", 0, 0)), who.clone());
		assert!(!Ballots::<T>::contains_key(who));
		Ok(())
	}

	#[benchmark]
	fn on_initialize() {
		LastSession::<T>::put(T::SessionIndex::get());
		#[block]
		{
			Pallet::<T>::on_initialize(1u32.into());
		}
	}

	/// Ballots are full, and half of the stake votes for each nominated domain, so it is asked whether each of them is votable. As
	/// many weights as possible are kept, of which `c` rise from 0.
	#[benchmark]
	fn new_session(
		v: Linear<1, VOTERS>,
		d: Linear<MAX_WEIGHED, MAX_NOMINATED>,
		c: Linear<0, MAX_WEIGHED>,
	) -> Result<(), BenchmarkError> {
		let domains = T::BenchmarkHelper::votable(d);
		nominated::<T>(&domains)?;
		let ballot = |first: u32| {
			let votes: Vec<_> = domains.iter().skip(first as usize).map(|domain| (*domain, MILLION)).collect();
			Values::truncate_from(votes)
		};
		let ballots = [ballot(0), ballot(d.saturating_sub(MAX_WEIGHED))];
		// An even number of voters has two halves.
		for (who, votes) in T::BenchmarkHelper::voters(v.next_multiple_of(2)).into_iter().zip(ballots.iter().cycle()) {
			Pallet::<T>::do_vote(funded::<T>(who), votes.clone())?;
		}
		// Of equal weights, those of the first domains are kept.
		let kept = domains.iter().take(MAX_WEIGHED as usize).skip(c as usize).map(|domain| (*domain, MILLION));
		Weights::<T>::put(Values::truncate_from(kept.collect()));
		#[block]
		{
			Pallet::<T>::on_new_session(T::SessionIndex::get());
		}
		assert_eq!(Weights::<T>::get().len() as u32, MAX_WEIGHED);
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
