//! Retry: the submit of the items of a completed job that failed. IPS keeps neither the options of a job nor its items, so that the options come
//! from the caller, and the items from the entries of the log.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::item::{JobResult, ResultAsset, ResultStatus};
use super::query::{JobResults, MAX_PAGES_READ};
use crate::ips::types::SubmitJobParam;
use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::company::CompanyChoice;
use crate::jobs::error::{Error, InvalidField, Result};
use crate::jobs::model::id::JobRef;
use crate::jobs::queries::LogSource;
use crate::upstream::Caller;

/// Kinds of job that can be retried, their details, and the array with their items.
const RETRYABLE: [(&str, &str, ItemArray); 4] = [
    ("uploadUrls", "uploadUrlsJob", ItemArray::Urls),
    ("export", "exportJob", ItemArray::Handles("assetHandleArray")),
    ("reprocessAssets", "reprocessAssetsJob", ItemArray::Handles("assetHandleArray")),
    ("ripPdfs", "ripPdfsJob", ItemArray::Handles("pdfHandleArray")),
];
/// Array with the URLs of an upload.
const URL_ARRAY: &str = "urlArray";

/// Array of job details with the items of a job.
#[derive(Debug, Clone, Copy)]
enum ItemArray {
    /// Objects with `sourceUrl` and `destPath`.
    Urls,
    /// Asset handles.
    Handles(&'static str),
}

/// Item that failed and is not part of the retry.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnmappedItem {
    /// Handle of the asset in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub asset_handle: Option<String>,
    /// Name of the asset in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "rain_jacket_red")]
    pub asset_name: Option<String>,
    /// Reason why it can't be retried.
    #[schema(example = "no URL of the body has this name")]
    pub detail: String,
}

/// Submit of the failed items of a job.
#[derive(Debug)]
pub struct RetryPlan {
    /// Body of the submit.
    pub request: Value,
    /// Source URLs or asset handles of the items.
    pub items: Vec<String>,
    /// Failed items that are not part of it.
    pub unmapped: Vec<UnmappedItem>,
    /// Whether the log has more entries than were read.
    pub is_truncated: bool,
}

/// Failed items of a job.
struct FailedItems {
    items: Vec<ResultAsset>,
    is_truncated: bool,
}

impl JobResults<'_> {
    /// Returns the submit of the failed items of a job. `body` is that of a submit of the same kind: its options are kept, its items replaced.
    ///
    /// # Errors
    /// [`Error::JobNotCompleted`], [`Error::RetryNotPossible`] for other kinds and if there is nothing to retry, invalid members of the body, and
    /// those of `JobLookup::find`.
    pub async fn plan_retry(
        &self,
        caller: &Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        mut body: Map<String, Value>,
    ) -> Result<RetryPlan> {
        let found = self.lookup.find(caller, choice, job, CacheDirective::Unspecified).await?;
        if !found.job.job.is_final() {
            return Err(Error::JobNotCompleted);
        }
        // Some logs don't say the kind of their job.
        let kind = found.job.job.kind.clone().or_else(|| found.id().ok()?.name.kind());
        let given = RETRYABLE.iter().find(|(_, details, _)| body.contains_key(*details));
        let retryable = match &kind {
            Some(kind) => RETRYABLE.iter().find(|(known, ..)| *known == kind.as_str()),
            None => given,
        };
        let Some((_, details, array)) = retryable else {
            return Err(Error::RetryNotPossible(match &kind {
                Some(kind) => {
                    format!("jobs of the kind {} can't be retried: only {}", kind.as_str(), retryable_kinds())
                }
                None => format!(
                    "IPS does not say the kind of the job: the body has to have the details of one of {}",
                    retryable_kinds()
                ),
            }));
        };
        check_body(&body, details, &found.job.job.company)?;
        let FailedItems { items: failed, is_truncated } = self.failed_items(caller, choice, job).await?;
        if failed.is_empty() {
            return Err(Error::RetryNotPossible("no item of the job failed".into()));
        }
        let Some(Value::Object(options)) = body.get_mut(*details) else {
            return Err(Error::invalid_body(format!("/{details}"), "expected an object"));
        };
        let mapping = match array {
            ItemArray::Urls => map_urls(options, failed)?,
            ItemArray::Handles(array) => map_handles(options, array, failed),
        };
        let Mapping { items, unmapped } = mapping;
        if items.is_empty() {
            let reasons: Vec<_> = unmapped.iter().take(3).map(|item| item.detail.as_str()).collect();
            return Err(Error::RetryNotPossible(format!(
                "none of the {} failed items can be retried: {}",
                unmapped.len(),
                reasons.join("; ")
            )));
        }
        if !body.contains_key("jobName") {
            let title = found.job.job.common.title.clone();
            let title = title.ok_or_else(|| Error::invalid_body("/jobName", "is missing, and the job has no name"))?;
            body.insert("jobName".into(), title.into());
        }
        body.insert("companyHandle".into(), found.job.job.company.clone().into());
        Ok(RetryPlan { request: Value::Object(body), items, unmapped, is_truncated })
    }

    /// Returns the assets whose last log entry says that they failed or were not handled, in the order of the log.
    async fn failed_items(&self, caller: &Caller, choice: &CompanyChoice, job: &JobRef) -> Result<FailedItems> {
        let mut order = Vec::new();
        let mut last: HashMap<(Option<String>, Option<String>), ResultAsset> = HashMap::new();
        let mut is_truncated = false;
        for page in 1..=MAX_PAGES_READ {
            let rows = self.rows(caller, choice, job, LogSource::Current, page).await?;
            for result in rows.results {
                let JobResult::Asset(asset) = result else { continue };
                // The name of an asset with a handle may change.
                let name = if asset.asset_handle.is_none() { asset.asset_name.clone() } else { None };
                let key = (asset.asset_handle.clone(), name);
                if last.insert(key.clone(), asset).is_none() {
                    order.push(key);
                }
            }
            is_truncated = rows.has_next;
            if !is_truncated {
                break;
            }
        }
        let items = order.into_iter().filter_map(|key| last.remove(&key));
        let items = items.filter(|item| matches!(item.status, ResultStatus::Error | ResultStatus::Canceled)).collect();
        Ok(FailedItems { items, is_truncated })
    }
}

