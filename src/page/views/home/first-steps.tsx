import type { WhoAmI } from '../../api/schema.generated.ts'
import { href } from '../../location.ts'
import { Commands, signInHref } from '../../parts/states.tsx'
import { registryHost } from '../../registry-host.ts'

/** An empty registry teaches how to fill it. */
export function FirstSteps({ who }: { readonly who: WhoAmI | null | undefined }) {
  const host = registryHost(location)
  const user =
    who?.kind === 'user' ? who.name : who?.kind === 'account' ? `${who.project}+${who.name}` : 'admin'
  const project =
    who?.kind === 'account' ? who.project : who?.kind === 'user' && who.name !== 'admin' ? who.name : 'demo'
  return (
    <section class="card teach">
      <h2>{who === null ? 'Nothing here is public' : 'Nothing here yet'}</h2>
      {who === null && (
        <p>
          <a href={signInHref()}>Sign in</a> to see what is yours.
        </p>
      )}
      <p>Push an image, and it appears here. The first part of its name is its project; the push makes it.</p>
      <ol>
        <li>
          Log in, with the account of this page:
          <Commands lines={[`docker login ${host} -u ${user}`]} />
        </li>
        <li>
          Give an image a name here:
          <Commands lines={[`docker tag alpine ${host}/${project}/alpine:v1`]} />
        </li>
        <li>
          Push it:
          <Commands lines={[`docker push ${host}/${project}/alpine:v1`]} />
        </li>
      </ol>
      {location.protocol === 'http:' && !isLocal(location.hostname) && (
        <p class="dim">
          docker speaks plain HTTP to its own machine alone. For other machines the registry needs a
          certificate: <code>lamina tls init --name {location.hostname}</code> makes one and says what docker
          needs to trust it.
        </p>
      )}
      {who !== null && (
        <p>
          Without docker: <a href={href('upload')}>upload an archive</a> that <code>docker save</code>,{' '}
          <code>podman save</code> or <code>skopeo copy</code> wrote.
        </p>
      )}
    </section>
  )
}

function isLocal(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(host)
}
