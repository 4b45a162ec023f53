//! Values in answers: lexical forms, absent and empty values, and unreadable ones.

use ips_gateway::ips::types::{
    ActiveJobState, GetActiveJobsParam, GetCompanyInfoParam, GetCompanyMembershipParam, JobType,
};

use super::{IDENTITY, active_jobs, answer, envelope, job, read_error, unreadable};

const NIL: &str = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil";

/// Returns the progress of a job's only task.
#[track_caller]
fn progress(element: &str) -> Option<f64> {
    task(element).progress
}

#[track_caller]
fn task(elements: &str) -> ips_gateway::ips::types::TaskProgress {
    let elements = format!("<taskProgressArray><items><taskType>t</taskType>{elements}</items></taskProgressArray>");
    job(&elements).task_progress_array.and_then(|tasks| tasks.into_iter().next()).expect("a task")
}

#[track_caller]
fn overwrite(element: &str) -> bool {
    job(&format!("<uploadUrlsJob><createMask>true</createMask>{element}</uploadUrlsJob>"))
        .upload_urls_job
        .expect("details")
        .overwrite
}

#[test]
fn an_optional_value_is_none_if_absent_empty_blank_or_nil() {
    let after = "<uploadPostJob><destFolder>d</destFolder></uploadPostJob>";
    let job = |element: &str| super::job(&format!("{element}{after}"));
    let absent = job("");
    let fields = [
        "locale",
        "state",
        "type",
        "startDate",
        "totalSize",
        "progress",
        "uploadUrlsJob",
        "taskProgressArray",
        "description",
    ];
    for field in fields {
        for element in [
            format!("<{field}/>"),
            format!("<{field} />"),
            format!("<{field}></{field}>"),
            format!("<{field}><!-- nothing --></{field}>"),
            format!("<{field} {NIL}=\"true\"/>"),
            format!("<{field} {NIL}=\" 1 \"></{field}>"),
        ] {
            assert_eq!(job(&element), absent, "with {element}");
        }
        if !["locale", "description"].contains(&field) {
            let blank = format!("<{field}> \n </{field}>");
            assert_eq!(job(&blank), absent, "with {blank}");
        }
    }
}

#[test]
fn a_plain_value_has_its_default_if_absent_empty_or_nil() {
    assert!(overwrite("<overwrite>true</overwrite>"));
    for element in [
        String::new(),
        "<overwrite/>".into(),
        "<overwrite></overwrite>".into(),
        "<overwrite> </overwrite>".into(),
        format!("<overwrite {NIL}=\"true\"/>"),
    ] {
        assert!(!overwrite(&element), "with {element}");
    }
    let job = answer::<GetActiveJobsParam>(active_jobs(
        "<jobArray><items><jobHandle>j</jobHandle><name/></items></jobArray>",
    ));
    assert_eq!(job.bad_items, []);
    assert_eq!((&job.value.job_array[0].name, &job.value.job_array[0].original_name), (&None, &None));
}

#[test]
fn items_of_a_list_may_lack_different_fields() {
    let jobs = [
        "<name>a</name><uploadUrlsJob><createMask>1</createMask><xmpKeywords>k</xmpKeywords></uploadUrlsJob>",
        "<jobHandle>b</jobHandle><uploadUrlsJob><overwrite>1</overwrite></uploadUrlsJob><exportJob><macro>m</macro></exportJob>",
        "<locale xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"1\"/><totalSize>1</totalSize>",
        "<name>d</name><progress>2</progress><uploadUrlsJob><readyForPublish>1</readyForPublish></uploadUrlsJob>",
    ];
    let alone: Vec<_> = jobs
        .iter()
        .flat_map(|job| {
            answer::<GetActiveJobsParam>(active_jobs(&format!("<jobArray><items>{job}</items></jobArray>")))
                .value
                .job_array
        })
        .collect();
    let together = jobs.iter().map(|job| format!("<items>{job}</items>")).collect::<Vec<_>>().concat();
    let together = answer::<GetActiveJobsParam>(active_jobs(&format!("<jobArray>{together}</jobArray>")));
    assert_eq!(together.bad_items, []);
    assert_eq!(together.value.job_array, alone);
    assert_eq!(alone.len(), 4);
}

