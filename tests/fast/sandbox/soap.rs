//! SOAP client that shares no code with the codec: envelopes are strings, answers are parsed into a tree.

use std::time::Duration;

use crate::support::http_client_builder;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use ips_gateway::sandbox::users::{OUTFITTERS, Tenant, User};
use ips_gateway::sandbox::{Clock, Population, Sandbox, SandboxConfig};
use quick_xml::Reader;
use quick_xml::events::Event;

pub const NAMESPACE: &str = "http://www.scene7.com/IpsApi/xsd/2022-11-01-beta";

/// Returns a Monday, 09:00 in the server's time zone.
pub fn monday() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 15, 0, 0).unwrap()
}

/// Sandbox with a manual clock, and a client of it.
pub struct Fixture {
    pub sandbox: Sandbox,
    pub http: reqwest::Client,
}

/// HTTP response.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub text: String,
}

/// SOAP fault.
#[derive(Debug, PartialEq, Eq)]
pub struct SoapFault {
    pub name: String,
    pub code: i32,
    pub reason: String,
}

/// XML element: local name, text and children.
#[derive(Debug, Default, Clone)]
pub struct Element {
    pub name: String,
    pub text: String,
    pub children: Vec<Element>,
}

impl Fixture {
    pub fn with(adjust: impl FnOnce(&mut SandboxConfig)) -> Self {
        let mut config =
            SandboxConfig { clock: Clock::manual(monday()), new_job_interval: None, ..SandboxConfig::default() };
        adjust(&mut config);
        let sandbox = Sandbox::start(config).expect("a free port");
        let http = http_client_builder().timeout(Duration::from_secs(20)).build().unwrap();
        Self { sandbox, http }
    }

    /// Starts a sandbox without jobs.
    pub fn empty() -> Self {
        Self::with(|config| config.population = Population::Empty)
    }

    /// Starts a seeded sandbox.
    pub fn seeded() -> Self {
        Self::with(|_| {})
    }

    pub fn advance(&self, by: TimeDelta) {
        self.sandbox.clock().advance(by);
    }

    pub async fn post(&self, action: &str, envelope: String) -> Reply {
        let request = self
            .http
            .post(self.sandbox.url())
            .header("content-type", "text/xml; charset=UTF-8")
            .header("soapaction", action);
        let response = request.body(envelope).send().await.expect("an answer");
        Reply { status: response.status().as_u16(), text: response.text().await.expect("a body") }
    }

    /// Calls an operation as a user; `inner` is the content of the body element.
    pub async fn call(&self, user: &User, operation: &str, inner: &str) -> Reply {
        let login = format!("<a:user>{}</a:user><a:password>{}</a:password>", user.email, user.password);
        self.post(operation, envelope(&login, operation, inner)).await
    }

    /// Submits a job and returns its handle.
    pub async fn submit(&self, user: &User, name: &str, rest: &str) -> String {
        let inner = format!("{}<jobName>{name}</jobName>{rest}", company(&OUTFITTERS));
        self.call(user, "submitJob", &inner).await.answer().text("jobHandle")
    }

    /// Returns the active jobs of the user's only company, including waiting ones.
    pub async fn active(&self, user: &User) -> Vec<Element> {
        self.call(user, "getActiveJobs", "<includeWaitingJobs>true</includeWaitingJobs>")
            .await
            .answer()
            .all("jobArray/items")
    }

    pub async fn scheduled(&self, user: &User) -> Vec<Element> {
        self.call(user, "getScheduledJobs", "").await.answer().all("jobArray/items")
    }

    pub async fn logs(&self, user: &User) -> Vec<Element> {
        self.call(user, "getJobLogs", "").await.answer().all("jobLogArray/items")
    }

    /// Returns the log of a job of [`OUTFITTERS`] by its original name, with its entries.
    pub async fn log_of(&self, user: &User, original_name: &str) -> Option<Element> {
        let inner = format!("{}<originalName>{original_name}</originalName>", company(&OUTFITTERS));
        self.call(user, "getJobLogDetails", &inner).await.answer().all("jobLogArray/items").into_iter().next()
    }

