//! The tables of a run: as Markdown for people and documents, as JSON for programs.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Map, Value};

/// A table of one section.
#[derive(Serialize)]
pub(super) struct Table {
    pub(super) title: String,
    /// How it was measured, a sentence each.
    pub(super) notes: Vec<String>,
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

/// Something to reach.
#[derive(Serialize)]
pub(super) struct Goal {
    pub(super) text: String,
    pub(super) measured: String,
    /// Counted, not timed: it holds on every machine, or something broke.
    pub(super) exact: bool,
    pub(super) met: bool,
}

/// What a section found.
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) tables: Vec<Table>,
    pub(super) facts: Value,
    pub(super) goals: Vec<Goal>,
}

/// All of one run.
pub(super) struct Report {
    pub(super) machine: String,
    pub(super) sections: Vec<Section>,
}

impl Report {
    pub(super) fn json(&self) -> Value {
        let mut all = Map::new();
        all.insert("machine".to_owned(), Value::from(self.machine.clone()));
        for section in &self.sections {
            all.insert(section.name.to_owned(), section.facts.clone());
        }
        let goals: Vec<&Goal> = self.sections.iter().flat_map(|s| &s.goals).collect();
        all.insert(
            "goals".to_owned(),
            serde_json::to_value(goals).unwrap_or_default(),
        );
        Value::Object(all)
    }

    /// The exact goals that were missed.
    pub(super) fn broken(&self) -> Vec<&str> {
        let goals = self.sections.iter().flat_map(|section| &section.goals);
        let broken = goals.filter(|goal| goal.exact && !goal.met);
        broken.map(|goal| goal.text.as_str()).collect()
    }

    pub(super) fn markdown(&self) -> String {
        let mut text = format!("Measured on {}.\n", self.machine);
        for table in self.sections.iter().flat_map(|section| &section.tables) {
            table.write(&mut text);
        }
        let mark = |goal: &Goal| if goal.met { "yes" } else { "**no**" };
        let rows = self.sections.iter().flat_map(|section| &section.goals);
        let rows =
            rows.map(|goal| vec![goal.text.clone(), goal.measured.clone(), mark(goal).into()]);
        let goals = Table {
            title: "Goals".to_owned(),
            notes: Vec::new(),
            columns: vec!["goal", "measured", "met"],
            rows: rows.collect(),
        };
        goals.write(&mut text);
        text
    }
}

impl Table {
    /// Markdown with aligned columns: it reads the same on a terminal.
    fn write(&self, text: &mut String) {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "\n### {}\n", self.title);
        for note in &self.notes {
            let _ = writeln!(text, "{note}");
        }
        if !self.notes.is_empty() {
            text.push('\n');
        }
        let header: Vec<String> = self.columns.iter().map(|name| (*name).to_owned()).collect();
        let width = |column: usize| {
            let cells = std::iter::once(&header).chain(&self.rows);
            cells
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
        };
        let widths: Vec<usize> = (0..header.len())
            .map(|n| width(n).unwrap_or(0).max(3))
            .collect();
        let rule = widths.iter().map(|width| "-".repeat(*width)).collect();
        for row in [&header, &rule].into_iter().chain(&self.rows) {
            let cells = row.iter().zip(&widths).map(|(cell, width)| {
                let missing = width.saturating_sub(cell.chars().count());
                format!("| {cell}{} ", " ".repeat(missing))
            });
            let _ = writeln!(text, "{}|", cells.collect::<String>());
        }
    }
}

/// The middle of some figures; of two middle ones, their mean.
pub(super) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.get(middle) {
        None => f64::NAN,
        Some(upper) if sorted.len() % 2 == 1 => *upper,
        Some(upper) => f64::midpoint(sorted[middle - 1], *upper),
    }
}

#[cfg(test)]
mod tests {
    use super::{Table, median};

    #[test]
    fn the_median_is_the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_table_is_aligned_markdown() {
        let table = Table {
            title: "T".into(),
            notes: vec![],
            columns: vec!["a", "b"],
            rows: vec![vec!["long".into(), "é".into()]],
        };
        let mut text = String::new();
        table.write(&mut text);
        assert_eq!(
            text,
            "\n### T\n\n| a    | b   |\n| ---- | --- |\n| long | é   |\n"
        );
    }
}
