//! Throughput of the codec: an answer of IPS to typed values and to JSON, compared with the bare event loop of quick-xml on the same bytes.

use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group};
use ips_gateway::ips::soap::{Reply, read_answer};
use ips_gateway::ips::types::{GetActiveJobsParam, GetActiveJobsReturn};
use quick_xml::Reader;
use quick_xml::events::Event;

/// Same allocator as the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const JOBS: usize = 1_000;

/// Rounds of the comparison; the minimum of each candidate counts, since interference only adds time.
const ROUNDS: usize = 60;

fn count_events(document: &str) -> usize {
    let mut reader = Reader::from_str(document);
    let mut events = 0;
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return events,
            Ok(event) => {
                black_box(event);
                events += 1;
            }
            Err(error) => panic!("the document of the benchmark is not well-formed: {error}"),
        }
    }
}

fn read_values(document: &str) -> GetActiveJobsReturn {
    match read_answer::<GetActiveJobsParam>(document.as_bytes(), None) {
        Ok(Reply::Answer(answer)) if answer.bad_items.is_empty() => answer.value,
        other => panic!("the document of the benchmark can't be read: {other:?}"),
    }
}

/// Returns the values with the JSON, so that dropping them is not measured.
fn make_json(document: &str) -> (Vec<u8>, GetActiveJobsReturn) {
    let values = read_values(document);
    let json = serde_json::to_vec(&values.job_array).unwrap_or_else(|error| panic!("no JSON: {error}"));
    (json, values)
}

fn benchmark(criterion: &mut Criterion) {
    let document = active_jobs();
    assert_eq!(read_values(&document).job_array.len(), JOBS);
    let mut group = criterion.benchmark_group("getActiveJobs");
    group.throughput(Throughput::Bytes(document.len() as u64));
    group.bench_function("bare event loop", |bencher| bencher.iter(|| count_events(black_box(&document))));
    group.bench_function("typed values", |bencher| bencher.iter_with_large_drop(|| read_values(black_box(&document))));
    group.bench_function("JSON list", |bencher| bencher.iter_with_large_drop(|| make_json(black_box(&document))));
    group.finish();
}

fn time<T>(candidate: fn(&str) -> T, document: &str) -> Duration {
    let start = Instant::now();
    let result = candidate(black_box(document));
    let time = start.elapsed();
    black_box(result);
    time
}

/// Returns the minimum time of each candidate; candidates alternate, so that interference affects all of them.
fn compare() -> [Duration; 3] {
    let document = active_jobs();
    (0..ROUNDS).fold([Duration::MAX; 3], |best, _| {
        let round = [time(count_events, &document), time(read_values, &document), time(make_json, &document)];
        std::array::from_fn(|candidate| best[candidate].min(round[candidate]))
    })
}

fn print_ratios(best: [Duration; 3]) {
    let megabytes = active_jobs().len() as f64 / 1e6;
    println!("{JOBS} jobs, {megabytes:.2} MB, best of {ROUNDS} rounds");
    for (name, time) in ["bare event loop", "typed values", "JSON list"].iter().zip(best) {
        let ratio = best[0].as_secs_f64() / time.as_secs_f64();
        println!("{name:>16}: {time:>9.2?} {:>6.0} MB/s, ratio {ratio:.3}", megabytes / time.as_secs_f64());
    }
}

/// Job details of several kinds.
const DETAILS: [&str; 4] = [
    "<uploadUrlsJob><urlArray><items><sourceUrl>https://images.example.com/spring/shoe-4711.tif</sourceUrl>\
     <destPath>Shop/Spring/shoe-4711.tif</destPath></items><items><sourceUrl>https://images.example.com/spring/shoe-4712.tif\
     </sourceUrl><destPath>Shop/Spring/shoe-4712.tif</destPath></items></urlArray><overwrite>true</overwrite>\
     <readyForPublish>true</readyForPublish><createMask>false</createMask><emailSetting>None</emailSetting></uploadUrlsJob>",
    "<imageServingPublishJob><publishType>Full</publishType><emailSetting>ErrorAndWarning</emailSetting>\
     </imageServingPublishJob>",
    "<optimizeImagesJob><optimizeImagesJobType>All</optimizeImagesJobType><emailSetting>None</emailSetting></optimizeImagesJob>",
    "<uploadDirectoryJob><serverDir>incoming/spring &amp; summer</serverDir><overwrite>true</overwrite>\
     <readyForPublish>true</readyForPublish><includeSubfolders>true</includeSubfolders><createMask>false</createMask>\
     <processMetadataFiles>false</processMetadataFiles><emailSetting>JobCompletion</emailSetting><postHttpUrl/>\
     </uploadDirectoryJob>",
];

const TYPES: [&str; 4] = ["UrlUpload", "ImageServingPublish", "ImageOptimization", "UploadFromServerDirectory"];

/// Returns an answer of getActiveJobs; deterministic.
fn active_jobs() -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body>\
         <getActiveJobsReturn xmlns=\"http://www.scene7.com/IpsApi/xsd/2014-04-03\"><jobArray>",
    );
    for job in 0..JOBS {
        write_job(&mut xml, job).unwrap_or_else(|error| panic!("{error}"));
    }
    xml.push_str("</jobArray></getActiveJobsReturn></soapenv:Body></soapenv:Envelope>");
    xml
}

fn write_job(xml: &mut String, job: usize) -> std::fmt::Result {
    let kind = job % DETAILS.len();
    let (minute, second) = (job / 60 % 60, job % 60);
    let date = format!("2026-03-30T14:{minute:02}:{second:02}.858-05:00");
    write!(
        xml,
        "<items><companyHandle>c|110</companyHandle><jobHandle>j|110||spring-{job}_{date}|51{job:05}</jobHandle>\
         <name>spring-{job}_{date}</name><originalName>spring-{job}</originalName><type>{}</type><state>Running</state>\
         <submitUserEmail>user{}@example.com</submitUserEmail><locale>en-US</locale><serverName>ips-{}</serverName>\
         <startDate>{date}</startDate><totalSize>{}</totalSize><progress>{}</progress>\
         <progressMessage>Optimizing &quot;spring&quot; files</progressMessage>\
         <lastProgressUpdate>{date}</lastProgressUpdate><taskProgressArray>",
        TYPES[kind],
        job % 7,
        job % 5,
        job * 7_919_317,
        job % 101,
    )?;
    for task in 0..5 + job % 3 {
        write!(
            xml,
            "<items><taskType>com.scene7.upload.UploadAsyncTaskMonitor{task}</taskType><numProcessed>{task}</numProcessed>\
             <numProcessing>{}</numProcessing><numPending>{}</numPending><progress>0.{}</progress><progressMessage/>\
             <lastProgressUpdate>{date}</lastProgressUpdate><taskItemProgressArray/></items>",
            job % 4,
            job % 9,
            job % 1000,
        )?;
    }
    write!(xml, "</taskProgressArray>{}</items>", DETAILS[kind])
}

/// Makes the allocator retain memory, as in a long-running process: a small live allocation above much freed memory. Otherwise it may return
/// the memory to the system between rounds, and page faults would be measured.
fn hold_memory() -> Vec<u8> {
    let document = active_jobs();
    let freed = [make_json(&document), make_json(&document), make_json(&document)];
    let small = vec![0; 64 << 10];
    drop(freed);
    small
}

criterion_group!(benches, benchmark);

fn main() {
    let _held = hold_memory();
    // Before criterion, which fragments the heap.
    let best = compare();
    benches();
    Criterion::default().configure_from_args().final_summary();
    print_ratios(best);
}
