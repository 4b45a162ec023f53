//! Operations on companies and users: company info, memberships and the login check.

use secrecy::ExposeSecret;

use super::call::Call;
use crate::ips::types::*;
use crate::sandbox::faults;
use crate::sandbox::users::{self, COMPANIES, Tenant};

pub(in crate::sandbox) fn get_company_info(
    request: GetCompanyInfoParam,
    call: &mut Call<'_>,
) -> Result<GetCompanyInfoReturn, Fault> {
    let company = if let Some(name) = &request.company_name {
        call.check_membership(COMPANIES.into_iter().find(|company| company.name == name), || {
            format!("there is no company named {name:?}")
        })?
    } else if let Some(id) = &request.ims_org_id {
        call.check_membership(COMPANIES.into_iter().find(|company| company.ims_org_id == id), || {
            format!("there is no company with imsOrgId {id:?}")
        })?
    } else {
        call.company_or_only(request.company_handle.as_deref())?
    };
    Ok(GetCompanyInfoReturn { company_info: company.to_company() })
}

pub(in crate::sandbox) fn get_company_membership(
    request: GetCompanyMembershipParam,
    call: &mut Call<'_>,
) -> Result<GetCompanyMembershipReturn, Fault> {
    let user = match &request.user_handle {
        Some(handle) => users::by_handle(handle).ok_or_else(|| faults::invalid_request_user(handle))?,
        None => call.user,
    };
    call.check_impersonation(user)?;
    let membership = |company: &&Tenant| CompanyMembership {
        company: company.to_company(),
        role: Some(user.role.as_str().into()),
        is_active: Some(user.active),
        unreadable: Vec::new(),
    };
    let companies = user.companies.iter();
    // Each API version has one of them; the others are left out when the answer is written.
    Ok(GetCompanyMembershipReturn {
        company_array: Some(companies.clone().map(|company| company.to_company()).collect()),
        membership_array: Some(companies.map(membership).collect()),
    })
}

pub(in crate::sandbox) fn check_login(
    request: CheckLoginParam,
    call: &mut Call<'_>,
) -> Result<CheckLoginReturn, Fault> {
    let company = request.company_handle.as_deref().map(|handle| call.company(handle)).transpose()?;
    let valid = users::by_email(&request.email).is_some_and(|user| {
        user.active
            && user.password == request.password.expose_secret()
            && company.is_none_or(|company| user.is_member_of(company))
    });
    Ok(CheckLoginReturn { status: if valid { "ValidLogin" } else { "InvalidLogin" }.into() })
}

pub(in crate::sandbox) fn get_user_info(
    request: GetUserInfoParam,
    call: &mut Call<'_>,
) -> Result<GetUserInfoReturn, Fault> {
    let unknown = faults::invalid_request_user;
    let user = match (&request.user_handle, &request.email) {
        (Some(handle), _) => users::by_handle(handle).ok_or_else(|| unknown(handle))?,
        (None, Some(email)) => users::by_email(email).ok_or_else(|| unknown(email))?,
        (None, None) => call.user,
    };
    if !user.companies.iter().any(|company| call.user.is_member_of(company)) {
        let companies: Vec<_> = call.user.companies.iter().map(|company| company.handle).collect();
        return Err(faults::illegal_request_user(user.handle, &companies.join(", ")));
    }
    Ok(GetUserInfoReturn { user_info: user.to_user_info() })
}
