//! Which company a request is about: named, configured, or the caller's only one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::sync::Cache;

use crate::ips::types::{Company, CompanyMembership, FaultClass, GetCompanyInfoParam, GetCompanyMembershipParam};
use crate::jobs::error::{Error, InvalidField, Location, Result};
use crate::upstream::CallerKey;
use crate::upstream::{Answered, Caller, IpsApi, UpstreamError};

/// How long a membership or a company is believed; both change rarely.
const LIFETIME: Duration = Duration::from_mins(5);
/// So long after that memberships are believed when IPS fails: an outage must not end what works without it.
const BELIEVED_IN_OUTAGES: Duration = Duration::from_hours(4);
const CAPACITY: u64 = 10_000;

/// How a request names its company.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompanyChoice {
    /// By handle.
    pub handle: Option<String>,
    /// By name.
    pub name: Option<String>,
}

impl CompanyChoice {
    /// What is wrong with naming a company twice.
    pub(super) fn contradiction(&self) -> Option<InvalidField> {
        let twice = self.handle.is_some() && self.name.is_some();
        twice.then(|| InvalidField {
            location: Location::Parameter("company".into()),
            reason: "name the company by `company` or by `companyHandle`, not by both".into(),
        })
    }
}

/// What a caller belongs to, and since when that is known.
#[derive(Clone)]
struct Known {
    memberships: Arc<Vec<CompanyMembership>>,
    since: Instant,
}

/// Finds companies and remembers them, each caller's apart.
pub struct Companies {
    upstream: Arc<dyn IpsApi>,
    default: Option<String>,
    memberships: Cache<CallerKey, Known>,
    by_name: Cache<(CallerKey, String), Arc<Company>>,
}

impl Companies {
    /// Asks `upstream`; `default` (a name or a handle) answers for requests that name no company.
    #[must_use]
    pub fn new(upstream: Arc<dyn IpsApi>, default: Option<String>) -> Self {
        let memberships = Cache::builder().max_capacity(CAPACITY).time_to_live(LIFETIME + BELIEVED_IN_OUTAGES).build();
        let by_name = Cache::builder().max_capacity(CAPACITY).time_to_live(LIFETIME).build();
        Self { upstream, default, memberships, by_name }
    }

    /// The handle of the company that a request is about.
    ///
    /// # Errors
    /// [`Error::CompanyRequired`] with the caller's companies when none is named and there is no obvious one, [`Error::CompanyNotFound`]
    /// when no company has that name, and whatever IPS answers.
    pub async fn resolve(&self, caller: &Caller, choice: &CompanyChoice) -> Result<String> {
        if let Some(wrong) = choice.contradiction() {
            return Err(Error::Invalid(vec![wrong]));
        }
        let company = match choice {
            CompanyChoice { handle: Some(handle), .. } => handle.clone(),
            CompanyChoice { handle: None, name: Some(name) } => self.named(caller, name).await?.company_handle.clone(),
            CompanyChoice { handle: None, name: None } => self.obvious(caller).await?,
        };
        permitted(caller, company)
    }

    /// The handle that [`Companies::resolve`] would give, when it is known without asking IPS.
    #[must_use]
    pub fn known(&self, caller: &Caller, choice: &CompanyChoice) -> Option<String> {
        let company = match choice {
            CompanyChoice { handle: Some(handle), name: None } => handle.clone(),
            CompanyChoice { handle: None, name: None } if self.default.is_none() => {
                only(caller, &self.fresh_memberships(caller)?)?
            }
            _ => return None,
        };
        permitted(caller, company).ok()
    }

    fn fresh_memberships(&self, caller: &Caller) -> Option<Arc<Vec<CompanyMembership>>> {
        let known = self.memberships.get(&CallerKey::of(caller))?;
        (known.since.elapsed() < LIFETIME).then_some(known.memberships)
    }

