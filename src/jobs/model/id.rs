//! Job ids, which stay the same from submit to log.
//!
//! A job has a different IPS handle in each phase, so an id contains what does not change: the company, a name, and the kind of a job that
//! was submitted here, which a unique name contains. Every replica can decode it without stored state. It is untrusted input: IPS decides
//! whether the caller has access to the company.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::jobs::model::kind::JobKind;
use crate::jobs::model::unique_name;

/// Version of the id format.
const VERSION: char = '1';
/// Separator of the fields of an id. XML does not permit it, so no name of IPS contains it, and no submit with it is sent.
const SEPARATOR: char = '\u{1f}';
/// Maximum length of an id, in bytes; longer ones are rejected without being decoded.
const MAX_LENGTH: usize = 4096;
/// Maximum length of the handle of the company in an id, in bytes.
const MAX_COMPANY_LENGTH: usize = 256;
/// Maximum length of a job handle, in bytes: it contains the name of the job, of 1 KiB at most.
const MAX_JOB_HANDLE_LENGTH: usize = 1280;

/// Name by which a job is found in the lists of IPS.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum JobName {
    /// Original name of a job with a unique name: one that the gateway submitted.
    Original(String),
    /// Original name of a job that the gateway submitted and that other jobs may have, with its kind: a follow-on job is of another kind.
    Submitted {
        /// Name as submitted, by which IPS can filter.
        original: String,
        /// Kind of the submitted job.
        kind: JobKind,
    },
    /// Name of one run: a job submitted by another client, a run of a recurring schedule, or a follow-on job.
    Run {
        /// Name as submitted, by which IPS can filter; empty if IPS did not send it.
        original: String,
        /// Name with the suffix that IPS added for this run (`name` while active, `jobName` in the log).
        run: String,
    },
    /// Original name of a recurring schedule.
    Schedule(String),
}

impl JobName {
    /// Returns the name of a job that was submitted with this original name: its kind is in a unique name.
    #[must_use]
    pub fn of_submitted(original: String, kind: Option<&JobKind>) -> Self {
        match kind {
            Some(kind) if !unique_name::is_unique(&original) => Self::Submitted { original, kind: kind.clone() },
            _ => Self::Original(original),
        }
    }

    /// Returns the kind of the job, if the name contains it.
    #[must_use]
    pub fn kind(&self) -> Option<JobKind> {
        match self {
            Self::Original(original) => unique_name::kind_of(original),
            Self::Submitted { kind, .. } => Some(kind.clone()),
            Self::Run { .. } | Self::Schedule(_) => None,
        }
    }

    /// Returns the name by which IPS can filter (`originalName`).
    #[must_use]
    pub fn original(&self) -> &str {
        match self {
            Self::Original(original)
            | Self::Submitted { original, .. }
            | Self::Run { original, .. }
            | Self::Schedule(original) => original,
        }
    }
}

/// Id of a job: its company, and the name by which it is found there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobId {
    /// Handle of the company.
    pub company: String,
    /// Name of the job.
    pub name: JobName,
}

/// Error of a text that is neither a job id nor an IPS job handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id issued by this API")]
pub struct InvalidJobId;

impl JobId {
    /// Returns the id as base64url without padding (RFC 4648 §5), which needs no escaping in URLs.
    #[must_use]
    pub fn encode(&self) -> String {
        let (kind, original, more) = match &self.name {
            JobName::Original(original) => ('o', original, None),
            JobName::Submitted { original, kind } => ('k', original, Some(kind.as_str())),
            JobName::Run { original, run } => ('r', original, Some(run.as_str())),
            JobName::Schedule(original) => ('s', original, None),
        };
        let length = self.company.len() + original.len() + more.map_or(0, str::len);
        let mut plain = String::with_capacity(length + 4);
        plain.extend([VERSION, kind]);
        plain.push_str(&self.company);
        for name in [original.as_str()].into_iter().chain(more) {
            plain.push(SEPARATOR);
            plain.push_str(name);
        }
        URL_SAFE_NO_PAD.encode(plain)
    }

