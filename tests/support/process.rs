//! The gateway's binary as a child process.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use serde_json::Value;

/// A gateway in a child process, killed on drop.
pub struct Process {
    child: Child,
    /// Its origin.
    pub url: String,
    stderr: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

/// Exit status and output of a process.
pub struct Exited {
    pub status: ExitStatus,
    /// Everything that it wrote to stderr.
    pub stderr: String,
}

impl Process {
    /// Starts `serve` in front of this IPS with exactly these variables.
    pub fn serve(upstream: &str, variables: &[(&str, &str)]) -> Self {
        Self::run(Command::new(env!("CARGO_BIN_EXE_ips-gateway")), upstream, variables)
    }

    /// Starts `serve` like [`Process::serve`], with at most this number of file descriptors.
    pub fn serve_with_files(files: u32, upstream: &str, variables: &[(&str, &str)]) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("ulimit -n {files}; exec \"$@\""), "sh", env!("CARGO_BIN_EXE_ips-gateway")]);
        Self::run(shell, upstream, variables)
    }

    /// Resident memory, in bytes.
    pub fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    fn run(mut command: Command, upstream: &str, variables: &[(&str, &str)]) -> Self {
        command.arg("serve").env_clear().env("IPS_GATEWAY_LISTEN", "127.0.0.1:0");
        command.env("IPS_GATEWAY_UPSTREAM_URL", upstream).envs(variables.iter().copied());
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary can be run");
        let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut url = String::new();
        let stderr = Arc::new(Mutex::new(String::new()));
        let mut readers = vec![collect(child.stderr.take().expect("it is piped"), &stderr)];
        stdout.read_line(&mut url).expect("a first line");
        assert!(url.starts_with("http://"), "it prints {url:?} and\n{}", stderr.lock().expect("no panic"));
        // Any more output to stdout is appended to stderr, where assertions see it.
        readers.push(collect(stdout, &stderr));
        Self { child, url: url.trim_end().to_owned(), stderr, readers }
    }

    /// Everything that it has written to stderr.
    pub fn stderr(&self) -> String {
        self.stderr.lock().expect("no panic").clone()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, such as `INT`.
    pub fn signal(&self, signal: &str) {
        let kill = Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).status();
        assert!(kill.expect("kill can be run").success());
    }

    /// Sends SIGTERM and waits for the exit.
    pub async fn terminate(self) -> Exited {
        self.exit_by("TERM").await
    }

    /// Sends a signal and waits for the exit.
    pub async fn exit_by(self, signal: &str) -> Exited {
        self.signal(signal);
        // On another thread, since it may export traces to a server of this test before it exits.
        tokio::task::spawn_blocking(|| self.wait()).await.expect("no panic")
    }

    fn wait(mut self) -> Exited {
        let status = self.child.wait().expect("it can be waited for");
        for reader in self.readers.drain(..) {
            reader.join().expect("no panic");
        }
        Exited { status, stderr: self.stderr() }
    }
}

fn collect(mut from: impl Read + Send + 'static, into: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let into = Arc::clone(into);
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            into.lock().expect("no panic").push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    })
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Exited {
    /// The log lines, each of which has to be a JSON object.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        let parse = |line| match serde_json::from_str(line) {
            Ok(value @ Value::Object(_)) => value,
            _ => panic!("no JSON object: {line}\nin\n{}", self.stderr),
        };
        self.stderr.lines().map(parse).collect()
    }

    /// The access log lines.
    #[track_caller]
    pub fn requests(&self) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line["message"] == "request").collect()
    }
}
