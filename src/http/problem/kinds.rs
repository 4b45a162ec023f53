//! Problem kinds: the table behind every error response, its documentation page and the list of errors in the documentation.

/// Problem kind: the members of a problem details document that are the same for every occurrence.
#[derive(Debug)]
pub struct ProblemKind {
    /// Stable code; also the last segment of the `type` URI.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Short summary (RFC 9457 `title`).
    pub title: &'static str,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Meaning and remedy, shown at `/problems/{code}`; code spans are in backticks.
    pub explanation: &'static str,
}

macro_rules! kinds {
    ($($constant:ident = $code:literal, $status:literal, $title:literal, $retry:ident, $explanation:literal;)+) => {
        $(pub(super) const $constant: &ProblemKind = &ProblemKind {
            code: $code, status: $status, title: $title, retryable: kinds!(@$retry), explanation: $explanation,
        };)+
        /// All problem kinds.
        pub const PROBLEM_KINDS: &[&ProblemKind] = &[$($constant),+];
    };
    (@later) => { true };
    (@never) => { false };
}

kinds! {
    INVALID_JSON = "invalid-json", 400, "The body is not valid JSON", never,
        "The request body could not be parsed. `detail` gives the line and column.";
    BAD_REQUEST = "bad-request", 400, "The request is malformed", never,
        "The request is not valid HTTP, repeats a header that must not be repeated, or is a preflight that CORS refuses; `detail` gives the reason.";
    COMPANY_REQUIRED = "company-required", 400, "A company is required", never,
        "The credentials have access to several companies and the request names none. Add `companyHandle=` or `company=` (a name) to the query; `companies` lists the choices.";
    UNAUTHENTICATED = "unauthenticated", 401, "Credentials are required", never,
        "Send `Authorization: Basic …` with an IPS e-mail address and password, or `Authorization: Bearer …` with an IMS access token; if the gateway uses a service account, send an API key as `Authorization: Bearer …` or `X-API-Key`.";
    CREDENTIALS_REJECTED = "credentials-rejected", 401, "IPS rejected the credentials", never,
        "IPS does not accept the credentials of this request (codes 10000–10002): wrong password, expired token, unknown or inactive user.";
    FORBIDDEN = "forbidden", 403, "Not permitted", never,
        "The credentials are valid, but IPS does not permit this operation to this user (codes 20003, 20004, 20008, 20009), the role of the API key does not include it, a page of another site makes a change, or a session of the board asks for what needs the credentials themselves.";
    NOT_FOUND = "not-found", 404, "No such resource", never,
        "There is no resource at this path. The OpenAPI document lists all paths. Sessions can be switched off by the operator.";
    JOB_NOT_FOUND = "job-not-found", 404, "No such job", never,
        "The job is neither active nor scheduled nor in the log of its company, or IPS refuses its handle (codes 20001, 20002, 20005, 20007, 30001, 30002). It may have been deleted, or the API key does not permit its company.";
    COMPANY_NOT_FOUND = "company-not-found", 404, "No such company", never,
        "No company of that name or handle is visible to this user (codes 20000, 20006) or this API key. `GET /companies` lists the visible ones.";
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "Method not allowed", never,
        "The resource exists, but does not support this method. The `Allow` header lists the supported methods.";
    NOT_ACCEPTABLE = "not-acceptable", 406, "No acceptable content coding", never,
        "`Accept-Encoding` excludes all content codings of the response. Accept `gzip`, or `identity`, which is accepted unless it is excluded.";
    REQUEST_TIMEOUT = "request-timeout", 408, "The request was not received in time", later,
        "The headers or the body of the request did not arrive within the configured timeout. The connection is closed.";
    AMBIGUOUS_JOB = "ambiguous-job", 409, "The id matches several jobs", never,
        "The id contains a name that several jobs share, and IPS has no other means to identify the job. `candidates` lists the ids of these jobs: use one of them.";
    SUBMIT_IN_PROGRESS = "submit-in-progress", 409, "The submit is still in progress", later,
        "An earlier submit with this `Idempotency-Key` has no response yet. Retry in a moment: the job is sent to IPS only once.";
    IDEMPOTENCY_KEY_REUSED = "idempotency-key-reused", 422, "The idempotency key was used for another request", never,
        "An `Idempotency-Key` identifies one request: this one was used before with another body or other parameters. Use a new key for each job.";
    INVALID_IDEMPOTENCY_KEY = "invalid-idempotency-key", 400, "The idempotency key is invalid", never,
        "`Idempotency-Key` must have 1 to 255 printable ASCII characters and be unique for each job, such as a UUID. If the operator requires it, it must not be missing.";
    ACTION_NOT_POSSIBLE = "action-not-possible", 409, "Not possible in this phase", never,
        "The job is completed, and nothing was sent to IPS (`outcome` is `not_sent`), or IPS refuses this action in the current state of the job (`rejected`): `upstream.reason` is the reason that IPS gives. `actions` lists the actions that its state suggests.";
    JOB_NOT_COMPLETED = "job-not-completed", 409, "The job is not completed", later,
        "A job can be retried when it is completed: until then its log does not have all items that fail. Nothing was sent to IPS.";
    PRECONDITION_FAILED = "precondition-failed", 412, "The precondition failed", never,
        "`If-Match` names none of the entity tags that the job has now: it has changed since. Nothing was sent to IPS. Read the job again. A request that creates something accepts `If-Match: *` only.";
    CONTENT_TOO_LARGE = "content-too-large", 413, "The body is too large", never,
        "The request body is larger than the gateway accepts.";
    TARGET_TOO_LONG = "target-too-long", 414, "The URL is too long", never,
        "The path and query of the request are longer than the gateway accepts.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", 415, "The body must be JSON", never,
        "Send the body with `Content-Type: application/json`, and uncompressed or with `Content-Encoding: gzip`.";
    INVALID_REQUEST = "invalid-request", 422, "The request is invalid", never,
        "Some values are invalid; nothing was sent to IPS. `errors` lists them: `pointer` is a JSON pointer into the body, `parameter` the name of a query or path parameter.";
    INVALID_JOB_ID = "invalid-job-id", 422, "Not a job id", never,
        "The path contains neither an id issued by this API nor a percent-encoded IPS job handle. Ids are opaque: use them unchanged.";
    REJECTED_BY_IPS = "rejected-by-ips", 422, "IPS rejected a parameter", never,
        "IPS does not accept a value of this request (codes 20001, 20002, 20005, 20007, 30001, 30002). `upstream.reason` is the reason that IPS gives.";
    RETRY_NOT_POSSIBLE = "retry-not-possible", 422, "The job can't be retried", never,
        "The job is of a kind that can't be retried, none of its items failed, or none of the failed ones can be found in the body or has an asset handle in the log; `detail` says which. Nothing was sent to IPS.";
    TOO_MANY_REQUESTS = "too-many-requests", 429, "Too many requests", later,
        "The caller exceeded its rate limit or its maximum number of event streams, or logins of its user failed repeatedly. `Retry-After` says when to try again.";
    HEADERS_TOO_LARGE = "headers-too-large", 431, "The headers are too large", never,
        "The headers of the request are larger than the gateway accepts, or its credentials are too long for the cookie of a session.";
    INTERNAL_ERROR = "internal-error", 500, "Internal error of the gateway", later,
        "This is a bug of the gateway. Please report it with the `requestId`.";
    REFUSED_BY_IPS = "request-refused-by-ips", 500, "IPS could not read the gateway's request", never,
        "IPS reported that the XML of the gateway's request is invalid (code 30003). This is a bug of the gateway, or the configured API version is wrong.";
    UPSTREAM_FAULT = "upstream-fault", 502, "IPS returned a fault", later,
        "IPS returned an exception (code 30000) or an undocumented fault. `upstream` has its code and reason. `retryable` is `false` for a mutation: IPS refuses it again, for example a name that is taken.";
    SERVICE_ACCOUNT_REJECTED = "service-account-rejected", 502, "IPS rejected the gateway's service account", later,
        "The gateway calls IPS with a service account, which IPS rejected. The operator must fix this; your credentials are not the cause.";
    UPSTREAM_UNREACHABLE = "upstream-unreachable", 502, "IPS is unreachable", later,
        "No connection to IPS could be established. Nothing was sent.";
    UPSTREAM_INVALID_ANSWER = "upstream-invalid-answer", 502, "IPS sent an invalid response", later,
        "The response of IPS was truncated, too large, or not the expected document. `detail` says what came: HTTP status, content type and kind of document.";
    UPSTREAM_BUSY = "upstream-busy", 503, "Too many concurrent calls to IPS", later,
        "The limit of concurrent calls to IPS, or of large responses, is reached, and the wait would be longer than the operator allows. `outcome` says whether a mutation was sent. `Retry-After` says when to try again.";
    UPSTREAM_SUSPENDED = "upstream-suspended", 503, "Calls to IPS are suspended", later,
        "The circuit breaker is open, because calls to IPS failed or answers about this company could not be read: the gateway makes no calls for some seconds. Nothing was sent. `Retry-After` says when to try again.";
    UPSTREAM_TIMEOUT = "upstream-timeout", 504, "IPS did not respond in time", later,
        "IPS did not respond within the timeout that the operator configured.";
    NOT_READY = "not-ready", 503, "The gateway is shutting down", later,
        "Returned by `/readyz` only: this instance still serves requests, but is shutting down. Load balancers should use another instance.";
    IDEMPOTENCY_UNAVAILABLE = "idempotency-unavailable", 503, "The idempotency key can't be recorded", later,
        "The store that the replicas share is down or slow, and the operator requires that idempotency keys are recorded for all replicas (`IPS_GATEWAY_IDEMPOTENCY=strict`). Nothing was sent to IPS. `Retry-After` says when to try again.";
    OVERLOADED = "overloaded", 503, "The gateway is overloaded", later,
        "The bodies of the requests in flight use the whole memory budget for request bodies. Nothing was sent to IPS. `Retry-After` says when to try again.";
    SUBMIT_OUTCOME_UNKNOWN = "submit-outcome-unknown", 504, "The outcome of the submit is unknown", never,
        "The submit was sent, but its response was lost, and the job is in none of the lists yet. Don't submit again: poll the `job`. Its status is `unknown` until a list has it; after 2 minutes without it, it is not found, and IPS did most probably not accept it.";
    NOT_CACHED = "not-cached", 504, "No cached response", later,
        "The request has `Cache-Control: only-if-cached`, and no cached response exists for it.";
}
