//! API versions of IPS, and the fields and operations that each of them has.
//!
//! IPS serves many versions side by side, each in its own XML namespace, and refuses an element that the addressed version does not have. The
//! whole schema of some versions is known; of the others only what came with an earlier version is certain.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;

use super::version_range::{SchemaKnowledge, VersionRange};
use super::version_table::{API_VERSIONS, FIELD_VERSIONS, OPERATION_VERSIONS};

/// Namespace of `authHeader` and of faults; also that of the API version without a name.
pub const COMMON_NAMESPACE: &str = "http://www.scene7.com/IpsApi/xsd";

/// IPS API version: a date such as `2014-04-03`, optionally with `-beta`, or empty (the oldest). The default is 2014-04-03.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiVersion(String);

/// Error of parsing an API version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an API version: expected a date such as 2014-04-03 or 2022-11-01-beta, or nothing")]
pub struct InvalidApiVersion(String);

/// Whether an API version has a field or an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// The version has it.
    Has,
    /// The version lacks it: IPS refuses it.
    Lacks,
    /// A neighboring version with a known schema has it, and the schema of this one is not known.
    Unknown,
}

/// Returns the API versions that have a field, by the wire names of type and field.
#[must_use]
pub fn field_versions(type_name: &str, field: &str) -> VersionRange {
    let first = FIELD_VERSIONS.partition_point(|(name, ..)| *name < type_name);
    let mut rows = FIELD_VERSIONS[first..].iter().take_while(|(name, ..)| *name == type_name);
    rows.find(|(.., fields)| fields.contains(&field)).map_or(VersionRange::EVERY, |(_, versions, _)| *versions)
}

/// Returns the API versions that have an operation.
#[must_use]
pub fn operation_versions(operation: &str) -> VersionRange {
    let row = OPERATION_VERSIONS.iter().find(|(name, _)| *name == operation);
    row.map_or(VersionRange::EVERY, |(_, versions)| *versions)
}

/// Returns the date of a version, by which versions compare: a release includes what its own beta introduced.
fn date(version: &str) -> &str {
    version.get(..10).unwrap_or_default()
}

impl ApiVersion {
    /// Returns the XML namespace of requests and answers in this version.
    #[must_use]
    pub fn namespace(&self) -> String {
        if self.0.is_empty() { COMMON_NAMESPACE.into() } else { format!("{COMMON_NAMESPACE}/{}", self.0) }
    }

    /// Returns the published version with an XML namespace.
    #[must_use]
    pub fn of_namespace(namespace: &str) -> Option<Self> {
        API_VERSIONS.iter().map(|known| Self(known.name.into())).find(|version| version.namespace() == namespace)
    }

    /// Returns whether this version has a field, by the wire names of type and field.
    #[must_use]
    pub fn availability(&self, type_name: &str, field: &str) -> Availability {
        self.availability_in(field_versions(type_name, field))
    }

    /// Returns whether this version has an operation.
    #[must_use]
    pub fn operation_availability(&self, operation: &str) -> Availability {
        self.availability_in(operation_versions(operation))
    }

    /// Returns whether this version has what the versions of `range` have.
    #[must_use]
    pub fn availability_in(&self, range: VersionRange) -> Availability {
        let own = date(&self.0);
        let since = range.since.map_or("", date);
        let is_in_time = range.until.is_none_or(|until| own <= date(until));
        if since <= own && is_in_time {
            return Availability::Has;
        }
        let whole = API_VERSIONS.iter().filter(|version| version.schema == SchemaKnowledge::Whole);
        let dates = whole.map(|version| date(version.name));
        let earlier = dates.clone().filter(|date| *date <= own).max();
        let later = dates.filter(|date| *date >= own).min();
        let is_whole = earlier == later;
        let may_be_new = own < since && later.is_none_or(|later| since <= later);
        let may_remain = !is_in_time && range.until.map(date) >= earlier;
        if !is_whole && (may_be_new || may_remain) { Availability::Unknown } else { Availability::Lacks }
    }

    /// Returns the version in the spelling of its namespace.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the version as words for messages.
    #[must_use]
    pub fn describe(&self) -> &str {
        if self.0.is_empty() { "the API version without a name" } else { &self.0 }
    }
}

impl Default for ApiVersion {
    fn default() -> Self {
        Self("2014-04-03".into())
    }
}

impl FromStr for ApiVersion {
    type Err = InvalidApiVersion;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let date = text.strip_suffix("-beta").unwrap_or(text);
        let is_date = NaiveDate::from_str(date).is_ok_and(|parsed| parsed.to_string() == date);
        if !text.is_empty() && !is_date {
            return Err(InvalidApiVersion(text.into()));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> ApiVersion {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_version_has_what_it_or_an_earlier_one_introduced() {
        let range = VersionRange::since("2021-04-26-beta");
        for (name, expected) in [
            ("2021-04-26-beta", Availability::Has),
            ("2021-04-26", Availability::Has),
            ("2022-11-01-beta", Availability::Has),
            ("2023-01-15", Availability::Has),
            ("2014-04-03", Availability::Lacks),
            ("", Availability::Lacks),
        ] {
            assert_eq!(version(name).availability_in(range), expected, "{name}");
        }
    }

    #[test]
    fn what_only_a_neighbor_has_is_unknown_in_a_version_without_a_known_schema() {
        let newer = |name| version(name).availability("GetActiveJobsParam", "includeWaitingJobs");
        assert_eq!(newer("2013-02-15"), Availability::Lacks);
        assert_eq!(newer("2014-04-03"), Availability::Unknown);
        assert_eq!(newer("2016-01-14-beta"), Availability::Has);
        let former = |name| version(name).availability("UploadDirectoryJob", "xmpTemplateId");
        assert_eq!(former("2013-02-15"), Availability::Has);
        assert_eq!(former("2014-04-03"), Availability::Unknown);
        assert_eq!(former("2016-01-14-beta"), Availability::Lacks);
    }

    #[test]
    fn the_namespace_contains_the_version() {
        assert_eq!(version("2014-04-03").namespace(), "http://www.scene7.com/IpsApi/xsd/2014-04-03");
        assert_eq!(version("").namespace(), "http://www.scene7.com/IpsApi/xsd");
    }

    #[test]
    fn an_invalid_date_is_not_a_version() {
        for text in
            ["latest", "2014", "2014-02-30", "2014-4-3", "+2014-4-03", "2014-04- 3", "-beta", "2014-04-03-alpha"]
        {
            let error = text.parse::<ApiVersion>().expect_err(text).to_string();
            assert!(error.starts_with(&format!("{text:?} is not an API version")), "{error}");
        }
    }
}
