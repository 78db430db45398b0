import { ERROR_CODES, type ErrorCode } from '../src/oci/error-code.ts'

/** What docs/errors.md says of a code. */
interface Explanation {
  /** When it happens. */
  readonly meaning: string
  /** What whoever meets it can do. */
  readonly advice: string
  /** Statuses that it has beside its usual one, and for what. */
  readonly also?: Readonly<Record<number, string>>
}

/** Every code, in the order of the document. */
export const EXPLANATIONS: Readonly<Record<ErrorCode, Explanation>> = {
  BLOB_UNKNOWN: {
    meaning: 'This repository has no blob with that digest. Another repository having it does not count.',
    advice:
      'Check the digest. When an image that was complete lacks a blob, push the image again: clients send what is missing.',
  },
  BLOB_UPLOAD_INVALID: {
    meaning: 'The body of an upload ended early: the client or the network went away.',
    advice: 'Ask the session how far it is and send the rest, or push again. Clients do so by themselves.',
  },
  BLOB_UPLOAD_UNKNOWN: {
    meaning:
      'There is no such upload session: it is over, was not continued for `upload-expiry`, or belongs to another repository or account.',
    advice: 'Push again: a new session begins.',
  },
  DIGEST_INVALID: {
    meaning:
      'Text is not a digest (`sha256:` or `sha512:` and lower-case hexadecimal digits), or the content that was sent has another one. Nothing is stored then.',
    advice: 'Push again. When it happens repeatedly, something between client and registry changes bytes.',
  },
  MANIFEST_BLOB_UNKNOWN: {
    meaning:
      'A manifest refers to blobs or manifests that this repository lacks. The answer has one error for each, with its digest.',
    advice:
      'Push what is missing first. For image indexes that are meant to be incomplete there is `allow-sparse`.',
  },
  MANIFEST_INVALID: {
    meaning:
      'A manifest is not JSON, not what its media type says, or longer than 4 MiB. The message says which.',
    advice: 'It is the program that made the manifest that has to change.',
    also: { 413: 'a manifest that is too long' },
  },
  MANIFEST_UNKNOWN: {
    meaning: 'This repository has no manifest with that tag or digest.',
    advice: 'Check the spelling; the list of tags says what is there.',
  },
  NAME_INVALID: {
    meaning:
      'A repository name is not one: lower-case letters and digits, joined by `.`, `_`, `__` or dashes, in components with slashes between them, at most 255 characters.',
    advice: 'Choose another name. The message says what is wrong with this one.',
  },
  NAME_UNKNOWN: {
    meaning:
      'There is no such repository, project, user, member, account or token, or it is not yours to see.',
    advice:
      'Check the spelling and who you are logged in as. A first push makes a repository, and as `create-projects` says its project.',
  },
  SIZE_INVALID: {
    meaning: 'A chunk has more or fewer bytes than its Content-Range says. None of them counts.',
    advice: 'Send the chunk again.',
  },
  UNAUTHORIZED: {
    meaning:
      'Credentials are missing, wrong or expired, or do not reach this far. On `/v2/` what is hidden from you answers the same, whether it exists or not.',
    advice:
      'Log in with an account that may do this. Behind a proxy, check `trusted-proxies` and `public-url`: the challenge must name an address that clients reach.',
  },
  DENIED: {
    meaning: 'We know you, and your account may not do this.',
    advice:
      'Ask an admin of the project, or an administrator of the registry. After 412 look where the tag leads now, and decide anew.',
    also: {
      412: 'a tag that does not lead where If-Match or If-None-Match asks, or other content than If-Match names',
    },
  },
  UNSUPPORTED: {
    meaning: 'The method is not possible at this path (`Allow` says which are), or the path leads nowhere.',
    advice: 'Check the address. openapi.yaml lists all.',
    also: {
      400: 'tag parameters beside a tag',
      404: 'a path that leads nowhere',
      414: 'more than 100 tags at once or a target of more than 32 KiB',
      422: 'a layer whose files cannot be listed',
    },
  },
  TOOMANYREQUESTS: {
    meaning:
      'Too many failed logins for an account from one address, too many logins, long lists, searches or reports on images at once, or as many open upload sessions as `max-uploads` allows.',
    advice: 'Wait as long as `Retry-After` says. Sessions that are cancelled or expire make room.',
  },
  UNKNOWN: {
    meaning: 'The server failed. What went wrong is in its log, under the request id of the answer.',
    advice:
      'Look there. When the message says that stored bytes are damaged, pushing the same image again repairs them.',
  },
  UNAVAILABLE: {
    meaning: 'The registry is read-only for now, or a store behind it does not answer.',
    advice: 'Try again as `Retry-After` says. `lamina read-only` shows and changes the switch.',
  },
  TAG_INVALID: {
    meaning:
      'A tag is not one: letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`, at most 128.',
    advice: 'Choose another tag.',
  },
  RANGE_INVALID: {
    meaning:
      'No byte of the range is in the blob, or a chunk does not follow what the session has. `Content-Range` or `Range` of the answer say what there is.',
    advice: 'Go on from there. Clients do so by themselves.',
  },
  PAGINATION_NUMBER_INVALID: {
    meaning: '`n` of a list is not a number that it takes.',
    advice: 'Send a whole number, or none.',
  },
  STORAGE_FULL: {
    meaning:
      'The disk is full, or has less than `min-free` left, or the quota of the S3 bucket is used up. Pulls go on.',
    advice: 'Make room, or a larger disk; pushes then work again without a restart.',
  },
  REQUEST_INVALID: {
    meaning: 'A request to `/api/v1/` or `/token` is not what the route takes. The message names the field.',
    advice: 'Compare it with openapi.yaml.',
    also: { 413: 'a body that is too long', 415: 'one of another type' },
  },
  CHECK_FAILED: {
    meaning:
      '`/api/v1/image/check` was asked whether an image keeps some rules, and it does not. The message has each rule with what was found.',
    advice: 'Change the image, or the rules; /api/v1/image/waste tells which files are shipped for nothing.',
  },
  GOOGLE_MANIFEST_DANGLING_TAG: {
    meaning:
      'The manifest was to be deleted by its digest, a tag still leads to it, and the project refuses that, as gcr.io did.',
    advice: 'Delete the tags first, or let an admin of the project switch `refuseDangling` off.',
  },
  GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE: {
    meaning: 'As above, for a manifest that is part of an index.',
    advice: 'Delete the index first.',
  },
  CONFLICT: {
    meaning:
      'What is there stands in the way: a name is taken, a project still has repositories, the last administrator would go, a limit is reached.',
    advice: 'The message says what to do first.',
  },
}

const INTRODUCTION = `# Error codes

<!-- Written by \`npm run docs\` from src/oci/error-code.ts and scripts/error-document.ts. Change it there. -->

Every failure is JSON: \`{"errors": [{"code": …, "message": …, "detail": {"requestId": …}}]}\`. The message says what was
wrong with what; the request id finds the request in the server's log, and is also in the header \`X-Request-Id\`.
`

/** docs/errors.md. */
export function errorDocument(): string {
  const sections = Object.keys(EXPLANATIONS)
    .filter(isErrorCode)
    .map((code) => {
      const { status, message } = ERROR_CODES[code]
      const { meaning, advice, also = {} } = EXPLANATIONS[code]
      const statuses = [status, ...Object.entries(also).map(([other, why]) => `${other} for ${why}`)].join(
        ', ',
      )
      return `## ${code}\n\n${statuses} · “${message}”\n\n${meaning}\n\n${advice}\n`
    })
  return [INTRODUCTION, ...sections].join('\n')
}

/** Whether `text` is a code of ours. */
export function isErrorCode(text: string): text is ErrorCode {
  return text in ERROR_CODES
}
