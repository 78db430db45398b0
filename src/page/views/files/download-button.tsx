import { useEffect, useRef, useState } from 'preact/hooks'
import { asProblem } from '../../api/use-answer.ts'
import { percentText, visibleText } from '../../format.ts'
import { type FileSource, readPart } from './file-source.ts'

/** Bytes of one answer; the server gives no more. */
const PART = 4 * 1024 * 1024

/** Saves a file as it is, part by part, saying how far it is; a second press gives up. */
export function DownloadButton({
  source,
  size,
  name,
}: {
  readonly source: FileSource
  readonly size: number
  readonly name: string
}) {
  const running = useRef<AbortController | undefined>(undefined)
  const [said, setSaid] = useState<string | undefined>(undefined)
  useEffect(() => () => running.current?.abort(), [])
  const start = async (control: AbortController) => {
    const parts: BlobPart[] = []
    for (let offset = 0; offset < size; offset += PART) {
      setSaid(`${percentText(offset / size)} – give up`)
      const { bytes } = await readPart(source, { offset, length: PART, raw: '1' }, control.signal)
      parts.push(bytes)
    }
    save(new Blob(parts, { type: 'application/octet-stream' }), name)
    setSaid(undefined)
  }
  const press = () => {
    running.current?.abort()
    if (running.current !== undefined) {
      running.current = undefined
      setSaid(undefined)
      return
    }
    const control = new AbortController()
    running.current = control
    start(control).then(
      () => {
        running.current = undefined
      },
      (error: unknown) => {
        if (control.signal.aborted) return
        running.current = undefined
        setSaid(`Failed: ${asProblem(error).message}`)
      },
    )
  }
  return (
    <button type="button" class="button quiet" onClick={press}>
      {said ?? 'Download'}
    </button>
  )
}

function save(content: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = visibleText(name)
  link.click()
  URL.revokeObjectURL(link.href)
}
