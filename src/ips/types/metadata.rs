//! metadata

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::timestamp::Timestamp;

/// MetadataOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetadataOptions {
    /// `updateArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub update_array: Option<Vec<MetadataUpdate>>,
}

/// MetadataUpdate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetadataUpdate {
    /// `fieldHandle`
    pub field_handle: String,
    /// `value`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub value: Option<String>,
    /// `boolVal`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub bool_val: Option<bool>,
    /// `longVal`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub long_val: Option<i64>,
    /// `doubleVal`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub double_val: Option<f64>,
    /// `dateVal`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub date_val: Option<Timestamp>,
    /// `addTagValueArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub add_tag_value_array: Option<Vec<String>>,
    /// `setTagValueArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub set_tag_value_array: Option<Vec<String>>,
    /// `deleteTagValueArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub delete_tag_value_array: Option<Vec<String>>,
}
