//! `healthcheck`: requests `/livez` of a running gateway, for container images without curl.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::{ArgMatches, Command};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::error::CliError;
use crate::config::{self, Group, Listen, Sources};

pub(super) const NAME: &str = "healthcheck";

/// Maximum time until the status line of the response.
const TIMEOUT: Duration = Duration::from_secs(2);

pub(super) fn command() -> Command {
    Command::new(NAME)
        .about("Request /livez of the gateway with the same settings; the exit status is 0 if it answers 200, else 1")
        .args(config::arguments(&[Group::Listen]))
}

/// Maps every error to exit status 1: Docker reserves the others.
pub(super) async fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let sources = Sources::new(std::env::vars_os(), matches);
    let listen = Listen::read(&sources).map_err(|errors| CliError::Unhealthy(errors.into()))?;
    let result = tokio::time::timeout(TIMEOUT, request_livez(&listen)).await;
    result.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map_err(|error| CliError::Unhealthy(error.into()))
}

/// Requests `/livez` on this machine.
async fn request_livez(listen: &Listen) -> io::Result<()> {
    let target = loopback(listen.address);
    let mut stream = TcpStream::connect(target).await?;
    let path = format!("{}/livez", listen.path_prefix);
    let request = format!("GET {path} HTTP/1.1\r\nHost: {target}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;

    let expected = b"HTTP/1.1 200 ";
    let mut status_line = Vec::new();
    stream.take(expected.len() as u64).read_to_end(&mut status_line).await?;
    if status_line == expected {
        Ok(())
    } else {
        let answer = String::from_utf8_lossy(&status_line);
        Err(io::Error::other(format!("http://{target}{path} answered {answer:?}")))
    }
}

/// Replaces an unspecified address, on which a server accepts connections to all addresses, by the loopback one.
fn loopback(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
