//! Tables of the API versions and of what not all of them have. Generated: `UPDATE_VERSION_TABLE=1` with the test
//! `the_version_table_is_that_of_the_contract` rewrites this file.

use super::version_range::SchemaKnowledge::{Partial, Whole};
use super::version_range::{KnownVersion, SchemaKnowledge, VersionRange};

const fn known(name: &'static str, schema: SchemaKnowledge) -> KnownVersion {
    KnownVersion { name, schema }
}

const fn since(first: &'static str) -> VersionRange {
    VersionRange::since(first)
}

const fn until(last: &'static str) -> VersionRange {
    VersionRange::until(last)
}

const fn between(first: &'static str, last: &'static str) -> VersionRange {
    VersionRange::between(first, last)
}

/// Published API versions, oldest first.
#[rustfmt::skip]
pub const API_VERSIONS: &[KnownVersion] = &[
    known("", Whole),
    known("2008-01-15", Partial),
    known("2008-09-10", Partial),
    known("2009-07-31", Partial),
    known("2010-01-31", Partial),
    known("2012-02-14", Partial),
    known("2013-02-15", Whole),
    known("2014-04-03", Partial),
    known("2016-01-14-beta", Whole),
    known("2017-10-29-beta", Whole),
    known("2021-01-11-beta", Whole),
    known("2021-04-26-beta", Whole),
    known("2022-11-01-beta", Whole),
];

/// Operations that not every version has.
#[rustfmt::skip]
pub(super) const OPERATION_VERSIONS: &[(&str, VersionRange)] = &[
    ("getArchivedJobLogDetails", since("2021-01-11-beta")),
    ("getAssetJobLogs", since("2008-01-15")),
    ("getAssetArchivedJobLogs", since("2021-01-11-beta")),
];

