import { useState } from 'preact/hooks'
import { nameOfAccount } from '../../account.ts'
import type { ProjectView, TagSummary } from '../../api/schema.generated.ts'
import { visibleText } from '../../format.ts'
import { here, href, setQuery } from '../../location.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { Ago, Digest, Size } from '../../parts/values.tsx'
import { isArtifactType, pullCommand } from '../../pull-command.ts'
import { DeleteButton } from './delete-button.tsx'
import { KeepButton } from './keep-button.tsx'
import { lit } from './lit.ts'
import type { Push } from './pushes.ts'
import { TagHistory } from './tag-history.tsx'

/** Platforms that are shown of one tag; the others are counted. */
const PLATFORMS = 2
/** Characters of a type that are shown: a manifest may say any. */
const TYPE = 100

/** Each from the least; people ask for the latest, largest or highest first. */
const SORTS = {
  pushed: (a: Push, b: Push) => (a.tag.pushed < b.tag.pushed ? -1 : 1),
  tag: (a: Push, b: Push) => a.tag.tag.localeCompare(b.tag.tag, 'en', { numeric: true }),
  size: (a: Push, b: Push) => a.tag.size - b.tag.size,
  new: (a: Push, b: Push) => (a.fresh ?? -1) - (b.fresh ?? -1),
  pulled: (a: Push, b: Push) => ((a.tag.pulled ?? '') < (b.tag.pulled ?? '') ? -1 : 1),
} as const

function isSort(text: string | null): text is keyof typeof SORTS {
  return text !== null && Object.hasOwn(SORTS, text)
}

