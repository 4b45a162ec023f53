//! A client that progenitor generated from the document of OpenAPI 3.0, against the demo.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::TryStreamExt;
use progenitor_client::ByteStream;
use reqwest::header::{AUTHORIZATION, HeaderMap};

/// The generated client.
mod gateway {
    progenitor::generate_api!(spec = "../../../../openapi/openapi-3.0.json", interface = Builder);
}

use gateway::Client;
use gateway::types::{self, ImageServingPublishJob, Job, Outcome, Status, SubmitImageServingPublishJob};

const PATIENCE: Duration = Duration::from_secs(240);

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn client(user: &str) -> Result<Client> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Basic {}", STANDARD.encode(user)).parse()?);
    let http = reqwest::Client::builder().no_proxy().default_headers(headers).build()?;
    Ok(Client::new_with_client(&std::env::var("GATEWAY_URL")?, http))
}

fn id(job: &Job) -> &str {
    match job {
        Job::ActiveJob(job) => &job.id,
        Job::ScheduledJob(job) => &job.id,
        Job::CompletedJob(job) => &job.id,
        Job::SubmittedJob(job) => &job.id,
    }
}

async fn submit(client: &Client) -> Result<Job> {
    let details = ImageServingPublishJob::builder().publish_type("Full".to_owned()).email_setting("None".to_owned());
    let kind = SubmitImageServingPublishJob::builder().job_name("progenitor").image_serving_publish_job(details);
    let body = SubmitImageServingPublishJob::try_from(kind)?;
    Ok(client.submit_job().body(body).send().await?.into_inner())
}

/// The code of a problem document. progenitor decodes `application/json` only, and leaves other bodies as bytes.
async fn code<T: std::fmt::Debug>(
    answer: std::result::Result<T, progenitor_client::Error<ByteStream>>,
) -> Result<String> {
    let Err(progenitor_client::Error::ErrorResponse(problem)) = answer else { panic!("no problem: {answer:?}") };
    let chunks: Vec<Bytes> = problem.into_inner().into_inner().try_collect().await?;
    Ok(serde_json::from_slice::<types::Problem>(&chunks.concat())?.code)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let user = std::env::var("GATEWAY_USER")?;
    let client = client(&user)?;

    let listed = client.list_jobs().limit(5).send().await?.into_inner();
    assert!(listed.jobs.len() > 1, "{listed:?}");

    let submitted = submit(&client).await?;
    let deadline = Instant::now() + PATIENCE;
    let job = loop {
        match client.get_job().job(id(&submitted)).send().await?.into_inner() {
            Job::CompletedJob(job) => break job,
            job => assert!(Instant::now() < deadline, "{job:?}"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    assert_eq!(job.outcome, Some(Outcome::Succeeded), "{job:?}");
    let log = client.get_job_log().job(&job.id).per_page(2).send().await?.into_inner();
    assert_eq!(log.entries.len(), 2, "{log:?}");

    let second = submit(&client).await?;
    while !matches!(client.get_job().job(id(&second)).send().await?.into_inner(), Job::ActiveJob(job) if job.status == Status::Running)
    {
        assert!(Instant::now() < deadline + PATIENCE, "it never runs");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let stopped = client.stop_job().job(id(&second)).send().await?.into_inner();
    let is_ending = |job: &types::ActiveJob| matches!(job.status, Status::Stopping | Status::Finalizing);
    assert!(
        matches!(&stopped, Job::ActiveJob(job) if is_ending(job)) || matches!(stopped, Job::CompletedJob(_)),
        "{stopped:?}"
    );

    assert_eq!(code(client.stop_job().job(&job.id).send().await).await?, "action-not-possible");
    assert_eq!(code(self::client("katlyn@example.com:wrong")?.list_jobs().send().await).await?, "credentials-rejected");
    println!("progenitor: lists, follows, stops, and understands problems");
    Ok(())
}
