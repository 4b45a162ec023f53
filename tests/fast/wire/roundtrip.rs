//! Round trip of arbitrary values.

use ips_gateway::ips::soap::{AuthHeader, Request, write_answer, write_request};
use ips_gateway::ips::types::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::answer;

/// Strategy for text of any character that XML allows.
pub fn text() -> impl Strategy<Value = String> {
    "([\t\n\r -~]|[\u{80}-\u{D7FF}]|[\u{E000}-\u{FFFD}]|[\u{10000}-\u{10FFFF}]|[<>&\"'\\]]){0,12}"
}

/// Strategy for text that is not blank, since an empty element in an answer is read as absent.
fn some_text() -> impl Strategy<Value = Option<String>> {
    option::of(text().prop_filter("blank", |text| !text.trim().is_empty()))
}

pub fn date() -> impl Strategy<Value = Option<Timestamp>> {
    option::of((0..4_000_000_000_i64, 0..1_000_000_000_u32, -720..=840_i32).prop_filter_map(
        "no date",
        |(second, nanos, minutes)| {
            let offset = chrono::FixedOffset::east_opt(minutes * 60)?;
            Some(Timestamp::new(chrono::DateTime::from_timestamp(second, nanos)?.with_timezone(&offset)))
        },
    ))
}

prop_compose! {
    fn task()(task_type in some_text(), num_pending in option::of(any::<i64>()), last_progress_update in date(),
        progress in option::of(proptest::num::f64::NORMAL | proptest::num::f64::ZERO | proptest::num::f64::SUBNORMAL)) -> TaskProgress {
        TaskProgress { task_type, num_pending, last_progress_update, progress, ..TaskProgress::default() }
    }
}

prop_compose! {
    fn active_job()(names in [some_text(), some_text(), some_text()], job_handle in some_text().prop_filter("none", Option::is_some),
        state in some_text(), description in some_text(), total_size in option::of(any::<i64>()), start_date in date(),
        tasks in vec(task().prop_filter("nothing", |task| *task != TaskProgress::default()), 0..3)) -> ActiveJob {
        let [company_handle, name, original_name] = names;
        ActiveJob {
            company_handle, job_handle, name, original_name, description, total_size, start_date,
            state: state.map(|state| ActiveJobState::from(&*state)),
            task_progress_array: (!tasks.is_empty()).then_some(tasks),
            ..ActiveJob::default()
        }
    }
}

prop_compose! {
    fn upload()(urls in option::of(vec([text(), text()], 0..3)), num_urls in option::of(any::<i32>()), overwrite in any::<bool>(),
        keywords in option::of(text()), amount in option::of(any::<f64>().prop_filter("no number", |number| number.is_finite())))
        -> UploadUrlsJob {
        let url_array = urls.map(|urls| {
            urls.into_iter().map(|[source_url, dest_path]| UploadUrl { source_url, dest_path }).collect()
        });
        UploadUrlsJob {
            url_array, num_urls, overwrite, xmp_keywords: keywords,
            unsharp_mask_options: amount.map(|amount| Box::new(UnsharpMaskOptions { amount: Some(amount), ..UnsharpMaskOptions::default() })),
            ..UploadUrlsJob::default()
        }
    }
}

prop_compose! {
    fn submit()(names in [text(), text()], description in option::of(text()), exec_time in date(), upload in option::of(upload()))
        -> SubmitJobParam {
        let [company_handle, job_name] = names;
        SubmitJobParam { company_handle, job_name, description, exec_time, upload_urls_job: upload.map(Box::new), ..SubmitJobParam::default() }
    }
}

proptest! {
    #[test]
    fn an_answer_round_trips(job_array in vec(active_job(), 0..4)) {
        let value = GetActiveJobsReturn { job_array };
        let document = write_answer::<GetActiveJobsParam>(&value, &ApiVersion::default());
        let read = answer::<GetActiveJobsParam>(document.unwrap_or_else(|error| panic!("{error}")));
        prop_assert_eq!(read.bad_items, []);
        prop_assert_eq!(read.value, value);
    }

    #[test]
    fn a_request_round_trips(request in submit()) {
        let document = write_request(&request, &ApiVersion::default(), &AuthHeader::default());
        let document = document.unwrap_or_else(|error| panic!("{error}"));
        let read = Request::parse(&document, None).and_then(|parsed| parsed.read::<SubmitJobParam>());
        prop_assert_eq!(read, Ok(request));
    }

    #[test]
    fn no_document_makes_the_reader_panic(pieces in vec(prop_oneof![
        Just("<items>".to_owned()), Just("</items>".to_owned()), Just("<jobArray>".to_owned()), Just("</jobArray>".to_owned()),
        Just("<name/>".to_owned()), Just("<totalSize>".to_owned()), Just("</totalSize>".to_owned()), Just("&amp;".to_owned()),
        Just("<![CDATA[".to_owned()), Just("]]>".to_owned()), Just("<!--".to_owned()), Just("-->".to_owned()), text(),
    ], 0..20)) {
        let document = super::active_jobs(&pieces.concat());
        drop(ips_gateway::ips::soap::read_answer::<GetActiveJobsParam>(document.as_bytes(), None));
    }
}
