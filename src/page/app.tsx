import type { ComponentType } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { sessionEnded } from './account.ts'
import { listenForKeys } from './keyboard.ts'
import { here, href } from './location.ts'
import { Frame } from './parts/frame.tsx'
import { lazyView } from './parts/lazy-view.tsx'
import { signInHref } from './parts/states.tsx'
import { HomeView } from './views/home/home-view.tsx'

/** The views by their names in the address. Home is at hand at once, the others come when they are asked for. */
const VIEWS: Readonly<Record<string, ComponentType>> = {
  '': HomeView,
  'sign-in': lazyView(() => import('./views/account/sign-in-view.tsx'), 'SignInView'),
  account: lazyView(() => import('./views/account/account-view.tsx'), 'AccountView'),
  repository: lazyView(() => import('./views/repository/repository-view.tsx'), 'RepositoryView'),
  image: lazyView(() => import('./views/image/image-view.tsx'), 'ImageView'),
  file: lazyView(() => import('./views/files/file-view.tsx'), 'FileView'),
  layer: lazyView(() => import('./views/layer/layer-view.tsx'), 'LayerView'),
  grid: lazyView(() => import('./views/grid/grid-view.tsx'), 'GridView'),
  compare: lazyView(() => import('./views/compare/compare-view.tsx'), 'CompareView'),
  pull: lazyView(() => import('./views/pull/pull-view.tsx'), 'PullView'),
  deduplication: lazyView(() => import('./views/deduplication/deduplication-view.tsx'), 'DeduplicationView'),
  upload: lazyView(() => import('./views/upload/upload-view.tsx'), 'UploadView'),
  docs: lazyView(() => import('./views/docs/docs-view.tsx'), 'DocsView'),
  project: lazyView(() => import('./views/project/project-view.tsx'), 'ProjectView'),
}

/** The whole page. */
export function App() {
  const { view } = here.value
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)
  // Before the first view is to be seen: on a busy machine an effect comes a second later, and a key is lost.
  useLayoutEffect(listenForKeys, [])
  useEffect(() => {
    // A reader of screens hears where it came to; the first view is announced by the document.
    if (!first.current) main.current?.focus({ preventScroll: true })
    first.current = false
  }, [view])
  const View = VIEWS[view] ?? NoView
  return (
    <Frame main={main}>
      {sessionEnded.value && (
        <p class="notice" role="alert">
          Your session is over. <a href={signInHref()}>Sign in again</a> to see what is yours.
        </p>
      )}
      <View key={view} />
    </Frame>
  )
}

function NoView() {
  return (
    <p class="notice">
      There is no such view. <a href={href('')}>Go home</a>.
    </p>
  )
}
