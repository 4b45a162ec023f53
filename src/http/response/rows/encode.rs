//! Encoding of rows as CSV records or NDJSON lines.

use csv::{Terminator, Writer, WriterBuilder};
use serde::Serialize;

use super::Row;
use super::format::RowFormat;
use crate::http::problem::ProblemDocument;

/// First cell of the last record of an incomplete CSV list.
const INCOMPLETE: &str = "#incomplete";

/// End of a list.
pub(super) enum End<'a> {
    /// All rows were written.
    Complete,
    /// Rows are missing for this reason.
    Incomplete(&'a str),
    /// Further rows could not be read.
    Failed(ProblemDocument<'a>),
}

/// Last line of NDJSON.
#[derive(Serialize)]
struct Trailer<'a> {
    complete: bool,
    rows: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a ProblemDocument<'a>>,
}

/// Returns what precedes the first row: the header line of CSV.
pub(super) fn head<R: Row>(format: RowFormat) -> Vec<u8> {
    match format {
        RowFormat::Csv => records([R::COLUMNS]),
        RowFormat::Ndjson => Vec::new(),
    }
}

/// Appends rows to `chunk` until it has at least `size` bytes. Returns the number of rows.
pub(super) fn append<R: Row>(
    format: RowFormat,
    chunk: &mut Vec<u8>,
    rows: &mut impl Iterator<Item = R>,
    size: usize,
) -> u64 {
    let mut count = 0;
    while chunk.len() < size
        && let Some(row) = rows.next()
    {
        match format {
            RowFormat::Csv => {
                let cells = row.cells();
                chunk.extend(records([cells.iter().map(|cell| cell.value().into_owned())]));
            }
            RowFormat::Ndjson => {
                row.write_json(chunk);
                chunk.push(b'\n');
            }
        }
        count += 1;
    }
    count
}

/// Returns what follows the last of `rows` rows: the last line of NDJSON, or the last record of an incomplete CSV list.
pub(super) fn tail<R: Row>(format: RowFormat, end: &End<'_>, rows: u64) -> Vec<u8> {
    let (reason, problem) = match end {
        End::Complete => (None, None),
        End::Incomplete(reason) => (Some(*reason), None),
        End::Failed(problem) => (None, Some(problem)),
    };
    match format {
        RowFormat::Csv => match reason.or(problem.map(|problem| problem.detail)) {
            None => Vec::new(),
            // As many cells as in other records, since parsers refuse fewer.
            Some(reason) => {
                let cells = [INCOMPLETE, reason].into_iter().chain(std::iter::repeat(""));
                records([cells.take(R::COLUMNS.len())])
            }
        },
        RowFormat::Ndjson => {
            let complete = reason.is_none() && problem.is_none();
            let mut line = serde_json::to_vec(&Trailer { complete, rows, reason, problem }).unwrap_or_default();
            line.push(b'\n');
            line
        }
    }
}

fn records<R: IntoIterator<Item: AsRef<[u8]>>>(records: impl IntoIterator<Item = R>) -> Vec<u8> {
    let mut writer: Writer<Vec<u8>> =
        WriterBuilder::new().terminator(Terminator::CRLF).buffer_capacity(1024).from_writer(Vec::new());
    for record in records {
        writer.write_record(record).expect("writing to memory does not fail");
    }
    writer.into_inner().expect("writing to memory does not fail")
}
