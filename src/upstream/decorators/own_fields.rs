//! Fields that the gateway adds to its own requests and not every API version has, and the work that they would have caused in IPS.

use crate::ips::types::*;

/// Request with fields that the gateway adds on its own.
pub(super) trait OwnFields: Operation + Clone + PartialEq {
    /// Wire name of the request type.
    const TYPE: &'static str;
    /// Names of the fields.
    const FIELDS: &'static [&'static str];

    /// Leaves out one of the fields.
    fn clear(&mut self, field: &str);

    /// Does to the answer to the request `sent` what the fields of this request demand that were left out of it.
    fn complete(&self, sent: &Self, answer: &mut Self::Answer);
}

impl OwnFields for GetActiveJobsParam {
    const TYPE: &'static str = "GetActiveJobsParam";
    const FIELDS: &'static [&'static str] = &["includeWaitingJobs"];

    fn clear(&mut self, _: &str) {
        self.include_waiting_jobs = None;
    }

    fn complete(&self, _: &Self, _: &mut GetActiveJobsReturn) {}
}

impl OwnFields for GetJobLogDetailsParam {
    const TYPE: &'static str = "GetJobLogDetailsParam";
    const FIELDS: &'static [&'static str] =
        &["logTypeArray", "recordsPerPage", "resultsPage", "sortBy", "sortDirection"];

    fn clear(&mut self, field: &str) {
        match field {
            "logTypeArray" => self.log_type_array = None,
            "recordsPerPage" => self.records_per_page = None,
            "resultsPage" => self.results_page = None,
            "sortBy" => self.sort_by = None,
            _ => self.sort_direction = None,
        }
    }

    fn complete(&self, sent: &Self, answer: &mut GetJobLogDetailsReturn) {
        for log in &mut answer.job_log_array {
            if let Some(entries) = &mut log.detail_array {
                let total = self.complete_entries(sent, entries);
                log.detail_total_rows = total.or(log.detail_total_rows);
            }
        }
    }
}

impl GetJobLogDetailsParam {
    /// Filters, sorts and pages the entries of a log as far as IPS was not asked to; returns their total number on all pages, if that is known.
    fn complete_entries(&self, sent: &Self, entries: &mut Vec<JobLogDetail>) -> Option<i64> {
        if let (Some(types), None) = (&self.log_type_array, &sent.log_type_array) {
            entries.retain(|entry| entry.log_type.as_ref().is_some_and(|log_type| types.contains(log_type)));
        }
        if sent.sort_by.is_none() && sent.sort_direction.is_none() {
            self.sort(entries);
        }
        let (Some(size), None) = (self.records_per_page, sent.records_per_page) else { return None };
        let total = i64::try_from(entries.len()).ok();
        let size = usize::try_from(size).unwrap_or_default();
        let page = usize::try_from(self.results_page.unwrap_or(1)).unwrap_or(1);
        entries.drain(..page.saturating_sub(1).saturating_mul(size).min(entries.len()));
        entries.truncate(size);
        total
    }

    /// Sorts entries; IPS returns them by date, ascending, and not every version dates them.
    fn sort(&self, entries: &mut [JobLogDetail]) {
        if self.sort_by.as_deref() == Some("LogType") {
            entries.sort_by(|one, other| one.log_type.cmp(&other.log_type));
        }
        if self.sort_direction.as_deref() == Some("Descending") {
            entries.reverse();
        }
    }
}
