/**
 * How clients name this registry. docker takes a first word without a dot or a port for a part of a name on Docker Hub,
 * but for `localhost`: there the port is said that a browser leaves out.
 */
export function registryHost({ protocol, host }: Pick<Location, 'protocol' | 'host'>): string {
  if (/[.:]/.test(host) || host === 'localhost') return host
  return `${host}:${protocol === 'https:' ? 443 : 80}`
}
