//! SOAP faults as IPS words them.

use std::fmt;

/// The three faults that IPS documents, and whatever else a SOAP stack may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultName {
    /// `authenticationFault`: codes 10000–10002.
    Authentication,
    /// `authorizationFault`: codes 20000–20009.
    Authorization,
    /// `ipsApiFault`: codes 30000–30003.
    IpsApi,
    /// A fault without one of the documented detail elements; holds its `faultstring`.
    Other(String),
}

impl FaultName {
    /// The name of the detail element (the `faultstring` of an undocumented fault).
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Authentication => "authenticationFault",
            Self::Authorization => "authorizationFault",
            Self::IpsApi => "ipsApiFault",
            Self::Other(name) => name,
        }
    }
}

/// What IPS said instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which fault it is.
    pub name: FaultName,
    /// The numeric `code` of the detail; `None` where the fault has no IPS detail.
    pub code: Option<i32>,
    /// The `reason` of the detail, else the `faultstring`.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{} {code}: {}", self.name.as_str(), self.reason),
            None => write!(f, "{}: {}", self.name.as_str(), self.reason),
        }
    }
}
