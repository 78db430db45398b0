import http from 'node:http'
import { listen } from '../servers/loopback.ts'

/** A proxy as people put them: it serves a registry below a path, which it takes off before it asks. */
export async function startPrefixProxy(
  target: string,
  prefix: string,
): Promise<{ url: string; close: () => void }> {
  const server = http.createServer((request, response) => {
    const asked = request.url ?? '/'
    if (!asked.startsWith(prefix)) {
      response.writeHead(404).end('not below the path')
      return
    }
    const passed = http.request(
      new URL(`/${asked.slice(prefix.length)}`, target),
      { method: request.method, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    passed.on('error', () => response.writeHead(502).end())
    request.pipe(passed)
  })
  const port = await listen(server)
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
