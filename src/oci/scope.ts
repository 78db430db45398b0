/**
 * The scopes of docker's token protocol: `repository:team/app:pull,push`, several joined by spaces.
 * "resourcescope := resourcetype ":" resourcename ":" action [ "," action ]*" (distribution, "Token Scope Documentation").
 */

/** Actions on one resource, asked for or granted. */
export interface ResourceScope {
  readonly type: string
  readonly name: string
  readonly actions: readonly string[]
}

/** A type may carry a class, `repository(plugin)`, which says nothing about rights. */
const TYPE = /^([a-z0-9]+)(?:\([a-z0-9]+\))?$/

/**
 * The scope in `text`, or undefined when it has no type, name or action. The name is not checked further.
 * @internal
 */
export function parseScope(text: string): ResourceScope | undefined {
  // A name may begin with `host:port/`: the type ends at the first colon, the actions begin behind the last.
  const first = text.indexOf(':')
  const last = text.lastIndexOf(':')
  const type = TYPE.exec(text.slice(0, Math.max(first, 0)))?.[1]
  const name = text.slice(first + 1, last)
  const actions = [...new Set(text.slice(last + 1).split(','))].filter((action) => action !== '')
  if (type === undefined || first === last || name === '' || actions.length === 0) return undefined
  return { type, name, actions }
}

/**
 * All scopes of a request, in order. "scope" comes repeated, and several inside one value joined by spaces;
 * scopes of one resource become one, what breaks the grammar is left out.
 */
export function parseScopes(values: readonly string[]): ResourceScope[] {
  const found = new Map<string, { readonly scope: ResourceScope; readonly actions: Set<string> }>()
  for (const text of values.flatMap((value) => value.split(' '))) {
    const scope = parseScope(text)
    if (scope === undefined) continue
    const resource = `${scope.type}:${scope.name}`
    const known = found.get(resource) ?? { scope, actions: new Set() }
    for (const action of scope.actions) known.actions.add(action)
    found.set(resource, known)
  }
  return [...found.values()].map(({ scope, actions }) => ({ ...scope, actions: [...actions] }))
}

/** The scope as a challenge or an answer shows it. */
export function formatScope(scope: ResourceScope): string {
  return `${scope.type}:${scope.name}:${scope.actions.join(',')}`
}
