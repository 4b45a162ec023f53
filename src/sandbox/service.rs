//! SOAP service without HTTP: authenticates a request, dispatches it to its operation and writes the answer or fault.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::ExposeSecret as _;

use super::operations::Call;
use super::script::{Effect, RunningScript};
use super::state::State;
use super::users::{self, USERS, User};
use super::{faults, operations};
use crate::ips::codec::{ReadError, WriteError};
use crate::ips::soap::{self, AuthHeader, FaultCode, Request};
use crate::ips::types::*;
use crate::runtime::clock::Clock;

/// HTTP headers of a request that the service evaluates.
#[derive(Debug, Default)]
pub(super) struct Headers<'a> {
    pub content_type: Option<&'a str>,
    pub soap_action: Option<&'a str>,
    pub authorization: Option<&'a str>,
    pub accept_language: Option<&'a str>,
}

/// Form of requests and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// SOAP 1.1 envelopes.
    Soap,
    /// A `Request` element, answered by the element of the answer or of the fault.
    Bare,
}

impl Door {
    fn parse<'a>(self, body: &'a [u8], content_type: Option<&str>) -> Result<Request<'a>, ReadError> {
        match self {
            Self::Soap => Request::parse(body, content_type),
            Self::Bare => Request::parse_bare(body, content_type),
        }
    }

    fn write<T: Operation>(self, answer: &T::Answer, version: &ApiVersion) -> Result<Vec<u8>, WriteError> {
        match self {
            Self::Soap => soap::write_answer::<T>(answer, version),
            Self::Bare => soap::write_bare_answer::<T>(answer, version),
        }
    }

    fn fault(self, fault: &Fault, status: Option<u16>) -> Reply {
        let status = status.filter(|status| (200..600).contains(status)).unwrap_or(500);
        let faultcode = if fault.code == Some(30000) { FaultCode::Server } else { FaultCode::Client };
        let body = match self {
            Self::Soap => soap::write_fault(fault, faultcode),
            Self::Bare => soap::write_bare_fault(fault),
        };
        Reply::xml(status, body)
    }

    /// Returns the fault of a request that can't be read.
    fn refuse(self, error: &ReadError) -> Reply {
        if !soap::is_version_mismatch(error) {
            return self.fault(&faults::invalid_xml(format_args!("Invalid request XML: {error}")), None);
        }
        Reply::xml(500, soap::write_fault(&faults::version_mismatch(error), FaultCode::VersionMismatch))
    }
}

/// HTTP response to a request.
pub(super) struct Reply {
    pub status: u16,
    pub content: Content,
    /// Time to wait before it is sent.
    pub delay: Duration,
}

/// Content of a response.
pub(super) enum Content {
    Xml(Vec<u8>),
    Html(&'static str),
    /// The connection is closed in the middle of this XML.
    CutOff(Vec<u8>),
    /// The connection is closed without a response. For the duration of an outage, new connections are refused.
    Nothing {
        outage: Option<Duration>,
    },
}

impl Reply {
    fn xml(status: u16, body: Vec<u8>) -> Self {
        Self { status, content: Content::Xml(body), delay: Duration::ZERO }
    }

    /// Replaces XML by another content.
    fn map(self, convert: impl FnOnce(Vec<u8>) -> Content) -> Self {
        match self.content {
            Content::Xml(body) => Self { content: convert(body), ..self },
            _ => self,
        }
    }
}

/// Page of a proxy whose service is unavailable.
const UNAVAILABLE: &str = "<html><head><title>503 Service Temporarily Unavailable</title></head>\n\
    <body><center><h1>503 Service Temporarily Unavailable</h1></center></body></html>\n";

/// Fault with the HTTP status of an injected failure; without one, the caller's `faultHttpStatusCode` or 500 applies.
struct Failure {
    fault: Fault,
    status: Option<u16>,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { fault, status: None }
    }
}

/// Request under processing.
struct Context<'a> {
    request: &'a Request<'a>,
    headers: &'a Headers<'a>,
    door: Door,
}

/// SOAP service: state, clock, call counters, injected failures and the script of faults.
#[derive(Debug)]
pub(super) struct Service {
    pub version: ApiVersion,
    pub clock: Clock,
    state: Mutex<State>,
    calls: Mutex<BTreeMap<&'static str, u64>>,
    injected_failures: Mutex<HashMap<String, VecDeque<(Fault, u16)>>>,
    script: Mutex<RunningScript>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Service {
    pub fn new(version: ApiVersion, clock: Clock, state: State, script: RunningScript) -> Self {
        let (state, script) = (Mutex::new(state), Mutex::new(script));
        Self { version, clock, state, calls: Mutex::default(), injected_failures: Mutex::default(), script }
    }

    /// Returns the number of calls of each operation.
    pub fn calls(&self) -> BTreeMap<&'static str, u64> {
        lock(&self.calls).clone()
    }

    /// Injects a fault into the next call of an operation; several are raised in order.
    pub fn fail_next(&self, operation: &str, fault: Fault, status: u16) {
        lock(&self.injected_failures).entry(operation.into()).or_default().push_back((fault, status));
    }

