//! `xsd:dateTime` with its UTC offset, if it has one.
//!
//! Every job has several dates, so parsing and formatting the common form does not allocate.

mod sent;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};

pub(super) use self::sent::sent;

/// Maximum UTC offset of `xsd:dateTime`, in seconds.
const MAX_OFFSET_SECONDS: i32 = 14 * 60 * 60;

/// Wall time with its UTC offset (`xsd:dateTime`; RFC 3339 in JSON). Without an offset it is in an unknown zone, presumably that of the IPS
/// server, and is written without one.
///
/// Fractions of a second are kept to the nanosecond, further digits are dropped; `24:00:00` is midnight of the next day, second 60 a leap
/// second. Years range from 0000 to 9999.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timestamp {
    local: NaiveDateTime,
    offset: Option<FixedOffset>,
}

impl Timestamp {
    /// Returns the timestamp of a point in time.
    #[must_use]
    pub fn new(instant: DateTime<FixedOffset>) -> Self {
        let (utc, offset) = (instant.naive_utc(), *instant.offset());
        // Beyond the range of the library is beyond that of the format, too.
        Self { local: utc.checked_add_offset(offset).unwrap_or(utc), offset: Some(offset) }
    }

    /// Returns the timestamp of a wall time in an unknown zone.
    #[must_use]
    pub fn without_offset(wall: NaiveDateTime) -> Self {
        Self { local: wall, offset: None }
    }

    /// Returns the timestamp after a duration, with the same offset; `None` beyond the range of dates.
    #[must_use]
    pub fn checked_add(self, duration: TimeDelta) -> Option<Self> {
        Some(Self { local: self.local.checked_add_signed(duration)?, ..self })
    }

    /// Returns the point in time; `None` without an offset.
    #[must_use]
    pub fn instant(self) -> Option<DateTime<FixedOffset>> {
        let offset = self.offset?;
        Some(DateTime::from_naive_utc_and_offset(self.local.checked_sub_offset(offset)?, offset))
    }

    /// Returns microseconds since 1970, by which timestamps are sorted.
    #[must_use]
    pub fn sort_micros(self) -> i64 {
        self.sort_time().and_utc().timestamp_micros()
    }

    /// Returns the time in UTC. A timestamp without an offset counts as UTC, so that several of them are sorted by their wall time.
    fn sort_time(self) -> NaiveDateTime {
        self.offset.and_then(|offset| self.local.checked_sub_offset(offset)).unwrap_or(self.local)
    }

    /// Returns what equality and order are about: the point in time, whatever its offset, and whether it has one.
    fn comparison_key(self) -> (NaiveDateTime, bool) {
        (self.sort_time(), self.offset.is_none())
    }

    /// Checks that XML Schema has a form for the timestamp, and that it has an offset.
    ///
    /// # Errors
    /// The reason why it can't be sent.
    pub fn check_sendable(self) -> Result<(), &'static str> {
        let seconds = self.offset.ok_or("expected a date and time with its offset")?.local_minus_utc();
        if seconds.abs() > MAX_OFFSET_SECONDS {
            Err("expected an offset from -14:00 to +14:00")
        } else if !(1..=9999).contains(&self.local.year()) {
            Err("expected a year from 0001 to 9999")
        } else if self.local.nanosecond() >= 1_000_000_000 {
            Err("expected a second from 00 to 59")
        } else {
            Ok(())
        }
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.comparison_key() == other.comparison_key()
    }
}

impl Eq for Timestamp {}

