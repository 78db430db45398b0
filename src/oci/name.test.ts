import { array, assert, constantFrom, nat, property, string, stringMatching } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isProjectName, joinName, NAME_LIMIT, parseName, projectOf, restOf, whyNotName } from './name.ts'

/** As distribution-spec writes it. */
const SPEC = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/
const component = stringMatching(/^[a-z0-9]{1,5}((\.|_|__|-{1,4})[a-z0-9]{1,4}){0,3}$/)
const names = array(component, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'))

describe('parseName', () => {
  const taken = [
    'a',
    '0',
    'alpine',
    'team/app/web',
    'a.b_c__d-e--f---g',
    'blobs/uploads/manifests/tags/list/referrers',
    'v2',
    'a'.repeat(NAME_LIMIT),
  ]
  it.each(taken)('takes %s', (text) => expect(parseName(text)).toBe(text))

  const refused = [
    '',
    '/',
    'a/',
    '/a',
    'a//b',
    'A',
    'aB',
    '-a',
    'a-',
    '.a',
    'a.',
    '_a',
    'a_',
    'a..b',
    'a___b',
    'a._b',
    'a-_b',
    'a/_catalog',
    '_catalog',
    'a/../b',
    '..',
    '.',
    'a b',
    'a%2fb',
    'a\n',
    'a\0',
    'ä',
    'a:b',
    'a@b',
    'a'.repeat(NAME_LIMIT + 1),
  ]
  it.each(refused)('refuses %j', (text) => expect(parseName(text)).toBeUndefined())

  it('agrees with the specification on anything', () => {
    const text = string({ unit: constantFrom('a', '0', '.', '_', '-', '/', 'A', '%'), maxLength: 12 })
    assert(
      property(text, (value) => {
        expect(parseName(value) !== undefined).toBe(SPEC.test(value))
      }),
      { numRuns: 2000 },
    )
  })

  it('takes what is made by the grammar, and refuses it with a character that no name has', () => {
    assert(
      property(
        names,
        nat(),
        constantFrom('A', ' ', '%', '\0', '\n', 'ß', ':', '@', '~', '\\'),
        (text, at, bad) => {
          if (text.length > NAME_LIMIT) return
          expect(parseName(text)).toBe(text)
          const cut = at % (text.length + 1)
          expect(parseName(text.slice(0, cut) + bad + text.slice(cut))).toBeUndefined()
        },
      ),
    )
  })

  it('takes no time for hostile text', () => {
    const begun = performance.now()
    parseName(`${'a-'.repeat(99)}!`)
    parseName('a'.repeat(1_000_000))
    expect(performance.now() - begun).toBeLessThan(2000)
  })
})

describe('project and rest', () => {
  it('make the name again', () => {
    assert(
      property(names, (text) => {
        const name = parseName(text)
        if (name === undefined) return
        expect(projectOf(name)).not.toContain('/')
        expect(isProjectName(projectOf(name))).toBe(true)
        expect(joinName(projectOf(name), restOf(name))).toBe(name)
      }),
    )
  })

  it('have an empty rest when there is one component', () => {
    const name = parseName('alpine')
    expect(name && [projectOf(name), restOf(name)]).toEqual(['alpine', ''])
    expect(joinName('a', 'b/c')).toBe('a/b/c')
    expect(joinName('a', '/b')).toBeUndefined()
    expect(joinName('', 'b')).toBeUndefined()
  })

  it('a project is one component', () => {
    expect(isProjectName('a-b')).toBe(true)
    for (const text of ['', 'a/b', 'A', '_a', 'a'.repeat(NAME_LIMIT + 1)])
      expect(isProjectName(text)).toBe(false)
  })
})

describe('whyNotName', () => {
  it('points at the component', () => {
    expect(whyNotName('team/Bad/app')).toContain("'Bad' in repository name 'team/Bad/app'")
    expect(whyNotName('a//b')).toContain("'' in repository name")
  })

  it('says how long it may be, and stays short itself', () => {
    expect(whyNotName('a'.repeat(300))).toContain('has 300 characters; at most 200')
    expect(whyNotName('A'.repeat(100_000)).length).toBeLessThan(500)
    expect(whyNotName('A'.repeat(200)).length).toBeLessThan(500)
  })
})
