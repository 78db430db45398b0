import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { finish, must, Server } from '../servers/processes.ts'
import { scratchFolder } from '../servers/workspace.ts'

/** For strace to hold every thread, in milliseconds. */
const PATIENCE = 60_000

/** System calls of a process that fail with EIO, from outside: strace answers in place of the kernel. */
export class FailingCalls {
  readonly #strace: Server

  private constructor(strace: Server) {
    this.#strace = strace
  }

  static async begin(
    pid: number,
    calls: readonly string[],
    only: readonly string[] = [],
  ): Promise<FailingCalls> {
    const list = calls.join(',')
    const what = [`trace=${list}`, `inject=${list}:error=EIO`].flatMap((words) => ['-e', words])
    const args = ['-f', '-o', '/dev/null', ...only, ...what, '-p', String(pid)]
    const strace = await Server.start('strace-faults', 'strace', args)
    await strace.until(() => strace.lines.find((line) => line.includes('attached')), PATIENCE)
    return new FailingCalls(strace)
  }

  /** Leaves the process to itself. */
  async end(): Promise<void> {
    await this.#strace.stop()
  }
}

/** An ext4 in a file, mounted, that can be made to find an error in itself. */
export class LoopDisk {
  readonly mount: string
  readonly #image: string
  readonly #remove: () => Promise<void>
  #device = ''

  private constructor(scratch: { readonly path: string; readonly remove: () => Promise<void> }) {
    this.mount = path.join(scratch.path, 'mount')
    this.#image = path.join(scratch.path, 'image')
    this.#remove = scratch.remove
  }

  static async make(): Promise<LoopDisk> {
    const disk = new LoopDisk(await scratchFolder('loop'))
    await mkdir(disk.mount)
    await must('truncate', ['-s', '700M', disk.#image])
    await must('mkfs.ext4', ['-q', disk.#image])
    disk.#device = await must('losetup', ['-f', '--show', disk.#image])
    await disk.#attach()
    return disk
  }

  async breakNow(): Promise<void> {
    await writeFile(`/sys/fs/ext4/${path.basename(this.#device)}/trigger_fs_error`, '1')
  }

  /** As after a repair. */
  async remount(): Promise<void> {
    await must('umount', [this.mount])
    await this.#attach()
  }

  async remove(): Promise<void> {
    await finish('umount', ['--lazy', this.mount])
    await must('losetup', ['-d', this.#device])
    await this.#remove()
  }

  #attach(): Promise<string> {
    return must('mount', ['-o', 'errors=remount-ro', this.#device, this.mount])
  }
}
