//! Seed data: the initial jobs of the sandbox, and the generator of new ones.

use chrono::{DateTime, TimeDelta, Utc};

use super::model::{Job, JobDetails, JobSpec, OutcomeProfile, Retention, Rng, Schedule, Simulation, Trigger};
use super::state::State;
use super::users::{BOTH_COMPANIES, FURNITURE, ORDINARY, OTHER_COMPANY, OUTFITTERS, Tenant, User};
use crate::ips::types::*;

fn publish(publish_type: PublishType) -> JobDetails {
    JobDetails::ImageServingPublish(Box::new(ImageServingPublishJob {
        publish_type,
        email_setting: EmailSetting::ErrorAndWarning,
        ..ImageServingPublishJob::default()
    }))
}

fn rendering() -> JobDetails {
    JobDetails::ImageRenderingPublish(Box::new(ImageRenderingPublishJob {
        email_setting: EmailSetting::Error,
        ..ImageRenderingPublishJob::default()
    }))
}

fn video() -> JobDetails {
    JobDetails::VideoPublish(Box::new(VideoPublishJob {
        email_setting: EmailSetting::None,
        ..VideoPublishJob::default()
    }))
}

fn directory_publish() -> JobDetails {
    JobDetails::ServerDirectoryPublish(Box::new(ServerDirectoryPublishJob {
        email_setting: EmailSetting::None,
        ..ServerDirectoryPublishJob::default()
    }))
}

fn directory(server_dir: &str) -> JobDetails {
    JobDetails::UploadDirectory(Box::new(UploadDirectoryJob {
        dest_folder: Some("incoming/".into()),
        server_dir: server_dir.into(),
        overwrite: true,
        ready_for_publish: true,
        include_subfolders: true,
        process_metadata_files: true,
        email_setting: EmailSetting::Error,
        ..UploadDirectoryJob::default()
    }))
}

fn urls(sources: &[&str]) -> JobDetails {
    JobDetails::UploadUrls(Box::new(uploads(sources)))
}

/// Returns an upload that a publish follows.
fn published_urls(sources: &[&str]) -> JobDetails {
    let publish = ImageServingPublishJob {
        publish_type: PublishType::Incremental,
        email_setting: EmailSetting::None,
        ..ImageServingPublishJob::default()
    };
    let post_image_serving_publish_job = Some(Box::new(publish));
    JobDetails::UploadUrls(Box::new(UploadUrlsJob { post_image_serving_publish_job, ..uploads(sources) }))
}

fn uploads(sources: &[&str]) -> UploadUrlsJob {
    let upload = |source: &&str| UploadUrl { source_url: (*source).into(), dest_path: "incoming/".into() };
    UploadUrlsJob {
        url_array: Some(sources.iter().map(upload).collect()),
        overwrite: true,
        ready_for_publish: true,
        email_setting: EmailSetting::None,
        ..UploadUrlsJob::default()
    }
}

fn post() -> JobDetails {
    JobDetails::UploadPost(Box::new(UploadPostJob {
        overwrite: true,
        ready_for_publish: true,
        email_setting: EmailSetting::None,
        ..UploadPostJob::default()
    }))
}

fn optimize() -> JobDetails {
    JobDetails::OptimizeImages(Box::new(OptimizeImagesJob { email_setting: EmailSetting::None }))
}

fn handles(company: &Tenant, positions: &[u32]) -> Vec<String> {
    positions.iter().map(|position| format!("a|{}", company.number * 100 + position)).collect()
}

fn rip(company: &Tenant) -> JobDetails {
    JobDetails::RipPdfs(Box::new(RipPdfsJob { pdf_handle_array: handles(company, &[11, 12]), ..RipPdfsJob::default() }))
}

fn reprocess(company: &Tenant) -> JobDetails {
    let asset_handle_array = handles(company, &[0, 1, 2, 3, 4]);
    JobDetails::ReprocessAssets(Box::new(ReprocessAssetsJob {
        asset_handle_array,
        email_setting: EmailSetting::None,
        ..Default::default()
    }))
}

fn export(company: &Tenant) -> JobDetails {
    let asset_handle_array = handles(company, &[4, 5, 9]);
    JobDetails::Export(Box::new(ExportJob {
        asset_handle_array,
        fmt: "tif".into(),
        email_setting: EmailSetting::None,
        ..Default::default()
    }))
}

fn sets(company: &Tenant) -> JobDetails {
    JobDetails::AutomatedSetGeneration(Box::new(AutomatedSetGenerationJob {
        asset_handle_array: handles(company, &[6, 7, 8]),
        ready_for_publish: true,
        email_setting: EmailSetting::None,
        ..AutomatedSetGenerationJob::default()
    }))
}

fn metadata() -> JobDetails {
    JobDetails::MetadataPublish(Box::new(MetadataPublishJob { force_publish: Some(true) }))
}

fn sitemap() -> JobDetails {
    JobDetails::CreateVideoSitemap(Box::new(CreateVideoSitemapJob { force_update: Some(false) }))
}

