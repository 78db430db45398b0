import { describe, expect, it } from 'vitest'
import { StoreUnavailable } from '../store-errors.ts'
import { openMemoryMetadataStore } from './memory/memory-metadata-store.ts'
import { MetadataConflict, type MetadataStore } from './metadata-store.ts'
import { transact } from './transact.ts'

const text = {
  encode: (value: string) => Buffer.from(value),
  decode: (bytes: Uint8Array) => Buffer.from(bytes).toString(),
}
const key = (name: string) => Buffer.from(name)

async function value(store: MetadataStore, name: string): Promise<string | undefined> {
  const [stored] = await store.read([key(name)])
  return stored && text.decode(stored.value)
}

function put(store: MetadataStore, name: string, content: string): Promise<void> {
  return store.commit({ checks: [], sets: [{ key: key(name), value: Buffer.from(content) }], deletes: [] })
}

/** A store that lets someone else go first, before each of the first `times` commits. */
function raced(store: MetadataStore, times: number, other: (round: number) => Promise<void>): MetadataStore {
  let round = 0
  return {
    read: (keys) => store.read(keys),
    range: (query) => store.range(query),
    snapshot: () => store.snapshot(),
    close: () => store.close(),
    commit: async (commit) => {
      round += 1
      if (round <= times) await other(round)
      await store.commit(commit)
    },
  }
}

