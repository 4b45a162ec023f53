//! Codec, SOAP envelope and IPS client: documents written by hand or by other software, and a scripted server.

mod client;
mod every_type;
mod golden;
mod rejected;
mod roundtrip;
mod secrets;
mod strict;
mod tree;
mod unreadable;
mod values;
mod variants;
mod writing;

use ips_gateway::ips::soap::{Answer, Reply, read_answer};
use ips_gateway::ips::types::{ActiveJob, GetActiveJobsParam, GetActiveJobsReturn, Operation};

/// Reads the answer in a document.
#[track_caller]
fn answer<T: Operation>(document: impl AsRef<[u8]>) -> Answer<T::Answer> {
    match read_answer::<T>(document.as_ref(), None) {
        Ok(Reply::Answer(answer)) => answer,
        Ok(Reply::Fault(fault)) => panic!("a fault instead of an answer: {fault}"),
        Err(error) => panic!("no answer: {error}"),
    }
}

/// Returns the error of reading a document as an answer of getActiveJobs.
#[track_caller]
fn read_error(document: impl AsRef<[u8]>) -> String {
    match read_answer::<GetActiveJobsParam>(document.as_ref(), None) {
        Ok(_) => panic!("the document was not refused"),
        Err(error) => error.to_string(),
    }
}

/// Returns an envelope with a getActiveJobsReturn of the given content.
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

/// Reads a job with the given elements, in addition to those that identify it.
#[track_caller]
fn job(elements: &str) -> ActiveJob {
    let Answer { value: GetActiveJobsReturn { job_array }, bad_items, .. } =
        answer::<GetActiveJobsParam>(active_jobs(&format!("<jobArray><items>{IDENTITY}{elements}</items></jobArray>")));
    assert_eq!(bad_items, [], "an item was skipped");
    job_array.into_iter().next().expect("a job")
}

/// Returns path and reason of the only unreadable value of a job with the given elements.
#[track_caller]
fn unreadable(elements: &str) -> String {
    let job = job(elements);
    match &job.unreadable[..] {
        [value] => format!("{}: {}", value.path, value.reason),
        _ => panic!("expected one unreadable value: {job:?}"),
    }
}

const IDENTITY: &str = "<companyHandle>c|110</companyHandle><jobHandle>j|110||spring|1</jobHandle>\
                        <name>spring_1</name><originalName>spring</originalName>";
