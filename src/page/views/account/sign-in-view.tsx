import { useEffect } from 'preact/hooks'
import { account, accountName, signIn } from '../../account.ts'
import { isReturnPath } from '../../address.ts'
import { BASE, go, here, href } from '../../location.ts'
import { Form, textOf } from '../../parts/form.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { registryHost } from '../../registry-host.ts'

/** Signing in with the account that docker login takes. */
export function SignInView() {
  useTitle('Sign in')
  const to = here.value.query.get('to') ?? ''
  // An address that came with the link is followed only inside this page.
  const next = isReturnPath(to, BASE) ? to : href('')
  const who = account.value
  useEffect(() => document.querySelector<HTMLInputElement>('#username')?.focus(), [])
  const send = async (values: FormData) => {
    await signIn(textOf(values, 'username').trim(), textOf(values, 'password'))
    go(next, { replace: true })
  }
  return (
    <section class="narrow card">
      <h1>Sign in</h1>
      {who !== null && who !== undefined && (
        <p>
          You are signed in as <strong>{accountName(who)}</strong>. <a href={next}>Go on</a>, or sign in as
          someone else:
        </p>
      )}
      <p class="dim">
        With the name and password that <code>docker login {registryHost(location)}</code> takes; a token or
        the key of a service account works too.
      </p>
      <Form send={send} action="Sign in">
        <label>
          User name
          <input
            id="username"
            name="username"
            required
            autoComplete="username"
            autoCapitalize="none"
            spellcheck={false}
          />
        </label>
        <label>
          Password or token
          <input name="password" type="password" required autoComplete="current-password" />
        </label>
      </Form>
    </section>
  )
}
