//! The kinds of problems, as a table.

/// A kind of problem: what a program can rely on.
#[derive(Debug)]
pub struct Kind {
    /// The stable code, also the last segment of the `type` URI.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The same words for every occurrence.
    pub title: &'static str,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// For people, at `/problems/{code}`: what it means and what to do.
    pub explanation: &'static str,
}

macro_rules! kinds {
    ($($constant:ident = $code:literal, $status:literal, $title:literal, $retry:ident, $explanation:literal;)+) => {
        $(pub(super) const $constant: &Kind = &Kind {
            code: $code, status: $status, title: $title, retryable: kinds!(@$retry), explanation: $explanation,
        };)+
        /// Every kind of problem.
        pub const KINDS: &[&Kind] = &[$($constant),+];
    };
    (@later) => { true };
    (@never) => { false };
}

kinds! {
    INVALID_JSON = "invalid-json", 400, "The body is not JSON", never,
        "The request body could not be parsed. `detail` says at which line and column.";
    BAD_REQUEST = "bad-request", 400, "The request is malformed", never,
        "The request breaks a rule of HTTP: look at `detail`.";
    COMPANY_REQUIRED = "company-required", 400, "Name a company", never,
        "You may see several companies and the request names none. Add `companyHandle=` or `company=` (a name) to the query; `companies` lists your choices.";
    UNAUTHENTICATED = "unauthenticated", 401, "Credentials are needed", never,
        "Send `Authorization: Basic …` with an IPS e-mail address and password, or `Authorization: Bearer …` with an IMS access token; where the gateway has an account of its own, send an API key as `Authorization: Bearer …` or `X-API-Key`.";
    CREDENTIALS_REJECTED = "credentials-rejected", 401, "IPS rejected the credentials", never,
        "IPS doesn't accept the credentials of this request (codes 10000–10002): wrong password, expired token, unknown or inactive user.";
    FORBIDDEN = "forbidden", 403, "Not permitted", never,
        "The credentials are good, but IPS doesn't permit this operation to this user (codes 20003, 20004, 20008, 20009), or the API key is not meant for it.";
    NOT_FOUND = "not-found", 404, "No such resource", never,
        "There is nothing at this path. The paths are listed in the OpenAPI document.";
    JOB_NOT_FOUND = "job-not-found", 404, "No such job", never,
        "The job is neither active nor scheduled nor in the log of its company. It may have been deleted.";
    COMPANY_NOT_FOUND = "company-not-found", 404, "No such company", never,
        "No company of that name or handle is visible to this user (codes 20000, 20006). `GET /companies` lists those that are.";
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "Method not allowed", never,
        "The resource exists, but not with this method. The `Allow` header lists those that it has.";
    REQUEST_TIMEOUT = "request-timeout", 408, "The request took too long to arrive", later,
        "The head or the body of the request did not come in the time that the gateway waits for it. The connection is closed.";
    AMBIGUOUS_JOB = "ambiguous-job", 409, "Several jobs answer to this id", never,
        "The id carries a name that several jobs share, and IPS offers nothing else to tell them apart. `candidates` lists their own ids: ask for one of these.";
    SUBMIT_IN_PROGRESS = "submit-in-progress", 409, "The submit is still under way", later,
        "A submit with this `Idempotency-Key` was received before and has no answer yet. Ask again in a moment: it is sent to IPS only once.";
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused", 422, "The idempotency key came with another request", never,
        "An `Idempotency-Key` names one request: this one came with another body or other parameters before. Use a new key for a new job.";
    INVALID_IDEMPOTENCY_KEY = "invalid-idempotency-key", 400, "The idempotency key can't be used", never,
        "Send `Idempotency-Key` with a text of 1 to 255 visible ASCII characters that is new for every job, such as a UUID. Where the operator requires it, it must not be missing.";
    ACTION_NOT_POSSIBLE = "action-not-possible", 409, "Not possible in this phase", never,
        "The job can't be asked for this as it is now. `actions` lists what it can be asked for; nothing was sent to IPS.";
    CONTENT_TOO_LARGE = "content-too-large", 413, "The body is too large", never,
        "The request body is larger than the gateway accepts.";
    TARGET_TOO_LONG = "target-too-long", 414, "The URL is too long", never,
        "The path and query of the request are longer than the gateway accepts.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", 415, "The body must be JSON", never,
        "Send the body with `Content-Type: application/json`.";
    INVALID_REQUEST = "invalid-request", 422, "The request is invalid", never,
        "Some values can't be accepted; nothing was sent to IPS. `errors` names each: `pointer` is a JSON pointer into the body, `parameter` a parameter of the query or path.";
    INVALID_JOB_ID = "invalid-job-id", 422, "Not a job id", never,
        "The path holds neither an id that this API gave out nor a percent-encoded IPS job handle. Ids are opaque: use them as they came.";
    REJECTED_BY_IPS = "rejected-by-ips", 422, "IPS rejected a parameter", never,
        "IPS doesn't accept a value of this request (codes 20001, 20002, 20005, 20007, 30001, 30002). `upstream.reason` has its own words.";
    TOO_MANY_REQUESTS = "too-many-requests", 429, "Too many requests", later,
        "This caller sent more requests, or has more event streams open, than the operator allows for one. `Retry-After` and `RateLimit` say when there is room again.";
    HEADERS_TOO_LARGE = "headers-too-large", 431, "The headers are too large", never,
        "The headers of the request are larger than the gateway accepts.";
    INTERNAL_ERROR = "internal-error", 500, "Something broke in the gateway", later,
        "This is a bug of the gateway. Please report it with the `requestId`.";
    REFUSED_BY_IPS = "request-refused-by-ips", 500, "IPS could not read the gateway's request", never,
        "IPS answered that the XML of the gateway is invalid (code 30003). That is a bug of the gateway, or the wrong API version is configured.";
    UPSTREAM_FAULT = "upstream-fault", 502, "IPS failed", later,
        "IPS answered with an exception (code 30000) or with a fault that has no place in this list. `upstream` has its code and reason.";
    SERVICE_ACCOUNT_REJECTED = "service-account-rejected", 502, "IPS rejected the gateway's own account", later,
        "The gateway calls IPS with an account of its own, and IPS rejected that. The operator has to mend it; your credentials are not the problem.";
    UPSTREAM_UNREACHABLE = "upstream-unreachable", 502, "IPS can't be reached", later,
        "No connection to IPS could be made. Nothing was sent.";
    UPSTREAM_INVALID_ANSWER = "upstream-invalid-answer", 502, "IPS gave an answer that can't be understood", later,
        "The answer of IPS was cut off, too large, or not the document that was expected.";
    UPSTREAM_BUSY = "upstream-busy", 503, "IPS is asked as much as it may be", later,
        "The gateway has as many calls to IPS under way as the operator allows, and enough wait for their turn. Nothing was sent. `Retry-After` says when to try again.";
    UPSTREAM_SUSPENDED = "upstream-suspended", 503, "IPS is given a rest", later,
        "Calls to IPS failed so often lately that the gateway makes none for some seconds. Nothing was sent. `Retry-After` says when to try again.";
    UPSTREAM_TIMEOUT = "upstream-timeout", 504, "IPS took too long", later,
        "IPS didn't answer within the time that the operator allows.";
    NOT_READY = "not-ready", 503, "The gateway is about to stop", later,
        "Said by `/readyz` alone: this instance still answers, but is about to stop. Load balancers should use another.";
    OVERLOADED = "overloaded", 503, "The gateway is overloaded", later,
        "The bodies of the requests in flight take all the memory that the operator allows for them. Nothing was sent to IPS. `Retry-After` says when to try again.";
    SUBMIT_OUTCOME_UNKNOWN = "submit-outcome-unknown", 504, "Whether the job was accepted is unknown", never,
        "The submit was sent, its answer was lost, and the job is in none of the lists yet. Don't submit again: poll the `job` for a while. If it was accepted it will appear there.";
    NOT_CACHED = "not-cached", 504, "Nothing in the cache", later,
        "The request said `Cache-Control: only-if-cached`, and nothing is cached for it.";
}
