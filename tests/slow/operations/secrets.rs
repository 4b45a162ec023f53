//! No secret in any output of the binary: a full run at level trace, with every byte of output searched.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ips_gateway::http::{Role, new_key, openapi_document};
use ips_gateway::sandbox::users::{BOTH_COMPANIES, ORDINARY};
use ips_gateway::sandbox::{Population, Sandbox, SandboxConfig};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::collector::Collector;
use crate::support::http_client;
use crate::support::process::{Exited, Process};

const WRONG_PASSWORD: &str = "wrong-password-4f1c";
const WRONG_TOKEN: &str = "wrong-token-9b2e";
/// Private data of a job.
const DESCRIPTION: &str = "description-of-the-test";
const COMPLETION_URL: &str = "https://hooks.example.com/private-hook-77aa";

/// Credentials by name, and how they are added to a request.
type Credentials = (&'static str, Box<dyn Fn(RequestBuilder) -> RequestBuilder>);

fn with(name: &'static str, authorize: impl Fn(RequestBuilder) -> RequestBuilder + 'static) -> Credentials {
    (name, Box::new(authorize))
}

/// All output of a run.
struct Run {
    exited: Exited,
    /// The bodies and headers of all errors, and the metrics.
    responses: String,
    exported: String,
    /// Issued tickets and sessions, which must be in no output.
    tickets: Vec<String>,
}

impl Run {
    /// Calls every route of the document with each of these credentials; the first ones are valid.
    async fn of(variables: &[(&str, &str)], credentials: &[Credentials]) -> Self {
        let sandbox = SandboxConfig { population: Population::Seeded, ..SandboxConfig::default() };
        let sandbox = Sandbox::start(sandbox).expect("a free port");
        let collector = Collector::start().await;
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector.url);
        let version = ("IPS_GATEWAY_API_VERSION", sandbox.version().as_str());
        let more = [("RUST_LOG", "trace"), ("RUST_BACKTRACE", "1"), endpoint, version];
        let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20secret-of-the-collector");
        let variables: Vec<_> = variables.iter().copied().chain(more).chain([headers]).collect();
        let gateway = Process::serve(&sandbox.url(), &variables);
        let caller = Caller { client: http_client(), url: gateway.url.clone() };

        let jobs = caller.send(credentials[0].1(caller.request(Method::GET, "/jobs?companyHandle=c%7C110"))).await;
        assert_eq!(jobs.0, 200, "{}", jobs.1);
        let jobs: Value = serde_json::from_str(&jobs.1).expect("JSON");
        let job = jobs["jobs"][0]["id"].as_str().expect("a job").to_owned();

        let (mut responses, mut tickets) = (String::new(), Vec::new());
        for (name, authorize) in credentials {
            for (method, path) in routes(&job) {
                let request = authorize(caller.request(method.clone(), &path))
                    .header("traceparent", format!("00-{:032x}-{:016x}-01", 7, 7));
                let request = if method == Method::POST { body_of(&path, request) } else { request };
                let (status, text) = caller.send(request).await;
                if let Some(ticket) = ticket(&text) {
                    for _ in 0..2 {
                        responses +=
                            &caller
                                .open(caller.request(
                                    Method::GET,
                                    &format!("/jobs/events?companyHandle=c%7C110&ticket={ticket}"),
                                ))
                                .await;
                    }
                    tickets.push(ticket);
                }
                if status >= 400 {
                    let route = path.split('?').next().unwrap_or_default();
                    responses.extend([name, " ", method.as_str(), " ", route, ": ", &text, "\n"]);
                }
            }
        }
        let sign_in =
            credentials[0].1(caller.request(Method::POST, "/session")).header("Sec-Fetch-Site", "same-origin");
        let cookie = cookie(&sign_in.send().await.expect("an answer"));
        tickets.push(cookie.split_once('=').expect("a value").1.to_owned());
        for (method, path) in routes(&job) {
            let request = caller.request(method.clone(), &path).header("Cookie", &cookie);
            let request = request.header("Sec-Fetch-Site", "same-origin");
            let request = if method == Method::POST { body_of(&path, request) } else { request };
            let (status, text) = caller.send(request).await;
            assert!(status != 401 || path == "/session", "{method} {path}: {text}");
            responses += &text;
        }
        responses += &caller.send(caller.request(Method::GET, "/metrics")).await.1;
        let exited = gateway.terminate().await;
        assert!(exited.status.success(), "{}", exited.stderr);
        assert!(!collector.spans().is_empty(), "nothing was exported");
        sandbox.stop().await;
        // The collector's own credentials are sent to it.
        let exported = collector.text().replace("Bearer secret-of-the-collector", "");
        Self { exited, responses, exported, tickets }
    }

    /// Asserts that no secret is in any output.
    #[track_caller]
    fn contains_none_of(&self, secrets: &[String]) {
        let places = [("a log", &self.exited.stderr), ("an answer", &self.responses), ("a span", &self.exported)];
        for secret in secrets.iter().chain(&self.tickets) {
            for (place, text) in places {
                let lines = text.lines().filter(|line| line.contains(secret.as_str())).take(3);
                let found: Vec<_> = lines.map(|line| line.chars().take(2_000).collect::<String>()).collect();
                assert!(found.is_empty(), "{secret} is in {place}:\n{}", found.join("\n"));
            }
        }
    }

    /// Asserts that no personal data is in logs at level info and above or in spans.
    #[track_caller]
    fn has_no_personal_data(&self) {
        let lines = self.exited.lines();
        assert!(lines.len() > 150, "only {} lines", lines.len());
        assert!(lines.iter().any(|line| line["level"] == "DEBUG"), "no lines at level DEBUG");
        let loud = lines.iter().filter(|line| !matches!(line["level"].as_str(), Some("DEBUG" | "TRACE")));
        let loud: Vec<_> = loud.map(Value::to_string).collect();
        assert!(loud.len() > 60, "{loud:#?}");
        for private in [
            "@example.com",
            "%40example.com",
            DESCRIPTION,
            "c|110",
            "c%7C110",
            "Outfitters",
            "name-of-the-test",
            "private-hook",
        ] {
            let found: Vec<_> = loud.iter().filter(|line| line.contains(private)).take(3).collect();
            assert!(found.is_empty(), "{private} is in {found:#?}");
            assert!(!self.exported.contains(private), "{private} is in a span");
        }
        for of_soap in ["<soapenv", "Envelope", "authHeader", "<jobArray", "<items>"] {
            assert!(!self.exited.stderr.contains(of_soap), "a SOAP body is in a log: {of_soap}");
        }
    }
}

