/** Kubernetes gives these to every pod beside a Service named `lamina`; they are nobody's mistake. */
const OF_A_SERVICE =
  /^LAMINA_(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT(?:_\d+_(?:TCP|UDP)(?:_(?:PROTO|PORT|ADDR))?)?)$/

/** Whether a variable is one that Kubernetes made of a Service. */
export function isOfKubernetes(name: string): boolean {
  return OF_A_SERVICE.test(name)
}
