//! Job log: the log of a started job, without its end until the job is no longer active; its entries, and the log entries of an asset.

use chrono::{DateTime, Utc};

use super::job::Job;
use super::kinds::JobDetails;
use super::simulation::{AssetResult, Item};
use crate::ips::types::{AssetJobLog, JobLog, JobLogDetail, JobLogDetailAux};
use crate::sandbox::server_time::server_timestamp;

impl Job {
    /// Returns whether the job has a log: from the start of its run on.
    pub fn has_log(&self, now: DateTime<Utc>) -> bool {
        self.phase(now).has_ended() || (now >= self.start() && self.start() < self.end())
    }

    /// Returns the log so far, without its entries.
    pub fn log(&self, now: DateTime<Utc>) -> JobLog {
        let has_ended = self.phase(now).has_ended();
        let finished = || self.finished_items(now).map(|(_, item)| &item.result);
        let number =
            |matches: fn(&AssetResult) -> bool| i64::try_from(finished().filter(|result| matches(result)).count()).ok();
        let succeeded = number(|result| !matches!(result, AssetResult::Error(_) | AssetResult::Duplicate));
        let failed = number(|result| matches!(result, AssetResult::Error(_)));
        let warned = number(|result| matches!(result, AssetResult::Warning(_)));
        let transfers = self.spec.details.kind().tasks.len() > 1;
        JobLog {
            company_handle: Some(self.spec.company.handle.into()),
            job_handle: Some(self.log_handle()),
            job_name: Some(self.name.clone()),
            original_job_name: Some(self.spec.original_name.clone()),
            submit_user_email: Some(self.spec.submitter.clone()),
            log_type: Some(self.spec.details.kind().begin.into()),
            job_sub_type: Some(self.spec.details.sub_type().into()),
            start_date: Some(server_timestamp(self.log_start())),
            end_date: has_ended.then(|| server_timestamp(self.end())),
            description: Some(self.spec.description.clone().unwrap_or_default()),
            file_success_count: succeeded,
            file_error_count: failed,
            file_warning_count: warned,
            file_duplicate_count: number(|result| matches!(result, AssetResult::Duplicate)),
            file_update_count: number(|result| matches!(result, AssetResult::Updated)),
            total_file_count: i64::try_from(self.simulation.items.len()).ok(),
            transfer_success_count: if transfers { succeeded } else { Some(0) },
            transfer_error_count: if transfers { failed } else { Some(0) },
            transfer_warning_count: Some(0),
            fatal_error: Some(has_ended && self.fatal_error().is_some()),
            detail_total_rows: None,
            detail_array: None,
            unreadable: Vec::new(),
        }
    }

    /// Returns the entries of the log so far, oldest first. A stopped job has an entry for the stop and one for each item that it left out.
    pub fn log_details(&self, now: DateTime<Utc>) -> Vec<JobLogDetail> {
        let kind = self.spec.details.kind();
        let mut entries = vec![entry(kind.begin, format!("Job {} started", self.name), self.log_start())];
        if let Some(initiator) = &self.initiator {
            for (log_type, message) in [
                ("InitiatingJobName", initiator.as_str()),
                ("OriginalJobName", &self.spec.original_name),
                ("JobType", kind.job_type),
            ] {
                entries.push(entry(log_type, message.into(), self.log_start()));
            }
        }
        entries.extend(self.finished_items(now).map(|(at, item)| self.item_entry(item, at)));
        if let Some(stop) = &self.stop {
            entries.push(entry("FileCancel", format!("Job stopped by {}", stop.by), stop.at));
        }
        if !self.phase(now).has_ended() {
            return entries;
        }
        if self.stop.is_some() {
            let processed = self.finished_items(now).count();
            entries.extend(self.simulation.items.iter().skip(processed).map(|item| JobLogDetail {
                asset_name: Some(item.name.clone()),
                asset_type: Some(item.asset_type.into()),
                asset_handle: item.handle.clone(),
                ..entry("FileCancel", format!("{} was not processed: the job was stopped", item.name), self.end())
            }));
        }
        if let Some(reason) = self.fatal_error() {
            entries.push(entry("FatalError", reason.into(), self.end()));
        } else if let (JobDetails::Export(_), None) = (&self.spec.details, &self.stop) {
            entries.push(JobLogDetail {
                asset_name: Some(format!("https://sandbox.example.com/export/{}.zip", self.number)),
                ..entry(kind.success, "Packed the exported files".into(), self.end())
            });
        }
        entries.push(entry(kind.end, format!("Job {} ended", self.name), self.end()));
        entries
    }

