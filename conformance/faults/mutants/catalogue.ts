/** A bug that someone could write: one replacement in one file, and the cheapest tests that must notice it. */
export interface Mutant {
  /** The rule that it breaks. */
  readonly rule: string
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  readonly tests: readonly string[]
}

const FILES = 'storage/blobs/filesystem'
const LEVEL = 'storage/metadata/level'

/** What may be answered only when it is durable, and what a store owes to commits side by side. */
export const storeMutants: readonly Mutant[] = [
  {
    rule: '201 only after the commit: a group tells its outcome before it is written',
    file: `${LEVEL}/commit-queue.ts`,
    find: '      await this.#write(overlay)\n      for (const { resolve } of accepted) resolve()',
    replace: '      for (const { resolve } of accepted) resolve()\n      await this.#write(overlay)',
    tests: [`${LEVEL}/failed-write.test.ts`],
  },
  {
    rule: 'a commit is checked against those accepted before it in its group',
    file: `${LEVEL}/overlay.ts`,
    find: 'this.#written.has(text) ? this.#written.get(text) : sound(this.#base.versions.get(text))',
    replace: 'sound(this.#base.versions.get(text))',
    tests: [`${LEVEL}/group.test.ts`],
  },
  {
    rule: 'a range is checked against those accepted before it in its group',
    file: `${LEVEL}/overlay.ts`,
    find: '    this.#ranges.note(text, version)\n',
    replace: '',
    tests: [`${LEVEL}/group.test.ts`],
  },
  {
    rule: 'versions are never used again, also not after a batch that only deletes',
    file: `${LEVEL}/commit-queue.ts`,
    find: 'this.#connection.write(operations, counter + 1n)',
    replace: 'this.#connection.write(operations, operations.length > 0 ? 1n : counter)',
    tests: [`${LEVEL}/level-metadata-store.test.ts`],
  },
  {
    rule: 'a stretch known to be empty is cut where a commit puts something',
    file: `${LEVEL}/recent-ranges.ts`,
    find: '        this.#gaps.cut(text)\n        if',
    replace: '        if',
    tests: [`${LEVEL}/recent-ranges.test.ts`],
  },
  {
    rule: 'nothing is taken for empty that was looked at while a batch was on its way',
    file: `${LEVEL}/recent-ranges.ts`,
    find: 'for (const text of changed.between(from, end)) this.#gaps.cut(text)\n',
    replace: 'void [changed, end]\n',
    tests: [`${LEVEL}/recent-ranges.test.ts`],
  },
  {
    rule: 'what a thread beside the store read is read again where it changed since',
    file: `${LEVEL}/group-base.ts`,
    find: "  return kind === 'range' ? changes.isSameIn(text, since) : changes.isSame(text, since)",
    replace: '  return changes.isSame(text, since) || true',
    tests: [`${LEVEL}/beside/open-beside.test.ts`],
  },
  {
    rule: 'a thread beside the store says of a check that it held only where it read so',
    file: `${LEVEL}/beside/beside-view.ts`,
    find: 'return this.#saw(check) ? { ...check',
    replace: 'return this.#saw(check) || true ? { ...check',
    tests: [`${LEVEL}/beside/open-beside.test.ts`],
  },
  {
    rule: 'nothing is taken for the same since a moment before changes were noted',
    file: `${LEVEL}/recent-changes.ts`,
    find: 'this.#from ??= before',
    replace: 'this.#from ??= 0',
    tests: [`${LEVEL}/recent-changes.test.ts`],
  },
  {
    rule: 'a database is opened again only when no other thread has it open',
    file: `${LEVEL}/level-connection.ts`,
    find: '      await this.#ways.shut()\n      await this.#opening.close()',
    replace: '      await this.#opening.close()',
    tests: [`${LEVEL}/beside/open-beside.test.ts`],
  },
  {
    rule: 'several keys are read from one moment while a batch is on its way',
    file: `${LEVEL}/level-reader.ts`,
    find: '|| !this.#connection.isWriting\n    const moment',
    replace: '|| this.#snapshot === undefined\n    const moment',
    tests: [`${LEVEL}/group.test.ts`],
  },
  {
    rule: 'a record is forgotten before it is written',
    file: `${LEVEL}/recent-reads.ts`,
    find: '    for (const text of texts) this.#known.delete(callerText(text))\n',
    replace: '    void callerText\n',
    tests: [`${LEVEL}/level-metadata-store.test.ts`],
  },
  {
    rule: 'a record is not remembered that a batch changed while it was read',
    file: `${LEVEL}/recent-reads.ts`,
    find: 'if (!overlapping.some((texts) => texts.has(storedText(name)))) ',
    replace: 'if (overlapping.length >= 0 && storedText(name) !== name) ',
    tests: [`${LEVEL}/recent-reads.test.ts`],
  },
  {
    rule: 'what is remembered of the records is forgotten when the database is opened again',
    file: `${LEVEL}/level-connection.ts`,
    find: '      this.#whenOpenedAgain?.()\n',
    replace: '',
    tests: [`${LEVEL}/failed-write.test.ts`],
  },
  {
    rule: 'after a failed write nothing is committed before the database was opened again',
    file: `${LEVEL}/level-connection.ts`,
    find: '      await this.#reopenPatiently()\n      if (this.counter < counter) throw',
    replace: '      this.#failure = undefined\n      throw',
    tests: [`${LEVEL}/failed-write.test.ts`],
  },
  {
    rule: 'no new database is begun where the one that was open is not there any more',
    file: `${LEVEL}/level-opening.ts`,
    find: '      if (this.#epoch > 0) await refuseAnother?.()\n',
    replace: '',
    tests: [`${LEVEL}/failed-write.test.ts`],
  },
  {
    rule: 'a database that has lost records is not gone on with',
    file: `${LEVEL}/level-opening.ts`,
    find: '    if (counter >= before) return counter\n',
    replace: '    if (counter >= before || counter < before) return counter\n',
    tests: [`${LEVEL}/failed-write.test.ts`],
  },
  {
    rule: 'bytes are synced before they have a place',
    file: `${FILES}/file-uploads.ts`,
    find: '      await this.#sync(upload.id, file)\n',
    replace: '',
    tests: [`${FILES}/filesystem-crash.test.ts`],
  },
  {
    rule: 'the name of a blob is synced before anyone is told of it',
    file: `${FILES}/file-uploads.ts`,
    find: '    await this.#syncName(upload.id, location)\n',
    replace: '',
    tests: [`${FILES}/filesystem-crash.test.ts`],
  },
  {
    rule: 'unsynced bytes of an earlier run are proven before they are used',
    file: `${FILES}/file-uploads.ts`,
    find: '      await this.#checkSurvival(upload, file, length, digest)\n',
    replace: '',
    tests: [`${FILES}/filesystem-crash.test.ts`],
  },
  {
    rule: 'a file that ends early is never the end of a blob',
    file: `${FILES}/file-reader.ts`,
    find: "    if (length === 0) throw new StoreDamaged(`a blob's file ends at ${position}, expected ${stop} bytes`)\n",
    replace: '    if (length === 0) this.#parts = { ...this.#parts, stop: position }\n',
    tests: [`${FILES}/file-reader.test.ts`],
  },
]

