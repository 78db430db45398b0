import { useState } from 'preact/hooks'
import { sizeText, visibleText } from '../../format.ts'

/** Where an archive is dropped, or chosen. */
export function DropZone({
  file,
  choose,
}: {
  readonly file: File | undefined
  readonly choose: (file: File) => void
}) {
  const [over, setOver] = useState(false)
  const take = (files: FileList | null | undefined) => {
    const first = files?.item(0)
    if (first !== null && first !== undefined) choose(first)
  }
  return (
    <label
      class={`drop${over ? ' over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        take(event.dataTransfer?.files)
      }}
    >
      <span>
        {file === undefined ? (
          'Drop an archive here, or choose one'
        ) : (
          <>
            <strong>{visibleText(file.name)}</strong>, {sizeText(file.size)}
          </>
        )}
      </span>
      <input type="file" aria-label="Archive" onChange={(event) => take(event.currentTarget.files)} />
    </label>
  )
}
