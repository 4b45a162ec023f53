//! What the world holds at the start, and the jobs that trickle in later.

use chrono::{DateTime, TimeDelta, Utc};

use super::dice::Dice;
use super::kinds::Detail;
use super::life::{Job, Order, Origin};
use super::schedule::{Schedule, Trigger};
use super::users::{BOTH_COMPANIES, FURNITURE, ORDINARY, OTHER_COMPANY, OUTFITTERS, Tenant, User};
use super::work::{Luck, Work};
use super::world::World;
use crate::ips::types::*;

fn publish(publish_type: PublishType) -> Detail {
    Detail::ImageServingPublish(Box::new(ImageServingPublishJob {
        publish_type,
        email_setting: EmailSetting::ErrorAndWarning,
        ..ImageServingPublishJob::default()
    }))
}

fn rendering() -> Detail {
    Detail::ImageRenderingPublish(Box::new(ImageRenderingPublishJob {
        email_setting: EmailSetting::Error,
        ..ImageRenderingPublishJob::default()
    }))
}

fn video() -> Detail {
    Detail::VideoPublish(Box::new(VideoPublishJob { email_setting: EmailSetting::None, ..VideoPublishJob::default() }))
}

fn directory_publish() -> Detail {
    Detail::ServerDirectoryPublish(Box::new(ServerDirectoryPublishJob {
        email_setting: EmailSetting::None,
        ..ServerDirectoryPublishJob::default()
    }))
}

