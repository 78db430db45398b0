import { expect, test } from 'vitest'
import { isLoopback, joinHostPort, parseCidr, parseListenAddress } from './address.ts'
import { nearest } from './nearest.ts'
import { parseDuration, parseSize } from './units.ts'

test.each([
  ['0', 0],
  ['500ms', 500],
  ['1.5s', 1500],
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['7d', 604_800_000],
])('the duration %s', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds)
})

test.each(['', '5', '-1s', '1 s', '1w', 's', '1s!', '1e3s'])('no duration: %j', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})

test.each([
  ['4096', 4096],
  ['1kB', 1000],
  ['256MiB', 268_435_456],
  ['1.5 GB', 1_500_000_000],
])('the size %s', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes)
})

test.each(['', '-1', '1XB', 'MiB', '1 iB', '1.5', '1.5B', '8192TiB', '999999999999999TiB'])(
  'no size: %j',
  (text) => {
    expect(parseSize(text)).toBeUndefined()
  },
)

test.each([
  ['127.0.0.1:0', '127.0.0.1', 0],
  ['[::1]:5000', '::1', 5000],
  ['registry.example:443', 'registry.example', 443],
  [':5000', undefined, 5000],
])('the address %s', (text, host, port) => {
  expect(parseListenAddress(text)).toEqual({ host, port })
})

test.each(['', '5000', '::1:5000', '[x]:1', 'a:b', 'a:65536', 'http://a:1'])('no address: %j', (text) => {
  expect(parseListenAddress(text)).toBeUndefined()
})

test('loopback is what only this machine reaches', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].every(isLoopback)).toBe(true)
  expect([undefined, '0.0.0.0', '::', '10.0.0.1', '127.example'].some(isLoopback)).toBe(false)
})

test('hosts and ports are joined as URLs have them', () => {
  expect([joinHostPort('a', 1), joinHostPort('::1', 1)]).toEqual(['a:1', '[::1]:1'])
})

test('ranges have a prefix that fits their address', () => {
  expect(['10.0.0.0/8', '192.168.1.4', 'fd00::/8'].map(parseCidr)).toEqual([
    { address: '10.0.0.0', prefix: 8, family: 'ipv4' },
    { address: '192.168.1.4', prefix: 32, family: 'ipv4' },
    { address: 'fd00::', prefix: 8, family: 'ipv6' },
  ])
  const wrong = ['10.0.0.0/33', '10.0.0/8', '10.0.0.0/', '::/129', 'fe80::1%eth0', '1.2.3.4/8/8']
  expect(wrong.filter((text) => parseCidr(text) !== undefined)).toEqual([])
})

test('the nearest word is the one with the fewest mistakes', () => {
  expect(nearest('usre', ['serve', 'user', 'token'])).toBe('user')
  expect(nearest('x', [])).toBeUndefined()
})
