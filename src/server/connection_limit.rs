//! Connection limit: in total, and for each client address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::{ConnectionLimits, TrustedProxies};
use crate::telemetry::metrics::names;

/// Limit of the connections that may be open at a time.
pub struct ConnectionLimit {
    limits: ConnectionLimits,
    /// Peers without a limit for each address.
    trusted_proxies: TrustedProxies,
    open: Mutex<Open>,
}

/// Number of open connections.
#[derive(Default)]
struct Open {
    total: usize,
    /// Only filled if there is a limit for each address.
    by_address: HashMap<IpAddr, usize>,
}

impl ConnectionLimit {
    /// Creates the limit, with no connection open.
    pub fn new(limits: ConnectionLimits, trusted_proxies: TrustedProxies) -> Arc<Self> {
        Arc::new(Self { limits, trusted_proxies, open: Mutex::default() })
    }

    /// Acquires a permit for a connection from `address`. `None` at the limit: the caller closes the connection at once.
    pub fn try_acquire(self: &Arc<Self>, address: IpAddr) -> Option<ConnectionPermit> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.total >= self.limits.total {
            return None;
        }
        let address = address.to_canonical();
        if let Some(limit) = self.limits.per_address.filter(|_| !self.trusted_proxies.contains(address)) {
            let count = open.by_address.entry(address).or_default();
            if *count >= limit {
                return None;
            }
            *count += 1;
        }
        open.total += 1;
        metrics::gauge!(names::CONNECTIONS).set(open.total as f64);
        Some(ConnectionPermit { limit: Arc::clone(self), address })
    }
}

/// Permit of one open connection, released when it is dropped.
pub struct ConnectionPermit {
    limit: Arc<ConnectionLimit>,
    address: IpAddr,
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut open = self.limit.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total -= 1;
        metrics::gauge!(names::CONNECTIONS).set(open.total as f64);
        if let Some(count) = open.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}
