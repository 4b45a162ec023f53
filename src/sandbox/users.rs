//! Who lives in the sandbox.

/// A user.
pub struct User {
    /// E-mail.
    pub email: &'static str,
    /// Password.
    pub password: &'static str,
    /// May log in.
    pub active: bool,
}
/// A user.
pub static ORDINARY: User = User { email: "katlyn@example.com", password: "sandbox-katlyn", active: true };
/// Users.
pub static USERS: [&User; 1] = [&ORDINARY];
