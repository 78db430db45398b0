import { hostname } from 'node:os'
import { isLoopback, joinHostPort } from '../config/address.ts'
import type { Config } from '../config/schema.ts'

type Place = Pick<Config, 'listen' | 'publicUrl' | 'tlsCert'>

/** The text of a first start: who may log in, and what to type next. */
export function firstSteps(config: Place, port: number, password: string): string {
  const registry = registryName(config, port)
  return `
Lamina is ready. User admin, password (shown only this once):

    ${password}

Try it:
    docker login ${registry} -u admin
    docker tag alpine ${registry}/demo/alpine
    docker push ${registry}/demo/alpine

Lost the password? \`lamina user password admin\` makes a new one.

`
}

/** The text of a first start that failed once it had made the user: the next start will not make it again. */
export function passwordOfFailedStart(password: string): string {
  return `
The start failed after it had made the user admin. Its password (shown only this once):

    ${password}

`
}

/** What clients put before the first slash. docker trusts plain HTTP on localhost alone. */
function registryName({ listen, publicUrl }: Place, port: number): string {
  if (publicUrl !== undefined) return new URL(publicUrl).host
  return joinHostPort(listen.host === undefined || isLoopback(listen.host) ? 'localhost' : listen.host, port)
}

/** What to do when other machines reach this server without TLS; undefined when they don't, or do by HTTPS. */
export function plainHttpAdvice({ listen, publicUrl, tlsCert }: Place): string | undefined {
  if (isLoopback(listen.host) || tlsCert !== undefined || publicUrl?.startsWith('https:') === true)
    return undefined
  return `other machines reach this server by plain HTTP, which docker refuses and which shows passwords to the network: run \`lamina tls init --name ${hostname()}\`, or set LAMINA_PUBLIC_URL to the https address of the proxy in front`
}
