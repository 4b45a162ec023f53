//! One exchange with IPS without its types: the code that sends and retries is compiled once instead of once per operation.

use std::any::Any;

use crate::ips::codec::ReadError;
use crate::ips::soap::{Answer, Reply, read_answer};
use crate::ips::types::{Operation, OperationInfo};

/// Reply of IPS whose answer is that of the operation of its [`Exchange`].
pub(in crate::upstream) type ErasedReply = Reply<Box<dyn Any + Send>>;

/// What the transport needs to know of an operation.
#[derive(Debug, Clone, Copy)]
pub(in crate::upstream) struct Exchange {
    /// Name and effect of the operation.
    pub(in crate::upstream) operation: OperationInfo,
    /// Reads a reply from its body and content type.
    pub(in crate::upstream) read: fn(&[u8], Option<&str>) -> Result<ErasedReply, ReadError>,
}

impl Exchange {
    /// Returns the exchange of the operation `T`.
    pub(in crate::upstream) fn of<T: Operation<Answer: 'static>>() -> Self {
        Self { operation: T::INFO, read: read::<T> }
    }

    /// Returns the exchange of the operation `T` whose answers come with their documents: the answer is a [`Documented`].
    pub(in crate::upstream) fn with_document<T: Operation<Answer: 'static>>() -> Self {
        Self { operation: T::INFO, read: read_with_document::<T> }
    }
}

/// Answer with the document that it was read from.
pub(in crate::upstream) struct Documented<A> {
    /// Answer.
    pub(in crate::upstream) value: A,
    /// Body of the response, decompressed.
    pub(in crate::upstream) body: Vec<u8>,
    /// Content type of the response.
    pub(in crate::upstream) content_type: Option<String>,
}

fn read_with_document<T: Operation<Answer: 'static>>(
    body: &[u8],
    content_type: Option<&str>,
) -> Result<ErasedReply, ReadError> {
    Ok(match read_answer::<T>(body, content_type)? {
        Reply::Answer(Answer { value, bad_items, unreadable_values }) => {
            let documented = Documented { value, body: body.to_owned(), content_type: content_type.map(str::to_owned) };
            Reply::Answer(Answer { value: Box::new(documented), bad_items, unreadable_values })
        }
        Reply::Fault(fault) => Reply::Fault(fault),
    })
}

fn read<T: Operation<Answer: 'static>>(body: &[u8], content_type: Option<&str>) -> Result<ErasedReply, ReadError> {
    Ok(match read_answer::<T>(body, content_type)? {
        Reply::Answer(Answer { value, bad_items, unreadable_values }) => {
            Reply::Answer(Answer { value: Box::new(value), bad_items, unreadable_values })
        }
        Reply::Fault(fault) => Reply::Fault(fault),
    })
}
