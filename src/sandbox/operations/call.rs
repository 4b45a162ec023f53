//! Call of an operation, with the authorization checks that the operations share.

use crate::ips::types::Fault;
use crate::sandbox::faults;
use crate::sandbox::state::State;
use crate::sandbox::users::{self, COMPANIES, Tenant, User};

/// Call of an operation: the authenticated user and the state that it acts on.
pub(in crate::sandbox) struct Call<'a> {
    pub state: &'a mut State,
    pub user: &'static User,
    /// `locale` of the authHeader.
    pub locale: Option<&'a str>,
}

impl Call<'_> {
    /// Returns the company with a handle, if the user is a member of it.
    pub fn company(&self, handle: &str) -> Result<&'static Tenant, Fault> {
        let company = COMPANIES.into_iter().find(|company| company.handle == handle);
        self.check_membership(company, || format!("there is no company {handle:?}"))
    }

    /// Returns the company with a handle, or the user's only company.
    pub fn company_or_only(&self, handle: Option<&str>) -> Result<&'static Tenant, Fault> {
        match (handle, self.user.companies) {
            (Some(handle), _) => self.company(handle),
            (None, [only]) => Ok(only),
            (None, _) => Err(faults::invalid_company(
                "Invalid company: companyHandle is missing and the user has more than one company",
            )),
        }
    }

    /// Returns the company, if it exists and the user is a member of it.
    pub fn check_membership(
        &self,
        company: Option<&'static Tenant>,
        missing: impl Fn() -> String,
    ) -> Result<&'static Tenant, Fault> {
        let company = company.ok_or_else(|| faults::invalid_company(format_args!("Invalid company: {}", missing())))?;
        if self.user.is_member_of(company) {
            Ok(company)
        } else {
            Err(faults::illegal_company(self.user.email, company.handle))
        }
    }

    /// Returns the user with a handle, if it is a member of the company.
    pub fn member(handle: &str, company: &Tenant) -> Result<&'static User, Fault> {
        let user = users::by_handle(handle).ok_or_else(|| faults::invalid_request_user(handle))?;
        if user.is_member_of(company) { Ok(user) } else { Err(faults::illegal_request_user(handle, company.handle)) }
    }

    /// Checks that the user is `other` or may act for other users.
    pub fn check_impersonation(&self, other: &User) -> Result<(), Fault> {
        let allowed = other.handle == self.user.handle || self.user.role.is_administrator();
        if allowed { Ok(()) } else { Err(faults::no_impersonation(self.user.email, other.handle)) }
    }
}
