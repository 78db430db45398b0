import { expect, it } from 'vitest'
import { readInstruction } from './instruction.ts'

it.each([
  ['/bin/sh -c #(nop) ADD file:' + 'ab'.repeat(32) + ' in / ', 'ADD … /', 'files'],
  ['/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]', 'start'],
  ['/bin/sh -c #(nop)  EXPOSE map[80/tcp:{}]', 'EXPOSE 80/tcp', 'start'],
  ['ENTRYPOINT ["a b" "c\\" d"]', 'ENTRYPOINT ["a b", "c\\" d"]', 'start'],
  ['CMD ["node", "server.js"]', 'CMD ["node", "server.js"]', 'start'],
  ['/bin/sh -c apt-get update', 'RUN apt-get update', 'run'],
  ['|1 VERSION=2 /bin/sh -c make', 'RUN make', 'run'],
  ['RUN /bin/sh -c npm ci # buildkit', 'RUN npm ci', 'run'],
  ['RUN |1 A=b c /bin/sh -c npm ci # buildkit', 'RUN npm ci', 'run'],
  ['COPY . . # buildkit', 'COPY . .', 'files'],
  ['EXPOSE map[443/tcp:{} 80/tcp:{}]', 'EXPOSE 443/tcp 80/tcp', 'start'],
  ['ENV NODE_ENV=production', 'ENV NODE_ENV=production', 'settings'],
  ['bazel build //app', 'bazel build //app', 'run'],
  ["# debian.sh --arch 'amd64' out/ 'trixie'", "# debian.sh --arch 'amd64' out/ 'trixie'", 'base'],
  ['', 'unknown instruction', 'base'],
])('%s', (createdBy, text, kind) => {
  expect(readInstruction(createdBy, false)).toEqual({ text, class: kind })
})

it('a comment speaks where nothing else does', () => {
  const squashed = readInstruction('', false, 'merge sha256:aa to sha256:bb')
  expect(squashed).toEqual({ text: 'merge sha256:aa to sha256:bb', class: 'files' })
  expect(readInstruction('COPY . .', false, 'buildkit.dockerfile.v0').text).toBe('COPY . .')
  expect(readInstruction(undefined, true, 'nothing').text).toBe('FROM scratch')
})

it('an empty entry that made nothing is where the image begins', () => {
  expect(readInstruction(undefined, true).text).toBe('FROM scratch')
})

it('shows no more than a screen of a script', () => {
  expect(readInstruction('x'.repeat(10_000_000), false).text).toHaveLength(4096)
})
