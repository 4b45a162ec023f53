//! Job details of jobs on existing assets: optimize, rip, reprocess, export, sets, sitemap.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::image_options::{
    AutoColorCropOptions, AutoSetCreationOptions, AutoSmartCropOptions, AutoTransparentCropOptions,
    ColorManagementOptions, CssOptions, IllustratorOptions, InDesignOptions, KnockoutBackgroundOptions,
    ManualCropOptions, PDFOptions, PhotoshopOptions, PostScriptOptions, UnsharpMaskOptions,
};
use super::metadata::MetadataOptions;
use super::publish::{ImageRenderingPublishJob, ImageServingPublishJob, VideoPublishJob};
use super::video_options::MediaOptions;
use crate::ips::types::enums::EmailSetting;
use crate::ips::types::secret::SecretText;

/// Optimizes images (IPS type `OptimizeImagesJob`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(examples(json!({"emailSetting": "None"})))]
pub struct OptimizeImagesJob {
    /// E-mails that the job sends.
    pub email_setting: EmailSetting,
}

/// Rips PDF assets again (IPS type `RipPdfsJob`). Deprecated by IPS in favour of `ReprocessAssetsJob`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(deprecated, examples(json!({"pdfHandleArray": ["a|732|22|535"], "createMask": false, "emailSetting": "None"})))]
pub struct RipPdfsJob {
    /// Handles of the PDF assets.
    pub pdf_handle_array: Vec<String>,
    /// Whether to create a mask.
    pub create_mask: bool,
    /// Masks the background.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub knockout_background_options: Option<Box<KnockoutBackgroundOptions>>,
    /// Crops by given margins. Only one of the manual, color and transparent crops may be set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub manual_crop_options: Option<Box<ManualCropOptions>>,
    /// Crops edges by color. Only one of the manual, color and transparent crops may be set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auto_color_crop_options: Option<Box<AutoColorCropOptions>>,
    /// Crops edges by transparency. Only one of the manual, color and transparent crops may be set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auto_transparent_crop_options: Option<Box<AutoTransparentCropOptions>>,
    /// The smart crops to make of each image. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auto_smart_crop_options_array: Option<Vec<AutoSmartCropOptions>>,
    /// Processing of PostScript files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_script_options: Option<Box<PostScriptOptions>>,
    /// Processing of PDF files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pdf_options: Option<Box<PDFOptions>>,
    /// Processing of Illustrator files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub illustrator_options: Option<Box<IllustratorOptions>>,
    /// Color management.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub color_management_options: Option<Box<ColorManagementOptions>>,
    /// Handles of projects.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub project_handle_array: Option<Vec<String>>,
    /// E-mails that the job sends.
    pub email_setting: EmailSetting,
    /// A URL that IPS calls when the job is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_http_url: Option<String>,
    /// Publishes to the image servers afterwards. Only one `post…PublishJob` may be set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_image_serving_publish_job: Option<Box<ImageServingPublishJob>>,
    /// Publishes to the image rendering servers afterwards. Only one `post…PublishJob` may be set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_image_rendering_publish_job: Option<Box<ImageRenderingPublishJob>>,
    /// Publishes to the video servers afterwards. Only one `post…PublishJob` may be set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_video_publish_job: Option<Box<VideoPublishJob>>,
    /// Processing of InDesign files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub in_design_options: Option<Box<InDesignOptions>>,
}

