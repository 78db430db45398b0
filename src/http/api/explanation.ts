import type { Explanation } from '../../maintenance/explain.ts'
import type { ManifestIn, Use } from '../../maintenance/explain-manifest.ts'
import { date, optionalDate } from './answers.ts'
import { showForeseen } from './foreseen.ts'

/** What is known of a digest, with its dates as text. */
export function showExplanation({
  damagedSince,
  snapshotOf,
  holders,
  manifests,
  uploads,
  trash,
  waiting,
  ...rest
}: Explanation) {
  return {
    ...rest,
    ...optionalDate('damagedSince', damagedSince),
    ...optionalDate('snapshotOf', snapshotOf),
    holders: holders.map(({ uses, sparedUntil, ...holder }) => ({
      ...holder,
      sparedUntil: date(sparedUntil),
      uses: uses.map(showUse),
    })),
    manifests: manifests.map(showManifest),
    uploads: uploads.map((upload) => ({ ...upload, expires: date(upload.expires) })),
    trash: trash.map(({ at, until, ...bytes }) => ({ ...bytes, at: date(at), until: date(until) })),
    waiting: waiting.map(showForeseen),
  }
}

function showUse({ deletedUntil, ...use }: Use) {
  return { ...use, ...optionalDate('deletedUntil', deletedUntil) }
}

function showManifest({ repository, here, deleted }: ManifestIn) {
  return {
    repository,
    ...(here && { here: showHere(here) }),
    ...(deleted && { deleted: showDeleted(deleted) }),
  }
}

function showHere({ parents, sparedUntil, pulled, verdict, ...here }: NonNullable<ManifestIn['here']>) {
  return {
    ...here,
    parents: parents.map(showUse),
    sparedUntil: date(sparedUntil),
    ...optionalDate('pulled', pulled),
    verdict: {
      action: verdict.action,
      reason: verdict.reason,
      ...('due' in verdict && { until: date(verdict.due) }),
    },
  }
}

function showDeleted({ at, until, ...deleted }: NonNullable<ManifestIn['deleted']>) {
  return { ...deleted, at: date(at), until: date(until) }
}
