//! Answers of IPS, and the items of them that could not be read.

/// Answer of IPS, with the items of it that could not be read.
#[derive(Debug, Clone, Default)]
pub struct Answered<T> {
    /// Answer without the unreadable items.
    pub value: T,
    /// Items of its arrays that were left out, each with the reason.
    pub bad_items: Vec<BadItem>,
}

/// Item of an answer that could not be read; the other items could.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct BadItem {
    /// Where in the answer, for example `jobArray.items[3].totalSize`.
    pub path: String,
    /// Why it could not be read.
    pub reason: String,
}
