//! Scripts without their comments: a sixth of the bytes that a browser would load.

/// Replaces the lines of a script that are comments by empty ones, so that the others keep their numbers. Comments at the end of a line stay,
/// since a string can look like one. Literals over several lines must have no line that begins like a comment.
#[must_use]
pub fn without_comments(script: &str) -> String {
    let mut is_inside = false;
    let mut code = String::with_capacity(script.len());
    for line in script.split_inclusive('\n') {
        let text = line.trim();
        let is_comment = is_inside || text.starts_with("//") || is_whole_line_of_block(text);
        if is_inside || text.starts_with("/**") {
            is_inside = !text.ends_with("*/") && is_comment;
        }
        code.push_str(if is_comment { "\n" } else { line });
    }
    code
}

/// Returns whether a line begins a block comment and has no code after it; `/** @type {…} */ (value)` has.
fn is_whole_line_of_block(text: &str) -> bool {
    text.starts_with("/**") && text.find("*/").is_none_or(|end| end + 2 == text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_comments_are_empty_and_all_others_stay() {
        let script = "// One\nconst a = 'b // c'; // d\n/** Two */\n/**\n * Three\n * @param {x} y */\nf(\n  /** @type {any} */ (a),\n);\n/** 4\n */\ng();";
        let code = "\nconst a = 'b // c'; // d\n\n\n\n\nf(\n  /** @type {any} */ (a),\n);\n\n\ng();";
        assert_eq!(without_comments(script), code);
    }
}
