//! Open enumerations: the values that IPS documents, and room for those that it adds.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A value that this version of the gateway doesn't know; passed on as it came.
            Other(Box<str>),
        }

        impl $name {
            /// The values that IPS documents.
            pub const KNOWN: &'static [&'static str] = &[$(stringify!($variant)),+];

            /// The value as IPS writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                    Self::Other(value) => value,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                match value {
                    $(stringify!($variant) => Self::$variant,)+
                    other => Self::Other(other.into()),
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Other("".into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a string")
                    }
                    fn visit_str<E: de::Error>(self, value: &str) -> Result<$name, E> {
                        Ok($name::from(value))
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some(format!("Known values: {}. Others may appear: treat them as an unknown kind, not as an error.", Self::KNOWN.join(", "))))
                    .examples(Self::KNOWN.iter().copied())
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

open_enum! {
    /// `ActiveJob.state`
    ActiveJobState { Unknown, New, WaitingClient, WaitingCoordinator, Running, Stopping, Done }
}
open_enum! {
    /// `ActiveJob.type` and `ScheduledJob.type`
    JobType {
        ImageServingPublish, ImageRenderingPublish, ServerDirectoryPublish, ServerDirectoryPublishWithTemplate, VideoPublish,
        UploadFromServerDirectory, UrlUpload, MetadataUpload, ImageOptimization, Cleanup
    }
}
open_enum! {
    /// `ScheduledJob.triggerState`
    TriggerState { Blocked, Complete, Error, None, Normal, Paused }
}
open_enum! {
    /// `TaskProgress.taskState`
    TaskState { Unknown, New, Processing, Stopping, Done, Failed }
}
open_enum! {
    /// `emailSetting`
    EmailSetting { All, Error, ErrorAndWarning, JobCompletion, None }
}
open_enum! {
    /// `publishType`
    PublishType { Full, FullWithSearch, Incremental }
}
