//! Probes of companies and of the caller.

use super::describe::count;
use crate::cli::verify::session::Session;
use crate::ips::types::{GetCompanyInfoParam, GetCompanyMembershipParam, GetCompanyMembershipReturn, GetUserInfoParam};

/// Company of a run, and the caller.
pub(in crate::cli::verify) struct Target {
    pub(in crate::cli::verify) handle: String,
    pub(super) user_handle: Option<String>,
    pub(super) email: Option<String>,
}

/// Finds the company by its name or handle, first among those of the caller.
pub(super) async fn find(session: &mut Session, company: &str) -> Option<Target> {
    let memberships = session.expect(&GetCompanyMembershipParam::default()).await;
    session.observe("membershipShape", &memberships, |answer| {
        match (&answer.membership_array, &answer.company_array) {
            (Some(memberships), _) => format!("membershipArray, with {}", count(memberships.len(), "membership")),
            (None, Some(companies)) => format!("companyArray, with {}", count(companies.len(), "company")),
            (None, None) => "in neither of the two known ones".to_owned(),
        }
    });
    let companies = memberships.map(GetCompanyMembershipReturn::into_memberships).unwrap_or_default();
    let is_meant = |name: Option<&str>, handle: &str| {
        handle == company || name.is_some_and(|name| name.eq_ignore_ascii_case(company))
    };
    let found = companies.into_iter().map(|membership| membership.company);
    let mut found = found.into_iter().find(|known| is_meant(known.name.as_deref(), &known.company_handle));
    if found.is_none() {
        for by_name in [true, false] {
            let text = Some(company.to_owned());
            let (company_name, company_handle) = if by_name { (text, None) } else { (None, text) };
            let request = GetCompanyInfoParam { company_handle, company_name, ..GetCompanyInfoParam::default() };
            if let Ok(answer) = session.attempt(&request).await {
                found = Some(answer.company_info);
                break;
            }
        }
    }
    let found = found?;
    let request =
        GetCompanyInfoParam { company_handle: Some(found.company_handle.clone()), ..GetCompanyInfoParam::default() };
    let result = session.expect(&request).await;
    let is_same = |handle: &str| if handle == found.company_handle { "yes" } else { "yes, with another handle" };
    session.observe("companyByHandle", &result, |answer| is_same(&answer.company_info.company_handle).to_owned());
    if let Some(name) = &found.name {
        let request = GetCompanyInfoParam { company_name: Some(name.clone()), ..GetCompanyInfoParam::default() };
        let result = session.expect(&request).await;
        session.observe("companyByName", &result, |answer| is_same(&answer.company_info.company_handle).to_owned());
    }
    let user = session.attempt(&GetUserInfoParam::default()).await;
    let email = session.caller.email().map(str::to_owned);
    session.observe("userInfo", &user, |answer| {
        match (&answer.user_info.email, &email) {
            (Some(answered), Some(email)) if answered.eq_ignore_ascii_case(email) => "yes",
            (Some(_), Some(_)) => "it describes another user",
            (Some(_), None) => "it describes a user; the e-mail address of the caller is not known",
            (None, _) => "it has no e-mail address",
        }
        .to_owned()
    });
    let user = user.ok().map(|answer| answer.user_info);
    let (user_handle, answered) = user.map(|user| (user.user_handle, user.email)).unwrap_or_default();
    Some(Target { handle: found.company_handle, user_handle, email: email.or(answered) })
}
