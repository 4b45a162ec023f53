//! Lists as rows: negotiation of JSON, CSV (RFC 4180) and NDJSON, and streamed responses of the latter two with bounded memory.

mod cells;
mod encode;
mod format;
mod stream;

pub use cells::Cell;
pub use format::{ListFormat, add_vary};
pub use stream::{RowPage, rows_response};

/// Row of a list: a line of NDJSON, or a record of CSV.
pub trait Row {
    /// Names of the CSV columns.
    const COLUMNS: &'static [&'static str];

    /// Appends the row as JSON without line breaks.
    fn write_json(&self, line: &mut Vec<u8>);

    /// Returns the cells of the record, one for each column.
    fn cells(&self) -> Vec<Cell<'_>>;
}
