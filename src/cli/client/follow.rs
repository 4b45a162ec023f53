//! Jobs and lists that are followed by long polls, over outages of the gateway.
//!
//! Long polls, not the event stream: an answer is the whole state, so that nothing has to be resumed after an outage, and proxies that hold back streams
//! let it through. A state that lasts less than a round trip may not be seen; the last one always is.

use std::future::Future;
use std::time::{Duration, Instant};

use clap::ArgMatches;
use reqwest::header::{HeaderName, HeaderValue, IF_NONE_MATCH};
use serde_json::Value;

use super::args;
use super::connection::{GatewayConnection, GatewayRequest, job_path};
use super::error::ClientError;
use super::members::{FollowedEnd, JobMembers};
use super::output::ProgressOutput;

/// Longest wait that the gateway applies.
const WAIT: &str = "wait=50";
/// Minimum time between two requests if nothing changed: a gateway that shuts down answers long polls at once.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// First and longest pause of the back-off.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Time for which a job that was seen may be missing: a gateway that was restarted does not know of a submit that no list of IPS has yet.
const MISSING_GRACE: Duration = Duration::from_secs(10);

/// Limits of following.
#[derive(Debug, Clone, Copy)]
pub(super) struct FollowLimits {
    pub(super) end: FollowedEnd,
    timeout: Option<Duration>,
    /// Time for which requests are repeated while the gateway gives no answer.
    pub(super) retry_for: Duration,
    /// Whether the job was submitted by this command, and exists for certain.
    is_submitted: bool,
}

impl FollowLimits {
    pub(super) fn new(matches: &ArgMatches) -> Self {
        let duration = |id: &str| matches.get_one::<Duration>(id).copied();
        let is_job = matches.get_one::<String>("until").is_some_and(|end| end == "job");
        Self {
            end: if is_job { FollowedEnd::Job } else { FollowedEnd::Chain },
            timeout: duration("timeout"),
            retry_for: duration("retry-for").unwrap_or_default(),
            is_submitted: false,
        }
    }

    /// The same limits for a job that this command has submitted.
    pub(super) fn of_submitted_job(self) -> Self {
        Self { is_submitted: true, ..self }
    }
}

/// Follows a job to its end and returns it.
pub(super) async fn follow_job(
    connection: &GatewayConnection,
    id: &str,
    limits: FollowLimits,
    output: &mut ProgressOutput,
) -> Result<Value, ClientError> {
    let following = async {
        let mut poll = Poll::new(connection, GatewayRequest::get(job_path(id)), limits);
        let mut is_first = true;
        loop {
            let job = poll.next(output).await?;
            if std::mem::take(&mut is_first)
                && let Some(text) = JobMembers(&job).waits_for_schedule()
            {
                output.note(&text);
            }
            output.job(&job)?;
            if JobMembers(&job).outcome(limits.end).is_some() {
                return Ok(job);
            }
        }
    };
    let again = format!("the job goes on; to follow it again: ips-gateway jobs wait '{id}'");
    let result = interruptible(following, limits.timeout, &again).await;
    output.end();
    result
}

/// Follows a list until an error or Ctrl-C.
pub(super) async fn follow_list(
    connection: &GatewayConnection,
    matches: &ArgMatches,
    output: &mut ProgressOutput,
) -> Result<(), ClientError> {
    let limits = FollowLimits::new(matches);
    let following = async {
        let request = GatewayRequest::get("jobs").query(args::query(matches));
        let mut poll = Poll::new(connection, request, limits);
        loop {
            let list = poll.next(output).await?;
            output.list(&list)?;
        }
    };
    let result = interruptible(following, limits.timeout, "no longer watching; the jobs go on").await;
    output.end();
    result
}

/// Runs a future until Ctrl-C or the timeout; `message` is the text of both errors.
async fn interruptible<T>(
    future: impl Future<Output = Result<T, ClientError>>,
    timeout: Option<Duration>,
    message: &str,
) -> Result<T, ClientError> {
    let timeout = async {
        match timeout {
            Some(timeout) => tokio::time::sleep(timeout).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        result = future => result,
        Ok(()) = tokio::signal::ctrl_c() => Err(ClientError::Interrupted(message.to_owned())),
        () = timeout => Err(ClientError::TimedOut(format!("time limit reached; {message}"))),
    }
}

/// States of a resource, one after the other.
struct Poll<'a> {
    connection: &'a GatewayConnection,
    request: GatewayRequest,
    retry_for: Duration,
    is_seen: bool,
    /// Since when the answer is that there is no such job.
    missing_since: Option<Instant>,
}

