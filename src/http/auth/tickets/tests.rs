//! Ages of tickets, with wall clocks that jump and differ.

use chrono::TimeDelta;
use secrecy::SecretString;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use super::*;
use crate::replicas::in_memory::InMemoryCoordinator;
use crate::upstream::CredentialSource;

fn caller() -> Caller {
    let credentials = Credentials::AccessToken(SecretString::from("token"));
    Caller::new(credentials, CredentialSource::Caller)
}

fn tickets(store: Option<&Arc<InMemoryCoordinator>>, clock: &Clock) -> Tickets {
    let coordinator = store.map(|store| Arc::clone(store) as Arc<dyn Coordinator>);
    let background = BackgroundTasks::new(Handle::current(), TaskTracker::new());
    Tickets::new(None, coordinator, clock.clone(), background)
}

async fn issue(tickets: &Tickets) -> String {
    tickets.issue(caller(), Acceptance::Accepted).await.expect("a ticket").0
}

async fn is_valid(tickets: &Tickets, ticket: &str) -> bool {
    let is_known = tickets.caller(ticket).await.is_some();
    let is_redeemed = tickets.redeem(ticket).await.is_some();
    assert_eq!(is_known, is_redeemed);
    is_redeemed
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_jumps_changes_nothing_about_the_minute_of_a_ticket() {
    let store = Arc::new(InMemoryCoordinator::default());
    for store in [None, Some(&store)] {
        for hours in [5, -5] {
            let clock = Clock::system();
            let tickets = tickets(store, &clock);
            let (first, second) = (issue(&tickets).await, issue(&tickets).await);
            clock.jump(TimeDelta::hours(hours));
            tokio::time::sleep(Duration::from_secs(58)).await;
            let stream = tickets.redeem(&first).await.expect("it is valid for a minute");
            tokio::time::sleep(Duration::from_secs(3)).await;
            assert!(!is_valid(&tickets, &second).await, "it expired");
            clock.jump(TimeDelta::hours(-2 * hours));
            assert!(!is_valid(&tickets, &second).await, "it expired");
            drop(stream);
            clock.jump(TimeDelta::hours(hours));
            tokio::time::sleep(Duration::from_secs(58)).await;
            let resumed = tickets.redeem(&first).await.expect("it resumes its stream for a minute");
            drop(resumed);
            tokio::time::sleep(Duration::from_secs(61)).await;
            assert!(!is_valid(&tickets, &first).await, "it expired");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_minute_of_a_ticket_of_another_replica_is_by_the_clock_of_the_store() {
    let store = Arc::new(InMemoryCoordinator::default());
    for hours in [5, -5] {
        let (clock, other_clock) = (Clock::system(), Clock::system());
        other_clock.jump(TimeDelta::hours(hours));
        let (here, there) = (tickets(Some(&store), &clock), tickets(Some(&store), &other_clock));
        let (first, second) = (issue(&here).await, issue(&here).await);
        tokio::time::sleep(Duration::from_secs(58)).await;
        let stream = there.redeem(&first).await.expect("it is valid for a minute");
        assert!(here.redeem(&first).await.is_none(), "its stream is open");
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(!is_valid(&there, &second).await, "it expired");
        drop(stream);
        tokio::time::sleep(Duration::from_secs(50)).await;
        let resumed = here.redeem(&first).await.expect("it resumes its stream at any replica for a minute");
        drop(resumed);
        tokio::time::sleep(Duration::from_secs(61)).await;
        for replica in [&here, &there] {
            assert!(!is_valid(replica, &first).await, "it expired");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_to_the_store_for_the_ticket_of_a_caller_that_ips_has_not_accepted() {
    for (acceptance, expected) in [(Acceptance::Stranger, 0), (Acceptance::Accepted, 2)] {
        let store = Arc::new(InMemoryCoordinator::default());
        let tickets = tickets(Some(&store), &Clock::system());
        let (ticket, _) = tickets.issue(caller(), acceptance).await.expect("a ticket");
        drop(tickets.redeem(&ticket).await.expect("it is valid"));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(store.value_count(), expected, "{acceptance:?}");
        tickets.redeem(&ticket).await.expect("it resumes its stream");
    }
}

#[tokio::test(start_paused = true)]
async fn redeemed_tickets_are_kept_within_a_bound_in_bytes() {
    let store = Arc::new(InMemoryCoordinator::default());
    let tickets = tickets(Some(&store), &Clock::system());
    let most = MAX_REDEEMED_BYTES / u64::from(REDEEMED_BYTES);
    for _ in 0..most + 2_000 {
        let ticket = issue(&tickets).await;
        assert!(tickets.redeem(&ticket).await.is_some());
    }
    tickets.redeemed.run_pending_tasks();
    let bytes = tickets.redeemed.weighted_size();
    assert!((MAX_REDEEMED_BYTES / 2..=MAX_REDEEMED_BYTES).contains(&bytes), "{bytes} bytes");
}
