//! A SOAP client that shares no code with the project's codec: envelopes are strings, answers a small tree.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use ips_gateway::sandbox::users::{OUTFITTERS, Tenant, User};
use ips_gateway::sandbox::{Clock, Population, Sandbox, SandboxConfig};
use quick_xml::Reader;
use quick_xml::events::Event;

pub const NAMESPACE: &str = "http://www.scene7.com/IpsApi/xsd/2022-11-01-beta";

/// A Monday, nine in the morning at the server.
pub fn monday() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 15, 0, 0).unwrap()
}

/// A sandbox with a manual clock, and a client of it.
pub struct Fixture {
    pub sandbox: Sandbox,
    pub http: reqwest::Client,
}

/// A response.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub text: String,
}

/// A SOAP fault.
#[derive(Debug, PartialEq, Eq)]
pub struct SoapFault {
    pub name: String,
    pub code: i32,
    pub reason: String,
}

/// An element: its local name, its text, its children.
#[derive(Debug, Default, Clone)]
pub struct Element {
    pub name: String,
    pub text: String,
    pub children: Vec<Element>,
}

impl Fixture {
    pub fn with(adjust: impl FnOnce(&mut SandboxConfig)) -> Self {
        let mut config = SandboxConfig { clock: Clock::manual(monday()), trickle: None, ..SandboxConfig::default() };
        adjust(&mut config);
        let sandbox = Sandbox::start(config).expect("a free port");
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        Self { sandbox, http }
    }

    /// A sandbox without jobs.
    pub fn empty() -> Self {
        Self::with(|config| config.population = Population::Empty)
    }

    /// A sandbox with the seeded population.
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

    /// Calls an operation as a user; `inner` is what the body element holds.
    pub async fn ask(&self, user: &User, operation: &str, inner: &str) -> Reply {
        let login = format!("<a:user>{}</a:user><a:password>{}</a:password>", user.email, user.password);
        self.post(operation, envelope(&login, operation, inner)).await
    }

    /// Submits a job; returns its handle.
    pub async fn submit(&self, user: &User, name: &str, rest: &str) -> String {
        let inner = format!("{}<jobName>{name}</jobName>{rest}", company(&OUTFITTERS));
        self.ask(user, "submitJob", &inner).await.answer().text("jobHandle")
    }

    /// The active jobs of the user's only company, waiting ones included.
    pub async fn active(&self, user: &User) -> Vec<Element> {
        self.ask(user, "getActiveJobs", "<includeWaitingJobs>true</includeWaitingJobs>")
            .await
            .answer()
            .all("jobArray/items")
    }

    pub async fn scheduled(&self, user: &User) -> Vec<Element> {
        self.ask(user, "getScheduledJobs", "").await.answer().all("jobArray/items")
    }

    pub async fn logs(&self, user: &User) -> Vec<Element> {
        self.ask(user, "getJobLogs", "").await.answer().all("jobLogArray/items")
    }

    /// The log of a job of [`OUTFITTERS`] by its original name, with details.
    pub async fn log_of(&self, user: &User, original_name: &str) -> Option<Element> {
        let inner = format!("{}<originalName>{original_name}</originalName>", company(&OUTFITTERS));
        self.ask(user, "getJobLogDetails", &inner).await.answer().all("jobLogArray/items").into_iter().next()
    }

    /// stopJob, pauseJob, … on a handle of [`OUTFITTERS`].
    pub async fn act(&self, user: &User, operation: &str, handle: &str) -> Reply {
        self.ask(user, operation, &format!("{}<jobHandle>{}</jobHandle>", company(&OUTFITTERS), escape(handle))).await
    }
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

pub fn company(company: &Tenant) -> String {
    format!("<companyHandle>{}</companyHandle>", company.handle)
}

/// A job detail with these URLs.
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
    /// The body element of the answer.
    pub fn answer(&self) -> Element {
        let body = self.body();
        assert!(self.status == 200 && body.name.ends_with("Return"), "no answer, but {} {}", self.status, self.text);
        body
    }

    /// The fault's name, code and reason.
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
    /// Every element at a path such as `jobArray/items/name`.
    pub fn all(&self, path: &str) -> Vec<Element> {
        path.split('/').fold(vec![self.clone()], |found, name| {
            found.into_iter().flat_map(|element| element.children).filter(|child| child.name == name).collect()
        })
    }

    /// The text of the only element at a path.
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

/// Every element's text at a path.
pub fn texts(elements: &[Element], path: &str) -> Vec<String> {
    elements.iter().map(|element| element.text(path)).collect()
}

fn parse(text: &str) -> Element {
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
