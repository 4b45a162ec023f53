//! Checks of what the gateway depends on: IPS, the service account and the shared store.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

use super::error::StartError;
use super::parts::{auditor, authenticator, coordinator, ips_client};
use crate::config::Config;
use crate::ips::types::GetCompanyMembershipParam;
use crate::jobs::Jobs;
use crate::replicas::Coordinator;
use crate::runtime::clock::Clock;
use crate::runtime::lifecycle::Lifecycle;
use crate::runtime::timing::Timing;
use crate::upstream::{Caller, Credentials, ServiceAccountState};

/// Maximum wait of [`check`] for the shared store: longer than a few connection attempts.
const STORE_CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// Checks what the gateway depends on: builds its parts without serving, and calls IPS and the shared store. Returns the name of each
/// dependency with its state, or with the reason why it can't be used.
///
/// # Errors
/// Those of [`build`](super::build), but for the address.
pub async fn check(config: &Config) -> Result<Vec<(&'static str, Result<String, String>)>, StartError> {
    let clock = Clock::system();
    let authenticator = authenticator(config, Timing::default(), None)?;
    auditor(config, &clock, None)?;
    let client = ips_client(&config.upstream, clock, Timing::default())?;
    let ips = match authenticator.service_account() {
        None => client.check_reachable().await.map(|()| "reachable".to_owned()).map_err(|error| error.to_string()),
        Some(account) => match client.call(&Caller::service(account), &GetCompanyMembershipParam::default()).await {
            Ok(_) => Ok("accepts the service account".to_owned()),
            Err(error) => Err(format!("call with the service account: {error}")),
        },
    };
    let mut states = vec![("IPS", ips)];
    if let Some(coordinator) = coordinator(config)? {
        states.push(("shared store", check_store(&*coordinator).await));
    }
    Ok(states)
}

/// Waits until the shared store has answered, for at most 5 s.
async fn check_store(coordinator: &dyn Coordinator) -> Result<String, String> {
    let key = coordinator.store_key(&[b"check"]);
    let deadline = Instant::now() + STORE_CHECK_TIMEOUT;
    loop {
        if coordinator.get(&[key]).await.is_ok() {
            return Ok("reachable".to_owned());
        }
        if Instant::now() >= deadline {
            return Err(format!("unavailable: {}", coordinator.health().error_kind.unwrap_or("timeout")));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Checks the credentials of the service account at the start, so that wrong ones are known before the first caller needs them. Tries again
/// while IPS gives no answer; never after a rejection, since IPS counts failed logins.
pub(super) fn check_service_account(account: Credentials, jobs: Arc<Jobs>, lifecycle: &Lifecycle, interval: Duration) {
    let lifecycle = lifecycle.clone();
    Handle::current().spawn(async move {
        let caller = Caller::service(&account);
        while jobs.upstream_health().service_account == ServiceAccountState::Unknown {
            // The client notes and logs the result.
            let _ = jobs.companies().check_credentials(&caller).await;
            tokio::select! {
                () = tokio::time::sleep(interval) => {}
                () = lifecycle.stopping() => return,
            }
        }
    });
}
