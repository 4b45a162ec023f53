//! Documented values of members of a submit that are open sets: IPS may accept others.

use super::enums::{EmailSetting, PublishType};

const CORNERS: &[&str] = &["BottomLeft", "BottomRight", "UpperLeft", "UpperRight"];
const COLOR_SPACES: &[&str] = &["Auto", "Rgb", "Cmyk", "Gray"];
const RASTERIZE: &[&str] = &["None", "Rasterize"];

/// Members with documented values (string constants of the reference), by name, or by parent and name where only the parent tells.
const DOCUMENTED: [(&str, &[&str]); 13] = [
    ("emailSetting", EmailSetting::KNOWN),
    ("publishType", PublishType::KNOWN),
    ("exportJob/fmt", &["orig", "convert"]),
    ("colorManagement", &["Default", "MaintainOriginal", "Convert"]),
    ("corner", CORNERS),
    ("fillMethod", &["FloodFill", "MatchPixel"]),
    ("layerNaming", &["LayerName", "AppendNumber", "AppendName", "Folders"]),
    ("colorspace", COLOR_SPACES),
    ("photoshopOptions/process", &["None", "MaintainLayers"]),
    ("postScriptOptions/process", RASTERIZE),
    ("illustratorOptions/process", RASTERIZE),
    ("pdfOptions/process", &["None", "Rasterize", "Thumbnail"]),
    ("unCompressOptions/process", &["None", "UnCompress"]),
];

/// Returns the documented values of a member of the object `parent`; `None` if it is free text.
#[must_use]
pub fn documented_values(parent: &str, member: &str) -> Option<&'static [&'static str]> {
    DOCUMENTED.iter().find_map(|(key, values)| {
        let is_member = match key.split_once('/') {
            Some(pair) => pair == (parent, member),
            None => *key == member,
        };
        is_member.then_some(*values)
    })
}
