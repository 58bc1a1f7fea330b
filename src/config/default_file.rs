//! How the default file is written. The documentation is that of the section's fields.

use super::value::SettingValue;

/// Opens a section.
pub fn header(out: &mut String, about: &[&str], section: &str) {
    out.push('\n');
    comment(out, about);
    out.push_str(&format!("[{section}]\n"));
}

/// Writes one documented setting with its default.
pub fn entry(out: &mut String, doc: &[&str], key: &str, default: &impl SettingValue) {
    comment(out, doc);
    out.push_str(&format!("{key} = {}\n", default.literal()));
}

fn comment(out: &mut String, lines: &[&str]) {
    for line in lines {
        out.push_str(&format!("#{line}\n"));
    }
}
