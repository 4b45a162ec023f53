//! Companies: resolves the company of a request, with a cache of memberships and companies per caller.

use std::sync::Arc;
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::time::Instant;

use crate::ips::types::{
    Company, CompanyMembership, FaultClass, GetCompanyInfoParam, GetCompanyMembershipParam, GetCompanyMembershipReturn,
};
use crate::jobs::error::{Error, InvalidField, Result};
use crate::runtime::clock::Clock;
use crate::telemetry::metrics::report_table;
use crate::upstream::{
    BadItem, Caller, CallerKey, CredentialSource, Delivery, Failure, IpsAnswer, IpsApi, UpstreamError,
};

/// Time for which memberships and companies are fresh; both change rarely.
const FRESH_FOR: Duration = Duration::from_mins(5);
/// Time after that for which memberships are served when IPS fails, so that cached lists stay readable during an outage.
const STALE_IF_ERROR: Duration = Duration::from_hours(4);
/// Maximum approximate memory of the memberships, in bytes; beyond it the least recently used ones are evicted.
const MAX_MEMBERSHIP_BYTES: u64 = 4 << 20;
/// Maximum approximate memory of the companies by name, in bytes; beyond it the least recently used ones are evicted.
const MAX_COMPANY_BYTES: u64 = 1 << 20;
/// Overhead of a company or membership in its approximate memory, in bytes.
const OVERHEAD_BYTES: usize = 512;
/// Maximum length of a handle of a company or an asset, in bytes.
pub(super) const MAX_HANDLE_LENGTH: usize = 256;
/// Maximum length of the name of a company, in bytes.
const MAX_COMPANY_NAME_LENGTH: usize = 1024;

/// Company parameters of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompanyChoice {
    /// Handle of the company.
    pub handle: Option<String>,
    /// Name of the company.
    pub name: Option<String>,
}

impl CompanyChoice {
    /// Returns the error of a request that has both parameters, or one that is too long.
    pub(super) fn invalid_parameter(&self) -> Option<InvalidField> {
        let is_long = |text: &Option<String>, max| text.as_ref().is_some_and(|text| text.len() > max);
        if is_long(&self.handle, MAX_HANDLE_LENGTH) {
            return Some(InvalidField::in_parameter("companyHandle", too_long(MAX_HANDLE_LENGTH)));
        }
        if is_long(&self.name, MAX_COMPANY_NAME_LENGTH) {
            return Some(InvalidField::in_parameter("company", too_long(MAX_COMPANY_NAME_LENGTH)));
        }
        let has_both = self.handle.is_some() && self.name.is_some();
        has_both.then(|| InvalidField::in_parameter("company", "`companyHandle` is given too: expected one of the two"))
    }
}

/// Returns the IPS handle of a user that the parameter `userHandle` of a request has.
///
/// # Errors
/// It is too long.
pub fn user_handle(parameter: Option<String>) -> Result<Option<String>> {
    match parameter {
        Some(handle) if handle.len() > MAX_HANDLE_LENGTH => {
            Err(Error::invalid_parameter("userHandle", too_long(MAX_HANDLE_LENGTH)))
        }
        handle => Ok(handle),
    }
}

/// Returns the reason of a value of more than `max` bytes.
pub(super) fn too_long(max: usize) -> String {
    format!("must not be longer than {max} bytes")
}

/// Returns the approximate memory of a company, in bytes.
fn company_weight(company: &Company) -> usize {
    let texts = [company.name.as_deref(), company.root_path.as_deref()];
    OVERHEAD_BYTES + company.company_handle.len() + texts.iter().flatten().map(|text| text.len()).sum::<usize>()
}

/// Cache entry with the memberships of a caller.
#[derive(Clone)]
struct CachedMemberships {
    memberships: Arc<Vec<CompanyMembership>>,
    loaded_at: Instant,
}

/// Companies of the callers, with a cache of the answers of IPS.
pub struct Companies {
    upstream: Arc<dyn IpsApi>,
    default: Option<String>,
    memberships: Cache<CallerKey, CachedMemberships>,
    by_name: Cache<(CallerKey, String), Arc<Company>>,
    clock: Clock,
}

impl Companies {
    /// Creates empty caches. `default` is the name or handle of the company of requests that name none.
    #[must_use]
    pub fn new(upstream: Arc<dyn IpsApi>, default: Option<String>, clock: Clock) -> Self {
        let lru = EvictionPolicy::lru;
        let memberships = Cache::builder()
            .max_capacity(MAX_MEMBERSHIP_BYTES)
            .weigher(|_: &CallerKey, cached: &CachedMemberships| {
                let companies = cached.memberships.iter().map(|membership| company_weight(&membership.company));
                u32::try_from(OVERHEAD_BYTES + companies.sum::<usize>()).unwrap_or(u32::MAX)
            })
            .eviction_policy(lru());
        let by_name = Cache::builder()
            .max_capacity(MAX_COMPANY_BYTES)
            .weigher(|(_, name): &(CallerKey, String), company: &Arc<Company>| {
                u32::try_from(company_weight(company) + name.len()).unwrap_or(u32::MAX)
            })
            .eviction_policy(lru());
        Self {
            upstream,
            default,
            memberships: memberships.time_to_live(FRESH_FOR + STALE_IF_ERROR).build(),
            by_name: by_name.time_to_live(FRESH_FOR).build(),
            clock,
        }
    }

