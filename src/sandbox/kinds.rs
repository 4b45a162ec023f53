//! The kinds of jobs: which element carries one, what it is called, how long it takes, what its log says.

use crate::ips::types::*;

/// What is the same for all jobs of one kind. The log types are those of the IPS reference where it has them.
#[derive(Debug)]
pub(super) struct Kind {
    /// `type` of an active or scheduled job.
    pub job_type: &'static str,
    /// `logType` of the log, and of its first entry.
    pub begin: &'static str,
    /// `logType` of the last entry.
    pub end: &'static str,
    /// `logType` of what went well, was doubtful, or failed.
    pub success: &'static str,
    /// See `success`.
    pub warning: &'static str,
    /// See `success`.
    pub error: &'static str,
    /// What is done to an asset, as log messages say it.
    pub verb: &'static str,
    /// How many seconds it runs, at least and at most.
    pub seconds: (i64, i64),
    /// What works on it, one after the other.
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
    (30, 70),
    PUBLISH_TASKS
);
kind!(
    IMAGE_RENDERING_PUBLISH = "ImageRenderingPublish",
    "BeginImageRenderingPublish".."EndImageRenderingPublish",
    "ImageRenderingPublishSuccess" / "ImageRenderingPublishWarning" / "ImageRenderingPublishError",
    "Published",
    (30, 60),
    PUBLISH_TASKS
);
kind!(
    VIDEO_PUBLISH = "VideoPublish",
    "BeginVideoPublish".."EndVideoPublish",
    "VideoPublishSuccess" / "VideoPublishWarning" / "VideoPublishError",
    "Published",
    (45, 90),
    PUBLISH_TASKS
);
kind!(
    SERVER_DIRECTORY_PUBLISH = "ServerDirectoryPublish",
    "BeginServerDirectoryPublish".."EndServerDirectoryPublish",
    "ServerDirectoryPublishSuccess" / "ServerDirectoryPublishWarning" / "ServerDirectoryPublishError",
    "Copied",
    (20, 45),
    PUBLISH_TASKS
);
kind!(
    METADATA_PUBLISH = "MetadataPublish",
    "BeginMetadata".."EndMetadata",
    "MetadataSuccess" / "MetadataWarning" / "MetadataFailure",
    "Published the metadata of",
    (20, 30),
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

macro_rules! details {
    ($($variant:ident($type:ty) in $field:ident: $kind:ident;)+) => {
        /// What a job is to do.
        #[derive(Debug, Clone)]
        pub(super) enum Detail {
            $($variant(Box<$type>),)+
            /// A file upload: can't be submitted here, but is seen among the active jobs.
            UploadPost(Box<UploadPostJob>),
            /// The house's own tidying up; it has no element.
            Cleanup,
        }

        impl Detail {
            /// Every detail element of a submitted job: there should be exactly one.
            pub fn all_of(param: &mut SubmitJobParam) -> Vec<Self> {
                let mut found = Vec::new();
                $(found.extend(param.$field.take().map(Self::$variant));)+
                found
            }

            /// What its kind is like.
            pub fn kind(&self) -> &'static Kind {
                match self {
                    $(Self::$variant(_) => &$kind,)+
                    Self::UploadPost(_) => &UPLOAD_POST,
                    Self::Cleanup => &CLEANUP,
                }
            }

            /// Shows it in an active job.
            pub fn show_active(&self, job: &mut ActiveJob) {
                match self {
                    $(Self::$variant(detail) => job.$field = Some(detail.clone()),)+
                    Self::UploadPost(detail) => job.upload_post_job = Some(detail.clone()),
                    Self::Cleanup => {}
                }
            }

            /// Shows it in a scheduled job.
            pub fn show_scheduled(&self, job: &mut ScheduledJob) {
                match self {
                    $(Self::$variant(detail) => job.$field = Some(detail.clone()),)+
                    Self::UploadPost(_) | Self::Cleanup => {}
                }
            }
        }

    };
}

details! {
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

impl Detail {
    /// `jobSubType` of its log.
    pub fn sub_type(&self) -> &str {
        match self {
            Self::ImageServingPublish(job) => job.publish_type.as_str(),
            _ => "",
        }
    }
}
