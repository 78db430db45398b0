import path from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take longer than five seconds. A fresh clone knows no durations, and their sizes tell the contrary. */
const LONG = [
  'backup',
  'bounds',
  'challenge',
  'collection',
  'compose-blobs',
  'concurrency',
  'cut-connections',
  'doctor',
  'failed-write',
  'filesystem-blob-store',
  'filesystem-crash',
  'interleaving',
  'migrate',
  'postgres-metadata-store',
  'races',
  'replicas',
  'restart',
  'several-processes',
]

/** Begins with what takes longest: begun last, it would run alone while every other worker has nothing left to do. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const byProject = Map.groupBy(await super.sort(files), ({ project }) => project.name)
    return [...byProject.values()].flatMap((own) => [
      ...own.filter(isLong),
      ...own.filter((file) => !isLong(file)),
    ])
  }
}

function isLong({ moduleId }: TestSpecification): boolean {
  return LONG.includes(path.basename(moduleId, '.test.ts'))
}
