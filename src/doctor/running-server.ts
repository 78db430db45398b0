import { bad, type Finding, good, warning } from './finding.ts'

/** What the running server says of itself. */
export interface ServerState {
  /** Why it is not ready; undefined when it is. */
  readonly notReady: string | undefined
  readonly jobs: readonly {
    readonly name: string
    readonly error?: string | undefined
  }[]
  readonly failures: readonly { readonly job: string; readonly item: string; readonly message: string }[]
  readonly damaged: number
}

/** The server beside us, by what it says itself. */
export function checkServer(state: ServerState | undefined): Finding[] {
  if (state === undefined)
    return [
      warning(
        'server',
        'no server answers on the control socket: what only it knows was not looked at',
        'Start it with `lamina serve`, and run this as the same user with the same LAMINA_DATA.',
      ),
    ]
  return [ready(state), background(state), damaged(state)]
}

function ready({ notReady }: ServerState): Finding {
  if (notReady === undefined) return good('server', 'it is ready')
  return bad(
    'server',
    `it is not ready: ${notReady}`,
    'Mend what it waits for; load balancers send it nothing until then.',
  )
}

function background({ jobs, failures }: ServerState): Finding {
  const failed = jobs.filter(({ error }) => error !== undefined)
  const [first] = failed
  if (first !== undefined)
    return bad(
      'background',
      `${failed.length} jobs failed in their last run: ${first.name}: ${first.error}`,
      'Space is not given back and damage not found until they work again; the server’s log says more.',
    )
  const [item] = failures
  if (item === undefined) return good('background', 'no job has failed')
  return warning(
    'background',
    `${failures.length} items could not be done, the first in ${item.job}: ${item.message}`,
    '`lamina maintenance show` lists them, and when each is tried again.',
  )
}

function damaged({ damaged: count }: ServerState): Finding {
  if (count === 0) return good('damage', 'no blob is known to be damaged')
  return bad(
    'damage',
    `${count} blobs are damaged and answer 404`,
    '`lamina damaged` says which, and who uses them; pushing their images again heals them.',
  )
}
