//! Fuzz target of the extractors: any path, query and headers are parsed or refused without a panic.
#![no_main]

use actix_web::dev::Payload;
use actix_web::http::Uri;
use actix_web::test::TestRequest;
use actix_web::{FromRequest, HttpRequest};
use ips_gateway::http::extractors::{
    AssetLogsParams, CacheControl, CompanyQuery, IdempotencyHeader, JobLogsParams, JobPath, JobsParams, LastEventId,
    LogParams, SubmitParams, is_not_modified, prefers_gzip,
};
use libfuzzer_sys::fuzz_target;

fn extract<T: FromRequest>(request: &HttpRequest) {
    let future = T::from_request(request, &mut Payload::None);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let _ = runtime.block_on(future);
}

fuzz_target!(|parts: (&str, &str, &str, &str, &str)| {
    let (path, query, list, if_none_match, key) = parts;
    let Ok(uri) = format!("/jobs/{path}?{query}").parse::<Uri>() else { return };
    let headers = [
        ("cache-control", list),
        ("accept-encoding", list),
        ("if-none-match", if_none_match),
        ("idempotency-key", key),
        ("last-event-id", key),
    ];
    let sendable = |value: &str| value.bytes().all(|byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f));
    let request = headers
        .into_iter()
        .filter(|(_, value)| sendable(value))
        .fold(TestRequest::with_uri(&uri.to_string()), |request, header| request.insert_header(header))
        .param("job", path.to_owned())
        .to_http_request();
    extract::<CompanyQuery>(&request);
    extract::<CompanyQuery<JobsParams>>(&request);
    extract::<CompanyQuery<SubmitParams>>(&request);
    extract::<CompanyQuery<LogParams>>(&request);
    extract::<CompanyQuery<JobLogsParams>>(&request);
    extract::<CompanyQuery<AssetLogsParams>>(&request);
    extract::<CacheControl>(&request);
    extract::<IdempotencyHeader>(&request);
    extract::<LastEventId>(&request);
    extract::<JobPath>(&request);
    let _ = is_not_modified(&request, "W/\"abc\"");
    let _ = prefers_gzip(&request);
});
