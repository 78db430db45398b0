import { describe, expect, test } from 'vitest'
import { secretKindOf, secretNamesIn } from './hint-rules.ts'

describe('a path', () => {
  test.each([
    ['root/.ssh/id_ed25519', 'private-key'],
    ['app/tls/server.key', 'private-key'],
    ['etc/letsencrypt/live/host/privkey.pem', 'private-key'],
    ['app/.npmrc', 'credentials'],
    ['root/.docker/config.json', 'credentials'],
    ['app/.env', 'environment-file'],
    ['app/.env.production', 'environment-file'],
    ['src/.git/HEAD', 'repository'],
  ])('%s looks like a secret', (path, kind) => {
    expect(secretKindOf(path)).toBe(kind)
  })

  test.each([
    'root/.ssh/id_ed25519.pub',
    'root/.ssh/authorized_keys',
    'etc/ssl/certs/root.pem',
    'app/.env.example',
    'app/node_modules/tls/test/server.key',
    'app/config.json',
    'usr/bin/env',
    'app/keyboard.key.ts',
  ])('%s does not', (path) => {
    expect(secretKindOf(path)).toBeUndefined()
  })
})

describe('words', () => {
  test.each([
    ['ENV DB_PASSWORD=hunter2', ['DB_PASSWORD']],
    ['RUN |2 NPM_TOKEN=abc VERSION=1 /bin/sh -c npm ci', ['NPM_TOKEN']],
    ['ENV API_KEY="a b" MODE=x', ['API_KEY']],
    ['RUN export AWS_SECRET_ACCESS_KEY=x && y', ['AWS_SECRET_ACCESS_KEY']],
  ])('of "%s" tell a secret', (text, names) => {
    expect(secretNamesIn(text)).toEqual(names)
  })

  test.each([
    'RUN TOKEN=$TOKEN make',
    'ENV DB_PASSWORD_FILE=/run/secrets/db',
    'ENV PASSWORD=',
    'ENV GPG_KEYS=0xABC TOKENIZERS_PARALLELISM=false',
    'ENV GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568',
    'ARG NPM_TOKEN',
  ])('of "%s" do not', (text) => {
    expect(secretNamesIn(text)).toEqual([])
  })
})
