//! Adaptation of reads to the API version: the gateway sends only the fields that the version has, and does the work of the others itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::own_fields::OwnFields;
use crate::ips::types::*;
use crate::upstream::api::{Call, IpsAnswer, IpsApi, forward_operations};
use crate::upstream::caller::Caller;
use crate::upstream::error::UpstreamError;
use crate::upstream::health::{OmissionReason, OmittedField, UpstreamHealth};

/// Treatment of the gateway's own fields that the API version may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownFields {
    /// Left out (the default).
    #[default]
    Omit,
    /// Sent until IPS refuses them (fault 30003); then left out for the life of the process.
    Try,
}

/// Decorator of [`IpsApi`] that adapts reads to an API version.
pub struct VersionAdapter {
    upstream: Arc<dyn IpsApi>,
    active_jobs: OperationFields,
    job_log_details: OperationFields,
}

/// Own fields of one operation that not every version has.
struct OperationFields {
    operation: &'static str,
    /// Fields that are never sent.
    omitted: Vec<(&'static str, OmissionReason)>,
    /// Fields that are sent until IPS refuses them.
    tried: Vec<&'static str>,
    /// Whether IPS refused the tried fields.
    refused: AtomicBool,
}

impl OperationFields {
    fn new<T: OwnFields>(version: &ApiVersion, unknown_fields: UnknownFields) -> Self {
        let (mut omitted, mut tried) = (Vec::new(), Vec::new());
        for &field in T::FIELDS {
            match (version.availability(T::TYPE, field), unknown_fields) {
                (Availability::Has, _) => {}
                (Availability::Lacks, _) => omitted.push((field, OmissionReason::Lacked)),
                (Availability::Unknown, UnknownFields::Omit) => omitted.push((field, OmissionReason::Unknown)),
                (Availability::Unknown, UnknownFields::Try) => tried.push(field),
            }
        }
        Self { operation: T::NAME, omitted, tried, refused: AtomicBool::new(false) }
    }

    fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// Records the refusal of the tried fields; logs the first one.
    fn refuse(&self) {
        if !self.refused.swap(true, Ordering::Relaxed) {
            let (operation, fields) = (self.operation, self.tried.join(", "));
            tracing::warn!(
                operation,
                fields,
                "IPS refused fields that its API version may lack: they are no longer sent"
            );
        }
    }

    /// Returns the fields that are left out at present.
    fn omissions(&self) -> impl Iterator<Item = OmittedField> {
        let refused = self.tried.iter().filter(|_| self.is_refused()).map(|field| (*field, OmissionReason::Refused));
        let omitted = self.omitted.iter().copied().chain(refused);
        omitted.map(|(field, reason)| OmittedField { operation: self.operation, field, reason })
    }

    /// Makes a call without the omitted fields; once more without the tried ones if IPS refuses them.
    async fn call<T, F>(&self, request: &T, call: impl Fn(T) -> F) -> Result<IpsAnswer<T::Answer>, UpstreamError>
    where
        T: OwnFields,
        F: Future<Output = Result<IpsAnswer<T::Answer>, UpstreamError>>,
    {
        let mut reduced = request.clone();
        for omission in self.omissions() {
            reduced.clear(omission.field);
        }
        let mut without_tried = reduced.clone();
        self.tried.iter().for_each(|field| without_tried.clear(field));
        let is_trial = without_tried != reduced;
        let mut sent = reduced.clone();
        let mut answer = match call(reduced).await {
            Err(error) if is_trial && error.fault_class() == Some(FaultClass::InvalidXml) => {
                sent = without_tried.clone();
                // A second refusal has another cause, which the first error tells as well.
                let answer = call(without_tried).await.map_err(|_| error)?;
                self.refuse();
                answer
            }
            answer => answer?,
        };
        request.complete(&sent, &mut answer.value);
        Ok(answer)
    }
}

impl VersionAdapter {
    /// Adapts the reads of `upstream` to the API version that it speaks.
    #[must_use]
    pub fn new(upstream: Arc<dyn IpsApi>, version: &ApiVersion, unknown_fields: UnknownFields) -> Self {
        Self {
            upstream,
            active_jobs: OperationFields::new::<GetActiveJobsParam>(version, unknown_fields),
            job_log_details: OperationFields::new::<GetJobLogDetailsParam>(version, unknown_fields),
        }
    }
}

macro_rules! adapt_or_forward {
    ($adapter:ident, get_active_jobs, $caller:ident, $request:ident) => {
        adapt_or_forward!(@ $adapter, active_jobs, get_active_jobs, $caller, $request)
    };
    ($adapter:ident, get_job_log_details, $caller:ident, $request:ident) => {
        adapt_or_forward!(@ $adapter, job_log_details, get_job_log_details, $caller, $request)
    };
    ($adapter:ident, $method:ident, $caller:ident, $request:ident) => {
        $adapter.upstream.$method($caller, $request)
    };
    (@ $adapter:ident, $fields:ident, $method:ident, $caller:ident, $request:ident) => {
        async move {
            let call = move |request| async move { $adapter.upstream.$method($caller, &request).await };
            $adapter.$fields.call($request, call).await
        }
    };
}

impl IpsApi for VersionAdapter {
    fn health(&self) -> UpstreamHealth {
        self.upstream.health()
    }

    fn omitted_fields(&self) -> Vec<OmittedField> {
        self.active_jobs.omissions().chain(self.job_log_details.omissions()).collect()
    }

    fn has_accepted(&self, caller: &Caller) -> bool {
        self.upstream.has_accepted(caller)
    }

    fn check_submit(&self, request: &SubmitJobParam) -> Result<(), UpstreamError> {
        self.upstream.check_submit(request)
    }

    for_each_operation!(forward_operations { adapt_or_forward });
}
