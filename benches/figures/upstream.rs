//! Scripted IPS for the figures, with keep-alive connections.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::Result;

/// Running scripted IPS; ends on drop.
pub struct Upstream {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Call of an operation.
pub struct Call {
    /// Name of the operation, such as `getActiveJobs`.
    pub operation: String,
    body: String,
}

impl Call {
    /// Returns the text of an element of the request.
    pub fn element(&self, name: &str) -> &str {
        let rest = self.body.split_once(&format!("<{name}>")).map(|(_, rest)| rest);
        rest.and_then(|rest| rest.split_once('<')).map_or("", |(text, _)| text)
    }
}

impl Upstream {
    /// Starts an IPS whose answers have the content that `answer` returns for a call.
    pub async fn start<F, A>(answer: F) -> Result<Self>
    where
        F: Fn(Call) -> A + Send + Sync + 'static,
        A: Future<Output = String> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let answer = Arc::new(answer);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answer = Arc::clone(&answer);
                // The gateway closes the connection at its end.
                tokio::spawn(async move { serve(stream, &*answer).await.ok() });
            }
        });
        Ok(Self { address, serving })
    }

    /// Returns the URL of its `IpsApiService`.
    pub fn service_url(&self) -> String {
        format!("http://{}/scene7/services/IpsApiService", self.address)
    }
}

/// Returns the content of an answer of `getActiveJobs`.
pub fn job_array(jobs: impl Iterator<Item = String>) -> String {
    format!("<jobArray>{}</jobArray>", jobs.collect::<String>())
}

/// Returns a running publish, as an item of `getActiveJobs`.
pub fn running_job(number: u32, user: &str, description: &str) -> String {
    format!(
        "<items><companyHandle>c|110</companyHandle><jobHandle>j|{number}|nightly-{number}</jobHandle><name>nightly-{number}</name>\
         <originalName>nightly-{number}</originalName><type>ImageServingPublish</type><state>Running</state>\
         <submitUserEmail>{user}</submitUserEmail><description>{description}</description><progress>40</progress></items>"
    )
}

async fn serve<F, A>(mut stream: TcpStream, answer: &F) -> io::Result<()>
where
    F: Fn(Call) -> A,
    A: Future<Output = String>,
{
    stream.set_nodelay(true)?;
    let mut received = Vec::new();
    loop {
        let Some(call) = read_call(&mut stream, &mut received).await? else { return Ok(()) };
        let operation = call.operation.clone();
        let content = answer(call).await;
        let document = format!(
            "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body>\
             <{operation}Return xmlns=\"http://www.scene7.com/IpsApi/xsd/2022-11-01-beta\">{content}</{operation}Return>\
             </soapenv:Body></soapenv:Envelope>"
        );
        let length = document.len();
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=UTF-8\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{document}").as_bytes()).await?;
    }
}

async fn read_call(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<Option<Call>> {
    loop {
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n").map(|end| end + 4) {
            let head = String::from_utf8_lossy(&received[..end]).into_owned();
            let header = |expected: &str| {
                let mut headers = head.lines().filter_map(|line| line.split_once(':'));
                headers.find(|(name, _)| name.eq_ignore_ascii_case(expected)).map(|(_, value)| value.trim())
            };
            let length: usize = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if received.len() >= end + length {
                let body = String::from_utf8_lossy(&received[end..end + length]).into_owned();
                let operation = header("soapaction").unwrap_or_default().trim_matches('"').to_owned();
                received.drain(..end + length);
                return Ok(Some(Call { operation, body }));
            }
        }
        if stream.read_buf(received).await? == 0 {
            return Ok(None);
        }
    }
}
