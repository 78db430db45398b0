import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { freePort } from '../servers/free-port.ts'
import { finish, must, Server } from '../servers/processes.ts'
import type { S3 } from '../servers/s3.ts'

const DEBIAN = ['docker-registry', 'nginx', 'wrk', 'curl', 'openssl']

/** Fails with the command to run when a program that is measured, or measures, is not installed. */
export async function requirePrograms(): Promise<void> {
  const { code } = await finish('sh', ['-c', `command -v ${DEBIAN.join(' && command -v ')}`])
  if (code !== 0)
    throw new Error(
      'the benchmark needs Debian packages: apt-get install --no-install-recommends docker-registry nginx-light wrk curl openssl',
    )
}

/** `docker-registry 2.8.2+ds1-…, nginx 1.22.1-…` as Debian names them. */
export async function peerVersions(): Promise<string> {
  const format = ['--showformat=${Package} ${Version}\n']
  const { stdout } = await finish('dpkg-query', ['-W', ...format, 'docker-registry', 'nginx-common', 'wrk'])
  return stdout.trim().replace('nginx-common', 'nginx').replaceAll('\n', ', ')
}

export interface Peer {
  readonly url: string
  readonly server: Server
}

/** Debian's registry with its filesystem driver; no authentication and no access log, both to its advantage. */
export async function startDockerRegistry(folder: string): Promise<Peer> {
  const port = await freePort()
  const data = path.join(folder, 'docker-registry')
  await rm(data, { recursive: true, force: true })
  await mkdir(data)
  const config = path.join(folder, 'docker-registry.yml')
  await writeFile(
    config,
    `version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: '${data}'}}\nhttp: {addr: '127.0.0.1:${port}'}\n`,
  )
  const server = await Server.start('bench-docker-registry', 'docker-registry', ['serve', config])
  return answering(server, port, '/v2/')
}

/** The same with its S3 driver, proxying all bytes. */
export async function startRegistryOnS3(folder: string, s3: S3, bucket: string): Promise<Peer> {
  const port = await freePort()
  const config = path.join(folder, 'docker-registry-s3.yml')
  const { accessKey, secretKey } = s3.keys
  const place = `regionendpoint: '${s3.url}', region: us-east-1, secure: false, bucket: '${bucket}', rootdirectory: /peer`
  await writeFile(
    config,
    `version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {s3: {accesskey: '${accessKey}', secretkey: '${secretKey}', ${place}}, redirect: {disable: true}}\nhttp: {addr: '127.0.0.1:${port}'}\n`,
  )
  // Its SDK ends with a panic when this names a file.
  const env = { AWS_CA_BUNDLE: '' }
  const server = await Server.start('bench-docker-registry-s3', 'docker-registry', ['serve', config], { env })
  return answering(server, port, '/v2/')
}

/** nginx with one worker that serves `folder/www` with sendfile, without an access log. */
export async function startNginx(folder: string): Promise<Peer> {
  const port = await freePort()
  const config = path.join(folder, 'nginx.conf')
  await writeFile(
    config,
    `daemon off;\nworker_processes 1;\npid ${folder}/nginx.pid;\nerror_log ${folder}/nginx.err;\nevents {}\nhttp {\n  access_log off;\n  sendfile on;\n  tcp_nopush on;\n  server {\n    listen 127.0.0.1:${port};\n    root ${folder}/www;\n  }\n}\n`,
  )
  // Its workers are another user, who must get through to the file.
  await must('chmod', ['o+x', folder])
  const server = await Server.start('bench-nginx', 'nginx', ['-c', config])
  return answering(server, port, '/')
}

async function answering(server: Server, port: number, probe: string): Promise<Peer> {
  const url = `http://127.0.0.1:${port}`
  await server.until(async () =>
    (await finish('curl', ['-s', '-o', '/dev/null', `${url}${probe}`])).code === 0 ? true : undefined,
  )
  return { url, server }
}
