//! Calls of a run, within its limits.

use std::any::Any;
use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::findings::Findings;
use super::redaction::{Pseudonyms, message};
use crate::ips::types::{Fault, FaultClass, FaultName, Operation};
use crate::upstream::{
    BadItem, Caller, Deviation, DeviationKind, Failure, InspectedAnswer, IpsClient, UpstreamError, WriteReason,
};

/// Maximum number of calls of a run.
pub(super) const MAX_CALLS: usize = 64;
/// Maximum time of a run without the time for which it watches jobs.
const MAX_TIME: Duration = Duration::from_mins(3);
/// Maximum size of all answers, in bytes.
const MAX_BYTES: usize = 64 << 20;

type InspectionResult = Result<InspectedAnswer, UpstreamError>;

/// Calls of a run, and what they found.
pub(super) struct Session {
    client: Arc<IpsClient>,
    pub(super) caller: Caller,
    pub(super) pseudonyms: Pseudonyms,
    pub(super) findings: Findings,
    pub(super) operations: BTreeMap<&'static str, OperationRecord>,
    deadline: Instant,
    pub(super) bytes: usize,
    /// Why the run ended before its last call.
    pub(super) stopped: Option<Stop>,
    /// Name of the submitted job, if it may still be scheduled.
    pub(super) leftover: Option<String>,
}

/// What was seen of an operation.
#[derive(Debug, Default)]
pub(super) struct OperationRecord {
    pub(super) calls: usize,
    pub(super) answers: usize,
    /// Faults by name and code.
    pub(super) faults: BTreeMap<String, usize>,
    pub(super) slowest: Duration,
}

