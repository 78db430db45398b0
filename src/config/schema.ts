import { z } from 'zod'
import {
  blobsPlace,
  cidrs,
  count,
  duration,
  flag,
  httpUrl,
  listenAddress,
  longSecret,
  metadataStore,
  oneOf,
  origin,
  path,
  size,
  sizeFrom,
  text,
} from './fields.ts'
import { facts, optional, required, type SettingFacts } from './setting.ts'

/**
 * Every setting: the names in lamina.yaml and of the environment, defaults, validation, the type Config and
 * docs/configuration.md all come from here. Durations become milliseconds, sizes bytes, paths absolute.
 */
export const configSchema = z.object({
  listen: required(
    listenAddress,
    '127.0.0.1:5000',
    'Address and port to listen on. Port 0 picks a free one and prints it.',
  ),
  data: required(
    path,
    './data',
    'Directory that holds everything: database, blobs, control socket. Made when absent.',
  ),
  blobs: required(
    blobsPlace,
    'filesystem',
    'Where blobs are: below `data`, or in a bucket of an S3, under a prefix that nothing else uses. Keys for it are found as the AWS SDK does: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, profiles, roles.',
  ),
  s3Endpoint: optional(origin, 'Address of an S3 that is not AWS.'),
  s3Region: optional(
    text,
    'Region of the bucket. Without it AWS_REGION counts; engines that are not AWS get us-east-1.',
  ),
  s3PathStyle: required(
    flag,
    'false',
    'Name the bucket in the path instead of the host. Most engines that are not AWS need it.',
  ),
  s3Ca: optional(
    path,
    'Authorities (PEM) trusted for s3-endpoint, beside the usual ones and those of NODE_EXTRA_CA_CERTS.',
  ),
  s3Redirect: required(
    flag,
    'false',
    'Send clients that pull a blob to the S3 itself, with a URL that is good for a short time. Only where clients reach the S3, and its host name has nothing to do with the registry’s.',
  ),
  s3Encryption: required(
    oneOf('off', 's3', 'kms'),
    'off',
    'Have the S3 encrypt what is written: `s3` with its own key, `kms` with one of its key service.',
  ),
  s3KmsKey: optional(text, 'The key for s3-encryption=kms; without it the account’s own one.'),
  s3Memory: required(
    sizeFrom('1MiB'),
    '128MiB',
    'Memory for what is on its way to the S3, of all uploads together. Uploads that get none wait.',
  ),
  s3Patience: required(
    duration('1s', '10m'),
    '20s',
    'How long a call to the S3 is tried again before the request fails with 503. Clients wait about 30 s for an answer.',
  ),
  metadata: required(
    metadataStore,
    'level',
    'Where the records are: `level`, a database in the data directory for one process, or a PostgreSQL that any number of replicas share. After `?` the URL takes sslmode (disable, require, verify-ca, verify-full), sslrootcert, sslcert, sslkey, host (of a unix socket), application_name and options. PostgreSQL asks for `secret`, too.',
    { secret: true },
  ),
  adminPassword: optional(
    text,
    'Password of the user `admin`, set on the first start only. Without it one is made and printed once.',
    { secret: true },
  ),
  secret: optional(
    longSecret,
    'Seals the private signing keys in the database. Keep it apart from backups of the data.',
    { secret: true },
  ),
  publicUrl: optional(
    origin,
    'Scheme, host and port under which clients reach the registry. Without it each request says so itself.',
  ),
  tlsCert: optional(
    path,
    'Certificate chain (PEM). With tls-key it makes the server speak HTTPS; both are read again when they change.',
  ),
  tlsKey: optional(path, 'Private key (PEM) of tls-cert.'),
  trustedProxies: optional(
    cidrs,
    'Proxies whose Forwarded and X-Forwarded-* headers count: addresses or ranges, separated by commas. X-Forwarded-* count first: a proxy that writes Forwarded has to take away those that clients send.',
  ),
  auth: required(
    oneOf('on', 'off', 'off-everywhere'),
    'on',
    '`off` lets anyone do anything, and is refused on an address that other machines reach, unless it is `off-everywhere`.',
  ),
  createProjects: required(
    oneOf('admin', 'users', 'nobody'),
    'users',
    'Whose first push to a new project creates it: only the administrator’s, any user’s, or nobody’s.',
  ),
  tokenSeconds: required(
    count(1, 3600),
    '300',
    'How long a token of the token endpoint is good, in seconds. docker asks for a new one by itself.',
  ),
  allowSparse: required(
    flag,
    'false',
    'Accept image manifests whose layers are not all here. Indexes whose images are not all here always are.',
  ),
  readOnly: required(
    flag,
    'false',
    'Refuse every write with 503. `lamina read-only on` does the same on all replicas while they run, until `lamina read-only off`.',
  ),
  grace: required(
    duration('0', '3650d'),
    '24h',
    'How long content that nothing refers to is kept. Longer than the longest push, from its first check to its manifest.',
  ),
  collectEvery: required(
    duration('0', '1d'),
    '10s',
    'How often the collector looks whether the time of something unused is over. It looks at what changed, not at everything.',
  ),
  uploadExpiry: required(
    duration('1s', '365d'),
    '24h',
    'An upload that was not continued for so long is thrown away.',
  ),
  scrubEvery: required(
    duration('0', '3650d'),
    '30d',
    'How long after one scrub, which reads every stored byte again, the next begins. 0 begins none by itself.',
  ),
  scrubRate: required(sizeFrom('1KiB'), '16MiB', 'Bytes that a scrub reads in a second, at most.'),
  sweepEvery: required(
    duration('1s', '3650d'),
    '24h',
    'How often the store is searched for bytes that no record mentions, which a crash may leave.',
  ),
  snapshotEvery: required(
    duration('0', '3650d'),
    '24h',
    'How often a snapshot of all records is put into the blob store, which keeps seven: `lamina restore --from-store` reads them. 0 puts none.',
  ),
  maxUploads: required(count(1), '1000', 'Upload sessions that one account may have open at the same time.'),
  minFree: required(
    size,
    '256MiB',
    'Pushes are refused with 507 while the disk of `data` has less space free than this.',
  ),
  indexLayers: required(
    oneOf('push', 'view', 'off'),
    'push',
    'When the files of a layer are listed for the inspector: once its image is pushed, when someone first looks, or never.',
  ),
  indexWorkers: required(
    count(0, 64),
    '1',
    'Layers that this process indexes at the same time, each in a thread of its own.',
  ),
  indexMaxEntries: required(
    count(1),
    '1000000',
    'Files of a layer after which its index ends. The layer itself may have any number.',
  ),
  indexMaxUnpacked: required(sizeFrom('1MiB'), '64GiB', 'Bytes that a layer may unpack to while indexed.'),
  indexMaxSize: required(sizeFrom('1MiB'), '256MiB', 'Bytes that the index of one layer may have.'),
  indexMaxTime: required(duration('1s'), '30m', 'Time that the index of one layer may take.'),
  maxConnections: required(count(1), '10000', 'Connections at the same time; more are closed at once.'),
  headerTimeout: required(duration('1s'), '30s', 'Time that a client has to send the header of a request.'),
  stallTimeout: required(duration('1s'), '5m', 'A transfer on which not one byte moves for so long is cut.'),
  idleTimeout: required(
    duration('1s'),
    '100s',
    'How long a connection without a request is kept. Go clients keep theirs for 90 s: stay above that.',
  ),
  stopDelay: required(
    duration('0'),
    '5s',
    'On SIGTERM: how long /readyz says no before new connections are refused, so that a load balancer notices.',
  ),
  stopTimeout: required(
    duration('0'),
    '60s',
    'On SIGTERM, after stop-delay: how long running transfers may take to end before they are cut.',
  ),
  gcrListing: required(
    flag,
    'true',
    'Say on the first page of a list of tags what gcr.io does: names below, and all manifests with their tags, sizes and times, up to 1,000 of them and 2 MiB.',
  ),
  webhook: optional(
    httpUrl,
    'Is told of each tag that was pushed, moved or deleted, by POST, as distribution tells it. See docs/operations/webhook.md.',
    { secret: true },
  ),
  webhookSecret: optional(
    longSecret,
    'Signs what `webhook` is sent: HMAC-SHA256 of the body, in the header X-Lamina-Signature-256.',
    { secret: true },
  ),
  metrics: required(
    oneOf('administrator', 'anyone', 'off'),
    'administrator',
    'Who may read /metrics at `listen`: whoever has the token of an administrator, anyone, or nobody.',
  ),
  metricsListen: optional(
    listenAddress,
    'A second address that answers /metrics, /healthz and /readyz to anyone, by plain HTTP, and nothing else. For a network that only the monitoring reaches.',
  ),
  tracesEndpoint: optional(
    origin,
    'Where an OpenTelemetry collector takes traces (OTLP by HTTP), such as http://127.0.0.1:4318. Without it the usual OTEL_EXPORTER_OTLP_ENDPOINT counts; without either, nothing of it is loaded.',
  ),
  tracesSample: required(
    count(1, 1_000_000),
    '1',
    'One in so many requests is traced. Those that bring a traceparent of their own follow what it says.',
  ),
  log: required(
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    'info',
    'How much is logged.',
  ),
  logFormat: required(
    oneOf('auto', 'json', 'pretty'),
    'auto',
    '`json` is one object a line, `pretty` is for people; `auto` is pretty on a terminal and json elsewhere.',
  ),
})

