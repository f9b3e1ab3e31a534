//! Driver of a server: follows finalized blocks.

use super::{bytes::champion, model_bytes, voucher_file, Redeemer, Running, ServeSlot, TARGET};
use crate::{config::ServeConfig, context::Context, journal::FIRST_BLOCK};
use anyhow::{Context as _, Result};
use async_trait::async_trait;
use doin_chain::{Account, Chain, Head, Signer};
use doin_primitives::{
	channel::{ChannelId, CHALLENGE_PHASES},
	inference::FRESH_BLOCKS,
	views::OfferView,
	DomainId, DomainSpec, Hash, ModelRef,
};
use doin_serve::{
	service::Channels, tasks::HostQueue, voucher::Facts, Champion, Offer, Seller, Service, Settings, Snapshot, VoucherJournal,
};
use rayon::ThreadPoolBuilder;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use subxt_signer::sr25519::Keypair;

/// Part of the blocks after which a client refuses a receipt, for which a server answers without a newer block: three quarters.
const PATIENCE_BLOCKS: u32 = FRESH_BLOCKS * 3 / 4;

/// A server of one account.
pub struct Server {
	chain: Chain,
	signer: Signer,
	domains: Vec<DomainId>,
	running: Arc<Running>,
	/// Queue that other workers pull audits from.
	shared: Option<HostQueue>,
	/// Records of the domains, which never change.
	specs: BTreeMap<DomainId, DomainSpec>,
	/// Champions that were loaded last.
	champions: BTreeMap<DomainId, (ModelRef, Arc<Champion>)>,
	/// Reasons for which domains are not served, which were logged last.
	logged: BTreeMap<DomainId, String>,
}

/// Channels of the last finalized block.
struct FinalizedChannels(Chain);

#[async_trait]
impl Channels for FinalizedChannels {
	async fn facts(&self, channel: ChannelId) -> Result<Option<Facts>, String> {
		let read = async {
			let block = self.0.finalized().await?;
			self.0.channel(block, channel).await
		};
		Ok(read.await.map_err(|error| error.to_string())?.as_ref().map(Facts::from))
	}
}

impl Server {
	/// Opens the journal of vouchers, and puts a server into `slot`. It answers once it has read a finalized block. `key` signs receipts,
	/// and `signer` calls.
	///
	/// # Errors
	///
	/// Errors if the journal of vouchers cannot be used, and if the node cannot be read.
	pub async fn open(context: &Context, config: &ServeConfig, key: Keypair, signer: Signer, slot: &ServeSlot) -> Result<Self> {
		let chain = context.chain.clone();
		let journal = VoucherJournal::open(&voucher_file(context.journal.path()), chain_of(&chain).await)?;
		let challenge = context.params.challenge.saturating_mul(CHALLENGE_PHASES);
		let slot_ms = chain.slot_ms(chain.head()).await?;
		let settings = Settings {
			free_per_minute: config.free_per_minute,
			requests_per_second: config.requests_per_second,
			concurrent: config.concurrent,
			challenge,
			patience: Duration::from_millis(slot_ms.saturating_mul(PATIENCE_BLOCKS.into())),
			batch_wait: Duration::from_millis(config.batch_wait_ms.into()),
		};
		let threads = config.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
		let pool =
			ThreadPoolBuilder::new().num_threads(threads).build().context("the threads of the server cannot be started")?;
		let seller = Seller { genesis: chain.genesis(), account: signer.account(), key };
		let channels = Box::new(FinalizedChannels(chain.clone()));
		let service = Arc::new(Service::new(seller, settings, channels, journal, pool));
		let redeemer = Redeemer::new(chain.clone(), signer.clone(), service.clone(), challenge);
		let running = Arc::new(Running { service, redeemer });
		slot.fill(running.clone());
		tracing::info!(target: TARGET, account = %signer.account(), domains = ?config.domains, "serving");
		Ok(Self {
			chain,
			signer,
			domains: config.domains.clone(),
			running,
			shared: context.shared.clone(),
			specs: BTreeMap::new(),
			champions: BTreeMap::new(),
			logged: BTreeMap::new(),
		})
	}

	/// Serves until the future is dropped.
	///
	/// # Errors
	///
	/// Never errors: a failed step is logged, and done again at the next block.
	pub async fn run(mut self) -> Result<()> {
		let (running, shared) = (self.running.clone(), self.shared.clone());
		tokio::select! {
			() = self.follow() => Ok(()),
			() = running.redeemer.run() => Ok(()),
			() = running.service.audit(shared.as_ref()) => Ok(()),
		}
	}

	/// Shows every finalized block to the service.
	async fn follow(&mut self) {
		let (mut head, mut shown) = (self.chain.head(), None);
		loop {
			match self.look(shown).await {
				Ok(block) => shown = Some(block),
				// What was shown last answers for a while.
				Err(error) => tracing::warn!(target: TARGET, block = head.number, "the chain cannot be read: {error:#}"),
			}
			head = self.chain.next_head(head).await;
		}
	}

