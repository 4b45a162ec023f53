//! Time zones of the regions of IPS by name, without a time zone database: containers seldom have one, and its rules are large.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday};

/// Hour in seconds.
const HOUR: i32 = 60 * 60;

/// Names of zones without daylight saving time, with their offsets in minutes.
const FIXED: [(&str, i32); 19] = [
    ("America/Phoenix", -7 * 60),
    ("Asia/Calcutta", 330),
    ("Asia/Hong_Kong", 8 * 60),
    ("Asia/Kolkata", 330),
    ("Asia/Seoul", 9 * 60),
    ("Asia/Singapore", 8 * 60),
    ("Asia/Tokyo", 9 * 60),
    ("EST", -5 * 60),
    ("Etc/GMT", 0),
    ("Etc/UTC", 0),
    ("HKT", 8 * 60),
    ("HST", -10 * 60),
    ("JST", 9 * 60),
    ("Japan", 9 * 60),
    ("KST", 9 * 60),
    ("MST", -7 * 60),
    ("SGT", 8 * 60),
    ("Singapore", 8 * 60),
    ("Z", 0),
];
/// Names of zones with the daylight saving time of the United States, with their standard offsets in hours.
const UNITED_STATES: [(&str, i32); 20] = [
    ("America/Chicago", -6),
    ("America/Denver", -7),
    ("America/Los_Angeles", -8),
    ("America/New_York", -5),
    ("CDT", -6),
    ("CST", -6),
    ("CST6CDT", -6),
    ("EDT", -5),
    ("EST", -5),
    ("EST5EDT", -5),
    ("MDT", -7),
    ("MST", -7),
    ("MST7MDT", -7),
    ("PDT", -8),
    ("PST", -8),
    ("PST8PDT", -8),
    ("US/Central", -6),
    ("US/Eastern", -5),
    ("US/Mountain", -7),
    ("US/Pacific", -8),
];
/// Names of zones with the daylight saving time of the European Union and the United Kingdom, with their standard offsets in hours.
const EUROPE: [(&str, i32); 22] = [
    ("BST", 0),
    ("CET", 1),
    ("CEST", 1),
    ("EET", 2),
    ("EEST", 2),
    ("Europe/Amsterdam", 1),
    ("Europe/Berlin", 1),
    ("Europe/Brussels", 1),
    ("Europe/Bucharest", 2),
    ("Europe/Dublin", 0),
    ("Europe/London", 0),
    ("Europe/Madrid", 1),
    ("Europe/Paris", 1),
    ("Europe/Rome", 1),
    ("Europe/Stockholm", 1),
    ("Europe/Vienna", 1),
    ("Europe/Zurich", 1),
    ("GB", 0),
    ("MET", 1),
    ("MEST", 1),
    ("WET", 0),
    ("WEST", 0),
];

/// Time zone with the rules of its region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedZone {
    /// Offset of standard time, in seconds.
    standard: i32,
    daylight: Daylight,
}

/// Daylight saving time of a region, one hour ahead of standard time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Daylight {
    Never,
    /// From the second Sunday in March to the first Sunday in November, at 02:00 local time.
    UnitedStates,
    /// From the last Sunday in March to the last Sunday in October, at 01:00 UTC.
    Europe,
}

impl NamedZone {
    /// Returns the zones that a name can mean: abbreviations such as `EST` have several meanings. `GMT-06:00`, `UTC+1` and `+09:00` are offsets.
    /// None of an unknown name.
    #[must_use]
    pub fn meanings(name: &str) -> Vec<Self> {
        let name = name.trim();
        let listed = |table: &[(&str, i32)], unit, daylight| {
            let found = table.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, offset)| Self { standard: offset * unit, daylight })
        };
        let mut meanings = vec![
            listed(&UNITED_STATES, HOUR, Daylight::UnitedStates),
            listed(&EUROPE, HOUR, Daylight::Europe),
            listed(&FIXED, 60, Daylight::Never),
        ];
        meanings.push(offset_of(name).map(|standard| Self { standard, daylight: Daylight::Never }));
        meanings.into_iter().flatten().collect()
    }

    /// Returns the offset from UTC at a time.
    #[must_use]
    pub fn offset_at(self, time: DateTime<Utc>) -> FixedOffset {
        let is_daylight =
            self.daylight_time(time.year()).is_some_and(|(from, to)| (from..to).contains(&time.naive_utc()));
        offset(self.standard + if is_daylight { HOUR } else { 0 })
    }

    /// Returns the time at which the clocks show a wall time; `None` if they skip it, or show it twice.
    #[must_use]
    pub fn time_of(self, wall: NaiveDateTime) -> Option<DateTime<FixedOffset>> {
        let offsets = [self.standard, self.standard + HOUR].map(offset);
        let times = offsets.map(|offset| wall.and_local_timezone(offset).single());
        let mut valid = times.into_iter().flatten().filter(|time| self.offset_at(time.to_utc()) == *time.offset());
        let time = valid.next()?;
        valid.next().is_none().then_some(time)
    }

    /// Returns the start and the end of daylight saving time in a year, in UTC.
    fn daylight_time(self, year: i32) -> Option<(NaiveDateTime, NaiveDateTime)> {
        let standard = TimeDelta::seconds(self.standard.into());
        match self.daylight {
            Daylight::Never => None,
            Daylight::UnitedStates => {
                let start = sunday(year, 3, 2)? + TimeDelta::hours(2) - standard;
                let end = sunday(year, 11, 1)? + TimeDelta::hours(1) - standard;
                Some((start, end))
            }
            Daylight::Europe => Some((last_sunday(year, 3)?, last_sunday(year, 10)?))
                .map(|(start, end)| (start + TimeDelta::hours(1), end + TimeDelta::hours(1))),
        }
    }
}