/// Reason of the early end of a run.
#[derive(Debug, Clone)]
pub(super) enum Stop {
    /// A limit of the run.
    Limit(&'static str),
    /// IPS rejects the credentials.
    Credentials(String),
    /// IPS gave no answer: code of the failure, and its message, which is not part of the report.
    NoAnswer { code: &'static str, message: String },
}

/// Call without an answer.
#[derive(Debug)]
pub(super) enum CallError {
    /// IPS answered with a fault.
    Fault(Fault),
    /// The API version lacks the operation or a field.
    Lacked(String),
    /// The answer could not be read.
    Unreadable,
    /// The run has ended.
    Stopped,
}

impl CallError {
    /// Returns the observation that the error is; `None` if nothing was observed.
    pub(super) fn observation(&self) -> Option<String> {
        match self {
            Self::Fault(fault) => Some(format!("refused: {}", fault_name(fault))),
            Self::Lacked(needed) => Some(format!("not sent: the API version lacks it ({needed})")),
            Self::Unreadable => Some("the answer could not be read".to_owned()),
            Self::Stopped => None,
        }
    }
}

/// Returns name and code of a fault, without its reason, which may contain names.
fn fault_name(fault: &Fault) -> String {
    let name = match &fault.name {
        FaultName::Other(_) => "another fault",
        documented => documented.as_str(),
    };
    match fault.code {
        Some(code) => format!("{name} {code}"),
        None => format!("{name} without code"),
    }
}

impl Session {
    /// Creates a session without any call.
    pub(super) fn new(client: IpsClient, caller: Caller, pseudonyms: Pseudonyms, watch: Duration) -> Self {
        Self {
            client: Arc::new(client),
            caller,
            pseudonyms,
            findings: Findings::default(),
            operations: BTreeMap::new(),
            deadline: Instant::now() + MAX_TIME + watch,
            bytes: 0,
            stopped: None,
            leftover: None,
        }
    }

    /// Returns the number of calls so far.
    pub(super) fn calls(&self) -> usize {
        self.operations.values().map(|record| record.calls).sum()
    }

    /// Makes a call whose request IPS documents as valid: a fault other than a missing permission is a deviation.
    ///
    /// # Errors
    /// No answer.
    pub(super) async fn expect<T>(&mut self, request: &T) -> Result<T::Answer, CallError>
    where
        T: Operation<Answer: 'static>,
    {
        let answer = self.attempt(request).await;
        if let Err(CallError::Fault(fault)) = &answer
            && fault.class() != FaultClass::Permission
        {
            let detail = fault_name(fault);
            self.deviate(T::NAME, DeviationKind::UnexpectedFault, detail);
        }
        answer
    }

    /// Makes a call that IPS may refuse.
    ///
    /// # Errors
    /// No answer.
    pub(super) async fn attempt<T>(&mut self, request: &T) -> Result<T::Answer, CallError>
    where
        T: Operation<Answer: 'static>,
    {
        let caller = self.caller.clone();
        self.attempt_as(&caller, request).await
    }

    /// Makes a call of another caller that IPS may refuse.
    ///
    /// # Errors
    /// No answer.
    ///
    /// # Panics
    /// Never: the answer of a call of `T` is the answer of `T`.
    pub(super) async fn attempt_as<T>(&mut self, caller: &Caller, request: &T) -> Result<T::Answer, CallError>
    where
        T: Operation<Answer: 'static>,
    {
        let client = Arc::clone(&self.client);
        let call = pin!(client.inspect(caller, request));
        let answer = self.make(T::NAME, call).await?;
        Ok(*answer.downcast::<T::Answer>().expect("an inspection of T returns the answer of T"))
    }

    /// Makes a call within the limits, and notes what it shows.
    async fn make(
        &mut self,
        operation: &'static str,
        call: Pin<&mut (dyn Future<Output = InspectionResult> + Send)>,
    ) -> Result<Box<dyn Any + Send>, CallError> {
        self.check_limits()?;
        let started = Instant::now();
        let result = tokio::time::timeout_at(self.deadline, call).await;
        let Ok(result) = result else { return Err(self.stop(Stop::Limit("time"))) };
        let is_sent = !matches!(&result, Err(error) if matches!(error.failure, Failure::Unwritable { .. }));
        let record = self.operations.entry(operation).or_default();
        record.calls += usize::from(is_sent);
        record.slowest = record.slowest.max(started.elapsed());
        match result {
            Ok(inspected) => {
                record.answers += 1;
                Ok(self.accept(operation, inspected))
            }
            Err(error) => Err(self.reject(operation, error.failure)),
        }
    }

    fn check_limits(&mut self) -> Result<(), CallError> {
        if self.stopped.is_none() {
            let limits = [(self.calls() >= MAX_CALLS, "calls"), (self.bytes >= MAX_BYTES, "bytes")];
            let is_late = (Instant::now() >= self.deadline, "time");
            self.stopped = limits
                .into_iter()
                .chain([is_late])
                .find(|(is_reached, _)| *is_reached)
                .map(|(_, limit)| Stop::Limit(limit));
        }
        if self.stopped.is_some() { Err(CallError::Stopped) } else { Ok(()) }
    }

    fn stop(&mut self, stop: Stop) -> CallError {
        self.stopped = Some(stop);
        CallError::Stopped
    }

    /// Notes what an answer shows.
    fn accept(&mut self, operation: &'static str, inspected: InspectedAnswer) -> Box<dyn Any + Send> {
        let InspectedAnswer { value, json, bad_items, deviations, bytes } = inspected;
        self.bytes += bytes;
        if deviations.is_empty() {
            for BadItem { path, reason } in bad_items {
                let path =
                    path.chars().filter(|character| !character.is_ascii_digit()).collect::<String>().replace("[]", "");
                let kind = DeviationKind::UnreadableValue;
                self.findings.deviate(operation, Deviation { kind, path, detail: message(&reason), value: None });
            }
        }
        for deviation in deviations {
            self.findings.deviate(operation, deviation);
        }
        self.findings.note(operation, &json);
        value
    }

    /// Notes what a failure shows.
    fn reject(&mut self, operation: &'static str, failure: Failure) -> CallError {
        match failure {
            Failure::Fault(fault) => {
                let name = fault_name(&fault);
                *self.operations.entry(operation).or_default().faults.entry(name.clone()).or_default() += 1;
                if fault.class() == FaultClass::Unknown {
                    self.deviate(operation, DeviationKind::UndocumentedFault, name.clone());
                }
                if fault.class() == FaultClass::Authentication {
                    self.stopped = Some(Stop::Credentials(name));
                }
                CallError::Fault(fault)
            }
            Failure::Unwritable { reason, .. } => match *reason {
                WriteReason::Version { versions, .. } | WriteReason::Operation { versions, .. } => {
                    CallError::Lacked(versions.to_string())
                }
                reason => CallError::Lacked(message(&reason.to_string())),
            },
            Failure::Malformed { reason, .. } => {
                self.deviate(operation, DeviationKind::UnreadableAnswer, message(&reason));
                CallError::Unreadable
            }
            Failure::TooLarge(limit) => {
                self.deviate(operation, DeviationKind::UnreadableAnswer, format!("larger than {limit} bytes"));
                CallError::Unreadable
            }
            failure => self.stop(Stop::NoAnswer { code: failure.code(), message: failure.to_string() }),
        }
    }

    fn deviate(&mut self, operation: &'static str, kind: DeviationKind, detail: String) {
        self.findings.deviate(operation, Deviation { kind, path: String::new(), detail, value: None });
    }

    /// Answers a question with the description of an answer, or with the error.
    pub(super) fn observe<A>(
        &mut self,
        question: &'static str,
        result: &Result<A, CallError>,
        describe: impl FnOnce(&A) -> String,
    ) {
        let observed = match result {
            Ok(answer) => Some(describe(answer)),
            Err(error) => error.observation(),
        };
        if let Some(observed) = observed {
            self.findings.observe(question, observed);
        }
    }
}
