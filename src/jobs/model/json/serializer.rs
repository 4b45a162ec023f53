//! Serializer of jobs: the bytes of `serde_json`, faster where jobs have most of theirs, in names of members and in texts without escapes.

use serde::ser::{self, Error as _, Impossible, Serialize};
use serde_json::{Error, Result};

/// Serializer that appends the JSON of a value to a buffer.
pub(super) struct JsonSerializer<'a>(pub &'a mut Vec<u8>);

/// Members of an object or elements of an array that are written one by one.
pub(super) struct Elements<'a> {
    json: &'a mut Vec<u8>,
    /// Byte before the next element: the bracket that opens the object or array, then a comma.
    next: u8,
    opening: u8,
    closing: u8,
}

impl<'a> Elements<'a> {
    fn new(json: &'a mut Vec<u8>, [opening, closing]: [u8; 2]) -> Self {
        Self { json, next: opening, opening, closing }
    }

    fn separate(&mut self) {
        self.json.push(self.next);
        self.next = b',';
    }

    fn close(self) {
        if self.next == self.opening {
            self.json.push(self.opening);
        }
        self.json.push(self.closing);
    }
}

/// Serialization of scalars as `serde_json` writes them.
macro_rules! as_serde_json {
    ($($method:ident($type:ty);)+) => {
        $(#[inline]
        fn $method(self, value: $type) -> Result<()> {
            serde_json::to_writer(self.0, &value)
        })+
    };
}

impl<'a> ser::Serializer for JsonSerializer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Elements<'a>;
    type SerializeTuple = Elements<'a>;
    type SerializeTupleStruct = Elements<'a>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Elements<'a>;
    type SerializeStruct = Elements<'a>;
    type SerializeStructVariant = Impossible<(), Error>;

    as_serde_json! {
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_bytes(&[u8]);
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<()> {
        let text = if value { "true" } else { "false" };
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<()> {
        if has_escapes(value.as_bytes()) {
            return serde_json::to_writer(self.0, value);
        }
        self.0.reserve(value.len() + 2);
        self.0.push(b'"');
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(b'"');
        Ok(())
    }

    fn serialize_unit(self) -> Result<()> {
        self.0.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        let mut members = Elements::new(self.0, *b"{}");
        ser::SerializeStruct::serialize_field(&mut members, variant, value)?;
        members.close();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Elements<'a>> {
        Ok(Elements::new(self.0, *b"[]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Elements<'a>> {
        Ok(Elements::new(self.0, *b"[]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Elements<'a>> {
        Ok(Elements::new(self.0, *b"[]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Error>> {
        Err(Error::custom("no job has a variant with several values"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Elements<'a>> {
        Ok(Elements::new(self.0, *b"{}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Elements<'a>> {
        Ok(Elements::new(self.0, *b"{}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Error>> {
        Err(Error::custom("no job has a variant with members"))
    }
}

impl ser::SerializeStruct for Elements<'_> {
    type Ok = ();
    type Error = Error;

    /// Appends a member; the name of a field has no characters to escape.
    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        self.json.reserve(name.len() + 4);
        self.separate();
        self.json.push(b'"');
        self.json.extend_from_slice(name.as_bytes());
        self.json.extend_from_slice(b"\":");
        value.serialize(JsonSerializer(self.json))
    }

    fn end(self) -> Result<()> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeMap for Elements<'_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.separate();
        let start = self.json.len();
        key.serialize(JsonSerializer(self.json))?;
        if self.json.get(start) != Some(&b'"') {
            return Err(Error::custom("a key must be a string"));
        }
        Ok(())
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.json.push(b':');
        value.serialize(JsonSerializer(self.json))
    }

    fn end(self) -> Result<()> {
        self.close();
        Ok(())
    }
}

/// Serialization of elements without names.
macro_rules! elements {
    ($($kind:ident::$method:ident;)+) => {
        $(impl ser::$kind for Elements<'_> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.separate();
                value.serialize(JsonSerializer(self.json))
            }

            fn end(self) -> Result<()> {
                self.close();
                Ok(())
            }
        })+
    };
}

elements! {
    SerializeSeq::serialize_element;
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
}

/// Returns whether a text has characters that JSON escapes: control characters, quotation marks and backslashes.
#[inline]
fn has_escapes(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk() else {
        return text.iter().any(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\');
    };
    // The last word overlaps the one before it.
    let (words, _) = text.as_chunks();
    words.iter().fold(escapes_in(*last), |found, word| found | escapes_in(*word)) != 0
}

/// Returns a number other than 0 if one of eight bytes is escaped: the subtraction sets the high bit of a byte that is less than its
/// subtrahend, and the mask clears that of bytes that had it before. Only the lowest of several results is exact.
#[inline]
fn escapes_in(word: [u8; 8]) -> u64 {
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let word = u64::from_le_bytes(word);
    let below = |word: u64, limit: u8| word.wrapping_sub(each(limit)) & !word;
    let found = below(word, 0x20) | below(word ^ each(b'"'), 1) | below(word ^ each(b'\\'), 1);
    found & each(0x80)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::JsonSerializer;

    #[derive(Serialize)]
    enum Kind {
        Unit,
        Newtype(Option<u8>),
    }

    #[derive(Serialize)]
    struct Nothing;

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Values {
        some_numbers: (i8, i16, i32, i64, u8, u16, u32, u64),
        fractions: Vec<f64>,
        float: f32,
        texts: Vec<String>,
        characters: [char; 2],
        flags: [bool; 2],
        absent: Option<()>,
        kinds: Vec<Kind>,
        empty: (Vec<u8>, BTreeMap<String, u8>, Nothing),
        #[serde(flatten)]
        members: BTreeMap<String, Option<i32>>,
    }

    fn json(value: impl Serialize) -> String {
        let mut json = Vec::new();
        value.serialize(JsonSerializer(&mut json)).expect("a value with JSON");
        String::from_utf8(json).expect("text")
    }

    #[test]
    fn values_are_serialized_as_by_serde_json() {
        let values = Values {
            some_numbers: (-1, i16::MIN, 3, i64::MIN, 5, 6, 7, u64::MAX),
            fractions: vec![0.0, -0.0, 1.0, 0.1, 1e300, 5e-324, f64::NAN, f64::INFINITY],
            float: 0.3,
            texts: ["", "a", "é\u{2028}😀", "eight or more", "quote \"", "\\", "tab\tand line\n", "\u{1}\u{7f}"]
                .map(String::from)
                .into(),
            characters: ['"', 'é'],
            flags: [true, false],
            absent: None,
            kinds: vec![Kind::Unit, Kind::Newtype(None), Kind::Newtype(Some(1))],
            empty: (Vec::new(), BTreeMap::new(), Nothing),
            members: [("a \"key\"".to_owned(), Some(1)), ("other".to_owned(), None)].into(),
        };
        assert_eq!(json(&values), serde_json::to_string(&values).expect("JSON"));
    }

    #[test]
    fn each_byte_is_escaped_at_each_position_as_by_serde_json() {
        for length in 1..=17 {
            for position in 0..length {
                for byte in 0..=0x7f_u8 {
                    let mut text = vec![b'x'; length];
                    text[position] = byte;
                    let text = String::from_utf8(text).expect("ASCII");
                    assert_eq!(json(&text), serde_json::to_string(&text).expect("JSON"), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn a_map_whose_keys_are_no_strings_has_no_json() {
        let map = BTreeMap::from([(1, 2)]);
        assert!(map.serialize(JsonSerializer(&mut Vec::new())).is_err());
    }
}
