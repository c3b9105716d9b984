//! The page of the store: what it shows, and what it does not give away.

mod results_common;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use hil::report::{ServeError, Server, UnitLine};
use hil::results::*;
use results_common::{info, ok, row, rows};

/// A server of `results`, for as long as the test runs.
fn serve(results: &Path, token: Option<&str>) -> SocketAddr {
    serve_with(Server { results: results.to_path_buf(), token: token.map(String::from), rack: None })
}

fn serve_with(server: Server) -> SocketAddr {
    let listener = server.listen("127.0.0.1:0".parse().expect("an address")).expect("it listens");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || server.serve(&listener));
    address
}

fn send(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("connected");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn get(address: SocketAddr, target: &str) -> String {
    send(address, &format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
}

fn run(root: &Path, rows: Vec<Measurement>) -> RunFolder {
    let mut folder = RunFolder::create(root, info()).expect("a folder");
    rows.into_iter().for_each(|row| folder.append(row).expect("appended"));
    folder
}

#[test]
fn runs_reports_and_histories_are_shown() {
    let root = tempfile::tempdir().expect("a folder");
    let ids: Vec<String> = (0..3)
        .map(|_| {
            let folder = run(root.path(), rows());
            let id = folder.id().to_string();
            folder.end(RunState::Finished, None).expect("ended");
            id
        })
        .collect();
    let going = run(root.path(), vec![rows().remove(0)]);
    let address = serve(root.path(), None);
    let index = get(address, "/");
    assert!(index.starts_with("HTTP/1.1 200 OK\r\n") && index.contains("Content-Security-Policy: default-src 'none'"));
    assert!(ids.iter().all(|id| index.contains(&format!("href=\"&#x2f;run&#x2f;{id}\""))), "{index}");
    let report = get(address, &format!("/run/{}", ids[0]));
    assert!(report.contains("Layer by layer") && !report.contains("http-equiv=\"refresh\""));
    let live = get(address, &format!("/run/{}", going.id()));
    assert!(live.contains("1 of 6 rows") && live.contains("http-equiv=\"refresh\""), "a run that goes on comes again");
    let json = get(address, &format!("/run/{}/rows.json", ids[0]));
    let body = json.split_once("\r\n\r\n").expect("a body").1;
    let value: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(value["rows"].as_array().map(Vec::len), Some(6));
    let history = get(address, "/history?network=small&board=nucleo-l4r5zi");
    assert!(history.contains("<svg role=\"img\"") && history.contains("4 nights") && history.contains("error band"));
    assert!(get(address, "/history?network=nobody").contains("no run has such a number"));
}

#[test]
fn paths_lead_nowhere_else_and_nothing_can_be_changed() {
    let root = tempfile::tempdir().expect("a folder");
    fs::write(root.path().join("secret.txt"), "secret").expect("written");
    let inner = root.path().join("results");
    fs::create_dir(&inner).expect("a folder");
    run(&root.path().join("outside"), rows()).end(RunState::Finished, None).expect("ended");
    let outside = fs::read_dir(root.path().join("outside")).expect("runs").flatten().next().expect("a run");
    let address = serve(&inner, None);
    let name = outside.file_name().to_string_lossy().into_owned();
    for target in [
        "/../secret.txt".to_string(),
        "/run/../secret.txt".into(),
        "/run/..%2Fsecret.txt".into(),
        format!("/run/..%2Foutside%2F{name}"),
        format!("/run/%2e%2e%2foutside%2f{name}/rows.json"),
        "/run/%00".into(),
        "/run/.index".into(),
        "/run/".into(),
        "/nowhere".into(),
    ] {
        let answer = get(address, &target);
        assert!(answer.starts_with("HTTP/1.1 404 "), "{target}: {answer}");
    }
    for (request, status) in [
        ("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_string(), "405"),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n".into(), "403"),
        ("GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n".into(), "400"),
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}", "x".repeat(9000)), "431"),
    ] {
        let answer = send(address, &request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:.60}: {answer:.80}");
    }
}

#[test]
fn elsewhere_a_token_is_needed_and_goes_along() {
    let root = tempfile::tempdir().expect("a folder");
    run(root.path(), rows()).end(RunState::Finished, None).expect("ended");
    let server =
        |token: Option<&str>| Server { results: root.path().into(), token: token.map(String::from), rack: None };
    let anywhere: SocketAddr = "0.0.0.0:0".parse().expect("an address");
    for token in [None, Some("short")] {
        assert!(matches!(server(token).listen(anywhere), Err(ServeError::NoToken(_))));
    }
    let token = "0123456789abcdef&x";
    let address = serve(root.path(), Some(token));
    assert!(get(address, "/").starts_with("HTTP/1.1 401 "));
    assert!(get(address, "/?token=0123456789abcdef").starts_with("HTTP/1.1 401 "));
    let page = get(address, "/?token=0123456789abcdef%26x");
    assert!(page.starts_with("HTTP/1.1 200 ") && page.contains("token=0123456789abcdef%26x"), "{page}");
    let bearer = format!("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\r\n");
    assert!(send(address, &bearer).starts_with("HTTP/1.1 200 "));
}

#[test]
fn hostile_names_stay_text() {
    let root = tempfile::tempdir().expect("a folder");
    let hostile = "<script>alert(1)</script>\"'&";
    let rows = vec![row(0, hostile, hostile, ok(60_000, vec![2800]))];
    run(root.path(), rows.clone()).end(RunState::Finished, None).expect("ended");
    run(root.path(), rows).end(RunState::Finished, None).expect("ended");
    let address = serve(root.path(), None);
    let index = get(address, "/");
    assert!(!index.contains("<script") && index.contains("&lt;script&gt;"), "{index}");
    let link = "/history?network=%3Cscript%3Ealert%281%29%3C%2Fscript%3E%22%27%26";
    let history = get(address, link);
    assert!(history.contains("2 nights") && !history.contains("<script"), "{history}");
}

#[test]
fn the_racks_health_is_shown_as_it_is_now() {
    let root = tempfile::tempdir().expect("a folder");
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = asked.clone();
    let rack = move || {
        let times = counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        vec![UnitLine {
            unit: "bench-3".into(),
            board: "nucleo-l4r5zi".into(),
            driver: "probe".into(),
            healthy: times > 0,
            trouble: Some("no <answer>".into()),
            lease: "free".into(),
        }]
    };
    let server = Server { results: root.path().into(), token: None, rack: Some(std::sync::Arc::new(rack)) };
    let address = serve_with(server);
    let first = get(address, "/");
    assert!(first.contains("bench-3") && first.contains("quarantined: no &lt;answer&gt;"), "{first}");
    assert!(get(address, "/rack.json").contains("\"healthy\":true"));
    let none = get(serve(root.path(), None), "/");
    assert!(!none.contains("<h2>Rack</h2>"), "{none}");
}
