//! API versions side by side: the namespace of the body element decides.

use ips_gateway::ips::types::API_VERSIONS;
use ips_gateway::sandbox::users::{BOTH_COMPANIES, ORDINARY, OUTFITTERS, User};

use super::soap::{Element, Fixture, Reply, company, envelope_in, upload};

async fn call_in(fixture: &Fixture, version: &str, user: &User, operation: &str, inner: &str) -> Reply {
    let namespace = if version.is_empty() {
        "http://www.scene7.com/IpsApi/xsd".to_owned()
    } else {
        format!("http://www.scene7.com/IpsApi/xsd/{version}")
    };
    let login = format!("<a:user>{}</a:user><a:password>{}</a:password>", user.email, user.password);
    let reply = fixture.post(operation, envelope_in(&namespace, &login, operation, inner)).await;
    if reply.status == 200 {
        assert!(
            reply.text.contains(&format!("<{operation}Return xmlns=\"{namespace}\">")),
            "{version}: {}",
            reply.text
        );
    }
    reply
}

async fn active_in(fixture: &Fixture, version: &str) -> Vec<Element> {
    let reply = call_in(fixture, version, &ORDINARY, "getActiveJobs", &company(&OUTFITTERS)).await;
    reply.answer().all("jobArray/items")
}

#[tokio::test]
async fn every_published_version_is_served_by_one_sandbox() {
    let fixture = Fixture::seeded();
    for known in API_VERSIONS {
        let jobs = active_in(&fixture, known.name).await;
        assert_eq!(jobs.len(), 4, "{}", known.name);
        let has = |field: &str| jobs.iter().all(|job| job.find(field).is_some());
        assert_eq!(has("taskProgressArray"), known.name >= "2010-01-31", "{}", known.name);
        assert_eq!(has("triggerTime"), known.name >= "2016-01-14-beta", "{}", known.name);
        let inner = format!("{}<originalName>Partner feed</originalName>", company(&OUTFITTERS));
        let logs = call_in(&fixture, known.name, &ORDINARY, "getJobLogDetails", &inner).await.answer();
        assert_eq!(
            logs.find("jobLogArray/items/originalJobName").is_some(),
            known.name >= "2008-01-15",
            "{}",
            known.name
        );
    }
}

#[tokio::test]
async fn the_membership_has_the_array_of_its_version() {
    let fixture = Fixture::seeded();
    for (version, array, handle) in [
        ("", "companyArray", "companyHandle"),
        ("2010-01-31", "companyArray", "companyHandle"),
        ("2012-02-14", "membershipArray", "company/companyHandle"),
        ("2022-11-01-beta", "membershipArray", "company/companyHandle"),
    ] {
        let answer = call_in(&fixture, version, &BOTH_COMPANIES, "getCompanyMembership", "").await.answer();
        assert_eq!(answer.texts(&format!("{array}/items/{handle}")), ["c|110", "c|47"], "{version}: {answer:#?}");
        assert_eq!(answer.children.len(), 1, "{version}: {answer:#?}");
    }
}

#[tokio::test]
async fn a_request_of_an_older_version_lacks_newer_fields_and_operations() {
    let fixture = Fixture::seeded();
    let detail = upload(&["https://images.example.com/a.tif"])
        .replace("<createMask>", "<synchronizationComplete>true</synchronizationComplete><createMask>");
    let asset = format!("{}<assetHandle>a|11000</assetHandle>", company(&OUTFITTERS));
    let waiting = format!("{}<includeWaitingJobs>true</includeWaitingJobs>", company(&OUTFITTERS));
    for (version, synchronization, archive, waits) in [
        ("2013-02-15", false, false, false),
        ("2014-04-03", false, false, true),
        ("2017-10-29-beta", true, false, true),
        ("2021-01-11-beta", true, true, true),
    ] {
        let inner = format!("{}<jobName>newer {version}</jobName>{detail}", company(&OUTFITTERS));
        for (operation, inner, known) in [
            ("submitJob", &inner, synchronization),
            ("getAssetArchivedJobLogs", &asset, archive),
            ("getActiveJobs", &waiting, waits),
        ] {
            let reply = call_in(&fixture, version, &ORDINARY, operation, inner).await;
            assert_eq!(reply.status == 200, known, "{version} {operation}: {}", reply.text);
            if !known {
                assert_eq!(reply.code(), 30003, "{version} {operation}: {}", reply.text);
            }
        }
    }
}

#[tokio::test]
async fn a_job_of_a_newer_version_is_listed_to_an_older_client_without_its_newer_fields() {
    let fixture = Fixture::empty();
    let detail = upload(&["https://images.example.com/a.tif"])
        .replace("<createMask>", "<synchronizationComplete>true</synchronizationComplete><createMask>");
    fixture.submit(&ORDINARY, "newer", &detail).await;
    fixture.advance(chrono::TimeDelta::seconds(10));
    for (version, listed) in [("2013-02-15", false), ("2014-04-03", false), ("2017-10-29-beta", true)] {
        let jobs = active_in(&fixture, version).await;
        assert_eq!(jobs[0].text("uploadUrlsJob/createMask"), "false", "{version}");
        assert_eq!(jobs[0].find("uploadUrlsJob/synchronizationComplete").is_some(), listed, "{version}");
    }
}
