//! Follow-on jobs: the publish that an upload causes after it has run, a job of its own.

use super::job::{Job, JobSpec};
use super::kinds::JobDetails;
use super::rng::Rng;
use super::simulation::{AssetResult, Simulation};

/// Distance between the numbers of a job and of its follow-on.
const NUMBERS: u64 = 1_000_000;

/// Returns the details of all follow-on jobs of an upload; a valid one has at most one.
macro_rules! post_jobs {
    ($job:ident) => {{
        let mut found = Vec::new();
        found.extend($job.post_image_serving_publish_job.clone().map(JobDetails::ImageServingPublish));
        found.extend($job.post_image_rendering_publish_job.clone().map(JobDetails::ImageRenderingPublish));
        found.extend($job.post_video_publish_job.clone().map(JobDetails::VideoPublish));
        found
    }};
}

impl JobDetails {
    /// Returns the details of all follow-on jobs; valid details have at most one.
    pub fn follow_ons(&self) -> Vec<JobDetails> {
        match self {
            Self::UploadDirectory(job) => post_jobs!(job),
            Self::UploadUrls(job) => post_jobs!(job),
            Self::RipPdfs(job) => post_jobs!(job),
            Self::ReprocessAssets(job) => post_jobs!(job),
            _ => Vec::new(),
        }
    }

    /// Returns whether the follow-on job runs only if files were processed (`postJobOnlyIfFiles`).
    fn needs_files(&self) -> bool {
        let only_if_files = match self {
            Self::UploadDirectory(job) => job.post_job_only_if_files,
            Self::UploadUrls(job) => job.post_job_only_if_files,
            Self::ReprocessAssets(job) => job.post_job_only_if_files,
            _ => None,
        };
        only_if_files.unwrap_or(false)
    }
}

impl Job {
    /// Returns the follow-on job, queued at the end of this one. It publishes the assets that this job processed. None if this job has none,
    /// was stopped, or processed no file although the follow-on needs one.
    pub fn follow_on(&self) -> Option<Job> {
        let details = self.spec.details.follow_ons().pop().filter(|_| self.stop.is_none())?;
        let usable = |result: &AssetResult| !matches!(result, AssetResult::Error(_));
        let mut items: Vec<_> = self.simulation.items.iter().filter(|item| usable(&item.result)).cloned().collect();
        if items.is_empty() && self.spec.details.needs_files() {
            return None;
        }
        for item in &mut items {
            item.result = AssetResult::Success;
        }
        let name = format!("{}_{}", self.name, details.kind().job_type);
        // Its own generator: the order in which jobs end makes no difference to later ones.
        let simulation =
            Simulation { items, ..Simulation::of(&details, self.spec.company, &mut Rng::new(self.number)) };
        let spec = JobSpec { details, ..self.spec.clone() };
        let mut job = Job::new(spec, name, self.end(), simulation, self.retention);
        job.number = self.number + NUMBERS;
        job.initiator = Some(self.name.clone());
        Some(job)
    }
}
