// The kinds of job that can be submitted: their order in the form, the values that a new request has, and the groups of their options.

/** Kinds that are offered first. */
export const COMMON_KINDS = ['imageServingPublish', 'uploadUrls', 'export', 'reprocessAssets'];

/** Kinds whose failed items can be retried. */
export const RETRYABLE_KINDS = ['uploadUrls', 'export', 'reprocessAssets', 'ripPdfs'];

/** Values of a new request, by kind; those of a member that the kind lacks are left out. */
const NO_EMAIL = { emailSetting: 'None' };
const NEW_DETAILS = {
  imageServingPublish: { publishType: 'Incremental', ...NO_EMAIL },
  uploadUrls: { urlArray: [{ sourceUrl: '', destPath: '' }], overwrite: true, readyForPublish: true, createMask: false, ...NO_EMAIL },
  uploadDirectory: {
    serverDir: '', overwrite: true, readyForPublish: true, includeSubfolders: true, createMask: false, processMetadataFiles: false, ...NO_EMAIL,
  },
  export: { assetHandleArray: [''], fmt: 'orig', ...NO_EMAIL },
  reprocessAssets: { assetHandleArray: [''], createMask: false, ...NO_EMAIL },
  ripPdfs: { pdfHandleArray: [''], createMask: false, ...NO_EMAIL },
  automatedSetGeneration: { assetHandleArray: [''], readyForPublish: true, autoSetCreationOptions: { autoSetsArray: [''] }, ...NO_EMAIL },
  metadataPublish: {},
  createVideoSitemap: {},
};

/** The details of a new request of a kind.
 * @param {string} kind */
export const newDetail = (kind) => structuredClone(NEW_DETAILS[kind] ?? NO_EMAIL);

/** Members that are shown at once beside the required ones; the others are in groups that unfold. */
export const COMMON_MEMBERS = ['urlArray', 'destFolder', 'is_modifier', 'forcePublish', 'forceUpdate'];

/** Members that IPS sets, or that the page knows: they have no field. */
export const HIDDEN_MEMBERS = ['companyHandle', 'numUrls', 'execTime', 'execSchedule'];

/** Groups of the options, in the order of the form, with the members in them. Members of no group are in the last one. */
const GROUPS = {
  after: [
    'postImageServingPublishJob', 'postImageRenderingPublishJob', 'postVideoPublishJob', 'postJobOnlyIfFiles', 'postHttpUrl', 'httpCompletionUrl', 'contextHandle',
  ],
  assets: [
    'preservePublishState', 'synchronizationComplete', 'projectHandleArray', 'autoSetCreationOptions', 'metadataOptions', 'xmpKeywords', 'xmpTemplateId',
    'xmpTemplateOverwrites', 'unCompressOptions',
  ],
  images: [
    'preserveCrop', 'manualCropOptions', 'autoColorCropOptions', 'autoTransparentCropOptions', 'autoSmartCropOptionsArray', 'preserveSmartCrop',
    'ignoreSmartCropGeneration', 'knockoutBackgroundOptions', 'unsharpMaskOptions', 'colorManagementOptions',
  ],
  formats: ['photoshopOptions', 'postScriptOptions', 'pdfOptions', 'illustratorOptions', 'inDesignOptions', 'cssOptions'],
  videos: ['mediaOptions', 'overwriteAVS', 'excludeMasterVideoFromAVS', 'sourceVideoAssetHandle', 'audioCaptionsMetadata'],
};
const OTHER_GROUP = 'other';

/** The groups with a member of these, in the order of the form: `[group, members]`.
 * @param {string[]} members */
export function groupsOf(members) {
  const groups = Object.entries(GROUPS).map(([group, names]) => [group, names.filter((name) => members.includes(name))]);
  const grouped = groups.flatMap(([, names]) => names);
  groups.push([OTHER_GROUP, members.filter((name) => !grouped.includes(name))]);
  return /** @type {[string, string[]][]} */ (groups.filter(([, names]) => names.length > 0));
}