fn retryable_kinds() -> String {
    RETRYABLE.map(|(kind, ..)| kind).join(", ")
}

/// Checks the members of the body that a retry treats differently from a submit.
fn check_body(body: &Map<String, Value>, details: &str, company: &str) -> Result<()> {
    let mut invalid = Vec::new();
    if !body.contains_key(details) {
        let reason = format!("must have `{details}` with the options of the job: IPS does not keep them");
        invalid.push(InvalidField::in_body("", reason));
    }
    for other in SubmitJobParam::DETAILS.iter().filter(|other| **other != details && body.contains_key(**other)) {
        invalid.push(InvalidField::in_body(format!("/{other}"), format!("the job is retried with `{details}`")));
    }
    if body.get("companyHandle").is_some_and(|own| !own.is_null() && own != company) {
        invalid.push(InvalidField::in_body("/companyHandle", "is not the company of the job"));
    }
    if body.get("execSchedule").is_some_and(|schedule| !schedule.is_null()) {
        invalid.push(InvalidField::in_body("/execSchedule", "a retry runs once"));
    }
    if invalid.is_empty() { Ok(()) } else { Err(Error::Invalid(invalid)) }
}

/// Items of the submit that failed items of the log were mapped to.
#[derive(Debug, Default)]
struct Mapping {
    items: Vec<String>,
    unmapped: Vec<UnmappedItem>,
}

impl Mapping {
    fn leave_out(&mut self, item: ResultAsset, detail: &str) {
        let ResultAsset { asset_handle, asset_name, .. } = item;
        self.unmapped.push(UnmappedItem { asset_handle, asset_name, detail: detail.into() });
    }
}

/// Sets the handles of the failed items as the array of the options. An item without a handle in the log is that of the options by which IPS
/// names it.
fn map_handles(options: &mut Map<String, Value>, array: &str, failed: Vec<ResultAsset>) -> Mapping {
    let given = options.get(array).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut mapping = Mapping::default();
    for item in failed {
        let by_name = || item.asset_name.clone().filter(|name| given.iter().any(|given| given == name.as_str()));
        match item.asset_handle.clone().or_else(by_name) {
            Some(handle) if mapping.items.contains(&handle) => {}
            Some(handle) => mapping.items.push(handle),
            None => mapping.leave_out(item, "the log has no handle of this asset"),
        }
    }
    options.insert(array.into(), mapping.items.clone().into());
    mapping
}

/// Keeps the URLs of the options that failed items are about.
fn map_urls(options: &mut Map<String, Value>, failed: Vec<ResultAsset>) -> Result<Mapping> {
    let Some(Value::Array(given)) = options.get(URL_ARRAY) else {
        let reason = "must have the URLs of the submit: the log of an upload has none";
        return Err(Error::invalid_body(format!("/uploadUrlsJob/{URL_ARRAY}"), reason));
    };
    let given = given.clone();
    let uploads: Vec<Upload<'_>> =
        given.iter().enumerate().filter_map(|(index, given)| Upload::of(index, given)).collect();
    let (mut mapping, mut kept) = (Mapping::default(), Vec::new());
    for item in failed {
        match uploads_of(&uploads, &item)[..] {
            [] => mapping.leave_out(item, "no URL of the body has this name"),
            [upload] if kept.contains(&upload.index) => {}
            [upload] => {
                kept.push(upload.index);
                mapping.items.push(upload.source_url.to_owned());
            }
            _ => mapping.leave_out(item, "several URLs of the body have this name"),
        }
    }
    let urls: Vec<Value> = kept.iter().map(|index| given[*index].clone()).collect();
    options.insert(URL_ARRAY.into(), urls.into());
    Ok(mapping)
}

