//! Kind of a job: what it does, in the same words in every phase.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use crate::ips::types::{ActiveJob, JobLog, JobType, ScheduledJob, SubmitJobParam};

/// Suffix of the elements with job details, which a kind lacks.
const SUFFIX: &str = "Job";

/// Values of `type` and `logType` (without `Begin` or `End`) whose kind has another name. Not here are values that several kinds share, such
/// as `Upload`, `Reoptimize` and `Metadata`, and those of jobs that can't be submitted, such as `Cleanup`.
const KINDS_OF_TYPES: [(&str, &str); 6] = [
    ("ServerDirectoryPublishWithTemplate", "serverDirectoryPublish"),
    ("UploadFromServerDirectory", "uploadDirectory"),
    ("UrlUpload", "uploadUrls"),
    ("ImageOptimization", "optimizeImages"),
    ("PdfRip", "ripPdfs"),
    ("Get", "export"),
];

/// Letters of the kinds in the names that the gateway makes unique. A kind keeps its letter, and a new one gets another.
const CODES: [(&str, char); 14] = [
    ("imageServingPublish", 'a'),
    ("imageRenderingPublish", 'b'),
    ("videoPublish", 'c'),
    ("serverDirectoryPublish", 'd'),
    ("metadataPublish", 'e'),
    ("uploadDirectory", 'f'),
    ("uploadUrls", 'g'),
    ("uploadPost", 'h'),
    ("optimizeImages", 'j'),
    ("ripPdfs", 'k'),
    ("reprocessAssets", 'm'),
    ("createVideoSitemap", 'n'),
    ("export", 'p'),
    ("automatedSetGeneration", 'q'),
];

/// Letters of the kinds whose submit requests a follow-on job.
const CODES_WITH_FOLLOW_ON: [(&str, char); 4] =
    [("uploadDirectory", 'r'), ("uploadUrls", 's'), ("ripPdfs", 't'), ("reprocessAssets", 'v')];

/// Kinds of job that have a member `post…PublishJob`: IPS can run a follow-on job after them.
const WITH_FOLLOW_ON: [&str; 4] = ["uploadDirectory", "uploadUrls", "ripPdfs", "reprocessAssets"];
/// Kinds of follow-on jobs.
const FOLLOW_ON: [&str; 3] = ["imageServingPublish", "imageRenderingPublish", "videoPublish"];

/// Kind of a job: the name of the element with its details without `Job`, for example `uploadUrls`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct JobKind(Cow<'static, str>);

impl JobKind {
    /// Returns the kind of an active job.
    #[must_use]
    pub fn of_active(job: &ActiveJob) -> Option<Self> {
        Self::of(job.given_details().next(), job.details_element.as_deref(), job.r#type.as_ref())
    }

    /// Returns the kind of a scheduled job.
    #[must_use]
    pub fn of_scheduled(job: &ScheduledJob) -> Option<Self> {
        Self::of(job.given_details().next(), job.details_element.as_deref(), job.r#type.as_ref())
    }

    /// Returns the kind of a logged job, from its `logType`.
    #[must_use]
    pub fn of_logged(job: &JobLog) -> Option<Self> {
        job.log_type.as_deref().map(strip_log_type_prefix).and_then(Self::of_type)
    }

    /// Returns the kind of a job to submit.
    #[must_use]
    pub fn of_submitted(request: &SubmitJobParam) -> Option<Self> {
        request.given_details().next().map(Self::of_element)
    }

    /// Returns the kind of a job with a `type`, or a `logType` without its prefix, ignoring case.
    #[must_use]
    pub fn of_type(job_type: &str) -> Option<Self> {
        let listed = KINDS_OF_TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(job_type));
        let known = || Self::known().find(|kind| kind.eq_ignore_ascii_case(job_type));
        listed.map(|(_, kind)| *kind).or_else(known).map(|kind| Self(kind.into()))
    }

    /// Returns the kind as in `kind` of a job.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the kind with this name, as in a job id.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(name.to_owned().into())
    }

    /// Returns the letter of the kind in unique names; `None` of a kind that no schema of IPS has.
    #[must_use]
    pub fn code(&self) -> Option<char> {
        CODES.iter().find(|(kind, _)| *kind == self.0).map(|(_, code)| *code)
    }

