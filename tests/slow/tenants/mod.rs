//! No tenant sees a byte of another: random interleavings of 50 callers and 20 companies over every path that remembers something.
//!
//! The upstream writes who asked for what company into every text of every answer. Whatever the gateway then gives to anybody has to be
//! marked as theirs.

mod keys;
mod mark;
mod steps;
mod upstream;
