import { answerTasks } from '../../storage/side-thread.ts'
import { type ParsedManifest, parseManifest } from '../oci/manifest.ts'
import type { ParseWork } from './parse-manifest.ts'

/** The other side of parse-manifest.ts. */
answerTasks<ParseWork>(({ bytes, headerType }) => lean(parseManifest(bytes, headerType)))

/** Annotations are wanted only of manifests with a subject; copying megabytes of others would stall the receiver. */
function lean(result: ParsedManifest | string): ParsedManifest | string {
  return typeof result === 'string' || result.subject !== undefined
    ? result
    : { ...result, annotations: undefined }
}
