//! Load figures of `docs/benchmarks.md`, each a command: `cargo run --release --example figures -- <name> [--scale 0.1]`.
//!
//! Each starts the release binary, puts it under load on loopback, prints its row of the table, and fails when its target is missed.
//! `--scale` shortens the measurement.

mod capacity;
mod client;
mod drain;
mod hostile;
mod load;
mod outage;
mod overload;
mod process;
mod races;
mod readers;
mod streams;
mod tenants;
mod upstream;

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, value_parser};

/// Result of a measurement; an error means that it could not be carried out.
type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// Result of a figure.
struct Figure {
    /// Load that was applied.
    load: String,
    /// Target, as text.
    target: &'static str,
    /// Measured values, as text.
    measured: String,
    /// Whether the measured values meet the target.
    reached: bool,
}

/// Share of the full load and duration, from 0 to 1.
#[derive(Debug, Clone, Copy)]
struct Scale(f64);

impl Scale {
    /// Returns this share of a count, at least 1.
    fn count(self, full: u32) -> u32 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
        let part = (f64::from(full) * self.0).round() as u32;
        part.max(1)
    }

    /// Returns this share of a duration in seconds, at least 1 s.
    fn seconds(self, full: u32) -> std::time::Duration {
        std::time::Duration::from_secs(self.count(full).into())
    }
}

/// Function that measures a figure.
type Measure = fn(Scale) -> Measured;
type Measured = Pin<Box<dyn Future<Output = Result<Figure>>>>;

/// All figures, by name.
const FIGURES: &[(&str, Measure)] = &[
    ("outage", |scale| Box::pin(outage::measure(scale))),
    ("races", |scale| Box::pin(races::measure(scale))),
    ("tenants", |scale| Box::pin(tenants::measure(scale))),
    ("hostile", |scale| Box::pin(hostile::measure(scale))),
    ("overload", |scale| Box::pin(overload::measure(scale))),
    ("drain", |scale| Box::pin(drain::measure(scale))),
    ("streams", |scale| Box::pin(streams::measure(scale))),
    ("readers", |scale| Box::pin(readers::measure(scale))),
    ("capacity", |scale| Box::pin(capacity::measure(scale))),
];

#[tokio::main]
async fn main() -> ExitCode {
    let names = FIGURES.iter().map(|(name, _)| *name);
    let matches = Command::new("figures")
        .about("Measure the load figures of docs/benchmarks.md")
        .arg(Arg::new("figure").required(true).value_parser(PossibleValuesParser::new(names)))
        .arg(
            Arg::new("scale")
                .long("scale")
                .value_parser(value_parser!(f64))
                .default_value("1")
                .help("share of the full load and duration, from 0 to 1"),
        )
        .get_matches();
    let scale = Scale(matches.get_one("scale").copied().unwrap_or(1.0));
    let figure = matches.get_one::<String>("figure").map(String::as_str);
    let Some((name, measure)) = FIGURES.iter().find(|(name, _)| Some(*name) == figure) else {
        unreachable!("clap accepts only known names")
    };
    match measure(scale).await {
        Ok(Figure { load, target, measured, reached }) => {
            let verdict = if reached { "" } else { " **missed**" };
            println!("| `{name}` | {load} | {target} | {measured}{verdict} |");
            if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("figures {name}: {error}");
            ExitCode::from(2)
        }
    }
}
