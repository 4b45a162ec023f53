//! Each kind of deviation is found and named.

use serde_json::Value;

use super::{Run, verify};
use crate::support::{Reply, ScriptedUpstream, fault};

const USER: (&str, &str) = ("kati@example.com", "geheim-7");

/// A conforming company for getCompanyInfo.
const COMPANY: &str = "<companyInfo><companyHandle>c|110</companyHandle><name>Example Outfitters</name><rootPath>x/</rootPath>\
     <expires>2030-01-01T00:00:00Z</expires></companyInfo>";
const MEMBERSHIP: &str = "<membershipArray><items><company><companyHandle>c|110</companyHandle><name>Example Outfitters</name>\
     <rootPath>x/</rootPath><expires>2030-01-01T00:00:00Z</expires></company><role>IpsUser</role><isActive>true</isActive></items>\
     </membershipArray>";
/// A conforming user without the end.
const USER_INFO: &str = "<userInfo><userHandle>u|1</userHandle><firstName>Kati</firstName><lastName>Q</lastName>\
     <email>kati@example.com</email><isValid>true</isValid><isIpsAdmin>false</isIpsAdmin></userInfo>";

/// An upstream whose answers conform to the schema, with empty lists.
pub async fn upstream() -> ScriptedUpstream {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getCompanyMembership", MEMBERSHIP);
    upstream.answer("getCompanyInfo", COMPANY);
    upstream.answer("getUserInfo", USER_INFO);
    for (list, array) in
        [("getActiveJobs", "jobArray"), ("getScheduledJobs", "jobArray"), ("getJobLogs", "jobLogArray")]
    {
        upstream.answer(list, &format!("<{array}/>"));
    }
    upstream
}

async fn run(upstream: &ScriptedUpstream) -> Run {
    verify(upstream.url(), "c|110", USER, &[]).await
}

