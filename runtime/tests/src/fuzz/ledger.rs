//! The issuance that events account for.

use crate::Chain;
use doin_primitives::Balance;
use doin_runtime::{Balances, FeeMarket, Runtime, RuntimeEvent, Work};

/// Expected issuance: genesis, plus what work blocks minted, minus what was burned and slashed. What is paid on behalf of a purse
/// is burned of it in the same block.
pub struct Ledger {
	genesis: Balance,
	/// Sum of all seals.
	minted: Balance,
	/// Sum of all payments on behalf of purses.
	paid: Balance,
	/// Sum of all that was burned of purses for these payments.
	spent: Balance,
	/// Sum of all burns and slashes that events name.
	burned: Balance,
}

impl Ledger {
	/// Returns the ledger of a chain before its first block.
	pub fn new(chain: &mut Chain) -> Self {
		Self { genesis: chain.issuance(), minted: 0, paid: 0, spent: 0, burned: 0 }
	}

	/// Books the events of a block and compares the issuance.
	///
	/// # Errors
	///
	/// Fails with the difference if the issuance is another one, and if the balances do not add up to it.
	pub fn check(&mut self, chain: &mut Chain, events: &[RuntimeEvent]) -> Result<(), String> {
		for event in events {
			self.book(event);
		}
		let (issuance, fees, mined, accounts) = chain.state(|| {
			let accounts: Balance =
				frame_system::Account::<Runtime>::iter().map(|(_, account)| account.data.free + account.data.reserved).sum();
			(Balances::total_issuance(), FeeMarket::view().burned, Work::view().mined, accounts)
		});
		let expected = (self.genesis + self.minted + self.paid).checked_sub(self.burned + self.spent + fees);
		if expected != Some(issuance) {
			let events: Vec<_> = events.iter().map(|event| format!("{event:?}")).collect();
			return Err(format!(
				"issuance is {issuance}, events account for {expected:?} (difference {}):\n{}",
				expected.map_or(0, |expected| expected as i128 - issuance as i128),
				events.join("\n")
			));
		}
		if self.paid != self.spent {
			return Err(format!("{} plancks were paid on behalf of purses, which lost {}", self.paid, self.spent));
		}
		if mined != self.minted {
			return Err(format!("{mined} plancks count as mined, seals minted {}", self.minted));
		}
		if accounts != issuance {
			return Err(format!("balances add up to {accounts}, issuance is {issuance}"));
		}
		Ok(())
	}

	/// Books one event.
	fn book(&mut self, event: &RuntimeEvent) {
		use pallet_doin_channels::Event as Channels;
		use pallet_doin_domains::Event as Domains;
		use pallet_doin_evaluators::Event as Evaluators;
		use pallet_doin_evidence::Event as Evidence;
		use pallet_doin_forecasts::Event as Forecasts;
		use pallet_doin_inference::Event as Inference;
		use pallet_doin_optimae::Event as Optimae;
		use pallet_doin_oracle::Event as Oracle;
		use pallet_doin_recomputation::Event as Recomputation;
		use pallet_doin_work::Event as WorkEvent;
		match event {
			RuntimeEvent::Work(WorkEvent::Sealed { minted, .. }) => self.minted += minted,
			RuntimeEvent::Work(WorkEvent::Paid { minted, .. }) => self.paid += minted,
			RuntimeEvent::Evidence(Evidence::PurseSpent { minted, .. }) => self.spent += minted,
			RuntimeEvent::Evidence(Evidence::Missed { burned, .. }) => self.burned += burned,
			RuntimeEvent::Optimae(
				Optimae::Committed { burned, .. }
				| Optimae::SeatForfeited { burned, .. }
				| Optimae::FeesPaid { burned, .. }
				| Optimae::StakeBurned { burned, .. }
				| Optimae::ClaimDisproved { burned, .. },
			)
			| RuntimeEvent::Recomputation(Recomputation::ChallengeRejected { burned, .. }) => self.burned += burned,
			RuntimeEvent::Evaluators(Evaluators::Slashed { amount, .. }) => self.burned += amount,
			// The challenger's reward is part of the slashed amounts and is not burned. Its event comes after theirs.
			RuntimeEvent::Recomputation(Recomputation::ChallengeUpheld { reward, .. }) => self.burned -= reward,
			RuntimeEvent::Domains(Domains::Registered { fee, .. }) | RuntimeEvent::Oracle(Oracle::Registered { fee, .. }) => {
				self.burned += fee
			}
			RuntimeEvent::Forecasts(Forecasts::Committed { burned, .. }) => self.burned += burned,
			RuntimeEvent::Channels(Channels::Redeemed { fee, .. }) => self.burned += fee,
			RuntimeEvent::Inference(Inference::Slashed { burned, .. }) => self.burned += burned,
			RuntimeEvent::Oracle(
				Oracle::Slept { burned, .. } | Oracle::Retired { burned, .. } | Oracle::Unrevealed { burned, .. },
			) => self.burned += burned,
			RuntimeEvent::Balances(pallet_balances::Event::DustLost { amount, .. }) => self.burned += amount,
			_ => {}
		}
	}
}