impl Hash for Timestamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.comparison_key().hash(state);
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.comparison_key().cmp(&other.comparison_key())
    }
}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Error of parsing a [`Timestamp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a date and time such as 2026-01-31T09:30:00Z")]
pub struct InvalidTimestamp;

impl std::str::FromStr for Timestamp {
    type Err = InvalidTimestamp;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim_ascii();
        parse_common_form(text)
            .or_else(|| parse_general_form(text).map(Self::new))
            .or_else(|| parse_without_zone(text))
            .ok_or(InvalidTimestamp)
    }
}

/// Fast path for the form that IPS writes, with or without milliseconds and offset; chrono's general parser takes several times as long, and a list has
/// thousands of dates.
fn parse_common_form(text: &str) -> Option<Timestamp> {
    let (clock, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let [y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', mi1, mi2, b':', s1, s2] = *clock else {
        return None;
    };
    let (nanos, zone) = match *rest {
        [b'.', f1, f2, f3, ref zone @ ..] => (number([f1, f2, f3])? * 1_000_000, zone),
        ref zone => (0, zone),
    };
    let offset = match *zone {
        [] => None,
        [b'Z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let minutes = i32::try_from(number([m1, m2]).filter(|minutes| *minutes < 60)?).ok()?;
            let seconds = (i32::try_from(number([h1, h2])?).ok()? * 60 + minutes) * 60;
            Some(if sign == b'-' { -seconds } else { seconds })
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
    let offset = match offset {
        Some(seconds) => Some(FixedOffset::east_opt(seconds)?),
        None => None,
    };
    Some(Timestamp { local, offset })
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
fn parse_without_zone(text: &str) -> Option<Timestamp> {
    let local = parse_general_form(&format!("{text}Z"))?.naive_utc();
    Some(Timestamp { local, offset: None })
}

/// Parses RFC 3339, and 24:00:00.
fn parse_general_form(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text).ok().or_else(|| parse_end_of_day(text))
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
    fn of(Timestamp { local, offset }: Timestamp) -> Option<Self> {
        let year = u32::try_from(local.year()).ok().filter(|year| *year <= 9999)?;
        let (leap, nanos) = (local.nanosecond() / 1_000_000_000, local.nanosecond() % 1_000_000_000);
        let offset = offset.map(|offset| offset.local_minus_utc());
        if offset.is_some_and(|seconds| seconds % 60 != 0) {
            return None;
        }

        let ([y1, y2], [y3, y4]) = (two_digits(year / 100), two_digits(year % 100));
        let ([mo1, mo2], [d1, d2]) = (two_digits(local.month()), two_digits(local.day()));
        let ([h1, h2], [mi1, mi2]) = (two_digits(local.hour()), two_digits(local.minute()));
        let [s1, s2] = two_digits(local.second() + leap);
        let mut text = Self { bytes: [0; 35], length: 0 };
        text.append([y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', mi1, mi2, b':', s1, s2]);
        match nanos {
            0 => {}
            _ if nanos % 1_000_000 == 0 => text.fraction::<3>(nanos / 1_000_000),
            _ if nanos % 1_000 == 0 => text.fraction::<6>(nanos / 1_000),
            _ => text.fraction::<9>(nanos),
        }
        match offset {
            None => {}
            Some(0) => text.append(*b"Z"),
            Some(seconds) => {
                let minutes = seconds.unsigned_abs() / 60;
                let ([h1, h2], [m1, m2]) = (two_digits(minutes / 60), two_digits(minutes % 60));
                text.append([if seconds < 0 { b'-' } else { b'+' }, h1, h2, b':', m1, m2]);
            }
        }
        Some(text)
    }

    #[inline]
    fn append<const N: usize>(&mut self, bytes: [u8; N]) {
        let end = self.length + N;
        self.bytes[self.length..end].copy_from_slice(&bytes);
        self.length = end;
    }

    fn fraction<const DIGITS: usize>(&mut self, mut value: u32) {
        let mut digits = [0; DIGITS];
        for place in digits.iter_mut().rev() {
            *place = digit(value);
            value /= 10;
        }
        self.append(*b".");
        self.append(digits);
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

/// Returns the decimal digits of a number below 100.
#[inline]
fn two_digits(number: u32) -> [u8; 2] {
    [digit(number / 10), digit(number)]
}

/// Returns the last decimal digit of a number.
#[inline]
fn digit(number: u32) -> u8 {
    b"0123456789"[(number % 10) as usize]
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Formatted::of(*self) {
            Some(text) => f.pad(text.as_str()),
            None => write!(f, "{:?}{}", self.local, self.offset.map(|offset| offset.to_string()).unwrap_or_default()),
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

struct TimestampVisitor;

impl de::Visitor<'_> for TimestampVisitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date and time such as 2026-01-31T09:30:00Z")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TimestampVisitor)
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some(
                "Point in time (RFC 3339), with the offset that IPS sent. IPS may send a date without an offset: it is passed on without one, \
                 for example `2026-01-31T09:30:00`, and its time zone is unknown.",
            ))
            .examples(["2026-01-31T09:30:00.858-05:00"])
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}
