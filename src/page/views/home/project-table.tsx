import type { Project } from '../../api/schema.generated.ts'
import { href } from '../../location.ts'
import { Ago } from '../../parts/values.tsx'
import { Visibility } from '../../parts/visibility.tsx'

/** One row for each project. */
export function ProjectTable({ projects }: { readonly projects: readonly Project[] }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Project</th>
            <th>Seen by</th>
            <th>Made</th>
          </tr>
        </thead>
        <tbody>
          {projects.map((project) => (
            <tr key={project.name}>
              <td>
                <a href={href('project', { name: project.name })} class="strong">
                  {project.name}
                </a>
              </td>
              <td>
                <Visibility open={project.public} />
              </td>
              <td>
                <Ago date={project.created} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