/** The effective configuration: frozen, validated, defaults filled in. */
export type Config = Readonly<z.output<typeof configSchema>>

export type ConfigKey = keyof typeof configSchema.shape

/** A setting with its names. */
export interface Setting extends SettingFacts {
  readonly key: ConfigKey
  /** In lamina.yaml: `stop-delay`. */
  readonly yamlName: string
  /** In the environment: `LAMINA_STOP_DELAY`. */
  readonly environmentName: string
  /** Of a secret, the names that give the path of a file which holds it: `secret-file`, `LAMINA_SECRET_FILE`. */
  readonly yamlFileName: string | undefined
  readonly environmentFileName: string | undefined
}

/** All settings, in the order of the table above. */
export const SETTINGS: readonly Setting[] = configSchema.keyof().options.map((key) => {
  const known = facts.get(configSchema.shape[key])
  if (known === undefined) throw new TypeError(`setting ${key} has no facts`)
  const yamlName = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const environmentName = `LAMINA_${yamlName.toUpperCase().replaceAll('-', '_')}`
  return {
    ...known,
    key,
    yamlName,
    environmentName,
    yamlFileName: known.secret ? `${yamlName}-file` : undefined,
    environmentFileName: known.secret ? `${environmentName}_FILE` : undefined,
  }
})
