//! Roles: which operations each user may call.

use ips_gateway::ips::types::OPERATIONS;
use ips_gateway::sandbox::users::{BOTH_COMPANIES, COMPANY_ADMIN, LOG_READER, ORDINARY, OUTFITTERS};

use super::soap::{Fixture, PUBLISH, company};

/// Returns a valid request of an operation, for a job that does not exist.
fn request(operation: &str) -> String {
    let company = company(&OUTFITTERS);
    match operation {
        "submitJob" => format!("{company}<jobName>by role</jobName>{PUBLISH}"),
        "getActiveJobs" | "getScheduledJobs" | "getJobLogs" | "getJobLogDetails" | "getCompanyInfo" => company,
        "getCompanyMembership" | "getUserInfo" => String::new(),
        "checkLogin" => "<email>a@example.com</email><password>b</password>".into(),
        "getAssetJobLogs" | "getAssetArchivedJobLogs" => format!("{company}<assetHandle>a|11000</assetHandle>"),
        _ => format!("{company}<jobHandle>j|110||never</jobHandle>"),
    }
}

#[tokio::test]
async fn each_role_may_call_the_operations_of_the_reference() {
    let fixture = Fixture::seeded();
    let contract: serde_json::Value = serde_json::from_str(include_str!("../schema/schema.json")).unwrap();
    let operations = contract["operations"].as_array().unwrap();
    let mut refused = 0;
    for user in [&ORDINARY, &BOTH_COMPANIES, &COMPANY_ADMIN, &LOG_READER] {
        for name in OPERATIONS {
            let operation = operations.iter().find(|operation| operation["name"] == *name).unwrap();
            let left_out = operation["rolesLeftOut"].as_array().map_or(&[][..], Vec::as_slice);
            let reply = fixture.call(user, name, &request(name)).await;
            let is_refused = reply.text.contains("<code>20003</code>");
            assert_eq!(
                is_refused,
                left_out.contains(&user.role.as_str().into()),
                "{} {name}: {}",
                user.email,
                reply.text
            );
            refused += i32::from(is_refused);
            if is_refused {
                assert!(reply.fault().reason.contains(name), "{}", reply.text);
            }
        }
    }
    assert_eq!(refused, 3 + 8, "of the company administrator and of the user of the image portal");
}
