//! Messages of `getActiveJobs`: active jobs with their progress.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ips::types::enums::{ActiveJobState, JobType, TaskState};
use crate::ips::types::job_details::UploadDirectoryJob;
use crate::ips::types::job_details::UploadPostJob;
use crate::ips::types::job_details::UploadUrlsJob;
use crate::ips::types::job_details::{
    AutomatedSetGenerationJob, CreateVideoSitemapJob, ExportJob, OptimizeImagesJob, ReprocessAssetsJob, RipPdfsJob,
};
use crate::ips::types::job_details::{
    ImageRenderingPublishJob, ImageServingPublishJob, MetadataPublishJob, ServerDirectoryPublishJob, VideoPublishJob,
};
use crate::ips::types::timestamp::Timestamp;
use crate::ips::types::unreadable::UnreadableValue;

/// Request of `getActiveJobs`: lists running jobs, and those that wait for a server on demand.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetActiveJobsParam {
    /// Company whose jobs are listed.
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
    /// Whether jobs that wait for a free server are listed as well. Since API version 2016-01-14-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub include_waiting_jobs: Option<bool>,
}

/// Answer of `getActiveJobs`. Finished jobs are in the job log instead.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetActiveJobsReturn {
    /// The active jobs.
    #[serde(default)]
    #[schema(required = true)]
    pub job_array: Vec<ActiveJob>,
}

/// A job that is running or waits for a server (IPS type `ActiveJob`).
///
/// One `…Job` field holds the submitted job details.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActiveJob {
    /// The company that the job belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = true)]
    pub company_handle: Option<String>,
    /// Handle of the active job, opaque; differs from the handle in the answer of `submitJob` and from the one in the job log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = true)]
    pub job_handle: Option<String>,
    /// Name of this run: `originalName` plus a uniqueness suffix.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = true)]
    pub name: Option<String>,
    /// The `jobName` that was submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub original_name: Option<String>,
    /// Kind of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub r#type: Option<JobType>,
    /// State of the job.
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
    /// When the job was triggered. Since API version 2016-01-14-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub trigger_time: Option<Timestamp>,
    /// Total size of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total_size: Option<i64>,
    /// Progress of the job as a whole number; may stay at 0 while its tasks progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress: Option<i64>,
    /// Progress message of the job, for display.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress_message: Option<String>,
    /// When the progress was last updated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_progress_update: Option<Timestamp>,
    /// Progress of the job's tasks; absent if there is none, or if the API version lacks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task_progress_array: Option<Vec<TaskProgress>>,
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
    /// Values that could not be read; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub unreadable: Vec<UnreadableValue>,
    /// Name of the element with the job details, if no API version has it or the reference of IPS names it otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "imageServingRenderJob")]
    pub details_element: Option<String>,
    /// JSON pointers of required values that IPS did not send; they have defaults here.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub absent_fields: Vec<String>,
}

/// Progress of one task of an active job (IPS type `TaskProgress`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskProgress {
    /// The kind of task, as IPS names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task_type: Option<String>,
    /// State of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task_state: Option<TaskState>,
    /// Number of processed items.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_processed: Option<i64>,
    /// Number of items being processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_processing: Option<i64>,
    /// Number of pending items.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub num_pending: Option<i64>,
    /// Progress of the task, from 0.0 to 1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress: Option<f64>,
    /// Progress message of the task, for display.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress_message: Option<String>,
    /// When the progress was last updated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_progress_update: Option<Timestamp>,
    /// Progress of the items being processed; absent if there is none, or if the API version lacks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub task_item_progress_array: Option<Vec<TaskItemProgress>>,
}

/// Progress of one item of a task, for example of a file (IPS type `TaskItemProgress`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskItemProgress {
    /// Name of the item, for example a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub item_name: Option<String>,
    /// Progress of the item, from 0.0 to 1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress: Option<f64>,
    /// Progress message of the item, for display.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub progress_message: Option<String>,
    /// When the progress was last updated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_progress_update: Option<Timestamp>,
}
