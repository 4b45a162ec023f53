//! Processing options of images and documents, shared by uploads and reprocessing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Makes the background of images transparent (IPS type `KnockoutBackgroundOptions`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KnockoutBackgroundOptions {
    /// Corner whose color is the background: `UpperLeft`, `UpperRight`, `BottomLeft` or `BottomRight`.
    pub corner: String,
    /// Color tolerance, from 0.0 (exact match) to 1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    pub tolerance: Option<f64>,
    /// `FloodFill` clears the connected background starting at the corner, `MatchPixel` clears all matching pixels.
    pub fill_method: String,
}

/// Crops images by given margins (IPS type `ManualCropOptions`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManualCropOptions {
    /// Left margin of the crop, in pixels.
    pub left: i32,
    /// Right margin of the crop, in pixels.
    pub right: i32,
    /// Top margin of the crop, in pixels.
    pub top: i32,
    /// Bottom margin of the crop, in pixels.
    pub bottom: i32,
}

/// Crops the edges of images by color (IPS type `AutoColorCropOptions`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoColorCropOptions {
    /// Corner whose color is cropped: `UpperLeft`, `UpperRight`, `BottomLeft` or `BottomRight`.
    pub corner: String,
    /// Color tolerance, from 0.0 (exact match) to 1.0.
    #[schema(minimum = 0, maximum = 1)]
    pub tolerance: f64,
}

/// Crops the edges of images by transparency (IPS type `AutoTransparentCropOptions`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoTransparentCropOptions {
    /// Color tolerance, from 0.0 (exact match) to 1.0.
    #[schema(minimum = 0, maximum = 1)]
    pub tolerance: f64,
}

/// Processing of Photoshop files (IPS type `PhotoshopOptions`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PhotoshopOptions {
    /// Whether layers are kept; `process` took its place. Up to API version 2009-07-31.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub maintain_layers: Option<bool>,
    /// Naming of layers; `layerOptions` took its place. Up to API version 2009-07-31.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub layer_naming: Option<String>,
    /// Anchor of the layers; `layerOptions` took its place. Up to API version 2009-07-31.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub anchor: Option<String>,
    /// `None` or `MaintainLayers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub process: Option<String>,
    /// Treatment of layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub layer_options: Option<Box<PhotoshopLayerOptions>>,
}

/// Processing of PostScript files (IPS type `PostScriptOptions`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PostScriptOptions {
    /// Processing of the file, for example `None` or `Rasterize`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub process: Option<String>,
    /// Resolution of the rasterized image.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub resolution: Option<f64>,
    /// Color space of the rasterized image: `Auto`, `Rgb`, `Cmyk` or `Gray`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub colorspace: Option<String>,
    /// Whether a transparent background stays transparent when rasterized.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub alpha: Option<bool>,
    /// Whether search words are extracted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub extract_search_words: Option<bool>,
}

/// Processing of PDF files (IPS type `PDFOptions`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PDFOptions {
    /// `None`, `Rasterize` or `Thumbnail`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub process: Option<String>,
    /// Resolution of the rasterized image.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub resolution: Option<f64>,
    /// Color space of the rasterized image: `Auto`, `Rgb`, `Cmyk` or `Gray`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub colorspace: Option<String>,
    /// Whether the pages become an eCatalog (the default).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pdf_catalog: Option<bool>,
    /// Whether search words are extracted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub extract_search_words: Option<bool>,
    /// Whether links become image maps of the rasterized pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub extract_links: Option<bool>,
}

/// Processing of Illustrator files (IPS type `IllustratorOptions`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IllustratorOptions {
    /// `None` or `Rasterize`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub process: Option<String>,
    /// Resolution of the rasterized image.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub resolution: Option<f64>,
    /// Color space of the rasterized image.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub colorspace: Option<String>,
    /// Whether a transparent background stays transparent when rasterized.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub alpha: Option<bool>,
}

/// Processing of CSS files (IPS type `CssOptions`). Since API version 2017-10-29-beta.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CssOptions {
    /// Whether images are treated as static. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub force_static_images: Option<bool>,
}

/// Color management (IPS type `ColorManagementOptions`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ColorManagementOptions {
    /// `Default`, `MaintainOriginal` or `Convert`.
    pub color_management: String,
    /// Handle of the source color profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub source_profile_handle: Option<String>,
    /// Handle of the output color profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub output_profile_handle: Option<String>,
}

/// Set generation scripts of a job (IPS type `AutoSetCreationOptions`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoSetCreationOptions {
    /// Handles of the set generation scripts (property sets); each applies to every asset of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auto_sets_array: Option<Vec<String>>,
}

/// Processing of InDesign files (IPS type `InDesignOptions`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InDesignOptions {
    /// Processing of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub process: Option<String>,
}

/// Sharpens the optimized images (IPS type `UnsharpMaskOptions`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnsharpMaskOptions {
    /// Contrast added to edge pixels, 0.0 to 5.0 (default 0).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 5)]
    pub amount: Option<f64>,
    /// Pixels around an edge that are sharpened, 0.0 to 250.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 250)]
    pub radius: Option<f64>,
    /// Difference from the surrounding pixels above which a pixel counts as an edge, 0 to 255 (default 6).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 255)]
    pub threshold: Option<i32>,
    /// 0 sharpens each color component, 1 the brightness only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    pub monochrome: Option<i32>,
}

/// Treatment of uploaded ZIP and TAR files (IPS type `UnCompressOptions`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnCompressOptions {
    /// `None` keeps archives as they are (the default), `UnCompress` unpacks and processes their contents.
    pub process: String,
}

/// A smart crop to make of each image (IPS type `AutoSmartCropOptions`). Since API version 2017-10-29-beta.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoSmartCropOptions {
    /// Name of the smart crop. Since API version 2017-10-29-beta.
    pub name: String,
    /// Width of the smart crop. Since API version 2017-10-29-beta.
    pub width: i32,
    /// Height of the smart crop. Since API version 2017-10-29-beta.
    pub height: i32,
    /// Kind of smart crop. Since API version 2017-10-29-beta.
    pub r#type: String,
}

/// Treatment of Photoshop layers (IPS type `PhotoshopLayerOptions`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PhotoshopLayerOptions {
    /// Naming of layers: `LayerName`, `AppendNumber`, `AppendName` or `Folders`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub layer_naming: Option<String>,
    /// Anchor of the layers: `Center`, `North`, `Northeast`, `East`, `Southeast`, `South`, `Southwest`, `West` or
    /// `Northwest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub anchor: Option<String>,
    /// Whether a template is made from the layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub create_template: Option<bool>,
    /// Whether text is extracted as text layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub extract_text: Option<bool>,
    /// Whether layers are extended to the size of the background.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub extend_layers: Option<bool>,
}
