//! All errors of a JSON body: serde reports only the first one.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::serde_messages;
use crate::jobs::{BodyErrors, InvalidField};

/// Maximum number of errors that are searched for.
const MAX_ERRORS: usize = 100;
/// Maximum number of bytes that are deserialized in the search: a large body with many errors must not occupy a worker for long.
const MAX_WORK: usize = 8 * 1024 * 1024;

/// Removes the members of objects that are `null`: they count as absent.
pub fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(remove_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

/// Body that can't be deserialized.
pub struct InvalidBody<T> {
    /// Its errors.
    pub errors: BodyErrors,
    /// The body without the invalid values, or with others in their places; `None` if it can't be deserialized even so.
    pub repaired: Option<T>,
}

/// Deserializes a body that had this length in bytes.
///
/// # Errors
/// The errors of the body, in order of their discovery. Each is searched for after the values of the earlier ones were removed or replaced.
pub fn deserialize<T: DeserializeOwned>(mut body: Value, length: usize) -> Result<T, InvalidBody<T>> {
    let mut found = match first_error(&body) {
        Ok(value) => return Ok(value),
        Err(error) => Found::Error(error),
    };
    let mut attempts = MAX_WORK / length.max(1);
    let mut errors = BodyErrors::default();
    while let Found::Error(BodyError { pointer, reason, place }) = found {
        // A value that was invalid and is required is missing after its removal, as are the members of an object that replaces it.
        if !errors.is_replaced(&place) {
            errors.fields.push(InvalidField::in_body(pointer, reason));
            errors.places.push(place.clone());
        }
        found =
            if errors.fields.len() < MAX_ERRORS { repair(&mut body, &place, &mut attempts) } else { Found::Nothing };
    }
    let repaired = if let Found::Repaired(value) = found { Some(value) } else { None };
    Err(InvalidBody { errors, repaired })
}

/// What deserializing a repaired body results in.
enum Found<T> {
    Error(BodyError),
    Repaired(T),
    /// The body can't be repaired, or no attempt is left.
    Nothing,
}

/// Error of a body.
struct BodyError {
    pointer: String,
    reason: String,
    /// Pointer to the value that is invalid or missing.
    place: String,
}

/// Returns the body as `T`, or its first error.
fn first_error<T: DeserializeOwned>(body: &Value) -> Result<T, BodyError> {
    // As text, for which the types are deserialized anyway: serde compiles all of them once more for every other source.
    let body = body.to_string();
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(&body)).map_err(|error| {
        let (pointer, message) = (pointer_of(error.path()), error.inner().to_string());
        let missing = serde_messages::missing_field(&message);
        let place = missing.map_or_else(|| pointer.clone(), |name| format!("{pointer}/{name}"));
        BodyError { pointer, reason: serde_messages::of_body(&message), place }
    })
}

/// Removes the value at a place, or replaces it by one of another type if it is required, until there is no error at this place.
fn repair<T: DeserializeOwned>(body: &mut Value, place: &str, attempts: &mut usize) -> Found<T> {
    let values = ["en".into(), true.into(), 1.into(), Value::Array(Vec::new()), Value::Object(Map::new())];
    let replacements = std::iter::once(None).chain(values.map(Some));
    for replacement in replacements {
        let Some(left) = attempts.checked_sub(1) else { return Found::Nothing };
        *attempts = left;
        if set(body, place, replacement).is_none() {
            return Found::Nothing;
        }
        match first_error::<T>(body) {
            Ok(value) => return Found::Repaired(value),
            Err(error) if error.place == place => {}
            Err(error) => return Found::Error(error),
        }
    }
    Found::Nothing
}

/// Sets or removes the value at a pointer. `None` if its parent is neither an object nor an array, or if an item of an array is to be removed.
fn set(body: &mut Value, place: &str, value: Option<Value>) -> Option<()> {
    let (parent, name) = place.rsplit_once('/')?;
    let name = name.replace("~1", "/").replace("~0", "~");
    match (body.pointer_mut(parent)?, value) {
        (Value::Object(members), Some(value)) => drop(members.insert(name, value)),
        (Value::Object(members), None) => drop(members.shift_remove(&name)),
        (Value::Array(items), value) => *items.get_mut(name.parse::<usize>().ok()?)? = value.unwrap_or_default(),
        _ => return None,
    }
    Some(())
}

/// Converts a path to a JSON pointer (RFC 6901).
pub fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("{pointer}/{variant}"),
        Segment::Unknown => pointer,
    })
}
