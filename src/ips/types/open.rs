//! Open enumerations: the values that IPS documents, and room for those that it adds.
//!
//! A value is never refused: an unknown one is kept as it came (`Other`) and passed on.

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
                const DESCRIPTION: &str = concat!(
                    $($doc, "\n",)+ "\n",
                    $("- `", stringify!($variant), "`:", $($value_doc,)+ "\n",)+
                    "\nAn open set: other values may appear and mean no error."
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
    /// What an active job is doing (`ActiveJob.state`).
    ActiveJobState {
        /// IPS doesn't tell.
        Unknown,
        /// Just created.
        New,
        /// Waits for its client, for example for more files of an upload.
        WaitingClient,
        /// Waits for the coordinator to give it a server.
        WaitingCoordinator,
        /// At work.
        Running,
        /// Was asked to stop and has not stopped yet.
        Stopping,
        /// Finished; about to move to the job log.
        Done,
    }
}

open_enum! {
    /// What kind of job it is (`ActiveJob.type`, `ScheduledJob.type`).
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
    /// How the schedule of a job stands (`ScheduledJob.triggerState`).
    TriggerState {
        /// Held back while an earlier run is still going on.
        Blocked,
        /// Will not fire again.
        Complete,
        /// The schedule failed.
        Error,
        /// There is no trigger.
        None,
        /// Waits for its time.
        Normal,
        /// Suspended until resumed.
        Paused,
    }
}

open_enum! {
    /// What a task of an active job is doing (`TaskProgress.taskState`).
    TaskState {
        /// Between two states.
        Unknown,
        /// Created; takes no items yet.
        New,
        /// Works on its items.
        Processing,
        /// Stops because the job was asked to.
        Stopping,
        /// All items are done.
        Done,
        /// Ended by a fatal error.
        Failed,
    }
}

open_enum! {
    /// Which e-mails a job sends (`emailSetting` of most job kinds).
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
    /// How much a publish job publishes (`ImageServingPublishJob.publishType`).
    PublishType {
        /// Everything that is marked for publishing.
        Full,
        /// Everything, and the search data.
        FullWithSearch,
        /// What changed since the last publish.
        Incremental,
    }
}
