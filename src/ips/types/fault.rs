//! SOAP faults of IPS: their names, codes and classes.

use std::fmt;

/// Name of a fault: one of the three that IPS documents, or that of any other SOAP fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultName {
    /// `authenticationFault`: codes 10000–10002.
    Authentication,
    /// `authorizationFault`: codes 20000–20009.
    Authorization,
    /// `ipsApiFault`: codes 30000–30003.
    IpsApi,
    /// A fault without a documented detail element; holds its `faultstring`.
    Other(String),
}

impl FaultName {
    /// Returns the name of the detail element, or the `faultstring` of an undocumented fault.
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

/// SOAP fault in place of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Name of the fault.
    pub name: FaultName,
    /// Numeric `code` of the detail; `None` where the fault has no IPS detail or its code is not a number.
    pub code: Option<i32>,
    /// `reason` of the detail, else the `faultstring`.
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

/// Class of a documented fault code: what was wrong with the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultClass {
    /// Missing or invalid credentials, or an unknown user: 10000–10002.
    Authentication,
    /// The user lacks a permission or a role, or may not act for another user: 20003, 20004, 20008, 20009.
    Permission,
    /// Unknown company, or one that the user is not a member of: 20000, 20006.
    NoSuchCompany,
    /// Illegal, invalid or missing parameter or request user: 20001, 20002, 20005, 20007, 30001, 30002.
    InvalidValue,
    /// The request does not match the XML schema of the API version: 30003.
    InvalidXml,
    /// Any exception in IPS; only the `reason` tells which: 30000.
    Exception,
    /// No code, or one that IPS does not document.
    Unknown,
}

impl FaultClass {
    /// Returns the class of a fault code; `None` is the code of a fault without IPS detail.
    #[must_use]
    pub fn of(code: Option<i32>) -> Self {
        match code {
            Some(10000..=10002) => Self::Authentication,
            Some(20003 | 20004 | 20008 | 20009) => Self::Permission,
            Some(20000 | 20006) => Self::NoSuchCompany,
            Some(20001 | 20002 | 20005 | 20007 | 30001 | 30002) => Self::InvalidValue,
            Some(30003) => Self::InvalidXml,
            Some(30000) => Self::Exception,
            _ => Self::Unknown,
        }
    }
}

impl Fault {
    /// Returns the class of the fault's code.
    #[must_use]
    pub fn class(&self) -> FaultClass {
        FaultClass::of(self.code)
    }

    /// Returns whether the fault denies the caller access to what it asked for, so that nothing cached may be served in its place.
    ///
    /// That is every documented authentication and authorization code except 20005 (illegal parameter value).
    #[must_use]
    pub fn denies_access(&self) -> bool {
        matches!(self.code, Some(10000..=10002 | 20000..=20004 | 20006..=20009))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_code_has_its_class() {
        for (code, class) in [
            (10000, FaultClass::Authentication), // no credentials
            (10001, FaultClass::Authentication), // invalid credentials
            (10002, FaultClass::Authentication), // invalid user
            (20000, FaultClass::NoSuchCompany),  // invalid company
            (20001, FaultClass::InvalidValue),   // invalid request username
            (20002, FaultClass::InvalidValue),   // invalid request user
            (20003, FaultClass::Permission),     // no operation permission
            (20004, FaultClass::Permission),     // no impersonation permission
            (20005, FaultClass::InvalidValue),   // illegal parameter value
            (20006, FaultClass::NoSuchCompany),  // illegal company
            (20007, FaultClass::InvalidValue),   // illegal request user
            (20008, FaultClass::Permission),     // illegal access group
            (20009, FaultClass::Permission),     // missing permission
            (30000, FaultClass::Exception),      // exception
            (30001, FaultClass::InvalidValue),   // invalid parameter
            (30002, FaultClass::InvalidValue),   // missing parameter
            (30003, FaultClass::InvalidXml),     // invalid request XML
        ] {
            assert_eq!(FaultClass::of(Some(code)), class, "{code}");
        }
    }

    #[test]
    fn an_undocumented_or_missing_code_is_unknown() {
        for code in [None, Some(0), Some(-1), Some(9999), Some(10003), Some(20010), Some(30004), Some(i32::MAX)] {
            assert_eq!(FaultClass::of(code), FaultClass::Unknown, "{code:?}");
        }
    }

    #[test]
    fn a_fault_has_the_class_of_its_code() {
        let fault = Fault { name: FaultName::IpsApi, code: Some(30003), reason: "wrong".into() };
        assert_eq!(fault.class(), FaultClass::InvalidXml);
        assert_eq!(Fault { code: None, ..fault }.class(), FaultClass::Unknown);
    }

    #[test]
    fn authentication_and_authorization_codes_deny_access_except_an_illegal_value() {
        let denies =
            |code| Fault { name: FaultName::Other(String::new()), code, reason: String::new() }.denies_access();
        assert!((10000..=10002).chain(20000..=20009).all(|code| denies(Some(code)) == (code != 20005)));
        assert!((30000..=30003).all(|code| !denies(Some(code))) && !denies(None));
    }
}
