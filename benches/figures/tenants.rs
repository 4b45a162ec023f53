//! Isolation of tenants: 1,000 tenants poll, a fifth of the polls is aborted, and no response has a byte of another tenant.

use std::net::SocketAddr;
use std::time::Instant;

use crate::client::{Connection, Response, request};
use crate::process::Process;
use crate::upstream::{Call, Upstream, job_array};
use crate::{Figure, Result, Scale};

const POLLS: u32 = 1_000_000;
const TENANTS: u32 = 1_000;
const CONNECTIONS: u32 = 64;
/// One of this number of polls is aborted by the client.
const ABORT_EVERY: u32 = 5;

/// Prefix of the mark of a tenant, in every text of its responses.
const MARK: &str = "tenant=";

fn answer(call: &Call) -> String {
    // Each tenant has its own user and company; the mark depends on both.
    let (tenant, company) = (call.element("password"), call.element("companyHandle"));
    let mark = format!("{MARK}{tenant};");
    let job = |number: u32| {
        format!(
            "<items><companyHandle>{company}</companyHandle><jobHandle>j|{number}|{mark}</jobHandle><name>{number}{mark}</name>\
             <originalName>{number}{mark}</originalName><type>{mark}</type><state>Running</state><submitUserEmail>{mark}</submitUserEmail>\
             <description>{mark}</description><progressMessage>{mark}</progressMessage></items>"
        )
    };
    match call.operation.as_str() {
        "getActiveJobs" => job_array((0..5).map(job)),
        _ => String::new(),
    }
}

/// Returns the number of bytes in a response that belong to another tenant.
fn foreign_bytes(answer: &Response, tenant: u32) -> usize {
    let text = String::from_utf8_lossy(&answer.body);
    let own = format!("{tenant:04}");
    let marks = text.split(MARK).skip(1).filter_map(|rest| rest.split_once(';'));
    marks.filter(|(mark, _)| *mark != own).map(|(mark, _)| MARK.len() + mark.len() + 1).sum()
}

/// Results of the polls of one connection.
#[derive(Default)]
struct Polled {
    answers: u64,
    aborted: u64,
    foreign: usize,
    failures: u64,
    marked: u64,
}

pub async fn measure(scale: Scale) -> Result<Figure> {
    let polls = scale.count(POLLS);
    let upstream = Upstream::start(|call| async move { answer(&call) }).await?;
    let gateway = Process::gateway(&upstream.service_url(), &[])?;
    let began = Instant::now();
    let address = gateway.address;
    let pollers: Vec<_> = (0..CONNECTIONS).map(|_| tokio::spawn(poll(address, polls / CONNECTIONS))).collect();
    let mut all = Polled::default();
    for poller in pollers {
        let polled = poller.await??;
        all.answers += polled.answers;
        all.aborted += polled.aborted;
        all.foreign += polled.foreign;
        all.failures += polled.failures;
        all.marked += polled.marked;
    }
    let Polled { answers, aborted, foreign, failures, marked } = all;
    let seconds = began.elapsed().as_secs();
    Ok(Figure {
        load: format!("{polls} polls of {TENANTS} tenants, {aborted} of them aborted, in {seconds} s"),
        target: "0 foreign bytes",
        measured: format!("{foreign} foreign bytes in {answers} answers; {failures} failed"),
        reached: foreign == 0 && failures == 0 && marked > answers / 2,
    })
}

async fn poll(address: SocketAddr, count: u32) -> Result<Polled> {
    let mut polled = Polled::default();
    let mut connection = None;
    let mut tag = String::new();
    for number in 0..count {
        let random = getrandom::u32()?;
        let tenant = random % TENANTS;
        let path = match (random >> 10) % 4 {
            0 => format!("/jobs?companyHandle=c%7C{tenant:04}&limit=3"),
            1 => format!("/jobs?companyHandle=c%7C{tenant:04}&q=tenant"),
            _ => format!("/jobs?companyHandle=c%7C{tenant:04}"),
        };
        // A quarter has the ETag of the previous poll, mostly of another tenant.
        let headers = if (random >> 12).is_multiple_of(4) && !tag.is_empty() {
            format!("If-None-Match: {tag}\r\n")
        } else {
            String::new()
        };
        let request = request("GET", &path, &format!("user{tenant:04}@example.com"), &format!("{tenant:04}"), &headers);
        let mut open = match connection.take() {
            Some(open) => open,
            None => Connection::open(address).await?,
        };
        if number % ABORT_EVERY == 0 {
            open.send(request.as_bytes()).await?;
            polled.aborted += 1;
            match (random >> 14) % 4 {
                0 => open.reset(),
                1 => drop(open),
                // Aborts after the first bytes of the response.
                _ => {
                    let _ = open.read(&mut [0; 100]).await;
                    open.reset();
                }
            }
            continue;
        }
        let answer = open.call(&request).await?;
        polled.answers += 1;
        polled.foreign += foreign_bytes(&answer, tenant);
        polled.marked += u64::from(answer.body.windows(MARK.len()).any(|window| window == MARK.as_bytes()));
        polled.failures += u64::from(!matches!(answer.status, 200 | 304));
        answer.header("etag").unwrap_or_default().clone_into(&mut tag);
        if Connection::is_reusable_after(&answer) {
            connection = Some(open);
        }
    }
    Ok(polled)
}