/// Fields that not every version has: type, versions, fields; sorted by type.
#[rustfmt::skip]
pub(super) const FIELD_VERSIONS: &[(&str, VersionRange, &[&str])] = &[
    ("ActiveJob", since("2008-01-15"), &["description"]),
    ("ActiveJob", since("2010-01-31"), &["locale", "taskProgressArray"]),
    ("ActiveJob", since("2013-02-15"), &["metadataPublishJob", "uploadPostJob", "optimizeImagesJob", "ripPdfsJob",
        "reprocessAssetsJob", "createVideoSitemapJob", "exportJob", "automatedSetGenerationJob"]),
    ("ActiveJob", since("2016-01-14-beta"), &["triggerTime"]),
    ("AssetJobLog", since("2008-01-15"), &["jobHandle", "jobName", "logMessage", "logType", "submitUserEmail",
        "logDate"]),
    ("AssetJobLog", since("2013-02-15"), &["auxArray"]),
    ("AudioCaptionsMetadata", since("2022-11-01-beta"), &["label", "language", "languageCode", "role", "isDefault"]),
    ("AutoSetCreationOptions", since("2013-02-15"), &["autoSetsArray"]),
    ("AutoSmartCropOptions", since("2017-10-29-beta"), &["name", "width", "height", "type"]),
    ("AutomatedSetGenerationJob", since("2013-02-15"), &["assetHandleArray", "destFolder", "readyForPublish",
        "autoSetCreationOptions", "emailSetting"]),
    ("AutomatedSetGenerationJob", since("2017-10-29-beta"), &["synchronizationComplete"]),
    ("AvsEncoding", since("2017-10-29-beta"), &["name", "aspectRatio", "videoEncodingArray"]),
    ("Company", since("2016-01-14-beta"), &["imsOrgId"]),
    ("CompanyMembership", since("2012-02-14"), &["company", "role", "isActive"]),
    ("CreateVideoSitemapJob", since("2013-02-15"), &["forceUpdate"]),
    ("CssOptions", since("2017-10-29-beta"), &["forceStaticImages"]),
    ("ExportJob", since("2013-02-15"), &["assetHandleArray", "fmt", "is_modifier", "macro", "emailSetting",
        "clientId"]),
    ("GetActiveJobsParam", since("2016-01-14-beta"), &["includeWaitingJobs"]),
    ("GetArchivedJobLogDetailsParam", since("2021-01-11-beta"), &["companyHandle", "jobHandle", "logTypeArray",
        "recordsPerPage", "resultsPage", "sortBy", "sortDirection"]),
    ("GetArchivedJobLogDetailsReturn", since("2021-01-11-beta"), &["jobLogArray"]),
    ("GetAssetArchivedJobLogsParam", since("2021-01-11-beta"), &["companyHandle", "assetHandle"]),
    ("GetAssetArchivedJobLogsReturn", since("2021-01-11-beta"), &["jobLogArray"]),
    ("GetAssetJobLogsParam", since("2008-01-15"), &["companyHandle", "assetHandle"]),
    ("GetAssetJobLogsReturn", since("2008-01-15"), &["jobLogArray"]),
    ("GetCompanyInfoParam", since("2016-01-14-beta"), &["imsOrgId"]),
    ("GetCompanyMembershipReturn", until("2010-01-31"), &["companyArray"]),
    ("GetCompanyMembershipReturn", since("2012-02-14"), &["membershipArray"]),
    ("GetJobLogDetailsParam", since("2013-02-15"), &["logTypeArray", "recordsPerPage", "resultsPage", "sortBy",
        "sortDirection"]),
    ("IllustratorOptions", since("2008-01-15"), &["process", "resolution", "colorspace", "alpha"]),
    ("ImageRenderingPublishJob", since("2012-02-14"), &["contextHandle"]),
    ("ImageServingPublishJob", since("2013-02-15"), &["contextHandle"]),
    ("InDesignOptions", since("2010-01-31"), &["process"]),
    ("JobLog", since("2008-01-15"), &["originalJobName", "jobSubType", "description"]),
    ("JobLog", since("2009-07-31"), &["transferSuccessCount", "transferErrorCount", "transferWarningCount"]),
    ("JobLog", since("2013-02-15"), &["detailTotalRows"]),
    ("JobLogDetail", since("2008-01-15"), &["assetHandle"]),
    ("JobLogDetail", since("2013-02-15"), &["auxArray"]),
    ("JobLogDetail", since("2016-01-14-beta"), &["dateCreated"]),
    ("JobLogDetailAux", since("2013-02-15"), &["logMessage", "logType", "dateCreated"]),
    ("KnockoutBackgroundOptions", since("2013-02-15"), &["corner", "tolerance", "fillMethod"]),
    ("MediaOptions", since("2013-02-15"), &["videoEncodingPresetsArray", "generateThumbnail", "thumbnailOptions"]),
    ("MediaOptions", since("2017-10-29-beta"), &["videoEncodingArray", "avsEncodingArray"]),
    ("MediaOptions", since("2021-01-11-beta"), &["videoSmartCropArray", "videoSmartCropSampleRate"]),
    ("MediaOptions", since("2022-11-01-beta"), &["cmafConformance"]),
    ("MetadataOptions", since("2021-01-11-beta"), &["updateArray"]),
    ("MetadataPublishJob", since("2013-02-15"), &["forcePublish"]),
    ("MetadataUpdate", since("2013-02-15"), &["boolVal", "longVal", "doubleVal", "dateVal", "addTagValueArray",
        "setTagValueArray", "deleteTagValueArray"]),
    ("OptimizeImagesJob", since("2013-02-15"), &["emailSetting"]),
    ("PDFOptions", since("2008-01-15"), &["process", "resolution", "colorspace", "pdfCatalog", "extractSearchWords"]),
    ("PDFOptions", since("2009-07-31"), &["extractLinks"]),
    ("PhotoshopLayerOptions", since("2013-02-15"), &["layerNaming", "anchor", "createTemplate", "extractText",
        "extendLayers"]),
    ("PhotoshopOptions", until("2009-07-31"), &["maintainLayers", "layerNaming", "anchor"]),
    ("PhotoshopOptions", since("2010-01-31"), &["process"]),
    ("PhotoshopOptions", since("2013-02-15"), &["layerOptions"]),
    ("PostScriptOptions", since("2008-01-15"), &["process", "alpha"]),
    ("Property", since("2013-02-15"), &["name", "value"]),
    ("ReprocessAssetsJob", since("2013-02-15"), &["assetHandleArray", "readyForPublish", "preservePublishState",
        "createMask", "preserveCrop", "knockoutBackgroundOptions", "manualCropOptions", "autoColorCropOptions",
        "autoTransparentCropOptions", "photoshopOptions", "postScriptOptions", "pdfOptions", "mediaOptions",
        "illustratorOptions", "colorManagementOptions", "autoSetCreationOptions", "projectHandleArray",
        "emailSetting", "postJobOnlyIfFiles", "postHttpUrl", "postImageServingPublishJob",
        "postImageRenderingPublishJob", "postVideoPublishJob", "inDesignOptions"]),
    ("ReprocessAssetsJob", since("2016-01-14-beta"), &["unsharpMaskOptions", "excludeMasterVideoFromAVS"]),
    ("ReprocessAssetsJob", since("2017-10-29-beta"), &["synchronizationComplete", "autoSmartCropOptionsArray",
        "cssOptions"]),
    ("ReprocessAssetsJob", since("2021-01-11-beta"), &["metadataOptions", "jwtToken", "imsOrg", "apikey",
        "ignoreSmartCropGeneration", "preserveSmartCrop"]),
    ("ReprocessAssetsJob", since("2021-04-26-beta"), &["overwriteAVS"]),
    ("RipPdfsJob", since("2013-02-15"), &["pdfHandleArray", "createMask", "knockoutBackgroundOptions",
        "manualCropOptions", "autoColorCropOptions", "autoTransparentCropOptions", "postScriptOptions", "pdfOptions",
        "illustratorOptions", "colorManagementOptions", "projectHandleArray", "emailSetting", "postHttpUrl",
        "postImageServingPublishJob", "postImageRenderingPublishJob", "postVideoPublishJob", "inDesignOptions"]),
    ("RipPdfsJob", since("2017-10-29-beta"), &["autoSmartCropOptionsArray"]),
    ("ScheduledJob", since("2008-01-15"), &["description"]),
    ("ScheduledJob", since("2013-02-15"), &["locale", "metadataPublishJob", "optimizeImagesJob", "ripPdfsJob",
        "reprocessAssetsJob", "createVideoSitemapJob", "exportJob", "automatedSetGenerationJob"]),
    ("SubmitJobParam", since("2008-01-15"), &["locale", "description"]),
    ("SubmitJobParam", since("2013-02-15"), &["metadataPublishJob", "optimizeImagesJob", "ripPdfsJob",
        "reprocessAssetsJob", "createVideoSitemapJob", "exportJob", "automatedSetGenerationJob"]),
    ("TaskItemProgress", since("2013-02-15"), &["itemName", "progress", "progressMessage", "lastProgressUpdate"]),
    ("TaskProgress", since("2010-01-31"), &["taskType", "numProcessed", "numProcessing", "numPending", "progress",
        "progressMessage", "lastProgressUpdate", "taskItemProgressArray"]),
    ("TaskProgress", since("2012-02-14"), &["taskState"]),
    ("ThumbnailOptions", since("2013-02-15"), &["thumbnailTime"]),
    ("UnCompressOptions", since("2013-02-15"), &["process"]),
    ("UnsharpMaskOptions", since("2013-02-15"), &["amount", "radius", "threshold", "monochrome"]),
    ("UploadDirectoryJob", since("2008-01-15"), &["pdfOptions", "illustratorOptions"]),
    ("UploadDirectoryJob", since("2008-09-10"), &["preservePublishState", "preserveCrop"]),
    ("UploadDirectoryJob", since("2013-02-15"), &["knockoutBackgroundOptions", "autoSetCreationOptions",
        "mediaOptions", "inDesignOptions", "xmpKeywords", "unsharpMaskOptions", "unCompressOptions"]),
    ("UploadDirectoryJob", between("2013-02-15", "2013-02-15"), &["xmpTemplateId", "xmpTemplateOverwrites"]),
    ("UploadDirectoryJob", since("2016-01-14-beta"), &["excludeMasterVideoFromAVS"]),
    ("UploadDirectoryJob", since("2017-10-29-beta"), &["synchronizationComplete", "autoSmartCropOptionsArray",
        "cssOptions"]),
    ("UploadDirectoryJob", since("2021-01-11-beta"), &["metadataOptions", "jwtToken", "imsOrg", "apikey",
        "ignoreSmartCropGeneration", "preserveSmartCrop"]),
    ("UploadPostJob", since("2013-02-15"), &["overwrite", "readyForPublish", "preservePublishState", "createMask",
        "preserveCrop", "knockoutBackgroundOptions", "manualCropOptions", "autoColorCropOptions",
        "autoTransparentCropOptions", "photoshopOptions", "postScriptOptions", "pdfOptions", "illustratorOptions",
        "colorManagementOptions", "autoSetCreationOptions", "projectHandleArray", "emailSetting", "postHttpUrl",
        "mediaOptions", "inDesignOptions", "unsharpMaskOptions", "unCompressOptions"]),
    ("UploadPostJob", since("2016-01-14-beta"), &["xmpKeywords", "excludeMasterVideoFromAVS"]),
    ("UploadPostJob", since("2017-10-29-beta"), &["synchronizationComplete", "autoSmartCropOptionsArray",
        "cssOptions"]),
    ("UploadPostJob", since("2021-01-11-beta"), &["metadataOptions", "jwtToken", "imsOrg", "apikey",
        "ignoreSmartCropGeneration", "preserveSmartCrop"]),
    ("UploadPostJob", since("2022-11-01-beta"), &["sourceVideoAssetHandle", "audioCaptionsMetadata"]),
    ("UploadUrlsJob", since("2008-01-15"), &["pdfOptions", "illustratorOptions"]),
    ("UploadUrlsJob", since("2008-09-10"), &["preservePublishState", "preserveCrop"]),
    ("UploadUrlsJob", since("2010-01-31"), &["autoSetCreationOptions", "mediaOptions", "inDesignOptions"]),
    ("UploadUrlsJob", since("2012-02-14"), &["numUrls"]),
    ("UploadUrlsJob", since("2013-02-15"), &["knockoutBackgroundOptions", "unsharpMaskOptions", "unCompressOptions"]),
    ("UploadUrlsJob", since("2016-01-14-beta"), &["xmpKeywords", "excludeMasterVideoFromAVS"]),
    ("UploadUrlsJob", since("2017-10-29-beta"), &["synchronizationComplete", "autoSmartCropOptionsArray",
        "cssOptions"]),
    ("UploadUrlsJob", since("2021-01-11-beta"), &["metadataOptions", "jwtToken", "imsOrg", "apikey",
        "ignoreSmartCropGeneration", "preserveSmartCrop"]),
    ("UploadUrlsJob", since("2022-11-01-beta"), &["sourceVideoAssetHandle", "audioCaptionsMetadata"]),
    ("VideoEncoding", since("2017-10-29-beta"), &["name", "fileSuffix", "playbackTarget", "width", "height",
        "videoCodec", "videoBitrate", "minBitrate", "maxBitrate", "constantBitrate", "frameRate", "keyframeInterval",
        "h264Profile", "h264Level", "twoPass", "audioCodec", "audioBitrate", "audioSampleRate", "advancedSettings"]),
    ("VideoPublishJob", since("2012-02-14"), &["contextHandle"]),
    ("VideoSmartCropAspectRatio", since("2021-01-11-beta"), &["width", "height"]),
];
