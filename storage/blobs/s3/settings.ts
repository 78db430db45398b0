import type { TraceContext } from '../../trace-context.ts'

/** How to reach a bucket. Sizes in bytes, times in milliseconds. */
export interface S3Settings {
  readonly bucket: string
  /** Begins each key; empty, or with a slash at its end. */
  readonly prefix: string
  /** Undefined is AWS itself. */
  readonly endpoint: string | undefined
  /** Undefined is what the SDK finds, in AWS_REGION or its own files. */
  readonly region: string | undefined
  readonly pathStyle: boolean
  /** PEM text of authorities trusted beside those of Node. */
  readonly ca: string | undefined
  readonly encryption: S3Encryption | undefined
  /** For all parts of all uploads. */
  readonly memory: number
  /** How long a call is tried again before it fails. */
  readonly patience: number
  /** What calls carry along; absent: nothing. */
  readonly traceparent?: TraceContext | undefined
}

/** How the engine encrypts what is written: with its own key, or with one of its key service. */
export type S3Encryption =
  | { readonly kind: 'AES256' }
  | { readonly kind: 'aws:kms'; readonly key: string | undefined }
