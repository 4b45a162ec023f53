//! Web UI: the board, Swagger UI and the problem pages. All files are embedded in the binary, and all URLs in them are relative, so that
//! they work behind any path prefix.

mod assets;
mod config;
mod content_security_policy;
mod problem_pages;

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

pub use assets::UiAssets;
pub use config::{DemoUser, Environment, SignInMethod, UiConfig};
pub use problem_pages::{problem, problems};

use super::AppState;
use super::problem::Problem;

/// Serves an embedded page with its content security policy.
async fn page(
    state: &AppState,
    request: &HttpRequest,
    path: &str,
    policy: &'static str,
) -> Result<HttpResponse, Problem> {
    let mut response = file(state, request, path).await?;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    Ok(response)
}

/// Serves an embedded file.
async fn file(state: &AppState, request: &HttpRequest, path: &str) -> Result<HttpResponse, Problem> {
    let asset = state.ui.get(path).ok_or_else(Problem::not_found)?;
    Ok(asset.respond(request).await)
}

/// `GET /`: the board's page.
pub async fn board(state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    page(&state, &request, "index.html", content_security_policy::BOARD).await
}

/// `GET /board/…`: the board's scripts, styles and configuration.
pub async fn board_file(
    state: Data<AppState>,
    request: HttpRequest,
    path: Path<String>,
) -> Result<HttpResponse, Problem> {
    file(&state, &request, &format!("board/{path}")).await
}

/// `GET /swagger-ui/…`: Swagger UI's page, scripts and styles.
pub async fn swagger_ui(
    state: Data<AppState>,
    request: HttpRequest,
    path: Path<String>,
) -> Result<HttpResponse, Problem> {
    match path.as_str() {
        "" | "index.html" => page(&state, &request, "swagger-ui/index.html", content_security_policy::SWAGGER_UI).await,
        path => file(&state, &request, &format!("swagger-ui/{path}")).await,
    }
}

/// Redirects to the same path with a trailing slash, against which the page's URLs resolve. The redirect is relative: behind a proxy only
/// the browser knows the whole URL.
pub async fn redirect_to_directory(request: HttpRequest) -> HttpResponse {
    let last_segment = request.path().rsplit('/').next().unwrap_or_default();
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, format!("{last_segment}/"))).finish()
}
