//! API versions of IPS, and the version that introduced each field.
//!
//! IPS serves many versions side by side, each in its own XML namespace; newer versions only add fields. IPS refuses an element that the
//! addressed version does not have, hence the table of newer fields.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;

/// Namespace of `authHeader` and of faults; also that of the API version without a name.
pub const COMMON_NAMESPACE: &str = "http://www.scene7.com/IpsApi/xsd";

/// IPS API version: a date such as `2014-04-03`, optionally with `-beta`, or empty (the oldest). The default is 2014-04-03.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiVersion(String);

/// Error of parsing an API version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an API version: expected a date such as 2014-04-03 or 2022-11-01-beta, or nothing")]
pub struct InvalidApiVersion(String);

impl ApiVersion {
    /// Returns the XML namespace of requests and answers in this version.
    #[must_use]
    pub fn namespace(&self) -> String {
        if self.0.is_empty() { COMMON_NAMESPACE.into() } else { format!("{COMMON_NAMESPACE}/{}", self.0) }
    }

    /// Returns whether this version includes what version `since` introduced.
    #[must_use]
    pub fn has(&self, since: &str) -> bool {
        // Compared by date only: a release includes what its own beta introduced.
        self.0.get(..10) >= since.get(..10)
    }

    /// Returns the version in the spelling of its namespace.
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

// Fields of uploads and reprocessing, by the version that introduced them.
const PROCESSING_2017: &[&str] = &["synchronizationComplete", "autoSmartCropOptionsArray", "cssOptions"];
const PROCESSING_2021: &[&str] =
    &["metadataOptions", "jwtToken", "imsOrg", "apikey", "ignoreSmartCropGeneration", "preserveSmartCrop"];
const VIDEO_2022: &[&str] = &["sourceVideoAssetHandle", "audioCaptionsMetadata"];

/// Table of all fields that are not in every API version: type, introducing version, fields; sorted by type.
///
/// The version of an array field is at least that of its item type.
pub const NEWER_FIELDS: &[(&str, &str, &[&str])] = &[
    ("AudioCaptionsMetadata", "2022-11-01-beta", &["label", "language", "languageCode", "role", "isDefault"]),
    ("AutoSmartCropOptions", "2017-10-29-beta", &["name", "width", "height", "type"]),
    ("AutomatedSetGenerationJob", "2017-10-29-beta", &["synchronizationComplete"]),
    ("AvsEncoding", "2017-10-29-beta", &["name", "aspectRatio", "videoEncodingArray"]),
    ("CssOptions", "2017-10-29-beta", &["forceStaticImages"]),
    (
        "GetArchivedJobLogDetailsParam",
        "2021-04-26-beta",
        &["companyHandle", "jobHandle", "logTypeArray", "recordsPerPage", "resultsPage", "sortBy", "sortDirection"],
    ),
    ("GetArchivedJobLogDetailsReturn", "2021-04-26-beta", &["jobLogArray"]),
    ("GetAssetArchivedJobLogsParam", "2021-04-26-beta", &["companyHandle", "assetHandle"]),
    ("GetAssetArchivedJobLogsReturn", "2021-04-26-beta", &["jobLogArray"]),
    ("MediaOptions", "2017-10-29-beta", &["videoEncodingArray", "avsEncodingArray"]),
    ("MediaOptions", "2021-04-26-beta", &["videoSmartCropArray", "videoSmartCropSampleRate"]),
    ("MediaOptions", "2022-11-01-beta", &["cmafConformance"]),
    ("MetadataOptions", "2021-04-26-beta", &["updateArray"]),
    ("ReprocessAssetsJob", "2017-10-29-beta", PROCESSING_2017),
    ("ReprocessAssetsJob", "2021-04-26-beta", &["overwriteAVS"]),
    ("ReprocessAssetsJob", "2021-04-26-beta", PROCESSING_2021),
    ("RipPdfsJob", "2017-10-29-beta", &["autoSmartCropOptionsArray"]),
    ("UploadDirectoryJob", "2017-10-29-beta", PROCESSING_2017),
    ("UploadDirectoryJob", "2021-04-26-beta", PROCESSING_2021),
    ("UploadPostJob", "2017-10-29-beta", PROCESSING_2017),
    ("UploadPostJob", "2021-04-26-beta", PROCESSING_2021),
    ("UploadPostJob", "2022-11-01-beta", VIDEO_2022),
    ("UploadUrlsJob", "2017-10-29-beta", PROCESSING_2017),
    ("UploadUrlsJob", "2021-04-26-beta", PROCESSING_2021),
    ("UploadUrlsJob", "2022-11-01-beta", VIDEO_2022),
    ("VideoSmartCropAspectRatio", "2021-04-26-beta", &["width", "height"]),
];

/// Returns the API version that introduced a field, by the wire names of type and field; `None` if every version has it.
#[must_use]
pub fn since(type_name: &str, field: &str) -> Option<&'static str> {
    let first = NEWER_FIELDS.partition_point(|(name, ..)| *name < type_name);
    let mut rows = NEWER_FIELDS[first..].iter().take_while(|(name, ..)| *name == type_name);
    rows.find(|(.., fields)| fields.contains(&field)).map(|(_, version, _)| *version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> ApiVersion {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_version_includes_what_it_or_an_earlier_one_introduced() {
        assert!(version("2021-04-26-beta").has("2021-04-26-beta"));
        assert!(version("2022-11-01-beta").has("2021-04-26-beta"));
        assert!(version("2021-04-26").has("2021-04-26-beta"), "a release includes its beta");
        assert!(!version("2014-04-03").has("2017-10-29-beta"));
        assert!(!version("").has("2017-10-29-beta"), "the version without a name is the oldest");
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
