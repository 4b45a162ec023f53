//! The problems that a scripted fault makes of a gateway: the table in docs/recipes.md.

use crate::support::{World, any_job, id};

fn rule(operation: &str, effect: &str) -> String {
    format!("[[fault]]\noperation = \"{operation}\"\n{effect}\n")
}

fn fault(code: i32) -> String {
    format!("effect = \"fault\"\ncode = {code}")
}

#[tokio::test]
async fn each_effect_on_a_list_is_the_documented_problem() {
    for (effect, status, code) in [
        (fault(10001), 401, "credentials-rejected"),
        (fault(20003), 403, "forbidden"),
        (fault(20006), 404, "company-not-found"),
        (fault(30000), 502, "upstream-fault"),
        ("effect = \"malformed\"".into(), 502, "upstream-invalid-answer"),
        ("effect = \"unavailable\"".into(), 502, "upstream-invalid-answer"),
        ("effect = \"refused\"".into(), 502, "upstream-invalid-answer"),
        ("effect = \"cut-off\"".into(), 502, "upstream-invalid-answer"),
        // The retry meets a closed port.
        ("effect = \"outage\"\nduration = 3600".into(), 502, "upstream-unreachable"),
    ] {
        let world = World::scripted(&rule("getActiveJobs", &effect));
        let answer = world.gateway.get("/jobs?companyHandle=c%7C110").await;
        answer.problem(status, code).await;
    }
}

#[tokio::test]
async fn each_effect_on_a_change_is_the_documented_problem() {
    for (code, status, problem) in [(30001, 422, "rejected-by-ips"), (30000, 502, "upstream-fault")] {
        let world = World::scripted(&rule("submitJob", &fault(code)));
        world.gateway.post_json("/jobs", &any_job("refused")).await.problem(status, problem).await;
    }
    for code in [30000, 30001] {
        let world = World::scripted(&rule("stopJob", &fault(code)));
        let job = id(&world.gateway.submit(&any_job("stays")).await);
        world.gateway.post(&format!("/jobs/{job}/stop")).await.problem(409, "action-not-possible").await;
    }
    // The lists fail too, so that the job can't be found.
    let lost = "[[fault]]\noperation = [\"getActiveJobs\", \"getJobLogs\", \"getJobLogDetails\", \"getScheduledJobs\"]\n\
                effect = \"unavailable\"\n";
    let world = World::scripted(&format!("{}{lost}", rule("submitJob", "effect = \"cut-off\"")));
    world.gateway.post_json("/jobs", &any_job("lost")).await.problem(504, "submit-outcome-unknown").await;
}

#[tokio::test]
async fn a_lost_answer_of_a_submit_is_recovered_from_the_lists() {
    let world = World::scripted(&rule("submitJob", "effect = \"cut-off\"\ncount = 1"));
    let job = world.gateway.post_json("/jobs", &any_job("lost")).await.expect(202).json();
    assert_eq!(job["recovered"], true, "{job:#}");
    assert_eq!(world.sandbox.calls("submitJob"), 1);
}
