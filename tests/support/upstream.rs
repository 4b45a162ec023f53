//! A scripted upstream, with XML written by hand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use ips_gateway::ips::types::ApiVersion;
use ips_gateway::runtime::clock::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Gateway, START};

/// The reaction to a call.
#[derive(Clone)]
pub enum Reply {
    /// Responds with this status and document.
    Xml(u16, String),
    /// Closes the connection in the middle of this document.
    Cut(String),
    /// Closes the connection without a response.
    Close,
    /// Never responds.
    Silence,
    /// Responds with this document once the channel holds `true`.
    Held(watch::Receiver<bool>, String),
}

/// Returns the reply to a request body.
type Script = Arc<dyn Fn(&str) -> Reply + Send + Sync>;

#[derive(Default)]
struct State {
    scripts: HashMap<String, Script>,
    calls: HashMap<String, Vec<String>>,
    heads: HashMap<String, Vec<String>>,
    /// Clock of the `Date` of answers.
    clock: Option<Clock>,
}

/// A scripted upstream. By default its user has the one company `c|110`, and its lists are empty.
pub struct ScriptedUpstream {
    url: String,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

impl Drop for ScriptedUpstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl ScriptedUpstream {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/scene7/services/IpsApiService", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        let upstream = Self { url, state, serving };
        for list in ["getActiveJobs", "getScheduledJobs", "getJobLogs", "getJobLogDetails"] {
            upstream.answer(list, "");
        }
        upstream.answer(
            "getCompanyMembership",
            "<membershipArray><items><company><companyHandle>c|110</companyHandle><name>Example Outfitters</name></company>\
             <role>IpsUser</role><isActive>true</isActive></items></membershipArray>",
        );
        upstream
    }

    /// A gateway in front of it, with these settings.
    pub fn gateway(&self, clock: &Clock, settings: &[(&str, &str)]) -> Gateway {
        Gateway::start(&self.url, &ApiVersion::default(), clock, settings)
    }

    /// A gateway in front of it with default settings and a manual clock.
    pub fn plain_gateway(&self) -> Gateway {
        self.gateway(&Clock::manual(START.parse().expect("a time")), &[])
    }

    /// Sets the clock of the answers' `Date`; without one, they have none.
    pub fn set_clock(&self, clock: &Clock) {
        self.state.lock().expect("no panic").clock = Some(clock.clone());
    }

    /// Sets the reply of an operation.
    pub fn reply(&self, operation: &str, reply: Reply) {
        self.script(operation, move |_| reply.clone());
    }

    /// Sets the reply of an operation to an answer with this content.
    pub fn answer(&self, operation: &str, content: &str) {
        self.reply(operation, Reply::Xml(200, envelope(operation, content)));
    }

    /// Sets the script of an operation.
    pub fn script(&self, operation: &str, script: impl Fn(&str) -> Reply + Send + Sync + 'static) {
        self.state.lock().expect("no panic").scripts.insert(operation.into(), Arc::new(script));
    }

    /// The number of calls of an operation.
    pub fn calls(&self, operation: &str) -> usize {
        self.requests(operation).len()
    }

    /// The request bodies of the calls of an operation.
    pub fn requests(&self, operation: &str) -> Vec<String> {
        self.state.lock().expect("no panic").calls.get(operation).cloned().unwrap_or_default()
    }

    /// The request heads of the calls of an operation.
    pub fn heads(&self, operation: &str) -> Vec<String> {
        self.state.lock().expect("no panic").heads.get(operation).cloned().unwrap_or_default()
    }

