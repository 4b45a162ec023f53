//! Serialization: a serde serializer that appends elements to a buffer.

use quick_xml::escape::partial_escape;
use serde::ser::{self, Impossible, Serialize};

use super::error::{Path, WriteError, WriteReason};
use super::scalar::{find_forbidden, is_allowed};
use crate::ips::types::{ApiVersion, Availability, VersionRange, field_versions};

/// Treatment of a field that the written API version lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LackedFields {
    /// An error, for requests: leaving the field out would change their meaning. A field that the version may lack is written.
    Refuse,
    /// Left out, for answers, as IPS does for clients of that version; also if the version may lack it.
    LeaveOut,
}

/// Initial capacity of a document, in bytes: most requests are shorter.
const INITIAL_BYTES: usize = 1024;

/// Writer of one document in one API version.
pub struct Writer<'v> {
    text: String,
    version: &'v ApiVersion,
    lacked_fields: LackedFields,
}

impl<'v> Writer<'v> {
    /// Creates a writer whose document starts with the XML declaration.
    #[must_use]
    pub fn new(version: &'v ApiVersion, lacked_fields: LackedFields) -> Self {
        let mut text = String::with_capacity(INITIAL_BYTES);
        text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        Self { text, version, lacked_fields }
    }

    /// Appends markup verbatim.
    pub fn markup(&mut self, markup: &str) {
        self.text.push_str(markup);
    }

    /// Appends escaped text; characters that XML 1.0 does not allow become U+FFFD.
    pub fn text(&mut self, text: &str) {
        match find_forbidden(text) {
            None => self.escaped(text),
            Some(_) => self.escaped(&text.replace(|character| !is_allowed(character), "\u{FFFD}")),
        }
    }

    /// Appends a struct as the element `name`, with its child elements in `namespace`.
    ///
    /// # Errors
    /// A value that XML can't represent, or a field that the API version lacks; with its JSON pointer.
    pub fn value<T: Serialize>(&mut self, name: &'static str, namespace: &str, value: &T) -> Result<(), WriteError> {
        let path = Path::Root;
        let attributes = format!(" xmlns=\"{}\"", partial_escape(namespace).replace('"', "&quot;"));
        value.serialize(ElementSerializer { writer: self, path: &path, lacked: None, name, attributes: &attributes })
    }

    /// Returns the document.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    fn escaped(&mut self, text: &str) {
        let escaped = partial_escape(text);
        // XML parsers normalize a literal carriage return to a line feed.
        if escaped.contains('\r') {
            self.text.push_str(&escaped.replace('\r', "&#13;"));
        } else {
            self.text.push_str(&escaped);
        }
    }

    fn open(&mut self, name: &str, attributes: &str) {
        for part in ["<", name, attributes, ">"] {
            self.text.push_str(part);
        }
    }

    fn close(&mut self, name: &str) {
        for part in ["</", name, ">"] {
            self.text.push_str(part);
        }
    }
}

/// Element under serialization; `None` writes nothing.
struct ElementSerializer<'w, 'v, 'p> {
    writer: &'w mut Writer<'v>,
    path: &'p Path<'p>,
    /// API versions that have the element, if the written one lacks it.
    lacked: Option<VersionRange>,
    name: &'static str,
    attributes: &'p str,
}

impl<'w, 'v, 'p> ElementSerializer<'w, 'v, 'p> {
    fn error(&self, reason: WriteReason) -> WriteError {
        WriteError { pointer: self.path.pointer(), reason }
    }

    fn begin(&mut self) -> Result<(), WriteError> {
        if let Some(versions) = self.lacked {
            return Err(self.error(WriteReason::Version { versions, configured: self.writer.version.clone() }));
        }
        self.writer.open(self.name, self.attributes);
        Ok(())
    }

    fn text(mut self, text: &str) -> Result<(), WriteError> {
        if let Some((_, character)) = find_forbidden(text) {
            return Err(self.error(WriteReason::Character(character)));
        }
        self.begin()?;
        self.writer.escaped(text);
        self.writer.close(self.name);
        Ok(())
    }