/// Returns the spec of a job submitted by a user.
fn spec(company: &'static Tenant, user: &User, name: &str, details: JobDetails) -> JobSpec {
    JobSpec {
        company,
        original_name: name.into(),
        details,
        submitter: user.email.into(),
        locale: Some("en-US".into()),
        description: None,
    }
}

/// Adds about thirty jobs, of every kind and in every phase, to a new state.
pub(super) fn populate(state: &mut State) {
    add_active(state);
    add_scheduled(state);
    add_finished(state);
}

/// Adds a job queued at a given time, after adjusting its simulation.
fn add_job(
    state: &mut State,
    spec: JobSpec,
    queued: DateTime<Utc>,
    outcome: OutcomeProfile,
    adjust: impl FnOnce(&mut Simulation),
) {
    let name = state.unique_name(spec.company, &spec.original_name, queued);
    let mut simulation = Simulation::with_outcome(&spec.details, spec.company, outcome, state.rng());
    adjust(&mut simulation);
    state.add(Job::new(spec, name, queued, simulation, Retention::Keep));
}

/// Adds running jobs (seconds since their start, duration) and waiting jobs (seconds until their start).
fn add_active(state: &mut State) {
    let now = state.now();
    let boots = ["https://images.example.com/trail_boot_brown.tif", "https://images.example.com/trail_boot_black.tif"];
    let running = [
        (spec(&OUTFITTERS, &ORDINARY, "3e41464dce942449a9e5b", urls(&boots)), 18, 50),
        (spec(&OUTFITTERS, &BOTH_COMPANIES, "Spring catalogue", publish(PublishType::Full)), 40, 70),
        (spec(&OUTFITTERS, &ORDINARY, "campaign-videos", video()), 15, 45),
        (spec(&OUTFITTERS, &ORDINARY, "drag-and-drop", post()), 5, 60),
        (spec(&FURNITURE, &OTHER_COMPANY, "Reoptimise oak & ash", optimize()), 20, 80),
    ];
    for (spec, elapsed, duration) in running {
        let wait = TimeDelta::seconds(3);
        add_job(state, spec, now - wait - TimeDelta::seconds(elapsed), OutcomeProfile::Success, |simulation| {
            simulation.wait = wait;
            simulation.run = TimeDelta::seconds(duration);
        });
    }
    let waiting = [
        (spec(&OUTFITTERS, &ORDINARY, "Reprocess footwear", reprocess(&OUTFITTERS)), 60),
        (spec(&OUTFITTERS, &BOTH_COMPANIES, "Rendering nightly", rendering()), 120),
        (spec(&FURNITURE, &OTHER_COMPANY, "Import showroom", directory("showroom/2026/")), 90),
    ];
    for (spec, wait) in waiting {
        add_job(state, spec, now - TimeDelta::seconds(2), OutcomeProfile::Success, |simulation| {
            simulation.wait = TimeDelta::seconds(wait);
        });
    }
}

