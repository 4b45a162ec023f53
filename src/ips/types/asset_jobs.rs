//! asset_jobs

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::image_options::AutoColorCropOptions;
use super::image_options::AutoSetCreationOptions;
use super::image_options::AutoSmartCropOptions;
use super::image_options::AutoTransparentCropOptions;
use super::image_options::ColorManagementOptions;
use super::image_options::CssOptions;
use super::image_options::IllustratorOptions;
use super::image_options::InDesignOptions;
use super::image_options::KnockoutBackgroundOptions;
use super::image_options::ManualCropOptions;
use super::image_options::PDFOptions;
use super::image_options::PhotoshopOptions;
use super::image_options::PostScriptOptions;
use super::image_options::UnsharpMaskOptions;
use super::metadata::MetadataOptions;
use super::open::EmailSetting;
use super::publish::ImageRenderingPublishJob;
use super::publish::ImageServingPublishJob;
use super::publish::VideoPublishJob;
use super::video_options::MediaOptions;

/// OptimizeImagesJob.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptimizeImagesJob {
    /// `emailSetting`
    pub email_setting: EmailSetting,
}

/// RipPdfsJob.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RipPdfsJob {
    /// `pdfHandleArray`
    pub pdf_handle_array: Vec<String>,
    /// `createMask`
    pub create_mask: bool,
    /// `knockoutBackgroundOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub knockout_background_options: Option<Box<KnockoutBackgroundOptions>>,
    /// `manualCropOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub manual_crop_options: Option<Box<ManualCropOptions>>,
    /// `autoColorCropOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auto_color_crop_options: Option<Box<AutoColorCropOptions>>,
    /// `autoTransparentCropOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auto_transparent_crop_options: Option<Box<AutoTransparentCropOptions>>,
    /// `autoSmartCropOptionsArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auto_smart_crop_options_array: Option<Vec<AutoSmartCropOptions>>,
    /// `postScriptOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_script_options: Option<Box<PostScriptOptions>>,
    /// `pdfOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pdf_options: Option<Box<PDFOptions>>,
    /// `illustratorOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub illustrator_options: Option<Box<IllustratorOptions>>,
    /// `colorManagementOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub color_management_options: Option<Box<ColorManagementOptions>>,
    /// `projectHandleArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub project_handle_array: Option<Vec<String>>,
    /// `emailSetting`
    pub email_setting: EmailSetting,
    /// `postHttpUrl`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_http_url: Option<String>,
    /// `postImageServingPublishJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_image_serving_publish_job: Option<Box<ImageServingPublishJob>>,
    /// `postImageRenderingPublishJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_image_rendering_publish_job: Option<Box<ImageRenderingPublishJob>>,
    /// `postVideoPublishJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_video_publish_job: Option<Box<VideoPublishJob>>,
    /// `inDesignOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub in_design_options: Option<Box<InDesignOptions>>,
}

/// ReprocessAssetsJob.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReprocessAssetsJob {
    /// `assetHandleArray`
    pub asset_handle_array: Vec<String>,
    /// `readyForPublish`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ready_for_publish: Option<bool>,
    /// `synchronizationComplete`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub synchronization_complete: Option<bool>,
    /// `preservePublishState`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub preserve_publish_state: Option<bool>,
    /// `createMask`
    pub create_mask: bool,
    /// `preserveCrop`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub preserve_crop: Option<bool>,
    /// `overwriteAVS`
    #[serde(rename = "overwriteAVS", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub overwrite_avs: Option<bool>,
    /// `knockoutBackgroundOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub knockout_background_options: Option<Box<KnockoutBackgroundOptions>>,
    /// `manualCropOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub manual_crop_options: Option<Box<ManualCropOptions>>,
    /// `autoColorCropOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auto_color_crop_options: Option<Box<AutoColorCropOptions>>,
    /// `autoTransparentCropOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auto_transparent_crop_options: Option<Box<AutoTransparentCropOptions>>,
    /// `autoSmartCropOptionsArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auto_smart_crop_options_array: Option<Vec<AutoSmartCropOptions>>,
    /// `photoshopOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub photoshop_options: Option<Box<PhotoshopOptions>>,
    /// `postScriptOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_script_options: Option<Box<PostScriptOptions>>,
    /// `pdfOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pdf_options: Option<Box<PDFOptions>>,
    /// `mediaOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub media_options: Option<Box<MediaOptions>>,
    /// `illustratorOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub illustrator_options: Option<Box<IllustratorOptions>>,
    /// `cssOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub css_options: Option<Box<CssOptions>>,
    /// `colorManagementOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub color_management_options: Option<Box<ColorManagementOptions>>,
    /// `autoSetCreationOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub auto_set_creation_options: Option<Box<AutoSetCreationOptions>>,
    /// `projectHandleArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub project_handle_array: Option<Vec<String>>,
    /// `emailSetting`
    pub email_setting: EmailSetting,
    /// `postJobOnlyIfFiles`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_job_only_if_files: Option<bool>,
    /// `postHttpUrl`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_http_url: Option<String>,
    /// `postImageServingPublishJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_image_serving_publish_job: Option<Box<ImageServingPublishJob>>,
    /// `postImageRenderingPublishJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_image_rendering_publish_job: Option<Box<ImageRenderingPublishJob>>,
    /// `postVideoPublishJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub post_video_publish_job: Option<Box<VideoPublishJob>>,
    /// `inDesignOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub in_design_options: Option<Box<InDesignOptions>>,
    /// `unsharpMaskOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub unsharp_mask_options: Option<Box<UnsharpMaskOptions>>,
    /// `excludeMasterVideoFromAVS`
    #[serde(rename = "excludeMasterVideoFromAVS", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub exclude_master_video_from_avs: Option<bool>,
    /// `metadataOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub metadata_options: Option<Box<MetadataOptions>>,
    /// `jwtToken`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub jwt_token: Option<String>,
    /// `imsOrg`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ims_org: Option<String>,
    /// `apikey`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub apikey: Option<String>,
    /// `ignoreSmartCropGeneration`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ignore_smart_crop_generation: Option<bool>,
    /// `preserveSmartCrop`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub preserve_smart_crop: Option<bool>,
}

/// CreateVideoSitemapJob.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateVideoSitemapJob {
    /// `forceUpdate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub force_update: Option<bool>,
}

/// ExportJob.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportJob {
    /// `assetHandleArray`
    pub asset_handle_array: Vec<String>,
    /// `fmt`
    pub fmt: String,
    /// `is_modifier`
    #[serde(rename = "is_modifier", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_modifier: Option<String>,
    /// `macro`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub r#macro: Option<String>,
    /// `emailSetting`
    pub email_setting: EmailSetting,
    /// `clientId`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub client_id: Option<String>,
}

/// AutomatedSetGenerationJob.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutomatedSetGenerationJob {
    /// `assetHandleArray`
    pub asset_handle_array: Vec<String>,
    /// `destFolder`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub dest_folder: Option<String>,
    /// `readyForPublish`
    pub ready_for_publish: bool,
    /// `synchronizationComplete`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub synchronization_complete: Option<bool>,
    /// `autoSetCreationOptions`
    pub auto_set_creation_options: AutoSetCreationOptions,
    /// `emailSetting`
    pub email_setting: EmailSetting,
}
