//! An IPS that marks every text with caller and company.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::mark::{COMPANIES, Mark};
use crate::support::{Reply, ScriptedUpstream, envelope, fault};

/// The upstream.
pub struct MarkingUpstream {
    pub upstream: ScriptedUpstream,
    /// Whether it is down.
    pub down: Arc<AtomicBool>,
}

/// User and password of a caller; two callers share a user, with different passwords.
pub fn login(caller: usize) -> (String, String) {
    (format!("user{:02}@example.com", caller / 2), format!("secret{caller:02}"))
}

/// The mark of a request, by its credentials.
fn mark_of(request: &str) -> Option<Mark> {
    let element = |name: &str| {
        let (_, rest) = request.split_once(&format!("<{name}>"))?;
        rest.split_once('<').map(|(text, _)| text)
    };
    let caller = element("password")?.strip_prefix("secret")?.parse().ok()?;
    let company = element("companyHandle").and_then(|handle| handle.strip_prefix("c|")?.parse().ok());
    // IPS knows only matching users and passwords.
    (element("user")? == login(caller).0).then_some(Mark { caller, company: company.unwrap_or_default() })
}

/// The elements that identify a job of the active list, the schedule or the log.
fn names(mark: Mark, kind: &str, name: &str, original: &str) -> String {
    let (text, company) = (mark.text(), mark.handle());
    format!(
        "<companyHandle>{company}</companyHandle><jobHandle>j|{kind}|{text}</jobHandle><{name}>{kind}{text}_1</{name}>\
         <{original}>{kind}{text}</{original}>"
    )
}

fn active(mark: Mark, version: usize) -> String {
    let text = mark.text();
    let names = names(mark, "active", "name", "originalName");
    format!(
        "<jobArray><items>{names}<type>{text}</type><state>Running</state><submitUserEmail>{text}</submitUserEmail>\
         <description>{text}</description><progress>{}</progress><progressMessage>{text}</progressMessage></items></jobArray>",
        version % 100
    )
}

fn scheduled(mark: Mark) -> String {
    let text = mark.text();
    let names = names(mark, "scheduled", "name", "originalName");
    format!(
        "<jobArray><items>{names}<type>{text}</type><submitUserEmail>{text}</submitUserEmail><execSchedule>0 0 3 * * ?</execSchedule>\
         <triggerState>Normal</triggerState></items></jobArray>"
    )
}

fn logs(mark: Mark) -> String {
    let text = mark.text();
    let names = names(mark, "logged", "jobName", "originalJobName");
    format!(
        "<jobLogArray><items>{names}<submitUserEmail>{text}</submitUserEmail><logType>{text}</logType>\
         <startDate>2026-03-01T00:00:00Z</startDate><endDate>2026-03-01T00:00:10Z</endDate><description>{text}</description>\
         <fatalError>false</fatalError><detailTotalRows>1</detailTotalRows><detailArray><items><logMessage>{text}</logMessage>\
         <logType>{text}</logType><dateCreated>2026-03-01T00:00:05Z</dateCreated></items></detailArray></items></jobLogArray>"
    )
}

fn asset_logs(mark: Mark) -> String {
    let text = mark.text();
    format!(
        "<jobLogArray><items><jobHandle>j|logged|{text}</jobHandle><jobName>logged{text}_1</jobName><logMessage>{text}</logMessage>\
         <logType>{text}</logType><submitUserEmail>{text}</submitUserEmail><logDate>2026-03-01T00:00:05Z</logDate></items></jobLogArray>"
    )
}

fn company(mark: Mark) -> String {
    let text = mark.text();
    format!("<companyHandle>{}</companyHandle><name>{text}</name><rootPath>{text}</rootPath>", mark.handle())
}

fn membership(mark: Mark) -> String {
    let items = (0..COMPANIES).map(|number| {
        let company = company(Mark { company: number, ..mark });
        format!("<items><company>{company}</company><role>IpsUser</role><isActive>true</isActive></items>")
    });
    format!("<membershipArray>{}</membershipArray>", items.collect::<String>())
}

impl MarkingUpstream {
    pub async fn start() -> Self {
        let upstream = ScriptedUpstream::start().await;
        let (down, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let answer = |operation: &'static str, content: fn(Mark, usize) -> String| {
            let (down, asked) = (Arc::clone(&down), Arc::clone(&asked));
            upstream.script(operation, move |request| match mark_of(request) {
                // Submits never fail: the recovery of a lost one takes seconds.
                _ if down.load(Ordering::Relaxed) && operation != "submitJob" => Reply::Close,
                None => fault("authenticationFault", 10001, "unknown caller", 500),
                Some(mark) => {
                    Reply::Xml(200, envelope(operation, &content(mark, asked.fetch_add(1, Ordering::Relaxed))))
                }
            });
        };
        answer("getActiveJobs", active);
        answer("getScheduledJobs", |mark, _| scheduled(mark));
        answer("getJobLogs", |mark, _| logs(mark));
        answer("getJobLogDetails", |mark, _| logs(mark));
        answer("getAssetJobLogs", |mark, _| asset_logs(mark));
        answer("getAssetArchivedJobLogs", |mark, _| asset_logs(mark));
        answer("getCompanyMembership", |mark, _| membership(mark));
        answer("getCompanyInfo", |mark, _| format!("<companyInfo>{}</companyInfo>", company(mark)));
        answer("submitJob", |mark, _| format!("<jobHandle>j|submitted|{}</jobHandle>", mark.text()));
        answer("stopJob", |_, _| String::new());
        Self { upstream, down }
    }
}
