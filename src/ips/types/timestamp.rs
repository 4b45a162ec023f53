//! `xsd:dateTime`, kept with the offset that came.
//!
//! Every job carries a handful of dates, so both directions avoid allocations and chrono's format machinery.

use std::fmt;

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveTime, Timelike};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};

/// A point in time with the offset that IPS gave it (`xsd:dateTime`, RFC 3339 in JSON).
///
/// A value without a zone is read as UTC. Fractions of a second are kept to the nanosecond, further digits are
/// dropped; `24:00:00` is midnight of the next day, second 60 a leap second. Years run from 0000 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub DateTime<FixedOffset>);

/// The text isn't a date and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a date and time such as 2026-01-31T09:30:00Z")]
pub struct InvalidTimestamp;

impl std::str::FromStr for Timestamp {
    type Err = InvalidTimestamp;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text.trim_ascii().as_bytes()).map(Self).ok_or(InvalidTimestamp)
    }
}

fn read(text: &[u8]) -> Option<DateTime<FixedOffset>> {
    let (date_and_time, rest) = text.split_first_chunk::<19>()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b't', h1, h2, b':', n1, n2, b':', s1, s2] = *date_and_time
    else {
        return None;
    };
    let (nanos, zone) = fraction(rest)?;
    let offset = offset(zone)?;

    let mut date = NaiveDate::from_ymd_opt((100 * two(y1, y2)? + two(y3, y4)?) as i32, two(m1, m2)?, two(d1, d2)?)?;
    let time = match (two(h1, h2)?, two(n1, n2)?, two(s1, s2)?, nanos) {
        (24, 0, 0, 0) => {
            date = date.checked_add_days(Days::new(1)).filter(|next| next.year() <= 9999)?;
            NaiveTime::MIN
        }
        // chrono's leap second: a 59th second of more than a billion nanoseconds
        (hour, minute, 60, nanos) => NaiveTime::from_hms_nano_opt(hour, minute, 59, 1_000_000_000 + nanos)?,
        (hour, minute, second, nanos) => NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)?,
    };
    date.and_time(time).and_local_timezone(offset).single()
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

/// Nanoseconds and what follows them.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let Some(text) = text.strip_prefix(b".") else { return Some((0, text)) };
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    let nanos = (0..9).fold(0, |nanos, i| nanos * 10 + digits.get(i).map_or(0, |digit| u32::from(digit - b'0')));
    (length > 0).then_some((nanos, rest))
}

fn offset(zone: &[u8]) -> Option<FixedOffset> {
    match *zone {
        [] | [b'Z' | b'z'] => FixedOffset::east_opt(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let minutes = two(m1, m2).filter(|minutes| *minutes < 60)?;
            let seconds = (two(h1, h2)? * 3600 + minutes * 60) as i32;
            FixedOffset::east_opt(if sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

/// The text of a timestamp, on the stack: `2026-01-31T09:30:00.123456789+01:00` is the longest.
struct Text {
    bytes: [u8; 35],
    length: usize,
}

impl Text {
    /// `None` where the format has no words for the value: a year beyond four digits, an offset with seconds.
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
        match Text::of(*self) {
            Some(text) => f.pad(text.as_str()),
            None => fmt::Debug::fmt(&self.0, f),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = Text::of(*self).ok_or_else(|| ser::Error::custom(format_args!("{self} is no xsd:dateTime")))?;
        serializer.serialize_str(text.as_str())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date and time such as 2026-01-31T09:30:00Z (RFC 3339)")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(|InvalidTimestamp| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("A point in time (RFC 3339). IPS gives it with its server's offset; a value without one is read as UTC."))
            .examples(["2026-01-31T09:30:00.858-05:00"])
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}