	/// Shows the last finalized block, unless it was shown before.
	async fn look(&mut self, shown: Option<Head>) -> Result<Head> {
		let block = self.chain.finalized().await?;
		if shown == Some(block) {
			return Ok(block);
		}
		let mut offers = BTreeMap::new();
		for domain in self.domains.clone() {
			match self.offer(block, domain).await? {
				Ok(offer) => {
					if self.logged.remove(&domain).is_some() {
						tracing::info!(target: TARGET, domain, "answering");
					}
					offers.insert(domain, offer);
				}
				Err(reason) => self.log_unserved(domain, reason),
			}
		}
		self.running.service.show(Snapshot { block: block.number, offers });
		Ok(block)
	}

	/// Returns the offer for a domain with its champion, or the reason for which it is not served.
	async fn offer(&mut self, at: Head, domain: DomainId) -> Result<Result<Offer, String>> {
		let listed = self.chain.offers(at, domain).await?;
		let offer = match own_offer(&listed, self.signer.account(), self.signer.hot()) {
			Ok(offer) => offer,
			Err(reason) => return Ok(Err(reason)),
		};
		let Some(view) = self.chain.champion(at, domain).await? else {
			return Ok(Err("it has no champion".into()));
		};
		let known = self.champions.get(&domain).filter(|(model, _)| *model == view.model);
		let champion = match known.map(|(_, champion)| champion.clone()) {
			Some(champion) => champion,
			None => {
				// A champion that cannot be loaded does not concern the other domains.
				let loaded = match self.load(at, domain, view.model).await {
					Ok(loaded) => Arc::new(loaded),
					Err(error) => return Ok(Err(format!("its champion cannot be loaded: {error:#}"))),
				};
				tracing::info!(target: TARGET, domain, model = hex::encode(loaded.hash), "champion answers");
				self.champions.insert(domain, (view.model, loaded.clone()));
				loaded
			}
		};
		if !champion.is_provable() {
			return Ok(Err("its inputs are longer than an accusation can be".into()));
		}
		Ok(Ok(Offer { champion, price: offer.price, since: offer.since }))
	}

	/// Loads a champion.
	async fn load(&mut self, at: Head, domain: DomainId, model: ModelRef) -> Result<Champion> {
		let spec = match self.specs.get(&domain) {
			Some(spec) => spec.clone(),
			None => {
				let spec = self.chain.domain_spec(at, domain).await?;
				let spec = spec.with_context(|| format!("there is no domain {domain}"))?;
				self.specs.insert(domain, spec.clone());
				spec
			}
		};
		let bytes = model_bytes(&self.chain, at, domain, &spec, model).await?;
		champion(domain, &spec, &bytes)
	}

	/// Logs the reason for which a domain is not served, whenever it has changed.
	fn log_unserved(&mut self, domain: DomainId, reason: String) {
		if self.logged.get(&domain) != Some(&reason) {
			tracing::warn!(target: TARGET, domain, "not served: {reason}");
			self.logged.insert(domain, reason);
		}
	}
}

/// Returns the listed offer of an account whose receipts `hot` signs, or the reason for which there is none.
fn own_offer(listed: &[OfferView<Account>], account: Account, hot: Account) -> Result<&OfferView<Account>, String> {
	let offer = listed.iter().find(|offer| offer.who == account);
	let offer = offer.ok_or_else(|| format!("{account} has no offer in the list: make one with `doin-worker offer make`"))?;
	if offer.key != hot.0 {
		let key = Account(offer.key);
		return Err(format!(
			"the offer names another key for receipts, {key}: use that key in the identity with role = \"serve\""
		));
	}
	Ok(offer)
}

/// Returns the hash by which the chain of a node is told from one that began anew.
async fn chain_of(chain: &Chain) -> Hash {
	let mut head = chain.head();
	loop {
		if let Ok(Some(block)) = chain.block(FIRST_BLOCK).await {
			return block.hash;
		}
		head = chain.next_head(head).await;
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::fixtures::{ME, OTHER};

	#[test]
	fn an_offer_of_another_key_is_not_served() {
		let offer = |who: Account, key: Account| OfferView {
			who,
			key: key.0,
			price: 5,
			endpoint: "http://203.0.113.7:8475".into(),
			bond: 9,
			since: 3,
		};
		let listed = [offer(OTHER, OTHER), offer(ME, OTHER)];
		assert_eq!(own_offer(&listed, OTHER, OTHER).map(|offer| offer.who), Ok(OTHER));
		assert_eq!(own_offer(&listed, ME, OTHER).map(|offer| offer.who), Ok(ME), "a hot key signs for an account");
		assert!(own_offer(&listed, ME, ME).unwrap_err().contains("names another key"));
		assert!(own_offer(&[], ME, ME).unwrap_err().contains("doin-worker offer make"));
	}
}
