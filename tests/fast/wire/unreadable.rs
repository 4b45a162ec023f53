//! Unreadable values and unknown elements of answers: each costs its field, nothing else.

use ips_gateway::ips::soap::{Reply, read_answer};
use ips_gateway::ips::types::{
    GetActiveJobsParam, GetCompanyMembershipParam, GetJobLogDetailsParam, GetScheduledJobsParam, UnreadableValue,
};

use super::{IDENTITY, active_jobs, answer, envelope, job, read_error, unreadable};

fn paths_and_values(unreadable: &[UnreadableValue]) -> Vec<(&str, &str)> {
    unreadable.iter().map(|value| (&*value.path, &*value.value)).collect()
}

#[test]
fn an_unreadable_value_costs_its_field() {
    let job = job("<description>kept</description><startDate>yesterday</startDate><totalSize>12.5 MB</totalSize>\
         <progress>45.7</progress><lastProgressUpdate><a/></lastProgressUpdate>\
         <taskProgressArray><items><numProcessed>2,018</numProcessed><numPending>3</numPending></items></taskProgressArray>\
         <uploadUrlsJob><overwrite>maybe</overwrite><createMask>true</createMask></uploadUrlsJob>");
    let values = [
        ("startDate", "yesterday"),
        ("totalSize", "12.5 MB"),
        ("progress", "45.7"),
        ("lastProgressUpdate", ""),
        ("taskProgressArray.items[0].numProcessed", "2,018"),
        ("uploadUrlsJob.overwrite", "maybe"),
    ];
    assert_eq!(paths_and_values(&job.unreadable), values);
    assert_eq!((job.start_date, job.total_size, job.progress, job.last_progress_update), (None, None, None, None));
    assert_eq!(job.task_progress_array.as_ref().expect("tasks")[0].num_pending, Some(3));
    assert_eq!(job.description.as_deref(), Some("kept"));
    assert!(job.upload_urls_job.is_some_and(|details| details.create_mask));
    assert!(job.absent_fields.contains(&"/uploadUrlsJob/overwrite".to_owned()), "{:?}", job.absent_fields);
}

#[test]
fn unreadable_values_belong_to_the_innermost_entry() {
    let document = envelope(
        "<getJobLogDetailsReturn xmlns=\"http://www.scene7.com/IpsApi/xsd\"><jobLogArray><items><jobName>a</jobName>\
         <fileErrorCount>2,018</fileErrorCount><fatalError>perhaps</fatalError><detailArray>\
         <items><logMessage>one</logMessage><dateCreated>never</dateCreated></items><items>text</items>\
         <items><logMessage>two</logMessage></items></detailArray></items></jobLogArray></getJobLogDetailsReturn>",
    );
    let answer = answer::<GetJobLogDetailsParam>(document);
    assert_eq!(answer.bad_items, []);
    let log = &answer.value.job_log_array[0];
    let values = [("fileErrorCount", "2,018"), ("fatalError", "perhaps"), ("detailArray.items[1]", "text")];
    assert_eq!(paths_and_values(&log.unreadable), values);
    let entries = log.detail_array.as_deref().unwrap_or_default();
    assert_eq!(entries.len(), 2);
    assert_eq!(paths_and_values(&entries[0].unreadable), [("dateCreated", "never")]);
    assert_eq!(entries[1].unreadable, []);
}

#[test]
fn a_company_with_an_unreadable_value_stays() {
    let answer = answer::<GetCompanyMembershipParam>(envelope(
        "<getCompanyMembershipReturn xmlns=\"http://www.scene7.com/IpsApi/xsd\"><membershipArray><items><company>\
         <companyHandle>c|1</companyHandle><expires>never</expires></company><isActive>perhaps</isActive></items>\
         </membershipArray></getCompanyMembershipReturn>",
    ));
    let membership = &answer.value.into_memberships()[0];
    assert_eq!(paths_and_values(&membership.company.unreadable), [("expires", "never")]);
    assert_eq!(paths_and_values(&membership.unreadable), [("isActive", "perhaps")]);
    assert_eq!((&*membership.company.company_handle, membership.is_active), ("c|1", None));
}

#[test]
fn a_repeated_element_and_stray_text_are_noted() {
    assert_eq!(unreadable("<locale>en</locale><locale>de</locale>"), "locale: the element locale appears twice");
    assert_eq!(unreadable("stray"), ": contains text where elements are expected");
    assert_eq!(
        unreadable("<uploadUrlsJob>stray</uploadUrlsJob>"),
        "uploadUrlsJob: contains text where elements are expected"
    );
    assert_eq!(
        unreadable("<taskProgressArray><items/></taskProgressArray>").split(':').next(),
        Some("taskProgressArray.items[0]")
    );
}

