//! Companies (the tenants of IPS), their members and the login check.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::secret::SecretText;
use super::timestamp::Timestamp;

/// Asks for a company (`getCompanyInfo`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetCompanyInfoParam {
    /// The company, by handle. This or `companyName` is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub company_handle: Option<String>,
    /// The company, by name. This or `companyHandle` is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub company_name: Option<String>,
    /// The company, by its IMS organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ims_org_id: Option<String>,
}

/// What `getCompanyInfo` answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetCompanyInfoReturn {
    /// The company.
    pub company_info: Company,
}

/// Asks for the companies of a user (`getCompanyMembership`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetCompanyMembershipParam {
    /// The user; without it, the one who asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user_handle: Option<String>,
}

/// What `getCompanyMembership` answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetCompanyMembershipReturn {
    /// The companies that the user is a member of.
    #[serde(default)]
    #[schema(required = true)]
    pub membership_array: Vec<CompanyMembership>,
}

/// Asks whether somebody may log in (`checkLogin`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckLoginParam {
    /// The company to log in to; without it the default user is checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub company_handle: Option<String>,
    /// E-mail address of the user.
    pub email: String,
    /// Password of the user.
    pub password: SecretText,
}

/// What `checkLogin` answers.
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
    pub name: String,
    /// Root folder of the company's assets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub root_path: Option<String>,
    /// When the company's account expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expires: Option<Timestamp>,
    /// The IMS organization of the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ims_org_id: Option<String>,
}

/// A user's membership in a company (IPS type `CompanyMembership`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
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
}