struct Caller {
    client: Client,
    url: String,
}

impl Caller {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).header("User-Agent", "caller/1.0")
    }

    /// Sends a request; returns the status, and headers and body as text, without the body of an event stream.
    async fn send(&self, request: RequestBuilder) -> (u16, String) {
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        if headers.get("content-type").is_some_and(|kind| kind == "text/event-stream") {
            return (status, String::new());
        }
        let body = answer.text().await.expect("a body");
        if status >= 400 { (status, format!("{headers:?} {body}")) } else { (status, body) }
    }

    async fn open(&self, request: RequestBuilder) -> String {
        let (status, text) = self.send(request).await;
        format!("{status} {text}\n")
    }
}

/// The name and the value of the cookie of a session.
fn cookie(answer: &Response) -> String {
    let set = answer.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok());
    set.and_then(|cookie| cookie.split(';').next()).expect("a session").to_owned()
}

/// Every route of the document for this job, and some unknown ones.
fn routes(job: &str) -> Vec<(Method, String)> {
    let document = openapi_document();
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        let path = path.replace("{job}", job).replace("{company}", "c%7C110").replace("{code}", "not-found");
        let path = path.replace("{assetHandle}", "a%7C11003");
        assert!(!path.contains('{'), "unknown parameter in {path}");
        for method in operations.as_object().expect("operations").keys() {
            let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) else { continue };
            let query = if path.starts_with("/jobs") { "?companyHandle=c%7C110" } else { "" };
            routes.push((method, format!("{path}{query}")));
        }
    }
    assert!(routes.len() > 15, "{routes:#?}");
    // Deletes come last.
    routes.sort_by_key(|(method, _)| *method == Method::DELETE);
    let more = [
        "/jobs?companyHandle=c%7C110&submittedBy=katlyn@example.com",
        "/jobs?company=Example%20Outfitters&phase=active,scheduled,completed",
        "/jobs?companyHandle=c%7C110&access_token=wrong-token-9b2e",
        "/jobs?companyHandle=c%7C110&unknown=katlyn@example.com",
        "/nowhere/katlyn@example.com",
        "/jobs/%FF",
        "/jobs/j%7C110%7Cname-of-the-test%7C%7C",
    ];
    routes.extend(more.map(|path| (Method::GET, path.to_owned())));
    routes.push((Method::PATCH, "/jobs".to_owned()));
    routes.push((Method::POST, "/jobs?companyHandle=c%7C110&broken=1".to_owned()));
    routes
}

