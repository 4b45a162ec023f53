//! Reading of the reply to a request.

use serde::Deserialize;

use super::SOAP_NAMESPACE;
use super::envelope::{Envelope, check_ips_namespace};
use crate::ips::codec::{Mode, ReadError, RootContent, decode};
use crate::ips::types::{Fault, FaultName, GetCompanyMembershipParam, Operation, UnreadableValue};

/// Operations whose answer has an array even if the array is empty: without one, the answer has a shape that is not known.
const NEVER_EMPTY: [&str; 1] = [GetCompanyMembershipParam::NAME];

/// Reply of IPS to a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply<A> {
    /// Answer of the operation.
    Answer(Answer<A>),
    /// SOAP fault instead of an answer.
    Fault(Fault),
}

/// Answer, with the errors of the array items that could not be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<A> {
    /// Answer without the unreadable items.
    pub value: A,
    /// Error of each unreadable item.
    pub bad_items: Vec<ReadError>,
    /// Number of unreadable values in the other items, which have notes of them.
    pub unreadable_values: u64,
}

/// Reads the reply to a request `T`, in any API version and encoding.
///
/// # Errors
/// The body is not a SOAP 1.1 envelope with the answer of `T` or a fault.
pub fn read_answer<T: Operation>(body: &[u8], content_type: Option<&str>) -> Result<Reply<T::Answer>, ReadError> {
    let text = decode(body, content_type)?;
    let mut envelope = Envelope::open(&text, Mode::Lenient)?;
    let tag = envelope.find_body(|envelope, _| envelope.parser.skip())?;
    let (tag, namespace) = envelope.find_answer(tag)?;
    match namespace.as_deref() {
        Some(SOAP_NAMESPACE) if tag.local_name() == "Fault" => {
            let fault = envelope.parser.value::<WireFault>(&tag)?.into();
            envelope.close()?;
            Ok(Reply::Fault(fault))
        }
        namespace => {
            check_ips_namespace(tag.local_name(), namespace)?;
            if tag.local_name() != T::ANSWER {
                return Err(ReadError::document(format!("contains {} instead of {}", tag.local_name(), T::ANSWER)));
            }
            let value = envelope.parser.value(&tag)?;
            let is_understood = match envelope.parser.root_content() {
                RootContent::Fields => true,
                RootContent::Empty => !NEVER_EMPTY.contains(&T::NAME),
                RootContent::Unknown => false,
            };
            if !is_understood {
                return Err(ReadError::document(format!("{} contains none of its elements", T::ANSWER)));
            }
            envelope.close()?;
            let unreadable_values = envelope.parser.unreadable_values();
            Ok(Reply::Answer(Answer { value, bad_items: envelope.parser.into_bad_items(), unreadable_values }))
        }
    }
}

/// `soapenv:Fault`; its children may be in any namespace.
#[derive(Deserialize)]
struct WireFault {
    faultstring: Option<String>,
    detail: Option<WireDetail>,
    /// Read, so that an unreadable detail does not make the fault unreadable.
    #[serde(default, rename = "unreadable")]
    _unreadable: Vec<UnreadableValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDetail {
    authentication_fault: Option<WireReason>,
    authorization_fault: Option<WireReason>,
    ips_api_fault: Option<WireReason>,
}

#[derive(Deserialize)]
struct WireReason {
    code: Option<String>,
    reason: Option<String>,
}

impl From<WireFault> for Fault {
    fn from(fault: WireFault) -> Self {
        let faultstring = fault.faultstring.unwrap_or_default();
        let known = fault.detail.and_then(|detail| {
            [
                (FaultName::Authentication, detail.authentication_fault),
                (FaultName::Authorization, detail.authorization_fault),
                (FaultName::IpsApi, detail.ips_api_fault),
            ]
            .into_iter()
            .find_map(|(name, reason)| Some((name, reason?)))
        });
        match known {
            Some((name, WireReason { code, reason })) => Self {
                name,
                code: code.and_then(|code| code.trim().parse().ok()),
                reason: reason.unwrap_or(faultstring),
            },
            None => Self { name: FaultName::Other(faultstring.clone()), code: None, reason: faultstring },
        }
    }
}
