import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon } from './icon.tsx'

/** Copies a text and says so for a moment. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [done, setDone] = useState<'copied' | 'failed' | undefined>(undefined)
  useEffect(() => {
    if (done === undefined) return undefined
    const timer = setTimeout(() => setDone(undefined), 2000)
    return () => clearTimeout(timer)
  }, [done])
  const button = useRef<HTMLButtonElement>(null)
  const copy = () => {
    copyText(text, button.current).then(
      () => setDone('copied'),
      () => setDone('failed'),
    )
  }
  const label = done === undefined ? `Copy the ${what}` : done
  return (
    <button
      ref={button}
      type="button"
      class="icon-button copy"
      title={label}
      aria-label={label}
      onClick={copy}
    >
      <Icon name={done === 'copied' ? 'check' : 'copy'} />
      <span class="sr" role="status">
        {done === undefined ? '' : done}
      </span>
    </button>
  )
}

/** The clipboard's own interface is there on https and localhost alone; elsewhere a selection does it. */
async function copyText(text: string, button: HTMLElement | null): Promise<void> {
  if (window.isSecureContext) {
    await navigator.clipboard.writeText(text)
    return
  }
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'sr'
  // Beside the button: outside of an open dialog nothing can be selected, and what was copied before would stay.
  button?.after(area)
  area.select()
  // oxlint-disable-next-line typescript/no-deprecated -- the only way on plain http, where a team's registry may be
  const copied = document.execCommand('copy')
  area.remove()
  button?.focus()
  if (!copied) throw new Error('the browser did not copy')
}
