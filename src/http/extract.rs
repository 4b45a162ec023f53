//! What handlers ask of a request, each with errors that say what is wrong and where.

use std::fmt;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use actix_web::dev::{Decompress, Payload};
use actix_web::http::header::{self, HeaderName};
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use chrono::DateTime;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use percent_encoding::percent_decode_str;
use serde::de::{self, DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Api;
use super::access::Role;
use super::problem::Problem;
use crate::config::Submits;
use crate::ips::types::Timestamp;
use crate::jobs::{CacheDirective, CompanyChoice, Error, JobRef};
use crate::upstream::Caller;

/// Maximum size of a request's body, in bytes, compressed and decompressed. Larger ones are refused with 413.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The query string as `T`. Unknown parameters are errors: a misspelt filter must not widen an answer. So are control characters: nothing
/// that a query names has any.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = form_urlencoded::parse(request.query_string().as_bytes());
        if let Some((name, _)) = pairs.clone().find(|(name, value)| has_controls(name) || has_controls(value)) {
            let name = if has_controls(&name) { "query" } else { &name };
            return ready(Err(Error::invalid_parameter(name, "holds a control character").into()));
        }
        let source = serde_urlencoded::Deserializer::new(pairs);
        let parsed = serde_path_to_error::deserialize(source).map(Self).map_err(|error| {
            let (path, message) = (error.path().to_string(), error.inner().to_string());
            if let Some(twice) = message.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`')) {
                return Error::invalid_parameter(twice, "is given twice").into();
            }
            let parameter = if path == "." { "query" } else { &path };
            Error::invalid_parameter(parameter, of_parameters(&message)).into()
        });
        ready(parsed)
    }
}

fn has_controls(text: &str) -> bool {
    text.contains(char::is_control)
}

/// serde speaks of fields and variants where a query string has parameters and values.
fn of_parameters(message: &str) -> String {
    message.replacen("unknown field", "unknown parameter", 1).replacen("unknown variant", "unknown value", 1).replacen(
        "provided string was not",
        "expected",
        1,
    )
}

/// A JSON body as `T`.
pub struct JsonBody<T> {
    /// What it says.
    pub value: T,
    /// A hash of the query string and the body, byte for byte: equal requests have equal ones.
    pub fingerprint: [u8; 32],
}

impl<T: DeserializeOwned + Serialize> FromRequest for JsonBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = matches!(request.mime_type(), Ok(Some(mime)) if mime.subtype() == mime::JSON || mime.suffix() == Some(mime::JSON));
        let body = receive_body(request, payload);
        let query = request.query_string().to_owned();
        Box::pin(async move {
            if !is_json {
                return Err(Problem::unsupported_media_type());
            }
            let body = body?.await?;
            let value = parse(&body)?;
            let fingerprint = Sha256::new()
                .chain_update(query.len().to_be_bytes())
                .chain_update(query)
                .chain_update(&body)
                .finalize();
            Ok(Self { value, fingerprint: fingerprint.into() })
        })
    }
}

/// Receives the body of a request within the size limit, the body timeout, and the memory budget of all bodies. Its share of the budget is
/// returned when the request ends.
fn receive_body(
    request: &HttpRequest,
    payload: &mut Payload,
) -> Result<impl Future<Output = Result<BytesMut, Problem>> + use<>, Problem> {
    let api = request.app_data::<web::Data<Api>>();
    let api = api.ok_or_else(|| Problem::internal("a route without its surroundings"))?;
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: usize| length > MAX_BODY_BYTES) {
        return Err(Problem::too_large(MAX_BODY_BYTES));
    }
    let reservation = Rc::new(api.body_budget.reserve());
    request.extensions_mut().insert(Rc::clone(&reservation));
    let mut body = Decompress::from_headers(payload.take(), request.headers());
    let receive = async move {
        let mut received = BytesMut::new();
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|_| Problem::bad_request("the body could not be read"))?;
            if received.len() + piece.len() > MAX_BODY_BYTES {
                return Err(Problem::too_large(MAX_BODY_BYTES));
            }
            reservation.grow(piece.len()).map_err(|_| Problem::overloaded())?;
            received.extend_from_slice(&piece);
        }
        Ok(received)
    };
    let timeout = tokio::time::timeout(api.body_timeout, receive);
    Ok(async move {
        timeout.await.unwrap_or_else(|_| {
            metrics::counter!("ips_gateway_connections_refused_total", "reason" => "slow_body").increment(1);
            Err(Problem::request_timeout("the body took too long"))
        })
    })
}

fn parse<T: DeserializeOwned + Serialize>(body: &[u8]) -> Result<T, Problem> {
    let mut source = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut source).map_err(|error| {
        let inner = error.inner();
        if inner.is_data() {
            Error::invalid_body(pointer_of(error.path()), without_value(&inner.to_string())).into()
        } else {
            Problem::invalid_json(format!("not JSON at line {} column {}", inner.line(), inner.column()))
        }
    })?;
    source.end().map_err(|error| {
        Problem::invalid_json(format!(
            "more follows after the JSON, at line {} column {}",
            error.line(),
            error.column()
        ))
    })?;
    let unreadable = |_| Problem::internal("a body can't be compared with what was read");
    let sent = serde_json::from_slice(body).map_err(unreadable)?;
    let read = serde_json::to_value(&value).map_err(unreadable)?;
    match list_for_object(&sent, &read, String::new()) {
        Some(pointer) => Err(Error::invalid_body(pointer, "expected an object").into()),
        None => Ok(value),
    }
}

/// Where a list was sent for an object: serde takes its items for the fields in their order, which no client means.
fn list_for_object(sent: &Value, read: &Value, pointer: String) -> Option<String> {
    match (sent, read) {
        (Value::Array(_), Value::Object(_)) => Some(pointer),
        (Value::Object(sent), Value::Object(read)) => {
            read.iter().find_map(|(name, value)| list_for_object(sent.get(name)?, value, format!("{pointer}/{name}")))
        }
        (Value::Array(sent), Value::Array(read)) => {
            let pairs = sent.iter().zip(read).enumerate();
            pairs
                .into_iter()
                .find_map(|(index, (sent, read))| list_for_object(sent, read, format!("{pointer}/{index}")))
        }
        _ => None,
    }
}

/// A JSON pointer (RFC 6901).
fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("{pointer}/{variant}"),
        Segment::Unknown => pointer,
    })
}

/// A message of serde without the value that it complains of, which may be a secret, and without the place, which the pointer tells.
fn without_value(message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let renamed = [("imageServingRenderJob", "imageRenderingPublishJob")];
    if let Some((_, name)) = renamed.iter().find(|(old, _)| message.starts_with(&format!("unknown field `{old}`"))) {
        return format!("unknown field: on the wire it is called `{name}`");
    }
    match message.split_once(", expected ") {
        Some((problem, expected)) if problem.starts_with("invalid ") => format!("expected {expected}"),
        _ => message.to_owned(),
    }
}

/// The `Idempotency-Key` of a request (draft-ietf-httpapi-idempotency-key-header): a string in quotes; without them it is taken, too.
pub struct IdempotencyHeader(pub Option<String>);

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

impl FromRequest for IdempotencyHeader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let required = request.app_data::<web::Data<Api>>().is_some_and(|api| api.submits == Submits::OnlyWithKey);
        let is_key = |key: &&str| {
            (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        };
        ready(match request.headers().get(IDEMPOTENCY_KEY) {
            None if required => {
                Err(Problem::invalid_idempotency_key("this gateway takes submits only with an `Idempotency-Key`"))
            }
            None => Ok(Self(None)),
            Some(value) => {
                let text = value.to_str().unwrap_or_default().trim();
                let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
                let key = Some(bare).filter(is_key).map(str::to_owned);
                key.map(|key| Self(Some(key)))
                    .ok_or_else(|| Problem::invalid_idempotency_key("expected 1 to 255 visible ASCII characters"))
            }
        })
    }
}

/// Several values in one parameter, separated by commas.
#[derive(Debug, Clone)]
pub struct CommaList<T>(pub Vec<T>);

impl<T> Default for CommaList<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for CommaList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Visitor<T> {
            type Value = CommaList<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("values separated by commas")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<CommaList<T>, E> {
                // No value at all is no value that could be meant: it is refused as any other unknown one.
                let values = text.split(',').map(|value| T::deserialize(value.trim().to_owned().into_deserializer()));
                values.collect::<Result<_, E>>().map(CommaList)
            }
        }
        deserializer.deserialize_str(Visitor(PhantomData))
    }
}

/// A value written as text that knows how to parse itself.
pub fn parsed<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: std::str::FromStr,
    T::Err: fmt::Display,
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(de::Error::custom)
}

/// A whole number within bounds, both included.
pub fn within<'de, const LEAST: u32, const MOST: u32, D>(deserializer: D) -> Result<Option<u32>, D::Error>
where
    D: Deserializer<'de>,
{
    let number = String::deserialize(deserializer)?.parse().ok().filter(|number| (LEAST..=MOST).contains(number));
    number.map(Some).ok_or_else(|| de::Error::custom(format_args!("expected a whole number from {LEAST} to {MOST}")))
}

/// A date and time of a query string, where a `+` that was not escaped has become a space.
pub fn date_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(deserializer)?;
    // Unlike one of IPS, a time without an offset is refused: it would mean another moment to everybody.
    DateTime::parse_from_rfc3339(&text.trim().replace(' ', "+")).map(|moment| Some(Timestamp(moment))).map_err(|_| {
        de::Error::custom("expected a date and time with its offset such as 2026-01-31T09:30:00Z (RFC 3339)")
    })
}

/// The job that the path names.
pub struct JobPath(pub JobRef);

impl FromRequest for JobPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let job = path_text(request, payload).and_then(|text| text.parse().ok());
        ready(job.map(Self).ok_or_else(Problem::invalid_job_id))
    }
}

/// The one parameter of the path, decoded strictly: a byte that is no UTF-8 would come out as another character. Nothing that a path
/// names has control characters.
fn path_text(request: &HttpRequest, payload: &mut Payload) -> Option<String> {
    percent_decode_str(request.uri().path()).decode_utf8().ok()?;
    web::Path::<String>::from_request(request, payload)
        .into_inner()
        .map(web::Path::into_inner)
        .ok()
        .filter(|text| !has_controls(text))
}

/// The one parameter of the path, as text.
pub struct TextPath(pub String);

impl FromRequest for TextPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let parameter = || request.match_info().iter().next().map_or("path", |(name, _)| name);
        let text = path_text(request, payload).map(Self);
        ready(text.ok_or_else(|| {
            Error::invalid_parameter(parameter(), "is not percent-encoded UTF-8 without control characters").into()
        }))
    }
}

/// The parameters that name a company.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CompanyParams {
    /// The company, by its handle. Without it and without `company`: the configured company, else the caller's only one.
    #[param(example = "c|110", required = false)]
    pub company_handle: Option<String>,
    /// The company, by its name.
    #[param(required = false)]
    pub company: Option<String>,
}

impl From<CompanyParams> for CompanyChoice {
    fn from(params: CompanyParams) -> Self {
        Self { handle: params.company_handle, name: params.company }
    }
}

/// Whoever calls, to look at something.
pub struct Authenticated(pub Caller);

impl FromRequest for Authenticated {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(authenticate(request).map(|(caller, _)| Self(caller)))
    }
}

/// Whoever calls, to change something.
pub struct Operator(pub Caller);

impl FromRequest for Operator {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match authenticate(request) {
            Ok((caller, Role::Operator)) => Ok(Self(caller)),
            Ok((_, Role::Viewer)) => Err(Problem::viewers_only_look()),
            Err(problem) => Err(problem),
        })
    }
}

/// Who is calling, and as what. It is found out once for each request.
pub fn authenticate(request: &HttpRequest) -> Result<(Caller, Role), Problem> {
    if let Some(known) = request.extensions().get::<(Caller, Role)>() {
        return Ok(known.clone());
    }
    let api =
        request.app_data::<web::Data<Api>>().ok_or_else(|| Problem::internal("a route without its surroundings"))?;
    let known = api.access.authenticate(request)?;
    request.extensions_mut().insert(known.clone());
    Ok(known)
}

/// What the request's `Cache-Control` asks (RFC 9111 §5.2.1).
pub struct CacheDemand(pub CacheDirective);

impl FromRequest for CacheDemand {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let directives = request
            .headers()
            .get_all(header::CACHE_CONTROL)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(','));
        let want = directives.fold(CacheDirective::Any, |want, directive| {
            let directive = directive.trim().to_ascii_lowercase();
            let max_age = directive.strip_prefix("max-age=").and_then(|seconds| seconds.trim_matches('"').parse().ok());
            match (directive.as_str(), max_age) {
                ("only-if-cached", _) => CacheDirective::OnlyIfCached,
                ("no-cache" | "no-store", _) if want != CacheDirective::OnlyIfCached => {
                    CacheDirective::NotOlderThan(Duration::ZERO)
                }
                (_, Some(seconds)) if want == CacheDirective::Any => {
                    CacheDirective::NotOlderThan(Duration::from_secs(seconds))
                }
                _ => want,
            }
        });
        ready(Ok(Self(want)))
    }
}
