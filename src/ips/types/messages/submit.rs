//! Messages of `submitJob`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ips::types::job_details::UploadDirectoryJob;
use crate::ips::types::job_details::UploadUrlsJob;
use crate::ips::types::job_details::{
    AutomatedSetGenerationJob, CreateVideoSitemapJob, ExportJob, OptimizeImagesJob, ReprocessAssetsJob, RipPdfsJob,
};
use crate::ips::types::job_details::{
    ImageRenderingPublishJob, ImageServingPublishJob, MetadataPublishJob, ServerDirectoryPublishJob, VideoPublishJob,
};
use crate::ips::types::timestamp::{self, Timestamp};

/// Earlier names of job kinds in Adobe's documentation, with their names in the schema. IPS refuses the earlier ones.
pub const RENAMED_JOB_KINDS: [(&str, &str); 1] = [("imageServingRenderJob", "imageRenderingPublishJob")];

/// Request of `submitJob`: a job to run now, once at a given time, or on a schedule.
///
/// Exactly one of the `…Job` fields is set; it determines the kind of the job.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(examples(json!({
    "companyHandle": "c|110",
    "jobName": "summer-catalog",
    "locale": "en-US",
    "uploadUrlsJob": {
        "urlArray": [{"sourceUrl": "https://images.example.com/summer/shoe.tif", "destPath": "summer/shoe.tif"}],
        "overwrite": true,
        "readyForPublish": true,
        "createMask": false,
        "emailSetting": "None"
    }
})))]
pub struct SubmitJobParam {
    /// The company that the job belongs to, for example `c|110`. Over HTTP it may be omitted if the query or the settings name one.
    #[serde(default)]
    pub company_handle: String,
    /// User on whose behalf the job runs and who receives its e-mails; defaults to the submitter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user_handle: Option<String>,
    /// Name of the job, `originalName` in lists. It should be unique: no other property identifies the job in every
    /// phase.
    #[schema(min_length = 1, max_length = 512)]
    pub job_name: String,
    /// Language of log messages and e-mails, `ll[-CC]` (ISO 639, ISO 3166), for example `en-US`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub locale: Option<String>,
    /// Time of a single run, with its offset. Not together with `execSchedule`; without either the job runs immediately.
    #[serde(default, deserialize_with = "timestamp::sent", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub exec_time: Option<Timestamp>,
    /// Schedule of a recurring job: a cron-like string in the time zone of the IPS server. Not together with
    /// `execTime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub exec_schedule: Option<String>,
    /// Free text, returned in lists and logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
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
}

/// Answer of `submitJob`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubmitJobReturn {
    /// Handle of the submitted job. Lists show the job under other handles; its name identifies it there.
    pub job_handle: String,
}
