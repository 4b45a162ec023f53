//! Position in an event stream, after which a client resumes it.

use std::fmt;
use std::str::FromStr;

use crate::jobs::events::EventCursor;
use crate::jobs::model::status::StaleReason;

/// Suffix of positions at which the reader knows that the list is stale.
const STALE_SUFFIX: &str = "-stale";

/// Position in an event stream: its text form is the id of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamPosition {
    /// Position in the event log.
    pub cursor: EventCursor,
    /// Staleness of which the reader was informed last. A stream that is resumed there begins with an event if it is another now.
    pub stale: Option<StaleReason>,
}

impl fmt::Display for StreamPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.cursor, if self.stale.is_some() { STALE_SUFFIX } else { "" })
    }
}

impl FromStr for StreamPosition {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.strip_suffix(STALE_SUFFIX) {
            Some(cursor) => Ok(Self { cursor: cursor.parse()?, stale: Some(StaleReason::UpstreamFailed) }),
            None => Ok(Self { cursor: text.parse()?, stale: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_parses_back() {
        for text in ["ab-3", "ab-3-stale"] {
            assert_eq!(text.parse::<StreamPosition>().map(|position| position.to_string()), Ok(text.to_owned()));
        }
        for other in ["", "-stale", "ab-stale", "ab-3-stale-stale", "ab-3-Stale"] {
            assert_eq!(other.parse::<StreamPosition>(), Err(()), "{other}");
        }
    }
}