    /// Returns the handle of the company of a request.
    ///
    /// # Errors
    /// [`Error::CompanyRequired`] with the caller's companies if the request names none and the caller has several or none,
    /// [`Error::CompanyNotFound`] if no company has the name or the API key does not permit it, and the errors of IPS.
    pub async fn resolve(&self, caller: &Caller, choice: &CompanyChoice) -> Result<String> {
        if let Some(invalid) = choice.invalid_parameter() {
            return Err(Error::Invalid(vec![invalid]));
        }
        match choice {
            CompanyChoice { handle: Some(handle), .. } => {
                check_permitted(caller, handle, handle)?;
                Ok(handle.clone())
            }
            CompanyChoice { handle: None, name: Some(name) } => {
                let company = self.find_by_name(caller, name).await?;
                check_permitted(caller, &company.company_handle, name)?;
                Ok(company.company_handle.clone())
            }
            CompanyChoice { handle: None, name: None } => self.default_company(caller).await,
        }
    }

    /// Returns the result of [`Companies::resolve`] if that needs no call to IPS.
    #[must_use]
    pub fn resolve_cached(&self, caller: &Caller, choice: &CompanyChoice) -> Option<String> {
        let company = match choice {
            CompanyChoice { handle: Some(handle), name: None } if handle.len() <= MAX_HANDLE_LENGTH => handle.clone(),
            CompanyChoice { handle: None, name: None } if self.default.is_none() => {
                only_company(caller, &self.fresh_memberships(caller)?)?
            }
            _ => return None,
        };
        caller.may_see(&company).then_some(company)
    }

    /// Sets the gauges of the memory of the caches.
    pub fn report_metrics(&self) {
        report_table("memberships", self.memberships.weighted_size(), MAX_MEMBERSHIP_BYTES);
        report_table("companies", self.by_name.weighted_size(), MAX_COMPANY_BYTES);
    }

    fn fresh_memberships(&self, caller: &Caller) -> Option<Arc<Vec<CompanyMembership>>> {
        let cached = self.memberships.get(&CallerKey::of(caller))?;
        let age = self.clock.instant().saturating_duration_since(cached.loaded_at);
        (age < FRESH_FOR).then_some(cached.memberships)
    }

    /// Returns the memberships of the caller (`getCompanyMembership`), stale ones if IPS fails.
    ///
    /// # Errors
    /// The errors of IPS.
    pub async fn memberships(&self, caller: &Caller) -> Result<Arc<Vec<CompanyMembership>>> {
        if let Some(fresh) = self.fresh_memberships(caller) {
            return Ok(fresh);
        }
        let key = CallerKey::of(caller);
        let stale = self.memberships.get(&key);
        let request = GetCompanyMembershipParam::default();
        let answer = self.upstream.get_company_membership(caller, &request).await.and_then(memberships_of);
        match (answer.map_err(Error::of_call(caller)), stale) {
            (Ok(mut memberships), _) => {
                // Without a handle, nothing can be asked of it.
                memberships.retain(|membership| !membership.company.company_handle.is_empty());
                let memberships = Arc::new(memberships);
                let cached =
                    CachedMemberships { memberships: Arc::clone(&memberships), loaded_at: self.clock.instant() };
                self.memberships.insert(key, cached);
                Ok(memberships)
            }
            (Err(error), Some(stale)) if !error.denies_access() => Ok(stale.memberships),
            (Err(error), _) => {
                self.memberships.invalidate(&key);
                Err(error)
            }
        }
    }

    /// Checks that IPS has accepted the caller, by a call if it has not been asked yet. Nothing is recorded for other callers.
    ///
    /// # Errors
    /// IPS rejects the credentials, or can't be asked.
    pub async fn require_accepted(&self, caller: &Caller) -> Result<()> {
        if self.upstream.has_accepted(caller) {
            return Ok(());
        }
        match self.memberships(caller).await {
            // A fault that does not concern the credentials.
            Err(Error::Upstream { error, .. }) if error.fault().is_some_and(|fault| !fault.denies_access()) => Ok(()),
            result => result.map(drop),
        }
    }

    /// Checks the credentials of the caller, if IPS is available.
    ///
    /// # Errors
    /// IPS rejects the credentials.
    pub async fn check_credentials(&self, caller: &Caller) -> Result<()> {
        match self.memberships(caller).await {
            Err(error) if error.rejects_credentials() => Err(error),
            _ => Ok(()),
        }
    }

    /// Checks that IPS accepts the credentials of the caller, or accepted them before an outage. Those of the gateway need no check.
    ///
    /// # Errors
    /// The errors of IPS.
    pub async fn confirm_user(&self, caller: &Caller) -> Result<()> {
        match caller.source {
            CredentialSource::Gateway => Ok(()),
            CredentialSource::Caller => self.memberships(caller).await.map(drop),
        }
    }

