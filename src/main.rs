//! Binary of the gateway; its commands are in [`ips_gateway::cli`].

use std::process::ExitCode;

use ips_gateway::cli;

/// mimalloc is faster than the system allocator for the many small strings of IPS responses, and returns memory without pauses.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run_command_line().await
}
