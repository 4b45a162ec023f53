//! Envelopes that are read.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::name::{NamespaceResolver, ResolveResult};
use serde::Deserialize;

use super::SOAP_NAMESPACE;
use super::auth::{AuthHeader, WireAuthHeader};
use crate::ips::codec::{Document, Limits, Mode, ReadError, Tag, Token, decode};
use crate::ips::types::{COMMON_NAMESPACE, Fault, FaultName, Operation};

/// What IPS replied to a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply<A> {
    /// The answer.
    Answer(Answer<A>),
    /// A fault in its place.
    Fault(Fault),
}

/// An answer, and what of it could not be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<A> {
    /// The answer, without the items that could not be read.
    pub value: A,
    /// The items that were left out.
    pub bad_items: Vec<ReadError>,
}

/// Reads the reply to a `T`, in whatever API version and encoding it comes.
///
/// # Errors
/// The body isn't a SOAP 1.1 envelope with the answer of `T` or a fault.
pub fn read_answer<T: Operation>(body: &[u8], content_type: Option<&str>) -> Result<Reply<T::Answer>, ReadError> {
    let text = decode(body, content_type)?;
    let mut envelope = Envelope::open(&text, Mode::Lenient)?;
    let tag = envelope.find_body(|document, _| document.skip())?;
    match envelope.namespace(&tag)?.as_deref() {
        Some(SOAP_NAMESPACE) if tag.local_name() == "Fault" => {
            let fault = envelope.document.value::<WireFault>(&tag)?.into();
            envelope.close()?;
            Ok(Reply::Fault(fault))
        }
        namespace => {
            check_ips_namespace(tag.local_name(), namespace)?;
            if tag.local_name() != T::ANSWER {
                return Err(ReadError::document(format!("holds {} in place of {}", tag.local_name(), T::ANSWER)));
            }
            let value = envelope.document.value(&tag)?;
            envelope.close()?;
            Ok(Reply::Answer(Answer { value, bad_items: envelope.document.into_bad_items() }))
        }
    }
}

/// A request whose envelope has been read.
pub struct Request<'a> {
    text: Cow<'a, str>,
    root: String,
    namespace: String,
    auth: AuthHeader,
    /// The element in the body.
    body: Range<usize>,
}

impl<'a> Request<'a> {
    /// Reads the envelope of a request of whatever operation.
    ///
    /// # Errors
    /// The body isn't a SOAP 1.1 envelope with one IPS element, or its `authHeader` can't be read.
    pub fn parse(body: &'a [u8], content_type: Option<&str>) -> Result<Self, ReadError> {
        let text = decode(body, content_type)?;
        let mut envelope = Envelope::open(&text, Mode::Strict)?;
        let mut auth = AuthHeader::default();
        let tag = envelope.find_body(|document, header| {
            if header.local_name() != "authHeader" {
                return document.skip();
            }
            auth = document.value::<WireAuthHeader>(header)?.into();
            Ok(())
        })?;
        let namespace = envelope.namespace(&tag)?;
        check_ips_namespace(tag.local_name(), namespace.as_deref())?;
        let root = tag.local_name().to_owned();
        envelope.document.skip()?;
        let body = envelope.body..envelope.document.position();
        envelope.close()?;
        Ok(Self { root, namespace: namespace.unwrap_or_default(), auth, body, text })
    }

    /// The local name of the element in the body, for example `getActiveJobsParam`.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The namespace of the element in the body, which names the API version.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The `authHeader`; empty where the request has none.
    #[must_use]
    pub fn auth(&self) -> &AuthHeader {
        &self.auth
    }

    /// Reads the element in the body as a `T`, strictly.
    ///
    /// # Errors
    /// It isn't the request element of `T`, or has unknown, missing, misordered, repeated or unreadable elements.
    pub fn read<T: Operation>(&self) -> Result<T, ReadError> {
        if self.root != T::REQUEST {
            return Err(ReadError::document(format!("holds {} in place of {}", self.root, T::REQUEST)));
        }
        let mut document = Document::new(&self.text[self.body.clone()], Mode::Strict, Limits::default());
        match document.next_tag()? {
            Some(tag) => document.value(&tag),
            None => Err(ReadError::document("holds no element")),
        }
    }
}

/// The levels of a document at which namespaces count.
struct Envelope<'de> {
    document: Document<'de>,
    namespaces: NamespaceResolver,
    /// Where the content of the Body begins, once it was found.
    body: usize,
}

impl<'de> Envelope<'de> {
    fn open(text: &'de str, mode: Mode) -> Result<Self, ReadError> {
        let document = Document::new(text, mode, Limits::default());
        let mut envelope = Self { document, namespaces: NamespaceResolver::default(), body: 0 };
        let Some(tag) = envelope.document.next_tag()? else { return Err(ReadError::document("holds no element")) };
        match (tag.local_name(), envelope.namespace(&tag)?.as_deref()) {
            ("Envelope", Some(SOAP_NAMESPACE)) => Ok(envelope),
            ("Envelope", namespace) => {
                Err(ReadError::document(format!("the Envelope is not of SOAP 1.1 but of {}", display(namespace))))
            }
            (name, _) => Err(ReadError::document(format!("the root element is {name}, not a SOAP Envelope"))),
        }
    }

    /// Hands each element of the Header to `header`, which has to read or skip it; the tag of the one element in the Body.
    fn find_body(
        &mut self,
        mut header: impl FnMut(&mut Document<'de>, &Tag<'de>) -> Result<(), ReadError>,
    ) -> Result<Tag<'de>, ReadError> {
        while let Some(tag) = self.document.next_tag()? {
            match (tag.local_name(), self.namespace(&tag)?.as_deref()) {
                ("Header", Some(SOAP_NAMESPACE)) => {
                    while let Some(tag) = self.document.next_tag()? {
                        header(&mut self.document, &tag)?;
                    }
                }
                ("Body", Some(SOAP_NAMESPACE)) => {
                    self.body = self.document.position();
                    return self.document.next_tag()?.ok_or_else(|| ReadError::document("the Body is empty"));
                }
                (name, _) => return Err(ReadError::document(format!("the Envelope holds {name} before its Body"))),
            }
            self.namespaces.pop();
        }
        Err(ReadError::document("the Envelope has no Body"))
    }

    /// After the element in the Body: checks that the document ends as it should.
    fn close(&mut self) -> Result<(), ReadError> {
        if let Some(tag) = self.document.next_tag()? {
            return Err(ReadError::document(format!("the Body holds a second element, {}", tag.local_name())));
        }
        if let Some(tag) = self.document.next_tag()? {
            return Err(ReadError::document(format!("the Envelope holds {} after its Body", tag.local_name())));
        }
        while !matches!(self.document.next_token()?, Token::Eof) {}
        Ok(())
    }

    /// The namespace of an element, whose declarations come into force.
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

/// `soapenv:Fault`; its children have no namespace, or any.
#[derive(Deserialize)]
struct WireFault {
    faultstring: Option<String>,
    detail: Option<WireDetail>,
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

fn check_ips_namespace(name: &str, namespace: Option<&str>) -> Result<(), ReadError> {
    match namespace.and_then(|namespace| namespace.strip_prefix(COMMON_NAMESPACE)) {
        Some(version) if version.is_empty() || version.starts_with('/') => Ok(()),
        _ => Err(ReadError::document(format!(
            "the Body holds {name} of {}, which is no IPS namespace",
            display(namespace)
        ))),
    }
}

fn display(namespace: Option<&str>) -> String {
    namespace.map_or_else(|| "no namespace".into(), |namespace| format!("the namespace {namespace:?}"))
}
