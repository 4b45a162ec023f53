//! Metadata options of uploads and reprocessing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ips::types::timestamp::{self, Timestamp};

/// Metadata to set on assets (IPS type `MetadataOptions`). Since API version 2021-01-11-beta.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetadataOptions {
    /// The fields to set. Since API version 2021-01-11-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub update_array: Option<Vec<MetadataUpdate>>,
}

/// A change to one metadata field; only the value of the field's type applies (IPS type `MetadataUpdate`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetadataUpdate {
    /// Handle of the metadata field.
    pub field_handle: String,
    /// The value, as text; replaces the tags of a tag field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub value: Option<String>,
    /// The value of a boolean field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub bool_val: Option<bool>,
    /// The value of an integer field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub long_val: Option<i64>,
    /// The value of a floating-point field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub double_val: Option<f64>,
    /// The value of a date field.
    #[serde(default, deserialize_with = "timestamp::sent", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub date_val: Option<Timestamp>,
    /// Tags to add; a field for a single tag keeps the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub add_tag_value_array: Option<Vec<String>>,
    /// Tags that replace the existing ones; a field for a single tag keeps the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub set_tag_value_array: Option<Vec<String>>,
    /// Tags to remove.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub delete_tag_value_array: Option<Vec<String>>,
}
