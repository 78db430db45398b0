import { IncomingMessage } from 'node:http'
import { BlockList, Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { viewClient } from './client-view.ts'

const proxies = new BlockList()
proxies.addSubnet('10.0.0.0', 8, 'ipv4')
proxies.addSubnet('fd00::', 8, 'ipv6')

function request(peer: string | undefined, headers: IncomingMessage['headers'] = {}): IncomingMessage {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: peer })
  const made = new IncomingMessage(socket)
  Object.assign(made.headers, { host: 'inner:5000', ...headers })
  return made
}

const view = (peer: string | undefined, headers: IncomingMessage['headers'] = {}) =>
  viewClient(request(peer, headers), { publicUrl: undefined, trustedProxies: proxies })

const PROXY = '10.0.0.1'

describe('viewClient', () => {
  it('takes the connection as it is when nobody forwards', () => {
    expect(view('192.0.2.7')).toEqual({
      origin: 'http://inner:5000',
      address: '192.0.2.7',
      untrustedForwarding: false,
    })
    expect(view(PROXY).address).toBe(PROXY)
  })

  it('writes IPv4 addresses in one way', () => {
    expect(view('::ffff:192.0.2.7').address).toBe('192.0.2.7')
    expect(view(`::ffff:${PROXY}`, { 'x-forwarded-for': '192.0.2.7' }).address).toBe('192.0.2.7')
    expect(view(PROXY, { 'x-forwarded-for': '::ffff:192.0.2.7' }).address).toBe('192.0.2.7')
  })

  it.each([
    { 'x-forwarded-for': '1.1.1.1' },
    { 'x-forwarded-host': 'evil.example' },
    { 'x-forwarded-proto': 'https' },
    { forwarded: 'for=1.1.1.1;proto=https;host=evil.example' },
  ])('does not believe a stranger: %j', (headers) => {
    const expected = { origin: 'http://inner:5000', address: '192.0.2.7', untrustedForwarding: true }
    expect(view('192.0.2.7', headers)).toEqual(expected)
    const nobody = viewClient(request(PROXY, headers), { publicUrl: undefined, trustedProxies: undefined })
    expect(nobody).toEqual({ ...expected, address: PROXY })
  })

  it('believes a proxy about scheme and host', () => {
    expect(view(PROXY, { 'x-forwarded-proto': 'https' }).origin).toBe('https://inner:5000')
    expect(view(PROXY, { 'x-forwarded-host': 'r.example' }).origin).toBe('http://r.example')
    expect(
      view(PROXY, { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'r.example:8443, inner' }).origin,
    ).toBe('https://r.example:8443')
    expect(view('fd00::1', { 'x-forwarded-host': '[2001:db8::1]:5000' }).origin).toBe(
      'http://[2001:db8::1]:5000',
    )
    expect(view(PROXY, { 'x-forwarded-proto': 'https' }).untrustedForwarding).toBe(false)
  })

  it('reads Forwarded where X-Forwarded-* is absent', () => {
    const headers = { forwarded: 'for=192.0.2.7; Proto=https;host="r.example", for=10.0.0.9;host=inner' }
    expect(view(PROXY, headers)).toMatchObject({ origin: 'https://r.example', address: '192.0.2.7' })
    expect(view(PROXY, { forwarded: 'for="[2001:db8::7]:4711"' }).address).toBe('2001:db8::7')
    expect(
      view(PROXY, { ...headers, 'x-forwarded-host': 'x.example', 'x-forwarded-for': '192.0.2.8' }),
    ).toMatchObject({
      origin: 'https://x.example',
      address: '192.0.2.8',
    })
  })

  it.each([
    ['a scheme that is none', { 'x-forwarded-proto': 'javascript' }],
    ['a host with a path', { 'x-forwarded-host': 'evil.example/x' }],
    ['a host with a quote', { 'x-forwarded-host': 'evil"' }],
    ['a host with a login', { 'x-forwarded-host': 'a@evil.example' }],
    ['an endless host', { 'x-forwarded-host': 'a'.repeat(300) }],
    ['an empty host', { 'x-forwarded-host': '' }],
  ])('does not pass on %s', (_, headers) => expect(view(PROXY, headers).origin).toBe('http://inner:5000'))

  it('does not pass on a Host header that is no host', () => {
    for (const host of ['a/b', 'a b', '"', 'a@b', undefined]) {
      const { origin } = view('192.0.2.7', { host })
      expect(origin).toMatch(/^http:\/\/[\w.:[\]-]+$/)
      expect(origin).not.toContain(String(host))
    }
  })

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.7, 10.1.1.1', '192.0.2.7'],
    // The client invented what stands left of its own address.
    ['1.1.1.1, 192.0.2.7', '192.0.2.7'],
    ['10.9.9.9, 192.0.2.7, 10.1.1.1', '192.0.2.7'],
    ['unknown, 192.0.2.7', '192.0.2.7'],
    ['2001:db8::7, fd00::2', '2001:db8::7'],
    ['192.0.2.7:4711', '192.0.2.7'],
    ['[2001:db8::7]:4711, 10.1.1.1', '2001:db8::7'],
    // Nobody but proxies, or someone who hides: what is known is the proxy.
    ['10.1.1.1, 10.2.2.2', PROXY],
    ['1.1.1.1, unknown', PROXY],
    ['1.1.1.1, _hidden, 10.1.1.1', PROXY],
    ['', PROXY],
    ['9'.repeat(5000), PROXY],
  ])('finds the client in %j', (header, address) =>
    expect(view(PROXY, { 'x-forwarded-for': header }).address).toBe(address),
  )

  it('prefers the address that was configured', () => {
    const settings = { publicUrl: 'https://r.example', trustedProxies: proxies }
    expect(viewClient(request(PROXY, { 'x-forwarded-host': 'x.example' }), settings).origin).toBe(
      'https://r.example',
    )
    expect(viewClient(request('192.0.2.7'), settings).origin).toBe('https://r.example')
  })

  it('copes with a connection that is gone already', () => {
    expect(view(undefined).address).toBe('')
    expect(view(undefined, { 'x-forwarded-for': '1.1.1.1' }).untrustedForwarding).toBe(true)
  })
})
