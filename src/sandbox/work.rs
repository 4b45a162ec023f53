//! What a job does: its assets, how each of them fares, and how long it all takes. Decided when the job is made.

use chrono::TimeDelta;

use super::dice::Dice;
use super::kinds::Detail;
use super::users::Tenant;
use crate::ips::types::UploadUrl;

/// How one asset fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// As new.
    Success,
    /// It replaced an older one.
    Updated,
    /// It was there already, and skipped.
    Duplicate,
    /// It worked, but.
    Warning(String),
    /// It didn't work.
    Error(String),
}

/// One asset of a job.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub name: String,
    /// `assetHandle`; `None` where no asset came of it.
    pub handle: Option<String>,
    pub asset_type: &'static str,
    pub bytes: i64,
    pub fate: Fate,
}

/// A job's work.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub items: Vec<Item>,
    /// Why it broke off, if it did.
    pub fatal: Option<String>,
    /// How long it waits for a server.
    pub wait: TimeDelta,
    /// How long it runs.
    pub run: TimeDelta,
}

/// How a job of the house is to end; those of others end as their input deserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Luck {
    /// All goes well.
    Good,
    /// Some assets get a warning, perhaps an error.
    Mixed,
    /// It breaks off.
    Bad,
}

/// The assets of a company by name and type. Their handles follow from their position.
const CATALOGUE: [(&str, &str); 16] = [
    ("trail_boot_brown", "Image"),
    ("trail_boot_black", "Image"),
    ("rain_jacket_blue", "Image"),
    ("rain_jacket_red", "Image"),
    ("backpack_40l_front", "Image"),
    ("backpack_40l_back", "Image"),
    ("oak_table_180", "Image"),
    ("oak_chair_side", "Image"),
    ("armchair_green_360", "SpinSet"),
    ("summer_banner", "Template"),
    ("tent_setup", "Video"),
    ("assembly_guide", "Pdf"),
    ("catalogue_2026", "Pdf"),
    ("logo_master", "Illustrator"),
    ("fabric_swatches", "ImageSet"),
    ("campfire_évening_日没", "Image"),
];

/// Types of files that uploads keep but can't show.
const UNSUPPORTED: [&str; 4] = ["exe", "iso", "dmg", "bin"];

/// The handle of the company's asset at `position` of the catalogue.
fn asset_handle(company: &Tenant, position: usize) -> String {
    format!("a|{}", company.number as usize * 100 + position)
}

fn catalogued(company: &Tenant, position: usize, dice: &mut Dice) -> Item {
    let (name, asset_type) = CATALOGUE[position % CATALOGUE.len()];
    let handle = Some(asset_handle(company, position % CATALOGUE.len()));
    Item { name: name.into(), handle, asset_type, bytes: dice.between(120_000, 24_000_000), fate: Fate::Success }
}

fn by_handle(company: &Tenant, handle: &str, dice: &mut Dice) -> Item {
    match (0..CATALOGUE.len()).find(|position| asset_handle(company, *position) == handle) {
        Some(position) => catalogued(company, position, dice),
        None => Item {
            name: handle.into(),
            handle: None,
            asset_type: "Unknown",
            bytes: 0,
            fate: Fate::Error(format!("there is no asset {handle}")),
        },
    }
}

fn by_url(company: &Tenant, upload: &UploadUrl, dice: &mut Dice) -> Item {
    let file = upload.source_url.rsplit('/').next().unwrap_or_default();
    let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
    let host = upload.source_url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let known = CATALOGUE.iter().position(|(name, _)| *name == stem);
    let mut item = match known {
        Some(position) => Item { fate: Fate::Updated, ..catalogued(company, position, dice) },
        None => Item {
            name: if stem.is_empty() { "unnamed".into() } else { stem.into() },
            handle: Some(format!("a|{}", company.number * 100_000 + checksum(stem) % 100_000)),
            asset_type: "Image",
            bytes: dice.between(120_000, 24_000_000),
            fate: Fate::Success,
        },
    };
    if host.is_empty() || host.ends_with(".invalid") {
        item.handle = None;
        item.fate = Fate::Error(format!("{} can't be downloaded: unknown host {host:?}", upload.source_url));
    } else if UNSUPPORTED.contains(&extension) {
        item.fate = Fate::Warning(format!("the file type {extension} isn't supported: stored, but not shown"));
    }
    item
}

/// A small stable number for a name.
fn checksum(text: &str) -> u32 {
    text.bytes().fold(17, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)))
}

impl Work {
    /// The work of a job that somebody submitted. What it is given decides how it ends: a URL on a host `*.invalid` can't be downloaded, a file
    /// of an unsupported type (`.exe`, `.iso`, `.dmg`, `.bin`) gives a warning, an unknown asset handle an error; where nothing at all is usable, the error is fatal.
    pub fn of(detail: &Detail, company: &Tenant, dice: &mut Dice) -> Self {
        let handles = match detail {
            Detail::RipPdfs(job) => Some(&job.pdf_handle_array),
            Detail::ReprocessAssets(job) => Some(&job.asset_handle_array),
            Detail::Export(job) => Some(&job.asset_handle_array),
            Detail::AutomatedSetGeneration(job) => Some(&job.asset_handle_array),
            _ => None,
        };
        let urls = match detail {
            Detail::UploadUrls(job) => job.url_array.as_deref().unwrap_or_default(),
            _ => &[],
        };
        let items: Vec<Item> = if let Some(handles) = handles {
            handles.iter().map(|handle| by_handle(company, handle, dice)).collect()
        } else if urls.is_empty() {
            let first = usize::try_from(dice.between(0, 15)).unwrap_or(0);
            let count = usize::try_from(dice.between(4, 12)).unwrap_or(4);
            (first..first + count).map(|position| catalogued(company, position, dice)).collect()
        } else {
            urls.iter().map(|url| by_url(company, url, dice)).collect()
        };
        let hopeless = !items.is_empty() && items.iter().all(|item| matches!(item.fate, Fate::Error(_)));
        let fatal = hopeless.then(|| format!("None of the {} assets could be processed", items.len()));
        let (low, high) = detail.kind().seconds;
        Self { items, fatal, wait: dice.seconds(2, 6), run: dice.seconds(low, high) }
    }

    /// The work of a job of the house itself.
    pub fn with_luck(detail: &Detail, company: &Tenant, luck: Luck, dice: &mut Dice) -> Self {
        let mut work = Self::of(detail, company, dice);
        match luck {
            Luck::Good => {}
            Luck::Mixed => {
                for (index, item) in work.items.iter_mut().enumerate() {
                    item.fate = match index % 4 {
                        0 => Fate::Warning("the embedded colour profile is missing: sRGB assumed".into()),
                        1 => Fate::Updated,
                        2 => Fate::Success,
                        _ if dice.chance(50) => Fate::Duplicate,
                        _ => Fate::Error("the file is truncated".into()),
                    };
                }
            }
            Luck::Bad => {
                work.items.truncate(2);
                work.fatal = Some("The server lost its connection to the storage".into());
            }
        }
        work
    }

    /// The size of all assets, in bytes (`totalSize` is an `xsd:int`).
    pub fn bytes(&self) -> i64 {
        self.items.iter().map(|item| item.bytes).sum::<i64>().min(i64::from(i32::MAX))
    }

    /// When the item at `index` is done, counted from the start of the run.
    pub fn done_after(&self, index: usize) -> TimeDelta {
        let parts = i32::try_from(self.items.len()).unwrap_or(i32::MAX - 2) + 1;
        self.run * i32::try_from(index + 1).unwrap_or(parts) / parts
    }
}
