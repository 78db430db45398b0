import { call } from '../../api/client.ts'
import type { Hints, ImageView as Image } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { Answered } from '../../parts/states.tsx'
import { missingText } from '../files/index-states.ts'
import { FileLink, StepLinks } from './file-link.tsx'

const KINDS: Readonly<Record<Hints['files'][number]['kind'], string>> = {
  'private-key': 'named like a private key',
  credentials: 'named like stored credentials',
  'environment-file': 'named like a file of secrets for the environment',
  repository: 'the history of a source repository',
  setuid: 'runs with the rights of its owner or group',
  'world-writable': 'anyone in the container may write to it',
}

/** What is known of an image's hints; asked for by whoever shows some of it. */
export function useHints(ref: string | undefined) {
  return useAnswer(ref && `hints ${ref}`, (signal) => call('getHints', { query: { ref: ref ?? '' } }, signal))
}

/** What deserves a look: secrets that were shipped, also those that a later step removed, and surprising rights. */
export function HintsPart({ image }: { readonly image: Image }) {
  const asked = useHints(image.ref)
  return (
    <Answered asked={asked} what="Looking for secrets and surprising rights">
      {(hints) => (
        <>
          {hints.missing.length > 0 && (
            <p class="notice" role="status">
              Not looked at: {hints.missing.map((one) => missingText(image, one)).join(', ')}.
            </p>
          )}
          {hints.files.length + hints.words.length === 0 ? (
            <p class="dim">No name looks like a secret, and no file has surprising rights.</p>
          ) : (
            <HintTable image={image} hints={hints} />
          )}
          <p class="dim">
            By names and rights alone: no file is read for this, so a secret under another name is not found.
            {hints.more && ' There are more of some kind than a hundred.'}
          </p>
        </>
      )}
    </Answered>
  )
}

function HintTable({ image, hints: { files, words } }: { readonly image: Image; readonly hints: Hints }) {
  return (
    <Scroll label="Hints">
      <table class="stacks">
        <thead>
          <tr>
            <th>What</th>
            <th>Why</th>
            <th>Where</th>
          </tr>
        </thead>
        <tbody>
          {words.map(({ name, step }) => (
            <tr key={`${name} ${step}`}>
              <td class="wrap">
                <bdi class="mono">{name}</bdi>
              </td>
              <td data-label="Why">a value that everybody who pulls can read</td>
              <td data-label="Where">{step === undefined ? 'environment' : `step ${step}`}</td>
            </tr>
          ))}
          {files.map(({ path, kind, layers, hidden }) => (
            <tr key={`${kind} ${path}`}>
              <td class="wrap">
                <FileLink image={image} path={path} layer={layers.at(-1)} />
              </td>
              <td class="wrap" data-label="Why">
                {KINDS[kind]}
                {hidden && <span class="warn"> ⚠ removed later, still in every pull</span>}
              </td>
              <td data-label="Where">
                <StepLinks image={image} layers={layers} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}