    fn children(mut self, owner: &'static str) -> Result<Children<'w, 'v, 'p>, WriteError> {
        self.begin()?;
        Ok(Children { writer: self.writer, path: self.path, owner, name: self.name, count: 0 })
    }

    fn unsupported<T>(&self, kind: &str) -> Result<T, WriteError> {
        Err(self.error(WriteReason::Value(format!("{kind} is not supported by this XML format"))))
    }
}

macro_rules! unsupported {
    ($($method:ident($kind:literal $(, $argument:ty)*) $(-> $answer:ty)?;)+) => {
        $(fn $method(self $(, _: $argument)*) -> unsupported!(@ $($answer)?) {
            self.unsupported($kind)
        })+
    };
    (@) => { Result<(), WriteError> };
    (@ $answer:ty) => { Result<$answer, WriteError> };
}

impl<'w, 'v, 'p> ser::Serializer for ElementSerializer<'w, 'v, 'p> {
    type Ok = ();
    type Error = WriteError;
    type SerializeSeq = Children<'w, 'v, 'p>;
    type SerializeStruct = Children<'w, 'v, 'p>;
    type SerializeTuple = Impossible<(), WriteError>;
    type SerializeTupleStruct = Impossible<(), WriteError>;
    type SerializeTupleVariant = Impossible<(), WriteError>;
    type SerializeMap = Impossible<(), WriteError>;
    type SerializeStructVariant = Impossible<(), WriteError>;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, value: bool) -> Result<(), WriteError> {
        self.text(if value { "true" } else { "false" })
    }

    fn serialize_i32(self, value: i32) -> Result<(), WriteError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), WriteError> {
        self.text(&value.to_string())
    }

    fn serialize_f64(self, value: f64) -> Result<(), WriteError> {
        if !value.is_finite() {
            return Err(self.error(WriteReason::Value(format!("{value} is not a number"))));
        }
        // The debug format uses an exponent where that is shorter, as xsd:double allows.
        self.text(&format!("{value:?}"))
    }

    fn serialize_str(self, value: &str) -> Result<(), WriteError> {
        self.text(value)
    }

    fn serialize_none(self) -> Result<(), WriteError> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), WriteError> {
        value.serialize(self)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), WriteError> {
        ser::SerializeStruct::end(self.children(name)?)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), WriteError> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Children<'w, 'v, 'p>, WriteError> {
        self.children("")
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Children<'w, 'v, 'p>, WriteError> {
        self.children(name)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), WriteError> {
        self.unsupported("an enum")
    }

    unsupported! {
        serialize_i8("an i8", i8);
        serialize_i16("an i16", i16);
        serialize_u8("a u8", u8);
        serialize_u16("a u16", u16);
        serialize_u32("a u32", u32);
        serialize_u64("a u64", u64);
        serialize_f32("an f32", f32);
        serialize_char("a char", char);
        serialize_bytes("a byte string", &[u8]);
        serialize_unit("a unit");
        serialize_unit_variant("an enum", &'static str, u32, &'static str);
        serialize_tuple("a tuple", usize) -> Self::SerializeTuple;
        serialize_tuple_struct("a tuple struct", &'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant("an enum", &'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map("a map", Option<usize>) -> Self::SerializeMap;
        serialize_struct_variant("an enum", &'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

/// Child elements of an element under serialization.
struct Children<'w, 'v, 'p> {
    writer: &'w mut Writer<'v>,
    path: &'p Path<'p>,
    owner: &'static str,
    name: &'static str,
    count: usize,
}

impl Children<'_, '_, '_> {
    fn child<T: Serialize + ?Sized>(
        &mut self,
        path: &Path<'_>,
        lacked: Option<VersionRange>,
        name: &'static str,
        value: &T,
    ) -> Result<(), WriteError> {
        value.serialize(ElementSerializer { writer: self.writer, path, lacked, name, attributes: "" })
    }

    fn close(self) {
        self.writer.close(self.name);
    }
}

impl ser::SerializeStruct for Children<'_, '_, '_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), WriteError> {
        let versions = field_versions(self.owner, name);
        let availability = self.writer.version.availability_in(versions);
        if availability != Availability::Has && self.writer.lacked_fields == LackedFields::LeaveOut {
            return Ok(());
        }
        let lacked = (availability == Availability::Lacks).then_some(versions);
        let path = Path::Field { parent: self.path, name };
        self.child(&path, lacked, name, value)
    }

    fn end(self) -> Result<(), WriteError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeSeq for Children<'_, '_, '_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
        let path = Path::Item { parent: self.path, index: self.count };
        self.count += 1;
        self.child(&path, None, "items", value)
    }

    fn end(self) -> Result<(), WriteError> {
        self.close();
        Ok(())
    }
}
