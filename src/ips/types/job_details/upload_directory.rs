//! Job details of an upload from a directory on the server.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::image_options::{
    AutoColorCropOptions, AutoSetCreationOptions, AutoSmartCropOptions, AutoTransparentCropOptions,
    ColorManagementOptions, CssOptions, IllustratorOptions, InDesignOptions, KnockoutBackgroundOptions,
    ManualCropOptions, PDFOptions, PhotoshopOptions, PostScriptOptions, UnCompressOptions, UnsharpMaskOptions,
};
use super::metadata::MetadataOptions;
use super::publish::{ImageRenderingPublishJob, ImageServingPublishJob, VideoPublishJob};
use super::video_options::MediaOptions;
use crate::ips::types::enums::EmailSetting;
use crate::ips::types::secret::SecretText;

/// Uploads files from a directory on the server (IPS type `UploadDirectoryJob`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(examples(json!({
    "destFolder": "summer",
    "serverDir": "incoming/summer",
    "overwrite": true,
    "readyForPublish": true,
    "includeSubfolders": true,
    "createMask": false,
    "processMetadataFiles": false,
    "emailSetting": "ErrorAndWarning"
})))]
pub struct UploadDirectoryJob {
    /// Folder in IPS that receives the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub dest_folder: Option<String>,
    /// The directory on the server to upload from.
    pub server_dir: String,
    /// Whether files that exist already are overwritten.
    pub overwrite: bool,
    /// Whether the assets are marked for publishing.
    pub ready_for_publish: bool,
    /// Whether an overwritten asset keeps its publish state; defaults to the company's setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub preserve_publish_state: Option<bool>,
    /// Synchronization flag, passed on as it is; the IPS reference doesn't explain it.
    /// Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub synchronization_complete: Option<bool>,
    /// Whether subfolders are uploaded as well.
    pub include_subfolders: bool,
    /// Whether to create a mask.
    pub create_mask: bool,
    /// Whether separate XML metadata files are processed.
    pub process_metadata_files: bool,
    /// Whether an existing crop is kept (the default); `manualCropOptions` other than all zero take precedence.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub preserve_crop: Option<bool>,
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
    /// Processing of audio and video files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub media_options: Option<Box<MediaOptions>>,
    /// Processing of InDesign files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub in_design_options: Option<Box<InDesignOptions>>,
    /// Additional metadata (XMP keywords) for all assets of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub xmp_keywords: Option<String>,
    /// The XMP template to apply. Only in API version 2013-02-15.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub xmp_template_id: Option<String>,
    /// Whether the XMP template overwrites the metadata in the files. Only in API version 2013-02-15.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub xmp_template_overwrites: Option<bool>,
    /// Sharpens the optimized images.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unsharp_mask_options: Option<Box<UnsharpMaskOptions>>,
    /// Whether archives are unpacked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub un_compress_options: Option<Box<UnCompressOptions>>,
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
