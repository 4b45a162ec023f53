//! Ages of sessions, with wall clocks that jump and differ, and whose keys open them.

use actix_web::test::TestRequest;
use chrono::TimeDelta;
use secrecy::SecretString;

use super::*;
use crate::http::auth::principal_names::PrincipalNames;
use crate::replicas::in_memory::InMemoryCoordinator;
use crate::upstream::{CredentialSource, Credentials};

fn sessions(store: Option<&Arc<InMemoryCoordinator>>, clock: &Clock) -> Sessions {
    let coordinator = store.map(|store| Arc::clone(store) as Arc<dyn Coordinator>);
    Sessions::new(coordinator, String::new(), TrustedProxies::default(), clock.clone()).expect("random bytes")
}

/// Returns the `Cookie` of a session with a token.
async fn sign_in(sessions: &Sessions) -> String {
    let token = Credentials::AccessToken(SecretString::from("token"));
    let caller = Caller::new(token, CredentialSource::Caller);
    let cookie = sessions.issue(&TestRequest::default().to_http_request(), &caller).await.expect("a session");
    cookie.to_str().expect("ASCII").split(';').next().expect("a pair").to_owned()
}

async fn session(sessions: &Sessions, headers: &[(&str, &str)]) -> RequestSession {
    let request = headers.iter().fold(TestRequest::default(), |request, header| request.append_header(*header));
    let authenticator = Authenticator::IpsCredentials(PrincipalNames::new(None));
    sessions.of_request(&request.to_http_request(), &authenticator).await
}

async fn is_valid(sessions: &Sessions, cookie: &str) -> bool {
    match session(sessions, &[("Cookie", cookie), ("Sec-Fetch-Site", "same-origin")]).await {
        RequestSession::Valid(principal) => {
            let remaining = principal.session_end.expect("an end").saturating_duration_since(Instant::now());
            assert!(!remaining.is_zero() && remaining <= LIFETIME, "{remaining:?}");
            true
        }
        RequestSession::Invalid => false,
        RequestSession::Absent => panic!("the cookie is ignored"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_jumps_changes_nothing_about_the_hours_of_a_session() {
    let store = Arc::new(InMemoryCoordinator::default());
    for store in [None, Some(&store)] {
        for hours in [50, -50] {
            let clock = Clock::system();
            let sessions = sessions(store, &clock);
            let cookie = sign_in(&sessions).await;
            clock.jump(TimeDelta::hours(hours));
            tokio::time::sleep(LIFETIME.saturating_sub(Duration::from_secs(1))).await;
            assert!(is_valid(&sessions, &cookie).await, "it is valid for 8 hours");
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(!is_valid(&sessions, &cookie).await, "it expired");
            clock.jump(TimeDelta::hours(-2 * hours));
            assert!(!is_valid(&sessions, &cookie).await, "it expired");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_hours_of_a_session_of_another_replica_are_by_the_clock_of_the_store() {
    let store = Arc::new(InMemoryCoordinator::default());
    for hours in [50, -50] {
        let (clock, other_clock) = (Clock::system(), Clock::system());
        other_clock.jump(TimeDelta::hours(hours));
        let (here, there) = (sessions(Some(&store), &clock), sessions(Some(&store), &other_clock));
        let cookie = sign_in(&here).await;
        assert!(is_valid(&there, &cookie).await, "it was just issued");
        tokio::time::sleep(LIFETIME.saturating_sub(Duration::from_secs(1))).await;
        assert!(is_valid(&there, &cookie).await, "it is valid for 8 hours");
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(!is_valid(&there, &cookie).await, "it expired");
    }
}

#[tokio::test]
async fn only_the_process_that_issued_a_session_and_its_replicas_open_it() {
    let clock = Clock::system();
    let (one, other) = (sessions(None, &clock), sessions(None, &clock));
    let cookie = sign_in(&one).await;
    assert!(is_valid(&one, &cookie).await);
    assert!(!is_valid(&other, &cookie).await, "a restart ends all sessions");
    let (name, value) = cookie.split_once('=').expect("a pair");
    let mut bytes = URL_SAFE_NO_PAD.decode(value).expect("base64");
    for index in 0..bytes.len() {
        bytes[index] ^= 1;
        assert!(!is_valid(&one, &format!("{name}={}", URL_SAFE_NO_PAD.encode(&bytes))).await, "byte {index}");
        bytes[index] ^= 1;
    }
    for garbage in ["AA", "AQ", "Zm9v", "%", "a b"] {
        assert!(!is_valid(&one, &format!("{name}={garbage}")).await, "{garbage}");
    }
}

#[tokio::test]
async fn a_session_counts_only_without_other_credentials_and_for_a_page_of_the_gateway() {
    let sessions = sessions(None, &Clock::system());
    let cookie = sign_in(&sessions).await;
    let own = ("Sec-Fetch-Site", "same-origin");
    for other in [
        &[("Cookie", &*cookie)][..],
        &[("Cookie", &*cookie), ("Sec-Fetch-Site", "cross-site")],
        &[("Cookie", &*cookie), own, ("Authorization", "garbage")],
        &[("Cookie", &*cookie), own, ("X-API-Key", "garbage")],
        &[own],
        &[("Cookie", "a=b"), own],
    ] {
        let session = session(&sessions, other).await;
        assert!(matches!(session, RequestSession::Absent), "{other:?}: {session:?}");
    }
}

#[tokio::test]
async fn the_credentials_are_not_in_the_text_of_a_session() {
    let sessions = sessions(None, &Clock::system());
    let (one, two) = (sign_in(&sessions).await, sign_in(&sessions).await);
    assert_ne!(one, two, "the nonce differs");
    let bytes = URL_SAFE_NO_PAD.decode(one.split_once('=').expect("a pair").1).expect("base64");
    assert!(!bytes.windows(5).any(|part| part == b"token"));
}
