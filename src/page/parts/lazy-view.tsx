import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Problem } from '../api/client.ts'
import { Failed, Loading } from './states.tsx'

/** A view that is loaded when it is first shown. */
export function lazyView<Name extends string>(
  load: () => Promise<Readonly<Record<Name, ComponentType>>>,
  name: Name,
): ComponentType {
  let loaded: ComponentType | undefined
  return function LazyView() {
    const [failed, setFailed] = useState(false)
    const [, setReady] = useState(loaded !== undefined)
    useEffect(() => {
      if (loaded !== undefined) return
      load().then(
        (module) => {
          loaded = module[name]
          setReady(true)
        },
        () => setFailed(true),
      )
    }, [])
    if (loaded !== undefined) {
      const View = loaded
      return <View />
    }
    return failed ? (
      <Failed problem={OUTDATED} again={() => location.reload()} />
    ) : (
      <Loading what="Loading the view" />
    )
  }
}

/** Names of files change with the version of the server. */
const OUTDATED = new Problem({
  status: 0,
  code: 'PAGE',
  message:
    'this part of the page could not be loaded: the registry does not answer, or is of a newer version by now; load the page again',
})
