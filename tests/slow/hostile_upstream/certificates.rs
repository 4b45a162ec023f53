//! Certificates that prove nothing: not a byte of a call is sent to whoever shows one.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use chrono::TimeDelta;
use futures_util::future::join_all;
use ips_gateway::clock::Clock;
use ips_gateway::ips::types::ApiVersion;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::upstream::BadUpstream;
use super::{SETTINGS, TIMEOUT, document};
use crate::support::certificate_authority::{Authority, for_host, key};
use crate::support::{Answer, Gateway, START, active_job, any_job, envelope, id};

const LIST: &str = "/jobs?companyHandle=c%7C110";
const TRUSTED: &str = "Trusted";
const UNTRUSTED: &str = "is of an authority that is not trusted";
/// Where the upstream is.
const HOST: &str = "127.0.0.1";

/// How a server greets that shows a certificate of this authority.
fn greeting(authority: &Authority, params: CertificateParams) -> Greeting {
    let (certificate, key) = authority.certify(params);
    Greeting::Certificate(Arc::new(server(vec![certificate.der().clone()], &key)))
}

fn server(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> ServerConfig {
    let key = key.serialize_der().try_into().expect("a key");
    ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("they belong together")
}

/// How a server meets a connection.
#[derive(Clone)]
enum Greeting {
    Certificate(Arc<ServerConfig>),
    /// Says this, which is no TLS.
    Plain(&'static str),
    /// Reads what the client begins with, and ends.
    HangUp,
}

/// An upstream behind TLS, or what looks like it.
struct Secured {
    upstream: BadUpstream,
    url: String,
    greeting: Arc<Mutex<Greeting>>,
}

impl Secured {
    async fn start(greeting: &Greeting) -> Self {
        let upstream = BadUpstream::start().await;
        upstream.act("getActiveJobs", document(&envelope("getActiveJobs", &jobs())));
        upstream.act("submitJob", document(&envelope("submitJob", "<jobHandle>j|110|nightly||</jobHandle>")));
        let inner = upstream.url.split('/').nth(2).expect("an address").to_owned();
        let listener = TcpListener::bind((HOST, 0)).await.expect("a free port");
        let url = format!("https://{}/scene7/services/IpsApiService", listener.local_addr().expect("an address"));
        let greeting = Arc::new(Mutex::new(greeting.clone()));
        let shared = Arc::clone(&greeting);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let greeting = shared.lock().expect("no panic").clone();
                tokio::spawn(greet(stream, greeting, inner.clone()));
            }
        });
        Self { upstream, url, greeting }
    }

    fn gateway(&self, clock: &Clock, settings: &[(&str, &str)]) -> Gateway {
        let settings = [SETTINGS, settings].concat();
        Gateway::start(&self.url, &ApiVersion::default(), clock, &settings)
    }

    /// From now on it greets like this.
    fn greet(&self, greeting: &Greeting) {
        *self.greeting.lock().expect("no panic") = greeting.clone();
    }
}

