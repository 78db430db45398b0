import type { Folder, ListedManifest } from '../../registry/folder.ts'

/** JSON of what gcr.io adds to a list of tags, in bytes: clients stop reading a page at 4 MiB. */
const MOST_BYTES = 2 * 1024 * 1024

/**
 * What gcr.io adds to a list of tags, for gcrane and the scripts that clean up there: `child` are the names one level
 * below, `manifest` all manifests by digest. Numbers are decimal strings, as there. Nothing when it would be too long:
 * a client takes what is there for all there is.
 */
export function folderFields({ children, manifests = [] }: Folder): object {
  const fields = {
    child: children,
    manifest: Object.fromEntries(manifests.map((manifest) => [manifest.digest, manifestFields(manifest)])),
  }
  return JSON.stringify(fields).length > MOST_BYTES ? {} : fields
}

function manifestFields({ mediaType, imageSize, created, uploaded, tags }: ListedManifest) {
  return {
    imageSizeBytes: String(imageSize),
    layerId: '',
    mediaType,
    tag: tags,
    timeCreatedMs: String(created),
    timeUploadedMs: String(uploaded),
  }
}
