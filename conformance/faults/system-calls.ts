/** One finished call of a program to the kernel, as strace has written it. */
export interface SystemCall {
  readonly name: string
  /** The path, or whatever else the first descriptor leads to; empty when the call has none. */
  readonly target: string
  /** Strings among the arguments: bytes that are written, or paths. */
  readonly strings: readonly Buffer[]
  /** The arguments as text, strings cut out. */
  readonly rest: string
  readonly result: number
  /** Numbers of the lines that the call began and ended in: what it saw was there when it began. */
  readonly begun: number
  readonly ended: number
}

/** What the options below make strace write. */
export const STRACE_OPTIONS = [
  '-f',
  '-y',
  '-xx',
  '-s',
  '16000000',
  '-e',
  'trace=openat,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,ftruncate,mkdir,mkdirat',
] as const

/** Reads a trace, in the order in which the calls ended. Throws for a string that strace has cut. */
export function readTrace(text: string): SystemCall[] {
  const calls: SystemCall[] = []
  const open = new Map<string, { head: string; begun: number }>()
  for (const [index, line] of text.split('\n').entries()) {
    const [, thread = '', words = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const unfinished = / <unfinished \.\.\.>$/.exec(words)
    if (unfinished !== null) open.set(thread, { head: words.slice(0, unfinished.index), begun: index })
    else {
      const resumed = /^<\.\.\. \w+ resumed>/.exec(words)
      const before = resumed === null ? undefined : open.get(thread)
      if (resumed !== null && before === undefined) continue
      const whole = before === undefined ? words : before.head + words.slice(resumed?.[0].length)
      const call = parseCall(whole, before?.begun ?? index, index)
      if (call !== undefined) calls.push(call)
    }
  }
  return calls
}

/** Numbers of the lines at which a thread stood still after SIGSTOP: whatever it had called has ended before. */
export function linesOfStops(text: string): number[] {
  return text
    .split('\n')
    .flatMap((line, index) => (line.includes(' --- stopped by SIGSTOP ---') ? [index] : []))
}

function parseCall(text: string, begun: number, ended: number): SystemCall | undefined {
  const [, name = '', inside = '', result = ''] = /^(\w+)\((.*)\) += (-?\d+)/.exec(text) ?? []
  if (name === '') return undefined
  if (inside.includes('"...')) throw new Error(`strace has cut a string of ${name}`)
  const strings = [...inside.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => fromHex(hex))
  const target = fromHex(/^\d+<([^>]*)>/.exec(inside)?.[1] ?? '').toString()
  return {
    name,
    target,
    strings,
    rest: inside.replaceAll(/"[^"]*"/g, '""'),
    result: Number(result),
    begun,
    ended,
  }
}

/** `\x2f\x74` */
function fromHex(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex')
}