    /// The URL of its service.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Serves one request and closes the connection.
async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let Some((operation, received, body)) = read_request(&mut stream).await else { return };
    let (script, date) = {
        let mut state = state.lock().expect("no panic");
        state.calls.entry(operation.clone()).or_default().push(body.clone());
        state.heads.entry(operation.clone()).or_default().push(received);
        let date = state.clock.as_ref().map(|clock| clock.now().format("Date: %a, %d %b %Y %H:%M:%S GMT\r\n"));
        (state.scripts.get(&operation).cloned(), date.map_or_else(String::new, |date| date.to_string()))
    };
    let head = |status, length| head(status, length, &date);
    let reply = script.map_or_else(
        || fault("ipsApiFault", 30000, &format!("no script for {operation}"), 500),
        |script| script(&body),
    );
    // The gateway may close the connection first.
    let _ = match reply {
        Reply::Xml(status, document) => {
            let head = head(status, document.len());
            stream.write_all(format!("{head}{document}").as_bytes()).await
        }
        Reply::Cut(document) => {
            let half = &document[..document.len() / 2];
            stream.write_all(format!("{}{half}", head(200, document.len())).as_bytes()).await
        }
        Reply::Close => Ok(()),
        Reply::Held(mut released, document) => {
            let _ = released.wait_for(|released| *released).await;
            let head = head(200, document.len());
            stream.write_all(format!("{head}{document}").as_bytes()).await
        }
        Reply::Silence => stream.read_to_end(&mut Vec::new()).await.map(drop),
    };
}

fn head(status: u16, length: usize, date: &str) -> String {
    format!(
        "HTTP/1.1 {status} Whatever\r\nContent-Type: text/xml; charset=UTF-8\r\nContent-Length: {length}\r\n{date}Connection: close\r\n\r\n"
    )
}

/// The `SOAPAction`, the head and the body.
async fn read_request(stream: &mut TcpStream) -> Option<(String, String, String)> {
    let mut received = Vec::new();
    let head_end = loop {
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut received).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&received[..head_end]).into_owned();
    let header = |wanted: &str| {
        let mut headers = head.lines().filter_map(|line| line.split_once(':'));
        headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim().to_owned())
    };
    let length: usize = header("content-length")?.parse().ok()?;
    while received.len() < head_end + length {
        if stream.read_buf(&mut received).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8_lossy(&received[head_end..]).into_owned();
    Some((header("soapaction")?.trim_matches('"').to_owned(), head, body))
}

/// An envelope with an answer of the operation.
pub fn envelope(operation: &str, content: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body>\n \
         <{operation}Return xmlns=\"http://www.scene7.com/IpsApi/xsd/2014-04-03\">{content}</{operation}Return>\n\
         </soapenv:Body></soapenv:Envelope>"
    )
}

/// A SOAP fault in the form of IPS.
pub fn fault(name: &str, code: i32, reason: &str, status: u16) -> Reply {
    Reply::Xml(
        status,
        format!(
            "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body><soapenv:Fault>\
             <faultcode>soapenv:Server</faultcode><faultstring>{name}</faultstring><detail>\
             <ns1:{name} xmlns:ns1=\"http://www.scene7.com/IpsApi/xsd\"><ns1:code>{code}</ns1:code><ns1:reason>{reason}</ns1:reason></ns1:{name}>\
             </detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
        ),
    )
}

/// An item of getActiveJobs: a running job with the original name `original`, and `more` elements at its end.
pub fn active_job(original: &str, more: &str) -> String {
    format!(
        "<items><companyHandle>c|110</companyHandle><jobHandle>j|110||{original}_2026-03-02-06:00:00.000|5129821</jobHandle>\
         <name>{original}_2026-03-02-06:00:00.000</name><originalName>{original}</originalName><type>UrlUpload</type>\
         <state>Running</state><submitUserEmail>katlyn@example.com</submitUserEmail>{more}</items>"
    )
}

/// An item of getJobLogs: a job with the original name `original`, and `more` elements after its handles and names.
pub fn job_log(original: &str, more: &str) -> String {
    format!(
        "<items><companyHandle>c|110</companyHandle><jobHandle>j|110||{original}_2026-03-02-06:00:00.000</jobHandle>\
         <jobName>{original}_2026-03-02-06:00:00.000</jobName><originalJobName>{original}</originalJobName>{more}</items>"
    )
}
