//! Markdown of a report.

use std::fmt::{self, Display, Formatter};

use serde_json::Value;

use super::report::Report;

/// A report as Markdown.
pub(super) struct Markdown<'r>(pub(super) &'r Report);

impl Display for Markdown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let report = self.0;
        let version = if report.api_version.is_empty() { "without a name" } else { &report.api_version };
        let verdict = match (report.conforms, report.deviations.len()) {
            (true, _) => "no deviation".to_owned(),
            (false, 1) => "1 deviation".to_owned(),
            (false, number) => format!("{number} deviations"),
        };
        writeln!(f, "# Conformance of IPS: API version {version}, {verdict}\n")?;
        writeln!(
            f,
            "{}, {}, {} calls and {} bytes in {} ms. Names and addresses are replaced: {}, {}, {}.",
            report.program,
            report.started_at,
            report.calls.number,
            report.calls.bytes,
            report.duration_ms,
            report.upstream,
            report.company,
            report.user
        )?;
        if let Some(stopped) = &report.calls.stopped {
            writeln!(f, "\nThe run ended early: {stopped}.")?;
        }
        if let Some(state) = report.calls.submitted_job {
            writeln!(f, "\nThe submitted job: {state}.")?;
        }
        deviations(f, report)?;
        questions(f, report)?;
        operations(f, report)?;
        values(f, report)
    }
}

fn deviations(f: &mut Formatter<'_>, report: &Report) -> fmt::Result {
    writeln!(f, "\n## Deviations\n")?;
    if report.deviations.is_empty() {
        return writeln!(f, "None.");
    }
    writeln!(f, "| operation | kind | element | detail | number | form of a value |\n|---|---|---|---|---|---|")?;
    for deviation in &report.deviations {
        let kind = serde_json::to_value(deviation.kind).unwrap_or_default();
        writeln!(
            f,
            "| {} | {} | {} | {} | {} | {} |",
            deviation.operation,
            Value::as_str(&kind).unwrap_or_default(),
            code(&deviation.path),
            cell(&deviation.detail),
            deviation.count,
            deviation.value_form.as_deref().map(code).unwrap_or_default()
        )?;
    }
    Ok(())
}

fn questions(f: &mut Formatter<'_>, report: &Report) -> fmt::Result {
    writeln!(f, "\n## Open questions\n\n| question | observed |\n|---|---|")?;
    for question in &report.questions {
        let observed = question.observed.as_deref().unwrap_or("not observed");
        writeln!(f, "| {} | {} |", question.question, cell(observed))?;
    }
    Ok(())
}

fn operations(f: &mut Formatter<'_>, report: &Report) -> fmt::Result {
    writeln!(f, "\n## Operations\n\n| operation | calls | answers | faults | slowest |\n|---|---|---|---|---|")?;
    for operation in &report.operations {
        let faults: Vec<_> =
            operation.faults.iter().map(|fault| format!("{} × {}", fault.count, fault.fault)).collect();
        writeln!(
            f,
            "| {} | {} | {} | {} | {} ms |",
            operation.operation,
            operation.calls,
            operation.answers,
            faults.join(", "),
            operation.slowest_ms
        )?;
    }
    Ok(())
}

fn values(f: &mut Formatter<'_>, report: &Report) -> fmt::Result {
    writeln!(f, "\n## Values\n\n| field | seen | of them undocumented |\n|---|---|---|")?;
    for values in &report.values {
        let undocumented = values
            .undocumented
            .as_ref()
            .map_or_else(|| "the reference lists none".to_owned(), |undocumented| cell(&undocumented.join(", ")));
        writeln!(f, "| {} | {} | {undocumented} |", values.field, cell(&values.seen.join(", ")))?;
    }
    Ok(())
}

/// Escapes what ends a cell of a table or begins markup.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ")
}

/// Returns a text as code within a cell; empty for an empty one.
fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", text.replace('`', "'").replace('|', "\\|")) }
}
