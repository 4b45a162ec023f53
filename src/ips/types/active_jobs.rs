//! active_jobs

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::asset_jobs::AutomatedSetGenerationJob;
use super::asset_jobs::CreateVideoSitemapJob;
use super::asset_jobs::ExportJob;
use super::asset_jobs::OptimizeImagesJob;
use super::asset_jobs::ReprocessAssetsJob;
use super::asset_jobs::RipPdfsJob;
use super::open::ActiveJobState;
use super::open::JobType;
use super::open::TaskState;
use super::publish::ImageRenderingPublishJob;
use super::publish::ImageServingPublishJob;
use super::publish::MetadataPublishJob;
use super::publish::ServerDirectoryPublishJob;
use super::publish::VideoPublishJob;
use super::timestamp::Timestamp;
use super::upload::UploadDirectoryJob;
use super::upload::UploadPostJob;
use super::upload::UploadUrlsJob;

/// The request of `getActiveJobs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetActiveJobsParam {
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
    /// `includeWaitingJobs`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub include_waiting_jobs: Option<bool>,
}

/// The answer of `getActiveJobs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetActiveJobsReturn {
    /// `jobArray`
    #[serde(default)]
    pub job_array: Vec<ActiveJob>,
}

/// ActiveJob.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActiveJob {
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
    /// `state`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub state: Option<ActiveJobState>,
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
    /// `serverName`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub server_name: Option<String>,
    /// `startDate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub start_date: Option<Timestamp>,
    /// `triggerTime`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub trigger_time: Option<Timestamp>,
    /// `totalSize`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total_size: Option<i64>,
    /// `progress`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress: Option<i64>,
    /// `progressMessage`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress_message: Option<String>,
    /// `lastProgressUpdate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_progress_update: Option<Timestamp>,
    /// `taskProgressArray`
    #[serde(default)]
    pub task_progress_array: Vec<TaskProgress>,
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
    /// `uploadPostJob`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub upload_post_job: Option<Box<UploadPostJob>>,
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

/// TaskProgress.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskProgress {
    /// `taskType`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task_type: Option<String>,
    /// `taskState`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task_state: Option<TaskState>,
    /// `numProcessed`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_processed: Option<i64>,
    /// `numProcessing`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_processing: Option<i64>,
    /// `numPending`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_pending: Option<i64>,
    /// `progress`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress: Option<f64>,
    /// `progressMessage`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress_message: Option<String>,
    /// `lastProgressUpdate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_progress_update: Option<Timestamp>,
    /// `taskItemProgressArray`
    #[serde(default)]
    pub task_item_progress_array: Vec<TaskItemProgress>,
}

/// TaskItemProgress.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskItemProgress {
    /// `itemName`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub item_name: Option<String>,
    /// `progress`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress: Option<f64>,
    /// `progressMessage`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress_message: Option<String>,
    /// `lastProgressUpdate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_progress_update: Option<Timestamp>,
}
