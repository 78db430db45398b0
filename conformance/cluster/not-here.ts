/** Cases of the black-box suite that a cluster behind nginx does not pass or run, and why. */
export interface NotHere {
  /** Of conformance/protocol, without `.test.ts`. */
  readonly file: string
  /** Of the case's whole name; absent: the whole file, for which no server is started. */
  readonly cases?: RegExp
  readonly why: string
}

const DISK =
  'looks into, or damages, the data directory: the bytes are in S3 (the part "upkeep", npm run test:s3, s3-faults)'
const SOCKET = 'speaks to the control socket of one process; each replica has its own'
const NGINX = 'nginx answers this itself, before a replica sees it'
const ONE_PROCESS = 'counts what one process did; each replica has metrics of its own'
const MOVE = 'a registry moves from one machine to a cluster, not from a cluster'

/** Whatever else fails, fails the run; so does an entry that speaks of no case. */
export const NOT_HERE: readonly NotHere[] = [
  { file: 'backup', why: `${SOCKET}, and the bytes are in S3: the part "upkeep" has it` },
  {
    file: 'bounds',
    cases: /that stops says so on \/readyz first/,
    why: 'behind the balancer another replica answers; rolling restarts are tried by themselves',
  },
  { file: 'bounds', cases: /that is short of space/, why: 'S3 has no end that could be asked for' },
  {
    file: 'collection',
    cases: /goes from the disk without|is kept while an index|an untagged image goes|go as a whole/,
    why: DISK,
  },
  {
    file: 'concurrency',
    cases: /a second PATCH while the first is still sending/,
    why: 'a tenth of a second after the first, which other replicas hear of after half a second (decision 048); the part "replicas" has it',
  },
  { file: 'damaged', cases: /bytes are (?:gone|cut short)|relies on damaged|a scrub finds/, why: DISK },
  { file: 'debug', cases: /profiles for so many seconds, one at a time/, why: ONE_PROCESS },
  { file: 'doctor', cases: /finds nothing where all is well|finds what was planted/, why: SOCKET },
  { file: 'early-refusal', cases: /without waiting for 100/, why: `${NGINX}: 100 Continue` },
  {
    file: 'http',
    cases:
      /refused with 400 and a reason|refused with 501|CONNECT is refused|HTTP\/1\.0 without Host|the Host '|what (?:was asked before|comes behind)/,
    why: NGINX,
  },
  { file: 'import-export', cases: /imports, exports, and says why it did not/, why: SOCKET },
  {
    file: 'limits',
    cases: /without credentials is answered 401 before the body/,
    why: `${NGINX}: 100 Continue`,
  },
  {
    file: 'manifest-limits',
    cases: /bytes are 413/,
    why: 'after an answer to a body that was not read to its end, nginx closes the connection without having said so',
  },
  { file: 'metrics', cases: /requests by endpoint|bytes that came in/, why: ONE_PROCESS },
  { file: 'migrate', why: MOVE },
  { file: 'names', cases: /a%00b|etc\/passwd|%2e%2e|manifests\/% is nothing/, why: NGINX },
]

/** Why a case is not run; undefined when it is. */
export function notHere(file: string, fullName: string): NotHere | undefined {
  return NOT_HERE.find((entry) => entry.file === file && entry.cases?.test(fullName) !== false)
}
