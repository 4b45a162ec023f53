//! /companies, and the company of every request.

use ips_gateway::sandbox::Population;
use ips_gateway::sandbox::users::{BOTH_COMPANIES, COMPANY_ADMIN, INACTIVE, LOG_READER, ORDINARY};
use serde_json::json;

use crate::support::{ScriptedUpstream, World};

#[tokio::test]
async fn companies_lists_the_companies_of_the_caller() {
    let World { gateway, .. } = &World::empty();
    let list = gateway.get("/companies").await.ok();
    assert_eq!(list["companies"].as_array().map(Vec::len), Some(1), "{list:#}");
    let company = &list["companies"][0];
    let expected = (&json!("c|110"), &json!("Example Outfitters"), &json!("IpsUser"), &json!(true));
    assert_eq!(
        (&company["companyHandle"], &company["name"], &company["role"], &company["isActive"]),
        expected,
        "{list:#}"
    );
    let both = gateway.as_user(&BOTH_COMPANIES).get("/companies").await.ok();
    assert_eq!(both["companies"].as_array().map(Vec::len), Some(2), "{both:#}");
}

#[tokio::test]
async fn a_company_is_found_by_name_and_by_handle() {
    let World { gateway, .. } = &World::empty();
    for path in ["/companies/c%7C110", "/companies/Example%20Outfitters"] {
        let company = gateway.get(path).await.ok();
        assert_eq!((&company["companyHandle"], &company["name"]), (&json!("c|110"), &json!("Example Outfitters")));
    }
    for path in ["/companies/Nobody", "/companies/Sample%20Furniture", "/companies/c%7C47"] {
        gateway.get(path).await.problem(404, "company-not-found").await;
    }
}

#[tokio::test]
async fn a_caller_with_one_company_need_not_name_it() {
    let world = World::seeded();
    for _ in 0..3 {
        world.gateway.get("/jobs").await.expect(200);
    }
    assert_eq!(world.sandbox.calls("getCompanyMembership"), 1, "asked once");
}

#[tokio::test]
async fn a_caller_with_several_companies_has_to_name_one() {
    let World { gateway, .. } = &World::seeded();
    let both = gateway.as_user(&BOTH_COMPANIES);
    for path in ["/jobs", "/job-logs", "/assets/a%7C11001/job-logs", "/jobs?phase=completed"] {
        let answer = both.get(path).await;
        let problem = answer.problem(400, "company-required").await;
        let choices = json!([
            { "companyHandle": "c|110", "name": "Example Outfitters" },
            { "companyHandle": "c|47", "name": "Sample Furniture" },
        ]);
        assert_eq!(problem["companies"], choices, "{answer}");
    }
}

#[tokio::test]
async fn a_company_name_is_resolved_to_its_handle_once() {
    let world = World::seeded();
    let both = world.gateway.as_user(&BOTH_COMPANIES);
    let by_name = both.get("/jobs?company=Sample+Furniture").await.ok();
    let by_handle = both.get("/jobs?companyHandle=c%7C47").await.ok();
    assert_eq!(by_name, by_handle);
    let before = world.sandbox.calls("getCompanyInfo") + world.sandbox.calls("getCompanyMembership");
    both.get("/job-logs?company=Sample+Furniture").await.expect(200);
    assert_eq!(world.sandbox.calls("getCompanyInfo") + world.sandbox.calls("getCompanyMembership"), before);
    for path in ["/jobs?company=Nobody", "/job-logs?company=Nobody", "/jobs?companyHandle=c%7C999"] {
        both.get(path).await.problem(404, "company-not-found").await;
    }
}

#[tokio::test]
async fn the_configured_company_is_the_default() {
    for configured in ["c|47", "Sample Furniture"] {
        let world = World::with(Population::Seeded, &[("COMPANY", configured)]);
        let both = world.gateway.as_user(&BOTH_COMPANIES);
        let list = both.get("/jobs").await.ok();
        assert_eq!(list["jobs"][0]["companyHandle"], "c|47", "{list:#}");
        assert_eq!(both.get("/jobs?companyHandle=c%7C110").await.ok()["jobs"][0]["companyHandle"], "c|110");
    }
}

#[tokio::test]
async fn rejected_credentials_are_a_401() {
    let World { gateway, .. } = &World::seeded();
    for path in ["/companies", "/jobs", "/jobs?companyHandle=c%7C110", "/job-logs"] {
        let answer = gateway.as_user(&INACTIVE).get(path).await;
        assert_eq!(answer.problem(401, "credentials-rejected").await["upstream"]["code"], 10002, "{answer}");
        assert!(answer.header("www-authenticate").contains("Basic"), "{answer}");
    }
}

#[tokio::test]
async fn companies_with_an_inactive_membership_are_no_choices() {
    let upstream = ScriptedUpstream::start().await;
    let membership = |handle: &str, is_active: bool| {
        format!(
            "<items><company><companyHandle>{handle}</companyHandle><name>{handle}</name></company>\
             <role>IpsUser</role><isActive>{is_active}</isActive></items>"
        )
    };
    let memberships = [membership("c|1", true), membership("c|2", false), membership("c|3", true)].concat();
    upstream.answer("getCompanyMembership", &format!("<membershipArray>{memberships}</membershipArray>"));
    let gateway = upstream.plain_gateway();
    let answer = gateway.get("/jobs").await;
    let choices = json!([{ "companyHandle": "c|1", "name": "c|1" }, { "companyHandle": "c|3", "name": "c|3" }]);
    assert_eq!(answer.problem(400, "company-required").await["companies"], choices, "{answer}");
}

#[tokio::test]
async fn companies_say_whether_the_role_permits_submits() {
    let world = World::empty();
    for (user, expected) in [(&ORDINARY, true), (&BOTH_COMPANIES, true), (&COMPANY_ADMIN, false), (&LOG_READER, false)]
    {
        let list = world.gateway.as_user(user).get("/companies").await.ok();
        assert_eq!(list["companies"][0]["maySubmit"], expected, "{list:#}");
    }
    let upstream = ScriptedUpstream::start().await;
    let company = "<company><companyHandle>c|110</companyHandle></company>";
    for (role, expected) in [("<role>NewRole</role>", None), ("", None), ("<role>TrialSiteUser</role>", Some(true))] {
        let item = format!("<items>{company}{role}<isActive>true</isActive></items>");
        upstream.answer("getCompanyMembership", &format!("<membershipArray>{item}</membershipArray>"));
        let list = upstream.plain_gateway().get("/companies").await.ok();
        assert_eq!(list["companies"][0]["maySubmit"].as_bool(), expected, "{list:#}");
    }
}