    /// Decodes an id.
    ///
    /// # Errors
    /// The text is not the output of [`JobId::encode`].
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
        if fields[0].is_empty() || fields[0].len() > MAX_COMPANY_LENGTH || plain.chars().any(is_forbidden_in_xml) {
            return Err(InvalidJobId);
        }
        let name = match (kind, &fields[1..]) {
            ('o', [original]) => JobName::Original((*original).into()),
            ('k', [original, kind]) => JobName::Submitted { original: (*original).into(), kind: JobKind::named(kind) },
            ('r', [original, run]) => JobName::Run { original: (*original).into(), run: (*run).into() },
            ('s', [original]) => JobName::Schedule((*original).into()),
            _ => return Err(InvalidJobId),
        };
        Ok(Self { company: fields[0].into(), name })
    }
}

/// Whether XML 1.0 does not permit a character, so that no name of IPS contains it. It permits most control characters from U+007F, and
/// tab, line feed and carriage return.
fn is_forbidden_in_xml(letter: char) -> bool {
    matches!(letter, '\0'..'\t' | '\u{b}' | '\u{c}' | '\u{e}'..SEPARATOR | '\u{fffe}' | '\u{ffff}')
}

/// Reference to a job in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobRef {
    /// Id issued by this API.
    Id(JobId),
    /// IPS `jobHandle`. It contains `|`, which no id does.
    Handle(String),
}

impl std::str::FromStr for JobRef {
    type Err = InvalidJobId;

    fn from_str(text: &str) -> Result<Self, InvalidJobId> {
        if !text.contains('|') {
            return JobId::decode(text).map(Self::Id);
        }
        if text.len() > MAX_JOB_HANDLE_LENGTH
            || text.chars().any(|c| c.is_control() || c == char::REPLACEMENT_CHARACTER)
        {
            return Err(InvalidJobId);
        }
        Ok(Self::Handle(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Text of IPS, which may be empty: characters that XML permits, the controls tab, line feed and U+007F to U+009F among them.
    fn name() -> impl Strategy<Value = String> {
        prop_oneof!["[^\\p{Cc}]{0,60}", "[a\t\n\r\u{7f}-\u{9f}]{0,20}"]
            .prop_map(|text| text.replace(is_forbidden_in_xml, ""))
    }

    fn id() -> impl Strategy<Value = JobId> {
        let kinds = prop_oneof![
            name().prop_map(JobName::Original),
            (name(), "[a-z]{0,10}")
                .prop_map(|(original, kind)| JobName::Submitted { original, kind: JobKind::named(&kind) }),
            (prop_oneof![Just(String::new()), name()], name())
                .prop_map(|(original, run)| JobName::Run { original, run }),
            name().prop_map(JobName::Schedule),
        ];
        ("[^\\p{Cc}]{1,60}", kinds).prop_map(|(company, name)| JobId { company, name })
    }

    proptest! {
        #[test]
        fn an_encoded_id_decodes_to_itself(id in id()) {
            let text = id.encode();
            prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{text}");
            prop_assert_eq!(JobId::decode(&text), Ok(id));
        }

        #[test]
        fn a_decoded_id_encodes_to_the_same_text(text in "[A-Za-z0-9_-]{0,40}") {
            if let Ok(id) = JobId::decode(&text) {
                prop_assert_eq!(id.encode(), text);
            }
        }
    }

    #[test]
    fn a_text_with_a_bar_is_a_handle_and_no_id() {
        assert_eq!("j|110|katlyn||".parse(), Ok(JobRef::Handle("j|110|katlyn||".into())));
        assert_eq!("j|110|kat\u{fffd}lyn||".parse::<JobRef>(), Err(InvalidJobId));
        assert_eq!("events".parse::<JobRef>(), Err(InvalidJobId));
    }
}
