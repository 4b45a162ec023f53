//! Simulation of a job's run: its assets, the result of each, and all durations. Determined when the job is created.

use chrono::TimeDelta;

use super::kinds::JobDetails;
use super::rng::Rng;
use crate::ips::types::UploadUrl;
use crate::sandbox::users::Tenant;

/// Result of processing one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox) enum AssetResult {
    /// Processed as a new asset.
    Success,
    /// Processed; replaced an older version.
    Updated,
    /// Skipped, because the same asset exists.
    Duplicate,
    /// Processed with this warning.
    Warning(String),
    /// Failed with this error.
    Error(String),
}

/// Asset of a job, with its simulated result.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Item {
    pub name: String,
    /// `assetHandle`; `None` where no asset was created.
    pub handle: Option<String>,
    pub asset_type: &'static str,
    pub bytes: i64,
    pub result: AssetResult,
}

/// Simulated run of a job.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Simulation {
    pub items: Vec<Item>,
    /// Error that aborts the job, if any.
    pub fatal_error: Option<String>,
    /// Time between submit and start.
    pub wait: TimeDelta,
    /// Duration of the run, unless it is stopped.
    pub run: TimeDelta,
}

/// Outcome of a seeded or generated job; the outcome of a submitted job follows from its details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum OutcomeProfile {
    /// All assets succeed.
    Success,
    /// Some assets get a warning or an error.
    PartialFailure,
    /// The job aborts with a fatal error.
    FatalError,
}

/// Assets of a company, by name and type; their handles follow from their position.
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

/// File extensions that an upload stores with a warning.
const UNSUPPORTED: [&str; 4] = ["exe", "iso", "dmg", "bin"];

/// Returns the handle of the company's asset at a position of the catalogue.
fn asset_handle(company: &Tenant, position: usize) -> String {
    format!("a|{}", company.number as usize * 100 + position)
}

fn catalogue_item(company: &Tenant, position: usize, rng: &mut Rng) -> Item {
    let (name, asset_type) = CATALOGUE[position % CATALOGUE.len()];
    let handle = Some(asset_handle(company, position % CATALOGUE.len()));
    Item {
        name: name.into(),
        handle,
        asset_type,
        bytes: rng.between(120_000, 24_000_000),
        result: AssetResult::Success,
    }
}

fn item_by_handle(company: &Tenant, handle: &str, rng: &mut Rng) -> Item {
    match (0..CATALOGUE.len()).find(|position| asset_handle(company, *position) == handle) {
        Some(position) => catalogue_item(company, position, rng),
        None => Item {
            name: handle.into(),
            handle: None,
            asset_type: "Unknown",
            bytes: 0,
            result: AssetResult::Error(format!("there is no asset {handle}")),
        },
    }
}

fn item_by_url(company: &Tenant, upload: &UploadUrl, rng: &mut Rng) -> Item {
    let file = upload.source_url.rsplit('/').next().unwrap_or_default();
    let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
    let host = upload.source_url.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let known = CATALOGUE.iter().position(|(name, _)| *name == stem);
    let mut item = match known {
        Some(position) => Item { result: AssetResult::Updated, ..catalogue_item(company, position, rng) },
        None => Item {
            name: if stem.is_empty() { "unnamed".into() } else { stem.into() },
            handle: Some(format!("a|{}", company.number * 100_000 + checksum(stem) % 100_000)),
            asset_type: "Image",
            bytes: rng.between(120_000, 24_000_000),
            result: AssetResult::Success,
        },
    };
    if host.is_empty() || host.ends_with(".invalid") {
        item.handle = None;
        item.result = AssetResult::Error(format!("{} can't be downloaded: unknown host {host:?}", upload.source_url));
    } else if UNSUPPORTED.contains(&extension) {
        item.result = AssetResult::Warning(format!("the file type {extension} isn't supported: stored, but not shown"));
    }
    item
}

/// Returns a stable checksum of a name.
fn checksum(text: &str) -> u32 {
    text.bytes().fold(17, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)))
}

impl Simulation {
    /// Simulates a submitted job. Its details determine the outcome: a URL on a host `*.invalid` can't be downloaded, a file of an unsupported
    /// type (`.exe`, `.iso`, `.dmg`, `.bin`) gets a warning, an unknown asset handle an error; if no asset is usable, the error is fatal.
    pub fn of(details: &JobDetails, company: &Tenant, rng: &mut Rng) -> Self {
        let handles = match details {
            JobDetails::RipPdfs(job) => Some(&job.pdf_handle_array),
            JobDetails::ReprocessAssets(job) => Some(&job.asset_handle_array),
            JobDetails::Export(job) => Some(&job.asset_handle_array),
            JobDetails::AutomatedSetGeneration(job) => Some(&job.asset_handle_array),
            _ => None,
        };
        let urls = match details {
            JobDetails::UploadUrls(job) => job.url_array.as_deref().unwrap_or_default(),
            _ => &[],
        };
        let items: Vec<Item> = if let Some(handles) = handles {
            handles.iter().map(|handle| item_by_handle(company, handle, rng)).collect()
        } else if urls.is_empty() {
            let first = usize::try_from(rng.between(0, 15)).unwrap_or(0);
            let count = usize::try_from(rng.between(4, 12)).unwrap_or(4);
            (first..first + count).map(|position| catalogue_item(company, position, rng)).collect()
        } else {
            urls.iter().map(|url| item_by_url(company, url, rng)).collect()
        };
        let all_failed = !items.is_empty() && items.iter().all(|item| matches!(item.result, AssetResult::Error(_)));
        let fatal_error = all_failed.then(|| format!("None of the {} assets could be processed", items.len()));
        let (low, high) = details.kind().seconds;
        Self { items, fatal_error, wait: rng.seconds(2, 6), run: rng.seconds(low, high) }
    }

    /// Simulates a seeded or generated job with a given outcome.
    pub fn with_outcome(details: &JobDetails, company: &Tenant, outcome: OutcomeProfile, rng: &mut Rng) -> Self {
        let mut simulation = Self::of(details, company, rng);
        match outcome {
            OutcomeProfile::Success => {}
            OutcomeProfile::PartialFailure => {
                for (index, item) in simulation.items.iter_mut().enumerate() {
                    item.result = match index % 4 {
                        0 => AssetResult::Warning("the embedded colour profile is missing: sRGB assumed".into()),
                        1 => AssetResult::Updated,
                        2 => AssetResult::Success,
                        _ if rng.chance(50) => AssetResult::Duplicate,
                        _ => AssetResult::Error("the file is truncated".into()),
                    };
                }
            }
            OutcomeProfile::FatalError => {
                simulation.items.truncate(2);
                simulation.fatal_error = Some("The server lost its connection to the storage".into());
            }
        }
        simulation
    }

    /// Returns the total size of all assets, in bytes, capped at the maximum of `xsd:int`.
    pub fn total_bytes(&self) -> i64 {
        self.items.iter().map(|item| item.bytes).sum::<i64>().min(i64::from(i32::MAX))
    }

    /// Returns when the item at `index` is processed, relative to the start of the run: the last one at its end, so that a stopped job has
    /// at least one unprocessed item.
    pub fn done_after(&self, index: usize) -> TimeDelta {
        let parts = i32::try_from(self.items.len()).unwrap_or(i32::MAX).max(1);
        self.run * i32::try_from(index + 1).unwrap_or(parts) / parts
    }
}
