//! `xsd:dateTime` with its UTC offset.
//!
//! Every job has several dates, so parsing and formatting the common form does not allocate.

use std::fmt;

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveTime, Timelike};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};

/// Point in time with its UTC offset (`xsd:dateTime`; RFC 3339 in JSON).
///
/// A value without a zone is read as UTC. Fractions of a second are kept to the nanosecond, further digits are dropped; `24:00:00` is midnight
/// of the next day, second 60 a leap second. Years range from 0000 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub DateTime<FixedOffset>);

/// Error of parsing a [`Timestamp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a date and time such as 2026-01-31T09:30:00Z")]
pub struct InvalidTimestamp;

impl std::str::FromStr for Timestamp {
    type Err = InvalidTimestamp;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim_ascii();
        parse_common_form(text)
            .or_else(|| DateTime::parse_from_rfc3339(text).ok())
            .or_else(|| parse_end_of_day(text))
            .or_else(|| parse_without_zone(text))
            .map(Self)
            .ok_or(InvalidTimestamp)
    }
}

/// Fast path for the form that IPS writes, with or without milliseconds; chrono's general parser takes several times as long, and a list has
/// thousands of dates.
fn parse_common_form(text: &str) -> Option<DateTime<FixedOffset>> {
    let (clock, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let [y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', mi1, mi2, b':', s1, s2] = *clock else {
        return None;
    };
    let (nanos, zone) = match *rest {
        [b'.', f1, f2, f3, ref zone @ ..] => (number([f1, f2, f3])? * 1_000_000, zone),
        ref zone => (0, zone),
    };
    let offset = match *zone {
        [b'Z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let minutes = i32::try_from(number([m1, m2]).filter(|minutes| *minutes < 60)?).ok()?;
            let seconds = (i32::try_from(number([h1, h2])?).ok()? * 60 + minutes) * 60;
            if sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    let year = i32::try_from(number([y1, y2, y3, y4])?).ok()?;
    let local = NaiveDate::from_ymd_opt(year, number([mo1, mo2])?, number([d1, d2])?)?.and_hms_nano_opt(
        number([h1, h2])?,
        number([mi1, mi2])?,
        number([s1, s2])?,
        nanos,
    )?;
    let offset = FixedOffset::east_opt(offset)?;
    Some(DateTime::from_naive_utc_and_offset(local.checked_sub_offset(offset)?, offset))
}

/// Parses decimal digits.
fn number<const N: usize>(digits: [u8; N]) -> Option<u32> {
    let mut number = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number * 10 + u32::from(digit - b'0');
    }
    Some(number)
}

/// Parses a time without a zone, which XML Schema allows and RFC 3339 does not.
fn parse_without_zone(text: &str) -> Option<DateTime<FixedOffset>> {
    let utc = format!("{text}Z");
    DateTime::parse_from_rfc3339(&utc).ok().or_else(|| parse_end_of_day(&utc))
}

/// Parses 24:00:00, which XML Schema allows and RFC 3339 does not.
fn parse_end_of_day(text: &str) -> Option<DateTime<FixedOffset>> {
    let (date, rest) = text.split_once("T24:")?;
    let start = DateTime::parse_from_rfc3339(&format!("{date}T00:{rest}")).ok()?;
    (start.time() == NaiveTime::MIN)
        .then(|| start.checked_add_days(Days::new(1)))
        .flatten()
        .filter(|end| end.year() <= 9999)
}

/// Formatted timestamp on the stack; `2026-01-31T09:30:00.123456789+01:00` is the longest.
struct Formatted {
    bytes: [u8; 35],
    length: usize,
}

impl Formatted {
    /// Formats a timestamp; `None` for a year beyond four digits or an offset with seconds, which the format can't represent.
    fn of(Timestamp(instant): Timestamp) -> Option<Self> {
        let offset = *instant.offset();
        let local = instant.naive_utc().checked_add_offset(offset)?;
        let year = u32::try_from(local.year()).ok().filter(|year| *year <= 9999)?;
        let (leap, nanos) = (local.nanosecond() / 1_000_000_000, local.nanosecond() % 1_000_000_000);
        let offset = offset.local_minus_utc();
        if offset % 60 != 0 {
            return None;
        }

        let mut text = Self { bytes: [0; 35], length: 0 };
        text.digits(4, year);
        text.part(b'-', 2, local.month());
        text.part(b'-', 2, local.day());
        text.part(b'T', 2, local.hour());
        text.part(b':', 2, local.minute());
        text.part(b':', 2, local.second() + leap);
        match nanos {
            0 => {}
            _ if nanos % 1_000_000 == 0 => text.part(b'.', 3, nanos / 1_000_000),
            _ if nanos % 1_000 == 0 => text.part(b'.', 6, nanos / 1_000),
            _ => text.part(b'.', 9, nanos),
        }
        if offset == 0 {
            text.byte(b'Z');
        } else {
            let minutes = offset.unsigned_abs() / 60;
            text.part(if offset < 0 { b'-' } else { b'+' }, 2, minutes / 60);
            text.part(b':', 2, minutes % 60);
        }
        Some(text)
    }

    fn byte(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    fn digits(&mut self, count: usize, mut value: u32) {
        let end = self.length + count;
        for digit in self.bytes[self.length..end].iter_mut().rev() {
            *digit = b'0' + (value % 10) as u8;
            value /= 10;
        }
        self.length = end;
    }

    fn part(&mut self, separator: u8, count: usize, value: u32) {
        self.byte(separator);
        self.digits(count, value);
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Formatted::of(*self) {
            Some(text) => f.pad(text.as_str()),
            None => fmt::Debug::fmt(&self.0, f),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text =
            Formatted::of(*self).ok_or_else(|| ser::Error::custom(format_args!("{self} is not an xsd:dateTime")))?;
        serializer.serialize_str(text.as_str())
    }
}

/// Whether the offset may be missing: in XML from IPS it may, in JSON it may not, since a wrong guess would run a job at the wrong time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Offset {
    Required,
    Optional,
}

impl de::Visitor<'_> for Offset {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date and time with its offset, such as 2026-01-31T09:30:00Z (RFC 3339)")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        let read = match self {
            Self::Optional => text.parse().ok(),
            Self::Required => text.parse().ok().filter(|_| DateTime::parse_from_rfc3339(text).is_ok()),
        };
        read.ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let offset = if deserializer.is_human_readable() { Offset::Required } else { Offset::Optional };
        deserializer.deserialize_str(offset)
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("Point in time (RFC 3339), with the offset of the IPS server; a value without an offset is read as UTC."))
            .examples(["2026-01-31T09:30:00.858-05:00"])
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDateTime, SecondsFormat, TimeDelta};
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
    fn a_date_without_a_zone_is_utc() {
        assert_reads("2011-03-30T14:32:08", "2011-03-30T14:32:08Z");
        assert_reads("2011-03-30T14:32:08.858", "2011-03-30T14:32:08.858Z");
    }

    #[test]
    fn white_space_around_a_date_is_ignored() {
        assert_reads("\n\t 2011-03-30T14:32:08Z \r\n", "2011-03-30T14:32:08Z");
    }

    #[test]
    fn a_day_may_end_at_24_00_and_a_minute_with_a_leap_second() {
        assert_reads("2011-12-31T24:00:00-05:00", "2012-01-01T00:00:00-05:00");
        assert_reads("2011-12-31T24:00:00.000", "2012-01-01T00:00:00Z");
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
            let error = serde_json::to_string(&Timestamp(instant)).expect_err("unwritable").to_string();
            assert!(error.ends_with("is not an xsd:dateTime"), "{error}");
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
            let json = serde_json::to_string(&Timestamp(instant)).expect("in range");
            let read: Timestamp = serde_json::from_str(&json).expect("just written");
            prop_assert_eq!((read.0, read.0.offset()), (instant, instant.offset()), "{}", json);
        }

        #[test]
        fn the_fast_path_parses_as_chrono_does(instant in instants(), form in 0..3) {
            let precision = if form == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
            let text = instant.to_rfc3339_opts(precision, form == 2);
            let read = parse_common_form(&text).map(|read| (read, *read.offset()));
            let expected = DateTime::parse_from_rfc3339(&text).ok().map(|read| (read, *read.offset()));
            prop_assert_eq!(read, expected.filter(|_| !text.contains(":60")), "{}", text);
        }

        #[test]
        fn formatting_equals_that_of_chrono(instant in instants()) {
            prop_assert_eq!(Timestamp(instant).to_string(), instant.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        }

        #[test]
        fn a_time_without_zone_is_the_same_wall_time_in_utc(instant in instants()) {
            let local: NaiveDateTime = instant.naive_utc();
            let text = local.format("%Y-%m-%dT%H:%M:%S%.f").to_string();
            prop_assert_eq!(text.parse(), Ok(Timestamp(local.and_utc().fixed_offset())), "{}", text);
        }

        #[test]
        fn any_text_is_an_error_or_a_date_that_survives_a_round_trip(text in r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6]0:[0-6]0(\.[0-9]{0,12})?(Z|[+-][0-2][0-9]:[0-6]0)?") {
            if let Ok(read) = text.parse::<Timestamp>() {
                let written = serde_json::to_string(&read).expect("what was read can be written");
                prop_assert_eq!(serde_json::from_str::<Timestamp>(&written).expect("just written"), read);
            }
        }
    }
}
