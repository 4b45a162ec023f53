//! Reading of envelopes: the reply to a request (lenient) and the request itself (strict).

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::name::{NamespaceResolver, ResolveResult};
use serde::Deserialize;

use super::SOAP_NAMESPACE;
use super::auth::{AuthHeader, WireAuthHeader};
use crate::ips::codec::{Limits, Mode, Parser, ReadError, RootContent, Tag, Token, decode};
use crate::ips::types::{COMMON_NAMESPACE, Fault, FaultName, GetCompanyMembershipParam, Operation, UnreadableValue};

/// Operations whose answer has an array even if the array is empty: without one, the answer has a shape that is not known.
const NEVER_EMPTY: [&str; 1] = [GetCompanyMembershipParam::NAME];

/// Reply of IPS to a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply<A> {
    /// Answer of the operation.
    Answer(Answer<A>),
    /// SOAP fault instead of an answer.
    Fault(Fault),
}

/// Answer, with the errors of the array items that could not be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<A> {
    /// Answer without the unreadable items.
    pub value: A,
    /// Error of each unreadable item.
    pub bad_items: Vec<ReadError>,
    /// Number of unreadable values in the other items, which have notes of them.
    pub unreadable_values: u64,
}

/// Reads the reply to a request `T`, in any API version and encoding.
///
/// # Errors
/// The body is not a SOAP 1.1 envelope with the answer of `T` or a fault.
pub fn read_answer<T: Operation>(body: &[u8], content_type: Option<&str>) -> Result<Reply<T::Answer>, ReadError> {
    let text = decode(body, content_type)?;
    let mut envelope = Envelope::open(&text, Mode::Lenient)?;
    let tag = envelope.find_body(|parser, _| parser.skip())?;
    let (tag, namespace) = envelope.find_answer(tag)?;
    match namespace.as_deref() {
        Some(SOAP_NAMESPACE) if tag.local_name() == "Fault" => {
            let fault = envelope.parser.value::<WireFault>(&tag)?.into();
            envelope.close()?;
            Ok(Reply::Fault(fault))
        }
        namespace => {
            check_ips_namespace(tag.local_name(), namespace)?;
            if tag.local_name() != T::ANSWER {
                return Err(ReadError::document(format!("contains {} instead of {}", tag.local_name(), T::ANSWER)));
            }
            let value = envelope.parser.value(&tag)?;
            let is_understood = match envelope.parser.root_content() {
                RootContent::Fields => true,
                RootContent::Empty => !NEVER_EMPTY.contains(&T::NAME),
                RootContent::Unknown => false,
            };
            if !is_understood {
                return Err(ReadError::document(format!("{} contains none of its elements", T::ANSWER)));
            }
            envelope.close()?;
            let unreadable_values = envelope.parser.unreadable_values();
            Ok(Reply::Answer(Answer { value, bad_items: envelope.parser.into_bad_items(), unreadable_values }))
        }
    }
}

