import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { href } from '../../location.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { Answered, Commands } from '../../parts/states.tsx'
import { Ago, AgoOrNever, Count } from '../../parts/values.tsx'
import { registryHost } from '../../registry-host.ts'

/** The repositories of a project. */
export function RepositoriesPart({
  project,
  mayPush,
}: {
  readonly project: string
  readonly mayPush: boolean
}) {
  const asked = useAnswer(`repositories ${project}`, (signal) =>
    call('getRepositories', { params: { project }, query: { n: 1000 } }, signal),
  )
  return (
    <Answered asked={asked} what="Reading the repositories">
      {({ repositories, next }) =>
        repositories.length === 0 ? (
          <div class="card teach">
            <p>No image here yet. Push one:</p>
            <Commands
              lines={[
                `docker tag alpine ${registryHost(location)}/${project}/alpine:v1`,
                `docker push ${registryHost(location)}/${project}/alpine:v1`,
              ]}
            />
            {mayPush && <UploadLink project={project} />}
          </div>
        ) : (
          <>
            <Scroll>
              <table class="stacks">
                <thead>
                  <tr>
                    <th>Repository</th>
                    <th class="number">Tags</th>
                    <th class="number">Manifests</th>
                    <th>Last push</th>
                    <th>Made</th>
                  </tr>
                </thead>
                <tbody>
                  {repositories.map(({ name, tags, manifests, pushed, created }) => (
                    <tr key={name}>
                      <td>
                        <a href={href('repository', { name })} class="strong">
                          {name}
                        </a>
                      </td>
                      <td class="number" data-label="Tags">
                        <Count {...tags} />
                      </td>
                      <td class="number" data-label="Manifests">
                        <Count {...manifests} />
                      </td>
                      <td data-label="Last push">
                        <AgoOrNever date={pushed} />
                      </td>
                      <td data-label="Made">
                        <Ago date={created} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
            {next !== undefined && <p class="dim">There are more; search finds them.</p>}
            {mayPush && <UploadLink project={project} />}
          </>
        )
      }
    </Answered>
  )
}

function UploadLink({ project }: { readonly project: string }) {
  return (
    <p>
      <a href={href('upload', { to: `${project}/` })}>Upload an archive</a> that docker save or podman save
      wrote
    </p>
  )
}
