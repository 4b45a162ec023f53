//! Deviation of an answer from the schema of its API version.

use serde::Serialize;

/// Deviation of an answer from the schema of its API version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// What is wrong.
    pub kind: DeviationKind,
    /// Path of the element within the answer, without indices, for example `jobArray.items.totalSize`.
    pub path: String,
    /// What the schema expects there, or which API versions have the element.
    pub detail: String,
    /// Text of a value that can't be read; it may contain names.
    pub value: Option<String>,
}

/// Kind of a deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DeviationKind {
    /// The answer is of another XML namespace than that of the API version.
    OtherNamespace,
    /// An element that the API version does not have there.
    UnknownElement,
    /// A required element that is absent.
    MissingElement,
    /// An element that comes after one that must follow it.
    MisplacedElement,
    /// An element that appears more than once and may not.
    RepeatedElement,
    /// An empty element of a type that has no empty value, such as a number.
    EmptyValue,
    /// A value that is not of its type.
    UnreadableValue,
    /// Text between child elements.
    UnexpectedText,
    /// An answer that is not the SOAP answer of the operation.
    UnreadableAnswer,
    /// A fault without a documented name or code.
    UndocumentedFault,
    /// A fault in place of the answer to a request that IPS documents as valid.
    UnexpectedFault,
}
