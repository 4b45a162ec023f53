//! Processing options of audio and video files.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Processing of audio and video files (IPS type `MediaOptions`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MediaOptions {
    /// Handles of video encoding presets (property sets) to transcode with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub video_encoding_presets_array: Option<Vec<String>>,
    /// Encodings to transcode to. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub video_encoding_array: Option<Vec<VideoEncoding>>,
    /// Aspect ratios of the smart crops to make. Since API version 2021-01-11-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub video_smart_crop_array: Option<Vec<VideoSmartCropAspectRatio>>,
    /// Sample rate of the smart crop. Since API version 2021-01-11-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub video_smart_crop_sample_rate: Option<i32>,
    /// Adaptive video sets to make. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub avs_encoding_array: Option<Vec<AvsEncoding>>,
    /// Whether the first frame becomes the thumbnail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub generate_thumbnail: Option<bool>,
    /// Selects another frame as the thumbnail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub thumbnail_options: Option<Box<ThumbnailOptions>>,
    /// Whether the output conforms to CMAF. Since API version 2022-11-01-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cmaf_conformance: Option<bool>,
}

/// Frame that becomes the thumbnail of a video (IPS type `ThumbnailOptions`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ThumbnailOptions {
    /// Position of the frame, in milliseconds from the start of the video.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    pub thumbnail_time: Option<i64>,
}

/// An encoding of a video (IPS type `VideoEncoding`). Since API version 2017-10-29-beta.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VideoEncoding {
    /// Name of the encoding. Since API version 2017-10-29-beta.
    pub name: String,
    /// Suffix of the encoded file's name. Since API version 2017-10-29-beta.
    pub file_suffix: String,
    /// Target device of the encoding. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub playback_target: Option<String>,
    /// Width of the video, in pixels. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub width: Option<i32>,
    /// Height of the video, in pixels. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub height: Option<i32>,
    /// Codec of the video. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub video_codec: Option<String>,
    /// Bit rate of the video. Since API version 2017-10-29-beta.
    pub video_bitrate: i32,
    /// Lowest bit rate of the video. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub min_bitrate: Option<i32>,
    /// Highest bit rate of the video. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub max_bitrate: Option<i32>,
    /// Whether the bit rate is constant. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub constant_bitrate: Option<bool>,
    /// Frames per second. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub frame_rate: Option<f64>,
    /// Distance between key frames. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub keyframe_interval: Option<i32>,
    /// H.264 profile. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub h264_profile: Option<String>,
    /// H.264 level. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub h264_level: Option<String>,
    /// Whether to encode in two passes. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub two_pass: Option<bool>,
    /// Codec of the audio. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub audio_codec: Option<String>,
    /// Bit rate of the audio. Since API version 2017-10-29-beta.
    pub audio_bitrate: i32,
    /// Sample rate of the audio. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub audio_sample_rate: Option<i32>,
    /// Further settings of the encoder. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub advanced_settings: Option<Vec<Property>>,
}

/// The aspect ratio of a video smart crop (IPS type `VideoSmartCropAspectRatio`). Since API version 2021-01-11-beta.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VideoSmartCropAspectRatio {
    /// First part of the ratio, for example 16. Since API version 2021-01-11-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub width: Option<i32>,
    /// Second part of the ratio, for example 9. Since API version 2021-01-11-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub height: Option<i32>,
}

/// An adaptive video set to make (IPS type `AvsEncoding`). Since API version 2017-10-29-beta.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AvsEncoding {
    /// Name of the adaptive video set. Since API version 2017-10-29-beta.
    pub name: String,
    /// Aspect ratio of the videos. Since API version 2017-10-29-beta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub aspect_ratio: Option<String>,
    /// The encodings that make up the set. Since API version 2017-10-29-beta.
    pub video_encoding_array: Vec<VideoEncoding>,
}

/// A setting of an encoder, by name (IPS type `Property`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Property {
    /// Name of the setting.
    pub name: String,
    /// Value of the setting.
    pub value: String,
}
