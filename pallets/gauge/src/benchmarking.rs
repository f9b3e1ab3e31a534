//! Benchmarks of the calls and of the session hook.

use super::*;
use frame_benchmarking::v2::*;
use frame_system::RawOrigin;

/// Provides domains and validators for benchmarks.
pub trait BenchmarkHelper<AccountId> {
	/// Creates `n` votable domains and returns their ids.
	fn votable(n: u32) -> Vec<DomainId>;
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

/// Returns a funded active validator.
fn voter<T: Config>() -> Result<T::AccountId, BenchmarkError> {
	let who = T::BenchmarkHelper::voters(1).pop().ok_or(BenchmarkError::Stop("the helper makes voters"))?;
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

	#[benchmark]
	fn withdraw_nomination() -> Result<(), BenchmarkError> {
		let domains = T::BenchmarkHelper::votable(MAX_NOMINATED);
		let nominator = nominated::<T>(&domains)?;
		let first = domains.first().copied().ok_or(BenchmarkError::Stop("the helper makes domains"))?;
		#[extrinsic_call]
		_(RawOrigin::Signed(nominator), first);
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

	#[benchmark]
	fn new_session(v: Linear<1, VOTERS>, d: Linear<1, MAX_NOMINATED>, c: Linear<0, MAX_WEIGHED>) -> Result<(), BenchmarkError> {
		let domains = T::BenchmarkHelper::votable(d);
		nominated::<T>(&domains)?;
		let votes: Vec<_> = domains.iter().take(c as usize).map(|domain| (*domain, MILLION)).collect();
		for who in T::BenchmarkHelper::voters(v) {
			Pallet::<T>::do_vote(funded::<T>(who), Values::truncate_from(votes.clone()))?;
		}
		#[block]
		{
			Pallet::<T>::on_new_session(T::SessionIndex::get());
		}
		assert_eq!(Weights::<T>::get().len() as u32, c.min(d));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
