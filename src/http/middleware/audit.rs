//! Audit records of requests that change jobs.

use std::sync::Arc;

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;

use crate::http::request_context::{PrincipalCell, RequestId};
use crate::runtime::clock::Clock;
use crate::telemetry::audit::{AuditLog, AuditRecord};

/// Maximum length of the job in a record, in bytes: job ids and handles are shorter.
const MAX_JOB_LENGTH: usize = 1024;

/// Audit log of the requests.
pub struct Auditor {
    /// Log.
    pub log: Arc<AuditLog>,
    /// Wall clock.
    pub clock: Clock,
}

impl Auditor {
    /// Starts the record of a request of this route; `None` if it changes no job, or if it is not authenticated: such a request changes nothing, and
    /// anyone can send any number of them.
    pub fn start(
        &self,
        request: &ServiceRequest,
        route: &str,
        request_id: &RequestId,
        principal: &PrincipalCell,
    ) -> Option<AuditRecord> {
        let principal = Arc::clone(principal.name()?);
        let action = action_of(request.method(), route)?;
        let job = job_of(request.path());
        Some(AuditRecord::start(
            Arc::clone(&self.log),
            self.clock.now(),
            request_id.as_str().to_owned(),
            principal,
            action,
            job,
        ))
    }
}

/// Returns the operation of IPS that a request of this route asks for; `None` if it changes no job.
fn action_of(method: &Method, route: &str) -> Option<&'static str> {
    let (_, path) = route.split_once("/jobs")?;
    match (method, path) {
        (&Method::POST, "" | "/{job}/retry") => Some("submitJob"),
        (&Method::DELETE, "/{job}") => Some("deleteJob"),
        (&Method::POST, "/{job}/stop") => Some("stopJob"),
        (&Method::POST, "/{job}/pause") => Some("pauseJob"),
        (&Method::POST, "/{job}/resume") => Some("resumeJob"),
        (&Method::POST, "/{job}/execute") => Some("executeJob"),
        _ => None,
    }
}

/// Returns the job in the path, percent-encoded as the client sent it.
fn job_of(path: &str) -> Option<String> {
    let (_, rest) = path.rsplit_once("/jobs/")?;
    let job = rest.split('/').next()?;
    Some(job.chars().take(MAX_JOB_LENGTH).collect())
}
