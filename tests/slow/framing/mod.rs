//! HTTP/1.1 framing: the same unusual requests, sent as raw bytes to the gateway and to a plain actix server with equivalent routes.
//!
//! actix is the only HTTP parser, so both must respond alike: the same number of responses, with the same status, version, `Connection`
//! header and presence of a body, and the same end of the connection. Where the gateway differs on purpose, the case names the reason.

mod cases;
mod exchange;
mod plain_server;

use std::fmt;

use futures_util::StreamExt;
use futures_util::stream;

use self::exchange::{Outcome, Step};
use self::plain_server::PlainServer;
use crate::support::World;

/// Number of cases that run at a time.
const CONCURRENT_CASES: usize = 24;

/// Reason why the gateway responds in another way than a plain actix server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A head that can't be parsed, is too large, or does not come in time gets a problem document that says `Connection: close`; actix
    /// sends an empty response.
    ProblemDocument,
    /// RFC 9112 §9.6: nothing is carried out after a response that said, or a request that asked for, `Connection: close`. actix carries
    /// out what was pipelined.
    NothingAfterClose,
    /// actix encodes a response with the version, `Connection` and method of the newest request that it has parsed, which may be a later
    /// one. The gateway gives it one request at a time.
    OneRequestAtATime,
    /// A chunked body, or one that the client announces with `Expect`, ends the connection: where it ends is only known to the parser.
    LastRequest,
    /// RFC 9110 §7.8: an offer to upgrade that is not taken is ignored. actix says `Connection: upgrade` or `close`, and closes.
    UpgradeIgnored,
    /// A body that no route reads is discarded up to 256 KiB, so that the connection is kept alive; actix closes it.
    DiscardedBody,
    /// The gateway has limits of its own: 32 KiB for a head, 8 KiB for a target.
    Limit,
    /// RFC 9112 §9.6: the gateway says `Connection: close` where it closes; actix doesn't when it can't read a body to its end.
    AnnouncedClose,
}

/// What is sent on a connection, and what is expected of the two servers.
pub struct Case {
    name: &'static str,
    steps: Vec<Step>,
    plain: &'static str,
    gateway: &'static str,
    reason: Option<Reason>,
}

impl Case {
    fn new(name: &'static str) -> Self {
        Self { name, steps: Vec::new(), plain: "", gateway: "", reason: None }
    }

    /// Sends bytes.
    fn send(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.steps.push(Step::Send(bytes.as_ref().to_vec()));
        self
    }

    /// Waits, so that what comes next is another packet.
    fn pause(mut self) -> Self {
        self.steps.push(Step::Pause);
        self
    }

    /// Closes the sending direction.
    fn half_close(mut self) -> Self {
        self.steps.push(Step::HalfClose);
        self
    }

    /// Both servers respond like this.
    fn same(self, outcome: &'static str) -> Self {
        Self { plain: outcome, gateway: outcome, ..self }
    }

    /// The servers differ.
    fn differs(self, reason: Reason, plain: &'static str, gateway: &'static str) -> Self {
        Self { plain, gateway, reason: Some(reason), ..self }
    }
}

/// Difference between what a case expects and what it got.
struct Mismatch(&'static str, &'static str, &'static str, Outcome);

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(case, server, expected, outcome) = self;
        write!(f, "{case}: {server}: expected \"{expected}\", got \"{outcome}\"")
    }
}

#[tokio::test]
async fn the_gateway_frames_messages_as_a_plain_actix_server_does_or_for_a_listed_reason() {
    let (world, plain) = (World::empty(), PlainServer::start());
    let cases = cases::all();
    assert!(cases.len() >= 100, "only {} cases", cases.len());
    for case in &cases {
        assert_eq!(case.reason.is_some(), case.plain != case.gateway, "{}: a reason for each difference", case.name);
    }
    let run = |case: Case| {
        let (gateway, plain) = (world.gateway.address().to_owned(), plain.address());
        async move {
            let (from_gateway, from_plain) =
                tokio::join!(exchange::run(&gateway, &case.steps), exchange::run(&plain, &case.steps));
            let results = [("gateway", case.gateway, from_gateway), ("plain", case.plain, from_plain)];
            results
                .into_iter()
                .filter(|(_, expected, outcome)| outcome.to_string() != *expected)
                .map(|(server, expected, outcome)| Mismatch(case.name, server, expected, outcome).to_string())
                .collect::<Vec<_>>()
        }
    };
    let mismatches = stream::iter(cases).map(run).buffered(CONCURRENT_CASES).concat().await;
    assert!(mismatches.is_empty(), "\n{}", mismatches.join("\n"));
}
