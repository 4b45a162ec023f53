//! Requests are read strictly, as IPS refuses what violates its schema.

use ips_gateway::ips::soap::Request;
use ips_gateway::ips::types::{GetActiveJobsParam, Operation, StopJobParam, SubmitJobParam};

use super::envelope;

#[track_caller]
fn read<T: Operation>(document: &str) -> Result<T, String> {
    let request = Request::parse(document.as_bytes(), None).unwrap_or_else(|error| panic!("no envelope: {error}"));
    request.read().map_err(|error| error.to_string())
}

/// Reads the content of a submitJobParam.
#[track_caller]
fn submit(content: &str) -> Result<SubmitJobParam, String> {
    read(&envelope(&format!(
        "<submitJobParam xmlns=\"http://www.scene7.com/IpsApi/xsd/2014-04-03\">{content}</submitJobParam>"
    )))
}

const NAMES: &str = "<companyHandle>c|1</companyHandle><jobName>spring</jobName>";

#[track_caller]
fn refusal(content: &str) -> String {
    match submit(content) {
        Ok(request) => panic!("read, though it should have been refused: {request:?}"),
        Err(reason) => reason,
    }
}

#[test]
fn a_valid_request_is_read() {
    let request = submit(&format!(
        "{NAMES}<uploadUrlsJob><urlArray><items><sourceUrl>https://example.com/a.tif</sourceUrl>\
         <destPath>a.tif</destPath></items></urlArray>\
         <overwrite>1</overwrite><readyForPublish>false</readyForPublish><createMask>0</createMask>\
         <emailSetting>None</emailSetting></uploadUrlsJob>"
    ));
    let json = serde_json::to_value(request.expect("a request")).expect("JSON");
    assert_eq!(
        json,
        serde_json::json!({"companyHandle": "c|1", "jobName": "spring", "uploadUrlsJob": {
            "urlArray": [{"sourceUrl": "https://example.com/a.tif", "destPath": "a.tif"}],
            "overwrite": true, "readyForPublish": false, "createMask": false, "emailSetting": "None",
        }})
    );
}

#[test]
fn unknown_elements_and_attributes_are_refused() {
    assert_eq!(refusal(&format!("{NAMES}<priority>1</priority>")), "the element priority is unknown");
    assert_eq!(
        refusal(&format!("{NAMES}<imageServingPublishJob><speed/></imageServingPublishJob>")),
        "imageServingPublishJob: the element speed is unknown"
    );
    let document = envelope("<stopJobParam xmlns=\"http://www.scene7.com/IpsApi/xsd\" mode=\"fast\"/>");
    let reason = Request::parse(document.as_bytes(), None).err().map(|error| error.to_string());
    assert_eq!(reason.as_deref(), Some("the attribute mode is unknown"));
}

#[test]
fn missing_misordered_and_repeated_elements_are_refused() {
    assert_eq!(refusal("<companyHandle>c|1</companyHandle>"), "the element jobName is missing");
    assert_eq!(
        refusal("<jobName>spring</jobName><companyHandle>c|1</companyHandle>"),
        "the element companyHandle must come before jobName"
    );
    assert_eq!(
        refusal("<companyHandle>a</companyHandle><companyHandle>b</companyHandle>"),
        "the element companyHandle appears twice"
    );
    assert_eq!(
        refusal(&format!("{NAMES}<uploadUrlsJob><overwrite>1</overwrite></uploadUrlsJob>")),
        "uploadUrlsJob: the element readyForPublish is missing"
    );
}

#[test]
fn an_empty_value_is_kept_if_its_type_has_one() {
    let request = submit(&format!("{NAMES}<description/>")).expect("a request");
    assert_eq!(request.description.as_deref(), Some(""));
    assert_eq!(
        refusal(&format!("{NAMES}<uploadUrlsJob><overwrite/></uploadUrlsJob>")),
        "uploadUrlsJob.overwrite: the element is empty, but must hold a value"
    );
    let nil = "<description xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/>";
    assert_eq!(submit(&format!("{NAMES}{nil}")).expect("a request").description, None);
}

#[test]
fn one_invalid_item_refuses_the_request() {
    let reason = refusal(&format!(
        "{NAMES}<uploadUrlsJob><urlArray><items><sourceUrl>a</sourceUrl><destPath>b</destPath></items>\
         <items><url>b</url></items></urlArray></uploadUrlsJob>"
    ));
    assert_eq!(reason, "uploadUrlsJob.urlArray.items[1]: the element url is unknown");
}

#[test]
fn the_envelope_holds_operation_version_and_credentials() {
    let document = "<?xml version=\"1.0\"?>\n<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\">\n<S:Header>\n\
        <trace xmlns=\"http://example.com\">1</trace>\n<a:authHeader xmlns:a=\"http://www.scene7.com/IpsApi/xsd\">\
        <a:user>user@example.com</a:user><a:accessToken>t0ken</a:accessToken><a:locale>de-DE</a:locale><a:appName>app</a:appName>\
        <a:appVersion>2</a:appVersion><a:gzipResponse>true</a:gzipResponse><a:faultHttpStatusCode>200</a:faultHttpStatusCode>\
        </a:authHeader></S:Header>\n<S:Body>\n<!-- here -->\n<b:getActiveJobsParam xmlns:b=\"http://www.scene7.com/IpsApi/xsd/2010-01-31\">\
        <b:includeWaitingJobs>true</b:includeWaitingJobs></b:getActiveJobsParam>\n</S:Body>\n</S:Envelope>\n";
    let request = Request::parse(document.as_bytes(), Some("text/xml")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(request.root(), "getActiveJobsParam");
    assert_eq!(request.namespace(), "http://www.scene7.com/IpsApi/xsd/2010-01-31");
    let auth = request.auth();
    assert_eq!((auth.user.as_deref(), auth.password.is_none()), (Some("user@example.com"), true));
    assert_eq!((auth.locale.as_deref(), &*auth.app_name, &*auth.app_version), (Some("de-DE"), "app", "2"));
    assert_eq!((auth.gzip_response, auth.fault_http_status_code), (Some(true), Some(200)));
    assert!(!format!("{auth:?}").contains("t0ken"), "the token shows: {auth:?}");
    let read: GetActiveJobsParam = request.read().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read.include_waiting_jobs, Some(true));
    let other = request.read::<StopJobParam>().map_err(|error| error.to_string());
    assert_eq!(other, Err("holds getActiveJobsParam in place of stopJobParam".into()));
}
