//! Open enumerations: the values documented by IPS, and `Other` for any value added later.
//!
//! Unknown values are never refused: they are kept verbatim and passed on.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

macro_rules! open_enum {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $value_doc:literal])+ $variant:ident),+ $(,)? }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[doc = $value_doc])+ $variant,)+
            /// A value that the gateway does not know; passed on unchanged.
            Other(Box<str>),
        }

        impl $name {
            /// Values documented by IPS.
            pub const KNOWN: &'static [&'static str] = &[$(stringify!($variant)),+];

            /// Returns the value in the spelling of IPS.
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
                const DESCRIPTION: &str = concat!(
                    $($doc, "\n",)+ "\n",
                    $("- `", stringify!($variant), "`:", $($value_doc,)+ "\n",)+
                    "\nAn open set: other values may appear and are not errors."
                );
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(Some(DESCRIPTION.trim_start()))
                    .examples(Self::KNOWN.iter().copied())
                    .extensions(Some(ExtensionsBuilder::new().add("x-extensible-enum", Self::KNOWN).build()))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

open_enum! {
    /// State of an active job (`ActiveJob.state`).
    ActiveJobState {
        /// IPS reports no state.
        Unknown,
        /// Just created.
        New,
        /// Waiting for its client, for example for more files of an upload.
        WaitingClient,
        /// Waiting for the coordinator to assign a server.
        WaitingCoordinator,
        /// Running.
        Running,
        /// Stop requested, not stopped yet.
        Stopping,
        /// Finished; about to move to the job log.
        Done,
    }
}

open_enum! {
    /// Kind of a job (`ActiveJob.type`, `ScheduledJob.type`).
    JobType {
        /// Publishes to the image servers.
        ImageServingPublish,
        /// Publishes to the image rendering servers.
        ImageRenderingPublish,
        /// Publishes to a server directory.
        ServerDirectoryPublish,
        /// Publishes to a server directory, by a template.
        ServerDirectoryPublishWithTemplate,
        /// Publishes to the video servers.
        VideoPublish,
        /// Uploads files from a directory on the server.
        UploadFromServerDirectory,
        /// Uploads files from URLs.
        UrlUpload,
        /// Uploads metadata.
        MetadataUpload,
        /// Optimizes images.
        ImageOptimization,
        /// Cleans up.
        Cleanup,
    }
}

open_enum! {
    /// State of a job's schedule (`ScheduledJob.triggerState`).
    TriggerState {
        /// Blocked while an earlier run is in progress.
        Blocked,
        /// Will not fire again.
        Complete,
        /// The schedule failed.
        Error,
        /// No trigger exists.
        None,
        /// Waiting for the next fire time.
        Normal,
        /// Suspended until resumed.
        Paused,
    }
}

open_enum! {
    /// State of a task of an active job (`TaskProgress.taskState`).
    TaskState {
        /// Between two states.
        Unknown,
        /// Created; accepts no items yet.
        New,
        /// Processing its items.
        Processing,
        /// Stopping, because a stop of the job was requested.
        Stopping,
        /// All items are processed.
        Done,
        /// Ended by a fatal error.
        Failed,
    }
}

open_enum! {
    /// E-mails that a job sends (`emailSetting` of most job kinds).
    EmailSetting {
        /// Errors, warnings and completion.
        All,
        /// Errors only.
        Error,
        /// Errors and warnings.
        ErrorAndWarning,
        /// One e-mail when the job is complete.
        JobCompletion,
        /// No e-mail.
        None,
    }
}

open_enum! {
    /// Scope of a publish job (`ImageServingPublishJob.publishType`).
    PublishType {
        /// All assets that are marked for publishing.
        Full,
        /// All assets, and the search data.
        FullWithSearch,
        /// Only what changed since the last publish.
        Incremental,
    }
}
