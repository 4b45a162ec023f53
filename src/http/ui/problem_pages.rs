//! Problem pages: the HTML documentation behind the `type` URIs of problem details.

use std::fmt::Write;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Path;

use super::content_security_policy;
use crate::http::problem::{PROBLEM_KINDS, Problem, ProblemKind};

/// `GET /problems`: the list of all problem kinds.
pub async fn problems() -> HttpResponse {
    let mut rows = String::new();
    for ProblemKind { code, status, title, .. } in PROBLEM_KINDS {
        let _ = write!(
            rows,
            "<tr><td class=\"num\">{status}</td><td><a href=\"problems/{code}\"><code>{code}</code></a></td><td>{title}</td></tr>"
        );
    }
    let content = format!(
        "<h1>Problems</h1><p>Every error response is a problem details document (RFC 9457) with one of these values of <code>code</code>.</p>\
         <table><thead><tr><th>Status</th><th>Code</th><th>Meaning</th></tr></thead><tbody>{rows}</tbody></table>"
    );
    page("Problems", "", &content)
}

/// `GET /problems/{code}`: the documentation of one problem kind.
pub async fn problem(code: Path<String>) -> Result<HttpResponse, Problem> {
    let kind = PROBLEM_KINDS.iter().find(|kind| kind.code == *code).ok_or_else(Problem::not_found)?;
    let ProblemKind { code, status, title, retryable, explanation } = kind;
    let retry_advice =
        if *retryable { "The same request may succeed later." } else { "Repeating the same request does not help." };
    let content = format!(
        "<p class=\"eyebrow\"><code>{code}</code> · HTTP status {status}</p><h1>{title}</h1><p>{}</p><p>{retry_advice}</p>\
         <p><a href=\"../problems\">All problems</a></p>",
        to_html(explanation)
    );
    Ok(page(title, "../", &content))
}

/// Converts plain text with code spans in backticks to HTML.
fn to_html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    let mut parts = escaped.split('`');
    let mut html = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        html.push_str(if index % 2 == 0 { "<code>" } else { "</code>" });
        html.push_str(part);
    }
    html
}

/// Renders a page with the top bar; `root` is the relative URL of the gateway's root, empty or ending in `/`.
fn page(title: &str, root: &str, content: &str) -> HttpResponse {
    let home = if root.is_empty() { "./" } else { root };
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} – ips-gateway</title><link rel=\"icon\" href=\"{root}board/icon.svg\"><link rel=\"stylesheet\" href=\"{root}board/css/base.css\">\
         <script src=\"{root}board/js/theme.js\"></script></head>\
         <body><header class=\"top-bar\"><a class=\"brand\" href=\"{home}\"><img src=\"{root}board/icon.svg\" alt=\"\" width=\"22\" height=\"22\"><span>ips-gateway</span></a>\
         <nav aria-label=\"Pages\"><a href=\"{home}\">Jobs</a><a href=\"{root}swagger-ui/\">API</a><a href=\"{root}problems\" aria-current=\"page\">Problems</a></nav>\
         <div class=\"top-bar-end\"><button type=\"button\" class=\"quiet icon-only\" data-theme-toggle aria-label=\"Switch theme\">\
         <svg class=\"icon\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><circle cx=\"8\" cy=\"8\" r=\"5.5\"/><path class=\"solid\" d=\"M8 2.5a5.5 5.5 0 0 1 0 11z\"/></svg></button></div>\
         </header><main class=\"prose\">{content}</main></body></html>"
    );
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, content_security_policy::PROBLEM_PAGES))
        .body(page)
}
