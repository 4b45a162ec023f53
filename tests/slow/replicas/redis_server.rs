//! A real `redis-server`, and a misbehaving one.

use std::net::TcpListener as Listener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use redis::{Client, Connection, TlsCertificates};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::support::certificate_authority::{Authority, for_host};

/// User and password of a Redis with access control.
pub const USER: (&str, &str) = ("gateway", "s3cret");
/// The permissions of this user: those that a gateway needs.
pub const PERMISSIONS: [&str; 8] =
    ["~ipsgw:1:*", "&ipsgw:1:*", "+@read", "+@write", "+@scripting", "+@pubsub", "+@connection", "+time"];

/// Writes a temporary file; returns its path.
fn file(content: &str) -> String {
    static FILES: AtomicUsize = AtomicUsize::new(0);
    let name = format!("store-{}-{}.pem", std::process::id(), FILES.fetch_add(1, Ordering::Relaxed));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).expect("a file");
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// An empty `redis-server` on a free port.
pub struct Redis {
    url: String,
    /// The certificate authority of its certificate, in PEM.
    authority: Option<String>,
    settings: Vec<String>,
    process: Option<Child>,
}

impl Redis {
    /// Starts one; `None` if it is not installed.
    pub fn start() -> Option<Self> {
        Self::start_with(|port| {
            let settings = ["--port", &port.to_string()].map(str::to_owned).into();
            (format!("redis://127.0.0.1:{port}/"), None, settings)
        })
    }

    /// Starts one with TLS, a certificate of this authority, [`USER`], and a user without permissions.
    pub fn start_guarded(authority: &Authority) -> Option<Self> {
        let (certificate, key) = authority.certify(for_host("127.0.0.1"));
        Self::start_with(|port| {
            let port = port.to_string();
            let (certificate, key) = (file(&certificate.pem()), file(&key.serialize_pem()));
            let trusted = authority.file();
            let password = format!(">{}", USER.1);
            let tls = ["--port", "0", "--tls-port", &port, "--tls-cert-file", &certificate, "--tls-key-file", &key];
            let more = ["--tls-ca-cert-file", &trusted, "--tls-auth-clients", "no", "--user", "default", "off"];
            let users = ["--user", "powerless", "on", &password, "--user", USER.0, "on", &password];
            let settings = [&tls[..], &more, &users, &PERMISSIONS].concat().into_iter().map(str::to_owned).collect();
            (format!("rediss://{}:{}@127.0.0.1:{port}/", USER.0, USER.1), Some(authority.pem()), settings)
        })
    }

    fn start_with(make: impl FnOnce(u16) -> (String, Option<String>, Vec<String>)) -> Option<Self> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            eprintln!("SKIPPED: redis-server is not installed; `tests/all` installs it");
            return None;
        }
        let port =
            Listener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let (url, authority, settings) = make(port);
        let mut redis = Self { url, authority, settings, process: None };
        redis.run();
        Some(redis)
    }

    /// Starts it, empty.
    pub fn run(&mut self) {
        let mut server = Command::new("redis-server");
        server.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]).args(&self.settings);
        let process = server.stdout(Stdio::null()).spawn();
        self.process = Some(process.expect("redis-server starts"));
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.try_connect().is_none() {
            assert!(Instant::now() < deadline, "redis-server does not respond");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills it.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().and_then(|()| process.wait()).expect("it ends");
        }
    }

    /// Sends a signal: `STOP` makes it hang, `CONT` continues it.
    pub fn signal(&self, signal: &str) {
        let pid = self.process.as_ref().expect("it runs").id().to_string();
        let sent = Command::new("kill").args([&format!("-{signal}"), &pid]).status().expect("kill is there");
        assert!(sent.success(), "{signal}");
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }

    fn try_connect(&self) -> Option<Connection> {
        let client = match self.authority.clone() {
            None => Client::open(self.url()),
            Some(authority) => {
                let certificates = TlsCertificates { client_tls: None, root_cert: Some(authority.into_bytes()) };
                Client::build_with_tls(self.url(), certificates)
            }
        };
        let mut connection = client.ok()?.get_connection().ok()?;
        redis::cmd("PING").exec(&mut connection).ok()?;
        Some(connection)
    }

    pub fn connection(&self) -> Connection {
        self.try_connect().expect("redis-server responds")
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A kind of misbehaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misbehaviour {
    /// Accepts connections and never responds.
    Hangs,
    /// Closes the connection on the first command.
    Closes,
    /// Responds with garbage.
    Garbage,
    /// Accepts the connection's setup, then is out of memory.
    Full,
    /// Accepts the connection's setup, then is read-only.
    ReadOnly,
    /// Responds to everything with a number.
    WrongTypes,
    /// Denies access.
    Denies,
}

pub const MISBEHAVIOURS: [Misbehaviour; 7] = [
    Misbehaviour::Hangs,
    Misbehaviour::Closes,
    Misbehaviour::Garbage,
    Misbehaviour::Full,
    Misbehaviour::ReadOnly,
    Misbehaviour::WrongTypes,
    Misbehaviour::Denies,
];

/// A misbehaving Redis.
pub struct MisbehavingRedis {
    port: u16,
    serving: JoinHandle<()>,
}

impl MisbehavingRedis {
    pub async fn start(misbehaviour: Misbehaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(misbehave(stream, misbehaviour));
            }
        });
        Self { port, serving }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }
}

impl Drop for MisbehavingRedis {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Responds to each command of a connection.
async fn misbehave(mut stream: TcpStream, misbehaviour: Misbehaviour) -> Option<()> {
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let length = stream.read(&mut chunk).await.ok().filter(|length| *length > 0)?;
        let text = String::from_utf8_lossy(&chunk[..length]).into_owned();
        for command in text.split("\r\n*").map(str::to_uppercase) {
            let is_greeting = command.contains("CLIENT\r\n") || command.contains("\r\nSUBSCRIBE\r\n");
            let is_probe = command.contains(":PROBE\r\n");
            let answer: &[u8] = match misbehaviour {
                Misbehaviour::Hangs => continue,
                Misbehaviour::Closes => return None,
                Misbehaviour::Garbage => b"\x00\xff?garbage\r\n",
                Misbehaviour::WrongTypes if !is_greeting && !is_probe => b":42\r\n",
                Misbehaviour::Full if !is_greeting && !is_probe => {
                    b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"
                }
                Misbehaviour::ReadOnly if !is_greeting && !is_probe => {
                    b"-READONLY You can't write against a read only replica.\r\n"
                }
                Misbehaviour::Denies => b"-NOAUTH Authentication required.\r\n",
                _ if command.contains("\r\nSUBSCRIBE\r\n") => b"*3\r\n$9\r\nsubscribe\r\n$12\r\nipsgw:1:news\r\n:1\r\n",
                _ => b"+OK\r\n",
            };
            stream.write_all(answer).await.ok()?;
        }
    }
}
