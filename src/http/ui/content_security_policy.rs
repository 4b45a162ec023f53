//! Content security policies of the pages (W3C CSP Level 3).

/// Directives that all pages share: scripts, styles and images of this origin, no framing.
macro_rules! shared_directives {
    () => {
        "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; img-src 'self'"
    };
}

/// Policy of the problem pages.
pub const PROBLEM_PAGES: &str = shared_directives!();
/// Policy of Swagger UI, which inserts markup, so that Trusted Types can't be required.
pub const SWAGGER_UI: &str = concat!(shared_directives!(), " data:; connect-src 'self'");
/// Policy of the board. Trusted Types are required and none is allowed: the board inserts text, never markup.
pub const BOARD: &str = concat!(
    shared_directives!(),
    " data:; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
);
