//! A `hotplate.toml` with every key of every table.

use hotplate::config::{TABLES, TableInfo};
use hotplate_server::Settings;

const ABOUT: &str = "\
# Every key of hotplate.toml, with a value that it may have. Keep the lines that you need: a key
# that is not there has the default that stands above it. Behind ## are lines about files that are
# not here: take the marks away where yours are.
";

/// The longest line of a comment.
const WIDTH: usize = 100;

/// Every table, in a file that can be read again.
pub(super) fn text() -> String {
    let mut text = ABOUT.to_owned();
    for table in TABLES.iter().chain(Settings::TABLES) {
        write_table(table, &mut text);
    }
    text
}

fn write_table(table: &TableInfo, text: &mut String) {
    text.push('\n');
    table.doc.iter().for_each(|line| comment(line.trim(), text));
    // A table of which there may be none names files that have to be there.
    let mark = if table.each { "## " } else { "" };
    text.push_str(&format!("{mark}{}\n", table.heading()));
    for key in table.keys {
        text.push('\n');
        comment(&format!("{}. Default: {}.", key.about(), key.default_words()), text);
        text.push_str(&format!("{mark}{} = {}\n", key.name, key.example()));
    }
}

/// Appends words as lines of a comment.
fn comment(words: &str, text: &mut String) {
    let mut line = String::from("#");
    for word in words.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line.truncate(1);
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}
