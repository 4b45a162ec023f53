//! The figures that README states, each a command: `cargo run --release --example figures -- <name> [--scale 0.1]`.
//!
//! Each starts the release binary as an operator would, puts it under load on loopback, prints a row of README's table, and fails when
//! its target is missed. `--scale` shortens a figure: what is measured is the same, for a shorter time.

mod client;
mod drain;
mod hostile;
mod load;
mod outage;
mod overload;
mod process;
mod races;
mod tenants;
mod upstream;

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, value_parser};

/// Anything that keeps a figure from being measured.
type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// What was measured.
struct Figure {
    /// What was done.
    load: String,
    /// What had to hold.
    target: &'static str,
    /// What was seen.
    measured: String,
    /// Whether the target was reached.
    reached: bool,
}

/// How much of the full load: 1 for all of it.
#[derive(Debug, Clone, Copy)]
struct Scale(f64);

impl Scale {
    /// So many of `full`, at least one.
    fn count(self, full: u32) -> u32 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a count")]
        let part = (f64::from(full) * self.0).round() as u32;
        part.max(1)
    }

    /// So much of so many seconds, at least one.
    fn seconds(self, full: u32) -> std::time::Duration {
        std::time::Duration::from_secs(self.count(full).into())
    }
}

/// Measures a figure.
type Measure = fn(Scale) -> Measured;
type Measured = Pin<Box<dyn Future<Output = Result<Figure>>>>;

/// Every figure by its name.
const FIGURES: &[(&str, Measure)] = &[
    ("outage", |scale| Box::pin(outage::measure(scale))),
    ("races", |scale| Box::pin(races::measure(scale))),
    ("tenants", |scale| Box::pin(tenants::measure(scale))),
    ("hostile", |scale| Box::pin(hostile::measure(scale))),
    ("overload", |scale| Box::pin(overload::measure(scale))),
    ("drain", |scale| Box::pin(drain::measure(scale))),
];

#[tokio::main]
async fn main() -> ExitCode {
    let names = FIGURES.iter().map(|(name, _)| *name);
    let matches = Command::new("figures")
        .about("Measures the figures that README states")
        .arg(Arg::new("figure").required(true).value_parser(PossibleValuesParser::new(names)))
        .arg(
            Arg::new("scale")
                .long("scale")
                .value_parser(value_parser!(f64))
                .default_value("1")
                .help("how much of the full load"),
        )
        .get_matches();
    let scale = Scale(matches.get_one("scale").copied().unwrap_or(1.0));
    let wanted = matches.get_one::<String>("figure").map(String::as_str);
    let Some((name, measure)) = FIGURES.iter().find(|(name, _)| Some(*name) == wanted) else {
        unreachable!("clap takes no other name")
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