fn body_of(path: &str, request: RequestBuilder) -> RequestBuilder {
    let job = json!({
        "jobName": "name-of-the-test",
        "description": DESCRIPTION,
        "imageServingPublishJob": { "publishType": "Full", "emailSetting": "None", "httpCompletionUrl": COMPLETION_URL },
    });
    match path {
        "/jobs?companyHandle=c%7C110" => {
            request.header("Content-Type", "application/json").header("Idempotency-Key", "key-1").body(job.to_string())
        }
        _ => request.header("Content-Type", "application/json").body("{\"jobName\": \"name-of-the-test\","),
    }
}

fn ticket(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    body["ticket"].as_str().map(str::to_owned)
}

fn basic(user: &str, password: &str) -> String {
    STANDARD.encode(format!("{user}:{password}"))
}

#[tokio::test]
async fn credentials_of_ips_are_in_no_output_of_a_full_run() {
    let run = Run::of(
        &[],
        &[
            with("basic", |request| request.basic_auth(ORDINARY.email, Some(ORDINARY.password))),
            with("token", |request| request.bearer_auth(ORDINARY.access_token)),
            with("wrong password", |request| request.basic_auth(ORDINARY.email, Some(WRONG_PASSWORD))),
            with("wrong token", |request| request.bearer_auth(WRONG_TOKEN)),
            with("no colon", |request| {
                request.header("Authorization", format!("Basic {}", STANDARD.encode(WRONG_PASSWORD)))
            }),
            with("no base64", |request| request.header("Authorization", "Basic wrong-password-4f1c!")),
            with("no scheme", |request| request.header("Authorization", WRONG_TOKEN)),
            with("none", |request| request),
        ],
    )
    .await;
    let secrets = [
        ORDINARY.password.to_owned(),
        ORDINARY.access_token.to_owned(),
        WRONG_PASSWORD.to_owned(),
        WRONG_TOKEN.to_owned(),
        basic(ORDINARY.email, ORDINARY.password),
        basic(ORDINARY.email, WRONG_PASSWORD),
        STANDARD.encode(WRONG_PASSWORD),
        "secret-of-the-collector".to_owned(),
    ];
    run.contains_none_of(&secrets);
    run.has_no_personal_data();
    assert!(run.tickets.len() >= 2, "tickets were handed out");
}

#[tokio::test]
async fn service_account_and_api_keys_are_in_no_output_of_a_full_run() {
    let folder = std::env::temp_dir().join(format!("ips-gateway-secrets-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let companies = ["c|110".to_owned()];
    let (operator, operator_entry) = new_key("frontend", Role::Operator, &companies).expect("a key");
    let (viewer, viewer_entry) = new_key("board", Role::Viewer, &[]).expect("a key");
    let (keys, password) = (folder.join("keys.toml"), folder.join("password"));
    fs::write(&keys, format!("{operator_entry}\n{viewer_entry}")).expect("it can be written");
    fs::write(&password, format!("{}\n", BOTH_COMPANIES.password)).expect("it can be written");
    let (by_operator, by_viewer) = (operator.clone(), viewer.clone());
    let run = Run::of(
        &[
            ("IPS_GATEWAY_SERVICE_USER", BOTH_COMPANIES.email),
            ("IPS_GATEWAY_SERVICE_PASSWORD_FILE", password.to_str().expect("text")),
            ("IPS_GATEWAY_API_KEYS_FILE", keys.to_str().expect("text")),
        ],
        &[
            with("operator", move |request| request.bearer_auth(&by_operator)),
            with("viewer", move |request| request.header("X-API-Key", &by_viewer)),
            with("wrong key", |request| request.bearer_auth("ipsgw_wrong-key-1c7d")),
            with("wrong key in its own header", |request| request.header("X-API-Key", "ipsgw_wrong-key-1c7d")),
            with("credentials of IPS", |request| request.basic_auth(ORDINARY.email, Some(ORDINARY.password))),
        ],
    )
    .await;
    fs::remove_dir_all(&folder).expect("it can be removed");
    let secrets = [
        operator,
        viewer,
        "ipsgw_wrong-key-1c7d".to_owned(),
        BOTH_COMPANIES.password.to_owned(),
        ORDINARY.password.to_owned(),
        basic(ORDINARY.email, ORDINARY.password),
        basic(BOTH_COMPANIES.email, BOTH_COMPANIES.password),
        "secret-of-the-collector".to_owned(),
    ];
    run.contains_none_of(&secrets);
    run.has_no_personal_data();
}
