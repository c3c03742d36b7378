//! The printed table.

use std::time::Duration;

#[derive(Default)]
pub struct Table(Vec<[String; 5]>);

impl Table {
    /// A line of times; the limit and SQLite where they mean something.
    pub fn times(&mut self, what: &str, ours: Duration, sqlite: Option<Duration>, limit: Option<Duration>) {
        let ratio = sqlite.map_or(String::new(), |sqlite| format!("{:.2}", sqlite.as_secs_f64() / ours.as_secs_f64()));
        let shown = |time: Option<Duration>| time.map_or(String::new(), show);
        self.line([what.into(), show(ours), shown(sqlite), shown(limit), ratio]);
    }

    /// A line of anything.
    pub fn words(&mut self, what: &str, ours: String, sqlite: String) {
        self.line([what.into(), ours, sqlite, String::new(), String::new()]);
    }

    fn line(&mut self, line: [String; 5]) {
        println!("  {:<58} {:>12} {:>12}", line[0], line[1], line[2]);
        self.0.push(line);
    }

    pub fn print(&self) {
        println!("\n| | ours | SQLite | limit | SQLite / ours |\n|---|---:|---:|---:|---:|");
        for [what, ours, sqlite, limit, ratio] in &self.0 {
            println!("| {what} | {ours} | {sqlite} | {limit} | {ratio} |");
        }
    }
}

fn show(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds >= 1.0 => format!("{seconds:.2} s"),
        seconds if seconds >= 1e-3 => format!("{:.2} ms", seconds * 1e3),
        seconds => format!("{:.1} us", seconds * 1e6),
    }
}
