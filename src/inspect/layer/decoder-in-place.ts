import { constants } from 'node:zlib'
import { type Decoder, DecoderPipe, type OpenDecoder, type Sink } from './decoder-pipe.ts'

/** Small enough to stay in the processor's cache until the sink has read it. */
const OUTPUT_BYTES = 128 * 1024
const NOTHING = Buffer.alloc(0)

/** What stands behind node's decoders: their streams call it, and nothing else of theirs decodes piece by piece. */
interface Native {
  onerror: (message: string, errno: number, code: string) => void
  writeSync(
    flush: number,
    input: Buffer,
    inputAt: number,
    inputLength: number,
    output: Buffer,
    outputAt: number,
    outputLength: number,
  ): void
}

/** For threads of their own (docs/decisions/056): decodes in the thread itself; as a stream where node has changed. */
export const openInPlace: OpenDecoder = (decoder, sink) => {
  const native = nativeOf(decoder)
  return native === undefined ? new DecoderPipe(decoder, sink) : new DecoderInPlace(decoder, native, sink)
}

/** Undefined when this node's decoders are made otherwise. */
export function nativeOf(decoder: Decoder): { handle: Native; left: Uint32Array } | undefined {
  const handle: unknown = Reflect.get(decoder, '_handle')
  const left: unknown = Reflect.get(decoder, '_writeState')
  return isNative(handle) && left instanceof Uint32Array && left.length === 2 ? { handle, left } : undefined
}

function isNative(value: unknown): value is Native {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'writeSync') === 'function'
}

/** A decoder of node that waits for no other thread, and gives its output in memory that it uses again. */
class DecoderInPlace {
  readonly #decoder: Decoder
  readonly #handle: Native
  /** Room in the output and bytes of the input, as the last write left them. */
  readonly #left: Uint32Array
  readonly #sink: Sink
  readonly #output = Buffer.allocUnsafeSlow(OUTPUT_BYTES)
  #failure: Error | undefined
  /** Its stream has ended: what follows is not its own. */
  #over = false

  constructor(decoder: Decoder, { handle, left }: NonNullable<ReturnType<typeof nativeOf>>, sink: Sink) {
    this.#decoder = decoder
    this.#handle = handle
    this.#left = left
    this.#sink = sink
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it is no target of events
    handle.onerror = (message, errno, code) => {
      this.#failure = Object.assign(new Error(message), { errno, code })
    }
  }

  write(chunk: Buffer): Promise<void> {
    this.#decode(constants.Z_NO_FLUSH, chunk)
    return Promise.resolve()
  }

  end(): Promise<void> {
    if (!this.#over) this.#decode(constants.Z_FINISH, NOTHING)
    this.#decoder.destroy()
    return Promise.resolve()
  }

  #decode(flush: number, input: Buffer): void {
    const { length } = input
    for (let at = 0; !this.#over; ) {
      this.#handle.writeSync(flush, input, at, length - at, this.#output, 0, OUTPUT_BYTES)
      if (this.#failure !== undefined) throw this.#failure
      const [room = 0, rest = 0] = this.#left
      at = length - rest
      if (room < OUTPUT_BYTES) this.#sink(this.#output.subarray(0, OUTPUT_BYTES - room))
      if (room === 0) continue
      // Room for more, and it takes no more.
      this.#over = rest > 0
      return
    }
  }
}
