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
    /// IMS organization of the company.
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

/// Answer of `getCompanyMembership`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetCompanyMembershipReturn {
    /// The companies that the user is a member of.
    #[serde(default)]
    #[schema(required = true)]
    pub membership_array: Vec<CompanyMembership>,
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
    /// The IMS organization of the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ims_org_id: Option<String>,
    /// Values that could not be read; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub unreadable: Vec<UnreadableValue>,
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
    /// Values that could not be read; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub unreadable: Vec<UnreadableValue>,
}
