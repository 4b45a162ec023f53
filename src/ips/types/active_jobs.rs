//! Jobs that run now, and how far they are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::asset_jobs::{
    AutomatedSetGenerationJob, CreateVideoSitemapJob, ExportJob, OptimizeImagesJob, ReprocessAssetsJob, RipPdfsJob,
};
use super::open::{ActiveJobState, JobType, TaskState};
use super::publish::{
    ImageRenderingPublishJob, ImageServingPublishJob, MetadataPublishJob, ServerDirectoryPublishJob, VideoPublishJob,
};
use super::timestamp::Timestamp;
use super::upload_directory::UploadDirectoryJob;
use super::upload_post::UploadPostJob;
use super::upload_urls::UploadUrlsJob;

/// Asks for the jobs that are running (`getActiveJobs`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetActiveJobsParam {
    /// Lists the jobs of this company.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub company_handle: Option<String>,
    /// Only the job with this handle.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub job_handle: Option<String>,
    /// Only jobs that were submitted under this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub original_name: Option<String>,
    /// Whether to list the jobs, too, that wait for a free server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub include_waiting_jobs: Option<bool>,
}

/// What `getActiveJobs` answers. A finished job is gone from here: it is in the job log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetActiveJobsReturn {
    /// The active jobs.
    #[serde(default)]
    #[schema(required = true)]
    pub job_array: Vec<ActiveJob>,
}

/// A job that runs, or waits for a server (IPS type `ActiveJob`).
///
/// One `…Job` field holds what was submitted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActiveJob {
    /// The company that the job belongs to.
    pub company_handle: String,
    /// Handle of the active job, opaque; neither the one that the submit gave nor the one that the log shows.
    pub job_handle: String,
    /// Name of this run: `originalName` plus a uniqueness suffix.
    pub name: String,
    /// The `jobName` that was submitted.
    pub original_name: String,
    /// What kind of job it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub r#type: Option<JobType>,
    /// What the job is doing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub state: Option<ActiveJobState>,
    /// E-mail address of the user who submitted the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub submit_user_email: Option<String>,
    /// Language of log messages and e-mails, `ll[-CC]` (ISO 639, ISO 3166), for example `en-US`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub locale: Option<String>,
    /// Free text, as submitted with the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// The IPS server that runs the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub server_name: Option<String>,
    /// When the job started.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub start_date: Option<Timestamp>,
    /// When the job was triggered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub trigger_time: Option<Timestamp>,
    /// Total size of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total_size: Option<i64>,
    /// How far the job is, as a whole number. It may stay at 0 while the tasks move.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress: Option<i64>,
    /// What the job is doing, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress_message: Option<String>,
    /// When the progress was last updated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_progress_update: Option<Timestamp>,
    /// Progress of the job's tasks.
    #[serde(default)]
    #[schema(required = true)]
    pub task_progress_array: Vec<TaskProgress>,
    /// Publishes to the image servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub image_serving_publish_job: Option<Box<ImageServingPublishJob>>,
    /// Publishes to the image rendering servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub image_rendering_publish_job: Option<Box<ImageRenderingPublishJob>>,
    /// Publishes to the video servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub video_publish_job: Option<Box<VideoPublishJob>>,
    /// Publishes to a server directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub server_directory_publish_job: Option<Box<ServerDirectoryPublishJob>>,
    /// Publishes metadata to the metadata server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub metadata_publish_job: Option<Box<MetadataPublishJob>>,
    /// Uploads files from a directory on the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub upload_directory_job: Option<Box<UploadDirectoryJob>>,
    /// Uploads files from URLs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub upload_urls_job: Option<Box<UploadUrlsJob>>,
    /// Tracks an upload by multipart HTTP POST; such a job can't be submitted with `submitJob`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub upload_post_job: Option<Box<UploadPostJob>>,
    /// Optimizes images.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub optimize_images_job: Option<Box<OptimizeImagesJob>>,
    /// Rips PDF assets again; deprecated by IPS in favour of `reprocessAssetsJob`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, deprecated)]
    pub rip_pdfs_job: Option<Box<RipPdfsJob>>,
    /// Processes assets again that were uploaded before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reprocess_assets_job: Option<Box<ReprocessAssetsJob>>,
    /// Creates a video sitemap.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub create_video_sitemap_job: Option<Box<CreateVideoSitemapJob>>,
    /// Exports files that were uploaded before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub export_job: Option<Box<ExportJob>>,
    /// Groups assets into sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub automated_set_generation_job: Option<Box<AutomatedSetGenerationJob>>,
}

/// Progress of one task of an active job (IPS type `TaskProgress`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskProgress {
    /// The kind of task, as IPS names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task_type: Option<String>,
    /// What the task is doing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task_state: Option<TaskState>,
    /// Items done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_processed: Option<i64>,
    /// Items in work.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_processing: Option<i64>,
    /// Items that still wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_pending: Option<i64>,
    /// How far the task is, from 0.0 to 1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress: Option<f64>,
    /// What the task is doing, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress_message: Option<String>,
    /// When the progress was last updated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_progress_update: Option<Timestamp>,
    /// Progress of the items in work.
    #[serde(default)]
    #[schema(required = true)]
    pub task_item_progress_array: Vec<TaskItemProgress>,
}

/// Progress of one item of a task, for example of a file (IPS type `TaskItemProgress`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskItemProgress {
    /// Name of the item, for example a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub item_name: Option<String>,
    /// How far the item is, from 0.0 to 1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress: Option<f64>,
    /// What is being done with the item, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress_message: Option<String>,
    /// When the progress was last updated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_progress_update: Option<Timestamp>,
}
