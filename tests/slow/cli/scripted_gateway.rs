//! A gateway whose answers are scripted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// Answers one request after the other, the last answer again and again. Entity tags are numbers from 0.
pub struct ScriptedGateway {
    pub url: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl ScriptedGateway {
    /// Takes statuses and bodies.
    pub fn start(answers: Vec<(u16, Value)>) -> Self {
        let answers = answers.into_iter().map(|(status, body)| (status, body.to_string())).collect();
        Self::with_texts(answers)
    }

    pub fn with_texts(answers: Vec<(u16, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let heads = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heads);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (status, body) = &answers[number.min(answers.len() - 1)];
                let head = exchange(&stream.expect("a connection"), number, *status, body);
                kept.lock().expect("no panic").push(head);
            }
        });
        Self { url, heads }
    }

    /// Heads of the requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no panic").clone()
    }
}

fn exchange(mut stream: &TcpStream, number: usize, status: u16, body: &str) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).expect("a head") > 0 {}
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<u64>().ok());
    std::io::copy(&mut reader.take(length.unwrap_or(0)), &mut std::io::sink()).expect("a body");
    let answer = format!(
        "HTTP/1.1 {status} Scripted\r\nETag: W/\"{number}\"\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    // The client may have gone.
    let _ = stream.write_all(answer.as_bytes());
    head
}
