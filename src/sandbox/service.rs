//! From the bytes of a request to the bytes of its answer, without HTTP.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::ExposeSecret as _;

use super::operations::Call;
use super::users::{self, USERS, User};
use super::world::World;
use super::{faults, history, operations};
use crate::clock::Clock;
use crate::ips::soap::{self, AuthHeader, FaultCode, Request};
use crate::ips::types::*;

/// What HTTP adds to the body of a request.
#[derive(Debug, Default)]
pub(super) struct Headers<'a> {
    pub content_type: Option<&'a str>,
    pub soap_action: Option<&'a str>,
    pub authorization: Option<&'a str>,
    pub accept_language: Option<&'a str>,
}

/// An answer, or a fault with the HTTP status that it is to have.
pub(super) enum Outcome {
    Answer(Vec<u8>),
    Fault { status: u16, body: Vec<u8> },
}

/// Why a request got no answer; `status` is what a planned failure is to have, else the caller or the default decides.
struct Refusal {
    fault: Fault,
    status: Option<u16>,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self { fault, status: None }
    }
}

/// The service: the world, its clock, what was asked of it, and what is to fail.
#[derive(Debug)]
pub(super) struct Service {
    pub version: ApiVersion,
    pub clock: Clock,
    world: Mutex<World>,
    calls: Mutex<BTreeMap<&'static str, u64>>,
    failures: Mutex<HashMap<String, VecDeque<(Fault, u16)>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Service {
    pub fn new(version: ApiVersion, clock: Clock, world: World) -> Self {
        Self { version, clock, world: Mutex::new(world), calls: Mutex::default(), failures: Mutex::default() }
    }

    /// How often each operation was called.
    pub fn calls(&self) -> BTreeMap<&'static str, u64> {
        lock(&self.calls).clone()
    }

    /// Plans a fault for the next call of an operation; several are raised one after the other.
    pub fn fail_next(&self, operation: &str, fault: Fault, status: u16) {
        lock(&self.failures).entry(operation.into()).or_default().push_back((fault, status));
    }

    /// Answers one request.
    pub fn answer(&self, body: &[u8], headers: &Headers<'_>) -> Outcome {
        let request = match Request::parse(body, headers.content_type) {
            Ok(request) => request,
            Err(error) => return refuse(&faults::invalid_xml(format_args!("Invalid request XML: {error}")), None),
        };
        match self.dispatch(&request, headers) {
            Ok(answer) => Outcome::Answer(answer),
            Err(Refusal { fault, status }) => {
                let asked = request.auth().fault_http_status_code.and_then(|status| u16::try_from(status).ok());
                refuse(&fault, status.or(asked))
            }
        }
    }

    fn dispatch(&self, request: &Request<'_>, headers: &Headers<'_>) -> Result<Vec<u8>, Refusal> {
        macro_rules! dispatch {
            ($($param:ident => $operation:path;)+) => {
                match request.root() {
                    $(<$param as Operation>::REQUEST => self.run::<$param>(request, headers, $operation),)+
                    other => Err(faults::invalid_xml(format_args!("Invalid request XML: {other} belongs to no operation")).into()),
                }
            };
        }
        dispatch! {
            SubmitJobParam => operations::submit_job;
            GetActiveJobsParam => operations::get_active_jobs;
            GetScheduledJobsParam => operations::get_scheduled_jobs;
            GetJobLogsParam => history::get_job_logs;
            GetJobLogDetailsParam => history::get_job_log_details;
            GetArchivedJobLogDetailsParam => history::get_archived_job_log_details;
            GetAssetJobLogsParam => operations::get_asset_job_logs;
            GetAssetArchivedJobLogsParam => operations::get_asset_archived_job_logs;
            StopJobParam => operations::stop_job;
            PauseJobParam => operations::pause_job;
            ResumeJobParam => operations::resume_job;
            ExecuteJobParam => operations::execute_job;
            DeleteJobParam => operations::delete_job;
            GetCompanyInfoParam => operations::get_company_info;
            GetCompanyMembershipParam => operations::get_company_membership;
            CheckLoginParam => operations::check_login;
        }
    }

