//! Faults of the sandbox, by code.

use ips_gateway::ips::types::{Fault, FaultName};
use ips_gateway::sandbox::users::{BOTH_COMPANIES, FURNITURE, INACTIVE, ORDINARY, OTHER_COMPANY, OUTFITTERS};

use super::soap::{Fixture, PUBLISH, company, envelope, envelope_in, upload};

fn login(user: &str, password: &str) -> String {
    format!("<a:user>{user}</a:user><a:password>{password}</a:password>")
}

#[tokio::test]
async fn missing_wrong_and_unknown_credentials_are_faults() {
    let fixture = Fixture::seeded();
    for (login, code) in [
        (String::new(), 10000),
        (login(ORDINARY.email, "wrong"), 10001),
        ("<a:accessToken>wrong</a:accessToken>".into(), 10001),
        (login("nobody@example.com", "x"), 10002),
        (login(INACTIVE.email, INACTIVE.password), 10002),
    ] {
        let reply = fixture.post("getActiveJobs", envelope(&login, "getActiveJobs", "")).await;
        let fault = reply.fault();
        assert_eq!(
            (reply.status, fault.name.as_str(), fault.code),
            (500, "authenticationFault", code),
            "{login}: {fault:?}"
        );
    }
}

#[tokio::test]
async fn an_access_token_and_http_basic_authenticate_too() {
    let fixture = Fixture::seeded();
    let token = format!("<a:accessToken>{}</a:accessToken>", ORDINARY.access_token);
    fixture.post("getActiveJobs", envelope(&token, "getActiveJobs", "")).await.answer();
    let basic = |password| {
        let request = fixture
            .http
            .post(fixture.sandbox.url())
            .header("content-type", "text/xml")
            .basic_auth(ORDINARY.email, Some(password));
        request.body(envelope("", "getActiveJobs", "")).send()
    };
    assert_eq!(basic(ORDINARY.password).await.unwrap().status(), 200);
    let refused = basic("wrong").await.unwrap();
    assert_eq!(refused.status(), 500, "a fault, never a 401");
    assert!(refused.text().await.unwrap().contains("10001"));
}

#[tokio::test]
async fn unknown_foreign_and_missing_companies_are_faults() {
    let fixture = Fixture::seeded();
    for (user, inner, code) in [
        (&ORDINARY, "<companyHandle>c|999</companyHandle>".to_owned(), 20000),
        (&BOTH_COMPANIES, String::new(), 20000),
        (&ORDINARY, company(&FURNITURE), 20006),
        (&OTHER_COMPANY, company(&OUTFITTERS), 20006),
    ] {
        for operation in ["getActiveJobs", "getScheduledJobs", "getJobLogs"] {
            let fault = fixture.call(user, operation, &inner).await.fault();
            assert_eq!(
                (fault.name.as_str(), fault.code),
                ("authorizationFault", code),
                "{operation} {inner}: {fault:?}"
            );
        }
    }
    for inner in [company(&OUTFITTERS), company(&FURNITURE)] {
        fixture.call(&BOTH_COMPANIES, "getActiveJobs", &inner).await.answer();
    }
}

#[tokio::test]
async fn only_an_administrator_acts_for_other_members() {
    let fixture = Fixture::seeded();
    let submit = |handle: &str| {
        let handle = format!("<userHandle>{handle}</userHandle>");
        format!("{}{handle}<jobName>for another</jobName>{PUBLISH}", company(&OUTFITTERS))
    };
    for (user, handle, code) in [
        (&ORDINARY, BOTH_COMPANIES.handle, 20004),
        (&ORDINARY, "u|0", 20002),
        (&BOTH_COMPANIES, OTHER_COMPANY.handle, 20007),
    ] {
        assert_eq!(fixture.call(user, "submitJob", &submit(handle)).await.code(), code, "{} for {handle}", user.email);
    }
    fixture.call(&BOTH_COMPANIES, "submitJob", &submit(ORDINARY.handle)).await.answer();
    let jobs = fixture.active(&ORDINARY).await;
    let job = jobs.iter().find(|job| job.text("originalName") == "for another").unwrap_or_else(|| panic!("{jobs:#?}"));
    assert_eq!(job.text("submitUserEmail"), ORDINARY.email);
}

#[tokio::test]
async fn illegal_and_invalid_values_have_different_faults() {
    let fixture = Fixture::seeded();
    let company = company(&OUTFITTERS);
    for (operation, inner, code) in [
        ("getJobLogs", "<sortBy>Colour</sortBy>".to_owned(), 20005),
        ("getJobLogs", "<sortDirection>Sideways</sortDirection>".into(), 20005),
        ("getJobLogs", "<numRows>0</numRows>".into(), 30001),
        (
            "getJobLogs",
            "<startDate>2026-03-02T00:00:00Z</startDate><endDate>2026-03-01T00:00:00Z</endDate>".into(),
            30001,
        ),
        ("getJobLogs", "<userHandle>u|0</userHandle>".into(), 20002),
        ("getJobLogDetails", format!("{company}<recordsPerPage>0</recordsPerPage>"), 30001),
        ("getJobLogDetails", format!("{company}<recordsPerPage>1001</recordsPerPage>"), 30001),
        ("getJobLogDetails", format!("{company}<resultsPage>0</resultsPage>"), 30001),
        ("getJobLogDetails", format!("{company}<sortBy>JobName</sortBy>"), 20005),
        ("stopJob", format!("{company}<jobHandle>j|110||never</jobHandle>"), 20005),
    ] {
        let fault = fixture.call(&ORDINARY, operation, &inner).await.fault();
        assert_eq!(fault.code, code, "{operation} {inner}: {fault:?}");
    }
}

