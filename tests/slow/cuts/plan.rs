//! Where a connection is cut.

use std::fmt;

/// One end of a connection, at one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    pub place: Place,
    pub way: Way,
}

/// How far things get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// IPS gets so many bytes of the request.
    Request(usize),
    /// IPS gets all of the request, the gateway so many bytes of the answer.
    Answer(usize),
    /// The gateway gets nothing, and IPS the request only after the gateway has given up.
    LateRequest,
    /// Both get everything.
    Nowhere,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As if the other side had said all that it had to say.
    Fin,
    /// As if it had crashed.
    Rst,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} by {:?}", self.place, self.way)
    }
}

/// So many cuts, then one that comes late and one that is none.
const CUTS_IN_A_ROW: usize = 20;

/// Every place in a request and an answer of these lengths, in both ways; every `step`-th of them, beginning again at the end. Now and then
/// one that comes late, and none at all.
pub fn every_cut(request: usize, answer: usize, step: usize) -> impl Iterator<Item = Cut> {
    let requests = (0..=request).map(Place::Request);
    // Some more, in case an answer is longer than the one that was measured.
    let answers = (0..=answer + 8).map(Place::Answer);
    let in_both_ways = |place| [Way::Fin, Way::Rst].map(|way| Cut { place, way });
    let cuts: Vec<_> = requests.chain(answers).flat_map(in_both_ways).collect();
    cuts.into_iter().cycle().step_by(step).enumerate().flat_map(|(number, cut)| {
        let others = [Place::LateRequest, Place::Nowhere].map(|place| Cut { place, ..cut });
        let now_and_then = if number % CUTS_IN_A_ROW == 0 { &others[..] } else { &[] };
        [&[cut], now_and_then].concat()
    })
}
