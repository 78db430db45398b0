import type { ImageView as Image } from '../../api/schema.generated.ts'
import { visibleText } from '../../format.ts'

/** What a container of the image is started with. */
export function ConfigPart({ config }: { readonly config: NonNullable<Image['config']> }) {
  const rows: readonly (readonly [name: string, lines: readonly string[]])[] = [
    ['Entrypoint', line(config.entrypoint)],
    ['Command', line(config.cmd)],
    ['User', config.user === undefined || config.user === '' ? [] : [config.user]],
    ['Working directory', config.workingDir === undefined ? [] : [config.workingDir]],
    ['Ports', config.exposedPorts ?? []],
    ['Volumes', config.volumes ?? []],
    ['Stop signal', config.stopSignal === undefined ? [] : [config.stopSignal]],
    ['Environment', config.env ?? []],
    ['Labels', Object.entries(config.labels ?? {}).map(([name, value]) => `${name}=${value}`)],
  ]
  const said = rows.filter(([, lines]) => lines.length > 0)
  if (said.length === 0)
    return <p class="dim">It sets nothing: no command, no user, no environment, no label.</p>
  return (
    <dl class="pairs">
      {said.map(([name, lines]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {lines.map((text) => (
              <code key={text} class="line">
                {visibleText(text)}
              </code>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** Words as the runtime gets them. */
function line(words: readonly string[] | undefined): string[] {
  return words === undefined || words.length === 0
    ? []
    : [`[${words.map((word) => JSON.stringify(word)).join(', ')}]`]
}
