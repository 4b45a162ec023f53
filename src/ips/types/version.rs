//! API versions and the fields that came with them.

use std::fmt;
use std::str::FromStr;

/// The namespace of `authHeader` and the faults; also that of the API version without a name.
pub const COMMON_NAMESPACE: &str = "http://www.scene7.com/IpsApi/xsd";

/// An IPS API version: a date such as `2014-04-03`, perhaps with `-beta`, or nothing at all (the oldest).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiVersion(String);

/// The text isn't an API version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no API version: expected a date such as 2014-04-03 or 2022-11-01-beta, or nothing")]
pub struct InvalidApiVersion(String);

impl ApiVersion {
    /// The namespace of requests and answers in this version.
    #[must_use]
    pub fn namespace(&self) -> String {
        if self.0.is_empty() { COMMON_NAMESPACE.into() } else { format!("{COMMON_NAMESPACE}/{}", self.0) }
    }

    /// Whether this version has what came with `since`.
    #[must_use]
    pub fn has(&self, since: &str) -> bool {
        self.0.as_str() >= since
    }

    /// The version as written in a namespace.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
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
        let invalid = || InvalidApiVersion(text.into());
        let date = text.strip_suffix("-beta").unwrap_or(text);
        if !text.is_empty() {
            chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").map_err(|_| invalid())?;
            if date.len() != 10 {
                return Err(invalid());
            }
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The API version that introduced a field (`None`: it was always there), by the names of type and field on the wire.
#[must_use]
pub fn since(_type_name: &str, _field: &str) -> Option<&'static str> {
    None
}
