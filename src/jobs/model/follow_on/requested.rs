//! Requests for follow-on jobs: members `post…PublishJob` of job details.

use crate::ips::types::{ActiveJob, ScheduledJob, SubmitJobParam};

/// Job details that may request a follow-on job.
pub trait RequestsFollowOn {
    /// Returns whether the details request that IPS runs a job after this one.
    fn requests_follow_on(&self) -> bool;
}

macro_rules! requests_follow_on {
    ($($job:ty),+) => {$(
        impl RequestsFollowOn for $job {
            fn requests_follow_on(&self) -> bool {
                macro_rules! any {
                    ($details:expr) => {
                        $details.as_ref().is_some_and(|details| {
                            details.post_image_serving_publish_job.is_some()
                                || details.post_image_rendering_publish_job.is_some()
                                || details.post_video_publish_job.is_some()
                        })
                    };
                }
                any!(self.upload_directory_job)
                    || any!(self.upload_urls_job)
                    || any!(self.rip_pdfs_job)
                    || any!(self.reprocess_assets_job)
            }
        }
    )+};
}

requests_follow_on!(ActiveJob, ScheduledJob, SubmitJobParam);
