//! scheduled_jobs

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::asset_jobs::AutomatedSetGenerationJob;
use super::asset_jobs::CreateVideoSitemapJob;
use super::asset_jobs::ExportJob;
use super::asset_jobs::OptimizeImagesJob;
use super::asset_jobs::ReprocessAssetsJob;
use super::asset_jobs::RipPdfsJob;
use super::open::JobType;
use super::open::TriggerState;
use super::publish::ImageRenderingPublishJob;
use super::publish::ImageServingPublishJob;
use super::publish::MetadataPublishJob;
use super::publish::ServerDirectoryPublishJob;
use super::publish::VideoPublishJob;
use super::timestamp::Timestamp;
use super::upload::UploadDirectoryJob;
use super::upload::UploadUrlsJob;

/// The request of `getScheduledJobs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetScheduledJobsParam {
    /// `companyHandle`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub company_handle: Option<String>,
    /// `jobHandle`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub job_handle: Option<String>,
    /// `originalName`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub original_name: Option<String>,
}

/// The answer of `getScheduledJobs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetScheduledJobsReturn {
    /// `jobArray`
    #[serde(default)]
    pub job_array: Vec<ScheduledJob>,
}

/// ScheduledJob.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledJob {
    /// `companyHandle`
    pub company_handle: String,
    /// `jobHandle`
    pub job_handle: String,
    /// `name`
    pub name: String,
    /// `originalName`
    pub original_name: String,
    /// `type`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub r#type: Option<JobType>,
    /// `submitUserEmail`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub submit_user_email: Option<String>,
    /// `locale`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub locale: Option<String>,
    /// `description`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// `execSchedule`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub exec_schedule: Option<String>,
    /// `nextFireTime`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_fire_time: Option<Timestamp>,
    /// `timeZone`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub time_zone: Option<String>,
    /// `triggerState`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub trigger_state: Option<TriggerState>,
    /// `imageServingPublishJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub image_serving_publish_job: Option<Box<ImageServingPublishJob>>,
    /// `imageRenderingPublishJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub image_rendering_publish_job: Option<Box<ImageRenderingPublishJob>>,
    /// `videoPublishJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub video_publish_job: Option<Box<VideoPublishJob>>,
    /// `serverDirectoryPublishJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub server_directory_publish_job: Option<Box<ServerDirectoryPublishJob>>,
    /// `metadataPublishJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub metadata_publish_job: Option<Box<MetadataPublishJob>>,
    /// `uploadDirectoryJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub upload_directory_job: Option<Box<UploadDirectoryJob>>,
    /// `uploadUrlsJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub upload_urls_job: Option<Box<UploadUrlsJob>>,
    /// `optimizeImagesJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub optimize_images_job: Option<Box<OptimizeImagesJob>>,
    /// `ripPdfsJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rip_pdfs_job: Option<Box<RipPdfsJob>>,
    /// `reprocessAssetsJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reprocess_assets_job: Option<Box<ReprocessAssetsJob>>,
    /// `createVideoSitemapJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub create_video_sitemap_job: Option<Box<CreateVideoSitemapJob>>,
    /// `exportJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub export_job: Option<Box<ExportJob>>,
    /// `automatedSetGenerationJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub automated_set_generation_job: Option<Box<AutomatedSetGenerationJob>>,
}
