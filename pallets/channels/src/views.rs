//! Views of channels for the runtime API.

use crate::{Channels, Config, Pallet};
use doin_primitives::{channel::ChannelId, views::ChannelView};

impl<T: Config> Pallet<T> {
	/// Returns an open channel.
	pub fn channel_view(id: ChannelId) -> Option<ChannelView<T::AccountId>> {
		let channel = Channels::<T>::get(id)?;
		Some(ChannelView {
			id,
			payer: channel.contract.payer,
			payee: channel.contract.payee,
			key: channel.contract.key,
			counter: channel.contract.counter,
			deposit: channel.deposit,
			paid: channel.paid,
			expires: channel.expires,
			ends: channel.ends,
			closing: channel.closing,
			domain: channel.domain,
		})
	}
}
