import { SETTINGS } from './schema.ts'

const INTRODUCTION = `# Configuration

<!-- Written by \`npm run docs\` from src/config/schema.ts. Change it there. -->

Settings come from \`lamina.yaml\` in the working directory (or the file that \`LAMINA_CONFIG\` names) and from the
environment, which wins. Unknown names and wrong values stop the start. \`lamina config\` shows what is in effect and where
each value came from; secrets are never shown. A variable that is empty counts as not set.

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
\`LAMINA_TOKEN\` (a personal access token of \`lamina token add\`) and \`LAMINA_CA\` (the authority's certificate, if
your machine does not know it).
`

/** docs/configuration.md. */
export function configurationDocument(): string {
  const sections = SETTINGS.map(
    ({ yamlName, environmentName, doc, expects, default: fallback }) =>
      `## ${yamlName}\n\n\`${environmentName}\` · default: ${fallback === undefined ? 'none' : `\`${fallback}\``}\n\n${doc}\nA value is ${expects}.\n`,
  )
  return [INTRODUCTION, ...sections].join('\n')
}