/** The tags as rows. Two that are chosen can be compared. */
export function TagTable({
  repository,
  pushes,
  may,
  changed,
}: {
  readonly repository: string
  readonly pushes: readonly Push[]
  readonly may: ProjectView['may']
  readonly changed: () => void
}) {
  const [chosen, setChosen] = useState<readonly string[]>([])
  const wanted = here.value.query.get('sort')
  const sort = isSort(wanted) ? wanted : 'pushed'
  const rises = here.value.query.get('order') === 'rising'
  const sorted = pushes.toSorted(SORTS[sort])
  const choose = (tag: string, on: boolean) =>
    setChosen((before) => (on ? [...before, tag].slice(-2) : before.filter((one) => one !== tag)))
  // The older of the two is what the newer one is compared with.
  const pair = pushes
    .filter(({ tag }) => chosen.includes(tag.tag))
    .toSorted((a, b) => (a.tag.pushed < b.tag.pushed ? -1 : 1))
    .map(({ tag }) => `${repository}:${tag.tag}`)
  return (
    <>
      <Scroll>
        <table class="tags">
          <Head sort={sort} rises={rises} />
          <tbody>
            {(rises ? sorted : sorted.toReversed()).map(({ tag, fresh, platforms }) => {
              return (
                <tr
                  key={tag.tag}
                  class={lit.value === tag.tag ? 'lit' : ''}
                  onMouseEnter={() => (lit.value = tag.tag)}
                  onMouseLeave={() => (lit.value = undefined)}
                >
                  <td>
                    <input
                      type="checkbox"
                      aria-label={`Choose ${tag.tag} to compare`}
                      checked={chosen.includes(tag.tag)}
                      onChange={(event) => choose(tag.tag, event.currentTarget.checked)}
                    />
                  </td>
                  <td class="of-tag">
                    <TagName repository={repository} tag={tag} />
                  </td>
                  <td class="of-digest">
                    <Digest digest={tag.digest} />
                  </td>
                  <td class="of-platform">
                    <Platforms of={platforms} />
                  </td>
                  <td class="number">
                    <Size bytes={tag.size} />
                  </td>
                  <td class="number">
                    {fresh === undefined ? <span class="dim">–</span> : <Size bytes={fresh} />}
                  </td>
                  <td>
                    <Ago date={tag.pushed} />
                  </td>
                  <td class="dim by">{nameOfAccount(tag.by)}</td>
                  <td class="pulled">
                    {tag.pulled === undefined ? <span class="dim">–</span> : <Ago date={tag.pulled} />}
                  </td>
                  <td>
                    <RowActions repository={repository} tag={tag} may={may} changed={changed} />
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </Scroll>
      <p class={chosen.length > 0 ? 'bar start chosen' : 'bar start'} aria-live="polite">
        {pair.length === 2 ? (
          <>
            <a class="button" href={href('compare', { a: pair[0], b: pair[1] })}>
              Compare {chosenNames(pair)}
            </a>
            <a class="button quiet" href={href('pull', { have: pair[0], want: pair[1] })}>
              Pull cost
            </a>
            <a class="button quiet" href={href('grid', { i: pair })}>
              In the grid
            </a>
          </>
        ) : (
          <span class="dim">
            {pair.length > 0
              ? `${chosenNames(pair)} is chosen: choose another to compare it with.`
              : pushes.length > 1 && 'Choose two tags to compare them.'}
          </span>
        )}
      </p>
    </>
  )
}

function Head({ sort, rises }: { readonly sort: keyof typeof SORTS; readonly rises: boolean }) {
  const head = (name: keyof typeof SORTS, label: string, look = '') => (
    <th class={look} aria-sort={sort !== name ? undefined : rises ? 'ascending' : 'descending'}>
      <button
        type="button"
        class="link sort"
        onClick={() => setQuery({ sort: name, order: sort === name && !rises ? 'rising' : undefined })}
      >
        {label}
        {sort === name && <span aria-hidden="true">{rises ? ' ↑' : ' ↓'}</span>}
      </button>
    </th>
  )
  return (
    <thead>
      <tr>
        <th>
          <span class="sr">Choose</span>
        </th>
        {head('tag', 'Tag')}
        <th class="of-digest">Digest</th>
        <th class="of-platform">Platforms</th>
        {head('size', 'Compressed', 'number')}
        {head('new', 'New bytes', 'number')}
        {head('pushed', 'Pushed')}
        <th class="by">By</th>
        {head('pulled', 'Last pulled', 'pulled')}
        <th>
          <span class="sr">Actions</span>
        </th>
      </tr>
    </thead>
  )
}

function chosenNames(pair: readonly string[]): string {
  return pair.map((ref) => ref.slice(ref.lastIndexOf(':') + 1)).join(' with ')
}

function TagName({ repository, tag }: { readonly repository: string; readonly tag: TagSummary }) {
  return (
    <>
      <a href={href('image', { ref: `${repository}:${tag.tag}` })} class="strong">
        {tag.tag}
      </a>{' '}
      <Kind artifactType={tag.artifactType} />
      {tag.kept && (
        <span class="pill" title="No retention rule takes it">
          kept
        </span>
      )}
    </>
  )
}

function Platforms({ of }: { readonly of: readonly string[] }) {
  if (of.length === 0) return <span class="dim">–</span>
  const rest = of.slice(PLATFORMS)
  return (
    <span title={of.map(visibleText).join(', ')}>
      {of.slice(0, PLATFORMS).map(visibleText).join(', ')}
      {rest.length > 0 && (
        <span class="dim">
          {' '}
          and {rest.length} more<span class="sr">: {rest.map(visibleText).join(', ')}</span>
        </span>
      )}
    </span>
  )
}

function RowActions({
  repository,
  tag,
  may,
  changed,
}: {
  readonly repository: string
  readonly tag: TagSummary
  readonly may: ProjectView['may']
  readonly changed: () => void
}) {
  const pull = pullCommand({ ref: `${repository}:${tag.tag}`, artifactType: tag.artifactType })
  return (
    <span class="row-actions">
      <CopyButton text={pull} what={`pull command of ${tag.tag}`} />
      <TagHistory repository={repository} tag={tag.tag} may={may} changed={changed} />
      {may.administer && <KeepButton repository={repository} tag={tag} changed={changed} />}
      {may.administer && <DeleteButton repository={repository} tag={tag} changed={changed} />}
    </span>
  )
}

function Kind({ artifactType }: { readonly artifactType: string | undefined }) {
  return isArtifactType(artifactType) ? (
    <span class="pill">{visibleText(artifactType.slice(0, TYPE))}</span>
  ) : null
}
