//! The routes beside the jobs: health, metrics, documentation and the web UI.

mod audit;
mod documentation;
mod examples;
mod health;
mod memory;
mod metrics;
mod pages;