    fn run<T: Operation>(
        &self,
        request: &Request<'_>,
        headers: &Headers<'_>,
        operation: fn(T, &mut Call<'_>) -> Result<T::Answer, Fault>,
    ) -> Result<Vec<u8>, Refusal> {
        *lock(&self.calls).entry(T::NAME).or_default() += 1;
        let planned = lock(&self.failures).get_mut(T::NAME).and_then(VecDeque::pop_front);
        if let Some((fault, status)) = planned {
            return Err(Refusal { fault, status: Some(status) });
        }
        self.check_namespace(request)?;
        check_action::<T>(headers.soap_action)?;
        let param =
            request.read::<T>().map_err(|error| faults::invalid_xml(format_args!("Invalid request XML: {error}")))?;
        self.check_version(&param)?;
        let user = authenticate(request.auth(), headers.authorization)?;
        let language = headers.accept_language.and_then(|languages| languages.split([',', ';']).next()).map(str::trim);
        let locale =
            request.auth().locale.as_deref().or(language).filter(|locale| !locale.is_empty() && *locale != "*");
        let answer = {
            let mut world = lock(&self.world);
            world.advance(self.clock.now());
            operation(param, &mut Call { world: &mut world, user, operation: T::NAME, locale })?
        };
        let unwritable =
            |error| faults::exception(format_args!("The answer can't be written in this API version: {error}"));
        Ok(soap::write_answer::<T>(&answer, &self.version).map_err(unwritable)?)
    }

    fn check_namespace(&self, request: &Request<'_>) -> Result<(), Fault> {
        let expected = self.version.namespace();
        if request.namespace() == expected {
            return Ok(());
        }
        Err(faults::invalid_xml(format_args!(
            "Invalid request XML: {} is in namespace {:?}, but this service speaks {expected:?}",
            request.root(),
            request.namespace()
        )))
    }

    /// Refuses what came with a later API version. Writing the request anew finds it: the codec knows every field's version.
    fn check_version<T: Operation>(&self, param: &T) -> Result<(), Fault> {
        match soap::write_request(param, &self.version, &AuthHeader::default()) {
            Ok(_) => Ok(()),
            Err(error) => Err(faults::invalid_xml(format_args!("Invalid request XML: {error}"))),
        }
    }
}

fn refuse(fault: &Fault, status: Option<u16>) -> Outcome {
    let status = status.filter(|status| (200..600).contains(status)).unwrap_or(500);
    let blame = if fault.code == Some(30000) { FaultCode::Server } else { FaultCode::Client };
    Outcome::Fault { status, body: soap::write_fault(fault, blame) }
}

fn check_action<T: Operation>(action: Option<&str>) -> Result<(), Fault> {
    let action = action.unwrap_or_default().trim_matches('"');
    if action.is_empty() || action == T::NAME {
        return Ok(());
    }
    Err(faults::invalid_xml(format_args!(
        "Invalid request XML: SOAPAction is {action:?}, but the body holds {}",
        T::REQUEST
    )))
}

/// Who calls: an access token counts before user and password, and those before HTTP Basic.
fn authenticate(auth: &AuthHeader, authorization: Option<&str>) -> Result<&'static User, Fault> {
    let user = if let Some(token) = &auth.access_token {
        let token = token.expose_secret();
        USERS.into_iter().find(|user| user.access_token == token).ok_or_else(faults::invalid_credentials)?
    } else if let Some(email) = &auth.user {
        by_password(email, auth.password.as_ref().map_or("", |password| password.expose_secret()))?
    } else if let Some((email, password)) = authorization.and_then(basic) {
        by_password(&email, &password)?
    } else {
        return Err(faults::no_credentials());
    };
    if user.active { Ok(user) } else { Err(faults::invalid_user(user.email)) }
}

fn by_password(email: &str, password: &str) -> Result<&'static User, Fault> {
    let user = users::by_email(email).ok_or_else(|| faults::invalid_user(email))?;
    if user.password == password { Ok(user) } else { Err(faults::invalid_credentials()) }
}

/// User and password of an `Authorization: Basic` header.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = BASE64_STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.into(), password.into()))
}