/// Processes assets again that were uploaded before (IPS type `ReprocessAssetsJob`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(examples(json!({
    "assetHandleArray": ["a|732|1|535"],
    "createMask": false,
    "emailSetting": "None",
    "unsharpMaskOptions": {"amount": 1.75, "radius": 0.2, "threshold": 2, "monochrome": 0}
})))]
pub struct ReprocessAssetsJob {
    /// Handles of the assets to process again.
    pub asset_handle_array: Vec<String>,
    /// Whether the assets are marked for publishing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ready_for_publish: Option<bool>,
    /// Synchronization flag, passed on as it is; the IPS reference doesn't explain it.
    /// Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub synchronization_complete: Option<bool>,
    /// Whether an overwritten asset keeps its publish state; defaults to the company's setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub preserve_publish_state: Option<bool>,
    /// Whether to create a mask.
    pub create_mask: bool,
    /// Whether an existing crop is kept (the default); `manualCropOptions` other than all zero take precedence.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub preserve_crop: Option<bool>,
    /// Whether an existing adaptive video set is overwritten. Since API version 2021-04-26-beta.
    #[serde(rename = "overwriteAVS", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub overwrite_avs: Option<bool>,
    /// Masks the background.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub knockout_background_options: Option<Box<KnockoutBackgroundOptions>>,
    /// Crops by given margins. Only one of the manual, color and transparent crops may be set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub manual_crop_options: Option<Box<ManualCropOptions>>,
    /// Crops edges by color. Only one of the manual, color and transparent crops may be set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auto_color_crop_options: Option<Box<AutoColorCropOptions>>,
    /// Crops edges by transparency. Only one of the manual, color and transparent crops may be set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auto_transparent_crop_options: Option<Box<AutoTransparentCropOptions>>,
    /// The smart crops to make of each image. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auto_smart_crop_options_array: Option<Vec<AutoSmartCropOptions>>,
    /// Processing of Photoshop files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub photoshop_options: Option<Box<PhotoshopOptions>>,
    /// Processing of PostScript files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_script_options: Option<Box<PostScriptOptions>>,
    /// Processing of PDF files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pdf_options: Option<Box<PDFOptions>>,
    /// Processing of audio and video files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub media_options: Option<Box<MediaOptions>>,
    /// Processing of Illustrator files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub illustrator_options: Option<Box<IllustratorOptions>>,
    /// Processing of CSS files. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub css_options: Option<Box<CssOptions>>,
    /// Color management.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub color_management_options: Option<Box<ColorManagementOptions>>,
    /// The set generation scripts to apply to the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auto_set_creation_options: Option<Box<AutoSetCreationOptions>>,
    /// Handles of projects.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub project_handle_array: Option<Vec<String>>,
    /// E-mails that the job sends.
    pub email_setting: EmailSetting,
    /// Whether the follow-up publish runs only if there were files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_job_only_if_files: Option<bool>,
    /// A URL that IPS calls when the job is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_http_url: Option<String>,
    /// Publishes to the image servers afterwards. Only one `post…PublishJob` may be set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_image_serving_publish_job: Option<Box<ImageServingPublishJob>>,
    /// Publishes to the image rendering servers afterwards. Only one `post…PublishJob` may be set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_image_rendering_publish_job: Option<Box<ImageRenderingPublishJob>>,
    /// Publishes to the video servers afterwards. Only one `post…PublishJob` may be set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_video_publish_job: Option<Box<VideoPublishJob>>,
    /// Processing of InDesign files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub in_design_options: Option<Box<InDesignOptions>>,
    /// Sharpens the optimized images. Since API version 2016-01-14-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unsharp_mask_options: Option<Box<UnsharpMaskOptions>>,
    /// Whether the primary video stays out of the adaptive video set (the default). IPS ended support for it in 2022.
    /// Since API version 2016-01-14-beta.
    #[serde(rename = "excludeMasterVideoFromAVS", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, deprecated)]
    pub exclude_master_video_from_avs: Option<bool>,
    /// Metadata to set on the assets. Since API version 2021-01-11-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub metadata_options: Option<Box<MetadataOptions>>,
    /// A JSON Web Token for the job. Write-only: answers contain `[redacted]` instead. Since API version 2021-01-11-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub jwt_token: Option<SecretText>,
    /// The IMS organization. Since API version 2021-01-11-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ims_org: Option<String>,
    /// An API key for the job. Write-only: answers contain `[redacted]` instead. Since API version 2021-01-11-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub apikey: Option<SecretText>,
    /// Whether no smart crops are generated. Since API version 2021-01-11-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ignore_smart_crop_generation: Option<bool>,
    /// Whether existing smart crops are kept. Since API version 2021-01-11-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub preserve_smart_crop: Option<bool>,
}

/// Creates a video sitemap (IPS type `CreateVideoSitemapJob`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(examples(json!({"forceUpdate": true})))]
pub struct CreateVideoSitemapJob {
    /// Generates the sitemap even if its configuration is set to manual.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub force_update: Option<bool>,
}

/// Exports files that were uploaded before, as they are or converted (IPS type `ExportJob`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(examples(json!({
    "assetHandleArray": ["a|732|1|535"],
    "fmt": "convert",
    "is_modifier": "&fmt=png",
    "emailSetting": "JobCompletion"
})))]
pub struct ExportJob {
    /// Handles of the assets to export; sets can't be exported.
    pub asset_handle_array: Vec<String>,
    /// `orig` exports the originals, `convert` converts them as `is_modifier` or `macro` say.
    pub fmt: String,
    /// Image Serving modifiers for the conversion, for example `&fmt=png`.
    #[serde(rename = "is_modifier", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_modifier: Option<String>,
    /// Image Serving macro for the conversion, for example `$export$`; its format takes precedence over that of `is_modifier`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub r#macro: Option<String>,
    /// E-mails that the job sends.
    pub email_setting: EmailSetting,
    /// IP address of the client that asked for the export; reserved by IPS.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub client_id: Option<String>,
}

/// Groups assets into sets (IPS type `AutomatedSetGenerationJob`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(examples(json!({
    "assetHandleArray": ["a|732|1|535", "a|732|1|536"],
    "destFolder": "sets",
    "readyForPublish": true,
    "autoSetCreationOptions": {"autoSetsArray": ["ps|732|12"]},
    "emailSetting": "None"
})))]
pub struct AutomatedSetGenerationJob {
    /// Handles of the assets to group, at most 1000 unless configured otherwise for the company.
    pub asset_handle_array: Vec<String>,
    /// Folder in IPS that receives the sets; without it, the company's root folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub dest_folder: Option<String>,
    /// Whether the assets are marked for publishing.
    pub ready_for_publish: bool,
    /// Synchronization flag, passed on as it is; the IPS reference doesn't explain it.
    /// Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub synchronization_complete: Option<bool>,
    /// The set generation scripts to apply to the assets.
    pub auto_set_creation_options: AutoSetCreationOptions,
    /// E-mails that the job sends.
    pub email_setting: EmailSetting,
}
