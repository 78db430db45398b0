import { GO_KEYS } from '../go-keys.ts'
import { Dialog } from './dialog.tsx'

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['/'], 'Search'],
  ...Object.entries(GO_KEYS).map(([key, [, name]]) => [['g', key], name] as const),
  [['←', '→', '↑', '↓'], 'Move in a grid, a tree or a chart'],
  [['Enter'], 'Open what is focused'],
  [['Home', 'End'], 'First and last'],
  [['l'], 'Lock the column (grid)'],
  [['Esc'], 'Close, or give up'],
  [['?'], 'This map'],
]

/** All keys of the page. */
export function KeyMap({ close }: { readonly close: () => void }) {
  return (
    <Dialog title="Keys" close={close}>
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
