import { parentPort } from 'node:worker_threads'
import { type ParsedManifest, parseManifest } from '../oci/manifest.ts'

/** The other side of parse-manifest.ts. */
parentPort?.on('message', (job: { id: number; bytes: Uint8Array; headerType: string }) => {
  const result = parseManifest(job.bytes, job.headerType)
  parentPort?.postMessage({ id: job.id, result: lean(result) })
})

/** Annotations are wanted only of manifests with a subject; copying megabytes of others would stall the receiver. */
function lean(result: ParsedManifest | string): ParsedManifest | string {
  return typeof result === 'string' || result.subject !== undefined
    ? result
    : { ...result, annotations: undefined }
}