fn directory(server_dir: &str) -> Detail {
    Detail::UploadDirectory(Box::new(UploadDirectoryJob {
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

fn urls(sources: &[&str]) -> Detail {
    let upload = |source: &&str| UploadUrl { source_url: (*source).into(), dest_path: "incoming/".into() };
    Detail::UploadUrls(Box::new(UploadUrlsJob {
        url_array: Some(sources.iter().map(upload).collect()),
        overwrite: true,
        ready_for_publish: true,
        email_setting: EmailSetting::None,
        ..UploadUrlsJob::default()
    }))
}

fn post() -> Detail {
    Detail::UploadPost(Box::new(UploadPostJob {
        overwrite: true,
        ready_for_publish: true,
        email_setting: EmailSetting::None,
        ..UploadPostJob::default()
    }))
}

fn optimize() -> Detail {
    Detail::OptimizeImages(Box::new(OptimizeImagesJob { email_setting: EmailSetting::None }))
}

fn handles(company: &Tenant, positions: &[u32]) -> Vec<String> {
    positions.iter().map(|position| format!("a|{}", company.number * 100 + position)).collect()
}

fn rip(company: &Tenant) -> Detail {
    Detail::RipPdfs(Box::new(RipPdfsJob { pdf_handle_array: handles(company, &[11, 12]), ..RipPdfsJob::default() }))
}

fn reprocess(company: &Tenant) -> Detail {
    let asset_handle_array = handles(company, &[0, 1, 2, 3, 4]);
    Detail::ReprocessAssets(Box::new(ReprocessAssetsJob {
        asset_handle_array,
        email_setting: EmailSetting::None,
        ..Default::default()
    }))
}

fn export(company: &Tenant) -> Detail {
    let asset_handle_array = handles(company, &[4, 5, 9]);
    Detail::Export(Box::new(ExportJob {
        asset_handle_array,
        fmt: "tif".into(),
        email_setting: EmailSetting::None,
        ..Default::default()
    }))
}

fn sets(company: &Tenant) -> Detail {
    Detail::AutomatedSetGeneration(Box::new(AutomatedSetGenerationJob {
        asset_handle_array: handles(company, &[6, 7, 8]),
        ready_for_publish: true,
        email_setting: EmailSetting::None,
        ..AutomatedSetGenerationJob::default()
    }))
}

fn metadata() -> Detail {
    Detail::MetadataPublish(Box::new(MetadataPublishJob { force_publish: Some(true) }))
}

fn sitemap() -> Detail {
    Detail::CreateVideoSitemap(Box::new(CreateVideoSitemapJob { force_update: Some(false) }))
}

fn order(company: &'static Tenant, user: &User, name: &str, detail: Detail) -> Order {
    Order {
        company,
        original_name: name.into(),
        detail,
        submitter: user.email.into(),
        locale: Some("en-US".into()),
        description: None,
    }
}

/// Populates a new world: about thirty jobs in every phase and of every kind.
pub(super) fn populate(world: &mut World) {
    active(world);
    scheduled(world);
    finished(world);
}

fn place(world: &mut World, order: Order, queued: DateTime<Utc>, luck: Luck, adjust: impl FnOnce(&mut Work)) {
    let name = world.unique_name(order.company, &order.original_name, queued);
    let mut work = Work::with_luck(&order.detail, order.company, luck, world.dice());
    adjust(&mut work);
    world.add(Job { order, number: 0, name, queued, work, stop: None, origin: Origin::Kept });
}

/// Jobs that run, begun so many seconds ago and lasting so many, and jobs that will wait for so many.
fn active(world: &mut World) {
    let now = world.now();
    let boots = ["https://images.example.com/trail_boot_brown.tif", "https://images.example.com/trail_boot_black.tif"];
    let running = [
        (order(&OUTFITTERS, &ORDINARY, "3e41464dce942449a9e5b", urls(&boots)), 18, 50),
        (order(&OUTFITTERS, &BOTH_COMPANIES, "Spring catalogue", publish(PublishType::Full)), 40, 70),
        (order(&OUTFITTERS, &ORDINARY, "campaign-videos", video()), 15, 90),
        (order(&OUTFITTERS, &ORDINARY, "drag-and-drop", post()), 5, 60),
        (order(&FURNITURE, &OTHER_COMPANY, "Reoptimise oak & ash", optimize()), 20, 80),
    ];
    for (order, ago, lasting) in running {
        let wait = TimeDelta::seconds(3);
        place(world, order, now - wait - TimeDelta::seconds(ago), Luck::Good, |work| {
            work.wait = wait;
            work.run = TimeDelta::seconds(lasting);
        });
    }
    let waiting = [
        (order(&OUTFITTERS, &ORDINARY, "Reprocess footwear", reprocess(&OUTFITTERS)), 60),
        (order(&OUTFITTERS, &BOTH_COMPANIES, "Rendering nightly", rendering()), 120),
        (order(&FURNITURE, &OTHER_COMPANY, "Import showroom", directory("showroom/2026/")), 90),
    ];
    for (order, wait) in waiting {
        place(world, order, now - TimeDelta::seconds(2), Luck::Good, |work| work.wait = TimeDelta::seconds(wait));
    }
}

fn scheduled(world: &mut World) {
    let now = world.now();
    let once = |hours| (Trigger::Once, now + TimeDelta::hours(hours));
    let recurring = |expression| {
        let trigger = Trigger::recurring(expression).ok()?;
        let next = trigger.after(now)?;
        Some((trigger, next))
    };
    let house = order(&OUTFITTERS, &BOTH_COMPANIES, "Cleanup", Detail::Cleanup);
    let nightly = order(&OUTFITTERS, &BOTH_COMPANIES, "Nightly publish", publish(PublishType::Incremental));
    let weekly = order(&OUTFITTERS, &ORDINARY, "Weekly metadata", metadata());
    let launch = order(&OUTFITTERS, &ORDINARY, "Summer launch", publish(PublishType::FullWithSearch));
    let hourly = order(&FURNITURE, &OTHER_COMPANY, "Hourly import", directory("feeds/hourly/"));
    let stock = order(&FURNITURE, &BOTH_COMPANIES, "Stock photos", directory_publish());
    let plans = [
        (house, recurring("0 0 3 * * ?"), Firing::Normal),
        (nightly, recurring("0 30 1 ? * MON-FRI"), Firing::Normal),
        (weekly, recurring("0 0 6 ? * SUN"), Firing::Paused),
        (launch, Some(once(5)), Firing::Normal),
        (hourly, recurring("5 * * * *"), Firing::Normal),
        (stock, Some(once(26)), Firing::Paused),
    ];
    for (order, plan, firing) in plans {
        let Some((trigger, next)) = plan else { continue };
        let cleanup = matches!(order.detail, Detail::Cleanup);
        let submitted = now - TimeDelta::days(12);
        let name = if cleanup {
            order.original_name.clone()
        } else {
            world.unique_name(order.company, &order.original_name, submitted)
        };
        world.add_schedule(Schedule { order, name, trigger, next, paused: firing == Firing::Paused });
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Firing {
    Normal,
    Paused,
}

/// Jobs in the log, queued so many minutes ago, and in the archive.
fn finished(world: &mut World) {
    const HOUR: i64 = 60;
    const DAY: i64 = 24 * HOUR;
    let now = world.now();
    let partner = [
        "https://partner.example.com/rain_jacket_blue.tif",
        "https://gone.invalid/rain_jacket_red.tif",
        "https://partner.example.com/readme.exe",
    ];
    let past = [
        (order(&OUTFITTERS, &ORDINARY, "Partner feed", urls(&partner)), 7, Luck::Good),
        (order(&OUTFITTERS, &ORDINARY, "Optimise all", optimize()), 25, Luck::Mixed),
        (order(&OUTFITTERS, &BOTH_COMPANIES, "Spring catalogue", publish(PublishType::Full)), 2 * HOUR, Luck::Good),
        (order(&OUTFITTERS, &ORDINARY, "Import boots", directory("boots/")), 5 * HOUR, Luck::Bad),
        (order(&OUTFITTERS, &BOTH_COMPANIES, "Rip guides", rip(&OUTFITTERS)), 9 * HOUR, Luck::Good),
        (order(&OUTFITTERS, &ORDINARY, "Export for print", export(&OUTFITTERS)), DAY, Luck::Mixed),
        (order(&OUTFITTERS, &ORDINARY, "Build sets", sets(&OUTFITTERS)), 2 * DAY, Luck::Good),
        (order(&OUTFITTERS, &BOTH_COMPANIES, "Video sitemap", sitemap()), 4 * DAY, Luck::Good),
        (order(&FURNITURE, &OTHER_COMPANY, "Reprocess chairs", reprocess(&FURNITURE)), 40, Luck::Good),
        (order(&FURNITURE, &OTHER_COMPANY, "Showroom video", video()), 3 * HOUR, Luck::Bad),
        (order(&FURNITURE, &BOTH_COMPANIES, "Metadata refresh", metadata()), 3 * DAY, Luck::Mixed),
        (order(&OUTFITTERS, &ORDINARY, "Last season", reprocess(&OUTFITTERS)), 45 * DAY, Luck::Good),
        (order(&OUTFITTERS, &BOTH_COMPANIES, "Old catalogue", publish(PublishType::Full)), 90 * DAY, Luck::Mixed),
        (order(&FURNITURE, &OTHER_COMPANY, "Old export", export(&FURNITURE)), 60 * DAY, Luck::Good),
    ];
    for (order, minutes, luck) in past {
        place(world, order, now - TimeDelta::minutes(minutes), luck, |_| {});
    }
}

/// The job that trickles in after so many others, and how it will fare. Every third one is of the smaller company.
pub(super) fn passing_order(dice: &mut Dice, number: u64) -> (Order, Luck) {
    let (company, user): (&'static Tenant, &User) = match number % 6 {
        2 | 5 => (&FURNITURE, &OTHER_COMPANY),
        3 => (&OUTFITTERS, &BOTH_COMPANIES),
        _ => (&OUTFITTERS, &ORDINARY),
    };
    let (name, detail) = match dice.between(0, 8) {
        0 => (
            "Feed",
            urls(&["https://feed.example.com/backpack_40l_front.tif", "https://feed.example.com/oak_table_180.tif"]),
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
    let luck = match dice.between(1, 100) {
        1..=70 => Luck::Good,
        71..=92 => Luck::Mixed,
        _ => Luck::Bad,
    };
    (order(company, user, &format!("{name} {}", number % 10_000), detail), luck)
}
