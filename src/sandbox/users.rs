//! Companies and users of the sandbox, with public passwords and access tokens.

use chrono::{TimeZone, Utc};

use super::server_time::server_timestamp;
use crate::ips::types::{Company, UserInfo};

/// Company of the sandbox.
#[derive(Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Number of the company, part of every handle.
    pub number: u32,
    /// `companyHandle`.
    pub handle: &'static str,
    /// Name of the company.
    pub name: &'static str,
    /// Root folder of its assets.
    pub root_path: &'static str,
    /// IMS organization of the company.
    pub ims_org_id: &'static str,
}

/// Role of a user. IPS has more; these differ in what they may do with jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// May do everything, also for other users.
    Admin,
    /// May read, stop, pause, resume and delete jobs, and neither submit nor execute them.
    CompanyAdmin,
    /// May do everything with jobs.
    User,
    /// May only read job logs.
    ImagePortalUser,
}

impl Role {
    /// Returns the name of the role in IPS.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "IpsAdmin",
            Self::CompanyAdmin => "IpsCompanyAdmin",
            Self::User => "IpsUser",
            Self::ImagePortalUser => "ImagePortalUser",
        }
    }

    /// Returns whether the role may call an operation, by the pages of the operations.
    #[must_use]
    pub fn may_call(self, operation: &str) -> bool {
        match operation {
            "submitJob" | "executeJob" => matches!(self, Self::Admin | Self::User),
            "getActiveJobs" | "getScheduledJobs" | "stopJob" | "pauseJob" | "resumeJob" | "deleteJob" => {
                self != Self::ImagePortalUser
            }
            "getCompanyInfo" => self != Self::CompanyAdmin,
            _ => true,
        }
    }

    /// Returns whether the role may act for other users.
    pub(super) fn is_administrator(self) -> bool {
        matches!(self, Self::Admin | Self::CompanyAdmin)
    }
}

/// User of the sandbox.
#[derive(Debug)]
pub struct User {
    /// `userHandle`.
    pub handle: &'static str,
    /// E-mail address, which is the login name.
    pub email: &'static str,
    /// Password; public, since the sandbox contains no real data.
    pub password: &'static str,
    /// Access token, accepted instead of e-mail address and password.
    pub access_token: &'static str,
    /// Role in all of its companies.
    pub role: Role,
    /// Companies that the user is a member of.
    pub companies: &'static [&'static Tenant],
    /// Whether the user may log in.
    pub active: bool,
}

/// Company of most of the seeded jobs.
pub static OUTFITTERS: Tenant = Tenant {
    number: 110,
    handle: "c|110",
    name: "Example Outfitters",
    root_path: "ExampleOutfitters/",
    ims_org_id: "0110ABCDEF0123456789ABCD@AdobeOrg",
};

/// Second company.
pub static FURNITURE: Tenant = Tenant {
    number: 47,
    handle: "c|47",
    name: "Sample Furniture",
    root_path: "SampleFurniture/",
    ims_org_id: "0047ABCDEF0123456789ABCD@AdobeOrg",
};

/// All companies.
pub static COMPANIES: [&Tenant; 2] = [&OUTFITTERS, &FURNITURE];

/// User of [`OUTFITTERS`].
pub static ORDINARY: User = User {
    handle: "u|2001",
    email: "katlyn@example.com",
    password: "sandbox-katlyn",
    access_token: "sandbox-token-katlyn",
    role: Role::User,
    companies: &[&OUTFITTERS],
    active: true,
};

/// User of [`OUTFITTERS`] who may only read job logs.
pub static LOG_READER: User = User {
    handle: "u|2002",
    email: "auditor@example.com",
    password: "sandbox-auditor",
    access_token: "sandbox-token-auditor",
    role: Role::ImagePortalUser,
    companies: &[&OUTFITTERS],
    active: true,
};

/// Company administrator of [`OUTFITTERS`], who may watch and stop jobs and not submit any.
pub static COMPANY_ADMIN: User = User {
    handle: "u|2004",
    email: "reader@example.com",
    password: "sandbox-reader",
    access_token: "sandbox-token-reader",
    role: Role::CompanyAdmin,
    companies: &[&OUTFITTERS],
    active: true,
};

/// User of [`FURNITURE`].
pub static OTHER_COMPANY: User = User {
    handle: "u|3001",
    email: "henrik@example.com",
    password: "sandbox-henrik",
    access_token: "sandbox-token-henrik",
    role: Role::User,
    companies: &[&FURNITURE],
    active: true,
};

/// Administrator of both companies, who may do everything.
pub static BOTH_COMPANIES: User = User {
    handle: "u|1001",
    email: "agency@example.com",
    password: "sandbox-agency",
    access_token: "sandbox-token-agency",
    role: Role::Admin,
    companies: &[&OUTFITTERS, &FURNITURE],
    active: true,
};

/// Inactive user of [`OUTFITTERS`].
pub static INACTIVE: User = User {
    handle: "u|2003",
    email: "former@example.com",
    password: "sandbox-former",
    access_token: "sandbox-token-former",
    role: Role::User,
    companies: &[&OUTFITTERS],
    active: false,
};

/// All users.
pub static USERS: [&User; 6] = [&ORDINARY, &COMPANY_ADMIN, &LOG_READER, &OTHER_COMPANY, &BOTH_COMPANIES, &INACTIVE];

impl Tenant {
    /// Returns the company as getCompanyInfo answers it.
    pub(super) fn to_company(&self) -> Company {
        Company {
            company_handle: self.handle.into(),
            name: Some(self.name.into()),
            root_path: Some(self.root_path.into()),
            expires: Utc.with_ymd_and_hms(2099, 12, 31, 23, 59, 59).single().map(server_timestamp),
            ims_org_id: Some(self.ims_org_id.into()),
            unreadable: Vec::new(),
        }
    }
}

impl User {
    /// Returns a short description: role and companies.
    #[must_use]
    pub fn about(&self) -> String {
        let role = match self.role {
            Role::Admin => "Administrator",
            Role::CompanyAdmin => "Supervisor (no submit)",
            Role::User => "User",
            Role::ImagePortalUser => "Reader of job logs",
        };
        let companies: Vec<_> = self.companies.iter().map(|company| company.name).collect();
        format!("{role} of {}", companies.join(" and "))
    }

    /// Returns the user as getUserInfo answers it.
    pub(super) fn to_user_info(&self) -> UserInfo {
        let (local, domain) = self.email.split_once('@').unwrap_or((self.email, ""));
        let role = Some(self.role.as_str().to_owned());
        UserInfo {
            user_handle: Some(self.handle.into()),
            first_name: Some(capitalized(local)),
            last_name: Some(capitalized(domain.trim_end_matches(".com"))),
            email: Some(self.email.into()),
            ims_user_id: None,
            is_valid: Some(self.active),
            is_ips_admin: Some(self.role == Role::Admin),
            default_role: role.clone(),
            role,
            password_expires: None,
            unreadable: Vec::new(),
        }
    }

    /// Returns whether the user is a member of the company.
    pub(super) fn is_member_of(&self, company: &Tenant) -> bool {
        self.companies.contains(&company)
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Returns the user with an e-mail address, ignoring case.
pub(super) fn by_email(email: &str) -> Option<&'static User> {
    USERS.into_iter().find(|user| user.email.eq_ignore_ascii_case(email))
}

/// Returns the user with a handle.
pub(super) fn by_handle(handle: &str) -> Option<&'static User> {
    USERS.into_iter().find(|user| user.handle == handle)
}