const REGISTRY = 'src/registry'
const UPLOADS = [`${REGISTRY}/uploads.test.ts`]
const MANIFESTS = [`${REGISTRY}/push-manifest.test.ts`]
const COLLECTION = ['src/maintenance/collection.test.ts']

/** What a push, a mount and a HEAD owe to a collector that runs beside them. */
export const pushMutants: readonly Mutant[] = [
  {
    rule: 'an upload that is becoming a blob elsewhere is not stopped by who would close it with other bytes',
    file: `${REGISTRY}/uploads.ts`,
    find: ' || isClosedAsOther(opened, digest)',
    replace: '',
    tests: [`${REGISTRY}/uploads.test.ts`],
  },
  {
    rule: 'the end of a push checks that its session is as it was',
    file: `${REGISTRY}/upload-session.ts`,
    find: '  if (now?.version !== session.version) throw overtaken',
    replace: '  if (now === undefined) throw overtaken',
    tests: UPLOADS,
  },
  {
    rule: 'a request that goes on for longer than an idle session lives keeps its session',
    file: `${REGISTRY}/upload-turns.ts`,
    find: 'hasReplicas ? SILENT_MS : this.#renewal)',
    replace: 'hasReplicas ? SILENT_MS : Number.POSITIVE_INFINITY)',
    tests: UPLOADS,
  },
  {
    rule: 'no part goes to a multipart upload before its writer is in the record',
    file: 'storage/blobs/s3/part-writer.ts',
    find: '    await record?.(encodeUpload(recorded))\n',
    replace: '',
    tests: [`${REGISTRY}/shared-uploads.test.ts`],
  },
  {
    rule: 'the end of a push checks the blob that it relies on',
    file: `${REGISTRY}/finish-upload.ts`,
    find: 'const blob = await transaction.getChecked(blobCodec, keys.blob(sha256))',
    replace: 'const blob = await transaction.get(blobCodec, keys.blob(sha256))',
    tests: UPLOADS,
  },
  {
    rule: 'the end of a push checks that its repository is the one that it began in',
    file: `${REGISTRY}/finish-upload.ts`,
    find: '    if (repository === undefined) throw uploadUnknown(upload.name)\n',
    replace: '',
    tests: UPLOADS,
  },
  {
    rule: 'a link checks the charge of its project',
    file: `${REGISTRY}/links.ts`,
    find: '  const charged = await transaction.getChecked(contentCodec, keys.charge(project, sha256))',
    replace: '  const charged = await transaction.get(contentCodec, keys.charge(project, sha256))',
    tests: ['src/maintenance/races.test.ts'],
  },
  {
    rule: 'a push replaces quarantined bytes',
    file: `${REGISTRY}/finish-upload.ts`,
    find: 'blob.quarantined !== undefined || blob.size !== size',
    replace: 'blob.size !== size',
    tests: UPLOADS,
  },
  {
    rule: 'a push replaces bytes that are gone',
    file: `${REGISTRY}/finish-upload.ts`,
    find: '  return (await parts.blobs.size(blobLocation(blob.location))) === size',
    replace: '  return true',
    tests: UPLOADS,
  },
  {
    rule: 'making a link writes its review',
    file: `${REGISTRY}/links.ts`,
    find: "  queueReview(transaction, {\n    due: at + parts.settings.grace + 1,\n    kind: 'link',",
    replace:
      "  if (at < 0) queueReview(transaction, {\n    due: at + parts.settings.grace + 1,\n    kind: 'link',",
    tests: COLLECTION,
  },
  {
    rule: 'removing a link reviews its blob',
    file: `${REGISTRY}/links.ts`,
    find: '  reviewBlob(transaction, parts, { name, repo, digest: sha256 })\n',
    replace: '',
    tests: COLLECTION,
  },
  {
    rule: 'the last holder of a project is seen to be the last',
    file: `${REGISTRY}/links.ts`,
    find: '    transaction.checkRange(keys.blob(sha256), inProject, holders)\n',
    replace: '',
    tests: [`${REGISTRY}/blobs.test.ts`, 'src/maintenance/races.test.ts'],
  },
  {
    rule: 'a mount checks that the blob is still there',
    file: `${REGISTRY}/mount.ts`,
    find: 'const blob = await transaction.getChecked(blobCodec, keys.blob(sha256))',
    replace: 'const blob = await transaction.get(blobCodec, keys.blob(sha256))',
    tests: [`${REGISTRY}/mount.test.ts`],
  },
  {
    rule: 'HEAD renews what it tells of',
    file: `${REGISTRY}/links.ts`,
    find: '    transaction.set(linkCodec, link.key, { ...link.value, confirmed: parts.now() })\n',
    replace: '',
    tests: [`${REGISTRY}/blobs.test.ts`],
  },
  {
    rule: 'HEAD checks the link that it renews',
    file: `${REGISTRY}/links.ts`,
    find: '    const link = await transaction.getChecked(linkCodec, keys.link(repo, digest))\n    if (link === undefined) return false\n    if (!isStale',
    replace:
      '    const link = await transaction.get(linkCodec, keys.link(repo, digest))\n    if (link === undefined) return false\n    if (!isStale',
    tests: [`${REGISTRY}/blobs.test.ts`],
  },
  {
    rule: 'a manifest checks that what it refers to exists',
    file: `${REGISTRY}/manifest-checks.ts`,
    find: "    else if (here[index] === 'usable') transaction.checkExists(keys.link(repo, digest))\n",
    replace: "    else if (here[index] === 'usable') continue\n",
    tests: MANIFESTS,
  },
  {
    rule: 'a manifest is refused while what it needs is missing',
    file: `${REGISTRY}/manifest-checks.ts`,
    find: '  if (missing.length > 0) throw allMissing(missing)\n',
    replace: '',
    tests: MANIFESTS,
  },
  {
    rule: 'quarantined bytes count as missing for manifests',
    file: `${REGISTRY}/manifest-checks.ts`,
    find: "    return blob.quarantined === undefined ? 'usable' : 'damaged'",
    replace: "    return 'usable'",
    tests: [`${REGISTRY}/quarantine.test.ts`],
  },
  {
    rule: 'whoever moves a tag checks where it led',
    file: `${REGISTRY}/move-tag.ts`,
    find: '  const current = await transaction.getChecked(tagCodec, keys.tag(repo, tag))',
    replace: '  const current = await transaction.get(tagCodec, keys.tag(repo, tag))',
    tests: [`${REGISTRY}/delete-manifest.test.ts`, 'src/maintenance/races.test.ts'],
  },
  {
    rule: 'a name leads to the same repository at the commit',
    file: `${REGISTRY}/repositories.ts`,
    find: '  const found = await transaction.getChecked(repositoryCodec, keys.repository(name))\n  if (found !== undefined) return found.value\n',
    replace:
      '  const found = await transaction.get(repositoryCodec, keys.repository(name))\n  if (found !== undefined) return found.value\n',
    tests: [...MANIFESTS, 'src/maintenance/races.test.ts'],
  },
  {
    rule: 'a manifest that is pushed again takes its grave away',
    file: `${REGISTRY}/push-manifest.ts`,
    find: '  if (grave !== undefined) transaction.delete(grave.key)\n',
    replace: '',
    tests: COLLECTION,
  },
  {
    rule: 'the deletion of a manifest checks its tags',
    file: `${REGISTRY}/delete-manifest.ts`,
    find: '  transaction.checkRange(manifest.key, prefix, tagged)\n',
    replace: '',
    tests: [`${REGISTRY}/delete-manifest.test.ts`],
  },
]

