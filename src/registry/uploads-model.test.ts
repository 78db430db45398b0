import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  boolean,
  constant,
  nat,
  oneof,
  record,
  string,
} from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chunk, cutChunk, digestOf, name } from './content-fixture.ts'
import { ALICE, codeOf, openTestRegistry, pull, type TestRegistry } from './registry-fixture.ts'
import { locations } from './stored-fixture.ts'
import type { SessionName } from './upload-session.ts'

/** What the registry must do, in the fewest words: a session is its bytes; a blob is there or not. */
interface Model {
  readonly sessions: {
    readonly session: SessionName
    bytes: string
    state: 'open' | 'gone' | 'done'
    done: string
  }[]
  readonly blobs: Set<string>
}

type Step =
  | { readonly kind: 'start'; readonly other: boolean }
  | { readonly kind: 'restart' }
  | {
      readonly kind: 'append'
      readonly at: number
      readonly body: string
      readonly range: 'none' | 'right' | 'wrong'
    }
  | { readonly kind: 'cut'; readonly at: number; readonly body: string; readonly closing: boolean }
  | { readonly kind: 'short'; readonly at: number; readonly body: string }
  | {
      readonly kind: 'finish'
      readonly at: number
      readonly body: string
      readonly right: boolean
      readonly long: boolean
    }
  | { readonly kind: 'cancel'; readonly at: number }
  | { readonly kind: 'two'; readonly at: number; readonly body: string }
  | { readonly kind: 'stranger'; readonly at: number; readonly body: string }

const at = nat(3)
// Few letters and short bodies, so that equal contents are common.
const body = string({ unit: oneof(constant('a'), constant('b')), maxLength: 3 })
const steps: Arbitrary<Step[]> = array(
  oneof(
    record({ kind: constant('start'), other: boolean() }),
    record({ kind: constant('restart') }),
    record({
      kind: constant('append'),
      at,
      body,
      range: oneof(constant('none'), constant('right'), constant('wrong')),
    }),
    record({ kind: constant('append'), at, body, range: constant('none') }),
    record({ kind: constant('cut'), at, body, closing: boolean() }),
    record({ kind: constant('short'), at, body }),
    record({ kind: constant('finish'), at, body, right: boolean(), long: boolean() }),
    record({ kind: constant('cancel'), at }),
    record({ kind: constant('two'), at, body }),
    record({ kind: constant('stranger'), at, body }),
  ),
  { maxLength: 25 },
)

const REPOSITORIES = ['team/app', 'other/app'] as const

async function outcome(action: Promise<unknown>): Promise<unknown> {
  return action.then(
    () => 'ok',
    (error: unknown) => codeOf(error) ?? String(error),
  )
}

