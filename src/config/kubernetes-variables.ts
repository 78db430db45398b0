/**
 * Kubernetes tells every pod of the Services in its namespace. Those of `lamina`, `lamina-database` and the like begin as
 * settings do; they are nobody's mistake.
 */
const OF_A_SERVICE =
  /^LAMINA_(?:\w+_)?(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/
/** A name that a person might choose, too; the value tells. */
const PORT = /^LAMINA_(?:\w+_)?PORT$/
const ADDRESS = /^(?:tcp|udp|sctp):\/\//

/** Whether a variable is one that Kubernetes made of a Service. */
export function isOfKubernetes(name: string, value: string): boolean {
  return OF_A_SERVICE.test(name) || (PORT.test(name) && ADDRESS.test(value))
}
