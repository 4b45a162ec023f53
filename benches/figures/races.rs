//! Races of stops and lists: after the 2xx of a stop, no list is from before it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::client::{Connection, Response, request};
use crate::process::Process;
use crate::upstream::{Call, Upstream};
use crate::{Figure, Result, Scale};

const RACES: u32 = 100_000;
/// Number of companies, each with one client that stops its job.
const COMPANIES: u32 = 16;
/// Number of clients per company that list its jobs.
const LISTERS: u32 = 2;

/// Company with a job that can be stopped any number of times.
#[derive(Default)]
struct Company {
    /// Number of stops in IPS.
    stopped: AtomicU64,
    /// Number of stops that were answered with 2xx.
    confirmed: AtomicU64,
    is_done: AtomicBool,
}

/// Waits for a random time of up to 2 ms.
async fn random_delay() {
    let random = getrandom::u32().unwrap_or_default();
    tokio::time::sleep(Duration::from_micros((random % 2_000).into())).await;
}

async fn answer(companies: Arc<Vec<Company>>, call: Call) -> String {
    let number = call.element("companyHandle").trim_start_matches("c|").to_owned();
    let Some(company) = number.parse().ok().and_then(|number: usize| companies.get(number)) else {
        return String::new();
    };
    match call.operation.as_str() {
        "stopJob" => {
            random_delay().await;
            company.stopped.fetch_add(1, Ordering::SeqCst);
            random_delay().await;
            String::new()
        }
        "getActiveJobs" => {
            // Reads the state before the delay.
            let stopped = company.stopped.load(Ordering::SeqCst);
            random_delay().await;
            format!(
                "<jobArray><items><companyHandle>c|{number}</companyHandle><jobHandle>j|{number}</jobHandle><name>job_1</name>\
                 <originalName>job</originalName><type>UrlUpload</type><state>Running</state>\
                 <description>stopped={stopped};</description></items></jobArray>"
            )
        }
        _ => String::new(),
    }
}

/// Returns the number of stops in a list.
fn stopped(answer: &Response) -> Option<u64> {
    let text = String::from_utf8_lossy(&answer.body);
    let (_, rest) = text.split_once("stopped=")?;
    rest.split_once(';')?.0.parse().ok()
}

pub async fn measure(scale: Scale) -> Result<Figure> {
    let races = scale.count(RACES) / COMPANIES * COMPANIES;
    let companies: Arc<Vec<Company>> = Arc::new((0..COMPANIES).map(|_| Company::default()).collect());
    let shared = Arc::clone(&companies);
    let upstream = Upstream::start(move |call| answer(Arc::clone(&shared), call)).await?;
    let gateway = Process::gateway(&upstream.service_url(), &[])?;
    let address = gateway.address;

    let each = races / COMPANIES;
    let mut listers = Vec::new();
    let mut stoppers = Vec::new();
    for number in 0..COMPANIES {
        stoppers.push(tokio::spawn(stop(address, Arc::clone(&companies), number, each)));
        for _ in 0..LISTERS {
            listers.push(tokio::spawn(list(address, Arc::clone(&companies), number)));
        }
    }
    for stopper in stoppers {
        stopper.await??;
    }
    let (mut lists, mut outdated) = (0, 0);
    for lister in listers {
        let (count, wrong) = lister.await??;
        (lists, outdated) = (lists + count, outdated + wrong);
    }
    Ok(Figure {
        load: format!("{races} stops, while {} callers list without a pause", COMPANIES * LISTERS),
        target: "no answer from before a stop after its 2xx",
        measured: format!("{outdated} of {lists} lists"),
        reached: outdated == 0 && lists > u64::from(races) / 2,
    })
}

async fn stop(address: SocketAddr, companies: Arc<Vec<Company>>, number: u32, count: u32) -> Result<()> {
    let company = &companies[number as usize];
    let path = format!("/jobs/j%7C{number}/stop?companyHandle=c%7C{number}");
    let stop = request("POST", &path, &format!("user{number}@example.com"), "secret", "Content-Length: 0\r\n");
    let mut connection = Connection::open(address).await?;
    for _ in 0..count {
        let answer = connection.call(&stop).await?;
        if answer.status != 202 {
            company.is_done.store(true, Ordering::SeqCst);
            return Err(format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)).into());
        }
        company.confirmed.fetch_add(1, Ordering::SeqCst);
    }
    company.is_done.store(true, Ordering::SeqCst);
    Ok(())
}

/// Lists until the stops are done; returns the number of lists, and of those from before a confirmed stop.
async fn list(address: SocketAddr, companies: Arc<Vec<Company>>, number: u32) -> Result<(u64, u64)> {
    let company = &companies[number as usize];
    let user = format!("user{number}@example.com");
    let path = format!("/jobs?companyHandle=c%7C{number}");
    let lists = ["", "Cache-Control: no-cache\r\n"].map(|headers| request("GET", &path, &user, "secret", headers));
    let mut connection = Connection::open(address).await?;
    let (mut count, mut outdated) = (0, 0);
    while !company.is_done.load(Ordering::SeqCst) {
        let confirmed = company.confirmed.load(Ordering::SeqCst);
        let answer = connection.call(&lists[usize::from(count % 8 == 7)]).await?;
        let seen = stopped(&answer).ok_or_else(|| format!("{}: no list", answer.status))?;
        count += 1;
        outdated += u64::from(seen < confirmed);
        // Yields the CPU to the other clients; most further lists would be the same.
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    Ok((count, outdated))
}
