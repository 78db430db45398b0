import type { Handler } from './exchange.ts'

/**
 * What a caller needs for a route. `pull`, `push` and `delete` are rights on the repository in `{name}`;
 * `project-viewer`, `project-writer` and `project-admin` are roles on the project in `{project}`; `pull-ref` and
 * `push-ref` are pull and push on the repository that the query's `ref` or `repository` names.
 */
export type Right =
  | 'anyone'
  | 'ping'
  | 'pull'
  | 'pull-ref'
  | 'push'
  | 'push-ref'
  /** As push, and a token that expired since the upload began still counts. */
  | 'continue-upload'
  | 'delete'
  | 'catalog'
  | 'signed-in'
  | 'administrator'
  | 'project-viewer'
  | 'project-writer'
  | 'project-admin'

/** One row of the surface. GET rows answer HEAD too. */
export interface Route {
  readonly operationId: string
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** As in openapi.yaml: `/v2/{name}/blobs/{digest}`. Only `{name}` may hold slashes. */
  readonly path: string
  readonly right: Right
  readonly handle: Handler
}
