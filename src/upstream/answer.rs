//! Answers of IPS, and the items of them that could not be read.

/// An answer, and what of it could not be read.
#[derive(Debug, Clone, Default)]
pub struct Answered<T> {
    /// The answer, without the items that could not be read.
    pub value: T,
    /// The items of its arrays that were left out, with the reason.
    pub bad_items: Vec<BadItem>,
}

/// An item of an answer that could not be read; the others could.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct BadItem {
    /// Where in the answer, for example `jobArray.items[3].totalSize`.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
}
