//! Submissions, and the checks that need no call to IPS.

use chrono::{DateTime, TimeDelta, Utc};

use crate::ips::types::{SubmitJobParam, Timestamp};
use crate::jobs::company::{CompanyChoice, MAX_HANDLE_LENGTH, too_long};
use crate::jobs::error::{BodyErrors, InvalidField};

/// Members of a submit besides the details of the job.
const OTHER_MEMBERS: [&str; 7] =
    ["companyHandle", "userHandle", "jobName", "locale", "execTime", "execSchedule", "description"];
/// Maximum length of a job name, in bytes: ids contain the name.
const MAX_NAME_LENGTH: usize = 512;

/// Time by which `execTime` may be in the past: clocks differ, and requests take time.
const MAX_DELAY: TimeDelta = TimeDelta::minutes(5);

/// Treatment of the submitted name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SubmitMode {
    /// A suffix makes the name unique, so that the job can be found in every phase.
    #[default]
    UniqueName,
    /// The name is sent unchanged; jobs with the same name may not be distinguishable.
    NameAsGiven,
}

/// Job to submit.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Request to IPS. Its `companyHandle` may be empty if the query or the configuration names the company.
    pub request: SubmitJobParam,
    /// Company parameters of the query.
    pub company: CompanyChoice,
    /// Treatment of the name.
    pub mode: SubmitMode,
    /// Idempotency key: repeated submits with the same key are sent once.
    pub idempotency_key: Option<String>,
    /// Errors of the body from which the request was read.
    pub body_errors: BodyErrors,
}

impl Submission {
    /// Returns the invalid fields at a time, except for URLs and for values that XML does not permit.
    pub(super) fn invalid_fields(&self, now: DateTime<Utc>) -> Vec<InvalidField> {
        let Self { request, company, .. } = self;
        let mut invalid = Vec::from_iter(company.invalid_parameter());
        let mut report = |pointer: &str, reason: String| invalid.push(InvalidField::in_body(pointer, reason));
        if request.job_name.trim().is_empty() {
            report("/jobName", "must not be empty".into());
        } else if request.job_name.contains(char::is_control) {
            report("/jobName", "must not contain control characters, such as tabs and line breaks".into());
        } else if request.job_name.len() > MAX_NAME_LENGTH {
            report("/jobName", format!("must not be longer than {MAX_NAME_LENGTH} bytes"));
        }
        if request.company_handle.contains(char::is_control) {
            report("/companyHandle", "must not contain control characters".into());
        } else if request.company_handle.len() > MAX_HANDLE_LENGTH {
            report("/companyHandle", too_long(MAX_HANDLE_LENGTH));
        }
        match company {
            CompanyChoice { handle: Some(handle), .. }
                if !request.company_handle.is_empty() && *handle != request.company_handle =>
            {
                report("/companyHandle", "differs from the `companyHandle` of the query".into());
            }
            CompanyChoice { name: Some(_), .. } if !request.company_handle.is_empty() => {
                report("/companyHandle", "the query has a `company` too: expected one of the two".into());
            }
            _ => {}
        }
        if request.locale.as_deref().is_some_and(|locale| !is_locale(locale)) {
            report("/locale", "expected a language such as `en`, or a language and a country such as `en-US`".into());
        }
        if request.exec_time.is_some() && request.exec_schedule.is_some() {
            report(
                "/execSchedule",
                "`execTime` is given too: a job runs either once at a time or on a schedule".into(),
            );
        }
        if request.exec_time.and_then(Timestamp::instant).is_some_and(|time| time < now - MAX_DELAY) {
            report("/execTime", "must not be in the past".into());
        }
        if let Some(schedule) = &request.exec_schedule
            && !has_fields_of_quartz(schedule)
        {
            report(
                "/execSchedule",
                "expected the six or seven fields of a Quartz cron expression, seconds first, such as `0 30 2 * * ?`"
                    .into(),
            );
        }
        if let Some(upload) = &request.upload_urls_job {
            let urls = upload.url_array.as_deref().unwrap_or_default();
            if urls.is_empty() {
                report("/uploadUrlsJob/urlArray", "must not be empty".into());
            }
            for (index, item) in urls.iter().enumerate() {
                if item.source_url.trim().is_empty() {
                    report(&format!("/uploadUrlsJob/urlArray/{index}/sourceUrl"), "must not be empty".into());
                }
            }
        }
        match request.given_details().collect::<Vec<_>>()[..] {
            [_] => {}
            // They were given, and are invalid or misspelt.
            [] if self.body_errors.places.iter().any(|place| is_of_details(place)) => {}
            [] => {
                report("", format!("must have the details of one job: one of {}", SubmitJobParam::DETAILS.join(", ")));
            }
            [first, ref more @ ..] => {
                for details in more {
                    let reason = format!("`{first}` is given too: expected the details of one job");
                    report(&format!("/{details}"), reason);
                }
            }
        }
        invalid
    }
}

/// Returns whether a JSON pointer is that of the details of a job, or of an unknown member in their place.
fn is_of_details(pointer: &str) -> bool {
    pointer.strip_prefix('/').is_some_and(|name| !name.contains('/') && !OTHER_MEMBERS.contains(&name))
}

/// Returns whether a schedule has six or seven fields with the characters of Quartz cron expressions. IPS decides about their values.
fn has_fields_of_quartz(schedule: &str) -> bool {
    let is_field = |field: &str| {
        field
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'?' | b',' | b'-' | b'/' | b'#'))
    };
    matches!(schedule.split_ascii_whitespace().count(), 6 | 7) && schedule.split_ascii_whitespace().all(is_field)
}

/// Returns whether a locale has the form of IPS: `ll` or `ll-CC`, a language in lower case and a country in upper case.
fn is_locale(locale: &str) -> bool {
    match locale.as_bytes() {
        [l1, l2] => [l1, l2].into_iter().all(u8::is_ascii_lowercase),
        [l1, l2, b'-', c1, c2] => {
            [l1, l2].into_iter().all(u8::is_ascii_lowercase) && [c1, c2].into_iter().all(u8::is_ascii_uppercase)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_of_a_submit_is_details_or_another_one() {
        let error = serde_json::from_str::<SubmitJobParam>(r#"{"x":1}"#).expect_err("an unknown member").to_string();
        let members: Vec<_> = error.split('`').skip(3).step_by(2).collect();
        assert_eq!(members.len(), SubmitJobParam::DETAILS.len() + OTHER_MEMBERS.len(), "{error}");
        assert!(members.iter().all(|name| SubmitJobParam::DETAILS.contains(name) || OTHER_MEMBERS.contains(name)));
    }

    #[test]
    fn a_locale_is_a_language_and_perhaps_a_country() {
        assert!(["en", "ja-JP"].into_iter().all(is_locale));
        assert!(!["", "EN", "en_US", "en-us", "en-USA", "eng", "en-"].into_iter().any(is_locale));
    }

    #[test]
    fn a_schedule_has_six_or_seven_fields() {
        assert!(
            ["0 30 2 * * ?", "0 0/5 8-18 ? * MON-FRI", "0 0 12 L * ? 2030", "0 0 0 ? * 6#3"]
                .into_iter()
                .all(has_fields_of_quartz)
        );
        assert!(
            !["", "hello", "30 2 * * *", "0 0 0 * * ? 2030 1", "0 30 2 * * !"].into_iter().any(has_fields_of_quartz)
        );
    }
}
