import { useEffect, useRef, useState } from 'preact/hooks'
import { noteProblem } from '../../account.ts'
import type { Problem } from '../../api/client.ts'
import { asProblem } from '../../api/use-answer.ts'
import { here, setQuery } from '../../location.ts'
import { ImageField } from '../../parts/image-field.tsx'
import { Failed } from '../../parts/states.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { DropZone } from './drop-zone.tsx'
import { NOTHING_YET, type Sending, sendArchive } from './send-archive.ts'
import { SendingPart } from './sending-part.tsx'
import './upload.css'

/** Images in without docker: an archive, of which only what the registry does not have is sent. */
export function UploadView() {
  useTitle('Upload')
  const target = here.value.query.get('to') ?? ''
  const [file, setFile] = useState<File | undefined>(undefined)
  const upload = useUpload()
  const submit = (event: Event) => {
    event.preventDefault()
    if (file !== undefined && target !== '') upload.begin(file, target)
  }
  return (
    <>
      <div class="heading">
        <h1>Upload</h1>
      </div>
      <p class="dim">
        What <code>docker save</code>, <code>podman save</code>, <code>skopeo copy</code> or{' '}
        <code>crane pull</code> wrote: a docker archive or an OCI layout in one file. Layers that are here are
        not sent.
      </p>
      <form class="form upload" onSubmit={submit}>
        <label>
          Goes to
          <ImageField label="Goes to" value={target} change={(to) => setQuery({ to }, { replace: true })} />
          <small>
            <code>project/name:tag</code> for an archive of one image, or <code>project/name</code> and each
            keeps its tag.
          </small>
        </label>
        <DropZone file={file} choose={setFile} />
        <p class="bar">
          <button type="submit" class="button" disabled={file === undefined || target === '' || upload.busy}>
            {upload.problem === undefined ? 'Send' : 'Send again'}
          </button>
          {upload.busy && (
            <button type="button" class="button quiet" onClick={upload.stop}>
              Stop
            </button>
          )}
        </p>
      </form>
      {upload.problem !== undefined && (
        <>
          <Failed problem={upload.problem} />
          {(upload.problem.status === 0 || upload.problem.status >= 500) && (
            <p class="dim">What came whole is kept for a while: sent again, it goes on from there.</p>
          )}
        </>
      )}
      {upload.now !== undefined && (upload.busy || upload.now.pieces !== undefined || upload.now.images) && (
        <SendingPart now={upload.now} busy={upload.busy} target={target} />
      )}
    </>
  )
}

/** One archive at a time, and what became of it. Leaving while it is sent is asked about. */
function useUpload() {
  const [now, setNow] = useState<Sending | undefined>(undefined)
  const [problem, setProblem] = useState<Problem | undefined>(undefined)
  const [busy, setBusy] = useState(false)
  const control = useRef<AbortController | undefined>(undefined)
  useEffect(() => () => control.current?.abort(), [])
  useEffect(() => {
    if (!busy) return undefined
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [busy])
  const begin = (file: File, target: string) => {
    if (busy) return
    const own = new AbortController()
    control.current = own
    setBusy(true)
    setProblem(undefined)
    setNow(NOTHING_YET)
    sendArchive(file, target, { signal: own.signal, show: setNow }).then(
      () => setBusy(false),
      (error: unknown) => {
        setBusy(false)
        if (own.signal.aborted) {
          setNow(undefined)
          return
        }
        const known = asProblem(error)
        noteProblem(known)
        setProblem(known)
      },
    )
  }
  return { now, problem, busy, begin, stop: () => control.current?.abort() }
}
