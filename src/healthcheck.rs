//! Asks a running gateway whether it lives: for container images, which have no curl.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::config::Address;

/// Asks the gateway at `address` for `/livez`, from the same machine, and waits for the answer for at most `timeout`.
///
/// # Errors
/// It can't be reached, is too slow, or gives any other answer than 200.
pub fn probe(address: &Address, timeout: Duration) -> io::Result<()> {
    let deadline = Instant::now() + timeout;
    let target = reachable(address.listen);
    let mut stream = TcpStream::connect_timeout(&target, timeout)?;
    stream.set_write_timeout(Some(timeout))?;
    let path = format!("{}/livez", address.path_prefix);
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {target}\r\nConnection: close\r\n\r\n").as_bytes())?;

    let expected = b"HTTP/1.1 200 ";
    let mut answer = [0; 13];
    let mut filled = 0;
    while filled < answer.len() {
        let left = deadline.saturating_duration_since(Instant::now());
        // A read timeout of zero would be refused.
        stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        match stream.read(&mut answer[filled..])? {
            0 => break,
            read => filled += read,
        }
        if Instant::now() >= deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
    if &answer == expected {
        Ok(())
    } else {
        let answer = String::from_utf8_lossy(&answer[..filled]).into_owned();
        Err(io::Error::other(format!("http://{target}{path} answered {answer:?}")))
    }
}

/// A server that listens on every address is asked on the loopback one.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
