//! Tests of claims.

use secrecy::SecretString;

use super::*;
use crate::ips::types::SubmitJobParam;
use crate::replicas::in_memory::InMemoryCoordinator;
use crate::upstream::{CredentialSource, Credentials};

fn records(coordinator: Option<&Arc<InMemoryCoordinator>>) -> IdempotencyRecords {
    let coordinator = coordinator.map(|coordinator| Arc::clone(coordinator) as Arc<dyn Coordinator>);
    IdempotencyRecords::new(coordinator, UnsharedKeys::Send, Handle::current())
}

async fn claim(records: &IdempotencyRecords) -> Result<IdempotencyOutcome> {
    claim_with(records, "key").await
}

async fn claim_with(records: &IdempotencyRecords, key: &str) -> Result<IdempotencyOutcome> {
    let credentials = Credentials::AccessToken(SecretString::from("token"));
    let caller = Caller::new(credentials, CredentialSource::Caller);
    let request = SubmitJobParam { company_handle: "c|1".into(), job_name: "a".into(), ..SubmitJobParam::default() };
    let key =
        IdempotencyKey { user: IdempotencyUser::of_email("katlyn@example.com"), key: key.into(), fingerprint: [0; 32] };
    records.claim(&caller, &Job::submitted(&request, None, None), &key).await
}

async fn expect_new(records: &IdempotencyRecords) -> Claim {
    match claim(records).await {
        Ok(IdempotencyOutcome::New(claim)) => claim,
        Ok(IdempotencyOutcome::Completed(job)) => panic!("completed: {job:?}"),
        Ok(IdempotencyOutcome::Unresolved(job, _)) => panic!("unresolved: {job:?}"),
        Err(error) => panic!("{error}"),
    }
}

async fn expect_unresolved(records: &IdempotencyRecords) -> Claim {
    match claim(records).await {
        Ok(IdempotencyOutcome::Unresolved(_, claim)) => claim,
        Ok(IdempotencyOutcome::New(_) | IdempotencyOutcome::Completed(_)) => panic!("new or completed"),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_claim_that_is_dropped_by_a_panic_leaves_an_unknown_outcome() {
    let records = records(None);
    drop(expect_new(&records).await);
    drop(expect_unresolved(&records).await);
    expect_unresolved(&records).await.release().await;
    expect_new(&records).await.release().await;
    drop(expect_new(&records).await);
}

#[tokio::test]
async fn an_unknown_outcome_is_kept_while_another_replica_holds_the_lease() {
    let store = Arc::new(InMemoryCoordinator::default());
    let (one, other) = (records(Some(&store)), records(Some(&store)));
    drop(expect_new(&one).await);
    assert!(matches!(claim(&other).await, Err(Error::SubmitInProgress)), "its lease has not expired");
    store.expire_record_leases();
    let held = expect_unresolved(&other).await;
    assert!(matches!(claim(&one).await, Err(Error::SubmitInProgress)));
    drop(held);
    let alone = IdempotencyRecords { coordinator: None, ..one };
    drop(expect_unresolved(&alone).await);
}

#[tokio::test]
async fn records_are_bounded_in_bytes() {
    let records = records(None);
    for number in 0..20_000 {
        drop(claim_with(&records, &number.to_string()).await);
    }
    records.local.run_pending_tasks();
    assert!((MAX_BYTES / 2..=MAX_BYTES).contains(&records.local.weighted_size()));
}
