//! Messages of the company operations: companies (the tenants of IPS), memberships and the login check.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ips::types::secret::SecretText;
use crate::ips::types::timestamp::Timestamp;
use crate::ips::types::unreadable::UnreadableValue;

/// Request of `getCompanyInfo`: looks up a company.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetCompanyInfoParam {
    /// Handle of the company. This or `companyName` is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub company_handle: Option<String>,
    /// Name of the company. This or `companyHandle` is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub company_name: Option<String>,
    /// IMS organization of the company. Since API version 2016-01-14-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ims_org_id: Option<String>,
}

/// Answer of `getCompanyInfo`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetCompanyInfoReturn {
    /// The company.
    pub company_info: Company,
}

/// Request of `getCompanyMembership`: lists the companies of a user.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetCompanyMembershipParam {
    /// Handle of the user; defaults to the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user_handle: Option<String>,
}

/// Answer of `getCompanyMembership`: one of the two arrays, by API version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetCompanyMembershipReturn {
    /// The companies that the user is a member of. Up to API version 2010-01-31.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub company_array: Option<Vec<Company>>,
    /// The memberships of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub membership_array: Option<Vec<CompanyMembership>>,
}

impl GetCompanyMembershipReturn {
    /// Returns the memberships; those of a `companyArray` have neither role nor state.
    #[must_use]
    pub fn into_memberships(self) -> Vec<CompanyMembership> {
        let of_company = |company| CompanyMembership { company, ..CompanyMembership::default() };
        let of_companies = |companies: Vec<Company>| companies.into_iter().map(of_company).collect();
        self.membership_array.or_else(|| self.company_array.map(of_companies)).unwrap_or_default()
    }
}

/// Request of `checkLogin`: validates an e-mail address and password.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckLoginParam {
    /// Company to log in to; without it the default user is checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub company_handle: Option<String>,
    /// E-mail address of the user.
    pub email: String,
    /// Password of the user.
    pub password: SecretText,
}

/// Answer of `checkLogin`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckLoginReturn {
    /// `ValidLogin` or `InvalidLogin`.
    pub status: String,
}

/// A company, the tenant of IPS (IPS type `Company`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Company {
    /// Handle of the company, for example `c|110`.
    pub company_handle: String,
    /// Name of the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = true)]
    pub name: Option<String>,
    /// Root folder of the company's assets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub root_path: Option<String>,
    /// When the company's account expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expires: Option<Timestamp>,
    /// The IMS organization of the company. Since API version 2016-01-14-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ims_org_id: Option<String>,
    /// Values that could not be read; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub unreadable: Vec<UnreadableValue>,
}

/// A user's membership in a company (IPS type `CompanyMembership`).
///
/// Read in two shapes: with a `company`, as the schema has it, or with the fields of the company in its place, as the reference shows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", try_from = "WireMembership")]
pub struct CompanyMembership {
    /// The company.
    pub company: Company,
    /// The user's role there, for example `IpsUser` or `IpsCompanyAdmin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub role: Option<String>,
    /// Whether the membership is active.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_active: Option<bool>,
    /// Values that could not be read; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub unreadable: Vec<UnreadableValue>,
}

/// Both shapes of a [`CompanyMembership`] on the wire.
#[derive(Deserialize)]
#[serde(rename = "CompanyMembership", rename_all = "camelCase")]
struct WireMembership {
    company: Option<Company>,
    role: Option<String>,
    is_active: Option<bool>,
    company_handle: Option<String>,
    name: Option<String>,
    root_path: Option<String>,
    expires: Option<Timestamp>,
    ims_org_id: Option<String>,
    #[serde(default)]
    unreadable: Vec<UnreadableValue>,
}

/// Error of a membership that names no company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("contains neither a company nor the fields of one")]
struct NoCompany;

impl TryFrom<WireMembership> for CompanyMembership {
    type Error = NoCompany;

    fn try_from(wire: WireMembership) -> Result<Self, NoCompany> {
        let WireMembership {
            company,
            role,
            is_active,
            company_handle,
            name,
            root_path,
            expires,
            ims_org_id,
            unreadable,
        } = wire;
        let flat = || {
            let company_handle = company_handle?;
            Some(Company { company_handle, name, root_path, expires, ims_org_id, unreadable: Vec::new() })
        };
        let company = company.or_else(flat).ok_or(NoCompany)?;
        Ok(Self { company, role, is_active, unreadable })
    }
}
