//! Credentials of a request: parsing of `Authorization`, `X-API-Key` and `Accept-Language`.

use actix_web::http::header::{self, HeaderMap, HeaderName};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

use crate::http::extract::single_header;
use crate::http::problem::Problem;
use crate::upstream::Credentials;

/// Header with an API key.
pub const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Returns the IPS credentials: `Basic` with e-mail and password, or `Bearer` with an access token.
///
/// # Errors
/// 401 without or with malformed credentials; 400 with several `Authorization` headers.
pub fn ips_credentials(headers: &HeaderMap) -> Result<Credentials, Problem> {
    let malformed = || {
        Problem::unauthenticated("the `Authorization` header can't be read: expected `Basic` or `Bearer` credentials")
    };
    let (scheme, value) = match authorization(headers)? {
        Authorization::Missing => {
            return Err(Problem::unauthenticated("the request has no `Authorization` header"));
        }
        Authorization::Malformed => return Err(malformed()),
        Authorization::Parsed { scheme, value } => (scheme, value),
    };
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Credentials::AccessToken(SecretString::from(value)));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let decoded = STANDARD.decode(value).map(text_of).map_err(|_| malformed())?;
    // Neither part may contain control characters (RFC 7617 §2), and most of them are not representable in XML.
    let (user, password) =
        decoded.split_once(':').filter(|_| !decoded.contains(char::is_control)).ok_or_else(malformed)?;
    Ok(Credentials::Password { user: user.to_owned(), password: SecretString::from(password) })
}

/// Decodes credentials: UTF-8, which the challenge names (RFC 7617 §2.1), else ISO-8859-1, which older clients send all the same.
fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
}

/// Returns the API key: of `X-API-Key`, else of `Authorization: Bearer`.
///
/// # Errors
/// 401 without or with a malformed key; 400 with several headers of the same name.
pub fn api_key(headers: &HeaderMap) -> Result<&str, Problem> {
    if let Some(key) = single_header(headers, &X_API_KEY)? {
        return key.to_str().map_err(|_| {
            Problem::unauthenticated("the `X-API-Key` header contains characters other than printable ASCII")
        });
    }
    match authorization(headers)? {
        Authorization::Missing => Err(Problem::unauthenticated(
            "the request has no API key: expected `Authorization: Bearer …` or `X-API-Key`",
        )),
        Authorization::Parsed { scheme, value } if scheme.eq_ignore_ascii_case("bearer") => Ok(value),
        Authorization::Malformed | Authorization::Parsed { .. } => {
            Err(Problem::unauthenticated("the `Authorization` header can't be read: expected `Bearer` and an API key"))
        }
    }
}

/// Returns the first language of `Accept-Language` in the form that IPS accepts: `ll` or `ll-CC`.
pub fn locale(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let first = header.split(',').next()?.split(';').next()?.trim();
    let (language, country) = first.split_once('-').map_or((first, None), |(language, rest)| (language, Some(rest)));
    let is_code = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !is_code(language) {
        return None;
    }
    let language = language.to_ascii_lowercase();
    Some(match country {
        Some(country) if is_code(country) => format!("{language}-{}", country.to_ascii_uppercase()),
        _ => language,
    })
}

/// Value of the `Authorization` header.
enum Authorization<'a> {
    /// There is no such header.
    Missing,
    /// It is not a scheme and a value without white space.
    Malformed,
    /// Scheme and value.
    Parsed { scheme: &'a str, value: &'a str },
}

/// Parses `Authorization`. Neither a token (RFC 6750 §2.1) nor base64 contains white space.
///
/// # Errors
/// 400 with several headers.
fn authorization(headers: &HeaderMap) -> Result<Authorization<'_>, Problem> {
    let Some(header) = single_header(headers, &header::AUTHORIZATION)? else { return Ok(Authorization::Missing) };
    let parts =
        header.to_str().ok().and_then(|text| text.trim().split_once(' ')).map(|(scheme, value)| (scheme, value.trim()));
    let parts = parts.filter(|(_, value)| !value.is_empty() && !value.contains(|c: char| c.is_ascii_whitespace()));
    Ok(parts.map_or(Authorization::Malformed, |(scheme, value)| Authorization::Parsed { scheme, value }))
}