/// URL of an upload.
#[derive(Debug)]
struct Upload<'a> {
    index: usize,
    source_url: &'a str,
    /// File names of the URL and of the destination.
    names: Vec<String>,
}

impl<'a> Upload<'a> {
    fn of(index: usize, given: &'a Value) -> Option<Self> {
        let source_url = given.get("sourceUrl")?.as_str()?;
        let destination = given.get("destPath").and_then(Value::as_str).unwrap_or_default();
        let path = source_url.split(['?', '#']).next().unwrap_or_default();
        let names = [path, destination].into_iter().filter_map(|path| path.rsplit('/').next());
        let names = names.map(|name| percent_decode_str(name).decode_utf8_lossy().into_owned());
        Some(Self { index, source_url, names: names.filter(|name| !name.is_empty()).collect() })
    }
}

/// Returns the URLs that a failed item may be about: those that its log entry mentions, else those of its file name, else those of its name
/// without an extension.
fn uploads_of<'u, 'a>(uploads: &'u [Upload<'a>], item: &ResultAsset) -> Vec<&'u Upload<'a>> {
    let texts = || item.asset_name.iter().chain(&item.message).chain(&item.reasons);
    let asset_name = item.asset_name.as_deref().unwrap_or_default();
    let mentioned = |upload: &&Upload<'_>| texts().any(|text| mentions(text, upload.source_url));
    let named = |upload: &&Upload<'_>| upload.names.iter().any(|name| name == asset_name);
    let with_stem = |upload: &&Upload<'_>| upload.names.iter().any(|name| stem(name) == asset_name);
    let by: [&dyn Fn(&&Upload<'_>) -> bool; 3] = [&mentioned, &named, &with_stem];
    let found = by.into_iter().map(|matches| uploads.iter().filter(|upload| matches(upload)).collect::<Vec<_>>());
    found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

/// Returns a file name without its extension.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Returns whether a text contains a URL that does not go on after it.
fn mentions(text: &str, url: &str) -> bool {
    let goes_on = |rest: &str| {
        let mut rest = rest.chars();
        match rest.next() {
            Some('.') => rest.next().is_some_and(char::is_alphanumeric),
            Some(next) => next.is_alphanumeric() || "/-_?=&%#~+".contains(next),
            None => false,
        }
    };
    !url.is_empty() && text.match_indices(url).any(|(start, _)| !goes_on(&text[start + url.len()..]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn failed(name: &str, reason: &str) -> ResultAsset {
        ResultAsset {
            status: ResultStatus::Error,
            asset_handle: None,
            asset_name: Some(name.into()),
            asset_type: None,
            message: None,
            reasons: vec![reason.into()],
            log_type: None,
            date_created: None,
        }
    }

    fn mapped(urls: &[&str], item: ResultAsset) -> Result<String, String> {
        let urls: Vec<_> = urls.iter().map(|url| json!({ "sourceUrl": url, "destPath": "in/" })).collect();
        let mut options = Map::from_iter([(URL_ARRAY.to_owned(), Value::from(urls))]);
        let mut mapping = map_urls(&mut options, vec![item]).expect("it has URLs");
        assert_eq!(options[URL_ARRAY].as_array().map(Vec::len), Some(mapping.items.len()));
        mapping.items.pop().ok_or_else(|| mapping.unmapped.remove(0).detail)
    }

    #[test]
    fn a_failed_item_is_the_url_that_its_entry_mentions_or_that_has_its_name() {
        let urls = [
            "https://a.example/x/a.tif",
            "https://b.example/a.tif",
            "https://a.example/b%20c.tif?v=1",
            "https://a.example/x/a.tif.gz",
        ];
        let url = |index: usize| Ok(urls[index].to_owned());
        assert_eq!(mapped(&urls, failed("a", "https://b.example/a.tif can't be downloaded.")), url(1));
        assert_eq!(mapped(&urls, failed("a", "see https://a.example/x/a.tif.gz.")), url(3));
        assert_eq!(mapped(&urls, failed("https://a.example/x/a.tif", "")), url(0));
        assert_eq!(mapped(&urls, failed("b c.tif", "")), url(2));
        assert_eq!(mapped(&urls, failed("b c", "")), url(2));
        assert_eq!(mapped(&urls, failed("a", "")), Err("several URLs of the body have this name".into()));
        assert_eq!(mapped(&urls, failed("z", "")), Err("no URL of the body has this name".into()));
    }
}
