//! API keys of one service account: the gateway restricts each key to its companies, as IPS can't.

use std::path::PathBuf;

use ips_gateway::http::{Role, new_key};
use ips_gateway::runtime::clock::Clock;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::mark::{COMPANIES, marks};
use super::upstream::{MarkingUpstream, login};
use crate::support::{START, any_job};

/// Paths with a company: its jobs, events, logs and itself.
const PATHS: &[&str] = &[
    "/jobs?companyHandle=",
    "/jobs?phase=active,scheduled,completed&companyHandle=",
    "/jobs/events?companyHandle=",
    "/job-logs?companyHandle=",
    "/assets/a%7C1/job-logs?companyHandle=",
    "/companies/",
];

fn name() -> String {
    format!("tenants-keys-{}-{}.toml", std::process::id(), getrandom::u32().expect("random bytes"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_api_key_gives_access_to_its_companies_only(
        limits in vec(btree_set(0..COMPANIES, 1..4), 6),
        requests in vec((0..6_usize, 0..COMPANIES, 0..PATHS.len(), any::<bool>()), 60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let handle = |company: &usize| format!("c|{company:02}");
            let keys = limits.iter().enumerate().map(|(number, companies)| {
                let companies: Vec<_> = companies.iter().map(handle).collect();
                new_key(&format!("key {number}"), Role::Operator, &companies).expect("random bytes")
            });
            let (keys, entries): (Vec<_>, Vec<_>) = keys.unzip();
            let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name());
            std::fs::write(&file, entries.join("\n")).expect("a file");
            let (user, password) = login(0);
            let settings = [
                ("SERVICE_USER", user.as_str()),
                ("SERVICE_PASSWORD", &password),
                ("API_KEYS_FILE", file.to_str().expect("a path in UTF-8")),
            ];
            let ips = MarkingUpstream::start().await;
            let gateway = ips.upstream.gateway(&Clock::manual(START.parse().expect("a time")), &settings);
            std::fs::remove_file(&file).expect("it was written");

            let mut ids = vec![None; COMPANIES];
            for (key, company, path, by_id) in requests {
                let caller = gateway.with_token(&keys[key]);
                let allowed = limits[key].contains(&company);
                let path = match &ids[company] {
                    Some(id) if by_id => format!("/jobs/{id}"),
                    _ => format!("{}{}", PATHS[path], handle(&company).replace('|', "%7C")),
                };
                if path.contains("/events") && allowed {
                    continue;
                }
                let answer = caller.get(&path).await;
                prop_assert_eq!(answer.status, if allowed { 200 } else { 404 }, "{}", answer);
                let found = marks(&answer);
                prop_assert!(found.iter().all(|mark| allowed && mark.company == company), "key {} saw {:?}{}", key, found, answer);
                if allowed && path.starts_with("/jobs?") {
                    ids[company] = answer.json()["jobs"][0]["id"].as_str().map(str::to_owned);
                }
                let companies = caller.get("/companies").await.expect(200);
                let seen = marks(&companies);
                prop_assert!(seen.iter().all(|mark| limits[key].contains(&mark.company)), "key {} saw{}", key, companies);
                if !allowed {
                    let submit = caller.post_json(&format!("/jobs?companyHandle={}", handle(&company).replace('|', "%7C")), &any_job("x"));
                    submit.await.problem(404, "company-not-found").await;
                }
            }
            prop_assert_eq!(ips.upstream.calls("submitJob"), 0);
            Ok(())
        })?;
    }
}
