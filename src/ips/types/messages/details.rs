//! Names of the elements with the details of a job.

use super::active_jobs::ActiveJob;
use super::scheduled_jobs::ScheduledJob;
use super::submit::SubmitJobParam;

macro_rules! job_details {
    ($record:ident: $($name:literal: $field:ident,)*) => {
        impl $record {
            /// Names of the fields with the details of a job.
            pub const DETAILS: &'static [&'static str] = &[$($name),*];

            /// Returns the names of the details that are set.
            pub fn given_details(&self) -> impl Iterator<Item = &'static str> {
                let details = [$(($name, self.$field.is_some())),*];
                details.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name)
            }
        }
    };
}

job_details! { ActiveJob:
    "imageServingPublishJob": image_serving_publish_job,
    "imageRenderingPublishJob": image_rendering_publish_job,
    "videoPublishJob": video_publish_job,
    "serverDirectoryPublishJob": server_directory_publish_job,
    "metadataPublishJob": metadata_publish_job,
    "uploadDirectoryJob": upload_directory_job,
    "uploadUrlsJob": upload_urls_job,
    "uploadPostJob": upload_post_job,
    "optimizeImagesJob": optimize_images_job,
    "ripPdfsJob": rip_pdfs_job,
    "reprocessAssetsJob": reprocess_assets_job,
    "createVideoSitemapJob": create_video_sitemap_job,
    "exportJob": export_job,
    "automatedSetGenerationJob": automated_set_generation_job,
}

job_details! { ScheduledJob:
    "imageServingPublishJob": image_serving_publish_job,
    "imageRenderingPublishJob": image_rendering_publish_job,
    "videoPublishJob": video_publish_job,
    "serverDirectoryPublishJob": server_directory_publish_job,
    "metadataPublishJob": metadata_publish_job,
    "uploadDirectoryJob": upload_directory_job,
    "uploadUrlsJob": upload_urls_job,
    "optimizeImagesJob": optimize_images_job,
    "ripPdfsJob": rip_pdfs_job,
    "reprocessAssetsJob": reprocess_assets_job,
    "createVideoSitemapJob": create_video_sitemap_job,
    "exportJob": export_job,
    "automatedSetGenerationJob": automated_set_generation_job,
}

job_details! { SubmitJobParam:
    "imageServingPublishJob": image_serving_publish_job,
    "imageRenderingPublishJob": image_rendering_publish_job,
    "videoPublishJob": video_publish_job,
    "serverDirectoryPublishJob": server_directory_publish_job,
    "metadataPublishJob": metadata_publish_job,
    "uploadDirectoryJob": upload_directory_job,
    "uploadUrlsJob": upload_urls_job,
    "optimizeImagesJob": optimize_images_job,
    "ripPdfsJob": rip_pdfs_job,
    "reprocessAssetsJob": reprocess_assets_job,
    "createVideoSitemapJob": create_video_sitemap_job,
    "exportJob": export_job,
    "automatedSetGenerationJob": automated_set_generation_job,
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::PartialSchema;

    #[track_caller]
    fn assert_names<T: PartialSchema>(names: &[&str]) {
        let schema = serde_json::to_value(T::schema()).expect("a schema is JSON");
        let properties = schema["properties"].as_object().expect("properties");
        let mut in_schema: Vec<_> = properties.keys().filter(|name| name.ends_with("Job")).collect();
        let mut names = names.to_vec();
        in_schema.sort();
        names.sort_unstable();
        assert_eq!(names, in_schema);
    }

    #[test]
    fn the_names_of_the_details_are_those_of_the_schema() {
        assert_names::<SubmitJobParam>(SubmitJobParam::DETAILS);
        assert_names::<ActiveJob>(ActiveJob::DETAILS);
        assert_names::<ScheduledJob>(ScheduledJob::DETAILS);
    }

    #[test]
    fn given_details_are_those_that_are_set() {
        let request = SubmitJobParam {
            upload_urls_job: Some(Box::default()),
            export_job: Some(Box::default()),
            ..SubmitJobParam::default()
        };
        assert_eq!(request.given_details().collect::<Vec<_>>(), ["uploadUrlsJob", "exportJob"]);
    }
}
