//! The process: a folder of its own, free ports, and an end whatever happens.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::rack::Cancel;

/// How often a port is tried that does not listen yet.
const LOOK: Duration = Duration::from_millis(50);
/// Ends its process group, and the folder `$0`, when its standard input closes: that happens however the parent ends.
const WATCHDOG: &str = r#"read _; rm -rf -- "$0"; kill -KILL 0"#;
/// What Renode says of an end of its own, in the folder.
const ERRORS: &str = "errors";

/// A running Renode. It ends when this is dropped, with all that it started, and its folder goes.
pub struct Process {
    child: Child,
    watchdog: Option<Child>,
    pub folder: PathBuf,
}

impl Process {
    /// Starts `program` with its monitor at `port`, logging to `renode.log` in its folder.
    ///
    /// Renode listens on all interfaces and asks for no password: a firewall is the machine's affair.
    pub fn start(program: &Path, port: u16) -> Result<Self, String> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("hil-unit-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        // Renode deletes every folder `renode-*` in what it takes for the place of temporary files.
        let temporary = folder.join("tmp");
        let made = std::fs::create_dir_all(&temporary).and_then(|()| File::create(folder.join(ERRORS)));
        let errors = made.map_err(|error| format!("{}: {error}", temporary.display()))?;
        let spawned = Command::new(program)
            .args(["--disable-xwt", "--plain", "--hide-log", "-P", &port.to_string()])
            .current_dir(&folder)
            .env("TMPDIR", &temporary)
            // Its settings and its history of commands are the user's, and several Renodes would wait for each other there.
            .env("XDG_CONFIG_HOME", &temporary)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors)
            // The launcher is a script: what it starts is ended with it.
            .process_group(0)
            .spawn();
        match spawned {
            Ok(child) => {
                let mut process = Self { child, watchdog: None, folder };
                process.watch()?;
                Ok(process)
            }
            Err(error) => {
                let _ = std::fs::remove_dir_all(&folder);
                Err(format!("{} cannot be run: {error}; install Renode or set HIL_RENODE", program.display()))
            }
        }
    }

    fn watch(&mut self) -> Result<(), String> {
        let group = i32::try_from(self.child.id()).map_err(|error| error.to_string())?;
        let spawned = Command::new("sh")
            .args(["-c", WATCHDOG])
            .arg(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(group)
            .spawn();
        self.watchdog = Some(spawned.map_err(|error| format!("Renode cannot be watched: {error}"))?);
        Ok(())
    }

    /// Connects to a port of the process as soon as it listens.
    pub fn connect(&mut self, port: u16, limit: Duration, cancel: &Cancel) -> Result<TcpStream, Option<String>> {
        let (address, until) = (SocketAddr::from((Ipv4Addr::LOCALHOST, port)), Instant::now() + limit);
        loop {
            if cancel.is_cancelled() {
                return Err(None);
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                let why = self.last_words().map_or_else(String::new, |words| format!(": {words}"));
                return Err(Some(format!("Renode ended ({status}) before it listened{why}")));
            }
            match TcpStream::connect_timeout(&address, LOOK) {
                Ok(stream) => return Ok(stream),
                Err(_) if Instant::now() < until => std::thread::sleep(LOOK),
                Err(error) => return Err(Some(format!("Renode does not listen at {address}: {error}"))),
            }
        }
    }

    /// Why Renode ended by itself, as it says: the innermost exception, or else its last line.
    pub fn last_words(&self) -> Option<String> {
        let said = std::fs::read(self.folder.join(ERRORS)).ok()?;
        let said = String::from_utf8_lossy(&said);
        let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
        let (mut words, mut last) = (None, None);
        while let Some(line) = lines.next() {
            last = Some(line);
            if matches!(line, "Fatal error:" | "Inner exception:") {
                words = lines.next();
            }
        }
        words.or(last).map(str::to_string)
    }

    /// What the log says of an abort of the core, which never comes back from it.
    pub fn abort(&self) -> Option<String> {
        let log = std::fs::read(self.folder.join("renode.log")).ok()?;
        let log = String::from_utf8_lossy(&log);
        log.lines().rev().find(|line| line.contains("CPU abort")).map(|line| line.trim().to_string())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The group, not the launcher alone; it exists as long as the watchdog does.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(watchdog) = &mut self.watchdog {
            let _ = watchdog.kill();
            let _ = watchdog.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Two ports that nobody listens at now.
pub fn free_ports() -> Result<(u16, u16), String> {
    let port = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let bound = port().and_then(|a| port().map(|b| (a, b)));
    let (a, b) = bound.map_err(|error| format!("no free port: {error}"))?;
    match (a.local_addr(), b.local_addr()) {
        (Ok(a), Ok(b)) => Ok((a.port(), b.port())),
        (Err(error), _) | (_, Err(error)) => Err(format!("no free port: {error}")),
    }
}
