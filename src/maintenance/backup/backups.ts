import { RegistryError } from '../../oci/registry-error.ts'
import { type BackupParts, type BackupResult, type Copying, writeBackup } from './write-backup.ts'

/** A backup that is being written, or the last one. */
export interface BackupStatus {
  readonly state: 'running' | 'done' | 'failed'
  readonly directory: string
  readonly begun: number
  readonly finished?: number
  readonly copied: Readonly<Copying>
  readonly result?: BackupResult
  readonly error?: string
}

/** Writes backups, one at a time, while the registry runs. */
export class Backups {
  readonly #parts: BackupParts
  readonly #stopping = new AbortController()
  #status: BackupStatus | undefined
  #running: Promise<void> | undefined

  constructor(parts: BackupParts) {
    this.#parts = parts
  }

  get status(): BackupStatus | undefined {
    return this.#status
  }

  /** Begins one. Throws CONFLICT while another is under way. */
  start(directory: string): BackupStatus {
    if (this.#running !== undefined)
      throw new RegistryError('CONFLICT', { message: 'a backup is under way; wait for its end' })
    const copying = { blobs: 0, bytes: 0 }
    const status = { state: 'running', directory, begun: this.#parts.now(), copied: copying } as const
    this.#status = status
    this.#running = this.#run(status, copying)
    return status
  }

  /** Ends one that is under way: it stays unfinished, and an older one in its place stays as it was. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(status: BackupStatus, copying: Copying): Promise<void> {
    const finished = () => this.#parts.now()
    try {
      const result = await writeBackup(this.#parts, status.directory, {
        signal: this.#stopping.signal,
        copying,
      })
      this.#status = { ...status, state: 'done', finished: finished(), result }
    } catch (cause) {
      const error = cause instanceof Error ? cause.message : String(cause)
      this.#status = { ...status, state: 'failed', finished: finished(), error }
    }
    this.#running = undefined
  }
}
