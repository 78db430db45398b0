/** `/api/v1/projects/NAME/…`, each part encoded. */
export function projectPath(name: string, ...rest: readonly string[]): string {
  return ['/api/v1/projects', ...[name, ...rest].map((part) => encodeURIComponent(part))].join('/')
}
