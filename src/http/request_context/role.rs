//! Roles of API keys.

use std::str::FromStr;

use serde::Deserialize;

/// Role of an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Role {
    /// Permits reads.
    Viewer,
    /// Permits reads and mutations.
    Operator,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 2] = [Self::Viewer, Self::Operator];

    /// Returns its name in the file of API keys and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let role = Self::ALL.into_iter().find(|role| role.name() == name);
        role.ok_or_else(|| format!("expected the role {}", Self::ALL.map(Self::name).join(" or ")))
    }
}

impl TryFrom<String> for Role {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}