    /// Returns a company by name or handle (`getCompanyInfo`).
    ///
    /// # Errors
    /// [`Error::CompanyNotFound`] if IPS has no company with the name or the API key does not permit it, and the errors of IPS.
    pub async fn find(&self, caller: &Caller, name_or_handle: &str) -> Result<Arc<Company>> {
        let memberships = self.memberships(caller).await?;
        let by_handle = memberships.iter().find(|membership| membership.company.company_handle == name_or_handle);
        let company = match by_handle {
            Some(membership) => Arc::new(membership.company.clone()),
            None => self.find_by_name(caller, name_or_handle).await?,
        };
        check_permitted(caller, &company.company_handle, name_or_handle)?;
        Ok(company)
    }

    async fn find_by_name(&self, caller: &Caller, name: &str) -> Result<Arc<Company>> {
        let key = (CallerKey::of(caller), name.to_owned());
        if let Some(cached) = self.by_name.get(&key) {
            return Ok(cached);
        }
        let memberships = self.memberships(caller).await?;
        let company = match memberships.iter().find(|membership| membership.company.name.as_deref() == Some(name)) {
            Some(membership) => membership.company.clone(),
            None => self.load_by_name(caller, name).await?,
        };
        let company = Arc::new(company);
        self.by_name.insert(key, Arc::clone(&company));
        Ok(company)
    }

    async fn load_by_name(&self, caller: &Caller, name: &str) -> Result<Company> {
        let request = GetCompanyInfoParam { company_name: Some(name.into()), ..GetCompanyInfoParam::default() };
        match self.upstream.get_company_info(caller, &request).await {
            Ok(answer) => Ok(answer.value.company_info),
            Err(error) if error.fault_class() == Some(FaultClass::NoSuchCompany) => {
                Err(Error::CompanyNotFound(name.into()))
            }
            Err(error) => Err(Error::of_call(caller)(error)),
        }
    }

    /// Returns the configured company, else the only one of the caller.
    async fn default_company(&self, caller: &Caller) -> Result<String> {
        if let Some(default) = &self.default {
            return Ok(self.find(caller, default).await?.company_handle.clone());
        }
        let memberships = self.memberships(caller).await?;
        only_company(caller, &memberships).ok_or_else(|| {
            let choices = permitted_companies(caller, &memberships).cloned().collect();
            Error::CompanyRequired { choices }
        })
    }
}

/// Checks that the API key of the caller permits the company with this handle.
///
/// # Errors
/// [`Error::CompanyNotFound`] with `requested`, the name or handle in the request. The error does not reveal whether the company exists.
pub(super) fn check_permitted(caller: &Caller, company: &str, requested: &str) -> Result<()> {
    if caller.may_see(company) { Ok(()) } else { Err(Error::CompanyNotFound(requested.to_owned())) }
}

/// Returns the permitted companies with an active membership.
fn permitted_companies<'a>(
    caller: &'a Caller,
    memberships: &'a [CompanyMembership],
) -> impl Iterator<Item = &'a Company> {
    let active = memberships.iter().filter(|membership| membership.is_active != Some(false));
    active.map(|membership| &membership.company).filter(|company| caller.may_see(&company.company_handle))
}

/// Returns the memberships of an answer.
///
/// # Errors
/// None of them can be read: that is an answer of an unknown shape, not one without memberships.
fn memberships_of(answer: IpsAnswer<GetCompanyMembershipReturn>) -> Result<Vec<CompanyMembership>, UpstreamError> {
    let IpsAnswer { value, bad_items } = answer;
    match (value.into_memberships(), bad_items.first()) {
        (none, Some(BadItem { path, reason })) if none.is_empty() => {
            let failure = Failure::Malformed { status: None, reason: format!("{path}: {reason}") };
            Err(UpstreamError::of::<GetCompanyMembershipParam>(failure, Delivery::Unknown))
        }
        (memberships, _) => Ok(memberships),
    }
}

/// Returns whether a role of IPS permits `submitJob`; `None` for a role that the reference does not document.
#[must_use]
pub fn may_submit(role: &str) -> Option<bool> {
    match role {
        "IpsAdmin"
        | "IpsUser"
        | "TrialSiteAdmin"
        | "TrialSiteUser"
        | "ImagePortalAdmin"
        | "ImagePortalContrib"
        | "ImagePortalContribUser" => Some(true),
        "IpsCompanyAdmin" | "ImagePortalUser" => Some(false),
        _ => None,
    }
}

/// Returns the handle of the only permitted company with an active membership; `None` if there are several or none.
fn only_company(caller: &Caller, memberships: &[CompanyMembership]) -> Option<String> {
    let mut permitted = permitted_companies(caller, memberships);
    match (permitted.next(), permitted.next()) {
        (Some(only), None) => Some(only.company_handle.clone()),
        _ => None,
    }
}
