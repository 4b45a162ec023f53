//! Writing of requests, answers and faults: field order, escaping, API versions, and values that are refused.

use ips_gateway::ips::codec::{WriteError, WriteReason};
use ips_gateway::ips::soap::{AuthHeader, FaultCode, Request, write_answer, write_fault, write_request};
use ips_gateway::ips::types::*;
use serde_json::{Value, json};

use super::tree::assert_same;

fn auth() -> AuthHeader {
    AuthHeader { app_name: "tests".into(), app_version: "1".into(), ..AuthHeader::default() }
}

#[track_caller]
fn request<T: Operation>(json: Value) -> T {
    serde_json::from_value(json).unwrap_or_else(|error| panic!("no request: {error}"))
}

#[track_caller]
fn refusal<T: Operation>(json: Value, version: &str) -> WriteError {
    let version = version.parse().unwrap_or_else(|error| panic!("{error}"));
    match write_request(&request::<T>(json), &version, &auth()) {
        Ok(document) => panic!("written, though it should have been refused: {}", String::from_utf8_lossy(&document)),
        Err(error) => error,
    }
}

fn upload(urls: Value) -> Value {
    json!({"companyHandle": "c|1", "jobName": "spring", "uploadUrlsJob": {
        "urlArray": urls, "overwrite": true, "readyForPublish": false, "createMask": false, "emailSetting": "None",
    }})
}

#[test]
fn only_set_fields_are_written_in_declared_order() {
    let request: SubmitJobParam = request(json!({
        "imageServingPublishJob": {"emailSetting": "None", "publishType": "Full"},
        "execTime": "2026-03-30T14:32:08.500-05:00", "jobName": "spring", "companyHandle": "c|1",
    }));
    let auth = AuthHeader {
        user: Some("user@example.com".into()),
        password: Some("a<b&c".into()),
        locale: Some("en-US".into()),
        ..auth()
    };
    let document = write_request(&request, &ApiVersion::default(), &auth).unwrap_or_else(|error| panic!("{error}"));
    let expected = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header>\
        <authHeader xmlns=\"http://www.scene7.com/IpsApi/xsd\"><user>user@example.com</user><password>a&lt;b&amp;c</password>\
        <locale>en-US</locale><appName>tests</appName><appVersion>1</appVersion></authHeader></s:Header><s:Body>\
        <v:submitJobParam xmlns:v=\"http://www.scene7.com/IpsApi/xsd/2014-04-03\"><v:companyHandle>c|1</v:companyHandle>\
        <v:jobName>spring</v:jobName><v:execTime>2026-03-30T14:32:08.500-05:00</v:execTime><v:imageServingPublishJob>\
        <v:publishType>Full</v:publishType><v:emailSetting>None</v:emailSetting></v:imageServingPublishJob></v:submitJobParam>\
        </s:Body></s:Envelope>";
    assert_same(&document, expected.as_bytes());
}

#[test]
fn an_empty_array_is_written_as_an_empty_element() {
    let document = write_request(&request::<SubmitJobParam>(upload(json!([]))), &ApiVersion::default(), &auth());
    let document = String::from_utf8(document.expect("a document")).expect("UTF-8");
    assert!(document.contains("<uploadUrlsJob><urlArray></urlArray><overwrite>true</overwrite>"), "{document}");
}

#[test]
fn a_version_without_a_name_has_the_common_namespace() {
    let version: ApiVersion = "".parse().expect("the oldest version");
    let document = write_request(&StopJobParam::default(), &version, &auth()).expect("a document");
    let parsed = Request::parse(&document, None).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(parsed.namespace(), "http://www.scene7.com/IpsApi/xsd");
}

#[test]
fn markup_and_line_ends_in_values_round_trip() {
    for name in ["a < b & c > \"d\" 'e'", "]]>", "<!-- -->", "a\r\nb\tc\rd", " ", "春の靴 👟", "\u{85}\u{2028}"] {
        let request = GetActiveJobsParam { original_name: Some(name.into()), ..GetActiveJobsParam::default() };
        let document =
            write_request(&request, &ApiVersion::default(), &auth()).unwrap_or_else(|error| panic!("{error}"));
        let read = Request::parse(&document, None).and_then(|parsed| parsed.read::<GetActiveJobsParam>());
        assert_eq!(read, Ok(request));
    }
}

