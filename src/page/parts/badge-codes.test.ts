import { expect, test } from 'vitest'
import { badgeCodes } from './badge-codes.ts'

test('a label is text in every language of READMEs', () => {
  const codes = new Map(
    badgeCodes({
      picture: 'https://r.example/api/v1/badge.svg?ref=a%2Fb%3Av1&metric=bytes',
      page: 'https://r.example/image?ref=a/b:v1',
      text: 'a]("x" <b>',
    }),
  )
  expect(codes.get('Markdown')).toBe(
    '[![a\\]("x" <b>](https://r.example/api/v1/badge.svg?ref=a%2Fb%3Av1&metric=bytes)](https://r.example/image?ref=a/b:v1)',
  )
  expect(codes.get('HTML')).toBe(
    '<a href="https://r.example/image?ref=a/b:v1"><img src="https://r.example/api/v1/badge.svg?ref=a%2Fb%3Av1&amp;metric=bytes" alt="a](&quot;x&quot; &lt;b>"></a>',
  )
  expect(codes.get('AsciiDoc')).toBe(
    'image:https://r.example/api/v1/badge.svg?ref=a%2Fb%3Av1&metric=bytes["a](”x” <b>",link="https://r.example/image?ref=a/b:v1"]',
  )
})
