//! Reading of a request, in a SOAP envelope or without one. Both are strict.

use std::borrow::Cow;
use std::ops::Range;

use super::auth::{AuthHeader, WireAuthHeader};
use super::envelope::{Envelope, check_ips_namespace};
use crate::ips::codec::{Limits, Mode, Parser, ReadError, Tag, Token, decode};
use crate::ips::types::{COMMON_NAMESPACE, Operation};

/// Namespace of the header elements `AuthUser` and `AuthPassword`, the predecessors of `authHeader`.
const FORMER_NAMESPACE: &str = "http://www.scene7.com/IpsApi";

/// Request whose outer levels are parsed and whose body element is not yet.
pub struct Request<'a> {
    text: Cow<'a, str>,
    root: String,
    namespace: String,
    auth: AuthHeader,
    /// Range of the body element in the text.
    body: Range<usize>,
}

impl<'a> Request<'a> {
    /// Parses the envelope of a request of any operation.
    ///
    /// # Errors
    /// The body is not a SOAP 1.1 envelope with one IPS element, or its `authHeader` can't be read.
    pub fn parse(body: &'a [u8], content_type: Option<&str>) -> Result<Self, ReadError> {
        let text = decode(body, content_type)?;
        let mut envelope = Envelope::open(&text, Mode::Strict)?;
        let mut auth = AuthHeader::default();
        let tag = envelope.find_body(|envelope, header| {
            let namespace = envelope.namespace(header)?;
            match (header.local_name(), namespace.as_deref()) {
                ("authHeader", Some(COMMON_NAMESPACE)) => read_auth(&mut envelope.parser, &mut auth)?,
                ("AuthUser", Some(FORMER_NAMESPACE)) => auth.user = Some(envelope.parser.value(header)?),
                ("AuthPassword", Some(FORMER_NAMESPACE)) => {
                    auth.password = Some(envelope.parser.value::<String>(header)?.into());
                }
                _ => envelope.parser.skip()?,
            }
            envelope.leave();
            Ok(())
        })?;
        let namespace = envelope.namespace(&tag)?;
        check_ips_namespace(tag.local_name(), namespace.as_deref())?;
        let root = tag.local_name().to_owned();
        envelope.parser.skip()?;
        let body = envelope.body..envelope.parser.position();
        envelope.close()?;
        Ok(Self { root, namespace: namespace.unwrap_or_default(), auth, body, text })
    }

    /// Parses a request without SOAP: the element `Request` with an `authHeader` and the body element, all of one API version.
    ///
    /// # Errors
    /// The body is not such a document, or its `authHeader` can't be read.
    pub fn parse_bare(body: &'a [u8], content_type: Option<&str>) -> Result<Self, ReadError> {
        let text = decode(body, content_type)?;
        let mut document = Envelope::begin(&text, Mode::Strict);
        let Some(tag) = document.parser.next_tag()? else { return Err(ReadError::document("contains no element")) };
        let namespace = document.namespace(&tag)?;
        if tag.local_name() != "Request" {
            return Err(ReadError::document(format!("the root element is {}, not Request", tag.local_name())));
        }
        check_ips_namespace("Request", namespace.as_deref())?;
        let mut auth = AuthHeader::default();
        let mut start = document.parser.position();
        let mut next = document.parser.next_tag()?;
        if let Some(header) = next.take_if(|tag| tag.local_name() == "authHeader") {
            check_same(&header, document.namespace(&header)?.as_deref(), namespace.as_deref())?;
            auth = document.parser.value::<WireAuthHeader<String>>(&header)?.into();
            document.leave();
            start = document.parser.position();
            next = document.parser.next_tag()?;
        }
        let Some(tag) = next else { return Err(ReadError::document("the Request contains no operation")) };
        check_same(&tag, document.namespace(&tag)?.as_deref(), namespace.as_deref())?;
        let root = tag.local_name().to_owned();
        document.parser.skip()?;
        let body = start..document.parser.position();
        if let Some(tag) = document.parser.next_tag()? {
            let name = tag.local_name();
            return Err(ReadError::document(format!("the Request contains {name} after its operation")));
        }
        while !matches!(document.parser.next_token()?, Token::Eof) {}
        Ok(Self { root, namespace: namespace.unwrap_or_default(), auth, body, text })
    }

    /// Returns the local name of the body element, for example `getActiveJobsParam`.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Returns the namespace of the body element, which contains the API version.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns the `authHeader`; empty if the request has none.
    #[must_use]
    pub fn auth(&self) -> &AuthHeader {
        &self.auth
    }

    /// Returns the text of a child of the body element by its local name, before the whole is read.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<String> {
        let mut parser = Parser::new(&self.text[self.body.clone()], Mode::Strict, Limits::default());
        parser.next_tag().ok()??;
        while let Some(tag) = parser.next_tag().ok()? {
            if tag.local_name() == name {
                return parser.value(&tag).ok();
            }
            parser.skip().ok()?;
        }
        None
    }

    /// Reads the body element as a `T` in strict mode.
    ///
    /// # Errors
    /// The body element is not that of `T`, or has unknown, missing, misordered, repeated or unreadable elements.
    pub fn read<T: Operation>(&self) -> Result<T, ReadError> {
        if self.root != T::REQUEST {
            return Err(ReadError::document(format!("contains {} instead of {}", self.root, T::REQUEST)));
        }
        let mut parser = Parser::new(&self.text[self.body.clone()], Mode::Strict, Limits::default());
        match parser.next_tag()? {
            Some(tag) => parser.value(&tag),
            None => Err(ReadError::document("contains no element")),
        }
    }
}

/// Reads the content of the `authHeader` of an envelope: every element is optional, and their order is free.
fn read_auth(parser: &mut Parser<'_>, auth: &mut AuthHeader) -> Result<(), ReadError> {
    let mut seen = Vec::new();
    while let Some(tag) = parser.next_tag()? {
        let name = tag.local_name().to_owned();
        if seen.contains(&name) {
            return Err(ReadError::document(format!("authHeader: the element {name} appears twice")));
        }
        read_auth_element(parser, &tag, auth)
            .map_err(|error| ReadError { path: format!("authHeader.{name}"), reason: error.reason })?;
        seen.push(name);
    }
    Ok(())
}

fn read_auth_element(parser: &mut Parser<'_>, tag: &Tag<'_>, auth: &mut AuthHeader) -> Result<(), ReadError> {
    let mut text = || parser.value::<String>(tag).map(|text| Some(text).filter(|text| !text.is_empty()));
    match tag.local_name() {
        "user" => auth.user = text()?,
        "password" => auth.password = text()?.map(Into::into),
        "accessToken" => auth.access_token = text()?.map(Into::into),
        "locale" => auth.locale = text()?,
        "appName" => auth.app_name = text()?.unwrap_or_default(),
        "appVersion" => auth.app_version = text()?.unwrap_or_default(),
        "gzipResponse" => auth.gzip_response = Some(parser.value(tag)?),
        "faultHttpStatusCode" => auth.fault_http_status_code = Some(parser.value(tag)?),
        _ => return Err(ReadError::document("the element is unknown")),
    }
    Ok(())
}

fn check_same(tag: &Tag<'_>, namespace: Option<&str>, expected: Option<&str>) -> Result<(), ReadError> {
    if namespace == expected {
        return Ok(());
    }
    let (name, namespace) = (tag.local_name(), namespace.unwrap_or_default());
    Err(ReadError::document(format!("{name} is of the namespace {namespace:?}, the Request of another one")))
}
