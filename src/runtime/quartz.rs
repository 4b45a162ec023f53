//! Schedules in the form of Quartz: cron expressions with seconds first.

use croner::parser::{CronParser, Seconds};
use croner::{Cron, CronDateTime};

/// Schedule of a Quartz cron expression.
#[derive(Debug, Clone)]
pub struct QuartzSchedule(Box<Cron>);

/// Error of a Quartz cron expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSchedule {
    /// The expression can't be parsed.
    #[error("{0:?} is not a cron expression: {1}")]
    Unparsable(String, String),
    /// The number of fields is wrong.
    #[error("{0:?} is not a Quartz cron expression: it has {1} fields, not 6 or 7 with the seconds first")]
    FieldCount(String, usize),
    /// Both or neither of the fields for days is `?`.
    #[error("{0:?} is not a Quartz cron expression: exactly one of day of month and day of week is ?")]
    TwoDays(String),
    /// No time matches.
    #[error("{0:?} will never fire")]
    NeverFires(String),
}

impl QuartzSchedule {
    /// Parses a cron expression of Quartz: six or seven fields, seconds first, a year at the end, weekdays from 1 = Sunday, and `?` for one of
    /// the two days.
    ///
    /// # Errors
    /// Any [`InvalidSchedule`] but [`InvalidSchedule::NeverFires`].
    pub fn parse(expression: &str) -> Result<Self, InvalidSchedule> {
        let fields: Vec<_> = expression.split_whitespace().collect();
        match fields.as_slice() {
            [_, _, _, day_of_month, _, day_of_week, ..] if fields.len() <= 7 => {
                if (*day_of_month == "?") == (*day_of_week == "?") {
                    return Err(InvalidSchedule::TwoDays(expression.into()));
                }
            }
            _ => return Err(InvalidSchedule::FieldCount(expression.into(), fields.len())),
        }
        let parser = CronParser::builder();
        let parser = parser.seconds(Seconds::Required).alternative_weekdays(true).sloppy_ranges(true).build();
        let cron =
            parser.parse(expression).map_err(|e| InvalidSchedule::Unparsable(expression.into(), e.to_string()))?;
        Ok(Self(Box::new(cron)))
    }

    /// Returns the first fire time after `time`, in the same zone or as a wall time; `None` if there is none.
    pub fn next_after<T: CronDateTime>(&self, time: &T) -> Option<T> {
        self.0.find_next_occurrence(time, false).ok()
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;

    use super::*;

    fn runs(expression: &str) -> Vec<String> {
        let schedule = QuartzSchedule::parse(expression).unwrap_or_else(|error| panic!("{error}"));
        let start: NaiveDateTime = "2026-03-02T12:00:00".parse().expect("a time");
        let runs = std::iter::successors(schedule.next_after(&start), |run| schedule.next_after(run));
        runs.take(3).map(|run| run.format("%a %FT%T").to_string()).collect()
    }

    #[test]
    fn expressions_have_the_meaning_of_quartz() {
        assert_eq!(
            runs("0 30 2 * * ?"),
            ["Tue 2026-03-03T02:30:00", "Wed 2026-03-04T02:30:00", "Thu 2026-03-05T02:30:00"]
        );
        assert_eq!(runs("0 0 4 ? * 1")[0], "Sun 2026-03-08T04:00:00", "1 is Sunday");
        assert_eq!(runs("0 0 4 ? * 6#3")[0], "Fri 2026-03-20T04:00:00", "the third Friday");
        assert_eq!(runs("0 0 12 L * ?")[0], "Tue 2026-03-31T12:00:00", "the last day of the month");
        assert_eq!(runs("0 0 0 1 1 ? 2028"), ["Sat 2028-01-01T00:00:00"], "a year");
        assert_eq!(runs("0 0 0 30 2 ?"), [""; 0], "never");
    }

    #[test]
    fn expressions_that_quartz_refuses_are_errors() {
        for (expression, error) in
            [("30 2 * * *", "5 fields"), ("0 30 2 * * *", "exactly one"), ("0 99 2 * * ?", "not a cron")]
        {
            let found = QuartzSchedule::parse(expression).expect_err(expression).to_string();
            assert!(found.contains(error), "{found}");
        }
    }
}