/// Adds scheduled jobs: one-time and recurring, paused and not.
fn add_scheduled(state: &mut State) {
    let now = state.now();
    let once = |hours| (Trigger::Once, now + TimeDelta::hours(hours));
    let recurring = |expression| {
        let trigger = Trigger::recurring(expression).ok()?;
        let next = trigger.next_after(now)?;
        Some((trigger, next))
    };
    let system = spec(&OUTFITTERS, &BOTH_COMPANIES, "Cleanup", JobDetails::Cleanup);
    let nightly = spec(&OUTFITTERS, &BOTH_COMPANIES, "Nightly publish", publish(PublishType::Incremental));
    let weekly = spec(&OUTFITTERS, &ORDINARY, "Weekly metadata", metadata());
    let launch = spec(&OUTFITTERS, &ORDINARY, "Summer launch", publish(PublishType::FullWithSearch));
    let hourly = spec(&FURNITURE, &OTHER_COMPANY, "Hourly import", directory("feeds/hourly/"));
    let stock = spec(&FURNITURE, &BOTH_COMPANIES, "Stock photos", directory_publish());
    let plans = [
        (system, recurring("0 0 3 * * ?"), Firing::Normal),
        (nightly, recurring("0 30 1 ? * MON-FRI"), Firing::Normal),
        (weekly, recurring("0 0 6 ? * SUN"), Firing::Paused),
        (launch, Some(once(5)), Firing::Normal),
        (hourly, recurring("0 5 * * * ?"), Firing::Normal),
        (stock, Some(once(26)), Firing::Paused),
    ];
    for (spec, plan, firing) in plans {
        let Some((trigger, next)) = plan else { continue };
        let cleanup = matches!(spec.details, JobDetails::Cleanup);
        let submitted = now - TimeDelta::days(12);
        let name = if cleanup {
            spec.original_name.clone()
        } else {
            state.unique_name(spec.company, &spec.original_name, submitted)
        };
        state.add_schedule(Schedule { spec, name, trigger, next, paused: firing == Firing::Paused });
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Firing {
    Normal,
    Paused,
}

/// Adds jobs in the log and in the archived log (minutes since their submit).
fn add_finished(state: &mut State) {
    const HOUR: i64 = 60;
    const DAY: i64 = 24 * HOUR;
    let now = state.now();
    let partner = [
        "https://partner.example.com/rain_jacket_blue.tif",
        "https://gone.invalid/rain_jacket_red.tif",
        "https://partner.example.com/readme.exe",
        "https://gone.invalid/rain_jacket_green.tif",
    ];
    let past = [
        (spec(&OUTFITTERS, &ORDINARY, "Partner feed", urls(&partner)), 7, OutcomeProfile::Success),
        (spec(&OUTFITTERS, &ORDINARY, "Optimise all", optimize()), 25, OutcomeProfile::PartialFailure),
        (
            spec(&OUTFITTERS, &BOTH_COMPANIES, "Spring catalogue", publish(PublishType::Full)),
            2 * HOUR,
            OutcomeProfile::Success,
        ),
        (spec(&OUTFITTERS, &ORDINARY, "Import boots", directory("boots/")), 5 * HOUR, OutcomeProfile::FatalError),
        (spec(&OUTFITTERS, &BOTH_COMPANIES, "Rip guides", rip(&OUTFITTERS)), 9 * HOUR, OutcomeProfile::Success),
        (spec(&OUTFITTERS, &ORDINARY, "Export for print", export(&OUTFITTERS)), DAY, OutcomeProfile::PartialFailure),
        (spec(&OUTFITTERS, &ORDINARY, "Build sets", sets(&OUTFITTERS)), 2 * DAY, OutcomeProfile::Success),
        (spec(&OUTFITTERS, &BOTH_COMPANIES, "Video sitemap", sitemap()), 4 * DAY, OutcomeProfile::Success),
        (spec(&FURNITURE, &OTHER_COMPANY, "Reprocess chairs", reprocess(&FURNITURE)), 40, OutcomeProfile::Success),
        (spec(&FURNITURE, &OTHER_COMPANY, "Showroom video", video()), 3 * HOUR, OutcomeProfile::FatalError),
        (spec(&FURNITURE, &BOTH_COMPANIES, "Metadata refresh", metadata()), 3 * DAY, OutcomeProfile::PartialFailure),
        (spec(&OUTFITTERS, &ORDINARY, "Last season", reprocess(&OUTFITTERS)), 45 * DAY, OutcomeProfile::Success),
        (
            spec(&OUTFITTERS, &BOTH_COMPANIES, "Old catalogue", publish(PublishType::Full)),
            90 * DAY,
            OutcomeProfile::PartialFailure,
        ),
        (spec(&FURNITURE, &OTHER_COMPANY, "Old export", export(&FURNITURE)), 60 * DAY, OutcomeProfile::Success),
    ];
    for (spec, minutes, outcome) in past {
        add_job(state, spec, now - TimeDelta::minutes(minutes), outcome, |_| {});
    }
}

/// Adds completed jobs of the smaller company, spread over four weeks: more logs than IPS returns at once.
pub(super) fn add_history(state: &mut State) {
    const JOBS: i32 = 1_500;
    let mut rng = Rng::new(11);
    let distance = TimeDelta::weeks(4) / JOBS;
    for index in (1..=JOBS).rev() {
        // Of these numbers, jobs belong to that company.
        let number = 5_100_002 + 6 * u64::from((JOBS - index).unsigned_abs());
        let (spec, outcome) = generate_job(&mut rng, number);
        let queued = state.now() - TimeDelta::hours(1) - distance * index;
        let name = format!("{}_{number}", spec.original_name);
        let simulation = Simulation::with_outcome(&spec.details, spec.company, outcome, &mut rng);
        state.add(Job::new(spec, name, queued, simulation, Retention::Evict));
    }
}

/// Generates a job and its outcome; `number` is that of the latest job. Every third job belongs to the smaller company.
pub(super) fn generate_job(rng: &mut Rng, number: u64) -> (JobSpec, OutcomeProfile) {
    let (company, user): (&'static Tenant, &User) = match number % 6 {
        2 | 5 => (&FURNITURE, &OTHER_COMPANY),
        3 => (&OUTFITTERS, &BOTH_COMPANIES),
        _ => (&OUTFITTERS, &ORDINARY),
    };
    let (name, details) = match rng.between(0, 8) {
        0 => (
            "Feed",
            published_urls(&[
                "https://feed.example.com/backpack_40l_front.tif",
                "https://feed.example.com/oak_table_180.tif",
            ]),
        ),
        1 => ("Publish", publish(PublishType::Incremental)),
        2 => ("Videos", video()),
        3 => ("Directory", directory("feeds/daily/")),
        4 => ("Optimise", optimize()),
        5 => ("Reprocess", reprocess(company)),
        6 => ("Export", export(company)),
        7 => ("Sets", sets(company)),
        _ => ("Rendering", rendering()),
    };
    let outcome = match rng.between(1, 100) {
        1..=70 => OutcomeProfile::Success,
        71..=92 => OutcomeProfile::PartialFailure,
        _ => OutcomeProfile::FatalError,
    };
    (spec(company, user, &format!("{name} {}", number % 10_000), details), outcome)
}