    /// Calls stopJob, pauseJob, … for a job of [`OUTFITTERS`].
    pub async fn act(&self, user: &User, operation: &str, handle: &str) -> Reply {
        self.call(user, operation, &format!("{}<jobHandle>{}</jobHandle>", company(&OUTFITTERS), escape(handle))).await
    }
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

pub fn company(company: &Tenant) -> String {
    format!("<companyHandle>{}</companyHandle>", company.handle)
}

/// Returns the details of an upload from these URLs.
pub fn upload(urls: &[&str]) -> String {
    let item = |url: &&str| format!("<items><sourceUrl>{url}</sourceUrl><destPath>in/</destPath></items>");
    let items = urls.iter().map(item).collect::<Vec<_>>().concat();
    format!(
        "<uploadUrlsJob><urlArray>{items}</urlArray><overwrite>true</overwrite><readyForPublish>true</readyForPublish>\
         <createMask>false</createMask><emailSetting>None</emailSetting></uploadUrlsJob>"
    )
}

pub const PUBLISH: &str =
    "<imageServingPublishJob><publishType>Full</publishType><emailSetting>None</emailSetting></imageServingPublishJob>";

pub fn envelope(login: &str, operation: &str, inner: &str) -> String {
    envelope_in(NAMESPACE, login, operation, inner)
}

pub fn envelope_in(namespace: &str, login: &str, operation: &str, inner: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>
<a:authHeader xmlns:a="http://www.scene7.com/IpsApi/xsd">{login}<a:appName>test</a:appName><a:appVersion>1</a:appVersion></a:authHeader>
</s:Header><s:Body><{operation}Param xmlns="{namespace}">{inner}</{operation}Param></s:Body></s:Envelope>"#
    )
}

impl Reply {
    /// Returns the body element of an answer.
    pub fn answer(&self) -> Element {
        let body = self.body();
        assert!(self.status == 200 && body.name.ends_with("Return"), "no answer, but {} {}", self.status, self.text);
        body
    }

    /// Returns the fault in the response.
    pub fn fault(&self) -> SoapFault {
        let body = self.body();
        assert_eq!(body.name, "Fault", "no fault, but {} {}", self.status, self.text);
        let detail = body.all("detail").remove(0).children.remove(0);
        assert_eq!(detail.name, body.text("faultstring"), "the faultstring names the fault: {}", self.text);
        SoapFault {
            name: detail.name.clone(),
            code: detail.text("code").parse().unwrap(),
            reason: detail.text("reason"),
        }
    }

    pub fn code(&self) -> i32 {
        self.fault().code
    }

    fn body(&self) -> Element {
        let envelope = parse(&self.text);
        assert_eq!(envelope.name, "Envelope", "no envelope: {}", self.text);
        envelope.all("Body").remove(0).children.remove(0)
    }
}

impl Element {
    /// Returns all elements at a path such as `jobArray/items/name`.
    pub fn all(&self, path: &str) -> Vec<Element> {
        path.split('/').fold(vec![self.clone()], |found, name| {
            found.into_iter().flat_map(|element| element.children).filter(|child| child.name == name).collect()
        })
    }

    /// Returns the text of the first element at a path.
    pub fn text(&self, path: &str) -> String {
        self.find(path).unwrap_or_else(|| panic!("no {path} in {self:#?}"))
    }

    pub fn find(&self, path: &str) -> Option<String> {
        self.all(path).into_iter().next().map(|element| element.text)
    }

    pub fn number(&self, path: &str) -> f64 {
        self.text(path).parse().unwrap_or_else(|_| panic!("no number at {path} in {self:#?}"))
    }

    pub fn time(&self, path: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(&self.text(path))
            .unwrap_or_else(|_| panic!("no time at {path} in {self:#?}"))
            .to_utc()
    }

    pub fn texts(&self, path: &str) -> Vec<String> {
        self.all(path).into_iter().map(|element| element.text).collect()
    }
}

/// Returns the text at a path of each element.
pub fn texts(elements: &[Element], path: &str) -> Vec<String> {
    elements.iter().map(|element| element.text(path)).collect()
}

pub fn parse(text: &str) -> Element {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().unwrap_or_else(|e| panic!("{e} in {text}")) {
            Event::Start(tag) => open.push(named(tag.local_name().as_ref())),
            Event::Empty(tag) => open.last_mut().unwrap().children.push(named(tag.local_name().as_ref())),
            Event::End(_) => {
                let closed = open.pop().unwrap();
                open.last_mut().unwrap().children.push(closed);
            }
            Event::Text(piece) => open.last_mut().unwrap().text.push_str(&piece),
            Event::GeneralRef(name) => {
                let reference = format!("&{};", &*name);
                let character = quick_xml::escape::unescape(&reference).unwrap().into_owned();
                open.last_mut().unwrap().text.push_str(&character);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let root = open.pop().unwrap();
    root.children.into_iter().next().unwrap_or_else(|| panic!("no element in {text:?}"))
}

fn named(name: &str) -> Element {
    Element { name: name.into(), ..Element::default() }
}
