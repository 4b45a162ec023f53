//! Reading of script files: TOML with one `[[fault]]` table per rule.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::rule::{Effect, Rule};
use crate::ips::types::OPERATIONS;
use crate::sandbox::users::COMPANIES;

/// Maximum delay and duration, in seconds.
const MAX_DELAY: f64 = 3600.0;
const EFFECTS: &str = "slow, fault, cut-off, refused, outage, malformed or unavailable";
const KEYS: &str = "operation, company, after, count, probability, delay, effect, duration, code, reason and status";

/// Returns the rules of a script, or all of its errors, each with its line and key.
pub(super) fn rules(text: &str) -> Result<Vec<Rule>, Vec<String>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { text, errors: Vec::new() };
    for error in errors {
        reader.report(error.span().unwrap_or_default(), error.message());
    }
    let mut rules = Vec::new();
    for (key, value) in document.get_ref() {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("fault", DeValue::Array(tables)) => rules.extend(tables.iter().filter_map(|table| reader.rule(table))),
            ("fault", _) => reader.report(key.span(), "fault: must be [[fault]], once for each rule"),
            (other, _) => {
                reader.report(key.span(), &format!("{other}: is unknown; a script has only [[fault]] tables"));
            }
        }
    }
    if reader.errors.is_empty() { Ok(rules) } else { Err(reader.messages()) }
}

type Entry<'a> = Spanned<DeValue<'a>>;

struct Reader<'a> {
    text: &'a str,
    /// Line and message of each error.
    errors: Vec<(usize, String)>,
}

