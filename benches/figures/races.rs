//! Stops race with lists: after a stop's 2xx nobody gets an answer from before it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::client::{Answer, Connection, request};
use crate::process::Process;
use crate::upstream::{Call, Upstream};
use crate::{Figure, Result, Scale};

const RACES: u32 = 100_000;
/// So many companies race at once, each with one who stops.
const LANES: u32 = 16;
/// And so many who list.
const LISTERS: u32 = 2;

/// A company whose job may be stopped again and again.
#[derive(Default)]
struct Lane {
    /// How often IPS has stopped it.
    stopped: AtomicU64,
    /// How often a 2xx said so.
    told: AtomicU64,
    over: AtomicBool,
}

/// A moment of up to two milliseconds: another every time.
async fn moment() {
    let random = getrandom::u32().unwrap_or_default();
    tokio::time::sleep(Duration::from_micros((random % 2_000).into())).await;
}

async fn answer(lanes: Arc<Vec<Lane>>, call: Call) -> String {
    let number = call.element("companyHandle").trim_start_matches("c|").to_owned();
    let Some(lane) = number.parse().ok().and_then(|number: usize| lanes.get(number)) else { return String::new() };
    match call.operation.as_str() {
        "stopJob" => {
            moment().await;
            lane.stopped.fetch_add(1, Ordering::SeqCst);
            moment().await;
            String::new()
        }
        "getActiveJobs" => {
            // Looked at now, told later.
            let stopped = lane.stopped.load(Ordering::SeqCst);
            moment().await;
            format!(
                "<jobArray><items><companyHandle>c|{number}</companyHandle><jobHandle>j|{number}</jobHandle><name>job_1</name>\
                 <originalName>job</originalName><type>UrlUpload</type><state>Running</state>\
                 <description>stopped={stopped};</description></items></jobArray>"
            )
        }
        _ => String::new(),
    }
}

/// How often the job was stopped, as an answer tells.
fn stopped(answer: &Answer) -> Option<u64> {
    let text = String::from_utf8_lossy(&answer.body);
    let (_, rest) = text.split_once("stopped=")?;
    rest.split_once(';')?.0.parse().ok()
}

pub async fn measure(scale: Scale) -> Result<Figure> {
    let races = scale.count(RACES) / LANES * LANES;
    let lanes: Arc<Vec<Lane>> = Arc::new((0..LANES).map(|_| Lane::default()).collect());
    let shared = Arc::clone(&lanes);
    let upstream = Upstream::start(move |call| answer(Arc::clone(&shared), call)).await?;
    let gateway = Process::gateway(&upstream.service(), &[])?;
    let address = gateway.address;

    let each = races / LANES;
    let mut listers = Vec::new();
    let mut stoppers = Vec::new();
    for number in 0..LANES {
        stoppers.push(tokio::spawn(stop(address, Arc::clone(&lanes), number, each)));
        for _ in 0..LISTERS {
            listers.push(tokio::spawn(list(address, Arc::clone(&lanes), number)));
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
        load: format!("{races} stops, while {} callers list without a pause", LANES * LISTERS),
        target: "no answer from before a stop after its 2xx",
        measured: format!("{outdated} of {lists} lists"),
        reached: outdated == 0 && lists > u64::from(races) / 2,
    })
}

async fn stop(address: SocketAddr, lanes: Arc<Vec<Lane>>, number: u32, count: u32) -> Result<()> {
    let lane = &lanes[number as usize];
    let path = format!("/jobs/j%7C{number}/stop?companyHandle=c%7C{number}");
    let stop = request("POST", &path, &format!("user{number}@example.com"), "secret", "Content-Length: 0\r\n");
    let mut connection = Connection::open(address).await?;
    for _ in 0..count {
        let answer = connection.call(&stop).await?;
        if answer.status != 202 {
            lane.over.store(true, Ordering::SeqCst);
            return Err(format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)).into());
        }
        lane.told.fetch_add(1, Ordering::SeqCst);
    }
    lane.over.store(true, Ordering::SeqCst);
    Ok(())
}

/// How many lists there were, and how many of them were from before a stop that had been told.
async fn list(address: SocketAddr, lanes: Arc<Vec<Lane>>, number: u32) -> Result<(u64, u64)> {
    let lane = &lanes[number as usize];
    let user = format!("user{number}@example.com");
    let path = format!("/jobs?companyHandle=c%7C{number}");
    let lists = ["", "Cache-Control: no-cache\r\n"].map(|headers| request("GET", &path, &user, "secret", headers));
    let mut connection = Connection::open(address).await?;
    let (mut count, mut outdated) = (0, 0);
    while !lane.over.load(Ordering::SeqCst) {
        let told = lane.told.load(Ordering::SeqCst);
        let answer = connection.call(&lists[usize::from(count % 8 == 7)]).await?;
        let seen = stopped(&answer).ok_or_else(|| format!("{}: no list", answer.status))?;
        count += 1;
        outdated += u64::from(seen < told);
        // Let others have their turn: most of these would see the same.
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    Ok((count, outdated))
}
