import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

/** Something that may be wider or taller than its place. Then it is reached by Tab, so that arrows scroll it. */
export function Scroll({
  label = 'Table',
  kind = '',
  children,
}: {
  readonly label?: string
  /** A class of its own. */
  readonly kind?: string
  readonly children: ComponentChildren
}) {
  const element = useRef<HTMLDivElement>(null)
  const [overflows, setOverflows] = useState(false)
  useEffect(() => {
    const { current } = element
    if (current === null) return undefined
    const observer = new ResizeObserver(() =>
      setOverflows(current.scrollWidth > current.clientWidth || current.scrollHeight > current.clientHeight),
    )
    observer.observe(current)
    for (const child of current.children) observer.observe(child)
    return () => observer.disconnect()
  }, [])
  return (
    <div
      ref={element}
      class={`scroll ${kind}`}
      {...(overflows && { tabIndex: 0, role: 'region', 'aria-label': label })}
    >
      {children}
    </div>
  )
}
