//! `ips-gateway verify`, as a process: against the sandbox in every API version, and against an upstream with deviations.

mod deviations;
mod failures;
mod redaction;
mod sandbox;

use std::process::{Command, Output};

use serde_json::Value;

/// Exit status and output of a run.
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// The report on stdout.
    #[track_caller]
    pub fn report(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {}\n{}", self.stdout, self.stderr))
    }

    /// What was observed of a question.
    #[track_caller]
    pub fn observed(&self, id: &str) -> Option<String> {
        let report = self.report();
        let questions = report["questions"].as_array().expect("questions");
        let question = questions.iter().find(|question| question["id"] == id).unwrap_or_else(|| panic!("no {id}"));
        question["observed"].as_str().map(str::to_owned)
    }
}

/// Runs `verify` with these arguments and exactly these variables.
pub async fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ips-gateway"));
    command.arg("verify").args(arguments).env_clear().envs(variables.iter().copied());
    // The upstream runs in this process.
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic");
    let Output { status, stdout, stderr } = output.expect("the binary can be run");
    Run {
        status: status.code().expect("an exit status"),
        stdout: String::from_utf8(stdout).expect("UTF-8"),
        stderr: String::from_utf8(stderr).expect("UTF-8"),
    }
}

/// Runs `verify` as this user with the JSON on stdout, and does not wait for jobs.
pub async fn verify(url: &str, company: &str, user: (&str, &str), more: &[&str]) -> Run {
    let mut arguments = vec!["--upstream-url", url, "--company", company, "--output", "-"];
    if !more.contains(&"--watch") {
        arguments.extend(["--watch", "0s"]);
    }
    arguments.extend(more);
    run(&arguments, &[("IPS_GATEWAY_SERVICE_USER", user.0), ("IPS_GATEWAY_SERVICE_PASSWORD", user.1)]).await
}
