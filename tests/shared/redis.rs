//! The stores: a real one, and one that misbehaves.

use std::net::TcpListener as Listener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::{Client, Connection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A `redis-server` on a port of its own, empty.
pub struct Redis {
    port: u16,
    process: Option<Child>,
}

impl Redis {
    /// Starts one; `None`, and says so, where none is installed.
    pub fn start() -> Option<Self> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            eprintln!("SKIPPED: redis-server is not installed; `tests/all` installs it");
            return None;
        }
        let port =
            Listener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let mut redis = Self { port, process: None };
        redis.run();
        Some(redis)
    }

    /// Starts it again, empty.
    pub fn run(&mut self) {
        let port = self.port.to_string();
        let settings = ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let process = Command::new("redis-server").args(settings).stdout(Stdio::null()).spawn();
        self.process = Some(process.expect("redis-server starts"));
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.try_connect().is_none() {
            assert!(Instant::now() < deadline, "redis-server doesn't answer");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().and_then(|()| process.wait()).expect("it ends");
        }
    }

    /// Sends it a signal: `STOP` to hang, `CONT` to go on.
    pub fn signal(&self, signal: &str) {
        let pid = self.process.as_ref().expect("it runs").id().to_string();
        let sent = Command::new("kill").args([&format!("-{signal}"), &pid]).status().expect("kill is there");
        assert!(sent.success(), "{signal}");
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    fn try_connect(&self) -> Option<Connection> {
        let mut connection = Client::open(self.url()).ok()?.get_connection().ok()?;
        redis::cmd("PING").exec(&mut connection).ok()?;
        Some(connection)
    }

    pub fn connection(&self) -> Connection {
        self.try_connect().expect("redis-server answers")
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How a store misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mischief {
    /// Takes connections and never says anything.
    Hangs,
    /// Hangs up on whoever says something.
    Closes,
    /// Answers with what is no answer.
    Garbage,
    /// Says yes at first, then that it is full.
    Full,
    /// Says yes at first, then that it only reads.
    ReadOnly,
    /// Answers everything with a number.
    WrongTypes,
    /// Knows nobody.
    Denies,
}

pub const MISCHIEF: [Mischief; 7] = [
    Mischief::Hangs,
    Mischief::Closes,
    Mischief::Garbage,
    Mischief::Full,
    Mischief::ReadOnly,
    Mischief::WrongTypes,
    Mischief::Denies,
];

/// A store that misbehaves.
pub struct BadRedis {
    port: u16,
    serving: JoinHandle<()>,
}

impl BadRedis {
    pub async fn start(mischief: Mischief) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(misbehave(stream, mischief));
            }
        });
        Self { port, serving }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }
}

impl Drop for BadRedis {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Answers each command, once for every array that begins in what came.
async fn misbehave(mut stream: TcpStream, mischief: Mischief) -> Option<()> {
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let length = stream.read(&mut chunk).await.ok().filter(|length| *length > 0)?;
        let text = String::from_utf8_lossy(&chunk[..length]).into_owned();
        for command in text.split("\r\n*").map(str::to_uppercase) {
            let is_greeting = command.contains("CLIENT\r\n") || command.contains("\r\nSUBSCRIBE\r\n");
            let is_probe = command.contains(":PROBE\r\n");
            let answer: &[u8] = match mischief {
                Mischief::Hangs => continue,
                Mischief::Closes => return None,
                Mischief::Garbage => b"\x00\xff?garbage\r\n",
                Mischief::WrongTypes if !is_greeting && !is_probe => b":42\r\n",
                Mischief::Full if !is_greeting && !is_probe => {
                    b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"
                }
                Mischief::ReadOnly if !is_greeting && !is_probe => {
                    b"-READONLY You can't write against a read only replica.\r\n"
                }
                Mischief::Denies => b"-NOAUTH Authentication required.\r\n",
                _ if command.contains("\r\nSUBSCRIBE\r\n") => b"*3\r\n$9\r\nsubscribe\r\n$12\r\nipsgw:1:news\r\n:1\r\n",
                _ => b"+OK\r\n",
            };
            stream.write_all(answer).await.ok()?;
        }
    }
}
