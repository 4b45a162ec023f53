//! Gateway and sandbox as child processes.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::Result;

/// Settings without rate limits, since one caller stands for many.
const UNLIMITED: &[(&str, &str)] = &[("RATE_LIMIT", "none"), ("MAX_STREAMS", "100000")];

/// Child process, killed on drop.
pub struct Process {
    child: Child,
    /// Address that it listens on.
    pub address: SocketAddr,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// Starts a gateway for the IPS at `upstream`; the names of settings lack the prefix `IPS_GATEWAY_`.
    pub fn gateway(upstream: &str, settings: &[(&str, &str)]) -> Result<Self> {
        let mut command = binary()?;
        command.args(["serve", "--listen", "127.0.0.1:0", "--upstream-url", upstream]);
        command.args(["--api-version", "2022-11-01-beta"]);
        command.envs(UNLIMITED.iter().chain(settings).map(|(name, value)| (format!("IPS_GATEWAY_{name}"), *value)));
        Self::spawn(command)
    }

    /// Starts a sandbox at an address; port 0 picks a free port.
    pub fn sandbox(listen: SocketAddr) -> Result<Self> {
        let mut command = binary()?;
        command.args(["sandbox", "--listen", &listen.to_string()]);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Result<Self> {
        let inherited = std::env::vars_os().map(|(name, _)| name);
        let given: Vec<_> = command.get_envs().map(|(name, _)| name.to_owned()).collect();
        for name in inherited.filter(|name| name.to_string_lossy().starts_with("IPS_GATEWAY_") && !given.contains(name))
        {
            command.env_remove(name);
        }
        let mut child = command.env("RUST_LOG", "error").stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("stdout is not piped")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().strip_prefix("http://").and_then(|rest| rest.split('/').next()?.parse().ok());
        let Some(address) = address else {
            child.kill()?;
            return Err(format!("no address on stdout: {line:?}").into());
        };
        Ok(Self { child, address })
    }

    /// Returns the URL of the `IpsApiService` of a sandbox.
    pub fn service_url(&self) -> String {
        format!("http://{}/scene7/services/IpsApiService", self.address)
    }

    /// Returns the resident memory in MB.
    pub fn resident_megabytes(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes * 1024.0 / 1e6)
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) -> Result<()> {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        if sent.success() { Ok(()) } else { Err("the process has exited already".into()) }
    }

    /// Waits for the exit.
    pub async fn wait_for_exit(&mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Returns a command for the gateway's binary in the same target folder.
fn binary() -> Result<Command> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(|examples| examples.parent()).ok_or("no target folder")?;
    let path: PathBuf = folder.join("ips-gateway");
    if !path.exists() {
        return Err(format!("{} is missing: cargo build --release", path.display()).into());
    }
    Ok(Command::new(path))
}

/// Fails unless the limit of open files allows `count` in this process and its children.
pub fn require_open_files(count: u64) -> Result<()> {
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find(|line| line.starts_with("Max open files")).ok_or("no limit of open files")?;
    let allowed = line.split_whitespace().nth(3).and_then(|allowed| allowed.parse().ok()).unwrap_or(u64::MAX);
    if allowed < count {
        return Err(format!("{allowed} open files are allowed and {count} needed: ulimit -n {count}").into());
    }
    Ok(())
}
