import { describe, expect, test } from 'vitest'
import { crumbs, enter, ROOT, readFilePath } from './file-path.ts'

describe('paths in an image', () => {
  test('are text as long as they can be', () => {
    const usr = enter(ROOT, { name: 'usr' })
    expect(usr).toEqual({ path: 'usr' })
    expect(enter(usr, { name: 'größe 名' })).toEqual({ path: 'usr/größe 名' })
  })

  test('keep bytes that are no UTF-8, and all that is below them', () => {
    const odd = enter({ path: 'a' }, { name: '\\xff', nameRaw: btoa('\u00ff') })
    expect(odd).toEqual({ pathRaw: btoa('a/\u00ff') })
    expect(enter(odd, { name: 'b' })).toEqual({ pathRaw: btoa('a/\u00ff/b') })
    expect(crumbs(enter(odd, { name: 'b' }))).toEqual([
      { name: 'a', path: { path: 'a' } },
      { name: '\uFFFD', path: { pathRaw: btoa('a/\u00ff') } },
      { name: 'b', path: { pathRaw: btoa('a/\u00ff/b') } },
    ])
  })

  test('with a name that is only shown otherwise are text again', () => {
    const raw = btoa('line\nbreak')
    expect(enter(ROOT, { name: 'line\\u{a}break', nameRaw: raw })).toEqual({ path: 'line\nbreak' })
  })

  test('are read from the address', () => {
    expect(readFilePath(new URLSearchParams('path=/usr/lib/'))).toEqual({ path: 'usr/lib' })
    expect(readFilePath(new URLSearchParams('pathRaw=/w==&path=x'))).toEqual({ pathRaw: '/w==' })
    expect(readFilePath(new URLSearchParams('pathRaw=<script>'))).toEqual(ROOT)
  })

  test('have a crumb for each directory', () => {
    expect(crumbs(ROOT)).toEqual([])
    expect(crumbs({ path: 'usr/lib' })).toEqual([
      { name: 'usr', path: { path: 'usr' } },
      { name: 'lib', path: { path: 'usr/lib' } },
    ])
  })
})
