//! Steps of a walk through the history: which part of an answer of `getJobLogs` is complete, and where the next call begins.
//!
//! IPS returns 1,000 rows at most, has no pages, and filters by dates. An answer with as many rows as were asked for may lack others:
//!
//! - In the order of the walk, all but its last second is complete, and the next call begins with that second.
//! - In another order nothing is complete: the walk goes on in windows of dates, each half as long as the one that was full.

use crate::ips::types::MAX_LOG_ROWS;

/// Maximum number of rows of an answer.
pub const MAX_ROWS: usize = MAX_LOG_ROWS as usize;
/// Number of rows below which the next window is longer.
const FEW_ROWS: usize = MAX_ROWS / 4;
/// Distance by which IPS may exceed the dates of a request, in seconds: it includes their ends, and they are rounded.
const TOLERANCE: i64 = 1;

/// Positions of the seconds whose jobs are complete in an answer: first and last.
pub type Complete = Option<(i64, i64)>;

/// Progress of a walk, in seconds of its axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    /// First second whose jobs are outstanding; `None` at the beginning.
    pub next: Option<i64>,
    /// Length of the window of the next call; `None` while the answers of IPS are in the order of the walk.
    pub window: Option<i64>,
    /// First second that can have jobs.
    pub near: i64,
    /// Last second that can have jobs.
    pub far: i64,
    /// Distance by which the dates of a request exceed those of the window, in seconds.
    pub margin: i64,
    /// Whether the next call leaves out the tolerance, because the second before is full.
    pub is_strict: bool,
    /// Whether the next call asks for as many rows as IPS returns.
    pub is_wide: bool,
    /// Whether the walk has reached its end.
    pub has_ended: bool,
    /// Whether jobs are missing: more of them started in one second than IPS returns, or it does not filter by dates.
    pub has_gap: bool,
}

impl Steps {
    /// Returns the seconds that the next call asks for; `None` for an open end.
    pub fn range(&self) -> (Option<i64>, Option<i64>) {
        (self.next, self.window.map(|_| self.window_end()))
    }

    fn window_end(&self) -> i64 {
        let first = self.next.unwrap_or(self.near);
        first.saturating_add(self.window.unwrap_or(1) - 1).min(self.far.max(first))
    }

    /// Goes on after an answer to a call for `rows` rows that had `count` rows, of which those with a start have these ones, in the order of IPS.
    pub fn advance(&mut self, starts: &[i64], count: usize, rows: usize) -> Complete {
        let is_full = count == rows || count >= MAX_ROWS;
        let was_strict = std::mem::take(&mut self.is_strict);
        let complete = match self.window {
            Some(window) => self.advance_window(starts, is_full, window),
            None if !is_full => self.end(),
            None => self.advance_in_order(starts, rows),
        };
        match complete {
            Progress::Complete(first, last) => Some((first, last)),
            Progress::None => None,
            // The seconds of the tolerance may have filled the answer.
            Progress::Full(_) if !was_strict && self.next.is_some() => {
                self.is_strict = true;
                None
            }
            Progress::Full(second) => Some(self.skip_second(second)),
        }
    }

    fn first(&self) -> i64 {
        self.next.unwrap_or(i64::MIN)
    }

    /// Ends the walk; what the answer has is all there is.
    fn end(&mut self) -> Progress {
        self.has_ended = true;
        Progress::Complete(self.first(), i64::MAX)
    }

    /// Ends the walk because IPS does not filter by dates.
    fn give_up(&mut self) -> Progress {
        self.has_gap = true;
        self.end()
    }

    fn advance_in_order(&mut self, starts: &[i64], rows: usize) -> Progress {
        let (first, is_ordered) = (self.first(), starts.is_sorted());
        let (Some(&earliest), Some(&latest)) = (starts.first(), starts.iter().max()) else { return self.give_up() };
        let is_unfiltered = self.next.is_some() && is_mostly(starts, |start| start < first - TOLERANCE - self.margin);
        if is_unfiltered {
            return self.give_up();
        }
        if is_ordered && earliest < latest && latest > first {
            self.is_wide = false;
            self.next = Some(latest);
            return Progress::Complete(first, latest - 1);
        }
        if rows < MAX_ROWS {
            self.is_wide = true;
            return Progress::None;
        }
        if is_ordered {
            return Progress::Full(latest.max(first));
        }
        let near = self.next.unwrap_or(self.near);
        self.next = Some(near);
        self.window = Some(((latest.min(self.far) - near) / 2).max(1));
        Progress::None
    }

    fn advance_window(&mut self, starts: &[i64], is_full: bool, window: i64) -> Progress {
        let (first, last) = (self.first(), self.window_end());
        let distance = TOLERANCE + self.margin;
        if !is_full {
            if last >= self.far {
                return self.end();
            }
            self.next = Some(last + 1);
            if starts.len() < FEW_ROWS {
                self.window = Some(window.saturating_mul(2));
            }
            return Progress::Complete(first, last);
        }
        if is_mostly(starts, |start| start < first - distance || start > last + distance) {
            return self.give_up();
        }
        if last > first {
            self.window = Some(((last - first + 1) / 2).max(1));
            return Progress::None;
        }
        Progress::Full(last)
    }