impl Reader<'_> {
    fn report(&mut self, span: Range<usize>, message: &str) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        self.errors.push((1 + before.matches('\n').count(), message.to_owned()));
    }

    fn messages(mut self) -> Vec<String> {
        self.errors.sort();
        self.errors.into_iter().map(|(line, message)| format!("line {line}: {message}")).collect()
    }

    /// Reads one rule; `None` if it has an error.
    fn rule(&mut self, table: &Entry<'_>) -> Option<Rule> {
        let DeValue::Table(entries) = table.get_ref() else {
            self.report(table.span(), "fault: must be a table");
            return None;
        };
        let errors = self.errors.len();
        let mut rule = Rule {
            operations: Vec::new(),
            company: None,
            after: 0,
            count: None,
            percent: 100,
            delay: Duration::ZERO,
            effect: Effect::Slow,
        };
        let (mut effect, mut code, mut reason, mut status) = (None, None, None, None);
        let (mut delay, mut duration) = (None, None);
        for (key, value) in entries {
            match key.get_ref().as_ref() {
                "operation" => rule.operations = self.operations(value),
                "company" => rule.company = self.company(value),
                "after" => rule.after = self.integer(value, "after", 0..1_000_000_001).unwrap_or_default(),
                "count" => rule.count = self.integer(value, "count", 1..1_000_000_001),
                "probability" => rule.percent = self.percent(value).unwrap_or_default(),
                "delay" => delay = Some(self.seconds(value, "delay").unwrap_or_default()),
                "duration" => duration = Some((self.seconds(value, "duration").unwrap_or_default(), key.span())),
                "effect" => effect = self.string(value, "effect").map(|name| (name, value.span())),
                "code" => code = Some((self.integer(value, "code", 10_000..40_000), key.span())),
                "reason" => reason = Some((self.string(value, "reason"), key.span())),
                "status" => status = Some((self.integer(value, "status", 200..600), key.span())),
                other => self.report(key.span(), &format!("{other}: is unknown; a fault has {KEYS}")),
            }
        }
        rule.delay = delay.unwrap_or_default();
        match effect.as_ref().map(|(name, span)| (name.as_str(), span.clone())) {
            Some(("fault", span)) => {
                if code.is_none() {
                    self.report(span, "code: is missing; the effect fault needs the code of a fault of IPS");
                }
                rule.effect = Effect::Fault {
                    code: code.take().and_then(|(code, _)| i32::try_from(code?).ok()).unwrap_or_default(),
                    reason: reason
                        .take()
                        .and_then(|(reason, _)| reason)
                        .unwrap_or_else(|| "Raised by the script".into()),
                    status: status.take().and_then(|(status, _)| u16::try_from(status?).ok()).unwrap_or(500),
                };
            }
            Some(("slow", span)) if delay.is_none() => self.report(span, "delay: is missing; the effect slow needs it"),
            Some(("slow", _)) => rule.effect = Effect::Slow,
            Some(("cut-off", _)) => rule.effect = Effect::CutOff,
            Some(("refused", _)) => rule.effect = Effect::Refused,
            Some(("outage", span)) => match duration.take() {
                Some((duration, _)) => rule.effect = Effect::Outage(duration),
                None => self.report(span, "duration: is missing; the effect outage needs its seconds"),
            },
            Some(("malformed", _)) => rule.effect = Effect::Malformed,
            Some(("unavailable", _)) => rule.effect = Effect::Unavailable,
            Some((other, span)) => self.report(span, &format!("effect: {other:?} is not {EFFECTS}")),
            None if entries.keys().any(|key| key.get_ref() == "effect") => {}
            None => self.report(table.span(), &format!("effect: is missing; it is {EFFECTS}")),
        }
        // Those that belong to the effect were taken.
        let unused = [
            ("code", "fault", code.map(|found| found.1)),
            ("reason", "fault", reason.map(|found| found.1)),
            ("status", "fault", status.map(|found| found.1)),
            ("duration", "outage", duration.map(|found| found.1)),
        ];
        for (key, effect, span) in unused.into_iter().filter_map(|(key, effect, span)| Some((key, effect, span?))) {
            self.report(span, &format!("{key}: belongs to the effect {effect} only"));
        }
        (self.errors.len() == errors).then_some(rule)
    }

    fn string(&mut self, value: &Entry<'_>, key: &str) -> Option<String> {
        let DeValue::String(text) = value.get_ref() else {
            self.report(value.span(), &format!("{key}: must be a string"));
            return None;
        };
        Some(text.to_string())
    }

    fn operations(&mut self, value: &Entry<'_>) -> Vec<&'static str> {
        let names: Vec<&Entry<'_>> = match value.get_ref() {
            DeValue::Array(names) => names.iter().collect(),
            _ => vec![value],
        };
        if names.is_empty() {
            self.report(value.span(), "operation: is empty; without the key, a rule applies to all operations");
        }
        let mut found = Vec::new();
        for entry in names {
            let Some(name) = self.string(entry, "operation") else { continue };
            if let Some(operation) = OPERATIONS.iter().find(|operation| **operation == name) {
                found.push(*operation);
            } else {
                let known = OPERATIONS.join(", ");
                self.report(entry.span(), &format!("operation: {name:?} is none of {known}"));
            }
        }
        found
    }

    fn company(&mut self, value: &Entry<'_>) -> Option<String> {
        let handle = self.string(value, "company")?;
        if !COMPANIES.iter().any(|company| company.handle == handle) {
            let known = COMPANIES.map(|company| company.handle).join(" or ");
            self.report(value.span(), &format!("company: {handle:?} is not {known}"));
        }
        Some(handle)
    }

    fn integer(&mut self, value: &Entry<'_>, key: &str, range: Range<u64>) -> Option<u64> {
        let number = match value.get_ref() {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let message = format!("{key}: must be an integer from {} to {}", range.start, range.end - 1);
            self.report(value.span(), &message);
        }
        number
    }

    fn number(&mut self, value: &Entry<'_>, expectation: &str, is_valid: fn(f64) -> bool) -> Option<f64> {
        let number: Option<f64> = match value.get_ref() {
            DeValue::Integer(number) => number.as_str().parse().ok(),
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| is_valid(*number));
        if number.is_none() {
            self.report(value.span(), expectation);
        }
        number
    }

    #[expect(clippy::cast_possible_truncation, reason = "a probability is at most 1")]
    fn percent(&mut self, value: &Entry<'_>) -> Option<i64> {
        let expectation = "probability: must be a number from 0.01 to 1";
        let number = self.number(value, expectation, |number| (0.01..=1.0).contains(&number))?;
        Some((number * 100.0).round() as i64)
    }

    fn seconds(&mut self, value: &Entry<'_>, key: &str) -> Option<Duration> {
        let expectation = format!("{key}: must be a number of seconds from 0 to 3600");
        self.number(value, &expectation, |number| (0.0..=MAX_DELAY).contains(&number)).map(Duration::from_secs_f64)
    }
}
