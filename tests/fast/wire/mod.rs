//! The codec and the client from outside: documents written by other software or by hand, and a scripted server.

mod client;
mod every_type;
mod golden;
mod rejected;
mod roundtrip;
mod server;
mod strict;
mod tree;
mod values;
mod variants;
mod writing;

use ips_gateway::ips::soap::{Answer, Reply, read_answer};
use ips_gateway::ips::types::{ActiveJob, GetActiveJobsParam, GetActiveJobsReturn, Operation};

/// Reads a document with an answer.
#[track_caller]
fn answer<T: Operation>(document: impl AsRef<[u8]>) -> Answer<T::Answer> {
    match read_answer::<T>(document.as_ref(), None) {
        Ok(Reply::Answer(answer)) => answer,
        Ok(Reply::Fault(fault)) => panic!("a fault in place of an answer: {fault}"),
        Err(error) => panic!("no answer: {error}"),
    }
}

/// The error of a document, read as an answer of getActiveJobs.
#[track_caller]
fn complaint(document: impl AsRef<[u8]>) -> String {
    match read_answer::<GetActiveJobsParam>(document.as_ref(), None) {
        Ok(_) => panic!("read, though it should have been refused"),
        Err(error) => error.to_string(),
    }
}

/// An envelope around the content of a getActiveJobsReturn.
fn active_jobs(content: &str) -> String {
    envelope(&format!(
        "<getActiveJobsReturn xmlns=\"http://www.scene7.com/IpsApi/xsd/2014-04-03\">{content}</getActiveJobsReturn>"
    ))
}

fn envelope(body: &str) -> String {
    format!(
        "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\">\
         <soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
}

/// The job of an answer, with these elements after those that identify a job.
#[track_caller]
fn job(elements: &str) -> ActiveJob {
    let Answer { value: GetActiveJobsReturn { job_array }, bad_items } =
        answer::<GetActiveJobsParam>(active_jobs(&format!("<jobArray><items>{IDENTITY}{elements}</items></jobArray>")));
    assert_eq!(bad_items, [], "an item was left out");
    job_array.into_iter().next().expect("a job")
}

/// The error of a job with these elements, which is dropped from its list.
#[track_caller]
fn bad_job(elements: &str) -> String {
    let Answer { value: GetActiveJobsReturn { job_array }, bad_items } =
        answer::<GetActiveJobsParam>(active_jobs(&format!("<jobArray><items>{IDENTITY}{elements}</items></jobArray>")));
    match &bad_items[..] {
        [bad] => bad.to_string(),
        _ => panic!("expected one bad item beside {job_array:?}, got {bad_items:?}"),
    }
}

const IDENTITY: &str = "<companyHandle>c|110</companyHandle><jobHandle>j|110||spring|1</jobHandle>\
                        <name>spring_1</name><originalName>spring</originalName>";
