//! Job ids: what a client holds on to from submit to log.
//!
//! IPS knows one job by three different handles in its life, so an id carries what does not change: the company and a name. It is
//! readable by every replica, needs no storage, and is untrusted input: IPS itself decides what the caller may see of that company.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Layout version of the ids that this release writes.
const VERSION: char = '1';
/// Separates the fields within an id; XML can't carry it, so no name can hold it.
const SEPARATOR: char = '\u{1f}';
/// Ids and handles longer than this are refused unread.
const MAX_LENGTH: usize = 4096;

/// By what a job is found in the lists of IPS.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Name {
    /// By its original name: jobs that the gateway submitted, whose names are unique.
    Original(String),
    /// By the name of one run: jobs that others submitted, and the runs of a schedule.
    Run {
        /// The name as submitted, by which IPS can filter.
        original: String,
        /// That name and the suffix that IPS gave this run (`name` while active, `jobName` in the log).
        run: String,
    },
    /// A recurring schedule, by its original name.
    Schedule(String),
}

impl Name {
    /// The name that IPS can filter by (`originalName`).
    #[must_use]
    pub fn original(&self) -> &str {
        match self {
            Self::Original(original) | Self::Run { original, .. } | Self::Schedule(original) => original,
        }
    }
}

/// The id of a job: its company and the name to find it by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobId {
    /// Handle of the company that the job belongs to.
    pub company: String,
    /// What finds it there.
    pub name: Name,
}

/// The text is no job id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id that this API gave out")]
pub struct InvalidJobId;

impl JobId {
    /// Writes the id as base64url without padding (RFC 4648 §5), which no URL needs to escape.
    #[must_use]
    pub fn encode(&self) -> String {
        let (kind, names) = match &self.name {
            Name::Original(original) => ('o', original.clone()),
            Name::Run { original, run } => ('r', format!("{original}{SEPARATOR}{run}")),
            Name::Schedule(original) => ('s', original.clone()),
        };
        URL_SAFE_NO_PAD.encode(format!("{VERSION}{kind}{}{SEPARATOR}{names}", self.company))
    }

    /// Reads an id.
    ///
    /// # Errors
    /// When the text is anything but what [`JobId::encode`] writes.
    pub fn decode(text: &str) -> Result<Self, InvalidJobId> {
        if text.len() > MAX_LENGTH {
            return Err(InvalidJobId);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidJobId)?;
        let plain = String::from_utf8(bytes).map_err(|_| InvalidJobId)?;
        let rest = plain.strip_prefix(VERSION).ok_or(InvalidJobId)?;
        let mut chars = rest.chars();
        let kind = chars.next().ok_or(InvalidJobId)?;
        let fields: Vec<&str> = chars.as_str().split(SEPARATOR).collect();
        if fields.iter().any(|field| field.is_empty() || field.chars().any(char::is_control)) {
            return Err(InvalidJobId);
        }
        let name = match (kind, &fields[1..]) {
            ('o', [original]) => Name::Original((*original).into()),
            ('r', [original, run]) => Name::Run { original: (*original).into(), run: (*run).into() },
            ('s', [original]) => Name::Schedule((*original).into()),
            _ => return Err(InvalidJobId),
        };
        Ok(Self { company: fields[0].into(), name })
    }
}

/// What a client may write where a job is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobRef {
    /// An id that this API gave out.
    Id(JobId),
    /// A raw IPS `jobHandle` (it holds `|`, which no id does).
    Handle(String),
}

impl std::str::FromStr for JobRef {
    type Err = InvalidJobId;

    fn from_str(text: &str) -> Result<Self, InvalidJobId> {
        if !text.contains('|') {
            return JobId::decode(text).map(Self::Id);
        }
        if text.len() > MAX_LENGTH || text.chars().any(|c| c.is_control() || c == char::REPLACEMENT_CHARACTER) {
            return Err(InvalidJobId);
        }
        Ok(Self::Handle(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name() -> impl Strategy<Value = String> {
        "[^\\p{Cc}]{1,60}"
    }

    fn id() -> impl Strategy<Value = JobId> {
        let kinds = prop_oneof![
            name().prop_map(Name::Original),
            (name(), name()).prop_map(|(original, run)| Name::Run { original, run }),
            name().prop_map(Name::Schedule),
        ];
        (name(), kinds).prop_map(|(company, name)| JobId { company, name })
    }

    proptest! {
        #[test]
        fn an_id_reads_back_as_it_was_written(id in id()) {
            let text = id.encode();
            prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{text}");
            prop_assert_eq!(JobId::decode(&text), Ok(id));
        }

        #[test]
        fn whatever_is_read_as_an_id_is_written_the_same(text in "[A-Za-z0-9_-]{0,40}") {
            if let Ok(id) = JobId::decode(&text) {
                prop_assert_eq!(id.encode(), text);
            }
        }
    }

    #[test]
    fn a_handle_is_told_from_an_id_by_its_bar() {
        assert_eq!("j|110|katlyn||".parse(), Ok(JobRef::Handle("j|110|katlyn||".into())));
        assert_eq!("j|110|kat\u{fffd}lyn||".parse::<JobRef>(), Err(InvalidJobId));
        assert_eq!("events".parse::<JobRef>(), Err(InvalidJobId));
    }
}
