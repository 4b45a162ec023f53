//! Unique job names: the submitted name with a suffix, by which the job is found in every phase.

use chrono::{DateTime, NaiveDateTime, Utc};
use sha2::{Digest, Sha256};

use crate::jobs::model::kind::JobKind;

/// Crockford's base 32 in lower case: sorts like the numbers, and contains no letters that look alike.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TIME_DIGITS: usize = 9;
const RANDOM_DIGITS: usize = 4;
const CHECK_DIGITS: usize = 2;
/// First digit of a suffix derived from a key. In a suffix with a time, it would mean a time a thousand years ahead.
const KEYED: char = 'z';
/// Length of a suffix without a kind, as version 0.1.0 appended it.
const FORMER_SUFFIX_LENGTH: usize = TIME_DIGITS + RANDOM_DIGITS + CHECK_DIGITS;
/// Length of a suffix: the kind of the job is one letter or digit.
const SUFFIX_LENGTH: usize = FORMER_SUFFIX_LENGTH + 1;
/// Letter or digit of a job whose kind has no code.
const NO_KIND: char = '0';

/// Appends `-` and 16 letters and digits to a name: the time `now`, by which the names sort and which [`submitted_at`] returns, a random
/// number, the code of the submitted kind, and a check sum.
#[must_use]
pub fn make_unique(name: &str, kind_code: Option<char>, now: DateTime<Utc>, random: u32) -> String {
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    let mut unique = format!("{name}-");
    push_digits(&mut unique, millis, TIME_DIGITS);
    push_digits(&mut unique, random.into(), RANDOM_DIGITS);
    push_kind_and_check_sum(&mut unique, kind_code);
    unique
}

/// Appends `-` and 16 letters and digits to a name that depend only on the name, the code of the kind and `key`: every replica finds the job
/// of a submit by its idempotency key.
#[must_use]
pub fn make_unique_by_key(name: &str, kind_code: Option<char>, key: &[u8]) -> String {
    let hash = Sha256::digest(key);
    let number = hash[..8].iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
    let mut unique = format!("{name}-{KEYED}");
    push_digits(&mut unique, number, TIME_DIGITS + RANDOM_DIGITS - 1);
    push_kind_and_check_sum(&mut unique, kind_code);
    unique
}

fn push_kind_and_check_sum(unique: &mut String, kind_code: Option<char>) {
    unique.push(kind_code.unwrap_or(NO_KIND));
    let check = check_sum_of(unique);
    push_digits(unique, check, CHECK_DIGITS);
}

/// Returns the kind of the job that the gateway submitted with this name; `None` for other names, and those of version 0.1.0.
#[must_use]
pub fn kind_of(name: &str) -> Option<JobKind> {
    kind_code_of(name).and_then(JobKind::of_code)
}

/// Returns whether the submit of this name requested a follow-on job; `false` also of names that do not say.
#[must_use]
pub fn requests_follow_on(name: &str) -> bool {
    kind_code_of(name).is_some_and(JobKind::code_requests_follow_on)
}

fn kind_code_of(name: &str) -> Option<char> {
    let suffix = suffix_of(name).filter(|suffix| suffix.len() == SUFFIX_LENGTH)?;
    suffix[TIME_DIGITS + RANDOM_DIGITS..].chars().next()
}

/// Returns whether the gateway made the name unique: no other job has it.
#[must_use]
pub fn is_unique(name: &str) -> bool {
    suffix_of(name).is_some()
}

/// Returns the time at which [`make_unique`] was called; `None` for names that it did not return.
#[must_use]
pub fn submitted_at(name: &str) -> Option<DateTime<Utc>> {
    let suffix = suffix_of(name).filter(|suffix| !suffix.starts_with(KEYED))?;
    let millis = parse_digits(&suffix[..TIME_DIGITS])?;
    DateTime::from_timestamp_millis(i64::try_from(millis).ok()?)
}

/// Returns the name of a run without the time that IPS appends to it: `spring` of `spring_2011-03-30-14:32:08.834`.
#[must_use]
pub fn without_run_suffix(run: &str) -> &str {
    match run.rsplit_once('_') {
        Some((name, time)) if NaiveDateTime::parse_from_str(time, "%Y-%m-%d-%H:%M:%S%.f").is_ok() => name,
        _ => run,
    }
}

/// Returns the unique name with which the name of a run begins.
#[must_use]
pub fn unique_start(run: &str) -> Option<&str> {
    run.match_indices('_').map(|(end, _)| &run[..end]).find(|start| is_unique(start))
}

/// Returns the name of the first job within the name of a follow-on job, which IPS makes of it: `spring_2011-03-30-14:32:08.834` of
/// `spring_2011-03-30-14:32:08.834_publish`. `original` is the original name of both.
#[must_use]
pub fn first_run<'a>(original: &str, run: &'a str) -> Option<&'a str> {
    let rest = run.strip_prefix(original)?.strip_prefix('_')?;
    let end = rest.find(|letter: char| !matches!(letter, '0'..='9' | '-' | ':' | '.')).unwrap_or(rest.len());
    let time = rest[..end].trim_end_matches(['-', ':', '.']);
    let first = &run[..original.len() + 1 + time.len()];
    (first != run && without_run_suffix(first) == original).then_some(first)
}

/// Returns a name without the suffix that the gateway appended to make it unique.
#[must_use]
pub fn without_unique_suffix(name: &str) -> &str {
    match suffix_of(name) {
        Some(suffix) => &name[..name.len() - suffix.len() - 1],
        None => name,
    }
}

