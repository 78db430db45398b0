import { useEffect, useState } from 'preact/hooks'
import { Icon } from './icon.tsx'

/** Copies a text and says so for a moment. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [done, setDone] = useState<'copied' | 'failed' | undefined>(undefined)
  useEffect(() => {
    if (done === undefined) return undefined
    const timer = setTimeout(() => setDone(undefined), 2000)
    return () => clearTimeout(timer)
  }, [done])
  const copy = () => {
    copyText(text).then(
      () => setDone('copied'),
      () => setDone('failed'),
    )
  }
  const label = done === undefined ? `Copy the ${what}` : done
  return (
    <button type="button" class="icon-button copy" title={label} aria-label={label} onClick={copy}>
      <Icon name={done === 'copied' ? 'check' : 'copy'} />
      <span class="sr" role="status">
        {done === undefined ? '' : done}
      </span>
    </button>
  )
}

/** The clipboard's own interface is there on https and localhost alone; elsewhere a selection does it. */
async function copyText(text: string): Promise<void> {
  if (window.isSecureContext) {
    await navigator.clipboard.writeText(text)
    return
  }
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'sr'
  document.body.append(area)
  area.select()
  // oxlint-disable-next-line typescript/no-deprecated -- the only way on plain http, where a team's registry may be
  const copied = document.execCommand('copy')
  area.remove()
  if (!copied) throw new Error('the browser did not copy')
}
