import { useEffect } from 'preact/hooks'

/** What the window and the history call the view. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === '' ? 'Lamina' : `${title} · Lamina`
  }, [title])
}
