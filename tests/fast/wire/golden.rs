//! Golden documents with every field of the contract, written by zeep (see golden/write.py).

use std::fmt::Debug;

use ips_gateway::ips::soap::{
    AuthHeader, FaultCode, Reply, Request, read_answer, write_answer, write_fault, write_request,
};
use ips_gateway::ips::types::*;
use serde::de::DeserializeOwned;

use super::tree::{assert_equal, assert_same};

/// The version of the golden documents, which has every field.
fn version() -> ApiVersion {
    "2022-11-01-beta".parse().unwrap_or_else(|error| panic!("{error}"))
}

fn auth() -> AuthHeader {
    AuthHeader {
        user: Some("user@example.com".into()),
        password: Some("s3cret & more".into()),
        locale: Some("ja-JP".into()),
        app_name: "golden".into(),
        app_version: "1.0".into(),
        ..AuthHeader::default()
    }
}

#[track_caller]
fn from_json<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("the golden JSON doesn't fit: {error}"))
}

#[track_caller]
fn check_request<T: Operation + PartialEq + Debug>(xml: &[u8], json: &str) {
    let request: T = from_json(json);
    let ours = write_request(&request, &version(), &auth()).unwrap_or_else(|error| panic!("{error}"));
    assert_same(&ours, xml);

    let parsed = Request::parse(xml, None).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(parsed.root(), T::REQUEST);
    assert_eq!(parsed.namespace(), version().namespace());
    assert_eq!(parsed.auth().user.as_deref(), Some("user@example.com"));
    let read: T = parsed.read().unwrap_or_else(|error| panic!("{error}"));
    assert_equal(&read, &request);
}

#[track_caller]
fn check_answer<T: Operation<Answer: PartialEq + Debug>>(xml: &[u8], json: &str) {
    let read = super::answer::<T>(xml);
    assert_eq!(read.bad_items, []);
    let answer = from_json(json);
    assert_equal(&read.value, &answer);

    let ours = write_answer::<T>(&answer, &version()).unwrap_or_else(|error| panic!("{error}"));
    assert_same(&ours, xml);
}

macro_rules! golden {
    ($($name:ident: $request:ident, $operation:literal;)+) => {
        $(mod $name {
            use super::*;

            #[test]
            fn the_request_is_written_and_read_like_zeep() {
                check_request::<$request>(
                    include_bytes!(concat!("golden/", $operation, ".request.xml")),
                    include_str!(concat!("golden/", $operation, ".request.json")),
                );
            }

            #[test]
            fn the_answer_is_read_and_written_like_zeep() {
                check_answer::<$request>(
                    include_bytes!(concat!("golden/", $operation, ".answer.xml")),
                    include_str!(concat!("golden/", $operation, ".answer.json")),
                );
            }
        })+

        #[test]
        fn every_operation_has_golden_documents() {
            assert_eq!([$($operation),+], OPERATIONS);
        }
    };
}

golden! {
    submit_job: SubmitJobParam, "submitJob";
    get_active_jobs: GetActiveJobsParam, "getActiveJobs";
    get_scheduled_jobs: GetScheduledJobsParam, "getScheduledJobs";
    get_job_logs: GetJobLogsParam, "getJobLogs";
    get_job_log_details: GetJobLogDetailsParam, "getJobLogDetails";
    get_archived_job_log_details: GetArchivedJobLogDetailsParam, "getArchivedJobLogDetails";
    get_asset_job_logs: GetAssetJobLogsParam, "getAssetJobLogs";
    get_asset_archived_job_logs: GetAssetArchivedJobLogsParam, "getAssetArchivedJobLogs";
    stop_job: StopJobParam, "stopJob";
    pause_job: PauseJobParam, "pauseJob";
    resume_job: ResumeJobParam, "resumeJob";
    execute_job: ExecuteJobParam, "executeJob";
    delete_job: DeleteJobParam, "deleteJob";
    get_company_info: GetCompanyInfoParam, "getCompanyInfo";
    get_company_membership: GetCompanyMembershipParam, "getCompanyMembership";
    check_login: CheckLoginParam, "checkLogin";
}

#[track_caller]
fn check_fault(xml: &[u8], expected: &Fault) {
    // A fault is recognised for every expected operation.
    for reply in [
        read_answer::<GetActiveJobsParam>(xml, None).map(fault_of),
        read_answer::<StopJobParam>(xml, None).map(fault_of),
    ] {
        assert_eq!(reply, Ok(Some(expected.clone())));
    }
    let ours = write_fault(expected, FaultCode::Client);
    assert_eq!(read_answer::<StopJobParam>(&ours, None).map(fault_of), Ok(Some(expected.clone())));
}

fn fault_of<A>(reply: Reply<A>) -> Option<Fault> {
    match reply {
        Reply::Fault(fault) => Some(fault),
        Reply::Answer(_) => None,
    }
}

#[test]
fn each_documented_fault_is_recognised() {
    let fault = |name, code, reason: &str| Fault { name, code: Some(code), reason: reason.into() };
    check_fault(
        include_bytes!("golden/authenticationFault.xml"),
        &fault(FaultName::Authentication, 10001, "Invalid credentials"),
    );
    check_fault(
        include_bytes!("golden/authorizationFault.xml"),
        &fault(FaultName::Authorization, 20006, "会社 <unknown>"),
    );
    check_fault(
        include_bytes!("golden/ipsApiFault.xml"),
        &fault(FaultName::IpsApi, 30002, "Missing parameter: companyHandle"),
    );
}

#[test]
fn a_fault_without_ips_detail_keeps_its_faultstring() {
    let soap_stack = super::envelope(
        "<soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>java.lang.NullPointerException</faultstring>\
         <detail><stackTrace xmlns=\"http://example.com/axis\">at Foo</stackTrace></detail></soapenv:Fault>",
    );
    let reason = "java.lang.NullPointerException";
    let expected = Fault { name: FaultName::Other(reason.into()), code: None, reason: reason.into() };
    check_fault(soap_stack.as_bytes(), &expected);
    check_fault(soap_stack.replace("<detail>", "<detail/><!--").replace("</detail>", "-->").as_bytes(), &expected);
}

#[test]
fn a_fault_with_an_unparsable_code_is_still_that_fault() {
    let document = super::envelope(
        "<soapenv:Fault><faultstring>ipsApiFault</faultstring><detail><hint/>\
         <f:ipsApiFault xmlns:f=\"http://www.scene7.com/IpsApi/xsd\"><f:code>many</f:code></f:ipsApiFault></detail></soapenv:Fault>",
    );
    let reply = read_answer::<StopJobParam>(document.as_bytes(), None).map(fault_of);
    assert_eq!(reply, Ok(Some(Fault { name: FaultName::IpsApi, code: None, reason: "ipsApiFault".into() })));
}
