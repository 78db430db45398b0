import { useEffect } from 'preact/hooks'
import { account } from '../../account.ts'
import { call } from '../../api/client.ts'
import type { LayerIndex } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { shortDigest, visibleText } from '../../format.ts'
import { here, href, setQuery } from '../../location.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Answered } from '../../parts/states.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { FileContent } from '../files/file-content.tsx'
import { readFilter } from '../files/file-filter.ts'
import { pathQuery, readFilePath } from '../files/file-path.ts'
import { FindFiles } from '../files/find-files.tsx'
import { FoundFiles } from '../files/found-files.tsx'
import { isPending, PATIENCE } from '../files/index-states.ts'
import { LayerDirectory } from '../files/layer-directory.tsx'
import { LayerFacts } from './layer-facts.tsx'
import { LayerUsers } from './layer-users.tsx'

/** One layer: what is in it, and who uses it. */
export function LayerView() {
  const { query } = here.value
  const digest = query.get('digest') ?? ''
  useTitle(`Layer ${shortDigest(digest)}`)
  const asked = useAnswer(`index of ${digest}`, (signal) =>
    call('getLayerIndex', { params: { digest } }, signal),
  )
  const pending = asked.value !== undefined && isPending(asked.value.state)
  useEffect(() => {
    if (!pending) return undefined
    const timer = setTimeout(asked.again, PATIENCE)
    return () => clearTimeout(timer)
  }, [pending, asked.value])
  return (
    <Answered asked={asked} what="Reading about the layer" title={`Layer ${shortDigest(digest)}`}>
      {(index) => (
        <>
          <div class="heading">
            <h1>
              Layer <span class="mono">{shortDigest(digest)}</span>
            </h1>
            <CopyButton text={digest} what="digest" />
            {isAdministrator() && <Rebuild index={index} again={asked.again} />}
          </div>
          <LayerFacts index={index} />
          {index.warnings?.map((warning) => (
            <p key={warning} class="notice">
              {visibleText(warning)}
            </p>
          ))}
          <div class="panes">
            <section aria-label="Who uses it">
              <h2>Who uses it</h2>
              <LayerUsers digest={digest} />
            </section>
            <section aria-label={index.state === 'unsupported' ? 'Content' : 'Files'}>
              <h2>{index.state === 'unsupported' ? 'What is in it' : 'Files of this layer alone'}</h2>
              {index.state === 'unsupported' ? (
                <FileContent source={{ bytesOf: digest }} />
              ) : index.state === 'done' || isPending(index.state) ? (
                <LayerFiles digest={digest} />
              ) : (
                <p class="dim">There are none to show.</p>
              )}
            </section>
          </div>
        </>
      )}
    </Answered>
  )
}

/** Directory by directory, or those that are looked for. */
function LayerFiles({ digest }: { readonly digest: string }) {
  const { query } = here.value
  const filter = readFilter(query)
  return (
    <>
      <FindFiles />
      {filter === undefined ? (
        <LayerDirectory
          layer={digest}
          path={readFilePath(query)}
          isChosen={() => false}
          open={(path) => setQuery({ ...pathQuery(path), pages: undefined })}
        />
      ) : (
        <FoundFiles
          of={digest}
          filter={filter}
          ask={(question, signal) => call('findLayerFiles', { params: { digest }, query: question }, signal)}
        >
          {({ path, pathRaw, kind }) => {
            const place = pathQuery(pathRaw === undefined ? { path } : { pathRaw })
            return {
              name: (
                <a
                  class="mono"
                  href={
                    kind === 'dir'
                      ? href('layer', { digest, ...place })
                      : href('file', { layer: digest, ...place })
                  }
                >
                  <bdi>{path}</bdi>
                </a>
              ),
            }
          }}
        </FoundFiles>
      )}
    </>
  )
}

function isAdministrator(): boolean {
  const who = account.value
  return who?.kind === 'user' && who.admin
}

/** Looks into the layer again: after a newer version, or when it was damaged and has been mended. */
function Rebuild({ index, again }: { readonly index: LayerIndex; readonly again: () => void }) {
  if (isPending(index.state)) return null
  const rebuild = () => {
    call('rebuildLayerIndex', { params: { digest: index.layer } }).then(again, again)
  }
  return (
    <button type="button" class="link" onClick={rebuild}>
      index it again
    </button>
  )
}
