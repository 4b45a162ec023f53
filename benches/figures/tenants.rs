//! A thousand tenants poll, and a fifth of them hang up: nobody gets a byte of another.

use std::net::SocketAddr;
use std::time::Instant;

use crate::client::{Answer, Connection, request};
use crate::process::Process;
use crate::upstream::{Call, Upstream};
use crate::{Figure, Result, Scale};

const POLLS: u32 = 1_000_000;
const TENANTS: u32 = 1_000;
const CONNECTIONS: u32 = 64;
/// One of so many hangs up.
const HANGS_UP: u32 = 5;

/// How a tenant is marked in every text of its answers.
const MARK: &str = "tenant=";

fn answer(call: &Call) -> String {
    // The user and the company are the tenant's alone: both have to be right.
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
        "getActiveJobs" => format!("<jobArray>{}</jobArray>", (0..5).map(job).collect::<String>()),
        _ => String::new(),
    }
}

/// How many bytes of an answer are another's.
fn foreign_bytes(answer: &Answer, tenant: u32) -> usize {
    let text = String::from_utf8_lossy(&answer.body);
    let own = format!("{tenant:04}");
    let marks = text.split(MARK).skip(1).filter_map(|rest| rest.split_once(';'));
    marks.filter(|(mark, _)| *mark != own).map(|(mark, _)| MARK.len() + mark.len() + 1).sum()
}

#[derive(Default)]
struct Polled {
    answers: u64,
    hung_up: u64,
    foreign: usize,
    failures: u64,
    marked: u64,
}

pub async fn measure(scale: Scale) -> Result<Figure> {
    let polls = scale.count(POLLS);
    let upstream = Upstream::start(|call| async move { answer(&call) }).await?;
    let gateway = Process::gateway(&upstream.service(), &[])?;
    let began = Instant::now();
    let address = gateway.address;
    let pollers: Vec<_> = (0..CONNECTIONS).map(|_| tokio::spawn(poll(address, polls / CONNECTIONS))).collect();
    let mut all = Polled::default();
    for poller in pollers {
        let polled = poller.await??;
        all.answers += polled.answers;
        all.hung_up += polled.hung_up;
        all.foreign += polled.foreign;
        all.failures += polled.failures;
        all.marked += polled.marked;
    }
    let Polled { answers, hung_up, foreign, failures, marked } = all;
    let seconds = began.elapsed().as_secs();
    Ok(Figure {
        load: format!("{polls} polls of {TENANTS} tenants, {hung_up} of them hung up on, in {seconds} s"),
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
        // Now and then with the tag of whomever was asked for before: most often another.
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
        if number % HANGS_UP == 0 {
            open.send(request.as_bytes()).await?;
            polled.hung_up += 1;
            match (random >> 14) % 4 {
                0 => open.reset(),
                1 => drop(open),
                // After the first bytes of the answer.
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
        if Connection::goes_on(&answer) {
            connection = Some(open);
        }
    }
    Ok(polled)
}
