//! Messages of `getScheduledJobs`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ips::types::enums::{JobType, TriggerState};
use crate::ips::types::job_details::UploadDirectoryJob;
use crate::ips::types::job_details::UploadUrlsJob;
use crate::ips::types::job_details::{
    AutomatedSetGenerationJob, CreateVideoSitemapJob, ExportJob, OptimizeImagesJob, ReprocessAssetsJob, RipPdfsJob,
};
use crate::ips::types::job_details::{
    ImageRenderingPublishJob, ImageServingPublishJob, MetadataPublishJob, ServerDirectoryPublishJob, VideoPublishJob,
};
use crate::ips::types::timestamp::Timestamp;
use crate::ips::types::unreadable::UnreadableValue;

/// Request of `getScheduledJobs`: lists scheduled jobs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetScheduledJobsParam {
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
}

/// Answer of `getScheduledJobs`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetScheduledJobsReturn {
    /// The scheduled jobs.
    #[serde(default)]
    #[schema(required = true)]
    pub job_array: Vec<ScheduledJob>,
}

/// A job that will run at a given time or on a recurring schedule (IPS type `ScheduledJob`).
///
/// One `…Job` field holds the submitted job details.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledJob {
    /// The company that the job belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = true)]
    pub company_handle: Option<String>,
    /// Handle of the scheduled job, opaque.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = true)]
    pub job_handle: Option<String>,
    /// Name of the scheduled job.
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
    /// The schedule as submitted: a cron-like string in `timeZone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub exec_schedule: Option<String>,
    /// Next time the job will run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_fire_time: Option<Timestamp>,
    /// Time zone of the schedule, for example `PST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub time_zone: Option<String>,
    /// State of the schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub trigger_state: Option<TriggerState>,
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
