//! Introspection of a type: a serde deserializer without data that answers every request with a default value and records what was requested.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::de::value::Error;
use serde::de::{DeserializeSeed, Deserializer, Error as _, Expected, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Kind of value that a type is deserialized from.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Text,
    DateTime,
    Bool,
    Int,
    Long,
    Double,
    Struct(&'static str),
    Array(Box<Kind>),
}

#[derive(Debug, Clone)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub optional: bool,
}

/// Fields of answers that the codec fills, which no schema has.
pub const NOTE_FIELDS: [&str; 3] = ["unreadable", "detailsElement", "absentFields"];

/// Structs that a type consists of, by name, with their fields in declared order.
pub type Structs = BTreeMap<&'static str, Vec<Field>>;

/// Difference of the simulated document from a complete one.
#[derive(Debug, Clone, Copy)]
pub enum Document<'a> {
    Complete,
    Without { type_name: &'a str, field: &'a str },
    WithUnknownField { type_name: &'a str },
}

/// Returns the kind of `T` and all structs that it consists of; an error if `T` refuses the document.
pub fn probe<T: serde::de::DeserializeOwned>(document: Document<'_>) -> Result<(Option<Kind>, Structs), Error> {
    let (answer, structs) = (RefCell::default(), RefCell::default());
    T::deserialize(Probe { document, answer: &answer, structs: &structs })?;
    Ok((answer.into_inner().kind, structs.into_inner()))
}

#[derive(Default)]
struct Answer {
    kind: Option<Kind>,
    optional: bool,
}

#[derive(Clone, Copy)]
struct Probe<'a> {
    document: Document<'a>,
    answer: &'a RefCell<Answer>,
    structs: &'a RefCell<Structs>,
}

impl Probe<'_> {
    fn is(&self, kind: Kind) {
        self.answer.borrow_mut().kind = Some(kind);
    }

    /// Probes the value of a field or an array item.
    fn inner<'de, S: DeserializeSeed<'de>>(&self, seed: S) -> Result<(S::Value, Kind, bool), Error> {
        let answer = RefCell::default();
        let value = seed.deserialize(Probe { answer: &answer, ..*self })?;
        let Answer { kind, optional } = answer.into_inner();
        Ok((value, kind.ok_or_else(|| Error::custom("requested no value"))?, optional))
    }
}

macro_rules! answer {
    ($($method:ident => $kind:ident, $visit:ident($value:expr);)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.is(Kind::$kind);
            visitor.$visit($value)
        })+
    };
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    answer! {
        deserialize_bool => Bool, visit_bool(false);
        deserialize_i32 => Int, visit_i32(0);
        deserialize_i64 => Long, visit_i64(0);
        deserialize_f64 => Double, visit_f64(0.0);
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let expects_date = (&visitor as &dyn Expected).to_string().contains("date and time");
        self.is(if expects_date { Kind::DateTime } else { Kind::Text });
        visitor.visit_str("2014-04-03T00:00:00Z")
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.answer.borrow_mut().optional = true;
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(OneItem { probe: self, done: false })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.is(Kind::Struct(name));
        let unknown = matches!(self.document, Document::WithUnknownField { type_name } if type_name == name);
        let left = fields
            .iter()
            .copied()
            .filter(|asked| !NOTE_FIELDS.contains(asked))
            .filter(|asked| !matches!(self.document, Document::Without { type_name, field } if (type_name, field) == (name, *asked)))
            .chain(unknown.then_some("unknownField"))
            .collect();
        let mut given = Fields { probe: self, left, seen: Vec::new() };
        let value = visitor.visit_map(&mut given)?;
        self.structs.borrow_mut().insert(name, given.seen);
        Ok(value)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.is(Kind::Text);
        visitor.visit_unit()
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom(format_args!("no wire type expects {}", &visitor as &dyn Expected)))
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u32 u64 u128 f32 char bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct map
        enum identifier
    }
}

struct OneItem<'a> {
    probe: Probe<'a>,
    done: bool,
}

impl<'de> SeqAccess<'de> for OneItem<'_> {
    type Error = Error;
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        let (value, kind, _) = self.probe.inner(seed)?;
        self.probe.is(Kind::Array(Box::new(kind)));
        Ok(Some(value))
    }
}

struct Fields<'a> {
    probe: Probe<'a>,
    left: std::collections::VecDeque<&'static str>,
    seen: Vec<Field>,
}

impl<'de> MapAccess<'de> for &mut Fields<'_> {
    type Error = Error;
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.left.front().map(|name| seed.deserialize(name.into_deserializer())).transpose()
    }
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let name = self.left.pop_front().ok_or_else(|| Error::custom("a value without a key"))?;
        let (value, kind, optional) =
            self.probe.inner(seed).map_err(|error| Error::custom(format_args!("{name}: {error}")))?;
        self.seen.push(Field { name, kind, optional });
        Ok(value)
    }
}
