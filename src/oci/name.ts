/** Repository names as distribution-spec "Pulling manifests" defines <name>. */

declare const nameBrand: unique symbol
/** A repository's full name, project included: `team/app/web`. */
export type RepositoryName = string & { readonly [nameBrand]: true }

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const NAME = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`)
const PROJECT = new RegExp(`^${COMPONENT}$`)

/**
 * "Many clients impose a limit of 255 characters on the length of the concatenation of the registry
 * hostname (and optional port), /, and <name>": 200 leaves room for a host.
 */
export const NAME_LIMIT = 200

function isName(text: string): text is RepositoryName {
  return text.length <= NAME_LIMIT && NAME.test(text)
}

/** The repository name in `text`, or undefined when it breaks the grammar or is longer than NAME_LIMIT. */
export function parseName(text: string): RepositoryName | undefined {
  return isName(text) ? text : undefined
}

/** Whether `text` can be a project: exactly one component of a name. */
export function isProjectName(text: string): boolean {
  return text.length <= NAME_LIMIT && PROJECT.test(text)
}

/** The first component of a name is its project. */
export function projectOf(name: RepositoryName): string {
  const slash = name.indexOf('/')
  return slash < 0 ? name : name.slice(0, slash)
}

/** What follows the project: empty for a one-component name. */
export function restOf(name: RepositoryName): string {
  const slash = name.indexOf('/')
  return slash < 0 ? '' : name.slice(slash + 1)
}

/** The name of a repository from its project and rest; undefined when they do not make one. */
export function joinName(project: string, rest: string): RepositoryName | undefined {
  return parseName(rest === '' ? project : `${project}/${rest}`)
}

/** Says what is wrong with `text` as a repository name. */
export function whyNotName(text: string): string {
  const shown = text.length > 120 ? `${text.slice(0, 120)}…` : text
  if (text.length > NAME_LIMIT)
    return `repository name '${shown}' has ${text.length} characters; at most ${NAME_LIMIT} are allowed`
  const bad = text.split('/').find((component) => !PROJECT.test(component)) ?? text
  return `'${bad.slice(0, 120)}' in repository name '${shown}' is not allowed: components are lower-case letters and digits, joined by one '.', one or two '_', or dashes`
}