fn suffix_of(name: &str) -> Option<&str> {
    let (_, suffix) = name.rsplit_once('-')?;
    if ![FORMER_SUFFIX_LENGTH, SUFFIX_LENGTH].contains(&suffix.len()) {
        return None;
    }
    let checked = name.len().checked_sub(CHECK_DIGITS)?;
    if parse_digits(name.get(checked..)?)? != check_sum_of(&name[..checked]) {
        return None;
    }
    parse_digits(suffix)?;
    Some(suffix)
}

fn push_digits(text: &mut String, number: u64, count: usize) {
    for place in (0..count).rev() {
        let digit = (number >> (5 * place)) & 31;
        text.push(char::from(DIGITS[usize::try_from(digit).unwrap_or_default()]));
    }
}

fn parse_digits(digits: &str) -> Option<u64> {
    digits.bytes().try_fold(0u64, |number, byte| {
        let digit = DIGITS.iter().position(|d| *d == byte)?;
        // The number overflows after twelve digits: callers with more digits only check that they are valid.
        Some((number << 5) | u64::try_from(digit).ok()?)
    })
}

/// Returns the check sum of a name, two digits long, which tells names with our suffix from others of the same form.
fn check_sum_of(text: &str) -> u64 {
    let hash = Sha256::digest(text.as_bytes());
    u64::from(u16::from_be_bytes([hash[0], hash[1]]) & 0x3ff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ips::types::ActiveJob;

    #[test]
    fn the_name_of_a_follow_on_job_begins_with_that_of_the_first_job() {
        let first = "a_b_2011-03-30-14:32:08.834";
        for more in ["_publish", "-publish", "publish", " (2)", "_2011-03-30-14:33:08.834"] {
            assert_eq!(first_run("a_b", &format!("{first}{more}")), Some(first), "{more}");
        }
        for run in [first, "a_b", "a_b_publish", "a_b_17_publish", "a_2011-03-30-14:32:08.834_publish", ""] {
            assert_eq!(first_run("a_b", run), None, "{run}");
        }
    }

    #[test]
    fn names_of_version_0_1_0_are_unique_and_have_no_kind() {
        let mut name = format!("spring-{}", "0123456789abc");
        let check = check_sum_of(&name);
        push_digits(&mut name, check, CHECK_DIGITS);
        assert!(is_unique(&name) && submitted_at(&name).is_some());
        assert_eq!(kind_of(&name), None);
        assert_eq!(without_unique_suffix(&name), "spring");
        assert_eq!(unique_start(&format!("{name}_2011-03-30-14:32:08.834")), Some(name.as_str()));
        assert_eq!(unique_start("spring_2011-03-30-14:32:08.834"), None);
    }

    #[test]
    fn the_suffix_of_a_run_is_the_time_that_ips_appends() {
        assert_eq!(without_run_suffix("a_b_2011-03-30-14:32:08.834"), "a_b");
        assert_eq!(without_run_suffix("a_2011-03-30-14:32:08"), "a");
        for name in ["plain", "a_b", "a_2011", "a_2011-03-30", ""] {
            assert_eq!(without_run_suffix(name), name);
        }
    }
    use proptest::prelude::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).expect("in range")
    }

    proptest! {
        #[test]
        fn a_unique_name_contains_its_time(name in ".{1,40}", millis in 0i64..4_000_000_000_000, random: u32) {
            let unique = make_unique(&name, None, at(millis), random);
            prop_assert_eq!(submitted_at(&unique), Some(at(millis)));
            prop_assert_eq!(without_unique_suffix(&unique), name);
        }

        #[test]
        fn the_same_key_gives_the_same_name_and_another_key_another_name(name in ".{1,40}", a: [u8; 16], b: [u8; 16]) {
            let unique = make_unique_by_key(&name, None, &a);
            prop_assert_eq!(&unique, &make_unique_by_key(&name, None, &a));
            prop_assert!(is_unique(&unique) && submitted_at(&unique).is_none(), "{}", unique);
            prop_assert_eq!(a == b, unique == make_unique_by_key(&name, None, &b));
        }

        #[test]
        fn a_unique_name_contains_the_kind(name in ".{1,40}", random: u32, index in 0..ActiveJob::DETAILS.len()) {
            let kind = JobKind::of_type(ActiveJob::DETAILS[index].strip_suffix("Job").unwrap_or_default());
            prop_assert!(kind.is_some());
            let codes = [kind.as_ref().and_then(JobKind::code), kind.as_ref().and_then(JobKind::code_with_follow_on)];
            for (code, with_follow_on) in codes.into_iter().zip([false, true]).filter(|(code, _)| code.is_some()) {
                for unique in [make_unique(&name, code, at(0), random), make_unique_by_key(&name, code, b"key")] {
                    prop_assert_eq!(kind_of(&unique), kind.clone());
                    prop_assert_eq!(requests_follow_on(&unique), with_follow_on);
                }
            }
        }

        #[test]
        fn unique_names_sort_by_time(earlier in 0i64..4_000_000_000_000, gap in 1i64..1_000_000_000, a: u32, b: u32) {
            prop_assert!(make_unique("x", None, at(earlier), a) < make_unique("x", None, at(earlier + gap), b));
        }
    }

    #[test]
    fn names_without_a_valid_suffix_are_not_unique() {
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
            assert_eq!(without_unique_suffix(name), name);
        }
        let ours = make_unique("nightly", None, at(1_700_000_000_000), 7);
        assert_eq!(submitted_at(&ours.replace("nightly", "weekly")), None, "the check sum is of the whole name");
    }
}
