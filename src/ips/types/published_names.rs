//! Element names of the published reference of IPS that differ from those of its schemas.

/// Published names with the names of the schemas.
const PUBLISHED_NAMES: [(&str, &str); 8] = [
    ("imageServingRenderJob", "imageRenderingPublishJob"),
    ("serverDirectoryPublish", "serverDirectoryPublishJob"),
    ("JobUploadDirectoryJob", "uploadDirectoryJob"),
    ("knockoutBackground", "knockoutBackgroundOptions"),
    ("autoColorOptions", "autoColorCropOptions"),
    ("emailSettings", "emailSetting"),
    ("IllustratorOptions", "illustratorOptions"),
    ("MetadataPublishJobType", "metadataPublishJob"),
];

/// Returns the name in the schemas of an element that the published reference names otherwise.
#[must_use]
pub fn wire_name(published: &str) -> Option<&'static str> {
    PUBLISHED_NAMES.iter().find(|(name, _)| *name == published).map(|(_, wire_name)| *wire_name)
}
