import { useId } from 'preact/hooks'
import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'

/** A repository of a project; those that are there are offered. */
export function RepositoryField({ project }: { readonly project: string }) {
  const id = useId()
  const { value } = useAnswer(`repositories ${project}`, (signal) =>
    call('getRepositories', { params: { project }, query: { n: 1000 } }, signal),
  )
  return (
    <label>
      Repository
      <input
        name="repository"
        required
        list={id}
        placeholder={`${project}/app`}
        autoCapitalize="none"
        spellcheck={false}
      />
      <datalist id={id}>
        {value?.repositories.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </label>
  )
}
