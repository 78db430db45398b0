import { Icon } from './icon.tsx'

/** Whether anyone may pull from a project. */
export function Visibility({ open }: { readonly open: boolean }) {
  return (
    <span class="pill" title={open ? 'Anyone may pull, without an account' : 'Only members may pull'}>
      <Icon name={open ? 'open' : 'lock'} />
      {open ? 'public' : 'private'}
    </span>
  )
}
