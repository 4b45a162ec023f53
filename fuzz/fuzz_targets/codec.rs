//! Whatever IPS or a SOAP client sends: it is read or refused, without a panic, and what is read is written and read back the same.
#![no_main]

use ips_gateway::ips::soap::{AuthHeader, Reply, Request, read_answer, write_request};
use ips_gateway::ips::types::*;
use libfuzzer_sys::fuzz_target;

/// Reads an answer, which is the same when it is read again.
fn answer<T: Operation<Answer: PartialEq + std::fmt::Debug>>(body: &[u8], content_type: Option<&str>) {
    let first = read_answer::<T>(body, content_type);
    if let Ok(Reply::Answer(_)) = &first {
        assert_eq!(first, read_answer::<T>(body, content_type));
    }
}

/// Reads a request; written again, it reads back the same.
fn request<T: Operation + PartialEq + std::fmt::Debug>(request: &Request<'_>) {
    let Ok(read) = request.read::<T>() else { return };
    let newest = "2022-11-01-beta".parse().expect("a version");
    let Ok(written) = write_request(&read, &newest, &AuthHeader::default()) else { return };
    let again = Request::parse(&written, None).expect("what was written can be parsed");
    assert_eq!(again.read::<T>().expect("what was written can be read"), read);
}

macro_rules! all {
    ($what:ident $arguments:tt: $($operation:ident)+) => { $($what::<$operation> $arguments;)+ };
}

fuzz_target!(|data: &[u8]| {
    // The last byte chooses: any document with a line end is a good beginning.
    let [body @ .., choice] = data else { return };
    let content_type = match choice % 4 {
        0 => None,
        1 => Some("text/xml; charset=UTF-16"),
        2 => Some("text/xml; charset=iso-8859-1"),
        _ => Some("text/xml; charset=UTF-8"),
    };
    all!(answer(body, content_type): SubmitJobParam GetActiveJobsParam GetScheduledJobsParam GetJobLogsParam GetJobLogDetailsParam
        GetArchivedJobLogDetailsParam GetAssetJobLogsParam GetAssetArchivedJobLogsParam StopJobParam PauseJobParam ResumeJobParam
        ExecuteJobParam DeleteJobParam GetCompanyInfoParam GetCompanyMembershipParam CheckLoginParam);
    if let Ok(parsed) = Request::parse(body, content_type) {
        all!(request(&parsed): SubmitJobParam GetActiveJobsParam GetScheduledJobsParam GetJobLogsParam GetJobLogDetailsParam
            GetArchivedJobLogDetailsParam GetAssetJobLogsParam GetAssetArchivedJobLogsParam StopJobParam PauseJobParam ResumeJobParam
            ExecuteJobParam DeleteJobParam GetCompanyInfoParam GetCompanyMembershipParam CheckLoginParam);
    }
});
