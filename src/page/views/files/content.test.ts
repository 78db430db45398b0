import { describe, expect, test } from 'vitest'
import { formattedJson, hexLines, linesOf, modeText, textOfBytes } from './content.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)

test('JSON of machines is put into lines, its values as they are written', () => {
  const made = formattedJson('{"a":[1.0,12345678901234567890,"x\\"[,"],"b":{},"c":[],"d":{"e":null}}')
  expect(made?.split('\n')).toEqual([
    '{',
    '  "a": [',
    '    1.0,',
    '    12345678901234567890,',
    '    "x\\"[,"',
    '  ],',
    '  "b": {},',
    '  "c": [],',
    '  "d": {',
    '    "e": null',
    '  }',
    '}',
  ])
  expect(JSON.parse(made ?? '')).toEqual(JSON.parse(formattedJson(` ${made?.replaceAll('\n', ' ')}`) ?? ''))
  for (const other of [
    made ?? '',
    `${made}\n`,
    'no JSON',
    '{"a":',
    '7',
    '',
    `${'['.repeat(9000)}${']'.repeat(9000)}`,
  ])
    expect(formattedJson(other)).toBeUndefined()
})

describe('the content of a file', () => {
  test('is text while it is UTF-8 without control characters', () => {
    expect(textOfBytes(utf8('größe\t名\r\n'), true)).toBe('größe\t名\r\n')
    expect(textOfBytes(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0), true)).toBeUndefined()
    expect(textOfBytes(Uint8Array.of(0x61, 0xff), true)).toBeUndefined()
    expect(textOfBytes(utf8(''), true)).toBe('')
  })

  test('may be cut in the middle of a character, when it is a part', () => {
    const part = utf8('名x名').subarray(1, 6)
    expect(textOfBytes(part, false)).toBe('x')
    expect(textOfBytes(part, true)).toBeUndefined()
  })

  test('comes in lines that deceive nobody', () => {
    expect(linesOf('a\tb\r\n\u202Egnp.exe\n')).toEqual(['a\tb', '\\u{202e}gnp.exe'])
    expect(linesOf('')).toEqual([])
    expect(linesOf('\n\nend')).toEqual(['', '', 'end'])
  })

  test('is bytes with their places and characters', () => {
    const lines = hexLines(
      Uint8Array.from({ length: 17 }, (_, index) => index + 0x3a),
      0x100,
    )
    expect(lines).toEqual([
      '00000100  3a 3b 3c 3d 3e 3f 40 41  42 43 44 45 46 47 48 49  :;<=>?@ABCDEFGHI',
      `00000110  4a${' '.repeat(48)}J`,
    ])
  })
})

test.each([
  [0o644, 'rw-r--r--'],
  [0o4755, 'rwsr-xr-x'],
  [0o2644, 'rw-r-Sr--'],
  [0o1777, 'rwxrwxrwt'],
  [0, '---------'],
])('mode %o is %s', (mode, text) => {
  expect(modeText(mode)).toBe(text)
})
