import type { RefObject } from 'preact'
import { useEffect, useState } from 'preact/hooks'

/** How far from what is in sight, in heights of the frame, groups are drawn. */
const AROUND = '100% 0%'

/** The groups (`data-group`) in a frame that are in sight or near, as it is scrolled; none at first, and none of none. */
export function useNear(frame: RefObject<HTMLElement | null>, groups: number): ReadonlySet<number> {
  const [near, setNear] = useState<ReadonlySet<number>>(new Set())
  useEffect(() => {
    const { current } = frame
    if (current === null || groups === 0) return undefined
    const observer = new IntersectionObserver(
      (seen) =>
        setNear((before) => {
          const after = new Set(before)
          for (const { target, isIntersecting } of seen) {
            const group = Number(target.getAttribute('data-group'))
            if (isIntersecting) after.add(group)
            else after.delete(group)
          }
          return after
        }),
      { root: current, rootMargin: AROUND },
    )
    for (const group of current.querySelectorAll('[data-group]')) observer.observe(group)
    return () => observer.disconnect()
  }, [frame, groups])
  return near
}
