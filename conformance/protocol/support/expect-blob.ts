import type { Client } from './client.ts'
import { check } from './exchange.ts'

/** P§1.3: "Location = pullable blob URL [M] (old suite, mount: exactly `/v2/<name>/blobs/<digest>`), DCD" */
export function created(name: string, digest: string): { status: number; headers: Record<string, string> } {
  return {
    status: 201,
    headers: { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest },
  }
}

/** The repository has the blob, whole, on GET and HEAD. */
export async function expectThere(
  client: Client,
  name: string,
  { digest, bytes }: { readonly digest: string; readonly bytes: Uint8Array },
): Promise<void> {
  check(await client.get(`/v2/${name}/blobs/${digest}`), {
    status: 200,
    body: bytes,
    headers: { 'docker-content-digest': digest },
  })
  check(await client.head(`/v2/${name}/blobs/${digest}`), {
    status: 200,
    headers: { 'content-length': String(bytes.length) },
  })
}

export async function expectAbsent(client: Client, name: string, digest: string): Promise<void> {
  check(await client.get(`/v2/${name}/blobs/${digest}`), { status: 404, code: 'BLOB_UNKNOWN' })
}
