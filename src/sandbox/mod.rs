//! A stand-in until the sandbox comes.

use std::io;
use std::net::{SocketAddr, TcpListener};

use crate::ips::types::ApiVersion;

/// A user.
pub struct User {
    /// E-mail.
    pub email: &'static str,
    /// Password.
    pub password: &'static str,
    /// May log in.
    pub active: bool,
}
/// A user.
pub static ORDINARY: User = User { email: "katlyn@example.com", password: "sandbox-katlyn", active: true };
/// Users.
pub static USERS: [&User; 1] = [&ORDINARY];

/// Configuration.
pub struct SandboxConfig {
    /// Address.
    pub listen: SocketAddr,
    /// Version.
    pub version: ApiVersion,
    /// More.
    pub seed: u64,
}
impl Default for SandboxConfig {
    fn default() -> Self {
        Self { listen: ([127, 0, 0, 1], 0).into(), version: ApiVersion::default(), seed: 1 }
    }
}
/// The sandbox.
pub struct Sandbox(TcpListener);
impl Sandbox {
    /// Starts.
    ///
    /// # Errors
    /// Can't bind.
    pub async fn start(config: SandboxConfig) -> io::Result<Self> {
        TcpListener::bind(config.listen).map(Self)
    }
    /// URL.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/scene7/services/IpsApiService", self.0.local_addr().expect("bound"))
    }
    /// Stops.
    pub async fn stop(self) {}
}
