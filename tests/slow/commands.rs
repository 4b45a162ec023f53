//! The commands of the binary, run as child processes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

fn gateway(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ips-gateway"));
    let ours =
        std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("IPS_GATEWAY_"));
    ours.for_each(|name| {
        command.env_remove(name);
    });
    command.args(arguments).stdin(Stdio::null());
    command
}

fn output(command: &mut Command) -> Output {
    command.output().expect("the binary can be run")
}

/// A running command, killed on drop.
struct Running(Child);

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut command = gateway(arguments);
        Self(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary can be run"))
    }

    fn lines(&mut self) -> impl Iterator<Item = String> {
        let stdout = self.0.stdout.take().expect("its output is piped");
        BufReader::new(stdout).lines().map(|line| line.expect("its output is text"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn serve_reports_all_invalid_settings_and_exits_with_2() {
    let output = output(gateway(&["serve", "--fresh", "soon"]).env("IPS_GATEWAY_COLOUR", "red"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    for expected in
        ["--fresh: \"soon\" given", "IPS_GATEWAY_COLOUR: is not a setting", "IPS_GATEWAY_UPSTREAM_URL: is missing"]
    {
        assert!(stderr.contains(expected), "{expected} is not in:\n{stderr}");
    }
    assert!(output.stdout.is_empty());
}

#[test]
fn the_commands_with_a_sandbox_report_all_errors_of_a_script_and_exit_with_2() {
    let path = std::env::temp_dir().join(format!("ips-gateway-script-{}.toml", std::process::id()));
    std::fs::write(&path, "[[fault]]\neffect = \"explode\"\n[[fault]]\nspeed = 1\n").expect("a file");
    for command in ["sandbox", "demo"] {
        let output =
            output(&mut gateway(&[command, "--listen", "127.0.0.1:0", "--script", path.to_str().expect("a path")]));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{command}: {stderr}");
        for expected in ["line 2: effect: \"explode\"", "line 3: effect: is missing", "line 4: speed: is unknown"] {
            assert!(stderr.contains(expected), "{command}: {expected} is not in:\n{stderr}");
        }
        let missing = self::output(&mut gateway(&[command, "--script", "/nowhere.toml"]));
        assert_eq!(missing.status.code(), Some(2), "{command}");
    }
    std::fs::remove_file(&path).expect("the file is there");
}

#[test]
fn openapi_ignores_settings() {
    let output = output(gateway(&["openapi"]).env("IPS_GATEWAY_FRESH", "soon"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
    assert_eq!(document["openapi"], "3.1.0");
}

#[test]
fn openapi_is_printed_in_the_requested_version() {
    for (version, expected) in [("3.0", "3.0.3"), ("3.1", "3.1.0"), ("3.2", "3.2.0")] {
        let output = output(&mut gateway(&["openapi", "--version", version]));
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
        assert_eq!(document["openapi"], expected);
    }
}

#[test]
fn the_demo_prints_its_address_then_a_welcome() {
    let mut demo = Running::start(&["demo", "--listen", "127.0.0.1:0", "--path-prefix", "/ips"]);
    let mut lines = demo.lines();
    let url = lines.next().expect("a first line");
    let address: SocketAddr = url.strip_prefix("http://").and_then(|address| address.parse().ok()).expect(&url);
    assert_ne!(address.port(), 0);

    let welcome: Vec<_> = lines.take_while(|line| !line.contains("curl")).collect();
    assert!(welcome.iter().any(|line| line.ends_with(&format!("{url}/ips/swagger-ui/"))), "{welcome:#?}");
    assert!(welcome.iter().any(|line| line.contains("katlyn@example.com sandbox-katlyn")), "{welcome:#?}");
}

#[test]
fn the_sandbox_prints_the_url_of_its_service() {
    let mut sandbox = Running::start(&["sandbox", "--listen", "127.0.0.1:0"]);
    let url = sandbox.lines().next().expect("a first line");
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/scene7/services/IpsApiService"), "{url}");
}

#[test]
fn a_closed_stdout_does_not_end_the_process() {
    let mut demo = Running::start(&["demo", "--listen", "127.0.0.1:0"]);
    drop(demo.0.stdout.take());
    thread::sleep(Duration::from_millis(500));
    let ended = demo.0.try_wait().expect("it can be asked");
    assert!(ended.is_none(), "it ended with {ended:?}");
}

#[cfg(unix)]
#[test]
fn a_termination_signal_shuts_down_with_exit_status_0() {
    for arguments in [["demo", "--listen", "127.0.0.1:0"], ["sandbox", "--listen", "127.0.0.1:0"]] {
        for signal in ["-TERM", "-INT"] {
            let mut running = Running::start(&arguments);
            running.lines().next().expect("a first line");
            let kill = Command::new("kill").args([signal, &running.0.id().to_string()]).status();
            assert!(kill.expect("kill can be run").success());
            let status = running.0.wait().expect("it can be waited for");
            assert_eq!(status.code(), Some(0), "{arguments:?} after {signal}: {status}");
        }
    }
}

#[test]
fn an_address_in_use_is_one_line_with_a_hint() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for command in ["demo", "sandbox"] {
        let output = output(&mut gateway(&[command, "--listen", &address]));
        let stderr = String::from_utf8_lossy(&output.stderr);
        let line = stderr.lines().find(|line| line.starts_with("ips-gateway: ")).unwrap_or_default();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(line.ends_with("; choose another address with --listen, or port 0 for any free one"), "{stderr}");
    }
}

/// Answers one request with `answer`; returns the request line.
fn answer_once(listener: TcpListener, answer: &'static str) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).expect("a request line comes");
        stream.write_all(answer.as_bytes()).expect("the answer is read");
        line.trim_end().to_owned()
    })
}

#[test]
fn a_health_check_succeeds_only_on_200() {
    for (answer, code) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0),
        ("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 1),
        ("HTTP/1.1 20", 1),
        ("", 1),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let request = answer_once(listener, answer);
        let mut check = gateway(&["healthcheck"]);
        check.env("IPS_GATEWAY_LISTEN", format!("0.0.0.0:{port}")).env("IPS_GATEWAY_PATH_PREFIX", "/ips/");
        let output = output(&mut check);
        assert_eq!(output.status.code(), Some(code), "{answer:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(request.join().unwrap(), "GET /ips/livez HTTP/1.1");
    }
}

#[test]
fn a_health_check_exits_with_1_on_a_refused_connection_or_invalid_settings() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for listen in [&*free, "nowhere"] {
        let output = output(&mut gateway(&["healthcheck", "--listen", listen]));
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_health_check_has_a_total_timeout_of_two_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let drip = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        for byte in b"HTTP/1.1 200 " {
            thread::sleep(Duration::from_millis(500));
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
        }
        let _ = stream.read(&mut [0]);
    });
    let began = Instant::now();
    let output = output(&mut gateway(&["healthcheck", "--listen", &address]));
    assert_eq!(output.status.code(), Some(1));
    let took = began.elapsed();
    assert!((Duration::from_secs(2)..Duration::from_secs(4)).contains(&took), "it took {took:?}");
    drip.join().unwrap();
}