    /// Returns the letter of the kind of a submit that requests a follow-on job; `None` of a kind that can't.
    #[must_use]
    pub fn code_with_follow_on(&self) -> Option<char> {
        CODES_WITH_FOLLOW_ON.iter().find(|(kind, _)| *kind == self.0).map(|(_, code)| *code)
    }

    /// Returns the kind with this letter.
    #[must_use]
    pub fn of_code(code: char) -> Option<Self> {
        let known = CODES.iter().chain(&CODES_WITH_FOLLOW_ON).find(|(_, known)| *known == code);
        known.map(|(kind, _)| Self((*kind).into()))
    }

    /// Returns whether the letter is that of a kind whose submit requests a follow-on job.
    #[must_use]
    pub fn code_requests_follow_on(code: char) -> bool {
        CODES_WITH_FOLLOW_ON.iter().any(|(_, known)| *known == code)
    }

    /// Returns whether jobs of this kind publish.
    #[must_use]
    pub fn is_publish(&self) -> bool {
        self.0.ends_with("Publish")
    }

    /// Returns whether IPS can run a follow-on job after jobs of this kind.
    #[must_use]
    pub fn may_have_follow_on(&self) -> bool {
        WITH_FOLLOW_ON.contains(&self.as_str())
    }

    /// Returns whether a follow-on job can be of this kind.
    #[must_use]
    pub fn may_be_follow_on(&self) -> bool {
        FOLLOW_ON.contains(&self.as_str())
    }

    fn of(details: Option<&'static str>, unknown: Option<&str>, job_type: Option<&JobType>) -> Option<Self> {
        details
            .map(Self::of_element)
            .or_else(|| unknown.map(|element| Self(without_suffix(element).to_owned().into())))
            .or_else(|| job_type.and_then(|job_type| Self::of_type(job_type.as_str())))
    }

    fn of_element(element: &'static str) -> Self {
        Self(without_suffix(element).into())
    }

    /// Returns the kinds of the job details in the schemas of IPS.
    fn known() -> impl Iterator<Item = &'static str> {
        ActiveJob::DETAILS.iter().map(|element| without_suffix(element))
    }
}

fn without_suffix(element: &str) -> &str {
    element.strip_suffix(SUFFIX).unwrap_or(element)
}

/// Returns `Upload` for `BeginUpload` and `EndUpload`.
pub(super) fn strip_log_type_prefix(log_type: &str) -> &str {
    log_type.strip_prefix("Begin").or_else(|| log_type.strip_prefix("End")).unwrap_or(log_type)
}

impl utoipa::PartialSchema for JobKind {
    fn schema() -> RefOr<Schema> {
        let known: Vec<_> = Self::known().collect();
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "Kind of a job: the name of the element with its details without `Job`. An open set: other values may appear and are not \
                 errors.",
            ))
            .examples(known.iter().copied())
            .extensions(Some(ExtensionsBuilder::new().add("x-extensible-enum", known).build()))
            .into()
    }
}

impl utoipa::ToSchema for JobKind {}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of_type(job_type: &str) -> Option<String> {
        JobKind::of_type(job_type).map(|kind| kind.as_str().to_owned())
    }

    #[test]
    fn types_and_log_types_of_ips_are_one_kind() {
        for (words, kind) in [
            (&["UrlUpload", "UploadUrls", "urlupload"][..], "uploadUrls"),
            (&["ImageServingPublish"], "imageServingPublish"),
            (&["ServerDirectoryPublish", "ServerDirectoryPublishWithTemplate"], "serverDirectoryPublish"),
            (&["UploadFromServerDirectory"], "uploadDirectory"),
            (&["ImageOptimization"], "optimizeImages"),
        ] {
            for word in words {
                assert_eq!(kind_of_type(word).as_deref(), Some(kind), "{word}");
            }
        }
        for unknown in ["Upload", "Reoptimize", "Cleanup", "Teleport", ""] {
            assert_eq!(kind_of_type(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn details_take_precedence_over_the_type() {
        let mut job = ActiveJob { r#type: Some(JobType::UrlUpload), ..ActiveJob::default() };
        assert_eq!(JobKind::of_active(&job).as_ref().map(JobKind::as_str), Some("uploadUrls"));
        job.details_element = Some("teleportJob".into());
        assert_eq!(JobKind::of_active(&job).as_ref().map(JobKind::as_str), Some("teleport"));
        job.export_job = Some(Box::default());
        assert_eq!(JobKind::of_active(&job).as_ref().map(JobKind::as_str), Some("export"));
    }
}