#[test]
fn nil_counts_only_if_true_and_in_its_namespace() {
    assert_eq!(job(&format!("<locale {NIL}=\"false\">en</locale>")).locale.as_deref(), Some("en"));
    assert_eq!(job("<locale nil=\"true\">en</locale>").locale.as_deref(), Some("en"));
}

#[test]
fn white_space_is_trimmed_around_numbers_booleans_and_dates_but_kept_in_strings() {
    assert_eq!(job("<totalSize>\n 42\t</totalSize>").total_size, Some(42));
    assert_eq!(progress("<progress> 0.5\n</progress>"), Some(0.5));
    assert!(overwrite("<overwrite>\n true </overwrite>"));
    let date = job("<startDate>\n 2026-03-30T14:32:08Z </startDate>").start_date.map(|date| date.to_string());
    assert_eq!(date.as_deref(), Some("2026-03-30T14:32:08Z"));
    assert_eq!(job("<description> \n a </description>").description.as_deref(), Some(" \n a "));
    assert_eq!(job("<description>  </description>").description.as_deref(), Some("  "));
}

#[test]
fn booleans_have_four_forms() {
    assert!(overwrite("<overwrite>1</overwrite>"));
    assert!(!overwrite("<overwrite>false</overwrite>"));
    assert!(!overwrite("<overwrite>0</overwrite>"));
    assert_eq!(
        unreadable("<uploadUrlsJob><overwrite>TRUE</overwrite></uploadUrlsJob>"),
        "uploadUrlsJob.overwrite: \"TRUE\" is not a boolean"
    );
}

#[test]
fn integers_have_64_bits() {
    for (text, number) in [
        ("5000000000", 5_000_000_000),
        ("9223372036854775807", i64::MAX),
        ("-9223372036854775808", i64::MIN),
        ("+7", 7),
        ("007", 7),
    ] {
        assert_eq!(job(&format!("<totalSize>{text}</totalSize>")).total_size, Some(number));
    }
    for text in ["9223372036854775808", "1.5", "1 000", "0x10", "many"] {
        assert_eq!(
            unreadable(&format!("<totalSize>{text}</totalSize>")),
            format!("totalSize: {text:?} is not a 64-bit integer")
        );
    }
}

#[test]
fn a_number_beyond_its_type_is_an_error() {
    let reason = unreadable("<uploadUrlsJob><overwrite>1</overwrite><numUrls>3000000000</numUrls></uploadUrlsJob>");
    assert_eq!(reason, "uploadUrlsJob.numUrls: invalid value: integer `3000000000`, expected i32");
}

#[test]
fn progress_out_of_range_is_passed_on() {
    assert_eq!(job("<progress>250</progress>").progress, Some(250));
    assert_eq!(job("<progress>-1</progress>").progress, Some(-1));
    assert_eq!(progress("<progress>1.75</progress>"), Some(1.75));
}

#[test]
fn doubles_have_the_forms_of_xml_schema() {
    for (text, number) in [("1", 1.0), ("-0.5", -0.5), (".5", 0.5), ("1.", 1.0), ("1E-2", 0.01), ("+2.5e+3", 2500.0)] {
        assert_eq!(progress(&format!("<progress>{text}</progress>")), Some(number));
    }
}

#[test]
fn nan_and_infinity_read_as_absent() {
    for text in ["NaN", "INF", "-INF", " NaN "] {
        assert_eq!(progress(&format!("<progress>{text}</progress>")), None, "{text}");
    }
    let options = |text| {
        format!(
            "<uploadUrlsJob><overwrite>1</overwrite><pdfOptions><resolution>{text}</resolution><process>None</process></pdfOptions></uploadUrlsJob>"
        )
    };
    assert!(job(&options("NaN")).upload_urls_job.is_some());
    assert_eq!(job("<description>NaN</description>").description.as_deref(), Some("NaN"), "a string is a string");
}

