import { resolve } from 'node:path'
import { joinHostPort } from '../config/address.ts'
import { loadConfig } from '../config/load.ts'
import type { TlsFiles } from '../tls/files.ts'
import { type CertificateName, parseCertificateName } from '../tls/name.ts'
import { type Command, type Input, type Output, optionValue } from './command.ts'
import { CommandError, UsageError } from './failures.ts'

export const commands: readonly Command[] = [
  {
    words: 'tls init',
    summary: 'Make an authority and a certificate for HTTPS, and say what other machines need.',
    details: `Writes ca.crt, ca.key, server.crt and server.key. localhost is always among the names. Called again, it keeps
the authority and renews the certificate, which a running server takes up by itself.`,
    options: {
      name: {
        value: 'NAME',
        doc: 'Host name or IP address under which clients reach the registry. May be repeated.',
        required: true,
        multiple: true,
      },
      out: { value: 'DIR', doc: 'Where to write the files. Default: ./tls' },
    },
    run: init,
  },
]

async function init(input: Input): Promise<Output> {
  const { context, values } = input
  const names = (values.get('name') ?? []).map(readName)
  const directory = resolve(context.directory, optionValue(input, 'out') ?? 'tls')
  const { config } = await loadConfig(context.environment, context.directory)
  const port = config.listen.port === 0 ? 5000 : config.listen.port
  const registries = names.map(({ value }) => (port === 443 ? value : joinHostPort(value, port)))
  // Heavy, and of no use to the other commands.
  const { makeTlsFiles } = await import('../tls/files.ts')
  const files = await makeTlsFiles(directory, names, Date.now()).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CommandError(`The files in ${directory} cannot be made: ${why}.`, { cause })
  })
  return { value: { ...files, registries }, text: explain(files, registries, port) }
}

function readName(text: string): CertificateName {
  const name = parseCertificateName(text)
  if (name !== undefined) return name
  throw new UsageError(`--name is "${text}"; it must be a host name or an IP address, without a port.`)
}

function explain(files: TlsFiles, registries: readonly string[], port: number): string {
  const made = files.renewed
    ? 'The certificate is renewed; the authority is the same as before.'
    : 'Authority and certificate made.'
  const copies = registries.flatMap((registry) => [
    `    docker:     /etc/docker/certs.d/${registry}/ca.crt`,
    `    podman:     /etc/containers/certs.d/${registry}/ca.crt`,
    `    containerd: /etc/containerd/certs.d/${registry}/ca.crt`,
  ])
  return `${made}

Start the server with:
    LAMINA_LISTEN=0.0.0.0:${port} LAMINA_TLS_CERT=${files.certificate} LAMINA_TLS_KEY=${files.key} lamina serve

On every machine that pushes or pulls, put a copy of ${files.authority} at
${copies.join('\n')}
No restart is needed there. For the lamina command: LAMINA_CA=ca.crt.

Keep ${files.authorityKey} to yourself: whoever has it can pretend to be this registry.`
}
