//! Texts for a terminal: without control characters, with local times, as tables.

use std::borrow::Cow;

use chrono::{DateTime, Local};

/// Maximum number of characters of a cell, except in the last column.
const WIDEST_CELL: usize = 44;

/// Replaces characters that a terminal would carry out: control characters and those that change the direction of writing.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    let is_harmful = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_harmful) {
        return text.into();
    }
    text.chars()
        .map(|c| {
            if matches!(c, '\n' | '\r' | '\t') {
                ' '
            } else if is_harmful(c) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// Shows a time of the API in the local time zone; one without an offset unchanged.
pub(super) fn local_time(text: &str) -> String {
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => printable(text).into_owned(),
    }
}

/// Lays out rows in columns, with a header.
pub(super) fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> =
        std::iter::once(header.map(str::to_owned)).chain(rows.into_iter().map(|row| row.map(cell))).collect();
    let widths: [usize; N] =
        std::array::from_fn(|column| rows.iter().map(|row| width(&row[column]).min(WIDEST_CELL)).max().unwrap_or(0));
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let mut line = String::new();
        for (column, text) in row.iter().enumerate() {
            if column + 1 == N {
                line.push_str(text);
            } else {
                let text = shorten(text, WIDEST_CELL);
                line.push_str(&text);
                line.extend(std::iter::repeat_n(' ', widths[column] - width(&text) + 2));
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

fn cell(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { printable(&text).into_owned() }
}

/// Shortens a text to this number of columns of a terminal, with `…` at the end.
pub(super) fn shorten(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return text.into();
    }
    let mut shortened = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += char_width(c);
        if used > columns {
            break;
        }
        shortened.push(c);
    }
    shortened.push('…');
    shortened.into()
}

fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// Number of columns of a character: 2 for those of East Asia, 0 for combining marks of Latin scripts.
fn char_width(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_direction_marks_are_not_printed() {
        assert_eq!(printable("a\u{1b}[2Jb\u{9b}c\u{202e}d\ne"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d e");
        assert!(matches!(printable("Größe 写真"), Cow::Borrowed(_)));
    }

    #[test]
    fn columns_are_aligned_by_the_width_on_a_terminal() {
        let rows = [["写真".to_owned(), "1".to_owned()], [String::new(), "2".to_owned()]];
        assert_eq!(table(["A", "B"], rows), "A     B\n写真  1\n-     2");
        assert_eq!(shorten("写真写真", 6), "写真…");
    }
}
