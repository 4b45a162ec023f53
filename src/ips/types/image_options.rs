//! image_options

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// KnockoutBackgroundOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KnockoutBackgroundOptions {
    /// `corner`
    pub corner: String,
    /// `tolerance`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tolerance: Option<f64>,
    /// `fillMethod`
    pub fill_method: String,
}

/// ManualCropOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManualCropOptions {
    /// `left`
    pub left: i32,
    /// `right`
    pub right: i32,
    /// `top`
    pub top: i32,
    /// `bottom`
    pub bottom: i32,
}

/// AutoColorCropOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoColorCropOptions {
    /// `corner`
    pub corner: String,
    /// `tolerance`
    pub tolerance: f64,
}

/// AutoTransparentCropOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoTransparentCropOptions {
    /// `tolerance`
    pub tolerance: f64,
}

/// PhotoshopOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PhotoshopOptions {
    /// `process`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub process: Option<String>,
    /// `layerOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub layer_options: Option<Box<PhotoshopLayerOptions>>,
}

/// PostScriptOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PostScriptOptions {
    /// `process`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub process: Option<String>,
    /// `resolution`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub resolution: Option<f64>,
    /// `colorspace`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub colorspace: Option<String>,
    /// `alpha`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub alpha: Option<bool>,
    /// `extractSearchWords`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub extract_search_words: Option<bool>,
}

/// PDFOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PDFOptions {
    /// `process`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub process: Option<String>,
    /// `resolution`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub resolution: Option<f64>,
    /// `colorspace`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub colorspace: Option<String>,
    /// `pdfCatalog`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pdf_catalog: Option<bool>,
    /// `extractSearchWords`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub extract_search_words: Option<bool>,
    /// `extractLinks`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub extract_links: Option<bool>,
}

/// IllustratorOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IllustratorOptions {
    /// `process`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub process: Option<String>,
    /// `resolution`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub resolution: Option<f64>,
    /// `colorspace`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub colorspace: Option<String>,
    /// `alpha`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub alpha: Option<bool>,
}

/// CssOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CssOptions {
    /// `forceStaticImages`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub force_static_images: Option<bool>,
}

/// ColorManagementOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ColorManagementOptions {
    /// `colorManagement`
    pub color_management: String,
    /// `sourceProfileHandle`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub source_profile_handle: Option<String>,
    /// `outputProfileHandle`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub output_profile_handle: Option<String>,
}

/// AutoSetCreationOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoSetCreationOptions {
    /// `autoSetsArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auto_sets_array: Option<Vec<String>>,
}

/// InDesignOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InDesignOptions {
    /// `process`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub process: Option<String>,
}

/// UnsharpMaskOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnsharpMaskOptions {
    /// `amount`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub amount: Option<f64>,
    /// `radius`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub radius: Option<f64>,
    /// `threshold`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub threshold: Option<i32>,
    /// `monochrome`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub monochrome: Option<i32>,
}

/// UnCompressOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnCompressOptions {
    /// `process`
    pub process: String,
}

/// AutoSmartCropOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoSmartCropOptions {
    /// `name`
    pub name: String,
    /// `width`
    pub width: i32,
    /// `height`
    pub height: i32,
    /// `type`
    pub r#type: String,
}

/// PhotoshopLayerOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PhotoshopLayerOptions {
    /// `layerNaming`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub layer_naming: Option<String>,
    /// `anchor`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub anchor: Option<String>,
    /// `createTemplate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub create_template: Option<bool>,
    /// `extractText`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub extract_text: Option<bool>,
    /// `extendLayers`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub extend_layers: Option<bool>,
}
