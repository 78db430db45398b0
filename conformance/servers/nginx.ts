import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Certificates } from './certificates.ts'
import { freePort } from './free-port.ts'
import { Server } from './processes.ts'
import { scratchFolder } from './workspace.ts'

/** What stands behind the balancer, and how clients reach it. */
export interface NginxOptions {
  /** Names the log file. */
  name: string
  /** Ports on loopback, asked in turn. */
  upstreams: readonly number[]
  tls?: Certificates
  /** A port to listen on; a free one unless told. */
  port?: number
}

/** Debian's nginx as a load balancer: each request goes to the next server, whoever sends it. */
export class Nginx {
  readonly port: number
  readonly #options: NginxOptions
  readonly #folder: Awaited<ReturnType<typeof scratchFolder>>
  #server: Server

  private constructor(
    options: NginxOptions,
    at: { port: number; folder: Awaited<ReturnType<typeof scratchFolder>> },
    server: Server,
  ) {
    this.#options = options
    this.port = at.port
    this.#folder = at.folder
    this.#server = server
  }

  /** Starts it and waits until it listens. */
  static async start(options: NginxOptions): Promise<Nginx> {
    const folder = await scratchFolder('nginx')
    // Its worker is another user when root starts it.
    await chmod(folder.path, 0o755)
    const port = options.port ?? (await freePort())
    await writeFile(path.join(folder.path, 'nginx.conf'), configuration(options, port, folder.path))
    await mkdir(path.join(folder.path, 'temporary'), { mode: 0o777 })
    const server = await launch(options, port, folder.path)
    return new Nginx(options, { port, folder }, server)
  }

  /** http://127.0.0.1:PORT or https://… */
  get url(): string {
    return `${this.#options.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`
  }

  /** Starts again after `kill`. */
  async restart(): Promise<void> {
    this.#server = await launch(this.#options, this.port, this.#folder.path)
  }

  async stop(): Promise<void> {
    await this.#server.stop()
    await this.#folder.remove()
  }
}

async function launch({ name }: NginxOptions, port: number, folder: string): Promise<Server> {
  const server = await Server.start(name, '/usr/sbin/nginx', [
    '-p',
    folder,
    '-c',
    path.join(folder, 'nginx.conf'),
    '-e',
    'stderr',
  ])
  await server.until(() => answers(port))
  return server
}

/** Any answer will do, also that nobody is behind it yet. */
async function answers(port: number): Promise<true | undefined> {
  try {
    await (await fetch(`http://127.0.0.1:${port}/healthz`)).arrayBuffer()
    return true
  } catch (error) {
    // A TLS port closes a plain connection: it listens.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined
    return cause !== undefined && 'code' in cause && cause.code === 'ECONNREFUSED' ? undefined : true
  }
}

/** docs/cluster.md explains each line that a registry needs. */
function configuration({ upstreams, tls }: NginxOptions, port: number, folder: string): string {
  const servers = upstreams.map((upstream) => `server 127.0.0.1:${upstream} max_fails=1 fail_timeout=1s;`)
  const secure = tls ? ` ssl;\n    ssl_certificate ${tls.cert};\n    ssl_certificate_key ${tls.key}` : ''
  return `daemon off;
# One worker, so that two requests in a row never reach the same replica.
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/temporary;
  proxy_temp_path ${folder}/temporary;
  upstream lamina {
    ${servers.join('\n    ')}
    keepalive 64;
  }
  server {
    listen 127.0.0.1:${port}${secure};
    client_max_body_size 0;
    large_client_header_buffers 8 128k;
    keepalive_timeout 100s 100s;
    proxy_http_version 1.1;
    proxy_request_buffering off;
    proxy_buffering off;
    proxy_connect_timeout 2s;
    proxy_read_timeout 15m;
    proxy_send_timeout 15m;
    proxy_socket_keepalive on;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host "";
    proxy_set_header Forwarded "";
    error_page 502 504 = @unavailable;
    location / { proxy_pass http://lamina; }
    location @unavailable {
      internal;
      add_header Retry-After 2 always;
      return 503;
    }
  }
}
`
}
