import { createTurns, type InTurn } from '../turns.ts'

/** Turns of what reads whole indexes: each takes a core for seconds, and memory for every file of its images. */
export function createWholeReads(): InTurn {
  const refusal = 'too many reports on images were asked for at once'
  return createTurns({ atOnce: 2, waiting: 100, refusal })
}
