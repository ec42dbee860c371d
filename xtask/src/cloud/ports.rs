//! The four ports of a local cloud, and who sits on them.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::time;

/// A process that was killed may hold its ports a moment longer.
const ENDING: Duration = Duration::from_secs(2);

/// Consecutive ports on 127.0.0.1, from one base.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    base: u16,
}

impl Ports {
    pub(crate) fn from_base(base: u16) -> Self {
        // Room for the four, whatever the base.
        Self {
            base: base.clamp(1, u16::MAX - 3),
        }
    }

    pub(crate) fn localstack(self) -> u16 {
        self.base
    }

    /// The API and `/media`, as API Gateway and CloudFront would serve them.
    pub(crate) fn edge(self) -> u16 {
        self.base + 1
    }

    /// The reference player's page, on an origin of its own.
    pub(crate) fn page(self) -> u16 {
        self.base + 2
    }

    pub(crate) fn dynamodb(self) -> u16 {
        self.base + 3
    }

    pub(crate) fn url(port: u16) -> String {
        format!("http://127.0.0.1:{port}")
    }

    /// Fails with the name of whoever holds one of the ports.
    pub(crate) fn ensure_free(self) -> Result<()> {
        let uses = [
            (self.localstack(), "LocalStack"),
            (self.edge(), "the API"),
            (self.page(), "the player's page"),
            (self.dynamodb(), "DynamoDB"),
        ];
        for (port, purpose) in uses {
            let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok();
            if time::poll(ENDING, bind).is_none() {
                let holder = holder(port)
                    .map(|name| format!(" by {name}"))
                    .unwrap_or_default();
                bail!(
                    "port {port}, meant for {purpose}, is in use{holder}; end that, or set REELVAULT_PORT \
                     to the first of four free ports"
                );
            }
        }
        Ok(())
    }
}

/// The process that listens on a port, where the system lets us see it.
fn holder(port: u16) -> Option<String> {
    let inode = listening_inode(port)?;
    let wanted = format!("socket:[{inode}]");
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let numbered =
        processes.filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok());
    for process in numbered {
        let Ok(files) = std::fs::read_dir(process.path().join("fd")) else {
            continue;
        };
        let mut targets = files
            .flatten()
            .filter_map(|file| std::fs::read_link(file.path()).ok());
        if targets.any(|target| target.to_string_lossy() == wanted) {
            let name = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some(format!(
                "{} (process {})",
                name.trim(),
                process.file_name().to_string_lossy()
            ));
        }
    }
    None
}

fn listening_inode(port: u16) -> Option<String> {
    const LISTEN: &str = "0A";
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"]
        .map(|table| std::fs::read_to_string(table).unwrap_or_default());
    let suffix = format!(":{port:04X}");
    tables
        .iter()
        .flat_map(|table| table.lines().skip(1))
        .find_map(|line| {
            let fields: Vec<_> = line.split_whitespace().collect();
            let listens = fields.get(1)?.ends_with(&suffix) && *fields.get(3)? == LISTEN;
            listens.then(|| (*fields.get(9).unwrap_or(&"")).to_owned())
        })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::Ports;

    #[test]
    fn a_busy_port_is_named_with_its_holder() {
        let busy = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = busy.local_addr().unwrap().port();
        let error = Ports::from_base(base)
            .ensure_free()
            .unwrap_err()
            .to_string();
        assert!(error.contains(&base.to_string()), "{error}");
        assert!(
            error.contains(&format!("process {}", std::process::id())),
            "{error}"
        );
    }
}
