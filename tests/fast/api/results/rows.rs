//! Results as CSV and NDJSON: negotiated, complete, and streamed page by page.

use serde_json::{Value, json};

use super::{MIXED, completed, export};
use crate::support::{Reply, ScriptedUpstream, World, envelope, fault, id, upload};

/// Entries of the log in the script.
const ENTRIES: usize = 2_500;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))).collect()
}

#[tokio::test]
async fn the_parameter_format_else_accept_selects_the_format() {
    let world = World::empty();
    let job = completed(&world, &upload("feed", &MIXED)).await;
    let path = format!("/jobs/{job}/results");
    for (query, accept, content_type) in [
        ("", None, "application/json"),
        ("", Some("text/csv"), "text/csv; charset=utf-8; header=present"),
        ("", Some("application/x-ndjson"), "application/x-ndjson"),
        ("", Some("text/html, */*"), "application/json"),
        ("?format=json", Some("text/csv"), "application/json"),
        ("?format=csv", Some("application/json"), "text/csv; charset=utf-8; header=present"),
        ("?format=ndjson", None, "application/x-ndjson"),
    ] {
        for head in [false, true] {
            let target = format!("{path}{query}");
            let request = if head { world.gateway.head(&target) } else { world.gateway.get(&target) };
            let request = match accept {
                Some(accept) => request.header("Accept", accept),
                None => request,
            };
            let answer = request.await.expect(200);
            assert_eq!(answer.header("content-type"), content_type, "{answer}");
            assert!(answer.header("vary").split(", ").any(|name| name == "Accept"), "{answer}");
            assert_eq!(answer.body.is_empty(), head, "{answer}");
        }
    }
    world.gateway.get(&format!("{path}?format=xml")).await.invalid_parameter("format").await;
}

#[tokio::test]
async fn csv_has_a_header_and_all_rows_and_defuses_formulas() {
    let world = World::empty();
    let job = completed(&world, &upload("feed", &MIXED)).await;
    let csv = world.gateway.get(&format!("/jobs/{job}/results?format=csv")).await.expect(200);
    assert!(csv.header("content-disposition").contains("job-results.csv"), "{csv}");
    let text = csv.text();
    let records: Vec<_> = text.split("\r\n").collect();
    assert_eq!(records[0], "kind,status,url,assetHandle,assetName,assetType,message,reasons,logType,dateCreated");
    assert_eq!(records.len(), 6, "a header, four rows, and the end of the last one: {text}");
    assert!(
        records[1].starts_with("asset,ok,,a|") && records[1].contains(",a,Image,Uploaded a,,UploadSuccess,2026-"),
        "{text}"
    );
    assert!(records[3].starts_with("asset,error,,,c,Image,c failed,"), "{text}");
    assert!(records[4].contains(",'=d,Image,"), "{text}");
    let errors = world.gateway.get(&format!("/jobs/{job}/results?format=csv&status=error")).await.expect(200).text();
    assert_eq!(errors.lines().count(), 2, "{errors}");
}

#[tokio::test]
async fn ndjson_has_all_rows_and_says_whether_it_is_complete() {
    let world = World::empty();
    let job = completed(&world, &export(&["a|11000", "a|nowhere"])).await;
    let rows = lines(&world.gateway.get(&format!("/jobs/{job}/results?format=ndjson")).await.expect(200).text());
    let kinds: Vec<_> = rows.iter().map(|row| row["kind"].as_str().unwrap_or("end")).collect();
    assert_eq!(kinds, ["asset", "asset", "link", "end"], "{rows:#?}");
    assert_eq!(rows[3], json!({"complete": true, "rows": 3}));

    let running = id(&world.gateway.submit(&upload("feed", &MIXED)).await);
    let rows = lines(&world.gateway.get(&format!("/jobs/{running}/results?format=ndjson")).await.expect(200).text());
    assert_eq!(rows, [json!({"complete": false, "rows": 0, "reason": "the job is not completed"})]);
    let csv = world.gateway.get(&format!("/jobs/{running}/results?format=csv")).await.expect(200).text();
    assert!(csv.ends_with("\r\n#incomplete,the job is not completed,,,,,,,,\r\n"), "{csv}");
}

/// IPS with the log of an upload, which is read in pages. `fails_from` is the first page that can't be read.
async fn long_log(fails_from: usize) -> ScriptedUpstream {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", "<jobArray></jobArray>");
    upstream.answer("getScheduledJobs", "<jobArray></jobArray>");
    upstream.script("getJobLogDetails", move |request| {
        let number = |element: &str| {
            let (_, rest) = request.split_once(&format!("<{element}>"))?;
            rest.split('<').next()?.parse::<usize>().ok()
        };
        let (page, size) = (number("resultsPage").unwrap_or(1), number("recordsPerPage").unwrap_or(1000));
        if page >= fails_from {
            return fault("ipsApiFault", 30000, "out of order", 500);
        }
        let entries = (0..ENTRIES).skip((page - 1) * size).take(size).map(|entry| {
            format!("<items><logMessage>Uploaded {entry}</logMessage><logType>UploadSuccess</logType><assetName>n{entry}</assetName></items>")
        });
        let log = format!(
            "<jobLogArray><items><companyHandle>c|110</companyHandle><jobHandle>j|110||run</jobHandle><jobName>run</jobName>\
             <logType>BeginUploadUrls</logType><endDate>2026-03-02T04:00:00-08:00</endDate><fatalError>false</fatalError>\
             <detailTotalRows>{ENTRIES}</detailTotalRows><detailArray>{}</detailArray></items></jobLogArray>",
            entries.collect::<String>()
        );
        Reply::Xml(200, envelope("getJobLogDetails", &log))
    });
    upstream
}

#[tokio::test]
async fn a_long_log_is_read_page_by_page() {
    let upstream = long_log(usize::MAX).await;
    let gateway = upstream.plain_gateway();
    let path = "/jobs/j%7C110%7C%7Crun/results";
    let rows = lines(&gateway.get(&format!("{path}?format=ndjson&companyHandle=c%7C110")).await.expect(200).text());
    assert_eq!(rows.len(), ENTRIES + 1);
    assert!(rows[..ENTRIES].iter().enumerate().all(|(index, row)| row["assetName"] == format!("n{index}")));
    assert_eq!(rows[ENTRIES], json!({"complete": true, "rows": ENTRIES}));
    let page = gateway.get(&format!("{path}?companyHandle=c%7C110&page=25")).await.ok();
    assert_eq!((&page["total"], &page["assets"][0]["assetName"]), (&json!(ENTRIES), &json!("n2400")));
}

#[tokio::test]
async fn an_error_in_the_middle_ends_the_list_which_says_so() {
    let upstream = long_log(2).await;
    let path = "/jobs/j%7C110%7C%7Crun/results?companyHandle=c%7C110";
    let rows = lines(&upstream.plain_gateway().get(&format!("{path}&format=ndjson")).await.expect(200).text());
    let last = rows.last().expect("a line");
    assert_eq!((rows.len(), &last["complete"], &last["rows"]), (1001, &json!(false), &json!(1000)), "{last:#}");
    assert_eq!(
        (&last["problem"]["code"], &last["problem"]["status"]),
        (&json!("upstream-fault"), &json!(502)),
        "{last:#}"
    );
    let csv = upstream.plain_gateway().get(&format!("{path}&format=csv")).await.expect(200).text();
    assert!(csv.lines().last().is_some_and(|last| last.starts_with("#incomplete,")), "{csv}");
}