/** Runs one step against both, and compares what it answered. */
async function run(registry: TestRegistry, model: Model, step: Step): Promise<void> {
  if (step.kind === 'restart') return registry.restart()
  if (step.kind === 'start') {
    const repository = name(REPOSITORIES[step.other ? 1 : 0])
    const session = { id: await registry.uploads.start(repository, ALICE), name: repository, account: ALICE }
    model.sessions.push({ session, bytes: '', state: 'open', done: '' })
    return
  }
  const entry = model.sessions[step.at]
  if (entry === undefined) return
  const { session } = entry
  const { uploads } = registry
  const unknown = entry.state === 'open' ? undefined : 'BLOB_UPLOAD_UNKNOWN'
  const all = entry.bytes + ('body' in step ? step.body : '')
  switch (step.kind) {
    case 'append': {
      const start = entry.bytes.length + (step.range === 'wrong' ? 1 : 0)
      const range =
        step.range === 'none' || step.body === '' ? undefined : { start, end: start + step.body.length - 1 }
      const bad = range !== undefined && step.range === 'wrong'
      const got = await outcome(uploads.append(session, chunk(step.body, { range, size: 1 })))
      expect(got).toBe(unknown ?? (bad ? 'RANGE_INVALID' : 'ok'))
      if (got === 'ok') entry.bytes = all
      return
    }
    case 'cut': {
      const cut = cutChunk(step.body)
      const wanted =
        step.closing && entry.done !== '' && entry.done === digestOf(all)
          ? 'ok'
          : (unknown ?? 'BLOB_UPLOAD_INVALID')
      expect(
        await outcome(
          step.closing ? uploads.finish(session, digestOf(all), cut) : uploads.append(session, cut),
        ),
      ).toBe(wanted)
      if (unknown === undefined) entry.bytes = all
      return
    }
    case 'short': {
      const start = entry.bytes.length
      const range = { start, end: start + step.body.length }
      expect(await outcome(uploads.append(session, chunk(step.body, { range })))).toBe(
        unknown ?? 'SIZE_INVALID',
      )
      return
    }
    case 'finish': {
      const digest = digestOf(step.right ? all : `${all}!`, step.long ? 'sha512' : 'sha256')
      const got = await outcome(uploads.finish(session, digest, chunk(step.body, { size: 2 })))
      if (entry.state === 'done' && entry.done === digest) expect(got).toBe('ok')
      else expect(got).toBe(unknown ?? (step.right ? 'ok' : 'DIGEST_INVALID'))
      if (unknown !== undefined || !step.right) return
      entry.state = 'done'
      entry.done = digest
      entry.bytes = all
      model.blobs.add(`${session.name} ${digest} ${all}`)
      return
    }
    case 'cancel':
      expect(await outcome(uploads.cancel(session))).toBe(unknown ?? 'ok')
      if (unknown === undefined) entry.state = 'gone'
      return
    case 'two': {
      // Both say where they begin, so exactly one can be right, unless they say nothing at all.
      const start = entry.bytes.length
      const range = step.body === '' ? undefined : { start, end: start + step.body.length - 1 }
      const both = await Promise.all(
        [1, 2].map((size) => outcome(uploads.append(session, chunk(step.body, { range, size })))),
      )
      if (unknown !== undefined) expect(both).toEqual([unknown, unknown])
      else if (range === undefined) expect(both).toEqual(['ok', 'ok'])
      else expect(new Set(both)).toEqual(new Set(['RANGE_INVALID', 'ok']))
      if (unknown === undefined) entry.bytes = all
      return
    }
    case 'stranger': {
      const foreign = { ...session, account: 'user:mallory' }
      expect(await outcome(uploads.append(foreign, chunk(step.body)))).toBe('BLOB_UPLOAD_UNKNOWN')
      expect(await outcome(uploads.finish(foreign, digestOf(all), chunk(step.body)))).toBe(
        'BLOB_UPLOAD_UNKNOWN',
      )
      expect(await outcome(uploads.cancel(foreign))).toBe('BLOB_UPLOAD_UNKNOWN')
    }
  }
}

/** Everything that can be seen from outside agrees with the model. */
async function compare(registry: TestRegistry, model: Model): Promise<void> {
  for (const { session, bytes, state } of model.sessions) {
    const got = await registry.uploads.status(session).catch(codeOf)
    expect(got).toBe(state === 'open' ? bytes.length : 'BLOB_UPLOAD_UNKNOWN')
    for (const repository of REPOSITORIES)
      for (const algorithm of ['sha256', 'sha512'] as const) {
        const digest = digestOf(bytes, algorithm)
        const found = await pull(registry, repository, digest)
        const there = model.blobs.has(`${repository} ${digest} ${bytes}`)
        expect(found?.toString()).toBe(there ? bytes : undefined)
      }
  }
  const contents = new Set([...model.blobs].map((blob) => blob.split(' ')[2]))
  expect(await locations(registry)).toHaveLength(contents.size)
  expect(registry.contents.uploads.size).toBe(model.sessions.filter(({ state }) => state === 'open').length)
}

describe('upload sessions', () => {
  it('do what a list of bytes would do, whatever clients, restarts and strangers do', async () => {
    await assert(
      asyncProperty(steps, async (list) => {
        const registry = await openTestRegistry()
        const model: Model = { sessions: [], blobs: new Set() }
        await run(registry, model, { kind: 'start', other: false })
        for (const step of list) {
          await run(registry, model, step)
          await compare(registry, model)
        }
        await registry.metadata.close()
      }),
      { numRuns: 150 },
    )
  })
})
