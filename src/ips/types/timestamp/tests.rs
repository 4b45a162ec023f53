//! Tests of timestamps.

use chrono::{SecondsFormat, TimeDelta};
use proptest::prelude::*;

use super::*;

#[track_caller]
fn assert_reads(text: &str, rfc3339: &str) {
    let read = text.parse::<Timestamp>().map(|read| read.to_string());
    assert_eq!(read.as_deref(), Ok(rfc3339), "{text:?}");
}

#[test]
fn a_date_keeps_its_offset_and_fraction() {
    assert_reads("2011-03-30T14:32:08.858-05:00", "2011-03-30T14:32:08.858-05:00");
    assert_reads("2011-03-30T14:32:08Z", "2011-03-30T14:32:08Z");
    assert_reads("2011-03-30T14:32:08.5+05:30", "2011-03-30T14:32:08.500+05:30");
    assert_reads("2011-03-30T14:32:08.000001Z", "2011-03-30T14:32:08.000001Z");
    assert_reads("2011-03-30T14:32:08.1234567891Z", "2011-03-30T14:32:08.123456789Z");
}

#[test]
fn a_date_without_a_zone_stays_without_one() {
    assert_reads("2011-03-30T14:32:08", "2011-03-30T14:32:08");
    assert_reads("2011-03-30T14:32:08.858", "2011-03-30T14:32:08.858");
    assert_reads("2011-03-30T14:32:08.5", "2011-03-30T14:32:08.500");
    let local: Timestamp = "2011-03-30T14:32:08".parse().expect("a date");
    assert_eq!(local.instant(), None);
    assert!(local.check_sendable().is_err());
}

#[test]
fn white_space_around_a_date_is_ignored() {
    assert_reads("\n\t 2011-03-30T14:32:08Z \r\n", "2011-03-30T14:32:08Z");
}

#[test]
fn a_day_may_end_at_24_00_and_a_minute_with_a_leap_second() {
    assert_reads("2011-12-31T24:00:00-05:00", "2012-01-01T00:00:00-05:00");
    assert_reads("2011-12-31T24:00:00.000", "2012-01-01T00:00:00");
    assert_reads("2016-12-31T23:59:60.25Z", "2016-12-31T23:59:60.250Z");
}

#[test]
fn an_invalid_date_is_an_error() {
    for text in [
        "",
        "Z",
        "now",
        "2011-03-30",
        "14:32:08",
        "2011-03-30T14:32Z",
        "2011-3-30T14:32:08Z",
        "2011-03-30T14:32:08.Z",
        "2011-02-29T00:00:00Z",
        "2011-03-30T25:00:00Z",
        "2011-03-30T24:00:01Z",
        "2011-03-30T24:00:00.1Z",
        "2011-03-30T14:32:61Z",
        "2011-03-30T14:32:08+24:00",
        "2011-03-30T14:32:08+05",
        "2011-03-30T14:32:08ZZ",
        "-2011-03-30T14:32:08Z",
        "12011-03-30T14:32:08Z",
        "9999-12-31T24:00:00Z",
        "２０11-03-30T14:32:08Z",
    ] {
        assert_eq!(text.parse::<Timestamp>(), Err(InvalidTimestamp), "{text:?}");
    }
}

#[test]
fn an_unrepresentable_time_is_an_error_and_no_panic() {
    let odd_offset = FixedOffset::east_opt(3601).expect("in range");
    for instant in [
        DateTime::<chrono::Utc>::MAX_UTC.fixed_offset(),
        DateTime::<chrono::Utc>::MIN_UTC.fixed_offset(),
        DateTime::<chrono::Utc>::MAX_UTC.with_timezone(&odd_offset),
        DateTime::UNIX_EPOCH.with_timezone(&odd_offset),
    ] {
        let error = serde_json::to_string(&Timestamp::new(instant)).expect_err("unwritable").to_string();
        assert!(error.ends_with("is not an xsd:dateTime"), "{error}");
    }
}

#[test]
fn only_what_xml_schema_has_can_be_sent() {
    for text in
        ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00+14:00", "0001-01-01T00:00:00-14:00", "9999-12-31T23:59:59Z"]
    {
        assert_eq!(text.parse().map(Timestamp::check_sendable), Ok(Ok(())), "{text}");
    }
    for text in [
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00+14:01",
        "2026-01-01T00:00:00-19:14",
        "0000-01-01T00:00:00Z",
        "2026-01-01T00:00:60Z",
    ] {
        assert!(text.parse().is_ok_and(|date: Timestamp| date.check_sendable().is_err()), "{text}");
    }
}

prop_compose! {
    fn instants()(seconds in -62_167_000_000..253_402_000_000i64, nanos in prop_oneof![
        Just(0), (0..1000u32).prop_map(|ms| ms * 1_000_000), (0..1_000_000u32).prop_map(|us| us * 1000), 0..1_000_000_000u32
    ], minutes in -23 * 60..23 * 60i32) -> DateTime<FixedOffset> {
        let utc = DateTime::UNIX_EPOCH.naive_utc() + TimeDelta::new(seconds, nanos).expect("in range");
        DateTime::from_naive_utc_and_offset(utc, FixedOffset::east_opt(minutes * 60).expect("in range"))
    }
}

proptest! {
    #[test]
    fn a_round_trip_keeps_instant_and_offset(instant in instants()) {
        let json = serde_json::to_string(&Timestamp::new(instant)).expect("in range");
        let read: Timestamp = serde_json::from_str(&json).expect("just written");
        prop_assert_eq!(read.offset, Timestamp::new(instant).offset, "{}", json);
        prop_assert_eq!(read.instant(), Some(instant), "{}", json);
    }

    #[test]
    fn the_fast_path_parses_as_chrono_does(instant in instants(), form in 0..3) {
        let precision = if form == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
        let text = instant.to_rfc3339_opts(precision, form == 2);
        let read = parse_common_form(&text);
        let expected = DateTime::parse_from_rfc3339(&text).ok().map(Timestamp::new);
        let parts = |read: Option<Timestamp>| read.map(|read| (read.local, read.offset));
        prop_assert_eq!(parts(read), parts(expected.filter(|_| !text.contains(":60"))), "{}", text);
    }

    #[test]
    fn formatting_equals_that_of_chrono(instant in instants()) {
        prop_assert_eq!(Timestamp::new(instant).to_string(), instant.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    }

    #[test]
    fn a_time_without_zone_keeps_its_wall_time(instant in instants()) {
        let local = instant.naive_utc();
        let text = local.format("%Y-%m-%dT%H:%M:%S%.f").to_string();
        prop_assert_eq!(text.parse(), Ok(Timestamp { local, offset: None }), "{}", text);
    }

    #[test]
    fn any_text_is_an_error_or_a_date_that_survives_a_round_trip(text in r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6]0:[0-6]0(\.[0-9]{0,12})?(Z|[+-][0-2][0-9]:[0-6]0)?") {
        if let Ok(read) = text.parse::<Timestamp>() {
            let written = serde_json::to_string(&read).expect("what was read can be written");
            prop_assert_eq!(serde_json::from_str::<Timestamp>(&written).expect("just written"), read);
        }
    }
}