#[test]
fn a_character_outside_xml_is_refused_with_a_pointer() {
    for character in ['\0', '\u{8}', '\u{1F}', '\u{FFFE}', '\u{FFFF}'] {
        let urls = json!([
            {"sourceUrl": "https://example.com/a.tif", "destPath": "a.tif"},
            {"sourceUrl": format!("bad{character}"), "destPath": "b.tif"},
        ]);
        assert_eq!(
            refusal::<SubmitJobParam>(upload(urls), "2014-04-03"),
            WriteError {
                pointer: "/uploadUrlsJob/urlArray/1/sourceUrl".into(),
                reason: WriteReason::Character(character),
            }
        );
    }
    let bad_auth = AuthHeader { password: Some("p\u{1}".into()), ..auth() };
    let error = write_request(&StopJobParam::default(), &ApiVersion::default(), &bad_auth).map(|_| ());
    let pointer = error.map_err(|error| error.pointer);
    assert_eq!(pointer, Err("/authHeader/password".into()));
}

#[test]
fn a_field_newer_than_the_version_is_refused_with_a_pointer() {
    let mut upload = upload(json!([]));
    upload["uploadUrlsJob"]["ignoreSmartCropGeneration"] = true.into();
    let error = refusal::<SubmitJobParam>(upload.clone(), "2017-10-29-beta");
    assert_eq!(error.pointer, "/uploadUrlsJob/ignoreSmartCropGeneration");
    assert_eq!(error.reason.to_string(), "needs API version 2021-01-11-beta or later; 2017-10-29-beta is configured");

    let newer = "2021-01-11-beta".parse().expect("a version");
    assert!(write_request(&request::<SubmitJobParam>(upload), &newer, &auth()).is_ok());
}

#[test]
fn an_operation_newer_than_the_version_is_refused() {
    let json = json!({"companyHandle": "c|1", "jobHandle": "j"});
    let error = refusal::<GetArchivedJobLogDetailsParam>(json, "2014-04-03");
    assert_eq!(
        error.reason.to_string(),
        "getArchivedJobLogDetails needs API version 2021-01-11-beta or later; 2014-04-03 is configured"
    );
}

#[test]
fn an_answer_to_an_older_client_lacks_the_newer_fields() {
    let job = json!({"companyHandle": "c", "jobHandle": "j", "name": "n", "originalName": "o", "taskProgressArray": [],
        "uploadUrlsJob": {"overwrite": true, "readyForPublish": true, "createMask": true, "emailSetting": "None",
            "synchronizationComplete": true, "cssOptions": {"forceStaticImages": true}}});
    let answer: GetActiveJobsReturn = serde_json::from_value(json!({"jobArray": [job]})).expect("an answer");
    let document = |version: &str| {
        let version = version.parse().unwrap_or_else(|error| panic!("{error}"));
        let document = write_answer::<GetActiveJobsParam>(&answer, &version).unwrap_or_else(|error| panic!("{error}"));
        String::from_utf8(document).expect("UTF-8")
    };
    let (older, newer) = (document("2014-04-03"), document("2017-10-29-beta"));
    assert!(!older.contains("synchronizationComplete") && !older.contains("cssOptions"), "{older}");
    assert!(newer.contains("<cssOptions><forceStaticImages>true</forceStaticImages></cssOptions>"), "{newer}");
}

#[test]
fn nan_and_infinity_are_refused() {
    let answer = GetActiveJobsReturn {
        job_array: vec![ActiveJob {
            task_progress_array: Some(vec![TaskProgress { progress: Some(f64::NAN), ..TaskProgress::default() }]),
            ..ActiveJob::default()
        }],
    };
    let error = write_answer::<GetActiveJobsParam>(&answer, &ApiVersion::default()).map(|_| ());
    let reason = WriteReason::Value("NaN is not a number".into());
    assert_eq!(error, Err(WriteError { pointer: "/jobArray/0/taskProgressArray/0/progress".into(), reason }));
}

#[test]
fn a_fault_with_any_reason_can_be_written() {
    let fault = Fault { name: FaultName::IpsApi, code: Some(30000), reason: "a\0b <c> & d".into() };
    let expected = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault>\
        <faultcode xmlns=\"\">soapenv:Server</faultcode><faultstring xmlns=\"\">ipsApiFault</faultstring><detail xmlns=\"\">\
        <f:ipsApiFault xmlns:f=\"http://www.scene7.com/IpsApi/xsd\"><f:code>30000</f:code>\
        <f:reason>a\u{FFFD}b &lt;c&gt; &amp; d</f:reason></f:ipsApiFault></detail></s:Fault></s:Body></s:Envelope>";
    assert_same(&write_fault(&fault, FaultCode::Server), expected.as_bytes());
}
