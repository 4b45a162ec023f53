//! Kinds of jobs: job type, log types, tasks and duration of each, and the job details element that belongs to it.

use crate::ips::types::*;

/// Properties of a kind of job. Log types are those of the IPS reference where it documents them.
#[derive(Debug)]
pub(in crate::sandbox) struct Kind {
    /// `type` in lists of active and scheduled jobs.
    pub job_type: &'static str,
    /// `logType` of the log and of its first entry.
    pub begin: &'static str,
    /// `logType` of the last entry.
    pub end: &'static str,
    /// `logType` of the entry of an asset that succeeded.
    pub success: &'static str,
    /// `logType` of the entry of an asset with a warning.
    pub warning: &'static str,
    /// `logType` of the entry of an asset that failed.
    pub error: &'static str,
    /// Verb of log messages, in the past tense.
    pub verb: &'static str,
    /// Minimum and maximum duration of a run, in seconds.
    pub seconds: (i64, i64),
    /// Task types, in the order in which they run.
    pub tasks: &'static [&'static str],
}

macro_rules! kind {
    ($constant:ident = $job_type:literal, $begin:literal .. $end:literal, $success:literal / $warning:literal / $error:literal,
     $verb:literal, $seconds:expr, $tasks:expr) => {
        static $constant: Kind = Kind {
            job_type: $job_type,
            begin: $begin,
            end: $end,
            success: $success,
            warning: $warning,
            error: $error,
            verb: $verb,
            seconds: $seconds,
            tasks: $tasks,
        };
    };
}

const UPLOAD_TASKS: &[&str] =
    &["com.scene7.upload.UploadAsyncTaskMonitor", "com.scene7.optimize.OptimizeAsyncTaskMonitor"];
const PUBLISH_TASKS: &[&str] = &[
    "com.scene7.publish.CollectTaskMonitor",
    "com.scene7.publish.TransferTaskMonitor",
    "com.scene7.publish.CatalogTaskMonitor",
];
const ASSET_TASKS: &[&str] = &["com.scene7.asset.AssetAsyncTaskMonitor"];

kind!(
    IMAGE_SERVING_PUBLISH = "ImageServingPublish",
    "BeginImageServingPublish".."EndImageServingPublish",
    "ImageServingPublishSuccess" / "ImageServingPublishWarning" / "ImageServingPublishError",
    "Published",
    (15, 35),
    PUBLISH_TASKS
);
kind!(
    IMAGE_RENDERING_PUBLISH = "ImageRenderingPublish",
    "BeginImageRenderingPublish".."EndImageRenderingPublish",
    "ImageRenderingPublishSuccess" / "ImageRenderingPublishWarning" / "ImageRenderingPublishError",
    "Published",
    (15, 30),
    PUBLISH_TASKS
);
kind!(
    VIDEO_PUBLISH = "VideoPublish",
    "BeginVideoPublish".."EndVideoPublish",
    "VideoPublishSuccess" / "VideoPublishWarning" / "VideoPublishError",
    "Published",
    (20, 45),
    PUBLISH_TASKS
);
kind!(
    SERVER_DIRECTORY_PUBLISH = "ServerDirectoryPublish",
    "BeginServerDirectoryPublish".."EndServerDirectoryPublish",
    "ServerDirectoryPublishSuccess" / "ServerDirectoryPublishWarning" / "ServerDirectoryPublishError",
    "Copied",
    (10, 25),
    PUBLISH_TASKS
);
kind!(
    METADATA_PUBLISH = "MetadataPublish",
    "BeginMetadata".."EndMetadata",
    "MetadataSuccess" / "MetadataWarning" / "MetadataFailure",
    "Published the metadata of",
    (10, 20),
    ASSET_TASKS
);
kind!(
    UPLOAD_DIRECTORY = "UploadFromServerDirectory",
    "BeginUpload".."EndUpload",
    "UploadSuccess" / "UploadWarning" / "UploadError",
    "Uploaded",
    (40, 90),
    UPLOAD_TASKS
);
kind!(
    UPLOAD_URLS = "UrlUpload",
    "BeginUploadUrls".."EndUploadUrls",
    "UploadSuccess" / "UploadWarning" / "UploadError",
    "Uploaded",
    (25, 60),
    UPLOAD_TASKS
);
kind!(
    UPLOAD_POST = "FileUpload",
    "BeginUpload".."EndUpload",
    "UploadSuccess" / "UploadWarning" / "UploadError",
    "Uploaded",
    (30, 60),
    UPLOAD_TASKS
);
kind!(
    OPTIMIZE_IMAGES = "ImageOptimization",
    "BeginReoptimize".."EndReoptimize",
    "ReoptimizeSuccess" / "ReoptimizeWarning" / "ReoptimizeFailure",
    "Optimized",
    (35, 80),
    ASSET_TASKS
);
kind!(
    RIP_PDFS = "PdfRip",
    "BeginPdfRip".."EndPdfRip",
    "PdfRipSuccess" / "PdfRipWarning" / "PdfRipError",
    "Ripped",
    (30, 75),
    ASSET_TASKS
);
kind!(
    REPROCESS_ASSETS = "AssetReprocess",
    "BeginReoptimize".."EndReoptimize",
    "ReoptimizeSuccess" / "ReoptimizeWarning" / "ReoptimizeFailure",
    "Reprocessed",
    (25, 70),
    ASSET_TASKS
);
kind!(
    CREATE_VIDEO_SITEMAP = "VideoSitemap",
    "BeginMetadata".."EndMetadata",
    "MetadataSuccess" / "MetadataWarning" / "MetadataFailure",
    "Listed",
    (20, 30),
    ASSET_TASKS
);
kind!(
    EXPORT = "Export",
    "BeginGet".."EndGet",
    "ReturnSuccess" / "GetWarning" / "GetFailure",
    "Exported",
    (20, 50),
    ASSET_TASKS
);
kind!(
    AUTOMATED_SET_GENERATION = "AutomatedSetGeneration",
    "BeginMetadata".."EndMetadata",
    "MetadataSuccess" / "MetadataWarning" / "MetadataFailure",
    "Put into a set",
    (20, 45),
    ASSET_TASKS
);
kind!(
    CLEANUP = "Cleanup",
    "BeginImageServingPublishCleanup".."EndImageServingPublishCleanup",
    "ImageServingPublishCleanupSuccess" / "ImageServingPublishCleanupWarning" / "ImageServingPublishCleanupFailure",
    "Removed unused versions of",
    (20, 40),
    ASSET_TASKS
);