fn offset(seconds: i32) -> FixedOffset {
    FixedOffset::east_opt(seconds).unwrap_or_else(|| chrono::Offset::fix(&Utc))
}

/// Returns the midnight of the nth Sunday of a month.
fn sunday(year: i32, month: u32, number: u8) -> Option<NaiveDateTime> {
    Some(NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Sun, number)?.and_time(NaiveTime::MIN))
}

fn last_sunday(year: i32, month: u32) -> Option<NaiveDateTime> {
    sunday(year, month, 5).or_else(|| sunday(year, month, 4))
}

/// Returns the seconds of an offset: `GMT`, `UTC`, and these or nothing followed by `+1`, `-06:00` or `+0530`.
fn offset_of(name: &str) -> Option<i32> {
    let prefix = ["GMT", "UTC"].into_iter().find_map(|prefix| {
        name.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix)).and(name.get(prefix.len()..))
    });
    let rest = match prefix {
        Some("") => return Some(0),
        Some(rest) => rest,
        None => name,
    };
    let (sign, digits) = match rest.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "00"),
    };
    let number = |text: &str, most: i32| {
        let is_number = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<i32>().ok()).flatten().filter(|number| *number <= most)
    };
    Some(sign * (number(hours, 14)? * HOUR + number(minutes, 59)? * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> NamedZone {
        *NamedZone::meanings(name).first().unwrap_or_else(|| panic!("{name}"))
    }

    fn time_of(name: &str, wall: &str) -> Option<String> {
        zone(name).time_of(wall.parse().expect("a wall time")).map(|time| time.to_rfc3339())
    }

    #[test]
    fn zones_have_the_daylight_saving_time_of_their_region() {
        for (name, wall, expected) in [
            ("PST", "2026-03-08T01:59:59", Some("2026-03-08T01:59:59-08:00")),
            ("PST", "2026-03-08T02:30:00", None),
            ("PST", "2026-03-08T03:00:00", Some("2026-03-08T03:00:00-07:00")),
            ("America/Chicago", "2026-07-01T12:00:00", Some("2026-07-01T12:00:00-05:00")),
            ("America/Chicago", "2026-11-01T00:59:59", Some("2026-11-01T00:59:59-05:00")),
            ("America/Chicago", "2026-11-01T01:30:00", None),
            ("America/Chicago", "2026-11-01T02:00:00", Some("2026-11-01T02:00:00-06:00")),
            ("Europe/Paris", "2026-03-29T02:30:00", None),
            ("Europe/Paris", "2026-10-25T02:30:00", None),
            ("europe/paris", "2026-10-25T03:00:00", Some("2026-10-25T03:00:00+01:00")),
            ("Europe/London", "2026-10-25T00:59:59", Some("2026-10-25T00:59:59+01:00")),
            ("JST", "2026-07-01T12:00:00", Some("2026-07-01T12:00:00+09:00")),
        ] {
            assert_eq!(time_of(name, wall).as_deref(), expected, "{name} {wall}");
        }
    }

    #[test]
    fn offsets_are_zones() {
        let offset = |name: &str| NamedZone::meanings(name).first().map(|zone| zone.standard / 60);
        for (name, minutes) in [("GMT-06:00", -360), ("UTC+1", 60), ("gmt", 0), ("+0530", 330), ("Z", 0), ("-8", -480)]
        {
            assert_eq!(offset(name), Some(minutes), "{name}");
        }
        for name in ["", "Mars/Phobos", "GMT-", "+99:00", "UTC+1:2:3", "é", "+é", "GMT+1é"] {
            assert_eq!(offset(name), None, "{name}");
        }
    }

    #[test]
    fn an_abbreviation_can_mean_several_zones() {
        let offsets = |time: &str| {
            let time: DateTime<Utc> = time.parse().expect("a time");
            NamedZone::meanings("EST")
                .iter()
                .map(|zone| zone.offset_at(time).local_minus_utc() / HOUR)
                .collect::<Vec<_>>()
        };
        assert_eq!((offsets("2026-01-01T00:00:00Z"), offsets("2026-07-01T00:00:00Z")), (vec![-5, -5], vec![-4, -5]));
    }
}
