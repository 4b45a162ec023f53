//! Outer levels of a document: SOAP envelope, header and body, and their namespaces.

use quick_xml::name::{NamespaceResolver, ResolveResult};

use super::SOAP_NAMESPACE;
use crate::ips::codec::{Limits, Mode, Parser, ReadError, Tag, Token};
use crate::ips::types::COMMON_NAMESPACE;

/// End of the reason of an envelope of another SOAP version.
const NOT_SOAP_1_1: &str = ", not of SOAP 1.1";

/// Returns whether a document can't be read because its envelope is of another SOAP version than 1.1.
#[must_use]
pub fn is_version_mismatch(error: &ReadError) -> bool {
    error.path.is_empty() && error.reason.ends_with(NOT_SOAP_1_1)
}

/// Outer levels of a document, at which namespaces are resolved.
pub(super) struct Envelope<'de> {
    pub parser: Parser<'de>,
    namespaces: NamespaceResolver,
    /// Position of the content of the Body, once found.
    pub body: usize,
}

impl<'de> Envelope<'de> {
    /// Starts to read a document.
    pub fn begin(text: &'de str, mode: Mode) -> Self {
        let parser = Parser::new(text, mode, Limits::default());
        Self { parser, namespaces: NamespaceResolver::default(), body: 0 }
    }

    /// Reads the start tag of the Envelope.
    pub fn open(text: &'de str, mode: Mode) -> Result<Self, ReadError> {
        let mut envelope = Self::begin(text, mode);
        let Some(tag) = envelope.parser.next_tag()? else { return Err(ReadError::document("contains no element")) };
        match (tag.local_name(), envelope.namespace(&tag)?.as_deref()) {
            ("Envelope", Some(SOAP_NAMESPACE)) => Ok(envelope),
            ("Envelope", namespace) => {
                Err(ReadError::document(format!("the Envelope is of {}{NOT_SOAP_1_1}", display(namespace))))
            }
            (name, _) => Err(ReadError::document(format!("the root element is {name}, not a SOAP Envelope"))),
        }
    }

    /// Reads up to the body element and returns its tag. Calls `header` for each element of the Header, which must read or skip it.
    pub fn find_body(
        &mut self,
        mut header: impl FnMut(&mut Self, &Tag<'de>) -> Result<(), ReadError>,
    ) -> Result<Tag<'de>, ReadError> {
        while let Some(tag) = self.parser.next_tag()? {
            match (tag.local_name(), self.namespace(&tag)?.as_deref()) {
                ("Header", Some(SOAP_NAMESPACE)) => {
                    while let Some(tag) = self.parser.next_tag()? {
                        header(self, &tag)?;
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
    pub fn find_answer(&mut self, first: Tag<'de>) -> Result<(Tag<'de>, Option<String>), ReadError> {
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
    pub fn close(&mut self) -> Result<(), ReadError> {
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

    /// Ends the scope of the namespace declarations of the last element.
    pub fn leave(&mut self) {
        self.namespaces.pop();
    }

    /// Returns the namespace of an element and applies its namespace declarations, until [`Self::leave`].
    pub fn namespace(&mut self, tag: &Tag<'de>) -> Result<Option<String>, ReadError> {
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

/// Returns whether a namespace is that of SOAP or of an API version of IPS.
fn is_answer_namespace(namespace: Option<&str>) -> bool {
    namespace.is_some_and(|namespace| namespace == SOAP_NAMESPACE) || check_ips_namespace("", namespace).is_ok()
}

/// Checks that a namespace is that of an API version of IPS.
pub(super) fn check_ips_namespace(name: &str, namespace: Option<&str>) -> Result<(), ReadError> {
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