    /// The caller's memberships (`getCompanyMembership`); those of the last hours when IPS fails.
    ///
    /// # Errors
    /// Whatever IPS answers.
    pub async fn memberships(&self, caller: &Caller) -> Result<Arc<Vec<CompanyMembership>>> {
        if let Some(fresh) = self.fresh_memberships(caller) {
            return Ok(fresh);
        }
        let key = CallerKey::of(caller);
        let known = self.memberships.get(&key);
        let request = GetCompanyMembershipParam::default();
        match (asked(caller, self.upstream.get_company_membership(caller, &request).await), known) {
            (Ok(answer), _) => {
                let memberships = Arc::new(answer.value.membership_array);
                self.memberships.insert(key, Known { memberships: Arc::clone(&memberships), since: Instant::now() });
                Ok(memberships)
            }
            (Err(error), Some(known)) if !error.denies_access() => Ok(known.memberships),
            (Err(error), _) => {
                self.memberships.invalidate(&key);
                Err(error)
            }
        }
    }

    /// Checks that IPS takes the caller's credentials, as far as it can be asked.
    ///
    /// # Errors
    /// It doesn't.
    pub async fn check_credentials(&self, caller: &Caller) -> Result<()> {
        match self.memberships(caller).await {
            Err(error) if error.rejects_credentials() => Err(error),
            _ => Ok(()),
        }
    }

    /// A company by name or handle (`getCompanyInfo`).
    ///
    /// # Errors
    /// [`Error::CompanyNotFound`] when the caller's companies hold none of that name and IPS knows none, and whatever IPS answers.
    pub async fn find(&self, caller: &Caller, name_or_handle: &str) -> Result<Arc<Company>> {
        let memberships = self.memberships(caller).await?;
        let member = memberships.iter().find(|membership| membership.company.company_handle == name_or_handle);
        let company = match member {
            Some(membership) => Arc::new(membership.company.clone()),
            None => self.named(caller, name_or_handle).await?,
        };
        permitted(caller, company.company_handle.clone()).map(|_| company)
    }

    async fn named(&self, caller: &Caller, name: &str) -> Result<Arc<Company>> {
        let key = (CallerKey::of(caller), name.to_owned());
        if let Some(known) = self.by_name.get(&key) {
            return Ok(known);
        }
        let memberships = self.memberships(caller).await?;
        let company = match memberships.iter().find(|membership| membership.company.name == name) {
            Some(membership) => membership.company.clone(),
            None => self.asked_by_name(caller, name).await?,
        };
        let company = Arc::new(company);
        self.by_name.insert(key, Arc::clone(&company));
        Ok(company)
    }

    async fn asked_by_name(&self, caller: &Caller, name: &str) -> Result<Company> {
        let request = GetCompanyInfoParam { company_name: Some(name.into()), ..GetCompanyInfoParam::default() };
        match self.upstream.get_company_info(caller, &request).await {
            Ok(answer) => Ok(answer.value.company_info),
            Err(error) if error.fault_class() == Some(FaultClass::NoSuchCompany) => {
                Err(Error::CompanyNotFound(name.into()))
            }
            Err(error) => Err(Error::of_call(caller, error)),
        }
    }

    async fn obvious(&self, caller: &Caller) -> Result<String> {
        if let Some(default) = &self.default {
            return Ok(self.find(caller, default).await?.company_handle.clone());
        }
        let memberships = self.memberships(caller).await?;
        only(caller, &memberships).ok_or_else(|| {
            let visible = memberships.iter().map(|membership| &membership.company);
            Error::CompanyRequired {
                choices: visible.filter(|company| caller.may_see(&company.company_handle)).cloned().collect(),
            }
        })
    }
}

/// The one company that the caller may see and is an active member of, if there is just one.
fn only(caller: &Caller, memberships: &[CompanyMembership]) -> Option<String> {
    let active = memberships.iter().filter(|membership| membership.is_active != Some(false));
    let mut visible =
        active.map(|membership| &membership.company.company_handle).filter(|handle| caller.may_see(handle));
    match (visible.next(), visible.next()) {
        (Some(only), None) => Some(only.clone()),
        _ => None,
    }
}

/// The company, if the caller's API key is meant for it.
pub(super) fn permitted(caller: &Caller, company: String) -> Result<String> {
    if caller.may_see(&company) { Ok(company) } else { Err(Error::CompanyNotPermitted(company)) }
}

/// Tells whose credentials a failed call carried.
pub(super) fn asked<T>(caller: &Caller, answer: Result<Answered<T>, UpstreamError>) -> Result<Answered<T>> {
    answer.map_err(|error| Error::of_call(caller, error))
}
