//! Script of faults: which calls go wrong, and how.

mod parse;
mod rule;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::model::Rng;
use rule::Rule;

pub(super) use rule::Effect;

/// Script of faults. Each call is affected by the first rule that matches it and is due.
#[derive(Debug, Clone, Default)]
pub struct FaultScript(Vec<Rule>);

/// All errors of a script file, one per line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidScript(Vec<String>);

impl fmt::Display for InvalidScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for InvalidScript {}

impl FromStr for FaultScript {
    type Err = InvalidScript;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::rules(text).map(Self).map_err(InvalidScript)
    }
}

/// Progress of a script: the calls that each rule has seen and affected.
#[derive(Debug)]
pub(super) struct RunningScript {
    rules: Vec<(Rule, Tally)>,
    rng: Rng,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    seen: u64,
    affected: u64,
}

impl RunningScript {
    pub fn new(script: FaultScript, seed: u64) -> Self {
        let rules = script.0.into_iter().map(|rule| (rule, Tally::default())).collect();
        Self { rules, rng: Rng::new(seed) }
    }

    /// Returns the delay and the effect of the next call.
    pub fn next(&mut self, operation: &str, company: Option<&str>) -> Option<(Duration, Effect)> {
        for (rule, tally) in &mut self.rules {
            let is_operation = rule.operations.is_empty() || rule.operations.contains(&operation);
            if !is_operation || rule.company.as_deref().is_some_and(|expected| company != Some(expected)) {
                continue;
            }
            tally.seen += 1;
            let is_due = tally.seen > rule.after && rule.count.is_none_or(|count| tally.affected < count);
            if is_due && (rule.percent >= 100 || self.rng.chance(rule.percent)) {
                tally.affected += 1;
                return Some((rule.delay, rule.effect.clone()));
            }
        }
        None
    }
}
