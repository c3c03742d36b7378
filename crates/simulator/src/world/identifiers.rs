//! Identifiers that look like the region's: most with right checks, some absent, a few deliberately wrong.

use prikrep_domain::{ApplicationId, PersonId};
use uuid::{Builder, Uuid};

use crate::dice::{Dice, Stream, mix};

/// Of a thousand numbers with a check, those whose check is wrong.
const WRONG_CHECKS: u64 = 30;
const INDEX_BITS: u32 = 48;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;
/// An odd number and its inverse modulo 2⁴⁸.
const SCATTER: u64 = 0x5851_F42D_4C95;
const GATHER: u64 = inverse(SCATTER);

/// Newton's iteration doubles the right low bits each time: 3, 6, 12, 24, 48.
const fn inverse(odd: u64) -> u64 {
    let mut result = odd;
    let mut step = 0;
    while step < 5 {
        result = result.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(result)));
        step += 1;
    }
    result & INDEX_MASK
}

/// The identifier of the application of an index. The index is in it, scattered, so that it can be found
/// again without a table.
pub(crate) fn application_id(seed: u64, index: u64) -> ApplicationId {
    let scattered = (index ^ mix(seed)).wrapping_mul(SCATTER) & INDEX_MASK;
    let scattered = (scattered ^ (scattered >> 24)).wrapping_mul(SCATTER) & INDEX_MASK;
    let rest = Dice::new(seed, Stream::Id, index).roll();
    let bits = u128::from(scattered) << 80 | u128::from(rest & 0xFFF) << 64 | u128::from(rest);
    ApplicationId::from(Builder::from_random_bytes(bits.to_be_bytes()).into_uuid())
}

/// The index that an identifier was made from, when it is one of this seed's.
pub(crate) fn index_of(seed: u64, id: ApplicationId) -> Option<u64> {
    let scattered = u64::try_from(id.uuid().as_u128() >> 80).ok()?;
    let half = scattered.wrapping_mul(GATHER) & INDEX_MASK;
    let index = ((half ^ (half >> 24)).wrapping_mul(GATHER) ^ mix(seed)) & INDEX_MASK;
    (application_id(seed, index) == id).then_some(index)
}

pub(crate) fn guid(dice: &mut Dice) -> Uuid {
    Builder::from_random_bytes(dice.bytes16()).into_uuid()
}

pub(crate) fn person_id(dice: &mut Dice) -> PersonId {
    PersonId::from(guid(dice))
}

/// Eleven digits.
pub(crate) fn snils(dice: &mut Dice) -> String {
    let number = 1_002_000 + dice.below(200_000_000);
    let mut check = snils_check(number);
    if dice.chance(WRONG_CHECKS) {
        check = (check + 1 + dice.below(99)) % 100;
    }
    format!("{number:09}{check:02}")
}

fn snils_check(number: u64) -> u64 {
    let mut rest = number;
    let sum: u64 = (1..=9)
        .map(|weight| {
            let digit = rest % 10;
            rest /= 10;
            digit * weight
        })
        .sum();
    sum % 101 % 100
}

/// A policy in one of its three forms.
pub(crate) fn oms_policy(dice: &mut Dice) -> String {
    match dice.below(1_000) {
        0..50 => format!("22-{:02} № {:07}", 1 + dice.below(12), 1_000_000 + dice.below(8_999_999)),
        50..80 => format!("{:09}", 10_000_000 + dice.below(980_000_000)),
        _ => single_number(dice),
    }
}

fn single_number(dice: &mut Dice) -> String {
    let body = 220_000_000_000_000 + dice.below(10_000_000_000_000);
    let mut check = luhn(body);
    if dice.chance(WRONG_CHECKS) {
        check = (check + 1 + dice.below(9)) % 10;
    }
    (body * 10 + check).to_string()
}

/// The digit that makes a number, followed by it, pass the check by modulus 10.
fn luhn(body: u64) -> u64 {
    let (mut rest, mut sum, mut doubled) = (body, 0, true);
    while rest > 0 {
        let digit = rest % 10 * if doubled { 2 } else { 1 };
        sum += digit / 10 + digit % 10;
        rest /= 10;
        doubled = !doubled;
    }
    (10 - sum % 10) % 10
}

pub(crate) fn phone(dice: &mut Dice) -> String {
    let code = dice.pick(&[903, 905, 906, 909, 913, 923, 929, 933, 952, 960, 961, 962, 963, 964, 983, 995]);
    format!("+7{code}{:07}", dice.below(10_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use prikrep_domain::{OmsPolicy, Snils};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_index_is_found_again_in_its_identifier(seed: u64, index in 0..1_u64 << 48) {
            let id = application_id(seed, index);
            prop_assert_eq!(index_of(seed, id), Some(index));
            prop_assert_eq!(id.uuid().get_version_num(), 4);
            prop_assert_eq!(index_of(seed ^ 1, id), None);
        }

        #[test]
        fn a_foreign_identifier_is_nobodys(seed: u64, bits: u128) {
            prop_assert_eq!(index_of(seed, ApplicationId::from(Uuid::from_u128(bits))), None);
        }
    }

    #[test]
    fn about_three_of_a_hundred_checks_are_wrong() {
        let mut dice = Dice::new(1, Stream::Body, 1);
        let good = (0..10_000).filter(|_| Snils::parse(&snils(&mut dice)).is_ok()).count();
        assert!((9_640..9_760).contains(&good), "{good}");
        let good = (0..10_000).filter(|_| OmsPolicy::parse(&single_number(&mut dice)).is_ok()).count();
        assert!((9_640..9_760).contains(&good), "{good}");
        assert!((0..10_000).all(|_| !matches!(
            OmsPolicy::parse(&oms_policy(&mut dice)),
            Err(prikrep_domain::BadPolicy::Form | prikrep_domain::BadPolicy::Empty)
        )));
    }
}
