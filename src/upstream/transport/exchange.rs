//! One exchange with IPS without its types: the code that sends and retries is compiled once instead of once per operation.

use std::any::Any;

use crate::ips::codec::ReadError;
use crate::ips::soap::{Answer, Reply, read_answer};
use crate::ips::types::{Effect, Operation};

/// Reply of IPS whose answer is that of the operation of its [`Exchange`].
pub(in crate::upstream) type ErasedReply = Reply<Box<dyn Any + Send>>;

/// What the transport needs to know of an operation.
#[derive(Debug, Clone, Copy)]
pub(in crate::upstream) struct Exchange {
    /// Name of the operation.
    pub(in crate::upstream) operation: &'static str,
    /// Effect of the operation.
    pub(in crate::upstream) effect: Effect,
    /// Reads a reply from its body and content type.
    pub(in crate::upstream) read: fn(&[u8], Option<&str>) -> Result<ErasedReply, ReadError>,
}

impl Exchange {
    /// Returns the exchange of the operation `T`.
    pub(in crate::upstream) fn of<T: Operation<Answer: 'static>>() -> Self {
        Self { operation: T::NAME, effect: T::EFFECT, read: read::<T> }
    }
}

fn read<T: Operation<Answer: 'static>>(body: &[u8], content_type: Option<&str>) -> Result<ErasedReply, ReadError> {
    Ok(match read_answer::<T>(body, content_type)? {
        Reply::Answer(Answer { value, bad_items, unreadable_values }) => {
            Reply::Answer(Answer { value: Box::new(value), bad_items, unreadable_values })
        }
        Reply::Fault(fault) => Reply::Fault(fault),
    })
}
