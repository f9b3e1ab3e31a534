//! Limits of a server: requests of one address, requests at a time, and what is free. Pure: the time is an argument.

use std::{
	collections::HashMap,
	net::{IpAddr, Ipv6Addr},
	time::Duration,
};

/// Addresses that are counted at most. The ones that have not asked for longest are forgotten.
const MOST_ADDRESSES: usize = 16_384;

/// Budget that refills: at most `most` requests at once, and `per_second` on average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
	/// Requests per second on average.
	pub per_second: f64,
	/// Requests at once.
	pub most: f64,
}

/// State of a [`Rate`].
#[derive(Clone, Copy, Debug)]
struct Bucket {
	left: f64,
	at: Duration,
}

impl Bucket {
	fn full(rate: Rate, now: Duration) -> Self {
		Self { left: rate.most, at: now }
	}

	/// Takes one request, or returns `false` if none is left.
	fn take(&mut self, rate: Rate, now: Duration) -> bool {
		let passed = now.saturating_sub(self.at).as_secs_f64();
		self.left = (self.left + passed * rate.per_second).min(rate.most);
		self.at = now.max(self.at);
		if self.left < 1.0 {
			return false;
		}
		self.left -= 1.0;
		true
	}
}

/// Requests of each address.
#[derive(Debug)]
pub struct Addresses {
	rate: Rate,
	buckets: HashMap<IpAddr, Bucket>,
}

impl Addresses {
	/// Returns limits of this rate for each address.
	pub fn new(rate: Rate) -> Self {
		Self { rate, buckets: HashMap::new() }
	}

	/// Counts a request of an address at time `now` since the start. Returns `false` if it has sent too many.
	pub fn take(&mut self, address: IpAddr, now: Duration) -> bool {
		let address = network(address);
		if self.buckets.len() >= MOST_ADDRESSES && !self.buckets.contains_key(&address) {
			self.forget(now);
		}
		let rate = self.rate;
		self.buckets.entry(address).or_insert_with(|| Bucket::full(rate, now)).take(rate, now)
	}

	/// Forgets the addresses whose budgets are full again, or the older half of all.
	fn forget(&mut self, now: Duration) {
		let rate = self.rate;
		let refill = Duration::from_secs_f64((rate.most / rate.per_second.max(f64::MIN_POSITIVE)).min(86_400.0));
		self.buckets.retain(|_, bucket| now.saturating_sub(bucket.at) < refill);
		if self.buckets.len() >= MOST_ADDRESSES {
			let mut times: Vec<Duration> = self.buckets.values().map(|bucket| bucket.at).collect();
			times.sort_unstable();
			let middle = times.get(times.len() / 2).copied().unwrap_or_default();
			self.buckets.retain(|_, bucket| bucket.at > middle);
		}
	}
}

/// Returns what is counted as one address: a client has all addresses of its network of 64 bits where they are those of IPv6.
fn network(address: IpAddr) -> IpAddr {
	match address {
		IpAddr::V4(_) => address,
		IpAddr::V6(ip) => Ipv6Addr::from_bits((ip.to_bits() >> 64) << 64).into(),
	}
}

/// Free requests of this machine.
#[derive(Debug)]
pub struct FreeQuota {
	rate: Rate,
	bucket: Bucket,
}

impl FreeQuota {
	/// Returns a quota of so many windows a minute; none for 0.
	pub fn per_minute(windows: u32) -> Self {
		let rate = Rate { per_second: f64::from(windows) / 60.0, most: f64::from(windows) };
		Self { rate, bucket: Bucket::full(rate, Duration::ZERO) }
	}

	/// Takes a request of `windows` windows at time `now`, or returns `false` if the quota has fewer left.
	pub fn take(&mut self, windows: usize, now: Duration) -> bool {
		let mut bucket = self.bucket;
		let is_left = windows > 0 && (0..windows).all(|_| bucket.take(self.rate, now));
		if is_left {
			self.bucket = bucket;
		}
		is_left
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::net::Ipv4Addr;

	const RATE: Rate = Rate { per_second: 2.0, most: 4.0 };

	fn at(millis: u64) -> Duration {
		Duration::from_millis(millis)
	}

	fn address(number: u32) -> IpAddr {
		Ipv4Addr::from_bits(number).into()
	}

	#[test]
	fn an_address_that_sends_too_many_requests_waits() {
		let mut addresses = Addresses::new(RATE);
		assert_eq!([0; 5].map(|_| addresses.take(address(1), at(0))), [true, true, true, true, false]);
		assert!(addresses.take(address(2), at(0)), "another address is not concerned");
		assert!(!addresses.take(address(1), at(400)) && addresses.take(address(1), at(500)));
		assert_eq!([0; 5].map(|_| addresses.take(address(1), at(60_000))), [true, true, true, true, false]);
	}

	#[test]
	fn all_addresses_of_a_network_of_ipv6_are_one_client() {
		let mut addresses = Addresses::new(RATE);
		let of = |text: &str| text.parse::<IpAddr>().unwrap();
		for host in ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:1", "2001:db8::4"] {
			assert!(addresses.take(of(host), at(0)), "{host}");
		}
		assert!(!addresses.take(of("2001:db8::5"), at(0)) && addresses.take(of("2001:db8:0:1::5"), at(0)));
	}

	#[test]
	fn many_addresses_take_bounded_memory() {
		let mut addresses = Addresses::new(RATE);
		for number in 0..3 * MOST_ADDRESSES as u32 {
			assert!(addresses.take(address(number), at(u64::from(number) / 100)));
			assert!(addresses.buckets.len() <= MOST_ADDRESSES);
		}
	}

	#[test]
	fn free_windows_are_counted_as_a_whole() {
		let mut quota = FreeQuota::per_minute(60);
		assert!(!quota.take(61, at(0)) && quota.take(60, at(0)), "a request that is too large takes nothing");
		assert!(!quota.take(1, at(999)) && quota.take(1, at(1_000)));
		assert!(!FreeQuota::per_minute(0).take(1, at(0)) && !FreeQuota::per_minute(0).take(1, at(600_000)));
		assert!(!FreeQuota::per_minute(60).take(0, at(0)));
	}
}