    /// Returns the log entries so far of one asset.
    pub fn asset_logs(&self, asset_handle: &str, now: DateTime<Utc>) -> Vec<AssetJobLog> {
        let touched = self.finished_items(now).filter(|(_, item)| item.handle.as_deref() == Some(asset_handle));
        touched
            .map(|(at, item)| {
                let entry = self.item_entry(item, at);
                AssetJobLog {
                    job_handle: Some(self.log_handle()),
                    job_name: Some(self.name.clone()),
                    log_message: entry.log_message,
                    log_type: entry.log_type,
                    submit_user_email: Some(self.spec.submitter.clone()),
                    log_date: entry.date_created,
                    aux_array: entry.aux_array,
                    unreadable: Vec::new(),
                }
            })
            .collect()
    }

    /// Returns the start date of the log: the end of a job that was stopped before it started.
    pub fn log_start(&self) -> DateTime<Utc> {
        self.start().min(self.end())
    }

    /// Returns the error that aborted the job; `None` if it was stopped before.
    fn fatal_error(&self) -> Option<&str> {
        self.simulation.fatal_error.as_deref().filter(|_| self.stop.is_none())
    }

    /// Returns the items processed so far, each with its time.
    fn finished_items(&self, now: DateTime<Utc>) -> impl Iterator<Item = (DateTime<Utc>, &Item)> {
        let until = self.stop.as_ref().map_or(now, |stop| stop.at.min(now));
        let done = self.simulation.items.iter().enumerate().map(|(index, item)| (self.done_at(index), item));
        done.take_while(move |(at, _)| *at <= until)
    }

    fn item_entry(&self, item: &Item, at: DateTime<Utc>) -> JobLogDetail {
        let kind = self.spec.details.kind();
        let (log_type, message, aux) = match &item.result {
            AssetResult::Success => (kind.success, format!("{} {}", kind.verb, item.name), None),
            AssetResult::Updated => {
                ("FileUpdated", format!("{} {}, replacing an older version", kind.verb, item.name), None)
            }
            AssetResult::Duplicate => ("DuplicateSkipped", format!("{} is there already: skipped", item.name), None),
            AssetResult::Warning(reason) => {
                (kind.warning, format!("{} {} with a warning", kind.verb, item.name), Some(reason))
            }
            AssetResult::Error(reason) => (kind.error, format!("{} failed", item.name), Some(reason)),
        };
        JobLogDetail {
            log_message: Some(message),
            log_type: Some(log_type.into()),
            date_created: Some(server_timestamp(at)),
            asset_name: Some(item.name.clone()),
            asset_type: Some(item.asset_type.into()),
            asset_handle: item.handle.clone(),
            aux_array: aux.map(|reason| {
                vec![JobLogDetailAux {
                    log_message: Some(reason.clone()),
                    log_type: Some(log_type.into()),
                    date_created: Some(server_timestamp(at)),
                }]
            }),
            unreadable: Vec::new(),
        }
    }
}

/// Returns a log entry that is not about an asset.
fn entry(log_type: &str, message: String, at: DateTime<Utc>) -> JobLogDetail {
    JobLogDetail {
        log_message: Some(message),
        log_type: Some(log_type.into()),
        date_created: Some(server_timestamp(at)),
        ..JobLogDetail::default()
    }
}
