//! Check of an answer against the schema of its API version.

use super::SOAP_NAMESPACE;
use super::envelope::Envelope;
use crate::ips::codec::{Mode, ReadError, decode};
use crate::ips::schema::{Deviation, TypeTable};
use crate::ips::types::Operation;

/// Returns the deviations of an answer of `T` from the schema of an API version; none for a fault.
///
/// # Errors
/// The body is not a SOAP 1.1 envelope with the answer of `T` or a fault.
pub fn check_answer<T: Operation>(
    body: &[u8],
    content_type: Option<&str>,
    types: &TypeTable,
) -> Result<Vec<Deviation>, ReadError> {
    let text = decode(body, content_type)?;
    let mut envelope = Envelope::open(&text, Mode::Lenient)?;
    let tag = envelope.find_body(|envelope, _| envelope.parser.skip())?;
    let (tag, namespace) = envelope.find_answer(tag)?;
    if namespace.as_deref() == Some(SOAP_NAMESPACE) {
        return Ok(Vec::new());
    }
    if tag.local_name() != T::ANSWER {
        return Err(ReadError::document(format!("contains {} instead of {}", tag.local_name(), T::ANSWER)));
    }
    types.check(&mut envelope.parser, &tag, namespace.as_deref())
}
