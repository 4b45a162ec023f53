//! `/companies`: where a caller may look.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::AppState;
use crate::http::auth::Authenticated;
use crate::http::extract::{Query, TextPath};
use crate::http::handlers::logs::json_answer;
use crate::http::openapi::components;
use crate::http::problem::Problem;
use crate::ips::types::{Company, CompanyMembership};

/// A company that the caller belongs to.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberCompany {
    /// The company.
    #[serde(flatten)]
    pub company: Company,
    /// The caller's role in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub role: Option<String>,
    /// Whether the membership is active.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_active: Option<bool>,
}

impl From<&CompanyMembership> for MemberCompany {
    fn from(membership: &CompanyMembership) -> Self {
        Self { company: membership.company.clone(), role: membership.role.clone(), is_active: membership.is_active }
    }
}

/// The companies that the caller belongs to.
#[derive(Serialize, ToSchema)]
pub struct CompanyList {
    /// The companies.
    pub companies: Vec<MemberCompany>,
}

/// No parameters at all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// List companies
///
/// The companies that the caller belongs to, with the role there (`getCompanyMembership`).
#[utoipa::path(
    get, path = "/companies", operation_id = "listCompanies", tag = components::COMPANIES, params(components::IfNoneMatchHeader),
    responses((status = 200, description = "The companies", body = CompanyList), components::NotModifiedResponse, components::ProblemResponses),
)]
pub async fn list(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    _: Query<NoParams>,
) -> Result<HttpResponse, Problem> {
    let jobs = state.jobs.clone();
    let asking = caller.clone();
    let memberships = state.run(async move { jobs.companies().memberships(&asking).await }).await?;
    let visible = memberships.iter().filter(|membership| caller.may_see(&membership.company.company_handle));
    json_answer(&request, &CompanyList { companies: visible.map(Into::into).collect() })
}

/// Read a company
///
/// A company by its name or its handle (`getCompanyInfo`).
#[utoipa::path(
    get, path = "/companies/{company}", operation_id = "getCompany", tag = components::COMPANIES,
    params(("company" = String, Path, description = "The name or the handle of the company, percent-encoded", example = "c|110"), components::IfNoneMatchHeader),
    responses((status = 200, description = "The company", body = Company), components::NotModifiedResponse, components::ProblemResponses),
)]
pub async fn read(
    state: Data<AppState>,
    request: HttpRequest,
    Authenticated(caller): Authenticated,
    name: TextPath,
    _: Query<NoParams>,
) -> Result<HttpResponse, Problem> {
    let jobs = state.jobs.clone();
    let company = state.run(async move { jobs.companies().find(&caller, &name.0).await }).await?;
    json_answer(&request, &*company)
}
