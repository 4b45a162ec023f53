//! Cache of the optional fields of each struct type in a document.
//!
//! serde makes an absent option `None` without a visit, which matters where most fields are absent options. Which fields are options shows only
//! when they are visited, so the first struct of a type records it for the following ones.

use std::ptr;

use super::notes::NOTE_FIELDS;

/// Set of a struct's fields, by index; at most 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FieldSet(u64);

impl FieldSet {
    pub(super) const EMPTY: Self = Self(0);
    pub(super) const CAPACITY: usize = u64::BITS as usize;

    #[inline]
    pub(super) fn insert(&mut self, index: usize) {
        self.0 |= 1 << index;
    }

    #[inline]
    pub(super) fn contains(self, index: usize) -> bool {
        self.0 & (1 << index) != 0
    }

    /// Returns the first `count` fields without those of two other sets.
    pub(super) fn remaining(count: usize, one: Self, other: Self) -> Self {
        let all = if count == Self::CAPACITY { u64::MAX } else { (1 << count) - 1 };
        Self(all & !(one.0 | other.0))
    }

    #[inline]
    pub(super) fn pop_first(&mut self) -> Option<usize> {
        let first = self.0.trailing_zeros() as usize;
        self.0 &= self.0.wrapping_sub(1);
        (first < Self::CAPACITY).then_some(first)
    }
}

/// Optional fields of the struct types seen so far in a document.
#[derive(Default)]
pub(super) struct Shapes(Vec<Shape>);

struct Shape {
    /// Type name of the struct's visitor, which is unique to the struct.
    visitor: &'static str,
    options: FieldSet,
    /// Number of note fields, at the end of the struct.
    notes: usize,
}

impl Shapes {
    /// Returns the index of the shape of a struct with these fields, which is added if it is new.
    pub(super) fn index(&mut self, visitor: &'static str, names: &[&str]) -> usize {
        self.0.iter().position(|shape| ptr::eq(shape.visitor, visitor)).unwrap_or_else(|| {
            let notes = names.iter().position(|name| *name == NOTE_FIELDS[0]).map_or(0, |first| names.len() - first);
            self.0.push(Shape { visitor, options: FieldSet::EMPTY, notes });
            self.0.len() - 1
        })
    }

    /// Returns the fields of a shape that are known to be options.
    #[inline]
    pub(super) fn options(&self, shape: usize) -> FieldSet {
        self.0[shape].options
    }

    /// Returns the number of note fields of a shape.
    #[inline]
    pub(super) fn notes(&self, shape: usize) -> usize {
        self.0[shape].notes
    }

    /// Records that a field of a shape is an option.
    #[inline]
    pub(super) fn add_option(&mut self, shape: usize, field: usize) {
        self.0[shape].options.insert(field);
    }
}
