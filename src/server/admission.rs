//! How many connections may be open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Connections;

/// Counts the connections that are open.
pub struct Admission {
    limits: Connections,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    total: usize,
    /// Kept only where there is a limit for it.
    by_address: HashMap<IpAddr, usize>,
}

impl Admission {
    /// Nobody is there yet.
    pub fn new(limits: Connections) -> Arc<Self> {
        Arc::new(Self { limits, open: Mutex::default() })
    }

    /// Lets a connection in, if there is room for it.
    pub fn admit(admission: &Arc<Self>, address: IpAddr) -> Option<Permit> {
        let mut open = admission.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.total >= admission.limits.total {
            return None;
        }
        if let Some(limit) = admission.limits.per_address {
            let count = open.by_address.entry(address).or_default();
            if *count >= limit {
                return None;
            }
            *count += 1;
        }
        open.total += 1;
        metrics::gauge!("ips_gateway_connections").set(open.total as f64);
        Some(Permit { admission: Arc::clone(admission), address })
    }
}

/// A connection is open, until this is dropped.
pub struct Permit {
    admission: Arc<Admission>,
    address: IpAddr,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.admission.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total -= 1;
        metrics::gauge!("ips_gateway_connections").set(open.total as f64);
        if let Some(count) = open.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&self.address);
            }
        }
    }
}