#[tokio::test]
async fn a_submit_needs_a_name_exactly_one_kind_of_job_and_at_most_one_time() {
    let fixture = Fixture::empty();
    let both = format!("<execTime>2027-01-01T00:00:00Z</execTime><execSchedule>0 0 3 * * ?</execSchedule>{PUBLISH}");
    let two = format!("{PUBLISH}{}", upload(&["https://images.example.com/a.tif"]));
    for (rest, code) in [
        ("<jobName>none</jobName>".to_owned(), 30002),
        (format!("<jobName> </jobName>{PUBLISH}"), 30002),
        (format!("<jobName>two</jobName>{two}"), 30001),
        (format!("<jobName>both</jobName>{both}"), 30001),
    ] {
        let fault = fixture.call(&ORDINARY, "submitJob", &format!("{}{rest}", company(&OUTFITTERS))).await.fault();
        assert_eq!((fault.name.as_str(), fault.code), ("ipsApiFault", code), "{rest}: {fault:?}");
    }
    assert!(fixture.active(&ORDINARY).await.is_empty());
}

#[tokio::test]
async fn xml_that_violates_the_schema_is_refused_with_the_reason() {
    let fixture = Fixture::seeded();
    let login = login(ORDINARY.email, ORDINARY.password);
    let wrong_order = "<includeWaitingJobs>true</includeWaitingJobs><companyHandle>c|110</companyHandle>";
    for (what, action, body, mentioned) in [
        ("not XML", "getActiveJobs", "job, please".to_owned(), ""),
        ("cut off", "getActiveJobs", envelope(&login, "getActiveJobs", "")[..400].to_owned(), ""),
        ("no such operation", "getWeather", envelope(&login, "getWeather", ""), "getWeatherParam"),
        ("unknown element", "getActiveJobs", envelope(&login, "getActiveJobs", "<colour>red</colour>"), "colour"),
        ("wrong order", "getActiveJobs", envelope(&login, "getActiveJobs", wrong_order), "companyHandle"),
        ("missing element", "stopJob", envelope(&login, "stopJob", &company(&OUTFITTERS)), "jobHandle"),
        (
            "wrong type",
            "getActiveJobs",
            envelope(&login, "getActiveJobs", "<includeWaitingJobs>maybe</includeWaitingJobs>"),
            "includeWaitingJobs",
        ),
        (
            "no version",
            "getActiveJobs",
            envelope_in("http://www.scene7.com/IpsApi/xsd/2014-04-04", &login, "getActiveJobs", ""),
            "2014-04-03",
        ),
        ("other action", "stopJob", envelope(&login, "getActiveJobs", ""), "SOAPAction"),
    ] {
        let fault = fixture.post(action, body).await.fault();
        assert_eq!((fault.name.as_str(), fault.code), ("ipsApiFault", 30003), "{what}: {fault:?}");
        assert!(fault.reason.contains(mentioned), "{what} doesn't mention {mentioned}: {fault:?}");
    }
}

#[tokio::test]
async fn the_caller_may_choose_the_http_status_of_a_fault() {
    let fixture = Fixture::seeded();
    for (wanted, status) in [(200, 200), (400, 400), (7, 500)] {
        let body = envelope("", "getActiveJobs", "").replace(
            "</a:appVersion>",
            &format!("</a:appVersion><a:faultHttpStatusCode>{wanted}</a:faultHttpStatusCode>"),
        );
        let reply = fixture.post("getActiveJobs", body).await;
        assert_eq!((reply.status, reply.code()), (status, 10000));
    }
}

#[tokio::test]
async fn any_fault_can_be_injected_into_the_next_call() {
    let fixture = Fixture::seeded();
    let injected = |code| Fault { name: FaultName::IpsApi, code: Some(code), reason: "the disk is <full>".into() };
    fixture.sandbox.fail_next("getActiveJobs", injected(30000), 200);
    fixture.sandbox.fail_next("getActiveJobs", injected(30099), 503);
    fixture.call(&ORDINARY, "getScheduledJobs", "").await.answer();
    for (status, code) in [(200, 30000), (503, 30099)] {
        let reply = fixture.call(&ORDINARY, "getActiveJobs", "").await;
        let fault = reply.fault();
        assert_eq!((reply.status, fault.code, fault.reason.as_str()), (status, code, "the disk is <full>"));
    }
    fixture.call(&ORDINARY, "getActiveJobs", "").await.answer();
}
