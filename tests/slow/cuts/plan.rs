//! Positions and ways in which a connection is cut.

use std::fmt;

/// A cut of a connection at one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    pub position: Position,
    pub mode: CloseMode,
}

/// The position of a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// IPS receives this many bytes of the request.
    Request(usize),
    /// IPS receives the request, the gateway this many bytes of the answer.
    Answer(usize),
    /// The gateway receives nothing, and IPS the request only after the gateway has given up.
    LateRequest,
    /// No cut.
    Nowhere,
}

/// How a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseMode {
    /// An orderly end of the stream.
    Fin,
    /// A reset.
    Rst,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} by {:?}", self.position, self.mode)
    }
}

/// Cuts between two late requests and uncut ones.
const CUTS_IN_A_ROW: usize = 20;

/// Every `step`-th position in a request and an answer of these lengths, in both ways, repeated endlessly. After every
/// [`CUTS_IN_A_ROW`] a late request and an uncut one.
pub fn every_cut(request: usize, answer: usize, step: usize) -> impl Iterator<Item = Cut> {
    let requests = (0..=request).map(Position::Request);
    // A margin, as answers may be longer than the one that was measured.
    let answers = (0..=answer + 8).map(Position::Answer);
    let in_both_ways = |position| [CloseMode::Fin, CloseMode::Rst].map(|mode| Cut { position, mode });
    let cuts: Vec<_> = requests.chain(answers).flat_map(in_both_ways).collect();
    cuts.into_iter().cycle().step_by(step).enumerate().flat_map(|(number, cut)| {
        let others = [Position::LateRequest, Position::Nowhere].map(|position| Cut { position, ..cut });
        let now_and_then = if number % CUTS_IN_A_ROW == 0 { &others[..] } else { &[] };
        [&[cut], now_and_then].concat()
    })
}
