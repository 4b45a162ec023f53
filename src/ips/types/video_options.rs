//! video_options

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// MediaOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MediaOptions {
    /// `videoEncodingPresetsArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub video_encoding_presets_array: Option<Vec<String>>,
    /// `videoEncodingArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub video_encoding_array: Option<Vec<VideoEncoding>>,
    /// `videoSmartCropArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub video_smart_crop_array: Option<Vec<VideoSmartCropAspectRatio>>,
    /// `videoSmartCropSampleRate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub video_smart_crop_sample_rate: Option<i32>,
    /// `avsEncodingArray`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub avs_encoding_array: Option<Vec<AvsEncoding>>,
    /// `generateThumbnail`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub generate_thumbnail: Option<bool>,
    /// `thumbnailOptions`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub thumbnail_options: Option<Box<ThumbnailOptions>>,
    /// `cmafConformance`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cmaf_conformance: Option<bool>,
}

/// ThumbnailOptions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ThumbnailOptions {
    /// `thumbnailTime`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub thumbnail_time: Option<i64>,
}

/// VideoEncoding.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VideoEncoding {
    /// `name`
    pub name: String,
    /// `fileSuffix`
    pub file_suffix: String,
    /// `playbackTarget`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub playback_target: Option<String>,
    /// `width`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub width: Option<i32>,
    /// `height`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub height: Option<i32>,
    /// `videoCodec`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub video_codec: Option<String>,
    /// `videoBitrate`
    pub video_bitrate: i32,
    /// `minBitrate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub min_bitrate: Option<i32>,
    /// `maxBitrate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub max_bitrate: Option<i32>,
    /// `constantBitrate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub constant_bitrate: Option<bool>,
    /// `frameRate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub frame_rate: Option<f64>,
    /// `keyframeInterval`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub keyframe_interval: Option<i32>,
    /// `h264Profile`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub h264_profile: Option<String>,
    /// `h264Level`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub h264_level: Option<String>,
    /// `twoPass`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub two_pass: Option<bool>,
    /// `audioCodec`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub audio_codec: Option<String>,
    /// `audioBitrate`
    pub audio_bitrate: i32,
    /// `audioSampleRate`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub audio_sample_rate: Option<i32>,
    /// `advancedSettings`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub advanced_settings: Option<Vec<Property>>,
}

/// VideoSmartCropAspectRatio.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VideoSmartCropAspectRatio {
    /// `width`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub width: Option<i32>,
    /// `height`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub height: Option<i32>,
}

/// AvsEncoding.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AvsEncoding {
    /// `name`
    pub name: String,
    /// `aspectRatio`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub aspect_ratio: Option<String>,
    /// `videoEncodingArray`
    pub video_encoding_array: Vec<VideoEncoding>,
}

/// Property.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Property {
    /// `name`
    pub name: String,
    /// `value`
    pub value: String,
}