#[test]
fn notes_are_bounded() {
    let tasks = "<items><numPending>many</numPending></items>".repeat(30);
    let job =
        job(&format!("<totalSize>{}</totalSize><taskProgressArray>{tasks}</taskProgressArray>", "日".repeat(100)));
    assert_eq!(job.unreadable.len(), 20);
    assert!(job.unreadable.iter().all(|value| value.value.len() <= 100 && value.reason.len() <= 200), "{job:?}");
    assert_eq!(job.unreadable[0].value, "日".repeat(33));
    assert_eq!(job.task_progress_array.as_ref().map_or(0, Vec::len), 30);
}

#[test]
fn a_noted_value_has_its_references_resolved_and_no_markup() {
    let noted = |content: &str| job(&format!("<totalSize>{content}</totalSize>")).unreadable[0].value.clone();
    assert_eq!(noted("5 &lt; 7 &amp; more"), "5 < 7 & more");
    assert_eq!(noted("<![CDATA[<7>]]>"), "<7>");
    assert_eq!(noted(" a<b/>c"), "a");
}

#[test]
fn an_unreadable_secret_is_not_noted() {
    let job = job("<uploadUrlsJob><overwrite>true</overwrite><apikey>s3cret<x/></apikey></uploadUrlsJob>");
    assert_eq!(paths_and_values(&job.unreadable), [("uploadUrlsJob.apikey", "[redacted]")]);
    assert!(!format!("{job:?}").contains("s3cret"), "{job:?}");
}

#[test]
fn required_values_that_are_missing_are_noted_as_absent() {
    let job = job("<uploadUrlsJob><urlArray><items><sourceUrl>https://a</sourceUrl><destPath/></items></urlArray>\
         <createMask/><emailSetting></emailSetting></uploadUrlsJob>");
    let mut absent = job.absent_fields.clone();
    absent.sort_unstable();
    assert_eq!(
        absent,
        [
            "/uploadUrlsJob/createMask",
            "/uploadUrlsJob/emailSetting",
            "/uploadUrlsJob/overwrite",
            "/uploadUrlsJob/readyForPublish",
            "/uploadUrlsJob/urlArray/0/destPath",
        ]
    );
    assert_eq!(job.unreadable, []);
}

#[test]
fn unknown_elements_are_skipped_at_every_level() {
    let document =
        active_jobs(&format!("<jobArray><count>1</count><items>{IDENTITY}<x><items/></x></items><more/></jobArray>"))
            .replace(
                "<soapenv:Body>",
                "<more/><soapenv:Header><a><b/></a></soapenv:Header><more/><soapenv:Body a=\"b\"><trace/>",
            )
            .replace("</soapenv:Body>", "<again/></soapenv:Body><again/>");
    let answer = answer::<GetActiveJobsParam>(document);
    assert_eq!((answer.value.job_array.len(), answer.bad_items), (1, Vec::new()));
    assert_eq!(
        read_error(active_jobs("<jobArray><job/></jobArray>")),
        "jobArray: the element job is not expected here"
    );
}

#[test]
fn a_fault_with_unknown_content_is_a_fault() {
    for detail in [
        "<trace/><f:ipsApiFault xmlns:f=\"http://www.scene7.com/IpsApi/xsd\" a=\"b\"><f:more/><f:code>30001</f:code><f:reason>no</f:reason></f:ipsApiFault>",
        "<trace><a/></trace>",
        "text",
        "",
    ] {
        let document = envelope(&format!(
            "<soapenv:Fault><a/><faultcode>soapenv:Server</faultcode><faultstring>broken</faultstring><detail>{detail}</detail></soapenv:Fault>"
        ));
        let Ok(Reply::Fault(fault)) = read_answer::<GetActiveJobsParam>(document.as_bytes(), None) else {
            panic!("{detail}")
        };
        let known = detail.contains("30001");
        assert_eq!(
            (fault.code, &*fault.reason),
            if known { (Some(30001), "no") } else { (None, "broken") },
            "{detail}"
        );
    }
}

#[test]
fn published_names_are_read_as_what_they_mean() {
    let job = job("<imageServingRenderJob><emailSettings>All</emailSettings></imageServingRenderJob>");
    assert_eq!(job.details_element.as_deref(), Some("imageServingRenderJob"));
    assert_eq!(
        job.image_rendering_publish_job.map(|details| details.email_setting.to_string()).as_deref(),
        Some("All")
    );
}

#[test]
fn unknown_job_details_are_named() {
    let answer = answer::<GetScheduledJobsParam>(envelope(
        "<getScheduledJobsReturn xmlns=\"http://www.scene7.com/IpsApi/xsd\"><jobArray><items><name>a</name><teleportJob><to/></teleportJob>\
         </items></jobArray></getScheduledJobsReturn>",
    ));
    assert_eq!(answer.value.job_array[0].details_element.as_deref(), Some("teleportJob"));
    assert_eq!(job("<newest/>").details_element, None);
}
