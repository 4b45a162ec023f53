//! A stand-in until the sandbox comes.

pub mod users;

use std::io;
use std::net::TcpListener;

use crate::ips::types::ApiVersion;

/// Configuration.
pub struct SandboxConfig {
    /// Address.
    pub listen: String,
    /// Version.
    pub version: ApiVersion,
}
impl Default for SandboxConfig {
    fn default() -> Self {
        Self { listen: "127.0.0.1:0".into(), version: ApiVersion::default() }
    }
}
/// The sandbox.
pub struct Sandbox(TcpListener, ApiVersion);
impl Sandbox {
    /// Starts.
    pub fn start(config: SandboxConfig) -> io::Result<Self> {
        Ok(Self(TcpListener::bind(config.listen)?, config.version))
    }
    /// URL.
    ///
    /// # Panics
    /// Never.
    pub fn url(&self) -> String {
        format!("http://{}/scene7/services/IpsApiService", self.0.local_addr().expect("bound"))
    }
    /// Version.
    pub fn version(&self) -> &ApiVersion {
        &self.1
    }
    /// Stops.
    pub async fn stop(self) {}
}
