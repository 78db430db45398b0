import { call } from '../../api/client.ts'
import type { Project } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { percentText } from '../../format.ts'
import { href } from '../../location.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { useSeen } from '../../parts/use-seen.ts'
import { AgoOrNever, Count, Size } from '../../parts/values.tsx'
import { Visibility } from '../../parts/visibility.tsx'

/** One row for each project: what it holds, and what storing shared content once saves. */
export function ProjectTable({ projects }: { readonly projects: readonly Project[] }) {
  return (
    <Scroll>
      <table class="stacks">
        <thead>
          <tr>
            <th>Project</th>
            <th>Seen by</th>
            <th class="number">Repositories</th>
            <th class="number">Images</th>
            <th class="number">As pushed</th>
            <th>Stored once, compressed</th>
            <th>Last push</th>
          </tr>
        </thead>
        <tbody>
          {projects.map((project) => (
            <Row key={project.name} project={project} />
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

function Row({ project }: { readonly project: Project }) {
  const { ref, seen } = useSeen<HTMLTableRowElement>()
  const { value: counts, problem } = useAnswer(seen ? `counts ${project.name}` : undefined, (signal) =>
    call('getCounts', { params: { project: project.name } }, signal),
  )
  return (
    <tr ref={ref}>
      <td>
        <a href={href('project', { name: project.name })} class="strong">
          {project.name}
        </a>
      </td>
      <td>
        <Visibility open={project.public} />
      </td>
      {counts === undefined ? (
        <td colSpan={5} class="dim">
          {problem === undefined ? 'counting …' : 'could not be counted'}
        </td>
      ) : (
        <>
          <td class="number" data-label="Repositories">
            <Count {...counts.repositories} />
          </td>
          <td class="number" data-label="Images">
            <Count count={counts.manifests} />
          </td>
          <td class="number" data-label="As pushed">
            <Size bytes={counts.logicalBytes} />
          </td>
          <td data-label="Stored once, compressed">
            <span class="saved">
              <Size bytes={counts.storedBytes} />
              <SavedBar stored={counts.storedBytes} logical={counts.logicalBytes} />
            </span>
          </td>
          <td data-label="Last push">
            <AgoOrNever date={counts.pushed} />
          </td>
        </>
      )}
    </tr>
  )
}

/** Stored bytes as a part of pushed bytes. */
function SavedBar({ stored, logical }: { readonly stored: number; readonly logical: number }) {
  if (logical === 0) return null
  const share = Math.min(1, stored / logical)
  return (
    <>
      <span class="meter" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <span class="dim number">{percentText(1 - share)} saved</span>
    </>
  )
}
