import { CopiedRecords, ForeignPrefix, NoBlobsHere, UnownedBlobs } from './owner.ts'
import { callFailure, isCertificateFailure, isFull, isPassing, S3CallFailed } from './s3-errors.ts'
import type { S3Settings } from './settings.ts'

/** The store cannot be opened; the message says why and which setting it is about, for who starts the server. */
export class S3StartFailed extends Error {
  override readonly name = 'S3StartFailed'
}

/** Whatever went wrong at the start, as a sentence that names the setting. Mistakes of this program pass unchanged. */
export function startFailure(error: unknown, settings: S3Settings): unknown {
  const where = `s3://${settings.bucket}/${settings.prefix}`
  if (error instanceof ForeignPrefix)
    return new S3StartFailed(
      `${where} (LAMINA_BLOBS) belongs to another registry, ${error.owner}. Two registries in one prefix would destroy each other's blobs: give this one a prefix of its own. If the records of that one were lost, \`lamina restore --take-over\` gives its bytes to this one.`,
      { cause: error },
    )
  if (error instanceof CopiedRecords)
    return new S3StartFailed(
      `${where} (LAMINA_BLOBS) was used last by a process whose records are a copy of these, or are newer: each would sweep away what the other one was given. If that one is to go on, give this one a database and a prefix of its own. If these records are to go on, as after their disk was put back from a copy, stop the other one, remove the object ${settings.prefix}owner.json, and start again; what they do not know is swept then (newer ones may lie in the bucket: \`lamina restore --from-store --take-over\` with an empty database). Nothing was changed.`,
      { cause: error },
    )
  if (error instanceof UnownedBlobs)
    return new S3StartFailed(
      `${where} (LAMINA_BLOBS) holds blobs, no object ${settings.prefix}owner.json says whose, and the records of LAMINA_METADATA know of none: as blobs that nobody uses they would be swept away. If the records were lost, \`lamina restore --from-store\` brings back the newest snapshot of them; if LAMINA_METADATA names the wrong place, set it right; to begin anew, give this registry an empty prefix. Nothing was changed.`,
      { cause: error },
    )
  if (error instanceof NoBlobsHere)
    return new S3StartFailed(
      `The records of LAMINA_METADATA speak of blobs, and ${where} (LAMINA_BLOBS) has none, nor an owner.json: every image would be answered 404, and taken for damaged. If LAMINA_BLOBS names the wrong bucket or prefix, set it right. If the bytes were lost, put an object ${settings.prefix}owner.json there that says ${error.owner}, start again, and push again what is missing. Nothing was changed.`,
      { cause: error },
    )
  const failure = error instanceof S3CallFailed ? error : callFailure(causeOf(error))
  if (!(failure instanceof S3CallFailed)) return error
  const sentence = sentenceOf(failure, settings, where)
  return new S3StartFailed(`${sentence} (S3 said: ${failure.message})`, { cause: error })
}

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof S3CallFailed ? error.cause : error
}

function sentenceOf(failure: S3CallFailed, settings: S3Settings, where: string): string {
  const endpoint = settings.endpoint ?? 'AWS'
  const known = BY_CODE[failure.code]
  if (known !== undefined) return known(settings)
  if (isFull(failure))
    return `There is no room in ${where} (LAMINA_BLOBS): a quota is used up, or the disks of ${endpoint} are full.`
  if (isCertificateFailure(failure))
    return `The certificate of ${endpoint} (LAMINA_S3_ENDPOINT) is not trusted: put its authority's PEM file into LAMINA_S3_CA or NODE_EXTRA_CA_CERTS.`
  if (failure.status === undefined)
    return `${endpoint} (LAMINA_S3_ENDPOINT) does not answer: is the address right, http or https as it listens, and reachable from here?`
  if (failure.status === 403 || failure.code === 'AccessDenied')
    return `The keys (AWS_ACCESS_KEY_ID) may not read, write, list and remove in ${where} (LAMINA_BLOBS): give them these rights.`
  if (failure.status === 301 || failure.status === 307)
    return `The bucket of ${where} (LAMINA_BLOBS) is in another region than LAMINA_S3_REGION says.`
  if (failure.status === 501)
    return `${endpoint} (LAMINA_S3_ENDPOINT) lacks something that this registry needs of S3.`
  if (isPassing(failure))
    return `${endpoint} (LAMINA_S3_ENDPOINT) is in trouble: see its log, and start this server again when it is well.`
  return `${where} (LAMINA_BLOBS) cannot be used at ${endpoint} (LAMINA_S3_ENDPOINT).`
}

const BY_CODE: Readonly<Record<string, (settings: S3Settings) => string>> = {
  NoSuchBucket: ({ bucket, pathStyle }) =>
    `There is no bucket ${bucket}: LAMINA_BLOBS must name one that exists${pathStyle ? '' : '; engines that are not AWS often need LAMINA_S3_PATH_STYLE=true too'}.`,
  InvalidBucketName: ({ bucket }) => `${bucket} is no name of a bucket: LAMINA_BLOBS must name one.`,
  InvalidAccessKeyId: () => 'S3 does not know the access key: AWS_ACCESS_KEY_ID is not right.',
  SignatureDoesNotMatch: () =>
    'S3 refuses the signature: AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID, or LAMINA_S3_REGION is not right.',
  ExpiredToken: () => 'The session token has expired: renew AWS_SESSION_TOKEN.',
  InvalidToken: () => 'S3 refuses the session token: AWS_SESSION_TOKEN is not right.',
  CredentialsProviderError: () =>
    'No keys for S3 were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use any other way that the AWS SDK knows.',
  AuthorizationHeaderMalformed: ({ region }) =>
    `S3 expects another region than ${region ?? 'the one found'}: LAMINA_S3_REGION is not right.`,
  PermanentRedirect: ({ bucket }) =>
    `The bucket ${bucket} is at another endpoint: LAMINA_S3_REGION or LAMINA_S3_ENDPOINT is not right.`,
  RequestTimeTooSkewed: () =>
    'The clock of this machine and that of S3 differ by more than S3 accepts: set the clock.',
  ENOTFOUND: ({ endpoint, pathStyle }) =>
    `The host of ${endpoint ?? 'AWS'} (LAMINA_S3_ENDPOINT) has no address${pathStyle ? '' : '; if only the bucket before it has none, set LAMINA_S3_PATH_STYLE=true'}.`,
  ERR_INVALID_URL: () => 'LAMINA_S3_ENDPOINT is no URL such as https://s3.example:9000.',
}
