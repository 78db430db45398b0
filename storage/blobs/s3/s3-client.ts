import http from 'node:http'
import https from 'node:https'
import { getCACertificates } from 'node:tls'
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { TraceContext } from '../../trace-context.ts'
import { BufferPool } from '../buffer-pool.ts'
import { ReadConnections } from './read-connections.ts'
import type { S3Settings } from './settings.ts'
import type { ObjectAddress } from './signed-url.ts'

/** A connection attempt may take this long. */
const CONNECT_MS = 3000

/** Connections for calls. */
const MOST_CALLS = 256

const ignore = (): void => {}
const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore }

export interface Connection {
  readonly client: S3Client
  readonly region: string
  readonly address: ObjectAddress
  /** Apart from calls, since a slow client holds one as long as it likes. */
  readonly reads: ReadConnections
  close(): void
}

/**
 * Makes the client. No call is made yet; rejects when the SDK finds no region. A connection on which nothing moves for
 * `stall` milliseconds is dead: a hung gateway takes connections and says nothing.
 */
export async function connect(settings: S3Settings, stall = 10_000): Promise<Connection> {
  const ca = settings.ca === undefined ? undefined : [...getCACertificates('default'), settings.ca]
  const tls = { keepAlive: true, ...(ca && { ca }) }
  const client = new S3Client({
    ...(settings.endpoint !== undefined && { endpoint: settings.endpoint }),
    ...regionOf(settings),
    // Without one it writes to the console.
    logger: SILENT,
    forcePathStyle: settings.pathStyle,
    // Retries are this driver's: only it can send a part again.
    maxAttempts: 1,
    // Checksums by default turn streams into aws-chunked, which Ceph and Swift refuse.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Servers that do not answer 100 would cost seconds a part.
    expectContinueHeader: false,
    requestHandler: {
      httpAgent: new http.Agent({ keepAlive: true, maxSockets: MOST_CALLS }),
      httpsAgent: new https.Agent({ ...tls, maxSockets: MOST_CALLS }),
      connectionTimeout: CONNECT_MS,
      socketTimeout: stall,
      requestTimeout: 0,
    },
  })
  if (settings.traceparent !== undefined) sendTraceparent(client, settings.traceparent)
  const [region, address] = await Promise.all([client.config.region(), addressOf(client, settings.bucket)])
  const reads = new ReadConnections({
    origin: address.origin,
    ca,
    stall,
    pool: new BufferPool(),
    traceparent: settings.traceparent,
  })
  return {
    client,
    region,
    address,
    reads,
    close: () => {
      client.destroy()
      reads.close()
    },
  }
}

/** Before the signature, which covers it then. */
function sendTraceparent(client: S3Client, traceparent: TraceContext): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const value = traceparent()
      const { request } = args
      if (value !== undefined && hasHeaders(request)) request.headers['traceparent'] = value
      return next(args)
    },
    { step: 'build', name: 'laminaTraceparent' },
  )
}

function hasHeaders(request: unknown): request is { readonly headers: Record<string, string> } {
  return typeof request === 'object' && request !== null && 'headers' in request
}

/** Engines that are not AWS have no regions, and take this one. */
function regionOf({ region, endpoint }: S3Settings): { region?: string } {
  if (region !== undefined) return { region }
  return endpoint !== undefined && process.env['AWS_REGION'] === undefined ? { region: 'us-east-1' } : {}
}

/** Where the SDK would send a request: endpoint rules are its business, and the request stays here. */
async function addressOf(client: S3Client, bucket: string): Promise<ObjectAddress> {
  let found: ObjectAddress | undefined
  const command = new HeadBucketCommand({ Bucket: bucket })
  command.middlewareStack.add(
    () => (args) => {
      found = readAddress(args.request)
      return Promise.resolve({ response: undefined, output: { $metadata: {} } })
    },
    { step: 'build', name: 'laminaAddress' },
  )
  await client.send(command)
  if (found === undefined) throw new TypeError('the SDK built no request')
  return found
}

function readAddress(request: unknown): ObjectAddress | undefined {
  if (typeof request !== 'object' || request === null) return undefined
  const { protocol, hostname, port, path }: Partial<Record<string, unknown>> = { ...request }
  if (typeof protocol !== 'string' || typeof hostname !== 'string' || typeof path !== 'string')
    return undefined
  const host = typeof port === 'number' ? `${hostname}:${port}` : hostname
  return { origin: `${protocol}//${host}`, host, path: path.endsWith('/') ? path : `${path}/` }
}
