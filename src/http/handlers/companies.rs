//! `/companies`: companies of the caller.

use actix_web::HttpRequest;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::AppState;
use crate::http::auth::{Authenticated, current_role};
use crate::http::extract::{NoParams, Query, TextPath};
use crate::http::openapi::components;
use crate::http::request_context::Role;
use crate::http::response::{HandlerResult, json_response};
use crate::ips::types::{Company, CompanyMembership};
use crate::jobs::may_submit;

/// Company of which the caller is a member.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberCompany {
    /// The company.
    #[serde(flatten)]
    pub company: Company,
    /// Role of the caller in the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub role: Option<String>,
    /// Whether the membership is active.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_active: Option<bool>,
    /// Whether the caller may submit jobs in the company, by the role in IPS and that of the API key; absent if the role in IPS is unknown. IPS
    /// decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub may_submit: Option<bool>,
}

impl MemberCompany {
    /// Returns a membership as a caller with this role of its API key sees it.
    fn new(membership: &CompanyMembership, key_role: Role) -> Self {
        let CompanyMembership { company, role, is_active, unreadable } = membership.clone();
        let unreadable = [company.unreadable, unreadable].concat();
        let may_submit = match key_role {
            Role::Viewer => Some(false),
            Role::Operator => role.as_deref().and_then(may_submit),
        };
        Self { company: Company { unreadable, ..company }, role, is_active, may_submit }
    }
}

/// Companies of which the caller is a member.
#[derive(Serialize, ToSchema)]
pub struct CompanyList {
    /// The companies.
    pub companies: Vec<MemberCompany>,
}

/// List companies
///
/// The companies of which the caller is a member, with the caller's role (`getCompanyMembership`).
#[utoipa::path(
    get, path = "/companies", operation_id = "listCompanies", tag = components::COMPANIES, params(components::IfNoneMatchHeader),
    responses((status = 200, description = "The companies", body = CompanyList), components::NotModifiedResponse, components::ProblemResponses),
)]
pub async fn list(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    _: Query<NoParams>,
) -> HandlerResult {
    let (jobs, member) = (state.jobs.clone(), caller.clone());
    let memberships = state.run_in_background(async move { jobs.companies().memberships(&member).await }).await?;
    let permitted = memberships.iter().filter(|membership| caller.may_see(&membership.company.company_handle));
    let key_role = current_role();
    let companies = permitted.map(|membership| MemberCompany::new(membership, key_role)).collect();
    json_response(&request, &CompanyList { companies })
}

/// Read a company
///
/// A company by its name or handle (`getCompanyInfo`).
#[utoipa::path(
    get, path = "/companies/{company}", operation_id = "getCompany", tag = components::COMPANIES,
    params(("company" = String, Path, description = "Name or handle of the company, percent-encoded", example = "c|110"), components::IfNoneMatchHeader),
    responses((status = 200, description = "The company", body = Company), components::NotModifiedResponse, components::ProblemResponses),
)]
pub async fn read(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    TextPath(name_or_handle): TextPath,
    _: Query<NoParams>,
) -> HandlerResult {
    let jobs = state.jobs.clone();
    let company = state.run_in_background(async move { jobs.companies().find(&caller, &name_or_handle).await }).await?;
    json_response(&request, &*company)
}