    /// Goes on after a second in which more jobs started than IPS returns.
    fn skip_second(&mut self, second: i64) -> (i64, i64) {
        let first = self.first();
        self.has_gap = true;
        self.is_strict = true;
        self.has_ended = second >= self.far;
        self.next = Some(second + 1);
        (first, second)
    }
}

/// What one answer completes.
enum Progress {
    /// The seconds from the first to the last one.
    Complete(i64, i64),
    /// Nothing: the next call asks for more rows, or for fewer seconds.
    None,
    /// Nothing, since the jobs of this second fill the answer.
    Full(i64),
}

/// Returns whether a condition holds for more than half of the starts.
fn is_mostly(starts: &[i64], condition: impl Fn(i64) -> bool) -> bool {
    starts.iter().filter(|start| condition(**start)).count() * 2 > starts.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::FileFailurePersistence;

    use super::*;

    /// Order of the answers of a simulated IPS.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Order {
        OfTheWalk,
        Reversed,
        Arbitrary,
    }

    /// Walks through jobs with these starts; returns the numbers of those found, and the number of calls.
    fn walk(starts: &[i64], order: Order, rows: usize) -> (Vec<usize>, usize, Steps) {
        let (near, far) = (-10, 1 << 32);
        let mut steps = Steps {
            next: None,
            window: None,
            near,
            far,
            margin: 0,
            is_strict: false,
            is_wide: false,
            has_ended: false,
            has_gap: false,
        };
        let (mut found, mut calls) = (Vec::new(), 0);
        while !steps.has_ended {
            calls += 1;
            assert!(calls < 20_000, "{steps:?}");
            let rows = if steps.is_wide || steps.window.is_some() { MAX_ROWS } else { rows };
            let (first, last) = steps.range();
            let tolerance = if steps.is_strict { 0 } else { TOLERANCE };
            let is_in = |start: i64| {
                first.is_none_or(|first| start >= first - tolerance)
                    && last.is_none_or(|last| start <= last + tolerance)
            };
            let mut answer: Vec<usize> = (0..starts.len()).filter(|index| is_in(starts[*index])).collect();
            match order {
                Order::OfTheWalk => answer.sort_by_key(|index| starts[*index]),
                Order::Reversed => answer.sort_by_key(|index| -starts[*index]),
                Order::Arbitrary => answer.sort_by_key(|index| (index * 7919) % 10_007),
            }
            answer.truncate(rows);
            let of_answer: Vec<i64> = answer.iter().map(|index| starts[*index]).collect();
            if let Some((first, last)) = steps.advance(&of_answer, answer.len(), rows) {
                found.extend(answer.iter().copied().filter(|index| (first..=last).contains(&starts[*index])));
            }
        }
        (found, calls, steps)
    }

    fn all_of(starts: &[i64]) -> Vec<usize> {
        (0..starts.len()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 48,
            failure_persistence: Some(Box::new(FileFailurePersistence::SourceParallel("tests/proptest-regressions"))),
            ..ProptestConfig::default()
        })]
        #[test]
        fn every_job_is_found_once_whatever_the_order_of_ips(
            distances in prop::collection::vec(prop_oneof![5 => Just(0_i64), 3 => 1..3_i64, 1 => 1..100_000_i64], 0..4_000),
            order in prop_oneof![Just(Order::OfTheWalk), Just(Order::Reversed), Just(Order::Arbitrary)],
            rows in prop_oneof![1..50_usize, Just(MAX_ROWS)],
        ) {
            // A few rows can be in the order of the walk by accident.
            let rows = if order == Order::Arbitrary { rows.max(40) } else { rows };
            let starts: Vec<i64> = distances.iter().scan(0, |at, step| { *at += step; Some(*at) }).collect();
            let (mut found, _, steps) = walk(&starts, order, rows);
            found.sort_unstable();
            prop_assert_eq!(found, all_of(&starts));
            prop_assert!(!steps.has_gap);
        }
    }

    #[test]
    fn a_second_with_more_jobs_than_a_call_returns_is_a_gap_and_the_others_are_found() {
        let starts: Vec<i64> = (0..500).chain(std::iter::repeat_n(500, 1200)).chain(501..2_000).collect();
        for order in [Order::OfTheWalk, Order::Reversed] {
            let (mut found, _, steps) = walk(&starts, order, MAX_ROWS);
            assert!(steps.has_gap, "{order:?}");
            found.sort_unstable();
            found.dedup();
            assert!(found.len() >= starts.len() - 1200 + 998, "{order:?}: {}", found.len());
            let others = |found: &[usize]| found.iter().filter(|index| starts[**index] != 500).count();
            assert_eq!(others(&found), starts.len() - 1200, "{order:?}");
        }
    }

    #[test]
    fn a_walk_in_the_order_of_ips_makes_a_call_for_each_thousand_jobs() {
        let starts: Vec<i64> = (0..20_000).collect();
        assert!(walk(&starts, Order::OfTheWalk, MAX_ROWS).1 <= 22);
        assert!(walk(&starts, Order::Reversed, MAX_ROWS).1 <= 70);
    }
}
