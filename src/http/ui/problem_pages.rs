//! What each kind of problem means, for people.

use std::fmt::Write;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Path;

use crate::http::problem::{KINDS, Kind, Problem};

/// These pages look like the board, and set its colours.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Every kind of problem.
pub async fn problems() -> HttpResponse {
    let mut rows = String::new();
    for Kind { code, status, title, .. } in KINDS {
        let _ = write!(
            rows,
            "<tr><td class=\"num\">{status}</td><td><a href=\"problems/{code}\"><code>{code}</code></a></td><td>{title}</td></tr>"
        );
    }
    let body = format!(
        "<h1>Problems</h1><p>Every error is a problem document (RFC 9457). Its <code>code</code> is one of these.</p>\
         <table><thead><tr><th>Status</th><th>Code</th><th>Means</th></tr></thead><tbody>{rows}</tbody></table>"
    );
    page("Problems", "", &body)
}

/// One kind of problem.
pub async fn problem(code: Path<String>) -> Result<HttpResponse, Problem> {
    let kind = KINDS.iter().find(|kind| kind.code == *code).ok_or_else(Problem::not_found)?;
    let Kind { code, status, title, retryable, explanation } = kind;
    let again = if *retryable {
        "The same request may succeed later."
    } else {
        "Sending the same request again does not help."
    };
    let body = format!(
        "<p class=\"eyebrow\"><code>{code}</code> · HTTP status {status}</p><h1>{title}</h1><p>{}</p><p>{again}</p>\
         <p><a href=\"../problems\">All problems</a></p>",
        html(explanation)
    );
    Ok(page(title, "../", &body))
}

/// Our explanations are plain text with code between backticks.
fn html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    let mut parts = escaped.split('`');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        out.push_str(if index % 2 == 0 { "<code>" } else { "</code>" });
        out.push_str(part);
    }
    out
}

/// A page whose way to the gateway's own address is `up`.
fn page(title: &str, up: &str, body: &str) -> HttpResponse {
    let home = if up.is_empty() { "./" } else { up };
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} – ips-gateway</title><link rel=\"icon\" href=\"{up}board/icon.svg\"><link rel=\"stylesheet\" href=\"{up}board/style.css\">\
         <script src=\"{up}board/theme.js\"></script></head>\
         <body><header class=\"bar\"><a class=\"brand\" href=\"{home}\"><img src=\"{up}board/icon.svg\" alt=\"\" width=\"22\" height=\"22\"><span>ips-gateway</span></a>\
         <nav aria-label=\"Pages\"><a href=\"{home}\">Jobs</a><a href=\"{up}swagger-ui/\">API</a><a href=\"{up}problems\" aria-current=\"page\">Problems</a></nav>\
         <div class=\"bar-end\"><button type=\"button\" class=\"quiet square\" data-toggles=\"theme\" aria-label=\"Change colours\">\
         <svg class=\"icon\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><circle cx=\"8\" cy=\"8\" r=\"5.5\"/><path class=\"solid\" d=\"M8 2.5a5.5 5.5 0 0 1 0 11z\"/></svg></button></div>\
         </header><main class=\"prose\">{body}</main></body></html>"
    );
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .body(page)
}
