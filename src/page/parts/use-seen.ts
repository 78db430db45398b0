import { useEffect, useRef, useState } from 'preact/hooks'

/** Whether an element has been in sight: what is below the fold asks the server for nothing. */
export function useSeen<Kind extends Element>() {
  const ref = useRef<Kind>(null)
  const [seen, setSeen] = useState(false)
  useEffect(() => {
    const element = ref.current
    if (element === null || seen) return undefined
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true)
      },
      { rootMargin: '200px' },
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [seen])
  return { ref, seen }
}