async fn greet(mut stream: TcpStream, greeting: Greeting, inner: String) {
    // That the gateway hangs up is what the tests are about.
    match greeting {
        Greeting::Certificate(config) => {
            let Ok(mut stream) = TlsAcceptor::from(config).accept(stream).await else { return };
            let mut inner = TcpStream::connect(inner).await.expect("it listens");
            let _ = copy_bidirectional(&mut stream, &mut inner).await;
        }
        Greeting::Plain(words) => {
            let _ = stream.write_all(words.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
        Greeting::HangUp => {
            let _ = stream.read(&mut [0; 16_384]).await;
        }
    }
}

fn jobs() -> String {
    format!("<jobArray>{}</jobArray>", active_job("nightly", ""))
}

fn clock() -> Clock {
    Clock::manual(START.parse().expect("a time"))
}

/// Greetings to distrust, and what callers are told of them.
fn impostors(trusted: &Authority) -> Vec<(&'static str, Greeting, &'static str)> {
    let dated = |from, until| {
        let mut params = for_host(HOST);
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
        greeting(trusted, params)
    };
    let key = key();
    let itself = for_host(HOST).self_signed(&key).expect("a certificate");
    let itself = Greeting::Certificate(Arc::new(server(vec![itself.der().clone()], &key)));
    vec![
        ("an unknown authority", greeting(&Authority::named("Unknown"), for_host(HOST)), UNTRUSTED),
        ("a namesake", greeting(&Authority::named(TRUSTED), for_host(HOST)), "is not signed by its authority"),
        ("itself for an authority", itself, UNTRUSTED),
        ("another host", greeting(trusted, for_host("inside.example.com")), "is for another host"),
        ("the past", dated(2001, 2002), "has expired"),
        ("the future", dated(2999, 3000), "is not valid yet"),
        ("no TLS", Greeting::Plain("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), "TLS: "),
        ("an end", Greeting::HangUp, "TLS: "),
    ]
}

/// Asserts that the call was not sent, and why.
async fn not_sent(what: &str, answer: Answer, why: &str) -> Value {
    let problem = answer.problem(502, "upstream-unreachable").await;
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(why)), "{what}{answer}");
    assert_eq!(problem["retryable"], true, "{what}{answer}");
    for inside in [HOST, "inside.example.com", "sandbox-katlyn"] {
        assert!(!answer.to_string().contains(inside), "{what} tells of {inside}{answer}");
    }
    problem
}

#[tokio::test]
async fn whoever_proves_nothing_gets_no_call_and_takes_the_place_of_nothing() {
    let trusted = Authority::named(TRUSTED);
    let file = trusted.file();
    let good = greeting(&trusted, for_host(HOST));
    let trials = impostors(&trusted).into_iter().map(|(what, bad, why)| {
        let (file, good) = (file.as_str(), good.clone());
        async move { distrusts(what, &bad, &good, file, why).await }
    });
    join_all(trials).await;
}

/// First with nothing known, then with a good list, and good again at the end.
async fn distrusts(what: &str, bad: &Greeting, good: &Greeting, file: &str, why: &str) {
    let (secured, clock) = (Secured::start(bad).await, clock());
    let gateway = secured.gateway(&clock, &[("UPSTREAM_CA_FILE", file)]);
    let submit = || gateway.post_json(LIST, &any_job("nightly")).header("Idempotency-Key", "\"k\"");

    let began = Instant::now();
    not_sent(what, gateway.get(LIST).await, why).await;
    let problem = not_sent(what, submit().await, why).await;
    assert_eq!(problem["outcome"], "not_sent", "{what}: {problem:#}");
    assert!(began.elapsed() < TIMEOUT * 15, "{what} took {:?}", began.elapsed());

    secured.greet(good);
    clock.advance(TimeDelta::seconds(60));
    let known = gateway.get(LIST).await.ok();
    assert_eq!(known["jobs"][0]["originalName"], "nightly", "{what} was not taken for a list");

    secured.greet(bad);
    clock.advance(TimeDelta::seconds(60));
    let answer = gateway.get(LIST).await.expect(200);
    let kept = answer.json();
    assert_eq!((&kept["jobs"], &kept["stale"]), (&known["jobs"], &json!(true)), "{what}{answer}");
    assert!(answer.header("cache-status").contains("detail=upstream-failed"), "{what}{answer}");
    let problem = not_sent(what, gateway.post(&format!("/jobs/{}/stop", id(&known["jobs"][0]))).await, why).await;
    assert_eq!(problem["outcome"], "not_sent", "{what}: {problem:#}");
    for operation in ["submitJob", "stopJob"] {
        assert_eq!(secured.upstream.calls(operation), 0, "{what}: {operation} went out");
    }

    secured.greet(good);
    submit().await.expect(202);
    assert_eq!(secured.upstream.calls("submitJob"), 1, "{what}: what was not sent may be sent again");
}

#[tokio::test]
async fn a_private_authority_is_trusted_once_its_file_is_set() {
    let authority = Authority::named(TRUSTED);
    let secured = Secured::start(&greeting(&authority, for_host(HOST))).await;
    let stranger = secured.gateway(&clock(), &[]);
    not_sent("without the file", stranger.get(LIST).await, UNTRUSTED).await;
    let other = Authority::named("Other").file();
    let misled = secured.gateway(&clock(), &[("UPSTREAM_CA_FILE", &other)]);
    not_sent("with another's", misled.get(LIST).await, UNTRUSTED).await;
    assert_eq!(secured.upstream.calls("getActiveJobs"), 0);

    let gateway = secured.gateway(&clock(), &[("UPSTREAM_CA_FILE", &authority.file())]);
    let list = gateway.get(LIST).await.ok();
    assert_eq!(list["jobs"][0]["originalName"], "nightly", "{list:#}");
    gateway.post_json(LIST, &any_job("nightly")).await.expect(202);
    assert_eq!(secured.upstream.calls("submitJob"), 1);
}