#[test]
fn an_invalid_double_is_an_error() {
    for text in ["nan", "inf", "infinity", "1e999", "1,5"] {
        assert_eq!(
            unreadable(&format!("<taskProgressArray><items><progress>{text}</progress></items></taskProgressArray>")),
            format!("taskProgressArray.items[0].progress: {text:?} is not a double")
        );
    }
}

#[test]
fn dates_may_have_a_zone_and_fractions() {
    for (text, date) in [
        ("2011-03-30T14:32:08.858-05:00", "2011-03-30T14:32:08.858-05:00"),
        ("2011-03-30T14:32:08Z", "2011-03-30T14:32:08Z"),
        ("2011-03-30T14:32:08", "2011-03-30T14:32:08"),
        ("2011-03-30T14:32:08.5", "2011-03-30T14:32:08.500"),
        ("2011-03-30T14:32:08+09:30", "2011-03-30T14:32:08+09:30"),
    ] {
        let read = job(&format!("<startDate>{text}</startDate>")).start_date.map(|date| date.to_string());
        assert_eq!(read.as_deref(), Some(date), "{text}");
    }
    let reason = unreadable("<startDate>yesterday</startDate>");
    assert!(reason.starts_with("startDate: "), "{reason}");
}

#[test]
fn unknown_enumeration_values_are_passed_on() {
    let job = job("<type>Teleport</type><state>Pondering</state>");
    assert_eq!(job.r#type, Some(JobType::Other("Teleport".into())));
    assert_eq!(job.state, Some(ActiveJobState::Other("Pondering".into())));
}

#[test]
fn one_unreadable_item_does_not_fail_the_list() {
    let document = active_jobs(&format!(
        "<jobArray><items>{IDENTITY}</items>\
         <items><x/></items>\
         <items>{IDENTITY}</items><items/><items {NIL}=\"true\"/>\
         <items>text</items>\
         <items>{IDENTITY}</items></jobArray>"
    ));
    let answer = answer::<GetActiveJobsParam>(document);
    assert_eq!(answer.value.job_array.len(), 3);
    let bad: Vec<_> = answer.bad_items.iter().map(ToString::to_string).collect();
    assert_eq!(
        bad,
        [
            "jobArray.items[1]: the element contains none of its fields",
            "jobArray.items[3]: the element contains none of its fields",
            "jobArray.items[4]: the required element is absent",
            "jobArray.items[5]: the element contains none of its fields",
        ]
    );
}

#[test]
fn an_error_outside_of_items_fails_the_document() {
    assert_eq!(
        read_error(active_jobs("<jobArray>none</jobArray>")),
        "jobArray: contains text where items are expected"
    );
    assert_eq!(
        read_error(active_jobs("<jobArray><job/></jobArray>")),
        "jobArray: the element job is not expected here"
    );
    assert_eq!(read_error(active_jobs("none")), "contains text where elements are expected");
}

#[test]
fn a_missing_required_struct_is_an_error() {
    let company = |content: &str| {
        let body = format!(
            "<getCompanyInfoReturn xmlns=\"http://www.scene7.com/IpsApi/xsd\">{content}</getCompanyInfoReturn>"
        );
        ips_gateway::ips::soap::read_answer::<GetCompanyInfoParam>(envelope(&body).as_bytes(), None)
            .map(drop)
            .map_err(|error| error.to_string())
    };
    let absent = Err("companyInfo: the required element is absent".into());
    assert_eq!(company(""), absent);
    assert_eq!(company("<companyInfo/>"), Err("companyInfo: the element contains none of its fields".into()));
    assert_eq!(company("<companyInfo><name>a</name></companyInfo>"), Ok(()));

    let memberships = envelope(
        "<getCompanyMembershipReturn xmlns=\"http://www.scene7.com/IpsApi/xsd\"><membershipArray><items><role>x</role></items>\
         </membershipArray></getCompanyMembershipReturn>",
    );
    let read = ips_gateway::ips::soap::read_answer::<GetCompanyMembershipParam>(memberships.as_bytes(), None);
    let error = read.map(drop).expect_err("a membership of no company").to_string();
    assert_eq!(error, "membershipArray.items[0]: contains neither a company nor the fields of one");
}
