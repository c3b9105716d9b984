//! A small read-only page of the store: runs, histories, and a run that goes on.
//!
//! Whoever reaches it can read everything in it, so it listens on loopback unless told otherwise, and elsewhere asks for
//! a token. On loopback only names of this machine are served, so that no page from elsewhere can be pointed at it (DNS
//! rebinding). Paths name runs, never files; nothing is written; the only script is the one that sorts a report's tables.

mod pages;
mod request;

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use request::Request;
use sha2::{Digest, Sha256};

use super::html::SORT;

/// Bytes of a request's head that are read at most.
const MOST: usize = 8 << 10;
/// A request that takes longer is dropped.
const PATIENCE: Duration = Duration::from_secs(5);
/// Requests at a time.
const CONNECTIONS: usize = 16;

/// What is served, and to whom.
#[derive(Clone)]
pub struct Server {
    /// Folder of the runs.
    pub results: PathBuf,
    /// What a request must bring; none on loopback.
    pub token: Option<String>,
    /// Asked anew for each page; none where there is no rack to speak of.
    pub rack: Option<Arc<dyn Fn() -> Vec<UnitLine> + Send + Sync>>,
}

/// A unit of the rack, in words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct UnitLine {
    pub unit: String,
    pub board: String,
    pub driver: String,
    pub healthy: bool,
    /// Why it is out of use, or what went wrong last.
    pub trouble: Option<String>,
    /// Who has it.
    pub lease: String,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{0} can be reached from elsewhere: give a token of at least 16 characters in HIL_TOKEN")]
    NoToken(SocketAddr),
    #[error("failed to listen: {0}")]
    Listen(#[from] io::Error),
}

/// An answer.
struct Response {
    status: &'static str,
    kind: &'static str,
    body: String,
}

impl Response {
    fn html(body: String) -> Self {
        Self { status: "200 OK", kind: "text/html; charset=utf-8", body }
    }

    fn json(body: String) -> Self {
        Self { status: "200 OK", kind: "application/json", body }
    }

    fn error(status: &'static str, message: &str) -> Self {
        Self { status, kind: "text/plain; charset=utf-8", body: format!("{message}\n") }
    }
}

impl Server {
    /// A listener for this server; refuses to be reached from elsewhere without a token.
    pub fn listen(&self, address: SocketAddr) -> Result<TcpListener, ServeError> {
        let long_enough = self.token.as_ref().is_some_and(|token| token.len() >= 16);
        if !address.ip().is_loopback() && !long_enough {
            return Err(ServeError::NoToken(address));
        }
        Ok(TcpListener::bind(address)?)
    }

    /// Serves until the listener fails.
    pub fn serve(&self, listener: &TcpListener) -> io::Result<()> {
        let open = Arc::new(AtomicUsize::new(0));
        for stream in listener.incoming() {
            // A connection that failed before it was taken is the other side's affair.
            let Ok(stream) = stream else { continue };
            if open.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS {
                open.fetch_sub(1, Ordering::SeqCst);
                let _ = send(stream, &Response::error("503 Service Unavailable", "too many requests at a time"));
                continue;
            }
            let (server, open) = (self.clone(), open.clone());
            std::thread::spawn(move || {
                let _ = server.answer(stream);
                open.fetch_sub(1, Ordering::SeqCst);
            });
        }
        Ok(())
    }

    fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let local = stream.local_addr()?.ip();
        let response = match head(&mut stream)? {
            None => Response::error("431 Request Header Fields Too Large", "the request's head is too long"),
            Some(text) => match Request::parse(&text) {
                None => Response::error("400 Bad Request", "not a request"),
                Some(request) => self.respond(&request, local),
            },
        };
        send(stream, &response)
    }

    fn respond(&self, request: &Request, local: IpAddr) -> Response {
        if request.method != "GET" {
            return Response::error("405 Method Not Allowed", "only GET: nothing can be changed here");
        }
        match &self.token {
            Some(token) if !request.brings(token) => {
                return Response::error("401 Unauthorized", "needs the token, as ?token=… or as a bearer");
            }
            None if local.is_loopback() && !request.is_for_this_machine() => {
                return Response::error("403 Forbidden", "the request names another host");
            }
            _ => {}
        }
        pages::page(
            &self.results,
            request,
            self.token.as_deref(),
            self.rack.as_ref().map_or_else(Vec::new, |rack| rack()),
        )
    }
}

/// What names the one script that pages may run: it is in them, and nothing else that a page shows can be.
fn sort_digest() -> String {
    BASE64_STANDARD.encode(Sha256::digest(SORT.as_bytes()))
}

/// The head of a request, up to its empty line; none where it is too long.
fn head(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let (since, mut bytes, mut part) = (Instant::now(), Vec::new(), [0; 1024]);
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        if bytes.len() > MOST {
            return Ok(None);
        }
        let count = stream.read(&mut part)?;
        if count == 0 || since.elapsed() > PATIENCE {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&part[..count]);
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

fn send(mut stream: TcpStream, response: &Response) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{}'; \
         base-uri 'none'; form-action 'self'\r\n\r\n",
        response.status,
        response.kind,
        response.body.len(),
        sort_digest()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(response.body.as_bytes())?;
    stream.flush()
}

/// The folder of the run called `id`; none where there is none, or where it is no plain name.
fn run_folder(results: &Path, id: &str) -> Option<PathBuf> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let folder = results.join(id);
    (!id.is_empty() && id.chars().all(plain) && folder.join("run.json").is_file()).then_some(folder)
}
