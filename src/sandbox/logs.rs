//! What a finished job leaves: its log, its details, and the traces on assets.

use chrono::{DateTime, Utc};

use super::clock::stamp;
use super::life::Job;
use super::work::{Fate, Item};
use crate::ips::types::{AssetJobLog, JobLog, JobLogDetail, JobLogDetailAux};

impl Job {
    /// The log, without details.
    pub fn log(&self) -> JobLog {
        let finished = || self.finished_items().map(|(_, item)| &item.fate);
        let number = |matches: fn(&Fate) -> bool| i64::try_from(finished().filter(|fate| matches(fate)).count()).ok();
        let succeeded = number(|fate| !matches!(fate, Fate::Error(_) | Fate::Duplicate));
        let failed = number(|fate| matches!(fate, Fate::Error(_)));
        let warned = number(|fate| matches!(fate, Fate::Warning(_)));
        let transfers = self.order.detail.kind().tasks.len() > 1;
        JobLog {
            company_handle: self.order.company.handle.into(),
            job_handle: self.log_handle(),
            job_name: self.name.clone(),
            original_job_name: self.order.original_name.clone(),
            submit_user_email: Some(self.order.submitter.clone()),
            log_type: Some(self.order.detail.kind().begin.into()),
            job_sub_type: Some(self.order.detail.sub_type().into()),
            start_date: Some(stamp(self.log_start())),
            end_date: Some(stamp(self.ends())),
            description: Some(self.order.description.clone().unwrap_or_default()),
            file_success_count: succeeded,
            file_error_count: failed,
            file_warning_count: warned,
            file_duplicate_count: number(|fate| matches!(fate, Fate::Duplicate)),
            file_update_count: number(|fate| matches!(fate, Fate::Updated)),
            total_file_count: i64::try_from(self.work.items.len()).ok(),
            transfer_success_count: if transfers { succeeded } else { Some(0) },
            transfer_error_count: if transfers { failed } else { Some(0) },
            transfer_warning_count: Some(0),
            fatal_error: Some(self.fatal().is_some()),
            detail_total_rows: None,
            detail_array: None,
        }
    }

    /// Every entry of the log, oldest first.
    pub fn log_details(&self) -> Vec<JobLogDetail> {
        let kind = self.order.detail.kind();
        let entry = |log_type: &str, message: String, at: DateTime<Utc>| JobLogDetail {
            log_message: Some(message),
            log_type: Some(log_type.into()),
            date_created: Some(stamp(at)),
            ..JobLogDetail::default()
        };
        let mut entries = vec![entry(kind.begin, format!("Job {} started", self.name), self.log_start())];
        entries.extend(self.finished_items().map(|(at, item)| self.item_entry(item, at)));
        if let Some(reason) = self.fatal() {
            entries.push(entry("FatalError", reason.into(), self.ends()));
        }
        if let Some(stop) = &self.stop {
            entries.push(entry("FileCancel", format!("Job stopped by {}", stop.by), stop.at));
        }
        entries.push(entry(kind.end, format!("Job {} ended", self.name), self.ends()));
        entries
    }

    /// What the job did to one asset.
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
                    submit_user_email: Some(self.order.submitter.clone()),
                    log_date: entry.date_created,
                    aux_array: entry.aux_array,
                }
            })
            .collect()
    }

    /// When the log begins: a job that was stopped while it waited never started.
    pub fn log_start(&self) -> DateTime<Utc> {
        self.starts().min(self.ends())
    }

    /// Why the job broke off; a job that was stopped before didn't.
    fn fatal(&self) -> Option<&str> {
        self.work.fatal.as_deref().filter(|_| self.stop.is_none())
    }

    /// The items that were dealt with, each with its moment.
    fn finished_items(&self) -> impl Iterator<Item = (DateTime<Utc>, &Item)> {
        let until = self.stop.as_ref().map_or_else(|| self.ends(), |stop| stop.at);
        let done =
            self.work.items.iter().enumerate().map(|(index, item)| (self.starts() + self.work.done_after(index), item));
        done.take_while(move |(at, _)| *at <= until)
    }

    fn item_entry(&self, item: &Item, at: DateTime<Utc>) -> JobLogDetail {
        let kind = self.order.detail.kind();
        let (log_type, message, aux) = match &item.fate {
            Fate::Success => (kind.success, format!("{} {}", kind.verb, item.name), None),
            Fate::Updated => ("FileUpdated", format!("{} {}, replacing an older version", kind.verb, item.name), None),
            Fate::Duplicate => ("DuplicateSkipped", format!("{} is there already: skipped", item.name), None),
            Fate::Warning(reason) => {
                (kind.warning, format!("{} {} with a warning", kind.verb, item.name), Some(reason))
            }
            Fate::Error(reason) => (kind.error, format!("{} failed", item.name), Some(reason)),
        };
        JobLogDetail {
            log_message: Some(message),
            log_type: Some(log_type.into()),
            date_created: Some(stamp(at)),
            asset_name: Some(item.name.clone()),
            asset_type: Some(item.asset_type.into()),
            asset_handle: item.handle.clone(),
            aux_array: aux.map(|reason| {
                vec![JobLogDetailAux {
                    log_message: Some(reason.clone()),
                    log_type: Some(log_type.into()),
                    date_created: Some(stamp(at)),
                }]
            }),
        }
    }
}
