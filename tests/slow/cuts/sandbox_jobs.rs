//! The jobs of the sandbox, read directly over hand-written SOAP.

use std::collections::BTreeMap;

use crate::support::http_client;
use ips_gateway::sandbox::Sandbox;
use ips_gateway::sandbox::users::BOTH_COMPANIES;

/// The active and scheduled jobs of the company: the XML of the jobs of each original name.
pub struct SandboxJobs(BTreeMap<String, Vec<String>>);

impl SandboxJobs {
    pub async fn read(sandbox: &Sandbox) -> Self {
        let company = "<companyHandle>c|110</companyHandle>";
        let active = format!("{company}<includeWaitingJobs>true</includeWaitingJobs>");
        let active = ask(sandbox, "getActiveJobs", &active).await;
        let scheduled = ask(sandbox, "getScheduledJobs", company).await;
        let mut jobs = BTreeMap::<_, Vec<_>>::new();
        for item in [active, scheduled].iter().flat_map(|xml| xml.split("<originalName>").skip(1)) {
            let (name, rest) = item.split_once("</originalName>").expect("it is closed");
            jobs.entry(name.to_owned()).or_default().push(rest.to_owned());
        }
        Self(jobs)
    }

    /// The number of jobs with this prefix of their original name.
    pub fn count(&self, beginning: &str) -> usize {
        self.found(beginning).map(Vec::len).sum()
    }

    /// The original name of the job with this prefix.
    pub fn name(&self, beginning: &str) -> Option<&str> {
        self.0.keys().map(String::as_str).find(|name| name.starts_with(beginning))
    }

    /// The state of the job with this prefix.
    pub fn state<'a>(&'a self, beginning: &'a str) -> Option<&'a str> {
        let rest = self.found(beginning).flatten().next()?;
        rest.split_once("<state>")?.1.split_once("</state>").map(|(state, _)| state)
    }

    fn found<'a>(&'a self, beginning: &'a str) -> impl Iterator<Item = &'a Vec<String>> {
        self.0.iter().filter(move |(name, _)| name.starts_with(beginning)).map(|(_, jobs)| jobs)
    }
}

async fn ask(sandbox: &Sandbox, operation: &str, content: &str) -> String {
    let version = sandbox.version();
    let user = &BOTH_COMPANIES;
    let envelope = format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Header>\
         <authHeader xmlns=\"http://www.scene7.com/IpsApi/xsd\"><user>{}</user><password>{}</password>\
         <appName>census</appName><appVersion>1</appVersion></authHeader></e:Header>\
         <e:Body><{operation}Param xmlns=\"http://www.scene7.com/IpsApi/xsd/{version}\">{content}</{operation}Param></e:Body></e:Envelope>",
        user.email, user.password
    );
    let request = http_client().post(sandbox.url());
    let request = request.header("Content-Type", "text/xml; charset=UTF-8").header("SOAPAction", operation);
    let answer = request.body(envelope).send().await.expect("the sandbox answers");
    let (status, text) = (answer.status(), answer.text().await.expect("a text"));
    assert_eq!(status, 200, "{text}");
    text
}