/// Request whose envelope is parsed and whose body element is not yet.
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
        let tag = envelope.find_body(|parser, header| {
            if header.local_name() != "authHeader" {
                return parser.skip();
            }
            auth = parser.value::<WireAuthHeader>(header)?.into();
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

/// Outer levels of a document, at which namespaces are resolved.
struct Envelope<'de> {
    parser: Parser<'de>,
    namespaces: NamespaceResolver,
    /// Position of the content of the Body, once found.
    body: usize,
}

impl<'de> Envelope<'de> {
    /// Reads the start tag of the Envelope.
    fn open(text: &'de str, mode: Mode) -> Result<Self, ReadError> {
        let parser = Parser::new(text, mode, Limits::default());
        let mut envelope = Self { parser, namespaces: NamespaceResolver::default(), body: 0 };
        let Some(tag) = envelope.parser.next_tag()? else { return Err(ReadError::document("contains no element")) };
        match (tag.local_name(), envelope.namespace(&tag)?.as_deref()) {
            ("Envelope", Some(SOAP_NAMESPACE)) => Ok(envelope),
            ("Envelope", namespace) => {
                Err(ReadError::document(format!("the Envelope is of {}, not of SOAP 1.1", display(namespace))))
            }
            (name, _) => Err(ReadError::document(format!("the root element is {name}, not a SOAP Envelope"))),
        }
    }

    /// Reads up to the body element and returns its tag. Calls `header` for each element of the Header, which must read or skip it.
    fn find_body(
        &mut self,
        mut header: impl FnMut(&mut Parser<'de>, &Tag<'de>) -> Result<(), ReadError>,
    ) -> Result<Tag<'de>, ReadError> {
        while let Some(tag) = self.parser.next_tag()? {
            match (tag.local_name(), self.namespace(&tag)?.as_deref()) {
                ("Header", Some(SOAP_NAMESPACE)) => {
                    while let Some(tag) = self.parser.next_tag()? {
                        header(&mut self.parser, &tag)?;
                    }
                }
                ("Body", Some(SOAP_NAMESPACE)) => {
                    self.body = self.parser.position();
                    return self.parser.next_tag()?.ok_or_else(|| ReadError::document("the Body is empty"));
                }
                _ if self.parser.mode() == Mode::Lenient => self.parser.skip()?,
                (name, _) => return Err(ReadError::document(format!("the Envelope contains {name} before its Body"))),
            }
            self.namespaces.pop();
        }
        Err(ReadError::document("the Envelope has no Body"))
    }

    /// Returns the first element of the Body, from `first` on, that is of SOAP or IPS, with its namespace; else the first one. The others
    /// are skipped.
    fn find_answer(&mut self, first: Tag<'de>) -> Result<(Tag<'de>, Option<String>), ReadError> {
        let mut tag = first;
        let mut foreign = None;
        loop {
            let namespace = self.namespace(&tag)?;
            if is_answer_namespace(namespace.as_deref()) {
                return Ok((tag, namespace));
            }
            foreign.get_or_insert((tag, namespace));
            self.parser.skip()?;
            self.namespaces.pop();
            match self.parser.next_tag()? {
                Some(next) => tag = next,
                None => return foreign.ok_or_else(|| ReadError::document("the Body is empty")),
            }
        }
    }

    /// Checks that nothing follows the body element but, in lenient mode, elements of other namespaces.
    fn close(&mut self) -> Result<(), ReadError> {
        let is_lenient = self.parser.mode() == Mode::Lenient;
        self.namespaces.pop();
        while let Some(tag) = self.parser.next_tag()? {
            if !is_lenient || is_answer_namespace(self.namespace(&tag)?.as_deref()) {
                return Err(ReadError::document(format!("the Body contains a second element, {}", tag.local_name())));
            }
            self.namespaces.pop();
            self.parser.skip()?;
        }
        while let Some(tag) = self.parser.next_tag()? {
            if !is_lenient {
                return Err(ReadError::document(format!("the Envelope contains {} after its Body", tag.local_name())));
            }
            self.parser.skip()?;
        }
        while !matches!(self.parser.next_token()?, Token::Eof) {}
        Ok(())
    }

    /// Returns the namespace of an element and applies its namespace declarations.
    fn namespace(&mut self, tag: &Tag<'de>) -> Result<Option<String>, ReadError> {
        let start = tag.start();
        self.namespaces.push(&start).map_err(|error| ReadError::document(error.to_string()))?;
        match self.namespaces.resolve_element(start.name()).0 {
            ResolveResult::Bound(namespace) => Ok(Some(namespace.into_inner().to_owned())),
            ResolveResult::Unbound => Ok(None),
            ResolveResult::Unknown(prefix) => {
                Err(ReadError::document(format!("the prefix {prefix:?} is not declared")))
            }
        }
    }
}

/// `soapenv:Fault`; its children may be in any namespace.
#[derive(Deserialize)]
struct WireFault {
    faultstring: Option<String>,
    detail: Option<WireDetail>,
    /// Read, so that an unreadable detail does not make the fault unreadable.
    #[serde(default, rename = "unreadable")]
    _unreadable: Vec<UnreadableValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDetail {
    authentication_fault: Option<WireReason>,
    authorization_fault: Option<WireReason>,
    ips_api_fault: Option<WireReason>,
}

#[derive(Deserialize)]
struct WireReason {
    code: Option<String>,
    reason: Option<String>,
}

impl From<WireFault> for Fault {
    fn from(fault: WireFault) -> Self {
        let faultstring = fault.faultstring.unwrap_or_default();
        let known = fault.detail.and_then(|detail| {
            [
                (FaultName::Authentication, detail.authentication_fault),
                (FaultName::Authorization, detail.authorization_fault),
                (FaultName::IpsApi, detail.ips_api_fault),
            ]
            .into_iter()
            .find_map(|(name, reason)| Some((name, reason?)))
        });
        match known {
            Some((name, WireReason { code, reason })) => Self {
                name,
                code: code.and_then(|code| code.trim().parse().ok()),
                reason: reason.unwrap_or(faultstring),
            },
            None => Self { name: FaultName::Other(faultstring.clone()), code: None, reason: faultstring },
        }
    }
}

/// Returns whether a namespace is that of SOAP or of an API version of IPS.
fn is_answer_namespace(namespace: Option<&str>) -> bool {
    namespace.is_some_and(|namespace| namespace == SOAP_NAMESPACE) || check_ips_namespace("", namespace).is_ok()
}

fn check_ips_namespace(name: &str, namespace: Option<&str>) -> Result<(), ReadError> {
    match namespace.and_then(|namespace| namespace.strip_prefix(COMMON_NAMESPACE)) {
        Some(version) if version.is_empty() || version.starts_with('/') => Ok(()),
        _ => Err(ReadError::document(format!(
            "the Body contains {name} of {}, which is not an IPS namespace",
            display(namespace)
        ))),
    }
}

fn display(namespace: Option<&str>) -> String {
    namespace.map_or_else(|| "no namespace".into(), |namespace| format!("the namespace {namespace:?}"))
}
