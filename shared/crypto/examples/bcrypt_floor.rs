//! bcrypt and nothing else: `bcrypt_floor <password>` prints `ready`, then checks the password against its hash at
//! [`COST`] once for every line that it reads, and prints `true`. The bench measures sign-ins against it.

use std::error::Error;
use std::io::{BufRead as _, Write as _};

use vault_crypto::password::COST;

fn main() -> Result<(), Box<dyn Error>> {
    let usage = "usage: bcrypt_floor <password>";
    let password = std::env::args().nth(1).ok_or(usage)?;
    let hash = bcrypt::hash_with_salt(&password, COST, [7; 16])?;
    let hash = hash.format_for_version(bcrypt::Version::TwoB);
    let mut out = std::io::stdout();
    writeln!(out, "ready")?;
    for line in std::io::stdin().lock().lines() {
        line?;
        writeln!(out, "{}", bcrypt::verify(&password, &hash)?)?;
    }
    Ok(())
}
