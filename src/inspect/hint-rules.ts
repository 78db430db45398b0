/** What a file may be that nobody means to ship. */
export type SecretKind = 'private-key' | 'credentials' | 'environment-file' | 'repository'

interface Rule {
  readonly kind: SecretKind
  readonly path: RegExp
}

/** By name alone: no file is read for a hint. Tests and examples carry keys that open nothing. */
const RULES: readonly Rule[] = [
  { kind: 'private-key', path: /(?:^|\/)id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$/ },
  {
    kind: 'private-key',
    path: /(?:^|\/)(?:[^/]*[-_.])?(?:privkey|private|server|tls|client|key)\.(?:key|p12|pfx)$/,
  },
  { kind: 'private-key', path: /(?:^|\/)(?:privkey|[^/]*[-_.](?:privkey|private|key))\.pem$/ },
  {
    kind: 'credentials',
    path: /(?:^|\/)\.(?:netrc|npmrc|pypirc|pgpass|git-credentials|vault-token|dockercfg|dockerconfigjson)$/,
  },
  {
    kind: 'credentials',
    path: /(?:^|\/)(?:\.docker\/config\.json|\.kube\/config|kubeconfig|\.aws\/credentials)$/,
  },
  { kind: 'credentials', path: /(?:^|\/)(?:\.config\/gcloud\/[^/]*credentials[^/]*|terraform\.tfstate)$/ },
  { kind: 'environment-file', path: /(?:^|\/)\.env(?:\.(?!example$|sample$|template$|dist$)[\w-]+)?$/ },
  { kind: 'repository', path: /(?:^|\/)\.git\/HEAD$/ },
]

/** Where packages bring keys of their own tests, and systems their authorities. */
const HARMLESS =
  /(?:^|\/)(?:node_modules|site-packages|dist-packages|vendor|testdata|tests?|examples?|etc\/ssl\/certs|usr\/share)\//

/** What a path looks like, when it looks like a secret. */
export function secretKindOf(path: string): SecretKind | undefined {
  const found = RULES.find((rule) => rule.path.test(path))
  return found === undefined || HARMLESS.test(path) ? undefined : found.kind
}

const NAMED = /\b([A-Za-z_][A-Za-z0-9_]*)=(?:"([^"]+)"|'([^']+)'|([^\s"';&|]+))/g
const SECRET_NAME =
  /(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|(?:API|ACCESS|PRIVATE|SECRET|ENCRYPTION|SIGNING)_?KEY)(?:_|$)/i
/** `TOKEN=$TOKEN` names a secret without telling it, `PASSWORD_FILE=/run/secrets/x` tells where it is. */
const TELLS_NOTHING = /^(?:\$|\/run\/secrets\/|true$|false$|none$|\d?$)/i

/** The names of what text sets that looks like a secret. Values are not given: they are what should not spread. */
export function secretNamesIn(text: string): string[] {
  const names = [...text.matchAll(NAMED)].flatMap(([, name = '', ...values]) => {
    // Of three ways to quote, one is there.
    const value = values.join('')
    return SECRET_NAME.test(name) && !/_FILE$/i.test(name) && !TELLS_NOTHING.test(value) ? [name] : []
  })
  return [...new Set(names)]
}
