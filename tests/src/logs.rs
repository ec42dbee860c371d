//! What the functions have written.

use crate::cloud::cloud;

/// The log of each function, by file name.
///
/// # Panics
/// There is none: then nothing can be said of them.
pub fn of_functions() -> Vec<(String, String)> {
    let folder = std::fs::read_dir(&cloud().logs).expect("the folder of logs");
    let names = folder
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    let functions: Vec<_> = names
        .filter(|name| name.starts_with("reelvault-"))
        .collect();
    assert!(!functions.is_empty(), "no function has written a log");
    let read = |name: &String| {
        let octets = std::fs::read(cloud().logs.join(name)).expect("a log");
        String::from_utf8_lossy(&octets).into_owned()
    };
    functions
        .iter()
        .map(|name| (name.clone(), read(name)))
        .collect()
}

/// Lines that hold one of these texts, with the names of their logs.
pub fn lines_with(needles: &[&str]) -> Vec<String> {
    let found = of_functions().into_iter().flat_map(|(name, text)| {
        let lines = text
            .lines()
            .filter(|line| needles.iter().any(|needle| line.contains(needle)));
        lines
            .map(|line| format!("{name}: {line}"))
            .collect::<Vec<_>>()
    });
    found.collect()
}
