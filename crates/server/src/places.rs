//! Where an account has signed in from.
//!
//! Invariant: only a successful sign-in makes a place known, so that nobody makes one who does not know the
//! password. What is remembered is bounded, and forgotten when it is not used.

use std::net::{IpAddr, Ipv6Addr};

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

const MOST: usize = 16;
const KEPT: Duration = Duration::days(90);
/// A place is written down again only so often: a sign-in is to cost no write of its own.
const RENEWED: Duration = Duration::days(1);

/// Whoever has one IPv6 address has a whole /64.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        v4 @ IpAddr::V4(_) => v4,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    network: IpAddr,
    last: DateTime<Utc>,
}

/// The networks that an account has signed in from lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Places(Vec<Place>);

impl Places {
    pub(crate) fn know(&self, network: IpAddr, now: DateTime<Utc>) -> bool {
        self.0.iter().any(|place| place.network == network && now - place.last < KEPT)
    }

    /// Notes a success; whether it is worth writing down.
    pub(crate) fn note(&mut self, network: IpAddr, now: DateTime<Utc>) -> bool {
        if self.0.iter().any(|place| place.network == network && (now - place.last).abs() < RENEWED) {
            return false;
        }
        self.0.retain(|place| place.network != network && now - place.last < KEPT);
        self.0.sort_by_key(|place| std::cmp::Reverse(place.last));
        self.0.truncate(MOST - 1);
        self.0.push(Place { network, last: now });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + days * 86_400, 0).unwrap()
    }

    fn network(number: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, number])
    }

    #[test]
    fn a_place_is_known_while_it_is_used_and_the_latest_are_kept() {
        let mut places = Places::default();
        assert!(places.note(network(1), at(0)));
        assert!(!places.note(network(1), at(0)), "not written again on the same day");
        assert!(places.know(network(1), at(89)) && !places.know(network(1), at(90)));
        assert!(places.note(network(1), at(80)) && places.know(network(1), at(120)));
        for number in 2..=20 {
            places.note(network(number), at(81));
        }
        assert_eq!(places.0.len(), MOST);
        assert!(places.know(network(20), at(81)) && !places.know(network(1), at(81)));
    }

    #[test]
    fn neighbours_of_one_ipv6_network_are_one_place() {
        let network = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:10.0.0.1").to_string(), "10.0.0.1");
    }
}
