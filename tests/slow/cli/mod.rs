//! The client commands of the binary, `jobs`, `history`, `job-stats` and `publish-queue`, as child processes: against the real gateway, one that ends, and scripted answers.

mod commands;
mod outages;
mod outcomes;
mod reports;
mod scripted_gateway;
mod terminal;
mod usage;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use ips_gateway::sandbox::users::ORDINARY;

/// The binary with the address of a gateway and the credentials of an ordinary user.
#[derive(Clone)]
struct Client {
    url: String,
}

impl Client {
    fn new(url: impl Into<String>) -> Self {
        Self { url: url.into() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = without_settings(Command::new(env!("CARGO_BIN_EXE_ips-gateway")));
        command.args(arguments).stdin(Stdio::null());
        command.env("IPS_GATEWAY_URL", &self.url);
        command.env("IPS_GATEWAY_USER", ORDINARY.email).env("IPS_GATEWAY_PASSWORD", ORDINARY.password);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        run(self.command(arguments)).await
    }

    /// Starts a command that writes progress to stderr.
    fn start(&self, arguments: &[&str]) -> Started {
        let mut command = self.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary can be run");
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        Started { child, stderr, heard: String::new() }
    }
}

/// Removes the variables of this process that the gateway and its client read.
fn without_settings(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("IPS_GATEWAY_")) {
        command.env_remove(name);
    }
    command
}

/// Exit status and output.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

async fn run(mut command: Command) -> Ended {
    // The gateway may run in this process.
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic");
    output.expect("the binary can be run").into()
}

/// A running command, killed on drop.
struct Started {
    child: Child,
    stderr: BufReader<ChildStderr>,
    heard: String,
}

impl Started {
    /// Waits for a line of stderr with this text.
    async fn until(mut self, text: &'static str) -> Self {
        let reading = move || {
            while !self.heard.lines().any(|line| line.contains(text)) {
                let read = self.stderr.read_line(&mut self.heard).expect("text");
                assert_ne!(read, 0, "it ended without {text:?}:\n{}", self.heard);
            }
            self
        };
        tokio::task::spawn_blocking(reading).await.expect("no panic")
    }

    fn signal(&self, signal: &str) {
        let kill = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(kill.expect("kill can be run").success());
    }

    async fn end(mut self) -> Ended {
        let ending = move || {
            self.stderr.read_to_string(&mut self.heard).expect("text");
            let mut stdout = String::new();
            self.child.stdout.take().expect("it is piped").read_to_string(&mut stdout).expect("text");
            let code = self.child.wait().expect("it ends").code();
            Ended { code, stdout, stderr: std::mem::take(&mut self.heard) }
        };
        tokio::task::spawn_blocking(ending).await.expect("no panic")
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
