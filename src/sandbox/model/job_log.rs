//! Job log: the log of a finished job, its entries, and the log entries of an asset.

use chrono::{DateTime, Utc};

use super::job::Job;
use super::simulation::{AssetResult, Item};
use crate::ips::types::{AssetJobLog, JobLog, JobLogDetail, JobLogDetailAux};
use crate::sandbox::server_time::server_timestamp;

impl Job {
    /// Returns the log, without its entries.
    pub fn log(&self) -> JobLog {
        let finished = || self.finished_items().map(|(_, item)| &item.result);
        let number =
            |matches: fn(&AssetResult) -> bool| i64::try_from(finished().filter(|result| matches(result)).count()).ok();
        let succeeded = number(|result| !matches!(result, AssetResult::Error(_) | AssetResult::Duplicate));
        let failed = number(|result| matches!(result, AssetResult::Error(_)));
        let warned = number(|result| matches!(result, AssetResult::Warning(_)));
        let transfers = self.spec.details.kind().tasks.len() > 1;
        JobLog {
            company_handle: self.spec.company.handle.into(),
            job_handle: self.log_handle(),
            job_name: self.name.clone(),
            original_job_name: Some(self.spec.original_name.clone()),
            submit_user_email: Some(self.spec.submitter.clone()),
            log_type: Some(self.spec.details.kind().begin.into()),
            job_sub_type: Some(self.spec.details.sub_type().into()),
            start_date: Some(server_timestamp(self.log_start())),
            end_date: Some(server_timestamp(self.end())),
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
            fatal_error: Some(self.fatal_error().is_some()),
            detail_total_rows: None,
            detail_array: None,
        }
    }

    /// Returns all entries of the log, oldest first.
    pub fn log_details(&self) -> Vec<JobLogDetail> {
        let kind = self.spec.details.kind();
        let entry = |log_type: &str, message: String, at: DateTime<Utc>| JobLogDetail {
            log_message: Some(message),
            log_type: Some(log_type.into()),
            date_created: Some(server_timestamp(at)),
            ..JobLogDetail::default()
        };
        let mut entries = vec![entry(kind.begin, format!("Job {} started", self.name), self.log_start())];
        entries.extend(self.finished_items().map(|(at, item)| self.item_entry(item, at)));
        if let Some(reason) = self.fatal_error() {
            entries.push(entry("FatalError", reason.into(), self.end()));
        }
        if let Some(stop) = &self.stop {
            entries.push(entry("FileCancel", format!("Job stopped by {}", stop.by), stop.at));
        }
        entries.push(entry(kind.end, format!("Job {} ended", self.name), self.end()));
        entries
    }

    /// Returns the log entries of one asset.
    pub fn asset_logs(&self, asset_handle: &str) -> Vec<AssetJobLog> {
        let touched = self.finished_items().filter(|(_, item)| item.handle.as_deref() == Some(asset_handle));
        touched
            .map(|(at, item)| {
                let entry = self.item_entry(item, at);
                AssetJobLog {
                    job_handle: self.log_handle(),
                    job_name: self.name.clone(),
                    log_message: entry.log_message,
                    log_type: entry.log_type,
                    submit_user_email: Some(self.spec.submitter.clone()),
                    log_date: entry.date_created,
                    aux_array: entry.aux_array,
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

    /// Returns the processed items, each with its time.
    fn finished_items(&self) -> impl Iterator<Item = (DateTime<Utc>, &Item)> {
        let until = self.stop.as_ref().map_or_else(|| self.end(), |stop| stop.at);
        let done = self
            .simulation
            .items
            .iter()
            .enumerate()
            .map(|(index, item)| (self.start() + self.simulation.done_after(index), item));
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
        }
    }
}
