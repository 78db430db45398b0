import { call } from '../../api/client.ts'
import type { Project } from '../../api/schema.generated.ts'
import { go, href } from '../../location.ts'
import { ConfirmButton } from '../../parts/confirm-button.tsx'

/** Settings, with what they do in plain words. */
export function SettingsPart({ project, again }: { readonly project: Project; readonly again: () => void }) {
  const params = { project: project.name }
  const change = async () => {
    await call('changeProject', { params, body: { public: !project.public } })
    again()
  }
  const remove = async () => {
    await call('deleteProject', { params })
    go(href(''))
  }
  return (
    <dl class="settings">
      <div>
        <dt>Seen by {project.public ? 'everyone' : 'members'}</dt>
        <dd>
          {project.public
            ? 'Anyone who reaches this registry can list and pull all images of this project, without an account. Pushing still takes a role.'
            : 'Only members and service accounts see that this project exists.'}
        </dd>
        <dd>
          <ConfirmButton
            label={project.public ? 'Make it private' : 'Make it public'}
            title={project.public ? 'Make it private' : 'Make it public'}
            act={change}
          >
            <p>
              {project.public
                ? 'Pulls without an account fail from now on.'
                : 'From now on anyone who reaches this registry can pull every image in it, old tags included.'}
            </p>
          </ConfirmButton>
        </dd>
      </div>
      <div>
        <dt>Delete the project</dt>
        <dd>Possible when it has no repositories any more. Its members and service accounts go along.</dd>
        <dd>
          <ConfirmButton
            label="Delete"
            title={`Delete ${project.name}`}
            action="Delete the project"
            act={remove}
          >
            <p>The name is free again afterwards.</p>
          </ConfirmButton>
        </dd>
      </div>
    </dl>
  )
}