describe('transact', () => {
  it('writes what was decided and gives its result', async () => {
    const store = await openMemoryMetadataStore()
    await put(store, 'old', 'x')
    const result = await transact(store, async (transaction) => {
      transaction.set(text, key('a'), '1')
      transaction.delete(key('old'))
      return 'result'
    })
    expect(result).toBe('result')
    expect([await value(store, 'a'), await value(store, 'old')]).toEqual(['1', undefined])
  })

  it('writes nothing before it has decided, and nothing when the decision fails', async () => {
    const store = await openMemoryMetadataStore()
    const failing = transact(store, async (transaction) => {
      transaction.set(text, key('a'), '1')
      expect(await transaction.get(text, key('a'))).toBeUndefined()
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await value(store, 'a')).toBeUndefined()
  })

  it('answers from what it read ahead, in one go, and asks for the rest; what it checks is checked', async () => {
    const inner = await openMemoryMetadataStore()
    for (const name of ['a', 'b', 'c']) await put(inner, name, `${name}0`)
    const asked: string[][] = []
    const counting = raced(inner, 1, () => put(inner, 'a', 'a1'))
    const store: MetadataStore = {
      ...counting,
      read: (keys) => {
        asked.push(keys.map((one) => Buffer.from(one).toString()))
        return inner.read(keys)
      },
    }
    const result = await transact(store, async (transaction) => {
      await transaction.readAhead(['a', 'b', 'gone', 'a'].map(key))
      const first = await transaction.getChecked(text, key('a'))
      const rest = await transaction.getMany(text, ['b', 'c', 'gone', 'b'].map(key))
      const there = await transaction.present(['gone', 'b'].map(key))
      transaction.set(text, key('d'), 'd0')
      return [first?.value, ...rest, ...there]
    })
    expect(result).toEqual(['a1', 'b0', 'c0', undefined, 'b0', false, true])
    expect(asked).toEqual([['a', 'b', 'gone'], ['c'], ['a', 'b', 'gone'], ['c']])
  })

  it('decides again on what someone else wrote', async () => {
    const inner = await openMemoryMetadataStore()
    await put(inner, 'n', '0')
    const store = raced(inner, 3, (round) => put(inner, 'n', String(round * 10)))
    const seen: string[] = []
    await transact(store, async (transaction) => {
      const current = await transaction.getChecked(text, key('n'))
      seen.push(current?.value ?? '')
      transaction.set(text, key('n'), `${current?.value}+1`)
    })
    expect(seen).toEqual(['0', '10', '20', '30'])
    expect(await value(inner, 'n')).toBe('30+1')
  })

  it('begins each decision without what the last one collected', async () => {
    const inner = await openMemoryMetadataStore()
    const store = raced(inner, 1, () => put(inner, 'n', 'taken'))
    await transact(store, async (transaction) => {
      const current = await transaction.getChecked(text, key('n'))
      if (current === undefined) transaction.set(text, key('first try'), 'x')
      else transaction.set(text, key('second try'), 'x')
    })
    expect([await value(inner, 'first try'), await value(inner, 'second try')]).toEqual([undefined, 'x'])
  })

  it.each([
    ['a record that was there', 'version', (store: MetadataStore) => put(store, 'n', 'new')],
    ['a record that was absent', 'absent', (store: MetadataStore) => put(store, 'gone', 'new')],
    [
      'a record that must exist',
      'exists',
      (store: MetadataStore) => store.commit({ checks: [], sets: [], deletes: [key('n')] }),
    ],
    ['a range', 'range', (store: MetadataStore) => put(store, 'r/2', 'new')],
  ])('conflicts on %s', async (_, kind, other) => {
    const inner = await openMemoryMetadataStore()
    await put(inner, 'n', '0')
    await put(inner, 'r/1', '0')
    let decisions = 0
    await transact(
      raced(inner, 1, () => other(inner)),
      async (transaction) => {
        decisions += 1
        if (kind === 'version') await transaction.getChecked(text, key('n'))
        if (kind === 'absent') await transaction.getChecked(text, key('gone'))
        if (kind === 'exists' && decisions === 1) transaction.checkExists(key('n'))
        if (kind === 'range') {
          const prefix = key('r/')
          transaction.checkRange(key('n'), prefix, await transaction.range({ prefix, limit: 10 }))
        }
        transaction.set(text, key('out'), 'x')
      },
    )
    expect(decisions).toBe(2)
  })

  it('does not mind what was only looked at', async () => {
    const inner = await openMemoryMetadataStore()
    let decisions = 0
    await transact(
      raced(inner, 1, () => put(inner, 'n', 'x')),
      async (transaction) => {
        decisions += 1
        await transaction.get(text, key('n'))
        await transaction.getMany(text, [key('n')])
        await transaction.present([key('n')])
        transaction.set(text, key('out'), 'x')
      },
    )
    expect(decisions).toBe(1)
  })

  it('gives up on a conflict that never ends', async () => {
    const inner = await openMemoryMetadataStore()
    const store = raced(inner, Number.POSITIVE_INFINITY, (round) => put(inner, 'n', String(round)))
    let decisions = 0
    const endless = transact(store, async (transaction) => {
      decisions += 1
      await transaction.getChecked(text, key('n'))
      transaction.set(text, key('n'), 'mine')
    })
    await expect(endless).rejects.toBeInstanceOf(MetadataConflict)
    expect(decisions).toBe(40)
  })

  it('lets each of many that write one record side by side have its turn soon', async () => {
    const store = await openMemoryMetadataStore()
    await put(store, 'n', '0')
    let most = 0
    const countUp = async (): Promise<void> => {
      let decisions = 0
      await transact(store, async (transaction) => {
        decisions += 1
        const current = await transaction.getChecked(text, key('n'))
        transaction.set(text, key('n'), String(Number(current?.value) + 1))
      })
      most = Math.max(most, decisions)
    }
    // Each begins again when it is through, as clients do.
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        for (let turn = 0; turn < 16; turn++) await countUp()
      }),
    )
    expect(await value(store, 'n')).toBe('1024')
    expect(most).toBeLessThan(10)
  })

  it('lets nobody starve beside one that writes the same record again and again', async () => {
    const inner = await openMemoryMetadataStore()
    await put(inner, 'n', '')
    const store: MetadataStore = {
      ...raced(inner, 0, () => Promise.resolve()),
      commit: async (commit) => {
        await new Promise((resolve) => setTimeout(resolve, 2))
        await inner.commit(commit)
      },
    }
    const append = async (name: string): Promise<number> => {
      let decisions = 0
      await transact(store, async (transaction) => {
        decisions += 1
        const current = await transaction.getChecked(text, key('n'))
        transaction.set(text, key('n'), `${current?.value}${name}`)
      })
      return decisions
    }
    const working = { is: true }
    const busy = (async () => {
      while (working.is) await append('b')
    })()
    for (let turn = 0; turn < 5; turn++) expect(await append('a')).toBeLessThan(10)
    working.is = false
    await busy
  })

  it('holds up nobody who writes something else while one goes alone', async () => {
    const inner = await openMemoryMetadataStore()
    const others: Promise<void>[] = []
    const store = raced(inner, 10, async (round) => {
      others.push(transact(store, async (transaction) => transaction.set(text, key(`other ${round}`), 'x')))
      await put(inner, 'n', String(round))
      if (round > 5) await Promise.race(others.splice(0))
    })
    await transact(store, async (transaction) => {
      await transaction.getChecked(text, key('n'))
      transaction.set(text, key('n'), 'mine')
    })
    expect(await value(inner, 'n')).toBe('mine')
  })

  it('goes on after one that went alone has failed', async () => {
    const inner = await openMemoryMetadataStore()
    const store = raced(inner, 3, (round) => put(inner, 'n', String(round)))
    let decisions = 0
    const failing = transact(store, async (transaction) => {
      decisions += 1
      if (decisions > 3) throw new Error('no')
      await transaction.getChecked(text, key('n'))
      transaction.set(text, key('n'), 'mine')
    })
    await expect(failing).rejects.toThrow('no')
    await transact(
      raced(store, 4, (round) => put(inner, 'n', `again ${round}`)),
      async (transaction) => {
        await transaction.getChecked(text, key('n'))
        transaction.set(text, key('n'), 'mine')
      },
    )
    expect(await value(inner, 'n')).toBe('mine')
  })

  it('lets nobody wait for others while the store is away', async () => {
    const inner = await openMemoryMetadataStore()
    let isAway = false
    let trying = 0
    let most = 0
    const store: MetadataStore = {
      ...raced(inner, 0, () => Promise.resolve()),
      commit: async () => {
        if (!isAway) throw new MetadataConflict('taken')
        trying += 1
        most = Math.max(most, trying)
        await new Promise((resolve) => setTimeout(resolve, 50))
        trying -= 1
        throw new StoreUnavailable('away')
      },
    }
    const outcomes = Array.from({ length: 10 }, async (_, at) => {
      let decisions = 0
      await expect(
        transact(store, async (transaction) => {
          decisions += 1
          // By now all have lost three times, and one of them goes alone.
          if (decisions > 4) isAway = true
          transaction.set(text, key(`n${at}`), 'x')
        }),
      ).rejects.toThrow('away')
    })
    await Promise.all(outcomes)
    expect(most).toBe(9)
  })

  it("hands on the store's failures at once", async () => {
    const inner = await openMemoryMetadataStore()
    let commits = 0
    const store: MetadataStore = {
      ...raced(inner, 0, () => Promise.resolve()),
      commit: () => {
        commits += 1
        return Promise.reject(new Error('disk'))
      },
    }
    await expect(
      transact(store, async (transaction) => transaction.set(text, key('a'), '1')),
    ).rejects.toThrow('disk')
    expect(commits).toBe(1)
  })

  it('commits nothing when there is nothing to write', async () => {
    const inner = await openMemoryMetadataStore()
    const store: MetadataStore = {
      ...raced(inner, 0, () => Promise.resolve()),
      commit: () => Promise.reject(new Error('commit')),
    }
    expect(
      await transact(store, async (transaction) => transaction.getChecked(text, key('a'))),
    ).toBeUndefined()
  })

  it('takes the last word on a key', async () => {
    const store = await openMemoryMetadataStore()
    await put(store, 'b', 'old')
    await transact(store, async (transaction) => {
      transaction.set(text, key('a'), '1')
      transaction.set(text, key('a'), '2')
      transaction.delete(key('b'))
      transaction.set(text, key('b'), 'new')
      transaction.set(text, key('c'), 'x')
      transaction.delete(key('c'))
    })
    expect([await value(store, 'a'), await value(store, 'b'), await value(store, 'c')]).toEqual([
      '2',
      'new',
      undefined,
    ])
  })

  it('reads many in order', async () => {
    const store = await openMemoryMetadataStore()
    await put(store, 'a', '1')
    await transact(store, async (transaction) => {
      const wanted = [key('x'), key('a'), key('y')]
      expect(await transaction.present(wanted)).toEqual([false, true, false])
      expect(await transaction.getMany(text, wanted)).toEqual([undefined, '1', undefined])
    })
  })

  it('lets many change one record, each seeing the one before', async () => {
    const store = await openMemoryMetadataStore()
    await Promise.all(
      Array.from({ length: 20 }, () =>
        transact(store, async (transaction) => {
          const current = await transaction.getChecked(text, key('n'))
          transaction.set(text, key('n'), String(Number(current?.value ?? 0) + 1))
        }),
      ),
    )
    expect(await value(store, 'n')).toBe('20')
  })
})