macro_rules! job_details {
    ($($variant:ident($type:ty) in $field:ident: $kind:ident;)+) => {
        /// Job details: what a job does.
        #[derive(Debug, Clone)]
        pub(in crate::sandbox) enum JobDetails {
            $($variant(Box<$type>),)+
            /// File upload by HTTP POST: can't be submitted by SOAP, but is listed as an active job.
            UploadPost(Box<UploadPostJob>),
            /// Clean-up job of the system; has no details element.
            Cleanup,
        }

        impl JobDetails {
            /// Takes all details elements out of a submit request; a valid one has exactly one.
            pub fn take_all(param: &mut SubmitJobParam) -> Vec<Self> {
                let mut found = Vec::new();
                $(found.extend(param.$field.take().map(Self::$variant));)+
                found
            }

            /// Returns the kind of the job.
            pub fn kind(&self) -> &'static Kind {
                match self {
                    $(Self::$variant(_) => &$kind,)+
                    Self::UploadPost(_) => &UPLOAD_POST,
                    Self::Cleanup => &CLEANUP,
                }
            }

            /// Sets the details element of an active job.
            pub fn write_to_active(&self, job: &mut ActiveJob) {
                match self {
                    $(Self::$variant(details) => job.$field = Some(details.clone()),)+
                    Self::UploadPost(details) => job.upload_post_job = Some(details.clone()),
                    Self::Cleanup => {}
                }
            }

            /// Sets the details element of a scheduled job.
            pub fn write_to_scheduled(&self, job: &mut ScheduledJob) {
                match self {
                    $(Self::$variant(details) => job.$field = Some(details.clone()),)+
                    Self::UploadPost(_) | Self::Cleanup => {}
                }
            }
        }

    };
}

job_details! {
    ImageServingPublish(ImageServingPublishJob) in image_serving_publish_job: IMAGE_SERVING_PUBLISH;
    ImageRenderingPublish(ImageRenderingPublishJob) in image_rendering_publish_job: IMAGE_RENDERING_PUBLISH;
    VideoPublish(VideoPublishJob) in video_publish_job: VIDEO_PUBLISH;
    ServerDirectoryPublish(ServerDirectoryPublishJob) in server_directory_publish_job: SERVER_DIRECTORY_PUBLISH;
    MetadataPublish(MetadataPublishJob) in metadata_publish_job: METADATA_PUBLISH;
    UploadDirectory(UploadDirectoryJob) in upload_directory_job: UPLOAD_DIRECTORY;
    UploadUrls(UploadUrlsJob) in upload_urls_job: UPLOAD_URLS;
    OptimizeImages(OptimizeImagesJob) in optimize_images_job: OPTIMIZE_IMAGES;
    RipPdfs(RipPdfsJob) in rip_pdfs_job: RIP_PDFS;
    ReprocessAssets(ReprocessAssetsJob) in reprocess_assets_job: REPROCESS_ASSETS;
    CreateVideoSitemap(CreateVideoSitemapJob) in create_video_sitemap_job: CREATE_VIDEO_SITEMAP;
    Export(ExportJob) in export_job: EXPORT;
    AutomatedSetGeneration(AutomatedSetGenerationJob) in automated_set_generation_job: AUTOMATED_SET_GENERATION;
}

impl JobDetails {
    /// Returns the `jobSubType` of the job log.
    pub fn sub_type(&self) -> &str {
        match self {
            Self::ImageServingPublish(job) => job.publish_type.as_str(),
            _ => "",
        }
    }
}
