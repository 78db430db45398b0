import { createTurns, type InTurn } from '../turns.ts'

/** Turns of what takes much of the server: many would fill its memory, and each of them would last as long as all. */
export interface InspectorTurns {
  /** Reports that read whole indexes: a core for seconds, and memory for every file of an image. */
  readonly wholeReads: InTurn
  /** Files for which much of a layer is unpacked: each takes one of the threads that pulls and pushes need, too. */
  readonly farReads: InTurn
  /** Counts of projects: thousands of records, and pages that list projects ask for many. */
  readonly counts: InTurn
  /** Searches, each of which may look into thousands of repositories. */
  readonly searches: InTurn
}

export function createInspectorTurns(): InspectorTurns {
  return {
    wholeReads: createTurns({
      atOnce: 2,
      waiting: 100,
      refusal: 'too many reports on images were asked for at once',
    }),
    farReads: createTurns({
      atOnce: 4,
      waiting: 100,
      refusal: 'too many files far within large layers were asked for at once',
    }),
    counts: createTurns({ atOnce: 4, waiting: 1000, refusal: 'too many projects are counted at once' }),
    searches: createTurns({ atOnce: 4, waiting: 200, refusal: 'too many searches are under way at once' }),
  }
}