/// Kind, path and detail of the deviations of an operation.
fn deviations(report: &Value, operation: &str) -> Vec<String> {
    let all = report["deviations"].as_array().expect("deviations").iter();
    let text = |deviation: &Value, member: &str| deviation[member].as_str().expect("a text").to_owned();
    all.filter(|deviation| deviation["operation"] == operation)
        .map(|deviation| ["kind", "path", "detail"].map(|member| text(deviation, member)).join(" | "))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_with_conforming_answers_has_no_deviation() {
    let upstream = upstream().await;
    let run = run(&upstream).await;
    assert_eq!(run.report()["deviations"], serde_json::json!([]));
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn deviations_from_the_schema_are_named_with_operation_path_and_count() {
    let upstream = upstream().await;
    upstream.answer(
        "getScheduledJobs",
        "<jobArray><items><companyHandle>c|110</companyHandle><name>Kati's shoes</name><jobHandle>0|Kati's shoes|</jobHandle>\
         <originalName>Kati's shoes</originalName><submitUserEmail>kati@example.com</submitUserEmail>\
         <submitUserEmail>kati@example.com</submitUserEmail><shoeSize>38</shoeSize><nextFireTime>tomorrow 8</nextFireTime>\
         <triggerState>Normal</triggerState>stray</items><items><companyHandle>c|110</companyHandle><jobHandle>0|a|</jobHandle>\
         <name>a</name><originalName>a</originalName><type>Cleanup</type><submitUserEmail>a@example.com</submitUserEmail>\
         <locale>en</locale><description/><execSchedule>x</execSchedule><nextFireTime/><timeZone>PST</timeZone>\
         <triggerState>Normal</triggerState></items></jobArray>",
    );
    let run = run(&upstream).await;
    let report = run.report();
    assert_eq!((run.status, &report["conforms"]), (1, &false.into()), "{}", run.stderr);
    assert!(run.stderr.contains("does not conform"), "{}", run.stderr);
    let found = deviations(&report, "getScheduledJobs");
    for expected in [
        "misplacedElement | jobArray.items.jobHandle | expected before name",
        "repeatedElement | jobArray.items.submitUserEmail | expected at most once",
        "unknownElement | jobArray.items.shoeSize | no known API version has it in ScheduledJob",
        "unreadableValue | jobArray.items.nextFireTime | expected xsd:dateTime",
        "emptyValue | jobArray.items.nextFireTime | expected xsd:dateTime",
        "unexpectedText | jobArray.items | expected elements only",
        "missingElement | jobArray.items.type | is required",
    ] {
        assert!(found.iter().any(|found| found == expected), "{expected} is not in {found:#?}");
    }
    let unreadable = report["deviations"].as_array().expect("deviations").iter();
    let unreadable: Vec<_> = unreadable.filter(|deviation| deviation["kind"] == "unreadableValue").collect();
    assert_eq!(unreadable[0]["valueForm"], "aaaaaaaa 9");
    assert!(unreadable[0]["count"].as_u64() > Some(1), "each answer counts: {}", unreadable[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_element_of_another_api_version_is_named_with_the_versions_that_have_it() {
    let upstream = upstream().await;
    upstream.answer("getCompanyInfo", &COMPANY.replace("</expires>", "</expires><imsOrgId>X@AdobeOrg</imsOrgId>"));
    let membership = MEMBERSHIP.replace("membershipArray", "companyArray");
    upstream.answer("getCompanyMembership", &membership.replace("<company>", "").replace("</company>", ""));
    let found = run(&upstream).await.report();
    let ims_org_id = deviations(&found, "getCompanyInfo");
    assert_eq!(ims_org_id, Vec::<String>::new(), "2014-04-03 may have it");
    let membership = deviations(&found, "getCompanyMembership");
    let expected =
        "unknownElement | companyArray | API version 2010-01-31 or earlier has it in GetCompanyMembershipReturn";
    assert!(membership.iter().any(|found| found == expected), "{membership:#?}");
    let missing = "missingElement | membershipArray | is required";
    assert!(membership.iter().any(|found| found == missing), "{membership:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_namespace_another_document_and_faults_are_deviations() {
    let upstream = upstream().await;
    let envelope = crate::support::envelope("getUserInfo", USER_INFO).replace("2014-04-03", "2010-01-31");
    upstream.reply("getUserInfo", Reply::Xml(200, envelope));
    upstream.reply("getActiveJobs", Reply::Xml(200, "<html><body>Kati's proxy</body></html>".into()));
    upstream.reply("getScheduledJobs", fault("ipsApiFault", 47110, "no Kati", 500));
    upstream.reply("getJobLogs", fault("ipsApiFault", 30001, "no Kati", 500));
    let run = run(&upstream).await;
    let report = run.report();
    let expected = "expected the namespace http://www.scene7.com/IpsApi/xsd/2014-04-03";
    assert_eq!(deviations(&report, "getUserInfo"), [format!("otherNamespace |  | {expected}")]);
    let html = deviations(&report, "getActiveJobs");
    assert!(html.len() == 1 && html[0].starts_with("unreadableAnswer |  | HTTP 200 with text/xml"), "{html:?}");
    let undocumented = deviations(&report, "getScheduledJobs");
    assert!(undocumented.contains(&"undocumentedFault |  | ipsApiFault 47110".to_owned()), "{undocumented:?}");
    assert_eq!(deviations(&report, "getJobLogs"), ["unexpectedFault |  | ipsApiFault 30001"]);
    assert!(!run.stdout.contains("Kati") && run.status == 1, "{}", run.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_is_no_deviation() {
    let upstream = upstream().await;
    upstream.reply("getActiveJobs", fault("authorizationFault", 20003, "no", 500));
    let run = run(&upstream).await;
    assert_eq!(run.status, 0, "{}", run.stdout);
    let operations = run.report()["operations"].as_array().expect("operations").clone();
    let active = operations.iter().find(|operation| operation["operation"] == "getActiveJobs").expect("it was called");
    assert_eq!(active["faults"][0]["fault"], "authorizationFault 20003");
}
