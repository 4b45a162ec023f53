//! Unique job names: a submitted name and a suffix by which the job is found in every phase of its life.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

/// Crockford's base 32 in lower case: sorts as the numbers do, and holds no letters that look alike.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TIME_DIGITS: usize = 9;
const RANDOM_DIGITS: usize = 4;
const CHECK_DIGITS: usize = 2;
const SUFFIX_LENGTH: usize = TIME_DIGITS + RANDOM_DIGITS + CHECK_DIGITS;

/// Makes a name unique: appends `-` and 15 letters and digits that sort by `now`, are recognised by [`submitted_at`], and differ between replicas.
#[must_use]
pub fn make_unique(name: &str, now: DateTime<Utc>, random: u32) -> String {
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    let mut unique = format!("{name}-");
    push_digits(&mut unique, millis, TIME_DIGITS);
    push_digits(&mut unique, random.into(), RANDOM_DIGITS);
    let check = check_of(&unique);
    push_digits(&mut unique, check, CHECK_DIGITS);
    unique
}

/// When a name was made unique by [`make_unique`]; `None` for every other name.
#[must_use]
pub fn submitted_at(name: &str) -> Option<DateTime<Utc>> {
    let (_, suffix) = name.rsplit_once('-')?;
    if suffix.len() != SUFFIX_LENGTH {
        return None;
    }
    let signed = name.len().checked_sub(CHECK_DIGITS)?;
    if number_of(name.get(signed..)?)? != check_of(&name[..signed]) {
        return None;
    }
    let millis = number_of(&suffix[..TIME_DIGITS])?;
    DateTime::from_timestamp_millis(i64::try_from(millis).ok()?)
}

fn push_digits(text: &mut String, number: u64, count: usize) {
    for place in (0..count).rev() {
        let digit = (number >> (5 * place)) & 31;
        text.push(char::from(DIGITS[usize::try_from(digit).unwrap_or_default()]));
    }
}

fn number_of(digits: &str) -> Option<u64> {
    digits.bytes().try_fold(0u64, |number, byte| {
        let digit = DIGITS.iter().position(|d| *d == byte)?;
        Some((number << 5) | u64::try_from(digit).ok()?)
    })
}

/// Two digits over everything before them tell our names from others that merely look alike.
fn check_of(text: &str) -> u64 {
    let hash = Sha256::digest(text.as_bytes());
    u64::from(u16::from_be_bytes([hash[0], hash[1]]) & 0x3ff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).expect("in range")
    }

    proptest! {
        #[test]
        fn a_unique_name_tells_when_it_was_made(name in ".{1,40}", millis in 0i64..4_000_000_000_000, random: u32) {
            prop_assert_eq!(submitted_at(&make_unique(&name, at(millis), random)), Some(at(millis)));
        }

        #[test]
        fn unique_names_sort_by_time(earlier in 0i64..4_000_000_000_000, gap in 1i64..1_000_000_000, a: u32, b: u32) {
            prop_assert!(make_unique("x", at(earlier), a) < make_unique("x", at(earlier + gap), b));
        }
    }

    #[test]
    fn names_of_others_are_not_taken_for_ours() {
        for name in [
            "",
            "nightly",
            "nightly-",
            "a-b-c",
            "katlyn_2011-03-30-14:32:08.834",
            "job-0123456789abcde",
            "日本-0123456789abcde",
        ] {
            assert_eq!(submitted_at(name), None, "{name}");
        }
        let ours = make_unique("nightly", at(1_700_000_000_000), 7);
        assert_eq!(submitted_at(&ours.replace("nightly", "weekly")), None, "the check covers the whole name");
    }
}