/** What the collector and its helpers owe to everyone else. */
export const upkeepMutants: readonly Mutant[] = [
  {
    rule: 'the collector checks that no manifest uses a link',
    file: 'src/maintenance/collect-link.ts',
    find: '  transaction.checkRange(link.key, edges, [])\n',
    replace: '',
    tests: ['src/maintenance/races.test.ts'],
  },
  {
    rule: 'the collector checks the version of a link',
    file: 'src/maintenance/collect-link.ts',
    find: 'const link = await transaction.getChecked(linkCodec',
    replace: 'const link = await transaction.get(linkCodec',
    tests: ['src/maintenance/races.test.ts'],
  },
  {
    rule: 'the collector spares what was confirmed within the grace',
    file: 'src/maintenance/collect-link.ts',
    find: '  if (due !== undefined) return',
    replace: '  if (due === 0) return',
    tests: COLLECTION,
  },
  {
    rule: 'a link that a manifest uses stays',
    file: 'src/maintenance/collect-link.ts',
    find: "    return { action: 'kept', reason: 'a manifest refers to it' }\n",
    replace: '    void edges\n',
    tests: COLLECTION,
  },
  {
    rule: 'the collector checks that nobody holds a blob',
    file: 'src/maintenance/collect-blob.ts',
    find: '  transaction.checkRange(blob.key, holders, [])\n',
    replace: '',
    tests: ['src/maintenance/races.test.ts'],
  },
  {
    rule: 'a link takes its blob along only while nobody else holds it',
    file: 'src/maintenance/collect-blob.ts',
    find: '  transaction.checkRange(blob.key, prefix, holders)\n',
    replace: '',
    tests: ['src/maintenance/races.test.ts'],
  },
  {
    rule: 'a link leaves a blob that others hold',
    file: 'src/maintenance/collect-blob.ts',
    find: 'holders.length > 1 || ',
    replace: '',
    tests: COLLECTION,
  },
  {
    rule: 'bytes that leave their last repository stay for those who found them there',
    file: `${REGISTRY}/review.ts`,
    find: '  const due = at + unlinkedFor(parts) + parts.settings.trashDelay\n',
    replace: '  const due = at\n',
    tests: COLLECTION,
  },
  {
    rule: 'aliases go with their blob',
    file: 'src/maintenance/collect-blob.ts',
    find: '  for (const alias of value.aliases ?? []) transaction.delete(keys.alias(alias))\n',
    replace: '',
    tests: COLLECTION,
  },
  {
    rule: 'the end of a grave reviews what the manifest led to',
    file: 'src/maintenance/collect-grave.ts',
    find: "    reviewSoon(transaction, parts, { kind: 'link', name, repo, digest })\n",
    replace: '',
    tests: COLLECTION,
  },
  {
    rule: 'a grave ends only while it is the one that was read',
    file: 'src/maintenance/collect-grave.ts',
    find: 'const grave = await transaction.getChecked(graveCodec',
    replace: 'const grave = await transaction.get(graveCodec',
    tests: ['src/maintenance/races.test.ts'],
  },
  {
    rule: 'bytes stay in the trash until their readers are done',
    file: 'src/maintenance/empty-trash.ts',
    find: '    if (item.due > parts.now()) return\n',
    replace: '    void parts.now\n',
    tests: ['src/maintenance/expiry.test.ts'],
  },
  {
    rule: 'a backup holds the trash',
    file: 'src/maintenance/empty-trash.ts',
    find: ' && !(await isHeld(parts))',
    replace: '',
    tests: ['src/maintenance/expiry.test.ts'],
  },
  {
    rule: 'a backup whose hold ran out is none',
    file: 'src/maintenance/backup/holds.ts',
    find: '    if (own.ranOut || isOver(own))\n',
    replace: '    if (own.ranOut && isOver(own))\n',
    tests: ['src/maintenance/backup/holds.test.ts'],
  },
  {
    rule: 'a backup goes into no store of blobs, from which it would remove all that is not its own',
    file: 'src/maintenance/backup/write-backup.ts',
    find: 'names.some((name) => !UNFINISHED.has(name))',
    replace: '!names.some((name) => UNFINISHED.has(name)) && names.length > 0',
    tests: ['src/maintenance/backup/write-backup.test.ts'],
  },
  {
    rule: 'what a rule takes along is spared as long as the rule says',
    file: 'src/maintenance/collect-manifest.ts',
    find: '    return [{ name: policy, keepPulledDays }]\n',
    replace: '    return [{ name: policy, keepPulledDays: 0 * (keepPulledDays ?? 0) }]\n',
    tests: ['src/maintenance/retention.test.ts'],
  },
  {
    rule: 'the expiry of an upload checks that nobody went on with it',
    file: 'src/maintenance/expire-uploads.ts',
    find: '    if (current?.version !== entry.version) return false\n',
    replace: '    if (current === undefined) return false\n',
    tests: ['src/maintenance/expiry.test.ts'],
  },
  {
    rule: 'no job runs on the strength of records that are another registry’s',
    file: 'src/maintenance/job-runner.ts',
    find: '    await this.#parts.checkRecords()\n',
    replace: '',
    tests: ['src/maintenance/schedule.test.ts'],
  },
  {
    rule: 'the sweep asks last whose records it has read',
    file: 'src/maintenance/sweep.ts',
    find: '    const left = await unmentioned(asked, batch, await ports.keptUploads())\n    // Asked last: by then whatever was read may have been another registry’s.\n    await checkRecords()\n',
    replace: '    const left = await unmentioned(asked, batch, await ports.keptUploads())\n',
    tests: ['src/maintenance/sweep.test.ts'],
  },
  {
    rule: 'the sweep relies on what the primary says',
    file: 'src/maintenance/sweep.ts',
    find: '    if (left.length > 0 && !(await asked.hold(namesOf(left)))) continue\n',
    replace: '    if (left.length > 0 && namesOf(left).length === 0) continue\n',
    tests: ['src/maintenance/sweep.test.ts'],
  },
  {
    rule: 'a log with damage in its middle is not begun with',
    file: `${LEVEL}/files/check-log.ts`,
    find: 'if (afterDamage) throw',
    replace: 'if (afterDamage && here < 0n) throw',
    tests: [`${LEVEL}/files/check-files.test.ts`],
  },
  {
    rule: 'jobs run only where the server would be ready',
    file: 'src/maintenance/schedule.ts',
    find: '    for (const check of parts.checks ?? []) await check()\n',
    replace: '',
    tests: ['src/maintenance/schedule.test.ts'],
  },
  {
    rule: 'the sweep spares what an upload names',
    file: 'src/maintenance/sweep.ts',
    find: 'records[index] === undefined && !kept.has(id)',
    replace: '(records[index] === undefined || true) && !kept.has(id)',
    tests: ['src/maintenance/sweep.test.ts'],
  },
  {
    rule: 'the sweep reads the upload first and the blob second',
    file: 'src/maintenance/sweep.ts',
    find: '  const withoutUpload = await unrecorded(metadata, idOfUpload(ours), kept)\n  const records = await metadata.read(withoutUpload.map(({ digest }) => keys.blob(digest)))\n',
    replace:
      '  const early = await metadata.read(ours.map(({ digest }) => keys.blob(digest)))\n  const withoutUpload = await unrecorded(metadata, idOfUpload(ours), kept)\n  const records = withoutUpload.map((one) => early[ours.findIndex((other) => other.location === one.location)])\n',
    tests: ['src/maintenance/sweep.test.ts'],
  },
  {
    rule: 'the sweep spares what the trash names',
    file: 'src/maintenance/sweep.ts',
    find: '  return unnamed.filter(({ location }) => !trash.has(location))\n',
    replace: '  return trash.size < 0 ? [] : unnamed\n',
    tests: ['src/maintenance/sweep.test.ts'],
  },
  {
    rule: 'quarantine checks the version of the blob',
    file: `${REGISTRY}/quarantine.ts`,
    find: '    const blob = await transaction.getChecked(blobCodec, keys.blob(sha256))\n    if (blob?.value.location !== location || blob.value.quarantined',
    replace:
      '    const blob = await transaction.get(blobCodec, keys.blob(sha256))\n    if (blob?.value.location !== location || blob.value.quarantined',
    tests: [`${REGISTRY}/quarantine.test.ts`],
  },
  {
    rule: 'a quarantined blob is answered as absent',
    file: `${REGISTRY}/links.ts`,
    find: '  return linked?.blob.quarantined === undefined ? linked : undefined\n',
    replace: '  return linked\n',
    tests: [`${REGISTRY}/quarantine.test.ts`],
  },
  {
    rule: 'a check of the store changes nothing when its listing breaks',
    file: 'src/maintenance/fsck-bytes.ts',
    find: '  const { elsewhere, unmentioned: orphans } = await searchStore(parts, wanted)\n',
    replace:
      '  const { elsewhere, unmentioned: orphans } = await searchStore(parts, wanted).catch(() => ({ elsewhere: new Map<Digest, readonly ListedBlob[]>(), unmentioned: 0 }))\n',
    tests: ['src/maintenance/fsck.test.ts'],
  },
  {
    rule: 'what was made of a layer is kept only while the upload that stored it is there: else its bytes may be gone',
    file: 'src/inspect/layer/store-index.ts',
    find: '  await openUpload(transaction, file.upload)\n  const',
    replace: '  const',
    tests: ['src/inspect/layer/store-index.test.ts'],
  },
]
