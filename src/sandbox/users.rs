//! Who lives in the sandbox: its companies and users, with passwords that are meant to be read.

use chrono::{TimeZone, Utc};

use super::clock::stamp;
use crate::ips::types::Company;

/// A company of the sandbox.
#[derive(Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its number, part of every handle.
    pub number: u32,
    /// `companyHandle`
    pub handle: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Where its assets lie.
    pub root_path: &'static str,
    /// Its Adobe organisation.
    pub ims_org_id: &'static str,
}

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything in the company, and submitting for others.
    CompanyAdmin,
    /// Reads and changes jobs.
    User,
    /// Reads only.
    Reader,
}

impl Role {
    /// The role as IPS names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CompanyAdmin => "IpsCompanyAdmin",
            Self::User => "IpsUser",
            Self::Reader => "ImagePortalUser",
        }
    }
}

/// A user of the sandbox.
#[derive(Debug)]
pub struct User {
    /// `userHandle`
    pub handle: &'static str,
    /// The e-mail address: the name to log in with.
    pub email: &'static str,
    /// The password. Public: the sandbox holds nothing of value.
    pub password: &'static str,
    /// An access token that works instead of both.
    pub access_token: &'static str,
    /// What it may do.
    pub role: Role,
    /// Where it may do it.
    pub companies: &'static [&'static Tenant],
    /// Whether it may log in at all.
    pub active: bool,
}

/// The company most of the seeded jobs belong to.
pub static OUTFITTERS: Tenant = Tenant {
    number: 110,
    handle: "c|110",
    name: "Example Outfitters",
    root_path: "ExampleOutfitters/",
    ims_org_id: "0110ABCDEF0123456789ABCD@AdobeOrg",
};

/// The other company.
pub static FURNITURE: Tenant = Tenant {
    number: 47,
    handle: "c|47",
    name: "Sample Furniture",
    root_path: "SampleFurniture/",
    ims_org_id: "0047ABCDEF0123456789ABCD@AdobeOrg",
};

/// Every company.
pub static COMPANIES: [&Tenant; 2] = [&OUTFITTERS, &FURNITURE];

/// An ordinary user of [`OUTFITTERS`].
pub static ORDINARY: User = User {
    handle: "u|2001",
    email: "katlyn@example.com",
    password: "sandbox-katlyn",
    access_token: "sandbox-token-katlyn",
    role: Role::User,
    companies: &[&OUTFITTERS],
    active: true,
};

/// A user of [`OUTFITTERS`] that may only read.
pub static READ_ONLY: User = User {
    handle: "u|2002",
    email: "reader@example.com",
    password: "sandbox-reader",
    access_token: "sandbox-token-reader",
    role: Role::Reader,
    companies: &[&OUTFITTERS],
    active: true,
};

/// An ordinary user of [`FURNITURE`].
pub static OTHER_COMPANY: User = User {
    handle: "u|3001",
    email: "henrik@example.com",
    password: "sandbox-henrik",
    access_token: "sandbox-token-henrik",
    role: Role::User,
    companies: &[&FURNITURE],
    active: true,
};

/// An administrator of both companies.
pub static BOTH_COMPANIES: User = User {
    handle: "u|1001",
    email: "agency@example.com",
    password: "sandbox-agency",
    access_token: "sandbox-token-agency",
    role: Role::CompanyAdmin,
    companies: &[&OUTFITTERS, &FURNITURE],
    active: true,
};

/// A former user of [`OUTFITTERS`] that can't log in any more.
pub static INACTIVE: User = User {
    handle: "u|2003",
    email: "former@example.com",
    password: "sandbox-former",
    access_token: "sandbox-token-former",
    role: Role::User,
    companies: &[&OUTFITTERS],
    active: false,
};

/// Every user.
pub static USERS: [&User; 5] = [&ORDINARY, &READ_ONLY, &OTHER_COMPANY, &BOTH_COMPANIES, &INACTIVE];

impl Tenant {
    /// The company as IPS describes it.
    pub(super) fn describe(&self) -> Company {
        Company {
            company_handle: self.handle.into(),
            name: self.name.into(),
            root_path: Some(self.root_path.into()),
            expires: Utc.with_ymd_and_hms(2099, 12, 31, 23, 59, 59).single().map(stamp),
            ims_org_id: Some(self.ims_org_id.into()),
        }
    }
}

impl User {
    /// Who it is, in words.
    #[must_use]
    pub fn about(&self) -> String {
        let role = match self.role {
            Role::CompanyAdmin => "Administrator",
            Role::User => "User",
            Role::Reader => "Reader",
        };
        let companies: Vec<_> = self.companies.iter().map(|company| company.name).collect();
        format!("{role} of {}", companies.join(" and "))
    }

    /// Whether it belongs to the company.
    pub(super) fn belongs_to(&self, company: &Tenant) -> bool {
        self.companies.contains(&company)
    }
}

/// The user with this e-mail address, in whatever case it is written.
pub(super) fn by_email(email: &str) -> Option<&'static User> {
    USERS.into_iter().find(|user| user.email.eq_ignore_ascii_case(email))
}

/// The user with this handle.
pub(super) fn by_handle(handle: &str) -> Option<&'static User> {
    USERS.into_iter().find(|user| user.handle == handle)
}
