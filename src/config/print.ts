import { SETTINGS, type Setting } from './schema.ts'

const INTRODUCTION = `# Configuration

<!-- Written by \`npm run docs\` from src/config/schema.ts. Change it there. -->

Settings come from \`lamina.yaml\` in the working directory (or the file that \`LAMINA_CONFIG\` names) and from the
environment, which wins. Unknown names and wrong values stop the start. \`lamina config\` shows what is in effect and where
each value came from; secrets are never shown. A variable that is empty counts as not set.

A secret may lie in a file of its own, as docker, Kubernetes, systemd and vaults hand them out: \`LAMINA_SECRET_FILE\`
(\`secret-file\` in \`lamina.yaml\`) names one that holds it as its only line. Saying both is refused, and so is a file that
cannot be read. It is read at the start alone. The keys of an S3 lie in a file when \`AWS_SHARED_CREDENTIALS_FILE\` names it.

<!-- checked as: lamina.yaml -->
\`\`\`yaml
# lamina.yaml
listen: 0.0.0.0:5000
data: /var/lib/lamina
tls-cert: /etc/lamina/server.crt
tls-key: /etc/lamina/server.key
trusted-proxies: [10.0.0.0/8, 192.168.1.4]
\`\`\`

The command line, when it is not run beside the server, reads \`LAMINA_URL\` (such as \`https://registry.example:5000\`),
\`LAMINA_TOKEN\` (a personal access token of \`lamina token add\`; or \`LAMINA_TOKEN_FILE\`) and \`LAMINA_CA\` (the
authority's certificate, if your machine does not know it).
`

/** docs/configuration.md. */
export function configurationDocument(): string {
  const sections = SETTINGS.map((setting) => {
    const { yamlName, doc, expects, default: fallback } = setting
    const byDefault = fallback === undefined ? 'none' : `\`${fallback}\``
    return `## ${yamlName}\n\n${namesOf(setting)} · default: ${byDefault}\n\n${doc}\nA value is ${expects}.\n`
  })
  return [INTRODUCTION, ...sections].join('\n')
}

function namesOf({ environmentName, environmentFileName: file }: Setting): string {
  const own = `\`${environmentName}\``
  return file === undefined ? own : `${own}, or \`${file}\` for the path of a file that holds it`
}
