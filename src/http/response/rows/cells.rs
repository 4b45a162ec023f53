//! Cells of CSV records, and the protection of spreadsheets against formulas in them.

use std::borrow::Cow;

/// Characters that begin a formula in spreadsheets, or are skipped before one (OWASP: CSV Injection).
const FORMULA_STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '＠'];

/// Cell of a CSV record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Empty cell: the value is absent.
    Absent,
    /// Text of IPS or of its users. If it begins like a formula, it is written with a `'` before it.
    Text(Cow<'a, str>),
    /// Value in a format of the gateway, such as an id or a word of an enumeration; written unchanged.
    Verbatim(Cow<'a, str>),
    /// Number.
    Number(i64),
}

impl<'a> Cell<'a> {
    /// Returns the cell of a text of IPS.
    pub fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Absent, |text| Self::Text(Cow::Borrowed(text)))
    }

    /// Returns the cell of a value in a format of the gateway.
    pub fn verbatim(value: &'a str) -> Self {
        Self::Verbatim(Cow::Borrowed(value))
    }

    /// Returns the cell as it is written, without quotes.
    pub(super) fn value(&self) -> Cow<'_, str> {
        match self {
            Self::Absent => Cow::Borrowed(""),
            Self::Text(text) if text.starts_with(FORMULA_STARTS) => Cow::Owned(format!("'{text}")),
            Self::Text(text) | Self::Verbatim(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_that_begin_like_a_formula_get_an_apostrophe() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"] {
            assert_eq!(Cell::text(Some(formula)).value(), format!("'{formula}"));
        }
        for text in ["", "a=b", "'=1", "shoe -1"] {
            assert_eq!(Cell::text(Some(text)).value(), text);
        }
        assert_eq!(Cell::Number(-5).value(), "-5");
        assert_eq!(Cell::verbatim("-abc").value(), "-abc");
        assert_eq!(Cell::text(None).value(), "");
    }
}