    /// Processes one request.
    pub fn answer(&self, body: &[u8], headers: &Headers<'_>, door: Door) -> Reply {
        let request = match door.parse(body, headers.content_type) {
            Ok(request) => request,
            Err(error) => return door.refuse(&error),
        };
        let context = Context { request: &request, headers, door };
        let operation = OPERATIONS.iter().find(|name| request.root().strip_suffix("Param") == Some(**name));
        let Some(operation) = operation else { return self.execute(&context) };
        *lock(&self.calls).entry(operation).or_default() += 1;
        let company = request.text_of("companyHandle");
        let scripted = lock(&self.script).next(operation, company.as_deref());
        let Some((delay, effect)) = scripted else { return self.execute(&context) };
        let reply = match effect {
            Effect::Slow => self.execute(&context),
            Effect::Fault { code, reason, status } => door.fault(&Effect::fault(code, &reason), Some(status)),
            Effect::Unavailable => Reply { status: 503, content: Content::Html(UNAVAILABLE), delay },
            Effect::Refused => Reply { status: 503, content: Content::Nothing { outage: None }, delay },
            Effect::Outage(duration) => {
                Reply { status: 503, content: Content::Nothing { outage: Some(duration) }, delay }
            }
            Effect::CutOff => self.execute(&context).map(Content::CutOff),
            Effect::Malformed => self.execute(&context).map(|mut body| {
                body.truncate(body.len() / 2);
                Content::Xml(body)
            }),
        };
        Reply { delay, ..reply }
    }

    /// Executes the operation of a request.
    fn execute(&self, context: &Context<'_>) -> Reply {
        match self.dispatch(context) {
            Ok(answer) => Reply::xml(200, answer),
            Err(Failure { fault, status }) => {
                let requested = context.request.auth().fault_http_status_code;
                let requested = requested.and_then(|status| u16::try_from(status).ok());
                context.door.fault(&fault, status.or(requested))
            }
        }
    }

    fn dispatch(&self, context: &Context<'_>) -> Result<Vec<u8>, Failure> {
        macro_rules! dispatch {
            (
                { $service:ident, $context:ident }
                $($method:ident, $name:literal, $request:ident => $answer:ident, $effect:ident;)+
            ) => {
                match $context.request.root() {
                    $(<$request as Operation>::REQUEST => {
                        $service.run::<$request>($context, operations::$method)
                    })+
                    other => {
                        Err(faults::invalid_xml(format_args!("Invalid request XML: {other} belongs to no operation")).into())
                    }
                }
            };
        }
        for_each_operation!(dispatch { self, context })
    }

    /// Runs one operation.
    fn run<T: Operation>(
        &self,
        context: &Context<'_>,
        operation: fn(T, &mut Call<'_>) -> Result<T::Answer, Fault>,
    ) -> Result<Vec<u8>, Failure> {
        let injected = lock(&self.injected_failures).get_mut(T::NAME).and_then(VecDeque::pop_front);
        if let Some((fault, status)) = injected {
            return Err(Failure { fault, status: Some(status) });
        }
        let Context { request, headers, door } = context;
        let version = self.version_of(request)?;
        if *door == Door::Soap {
            check_action::<T>(headers.soap_action)?;
        }
        let param =
            request.read::<T>().map_err(|error| faults::invalid_xml(format_args!("Invalid request XML: {error}")))?;
        check_version(&param, &version)?;
        let user = authenticate(request.auth(), headers.authorization)?;
        if !user.role.may_call(T::NAME) {
            return Err(faults::no_permission(user.email, T::NAME).into());
        }
        let language = headers.accept_language.and_then(|languages| languages.split([',', ';']).next()).map(str::trim);
        let locale =
            request.auth().locale.as_deref().or(language).filter(|locale| !locale.is_empty() && *locale != "*");
        let answer = {
            let mut state = lock(&self.state);
            state.advance(self.clock.now());
            let answer = operation(param, &mut Call { state: &mut state, user, locale });
            state.plan();
            answer?
        };
        let unwritable =
            |error| faults::exception(format_args!("The answer can't be written in this API version: {error}"));
        Ok(door.write::<T>(&answer, &version).map_err(unwritable)?)
    }

    /// Returns the API version of a request: a published one, or the configured one.
    fn version_of(&self, request: &Request<'_>) -> Result<ApiVersion, Fault> {
        let namespace = request.namespace();
        let version = ApiVersion::of_namespace(namespace);
        version.or_else(|| Some(self.version.clone()).filter(|own| own.namespace() == namespace)).ok_or_else(|| {
            let published: Vec<_> = API_VERSIONS.iter().map(|known| known.name).filter(|name| !name.is_empty()).collect();
            faults::invalid_xml(format_args!(
                "Invalid request XML: {} is in namespace {namespace:?}, which is that of no API version: {COMMON_NAMESPACE}, optionally with /{}",
                request.root(),
                published.join(", /")
            ))
        })
    }
}

/// Refuses fields of later API versions, by writing the request in its own one: the codec checks the version of each field.
fn check_version<T: Operation>(param: &T, version: &ApiVersion) -> Result<(), Fault> {
    match soap::write_request(param, version, &AuthHeader::default()) {
        Ok(_) => Ok(()),
        Err(error) => Err(faults::invalid_xml(format_args!("Invalid request XML: {error}"))),
    }
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

/// Authenticates the caller by, in this order: access token, user and password, HTTP Basic.
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

/// Returns user and password of an `Authorization: Basic` header.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = BASE64_STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.into(), password.into()))
}
