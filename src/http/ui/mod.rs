//! What people look at: the board, Swagger UI, and what each problem means. Everything comes from the binary, and every address in it is
//! relative, so that proxies may put the gateway below any path.

mod assets;
mod config;
mod problem_pages;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};

pub use config::{DemoUser, Environment, PageConfig, SignIn};
pub use problem_pages::{problem, problems};

use super::Api;
use super::problem::Problem;
use assets::Asset;

/// The board inserts text only, and says so.
const BOARD_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
/// Swagger UI runs its own scripts and asks this gateway.
const SWAGGER_UI_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Files by their address below the gateway's own.
const FILES: &[(&str, &[u8])] = &[
    ("index.html", include_bytes!("board/index.html")),
    ("board/actions.js", include_bytes!("board/actions.js")),
    ("board/api.js", include_bytes!("board/api.js")),
    ("board/board.css", include_bytes!("board/board.css")),
    ("board/charts.js", include_bytes!("board/charts.js")),
    ("board/details.js", include_bytes!("board/details.js")),
    ("board/dom.js", include_bytes!("board/dom.js")),
    ("board/filters.js", include_bytes!("board/filters.js")),
    ("board/icon.svg", include_bytes!("board/icon.svg")),
    ("board/live.js", include_bytes!("board/live.js")),
    ("board/main.js", include_bytes!("board/main.js")),
    ("board/problem.js", include_bytes!("board/problem.js")),
    ("board/session.js", include_bytes!("board/session.js")),
    ("board/sign-in.js", include_bytes!("board/sign-in.js")),
    ("board/store.js", include_bytes!("board/store.js")),
    ("board/style.css", include_bytes!("board/style.css")),
    ("board/submit.js", include_bytes!("board/submit.js")),
    ("board/table.js", include_bytes!("board/table.js")),
    ("board/theme.js", include_bytes!("board/theme.js")),
    ("board/words.js", include_bytes!("board/words.js")),
    ("swagger-ui/index.html", include_bytes!("swagger_ui/index.html")),
    ("swagger-ui/swagger-initializer.js", include_bytes!("swagger_ui/swagger-initializer.js")),
    ("swagger-ui/look.css", include_bytes!("swagger_ui/look.css")),
];
/// What we take of Swagger UI as it is.
const OF_SWAGGER_UI: [&str; 2] = ["swagger-ui-bundle.js", "swagger-ui.css"];

/// The files of all pages, prepared once.
pub struct Pages(HashMap<String, Asset>);

impl Pages {
    /// The pages of a gateway; `config` is what they can ask for at `board/config.json`.
    ///
    /// # Panics
    /// Never: the configuration can be written as JSON.
    #[must_use]
    pub fn new(config: &PageConfig) -> Self {
        let own = FILES.iter().map(|(path, body)| ((*path).to_owned(), Asset::new(path, (*body).into())));
        let config = serde_json::to_vec(config).expect("it is plain data");
        let config = ("board/config.json".to_owned(), Asset::new("config.json", config.into()));
        Self(own.chain([config]).chain(of_swagger_ui()).collect())
    }

    async fn serve(&self, path: &str, request: &HttpRequest) -> Result<HttpResponse, Problem> {
        let asset = self.0.get(path).ok_or_else(Problem::not_found)?;
        let mut response = asset.respond(request).await;
        let policy = match path {
            "index.html" => Some(BOARD_POLICY),
            "swagger-ui/index.html" => Some(SWAGGER_UI_POLICY),
            _ => None,
        };
        if let Some(policy) = policy {
            let policy = header::HeaderValue::from_static(policy);
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        Ok(response)
    }
}

fn of_swagger_ui() -> impl Iterator<Item = (String, Asset)> {
    let config = Arc::new(utoipa_swagger_ui::Config::default());
    OF_SWAGGER_UI.into_iter().filter_map(move |name| {
        let file = utoipa_swagger_ui::serve(name, config.clone()).ok().flatten()?;
        let body = match file.bytes {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        };
        Some((format!("swagger-ui/{name}"), Asset::new(name, body)))
    })
}

/// The board.
pub async fn board(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    api.pages.serve("index.html", &request).await
}

/// A file of the board.
pub async fn board_file(api: Data<Api>, request: HttpRequest, file: Path<String>) -> Result<HttpResponse, Problem> {
    api.pages.serve(&format!("board/{file}"), &request).await
}

/// Swagger UI and its files.
pub async fn swagger_ui(api: Data<Api>, request: HttpRequest, file: Path<String>) -> Result<HttpResponse, Problem> {
    let file = if file.is_empty() { "index.html" } else { file.as_str() };
    api.pages.serve(&format!("swagger-ui/{file}"), &request).await
}

/// A page's files are relative to its folder. The redirect is, too: behind a proxy only the browser knows the whole address.
pub async fn to_folder(request: HttpRequest) -> HttpResponse {
    let last = request.path().rsplit('/').next().unwrap_or_default();
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, format!("{last}/"))).finish()
}