impl<'a> Poll<'a> {
    fn new(connection: &'a GatewayConnection, request: GatewayRequest, limits: FollowLimits) -> Self {
        Self { connection, request, retry_for: limits.retry_for, is_seen: limits.is_submitted, missing_since: None }
    }

    /// Returns the next state, the first one at once.
    async fn next(&mut self, output: &mut ProgressOutput) -> Result<Value, ClientError> {
        let mut retries = Retries::new(self.retry_for);
        loop {
            let sent = Instant::now();
            match self.connection.send(&self.request).await {
                // A proxy that drops conditions makes the gateway answer with the same state.
                Ok(answer) if answer.is_unchanged || self.has(answer.entity_tag.as_ref()) => {
                    retries = Retries::new(self.retry_for);
                    tokio::time::sleep(MIN_INTERVAL.saturating_sub(sent.elapsed())).await;
                }
                Ok(answer) => {
                    let state = answer.json()?;
                    self.is_seen = true;
                    self.missing_since = None;
                    if let Some(tag) = answer.entity_tag {
                        self.request.set_header(IF_NONE_MATCH, tag);
                        self.request.set_header(HeaderName::from_static("prefer"), HeaderValue::from_static(WAIT));
                    } else {
                        tokio::time::sleep(MIN_INTERVAL.saturating_sub(sent.elapsed())).await;
                    }
                    return Ok(state);
                }
                Err(error) => self.pause(error, &mut retries, output).await?,
            }
        }
    }

    /// Whether the last state has this entity tag.
    fn has(&self, tag: Option<&HeaderValue>) -> bool {
        tag.is_some() && tag == self.request.header_value(&IF_NONE_MATCH)
    }

    /// Waits before the next attempt. Returns the error if there is to be none.
    async fn pause(
        &mut self,
        error: ClientError,
        retries: &mut Retries,
        output: &mut ProgressOutput,
    ) -> Result<(), ClientError> {
        match &error {
            ClientError::Refused(refusal) if refusal.code() == "job-not-found" => {
                let elapsed = self.missing_since.get_or_insert_with(Instant::now).elapsed();
                if self.is_seen && elapsed < MISSING_GRACE && retries.pause(&error, output).await.is_ok() {
                    return Ok(());
                }
                return Err(ClientError::Lost(format!("the job is gone, and its outcome is not known: {error}")));
            }
            // A wrong address is reported at once.
            ClientError::Unreachable(_) if !self.is_seen => return Err(error),
            _ if error.is_transient() => {}
            _ if self.is_seen => return Err(ClientError::Lost(format!("the job may go on, but: {error}"))),
            _ => return Err(error),
        }
        retries.pause(&error, output).await.map_err(|()| {
            ClientError::Lost(format!("gave up; the job may go on, and its outcome is not known: {error}"))
        })
    }
}

/// Pauses between attempts: exponential back-off, at least `Retry-After`.
pub(super) struct Retries {
    /// Time of the first failed attempt.
    began: Option<Instant>,
    limit: Duration,
    pause: Duration,
}

impl Retries {
    pub(super) fn new(limit: Duration) -> Self {
        Self { began: None, limit, pause: FIRST_PAUSE }
    }

    /// Prints a note and waits.
    ///
    /// # Errors
    /// The time limit is reached.
    pub(super) async fn pause(&mut self, error: &ClientError, output: &mut ProgressOutput) -> Result<(), ()> {
        let elapsed = self.began.get_or_insert_with(Instant::now).elapsed();
        let left = self.limit.checked_sub(elapsed).filter(|left| !left.is_zero()).ok_or(())?;
        let asked = match error {
            ClientError::Refused(refusal) => refusal.retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        let pause = self.pause.max(asked).min(left);
        output.note(&format!("{error}; next attempt in {:.1} s", pause.as_secs_f64()));
        tokio::time::sleep(pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}
